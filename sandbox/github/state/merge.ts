import type { Actor, MergeMethod, Oid, PullRequest } from "../model.ts";
import type { GitHubState } from "../state.ts";

/** Merges, and answers the commit that the base branch is at then. `sha` null: not checked. */
export async function mergePullRequest(state: GitHubState, actor: Actor, pull: PullRequest, input: { readonly method: MergeMethod; readonly sha: Oid | null; readonly title: string | null; readonly message: string | null }): Promise<Oid> {
  throw new Error("not built yet");
}
