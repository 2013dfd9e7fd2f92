/** Every webhook the sandbox sends in a long story has the shape that GitHub describes for it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { NO_OID } from "../../sandbox/github/model.ts";
import {
  createTeam,
  createUser,
  install,
  joinTeam,
  leaveTeam,
  selectRepository,
  suspend,
  uninstall,
} from "../../sandbox/github/state/accounts.ts";
import { createCheckRun, rerequestCheckRun, updateCheckRun } from "../../sandbox/github/state/checks.ts";
import { createDeployment, createDeploymentStatus } from "../../sandbox/github/state/deployments.ts";
import { createLabel } from "../../sandbox/github/state/labels.ts";
import { mergePullRequest } from "../../sandbox/github/state/merge.ts";
import { dequeuePullRequest, enqueuePullRequest } from "../../sandbox/github/state/merge-queue.ts";
import { addRuleset } from "../../sandbox/github/state/protection.ts";
import { closePullRequest, editPullRequest, reopenPullRequest, setDraft } from "../../sandbox/github/state/pulls.ts";
import { createRef, deleteRef, updateRefs } from "../../sandbox/github/state/refs.ts";
import { createRepository } from "../../sandbox/github/state/repositories.ts";
import { dismissReview, removeRequestedReviewers, requestReviewers, review } from "../../sandbox/github/state/reviews.ts";
import {
  addComment,
  addLabels,
  closeIssue,
  createIssue,
  editComment,
  editIssue,
  removeLabel,
  reopenIssue,
} from "../../sandbox/github/state/threads.ts";
import { Webhooks } from "../../sandbox/github/webhooks.ts";
import { loadOpenApi } from "../openapi.ts";
import { GraphqlWorld } from "./github-graphql-world.ts";

const openapi = loadOpenApi();

let world: GraphqlWorld;
let webhooks: Webhooks;

/** What was sent of one kind, as its receiver parses it. */
function sent(name: string): readonly { readonly event: string; readonly payload: object }[] {
  const found = webhooks.log.filter(({ event, action }) => name === (action === null ? event : `${event}.${action}`));
  return found.map(({ event, body }) => {
    const payload: unknown = JSON.parse(body);
    if (typeof payload !== "object" || payload === null) throw new Error(`the payload of ${event} is no object`);
    return { event, payload };
  });
}

async function pullStory(): Promise<void> {
  const { state, repository } = world;
  const [bot, alice] = [world.bot(), world.user(world.alice)];
  const pull = await world.pull("promote");
  await editPullRequest(state, bot, pull, { title: "Other", body: "Text" });
  await addLabels(state, alice, pull, ["promote:prod"]);
  await removeLabel(state, alice, pull, "promote:prod");
  await requestReviewers(state, bot, pull, { users: [world.alice], teams: [world.sre] });
  await removeRequestedReviewers(state, bot, pull, { users: [world.alice], teams: [world.sre] });
  await world.commit("promote", "apps/web.yaml", "tag: 9\n");
  await setDraft(state, bot, pull, true);
  await setDraft(state, bot, pull, false);
  const submitted = await review(state, alice, pull, { event: "APPROVE", body: "Fine", commit: null });
  await dismissReview(state, world.user(world.owner), submitted, "Not so fine");
  await review(state, alice, pull, { event: "COMMENT", body: "Well", commit: null });
  const comment = await addComment(state, alice, pull, "/pinion status");
  await editComment(state, world.user(world.owner), comment, "/pinion promote");
  await closePullRequest(state, bot, pull);
  await reopenPullRequest(state, bot, pull);
  await mergePullRequest(state, bot, pull, { method: "squash", sha: null, title: null, message: null });
  await updateRefs(state, bot, repository, [{ name: "refs/heads/promote", before: null, after: world.head(), force: true }]);
  await deleteRef(state, bot, repository, "refs/heads/promote");
  await createRef(state, bot, repository, "refs/tags/v1", world.head());
  await updateRefs(state, bot, repository, [{ name: "refs/tags/v1", before: null, after: NO_OID, force: true }]);
}

async function queueStory(): Promise<void> {
  const { state, repository } = world;
  world.app.events.add("merge_group");
  addRuleset(state, repository, { name: "queue", include: ["~DEFAULT_BRANCH"], rules: [{ type: "merge_queue", minToMerge: 2 }] });
  const [first, second] = [await world.pull("first"), await world.pull("second")];
  await enqueuePullRequest(state, world.bot(), first, { head: first.head.oid, jump: false });
  await state.idle();
  await dequeuePullRequest(state, world.user(world.alice), first);
  await enqueuePullRequest(state, world.bot(), first, { head: null, jump: false });
  await enqueuePullRequest(state, world.user(world.alice), second, { head: null, jump: false });
  await state.idle();
  repository.rulesets.length = 0;
  world.app.events.delete("merge_group");
}

async function issueStory(): Promise<void> {
  const { state, repository } = world;
  const alice = world.user(world.alice);
  await createLabel(state, world.bot(), repository, { name: "freeze:prod", color: "ff0000", description: "Stop the line" });
  const issue = await createIssue(state, alice, repository, { title: "Stop", body: null, labels: ["freeze:prod"] });
  await editIssue(state, alice, issue, { title: "Stop now", body: "Why" });
  await removeLabel(state, alice, issue, "freeze:prod");
  await addComment(state, alice, issue, "Go on");
  await closeIssue(state, alice, issue, "completed");
  await reopenIssue(state, alice, issue);
}

async function runStory(): Promise<void> {
  const { state, repository } = world;
  const bot = world.bot();
  const run = await createCheckRun(state, bot, repository, {
    name: "Pinion",
    headSha: world.head(),
    status: "in_progress",
    output: { title: "Waiting", summary: "soak", text: null },
  });
  await updateCheckRun(state, bot, run, { conclusion: "success" });
  await rerequestCheckRun(state, world.user(world.owner), run);
  const deployment = await createDeployment(state, bot, repository, {
    ref: "main",
    environment: "dev",
    task: "promote:web",
    autoMerge: false,
    requiredContexts: [],
  });
  await createDeploymentStatus(state, bot, deployment, { state: "success", description: "Healthy" });
  const published = { id: 1, versionId: 2, name: "checkout", tag: "1.4.2", digest: `sha256:${"a".repeat(64)}` };
  state.emit({ name: "registry_package", action: "published", sender: world.alice, repository, published });
  state.emit({ name: "registry_package", action: "updated", sender: world.alice, repository, published });
  world.app.events.add("package");
  state.emit({ name: "package", action: "published", sender: world.alice, repository, published });
  world.app.events.delete("package");
}

async function installationStory(): Promise<void> {
  const { state, organization } = world;
  const other = await createRepository(state, { owner: organization, name: "other", private: true });
  const someone = createUser(state, "someone");
  const team = createTeam(state, organization, "leads", world.sre);
  joinTeam(state, team, someone);
  leaveTeam(state, team, someone);
  const installation = install(state, world.app, organization, [other]);
  selectRepository(state, installation, other, false);
  selectRepository(state, installation, other, true);
  suspend(state, installation, true);
  suspend(state, installation, false);
  uninstall(state, installation);
}

const EXPECTED = [
  "push",
  "create",
  "delete",
  ...["opened", "edited", "labeled", "unlabeled", "review_requested", "review_request_removed", "synchronize"].map(
    (action) => `pull_request.${action}`,
  ),
  ...["converted_to_draft", "ready_for_review", "closed", "reopened"].map((action) => `pull_request.${action}`),
  ...["enqueued", "dequeued"].map((action) => `pull_request.${action}`),
  ...["checks_requested", "destroyed"].map((action) => `merge_group.${action}`),
  ...["submitted", "dismissed"].map((action) => `pull_request_review.${action}`),
  ...["created", "edited"].map((action) => `issue_comment.${action}`),
  ...["opened", "edited", "labeled", "unlabeled", "closed", "reopened"].map((action) => `issues.${action}`),
  "label.created",
  ...["created", "completed", "rerequested"].map((action) => `check_run.${action}`),
  "check_suite.requested",
  "deployment.created",
  "deployment_status.created",
  ...["created", "deleted", "suspend", "unsuspend"].map((action) => `installation.${action}`),
  ...["added", "removed"].map((action) => `installation_repositories.${action}`),
  ...["published", "updated"].map((action) => `registry_package.${action}`),
  "package.published",
  ...["added", "removed"].map((action) => `membership.${action}`),
];

/** Not among the events an App's own description may list: two that every App gets, two that the list forgot. */
const UNLISTED: ReadonlySet<string> = new Set(["installation", "installation_repositories", "merge_group", "package"]);

describe.skipIf(openapi === null)("webhooks", () => {
  beforeAll(async () => {
    world = await GraphqlWorld.create();
    world.app.events = new Set(EXPECTED.map((name) => name.split(".")[0] ?? "").filter((event) => !UNLISTED.has(event)));
    webhooks = new Webhooks(world.state);
    webhooks.mode = "hold";
    await pullStory();
    await queueStory();
    await issueStory();
    await runStory();
    await installationStory();
    await webhooks.settled();
  });

  afterAll(() => world.end());

  it("the story holds every kind", () => {
    expect(EXPECTED.filter((name) => sent(name).length === 0)).toEqual([]);
  });

  it.each(EXPECTED)("%s is as GitHub describes it", (name) => {
    const problems = sent(name).flatMap(({ event, payload }) => openapi?.checkWebhook(event, payload) ?? []);
    expect([...new Set(problems)]).toEqual([]);
  });

  it("the check can fail", () => {
    const opened = sent("pull_request.opened")[0]?.payload;
    expect(openapi?.checkWebhook("pull_request", { ...opened, number: "1" })).toEqual([
      "pull_request.opened: /number must be integer (integer)",
    ]);
    expect(openapi?.checkWebhook("pull_request", { action: "exploded" })).toEqual(["GitHub sends no pull_request with action exploded"]);
  });
});
