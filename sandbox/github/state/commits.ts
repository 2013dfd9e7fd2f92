import type { Account, Actor, Oid, Repository, Signature } from "../model.ts";
import type { CommitInfo } from "../git.ts";
import type { GitHubState } from "../state.ts";

/** GraphQL createCommitOnBranch: signed by GitHub, authored by the actor. Refusal code `stale` when the branch has moved. */
export async function commitOnBranch(state: GitHubState, actor: Actor, repository: Repository, input: { readonly branch: string; readonly expectedHeadOid: Oid; readonly headline: string; readonly body: string; readonly additions: readonly { readonly path: string; readonly contents: Uint8Array }[]; readonly deletions: readonly string[] }): Promise<Oid> {
  throw new Error("not built yet");
}

export function signatureOf(repository: Repository, oid: Oid): Signature | null {
  throw new Error("not built yet");
}

/** Who GitHub takes for author and committer; null when no account has the e-mail address. */
export function peopleOf(state: GitHubState, commit: CommitInfo): { readonly author: Account | null; readonly committer: Account | null } {
  throw new Error("not built yet");
}
