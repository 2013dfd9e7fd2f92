/** What a repository's own policies hold back. */
import { RULED_FROM } from "../setup.ts";
import { mutant, type Mutant } from "./mutant.ts";

const OWN = "src/domain/policy/own-policies.ts";

export const OWN_RULES_MUTANTS: readonly Mutant[] = [
  mutant("a repository's own policies judge nothing", ["H8"], OWN, ", ...own.filter(({ name }) => !names.has(name))],", "],"),
  mutant("policies that are broken are left out", ["H7"], "src/domain/repository-rules.ts", "const problems: ConfigProblem[] = [...(read.ok ? [] : read.problems), ...(own.ok ? [] : own.problems)];", "const problems: ConfigProblem[] = [...(read.ok ? [] : read.problems)];"),
  mutant("policies are read once, and never again", ["H7", "H8"], "src/reconciler/rules.ts", "const version = JSON.stringify([config, entries.map(({ path, blob }) => [path, blob])]);", "const version = JSON.stringify([config, entries.map(() => [])]);"),
  mutant("a second policy of one name takes the place of the first", ["H7"], OWN, "if (first !== undefined) problems.push(", "if (first !== undefined && taken.size < 0) problems.push("),
  mutant("a policy for an environment that is not there is nobody's business", ["H7"], "src/domain/repository-rules.ts", "if (read.ok) problems.push(...unmatchedEnvironments(policies, read.config));", "if (read.ok) unmatchedEnvironments(policies, read.config);"),
].map((one) => ({ ...one, from: RULED_FROM }));
