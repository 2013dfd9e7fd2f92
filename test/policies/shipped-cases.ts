import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CASES_ENDING, parseCases, type CaseFile } from "../../src/domain/policy/cases.ts";

/** `policies/` of the package. */
export const POLICIES = join(import.meta.dirname, "../../policies");

/** Reads a file of cases that must be sound. */
export function casesIn(file: string, text: string): CaseFile {
  const read = parseCases(file, text);
  if (!read.ok) throw new Error(`${file} cannot be read: ${JSON.stringify(read.problems, null, 2)}`);
  return read.cases;
}

/** The cases of the shipped policies, by the policy's name, in the order of the files. */
export function shippedCases(): ReadonlyMap<string, CaseFile> {
  const names = readdirSync(POLICIES).filter((name) => name.endsWith(CASES_ENDING));
  const files = names.toSorted().map((name) => casesIn(`policies/${name}`, readFileSync(join(POLICIES, name), "utf8")));
  return new Map(files.map((file) => [file.policy, file]));
}
