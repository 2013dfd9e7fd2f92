import type {
  Actor,
  BranchProtection,
  MergeMethod,
  MergeQueueSettings,
  Oid,
  PullRequest,
  Repository,
  RequiredCheck,
  Rule,
  Ruleset,
} from "../model.ts";
import { SandboxRefusal } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { activeMembers, atLeast, roleOf } from "./access.ts";
import { missingChecks, missingReviews } from "./required.ts";
import { signatureOf } from "./signatures.ts";

/** One ref about to move. `before` null creates, `after` null deletes. */
export interface RefChange {
  readonly name: string;
  readonly before: Oid | null;
  readonly after: Oid | null;
  readonly forced: boolean;
}

/** Which rules a change breaks, in GitHub's words. */
export interface Violations {
  readonly source: "classic" | "ruleset";
  readonly messages: readonly string[];
}

function globToPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*|\*|\?/g, (found) => (found === "**" ? ".*" : found === "*" ? "[^/]*" : "[^/]"));
  return new RegExp(`^${source}$`);
}

function matchesRef(repository: Repository, pattern: string, ref: string): boolean {
  if (pattern === "~ALL") return true;
  if (pattern === "~DEFAULT_BRANCH") return ref === `refs/heads/${repository.defaultBranch}`;
  return globToPattern(pattern).test(ref);
}

/** The rulesets that apply to a branch, in force or not. */
export function rulesetsOf(repository: Repository, branch: string): readonly Ruleset[] {
  const ref = `refs/heads/${branch}`;
  return repository.rulesets.filter(
    (ruleset) =>
      ruleset.include.some((pattern) => matchesRef(repository, pattern, ref)) &&
      !ruleset.exclude.some((pattern) => matchesRef(repository, pattern, ref)),
  );
}

function bypasses(state: GitHubState, actor: Actor, repository: Repository, ruleset: Ruleset, byPullRequest: boolean): boolean {
  return ruleset.bypass.some((entry) => {
    if (entry.mode === "pull_request" && !byPullRequest) return false;
    if (entry.type === "Integration") return actor.kind === "installation" && actor.app.id === entry.appId;
    return actor.kind === "user" && atLeast(roleOf(state, actor.account, repository), entry.role);
  });
}

/** Whether the actor may go past a ruleset: always, only by merging a pull request, or never. */
export function bypassOf(state: GitHubState, actor: Actor, repository: Repository, ruleset: Ruleset): "always" | "pull_requests_only" | "never" {
  if (bypasses(state, actor, repository, ruleset, false)) return "always";
  return bypasses(state, actor, repository, ruleset, true) ? "pull_requests_only" : "never";
}

/** Whether the actor's pushes are let through by a branch's classic protection. */
export function mayPush(state: GitHubState, actor: Actor, repository: Repository, protection: BranchProtection): boolean {
  const allowed = protection.restrictions;
  if (allowed === null) return true;
  if (actor.kind === "installation") return allowed.apps.includes(actor.app.slug);
  if (actor.kind !== "user") return false;
  if (allowed.users.includes(actor.account.login)) return true;
  return state.teams
    .filter((team) => team.organization === repository.owner && allowed.teams.includes(team.slug))
    .some((team) => activeMembers(state, team).includes(actor.account));
}

/** Administrators are above classic protection unless it includes them. */
function exempt(state: GitHubState, actor: Actor, repository: Repository, protection: BranchProtection): boolean {
  return !protection.enforceAdmins && actor.kind === "user" && roleOf(state, actor.account, repository) === "admin";
}

async function mergesAmong(repository: Repository, change: RefChange): Promise<boolean> {
  if (change.after === null) return false;
  const commits = await repository.git.commitsBetween(change.before, change.after);
  const found = await Promise.all(commits.map((oid) => repository.git.commit(oid)));
  return found.some((commit) => commit !== null && commit.parents.length > 1);
}

async function unsignedAmong(repository: Repository, change: RefChange): Promise<boolean> {
  if (change.after === null) return false;
  const commits = await repository.git.commitsBetween(change.before, change.after);
  return commits.some((oid) => signatureOf(repository, oid)?.isValid !== true);
}

async function ruleBroken(repository: Repository, rule: Rule, change: RefChange): Promise<string | null> {
  const updating = change.before !== null && change.after !== null;
  switch (rule.type) {
    case "creation":
      return change.before === null ? "Cannot create ref due to creations being restricted." : null;
    case "update":
      return updating ? "Cannot update this protected ref." : null;
    case "deletion":
      return change.after === null ? "Cannot delete this branch" : null;
    case "non_fast_forward":
      return change.forced ? "Cannot force-push to this branch" : null;
    case "required_signatures":
      return (await unsignedAmong(repository, change)) ? "Commits must have verified signatures." : null;
    case "required_linear_history":
      return updating && (await mergesAmong(repository, change)) ? "This branch must not contain merge commits." : null;
    case "required_status_checks":
      return updating && change.after !== null ? missingChecks(repository, change.after, rule.required) : null;
    case "pull_request":
      return updating ? "Changes must be made through a pull request." : null;
    case "merge_queue":
      return updating ? "Changes must be made through the merge queue" : null;
  }
}

async function classicBroken(repository: Repository, protection: BranchProtection, change: RefChange): Promise<readonly string[]> {
  if (change.after === null) return protection.allowDeletions ? [] : ["Cannot delete a protected branch"];
  if (change.before === null) return [];
  if (change.forced && !protection.allowForcePushes) return ["Cannot force-push to this branch"];
  const found: string[] = [];
  if (protection.reviews !== null) found.push("Changes must be made through a pull request.");
  const checks = protection.checks === null ? null : missingChecks(repository, change.after, protection.checks.required);
  if (checks !== null) found.push(checks);
  if (protection.linearHistory && (await mergesAmong(repository, change))) found.push("Merge commits are not allowed on this repository.");
  return found;
}

/** What a push or a ref update through the API would break. */
export async function violationsOf(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  change: RefChange,
): Promise<Violations | null> {
  if (!change.name.startsWith("refs/heads/")) return null;
  const branch = change.name.slice("refs/heads/".length);
  // The queue's own, and nobody else's.
  if (branch.startsWith("gh-readonly-queue/")) return { source: "ruleset", messages: ["Cannot update this protected ref."] };
  const protection = repository.protections.get(branch);
  if (protection !== undefined && !exempt(state, actor, repository, protection)) {
    if (!mayPush(state, actor, repository, protection))
      return { source: "classic", messages: ["You're not authorized to push to this branch."] };
    const messages = await classicBroken(repository, protection, change);
    if (messages.length > 0) return { source: "classic", messages };
  }
  const broken: string[] = [];
  for (const ruleset of rulesetsOf(repository, branch)) {
    if (ruleset.enforcement !== "active" || bypasses(state, actor, repository, ruleset, false)) continue;
    for (const rule of ruleset.rules) {
      const message = await ruleBroken(repository, rule, change);
      if (message !== null) broken.push(message);
    }
  }
  return broken.length === 0 ? null : { source: "ruleset", messages: broken };
}

/**
 * What merging the pull request would break now; by this method, or by whichever is allowed. `mergeable_state` has been seen
 * `clean` on branches with a queue, so it does not count there.
 */
export function mergeViolations(
  state: GitHubState,
  actor: Actor,
  pull: PullRequest,
  method: MergeMethod | null,
  extent: "all rules" | "apart from the queue" = "all rules",
): Violations | null {
  const { repository } = pull;
  const protection = repository.protections.get(pull.base.ref);
  if (protection !== undefined && !exempt(state, actor, repository, protection)) {
    const messages: (string | null)[] = [
      mayPush(state, actor, repository, protection) ? null : "You're not authorized to push to this branch.",
      protection.reviews === null ? null : missingReviews(state, pull, protection.reviews.count),
      protection.checks === null ? null : missingChecks(repository, pull.head.oid, protection.checks.required),
    ];
    const found = messages.filter((message) => message !== null);
    if (found.length > 0) return { source: "classic", messages: found };
  }
  const broken: string[] = [];
  for (const ruleset of rulesetsOf(repository, pull.base.ref)) {
    if (ruleset.enforcement !== "active" || bypasses(state, actor, repository, ruleset, true)) continue;
    for (const rule of ruleset.rules) {
      if (rule.type === "merge_queue" && extent === "apart from the queue") continue;
      const message = mergeBreaks(state, pull, rule, method);
      if (message !== null) broken.push(message);
    }
  }
  return broken.length === 0 ? null : { source: "ruleset", messages: broken };
}

/** A queue's parameters, as GitHub's form proposes what the rule does not say. */
export function queueSettings(rule: Extract<Rule, { readonly type: "merge_queue" }>): MergeQueueSettings {
  const { type: _type, ...given } = rule;
  const proposed: MergeQueueSettings = {
    method: "squash",
    strategy: "ALLGREEN",
    maxToBuild: 5,
    maxToMerge: 5,
    minToMerge: 1,
    minWaitMinutes: 5,
    checkTimeoutMinutes: 60,
  };
  return { ...proposed, ...given };
}

function rulesInForce(repository: Repository, branch: string): readonly Rule[] {
  return rulesetsOf(repository, branch)
    .filter((ruleset) => ruleset.enforcement === "active")
    .flatMap((ruleset) => ruleset.rules);
}

/** The parameters of the branch's merge queue, or null where it has none. */
export function mergeQueueOf(repository: Repository, branch: string): MergeQueueSettings | null {
  const rule = rulesInForce(repository, branch).find((candidate) => candidate.type === "merge_queue");
  return rule === undefined ? null : queueSettings(rule);
}

/** Every check that the branch asks for, by classic protection and by rulesets. */
export function requiredChecks(repository: Repository, branch: string): readonly RequiredCheck[] {
  const classic = repository.protections.get(branch)?.checks?.required ?? [];
  return [...classic, ...rulesInForce(repository, branch).flatMap((rule) => (rule.type === "required_status_checks" ? rule.required : []))];
}

/** What is still wrong with the reviews that the branch asks for, in GitHub's words, or null. */
export function reviewsMissing(state: GitHubState, pull: PullRequest): string | null {
  const { repository, base } = pull;
  const classic = repository.protections.get(base.ref)?.reviews?.count ?? 0;
  const counts = rulesInForce(repository, base.ref).map((rule) => (rule.type === "pull_request" ? rule.approvals : 0));
  const asked = counts.length > 0 || repository.protections.get(base.ref)?.reviews != null;
  return asked ? missingReviews(state, pull, Math.max(classic, ...counts)) : null;
}

function mergeBreaks(state: GitHubState, pull: PullRequest, rule: Rule, method: MergeMethod | null): string | null {
  switch (rule.type) {
    case "update":
      return "Cannot update this protected ref.";
    case "merge_queue":
      return "Changes must be made through the merge queue";
    case "required_status_checks":
      return missingChecks(pull.repository, pull.head.oid, rule.required);
    case "pull_request":
      if (method !== null && rule.methods?.includes(method) === false) return `Merge method ${method} is not allowed on this branch.`;
      return missingReviews(state, pull, rule.approvals);
    case "required_linear_history":
      return method === "merge" ? "This branch must not contain merge commits." : null;
    case "creation":
    case "deletion":
    case "non_fast_forward":
    case "required_signatures":
      return null;
  }
}

/** GitHub's one message for what was violated. */
export function violationText(violations: Violations): string {
  if (violations.source === "classic") return violations.messages.join(" ");
  return `Repository rule violations found\n\n${violations.messages.join("\n\n")}\n\n`;
}

/** The refusal of an API write to a protected ref. */
export function protectedRef(violations: Violations): SandboxRefusal {
  return new SandboxRefusal(422, "protected", violationText(violations));
}

/** Whether a new push takes back approvals of pull requests into this branch. */
export function dismissesStaleReviews(repository: Repository, branch: string): boolean {
  if (repository.protections.get(branch)?.reviews?.dismissStale === true) return true;
  return rulesetsOf(repository, branch).some(
    (ruleset) => ruleset.enforcement === "active" && ruleset.rules.some((rule) => rule.type === "pull_request" && rule.dismissStale),
  );
}

/** Protects a branch by classic protection; what is not said is as loose as GitHub's form leaves it. */
export function protectBranch(repository: Repository, branch: string, settings: Partial<BranchProtection>): void {
  repository.protections.set(branch, {
    checks: null,
    reviews: null,
    enforceAdmins: false,
    allowForcePushes: false,
    allowDeletions: false,
    linearHistory: false,
    restrictions: null,
    ...settings,
  });
}

/** Adds a ruleset for branches, active unless said otherwise. */
export function addRuleset(
  state: GitHubState,
  repository: Repository,
  settings: Pick<Ruleset, "name" | "include" | "rules"> & Partial<Ruleset>,
): Ruleset {
  const made: Ruleset = {
    ...state.identify("ruleset"),
    enforcement: "active",
    exclude: [],
    bypass: [],
    createdAt: state.now(),
    ...settings,
  };
  repository.rulesets.push(made);
  return made;
}
