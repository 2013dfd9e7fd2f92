import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CASES_ENDING } from "../domain/policy/cases.ts";
import { parsePolicy } from "../domain/policy/policy-file.ts";
import { CORE_POLICIES, policySet, type Policy, type PolicyProblem, type PolicySet } from "../domain/policy/policy-set.ts";
import { PortFailure } from "../ports.ts";

/** `policies/` of the package: this file is two folders below its root both as source and as built. */
const SHIPPED = fileURLToPath(new URL("../../policies/", import.meta.url));

/**
 * The default policies, in the order of their file names; `directory` is another place for them, in tests.
 * Throws a {@link PortFailure} of kind `error` when one is missing or wrong: without all of them nothing may be judged.
 */
export async function loadShippedPolicies(directory = SHIPPED): Promise<PolicySet> {
  const files = await readTexts(directory);
  const policies: Policy[] = [];
  const problems: PolicyProblem[] = [];
  for (const { file, text } of files) {
    const parsed = parsePolicy(file, text);
    if (parsed.ok) policies.push(parsed.policy);
    else problems.push(...parsed.problems);
  }
  const missing = CORE_POLICIES.filter((name) => !policies.some((policy) => policy.name === name));
  if (problems.length === 0 && missing.length > 0) {
    throw new PortFailure("error", `these policies are missing in ${directory}: ${missing.join(", ")}; reinstall the package`);
  }
  const result = policySet(policies);
  if (!result.ok) problems.push(...result.problems);
  if (result.ok && problems.length === 0) return { policies: result.set.policies.map(asShipped) };
  throw new PortFailure("error", `the policies in ${directory} cannot be used: ${problems.map(inOneLine).join("; ")}`);
}

async function readTexts(directory: string): Promise<readonly { readonly file: string; readonly text: string }[]> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith(".yaml") && !name.endsWith(CASES_ENDING)).toSorted();
    const read = async (name: string) => ({ file: `policies/${name}`, text: await readFile(join(directory, name), "utf8") });
    return await Promise.all(names.map(read));
  } catch (error) {
    throw new PortFailure("error", `the policies in ${directory} cannot be read: reinstall the package`, { cause: error });
  }
}

/** Beyond the core ones, what the configuration does not name judges nothing: a new user's first promotion must not wait for facts that nobody has. */
function asShipped(policy: Policy): Policy {
  return { ...policy, onlyWhenNamed: !CORE_POLICIES.includes(policy.name) };
}

function inOneLine(problem: PolicyProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}
