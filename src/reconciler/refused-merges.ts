import type { Action } from "../domain/action.ts";
import type { Instant, Milliseconds } from "../domain/answer.ts";
import type { PullRequest } from "../domain/observation.ts";
import type { Applied } from "./apply.ts";

/** A merge, or the way to one through the merge queue. */
export type Merge = Extract<Action, { readonly kind: "merge" | "enqueue" }>;

export function isMerge(action: Action): action is Merge {
  return action.kind === "merge" || action.kind === "enqueue";
}

/** How long a refused merge rests while nothing is heard from GitHub: at first, doubled with each refusal, and at most. */
const FIRST_PAUSE: Milliseconds = 60_000;
const LONGEST_PAUSE: Milliseconds = 10 * 60_000;

interface Refused {
  readonly reason: string;
  readonly at: Instant;
  readonly pause: Milliseconds;
  /** Something was heard since, so it may be tried at once. */
  readonly free: boolean;
}

/** Merges that GitHub refused, with its words, until they are done or the head is another. */
export class RefusedMerges {
  readonly #refused = new Map<string, Refused>();

  /** GitHub's words, by `<pull request>@<head>`. */
  get reasons(): ReadonlyMap<string, string> {
    return new Map([...this.#refused].map(([key, { reason }]) => [key, reason]));
  }

  mayTry(merge: Merge, now: Instant): boolean {
    const refused = this.#refused.get(keyOf(merge));
    return refused === undefined || refused.free || refused.at > now || now >= refused.at + refused.pause;
  }

  /** When the first of these may be tried again, or null. */
  nextTry(actions: readonly Action[]): Instant | null {
    const moments = actions.flatMap((action) => {
      const refused = isMerge(action) ? this.#refused.get(keyOf(action)) : undefined;
      return refused === undefined ? [] : [refused.at + refused.pause];
    });
    return moments.length === 0 ? null : Math.min(...moments);
  }

  /** Answers whether there is something to tell people that they have not been told. */
  note(applied: Applied, now: Instant): boolean {
    let isNews = false;
    for (const action of applied.done) if (isMerge(action)) this.#refused.delete(keyOf(action));
    for (const { action, reason } of applied.refusals) {
      if (!isMerge(action)) continue;
      const before = this.#refused.get(keyOf(action));
      isNews ||= before?.reason !== reason;
      const pause = before === undefined ? FIRST_PAUSE : Math.min(before.pause * 2, LONGEST_PAUSE);
      this.#refused.set(keyOf(action), { reason, at: now, pause, free: false });
    }
    return isNews;
  }

  /** Something changed on GitHub, perhaps what a merge was refused for: a check that is green now, a review. */
  retry(): void {
    for (const [key, refused] of this.#refused) this.#refused.set(key, { ...refused, free: true });
  }

  /** Keeps only what is about pull requests that are still open at the head that was refused. */
  keep(open: readonly PullRequest[]): void {
    const heads = new Set(open.map(({ number, head }) => `${number}@${head.oid}`));
    for (const key of this.#refused.keys()) if (!heads.has(key)) this.#refused.delete(key);
  }
}

function keyOf({ pullRequest, head }: Merge): string {
  return `${pullRequest}@${head}`;
}
