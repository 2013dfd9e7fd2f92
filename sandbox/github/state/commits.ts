import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import type { CommitInfo, Identity } from "../git.ts";
import type { Account, Actor, Instant, Oid, Repository } from "../model.ts";
import { SandboxRefusal, notFound, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { requireAccess } from "./access.ts";
import { protectedRef, violationsOf } from "./protection.ts";
import { describe, moveRefs } from "./ref-moves.ts";
import { WRITE_CONTENTS } from "./refs.ts";
import { signByGitHub } from "./signatures.ts";

/** The committer of everything that GitHub commits itself. */
export const GITHUB: Identity = { name: "GitHub", email: "noreply@github.com" };

/** How an account signs what it makes on GitHub. */
export function identityOf(account: Account): Identity {
  return { name: account.name ?? account.login, email: account.email };
}

export interface FileChanges {
  readonly additions: readonly { readonly path: string; readonly contents: Uint8Array }[];
  readonly deletions: readonly string[];
}

export interface BranchCommit extends FileChanges {
  /** `main` or `refs/heads/main`. */
  readonly branch: string;
  readonly expectedHeadOid: Oid;
  readonly headline: string;
  readonly body: string;
}

function requirePaths(changes: FileChanges): void {
  const paths = [...changes.additions.map(({ path }) => path), ...changes.deletions];
  for (const path of paths) {
    const parts = path.split("/");
    if (parts.some((part) => part === "" || part === "." || part === ".." || part.toLowerCase() === ".git")) {
      throw unprocessable(`A path was provided that is not valid: ${path}`);
    }
  }
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw unprocessable(`A path was requested more than once: ${twice}`);
}

async function requireDeletable(repository: Repository, head: Oid, deletions: readonly string[]): Promise<void> {
  for (const path of deletions) {
    if ((await repository.git.objectAt(head, path)) === null) {
      throw unprocessable(`A path was requested for deletion which does not exist as of commit oid \`${head}\`: ${path}`);
    }
  }
}

function message(headline: string, body: string): string {
  return body === "" ? headline : `${headline}\n\n${body}`;
}

/**
 * GraphQL's `createCommitOnBranch`: one commit on the branch's head, authored by the actor and signed by GitHub.
 * Refusal code `stale` when the branch is elsewhere than expected.
 */
export async function commitOnBranch(state: GitHubState, actor: Actor, repository: Repository, input: BranchCommit): Promise<Oid> {
  const account = requireAccess(state, actor, repository, WRITE_CONTENTS);
  return repository.writes.run(() => commitHeld(state, actor, account, repository, input));
}

/** As {@link commitOnBranch}, for a caller that holds the repository's write queue. */
async function commitHeld(state: GitHubState, actor: Actor, account: Account, repository: Repository, input: BranchCommit): Promise<Oid> {
  const name = input.branch.startsWith("refs/heads/") ? input.branch : `refs/heads/${input.branch}`;
  const head = repository.refs.get(name);
  if (head === undefined) throw notFound();
  if (head !== input.expectedHeadOid) {
    throw new SandboxRefusal(409, "stale", `Expected branch to point to "${input.expectedHeadOid}" but it did not. Pull and try again.`);
  }
  if (input.headline.trim() === "") throw unprocessable("A commit message headline is required");
  requirePaths(input);
  await requireDeletable(repository, head, input.deletions);
  const at = state.now();
  const oid = await repository.git.commitFiles(
    {
      parents: [head],
      author: { ...identityOf(account), at },
      committer: { ...GITHUB, at },
      message: message(input.headline, input.body),
    },
    input.additions,
    input.deletions,
  );
  signByGitHub(repository, oid);
  const move = { name, before: head, after: oid };
  const violations = await violationsOf(state, actor, repository, await describe(repository, move));
  if (violations !== null) throw protectedRef(violations);
  if (!(await moveRefs(state, account, repository, [move]))) {
    throw new SandboxRefusal(409, "stale", `Expected branch to point to "${head}" but it did not. Pull and try again.`);
  }
  return oid;
}

/** A person's edit in GitHub's web editor, on the branch as it is now; a branch that is not there starts at the default branch. */
export async function commitInBrowser(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  input: FileChanges & { readonly branch: string; readonly message: string },
): Promise<Oid> {
  const account = requireAccess(state, actor, repository, WRITE_CONTENTS);
  return repository.writes.run(async () => {
    const name = `refs/heads/${input.branch}`;
    const start = repository.refs.get(`refs/heads/${repository.defaultBranch}`);
    if (!repository.refs.has(name) && start !== undefined) {
      await moveRefs(state, account, repository, [{ name, before: null, after: start }]);
    }
    const [headline = "", ...rest] = input.message.split("\n");
    const commit = { ...input, expectedHeadOid: repository.refs.get(name) ?? "", headline, body: rest.join("\n").trim() };
    return commitHeld(state, actor, account, repository, commit);
  });
}

export interface TreeItem {
  readonly path: string;
  readonly mode: string;
  /** Null removes the path. */
  readonly sha: Oid | null;
  readonly content: string | null;
}

/** REST's `POST git/trees`. Without `sha: null` entries a base tree's files all stay. */
export async function createTree(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  items: readonly TreeItem[],
  baseTree: Oid | null,
): Promise<Oid> {
  requireAccess(state, actor, repository, WRITE_CONTENTS);
  const index = join(tmpdir(), `sandbox-index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    if (baseTree !== null) {
      const read = await repository.git.run(["read-tree", baseTree], { env });
      if (read.code !== 0) throw unprocessable("base_tree is not a valid tree oid");
    }
    const lines: string[] = [];
    for (const item of items) {
      if (item.sha !== null && (await repository.git.objectType(item.sha)) === null) {
        throw unprocessable(`tree.sha ${item.sha} is not a valid blob`);
      }
      const sha = item.content === null ? item.sha : await createBlob(state, actor, repository, Buffer.from(item.content, "utf8"));
      lines.push(sha === null ? `0 ${"0".repeat(40)}\t${item.path}\0` : `${item.mode} ${sha}\t${item.path}\0`);
    }
    const updated = await repository.git.run(["update-index", "--add", "-z", "--index-info"], { env, input: lines.join("") });
    if (updated.code !== 0) throw unprocessable("tree contains an invalid path");
    return await repository.git.text(["write-tree"], { env });
  } finally {
    await rm(index, { force: true });
  }
}

export async function createBlob(state: GitHubState, actor: Actor, repository: Repository, bytes: Uint8Array): Promise<Oid> {
  requireAccess(state, actor, repository, WRITE_CONTENTS);
  return repository.git.text(["hash-object", "-w", "--stdin"], { input: bytes });
}

type Stamp = Identity & { readonly at: Instant };

/** REST's `POST git/commits`. GitHub signs it only for an App that names neither author nor committer. */
export async function createCommit(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  input: {
    readonly message: string;
    readonly tree: Oid;
    readonly parents: readonly Oid[];
    readonly author: Stamp | null;
    readonly committer: Stamp | null;
  },
): Promise<CommitInfo> {
  const account = requireAccess(state, actor, repository, WRITE_CONTENTS);
  if ((await repository.git.objectType(input.tree)) !== "tree") throw unprocessable("Tree SHA does not exist");
  for (const parent of input.parents) {
    if ((await repository.git.objectType(parent)) !== "commit") throw unprocessable("Parent SHA does not exist or is not a commit object");
  }
  const at = state.now();
  const own = actor.kind === "installation" && input.author === null && input.committer === null;
  const author = input.author ?? { ...identityOf(account), at };
  const committer = input.committer ?? (own ? { ...GITHUB, at } : author);
  const oid = await repository.git.commitTree(input.tree, { parents: input.parents, author, committer, message: input.message });
  if (own) signByGitHub(repository, oid);
  const made = await repository.git.commit(oid);
  if (made === null) throw new Error("the commit just written cannot be read");
  return made;
}

/** What a branch name, tag name, full ref or (short) object id stands for, as a commit; null when nothing. */
export async function resolveCommit(repository: Repository, name: string): Promise<Oid | null> {
  for (const ref of [name, `refs/${name}`, `refs/heads/${name}`, `refs/tags/${name}`]) {
    const found = repository.refs.get(ref);
    if (found !== undefined) {
      const peeled = await repository.git.run(["rev-parse", "--verify", "--quiet", `${found}^{commit}`]);
      return peeled.code === 0 ? peeled.stdout.toString("utf8").trim() : null;
    }
  }
  if (!/^[0-9a-f]{7,40}$/.test(name)) return null;
  const parsed = await repository.git.run(["rev-parse", "--verify", "--quiet", `${name}^{commit}`]);
  return parsed.code === 0 ? parsed.stdout.toString("utf8").trim() : null;
}
