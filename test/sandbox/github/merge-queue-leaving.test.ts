/** How pull requests leave GitHub's merge queue without having been merged. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { at } from "./client.ts";
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

describe("what leaves", () => {
  it("an entry whose check fails; those behind it are built anew", async () => {
    world.queue();
    const [first, second] = [await world.proposal("a"), await world.proposal("b")];
    await world.enqueued(first, second);
    const before = { first: world.headOf(first), second: world.headOf(second) };
    await world.report(first, "failure");
    expect(world.groups().map(({ number }) => number)).toEqual([second]);
    expect(world.headOf(second)).not.toBe(before.second);
    expect(world.groups()[0]?.base).toBe(world.tip());
    const answer = await world.asked(first);
    expect(at(answer, "repository", "pullRequest")).toMatchObject({ isInMergeQueue: false, mergeQueueEntry: null });
    expect(at(answer, "repository", "pullRequest", "timelineItems", "nodes", 1)).toEqual({
      __typename: "RemovedFromMergeQueueEvent",
      reason: "failed_checks",
      actor: { login: "github-merge-queue" },
      enqueuer: { login: "alice" },
      beforeCommit: { oid: before.first },
    });
    expect((await world.told()).slice(4)).toEqual([
      `pull_request dequeued CI_FAILURE #${first}`,
      "merge_group destroyed dequeued",
      "merge_group checks_requested",
      "merge_group destroyed invalidated",
    ]);
    await world.report(second, "success");
    expect(world.pull(second).mergeCommit).toBe(world.tip());
    expect(world.pull(first).state).toBe("open");
  });

  it("a failure behind others waits for them: it may be theirs", async () => {
    world.queue();
    const [first, second] = [await world.proposal("a"), await world.proposal("b")];
    await world.enqueued(first, second);
    await world.report(second, "failure");
    expect(world.groups()).toHaveLength(2);
    expect(at(await world.asked(second), "repository", "pullRequest", "mergeQueueEntry", "state")).toBe("UNMERGEABLE");
    await world.report(first, "success");
    expect(world.groups()).toHaveLength(0);
    expect(world.pull(first).mergedAt).not.toBeNull();
    expect(world.pull(second).state).toBe("open");
  });

  it("one that waits too long for its checks", async () => {
    world.queue({ checkTimeoutMinutes: 10 });
    const number = await world.proposal("a");
    await world.enqueued(number);
    world.clock.advance(10 * MINUTE - 1);
    await world.github.idle();
    expect(world.groups()).toHaveLength(1);
    world.clock.advance(1);
    expect(await world.told()).toContain(`pull_request dequeued CI_TIMEOUT #${number}`);
    expect(world.groups()).toHaveLength(0);
  });

  it("one that conflicts with what is before it", async () => {
    world.queue();
    const [first, second] = [await world.proposal("a", "2"), await world.proposal("a", "3")];
    await world.enqueued(first, second);
    expect(await world.told()).toContain(`pull_request dequeued MERGE_CONFLICT #${second}`);
    expect(world.groups().map(({ number }) => number)).toEqual([first]);
  });

  it.each([
    ["a person takes it out", (number: number) => world.bob.dequeue(number)],
    ["its head moves", async () => void (await world.alice.push("change-a-2", { "a.yaml": "tag: 3\n" }, "More"))],
    ["it is closed", (number: number) => world.alice.closePullRequest(number)],
    ["it goes to another branch", (number: number) => world.alice.createBranch("other", world.tip()).then(() => world.alice.retarget(number, "other"))],
    ["its branch is deleted", () => world.alice.deleteBranch("change-a-2")],
  ])("%s", async (_what, act) => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    await act(number);
    expect(await world.told()).toContain(`pull_request dequeued MANUAL #${number}`);
    expect(await world.told()).toContain("merge_group destroyed dequeued");
    expect(world.groups()).toHaveLength(0);
    expect(world.groupBranches()).toEqual([]);
  });

  it("a draft stays, as has been seen at GitHub", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    const id = world.pull(number).nodeId;
    await world.draft(number);
    await world.report(number, "success");
    expect(world.pull(number).mergedAt).not.toBeNull();
    await expect(world.app.graphql("mutation ($id: ID!) { dequeuePullRequest(input: { id: $id }) { clientMutationId } }", { id })).rejects.toThrow(
      "Pull request is not in the queue",
    );
  });

  it("one whose approval was taken back", async () => {
    world.queue({}, { type: "pull_request", approvals: 1, dismissStale: false, codeOwners: false });
    const number = await world.proposal("a");
    const review = await world.bob.approve(number);
    await world.enqueued(number);
    await world.github.person("olivia-owner", world.repository).dismissReview(number, review, "No");
    await world.report(number, "success");
    expect(await world.told()).toContain(`pull_request dequeued BRANCH_PROTECTIONS #${number}`);
    expect(world.pull(number).state).toBe("open");
  });

  it("one that somebody merged past the queue", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    const [ruleset] = world.repository.rulesets;
    if (ruleset === undefined) throw new Error("there is no ruleset");
    world.repository.rulesets.splice(0, 1, { ...ruleset, bypass: [{ type: "RepositoryRole", role: "write", mode: "pull_request" }] });
    const merged = await world.bob.mergeWithButton(number);
    expect(await world.told()).toContain(`pull_request dequeued ALREADY_MERGED #${number}`);
    expect(world.tip()).toBe(merged);
    expect(world.groupBranches()).toEqual([]);
  });

  it("all, when the queue is given up", async () => {
    world.queue();
    const number = await world.proposal("a");
    await world.enqueued(number);
    world.repository.rulesets.length = 0;
    await world.report(number, "success");
    expect(await world.told()).toContain(`pull_request dequeued QUEUE_CLEARED #${number}`);
  });
});
