import type { Instant } from "./answer.ts";
import type { Pinned } from "./release.ts";
import { directionOf, type ReleaseOrder } from "./version-order.ts";

/** What a hold follows from. Which release is newer than another the configuration says, and it can change after this was written down. */
export type HoldStep =
  | Displacement
  /** Somebody asked for a release while there may have been a hold. */
  | { readonly kind: "asked"; readonly release: Pinned };

/** People, or the way back, put something in the place of what had been pinned. */
export interface Displacement {
  readonly kind: "held";
  readonly displaced: Pinned;
  /** What came in its place; null where the log does not say. */
  readonly replacement: Pinned | null;
  /** How many releases had been deployed there by then: what is deployed later has come since. */
  readonly runsBefore: number;
  readonly at: Instant;
  readonly reason: string;
}

/** People took away what had been pinned: automatic promotion waits for something newer than the newest of it. */
export interface Hold {
  /** The newest that was displaced. */
  readonly displaced: Pinned;
  readonly at: Instant;
  readonly reason: string;
  /** Everything that was displaced since the hold began. */
  readonly taken: readonly Pinned[];
  /** Somebody has asked for something since that is not known to be newer: from then on only what was taken away is held back. */
  readonly asked: boolean;
}

/** What is held in a place now, by the app's order. */
export function holdOf({ holdSteps }: { readonly holdSteps: readonly HoldStep[] }, order: ReleaseOrder): Hold | null {
  let hold: Hold | null = null;
  for (const step of holdSteps) hold = step.kind === "held" ? laterHold(hold, step, order) : holdAfter(hold, step.release, order);
  return hold;
}

/** Whoever goes back one step further does not bring back by it what was taken away by the first: the newest that was displaced counts. */
function laterHold(before: Hold | null, { displaced, at, reason }: Displacement, order: ReleaseOrder): Hold {
  const taken = [...(before?.taken ?? []), displaced];
  const isOlder = before !== null && directionOf(displaced, before.displaced, order) === "down";
  return isOlder ? { ...before, taken, asked: false } : { displaced, at, reason, taken, asked: false };
}

/**
 * A request for what was taken away, or for something newer, ends it. Any other leaves barred what people took away, and only that: also one of which the order does not tell,
 * or what was taken away would come again when a tag is deleted or the order changed.
 */
function holdAfter(hold: Hold | null, asked: Pinned, order: ReleaseOrder): Hold | null {
  if (hold === null) return null;
  const direction = directionOf(asked, hold.displaced, order);
  return direction === "up" || direction === "same" ? null : { ...hold, asked: true };
}
