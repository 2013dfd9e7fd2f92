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

/**
 * What Pinion is known to do wrong today, by what a violation says. A fixed seed that meets one of these is let pass, so that other
 * work can go on; whoever mends a cause takes its line out.
 */
export const UNMENDED: readonly { readonly invariant: string; readonly sentence: RegExp; readonly cause: string }[] = [
  { invariant: "S12", sentence: /was opened for/, cause: "an own pull request whose opening is not in the log is not known by its branch; a revert is opened for a place that the same look merged into" },
  { invariant: "S26", sentence: /once more/, cause: "a merge and its revert between two looks are not seen; a closing that could not be recorded at once is forgotten" },
  { invariant: "S27", sentence: /away from the commit/, cause: "a pull request that is closed loses its branch, whoever has put something into it" },
  { invariant: "S24", sentence: /was written over/, cause: "the opening of a pull request that was there already is recorded again" },
  { invariant: "S15", sentence: /never ran there healthily/, cause: "a tag without a digest is resolved when it is deployed, though it may have moved" },
  { invariant: "S32", sentence: /of true time/, cause: "a stay begins by the machine's clock and ends by GitHub's" },
  { invariant: "L1", sentence: /was never answered|is still on/, cause: "a request that could not be answered at once is forgotten" },
  { invariant: "L6", sentence: /nothing was done/, cause: "what is pinned by a tag alone is not gone back from, and nobody is told" },
  { invariant: "L7", sentence: /no record says so/, cause: "a merge and its revert between two looks are not seen" },
];

/** What `npm test` runs each time, beside these. */
export const FIXED_SEEDS = { seeds: Array.from({ length: 40 }, (_, index) => index + 1), steps: 600 } as const;
