import { known } from "../domain/answer.ts";
import { CONFIG_PATH, type Config, type ConfigProblem, type ConfigResult } from "../domain/config.ts";
import type { Repository } from "../domain/observation.ts";
import { isPolicyPath } from "../domain/policy/own-policies.ts";
import type { Oid } from "../domain/release.ts";
import { readRules } from "../domain/repository-rules.ts";
import { trustSigners } from "../domain/supply-chain/signer.ts";
import type { ManifestsRepository } from "../ports.ts";
import { configTextOf, policyFilesIn, type CurrentRules } from "./rules.ts";

/** Below it stand the files that signers may name. */
const TRUSTED_FOLDER = ".github/pinion/";

/** A path that a pull request changes; `blob` is null where no regular file is left. */
export interface ChangedPath {
  readonly path: string;
  readonly blob: Oid | null;
}

/** Whether a file says how Pinion judges: its configuration, one of the repository's own policies, or whose signatures count. */
export function isRule(path: string, config: Config | null): boolean {
  return path === CONFIG_PATH || isPolicyPath(path) || config?.signers.some(({ file }) => file === path) === true;
}

/** Those of the changed paths that say how Pinion judges, by the configuration as it is and as it would be: their new contents must be read. */
export function mayBeRule(path: string): boolean {
  return path === CONFIG_PATH || path.startsWith(TRUSTED_FOLDER);
}

interface Merged {
  readonly manifests: ManifestsRepository;
  readonly repository: Repository;
  /** Of the default branch with the pull request merged. */
  readonly tree: Oid;
  readonly changed: readonly ChangedPath[];
  readonly contents: ReadonlyMap<Oid, Uint8Array>;
}

/** The configuration as merging a pull request would leave it, beside the policies, keys and trusted roots as it would leave those. */
export async function readProposedRules(merged: Merged, { files, shipped }: CurrentRules): Promise<ConfigResult> {
  const { manifests, repository, tree, changed } = merged;
  const config = configAfter(merged) ?? files?.config ?? LOST;
  const changesPolicies = changed.some(({ path }) => isPolicyPath(path));
  const policies = changesPolicies ? await policyFilesIn(manifests, repository, tree) : (files?.policies ?? []);
  const read = readRules(config, policies, shipped).config;
  const problems = read.ok ? trustProblems(merged, read.config) : [];
  return problems.length === 0 ? read : { ok: false, problems };
}

const LOST: ConfigProblem = { line: 1, column: 1, message: `${CONFIG_PATH} would be gone` };

/** Null where it does not change. */
function configAfter({ changed, contents }: Merged): string | ConfigProblem | null {
  const change = changed.find(({ path }) => path === CONFIG_PATH);
  if (change === undefined) return null;
  if (change.blob === null) return LOST;
  const bytes = contents.get(change.blob);
  return bytes === undefined ? { ...LOST, message: `${CONFIG_PATH} is larger than Pinion reads` } : configTextOf(bytes);
}

/** Keys and trusted roots that would be gone, or none: from the merge on, nobody could tell who signed. */
function trustProblems({ changed, contents }: Merged, { signers }: Config): readonly ConfigProblem[] {
  return signers.flatMap((signer) => {
    const { name, file } = signer;
    const change = changed.find(({ path }) => path === file);
    if (change === undefined) return [];
    const at = { file, line: 1, column: 1 };
    if (change.blob === null) return [{ ...at, message: `signers.${name}: ${file} would be gone, or no file` }];
    const bytes = contents.get(change.blob);
    if (bytes === undefined) return [{ ...at, message: `signers.${name}: ${file} is larger than Pinion reads` }];
    const [trusted] = trustSigners([signer], new Map([[file, known(new TextDecoder().decode(bytes), 0)]]));
    return trusted?.trust === "unreadable" ? [{ ...at, message: `signers.${name}: ${trusted.problem}` }] : [];
  });
}
