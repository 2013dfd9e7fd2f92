import { LOG_BRANCH } from "../record-file.ts";
import type { BranchRule, RulesetSetup, SetupFacts } from "./facts.ts";
import { cannotTell, ok, problem, warning, type Finding } from "./finding.ts";
import { bindsApp, pageOfRule, rulesetOf, rulesOf, rulesPage } from "./rules.ts";

const TWO =
  `Make two rulesets of ${LOG_BRANCH}: one that restricts creations and updates and lets the App bypass it, ` +
  "and one that restricts deletions and blocks force pushes for everybody";

/** Nobody but the App may add to the log; what others push there does not count, but nobody should have to find that out. */
export function checkLogWriters(facts: SetupFacts): Finding {
  const check = "log-writers";
  const { log } = facts;
  if (!log.rules.known) return cannotTell(check, log.rules, "metadata: read");
  const updates = rulesOf(log, "update");
  const writes = [...updates, ...rulesOf(log, "creation")];
  const closed = writes.find((rule) => bindsApp(facts, rule) === true);
  if (closed !== undefined) {
    return problem(check, `Pinion itself may not write ${LOG_BRANCH}, so it can do nothing`, "Let the App bypass that ruleset, always", pageOfRule(facts, closed));
  }
  if (updates.length === 0) return problem(check, `Everybody who may push may write ${LOG_BRANCH}`, TWO, rulesPage(facts));
  if (writes.some((rule) => bindsApp(facts, rule) === null)) {
    const reason = `Writing to ${LOG_BRANCH} is restricted, and it could not be read whether Pinion may do it`;
    return cannotTell(check, { reason, failure: "stalled" }, "metadata: read");
  }
  const byPullRequest = writes.find((rule) => rulesetOf(facts, rule)?.appBypasses === "pull-requests");
  if (byPullRequest !== undefined) {
    const message = `Pinion may write ${LOG_BRANCH} by pull requests only, and it makes none there`;
    return problem(check, message, "Let the App bypass that ruleset always", pageOfRule(facts, byPullRequest));
  }
  return ok(check, `${LOG_BRANCH} is written by Pinion, and otherwise only by who may bypass its ruleset`);
}

/** Whatever was recorded stays: also Pinion must not be able to take it back. */
export function checkLogHistory(facts: SetupFacts): Finding {
  const check = "log-history";
  const { log } = facts;
  if (!log.rules.known) return cannotTell(check, log.rules, "metadata: read");
  const kept = (["deletion", "force-push"] as const).map((kind) => ({ kind, rules: rulesOf(log, kind) }));
  const missing = kept.filter(({ rules }) => rules.length === 0).map(({ kind }) => (kind === "deletion" ? "deleted" : "force-pushed"));
  if (missing.length > 0) {
    const classic = log.classic.known ? log.classic.value : null;
    if (classic !== null && !classic.deletions && !classic.forcePushes) {
      const message = `Classic protection keeps the history of ${LOG_BRANCH}; for whom it makes exceptions is not told`;
      return warning(check, message, "Restrict deletions and block force pushes in a ruleset that nobody may bypass", rulesPage(facts));
    }
    if (!log.classic.known) return cannotTell(check, log.classic, "contents: read");
    return problem(check, `${LOG_BRANCH} can be ${missing.join(" and ")}`, TWO, rulesPage(facts));
  }
  for (const { rules } of kept) {
    if (rules.some((rule) => bindsApp(facts, rule) === true)) continue;
    if (rules.some((rule) => bindsApp(facts, rule) === null)) {
      const reason = `The history of ${LOG_BRANCH} is kept, and it could not be read whether Pinion may go past that`;
      return cannotTell(check, { reason, failure: "stalled" }, "metadata: read");
    }
    return problem(check, `Pinion itself may bypass what keeps the history of ${LOG_BRANCH}`, TWO, pageOfRule(facts, rules[0]));
  }
  return ok(check, `${LOG_BRANCH} can be neither deleted nor force-pushed, by Pinion neither`);
}

/** Who may go past the rulesets is told only to those who may change them, and Pinion should not be one of these. */
export function checkBypasses(facts: SetupFacts): readonly Finding[] {
  const check = "bypasses";
  const used = [...(facts.main.rules.known ? facts.main.rules.value : []), ...(facts.log.rules.known ? facts.log.rules.value : [])];
  const rulesets = [...new Map(used.map((rule) => [rule.ruleset, rule])).values()];
  if (rulesets.length === 0) return [];
  const findings = rulesets.flatMap((rule) => bypassesOf(facts, rule, facts.rulesets.get(rule.ruleset)));
  const untold = findings.filter(({ untold }) => untold).map(({ name }) => name);
  const told = findings.flatMap(({ finding }) => (finding === null ? [] : [finding]));
  if (untold.length === 0) return told.length > 0 ? told : [ok(check, "Nobody but Pinion may bypass the rulesets")];
  const message = `Who else may bypass ${untold.join(", ")} is told only to those who may change rulesets, and so not to Pinion`;
  return [...told, warning(check, message, "Look at their bypass lists: on the log nobody but the App, and elsewhere as few as may be", rulesPage(facts))];
}

function bypassesOf(facts: SetupFacts, rule: BranchRule, ruleset: ReturnType<SetupFacts["rulesets"]["get"]>) {
  const check = "bypasses";
  if (ruleset === undefined || !ruleset.known) {
    const reason = ruleset?.reason ?? `Ruleset ${rule.ruleset} was not read`;
    return { name: String(rule.ruleset), untold: false, finding: cannotTell(check, { reason, failure: ruleset?.failure ?? "error" }, "metadata: read") };
  }
  const { name, bypassActors }: RulesetSetup = ruleset.value;
  if (bypassActors === null) return { name: `“${name}”`, untold: true, finding: null };
  const others = bypassActors.filter(({ kind, id }) => kind !== "Integration" || !facts.app.known || id !== facts.app.value.id).length;
  if (others === 0) return { name, untold: false, finding: null };
  const message = `${others === 1 ? "Somebody else" : `${others} others`} may bypass the ruleset “${name}”`;
  return { name, untold: false, finding: warning(check, message, "See whether they have to", pageOfRule(facts, rule)) };
}
