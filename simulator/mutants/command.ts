/** `npm run sim -- --mutants`: whether the simulator finds what it is for. */
import type { PolicySet } from "../../src/domain/policy/policy-set.ts";
import { MUTANTS } from "./all.ts";
import { mutated } from "./isolation.ts";
import type { Mutant } from "./mutant.ts";
import { tryAll, type Budget, type Trial } from "./trial.ts";

/** Two processes at a time at most: machines have other work as well. */
const AT_ONCE = 2;

interface Wish {
  /** Only the one of this name. */
  readonly name: string | null;
  readonly json: boolean;
  readonly first: number;
  /** For each; null leaves it to how fast they are. */
  readonly seeds: number | null;
}

const SEEDS = 600;
const SEEDS_OVER_HTTP = 100;

/** Answers the exit code: 1 when one survives, 2 when there is none of that name. */
export async function mutantsCommand({ name, json, first, seeds }: Wish, policies: PolicySet): Promise<number> {
  const chosen = name === null ? MUTANTS : MUTANTS.filter((mutant) => mutant.name === name);
  if (chosen.length === 0) {
    process.stderr.write(`there is no mutant "${name ?? ""}"\n`);
    return 2;
  }
  // All are looked at before the first is tried: a text that is gone is to be told at once.
  for (const mutant of chosen) await mutated(mutant);
  let done = 0;
  const budgetOf = ({ inAdapter, from }: Mutant): Budget => ({ first: Math.max(first, from ?? first), seeds: seeds ?? (inAdapter === true ? SEEDS_OVER_HTTP : SEEDS) });
  const trials = await tryAll(chosen, budgetOf, policies, AT_ONCE, (trial) => {
    done += 1;
    process.stderr.write(`${String(done).padStart(3)} of ${chosen.length} ${told(trial)}\n`);
  });
  const survived = trials.filter(({ killed }) => killed === null).map(({ mutant }) => mutant.name);
  const most = Math.max(0, ...trials.flatMap(({ killed, seeds }) => (killed === null ? [] : [seeds])));
  process.stdout.write(`${trials.length - survived.length} of ${trials.length} mutants killed, by ${most} seeds at most\n`);
  for (const one of survived) process.stdout.write(`survived: ${one}\n`);
  if (json) process.stdout.write(`${JSON.stringify(summary(trials, survived, most))}\n`);
  return survived.length > 0 ? 1 : 0;
}

function summary(trials: readonly Trial[], survived: readonly string[], most: number) {
  const by = Object.fromEntries(trials.flatMap(({ mutant, killed }) => (killed === null ? [] : [[mutant.name, killed.invariant]])));
  const seeds = Object.fromEntries(trials.flatMap(({ mutant, killed, seeds: needed }) => (killed === null ? [] : [[mutant.name, needed]])));
  return { mutants: trials.length, killed: trials.length - survived.length, survived, most_seeds: most, by, seeds };
}

function told({ mutant, killed, seeds, others, problem }: Trial): string {
  if (problem !== null) return `NOT TRIED ${mutant.name}: ${problem.split("\n")[0] ?? ""}`;
  if (killed !== null) return `killed   ${mutant.name}: seed ${killed.seed}, ${killed.invariant}: ${killed.sentence}`;
  const beside = others.map(({ seed, invariant }) => `${invariant} by seed ${seed}`).join(", ");
  return `SURVIVED ${mutant.name}: ${seeds} seeds${beside === "" ? "" : `; but ${beside}`}`;
}
