import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { confluence } from "../../simulator/confluence.ts";
import { runSeed, type RunResult } from "../../simulator/run.ts";
import { setupOf, TROUBLES } from "../../simulator/setup.ts";
import { replay, shrink } from "../../simulator/shrink.ts";
import type { Checker } from "../../simulator/world-view.ts";
import { FAILED_SEEDS, FIXED_SEEDS, UNMENDED } from "./seeds.ts";

const policies = await loadShippedPolicies();

describe("a seed", () => {
  it("gives the same run each time", async () => {
    const [once, again] = [await runSeed(11, 500, policies), await runSeed(11, 500, policies)];
    expect(again.trace).toEqual(once.trace);
    expect(again.decisions).toEqual(once.decisions);
    expect(again.decisions).toEqual(once.decisions);
    expect(once.trace.length).toBeGreaterThan(50);
  });

  it("gives another run than the next one", async () => {
    expect((await runSeed(11, 100, policies)).trace).not.toEqual((await runSeed(12, 100, policies)).trace);
  });
});

describe("the fixed seeds", async () => {
  const results: RunResult[] = [];
  for (const seed of FIXED_SEEDS.seeds) results.push(await runSeed(seed, FIXED_SEEDS.steps, policies));

  it("violate nothing that is not known", () => {
    const violations = results.flatMap(({ violation }) => violation ?? []);
    const unknown = violations.filter(({ invariant, sentence }) => {
      return !UNMENDED.some((known) => known.invariant === invariant && known.sentence.test(sentence));
    });
    expect(unknown).toEqual([]);
  });

  it("meet every kind of trouble, and get somewhere all the same", () => {
    const times = (kind: string) => results.reduce((sum, { faults }) => sum + (faults[kind] ?? 0), 0);
    const never = [...TROUBLES, "hint-lose", "hint-double", "timeout"].filter((kind) => times(kind) === 0);
    expect(never).toEqual([]);
    expect(results.some(({ crashes }) => crashes > 0)).toBe(true);
    expect(results.reduce((sum, { merges }) => sum + merges, 0)).toBeGreaterThan(FIXED_SEEDS.seeds.length);
    const happened = new Set(results.flatMap(({ trace }) => trace.map((line) => /"event":"([^"]+)"|"kind":"([^"]+)"/.exec(line)?.[2])));
    for (const kind of ["merged", "opened", "closed", "reviewed", "labelled", "commented", "issue", "crashed"]) expect(happened).toContain(kind);
  });
});

describe("seeds that failed once", () => {
  it("are known by what they found", () => {
    expect(FAILED_SEEDS.filter(({ found }) => found === "")).toEqual([]);
  });

  for (const { seed, steps, invariant, found, mended } of FAILED_SEEDS) {
    it(`${seed}: ${mended ? "" : "still "}${invariant}, ${found}`, async () => {
      const { violation } = await runSeed(seed, steps, policies);
      // A seed that does not fail any more is to be called mended.
      expect(violation?.invariant ?? null).toBe(mended ? null : invariant);
    });
  }
});

describe("hints", () => {
  it("S13: lead to the same end, however they arrive", async () => {
    for (const seed of [1, 2, 3, 4]) {
      const { breach, runs } = await confluence(seed, policies);
      expect(breach).toBeNull();
      expect(runs.every(({ merges }) => merges > 0)).toBe(true);
    }
  });
});

describe("shrinking", () => {
  /** Stands for a mistake that shows whenever a person closes something. */
  const somebodyCloses = (): readonly Checker[] => [
    {
      invariants: ["T1"],
      see: (event) => (event.kind === "closed" && event.by.kind === "user" ? [{ invariant: "T1", sentence: "somebody closed it" }] : []),
    },
  ];

  it("leaves a story that shows the same, and little beside", async () => {
    const closing = /^\{"kind":"closed","pull":\d+,"by":\{"login":"\w+","kind":"user"/;
    const { seed, decisions } = await runIn((one) => one.trace.some((line) => closing.test(line)));
    const whole = { seed, setup: setupOf(seed), decisions };
    const short = await shrink(whole, "T1", policies, { checkers: somebodyCloses, tries: 40 });
    const lines: string[] = [];
    const told = await replay(short, policies, (line) => lines.push(line), somebodyCloses);
    expect(told.violation).toMatchObject({ invariant: "T1", seed });
    expect(short.decisions.length).toBeLessThan(whole.decisions.length / 2);
    expect(lines.join("\n")).toMatch(/is closed by (?!pinion)/);
  });

  async function runIn(fits: (result: RunResult) => boolean): Promise<RunResult> {
    for (let seed = 1; seed < 200; seed += 1) {
      const result = await runSeed(seed, 200, policies);
      if (fits(result)) return result;
    }
    throw new Error("no seed fits");
  }
});
