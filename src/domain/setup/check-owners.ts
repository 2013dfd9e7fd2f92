import { asksCodeOwners, CONFIG_PATH, type Config } from "../config.ts";
import { compileDiscover } from "../discover.ts";
import type { EnvironmentName } from "../release.ts";
import { CODE_OWNERS_PATHS, NO_CODE_OWNERS, ownersOf, parseCodeOwners, type CodeOwners } from "../code-owners.ts";
import type { SetupFacts } from "./facts.ts";
import { cannotTell, ok, problem, warning, withoutConfig, type Finding } from "./finding.ts";
import { anyBindsApp, classicPage, pageOfRule, rulesOf, rulesPage, untold } from "./rules.ts";

/** Files by which Pinion itself is governed; names that stand for any in their folder. */
const POLICY = ".github/pinion/policies/any.yaml";
const QUARANTINE = ".github/pinion/quarantine/any-000000000000.yaml";
const MOST_NAMED = 3;

/** The owners that count, or null where there is no file. What GitHub finds wrong in a line takes that line out. */
export function codeOwnersIn({ codeOwners, codeOwnersErrors }: SetupFacts): CodeOwners | null {
  if (!codeOwners.known || codeOwners.value === null) return null;
  const wrong = codeOwnersErrors.known ? codeOwnersErrors.value.map(({ line }) => line) : [];
  return parseCodeOwners(codeOwners.value.path, codeOwners.value.text, new Set(wrong));
}

/** Owners only guard anything where their review is required. */
export function checkOwnerReview(facts: SetupFacts): Finding {
  const check = "code-owner-review";
  const { main } = facts;
  const required = rulesOf(main, "pull-request").some(({ codeOwners }) => codeOwners) || (main.classic.known && main.classic.value?.codeOwners === true);
  if (required) return ok(check, `${main.name} requires the review of code owners`);
  const unread = untold(main);
  if (unread !== null) return cannotTell(check, unread.answer, unread.needs);
  const cure = `Turn on “Require review from Code Owners” in a ruleset of ${main.name} that requires pull requests, with 0 approvals where Pinion merges by itself`;
  return problem(check, `${main.name} does not require the review of code owners, so they guard nothing`, cure, rulesPage(facts));
}

/** Whoever may change Pinion's configuration may change what the gates ask. */
export function checkOwnersOfConfig(facts: SetupFacts, config: Config | null): Finding {
  const check = "code-owners-of-config";
  const unread = unreadOwners(facts);
  if (unread !== null) return cannotTell(check, unread, "contents: read");
  const owners = codeOwnersIn(facts);
  if (owners === null) {
    const message = "There is no CODEOWNERS file, so nobody in particular answers for Pinion's configuration";
    return problem(check, message, `Write ${CODE_OWNERS_PATHS[0]} with a line like: /.github/ @your-org/your-team`);
  }
  // Reverts that merge by themselves bring quarantine files, which then must not wait for anybody.
  const free = config?.environments.some(({ rollback }) => rollback === "auto") === true;
  const guarded = [CONFIG_PATH, POLICY, ...filesOfSigners(config), ...pathsThatCount(owners), ...(free ? [] : [QUARANTINE])];
  const open = guarded.filter((file) => ownersOf(owners, file).length === 0);
  if (open.length === 0) return ok(check, `${owners.path} names owners of Pinion's configuration and of itself`);
  const folders = open.map((file) => `/${file.replace(/any[^/]*$/, "")}`);
  const lines = folders.map((folder) => `${folder} @your-org/your-team`).join("; ");
  return problem(check, `${owners.path} names no owner of ${folders.join(", ")}`, `Add to ${owners.path}, a line each: ${lines}`);
}

/** The keys and trusted roots by which signatures are checked. */
function filesOfSigners(config: Config | null): readonly string[] {
  return [...new Set(config?.signers.map(({ file }) => file))];
}

/** Where the file is, and where one that somebody adds would count in its place. */
function pathsThatCount({ path }: CodeOwners): readonly string[] {
  const before = CODE_OWNERS_PATHS.findIndex((place) => place === path);
  return CODE_OWNERS_PATHS.slice(0, before + 1);
}

/** Where people decide about a merge, people must answer for the files; where Pinion merges by itself, nobody must have to. */
export function checkOwnersOfProduction(facts: SetupFacts, config: Config | null): readonly Finding[] {
  const check = "code-owners-of-production";
  const { files } = facts;
  const unread = unreadOwners(facts) ?? (files.known ? null : files);
  if (unread !== null || !files.known) return [cannotTell(check, unread ?? UNREAD, "contents: read")];
  if (config === null) return [withoutConfig(check, "Without a configuration it cannot be told which files are production's")];
  const owners = codeOwnersIn(facts);
  const placeOf = compileDiscover(config.discover, config.environments);
  const byEnvironment = new Map<EnvironmentName, { readonly owned: string[]; readonly unowned: string[] }>();
  for (const file of files.value) {
    const place = placeOf(file);
    if (place === null) continue;
    const found = byEnvironment.get(place.environment) ?? { owned: [], unowned: [] };
    byEnvironment.set(place.environment, found);
    (owners !== null && ownersOf(owners, file).length > 0 ? found.owned : found.unowned).push(file);
  }
  const findings = config.environments.flatMap(({ name, merge, rollback, approvals }): readonly Finding[] => {
    const { owned, unowned } = byEnvironment.get(name) ?? { owned: [], unowned: [] };
    if (merge !== "auto" && unowned.length > 0) {
      return [problem(check, `Nobody owns ${some(unowned)} of ${name}, where people decide about merges`, `Name their owners in ${owners?.path ?? CODE_OWNERS_PATHS[0]}`)];
    }
    if (owned.length === 0) return [];
    if (merge === "auto") return approvals.codeOwners ? [] : waitsForOwners(facts, `promotions into ${name} (merge: auto)`, owned, "problem");
    return rollback === "auto" ? waitsForOwners(facts, `reverts in ${name} (rollback: auto)`, owned, "warning") : [];
  });
  if (findings.length > 0) return findings;
  const decided = config.environments.filter(({ name, merge }) => merge !== "auto" && byEnvironment.has(name)).map(({ name }) => name);
  if (decided.length > 0) return [ok(check, `Every file that is promoted in ${decided.join(", ")} has owners`)];
  return [ok(check, "There is no environment where people decide about merges")];
}

/** GitHub leaves out lines with mistakes, and with owners who may not write: then nobody is asked. */
export function checkOwnersErrors(facts: SetupFacts, config: Config | null): Finding {
  const check = "code-owners-errors";
  const { codeOwners, codeOwnersErrors: errors } = facts;
  if (!codeOwners.known) return cannotTell(check, codeOwners, "contents: read");
  if (codeOwners.value === null) {
    if (config === null || !asksCodeOwners(config)) return ok(check, "There is no CODEOWNERS file to have mistakes");
    return problem(check, `${NO_CODE_OWNERS.problem}, so nothing passes there`, NO_CODE_OWNERS.cure);
  }
  if (!errors.known) return cannotTell(check, errors, "contents: read");
  const [first] = errors.value;
  const { path } = codeOwners.value;
  if (first === undefined) return ok(check, `GitHub finds no mistakes in ${path}`);
  const more = errors.value.length > 1 ? ` (and ${errors.value.length - 1} more)` : "";
  const message = `GitHub leaves out lines of ${path}: line ${first.line}: ${first.kind}${more}`;
  const page = facts.settings.known ? `${facts.page}/blob/${facts.settings.value.defaultBranch}/${path}` : null;
  return problem(check, message, "Mend them: owners must be people or teams that may write to the repository", page);
}

function waitsForOwners(facts: SetupFacts, what: string, owned: readonly string[], status: "problem" | "warning"): readonly Finding[] {
  const check = "code-owners-of-production";
  const { main } = facts;
  const asking = rulesOf(main, "pull-request").filter(({ codeOwners }) => codeOwners);
  const classic = main.classic.known && main.classic.value?.codeOwners === true;
  const binds = classic ? true : anyBindsApp(facts, asking);
  if (binds === false) return [];
  if (binds === null) {
    const reason = `${some(owned)} has owners, and it could not be read whether ${what} have to wait for them`;
    return [cannotTell(check, { reason, failure: "stalled" }, "metadata: read")];
  }
  const page = classic ? classicPage(facts) : pageOfRule(facts, asking[0]);
  const message = `${some(owned)} has owners whose review is required, so ${what} wait for them`;
  const cure = "Take these files out of CODEOWNERS by a later line without owners, or let a person decide in the configuration";
  return [(status === "problem" ? problem : warning)(check, message, cure, page)];
}

const UNREAD = { reason: "The files could not be read", failure: "error" } as const;

function unreadOwners({ codeOwners, codeOwnersErrors }: SetupFacts) {
  if (!codeOwners.known) return codeOwners;
  return codeOwners.value !== null && !codeOwnersErrors.known ? codeOwnersErrors : null;
}

function some(files: readonly string[]): string {
  const named = files.slice(0, MOST_NAMED).join(", ");
  return files.length > MOST_NAMED ? `${named} and ${files.length - MOST_NAMED} more` : named;
}
