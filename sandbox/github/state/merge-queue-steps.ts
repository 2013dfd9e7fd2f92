/** What a merge queue does next, from how the checks of its groups stand (GitHub docs, "Managing a merge queue"). */
import type { Instant, MergeQueueSettings } from "../model.ts";

const MINUTE = 60_000;

/** One built entry. Those in the list stand in the queue's order, from its front. */
export interface BuiltEntry {
  readonly checks: "passed" | "pending" | "failed";
  readonly requestedAt: Instant;
  readonly enqueuedAt: Instant;
}

export type QueueStep =
  /** Nothing can be done before something happens, or before that moment. */
  | { readonly kind: "wait"; readonly until: Instant | null }
  /** So many from the front go onto the base branch together. */
  | { readonly kind: "merge"; readonly count: number }
  | { readonly kind: "eject"; readonly index: number; readonly reason: "CI_FAILURE" | "CI_TIMEOUT" };

/** What becomes of the checks of an entry: those that take too long have failed. */
function outcome(entry: BuiltEntry, settings: MergeQueueSettings, now: Instant): BuiltEntry["checks"] | "timed-out" {
  const late = now >= entry.requestedAt + settings.checkTimeoutMinutes * MINUTE;
  return entry.checks === "pending" && late ? "timed-out" : entry.checks;
}

/** How many from the front may be merged together, however few that is. */
function mergeable(outcomes: readonly string[], settings: MergeQueueSettings): number {
  const window = outcomes.slice(0, settings.maxToMerge);
  if (settings.strategy === "HEADGREEN") return window.lastIndexOf("passed") + 1;
  const unfit = window.findIndex((each) => each !== "passed");
  return unfit === -1 ? window.length : unfit;
}

/**
 * An entry whose checks failed stays until those before it are through: it may be theirs what fails, and with `HEADGREEN` one
 * behind it may pass for both.
 */
function failing(outcomes: readonly string[], settings: MergeQueueSettings): number | null {
  const bad = (each: string | undefined): boolean => each === "failed" || each === "timed-out";
  if (settings.strategy === "HEADGREEN") return outcomes.slice(0, settings.maxToMerge).every(bad) && outcomes.length > 0 ? 0 : null;
  const first = outcomes.findIndex((each) => each !== "passed");
  return first !== -1 && bad(outcomes[first]) ? first : null;
}

export function nextStep(built: readonly BuiltEntry[], settings: MergeQueueSettings, now: Instant): QueueStep {
  const [front] = built;
  if (front === undefined) return { kind: "wait", until: null };
  const outcomes = built.map((entry) => outcome(entry, settings, now));
  const count = mergeable(outcomes, settings);
  const alone = front.enqueuedAt + settings.minWaitMinutes * MINUTE;
  if (count > 0 && (count >= settings.minToMerge || now >= alone)) return { kind: "merge", count };
  const index = failing(outcomes, settings);
  if (index !== null) return { kind: "eject", index, reason: outcomes[index] === "failed" ? "CI_FAILURE" : "CI_TIMEOUT" };
  const deadlines = built.flatMap((entry, at) => (outcomes[at] === "pending" ? [entry.requestedAt + settings.checkTimeoutMinutes * MINUTE] : []));
  const due = count > 0 ? [...deadlines, alone] : deadlines;
  return { kind: "wait", until: due.length === 0 ? null : Math.min(...due) };
}
