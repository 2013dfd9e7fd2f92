import { describe, expect, it } from "vitest";
import type { CheckContent } from "../../src/domain/action.ts";
import type { FileContent } from "../../src/ports.ts";
import { BRANCH, forgeOf, manifest, MANIFEST, proposalAt, startWorld } from "./github-world.ts";
import type { World } from "./github-world.ts";

const GRAPHQL = "POST /graphql";
const green: CheckContent = { status: "completed", conclusion: "success", title: "Ready", summary: "| gate |", fingerprint: "f1" };
const waiting: CheckContent = { status: "in_progress", conclusion: null, title: "Waiting", summary: "soak", fingerprint: "f2" };
const record = (name: string): FileContent => ({ path: `2026/${name}.json`, bytes: Buffer.from(`{"event":"${name}"}`) });

async function opened(world: World): Promise<{ readonly number: number; readonly head: string; readonly base: string }> {
  const { head: base } = await world.look();
  const outcome = await world.forge.openPullRequest(world.repository, proposalAt(base));
  if (outcome.outcome !== "done") throw new Error(`not opened: ${outcome.reason}`);
  world.requests();
  return { ...outcome.value, base };
}

function branchHead(world: World, branch: string): string | undefined {
  return world.github.state.repositories[0]?.refs.get(`refs/heads/${branch}`);
}

function branchNames(world: World): readonly string[] {
  const refs = [...(world.github.state.repositories[0]?.refs.keys() ?? [])];
  return refs.filter((ref) => ref.startsWith("refs/heads/")).toSorted();
}

describe("a promotion, from the first look to the records of its merge", () => {
  it("takes three requests to open with its check, and one to merge", async () => {
    await using world = await startWorld();
    const first = await world.look();
    expect(first).toMatchObject({ defaultBranch: "main", logHead: null, open: [], ended: [], branches: [] });
    const outcome = await world.forge.openPullRequest(world.repository, proposalAt(first.head));
    if (outcome.outcome !== "done") throw new Error(outcome.reason);
    const { number, head } = outcome.value;
    const published = await world.forge.publish(world.repository, [{ head, check: waiting, existing: null }], null);
    expect(world.requests()).toEqual([GRAPHQL, GRAPHQL, GRAPHQL]);

    const open = await world.onlyOpen();
    expect(open).toMatchObject({
      number,
      author: { login: "pinion[bot]", kind: "app" },
      head: { ref: BRANCH, oid: head, fork: false },
      commits: { count: 1, allOwn: true, people: ["pinion[bot]"] },
      check: { fingerprint: "f2", status: "in_progress" },
      merge: null,
    });
    expect(published.checks).toEqual([{ outcome: "done", value: open.check?.id }]);
    world.requests();

    await world.forge.publish(world.repository, [{ head, check: green, existing: open.check?.id ?? null }], null);
    const wanted = { head, method: "squash", title: "Promote checkout 1.1.0 to prod", message: "because" } as const;
    const merged = await world.forge.merge(world.repository, number, wanted);
    expect(world.requests()).toEqual([GRAPHQL, "PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge"]);
    const after = await world.look();
    expect(merged).toEqual({ outcome: "done", value: after.head });
    expect(after.ended).toMatchObject([
      {
        number,
        state: "merged",
        check: { id: open.check?.id, fingerprint: "f1", status: "completed" },
        merge: { commit: after.head, by: { login: "pinion[bot]", kind: "app" } },
      },
    ]);
    expect((await world.forge.pullRequestOf(world.repository, after.head))?.number).toBe(number);
    expect(await world.forge.pullRequestOf(world.repository, first.head)).toBeNull();
  });

  it("keeps the log: starts it once, adds to it, and refuses to write over it", async () => {
    await using world = await startWorld();
    const { head } = await world.look();
    const started = await world.forge.startLog(world.repository, [record("installed")], "Start the log");
    if (started.outcome !== "done") throw new Error(started.reason);
    expect((await world.look()).logHead).toBe(started.value);
    expect(await world.forge.startLog(world.repository, [record("installed")], "Start the log")).toMatchObject({ outcome: "conflict" });
    const more = { expectedHead: started.value, files: [record("merged")], headline: "Record 1 event" };
    const { records } = await world.forge.publish(world.repository, [], more);
    expect(records).toEqual({ outcome: "done", value: (await world.look()).logHead });
    const again = await world.forge.publish(world.repository, [{ head, check: green, existing: null }], more);
    expect(again).toMatchObject({ records: { outcome: "conflict" }, checks: [{ outcome: "done" }] });
    const commits = [started.value, records?.outcome === "done" ? records.value : ""];
    expect(await world.forge.ownCommits(world.repository, [...commits, head])).toEqual(new Set(commits));
  });
});

describe("merging", () => {
  it("a head that moved is a conflict", async () => {
    await using world = await startWorld();
    const { number, head } = await opened(world);
    await world.github.person("ada").push(BRANCH, { "README.md": "mine\n" }, "mine");
    const outcome = await world.forge.merge(world.repository, number, { head, method: "squash", title: "t", message: "m" });
    expect(outcome.outcome).toBe("conflict");
    expect((await world.onlyOpen()).commits).toEqual({ count: 2, allOwn: false, people: ["ada", "pinion[bot]"] });
  });

  it("what cannot be merged is refused in GitHub's words", async () => {
    await using world = await startWorld();
    const { number, head } = await opened(world);
    await world.github.person("ada").push("main", { [MANIFEST]: "images: []\n" }, "in the way");
    const outcome = await world.forge.merge(world.repository, number, { head, method: "squash", title: "t", message: "m" });
    expect(outcome).toEqual({ outcome: "refused", reason: expect.stringMatching(/not mergeable/i) });
  });

  it("a lost answer is no second merge", async () => {
    await using world = await startWorld();
    const { number, head } = await opened(world);
    world.github.faults.next((method) => method === "PUT", { kind: "drop-after" });
    const wanted = { head, method: "merge", title: "t", message: "m" } as const;
    await expect(world.forge.merge(world.repository, number, wanted)).rejects.toMatchObject({ kind: "dependency" });
    expect(world.requests()).toHaveLength(1);
    const { ended, head: main } = await world.look();
    expect(ended).toMatchObject([{ number, state: "merged", merge: { commit: main } }]);
  });
});

describe("opening, when the world is not as planned", () => {
  it("a branch of somebody else's is left alone, and no pull request stays open on it", async () => {
    await using world = await startWorld();
    const { head } = await world.look();
    const theirs = await world.github.person("ada").push(BRANCH, { [MANIFEST]: "images: []\n" }, "mine");
    expect(await world.forge.openPullRequest(world.repository, proposalAt(head))).toMatchObject({ outcome: "conflict" });
    const after = await world.look();
    expect(after.open).toEqual([]);
    expect(after.ended).toMatchObject([{ state: "closed", closed: { by: { kind: "app" } }, commits: { allOwn: false } }]);
    expect(branchHead(world, BRANCH)).toBe(theirs);
    expect(after.branches).toEqual([{ name: BRANCH, oid: theirs, own: false }]);
  });

  it("two replicas open one pull request", async () => {
    await using world = await startWorld();
    const { head } = await world.look();
    const other = forgeOf(world.github);
    const outcomes = await Promise.all([world.forge, other].map((forge) => forge.openPullRequest(world.repository, proposalAt(head))));
    expect(outcomes.filter(({ outcome }) => outcome === "done").length).toBeLessThanOrEqual(1);
    const open = await world.onlyOpen();
    expect(open).toMatchObject({ author: { kind: "app" }, commits: { count: 1, allOwn: true } });
    expect((await world.look()).ended).toEqual([]);
  });

  it("a lost answer: the next run takes over what is there", async () => {
    await using world = await startWorld();
    const { head: base } = await world.look();
    world.github.faults.next((_, path) => path === "/graphql", { kind: "drop-after" });
    await expect(world.forge.openPullRequest(world.repository, proposalAt(base))).rejects.toMatchObject({ kind: "dependency" });
    const open = await world.onlyOpen();
    const [branch] = (await world.look()).branches;
    expect(branch).toEqual({ name: BRANCH, oid: open.head.oid, own: true });
    const again = { ...proposalAt(base), branchAt: open.head.oid, commit: null };
    expect(await world.forge.openPullRequest(world.repository, again)).toEqual({
      outcome: "done",
      value: { number: open.number, head: open.head.oid },
    });
    expect((await world.onlyOpen()).number).toBe(open.number);
  });

  it("a branch that a crash left at the base is taken over", async () => {
    await using world = await startWorld();
    const { number, head, base } = await opened(world);
    await world.forge.close(world.repository, (await world.onlyOpen()).id);
    const reopened = await world.forge.openPullRequest(world.repository, { ...proposalAt(base, "1.2.0"), branchAt: head });
    expect(reopened).toMatchObject({ outcome: "done" });
    expect((await world.onlyOpen()).number).not.toBe(number);
    expect((await world.onlyOpen()).commits).toMatchObject({ count: 2, allOwn: true });
  });
});

describe("replacing a head", () => {
  const commit = { headline: "Promote checkout 1.1.0 to prod", body: "", files: manifest("1.1.0") };

  it("puts one new commit on the new base, and leaves nothing behind", async () => {
    await using world = await startWorld();
    const { number, head } = await opened(world);
    const base = await world.github.person("ada").push("main", { "README.md": "new\n" }, "docs");
    const outcome = await world.forge.replaceHead(world.repository, BRANCH, head, base, commit);
    expect(world.requests()).toEqual([GRAPHQL, GRAPHQL]);
    const open = await world.onlyOpen();
    expect(open).toMatchObject({ number, commits: { count: 1, allOwn: true } });
    expect(outcome).toEqual({ outcome: "done", value: open.head.oid });
    expect(branchNames(world)).toEqual(["refs/heads/main", `refs/heads/${BRANCH}`]);
  });

  it("loses nobody's commit", async () => {
    await using world = await startWorld();
    const { head, base } = await opened(world);
    const theirs = await world.github.person("ada").push(BRANCH, { "README.md": "mine\n" }, "mine");
    expect(await world.forge.replaceHead(world.repository, BRANCH, head, base, commit)).toMatchObject({ outcome: "conflict" });
    expect(branchHead(world, BRANCH)).toBe(theirs);
    expect(branchNames(world)).toEqual(["refs/heads/main", `refs/heads/${BRANCH}`]);
  });

  it("a lost answer is found out by the next look", async () => {
    await using world = await startWorld();
    const { head, base } = await opened(world);
    let calls = 0;
    world.github.faults.next((_, path) => path === "/graphql" && (calls += 1) === 2, { kind: "drop-after" });
    await expect(world.forge.replaceHead(world.repository, BRANCH, head, base, commit)).rejects.toMatchObject({ kind: "dependency" });
    expect((await world.onlyOpen()).head.oid).not.toBe(head);
    expect(branchNames(world)).toEqual(["refs/heads/main", `refs/heads/${BRANCH}`]);
  });
});

describe("deleting a branch", () => {
  it("only where it was last seen", async () => {
    await using world = await startWorld();
    const { head } = await opened(world);
    const theirs = await world.github.person("ada").push(BRANCH, { "README.md": "mine\n" }, "mine");
    expect(await world.forge.deleteBranch(world.repository, BRANCH, head)).toMatchObject({ outcome: "conflict" });
    expect(branchHead(world, BRANCH)).toBe(theirs);
    expect(await world.forge.deleteBranch(world.repository, BRANCH, theirs)).toEqual({ outcome: "done", value: null });
    expect(branchHead(world, BRANCH)).toBeUndefined();
    expect(await world.forge.deleteBranch(world.repository, BRANCH, theirs)).toMatchObject({ outcome: "conflict" });
  });
});
