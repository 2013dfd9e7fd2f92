import type { Instant, Milliseconds } from "./answer.ts";
import { parseCommand } from "./command.ts";
import type { Actor, ForgeSnapshot, PullRequest, QueueEvent } from "./observation.ts";

type Removal = Extract<QueueEvent, { readonly kind: "removed" }>;

/** GitHub's list of the queue, and its timelines, may lag behind what was done for this long. */
const LISTED_WITHIN: Milliseconds = 2 * 60_000;
/** How often a pull request is put into the queue that always comes out of it, before people have to look. */
export const MOST_TRIES = 5;
/** How long it rests after it came out: at first, and this many times as long after each further time, but no longer than the last. */
const FIRST_REST: Milliseconds = 60_000;
const REST_GROWTH = 5;
const LONGEST_REST: Milliseconds = 60 * 60_000;

/** GitHub takes a pull request out of the queue when it merges it, too. */
function isMerging({ reason }: Removal): boolean {
  return /^(?:already[ _-])?merged?$/i.test(reason);
}

/** Whether this merged pull request was merged by the queue: that is the last thing that happened to it there. */
export function cameThroughQueue({ queueEvents }: Pick<PullRequest, "queueEvents">): boolean {
  const last = queueEvents.at(-1);
  return last !== undefined && (last.kind === "added" || isMerging(last));
}

/** Who put it into the queue last, or null. */
export function enqueuerOf({ queueEvents }: Pick<PullRequest, "queueEvents">): Actor | null {
  return queueEvents.findLast(({ kind }) => kind === "added")?.by ?? null;
}

/** How often it came out of the queue so far, without being merged. */
export function removalsOf({ queueEvents }: Pick<PullRequest, "queueEvents">): readonly Removal[] {
  return queueEvents.filter((event) => event.kind === "removed").filter((event) => !isMerging(event));
}

/**
 * Whether it is in the merge queue, as far as that can be told: what was put there just now may not be listed yet, and of a queue that
 * the App may not read the timeline alone tells.
 */
export function isQueued({ queue }: Pick<ForgeSnapshot, "queue">, pullRequest: Pick<PullRequest, "number" | "queueEvents">, now: Instant): boolean {
  if (queue.known && queue.value === null) return false;
  if (queue.known && queue.value?.entries.some((entry) => entry.pullRequest === pullRequest.number) === true) return true;
  const last = pullRequest.queueEvents.at(-1);
  if (last === undefined || (last.kind === "removed" && !isMerging(last))) return false;
  return !queue.known || Math.abs(now - last.at) < LISTED_WITHIN;
}

/** Whether, and when, Pinion may put a pull request into the queue. */
export type QueueChance =
  | { readonly chance: "now" }
  | { readonly chance: "later"; readonly at: Instant }
  /** Only once somebody wants it again. */
  | { readonly chance: "people"; readonly why: "taken-out" | "too-often" };

/** What people said and did on a pull request by which they may want it merged. */
type Wanted = Pick<PullRequest, "queueEvents" | "reviews" | "labelEvents" | "comments">;

/**
 * Told from GitHub's own timeline, so that every process says the same. Whoever takes it out of the queue wants it out, and what always
 * comes out of it would go round for ever; an approval, a label or a command that asks for it, or somebody who puts it there, begins anew.
 *
 * @param mayWrite whether somebody may do what write permission allows: anybody may write on a public pull request.
 */
export function queueChance(pullRequest: Wanted, now: Instant, mayWrite: (login: string) => boolean): QueueChance {
  const all = removalsOf(pullRequest);
  const [first] = all;
  if (first === undefined) return { chance: "now" };
  const since = lastWish(pullRequest, first.at, mayWrite);
  const out = all.filter(({ at }) => at >= since);
  const last = out.at(-1);
  if (last === undefined) return { chance: "now" };
  if (out.some(({ by }) => by.kind === "user")) return { chance: "people", why: "taken-out" };
  if (out.length >= MOST_TRIES) return { chance: "people", why: "too-often" };
  // What Pinion took out comes back as soon as it may; a second time it has to have been quiet for a while.
  if (out.length === 1 && last.by.kind === "app") return { chance: "now" };
  const at = last.at + Math.min(FIRST_REST * REST_GROWTH ** (out.length - 1), LONGEST_REST);
  return now >= at ? { chance: "now" } : { chance: "later", at };
}

/** Labels by which people ask for promotions. Any other may as well say to keep it out. */
const WISH = /^(?:promote:.+|hotfix)$/i;

/** When somebody who may last did something, after `from`, by which they want it merged. GitHub itself lets only such people put it into the queue. */
function lastWish({ queueEvents, reviews, labelEvents, comments }: Wanted, from: Instant, mayWrite: (login: string) => boolean): Instant {
  const spoken = [
    ...reviews.filter(({ state }) => state === "approved").map(({ author, at }) => ({ by: author, at })),
    ...labelEvents.filter(({ label }) => WISH.test(label)).map(({ actor, at }) => ({ by: actor, at })),
    ...comments.filter(({ body, editedByOther }) => !editedByOther && parseCommand(body) !== null).map(({ author, at }) => ({ by: author, at })),
  ].filter(({ by, at }) => by.kind === "user" && at >= from && mayWrite(by.login));
  const added = queueEvents.filter(({ kind, by }) => kind === "added" && by.kind === "user");
  return Math.max(0, ...[...spoken, ...added].map(({ at }) => at));
}
