import { join } from "node:path";
import { createBareRepository } from "../git.ts";
import type { Account, Repository } from "../model.ts";
import { SerialQueue } from "../serial.ts";
import type { GitHubState } from "../state.ts";
import { GITHUB, identityOf } from "./commits.ts";
import { signByGitHub } from "./signatures.ts";

/** The labels a new repository has at GitHub that matter to nobody are left out: it starts with none. */
export interface NewRepository {
  readonly owner: Account;
  readonly name: string;
  readonly private?: boolean;
  readonly defaultBranch?: string;
}

async function keepRepository(
  state: GitHubState,
  input: NewRepository,
  parent: Repository | null,
  copyOf: string | null = parent?.git.directory ?? null,
): Promise<Repository> {
  const defaultBranch = input.defaultBranch ?? parent?.defaultBranch ?? "main";
  const identity = state.identify("repository");
  const directory = join(state.directory, `${identity.id}.git`);
  const git = await createBareRepository(directory, defaultBranch, copyOf);
  const now = state.now();
  const made: Repository = {
    kind: "repository",
    ...identity,
    owner: input.owner,
    name: input.name,
    private: input.private ?? false,
    parent,
    git,
    writes: new SerialQueue(),
    defaultBranch,
    mergeMethods: new Set(["merge", "squash", "rebase"]),
    deleteBranchOnMerge: false,
    refs: new Map(),
    collaborators: new Map(),
    labels: new Map(),
    threads: new Map(),
    checkSuites: [],
    checkRuns: [],
    deployments: [],
    protections: new Map(),
    rulesets: [],
    mergeQueues: new Map(),
    // Objects of a fork and its parent are the same objects, and so are GitHub's signatures on them.
    signatures: parent?.signatures ?? new Map(),
    nextNumber: 1,
    createdAt: now,
    updatedAt: now,
    pushedAt: now,
  };
  state.repositories.push(state.register(made));
  return made;
}

/** An empty repository. */
export function createRepository(state: GitHubState, input: NewRepository): Promise<Repository> {
  return keepRepository(state, input, null);
}

/**
 * A repository with everything that the one at `source` on disk holds, without any event. It may be larger than anyone would
 * push: nothing is read but its refs. Commits that name GitHub as their committer count as signed by it.
 */
export async function copyRepository(state: GitHubState, input: NewRepository, source: string): Promise<Repository> {
  const made = await keepRepository(state, input, null, source);
  await rereadRefs(made);
  const commits = await made.git.text(["log", "--all", "--format=%H %ce"]);
  for (const line of commits.split("\n")) {
    const [oid = "", committer = ""] = line.split(" ");
    if (committer === GITHUB.email) signByGitHub(made, oid);
  }
  return made;
}

/** A person's copy of a repository, from which pull requests may come. */
export async function forkRepository(state: GitHubState, parent: Repository, owner: Account): Promise<Repository> {
  const made = await keepRepository(state, { owner, name: parent.name, private: parent.private }, parent);
  for (const [name] of await made.git.refs()) {
    if (!name.startsWith("refs/heads/") && !name.startsWith("refs/tags/")) await made.git.putRef(name, null);
  }
  await rereadRefs(made);
  return made;
}

/** Puts a first commit on the default branch, as GitHub's "create repository" form would, without any event. */
export async function seed(
  state: GitHubState,
  repository: Repository,
  author: Account,
  files: readonly { readonly path: string; readonly contents: Uint8Array }[],
): Promise<string> {
  const at = state.now();
  const oid = await repository.git.commitFiles(
    { parents: [], author: { ...identityOf(author), at }, committer: { ...GITHUB, at }, message: "Initial commit" },
    files,
    [],
  );
  signByGitHub(repository, oid);
  await repository.git.putRef(`refs/heads/${repository.defaultBranch}`, oid);
  await rereadRefs(repository);
  return oid;
}

/** Reads the refs anew from disk, after something else than an operation wrote them. */
export async function rereadRefs(repository: Repository): Promise<void> {
  const found = await repository.git.refs();
  repository.refs.clear();
  for (const [name, oid] of found) repository.refs.set(name, oid);
}
