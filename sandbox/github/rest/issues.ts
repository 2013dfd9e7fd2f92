import type { Comment, Issue, PullRequest } from "../model.ts";
import { notFound, unprocessable } from "../refusal.ts";
import { comment, issue, label, review, timelineEvent } from "../render/threads.ts";
import { gitCommit } from "../render/commits.ts";
import { iso } from "../render/accounts.ts";
import { requireAccess } from "../state/access.ts";
import { closePullRequest, commitsOf, editPullRequest, reopenPullRequest } from "../state/pulls.ts";
import {
  addComment,
  addLabels,
  closeIssue,
  createIssue,
  editComment,
  editIssue,
  readThreadNeed,
  removeLabel,
  reopenIssue,
  threadNumbered,
} from "../state/threads.ts";
import { Fields } from "./fields.ts";
import type { RestCall, Route } from "./route.ts";
import { created, numberParameter, ok, page, parameter, repositoryIn, route } from "./route.ts";

type Thread = Issue | PullRequest;

function threadIn(call: RestCall): Thread {
  return threadNumbered(repositoryIn(call), numberParameter(call, "issue_number"));
}

function readableThread(call: RestCall): Thread {
  const thread = threadIn(call);
  requireAccess(call.state, call.actor, thread.repository, readThreadNeed(thread));
  return thread;
}

function listIssues(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, {
    app: [
      ["issues", "read"],
      ["pull_requests", "read"],
    ],
    role: "read",
  });
  const wanted = call.query.get("state") ?? "open";
  const labels = (call.query.get("labels") ?? "").split(",").filter((name) => name !== "");
  const creator = call.query.get("creator");
  const since = Date.parse(call.query.get("since") ?? "") || 0;
  const found = [...where.threads.values()]
    .filter((thread) => wanted === "all" || thread.state === wanted)
    .filter((thread) => labels.every((name) => thread.labels.some((each) => each.name.toLowerCase() === name.toLowerCase())))
    .filter((thread) => creator === null || thread.author.login === creator)
    .filter((thread) => thread.updatedAt >= since)
    .toSorted((a, b) => b.createdAt - a.createdAt || b.number - a.number);
  return page(call, found, (thread) => issue(call.state, thread));
}

/** Labels come as `["a"]`, `{"labels": ["a"]}` or `{"labels": [{"name": "a"}]}`. */
function labelsIn(call: RestCall): readonly string[] {
  const parsed: unknown = call.rawBody === "" ? {} : JSON.parse(call.rawBody);
  const listed = Array.isArray(parsed) ? parsed : new Fields(parsed).raw("labels");
  if (!Array.isArray(listed)) throw unprocessable('Invalid request.\n\n"labels" wasn\'t supplied.');
  return listed.map((item: unknown) => (typeof item === "string" ? item : new Fields(item).requiredText("name")));
}

async function newIssue(call: RestCall) {
  const labels = call.body.has("labels") ? labelsIn(call) : [];
  const made = await createIssue(call.state, call.actor, repositoryIn(call), {
    title: call.body.text("title") ?? "",
    body: call.body.text("body") ?? null,
    labels,
  });
  return created(issue(call.state, made));
}

async function changeIssue(call: RestCall) {
  const { actor, body, state } = call;
  const thread = threadIn(call);
  const title = body.text("title");
  const edit = { ...(title === undefined ? {} : { title }), ...(body.has("body") ? { body: body.text("body") ?? null } : {}) };
  const wanted = body.choice("state", ["open", "closed"]);
  const reason = body.choice("state_reason", ["completed", "not_planned", "reopened", "duplicate"]);
  if (thread.kind === "issue") {
    await editIssue(state, actor, thread, edit);
    if (wanted === "closed") await closeIssue(state, actor, thread, reason === "not_planned" ? "not_planned" : "completed");
    if (wanted === "open") await reopenIssue(state, actor, thread);
  } else {
    await editPullRequest(state, actor, thread, edit);
    if (wanted === "closed") await closePullRequest(state, actor, thread);
    if (wanted === "open") await reopenPullRequest(state, actor, thread);
  }
  return ok(issue(state, thread));
}

function commentIn(call: RestCall): Comment {
  const id = numberParameter(call, "comment_id");
  const found = [...repositoryIn(call).threads.values()].flatMap((thread) => thread.comments).find((each) => each.id === id);
  if (found === undefined) throw notFound();
  return found;
}

function showLabels(call: RestCall, thread: Thread) {
  return thread.labels.map((each) => label(call.state, thread.repository, each));
}

interface Moment {
  readonly at: number;
  readonly show: () => unknown;
}

/** Timeline events with the commits and reviews between them, as they happened. */
async function timelineOf(call: RestCall, thread: Thread): Promise<readonly Moment[]> {
  const events: Moment[] = thread.timeline.map((event) => ({ at: event.at, show: () => timelineEvent(call.state, thread, event) }));
  if (thread.kind === "issue") return events;
  const commits = (await commitsOf(thread)).map((commit) => ({
    at: commit.committer.at,
    show: () => ({ ...gitCommit(call.state, thread.repository, commit), event: "committed" }),
  }));
  const reviews = thread.reviews.map((each) => ({
    at: each.submittedAt,
    show: () => ({ ...review(call.state, each), event: "reviewed", state: each.state.toLowerCase() }),
  }));
  return [...commits, ...events, ...reviews].toSorted((a, b) => a.at - b.at);
}

const ISSUES = "/repos/{owner}/{repo}/issues";

export const issueRoutes: readonly Route[] = [
  route("GET", ISSUES, listIssues),
  route("POST", ISSUES, newIssue),
  route("PATCH", `${ISSUES}/comments/{comment_id}`, async (call) => {
    const found = commentIn(call);
    await editComment(call.state, call.actor, found, call.body.requiredText("body"));
    return ok(comment(call.state, found));
  }),
  route("GET", `${ISSUES}/{issue_number}`, (call) => ok(issue(call.state, readableThread(call)))),
  route("PATCH", `${ISSUES}/{issue_number}`, changeIssue),
  route("GET", `${ISSUES}/{issue_number}/comments`, (call) => {
    const since = Date.parse(call.query.get("since") ?? "") || 0;
    const found = readableThread(call).comments.filter((each) => Date.parse(iso(each.updatedAt)) >= since);
    return page(call, found, (each) => comment(call.state, each));
  }),
  route("POST", `${ISSUES}/{issue_number}/comments`, async (call) =>
    created(comment(call.state, await addComment(call.state, call.actor, threadIn(call), call.body.requiredText("body")))),
  ),
  route("GET", `${ISSUES}/{issue_number}/labels`, (call) => {
    const thread = readableThread(call);
    return page(call, thread.labels, (each) => label(call.state, thread.repository, each));
  }),
  route("POST", `${ISSUES}/{issue_number}/labels`, async (call) => {
    const thread = threadIn(call);
    await addLabels(call.state, call.actor, thread, labelsIn(call));
    return ok(showLabels(call, thread));
  }),
  route("DELETE", `${ISSUES}/{issue_number}/labels/{name}`, async (call) => {
    const thread = threadIn(call);
    await removeLabel(call.state, call.actor, thread, parameter(call, "name"));
    return ok(showLabels(call, thread));
  }),
  route("GET", `${ISSUES}/{issue_number}/timeline`, async (call) =>
    page(call, await timelineOf(call, readableThread(call)), ({ show }) => show()),
  ),
];
