/** The merge queue of the world in memory. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WorldEvent } from "../../simulator/events.ts";
import { APP, MAIN, type CheckFacts, type GitHubFacts, type QueuedFacts } from "../../simulator/facts.ts";
import { GitHub } from "../../simulator/world/github.ts";
import { MergeQueue, type QueueRefusal } from "../../simulator/world/merge-queue.ts";
import type { Actor } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";

const ALICE = { login: "alice", kind: "user" } as const;
const MINUTE = 60_000;
const FILES = ["a", "b", "c"] as const;

function nothing(queue: GitHubFacts["queue"]): GitHubFacts {
  return {
    branches: new Map(),
    pulls: new Map(),
    issues: new Map(),
    checks: new Map(),
    labels: [],
    deployments: [],
    people: new Map([["alice", "write"]]),
    teams: new Map(),
    queue,
  };
}

class Scene {
  now = Date.UTC(2026, 0, 5, 10);
  readonly events: Omit<WorldEvent, "at">[] = [];
  readonly github: GitHub;
  readonly queue: MergeQueue;

  constructor(ciRequired = false, withQueue = true) {
    const rules = { checkRequired: true, logGuarded: false, deletesMergedBranches: true, mergeableAfter: 0 };
    const facts = nothing(withQueue ? { entries: [], exits: [] } : null);
    this.github = new GitHub(() => this.now, (happening) => this.events.push(happening), rules, facts);
    this.queue = new MergeQueue(this.github, { ciRequired, checkTimeout: 60 * MINUTE, maxToBuild: 2 }, () => this.now);
    this.github.move(ALICE, MAIN, this.github.commitOn(ALICE, null, Object.fromEntries(FILES.map((file) => [file, "1"])), "Begin"));
  }

  /** A pull request whose own check is green. */
  proposal(file: string, text: string): number {
    const branch = `change-${file}-${text}`;
    const head = this.github.commitOn(ALICE, this.github.main, { [file]: text }, `Set ${file}`);
    this.github.move(ALICE, branch, head);
    const number = this.github.openPull(ALICE, { title: `Set ${file}`, base: MAIN, headRef: branch, head, fork: false }, null);
    this.check(head, "success");
    return number;
  }

  check(head: Oid, conclusion: CheckFacts["conclusion"]): void {
    const { checks } = this.github.facts;
    const status = conclusion === null ? "in_progress" : "completed";
    const run = { id: this.github.number(), head, fingerprint: "", status, conclusion, title: "", startedAt: this.now } as const;
    this.github.change({ checks: new Map(checks).set(head, [...(checks.get(head) ?? []), run]) });
  }

  enqueue(...numbers: readonly number[]): void {
    for (const number of numbers) expect(this.queue.enqueue(ALICE, number, { expectedHead: null, jump: false, bot: null })).toBeNull();
    this.queue.run();
  }

  wait(minutes: number): void {
    this.now += minutes * MINUTE;
  }

  push(branch: string): void {
    this.github.move(ALICE, branch, this.github.commitOn(ALICE, this.github.branch(branch), { a: "3" }, "More"));
  }

  get entries(): readonly QueuedFacts[] {
    return this.github.facts.queue?.entries ?? [];
  }

  get exits(): readonly (readonly [number, string])[] {
    return (this.github.facts.queue?.exits ?? []).map(({ pull, reason }) => [pull, reason] as const);
  }

  head(number: number): Oid {
    return this.entries.find(({ pull }) => pull === number)?.group?.head ?? "";
  }
}

describe("the merge queue in memory", () => {
  it("merges what passes, and nothing is merged otherwise", () => {
    const scene = new Scene();
    const number = scene.proposal("a", "2");
    const how = { expectedHead: null, message: "m", bot: null, squash: true };
    expect(scene.github.merge(APP, number, how)).toEqual({ status: 405, words: "Changes must be made through the merge queue" });
    scene.enqueue(number);
    const head = scene.head(number);
    expect(scene.github.branch(`gh-readonly-queue/main/pr-${number}-${scene.github.main}`)).toBe(head);
    scene.check(head, "success");
    scene.queue.run();
    expect(scene.github.main).toBe(head);
    expect(scene.github.facts.pulls.get(number)?.merged).toMatchObject({ commit: head, by: ALICE });
    expect(scene.exits).toEqual([[number, "merged"]]);
    expect([...scene.github.facts.branches.keys()]).toEqual([MAIN]);
    expect(scene.events.map(({ kind }) => kind).slice(-4)).toEqual(["merged", "moved", "dequeued", "group"]);
  });

  it.each<[string, (scene: Scene) => QueueRefusal | null, string]>([
    ["without a queue", () => enqueued(new Scene(false, false)), "not enabled"],
    ["with another head", (scene) => enqueued(scene, { expectedHead: "0" }), "modified"],
    ["without the check", (scene) => unchecked(scene), "expected"],
    ["twice", (scene) => twice(scene), "already in the queue"],
    ["by a stranger", (scene) => enqueued(scene, { by: { login: "bob", kind: "user" } }), "accessible"],
  ])("takes nothing %s", (_what, act, said) => {
    expect(act(new Scene())?.refused).toContain(said);
  });

  it.each<[string, (scene: Scene, number: number) => void, string]>([
    ["a failed check", (scene, number) => scene.check(scene.head(number), "failure"), "failed_checks"],
    ["another CI", (scene, number) => scene.queue.report(scene.head(number), "failure"), "failed_checks"],
    ["time", (scene) => scene.wait(60), "checks_timed_out"],
    ["a person", (scene, number) => void scene.queue.dequeue(ALICE, number), "manual"],
    ["a push", (scene) => scene.push("change-a-2"), "manual"],
    ["closing", (scene, number) => scene.github.close(ALICE, number), "manual"],
  ])("%s takes an entry out, and what is behind it is built anew", (_what, act, reason) => {
    const scene = new Scene(true);
    const [first, second] = [scene.proposal("a", "2"), scene.proposal("b", "2")];
    scene.enqueue(first, second);
    const before = scene.head(second);
    act(scene, first);
    scene.queue.run();
    expect(scene.exits[0]).toEqual([first, reason]);
    expect(scene.head(second)).not.toBe(before);
    expect(scene.entries.map(({ group }) => group?.base)).toEqual([scene.github.main]);
  });

  it("jumps, conflicts, and builds no more at once than it may", () => {
    const scene = new Scene();
    const [first, second, third, other] = [scene.proposal("a", "2"), scene.proposal("b", "2"), scene.proposal("c", "2"), scene.proposal("a", "3")];
    scene.enqueue(first, second);
    expect(scene.queue.enqueue(ALICE, third, { expectedHead: null, jump: true, bot: null })).toBeNull();
    scene.queue.run();
    expect(scene.entries.map(({ pull, group }) => [pull, group === null])).toEqual([[third, false], [first, false], [second, true]]);
    scene.queue.dequeue(ALICE, third);
    scene.queue.dequeue(ALICE, second);
    scene.enqueue(other);
    expect(scene.exits.at(-1)).toEqual([other, "merge_conflict"]);
  });

  it("moves the branch only to what passed, whatever happens", () => {
    const act = fc.record({ kind: fc.constantFrom("enqueue", "pass", "pass", "fail", "dequeue", "close", "wait"), which: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const scene = new Scene();
        const pulls = ["2", "3"].flatMap((text) => FILES.slice(0, 2).map((file) => scene.proposal(file, text)));
        for (const { kind, which } of acts) {
          const number = pulls[which] ?? 0;
          const head = scene.entries[which]?.group?.head;
          if (kind === "enqueue") scene.queue.enqueue(ALICE, number, { expectedHead: null, jump: which === 3, bot: null });
          if (kind === "pass" && head !== undefined) scene.check(head, "success");
          if (kind === "fail" && head !== undefined) scene.check(head, "failure");
          if (kind === "dequeue") scene.queue.dequeue(ALICE, number);
          if (kind === "close" && scene.github.facts.pulls.get(number)?.state === "open") scene.github.close(ALICE, number);
          if (kind === "wait") scene.wait(25);
          const before = scene.github.main;
          scene.queue.run();
          for (const oid of scene.github.git.between(before, scene.github.main)) expect(scene.github.check(oid)?.conclusion).toBe("success");
          expect(scene.github.git.isAncestor(before, scene.github.main)).toBe(true);
          const groups = scene.entries.flatMap(({ group }) => (group === null ? [] : [group]));
          expect(groups.map(({ base }) => base)).toEqual([scene.github.main, ...groups.map(({ head: each }) => each)].slice(0, -1));
          const branches = [...scene.github.facts.branches].filter(([name]) => name.startsWith("gh-readonly-queue/"));
          expect(new Map(branches)).toEqual(new Map(groups.map(({ branch, head: each }) => [branch, each])));
        }
      }),
    );
  });
});

function enqueued(scene: Scene, how: { readonly by?: Actor; readonly expectedHead?: Oid } = {}): QueueRefusal | null {
  return scene.queue.enqueue(how.by ?? ALICE, scene.proposal("a", "2"), { expectedHead: how.expectedHead ?? null, jump: false, bot: null });
}

function unchecked(scene: Scene): QueueRefusal | null {
  const number = scene.proposal("a", "2");
  scene.check(scene.github.facts.pulls.get(number)?.head ?? "", "failure");
  return scene.queue.enqueue(ALICE, number, { expectedHead: null, jump: false, bot: null });
}

function twice(scene: Scene): QueueRefusal | null {
  const number = scene.proposal("a", "2");
  scene.enqueue(number);
  return scene.queue.enqueue(ALICE, number, { expectedHead: null, jump: false, bot: null });
}
