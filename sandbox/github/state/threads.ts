import type { Account, Actor, Comment, Issue, Label, PullRequest, Repository } from "../model.ts";
import { SandboxRefusal, invalid, notFound, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { actingApp, atLeast, requireAccess, roleOf } from "./access.ts";
import type { Need } from "./access.ts";
import { labelNamed, makeLabel } from "./labels.ts";
import { note } from "./pull-changes.ts";
import { requireBody, requireTitle } from "./text-limits.ts";

type Thread = Issue | PullRequest;

/** An App may write on pull requests with either permission, on issues with `issues` only. */
function threadNeed(thread: Thread, role: Need["role"]): Need {
  const app: Need["app"] =
    thread.kind === "issue"
      ? [["issues", "write"]]
      : [
          ["issues", "write"],
          ["pull_requests", "write"],
        ];
  return { app, role };
}

export function readThreadNeed(thread: Thread): Need {
  return {
    app:
      thread.kind === "issue"
        ? [["issues", "read"]]
        : [
            ["issues", "read"],
            ["pull_requests", "read"],
          ],
    role: "read",
  };
}

/** The issue or pull request of that number. Throws 404. */
export function threadNumbered(repository: Repository, number: number): Thread {
  const found = repository.threads.get(number);
  if (found === undefined) throw notFound();
  return found;
}

export async function createIssue(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  input: { readonly title: string; readonly body: string | null; readonly labels: readonly string[] },
): Promise<Issue> {
  const author = requireAccess(state, actor, repository, { app: [["issues", "write"]], role: "read" });
  requireTitle("Issue", input.title);
  requireBody("Issue", input.body);
  const now = state.now();
  const issue: Issue = {
    kind: "issue",
    ...state.identify("issue"),
    number: repository.nextNumber++,
    repository,
    author,
    app: actingApp(actor),
    title: input.title,
    body: input.body,
    labels: [],
    comments: [],
    timeline: [],
    state: "open",
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedBy: null,
    stateReason: null,
  };
  repository.threads.set(issue.number, state.register(issue));
  // GitHub drops labels silently when their setter may not label.
  const mayLabel = actor.kind === "installation" || atLeast(roleOf(state, author, repository), "triage");
  const labels = mayLabel ? input.labels.map((name) => labelNamed(repository, name) ?? makeLabel(state, author, repository, name)) : [];
  issue.labels = [...new Set(labels)];
  state.emit({ name: "issues", action: "opened", sender: author, issue });
  for (const label of issue.labels) labelled(state, author, issue, label, "labeled");
  return issue;
}

function requireIssueEditor(state: GitHubState, actor: Actor, issue: Issue): Account {
  const role = actor.kind === "user" && actor.account === issue.author ? "read" : "triage";
  return requireAccess(state, actor, issue.repository, threadNeed(issue, role));
}

export async function editIssue(
  state: GitHubState,
  actor: Actor,
  issue: Issue,
  input: { readonly title?: string; readonly body?: string | null },
): Promise<void> {
  const sender = requireIssueEditor(state, actor, issue);
  if (input.title !== undefined) requireTitle("Issue", input.title);
  if (input.body !== undefined) requireBody("Issue", input.body);
  const changes = {
    ...(input.title !== undefined && input.title !== issue.title ? { title: issue.title } : {}),
    ...(input.body !== undefined && input.body !== issue.body ? { body: issue.body } : {}),
  };
  if (Object.keys(changes).length === 0) return;
  issue.title = input.title ?? issue.title;
  if (input.body !== undefined) issue.body = input.body;
  issue.updatedAt = state.now();
  state.emit({ name: "issues", action: "edited", sender, issue, changes });
}

export async function closeIssue(state: GitHubState, actor: Actor, issue: Issue, reason: "completed" | "not_planned"): Promise<void> {
  const sender = requireIssueEditor(state, actor, issue);
  if (issue.state === "closed") return;
  const now = state.now();
  issue.state = "closed";
  issue.stateReason = reason;
  issue.closedAt = now;
  issue.closedBy = sender;
  issue.updatedAt = now;
  note(state, issue, sender, { event: "closed" });
  state.emit({ name: "issues", action: "closed", sender, issue });
}

export async function reopenIssue(state: GitHubState, actor: Actor, issue: Issue): Promise<void> {
  const sender = requireIssueEditor(state, actor, issue);
  if (issue.state === "open") return;
  issue.state = "open";
  issue.stateReason = "reopened";
  issue.closedAt = null;
  issue.closedBy = null;
  issue.updatedAt = state.now();
  note(state, issue, sender, { event: "reopened" });
  state.emit({ name: "issues", action: "reopened", sender, issue });
}

/** Comments on an issue or pull request. Anyone who may read may comment. */
export async function addComment(state: GitHubState, actor: Actor, thread: Thread, body: string): Promise<Comment> {
  const author = requireAccess(state, actor, thread.repository, threadNeed(thread, "read"));
  if (body.trim() === "") throw invalid({ resource: "IssueComment", code: "missing_field", field: "body" });
  requireBody("IssueComment", body);
  const now = state.now();
  const comment: Comment = {
    kind: "comment",
    ...state.identify("comment"),
    thread,
    author,
    app: actingApp(actor),
    body,
    createdAt: now,
    updatedAt: now,
    lastEditedBy: null,
  };
  thread.comments.push(state.register(comment));
  thread.updatedAt = now;
  note(state, thread, author, { event: "commented", comment });
  state.emit({ name: "issue_comment", action: "created", sender: author, comment, before: null });
  return comment;
}

/** Edits a comment: one's own, or anyone's with write access. */
export async function editComment(state: GitHubState, actor: Actor, comment: Comment, body: string): Promise<void> {
  const role = actor.kind === "user" && actor.account === comment.author ? "read" : "write";
  const sender = requireAccess(state, actor, comment.thread.repository, threadNeed(comment.thread, role));
  requireBody("IssueComment", body);
  const before = comment.body;
  comment.body = body;
  comment.updatedAt = state.now();
  comment.lastEditedBy = sender;
  state.emit({ name: "issue_comment", action: "edited", sender, comment, before });
}

/** Puts labels on. Labels that the repository lacks are made, as GitHub does. */
export async function addLabels(state: GitHubState, actor: Actor, thread: Thread, names: readonly string[]): Promise<void> {
  const sender = requireAccess(state, actor, thread.repository, threadNeed(thread, "triage"));
  const blank = names.some((name) => name.trim() === "");
  if (blank) throw invalid({ resource: "Label", code: "invalid", field: "name" });
  for (const name of names) {
    const label = labelNamed(thread.repository, name) ?? makeLabel(state, sender, thread.repository, name);
    if (thread.labels.includes(label)) continue;
    if (thread.labels.length >= 100) throw unprocessable("Issue cannot have more than 100 labels");
    thread.labels = [...thread.labels, label];
    labelled(state, sender, thread, label, "labeled");
  }
}

/** Takes a label off. Throws 404 `Label does not exist` when the thread does not carry it. */
export async function removeLabel(state: GitHubState, actor: Actor, thread: Thread, name: string): Promise<void> {
  const sender = requireAccess(state, actor, thread.repository, threadNeed(thread, "triage"));
  const label = labelNamed(thread.repository, name);
  if (label === null || !thread.labels.includes(label)) throw new SandboxRefusal(404, "not-found", "Label does not exist");
  thread.labels = thread.labels.filter((candidate) => candidate !== label);
  labelled(state, sender, thread, label, "unlabeled");
}

function labelled(state: GitHubState, sender: Account, thread: Thread, label: Label, action: "labeled" | "unlabeled"): void {
  thread.updatedAt = state.now();
  note(state, thread, sender, { event: action, label });
  if (thread.kind === "issue") state.emit({ name: "issues", action, sender, issue: thread, label });
  else state.emit({ name: "pull_request", action, sender, pull: thread, label });
}
