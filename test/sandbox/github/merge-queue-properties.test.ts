/** Whatever people, checks and time do: a branch with a queue goes forward only, to commits whose required checks passed. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OtherCi } from "../../../sandbox/github/ci.ts";
import type { SandboxEvent } from "../../../sandbox/github/events.ts";
import type { MergeQueueSettings, Oid, PullRequest, RequiredCheck } from "../../../sandbox/github/model.ts";
import { SandboxRefusal } from "../../../sandbox/github/refusal.ts";
import { createApp, install } from "../../../sandbox/github/state/accounts.ts";
import { dequeuePullRequest, enqueuePullRequest } from "../../../sandbox/github/state/merge-queue.ts";
import { addRuleset } from "../../../sandbox/github/state/protection.ts";
import { closePullRequest, reopenPullRequest } from "../../../sandbox/github/state/pulls.ts";
import { createRepository, seed } from "../../../sandbox/github/state/repositories.ts";
import { checksVerdict } from "../../../sandbox/github/state/required.ts";
import { GraphqlWorld } from "../github-graphql-world.ts";

const MINUTE = 60_000;
const FILES = ["a", "b", "c"] as const;
const PULLS = 4;

type Act =
  | { readonly kind: "enqueue"; readonly pull: number; readonly jump: boolean }
  | { readonly kind: "dequeue" | "close" | "push"; readonly pull: number }
  | { readonly kind: "check"; readonly group: number; readonly conclusion: "success" | "failure" | "skipped" | null }
  | { readonly kind: "wait"; readonly minutes: number }
  | { readonly kind: "bypass" };

const which = fc.nat({ max: PULLS - 1 });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("enqueue" as const), pull: which, jump: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("dequeue" as const, "close" as const, "push" as const), pull: which }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("check" as const),
      group: which,
      conclusion: fc.constantFrom("success" as const, "success" as const, "success" as const, "skipped" as const, "failure" as const, null),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), minutes: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "bypass" as const }) },
);

const settings: fc.Arbitrary<Partial<MergeQueueSettings>> = fc.record({
  method: fc.constantFrom("merge", "squash", "rebase"),
  strategy: fc.constantFrom("ALLGREEN", "HEADGREEN"),
  maxToBuild: fc.integer({ min: 1, max: 4 }),
  maxToMerge: fc.integer({ min: 1, max: 4 }),
  minToMerge: fc.integer({ min: 1, max: 2 }),
  checkTimeoutMinutes: fc.integer({ min: 2, max: 10 }),
});

let world: GraphqlWorld;
let ci: OtherCi;
let count = 0;

beforeAll(async () => {
  world = await GraphqlWorld.create();
  const { state, organization } = world;
  const app = createApp(state, { slug: "ci", owner: organization, permissions: { checks: "write" }, events: [], webhookSecret: "s" });
  ci = new OtherCi(state, app, install(state, app, organization, "all"));
});

afterAll(() => world.end());

/** One repository with a queue, and what is kept in mind of it while things happen. */
class Run {
  readonly repository;
  readonly pulls: PullRequest[] = [];
  /** Groups that are there, by their branch, as the webhooks tell. */
  readonly open = new Map<string, Oid>();
  readonly problems: string[] = [];
  readonly #required: readonly RequiredCheck[];
  readonly #strategy: MergeQueueSettings["strategy"];
  readonly #patient: boolean;
  /** Commits whose checks all passed at some moment. */
  readonly #passed = new Set<Oid>();
  merged = 0;

  constructor(repository: GraphqlWorld["repository"], strategy: MergeQueueSettings["strategy"], patient: boolean) {
    this.repository = repository;
    this.#strategy = strategy;
    this.#patient = patient;
    this.#required = [{ context: "ci", appId: ci.app.id }];
  }

  take(event: SandboxEvent): void {
    if (event.name === "merge_group" && event.repository === this.repository) {
      const { ref, head } = event.group;
      const known = this.open.get(ref);
      if (event.action === "checks_requested") {
        if (known !== undefined) this.problems.push(`${ref} is asked about twice`);
        this.open.set(ref, head);
      } else if (known === head) this.open.delete(ref);
      else this.problems.push(`${ref} ends and was not there`);
    }
    if (event.name === "check_run" && this.#passes(event.run.headSha)) this.#passed.add(event.run.headSha);
    const pushed = event.name === "push" && event.repository === this.repository && event.ref === "refs/heads/main";
    if (pushed && event.sender.login === "github-merge-queue[bot]") this.#pushed(event);
  }

  #passes(head: Oid): boolean {
    return checksVerdict(this.repository, head, this.#required) === "passed";
  }

  /** With impatient people, a check may turn while the queue is already merging, as at GitHub. */
  #pushed(event: Extract<SandboxEvent, { readonly name: "push" }>): void {
    this.merged += 1;
    if (event.forced) this.problems.push("main was moved back");
    const groups = [...this.open.values()];
    if (!groups.includes(event.after)) this.problems.push("main went to what was no group");
    const through = groups.filter((head) => event.commits.includes(head));
    const judged = this.#strategy === "ALLGREEN" ? through : [event.after];
    for (const head of judged) {
      if (!(this.#patient ? this.#passes(head) : this.#passed.has(head))) this.problems.push(`main went over ${head}, whose checks did not pass`);
    }
  }

  /** What must hold whenever all has come to rest. */
  check(): void {
    const { repository } = this;
    const entries = repository.mergeQueues.get("main")?.entries ?? [];
    const groups = entries.flatMap(({ group }) => (group === null ? [] : [group]));
    expect(this.problems).toEqual([]);
    const before = [repository.refs.get("refs/heads/main"), ...groups.map(({ head }) => head)];
    expect(groups.map(({ base }) => base)).toEqual(before.slice(0, -1));
    const branches = [...repository.refs].filter(([name]) => name.startsWith("refs/heads/gh-readonly-queue/"));
    expect(new Map(branches)).toEqual(new Map(groups.map(({ ref, head }) => [ref, head])));
    expect(this.open).toEqual(new Map(branches));
    expect(entries.filter(({ pull }) => pull.state !== "open")).toEqual([]);
    expect(new Set(entries.map(({ pull }) => pull)).size).toBe(entries.length);
    for (const pull of this.pulls) {
      const words = pull.timeline.map(({ event }) => event).filter((event) => event.endsWith("_merge_queue"));
      expect(words.join()).toMatch(/^((,?added_to_merge_queue,removed_from_merge_queue)*)(,?added_to_merge_queue)?$/);
      expect(words.at(-1) === "added_to_merge_queue").toBe(entries.some((entry) => entry.pull === pull));
    }
  }
}

async function begin(given: Partial<MergeQueueSettings>, patient: boolean): Promise<Run> {
  const { state, organization, owner } = world;
  count += 1;
  const repository = await createRepository(state, { owner: organization, name: `queue-${count}` });
  await seed(state, repository, owner, FILES.map((file) => ({ path: file, contents: Buffer.from("1\n") })));
  const run = new Run(repository, given.strategy ?? "ALLGREEN", patient);
  for (let index = 0; index < PULLS; index += 1) run.pulls.push(await proposal(run, index));
  addRuleset(state, repository, {
    name: "queue",
    include: ["~DEFAULT_BRANCH"],
    bypass: [{ type: "RepositoryRole", role: "admin", mode: "always" }],
    rules: [{ type: "merge_queue", ...given }, { type: "required_status_checks", strict: false, required: [{ context: "ci", appId: ci.app.id }] }],
  });
  return run;
}

/** Two of the pull requests change the same file, so that they conflict. */
async function proposal(run: Run, index: number): Promise<PullRequest> {
  return world.pullIn(run.repository, `change-${index}`, FILES[index % FILES.length] ?? "a", `${index + 2}\n`, world.user(world.owner));
}

async function perform(run: Run, done: Act): Promise<void> {
  const { state, owner } = world;
  const actor = world.user(owner);
  const { repository } = run;
  if (done.kind === "wait") return world.clock.advance(done.minutes * MINUTE);
  if (done.kind === "bypass") return void (await world.commitIn(repository, "main", "other", `${state.secret("text")}\n`, actor));
  if (done.kind === "check") {
    const group = repository.mergeQueues.get("main")?.entries[done.group]?.group;
    if (group != null) await ci.report(repository, group.head, "ci", done.conclusion);
    return;
  }
  const pull = run.pulls[done.pull];
  if (pull === undefined) return;
  if (done.kind === "enqueue") {
    await ci.report(repository, pull.head.oid, "ci", "success");
    await enqueuePullRequest(state, actor, pull, { head: pull.head.oid, jump: done.jump });
  }
  if (done.kind === "dequeue") await dequeuePullRequest(state, actor, pull);
  if (done.kind === "push" && pull.state === "open") await world.commitIn(repository, pull.head.ref, "own", `${state.secret("text")}\n`, actor);
  if (done.kind === "close") await (pull.state === "open" ? closePullRequest(state, actor, pull) : reopenPullRequest(state, actor, pull));
}

describe("a branch with a merge queue", () => {
  it("goes forward only, to what passed; queue, branches, webhooks and timelines agree", async () => {
    let merged = 0;
    await fc.assert(
      fc.asyncProperty(settings, fc.array(act, { minLength: 5, maxLength: 25 }), fc.boolean(), async (given, acts, patient) => {
        const run = await begin(given, patient);
        const end = world.state.listen((event) => run.take(event));
        for (const each of acts) {
          await perform(run, each).catch((problem: unknown) => {
            if (!(problem instanceof SandboxRefusal)) throw problem;
          });
          // Impatient people do the next thing while the queue is still at work.
          if (patient) await world.state.idle();
          if (patient) run.check();
        }
        await world.state.idle();
        run.check();
        end();
        merged += run.merged;
      }),
      { numRuns: 25 },
    );
    expect(merged).toBeGreaterThan(0);
  });
});
