import { describe, expect, it } from "vitest";
import { known, unknown } from "../../src/domain/answer.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { ProposedChange, PullRequest, QueueEvent } from "../../src/domain/observation.ts";
import { actions, ALICE, BOB, one, planned, reasons, recorded, three, two } from "./planner.ts";
import { digestOf, oid, release } from "./releases.ts";
import { HEAD, pullRequest, WorldBuilder } from "./world-builder.ts";

const GROUP = oid("e");
const BEHIND = oid("f");
const QUEUE_BOT = { login: "github-merge-queue[bot]", kind: "bot" } as const;

function change(changes: Partial<ProposedChange>): ProposedChange {
  return { base: HEAD, head: GROUP, conflicts: [], promotions: [], otherFiles: [], quarantines: [], config: null, broken: [], shared: [], ...changes };
}

const RULES = `version: 1
environments:
  dev: { promote: auto }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`;
const DEV = { app: "checkout", environment: "dev", from: one, to: two };

/** Puts pull requests into the queue, each tried on top of the one before. */
function queue(world: WorldBuilder, entries: readonly { readonly pull: PullRequest; readonly head: string; readonly brings: ProposedChange }[], allGreen = true): void {
  let base = HEAD;
  const listed = entries.map(({ pull, head, brings }) => {
    const group = { base, head, check: null };
    base = head;
    world.groups.set(head, known({ ...brings, base: group.base, head }, world.now));
    return { pullRequest: pull.number, by: pull.author, at: world.now - 60_000, group };
  });
  world.queue = { allGreen, entries: listed };
}

function withQueue(): WorldBuilder {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  world.queue = { allGreen: true, entries: [] };
  return world;
}

/** A person's pull request, with what it changes on the default branch. */
function byHand(world: WorldBuilder, brings: Partial<ProposedChange>): PullRequest {
  const pull = pullRequest({ number: 300 + world.open.length, author: ALICE, head: { ref: "by-hand", oid: oid("9"), fork: false }, commits: { count: 1, allOwn: false, people: ["alice"] } });
  world.open.push(pull);
  world.proposals.set(pull.number, known(change({ head: pull.head.oid, ...brings }), world.now));
  return pull;
}

/** The check on a commit of the queue, as `success: title`. */
function told(world: WorldBuilder, head: string = GROUP): string {
  const check = actions(world, "check").find((action) => action.head === head)?.check;
  return check === undefined ? "none" : `${check.conclusion ?? check.status}: ${check.title}`;
}

describe("where the default branch has a merge queue", () => {
  it("a promotion that passes goes into it, at the judged head, and is merged in no other way", () => {
    const world = withQueue();
    world.promotion("dev", one, two);
    expect(actions(world, "enqueue")).toMatchObject([{ pullRequest: 200, pullRequestId: "PR_1", head: oid("c"), base: HEAD, before: null }]);
    expect(actions(world, "merge")).toEqual([]);
  });

  it("it goes in while the repository itself allows neither squash nor merge commits: the queue has a method of its own", () => {
    const world = withQueue();
    world.promotion("dev", one, two);
    const seen = world.observation();
    world.observation = () => ({ ...seen, snapshot: { ...seen.snapshot, mergeMethods: ["rebase"] } });
    expect(actions(world, "enqueue")).toHaveLength(1);
  });

  it("that cannot be read, a merge is tried, which GitHub answers with what there is to do", () => {
    const world = withQueue();
    world.promotion("dev", one, two);
    const seen = world.observation();
    world.observation = () => ({ ...seen, snapshot: { ...seen.snapshot, queue: unknown("Resource not accessible by integration", "stalled", world.now) } });
    expect(actions(world, "merge")).toHaveLength(1);
  });

  it("what is in it is left as it is: not put in, closed, rebuilt, superseded or asked about again", () => {
    const world = withQueue();
    const pull = world.promotion("dev", one, two);
    queue(world, [{ pull, head: GROUP, brings: change({ promotions: [DEV] }) }]);
    world.registry("1.4.1", "1.4.2", "1.4.3");
    const kinds = planned(world).actions.map(({ kind }) => kind);
    expect(kinds.filter((kind) => ["enqueue", "close", "rebuild", "dequeue", "merge", "delete-branch"].includes(kind))).toEqual([]);
    expect(actions(world, "comment").map(({ body }) => body)).toEqual([expect.stringContaining("or the merge queue has it")]);
    world.proposals.set(pull.number, known(change({ head: oid("c"), conflicts: ["f"] }), world.now));
    expect(actions(world, "rebuild")).toEqual([]);
    expect(actions(world, "close")).toEqual([]);
  });

  it("what was put into it just now is not put in again, before GitHub lists it", () => {
    const world = withQueue();
    world.promotion("dev", one, two, { queueEvents: [{ kind: "added", by: { login: "pinion", kind: "app" }, at: world.now - 30_000 }] });
    expect(actions(world, "enqueue")).toEqual([]);
    world.now += 5 * 60_000;
    world.registry("1.4.1", "1.4.2");
    expect(actions(world, "enqueue")).toHaveLength(1);
  });

  it("what GitHub is about to show as merged is not put in again", () => {
    const world = withQueue();
    world.promotion("dev", one, two, { queueEvents: [{ kind: "added", by: BOB, at: 1 }, { kind: "removed", by: QUEUE_BOT, at: world.now - 1000, reason: "merged" }] });
    expect(actions(world, "enqueue")).toEqual([]);
    expect(actions(world, "comment")).toEqual([]);
  });
});

describe("a commit that the queue tries", () => {
  it("is judged by what it changes, and that is put down", () => {
    const world = withQueue();
    queue(world, [{ pull: world.promotion("dev", one, two), head: GROUP, brings: change({ promotions: [DEV] }) }]);
    expect(told(world)).toMatch(/^success: All \d+ gates passed/);
    const heads = actions(world, "record").flatMap(({ record }) => (record.event === "judged" ? [record.head] : []));
    expect(heads.toSorted()).toEqual([oid("c"), GROUP].toSorted());
  });

  it("that moves no pins passes at once", () => {
    const world = withQueue();
    queue(world, [{ pull: byHand(world, { otherFiles: ["README.md"] }), head: GROUP, brings: change({ otherFiles: ["README.md"] }) }]);
    expect(told(world)).toBe("success: No pins change");
    expect(recorded(world)).not.toContain("judged");
  });

  it("that changes the configuration is judged like its pull request", () => {
    const config = parseConfig(RULES);
    const world = withQueue();
    queue(world, [{ pull: byHand(world, { config }), head: GROUP, brings: change({ config }) }]);
    expect(told(world)).toMatch(/^success: Pinion's configuration/);
    const broken = parseConfig("version: 9\n");
    const other = withQueue();
    queue(other, [{ pull: byHand(other, { config: broken }), head: GROUP, brings: change({ config: broken }) }]);
    expect(told(other)).toMatch(/^failure: \d+ problems? in /);
  });

  it.each<[what: string, arrange: (world: WorldBuilder, pull: PullRequest) => void, words: RegExp]>([
    ["has not been read", (world) => world.groups.clear(), /^in_progress: Waiting: Pinion has not read/],
    ["cannot be read", (world) => void world.groups.set(GROUP, unknown("git is down", "dependency", world.now)), /^in_progress: Waiting: git is down/],
    ["is of a pull request that is not listed", (world) => void world.open.splice(0), /^in_progress: Waiting: #200 is not among/],
    ["is of a pull request that cannot be read", (world) => void world.proposals.set(200, unknown("git is down", "dependency", world.now)), /^in_progress: Waiting: what #200 itself changes cannot be told: git is down/],
    [
      "stands on a commit that the default branch has left behind",
      (world) => void world.groups.set(GROUP, known(change({ base: oid("7"), promotions: [DEV] }), world.now)),
      /^in_progress: Waiting: #200 is tried on another commit than the default branch has now/,
    ],
    ["meets a registry that does not answer", (world) => void world.cannotKnow({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: digestOf("1.4.2") }, "down"), /^in_progress: Waiting: digest-served is unknown/],
  ])("waits where it %s", (_what, arrange, words) => {
    const world = withQueue();
    const pull = world.promotion("dev", one, two);
    queue(world, [{ pull, head: GROUP, brings: change({ promotions: [DEV] }) }]);
    arrange(world, pull);
    expect(told(world)).toMatch(words);
    expect(actions(world, "dequeue")).toEqual([]);
  });

  it.each<[what: string, brings: Partial<ProposedChange>, words: string]>([
    ["another release", { promotions: [{ ...DEV, to: three }] }, "bring 1.4.3 of checkout to dev"],
    ["a promotion more", { promotions: [DEV, { ...DEV, environment: "prod" }] }, "bring 1.4.2 of checkout to prod"],
    ["the end of a pin", { promotions: [{ ...DEV, to: null }] }, "bring no release of checkout to dev"],
    ["another file", { promotions: [DEV], otherFiles: ["rbac.yaml"] }, "change rbac.yaml"],
    ["a change of what environments share", { promotions: [DEV], shared: [{ ...DEV, environment: "prod", isPromoted: true, files: ["base.yaml"] }] }, "change checkout in prod by files that environments share"],
    ["a quarantine", { promotions: [DEV], quarantines: [{ app: "checkout", digest: digestOf("1.4.1"), environments: [], reason: "x", file: "q.yaml" }] }, "put sha256:"],
    ["rules", { promotions: [DEV], config: parseConfig("") }, "change Pinion's configuration or policies"],
  ])("fails where it brings %s than its pull request says, and that comes out", (_what, brings, words) => {
    const world = withQueue();
    const pull = world.promotion("dev", one, two);
    queue(world, [{ pull, head: GROUP, brings: change(brings) }]);
    expect(told(world)).toContain(`failure: Blocked: in the merge queue #200 would ${words}`);
    expect(actions(world, "dequeue")).toHaveLength(1);
    expect(actions(world, "comment")[0]?.body).toContain("Pinion takes this pull request out of the merge queue. Blocked: in the merge queue");
  });

  it("may bring less, where it is there by now", () => {
    const world = withQueue();
    queue(world, [{ pull: world.promotion("dev", one, two), head: GROUP, brings: change({}) }]);
    expect(told(world)).toBe("success: No pins change");
  });
});

describe("several in the queue", () => {
  const SEARCH = release("2.0.0", "search");

  /** A person's pull request ahead of Pinion's own. */
  function behind(ahead: Partial<ProposedChange>, allGreen = true): WorldBuilder {
    const world = withQueue();
    const first = byHand(world, ahead);
    const second = world.promotion("dev", one, two);
    const entries = [
      { pull: first, head: GROUP, brings: change(ahead) },
      { pull: second, head: BEHIND, brings: change({ promotions: [DEV] }) },
    ];
    queue(world, entries, allGreen);
    return world;
  }

  it("pass together, each in its own part of the check", () => {
    const world = behind({ otherFiles: ["README.md"] });
    expect(told(world, BEHIND)).toBe("success: All 2 pull requests of this group pass");
    const summary = actions(world, "check").find(({ head }) => head === BEHIND)?.check.summary ?? "";
    expect(summary.split("\n").filter((line) => /^#{2,3} /.test(line))).toEqual(["## #201 Promote", "### `checkout` `1.4.1` → `1.4.2` in `dev`", "## #300 Promote"]);
  });

  it.each<[what: string, allGreen: boolean, words: string]>([
    ["is waited for, where each has to pass: the queue makes the rest anew without it", true, "in_progress: Waiting: #300, ahead of it in the merge queue, does not pass"],
    ["fails all that is merged with it, where the last decides", false, "failure: Blocked: #300: quarantine"],
  ])("one that fails %s", (_what, allGreen, words) => {
    const bad = release("1.9.0", "search");
    const world = behind({ promotions: [{ app: "search", environment: "prod", from: SEARCH, to: bad }] }, allGreen);
    world.quarantine = known([{ app: "search", digest: bad.images[0]?.digest ?? "", environments: [], reason: "bad", file: "q.yaml" }], world.now);
    expect(told(world)).toMatch(/^failure/);
    expect(told(world, BEHIND)).toContain(words.replace("quarantine", ""));
    expect(actions(world, "dequeue")).toEqual([]);
    expect(recorded(world).filter((event) => event === "judged")).toHaveLength(1);
  });

  it.each<[what: string, ahead: Partial<ProposedChange>, words: string]>([
    ["rules", { config: parseConfig(RULES) }, "changes by which rules this is judged, and is merged first"],
    ["what is in quarantine", { quarantines: [{ app: "checkout", digest: digestOf("1.4.2"), environments: [], reason: "bad", file: "q.yaml" }] }, "changes what is in quarantine, and is merged first"],
    ["the same place", { promotions: [{ ...DEV, to: three }] }, "changes checkout in dev too, and is merged first"],
  ])("one that changes %s is merged first", (_what, ahead, words) => {
    expect(told(behind(ahead), BEHIND)).toBe(`in_progress: Waiting: #201: #300, ahead in the merge queue, ${words}`);
  });

  it("one that moves another image of the same app waits, though together they bring what neither says", () => {
    const world = withQueue();
    const both = release("1.4.3");
    const [first, second] = [byHand(world, { promotions: [{ ...DEV, to: three }] }), byHand(world, { promotions: [DEV] })];
    queue(world, [
      { pull: first, head: GROUP, brings: change({ promotions: [{ ...DEV, to: three }] }) },
      { pull: second, head: BEHIND, brings: change({ promotions: [{ ...DEV, from: three, to: both }] }) },
    ]);
    expect(told(world, BEHIND)).toBe("in_progress: Waiting: #301: #300, ahead in the merge queue, changes checkout in dev too, and is merged first");
  });

  it("one that changes no pins waits for nothing of the kind", () => {
    const world = withQueue();
    const config = parseConfig(RULES);
    const [first, second] = [byHand(world, { config }), byHand(world, { otherFiles: ["x"] })];
    queue(world, [
      { pull: first, head: GROUP, brings: change({ config }) },
      { pull: second, head: BEHIND, brings: change({ otherFiles: ["x"] }) },
    ]);
    expect(told(world, BEHIND)).toMatch(/^success/);
  });
});

describe("what Pinion opened and put into the queue", () => {
  function inQueue(queueEvents: readonly QueueEvent[] = []): WorldBuilder {
    const world = withQueue();
    queue(world, [{ pull: world.promotion("dev", one, two, { queueEvents }), head: GROUP, brings: change({ promotions: [DEV] }) }]);
    return world;
  }

  it.each<[what: string, arrange: (world: WorldBuilder) => void, words: string]>([
    ["is in quarantine", (world) => void (world.quarantine = known([{ app: "checkout", digest: digestOf("1.4.2"), environments: [], reason: "bad", file: "q.yaml" }], 0)), "Blocked: 1 image in quarantine"],
    [
      "is frozen",
      (world) => {
        world.issues.push({ number: 9, title: "Stop", state: "open", author: ALICE, labels: ["freeze:dev"], labelEvents: [{ id: "1", label: "freeze:dev", actor: ALICE, at: 0 }], closedBy: null });
        world.know<"permission">({ kind: "permission", login: "alice" }, "write");
      },
      "Waiting: the freeze of dev to end",
    ],
    ["is selected no more", (world) => void (world.config = parseConfig("version: 1\nenvironments: { dev: { promote: auto, merge: auto } }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'], defaults: { select: { semver: '>=2.0.0' } } }\n")), "Needs a person: It is not the promotion any more that is due"],
  ])("comes out when it %s, with the reason, and is not closed in the queue", (_what, arrange, words) => {
    const world = inQueue([{ kind: "added", by: { login: "pinion", kind: "app" }, at: 1 }]);
    arrange(world);
    expect(actions(world, "dequeue")).toMatchObject([{ pullRequest: 200, pullRequestId: "PR_1" }]);
    expect(actions(world, "comment")[0]?.body).toContain(`out of the merge queue. ${words}`);
    expect(actions(world, "close")).toEqual([]);
  });

  it.each<[what: string, arrange: (world: WorldBuilder) => void, words: RegExp]>([
    ["it is closed next", (world) => void (world.config = parseConfig(RULES.replace("  discover:", "  defaults: { select: { semver: '>=2.0.0' } }\n  discover:"))), /out of the merge queue.* Pinion closes it\.$/s],
    ["its merge is left to people", (world) => void (world.config = parseConfig(RULES.replace("auto }", "auto, merge: manual }"))), /since its merge is left to people: put it into the queue yourself once every gate passes\.$/],
    [
      "it came out too often",
      (world) => {
        const [pull] = world.open;
        if (pull === undefined) throw new Error("nothing is open");
        const often = Array.from({ length: 4 }, (_, at): QueueEvent => ({ kind: "removed", by: QUEUE_BOT, at, reason: "failed_checks" }));
        world.open.splice(0, 1, { ...pull, queueEvents: [...often, { kind: "added", by: { login: "pinion", kind: "app" }, at: 9 }] });
      },
      /It came out 5 times, so Pinion leaves it to people/,
    ],
  ])("is not said to go back by itself where %s", (_what, arrange, words) => {
    const world = inQueue();
    world.quarantine = known([{ app: "checkout", digest: digestOf("1.4.2"), environments: [], reason: "bad", file: "q.yaml" }], 0);
    arrange(world);
    expect(actions(world, "dequeue")).toHaveLength(1);
    const [told] = actions(world, "comment").filter(({ id }) => id.includes("queue:"));
    expect(told?.body).toMatch(words);
    expect(told?.body).not.toContain("by itself once");
  });

  it("is told once to be out, by whoever saw it first", () => {
    const out: readonly QueueEvent[] = [{ kind: "added", by: BOB, at: 1 }, { kind: "removed", by: { login: "pinion", kind: "app" }, at: 2, reason: "manual" }];
    const world = withQueue();
    const comments = [{ id: "C", author: { login: "pinion", kind: "app" }, body: "<!-- pinion:queue:1 -->\nPinion takes it out", at: 2, editedByOther: false } as const];
    world.promotion("dev", one, two, { queueEvents: out, comments });
    expect(actions(world, "comment")).toEqual([]);
    expect(actions(world, "enqueue")).toHaveLength(1);
    world.open.length = 0;
    world.promotion("dev", one, two, { queueEvents: out });
    expect(actions(world, "comment").map(({ body }) => body)).toEqual([expect.stringContaining("It came out of the merge queue: a gate did not pass any more. Pinion puts it back at once if every gate passes then.")]);
  });

  it.each<[reason: string, words: string]>([
    ["failed_checks", "a required check failed on the commit that the queue made of it"],
    ["CI_TIMEOUT", "a required check did not answer in time"],
    ["checks_timed_out", "a required check did not answer in time"],
    ["merge_conflict", "it conflicts with what is merged before it"],
    ["queue_cleared", "the queue was cleared"],
    ["branch_protections", "the rules of the branch are not met any more"],
    ["", "GitHub does not say why"],
    ["<b>new</b> @all", "GitHub gives the reason “&lt;b&gt;new&lt;/b&gt; @&#8203;all”"],
  ])("comes out by %j, and waits before it goes in again", (reason, words) => {
    const world = withQueue();
    world.promotion("dev", one, two, { queueEvents: [{ kind: "added", by: BOB, at: 1 }, { kind: "removed", by: QUEUE_BOT, at: world.now, reason }] });
    expect(actions(world, "comment")[0]?.body).toContain(words);
    expect(actions(world, "enqueue")).toEqual([]);
    expect(reasons(world)).toContain("dev/checkout: #200 comes into the merge queue again at ");
    expect(planned(world).nextLookAt).toBe(world.now + 60_000);
  });
});

describe("a merge by the queue", () => {
  it.each<[what: string, passedAt: string, groupPassed: boolean | null, judgement: string]>([
    ["what it made had passed", GROUP, true, "judged"],
    ["nobody asked how the check stands, and what it made had passed", GROUP, null, "judged"],
    ["what it made had passed, and its check had turned", GROUP, false, "stale-judged"],
    ["only the pull request itself had passed", oid("c"), true, "stale-judged"],
    ["nothing had passed", "", true, "out-of-band"],
  ])("where %s is recorded as such, with who put it there", (_what, passedAt, groupPassed, judgement) => {
    const world = withQueue().pin("dev", two);
    if (passedAt !== "") world.records.push({ event: "judged", app: "checkout", environment: "dev", at: 0, kind: "promotion", release: two, pullRequest: 200, head: passedAt, gates: [], approvals: [] });
    const queueEvents: readonly QueueEvent[] = [{ kind: "added", by: BOB, at: 1 }, { kind: "removed", by: QUEUE_BOT, at: 2, reason: "merged" }];
    const check = { id: 1, fingerprint: "f", status: "completed", passed: true, startedAt: 0 } as const;
    const merged = pullRequest({ number: 200, state: "merged", check, queueEvents, groupPassed, merge: { commit: GROUP, at: world.now, by: QUEUE_BOT } });
    world.changes.push({ app: "checkout", environment: "dev", from: one, to: two, commit: GROUP, at: world.now, author: merged.author, pullRequest: merged });
    const record = expect.objectContaining({ event: "merged", judgement, enqueuedBy: "bob", mergedBy: QUEUE_BOT.login }) as unknown;
    expect(actions(world, "record").map((action) => action.record)).toContainEqual(record);
  });
});

it.each<[what: string, group: "hotfix" | "plain" | null, kind: string]>([
  ["what the queue merged had passed only as one", "hotfix", "hotfix"],
  ["what the queue merged had passed as what is none", "plain", "promotion"],
  ["only the pull request itself had passed, as what is none too", null, "promotion"],
])("a merge by the queue, with the label gone since, is told as a hotfix or not: %s", (_what, group, kind) => {
  const world = withQueue().pin("dev", two);
  const hotfix = { by: "bob", at: 1, source: "label:9", passedBy: [] };
  const judged = { event: "judged", app: "checkout", environment: "dev", at: 0, release: two, pullRequest: 200, gates: [], approvals: [] } as const;
  world.records.push({ ...judged, kind: "promotion", head: oid("c") }, { ...judged, kind: "hotfix", head: oid("c"), hotfix });
  if (group !== null) world.records.push(group === "plain" ? { ...judged, kind: "promotion", head: GROUP } : { ...judged, kind: "hotfix", head: GROUP, hotfix });
  const merged = pullRequest({ number: 200, state: "merged", queueEvents: [{ kind: "added", by: BOB, at: 1 }], groupPassed: true, merge: { commit: GROUP, at: world.now, by: BOB } });
  world.changes.push({ app: "checkout", environment: "dev", from: one, to: two, commit: GROUP, at: world.now, author: merged.author, pullRequest: merged });
  expect(actions(world, "record").map((action) => action.record)).toContainEqual(expect.objectContaining({ event: "merged", kind }));
});

it("while the configuration cannot be read, the queue waits, and only what mends it goes through", () => {
  const world = withQueue();
  const mended = parseConfig(RULES);
  world.config = parseConfig("version: 9\n");
  const [mends, other] = [byHand(world, { config: mended }), byHand(world, { otherFiles: ["x"] })];
  queue(world, [
    { pull: mends, head: GROUP, brings: change({ config: mended }) },
    { pull: other, head: BEHIND, brings: change({ otherFiles: ["x"] }) },
  ]);
  expect(told(world)).toMatch(/^success: Pinion's configuration/);
  expect(told(world, BEHIND)).toMatch(/^in_progress: Waiting: the configuration of Pinion/);
});
