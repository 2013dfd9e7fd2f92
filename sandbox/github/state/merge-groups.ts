/** What a merge queue does by itself: it builds groups, waits for their checks, and merges or ejects. */
import type { Account, GroupEnd, Instant, MergeGroup, MergeQueue, MergeQueueEntry, MergeQueueSettings, Oid, RemovalReason } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { mergeQueueBot } from "./accounts.ts";
import { deleteMergedBranch, mergeCommit } from "./merge.ts";
import { nextStep, type QueueStep } from "./merge-queue-steps.ts";
import { mergeQueueOf, requiredChecks, reviewsMissing } from "./protection.ts";
import { markMerged, note } from "./pull-changes.ts";
import { moveRefs, settle } from "./ref-moves.ts";
import { checksVerdict } from "./required.ts";

/** Lets the queue do what there is to do, after what is being done now. */
export function runQueue(state: GitHubState, queue: MergeQueue): void {
  void queue.repository.writes.run(() => advance(state, queue));
}

/** Takes an entry out. Those behind it are built anew when the queue runs next. */
export function removeEntry(state: GitHubState, sender: Account, entry: MergeQueueEntry, reason: RemovalReason): void {
  const { pull, queue, enqueuer, group } = entry;
  queue.entries = queue.entries.filter((candidate) => candidate !== entry);
  endGroup(entry, reason === "MERGE" ? "merged" : "dequeued");
  pull.updatedAt = state.now();
  note(state, pull, sender, { event: "removed_from_merge_queue", enqueuer, reason, before: group?.head ?? null });
  state.emit({ name: "pull_request", action: "dequeued", sender, pull, reason });
}

function endGroup(entry: MergeQueueEntry, reason: GroupEnd): void {
  if (entry.group === null) return;
  entry.queue.ended.push({ group: entry.group, reason });
  entry.group = null;
}

async function clearAway(state: GitHubState, queue: MergeQueue): Promise<void> {
  const { repository, branch } = queue;
  const sender = mergeQueueBot(state);
  for (const { group, reason } of queue.ended.splice(0)) {
    state.emit({ name: "merge_group", action: "destroyed", sender, repository, branch, group, reason });
    await moveRefs(state, sender, repository, [{ name: group.ref, before: group.head, after: null }]);
  }
}

/** Runs until nothing is left but to wait. The caller holds the repository's write queue. */
async function advance(state: GitHubState, queue: MergeQueue): Promise<void> {
  for (;;) {
    await clearAway(state, queue);
    const settings = mergeQueueOf(queue.repository, queue.branch);
    const tip = queue.repository.refs.get(`refs/heads/${queue.branch}`);
    if (settings === null || tip === undefined) {
      if (queue.entries.length === 0) return;
      for (const entry of queue.entries) removeEntry(state, mergeQueueBot(state), entry, "QUEUE_CLEARED");
      continue;
    }
    const conflicting = await build(state, queue, settings, tip);
    if (conflicting !== null) removeEntry(state, mergeQueueBot(state), conflicting, "MERGE_CONFLICT");
    else if (!(await take(state, queue, tip, stepOf(state, queue, settings)))) return;
  }
}

/** Gives each entry whose turn it is a group on top of the one before; the first one that cannot be merged is answered. */
async function build(state: GitHubState, queue: MergeQueue, settings: MergeQueueSettings, tip: Oid): Promise<MergeQueueEntry | null> {
  let base = tip;
  for (const [index, entry] of queue.entries.entries()) {
    const due = index < settings.maxToBuild;
    if (entry.group !== null && (!due || entry.group.base !== base)) endGroup(entry, "invalidated");
    if (!due) continue;
    entry.group ??= await buildGroup(state, entry, settings, base);
    if (entry.group === null) return entry;
    if (!queue.entries.includes(entry)) {
      // It was taken out while its group was being built.
      endGroup(entry, "dequeued");
      return build(state, queue, settings, tip);
    }
    base = entry.group.head;
  }
  await clearAway(state, queue);
  return null;
}

/** Checks of an earlier group must not count for this one: where the clock stands still, the commit is dated a little later. */
async function newHead(state: GitHubState, { pull, queue, enqueuer }: MergeQueueEntry, settings: MergeQueueSettings, base: Oid): Promise<Oid | null> {
  for (let at = state.now(); ; at += 1000) {
    const head = await mergeCommit(state, enqueuer, pull, base, { method: settings.method, title: null, message: null }, at);
    if (head !== null && queue.heads.has(head)) continue;
    if (head !== null) queue.heads.add(head);
    return head;
  }
}

async function buildGroup(state: GitHubState, entry: MergeQueueEntry, settings: MergeQueueSettings, base: Oid): Promise<MergeGroup | null> {
  const { pull, queue } = entry;
  const { repository } = pull;
  const head = await newHead(state, entry, settings, base);
  if (head === null) return null;
  const group = { ref: `refs/heads/gh-readonly-queue/${queue.branch}/pr-${pull.number}-${base}`, base, head, requestedAt: state.now() };
  const sender = mergeQueueBot(state);
  const taken = repository.refs.get(group.ref) ?? null;
  if (!(await moveRefs(state, sender, repository, [{ name: group.ref, before: taken, after: head }]))) {
    throw new Error(`the group's branch ${group.ref} cannot be made`);
  }
  state.emit({ name: "merge_group", action: "checks_requested", sender, repository, branch: queue.branch, group });
  return group;
}

/** The entries that have a group, with it. */
function built(queue: MergeQueue): readonly { readonly entry: MergeQueueEntry; readonly group: MergeGroup }[] {
  return queue.entries.flatMap((entry) => (entry.group === null ? [] : [{ entry, group: entry.group }]));
}

function stepOf(state: GitHubState, queue: MergeQueue, settings: MergeQueueSettings): QueueStep {
  const required = requiredChecks(queue.repository, queue.branch);
  const entries = built(queue).map(({ entry, group }) => ({
    checks: checksVerdict(queue.repository, group.head, required),
    requestedAt: group.requestedAt,
    enqueuedAt: entry.enqueuedAt,
  }));
  return nextStep(entries, settings, state.now());
}

/** Does it. False when there is nothing to do but to wait. */
async function take(state: GitHubState, queue: MergeQueue, tip: Oid, step: QueueStep): Promise<boolean> {
  if (step.kind === "wait") {
    if (step.until !== null) callAt(state, queue, step.until);
    return false;
  }
  const entries = built(queue);
  if (step.kind === "eject") {
    const failed = entries[step.index];
    if (failed !== undefined) removeEntry(state, mergeQueueBot(state), failed.entry, step.reason);
    return true;
  }
  const merging = entries.slice(0, step.count);
  // What the branch asks for besides checks must still be so (docs: "branch protection failure").
  const unready = merging.find(({ entry }) => reviewsMissing(state, entry.pull) !== null);
  if (unready === undefined) await mergeTogether(state, queue, tip, merging);
  else removeEntry(state, mergeQueueBot(state), unready.entry, "BRANCH_PROTECTIONS");
  return true;
}

const called = new WeakMap<MergeQueue, { readonly at: Instant; readonly callOff: () => void }>();

function callAt(state: GitHubState, queue: MergeQueue, at: Instant): void {
  const before = called.get(queue);
  if (before?.at === at) return;
  before?.callOff();
  const run = (): void => {
    called.delete(queue);
    runQueue(state, queue);
  };
  const callOff = state.clock.schedule?.(at, run);
  if (callOff !== undefined) called.set(queue, { at, callOff });
}

/** Moves the base branch forward to the last of them. Merged by whoever enqueued it; pushed by the queue's own account. */
async function mergeTogether(state: GitHubState, queue: MergeQueue, tip: Oid, merging: ReturnType<typeof built>): Promise<void> {
  const { repository, branch } = queue;
  const last = merging.at(-1);
  if (last === undefined) return;
  const move = { name: `refs/heads/${branch}`, before: tip, after: last.group.head };
  if (!(await repository.git.moveRefs([move]))) throw new Error(`${move.name} is not where the repository has it`);
  for (const { entry, group } of merging) {
    entry.pull.base.oid = group.base;
    markMerged(state, entry.enqueuer, entry.pull, group.head);
  }
  await settle(state, mergeQueueBot(state), repository, [move]);
  for (const { entry } of merging) {
    removeEntry(state, mergeQueueBot(state), entry, "MERGE");
    state.emit({ name: "pull_request", action: "closed", sender: entry.enqueuer, pull: entry.pull });
    await deleteMergedBranch(state, entry.enqueuer, entry.pull);
  }
}
