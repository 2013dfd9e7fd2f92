/** The demo's other scenario: the same release's life while everything around Pinion fails. It is a story of the simulator. */
import { createHttpWorld } from "../../simulator/http/http-world.ts";
import { run, type RunResult } from "../../simulator/run.ts";
import { cameTrue, isOver, StormDecisions, stormSetup } from "../../simulator/stories/storm.ts";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Trouble } from "../../simulator/setup.ts";

/** What goes wrong: mostly on the wire, which is where most goes wrong. */
const TROUBLES: readonly Trouble[] = ["wire", "wire", "wire", "slow", "late", "stale", "crash-before", "crash-after"];
/** A good release in production, a bad one taken back, its digest in quarantine. */
const WISHES = 3;
/** What is not worth a line of its own. */
const DULL = /(?:\d s pass|on its way|on its own|waits for an answer|has approved)$/;

export interface Storm {
  readonly ok: boolean;
  readonly result: RunResult;
  readonly cameTrue: readonly string[];
}

/** Plays it from one number: the same number gives the same storm. `tell` gets its lines as they happen. */
export async function playStorm(seed: number, tell: (line: string) => void): Promise<Storm> {
  const setup = stormSetup(TROUBLES);
  const inhabited = await createHttpWorld(setup);
  const { world } = inhabited;
  const result = await run({
    seed,
    setup,
    source: new StormDecisions(seed, setup, () => isOver(world)),
    policies: await loadShippedPolicies(),
    worlds: async () => inhabited,
    tell: (line) => {
      if (!DULL.test(line)) tell(line);
    },
  });
  const wishes = cameTrue(world);
  return { ok: result.violation === null && wishes.length === WISHES, result, cameTrue: wishes };
}
