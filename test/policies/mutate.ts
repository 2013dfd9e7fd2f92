/**
 * Changes each comparison, operator, literal, scope and strictness of every shipped policy, one at a time, and runs the policy's cases against the
 * change: what no case finds is a rule that nothing holds to.
 *
 *     npm run mutate:policies [-- NAME]
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CASES_ENDING, parseCases } from "../../src/domain/policy/cases.ts";
import { fateOf, mutantsOf, type Fate, type Mutant } from "./mutants.ts";

const FOLDER = join(import.meta.dirname, "../../policies");

/** What became of the mutants of one policy. */
export interface Tried {
  readonly policy: string;
  readonly fates: readonly { readonly mutant: Mutant; readonly fate: Fate }[];
}

/** Tries the mutants of every shipped policy, or of one. */
export async function tryMutants(only: string | null = null): Promise<readonly Tried[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith(CASES_ENDING)).map((name) => name.slice(0, -CASES_ENDING.length));
  const tried: Tried[] = [];
  for (const policy of names.toSorted()) {
    if (only !== null && policy !== only) continue;
    const file = `policies/${policy}.yaml`;
    const text = await readFile(join(FOLDER, `${policy}.yaml`), "utf8");
    const cases = parseCases(`policies/${policy}${CASES_ENDING}`, await readFile(join(FOLDER, `${policy}${CASES_ENDING}`), "utf8"));
    if (!cases.ok) throw new Error(`the cases of ${policy} cannot be read: ${JSON.stringify(cases.problems)}`);
    const { cases: all } = cases.cases;
    tried.push({ policy, fates: mutantsOf(file, text).map((mutant) => ({ mutant, fate: fateOf(file, mutant, all) })) });
  }
  return tried;
}

if (import.meta.main) {
  const tried = await tryMutants(process.argv[2] ?? null);
  const fates = tried.flatMap(({ policy, fates }) => fates.map(({ mutant, fate }) => ({ policy, mutant, fate })));
  const survived = fates.filter(({ fate }) => fate === "survived").map(({ policy, mutant: { at, was, became } }) => ({ policy, at, was, became }));
  const invalid = fates.filter(({ fate }) => fate === "invalid").length;
  console.log(JSON.stringify({ mutants: fates.length, killed: fates.length - survived.length, invalid, survived }, null, 2));
  process.exitCode = survived.length > 0 || fates.length === 0 ? 1 : 0;
}
