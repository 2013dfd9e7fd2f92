import type { CommitInfo, FileChange } from "../git.ts";
import type { Actor, PullRequest, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";

/** `head` is a branch, or `owner:branch` of a fork; `base` a branch. */
export async function createPullRequest(state: GitHubState, actor: Actor, repository: Repository, input: { readonly title: string; readonly body: string | null; readonly head: string; readonly base: string; readonly draft: boolean }): Promise<PullRequest> {
  throw new Error("not built yet");
}

export async function editPullRequest(state: GitHubState, actor: Actor, pull: PullRequest, input: { readonly title?: string; readonly body?: string | null; readonly base?: string }): Promise<void> {
  throw new Error("not built yet");
}

export async function closePullRequest(state: GitHubState, actor: Actor, pull: PullRequest): Promise<void> {
  throw new Error("not built yet");
}

export async function reopenPullRequest(state: GitHubState, actor: Actor, pull: PullRequest): Promise<void> {
  throw new Error("not built yet");
}

/** What `mergeable` says now, counting as one read: null while it is being worked out. Null for a closed one. */
export async function readMergeable(state: GitHubState, pull: PullRequest): Promise<boolean | null> {
  throw new Error("not built yet");
}

/** Oldest first. */
export async function commitsOf(pull: PullRequest): Promise<readonly CommitInfo[]> {
  throw new Error("not built yet");
}

/** From the merge base to the head. */
export async function filesOf(pull: PullRequest): Promise<readonly FileChange[]> {
  throw new Error("not built yet");
}
