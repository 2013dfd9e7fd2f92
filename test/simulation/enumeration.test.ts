import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { LAWS } from "../../simulator/enumeration/laws/all.ts";
import { enumerable, findIn } from "../../simulator/enumeration/mutants.ts";
import { scenariosFor, type Reach } from "../../simulator/enumeration/scenarios.ts";
import { enumerate, type Laws } from "../../simulator/enumeration/search.ts";

const policies = await loadShippedPolicies();

const QUIET: Reach = { disturbances: 0, releases: 1, hours: 4, processes: 1 };

function scenario(name: string, reach: Reach, without = "") {
  const found = scenariosFor({ policies: policies.policies.filter((policy) => policy.name !== without) }, reach).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no scenario "${name}"`);
  return found;
}

describe("in every state of a small world", { timeout: 300_000 }, () => {
  it.each(scenariosFor(policies, QUIET))("no invariant is violated while all goes well: $name", (one) => {
    const { violations, states } = enumerate(one, LAWS, false);
    expect(violations).toEqual([]);
    expect(states).toBeGreaterThan(250);
  });

  it("no invariant is violated, whatever comes between", () => {
    const { violations, states } = enumerate(scenario("on request", { ...QUIET, disturbances: 1, hours: 1 }), LAWS, false);
    expect(violations).toEqual([]);
    expect(states).toBeGreaterThan(5_000);
  });

  it("no invariant is violated by two processes at once", () => {
    const { violations, states } = enumerate(scenario("on request", { ...QUIET, hours: 2, processes: 2 }), LAWS, false);
    expect(violations).toEqual([]);
    expect(states).toBeGreaterThan(2_000);
  });

  it("the same states are found again", () => {
    const [one, other] = [enumerate(scenario("by approval", QUIET), LAWS, false), enumerate(scenario("by approval", QUIET), LAWS, false)];
    expect(other).toEqual(one);
  });
});

describe("the way to a violation", () => {
  const merges: Laws = {
    ...LAWS,
    ofWrite: (_, { write, outcome }) => {
      return write.kind === "act" && write.action.kind === "merge" && outcome === "done" ? [{ invariant: "T1", sentence: "something is merged" }] : [];
    },
  };

  it("is the shortest there is, in plain words", () => {
    const { violations } = enumerate(scenario("by itself", QUIET), merges, true);
    expect(violations[0]?.path).toEqual([
      "1.1.0 is pushed to the registry",
      "Pinion looks, and plans",
      expect.stringMatching(/^Pinion claims the branch pinion\/dev\/checkout\/1\.1\.0-/),
      expect.stringMatching(/^Pinion commits to /),
      'Pinion opens "Promote checkout 1.1.0 to dev"',
      "Pinion puts into the log what it opened, with its checks",
      "Pinion looks, and plans",
      "Pinion puts into the log: judged 1.1.0 in dev",
      "Pinion merges #1 at b1",
    ]);
  });
});

describe("without one of its policies Pinion is found out", () => {
  it.each([
    { without: "approvals", name: "by approval", reach: QUIET, invariant: "S6" },
    { without: "one-rollout", name: "by itself", reach: { ...QUIET, releases: 2, hours: 2 }, invariant: "H5" },
    { without: "freeze", name: "by itself", reach: { ...QUIET, disturbances: 1, hours: 1 }, invariant: "S11" },
    { without: "quarantine", name: "by itself", reach: { ...QUIET, disturbances: 1, hours: 1 }, invariant: "S16" },
    { without: "digest-served", name: "by itself", reach: { ...QUIET, disturbances: 1, hours: 1 }, invariant: "S16" },
  ])("$without", ({ without, name, reach, invariant }) => {
    expect(enumerate(scenario(name, reach, without), LAWS, true).violations.map((violation) => violation.invariant)).toContain(invariant);
  });
});

describe("the mutants of the enumeration", { timeout: 300_000 }, () => {
  it("are all in the simulator's list", () => {
    expect(enumerable().length).toBeGreaterThanOrEqual(18);
  });

  it.each(["nothing need soak", "nothing is put down before a merge"])("are found out: %s", async (name) => {
    const mutant = enumerable().find((one) => one.name === name);
    if (mutant === undefined) throw new Error(`there is no mutant "${name}"`);
    expect(mutant.invariants).toContain((await findIn(mutant))?.invariant);
  });
});
