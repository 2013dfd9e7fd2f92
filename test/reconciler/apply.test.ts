import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import type { Action, Plan } from "../../src/domain/action.ts";
import { known, unknown } from "../../src/domain/answer.ts";
import type { Observation, ProposedChange } from "../../src/domain/observation.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import type { Oid } from "../../src/domain/release.ts";
import { PortFailure, type Forge, type ManifestsRepository } from "../../src/ports.ts";
import { Application } from "../../src/reconciler/apply.ts";
import { oid, release } from "../domain/releases.ts";
import { HEAD, WorldBuilder } from "../domain/world-builder.ts";
import { portsWith } from "./small-world.ts";

const two = release("1.4.2");

function planOf(actions: readonly Action[]): Plan {
  return { actions, blocked: [], needs: [], nextLookAt: null };
}

function comment(number: number): Action {
  return { id: `comment ${number}`, kind: "comment", pullRequest: number, body: "hello" };
}

function merge(number: number): Action {
  return { id: `merge ${number}`, kind: "merge", pullRequest: number, head: oid("c"), base: HEAD, before: null, method: "squash", title: "t", message: "m" };
}

function record(index: number): Action {
  const told: LogRecord = { event: "deployed", app: `app-${index}`, environment: "dev", release: two, commit: oid("d"), at: index, evidence: "healthy" };
  return { id: `record ${index}`, kind: "record", record: told };
}

/** An application of a plan to a forge that does what it is told to, and notes what it was asked. */
function applying(
  forge: Partial<Forge>,
  changes: readonly Partial<ProposedChange>[] = [],
  age = 0,
  { records = [], manifests = {}, group }: { readonly records?: readonly LogRecord[]; readonly manifests?: Partial<ManifestsRepository>; readonly group?: Oid } = {},
) {
  const world = new WorldBuilder();
  world.records.push(...records);
  const asked: string[] = [];
  let logged = 0;
  for (const [index, change] of changes.entries()) {
    const proposal: ProposedChange = { base: HEAD, head: oid("c"), conflicts: [], promotions: [], otherFiles: [], quarantines: [], config: null, broken: [], shared: [], ...change };
    world.proposals.set(index + 1, known(proposal, world.now));
  }
  if (group !== undefined) world.groups.set(group, unknown("not read", "dependency", world.now));
  const observation: Observation = world.observation();
  const ports = portsWith({
    clock: new VirtualClock(world.now + age),
    manifests,
    forge: {
      comment: async (_, number) => void asked.push(`comment ${number}`),
      createLabel: async () => void asked.push("label"),
      merge: async (_, number) => {
        asked.push(`merge ${number}`);
        return { outcome: "done", value: oid("9") };
      },
      publish: async (_, checks, records) => {
        asked.push(`publish ${checks.length} ${records?.files.length ?? 0} on ${records?.expectedHead.slice(0, 1) ?? "nothing"}`);
        logged += 1;
        return { checks: checks.map(() => ({ outcome: "done", value: 1 })), records: records === null ? null : { outcome: "done", value: oid(String(logged)) } };
      },
      openPullRequest: async () => {
        asked.push("open");
        return { outcome: "done", value: { number: 9, head: oid("e") } };
      },
      ...forge,
    },
  });
  return { application: new Application(ports, observation), asked };
}

const promotes = (environment: string, change: Partial<ProposedChange> = {}): Partial<ProposedChange> => ({
  promotions: [{ app: "checkout", environment, from: null, to: two }],
  ...change,
});

describe("a write that nothing else waits for", () => {
  const label: Action = { id: "label", kind: "create-label", name: "promote:dev", color: "ededed", description: "" };

  it("is refused by itself when a person must act first, and the rest goes on", async () => {
    const { application, asked } = applying({ comment: async () => Promise.reject(new PortFailure("stalled", "the App may not comment")) });
    await application.run(planOf([comment(1), label]));
    expect(asked).toEqual(["label"]);
    expect(application.applied.refusals).toMatchObject([{ action: { id: "comment 1" }, reason: "the App may not comment" }]);
  });

  it("ends the look when GitHub is down, and what was done before is known", async () => {
    const forge: Partial<Forge> = { createLabel: async () => Promise.reject(new PortFailure("dependency", "GitHub is down")) };
    const { application } = applying(forge);
    await expect(application.run(planOf([comment(1), label]))).rejects.toThrow("GitHub is down");
    expect(application.applied.done).toMatchObject([{ id: "comment 1" }]);
    expect(application.applied.refusals).toEqual([]);
  });
});

describe("merges", () => {
  it.each([
    ["are made by what was seen half a minute ago", 30_000, ["merge 1"]],
    ["are not made by what was seen longer ago", 30_001, []],
    ["are not made when the clock was set back since: how old the look is cannot be told", -1, []],
  ])("%s", async (_, age, done) => {
    const { application, asked } = applying({}, [promotes("dev")], age);
    await application.run(planOf([merge(1)]));
    expect(asked).toEqual(done);
    expect(application.applied.conflicts).toHaveLength(done.length === 0 ? 1 : 0);
  });

  it.each([
    [19_999, ["merge 1"]],
    [20_000, []],
  ])("that must be made before a window closes are not made from then on (%i ms later)", async (age, done) => {
    const { application, asked } = applying({}, [promotes("dev")], age);
    const action = { ...merge(1), before: new WorldBuilder().now + 20_000 };
    await application.run(planOf([action]));
    expect(asked).toEqual(done);
    expect(application.applied.conflicts).toEqual(done.length === 0 ? ["merge 1: its window has closed by now"] : []);
  });

  it("go before anything slow, after their own checks and records", async () => {
    const { application, asked } = applying({}, [promotes("dev")]);
    await application.run(planOf([comment(1), merge(1), record(1)]));
    expect(asked).toEqual(["publish 0 1 on b", "merge 1", "comment 1"]);
  });

  it("are made together where they cannot bear upon each other", async () => {
    const { application, asked } = applying({}, [promotes("dev"), promotes("staging")]);
    await application.run(planOf([merge(1), merge(2)]));
    expect(asked).toEqual(["merge 1", "merge 2"]);
  });

  it.each<readonly [string, Partial<ProposedChange>, Partial<ProposedChange>]>([
    ["both change one place", promotes("dev"), promotes("dev")],
    ["the first brings more than pins", promotes("dev", { otherFiles: ["README.md"] }), promotes("staging")],
    ["the second brings more than pins", promotes("dev"), promotes("staging", { otherFiles: ["README.md"] })],
    [
      "the first puts a digest in quarantine",
      promotes("dev", { quarantines: [{ app: "checkout", digest: "sha256:1", environments: [], reason: "bad", file: "q.yaml" }] }),
      promotes("staging"),
    ],
  ])("wait for the next look when %s", async (_, first, second) => {
    const { application, asked } = applying({}, [first, second]);
    await application.run(planOf([merge(1), merge(2)]));
    expect(asked).toEqual(["merge 1"]);
    expect(application.applied.done).toMatchObject([{ id: "merge 1" }]);
    expect(application.applied.refusals).toEqual([]);
  });
});

describe("a write that nothing waits for", () => {
  const issue: Action = { id: "open-issue", kind: "open-issue", title: "t", body: "b", labels: [], record: () => ({ event: "installed", at: 0, commit: oid("a") }) };

  it.each(["stalled", "error"] as const)("leaves the rest to be done when GitHub does not take it: %s", async (kind) => {
    const refusal = new PortFailure(kind, "Could not open an issue: GitHub answered 410 (\"Issues has been disabled in this repository.\")");
    const { application, asked } = applying({ openIssue: () => Promise.reject(refusal) });
    await application.run(planOf([issue, record(1), comment(1)]));
    expect(asked).toEqual(["publish 0 1 on b", "comment 1"]);
    expect(application.applied.refusals).toMatchObject([{ action: { id: "open-issue" }, reason: expect.stringContaining("410") }]);
  });

  it("ends the look when GitHub is not there", async () => {
    const { application, asked } = applying({ openIssue: () => Promise.reject(new PortFailure("dependency", "GitHub is down")) });
    await expect(application.run(planOf([issue, record(1)]))).rejects.toThrow("GitHub is down");
    expect(asked).toEqual([]);
  });
});

describe("a pull request that was there already", () => {
  it("is not recorded again, so that its record is never written over", async () => {
    const opened: LogRecord = { event: "opened", app: "checkout", environment: "dev", at: 1, kind: "promotion", from: null, release: two, pullRequest: 9, head: oid("e"), requestedBy: null };
    const open: Action = {
      id: "open",
      kind: "open",
      app: "checkout",
      environment: "dev",
      branch: "pinion/dev/checkout/1.4.2-x",
      adopt: null,
      commit: { base: HEAD, headline: "h", body: "", edits: [{ file: "kustomization.yaml", pins: [{ repository: "ghcr.io/acme/checkout", tag: "1.4.2", digest: two.images[0]?.digest ?? "sha256:" }] }], newFiles: [] },
      title: "t",
      body: "b",
      check: { status: "in_progress", conclusion: null, title: "t", summary: "s", fingerprint: "f" },
      gates: [],
      record: (pullRequest, head) => ({ ...opened, at: 2, pullRequest, head }),
    };
    const file = new TextEncoder().encode("images:\n  - name: ghcr.io/acme/checkout\n    newTag: 1.4.1\n");
    const { application, asked } = applying({}, [], 0, { records: [opened], manifests: { file: async () => file } });
    await application.run(planOf([open]));
    expect(application.applied.refusals).toEqual([]);
    expect(asked).toEqual(["open", "publish 1 0 on nothing"]);
  });
});

describe("the check that lets the merge queue go on", () => {
  const group = oid("7");
  const judged: LogRecord = { event: "judged", app: "checkout", environment: "dev", at: 1, kind: "promotion", release: two, pullRequest: 1, head: group, gates: [], approvals: [] };
  const passes = { status: "completed", conclusion: "success", title: "t", summary: "s", fingerprint: "1" } as const;
  const check = (head: Oid): Action => ({ id: `check ${head}`, kind: "check", pullRequest: 1, head, check: passes, existing: null });
  const plan = planOf([check(oid("c")), check(group), { id: "judged", kind: "record", record: judged }]);

  it("is written after the record of its judgement", async () => {
    const { application, asked } = applying({}, [], 0, { group });
    await application.run(plan);
    expect(asked).toEqual(["publish 1 1 on b", "publish 1 0 on nothing"]);
    expect(application.applied.done.map(({ id }) => id).toSorted()).toEqual(plan.actions.map(({ id }) => id).toSorted());
  });

  it("is not written where the record could not be", async () => {
    const heads: Oid[] = [];
    const publish: Forge["publish"] = async (_, checks) => {
      heads.push(...checks.map(({ head }) => head));
      return { checks: checks.map(() => ({ outcome: "done", value: 1 })), records: { outcome: "conflict", reason: "it moved" } };
    };
    const { application } = applying({ publish }, [], 0, { group });
    await application.run(plan);
    expect(heads).toEqual([oid("c")]);
    expect(application.applied.conflicts).toHaveLength(1);
  });
});

describe("very many records", () => {
  it("are written in commits of at most 500, each on the one before", async () => {
    const { application, asked } = applying({});
    await application.run(planOf(Array.from({ length: 1_001 }, (_, index) => record(index))));
    expect(asked).toEqual(["publish 0 500 on b", "publish 0 500 on 1", "publish 0 1 on 2"]);
    expect(application.applied.log.map(({ commit, parent }) => [commit, parent])).toEqual([
      [oid("1"), oid("b")],
      [oid("2"), oid("1")],
      [oid("3"), oid("2")],
    ]);
    expect(application.applied.done).toHaveLength(1_001);
  });

  it("stop where the log moved", async () => {
    let written = 0;
    const { application } = applying({
      publish: async () => {
        written += 1;
        return { checks: [], records: written === 1 ? { outcome: "done", value: oid("1") } : { outcome: "conflict", reason: "it moved" } };
      },
    });
    await application.run(planOf(Array.from({ length: 1_001 }, (_, index) => record(index))));
    expect(written).toBe(2);
    expect(application.applied.done).toHaveLength(500);
    expect(application.applied.conflicts).toHaveLength(1);
  });
});
