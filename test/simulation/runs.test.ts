import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { runSeed } from "../../simulator/run.ts";

const policies = await loadShippedPolicies();

describe("a seed", () => {
  it("gives the same run each time", async () => {
    const [once, again] = [await runSeed(11, 500, policies, true), await runSeed(11, 500, policies, true)];
    expect(again.trace).toEqual(once.trace);
    expect(again.story).toEqual(once.story);
    expect(again.decisions).toEqual(once.decisions);
    expect(once.trace.length).toBeGreaterThan(50);
  });
});
