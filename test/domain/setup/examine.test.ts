import { loadShippedPolicies } from "../../../src/adapters/policies.ts";
import { describe, expect, it } from "vitest";
import { known, unknown, type Answer } from "../../../src/domain/answer.ts";
import { NEEDED_EVENTS, NEEDED_PERMISSIONS } from "../../../src/domain/setup/access.ts";
import { examineSetup } from "../../../src/domain/setup/examine.ts";
import type { BranchRule, ClassicProtection, RepositorySettings, RulesetSetup, SetupFacts } from "../../../src/domain/setup/facts.ts";
import type { Finding, SetupCheck } from "../../../src/domain/setup/finding.ts";

const APP = 7;
const PERMISSIONS = Object.fromEntries(Object.entries(NEEDED_PERMISSIONS).map(([name, { access }]) => [name, access]));
const CONFIG = `version: 1
environments:
  dev: { promote: auto, merge: auto }
  prod: { after: dev, promote: on-request, merge: on-approval }
apps:
  discover: ["apps/{app}/{env}/kustomization.yaml"]
`;
const NO_AUTO = CONFIG.replace("merge: auto", "merge: manual");
const [DEV, PROD] = ["apps/web/dev/kustomization.yaml", "apps/web/prod/kustomization.yaml"];

function is<T>(value: T): Answer<T> {
  return known(value, 0);
}

const SHIPPED = await loadShippedPolicies();
const UNREAD = unknown("Could not read it: GitHub answered 403.", "stalled", 0);

function ruleset(id: number, more: Partial<RulesetSetup> = {}): readonly [number, Answer<RulesetSetup>] {
  return [id, is({ id, name: `ruleset ${id}`, page: `https://github.com/acme/m/rules/${id}`, appBypasses: "never", bypassActors: [], ...more })];
}

const SETTINGS: RepositorySettings = { defaultBranch: "main", archived: false, issues: true, mergeMethods: ["squash", "merge"] };
const CHECKS: BranchRule = { ruleset: 1, kind: "checks", required: [{ name: "Pinion", appId: APP }], upToDate: false };
const REVIEW = { ruleset: 1, kind: "pull-request", approvals: 0, codeOwners: true, lastPush: false, mergeMethods: null } as const;
const QUEUE = { ruleset: 1, kind: "merge-queue", allGreen: true, method: "squash" } as const;
const LOG_RULES: readonly BranchRule[] = [
  { ruleset: 2, kind: "creation" },
  { ruleset: 2, kind: "update" },
  { ruleset: 3, kind: "deletion" },
  { ruleset: 3, kind: "force-push" },
];
const CLASSIC: ClassicProtection = {
  checks: [],
  adminsExempt: null,
  approvals: 0,
  codeOwners: false,
  forcePushes: false,
  deletions: false,
  linearHistory: false,
};

const WELL: SetupFacts = {
  page: "https://github.com/acme/m",
  app: is({ id: APP, slug: "pinion", settingsPage: "https://github.com/settings/apps/pinion", permissions: PERMISSIONS, events: NEEDED_EVENTS }),
  installation: is({ id: 1, page: "https://github.com/settings/installations/1", suspended: false, permissions: PERMISSIONS, events: NEEDED_EVENTS }),
  settings: is(SETTINGS),
  main: { name: "main", rules: is([CHECKS, REVIEW]), classic: is(null) },
  log: { name: "pinion-log", rules: is(LOG_RULES), classic: is(null) },
  rulesets: new Map([ruleset(1), ruleset(2, { appBypasses: "always", bypassActors: [{ kind: "Integration", id: APP }] }), ruleset(3)]),
  files: is([DEV, PROD]),
  codeOwners: is({ path: ".github/CODEOWNERS", text: "/.github/ @acme/platform\n/apps/*/prod/ @acme/sre\n" }),
  codeOwnersErrors: is([]),
  config: is(CONFIG),
  policies: is([]),
};

function main(rules: readonly BranchRule[], classic: ClassicProtection | null = null): Partial<SetupFacts> {
  return { main: { name: "main", rules: is(rules), classic: is(classic) } };
}

function log(rules: readonly BranchRule[], classic: ClassicProtection | null = null): Partial<SetupFacts> {
  return { log: { name: "pinion-log", rules: is(rules), classic: is(classic) } };
}

function owners(text: string): Partial<SetupFacts> {
  return { codeOwners: is({ path: "CODEOWNERS", text }) };
}

function without(permission: string): Partial<SetupFacts> {
  const permissions = Object.fromEntries(Object.entries(PERMISSIONS).filter(([name]) => name !== permission));
  return { installation: is({ id: 1, page: "https://github.com/settings/installations/1", suspended: false, permissions, events: NEEDED_EVENTS }) };
}

function rulesets(...changed: readonly (readonly [number, Answer<RulesetSetup>])[]): Partial<SetupFacts> {
  return { rulesets: new Map([...WELL.rulesets, ...changed]) };
}

const RULE = "name: a\ndescription: d\napplies: { apps: [web] }\nenforce: block\npass: 'true'\nmessages: { pass: yes, fail: no }\n";

function policy(name: string, text: string | null): Partial<SetupFacts> {
  return { policies: is([{ path: `.github/pinion/policies/${name}`, text }]) };
}

function found(check: SetupCheck, changes: Partial<SetupFacts>): readonly Finding[] {
  return examineSetup({ ...WELL, ...changes }, SHIPPED).filter((finding) => finding.check === check);
}

it("finds nothing wrong where nothing is", () => {
  expect(examineSetup(WELL, SHIPPED).filter(({ status }) => status !== "ok")).toEqual([]);
});

describe("each check", () => {
  const more = (changes: Partial<RepositorySettings>): Partial<SetupFacts> => ({ settings: is({ ...SETTINGS, ...changes }) });
  it.each<[check: SetupCheck, what: string, changes: Partial<SetupFacts>, status: Finding["status"], words: RegExp]>([
    ["repository", "is archived", more({ archived: true }), "problem", /archived/],
    ["repository", "has no issues", more({ issues: false }), "problem", /freeze/],
    ["config", "is not there", { config: is(null) }, "problem", /There is no \.github\/pinion\.yaml/],
    ["config", "has mistakes", { config: is("version: 2\n") }, "problem", /cannot be used: line 1/],
    ["config", "names a key that is not there", { config: is(`${CONFIG}signers: { release: { key: .github/pinion/keys/cosign.pub } }\n`) }, "problem", /names \.github\/pinion\/keys\/cosign\.pub, which is not/],
    ["config", "has a policy with a mistake", policy("a.yaml", "nam: a\n"), "problem", /policies\/a\.yaml cannot be used: line 1: `nam` is not known/],
    ["config", "has a policy in a folder", policy("sub/a.yaml", null), "problem", /read from this folder alone/],
    ["config", "has a policy with another ending", policy("a.YAML", null), "problem", /end in \.yaml/],
    ["config", "has a policy for an app that is there", policy("a.yaml", RULE), "ok", /can be used/],
    ["config", "has a policy for an app that is not", policy("a.yaml", RULE.replace("web", "wbe")), "warning", /a\.yaml line 3: no app is called "wbe" now.* Did you mean "web"/],
    ["config", "observes", { config: is(`mode: observe\n${CONFIG}`) }, "ok", /observe mode/],
    ["required-check", "is not required", main([REVIEW]), "problem", /not required on main/],
    ["required-check", "is another one", main([{ ...CHECKS, required: [{ name: "ci", appId: APP }] }]), "problem", /not required on main/],
    ["required-check", "may come from anybody", main([{ ...CHECKS, required: [{ name: "Pinion", appId: null }] }]), "problem", /anybody who may push/],
    ["required-check", "comes from another App", main([{ ...CHECKS, required: [{ name: "Pinion", appId: 8 }] }]), "problem", /another App \(8\)/],
    ["required-check", "comes from another App as well", main([CHECKS, { ...CHECKS, required: [{ name: "Pinion", appId: 8 }] }]), "problem", /another App \(8\)/],
    ["required-check", "comes from anybody as well", main([CHECKS, { ...CHECKS, required: [{ name: "Pinion", appId: null }] }]), "ok", /from pinion only/],
    ["required-check", "is required in the classic way", main([], { ...CLASSIC, checks: [{ name: "Pinion", appId: APP }], adminsExempt: false }), "ok", /from pinion only/],
    ["required-check", "is not required of administrators", main([], { ...CLASSIC, checks: [{ name: "Pinion", appId: APP }], adminsExempt: true }), "warning", /not of admin/],
    ["merge-methods", "are rebase only", more({ mergeMethods: ["rebase"] }), "problem", /rebase/],
    ["merge-methods", "are not told", more({ mergeMethods: null }), "unknown", /does not say/],
    ["merge-methods", "are merge commits", more({ mergeMethods: ["merge"] }), "ok", /merge commits/],
    ["merge-methods", "are forbidden by a rule", main([CHECKS, { ...REVIEW, mergeMethods: ["merge"] }]), "problem", /Pinion would squash/],
    ["merge-methods", "make no linear history", { ...more({ mergeMethods: ["merge"] }), ...main([CHECKS, { ruleset: 1, kind: "linear-history" }]) }, "problem", /linear/],
    ["merge-methods", "keep a linear history", main([CHECKS, { ruleset: 1, kind: "linear-history" }]), "ok", /squash/],
    ["reviews", "are asked of what merges by itself", main([CHECKS, { ...REVIEW, approvals: 1 }]), "problem", /dev \(merge: auto\)/],
    ["reviews", "are asked by the last push", main([CHECKS, { ...REVIEW, lastPush: true }]), "problem", /dev \(merge: auto\)/],
    ["reviews", "are asked where nothing merges by itself", { ...main([CHECKS, { ...REVIEW, approvals: 1 }]), config: is(NO_AUTO) }, "ok", /none is merged without/],
    ["reviews", "are asked without a configuration", { ...main([CHECKS, { ...REVIEW, approvals: 1 }]), config: is(null) }, "unknown", /without a configuration/],
    ["reviews", "do not bind the App", { ...main([{ ...REVIEW, approvals: 1 }]), ...rulesets(ruleset(1, { appBypasses: "pull-requests" })) }, "ok", /do not bind/],
    ["reviews", "do not bind the App, and classic protection is not read", { main: { ...WELL.main, rules: is([{ ...REVIEW, approvals: 1 }]), classic: UNREAD }, ...rulesets(ruleset(1, { appBypasses: "always" })) }, "unknown", /403/],
    ["reviews", "bind the App perhaps", { ...main([{ ...REVIEW, approvals: 1 }]), ...rulesets(ruleset(1, { appBypasses: "untold" })) }, "unknown", /could not be read/],
    ["reviews", "are asked in the classic way", main([CHECKS], { ...CLASSIC, approvals: 2 }), "problem", /dev \(merge: auto\)/],
    ["up-to-date", "is asked", main([{ ...CHECKS, upToDate: true }]), "problem", /only one goes in/],
    ["up-to-date", "is not told of checks that are required in the classic way", main([], { ...CLASSIC, checks: [{ name: "ci", appId: null }] }), "warning", /does not tell/],
    ["up-to-date", "is not asked where classic protection requires no checks", main([], CLASSIC), "ok", /need not/],
    ["other-rules", "let nobody in", main([CHECKS, { ruleset: 1, kind: "update" }]), "problem", /cannot merge/],
    ["merge-queue", "is there", main([CHECKS, QUEUE]), "ok", /through the merge queue/],
    ["merge-queue", "merges what Pinion has not judged", main([QUEUE]), "problem", /before Pinion has judged/],
    ["merge-queue", "knows required checks of classic protection", main([QUEUE], { ...CLASSIC, checks: [{ name: "Pinion", appId: APP }] }), "ok", /through the merge queue/],
    ["merge-queue", "cannot be held against classic protection that is not read", { main: { ...WELL.main, rules: is([QUEUE]), classic: UNREAD } }, "unknown", /403/],
    ["merge-queue", "lets the last one decide", main([CHECKS, { ...QUEUE, allGreen: false }]), "warning", /holds up the whole group/],
    ["merge-queue", "is not told of", { ...main([CHECKS, QUEUE]), ...without("merge_queues") }, "warning", /does not tell/],
    ["merge-methods", "are those of the queue", { ...more({ mergeMethods: ["rebase"] }), ...main([CHECKS, { ...QUEUE, method: "merge" }]) }, "ok", /The merge queue of main says/],
    ["other-rules", "are unheard of", main([CHECKS, { ruleset: 1, kind: "other", name: "workflows" }]), "warning", /workflows/],
    ["other-rules", "may be more in classic protection", main([CHECKS], CLASSIC), "warning", /restricts who may push/],
    ["code-owner-review", "is not required", main([CHECKS, { ...REVIEW, codeOwners: false }]), "problem", /guard nothing/],
    ["code-owner-review", "is required in the classic way", main([CHECKS], { ...CLASSIC, codeOwners: true }), "ok", /requires/],
    ["code-owners-of-config", "are nowhere", { codeOwners: is(null) }, "problem", /no CODEOWNERS/],
    ["code-owners-of-config", "are not of themselves", owners("/.github/ @a\n"), "problem", /no owner of \/CODEOWNERS/],
    ["code-owners-of-config", "are not of a file that would take their place", owners("/CODEOWNERS @a\n/.github/pinion* @a\n"), "problem", /no owner of \/\.github\/CODEOWNERS/],
    ["code-owners-of-config", "leave out keys of signers", { ...owners("* @a\n/.github/pinion/keys/\n"), config: is(`${CONFIG}signers: { release: { key: .github/pinion/keys/cosign.pub } }\n`) }, "problem", /no owner of \/\.github\/pinion\/keys\/cosign\.pub/],
    ["code-owners-of-config", "leave out policies", owners("* @a\n/.github/pinion/policies\n"), "problem", /\/\.github\/pinion\/policies\//],
    ["code-owners-of-production", "leave it out", owners("* @a\n/apps/\n"), "problem", /Nobody owns apps\/web\/prod/],
    ["code-owners-of-production", "have to be waited for", owners("* @a\n"), "problem", /promotions into dev \(merge: auto\) wait/],
    ["code-owners-errors", "are there", { codeOwnersErrors: is([{ line: 2, kind: "Unknown owner", source: "x" }]) }, "problem", /line 2: Unknown owner/],
    ["log-writers", "are everybody", log(LOG_RULES.slice(2)), "problem", /Everybody/],
    ["log-writers", "are not Pinion", rulesets(ruleset(2)), "problem", /Pinion itself may not/],
    ["log-writers", "may be Pinion by pull request", rulesets(ruleset(2, { appBypasses: "pull-requests" })), "problem", /pull requests only/],
    ["log-writers", "may be Pinion by pull request only, by one of two rulesets", { ...log([...LOG_RULES, { ruleset: 4, kind: "update" }]), ...rulesets(ruleset(4, { appBypasses: "pull-requests" })) }, "problem", /pull requests only/],
    ["log-writers", "may be Pinion, and who makes the branch is not told", { ...log([...LOG_RULES, { ruleset: 4, kind: "creation" }]), ...rulesets(ruleset(4, { appBypasses: "untold" })) }, "unknown", /could not be read/],
    ["log-writers", "are not told", rulesets(ruleset(2, { appBypasses: "untold" })), "unknown", /could not be read/],
    ["log-history", "can be taken back", log(LOG_RULES.slice(0, 3)), "problem", /can be force-pushed/],
    ["log-history", "can be taken back by Pinion", rulesets(ruleset(3, { appBypasses: "always" })), "problem", /Pinion itself/],
    ["log-history", "is kept in the classic way", log(LOG_RULES.slice(0, 2), CLASSIC), "warning", /exceptions/],
    ["bypasses", "are others'", rulesets(ruleset(1, { bypassActors: [{ kind: "Team", id: 1 }] })), "warning", /Somebody else .*ruleset 1/],
    ["bypasses", "are not told", rulesets(ruleset(1, { bypassActors: null })), "warning", /ruleset 1.* is told only/],
  ])("%s: %s", (check, _what, changes, status, words) => {
    const [finding] = found(check, changes);
    expect(finding).toMatchObject({ status });
    expect(finding?.message).toMatch(words);
    if (status !== "ok") expect(finding?.cure).not.toBeNull();
  });

  it("of reverts that merge by themselves wants nobody to be waited for, and no owner of quarantines", () => {
    const config = is(CONFIG.replace("merge: on-approval", "merge: on-approval, rollback: auto"));
    expect(found("code-owners-of-production", { config })[0]).toMatchObject({ status: "warning", message: expect.stringContaining("reverts in prod (rollback: auto)") as string });
    const without = owners("* @a\n/.github/pinion/quarantine\n");
    expect([found("code-owners-of-config", { ...without, config })[0]?.status, found("code-owners-of-config", without)[0]?.status]).toEqual(["ok", "problem"]);
  });

  it("wants a CODEOWNERS file where code owners are asked for, and lets what merges by itself wait for them there", () => {
    const asking = CONFIG.replace("merge: on-approval", "merge: on-approval, approvals: { codeOwners: true }");
    expect(asking).not.toBe(CONFIG);
    expect(found("code-owners-errors", { codeOwners: is(null) })[0]?.status).toBe("ok");
    expect(found("code-owners-errors", { codeOwners: is(null), config: is(asking) })[0]).toMatchObject({ status: "problem", cure: expect.stringContaining("Add .github/CODEOWNERS") as string });
    const automatic = asking.replace("merge: on-approval", "merge: auto");
    expect(found("code-owners-of-production", { config: is(automatic) }).map(({ status }) => status)).toEqual(["ok"]);
    expect(found("code-owners-of-production", { config: is(CONFIG.replace("merge: on-approval", "merge: auto")) }).map(({ status }) => status)).toEqual(["problem"]);
  });

  it("takes out lines with owners that GitHub does not know", () => {
    const codeOwnersErrors = is([{ line: 2, kind: "Unknown owner", source: "" }]);
    expect(found("code-owners-of-production", { codeOwnersErrors })[0]?.status).toBe("problem");
  });

  it("tells who has to do something about permissions: the App's owner, or who installed it", () => {
    const { contents: _taken, ...less } = PERMISSIONS;
    const installation = is({ id: 1, page: "page of the installation", suspended: false, permissions: { ...less, issues: "read" }, events: [] });
    expect(found("app-permissions", { installation })[0]).toMatchObject({ status: "problem", page: "page of the installation" });
    const app = is({ id: APP, slug: "pinion", settingsPage: "settings", permissions: less, events: [] });
    expect(found("app-permissions", { installation, app })[0]).toMatchObject({ cure: expect.stringContaining("Give the App contents") as string, page: "settings/permissions" });
    expect(found("app-events", { installation })[0]?.status).toBe("warning");
  });
});

describe("what could not be read", () => {
  const parts = ["app", "installation", "settings", "files", "codeOwners", "codeOwnersErrors", "config"] as const;
  const branches = { name: "x", rules: UNREAD, classic: UNREAD };
  const all: SetupFacts = {
    ...WELL,
    ...Object.fromEntries(parts.map((part) => [part, UNREAD])),
    main: branches,
    log: branches,
    rulesets: new Map([[1, UNREAD]]),
  };

  it("is never ok, and never a problem", () => {
    expect(new Set(examineSetup(all, SHIPPED).map(({ status }) => status))).toEqual(new Set(["unknown"]));
  });

  it.each<[part: string, changes: Partial<SetupFacts>, checks: readonly SetupCheck[]]>([
    ["the App", { app: UNREAD }, ["required-check"]],
    ["the installation", { installation: UNREAD }, ["app-permissions", "app-events"]],
    ["the settings", { settings: UNREAD }, ["repository", "merge-methods"]],
    ["the files", { files: UNREAD }, ["code-owners-of-production"]],
    ["the policies", { policies: UNREAD }, ["config"]],
    ["the configuration", { config: UNREAD }, ["config", "code-owners-of-production"]],
    ["the owners", { codeOwners: UNREAD }, ["code-owners-of-config", "code-owners-of-production", "code-owners-errors"]],
    ["mistakes in the owners", { codeOwnersErrors: UNREAD }, ["code-owners-of-config", "code-owners-of-production", "code-owners-errors"]],
    ["a ruleset of the log", rulesets([2, UNREAD]), ["log-writers", "bypasses"]],
    ["classic protection", { main: { ...WELL.main, classic: UNREAD } }, ["merge-methods", "reviews", "up-to-date", "other-rules"]],
  ])("of %s leaves just what depends on it untold", (_part, changes, checks) => {
    const untold = examineSetup({ ...WELL, ...changes }, SHIPPED).filter(({ status }) => status === "unknown");
    expect(untold.map(({ check }) => check)).toEqual(checks);
    for (const { cure } of untold) expect(cure).not.toBeNull();
  });
});
