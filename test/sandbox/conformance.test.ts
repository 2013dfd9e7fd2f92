/** Every route of the sandbox answers in the shape and with a status that GitHub describes for it, refusals too. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { appRoutes } from "../../sandbox/github/rest/apps.ts";
import { checkRoutes } from "../../sandbox/github/rest/checks.ts";
import { deploymentRoutes } from "../../sandbox/github/rest/deployments.ts";
import { gitRoutes } from "../../sandbox/github/rest/git.ts";
import { issueRoutes } from "../../sandbox/github/rest/issues.ts";
import { organizationRoutes } from "../../sandbox/github/rest/organizations.ts";
import { pullRoutes } from "../../sandbox/github/rest/pulls.ts";
import { repositoryRoutes } from "../../sandbox/github/rest/repositories.ts";
import { dequeuePullRequest } from "../../sandbox/github/state/merge-queue.ts";
import { addRuleset } from "../../sandbox/github/state/protection.ts";
import { pullNumbered } from "../../sandbox/github/state/pulls.ts";
import { loadOpenApi } from "../openapi.ts";
import { numberIn, textIn } from "./answer-fields.ts";
import { Story } from "./conformance-story.ts";
import { GraphqlWorld } from "./github-graphql-world.ts";

const openapi = loadOpenApi();
const REPO = "/repos/acme/deploy";

const ROUTES = [
  ...appRoutes,
  ...repositoryRoutes,
  ...checkRoutes,
  ...gitRoutes,
  ...pullRoutes,
  ...issueRoutes,
  ...deploymentRoutes,
  ...organizationRoutes,
].map(({ method, template }) => ({ method, route: template.replaceAll("{+", "{") }));

/** GitHub answers these and does not describe them. */
const UNDESCRIBED = new Set(["/repositories/{repository_id}"]);

let story: Story;

async function apps(): Promise<void> {
  const { installation } = story.world;
  await story.expect(200, "app", "GET", "/app");
  await story.expect(200, "app", "GET", "/app/installations");
  await story.expect(200, "app", "GET", `/app/installations/${installation.id}`);
  await story.expect(404, "app", "GET", "/app/installations/1");
  await story.expect(201, "app", "POST", `/app/installations/${installation.id}/access_tokens`);
  const narrowed = { repositories: ["deploy"], permissions: { contents: "read" } };
  await story.expect(201, "app", "POST", `/app/installations/${installation.id}/access_tokens`, narrowed);
  await story.expect(422, "app", "POST", `/app/installations/${installation.id}/access_tokens`, { repositories: ["none"] });
  await story.expect(200, "app", "GET", `${REPO}/installation`);
  await story.expect(401, "bot", "GET", "/app");
  await story.expect(200, "bot", "GET", "/installation/repositories");
  await story.expect(200, "bot", "GET", "/users/alice");
  await story.expect(200, "bot", "GET", "/users/pinion%5Bbot%5D");
  await story.expect(404, "bot", "GET", "/users/nobody-here");
  await story.expect(200, "bot", "GET", "/orgs/acme/teams/sre");
  await story.expect(200, "bot", "GET", "/orgs/acme/teams/sre/members");
  await story.expect(200, "bot", "GET", "/orgs/acme/teams/sre/memberships/alice");
  await story.expect(200, "bot", "GET", "/orgs/acme/teams/sre/memberships/bob");
  await story.expect(404, "bot", "GET", "/orgs/acme/teams/none");
  await story.expect(200, "bot", "GET", "/rate_limit");
}

function protect(): void {
  const { repository, app, state } = story.world;
  repository.protections.set("main", {
    checks: { strict: false, required: [{ context: "Pinion", appId: app.id }] },
    reviews: { count: 1, dismissStale: true, codeOwners: true },
    enforceAdmins: false,
    allowForcePushes: false,
    allowDeletions: false,
    linearHistory: false,
    restrictions: { users: ["olga"], teams: ["sre"], apps: ["pinion"] },
  });
  repository.rulesets.push({
    ...state.identify("ruleset"),
    name: "log",
    enforcement: "active",
    include: ["refs/heads/pinion-log", "~DEFAULT_BRANCH"],
    exclude: [],
    bypass: [
      { type: "Integration", appId: app.id, mode: "always" },
      { type: "RepositoryRole", role: "admin", mode: "pull_request" },
    ],
    rules: [
      { type: "non_fast_forward" },
      { type: "deletion" },
      {
        type: "required_status_checks",
        strict: true,
        required: [
          { context: "Pinion", appId: app.id },
          { context: "ci", appId: null },
        ],
      },
      { type: "pull_request", approvals: 1, dismissStale: false, codeOwners: true },
      { type: "merge_queue" },
    ],
    createdAt: state.now(),
  });
}

async function repositories(): Promise<void> {
  await story.expect(200, "bot", "GET", REPO);
  await story.expect(200, "owner", "GET", REPO);
  await story.expect(404, "stranger", "GET", REPO);
  await story.expect(404, "nobody", "GET", REPO);
  await story.expect(401, "liar", "GET", REPO);
  await story.expect(200, "bot", "GET", `/repositories/${story.world.repository.id}`);
  await story.expect(200, "bot", "GET", `${REPO}/collaborators/alice/permission`);
  await story.expect(200, "bot", "GET", `${REPO}/collaborators/bob/permission`);
  await story.expect(404, "bot", "GET", `${REPO}/collaborators/nobody-here/permission`);
  await story.expect(200, "bot", "GET", `${REPO}/branches/main`);
  await story.expect(404, "owner", "GET", `${REPO}/branches/main/protection`);
  await story.expect(404, "bot", "GET", `${REPO}/branches/none`);
  protect();
  await story.expect(200, "bot", "GET", `${REPO}/branches/main`);
  await story.expect(200, "owner", "GET", `${REPO}/branches/main/protection`);
  await story.expect(403, "bot", "GET", `${REPO}/branches/main/protection`);
  await story.expect(200, "bot", "GET", `${REPO}/rules/branches/main`);
  await story.expect(200, "bot", "GET", `${REPO}/rulesets`);
  const [ruleset] = story.world.repository.rulesets;
  await story.expect(200, "bot", "GET", `${REPO}/rulesets/${ruleset?.id}`);
  await story.expect(200, "owner", "GET", `${REPO}/rulesets/${ruleset?.id}`);
  await story.expect(404, "bot", "GET", `${REPO}/rulesets/1`);
  await story.expect(404, "bot", "GET", `${REPO}/codeowners/errors`);
  story.world.repository.protections.clear();
  story.world.repository.rulesets.length = 0;
  await story.world.commit("main", ".github/CODEOWNERS", "* @acme/sre\n/a @nobody-here\n[x] @alice\n");
  await story.expect(200, "bot", "GET", `${REPO}/codeowners/errors`);
  await story.expect(201, "bot", "POST", `${REPO}/labels`, { name: "freeze:prod", color: "ff0000", description: "Stop the line" });
  await story.expect(422, "bot", "POST", `${REPO}/labels`, { name: "freeze:prod", color: "ff0000" });
  await story.expect(200, "bot", "GET", `${REPO}/labels`);
  await story.expect(200, "bot", "GET", `${REPO}/labels/freeze:prod`);
  await story.expect(404, "bot", "GET", `${REPO}/labels/none`);
}

async function git(): Promise<string> {
  const blob = textIn(await story.expect(201, "bot", "POST", `${REPO}/git/blobs`, { content: "tag: 2\n" }), "sha");
  const main = story.world.head();
  const base = textIn(await story.expect(200, "bot", "GET", `${REPO}/git/commits/${main}`), "tree", "sha");
  await story.expect(404, "bot", "GET", `${REPO}/git/commits/${"1".repeat(40)}`);
  const items = [
    { path: "apps/web.yaml", mode: "100644", type: "blob", sha: blob },
    { path: "apps/new.yaml", mode: "100644", type: "blob", content: "x: 1\n" },
  ];
  const tree = textIn(await story.expect(201, "bot", "POST", `${REPO}/git/trees`, { base_tree: base, tree: items }), "sha");
  await story.expect(422, "bot", "POST", `${REPO}/git/trees`, {
    base_tree: base,
    tree: [{ path: "x", mode: "100644", sha: "1".repeat(40) }],
  });
  await story.expect(200, "bot", "GET", `${REPO}/git/trees/${tree}`);
  await story.expect(200, "bot", "GET", `${REPO}/git/trees/${tree}?recursive=1`);
  await story.expect(404, "bot", "GET", `${REPO}/git/trees/${"1".repeat(40)}`);
  const commit = textIn(
    await story.expect(201, "bot", "POST", `${REPO}/git/commits`, { message: "Promote web 2", tree, parents: [main] }),
    "sha",
  );
  const named = {
    message: "By hand",
    tree,
    parents: [main],
    author: { name: "Alice", email: "alice@example.com", date: "2026-01-05T08:00:00Z" },
  };
  const byHand = textIn(await story.expect(201, "bot", "POST", `${REPO}/git/commits`, named), "sha");
  await story.expect(201, "bot", "POST", `${REPO}/git/refs`, { ref: "refs/heads/pinion/web", sha: commit });
  await story.expect(422, "bot", "POST", `${REPO}/git/refs`, { ref: "refs/heads/pinion/web", sha: commit });
  await story.expect(422, "bot", "POST", `${REPO}/git/refs`, { ref: "refs/heads/other", sha: "1".repeat(40) });
  await story.expect(200, "bot", "GET", `${REPO}/git/ref/heads/pinion/web`);
  await story.expect(404, "bot", "GET", `${REPO}/git/ref/heads/none`);
  await story.expect(200, "bot", "GET", `${REPO}/git/matching-refs/heads/pinion/`);
  await story.expect(422, "bot", "PATCH", `${REPO}/git/refs/heads/pinion/web`, { sha: byHand });
  await story.expect(200, "bot", "PATCH", `${REPO}/git/refs/heads/pinion/web`, { sha: byHand, force: true });
  await story.expect(200, "bot", "PATCH", `${REPO}/git/refs/heads/pinion/web`, { sha: commit, force: true });
  await story.expect(201, "bot", "POST", `${REPO}/git/refs`, { ref: "refs/heads/gone", sha: commit });
  await story.expect(204, "bot", "DELETE", `${REPO}/git/refs/heads/gone`);
  await story.expect(422, "bot", "DELETE", `${REPO}/git/refs/heads/gone`);
  await story.expect(200, "bot", "GET", `${REPO}/contents/apps?ref=${commit}`);
  await story.expect(200, "bot", "GET", `${REPO}/contents/apps/web.yaml?ref=pinion/web`);
  await story.expect(404, "bot", "GET", `${REPO}/contents/none.yaml`);
  await story.expect(200, "bot", "GET", `${REPO}/commits/${commit}`);
  await story.expect(200, "bot", "GET", `${REPO}/commits/pinion/web`);
  await story.expect(422, "bot", "GET", `${REPO}/commits/${"1".repeat(40)}`);
  return commit;
}

async function pulls(head: string): Promise<number> {
  const input = { title: "Promote web 2 to prod", body: "Because", head: "pinion/web", base: "main" };
  const pull = numberIn(await story.expect(201, "bot", "POST", `${REPO}/pulls`, input), "number");
  await story.expect(422, "bot", "POST", `${REPO}/pulls`, input);
  await story.expect(422, "bot", "POST", `${REPO}/pulls`, { ...input, head: "none" });
  const at = `${REPO}/pulls/${pull}`;
  await story.expect(200, "bot", "GET", `${REPO}/pulls?state=all&per_page=1`);
  await story.expect(200, "bot", "GET", at);
  await story.expect(404, "bot", "GET", `${REPO}/pulls/999`);
  await story.expect(200, "bot", "PATCH", at, { title: "Promote web 2 to production", state: "closed" });
  await story.expect(200, "bot", "PATCH", at, { state: "open" });
  await story.expect(200, "bot", "GET", `${at}/files`);
  await story.expect(200, "bot", "GET", `${at}/commits`);
  await story.expect(201, "bot", "POST", `${at}/requested_reviewers`, { reviewers: ["alice"], team_reviewers: ["sre"] });
  await story.expect(200, "bot", "GET", at);
  await story.expect(422, "bot", "POST", `${at}/requested_reviewers`, { reviewers: ["bob"] });
  await story.expect(200, "bot", "DELETE", `${at}/requested_reviewers`, { reviewers: ["alice"], team_reviewers: ["sre"] });
  const review = numberIn(
    await story.expect(200, "alice", "POST", `${at}/reviews`, { event: "APPROVE", body: "Fine", commit_id: head }),
    "id",
  );
  await story.expect(422, "bot", "POST", `${at}/reviews`, { event: "APPROVE" });
  await story.expect(200, "bot", "GET", `${at}/reviews`);
  await story.expect(200, "owner", "PUT", `${at}/reviews/${review}/dismissals`, { message: "Not yet" });
  await story.expect(404, "owner", "PUT", `${at}/reviews/1/dismissals`, { message: "Not yet" });
  return pull;
}

async function issues(pull: number): Promise<void> {
  const issue = numberIn(
    await story.expect(201, "alice", "POST", `${REPO}/issues`, { title: "Stop", body: "Why", labels: ["freeze:prod"] }),
    "number",
  );
  await story.expect(422, "alice", "POST", `${REPO}/issues`, { title: "" });
  await story.expect(200, "bot", "GET", `${REPO}/issues?state=all`);
  await story.expect(200, "bot", "GET", `${REPO}/issues/${issue}`);
  await story.expect(404, "bot", "GET", `${REPO}/issues/999`);
  await story.expect(200, "alice", "PATCH", `${REPO}/issues/${issue}`, { state: "closed", state_reason: "not_planned" });
  await story.expect(200, "bot", "GET", `${REPO}/issues/${issue}/timeline`);
  const thread = `${REPO}/issues/${pull}`;
  await story.expect(200, "bot", "GET", thread);
  await story.expect(200, "alice", "POST", `${thread}/labels`, { labels: ["promote:prod"] });
  await story.expect(200, "alice", "POST", `${thread}/labels`, ["held"]);
  await story.expect(200, "bot", "GET", `${thread}/labels`);
  await story.expect(200, "bot", "DELETE", `${thread}/labels/promote:prod`);
  await story.expect(404, "bot", "DELETE", `${thread}/labels/promote:prod`);
  const comment = numberIn(await story.expect(201, "bot", "POST", `${thread}/comments`, { body: "Hello" }), "id");
  await story.expect(422, "bot", "POST", `${thread}/comments`, { body: "" });
  await story.expect(200, "bot", "PATCH", `${REPO}/issues/comments/${comment}`, { body: "Hello again" });
  await story.expect(200, "bot", "GET", `${thread}/comments`);
  await queueAndBack(pull);
  await story.expect(200, "bot", "GET", `${thread}/timeline?per_page=100`);
}

/** Into a merge queue and out of it again, by GraphQL. */
async function queueAndBack(number: number): Promise<void> {
  const { state, repository, alice } = story.world;
  addRuleset(state, repository, { name: "queue", include: ["~DEFAULT_BRANCH"], rules: [{ type: "merge_queue", minToMerge: 2 }] });
  const { nodeId } = pullNumbered(repository, number);
  await story.world.data("mutation ($id: ID!) { enqueuePullRequest(input: { pullRequestId: $id }) { clientMutationId } }", { id: nodeId });
  await state.idle();
  await dequeuePullRequest(state, story.world.user(alice), pullNumbered(repository, number));
  await state.idle();
  repository.rulesets.length = 0;
}

async function checks(head: string): Promise<void> {
  const output = { title: "Waiting: soak", summary: "| gate |", text: "More" };
  const made = await story.expect(201, "bot", "POST", `${REPO}/check-runs`, {
    name: "Pinion",
    head_sha: head,
    status: "in_progress",
    external_id: "f00",
    output,
  });
  const run = `${REPO}/check-runs/${numberIn(made, "id")}`;
  await story.expect(422, "bot", "POST", `${REPO}/check-runs`, { name: "Pinion", head_sha: "1".repeat(40) });
  await story.expect(403, "owner", "POST", `${REPO}/check-runs`, { name: "Fake", head_sha: head });
  await story.expect(200, "bot", "PATCH", run, { conclusion: "success", completed_at: "2026-01-05T09:30:00Z" });
  await story.expect(200, "bot", "GET", run);
  await story.expect(404, "bot", "GET", `${REPO}/check-runs/1`);
  await story.expect(201, "owner", "POST", `${run}/rerequest`);
  const suite = `${REPO}/check-suites/${numberIn(made, "check_suite", "id")}`;
  await story.expect(200, "bot", "GET", suite);
  await story.expect(200, "bot", "GET", `${suite}/check-runs`);
  await story.expect(200, "bot", "GET", `${REPO}/commits/${head}/check-runs`);
  await story.expect(200, "bot", "GET", `${REPO}/commits/pinion/web/check-suites`);
}

async function deployments(): Promise<void> {
  const input = { ref: "main", environment: "dev", task: "promote:web", auto_merge: false, required_contexts: [], payload: { app: "web" } };
  const id = numberIn(await story.expect(201, "bot", "POST", `${REPO}/deployments`, input), "id");
  await story.expect(422, "bot", "POST", `${REPO}/deployments`, { ...input, ref: "none" });
  await story.expect(200, "bot", "GET", `${REPO}/deployments?environment=dev`);
  await story.expect(200, "bot", "GET", `${REPO}/deployments/${id}`);
  await story.expect(404, "bot", "GET", `${REPO}/deployments/1`);
  const state = {
    state: "success",
    description: "Healthy",
    environment_url: "https://dev.example.com",
    log_url: "https://argocd.example.com",
  };
  await story.expect(201, "bot", "POST", `${REPO}/deployments/${id}/statuses`, state);
  await story.expect(200, "bot", "GET", `${REPO}/deployments/${id}/statuses`);
}

async function merges(pull: number, head: string): Promise<void> {
  const at = `${REPO}/pulls/${pull}`;
  await story.expect(409, "bot", "PUT", `${at}/merge`, { sha: "1".repeat(40), merge_method: "squash" });
  story.world.repository.mergeMethods.delete("rebase");
  await story.expect(405, "bot", "PUT", `${at}/merge`, { sha: head, merge_method: "rebase" });
  await story.expect(200, "bot", "PUT", `${at}/merge`, {
    sha: head,
    merge_method: "squash",
    commit_title: "Promote",
    commit_message: "Approved",
  });
  await story.expect(405, "bot", "PUT", `${at}/merge`, { sha: head, merge_method: "squash" });
  await story.expect(200, "bot", "GET", at);
  await story.expect(200, "bot", "GET", `${REPO}/pulls?state=closed`);
}

describe.skipIf(openapi === null)("answers of REST", () => {
  beforeAll(async () => {
    if (openapi === null) return;
    story = new Story(openapi, await GraphqlWorld.create());
    await story.begin();
    await apps();
    await repositories();
    const head = await git();
    const pull = await pulls(head);
    await issues(pull);
    await checks(head);
    await deployments();
    await merges(pull, head);
  });

  afterAll(() => story.end());

  it.each(ROUTES)("$method $route", ({ method, route }) => {
    const answers = story.answered.filter((answer) => answer.method === method && answer.route === route);
    expect(answers.filter((answer) => answer.status < 300)).not.toEqual([]);
    if (UNDESCRIBED.has(route)) return;
    expect(openapi?.operation(method, answers[0]?.path.split("?")[0] ?? "")?.path.replaceAll(/\{[^}]+\}/g, "{}")).toBe(
      route.replaceAll(/\{[^}]+\}/g, "{}"),
    );
    expect([...new Set(answers.flatMap((answer) => answer.problems))]).toEqual([]);
  });

  it("and of the addresses that are no route of the sandbox's", () => {
    const others = story.answered.filter(
      (answer) => !ROUTES.some(({ method, route }) => method === answer.method && route === answer.route),
    );
    expect(others.flatMap((answer) => answer.problems)).toEqual([]);
  });

  it("the check can fail", () => {
    expect(openapi?.checkResponse("GET", "/repos/a/b/pulls/1", 200, {}).length).toBeGreaterThan(10);
    expect(openapi?.checkResponse("GET", "/repos/a/b/pulls/1", 202, {})).toEqual(["pulls/get never answers 202"]);
    expect(openapi?.checkResponse("GET", "/repos/a/b/pullz/1", 200, {})).toEqual(["GET /repos/a/b/pullz/1 is no operation of GitHub"]);
    expect(openapi?.checkResponse("PUT", "/repos/a/b/pulls/1/merge", 418, { wrong: true })).not.toEqual([]);
    expect(openapi?.checkResponse("DELETE", "/repos/a/b/git/refs/heads/x", 204, { unexpected: true })).toEqual([
      "git/delete-ref 204 has no body",
    ]);
  });
});
