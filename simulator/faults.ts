/** The wrapper around every port call: what can go wrong between a process of Pinion and the world. */
import type { Instant, Milliseconds } from "../src/domain/answer.ts";
import type { FailureKind } from "../src/domain/answer.ts";
import { CALL_DEADLINE, PortFailure, type Ports } from "../src/ports.ts";
import type { TroubleDecision } from "./decisions.ts";
import type { BotId } from "./events.ts";
import type { Trouble } from "./setup.ts";
import { UNDISTORTED, type Distortion, type Reach, type Target } from "./simulated-world.ts";
import type { Awaitable } from "./world-view.ts";

/** What can go wrong with a call: only reads can be old, and only requests of several parts can break off. */
type Nature = "read" | "local" | "write" | "parts";

/** A call that a process has made and that is not answered yet. */
interface PendingCall {
  readonly bot: BotId;
  readonly about: string;
  readonly nature: Nature;
  readonly madeAt: Instant;
  /** Does it in the world, and keeps the answer for {@link answer}. */
  perform(distortion: Distortion): Promise<void>;
  /** Gives the process what the last {@link perform} came to. */
  answer(): void;
  fail(failure: PortFailure): void;
}

/** The calls of all processes, as the scheduler sees them. */
export class CallPool {
  readonly #wired: boolean;
  readonly #now: () => Instant;
  readonly #later: (at: Instant, run: () => void) => void;
  #calls: PendingCall[] = [];
  /** Calls of processes that died: they may still happen, and nobody hears of it. */
  readonly #ghosts = new Set<PendingCall>();
  readonly #dead = new Set<BotId>();
  /** What goes on in the world that no process waits for. */
  readonly #underway = new Set<Promise<void>>();

  /** @param wired whether requests can be spoilt on their way. */
  constructor(now: () => Instant, later: (at: Instant, run: () => void) => void, wired = false) {
    this.#wired = wired;
    this.#now = now;
    this.#later = later;
  }

  get size(): number {
    return this.#calls.length;
  }

  /** The name of a call, for the story. */
  about(pick: number): string {
    const call = this.#at(pick);
    return call === undefined ? "nothing" : `${this.#ghosts.has(call) ? "a dead process" : `process ${call.bot}`}: ${call.about}`;
  }

  botOf(pick: number): BotId | null {
    return this.#at(pick)?.bot ?? null;
  }

  #at(pick: number): PendingCall | undefined {
    return this.#calls.length === 0 ? undefined : this.#calls[pick % this.#calls.length];
  }

  isWrite(pick: number): boolean {
    const nature = this.#at(pick)?.nature;
    return nature === "write" || nature === "parts";
  }

  /** Whether this kind of trouble can befall the call at all. */
  canSuffer(pick: number, kind: Trouble): boolean {
    const call = this.#at(pick);
    if (call === undefined || this.#ghosts.has(call)) return false;
    if (kind === "stale") return call.nature === "read";
    if (kind === "wire") return this.#wired;
    return kind !== "partial" || call.nature === "parts";
  }

  call<T>(bot: BotId, about: string, nature: Nature, perform: (distortion: Distortion) => Awaitable<T>): Promise<T> {
    // What a dead process would ask for, nobody hears.
    if (this.#dead.has(bot)) return new Promise<T>(() => undefined);
    return new Promise<T>((resolve, reject) => {
      let outcome: { readonly value: T } | { readonly problem: unknown } | null = null;
      this.#calls.push({
        bot,
        about,
        nature,
        madeAt: this.#now(),
        perform: async (distortion) => {
          try {
            outcome = { value: await perform(distortion) };
          } catch (problem) {
            outcome = { problem };
          }
        },
        answer: () => {
          if (outcome === null) return;
          if ("value" in outcome) resolve(outcome.value);
          else reject(outcome.problem);
        },
        fail: reject,
      });
    });
  }

  /** Answers one call, with this trouble. */
  async serve(pick: number, trouble: TroubleDecision | null): Promise<void> {
    const call = this.#at(pick);
    if (call === undefined) return;
    this.#calls.splice(this.#calls.indexOf(call), 1);
    if (this.#ghosts.delete(call)) return call.perform(UNDISTORTED);
    if (trouble === null) return answered(call, UNDISTORTED);
    return this.#serveWith(call, trouble);
  }

  async #serveWith(call: PendingCall, { kind, roll }: TroubleDecision): Promise<void> {
    switch (kind) {
      case "fail-before":
        return call.fail(failureFrom(roll, this.#now()));
      case "fail-after":
        await call.perform(UNDISTORTED);
        return call.fail(failureFrom(roll, this.#now()));
      case "slow":
        await call.perform(UNDISTORTED);
        return this.#later(this.#now() + pauseFrom(roll), () => {
          if (!this.#dead.has(call.bot)) call.answer();
        });
      case "late":
        return this.#serveLate(call, roll);
      case "doubled":
        await call.perform(UNDISTORTED);
        return answered(call, UNDISTORTED);
      case "stale":
        return answered(call, { ...UNDISTORTED, lag: 1_000 + (roll % LONGEST_LAG), lagging: laggingFrom(roll) });
      case "partial":
        return answered(call, { ...UNDISTORTED, cut: 1 + (roll % 7) });
      case "wire":
        return answered(call, { ...UNDISTORTED, wire: roll });
      case "crash-before":
      case "crash-after":
        if (kind === "crash-after") await call.perform(UNDISTORTED);
    }
  }

  /** It happens after a while; sometimes only after the process has given up waiting. */
  #serveLate(call: PendingCall, roll: number): void {
    const givenUp = (roll >> 20) % 4 === 0;
    if (givenUp) call.fail(new PortFailure("dependency", `no answer in time: ${call.about}`));
    this.#later(this.#now() + (givenUp ? roll % 5_000 : pauseFrom(roll)), () => {
      if (givenUp) this.#goOn(call.perform(UNDISTORTED));
      else if (!this.#dead.has(call.bot)) this.#goOn(answered(call, UNDISTORTED));
    });
  }

  #goOn(work: Promise<void>): void {
    this.#underway.add(work);
    void work.finally(() => this.#underway.delete(work));
  }

  /** Resolves when nothing goes on any more that time has set off. */
  async settled(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  /** Calls that have waited longer than any adapter waits. */
  timeOut(): number {
    const late = this.#calls.filter(({ madeAt }) => this.#now() - madeAt > CALL_DEADLINE);
    if (late.length === 0) return 0;
    this.#calls = this.#calls.filter((call) => !late.includes(call));
    for (const call of late) if (!this.#ghosts.delete(call)) call.fail(new PortFailure("dependency", `no answer in time: ${call.about}`));
    return late.length;
  }

  /** A process is gone. What it had asked for happens later, or does not, as the bits of `inFlight` say. */
  bury(bot: BotId, inFlight: number): void {
    this.#dead.add(bot);
    const mine = this.#calls.filter((call) => call.bot === bot && !this.#ghosts.has(call));
    const ghosts = mine.filter((_, index) => ((inFlight >> index % 31) & 1) === 1);
    this.#calls = this.#calls.filter((call) => !mine.includes(call) || ghosts.includes(call));
    for (const ghost of ghosts) this.#ghosts.add(ghost);
  }
}

const LONGEST_LAG: Milliseconds = 30_000;

async function answered(call: PendingCall, distortion: Distortion): Promise<void> {
  await call.perform(distortion);
  call.answer();
}

const KINDS: readonly FailureKind[] = ["dependency", "dependency", "dependency", "error", "error", "stalled"];

function failureFrom(roll: number, now: Instant): PortFailure {
  const kind = KINDS[roll % KINDS.length] ?? "error";
  const limited = kind === "dependency" && (roll >> 8) % 4 === 0;
  return new PortFailure(kind, "something outside failed", limited ? { retryAt: now + 1_000 + ((roll >> 10) % 120_000) } : {});
}

/** As long as an adapter waits. */
function pauseFrom(roll: number): Milliseconds {
  return 100 + (roll % (CALL_DEADLINE - 200));
}

function laggingFrom(roll: number): Distortion["lagging"] {
  return (["all", "pulls", "branches"] as const)[(roll >> 16) % 3] ?? "all";
}

/** The ports of one process, every call of which goes through the pool. */
export function troubledPorts(
  pool: CallPool,
  bot: BotId,
  reach: Reach,
): Pick<Ports, "forge" | "manifests" | "registry" | "rollouts" | "metrics"> {
  const through =
    (nature: Nature) =>
    <T>(about: string, perform: (target: Target) => Awaitable<T>): Promise<T> =>
      pool.call(bot, about, nature, (distortion) => reach(distortion, perform));
  const [read, local, write, parts] = [through("read"), through("local"), through("write"), through("parts")];
  return {
    forge: {
      installations: () => read("list installations", ({ forge }) => forge.installations()),
      repositories: (installation) => read("list repositories", ({ forge }) => forge.repositories(installation)),
      snapshot: (...a) => read("look at GitHub", ({ forge }) => forge.snapshot(...a)),
      permission: (...a) => read(`ask what ${a[1]} may do`, ({ forge }) => forge.permission(...a)),
      teamMembers: (...a) => read(`ask who is in ${a[1]}`, ({ forge }) => forge.teamMembers(...a)),
      checksOf: (...a) => read("read the checks of a commit", ({ forge }) => forge.checksOf(...a)),
      pullRequestOf: (...a) => read("ask which pull request a commit is of", ({ forge }) => forge.pullRequestOf(...a)),
      ownCommits: (...a) => read("ask whose commits these are", ({ forge }) => forge.ownCommits(...a)),
      startLog: (...a) => parts("start the log", ({ forge }) => forge.startLog(...a)),
      publish: (...a) => parts(`write ${a[1].length} checks and ${a[2]?.headline ?? "no record"}`, ({ forge }) => forge.publish(...a)),
      openPullRequest: (...a) => parts(`open "${a[1].title}" from ${a[1].branch}`, ({ forge }) => forge.openPullRequest(...a)),
      replaceHead: (...a) => parts(`rebuild ${a[1]}`, ({ forge }) => forge.replaceHead(...a)),
      merge: (...a) => write(`merge #${a[1]}`, ({ forge }) => forge.merge(...a)),
      enqueue: (...a) => write(`put ${a[1]} into the merge queue`, ({ forge }) => forge.enqueue(...a)),
      dequeue: (...a) => write(`take ${a[1]} out of the merge queue`, ({ forge }) => forge.dequeue(...a)),
      close: (...a) => write(`close ${a[1]}`, ({ forge }) => forge.close(...a)),
      deleteBranch: (...a) => write(`delete ${a[1]}`, ({ forge }) => forge.deleteBranch(...a)),
      comment: (...a) => write(`comment on #${a[1]}`, ({ forge }) => forge.comment(...a)),
      retitle: (...a) => write(`call #${a[1]} "${a[2]}"`, ({ forge }) => forge.retitle(...a)),
      removeLabel: (...a) => write(`take ${a[2]} off #${a[1]}`, ({ forge }) => forge.removeLabel(...a)),
      createLabel: (...a) => write(`create the label ${a[1].name}`, ({ forge }) => forge.createLabel(...a)),
      askReviewers: (...a) => write(`ask for reviews of #${a[1]}`, ({ forge }) => forge.askReviewers(...a)),
      openIssue: (...a) => write(`open the issue "${a[1].title}"`, ({ forge }) => forge.openIssue(...a)),
      showDeployment: (...a) => parts(`show ${a[1].app} in ${a[1].environment} as ${a[1].state}`, ({ forge }) => forge.showDeployment(...a)),
    },
    manifests: {
      ensure: (...a) => local("fetch", ({ manifests }) => manifests.ensure(...a)),
      files: (...a) => local("list files", ({ manifests }) => manifests.files(...a)),
      folder: (...a) => local(`list ${a[2]}`, ({ manifests }) => manifests.folder(...a)),
      touchedFiles: (...a) => local("compare commits", ({ manifests }) => manifests.touchedFiles(...a)),
      changedFiles: (...a) => local("compare commits", ({ manifests }) => manifests.changedFiles(...a)),
      read: (...a) => local("read files", ({ manifests }) => manifests.read(...a)),
      file: (...a) => local(`read ${a[2]}`, ({ manifests }) => manifests.file(...a)),
      mergeTree: (...a) => local("merge in memory", ({ manifests }) => manifests.mergeTree(...a)),
      history: (...a) => local(`read the history of ${a[1]}`, ({ manifests }) => manifests.history(...a)),
      isAncestor: (...a) => local("ask for ancestry", ({ manifests }) => manifests.isAncestor(...a)),
      logCommits: (...a) => local("read the log", ({ manifests }) => manifests.logCommits(...a)),
    },
    registry: {
      tags: (...a) => read(`list tags of ${a[0]}`, ({ registry }) => registry.tags(...a)),
      created: (...a) => read(`read when ${a[0]} ${a[1].slice(0, 16)} was built`, ({ registry }) => registry.created(...a)),
      attachments: (...a) => read(`read what is attached to ${a[0]} ${a[1].slice(0, 16)}`, ({ registry }) => registry.attachments(...a)),
      platforms: (...a) => read(`read the platforms of ${a[0]} ${a[1].slice(0, 16)}`, ({ registry }) => registry.platforms(...a)),
      labels: (...a) => read(`read the labels of ${a[0]} ${a[1].slice(0, 16)}`, ({ registry }) => registry.labels(...a)),
      digest: (...a) => read(`resolve ${a[0]} ${a[1].slice(0, 16)}`, ({ registry }) => registry.digest(...a)),
    },
    rollouts: { application: (...a) => read(`ask Argo CD for ${a[1]}`, ({ rollouts }) => rollouts.application(...a)) },
    metrics: { query: (...a) => local("ask Prometheus", ({ metrics }) => metrics.query(...a)) },
  };
}
