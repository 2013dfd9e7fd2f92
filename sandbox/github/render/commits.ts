import type { CommitInfo, FileChange, Identity } from "../git.ts";
import type { Instant, Oid, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { commitNodeId, refNodeId } from "../state.ts";
import { peopleOf, signatureOf } from "../state/signatures.ts";
import type { Json } from "./accounts.ts";
import { iso, userOrNull } from "./accounts.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

function signer(identity: Identity & { readonly at: Instant }): Json {
  return { name: identity.name, email: identity.email, date: iso(identity.at) };
}

function verification(repository: Repository, commit: CommitInfo): Json {
  const signature = signatureOf(repository, commit.oid);
  if (signature === null) return { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null };
  return {
    verified: signature.isValid,
    reason: signature.isValid ? "valid" : "invalid",
    signature: "-----BEGIN PGP SIGNATURE-----\n\nsandbox\n-----END PGP SIGNATURE-----",
    payload: `tree ${commit.tree}`,
    verified_at: iso(commit.committer.at),
  };
}

/** The commit as Git has it: `git/commits/{sha}`. */
export function gitCommit(state: GitHubState, repository: Repository, commit: CommitInfo): Json {
  const url = `${repositoryUrl(state, repository)}/git`;
  const page = `${repositoryPage(state, repository)}/commit`;
  return {
    sha: commit.oid,
    node_id: commitNodeId(repository, commit.oid),
    url: `${url}/commits/${commit.oid}`,
    html_url: `${page}/${commit.oid}`,
    author: signer(commit.author),
    committer: signer(commit.committer),
    tree: { sha: commit.tree, url: `${url}/trees/${commit.tree}` },
    message: commit.message.replace(/\n$/, ""),
    parents: commit.parents.map((sha) => ({ sha, url: `${url}/commits/${sha}`, html_url: `${page}/${sha}` })),
    verification: verification(repository, commit),
  };
}

/** The commit with the accounts GitHub knows behind it: `commits/{sha}`. */
export function repositoryCommit(state: GitHubState, repository: Repository, commit: CommitInfo): Json {
  const url = `${repositoryUrl(state, repository)}/commits`;
  const page = `${repositoryPage(state, repository)}/commit`;
  const people = peopleOf(state, commit);
  return {
    sha: commit.oid,
    node_id: commitNodeId(repository, commit.oid),
    commit: {
      author: signer(commit.author),
      committer: signer(commit.committer),
      message: commit.message.replace(/\n$/, ""),
      tree: { sha: commit.tree, url: `${repositoryUrl(state, repository)}/git/trees/${commit.tree}` },
      url: `${repositoryUrl(state, repository)}/git/commits/${commit.oid}`,
      comment_count: 0,
      verification: verification(repository, commit),
    },
    url: `${url}/${commit.oid}`,
    html_url: `${page}/${commit.oid}`,
    comments_url: `${url}/${commit.oid}/comments`,
    author: userOrNull(state, people.author),
    committer: userOrNull(state, people.committer),
    parents: commit.parents.map((parent) => ({ sha: parent, url: `${url}/${parent}`, html_url: `${page}/${parent}` })),
  };
}

export function ref(state: GitHubState, repository: Repository, name: string, oid: Oid, type: string): Json {
  const url = `${repositoryUrl(state, repository)}/git`;
  return {
    ref: name,
    node_id: refNodeId(repository, name),
    url: `${url}/${name}`,
    object: { sha: oid, type, url: `${url}/${type}s/${oid}` },
  };
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** One changed file of a pull request or comparison. */
export function diffEntry(state: GitHubState, repository: Repository, head: Oid, change: FileChange, patch: string): Json {
  const path = encodePath(change.path);
  return {
    sha: change.blob,
    filename: change.path,
    status: change.status,
    additions: change.additions,
    deletions: change.deletions,
    changes: change.additions + change.deletions,
    blob_url: `${repositoryPage(state, repository)}/blob/${head}/${path}`,
    raw_url: `${repositoryPage(state, repository)}/raw/${head}/${path}`,
    contents_url: `${repositoryUrl(state, repository)}/contents/${path}?ref=${head}`,
    ...(patch === "" ? {} : { patch }),
    ...(change.previousPath === null ? {} : { previous_filename: change.previousPath }),
  };
}

/** One file or directory entry of `contents/{path}`. */
export function contentEntry(
  state: GitHubState,
  repository: Repository,
  revision: string,
  entry: { readonly path: string; readonly sha: Oid; readonly size: number; readonly type: "file" | "dir" },
): Json {
  const path = encodePath(entry.path);
  const url = `${repositoryUrl(state, repository)}/contents/${path}?ref=${revision}`;
  const gitUrl = `${repositoryUrl(state, repository)}/git/${entry.type === "file" ? "blobs" : "trees"}/${entry.sha}`;
  const page = `${repositoryPage(state, repository)}/${entry.type === "file" ? "blob" : "tree"}/${revision}/${path}`;
  return {
    name: entry.path.split("/").at(-1) ?? entry.path,
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    url,
    html_url: page,
    git_url: gitUrl,
    download_url: entry.type === "file" ? `${repositoryPage(state, repository)}/raw/${revision}/${path}` : null,
    type: entry.type,
    _links: { self: url, git: gitUrl, html: page },
  };
}
