/** GitHub's merge queue: how pull requests get into it and out of it (docs, "Managing a merge queue"). */
import type { SandboxEvent } from "../events.ts";
import type { Account, Actor, MergeQueue, MergeQueueEntry, Oid, PullRequest, RemovalReason, Repository } from "../model.ts";
import { SandboxRefusal, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import type { Need } from "./access.ts";
import { requireAccess } from "./access.ts";
import { removeEntry, runQueue } from "./merge-groups.ts";
import { mergeQueueOf, requiredChecks, reviewsMissing } from "./protection.ts";
import { note } from "./pull-changes.ts";
import { mergesCleanly } from "./pulls.ts";
import { missingChecks } from "./required.ts";

const WRITE_BOTH: readonly Need[] = [
  { app: [["contents", "write"]], role: "write" },
  { app: [["pull_requests", "write"]], role: "write" },
];
const JUMP: Need = { app: [["merge_queues", "write"]], role: "admin" };

export interface EnqueueInput {
  /** The head that must still be there; null: not checked. */
  readonly head: Oid | null;
  /** To the front, before those that wait. */
  readonly jump: boolean;
}

function requireBoth(state: GitHubState, actor: Actor, repository: Repository): Account {
  const [account] = WRITE_BOTH.map((need) => requireAccess(state, actor, repository, need));
  if (account === undefined) throw new Error("nobody acts");
  return account;
}

/** The entry of a pull request, or null when it is not queued. */
export function entryOf(pull: PullRequest): MergeQueueEntry | null {
  const queue = pull.repository.mergeQueues.get(pull.base.ref);
  return queue?.entries.find((entry) => entry.pull === pull) ?? null;
}

/** The queue of a branch, or null where no rule asks for one. */
export function queueOf(repository: Repository, branch: string): MergeQueue | null {
  const kept = repository.mergeQueues.get(branch);
  if (mergeQueueOf(repository, branch) === null) return null;
  return kept ?? { repository, branch, entries: [], ended: [], heads: new Set<Oid>() };
}

/** Throws what GitHub says when a pull request is not ready for the queue: it must fulfil all that the branch asks for by itself. */
async function requireReady(state: GitHubState, pull: PullRequest, input: EnqueueInput): Promise<void> {
  if (mergeQueueOf(pull.repository, pull.base.ref) === null) throw unprocessable("A merge queue is not enabled for the base branch of this pull request");
  if (entryOf(pull) !== null) throw unprocessable("Pull request is already in the queue");
  if (pull.state !== "open") throw unprocessable("Pull request is not open");
  if (input.head !== null && input.head !== pull.head.oid) {
    throw new SandboxRefusal(409, "stale", "Head branch was modified. Review and try the merge again.");
  }
  if (pull.draft) throw unprocessable("Pull request is in draft state");
  if (!(await mergesCleanly(pull))) throw unprocessable("Pull request has merge conflicts");
  const required = requiredChecks(pull.repository, pull.base.ref);
  const missing = reviewsMissing(state, pull) ?? missingChecks(pull.repository, pull.head.oid, required);
  if (missing !== null) throw unprocessable(`Pull request ${missing}`);
}

/** GraphQL's `enqueuePullRequest`. What the queue then does by itself comes after the answer. */
export async function enqueuePullRequest(state: GitHubState, actor: Actor, pull: PullRequest, input: EnqueueInput): Promise<MergeQueueEntry> {
  const { repository } = pull;
  const enqueuer = requireBoth(state, actor, repository);
  if (input.jump) requireAccess(state, actor, repository, JUMP);
  return repository.writes.run(async () => {
    await requireReady(state, pull, input);
    watch(state);
    const queue = repository.mergeQueues.get(pull.base.ref) ?? { repository, branch: pull.base.ref, entries: [], ended: [], heads: new Set<Oid>() };
    repository.mergeQueues.set(queue.branch, queue);
    const entry: MergeQueueEntry = {
      ...state.identify("merge-queue-entry"),
      queue,
      pull,
      enqueuer,
      enqueuedAt: state.now(),
      jump: input.jump,
      group: null,
    };
    queue.entries = input.jump ? [entry, ...queue.entries] : [...queue.entries, entry];
    pull.updatedAt = state.now();
    note(state, pull, enqueuer, { event: "added_to_merge_queue", enqueuer });
    state.emit({ name: "pull_request", action: "enqueued", sender: enqueuer, pull });
    runQueue(state, queue);
    return entry;
  });
}

/** GraphQL's `dequeuePullRequest`. */
export async function dequeuePullRequest(state: GitHubState, actor: Actor, pull: PullRequest): Promise<MergeQueueEntry> {
  const sender = requireBoth(state, actor, pull.repository);
  return pull.repository.writes.run(async () => {
    const entry = entryOf(pull);
    if (entry === null) throw unprocessable("Pull request is not in the queue");
    takeOut(state, sender, entry, "MANUAL");
    return entry;
  });
}

function takeOut(state: GitHubState, sender: Account, entry: MergeQueueEntry, reason: RemovalReason): void {
  removeEntry(state, sender, entry, reason);
  runQueue(state, entry.queue);
}

const watched = new WeakSet<GitHubState>();

/** From the first entry on, the queue follows what happens around it. */
function watch(state: GitHubState): void {
  if (watched.has(state)) return;
  watched.add(state);
  state.listen((event) => follow(state, event));
}

/**
 * A push to the head, another base and closing take a pull request out; turning it into a draft does not, as has been seen at
 * GitHub. For pushes it says no reason of their own.
 */
function follow(state: GitHubState, event: SandboxEvent): void {
  if (event.name === "pull_request") {
    const queues = [...event.pull.repository.mergeQueues.values()];
    const entry = queues.flatMap((queue) => queue.entries).find((candidate) => candidate.pull === event.pull);
    if (entry === undefined) return;
    const rebased = event.action === "edited" && event.changes.base !== undefined;
    if (event.action === "closed") takeOut(state, event.sender, entry, event.pull.mergedAt === null ? "MANUAL" : "ALREADY_MERGED");
    if (event.action === "synchronize" || rebased) takeOut(state, event.sender, entry, "MANUAL");
  } else if (event.name === "check_run") {
    for (const queue of event.run.suite.repository.mergeQueues.values()) {
      if (queue.entries.some((entry) => entry.group?.head === event.run.headSha)) runQueue(state, queue);
    }
  } else if (event.name === "push") {
    const queue = event.repository.mergeQueues.get(event.ref.replace(/^refs\/heads\//, ""));
    if (queue !== undefined && queue.entries.length > 0) runQueue(state, queue);
  }
}
