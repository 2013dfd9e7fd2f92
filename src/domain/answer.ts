/** A moment, in milliseconds since the Unix epoch. The domain never asks for the time: it is told. */
export type Instant = number;

/** A length of time in milliseconds. */
export type Milliseconds = number;

/**
 * Why something failed, which decides what happens next:
 * - `stalled`: a person must act (bad config, missing permission). Not retried; told where people look.
 * - `dependency`: something outside is down, slow or rate limited. Retried after a fixed or told delay.
 * - `error`: ours. Backed off, and loud.
 */
export type FailureKind = "stalled" | "dependency" | "error";

/** Something the world told us, with the time it was asked. */
export interface Known<T> {
  readonly known: true;
  readonly value: T;
  readonly at: Instant;
}

/** Something we asked for and could not learn. Unknown is never a pass and never a breach. */
export interface Unknown {
  readonly known: false;
  /** What could not be learned, from where, and what to do about it: shown to people as it is. */
  readonly reason: string;
  readonly failure: FailureKind;
  readonly at: Instant;
}

export type Answer<T> = Known<T> | Unknown;

export function known<T>(value: T, at: Instant): Known<T> {
  return { known: true, value, at };
}

export function unknown(reason: string, failure: FailureKind, at: Instant): Unknown {
  return { known: false, reason, failure, at };
}
