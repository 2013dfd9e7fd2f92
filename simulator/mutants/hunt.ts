import type { PolicySet } from "../../src/domain/policy/policy-set.ts";
import { runSeed, type Tier } from "../run.ts";

/** Which seeds are run, and what is looked for. */
export interface Hunt {
  readonly first: number;
  readonly seeds: number;
  readonly steps: number;
  readonly invariants: readonly string[];
  /** What must come true later is not waited for. */
  readonly restless: boolean;
}

export interface Catch {
  readonly seed: number;
  readonly invariant: string;
  readonly sentence: string;
}

export interface Hunted {
  /** The first violation of what was looked for, or null. */
  readonly caught: Catch | null;
  /** Violations of anything else on the way, each invariant once. */
  readonly others: readonly Catch[];
}

/** Runs seeds until one of them violates what is looked for. What else is violated may be another matter, and is only told. */
export async function hunt({ first, seeds, steps, invariants, restless }: Hunt, policies: PolicySet, tier: Tier): Promise<Hunted> {
  const others = new Map<string, Catch>();
  for (let seed = first; seed < first + seeds; seed += 1) {
    const { violation } = await runSeed(seed, steps, policies, tier, restless);
    if (violation === null) continue;
    const { invariant, sentence } = violation;
    const caught = { seed, invariant, sentence };
    if (invariants.includes(invariant)) return { caught, others: [...others.values()] };
    if (!others.has(invariant)) others.set(invariant, caught);
  }
  return { caught: null, others: [...others.values()] };
}

/** What a child process says in the end, read by the one that began it. */
export function parseHunted(line: string): Hunted {
  const { caught, others } = JSON.parse(line) as Hunted;
  return { caught, others };
}
