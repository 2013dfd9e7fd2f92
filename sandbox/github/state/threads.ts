import type { Actor, Comment, Issue, Label, PullRequest, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";

export async function createIssue(state: GitHubState, actor: Actor, repository: Repository, input: { readonly title: string; readonly body: string | null; readonly labels: readonly string[] }): Promise<Issue> {
  throw new Error("not built yet");
}

export async function closeIssue(state: GitHubState, actor: Actor, issue: Issue, reason: "completed" | "not_planned"): Promise<void> {
  throw new Error("not built yet");
}

export async function reopenIssue(state: GitHubState, actor: Actor, issue: Issue): Promise<void> {
  throw new Error("not built yet");
}

export async function addComment(state: GitHubState, actor: Actor, thread: Issue | PullRequest, body: string): Promise<Comment> {
  throw new Error("not built yet");
}

export async function editComment(state: GitHubState, actor: Actor, comment: Comment, body: string): Promise<void> {
  throw new Error("not built yet");
}

/** Labels that the repository lacks are made, as REST does. */
export async function addLabels(state: GitHubState, actor: Actor, thread: Issue | PullRequest, names: readonly string[]): Promise<void> {
  throw new Error("not built yet");
}

/** 404 `Label does not exist` when the thread does not carry it. */
export async function removeLabel(state: GitHubState, actor: Actor, thread: Issue | PullRequest, name: string): Promise<void> {
  throw new Error("not built yet");
}

export async function createLabel(state: GitHubState, actor: Actor, repository: Repository, input: { readonly name: string; readonly color: string; readonly description: string | null }): Promise<Label> {
  throw new Error("not built yet");
}
