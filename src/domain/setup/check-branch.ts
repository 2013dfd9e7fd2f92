import { CHECK_NAME } from "../action.ts";
import type { Config } from "../config.ts";
import type { MergeMethod, SetupFacts } from "./facts.ts";
import { cannotTell, ok, problem, warning, withoutConfig, type Finding, type SetupCheck } from "./finding.ts";
import { anyBindsApp, bindsApp, classicPage, pageOfRule, rulesOf, rulesPage, untold } from "./rules.ts";

/** The check must be required, and count only when it comes from the App: else any workflow could pass it. */
export function checkRequired(facts: SetupFacts): Finding {
  const check = "required-check";
  const { app, main } = facts;
  if (!app.known) return cannotTell(check, app, "metadata: read");
  const { id, slug } = app.value;
  const ofRules = rulesOf(main, "checks").flatMap((rule) => rule.required.map((required) => ({ ...required, rule })));
  const ofClassic = (main.classic.known ? (main.classic.value?.checks ?? []) : []).map((required) => ({ ...required, rule: null }));
  const ours = [...ofRules, ...ofClassic].filter(({ name }) => name === CHECK_NAME);
  const foreign = ours.find(({ appId }) => appId !== null && appId !== id);
  const pinned = foreign === undefined ? (ours.find(({ appId, rule }) => appId === id && rule !== null) ?? ours.find(({ appId }) => appId === id)) : undefined;
  if (pinned !== undefined) {
    const exempt = pinned.rule === null && main.classic.known && main.classic.value?.adminsExempt === true;
    if (!exempt) return ok(check, `${CHECK_NAME} is required on ${main.name}, from ${slug} only`);
    return warning(check, `${CHECK_NAME} is required on ${main.name}, but not of administrators`, "Turn on “Do not allow bypassing the above settings”", classicPage(facts));
  }
  const loose = foreign ?? ours[0];
  if (loose !== undefined) {
    const page = loose.rule === null ? classicPage(facts) : pageOfRule(facts, loose.rule);
    const whose = loose.appId === null ? "whoever it comes from, so anybody who may push can pass it" : `from another App (${loose.appId}), so ${slug} cannot pass it`;
    return problem(check, `${CHECK_NAME} is required on ${main.name}, ${whose}`, `Choose ${slug} as the source of the required check ${CHECK_NAME}`, page);
  }
  const unread = untold(main);
  if (unread !== null) return cannotTell(check, unread.answer, unread.needs);
  const cure = `In a ruleset of ${main.name}, require the status check ${CHECK_NAME} with ${slug} as its source`;
  return problem(check, `${CHECK_NAME} is not required on ${main.name}, so anything can be merged whatever it says`, cure, rulesPage(facts));
}

/** Pinion squashes where the repository's settings allow it, and makes merge commits where they do not; a rule may forbid just that. */
export function checkMergeMethods(facts: SetupFacts): Finding {
  const check = "merge-methods";
  const { settings, main, page } = facts;
  if (!settings.known) return cannotTell(check, settings, "metadata: read");
  const { mergeMethods } = settings.value;
  const [queue] = rulesOf(main, "merge-queue");
  if (queue !== undefined) return ok(check, `The merge queue of ${main.name} says how pull requests are merged: ${queue.method}`);
  if (mergeMethods === null) return cannotTell(check, { reason: "GitHub does not say how pull requests may be merged", failure: "stalled" }, "contents: read");
  const used: MergeMethod | null = mergeMethods.includes("squash") ? "squash" : mergeMethods.includes("merge") ? "merge" : null;
  if (used === null) {
    return problem(check, "Only rebase merges are allowed, and these lose what Pinion writes about a merge", "Allow squash merging, under Pull Requests", `${page}/settings`);
  }
  const binding = rulesOf(main, "pull-request").filter((rule) => bindsApp(facts, rule) !== false);
  const against = binding.filter((rule) => rule.mergeMethods?.includes(used) === false);
  if (anyBindsApp(facts, against) === null) return unsure(check, `a rule of ${main.name} forbids to ${used}`);
  if (against.length > 0) {
    const otherwise = used === "squash" ? "turn squash merging off in the repository's settings, so that Pinion makes merge commits" : "allow squash merging";
    const cure = `Allow ${used} there, or ${otherwise}`;
    return problem(check, `Pinion would ${used}, as the repository's settings allow, and a ruleset of ${main.name} forbids it`, cure, pageOfRule(facts, against[0]));
  }
  const linear = main.classic.known && main.classic.value?.linearHistory === true ? true : anyBindsApp(facts, rulesOf(main, "linear-history"));
  if (used === "merge" && linear === null) return unsure(check, `${main.name} must have a linear history`);
  if (used === "merge" && linear === true) {
    return problem(check, `${main.name} must have a linear history, and only merge commits are allowed`, "Allow squash merging, under Pull Requests", `${page}/settings`);
  }
  const unread = untold(main);
  if (unread !== null) return cannotTell(check, unread.answer, unread.needs);
  return ok(check, used === "squash" ? "Pinion may squash" : "Pinion may make merge commits");
}

/** A number of approvals that every pull request needs, also those that Pinion is to merge by itself: nobody gives them. */
export function checkReviews(facts: SetupFacts, config: Config | null): Finding {
  const check = "reviews";
  const { main } = facts;
  const asking = rulesOf(main, "pull-request").filter(({ approvals, lastPush }) => approvals > 0 || lastPush);
  const classic = main.classic.known ? (main.classic.value?.approvals ?? 0) : 0;
  const unread = untold(main);
  if (asking.length === 0 && classic === 0) {
    if (unread !== null) return cannotTell(check, unread.answer, unread.needs);
    return ok(check, `${main.name} asks no approvals of every pull request; those of an environment are Pinion's gate`);
  }
  if (config === null) {
    return withoutConfig(check, `${main.name} asks approvals of every pull request, and without a configuration it cannot be told whether Pinion is to merge without`);
  }
  const automatic = config.environments.filter(({ merge }) => merge === "auto").map(({ name }) => name);
  if (automatic.length === 0) return ok(check, `${main.name} asks approvals of every pull request, and none is merged without a person`);
  const binds = classic > 0 ? true : anyBindsApp(facts, asking);
  if (binds === false && unread !== null) return cannotTell(check, unread.answer, unread.needs);
  if (binds === false) return ok(check, `${main.name} asks approvals of every pull request, which do not bind Pinion`);
  if (binds === null) return unsure(check, `${main.name} asks approvals of every pull request, also those into ${automatic.join(", ")} (merge: auto)`);
  const message = `${main.name} asks approvals of every pull request, also those into ${automatic.join(", ")} (merge: auto), which then never merge by themselves`;
  const cure = "Ask for none there: approvals for each environment are Pinion's own gate (approvals: in its configuration)";
  return problem(check, message, cure, classic > 0 ? classicPage(facts) : pageOfRule(facts, asking.find((rule) => bindsApp(facts, rule) === true)));
}

/** Pinion never updates a branch merely because it is behind: approvals would be lost each time something else is merged. */
export function checkUpToDate(facts: SetupFacts): Finding {
  const check = "up-to-date";
  const { main } = facts;
  const strict = rulesOf(main, "checks").filter(({ upToDate }) => upToDate);
  const binds = anyBindsApp(facts, strict);
  if (binds === null) return unsure(check, `branches must be up to date with ${main.name} before they are merged`);
  if (binds) {
    const message = `Branches must be up to date with ${main.name} to be merged, and Pinion updates none merely for being behind: of several promotions only one goes in`;
    const cure = "Turn off “Require branches to be up to date before merging”: Pinion judges the result of the merge itself";
    return problem(check, message, cure, pageOfRule(facts, strict[0]));
  }
  if (!main.rules.known) return cannotTell(check, main.rules, "metadata: read");
  if (!main.classic.known) return cannotTell(check, main.classic, "contents: read");
  if ((main.classic.value?.checks.length ?? 0) > 0) {
    const message = `Classic protection of ${main.name} requires checks, and GitHub does not tell Pinion whether also that branches are up to date with it`;
    return warning(check, message, "See that “Require branches to be up to date before merging” is off there, or require the checks in a ruleset", classicPage(facts));
  }
  return ok(check, "Branches need not be up to date before they are merged");
}

/** Rules that Pinion cannot meet, or of which it does not know whether it does. */
export function checkOtherRules(facts: SetupFacts): Finding {
  const check = "other-rules";
  const { main } = facts;
  if (!main.rules.known) return cannotTell(check, main.rules, "metadata: read");
  const update = rulesOf(main, "update");
  const updateBinds = anyBindsApp(facts, update);
  if (updateBinds === null) return unsure(check, `nobody may update ${main.name}`);
  if (updateBinds) {
    const cure = "Let the App bypass that ruleset, or take out “Restrict updates”";
    return problem(check, `Nobody may update ${main.name}, so Pinion cannot merge`, cure, pageOfRule(facts, update[0]));
  }
  const [other, ...more] = rulesOf(main, "other").filter((rule) => bindsApp(facts, rule) !== false);
  if (other === undefined) return checkRestOfClassic(facts);
  const names = [...new Set([other, ...more].map(({ name }) => name))].join(", ");
  const message = `${main.name} has rules of which Pinion cannot tell whether its merges meet them: ${names}`;
  return warning(check, message, "See whether its pull requests can be merged; Pinion says on their check when GitHub refuses", pageOfRule(facts, other));
}

/** What classic protection may ask and is told only to who administers the repository. */
function checkRestOfClassic(facts: SetupFacts): Finding {
  const check = "other-rules";
  const { name, classic } = facts.main;
  if (!classic.known) return cannotTell(check, classic, "contents: read");
  if (classic.value === null) return ok(check, `Nothing else in the rules of ${name} stands in Pinion's way`);
  const message = `${name} has classic protection, and GitHub does not tell Pinion whether it restricts who may push, or wants conversations resolved`;
  return warning(check, message, "See that the App may push if anybody is restricted, or put rulesets in its place", classicPage(facts));
}

/** A rule is there, and whether the App may go past it could not be read. */
function unsure(check: SetupCheck, rule: string): Finding {
  const reason = `There is a rule (${rule}), and it could not be read whether Pinion may go past it`;
  return cannotTell(check, { reason, failure: "stalled" }, "metadata: read");
}
