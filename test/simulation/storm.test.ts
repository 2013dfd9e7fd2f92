import { describe, expect, it } from "vitest";
import { OVER_HTTP } from "../../simulator/http/tier.ts";
import { IN_MEMORY, run, runSeed } from "../../simulator/run.ts";
import { cameTrue, isOver, StormDecisions, stormSetup } from "../../simulator/stories/storm.ts";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";

const policies = await loadShippedPolicies();
const MINUTES = 60_000;

describe("the storm of the demo, in memory", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`number ${seed} brings the good release to production and takes the bad one back`, async () => {
      const setup = stormSetup();
      const inhabited = await IN_MEMORY.worlds(setup);
      const { world } = inhabited;
      const source = new StormDecisions(seed, setup, () => isOver(world));
      const { violation } = await run({ seed, setup, source, policies, worlds: async () => inhabited });
      expect(violation).toBeNull();
      expect(cameTrue(world)).toEqual([
        "production runs 1.1.0, which was asked for by alice and approved by bob",
        "1.2.0 was taken back in dev, and never came to staging",
        "the digest of 1.2.0 is in quarantine",
      ]);
    });
  }
});

describe("over HTTP", () => {
  for (const seed of [1, 2, 4]) {
    it(
      `seed ${seed} violates nothing, and goes the same way twice`,
      async () => {
        const [once, again] = [await runSeed(seed, 120, policies, OVER_HTTP), await runSeed(seed, 120, policies, OVER_HTTP)];
        expect(once.violation).toBeNull();
        expect(once.merges + once.records).toBeGreaterThan(0);
        expect(again.decisions).toEqual(once.decisions);
        expect({ ...again, decisions: [], trace: [], pins: {} }).toEqual({ ...once, decisions: [], trace: [], pins: {} });
      },
      3 * MINUTES,
    );
  }
});
