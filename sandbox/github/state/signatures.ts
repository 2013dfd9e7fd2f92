import type { CommitInfo } from "../git.ts";
import type { Account, Oid, Repository, Signature } from "../model.ts";
import type { GitHubState } from "../state.ts";

const BY_GITHUB: Signature = { isValid: true, wasSignedByGitHub: true, state: "VALID" };

/** Remembers that GitHub made and signed this commit. */
export function signByGitHub(repository: Repository, oid: Oid): void {
  repository.signatures.set(oid, BY_GITHUB);
}

/** GitHub's word on the commit's signature, or null for one that is not signed. */
export function signatureOf(repository: Repository, oid: Oid): Signature | null {
  return repository.signatures.get(oid) ?? null;
}

/** Who GitHub takes for author and committer; null when no account has the e-mail address. */
export function peopleOf(state: GitHubState, commit: CommitInfo): { readonly author: Account | null; readonly committer: Account | null } {
  return { author: state.accountByEmail(commit.author.email), committer: state.accountByEmail(commit.committer.email) };
}
