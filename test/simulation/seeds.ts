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

export const FAILED_SEEDS: readonly FailedSeed[] = [
  { seed: 23, steps: 900, invariant: "S12", found: "the opening was not recorded and the pull request could not be read: a second one is opened beside it", mended: false },
  { seed: 598, steps: 900, invariant: "S24", found: "an opening that is in the log is recorded again, over the first record", mended: false },
  { seed: 20207, steps: 900, invariant: "S24", found: "the record of an opening was lost, and what somebody else put into the branch is recorded as what was opened", mended: false },
  { seed: 37, steps: 900, invariant: "L1", found: "a request was seen while nothing could be done about it, and then forgotten", mended: false },
  { seed: 393, steps: 900, invariant: "L9", found: "a closing was seen while nothing could be done about it: the branch is left", mended: false },
  { seed: 30055, steps: 900, invariant: "S26", found: "what a person closed is opened again, because the closing was forgotten", mended: false },
  { seed: 211, steps: 900, invariant: "S26", found: "a merge that was reverted before the next look is not seen, and made again", mended: false },
  { seed: 617, steps: 900, invariant: "L7", found: "a merge that was reverted before the next look is in no record", mended: false },
  { seed: 473, steps: 900, invariant: "S27", found: "a branch with commits of somebody else is deleted when its pull request is closed", mended: false },
  { seed: 20158, steps: 900, invariant: "S32", found: "a clock that is behind makes the time until a replacement count as soak", mended: false },
  { seed: 1054, steps: 900, invariant: "S16", found: "a tag that was moved is resolved when the release is verified, and names what never ran", mended: false },
  { seed: 20453, steps: 900, invariant: "S6", found: "bob asked, somebody else asked after him, and so bob's own approval counts", mended: false },
];

/**
 * What Pinion is known to do wrong today, by what a violation says. A fixed seed that meets one of these is let pass, so that other
 * work can go on; whoever mends a cause takes its line out.
 */
export const UNMENDED: readonly { readonly invariant: string; readonly sentence: RegExp; readonly cause: string }[] = [
  { invariant: "S12", sentence: /was opened for/, cause: "an own pull request whose opening is not in the log is not known by its branch; a revert is opened for a place that the same look merged into" },
  { invariant: "S26", sentence: /once more/, cause: "a merge and its revert between two looks are not seen; a closing that could not be recorded at once is forgotten" },
  { invariant: "S27", sentence: /away from the commit/, cause: "a pull request that is closed loses its branch, whoever has put something into it" },
  { invariant: "S24", sentence: /was written over/, cause: "the opening of a pull request that was there already is recorded again" },
  { invariant: "S24", sentence: /somebody else's doing/, cause: "where the record of an opening was lost, what somebody else put into the branch is recorded as what was opened" },
  { invariant: "S15", sentence: /never ran there healthily/, cause: "a tag without a digest is resolved when it is deployed, though it may have moved" },
  { invariant: "S16", sentence: /did not run well then/, cause: "the same, when it is verified" },
  { invariant: "S32", sentence: /of true time/, cause: "a stay begins by the machine's clock and ends by GitHub's" },
  { invariant: "S6", sentence: /approvals that count/, cause: "whoever asked first is forgotten when somebody else asks as well, and may approve" },
  { invariant: "L9", sentence: /is left/, cause: "a closing that nothing could be done about at once is forgotten" },
  { invariant: "L1", sentence: /was never answered|is still on/, cause: "a request that could not be answered at once is forgotten" },
  { invariant: "L6", sentence: /nothing was done/, cause: "what is pinned by a tag alone is not gone back from, and nobody is told" },
  { invariant: "L7", sentence: /no record says so/, cause: "a merge and its revert between two looks are not seen" },
];

/** What `npm test` runs each time, beside these. */
export const FIXED_SEEDS = { seeds: Array.from({ length: 28 }, (_, index) => index + 1), steps: 600 } as const;
