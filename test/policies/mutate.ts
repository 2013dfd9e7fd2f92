/**
 * Changes each comparison, operator, literal, scope and strictness of every shipped policy, one at a time, and runs the policy's cases against the
 * change: what no case finds is a rule that nothing holds to.
 *
 *     npm run mutate:policies [-- NAME]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fateOf, mutantsOf, type Fate, type Mutant } from "./mutants.ts";
import { POLICIES, shippedCases } from "./shipped-cases.ts";

/** What became of the mutants of one policy. */
export interface Tried {
  readonly policy: string;
  readonly fates: readonly { readonly mutant: Mutant; readonly fate: Fate }[];
}

/** Tries the mutants of every shipped policy, or of one. */
export function tryMutants(only: string | null = null): readonly Tried[] {
  const chosen = [...shippedCases().values()].filter(({ policy }) => only === null || policy === only);
  return chosen.map(({ policy, cases }) => {
    const mutants = mutantsOf(`policies/${policy}.yaml`, readFileSync(join(POLICIES, `${policy}.yaml`), "utf8"));
    return { policy, fates: mutants.map((mutant) => ({ mutant, fate: fateOf(`policies/${policy}.yaml`, mutant, cases) })) };
  });
}

if (import.meta.main) {
  const tried = tryMutants(process.argv[2] ?? null);
  const fates = tried.flatMap(({ policy, fates }) => fates.map(({ mutant, fate }) => ({ policy, mutant, fate })));
  const survived = fates.filter(({ fate }) => fate === "survived").map(({ policy, mutant: { at, was, became } }) => ({ policy, at, was, became }));
  const invalid = fates.filter(({ fate }) => fate === "invalid").length;
  console.log(JSON.stringify({ mutants: fates.length, killed: fates.length - survived.length, invalid, survived }, null, 2));
  process.exitCode = survived.length > 0 || fates.length === 0 ? 1 : 0;
}
