/** Histories made by hand, without Pinion: what its checkers must find, and what they must let pass. */
import { allCheckers } from "../../simulator/checkers/all.ts";
import type { BotId, Happening } from "../../simulator/events.ts";
import { DEV, manifest, MINUTE, placePath, type EnvironmentSetup } from "../../simulator/facts.ts";
import { setupOf, type Setup } from "../../simulator/setup.ts";
import type { Hope } from "../../simulator/world-view.ts";
import { REPOSITORY } from "../../simulator/world/forge.ts";
import { People } from "../../simulator/world/people.ts";
import { UNDISTORTED } from "../../simulator/simulated-world.ts";
import { imageRepository, World } from "../../simulator/world/world.ts";
import { promotionBranch } from "../../src/domain/branch.ts";

const BOT: BotId = 1;
const APP = "checkout";

export const PROD: EnvironmentSetup = {
  ...DEV,
  name: "prod",
  after: ["dev"],
  soak: 2,
  merge: "on-approval",
  approvals: { count: 1, teams: [] },
};

export function digestOf(letter: string): string {
  return `sha256:${letter.repeat(64)}`;
}

function setup(environments: readonly EnvironmentSetup[], slo: boolean, queue: boolean): Setup {
  return {
    ...setupOf(1),
    apps: [APP],
    config: { environments, slo, limit: 50 },
    checkRequired: queue,
    ...(queue ? { queue: { ciRequired: true, checkTimeout: 60 * MINUTE, maxToBuild: 5 } } : {}),
    deletesMergedBranches: false,
    logGuarded: false,
    pinnedByDigest: true,
  };
}

export interface Proposal {
  readonly environment?: string;
  readonly tag?: string;
  readonly digest?: string;
  readonly revert?: boolean;
  /** Files beside the pin. */
  readonly beside?: Readonly<Record<string, string>>;
  readonly branch?: string;
}

export interface Opened {
  readonly number: number;
  readonly head: string;
  readonly environment: string;
  readonly digest: string;
  readonly tag: string;
}

/** A world in which the App does what the test says. */
export class HandMade {
  readonly world: World;
  readonly people: People;
  readonly #checkers = allCheckers();
  readonly #found: string[] = [];
  #checked = 0;
  #records = 0;
  #logHead: string | null = null;

  /** @param queue whether the default branch has a merge queue, and with it Pinion's required check. */
  constructor({ environments = [DEV, PROD], slo = false, queue = false }: { readonly environments?: readonly EnvironmentSetup[]; readonly slo?: boolean; readonly queue?: boolean } = {}) {
    this.world = new World(setup(environments, slo, queue));
    this.people = new People(this.world);
    this.record({ event: "installed", commit: this.main });
  }

  get #forge() {
    return this.world.target(BOT, () => this.world.now(), UNDISTORTED).forge;
  }

  get main(): string {
    return this.world.github.main;
  }

  /** The App takes a look. */
  look(): void {
    this.#forge.snapshot(REPOSITORY, 0);
    this.#check();
  }

  pass(seconds: number): void {
    const end = this.world.now() + seconds * 1_000;
    while (this.world.now() < end) this.world.clock.advance(end);
  }

  /** One commit of the log with these records. */
  record(...records: readonly Readonly<Record<string, unknown>>[]): void {
    const files = records.map((fields, sequence) => {
      this.#records += 1;
      const whole = { version: 1, app: APP, at: new Date(this.world.now()).toISOString(), sequence, ...fields };
      return { path: `records/${this.#records}.json`, bytes: new TextEncoder().encode(JSON.stringify(whole)) };
    });
    const written =
      this.#logHead === null
        ? this.#forge.startLog(REPOSITORY, files, "log")
        : this.#forge.publish(REPOSITORY, [], { expectedHead: this.#logHead, files, headline: "log" }).records;
    if (written?.outcome !== "done") throw new Error("the log was not written");
    this.#logHead = written.value;
    this.#check();
  }

  release(tag: string, digest: string) {
    return { app: APP, version: tag, images: [{ repository: imageRepository(APP), tag, digest }] };
  }

  /** The App opens a pull request that pins this. */
  open({ environment = "dev", tag = "1.1.0", digest = digestOf("a"), revert = false, beside = {}, branch }: Proposal = {}): Opened {
    const release = { app: APP, version: tag, images: [{ repository: imageRepository(APP), tag, digest: `sha256:${digest.slice(7)}` as const }] };
    const name = branch ?? promotionBranch({ app: APP, environment, release, from: null, revert }, this.main, 1);
    const files = { [placePath(APP, environment)]: manifest({ repository: imageRepository(APP), tag, digest }), ...beside };
    const made = this.#forge.openPullRequest(REPOSITORY, {
      branch: name,
      base: "main",
      baseOid: this.main,
      branchAt: null,
      commit: { headline: `Promote ${tag}`, body: "", files: Object.entries(files).map(([path, text]) => ({ path, bytes: new TextEncoder().encode(text) })) },
      title: `Promote ${tag}`,
      body: "",
    });
    if (made.outcome !== "done") throw new Error(made.reason);
    this.#check();
    const opened = { ...made.value, environment, digest, tag };
    this.record({ event: "opened", environment, kind: revert ? "revert" : "promotion", pullRequest: opened.number, head: opened.head, release: this.release(tag, digest), requestedBy: null });
    return opened;
  }

  judge(opened: Opened, gates: readonly { readonly policy: string; readonly result: string }[] = []): void {
    const { number, head, environment, tag, digest } = opened;
    this.record({ event: "judged", environment, pullRequest: number, head, release: this.release(tag, digest), gates });
  }

  /** Looks, merges at that head, and answers the merge commit. */
  merge(opened: Opened): string {
    this.look();
    const how = { head: opened.head, method: "squash", title: "Promote", message: "" } as const;
    const merged = this.#forge.merge(REPOSITORY, opened.number, how);
    if (merged.outcome !== "done") throw new Error(merged.reason);
    this.#check();
    return merged.value;
  }

  /** The App says of a commit what its check says. */
  check(head: string, conclusion: "success" | "failure"): void {
    const check = { status: "completed", conclusion, title: "", summary: "", fingerprint: conclusion } as const;
    if (conclusion === "success") this.world.note({ kind: "asking", what: "check", head, bot: BOT });
    this.asApp((forge) => forge.publish(REPOSITORY, [{ head, check, existing: null }], null));
  }

  /** Looks, and puts it into the merge queue at that head. Answers the commit that the queue tries. */
  enqueue({ number, head }: Pick<Opened, "number" | "head">): string {
    this.check(head, "success");
    this.look();
    this.world.note({ kind: "asking", what: "enqueue", head, bot: BOT });
    this.asApp((forge) => forge.enqueue(REPOSITORY, `PR_${number}`, head));
    return this.runQueue(number);
  }

  /** Another CI passes what is tried, and the merge queue does what is due; answers what it tries for a pull request then. */
  runQueue(number: number): string {
    for (const { group } of this.world.facts().queue?.entries ?? []) if (group !== null) this.world.queue.report(group.head, "success");
    this.world.queue.run();
    this.#check();
    return this.world.facts().queue?.entries.find(({ pull }) => pull === number)?.group?.head ?? "";
  }

  /** As it should be: opened, judged, merged and recorded. */
  promote(proposal: Proposal = {}): Opened & { readonly commit: string } {
    const opened = this.open(proposal);
    this.judge(opened);
    const commit = this.merge(opened);
    this.recordMerge(opened, commit, proposal.revert === true ? "revert" : "promotion");
    return { ...opened, commit };
  }

  recordMerge(opened: Opened, commit: string, kind = "promotion"): void {
    const { number, head, environment, tag, digest } = opened;
    this.record({ event: "merged", environment, kind, pullRequest: number, head, commit, release: this.release(tag, digest), judgement: "judged" });
  }

  /** What the log says became of a merge. */
  became(event: string, { environment, tag, digest, commit }: Opened & { readonly commit: string }, more: Readonly<Record<string, unknown>> = {}): void {
    this.record({ event, environment, commit, release: this.release(tag, digest), ...more });
  }

  /** Something that the ports cannot do. */
  happen(happening: Happening): void {
    this.world.note(happening);
    this.#check();
  }

  /** The forge as the App has it, for what has no shorter way. */
  asApp<T>(act: (forge: ReturnType<World["target"]>["forge"]) => T): T {
    const answer = act(this.#forge);
    this.#check();
    return answer;
  }

  #check(): void {
    const { events } = this.world;
    for (; this.#checked < events.length; this.#checked += 1) {
      const event = events[this.#checked];
      if (event === undefined) continue;
      for (const checker of this.#checkers) for (const { invariant } of checker.see(event, this.world)) this.#found.push(invariant);
    }
  }

  /** Every invariant that was found violated so far. */
  get found(): readonly string[] {
    this.#check();
    return [...new Set(this.#found)].toSorted();
  }

  hopes(hope: Hope): readonly string[] {
    return hope.look(this.world).map(({ invariant }) => invariant);
  }
}
