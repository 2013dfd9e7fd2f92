import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { allCheckers, allHopes } from "../../simulator/checkers/all.ts";
import { MUTANTS } from "../../simulator/mutants/all.ts";
import { inCopy, mutated } from "../../simulator/mutants/isolation.ts";
import { huntIn, tryAll, tryMutant } from "../../simulator/mutants/trial.ts";

const policies = await loadShippedPolicies();

describe("the mutants", () => {
  it("each change a text that is there exactly once", async () => {
    for (const mutant of MUTANTS) expect(await mutated(mutant), mutant.name).not.toHaveLength(0);
  });

  it("a text that is gone is told with the name of its mutant", async () => {
    const stale = { name: "of yesterday", edits: [{ file: "src/clock.ts", text: "no such text", replacement: "" }], invariants: ["S1"] };
    await expect(mutated(stale)).rejects.toThrow(/"of yesterday".*found 0 times in src\/clock\.ts/);
  });

  it("have names of their own, and are looked for by what is checked", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    const checked = new Set([...allCheckers(), ...allHopes()].flatMap(({ invariants }) => invariants));
    expect(MUTANTS.flatMap(({ invariants }) => invariants.filter((invariant) => !checked.has(invariant)))).toEqual([]);
    expect(MUTANTS.length).toBeGreaterThanOrEqual(40);
  });
});

describe("a copy", { timeout: 60_000 }, () => {
  it("without a mistake violates nothing", async () => {
    const hunted = await inCopy(null, (folder) => huntIn(folder, { first: 1, seeds: 4, steps: 300, invariants: ["S1"], restless: false, http: false }));
    expect(hunted).toEqual({ caught: null, others: [] });
  });

  it("that does not start costs none of the others", async () => {
    const [sound] = MUTANTS.filter(({ name }) => name === "a gate that waits lets through");
    const broken = { name: "no program any more", edits: [{ file: "src/reconciler/reconcile.ts", text: "export function createReconciler(", replacement: "exporting function createReconciler(" }], invariants: ["S1"] };
    const trials = await tryAll(sound === undefined ? [] : [broken, sound], () => ({ first: 1, seeds: 20 }), policies, 1, () => undefined);
    expect(trials.map(({ killed, problem }) => [killed !== null, problem !== null])).toEqual([[false, true], [true, false]]);
  });

  it.each(["nothing need soak", "a gate that waits lets through"])("with a mistake is found out: %s", async (name) => {
    const mutant = MUTANTS.find((one) => one.name === name);
    if (mutant === undefined) throw new Error(`there is no mutant "${name}"`);
    const { killed } = await tryMutant(mutant, { first: 1, seeds: 20 }, policies);
    expect(mutant.invariants).toContain(killed?.invariant);
  });
});
