import { describe, expect, it } from "vitest";
import type { CheckContent } from "../../src/domain/action.ts";
import { answering, APP, list, MAIN, repository, SINCE, snapshotOf, variable } from "./github-answers.ts";
import { graphql, NOW, REPOSITORY, scriptedGitHub, type Scripted, type Seen } from "./github-scripted.ts";
import { BRANCH, proposalAt, startWorld, type World } from "./github-world.ts";

const green: CheckContent = { status: "completed", conclusion: "success", title: "Ready", summary: "| gate |", fingerprint: "f1" };
const EMPTY = { configuration: { mergingStrategy: "HEADGREEN" }, entries: { totalCount: 0 } };

describe("a look", () => {
  it("costs one request where the queue is empty, and says how it merges", async () => {
    await using github = await scriptedGitHub(answering(repository({ mergeQueue: EMPTY })));
    const { queue } = await github.forge.snapshot(REPOSITORY, SINCE);
    expect(queue).toEqual({ known: true, value: { allGreen: false, entries: [] }, at: NOW });
    expect(github.seen).toHaveLength(1);
  });

  it("leaves only the queue unknown where the App may not read it", async () => {
    const errors = [{ type: "FORBIDDEN", path: ["repository", "mergeQueue"], message: "Resource not accessible by integration" }];
    await using github = await scriptedGitHub(() => graphql({ repository: repository({ mergeQueue: null }) }, errors));
    const { queue, open } = await github.forge.snapshot(REPOSITORY, SINCE);
    expect(queue).toEqual({ known: false, reason: "Resource not accessible by integration", failure: "stalled", at: NOW });
    expect(open).toHaveLength(1);
  });

  it("is none where anything else is missing beside it", async () => {
    const errors = [
      { type: "FORBIDDEN", path: ["repository", "mergeQueue"], message: "Resource not accessible by integration" },
      { type: "FORBIDDEN", path: ["repository", "labels"], message: "Resource not accessible by integration" },
    ];
    await using github = await scriptedGitHub(() => graphql({ repository: repository({ mergeQueue: null, labels: list([]) }) }, errors));
    await expect(github.forge.snapshot(REPOSITORY, SINCE)).rejects.toThrow(/repository\.labels/);
    const trouble = [{ type: "INTERNAL", path: ["repository", "mergeQueue"], message: "Something went wrong" }];
    await using other = await scriptedGitHub(() => graphql({ repository: repository({ mergeQueue: null }) }, trouble));
    await expect(other.forge.snapshot(REPOSITORY, SINCE)).rejects.toThrow(/Something went wrong/);
  });

  /** A queue of 101 entries, as GitHub gives it, with the default branch at `tip`. */
  function long(tip: string): (seen: Seen) => Scripted {
    const entry = (position: number) => ({ position, enqueuedAt: "2026-11-21T09:00:00Z", enqueuer: APP, pullRequest: { number: position }, baseCommit: null, headCommit: null });
    const all = Array.from({ length: 101 }, (_, index) => entry(index + 1));
    return (seen) => {
      const further = variable(seen, "after") !== null;
      const entries = list(further ? all.slice(100) : all.slice(0, 100), { hasNextPage: !further });
      return graphql({ repository: { defaultBranchRef: { target: { oid: tip } }, mergeQueue: { entries } }, nodes: [] });
    };
  }
  const LONG = { configuration: { mergingStrategy: "ALLGREEN" }, entries: { totalCount: 101 } };

  it("lists all that is in the queue: what is not listed could be put there again, or closed", async () => {
    await using github = await scriptedGitHub(answering(repository({ mergeQueue: LONG }), { MergeQueue: long(MAIN) }));
    const { queue } = await github.forge.snapshot(REPOSITORY, SINCE);
    expect(queue.known ? queue.value?.entries.map(({ pullRequest: number }) => number) : []).toEqual(Array.from({ length: 101 }, (_, index) => index + 1));
    expect(github.seen).toHaveLength(3);
  });

  it("is taken again where the queue merged meanwhile: what it tries now stands on what was not seen", async () => {
    await using github = await scriptedGitHub(answering(repository({ mergeQueue: LONG }), { MergeQueue: long("b".repeat(40)) }));
    const look = github.forge.snapshot(REPOSITORY, SINCE);
    await expect(look).rejects.toMatchObject({ kind: "dependency", retryAt: NOW + 1_000, message: expect.stringContaining("moved while its merge queue was read") as unknown });
  });

  it("knows a repository without a queue", async () => {
    expect((await snapshotOf(repository({ mergeQueue: null }))).queue).toEqual({ known: true, value: null, at: NOW });
  });
});

/** A GitHub with real Git behind it whose default branch has a queue that waits for Pinion's check, and a pull request of Pinion that has passed. */
async function passed(): Promise<{ readonly world: World; readonly number: number; readonly id: string; readonly head: string }> {
  const world = await startWorld();
  const [repo] = world.github.state.repositories;
  if (repo === undefined) throw new Error("there is no repository");
  const required = [{ context: "Pinion", appId: world.github.app.id }];
  world.github.addRuleset(repo, {
    name: "main",
    include: ["~DEFAULT_BRANCH"],
    rules: [
      { type: "merge_queue", minToMerge: 1 },
      { type: "required_status_checks", strict: false, required },
    ],
  });
  const { head: base } = await world.look();
  const outcome = await world.forge.openPullRequest(world.repository, proposalAt(base));
  if (outcome.outcome !== "done") throw new Error(outcome.reason);
  const { number, head } = outcome.value;
  await world.forge.publish(world.repository, [{ head, check: green, existing: null }], null);
  const { id } = await world.onlyOpen();
  return { world, number, id, head };
}

describe("the queue of a GitHub with real Git behind it", () => {
  it("takes a pull request once, is seen with what it tries, and tells how the check stood on what it merged", async () => {
    const { world, number, id, head } = await passed();
    await using _ = world;
    world.requests();
    expect(await world.forge.enqueue(world.repository, id, head)).toEqual({ outcome: "done", value: null });
    expect(await world.forge.enqueue(world.repository, id, head)).toEqual({ outcome: "done", value: null });
    expect(world.requests()).toEqual(["POST /graphql", "POST /graphql"]);
    await world.github.idle();
    const { queue, open, head: base } = await world.look();
    expect(world.requests()).toHaveLength(2);
    const entry = { pullRequest: number, by: { login: "pinion[bot]", kind: "app" }, group: { base, check: null } };
    expect(queue).toMatchObject({ known: true, value: { allGreen: true, entries: [entry] } });
    expect(open[0]?.queueEvents).toMatchObject([{ kind: "added", by: { kind: "app" } }]);
    const group = queue.known ? (queue.value?.entries[0]?.group?.head ?? "") : "";

    await world.forge.publish(world.repository, [{ head: group, check: green, existing: null }], null);
    await world.github.idle();
    const after = await world.look();
    expect(after).toMatchObject({ head: group, queue: { known: true, value: { entries: [] } } });
    expect(after.ended).toMatchObject([{ number, groupPassed: true, merge: { commit: group } }]);
    expect(after.ended[0]?.queueEvents).toMatchObject([{ kind: "added" }, { kind: "removed", reason: "merged" }]);
  });

  it("updates the check on a commit that it tries", async () => {
    const { world, id, head } = await passed();
    await using _ = world;
    await world.forge.enqueue(world.repository, id, head);
    await world.github.idle();
    const groupOf = async () => {
      const { queue } = await world.look();
      const group = queue.known ? queue.value?.entries[0]?.group : null;
      if (group == null) throw new Error("nothing is tried");
      return group;
    };
    const group = await groupOf();
    const waiting: CheckContent = { status: "in_progress", conclusion: null, title: "Waiting", summary: "soak", fingerprint: "f2" };
    await world.forge.publish(world.repository, [{ head: group.head, check: waiting, existing: null }], null);
    const seen = await groupOf();
    expect(seen.check).toMatchObject({ fingerprint: "f2", status: "in_progress", passed: false });
    world.requests();
    await world.forge.publish(world.repository, [{ head: seen.head, check: { ...waiting, fingerprint: "f3" }, existing: seen.check?.id ?? null }], null);
    expect(world.requests()).toEqual(["POST /graphql"]);
    expect((await groupOf()).check).toMatchObject({ id: seen.check?.id, fingerprint: "f3" });
  });

  it("takes no other head than the one that was judged", async () => {
    const { world, id, head } = await passed();
    await using _ = world;
    await world.github.person("ada").push(BRANCH, { "README.md": "mine\n" }, "mine");
    expect(await world.forge.enqueue(world.repository, id, head)).toMatchObject({ outcome: "conflict" });
  });

  it("says in its own words why it takes nothing", async () => {
    const { world, id, head } = await passed();
    await using _ = world;
    await world.forge.publish(world.repository, [{ head, check: { ...green, conclusion: "failure", fingerprint: "f4" }, existing: null }], null);
    expect(await world.forge.enqueue(world.repository, id, head)).toEqual({ outcome: "refused", reason: expect.stringMatching(/Pinion/) });
  });

  it("gives it back, and says nothing new of what is not in it", async () => {
    const { world, id, head } = await passed();
    await using _ = world;
    await world.forge.enqueue(world.repository, id, head);
    await world.github.idle();
    expect(await world.forge.dequeue(world.repository, id)).toEqual({ outcome: "done", value: null });
    expect(await world.forge.dequeue(world.repository, id)).toEqual({ outcome: "done", value: null });
    await world.github.idle();
    const { queue, open } = await world.look();
    expect(queue).toMatchObject({ value: { entries: [] } });
    expect(open[0]?.queueEvents).toMatchObject([{ kind: "added" }, { kind: "removed", by: { kind: "app" }, reason: "manual" }]);
  });
});
