/** GitHub's merge queue, over HTTP: what may enter, in which order it merges, and what is told. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Rule } from "../../../sandbox/github/model.ts";
import { at, call, installationToken, listAt, textAt } from "./client.ts";
import { QueueWorld, MINUTE } from "./queue-world.ts";

let origin: QueueWorld;
let world: QueueWorld;

beforeAll(async () => {
  origin = await QueueWorld.create();
});

afterAll(() => origin.github.close());

beforeEach(async () => {
  world = await origin.fresh();
});

const ENQUEUE = `mutation ($input: EnqueuePullRequestInput!) { enqueuePullRequest(input: $input) { mergeQueueEntry { position state } } }`;

describe("a branch with a queue", () => {
  it("is merged into by the queue only", async () => {
    world.queue();
    const number = await world.proposal("a");
    const answer = await call(world.github, world.token, "PUT", `/repos/acme/${world.repository.name}/pulls/${number}/merge`, {});
    expect(answer.status).toBe(405);
    expect(answer.said).toContain("Changes must be made through the merge queue");
    const merge = world.app.graphql("mutation ($id: ID!) { mergePullRequest(input: { pullRequestId: $id }) { clientMutationId } }", { id: world.pull(number).nodeId });
    await expect(merge).rejects.toThrow("Changes must be made through the merge queue");
    await expect(world.alice.mergeWithButton(number)).rejects.toThrow("Changes must be made through the merge queue");
  });

  it("merges what passes, by fast-forward to what was checked", async () => {
    world.queue();
    const number = await world.proposal("a");
    const before = world.tip();
    await world.enqueued(number);
    const head = world.headOf(number);
    expect(world.tip(`gh-readonly-queue/main/pr-${number}-${before}`)).toBe(head);
    expect(world.tip()).toBe(before);
    await world.report(number, "success");
    expect(world.tip()).toBe(head);
    const commit = await world.repository.git.commit(head);
    expect(commit?.parents).toEqual([before]);
    expect(commit?.message).toBe(`Set a to 2 (#${number})`);
    expect(commit?.committer.name).toBe("GitHub");
    expect(commit?.author.name).toBe("alice");
    expect(world.pull(number)).toMatchObject({ state: "closed", mergeCommit: head, mergedBy: { login: "alice" } });
    expect(world.groupBranches()).toEqual([]);
    expect(await world.told()).toEqual([
      `pull_request enqueued #${number}`,
      "merge_group checks_requested",
      `pull_request dequeued MERGE #${number}`,
      `pull_request closed #${number}`,
      "merge_group destroyed merged",
    ]);
  });

  it("shows itself by GraphQL", async () => {
    world.queue({ minToMerge: 2, method: "merge" });
    const [first, second] = [await world.proposal("a"), await world.proposal("b")];
    expect(at(await world.asked(first), "repository", "pullRequest")).toMatchObject({ isMergeQueueEnabled: true, isInMergeQueue: false, mergeQueueEntry: null });
    await world.enqueued(first, second);
    await world.report(first, "success");
    const answer = await world.asked(first);
    const entry = at(answer, "repository", "pullRequest", "mergeQueueEntry");
    expect(entry).toMatchObject({ state: "MERGEABLE", position: 1, jump: false, solo: false, enqueuer: { login: "alice" } });
    expect(entry).toMatchObject({ headCommit: { oid: world.headOf(first) }, baseCommit: { oid: world.tip() } });
    expect(at(answer, "repository", "mergeQueue", "configuration")).toEqual({
      checkResponseTimeout: 60,
      maximumEntriesToBuild: 5,
      maximumEntriesToMerge: 5,
      mergeMethod: "MERGE",
      mergingStrategy: "ALLGREEN",
      minimumEntriesToMerge: 2,
      minimumEntriesToMergeWaitTime: 5,
    });
    expect(at(answer, "repository", "mergeQueue", "entries")).toMatchObject({ totalCount: 2, nodes: [{ position: 1 }, { position: 2 }] });
    const behind = at(await world.asked(second), "repository", "pullRequest", "mergeQueueEntry");
    expect(behind).toMatchObject({ state: "AWAITING_CHECKS", position: 2, baseCommit: { oid: world.headOf(first) } });
    await world.report(second, "success");
    expect(at(await world.asked(second), "repository", "pullRequest", "timelineItems", "nodes")).toEqual([
      { __typename: "AddedToMergeQueueEvent", createdAt: expect.any(String), actor: { login: "alice" }, enqueuer: { login: "alice" }, mergeQueue: { id: expect.any(String) } },
      { __typename: "MergedEvent", actor: { login: "alice" }, commit: { oid: world.tip() } },
      {
        __typename: "RemovedFromMergeQueueEvent",
        reason: "merged",
        actor: { login: "github-merge-queue" },
        enqueuer: { login: "alice" },
        beforeCommit: { oid: world.tip() },
      },
    ]);
  });

  it("has none of it without the rule", async () => {
    const number = await world.proposal("a");
    expect(at(await world.asked(number), "repository")).toMatchObject({ mergeQueue: null, pullRequest: { isMergeQueueEnabled: false, mergeQueue: null } });
    await expect(world.alice.enqueue(number)).rejects.toThrow("A merge queue is not enabled");
  });

  it("keeps its branches to itself", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    const name = `gh-readonly-queue/main/pr-${number}-${world.tip()}`;
    await expect(world.bob.push(name, { "a.yaml": "tag: 9\n" }, "Mine")).rejects.toThrow("Cannot update this protected ref");
    await expect(world.bob.deleteBranch(name)).rejects.toThrow("Cannot update this protected ref");
    expect(world.tip(name)).toBe(world.headOf(number));
  });
});

describe("what may enter", () => {
  const mutation = (input: object) => world.app.graphql(ENQUEUE, { input });

  it("the App puts it in by the head that it saw", async () => {
    world.queue();
    const number = await world.proposal("a");
    const { nodeId, head } = world.pull(number);
    await expect(mutation({ pullRequestId: nodeId, expectedHeadOid: world.tip() })).rejects.toThrow("Head branch was modified");
    expect(await mutation({ pullRequestId: nodeId, expectedHeadOid: head.oid })).toEqual({
      enqueuePullRequest: { mergeQueueEntry: { position: 1, state: "QUEUED" } },
    });
    await expect(mutation({ pullRequestId: nodeId })).rejects.toThrow("Pull request is already in the queue");
    await world.github.idle();
    const answer = await world.asked(number);
    expect(at(answer, "repository", "pullRequest", "mergeQueueEntry", "enqueuer")).toEqual({ login: "pinion" });
    expect(at(answer, "repository", "pullRequest", "timelineItems", "nodes", 0)).toMatchObject({ actor: { login: "pinion" }, enqueuer: null });
  });

  it.each([
    ["a draft", (number: number) => world.draft(number), "draft"],
    ["a closed one", (number: number) => world.alice.closePullRequest(number), "not open"],
    ["one in conflict", async () => void (await world.bob.push("main", { "a.yaml": "tag: 7\n" }, "Another way")), "conflicts"],
    ["one whose check failed", async (number: number) => void (await world.ci.report(world.repository, world.pull(number).head.oid, "ci", "failure")), 'Required status check "ci" is failing'],
    ["one whose check goes on", async (number: number) => void (await world.ci.report(world.repository, world.pull(number).head.oid, "ci", null)), 'Required status check "ci" is in progress'],
  ])("%s does not", async (_what, make, said) => {
    const number = await world.proposal("a");
    await make(number);
    world.queue();
    await expect(mutation({ pullRequestId: world.pull(number).nodeId })).rejects.toThrow(said);
    expect(world.repository.mergeQueues.get("main")).toBeUndefined();
  });

  it("an approval that the branch asks for must be there", async () => {
    world.queue({}, { type: "pull_request", approvals: 1, dismissStale: false, codeOwners: false });
    const number = await world.proposal("a");
    await expect(world.alice.enqueue(number)).rejects.toThrow("At least 1 approving review is required");
    await world.bob.approve(number);
    await world.alice.enqueue(number);
  });

  it.each(["contents", "pull_requests"])("an App without %s: write puts nothing in", async (permission) => {
    world.queue();
    const number = await world.proposal("a");
    const narrow = await installationToken(world.github, { permissions: { contents: "write", pull_requests: "write", [permission]: "read" } });
    const answer = await call(world.github, narrow, "POST", "/graphql", { query: ENQUEUE, variables: { input: { pullRequestId: world.pull(number).nodeId } } });
    expect(at(answer.body, "errors", 0, "type")).toBe("FORBIDDEN");
  });
});

describe("its order", () => {
  it("somebody who may jumps before the others", async () => {
    world.queue();
    const [first, second] = [await world.proposal("a"), await world.proposal("b")];
    await world.enqueued(first);
    await expect(world.alice.enqueue(second, { jump: true })).rejects.toThrow("does not have the correct permissions");
    await world.github.person("olivia-owner", world.repository).enqueue(second, { jump: true });
    await world.github.idle();
    expect(world.groups().map(({ number }) => number)).toEqual([second, first]);
    expect(world.groups()[1]?.base).toBe(world.headOf(second));
    expect(await world.told()).toContain("merge_group destroyed invalidated");
  });

  it("a smaller group waits for more, and no longer than it is told to", async () => {
    world.queue({ minToMerge: 2, minWaitMinutes: 5 });
    const number = await world.proposal("a");
    await world.enqueued(number);
    await world.report(number, "success");
    expect(world.pull(number).state).toBe("open");
    world.clock.advance(5 * MINUTE);
    await world.github.idle();
    expect(world.pull(number).mergedAt).not.toBeNull();
  });

  it("merges no more at once, and builds no more at once, than it is told to", async () => {
    world.queue({ maxToBuild: 2, maxToMerge: 1 });
    const numbers = [await world.proposal("a"), await world.proposal("b"), await world.proposal("c")];
    await world.enqueued(...numbers);
    expect(world.groups()).toHaveLength(2);
    await world.report(numbers[1] ?? 0, "success");
    await world.report(numbers[0] ?? 0, "neutral");
    expect(numbers.map((number) => world.pull(number).state)).toEqual(["closed", "closed", "open"]);
    expect(world.groups().map(({ number }) => number)).toEqual([numbers[2]]);
  });

  it("with HEADGREEN the last one passes for those before it", async () => {
    world.queue({ strategy: "HEADGREEN" });
    const [first, second] = [await world.proposal("a"), await world.proposal("b")];
    await world.enqueued(first, second);
    await world.report(first, "failure");
    expect(world.groups()).toHaveLength(2);
    const head = world.headOf(second);
    await world.report(second, "skipped");
    expect(world.tip()).toBe(head);
    expect([world.pull(first).mergedAt, world.pull(second).mergedAt]).not.toContain(null);
  });

  it("all is built anew when something else moves the branch", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    const before = world.headOf(number);
    const [ruleset] = world.repository.rulesets;
    if (ruleset === undefined) throw new Error("there is no ruleset");
    world.repository.rulesets.splice(0, 1, { ...ruleset, bypass: [{ type: "RepositoryRole", role: "write", mode: "always" }] });
    await world.bob.push("main", { "b.yaml": "tag: 5\n" }, "Past the queue");
    await world.github.idle();
    expect(world.headOf(number)).not.toBe(before);
    expect(world.groups()[0]?.base).toBe(world.tip());
  });

  it("a check of another App than the required one counts for nothing", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    await call(world.github, world.token, "POST", `/repos/acme/${world.repository.name}/check-runs`, { name: "ci", head_sha: world.headOf(number), conclusion: "success" });
    await world.github.idle();
    expect(world.pull(number).state).toBe("open");
  });

  it("what failed once may enter again, and its old check counts for nothing", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    await world.report(number, "failure");
    await world.enqueued(number);
    expect(world.groups()).toHaveLength(1);
    await world.report(number, "success");
    expect(world.pull(number).mergedAt).not.toBeNull();
  });
});

describe("webhooks", () => {
  it("tell of a group all that there is to judge", async () => {
    world.queue();
    const [first, second] = [await world.proposal("a"), await world.proposal("b")];
    await world.enqueued(first, second);
    const [, payload] = await world.groupPayloads();
    expect(at(payload, "merge_group")).toMatchObject({
      head_sha: world.headOf(second),
      base_sha: world.headOf(first),
      base_ref: "refs/heads/main",
      head_ref: `refs/heads/gh-readonly-queue/main/pr-${second}-${world.headOf(first)}`,
      head_commit: { id: world.headOf(second), message: `Set b to 2 (#${second})` },
    });
    expect(textAt(payload, "sender", "login")).toBe("github-merge-queue[bot]");
  });

  it("of groups come to an App with merge_queues: read only", async () => {
    world.queue();
    const given = world.github.installation.permissions;
    const { merge_queues: _gone, ...less } = given;
    world.github.installation.permissions = less;
    const number = await world.proposal("a");
    await world.enqueued(number);
    expect(await world.told()).toEqual([`pull_request enqueued #${number}`]);
    world.github.installation.permissions = given;
  });

  it("a CI may answer each group by itself", async () => {
    world.queue();
    const [first, second] = [await world.proposal("a"), await world.proposal("b")];
    const end = world.ci.answerGroups(world.repository, "ci", (number) => (number === first ? "failure" : "success"));
    await world.enqueued(first, second);
    await world.told();
    end();
    expect([world.pull(first).state, world.pull(second).mergedAt === null]).toEqual(["open", false]);
  });
});

describe("an App", () => {
  it("reports the required check on a group's head, by REST and by GraphQL", async () => {
    const own: Rule = { type: "required_status_checks", strict: false, required: [{ context: "Pinion", appId: world.github.app.id }] };
    const number = await world.proposal("a");
    const name = { owner: "acme", repo: world.repository.name, name: "Pinion" };
    await world.app.rest.checks.create({ ...name, head_sha: world.pull(number).head.oid, conclusion: "success" });
    world.queue({}, own);
    await world.enqueued(number);
    const run = await world.app.rest.checks.create({ ...name, head_sha: world.headOf(number), status: "in_progress" });
    await world.report(number, "success");
    expect(world.groups()).toHaveLength(1);
    const update = `mutation ($input: UpdateCheckRunInput!) { updateCheckRun(input: $input) { checkRun { conclusion } } }`;
    const input = { repositoryId: world.repository.nodeId, checkRunId: run.data.node_id, conclusion: "SUCCESS", status: "COMPLETED" };
    await world.app.graphql(update, { input });
    await world.github.idle();
    expect(world.pull(number).mergedAt).not.toBeNull();
  });

  it("may lose the answer to what it did", async () => {
    world.queue();
    const number = await world.proposal("a");
    const variables = { input: { pullRequestId: world.pull(number).nodeId } };
    world.github.faults.next((_method, _path, document) => document?.includes("enqueuePullRequest") ?? false, { kind: "drop-after" });
    await expect(world.app.graphql(ENQUEUE, variables)).rejects.toThrow();
    await expect(world.app.graphql(ENQUEUE, variables)).rejects.toThrow("already in the queue");
    expect(at(await world.asked(number), "repository", "pullRequest", "isInMergeQueue")).toBe(true);
  });

  it("may be shown the queue as it was", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    world.github.lagBehind(world.github.state.copy());
    await world.alice.dequeue(number);
    await world.github.idle();
    expect(at(await world.asked(number), "repository", "pullRequest", "mergeQueueEntry")).toMatchObject({ position: 1, state: "AWAITING_CHECKS" });
    world.github.lagBehind(null);
    expect(at(await world.asked(number), "repository", "pullRequest", "mergeQueueEntry")).toBeNull();
  });

  it("reads the same from REST's timeline", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    await world.report(number, "failure");
    const answer = await call(world.github, world.token, "GET", `/repos/acme/${world.repository.name}/issues/${number}/timeline`);
    const last = listAt(answer.body).slice(-2).map((event) => [at(event, "event"), at(event, "actor", "login")]);
    expect(last).toEqual([
      ["added_to_merge_queue", "alice"],
      ["removed_from_merge_queue", "github-merge-queue[bot]"],
    ]);
  });

  it("sees a pull request that waits for the queue as clean, not as blocked", async () => {
    world.queue();
    const number = await world.proposal("a");
    const { data } = await world.app.rest.pulls.get({ owner: "acme", repo: world.repository.name, pull_number: number });
    expect(data.mergeable_state).toBe("clean");
  });
});
