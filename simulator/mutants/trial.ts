/** Tries the simulator on mutants, each in a copy and a process of its own. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { PolicySet } from "../../src/domain/policy/policy-set.ts";
import { OVER_HTTP } from "../http/tier.ts";
import { IN_MEMORY, runSeed } from "../run.ts";
import { parseHunted, type Catch, type Hunt, type Hunted } from "./hunt.ts";
import { inCopy } from "./isolation.ts";
import type { Mutant } from "./mutant.ts";

const run = promisify(execFile);

export interface Trial {
  readonly mutant: Mutant;
  readonly killed: Catch | null;
  /** Seeds that were needed, or were in vain. */
  readonly seeds: number;
  readonly others: readonly Catch[];
  /** Why it could not be tried to the end, or null. Then nothing is known of it, and it counts as one that survived. */
  readonly problem: string | null;
}

/** How far the simulator goes for one mutant. */
export interface Budget {
  readonly first: number;
  /** More than this, and a mistake could as well not be found. */
  readonly seeds: number;
}

/** Long enough for several releases to come to their end, one after the other. */
const STEPS = 1_500;
/** A step over HTTP costs a hundred times as much. What only shows in the end is looked for after fewer: coming to rest takes as many again. */
const STEPS_OVER_HTTP = { restless: 600, toTheEnd: 300 } as const;

/** Hunts a mutant. A seed that violates the same without the mistake proves nothing, and the hunt goes on after it. */
export async function tryMutant(mutant: Mutant, { first, seeds }: Budget, policies: PolicySet): Promise<Trial> {
  const { invariants } = mutant;
  const http = mutant.inAdapter === true;
  // What must never happen is seen when it happens; over HTTP nothing else is waited for.
  const restless = http && !invariants.some(isHope);
  const [tier, steps] = http ? [OVER_HTTP, STEPS_OVER_HTTP[restless ? "restless" : "toTheEnd"]] : [IN_MEMORY, STEPS];
  return inCopy(mutant, async (folder) => {
    const others: Catch[] = [];
    for (let next = first; next < first + seeds; ) {
      const hunted = await huntIn(folder, { first: next, seeds: first + seeds - next, steps, invariants, restless, http });
      others.push(...hunted.others);
      if (hunted.caught === null) break;
      const { seed } = hunted.caught;
      const honest = (await runSeed(seed, steps, policies, tier, restless)).violation;
      if (honest?.invariant !== hunted.caught.invariant) return { mutant, killed: hunted.caught, seeds: seed - first + 1, others, problem: null };
      next = seed + 1;
    }
    return { mutant, killed: null, seeds, others, problem: null };
  });
}

/** Whether an invariant is about what must come true in the end. */
function isHope(invariant: string): boolean {
  return invariant.startsWith("L");
}

/** What the simulator in this folder finds: in a process of its own, because it is another Pinion. */
export async function huntIn(folder: string, { first, seeds, steps, invariants, restless, http }: Hunt & { readonly http: boolean }): Promise<Hunted> {
  const numbers = ["--seed", String(first), "--seeds", String(seeds), "--steps", String(steps)];
  const { stdout } = await run(process.execPath, ["simulator/main.ts", ...(http ? ["--http"] : []), ...numbers, "--hunt", invariants.join(), ...(restless ? ["--restless"] : [])], { cwd: folder });
  return parseHunted(stdout);
}

/** Some at a time, in order; each is told when its trial is over. One that cannot be tried, because its process is killed or does not start, costs only itself. */
export async function tryAll(mutants: readonly Mutant[], budgetOf: (mutant: Mutant) => Budget, policies: PolicySet, atOnce: number, tell: (trial: Trial) => void) {
  const trials: Trial[] = [];
  const queue = [...mutants];
  const worker = async () => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const trial = await tryMutant(mutant, budgetOf(mutant), policies).catch((cause: unknown): Trial => {
        return { mutant, killed: null, seeds: 0, others: [], problem: cause instanceof Error ? cause.message : String(cause) };
      });
      trials.push(trial);
      tell(trial);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return trials;
}
