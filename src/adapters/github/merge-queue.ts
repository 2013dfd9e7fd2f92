import type { Instant, Milliseconds } from "../../domain/answer.ts";
import { cameThroughQueue } from "../../domain/queue-events.ts";
import type { MergeQueue, PullRequest, QueueEntry, Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import { PortFailure, type WriteOutcome } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { outcomeOf } from "./api.ts";
import { actorOf } from "./identity.ts";
import { ownCheckOf, pullRequestVariables, USUAL_SIZES } from "./pull-request.ts";
import { DEQUEUE_PULL_REQUEST, ENQUEUE_PULL_REQUEST, MERGE_QUEUE } from "./queries.ts";
import { pageOf, type Page, type Reader } from "./reader.ts";
import type { Look } from "./snapshot.ts";

export interface ReadQueue {
  readonly queue: MergeQueue | null;
  /** By number, for pull requests that came in through the queue lately: whether the App's check passes on what was merged. */
  readonly passed: ReadonlyMap<number, boolean>;
}

const NO_QUEUE: ReadQueue = { queue: null, passed: new Map() };

/**
 * The merge queue, as `repository` of the snapshot tells of it. A request more only where something is in it, or was merged through it since
 * `endedSince`.
 * @throws {PortFailure} also when the default branch moved between the two: what the queue stands on now was not seen.
 */
export async function readQueue(look: Look, repository: Reader, listed: readonly PullRequest[], endedSince: Instant): Promise<ReadQueue> {
  const found = repository.optional("mergeQueue");
  if (found === null) return NO_QUEUE;
  const allGreen = found.optional("configuration")?.optionalText("mergingStrategy") !== "HEADGREEN";
  const merged = listed.filter((pullRequest) => pullRequest.merge !== null && pullRequest.merge.at >= endedSince && cameThroughQueue(pullRequest));
  const isEmpty = (found.optional("entries")?.integer("totalCount") ?? 0) === 0;
  if (isEmpty && merged.length === 0) return { ...NO_QUEUE, queue: { allGreen, entries: [] } };
  const { owner, name, installation } = look.repository;
  const { app, checkName } = pullRequestVariables(look.app, USUAL_SIZES);
  const head = tipOf(repository);
  const passed = new Map<number, boolean>();
  const entries: Reader[] = [];
  let ids = merged.slice(0, MOST_MERGED).map(({ id }) => id);
  let after: string | null = null;
  for (let count = 0; count < MOST_PAGES; count += 1) {
    const variables = { owner, name, app, checkName, merged: ids, after };
    const data: Reader = await look.api.query(installation, MERGE_QUEUE, variables, look.what);
    if (tipOf(data.object("repository")) !== head) {
      const words = `Could not ${look.what}: the default branch moved while its merge queue was read. It is read anew.`;
      throw new PortFailure("dependency", words, { retryAt: look.api.now() + MOVED_PAUSE });
    }
    for (const node of data.objects("nodes")) for (const [number, is] of passedOf(node)) passed.set(number, is);
    // Taken away between the questions, it holds nothing any more.
    const queue = data.object("repository").optional("mergeQueue");
    const page: Page = queue?.optional("entries") == null ? { nodes: [], next: null } : pageOf(queue, "entries");
    entries.push(...page.nodes);
    if (page.next === null) {
      const inOrder = entries.toSorted((a, b) => a.integer("position") - b.integer("position"));
      return { queue: { allGreen, entries: inOrder.flatMap((entry) => entryOf(look, entry)) }, passed };
    }
    after = page.next;
    ids = [];
  }
  throw new PortFailure("stalled", `Could not ${look.what}: its merge queue has more than ${MOST_PAGES} pages.`);
}

function tipOf(repository: Reader): string | null {
  return repository.optional("defaultBranchRef")?.object("target").text("oid") ?? null;
}

/** A hundred entries each. */
const MOST_PAGES = 10;
/** The queue merges what is ready at once, so the default branch stands still right after it moved. */
const MOVED_PAUSE: Milliseconds = 1_000;
/** GitHub takes no more ids at once. */
const MOST_MERGED = 100;

function entryOf(look: Look, entry: Reader): readonly QueueEntry[] {
  const pullRequest = entry.optional("pullRequest");
  if (pullRequest === null) return [];
  const base = entry.optional("baseCommit");
  const head = entry.optional("headCommit");
  const check = head === null ? null : ownCheckOf(head);
  if (check !== null) look.nodeIds.check(look.repository, check.existing.id, check.node);
  return [
    {
      pullRequest: pullRequest.integer("number"),
      by: actorOf(entry.optional("enqueuer"), look.app),
      at: entry.instant("enqueuedAt"),
      group: base === null || head === null ? null : { base: base.text("oid"), head: head.text("oid"), check: check?.existing ?? null },
    },
  ];
}

function passedOf(node: Reader): readonly (readonly [number, boolean])[] {
  const commit = node.optional("mergeCommit");
  return commit === null ? [] : [[node.integer("number"), ownCheckOf(commit)?.existing.passed === true]];
}

/** The same pull request, with what is known of the check on the commit that it came in by. */
export function withPassed(pullRequest: PullRequest, passed: ReadQueue["passed"]): PullRequest {
  return { ...pullRequest, groupPassed: passed.get(pullRequest.number) ?? null };
}

/** GitHub's words where what is wanted is so already. */
const QUEUED_ALREADY = /already (?:in|been added to|queued|enqueued)/i;
const NOT_QUEUED = /not (?:currently )?(?:in|queued|enqueued|part of)\b/i;
/** GitHub compares the head with the one that was judged. */
const HEAD_MOVED = /expected head|head (?:sha|oid|ref|branch)\b.*(?:match|modified|changed|stale)/i;

/** Puts exactly `head` into the queue. Never sent twice. */
export async function enqueue(api: GitHubApi, repository: Repository, pullRequestId: string, head: Oid): Promise<WriteOutcome<null>> {
  const input = { pullRequestId, expectedHeadOid: head };
  const what = `put a pull request into the merge queue of ${repository.owner}/${repository.name}`;
  const answer = await api.mutate(repository.installation, ENQUEUE_PULL_REQUEST, { input }, what);
  const part = answer.part("enqueuePullRequest");
  if (part.ok || QUEUED_ALREADY.test(part.error.message)) return { outcome: "done", value: null };
  if (HEAD_MOVED.test(part.error.message)) return { outcome: "conflict", reason: part.error.message };
  return outcomeOf(part.error);
}

export async function dequeue(api: GitHubApi, repository: Repository, pullRequestId: string): Promise<WriteOutcome<null>> {
  const what = `take a pull request out of the merge queue of ${repository.owner}/${repository.name}`;
  const answer = await api.mutate(repository.installation, DEQUEUE_PULL_REQUEST, { input: { id: pullRequestId } }, what);
  const part = answer.part("dequeuePullRequest");
  return part.ok || NOT_QUEUED.test(part.error.message) ? { outcome: "done", value: null } : outcomeOf(part.error);
}
