import type { PullRequest } from "../model.ts";
import { unprocessable } from "../refusal.ts";
import { diffEntry, repositoryCommit } from "../render/commits.ts";
import type { MergeableState } from "../render/pulls.ts";
import { pullRequest, pullRequestSimple } from "../render/pulls.ts";
import { review } from "../render/threads.ts";
import { requireAccess } from "../state/access.ts";
import { mergePullRequest } from "../state/merge.ts";
import { mergeViolations } from "../state/protection.ts";
import {
  READ_PULLS,
  closePullRequest,
  commitsOf,
  createPullRequest,
  editPullRequest,
  filesOf,
  pullNumbered,
  pullsOf,
  readMergeable,
  reopenPullRequest,
} from "../state/pulls.ts";
import {
  dismissReview,
  removeRequestedReviewers,
  requestReviewers,
  review as submitReview,
  reviewNumbered,
  reviewersNamed,
} from "../state/reviews.ts";
import type { RestCall, Route } from "./route.ts";
import { created, numberParameter, ok, page, repositoryIn, route } from "./route.ts";

/** GitHub lists no more than these of one pull request (docs, "List pull requests files" and "… commits"). */
const FILE_LIMIT = 3000;
const COMMIT_LIMIT = 250;

function pullIn(call: RestCall): PullRequest {
  return pullNumbered(repositoryIn(call), numberParameter(call, "pull_number"));
}

function readablePull(call: RestCall): PullRequest {
  const pull = pullIn(call);
  requireAccess(call.state, call.actor, pull.repository, READ_PULLS);
  return pull;
}

async function mergeability(
  call: RestCall,
  pull: PullRequest,
): Promise<{ readonly mergeable: boolean | null; readonly state: MergeableState }> {
  const mergeable = await readMergeable(call.state, pull);
  if (mergeable === null) return { mergeable, state: "unknown" };
  if (!mergeable) return { mergeable, state: "dirty" };
  if (pull.draft) return { mergeable, state: "draft" };
  return { mergeable, state: mergeViolations(call.state, call.actor, pull, null, "apart from the queue") === null ? "clean" : "blocked" };
}

async function showPull(call: RestCall, pull: PullRequest) {
  return pullRequest(call.state, pull, await mergeability(call, pull));
}

const SORT_KEYS = {
  created: (pull: PullRequest) => pull.createdAt,
  updated: (pull: PullRequest) => pull.updatedAt,
} as const;

function listPulls(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, READ_PULLS);
  const wanted = call.query.get("state") ?? "open";
  const head = call.query.get("head");
  const base = call.query.get("base");
  const key = SORT_KEYS[call.query.get("sort") === "updated" ? "updated" : "created"];
  // Newest first, unless another order than the default one is sorted by without a direction.
  const sign = (call.query.get("direction") ?? "desc") === "asc" ? 1 : -1;
  const found = pullsOf(where)
    .filter((pull) => wanted === "all" || pull.state === wanted)
    .filter((pull) => head === null || `${pull.head.owner.login}:${pull.head.ref}`.toLowerCase() === head.toLowerCase())
    .filter((pull) => base === null || pull.base.ref === base)
    .toSorted((a, b) => sign * (key(a) - key(b) || a.number - b.number));
  return page(call, found, (pull) => pullRequestSimple(call.state, pull));
}

async function newPull(call: RestCall) {
  const { body } = call;
  const pull = await createPullRequest(call.state, call.actor, repositoryIn(call), {
    title: body.text("title") ?? "",
    body: body.text("body") ?? null,
    head: body.requiredText("head"),
    base: body.requiredText("base"),
    draft: body.flag("draft") ?? false,
  });
  return created(await showPull(call, pull));
}

async function changePull(call: RestCall) {
  const { body } = call;
  const pull = pullIn(call);
  const title = body.text("title");
  const base = body.text("base");
  await editPullRequest(call.state, call.actor, pull, {
    ...(title === undefined ? {} : { title }),
    ...(body.has("body") ? { body: body.text("body") ?? null } : {}),
    ...(base === undefined ? {} : { base }),
  });
  const state = body.choice("state", ["open", "closed"]);
  if (state === "closed") await closePullRequest(call.state, call.actor, pull);
  if (state === "open") await reopenPullRequest(call.state, call.actor, pull);
  return ok(await showPull(call, pull));
}

async function merge(call: RestCall) {
  const { body } = call;
  const sha = await mergePullRequest(call.state, call.actor, pullIn(call), {
    method: body.choice("merge_method", ["merge", "squash", "rebase"]) ?? "merge",
    sha: body.text("sha") ?? null,
    title: body.text("commit_title") ?? null,
    message: body.text("commit_message") ?? null,
  });
  return ok({ sha, merged: true, message: "Pull Request successfully merged" });
}

async function files(call: RestCall) {
  const pull = readablePull(call);
  const { git } = pull.repository;
  const from = (await git.mergeBase(pull.base.oid, pull.head.oid)) ?? pull.base.oid;
  const changed = (await filesOf(pull)).slice(0, FILE_LIMIT);
  return page(call, changed, async (change) => {
    const patch = await git.patch(from, pull.head.oid, change.path);
    return diffEntry(call.state, pull.repository, pull.head.oid, change, patch);
  });
}

async function commits(call: RestCall) {
  const pull = readablePull(call);
  const found = (await commitsOf(pull)).slice(0, COMMIT_LIMIT);
  return page(call, found, (commit) => repositoryCommit(call.state, pull.repository, commit));
}

async function newReview(call: RestCall) {
  const event = call.body.choice("event", ["APPROVE", "REQUEST_CHANGES", "COMMENT"]);
  if (event === undefined) throw unprocessable("The sandbox submits reviews at once: give an event");
  const made = await submitReview(call.state, call.actor, pullIn(call), {
    event,
    body: call.body.text("body") ?? "",
    commit: call.body.text("commit_id") ?? null,
  });
  return ok(review(call.state, made));
}

async function dismissal(call: RestCall) {
  const found = reviewNumbered(pullIn(call), numberParameter(call, "review_id"));
  await dismissReview(call.state, call.actor, found, call.body.requiredText("message"));
  return ok(review(call.state, found));
}

function reviewersIn(call: RestCall, pull: PullRequest) {
  return reviewersNamed(call.state, pull, call.body.texts("reviewers") ?? [], call.body.texts("team_reviewers") ?? []);
}

const PULLS = "/repos/{owner}/{repo}/pulls";

export const pullRoutes: readonly Route[] = [
  route("GET", PULLS, listPulls),
  route("POST", PULLS, newPull),
  route("GET", `${PULLS}/{pull_number}`, async (call) => ok(await showPull(call, readablePull(call)))),
  route("PATCH", `${PULLS}/{pull_number}`, changePull),
  route("PUT", `${PULLS}/{pull_number}/merge`, merge),
  route("GET", `${PULLS}/{pull_number}/files`, files),
  route("GET", `${PULLS}/{pull_number}/commits`, commits),
  route("GET", `${PULLS}/{pull_number}/reviews`, (call) => page(call, readablePull(call).reviews, (each) => review(call.state, each))),
  route("POST", `${PULLS}/{pull_number}/reviews`, newReview),
  route("PUT", `${PULLS}/{pull_number}/reviews/{review_id}/dismissals`, dismissal),
  route("POST", `${PULLS}/{pull_number}/requested_reviewers`, async (call) => {
    const pull = pullIn(call);
    await requestReviewers(call.state, call.actor, pull, reviewersIn(call, pull));
    return created(pullRequestSimple(call.state, pull));
  }),
  route("DELETE", `${PULLS}/{pull_number}/requested_reviewers`, async (call) => {
    const pull = pullIn(call);
    await removeRequestedReviewers(call.state, call.actor, pull, reviewersIn(call, pull));
    return ok(pullRequestSimple(call.state, pull));
  }),
];
