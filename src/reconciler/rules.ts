import { CONFIG_PATH, type ConfigProblem } from "../domain/config.ts";
import type { Repository } from "../domain/observation.ts";
import { isPolicyPath, POLICIES_FOLDER, type PolicyFile } from "../domain/policy/own-policies.ts";
import { readsManifests } from "../domain/policy/evaluate.ts";
import type { PolicySet } from "../domain/policy/policy-set.ts";
import type { Oid } from "../domain/release.ts";
import { readRules, type RepositoryRules } from "../domain/repository-rules.ts";
import type { FolderEntry, ManifestsRepository } from "../ports.ts";
import { decodeManifest } from "./pin-table.ts";

/** The configuration's text, or what is wrong with the file; and the repository's own policies. */
export interface RuleFiles {
  readonly config: string | ConfigProblem;
  readonly policies: readonly PolicyFile[];
}

/** The rules of the default branch, as far as reading a pull request needs them. */
export interface CurrentRules {
  readonly shipped: PolicySet;
  /** Null where there is no configuration. */
  readonly files: RuleFiles | null;
  /** Changes with any of the files. */
  readonly version: string;
  /** Whether a policy reads the manifests that a pull request changes. */
  readonly judgeManifests: boolean;
}

/** What one commit of the default branch has of rules. */
interface Seen {
  readonly commit: Oid;
  /** Changes with any of the files. */
  readonly version: string;
  readonly files: RuleFiles | null;
  readonly rules: RepositoryRules | null;
}

/** The rules of one repository: read anew only when the default branch has moved, and put together only when one of their files has changed. */
export class Rules implements CurrentRules {
  readonly shipped: PolicySet;
  #seen: Seen | null = null;

  constructor(shipped: PolicySet) {
    this.shipped = shipped;
  }

  /** As of the last update: null where there is no configuration. */
  get files(): RuleFiles | null {
    return this.#seen?.files ?? null;
  }

  get version(): string {
    return this.#seen?.version ?? "";
  }

  get judgeManifests(): boolean {
    return [...this.shipped.policies, ...(this.#seen?.rules?.ownPolicies ?? [])].some(readsManifests);
  }

  /** Null where there is no configuration, and so nothing to judge by. */
  async update(manifests: ManifestsRepository, repository: Repository, commit: Oid): Promise<RepositoryRules | null> {
    if (this.#seen?.commit === commit) return this.#seen.rules;
    const bytes = await manifests.file(repository, commit, CONFIG_PATH);
    const entries = await policyEntriesIn(manifests, repository, commit);
    const config = bytes === null ? null : configTextOf(bytes);
    const version = JSON.stringify([config, entries.map(({ path, blob }) => [path, blob])]);
    // The same files keep the same objects, so that nothing built on them is built again.
    if (this.#seen?.version === version) this.#seen = { ...this.#seen, commit };
    else {
      const policies = await readPolicyFiles(manifests, repository, entries);
      const files = config === null ? null : { config, policies };
      this.#seen = { commit, version, files, rules: files === null ? null : readRules(files.config, files.policies, this.shipped) };
    }
    return this.#seen.rules;
  }
}

/** The configuration's text, or that it is none. */
export function configTextOf(bytes: Uint8Array): string | ConfigProblem {
  return textOf(bytes) ?? { line: 1, column: 1, message: `${CONFIG_PATH} is not UTF-8 text` };
}

/** The repository's own policies as a commit or tree has them. What is none, and looks like one, is among them: it must not be passed over. */
export async function policyFilesIn(manifests: ManifestsRepository, repository: Repository, treeish: Oid): Promise<readonly PolicyFile[]> {
  return readPolicyFiles(manifests, repository, await policyEntriesIn(manifests, repository, treeish));
}

async function policyEntriesIn(manifests: ManifestsRepository, repository: Repository, treeish: Oid): Promise<readonly FolderEntry[]> {
  return (await manifests.folder(repository, treeish, POLICIES_FOLDER)).filter(({ path }) => isPolicyPath(path));
}

async function readPolicyFiles(manifests: ManifestsRepository, repository: Repository, entries: readonly FolderEntry[]): Promise<readonly PolicyFile[]> {
  const blobs = entries.flatMap(({ blob }) => (blob === null ? [] : [blob]));
  const contents = blobs.length === 0 ? new Map<Oid, Uint8Array>() : await manifests.read(repository, blobs);
  return entries.map(({ path, blob }): PolicyFile => {
    const bytes = blob === null ? undefined : contents.get(blob);
    return { path, text: bytes === undefined ? null : textOf(bytes) };
  });
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return decodeManifest(bytes);
  } catch {
    return null;
  }
}
