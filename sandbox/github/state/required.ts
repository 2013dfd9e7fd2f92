import type { CheckRun, Oid, PullRequest, Repository, RequiredCheck, Review } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { canPush } from "./access.ts";

/** The newest run of each (App, name) on a commit, which is the one that counts. */
export function latestRuns(repository: Repository, sha: Oid): readonly CheckRun[] {
  const latest = new Map<string, CheckRun>();
  for (const run of repository.checkRuns) {
    if (run.headSha === sha) latest.set(`${run.suite.app.id} ${run.name}`, run);
  }
  return [...latest.values()];
}

/** How one required check stands on a commit with these runs, in GitHub's word. */
function standing(runs: readonly CheckRun[], check: RequiredCheck): "expected" | "in progress" | "failing" | "passed" {
  const mine = runs.filter((run) => run.name === check.context && (check.appId === null || run.suite.app.id === check.appId));
  if (mine.length === 0) return "expected";
  if (mine.some((run) => run.status !== "completed")) return "in progress";
  // GitHub takes neutral and skipped as passed (docs, "About status checks").
  return mine.every((run) => ["success", "neutral", "skipped"].includes(run.conclusion ?? "")) ? "passed" : "failing";
}

/** What is still wrong with the required checks of a commit, in GitHub's words, or null. */
export function missingChecks(repository: Repository, sha: Oid, required: readonly RequiredCheck[]): string | null {
  const runs = latestRuns(repository, sha);
  const problems = required.map((check) => ({ context: check.context, word: standing(runs, check) })).filter(({ word }) => word !== "passed");
  const first = problems[0];
  if (first === undefined) return null;
  if (problems.length === 1) return `Required status check "${first.context}" is ${first.word}.`;
  return `${problems.length} of ${required.length} required status checks are ${first.word}.`;
}

/** What the required checks of a commit come to: one that failed decides, whatever the others still do. */
export function checksVerdict(repository: Repository, sha: Oid, required: readonly RequiredCheck[]): "passed" | "pending" | "failed" {
  const runs = latestRuns(repository, sha);
  const found = new Set(required.map((check) => standing(runs, check)));
  if (found.has("failing")) return "failed";
  return found.has("expected") || found.has("in progress") ? "pending" : "passed";
}

/** The newest approving or refusing review of each person; a later comment does not undo it. */
export function decisiveReviews(pull: PullRequest): readonly Review[] {
  const latest = new Map<number, Review>();
  for (const review of pull.reviews) {
    if (review.state === "COMMENTED" || review.state === "PENDING") continue;
    latest.set(review.author.id, review);
  }
  return [...latest.values()].filter((review) => review.state !== "DISMISSED");
}

/** What is still wrong with the required reviews, in GitHub's words, or null. */
export function missingReviews(state: GitHubState, pull: PullRequest, count: number): string | null {
  const counted = decisiveReviews(pull).filter((review) => canPush(state, review.author, pull.repository));
  const approvals = counted.filter((review) => review.state === "APPROVED");
  const refused = counted.some((review) => review.state === "CHANGES_REQUESTED");
  if (refused) return "Changes have been requested by reviewers with write access.";
  if (approvals.length >= count) return null;
  const [noun, verb] = count === 1 ? ["review", "is"] : ["reviews", "are"];
  return `At least ${count} approving ${noun} ${verb} required by reviewers with write access.`;
}
