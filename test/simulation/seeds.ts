/**
 * Seeds that ever failed, with what they found. `npm test` runs all whose cause is mended; the others wait for that, and say so.
 * Replay one with `npm run sim -- --seed N --steps N`.
 */
export interface FailedSeed {
  readonly seed: number;
  readonly steps: number;
  readonly invariant: string;
  readonly found: string;
  readonly mended: boolean;
}

export const FAILED_SEEDS: readonly FailedSeed[] = [];

/** What `npm test` runs each time, beside these. */
export const FIXED_SEEDS = { first: 1, count: 0, steps: 600 } as const;
