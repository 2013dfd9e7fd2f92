import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CASES_ENDING, parseCases, type CaseFile } from "../../domain/policy/cases.ts";
import { parsePolicy } from "../../domain/policy/policy-file.ts";
import type { Policy, PolicyProblem } from "../../domain/policy/policy-set.ts";
import { codeOf, unreadable } from "../set.ts";

/** The policies and cases of a folder, or all that is wrong with its files. */
export type PolicyFolder =
  | { readonly outcome: "read"; readonly policies: readonly Policy[]; readonly cases: readonly CaseFile[] }
  | { readonly outcome: "broken"; readonly problems: readonly PolicyProblem[] }
  /** `absent`: there is no such folder. */
  | { readonly outcome: "unreadable"; readonly absent: boolean; readonly problem: string };

/** Reads the `*.yaml` of a folder, not those of folders in it. */
export async function readPolicyFolder(directory: string): Promise<PolicyFolder> {
  let names: readonly string[];
  try {
    names = (await readdir(directory)).filter((name) => name.endsWith(".yaml")).toSorted();
  } catch (cause) {
    const code = codeOf(cause);
    const cure = code === "ENOENT" ? "there is no such folder" : code === "ENOTDIR" ? "it is a file, name its folder" : "check that you may read it";
    return { outcome: "unreadable", absent: code === "ENOENT", problem: `${directory} cannot be read (${code}): ${cure}` };
  }
  const policies: Policy[] = [];
  const cases: CaseFile[] = [];
  const problems: PolicyProblem[] = [];
  for (const name of names) {
    const file = join(directory, name);
    const text = await textOf(file);
    if (!text.ok) problems.push({ file, line: 1, column: 1, message: text.problem });
    else if (name.endsWith(CASES_ENDING)) {
      const parsed = parseCases(file, text.text);
      if (parsed.ok) cases.push(parsed.cases);
      else problems.push(...parsed.problems);
    } else {
      const parsed = parsePolicy(file, text.text);
      if (parsed.ok) policies.push(parsed.policy);
      else problems.push(...parsed.problems);
    }
  }
  problems.push(...namedTwice(policies));
  return problems.length > 0 ? { outcome: "broken", problems } : { outcome: "read", policies, cases };
}

function namedTwice(policies: readonly Policy[]): readonly PolicyProblem[] {
  return policies.flatMap(({ name, file }, index) => {
    const first = policies.findIndex((other) => other.name === name);
    return first === index ? [] : [{ file, line: 1, column: 1, message: `the name ${name} is taken by ${policies[first]?.file ?? ""}: choose another` }];
  });
}

async function textOf(file: string): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string }> {
  try {
    const bytes = await readFile(file);
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (cause) {
    return { ok: false, problem: cause instanceof TypeError ? "the file is not UTF-8: save it as such" : unreadable(file, cause) };
  }
}
