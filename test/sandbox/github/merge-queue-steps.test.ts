import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MergeQueueSettings } from "../../../sandbox/github/model.ts";
import { nextStep, type BuiltEntry } from "../../../sandbox/github/state/merge-queue-steps.ts";
import { queueSettings } from "../../../sandbox/github/state/protection.ts";

const MINUTE = 60_000;

/** Entries by a letter each: passed, waiting, failed; all enqueued and asked for at 0. */
function entries(word: string): readonly BuiltEntry[] {
  const checks = { p: "passed", w: "pending", f: "failed" } as const;
  return word.split("").map((letter) => ({ checks: letter === "p" || letter === "f" ? checks[letter] : "pending", requestedAt: 0, enqueuedAt: 0 }));
}

function step(word: string, minutes: number, settings: Partial<MergeQueueSettings> = {}) {
  return nextStep(entries(word), queueSettings({ type: "merge_queue", ...settings }), minutes * MINUTE);
}

const merge = (count: number) => ({ kind: "merge", count });
const fail = (index: number) => ({ kind: "eject", index, reason: "CI_FAILURE" });
const late = (index: number) => ({ kind: "eject", index, reason: "CI_TIMEOUT" });
const wait = (minutes: number | null) => ({ kind: "wait", until: minutes === null ? null : minutes * MINUTE });

describe("the next step of a merge queue", () => {
  it.each([
    ["", 0, {}, wait(null)],
    ["p", 0, {}, merge(1)],
    ["pp", 0, {}, merge(2)],
    ["pwp", 0, {}, merge(1)],
    ["ppp", 0, { maxToMerge: 2 }, merge(2)],
    ["w", 0, {}, wait(60)],
    ["w", 59, {}, wait(60)],
    ["w", 60, {}, late(0)],
    ["w", 10, { checkTimeoutMinutes: 10 }, late(0)],
    ["f", 0, {}, fail(0)],
    ["wf", 0, {}, wait(60)],
    ["wf", 60, {}, late(0)],
    ["pf", 0, {}, merge(1)],
    ["pf", 0, { minToMerge: 2 }, fail(1)],
    ["p", 0, { minToMerge: 2 }, wait(5)],
    ["p", 5, { minToMerge: 2 }, merge(1)],
    ["pw", 0, { minToMerge: 2 }, wait(5)],
    ["pp", 0, { minToMerge: 2 }, merge(2)],
    ["fp", 0, { strategy: "HEADGREEN" }, merge(2)],
    ["wp", 0, { strategy: "HEADGREEN" }, merge(2)],
    ["pf", 0, { strategy: "HEADGREEN" }, merge(1)],
    ["fw", 0, { strategy: "HEADGREEN" }, wait(60)],
    ["ff", 0, { strategy: "HEADGREEN" }, fail(0)],
    ["fp", 0, { strategy: "HEADGREEN", maxToMerge: 1 }, fail(0)],
    ["fp", 0, { strategy: "HEADGREEN", minToMerge: 3 }, wait(5)],
  ] as const)("%s after %i minutes, %o", (word, minutes, settings, expected) => {
    expect(step(word, minutes, settings)).toEqual(expected);
  });

  const settings = fc.record({
    method: fc.constantFrom("merge", "squash", "rebase"),
    strategy: fc.constantFrom("ALLGREEN", "HEADGREEN"),
    maxToBuild: fc.integer({ min: 1, max: 6 }),
    maxToMerge: fc.integer({ min: 1, max: 6 }),
    minToMerge: fc.integer({ min: 1, max: 6 }),
    minWaitMinutes: fc.integer({ min: 0, max: 20 }),
    checkTimeoutMinutes: fc.integer({ min: 1, max: 30 }),
  });
  const built = fc.array(
    fc.record({
      checks: fc.constantFrom("passed", "pending", "failed"),
      requestedAt: fc.integer({ min: 0, max: 30 * MINUTE }),
      enqueuedAt: fc.integer({ min: 0, max: 30 * MINUTE }),
    }),
    { maxLength: 6 },
  );
  const now = fc.integer({ min: 0, max: 60 * MINUTE });

  it("merges nothing that did not pass, and no more than it may", () => {
    fc.assert(
      fc.property(built, settings, now, (entriesNow, given, at) => {
        const next = nextStep(entriesNow, given, at);
        if (next.kind !== "merge") return;
        expect(next.count).toBeGreaterThan(0);
        expect(next.count).toBeLessThanOrEqual(given.maxToMerge);
        const merged = entriesNow.slice(0, next.count);
        expect(merged.at(-1)?.checks).toBe("passed");
        if (given.strategy === "ALLGREEN") expect(merged.map(({ checks }) => checks)).toEqual(merged.map(() => "passed"));
      }),
    );
  });

  it("ejects only what failed or is late, and waits only for what is still to come", () => {
    fc.assert(
      fc.property(built, settings, now, (entriesNow, given, at) => {
        const next = nextStep(entriesNow, given, at);
        if (next.kind === "eject") {
          const ejected = entriesNow[next.index];
          expect(ejected?.checks).toBe(next.reason === "CI_FAILURE" ? "failed" : "pending");
          if (next.reason === "CI_TIMEOUT") expect(at - (ejected?.requestedAt ?? at)).toBeGreaterThanOrEqual(given.checkTimeoutMinutes * MINUTE);
        }
        if (next.kind === "wait" && entriesNow.length > 0) expect(next.until).toBeGreaterThan(at);
      }),
    );
  });
});
