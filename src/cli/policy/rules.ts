import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseConfig } from "../../domain/config-file.ts";
import { CONFIG_PATH, policiesIn, type Config } from "../../domain/config.ts";
import type { EnvironmentName } from "../../domain/release.ts";
import { parseCases, type CaseFile } from "../../domain/policy/cases.ts";
import { POLICIES_FOLDER, readOwnPolicies, unmatchedEnvironments, withOwn, type OwnPolicies, type PolicyFile } from "../../domain/policy/own-policies.ts";
import type { ConfiguredPolicies } from "../../domain/policy/parameters.ts";
import type { Policy, PolicyProblem, PolicySet } from "../../domain/policy/policy-set.ts";
import { didYouMean } from "../../domain/suggest.ts";
import { codeOf } from "../set.ts";
import { isOwnFolder, readPolicyFolder } from "./policy-folder.ts";

/** Where a repository keeps its own policies and their cases. */
export const OWN_POLICIES = POLICIES_FOLDER.slice(0, -1);

/** The policies that come with Pinion. */
export type LoadShipped = () => Promise<PolicySet>;

/** Everything that judges in a repository, as its files say it. */
export interface Rules {
  readonly directory: string;
  /** The policies that come with Pinion, and the folder's own. */
  readonly policies: readonly Policy[];
  readonly own: readonly Policy[];
  readonly cases: readonly CaseFile[];
  /** The configuration of the repository that the folder is in, or null where there is none. */
  readonly config: Config | null;
  /** The root of that repository. */
  readonly root: string | null;
}

export type RulesResult =
  | { readonly ok: true; readonly rules: Rules }
  /** `problem`: one that has no place in a file. */
  | { readonly ok: false; readonly problem: string | null; readonly problems: readonly PolicyProblem[] };

/** Reads the policies of a folder, those that come with Pinion, and the configuration. A folder that was not named may be absent. */
export async function readRules(named: string | undefined, loadShipped: LoadShipped): Promise<RulesResult> {
  const directory = named ?? OWN_POLICIES;
  const folder = await readPolicyFolder(directory);
  if (!folder.ok && (named !== undefined || !folder.absent)) return { ok: false, problem: folder.problem, problems: [] };
  const files = folder.ok ? folder : { policies: [], cases: [] };
  const shipped = await loadShipped();
  const own = ownPolicies(directory, files.policies, shipped);
  const cases = files.cases.map(casesOf);
  const problems = [...(own.ok ? [] : own.problems), ...cases.flatMap((read) => (read.ok ? [] : read.problems))];
  if (!own.ok || problems.length > 0) return { ok: false, problem: null, problems };
  const { policies } = withOwn(shipped, own.policies);
  const config = await readConfig(directory, policies);
  if (config !== null && !config.ok) return config;
  const unmatched = config === null ? [] : unmatchedEnvironments(own.policies, config.config);
  if (unmatched.length > 0) return { ok: false, problem: null, problems: unmatched };
  const read = cases.flatMap((one) => (one.ok ? [one.cases] : []));
  return { ok: true, rules: { directory, policies, own: own.policies, cases: read, config: config?.config ?? null, root: config?.root ?? null } };
}

/** A repository's own policies need an `override` to replace shipped ones; those of any other folder are only tried, and may do without. */
function ownPolicies(directory: string, files: readonly PolicyFile[], shipped: PolicySet): OwnPolicies {
  const strict = readOwnPolicies(files, shipped);
  if (strict.ok || isOwnFolder(directory)) return strict;
  const alone = readOwnPolicies(files, { policies: [] });
  return alone.ok ? alone : strict;
}

function casesOf({ path, text }: PolicyFile): ReturnType<typeof parseCases> {
  if (text !== null) return parseCases(path, text);
  return { ok: false, problems: [{ file: path, line: 1, column: 1, message: "the file is not UTF-8: save it as such" }] };
}

type ConfigRead = { readonly ok: true; readonly config: Config; readonly root: string } | Extract<RulesResult, { ok: false }>;

/** The nearest configuration above a folder, no further than the root of its clone. */
async function readConfig(directory: string, policies: readonly Policy[]): Promise<ConfigRead | null> {
  for (let folder = resolve(directory); ; folder = dirname(folder)) {
    const file = join(folder, CONFIG_PATH);
    const text = await readIfThere(file);
    if (typeof text === "string") {
      const parsed = parseConfig(text, policies);
      return parsed.ok ? { ...parsed, root: folder } : { ok: false, problem: null, problems: parsed.problems.map((problem) => ({ file, ...problem })) };
    }
    if (text !== null) return { ok: false, ...text, problems: [] };
    if (folder === dirname(folder) || (await exists(join(folder, ".git")))) return null;
  }
}

/** Null where there is no such file. */
async function readIfThere(file: string): Promise<string | null | { readonly problem: string }> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = codeOf(cause);
    return code === "ENOENT" || code === "ENOTDIR" ? null : { problem: `${file} cannot be read (${code}): check that you may read it` };
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const NOTHING: ConfiguredPolicies = new Map();

/** What the configuration says of policies for an environment; for one that it does not have, what it says for all. */
export function configuredFor({ config }: Rules, name: EnvironmentName): ConfiguredPolicies {
  const environment = config?.environments.find((one) => one.name === name);
  if (config === null) return NOTHING;
  return environment === undefined ? config.policies : policiesIn(config, environment);
}

/** The policy of this name, or what to say instead. */
export function policyNamed(policies: readonly Policy[], name: string): Policy | string {
  const found = policies.find((policy) => policy.name === name);
  if (found !== undefined) return found;
  const names = policies.map((policy) => policy.name).toSorted();
  return `"${name}" is no policy.${didYouMean(name, names) || ` There are: ${names.join(", ")}`}`;
}

/** What is wrong with the rules, as editors and people find it. */
export function problemText({ problem, problems }: Extract<RulesResult, { ok: false }>): string {
  const placed = problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}\n`).join("");
  return problem === null ? placed : `pinion: ${problem}\n${placed}`;
}
