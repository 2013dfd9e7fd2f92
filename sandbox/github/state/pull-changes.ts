import type { Account, DiffStats, Oid, PullRequest, Repository, TimelineEvent } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { dismissesStaleReviews } from "./protection.ts";

/** Everything of a timeline event but who did it and when. */
type TimelineDetail = TimelineEvent extends infer E
  ? E extends TimelineEvent
    ? Omit<E, "id" | "nodeId" | "actor" | "app" | "at">
    : never
  : never;

/** Writes one line of a thread's timeline. */
export function note(state: GitHubState, thread: { readonly timeline: TimelineEvent[] }, actor: Account, detail: TimelineDetail): void {
  const app = state.apps.find((candidate) => candidate.bot === actor) ?? null;
  thread.timeline.push({ ...state.identify("event"), actor, app, at: state.now(), ...detail });
}

/** What the pull request adds to its base, counted from their merge base. */
export async function measure(repository: Repository, base: Oid, head: Oid): Promise<DiffStats> {
  const from = (await repository.git.mergeBase(base, head)) ?? base;
  const [commits, files] = await Promise.all([repository.git.commitsBetween(base, head), repository.git.diff(from, head)]);
  return {
    commits: commits.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changedFiles: files.length,
  };
}

/** Brings a head's objects into the base repository as `refs/pull/<n>/head`, from a fork if need be. */
export async function keepHead(pull: Pick<PullRequest, "repository" | "number" | "head">, head: Oid): Promise<void> {
  const { repository } = pull;
  const ref = `refs/pull/${pull.number}/head`;
  const from = pull.head.repository;
  if (from !== null && from !== repository) {
    await repository.git.text(["fetch", "--quiet", "--no-tags", from.git.directory, `+${head}:${ref}`]);
  } else {
    await repository.git.putRef(ref, head);
  }
  repository.refs.set(ref, head);
}

/** The head branch has moved: the open pull request follows. The caller holds the base repository's write queue. */
export async function headMoved(state: GitHubState, sender: Account, pull: PullRequest, after: Oid): Promise<void> {
  const { repository } = pull;
  const before = pull.head.oid;
  await keepHead(pull, after);
  const base = repository.refs.get(`refs/heads/${pull.base.ref}`) ?? pull.base.oid;
  const forced = !(await repository.git.isAncestor(before, after));
  pull.head.oid = after;
  pull.base.oid = base;
  pull.stats = await measure(repository, base, after);
  pull.mergeableReads = 0;
  pull.updatedAt = state.now();
  if (forced) note(state, pull, sender, { event: "head_ref_force_pushed", before, after });
  state.emit({ name: "pull_request", action: "synchronize", sender, pull, before, after });
  if (!dismissesStaleReviews(repository, pull.base.ref)) return;
  for (const review of pull.reviews.filter((candidate) => candidate.state === "APPROVED")) {
    review.state = "DISMISSED";
    note(state, pull, sender, { event: "review_dismissed", review, message: "" });
    state.emit({ name: "pull_request_review", action: "dismissed", sender, review });
  }
}

/** Closes without merging. */
export function shut(state: GitHubState, sender: Account, pull: PullRequest): void {
  const now = state.now();
  pull.state = "closed";
  pull.closedAt = now;
  pull.closedBy = sender;
  pull.updatedAt = now;
  note(state, pull, sender, { event: "closed" });
  state.emit({ name: "pull_request", action: "closed", sender, pull });
}

/** Writes down that the pull request is merged, without telling anyone yet. */
export function markMerged(state: GitHubState, sender: Account, pull: PullRequest, commit: Oid): void {
  const now = state.now();
  pull.state = "closed";
  pull.mergedAt = now;
  pull.mergedBy = sender;
  pull.mergeCommit = commit;
  pull.closedAt = now;
  pull.closedBy = sender;
  pull.updatedAt = now;
  note(state, pull, sender, { event: "merged", commit });
  note(state, pull, sender, { event: "closed" });
}

/** Its head arrived on the base branch by other means: GitHub shows it as merged. */
export function landed(state: GitHubState, sender: Account, pull: PullRequest, commit: Oid): void {
  markMerged(state, sender, pull, commit);
  state.emit({ name: "pull_request", action: "closed", sender, pull });
}
