import type { Actor, Oid, PullRequest, Review, Team, Account } from "../model.ts";
import type { GitHubState } from "../state.ts";

export async function review(state: GitHubState, actor: Actor, pull: PullRequest, input: { readonly event: "APPROVE" | "REQUEST_CHANGES" | "COMMENT"; readonly body: string; readonly commit: Oid | null }): Promise<Review> {
  throw new Error("not built yet");
}

export async function dismissReview(state: GitHubState, actor: Actor, review: Review, message: string): Promise<void> {
  throw new Error("not built yet");
}

export async function requestReviewers(state: GitHubState, actor: Actor, pull: PullRequest, reviewers: { readonly users: readonly Account[]; readonly teams: readonly Team[] }): Promise<void> {
  throw new Error("not built yet");
}

export async function removeRequestedReviewers(state: GitHubState, actor: Actor, pull: PullRequest, reviewers: { readonly users: readonly Account[]; readonly teams: readonly Team[] }): Promise<void> {
  throw new Error("not built yet");
}
