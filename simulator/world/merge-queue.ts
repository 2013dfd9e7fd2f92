import type { Milliseconds } from "../../src/domain/answer.ts";
import type { Actor } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { BotId } from "../events.ts";
import { MAIN, type QueueExitReason, type QueueFacts, type QueuedFacts } from "../facts.ts";
import type { GitHub } from "./github.ts";

export interface QueueRules {
  /** Beside the App's check, one of another CI is required; it is reported by {@link MergeQueue.report}. */
  readonly ciRequired: boolean;
  /** Groups whose checks take longer are ejected. */
  readonly checkTimeout: Milliseconds;
  readonly maxToBuild: number;
}

/** Who GitHub says took it out where nobody did. */
export const QUEUE: Actor = { login: "github-merge-queue[bot]", kind: "bot" };

export interface EnqueueInput {
  readonly expectedHead: Oid | null;
  /** In front of all others. */
  readonly jump: boolean;
  /** The process that asks for it; null for people. */
  readonly bot: BotId | null;
}

export type QueueRefusal = { readonly refused: string };

/**
 * The merge queue of the default branch, which exists where GitHub's facts have one: squash merges, and every group must pass.
 * What it does by itself it does in {@link MergeQueue.run}, for the world to call when something happened or time went by.
 */
export class MergeQueue {
  readonly #github: GitHub;
  readonly #rules: QueueRules;
  readonly #now: () => number;
  readonly #reported = new Map<Oid, "success" | "failure">();
  readonly #heads = new Set<Oid>();
  #ciIsCalm = false;

  constructor(github: GitHub, rules: QueueRules, now: () => number) {
    this.#github = github;
    this.#rules = rules;
    this.#now = now;
  }

  get #queue(): QueueFacts {
    return this.#github.facts.queue ?? { entries: [], exits: [] };
  }

  #set(part: Partial<QueueFacts>): void {
    this.#github.change({ queue: { ...this.#queue, ...part } });
  }

  /** Puts a pull request in, at the end or in front. It must be fit to be merged by itself, and its head must be the expected one. */
  enqueue(by: Actor, number: number, how: EnqueueInput): null | QueueRefusal {
    const github = this.#github;
    const pull = github.facts.pulls.get(number);
    if (github.facts.queue === null) return { refused: "A merge queue is not enabled for the base branch of this pull request" };
    if (!github.mayWrite(by)) return { refused: "Resource not accessible" };
    if (pull === undefined || pull.state !== "open" || pull.base !== MAIN) return { refused: "Pull request is not open" };
    if (this.#queue.entries.some((entry) => entry.pull === number)) return { refused: "Pull request is already in the queue" };
    if (how.expectedHead !== null && how.expectedHead !== pull.head) return { refused: "Head branch was modified. Review and try the merge again." };
    if (pull.draft) return { refused: "Pull request is in draft state" };
    if (github.rules.checkRequired && github.check(pull.head)?.conclusion !== "success") {
      return { refused: 'Pull request Required status check "Pinion" is expected.' };
    }
    if ("conflicts" in github.git.merge(github.main, pull.head)) return { refused: "Pull request has merge conflicts" };
    const entry: QueuedFacts = { pull: number, pullHead: pull.head, by, at: github.second, group: null };
    const { entries } = this.#queue;
    this.#set({ entries: how.jump ? [entry, ...entries] : [...entries, entry] });
    github.tell({ kind: "enqueued", pull: number, by, head: pull.head, expectedHead: how.expectedHead, bot: how.bot });
    return null;
  }

  dequeue(by: Actor, number: number): null | QueueRefusal {
    if (!this.#github.mayWrite(by)) return { refused: "Resource not accessible" };
    const entry = this.#queue.entries.find(({ pull }) => pull === number);
    if (entry === undefined) return { refused: "Pull request is not in the queue" };
    this.#remove(entry, by, "manual");
    return null;
  }

  /** The other CI has come to a conclusion about a group. */
  report(head: Oid, conclusion: "success" | "failure"): void {
    this.#reported.set(head, conclusion);
  }

  /** From now on the other CI passes whatever it has not failed. */
  calm(): void {
    this.#ciIsCalm = true;
  }

  #remove(entry: QueuedFacts, by: Actor | null, reason: QueueExitReason): void {
    const { entries, exits } = this.#queue;
    const exit = { pull: entry.pull, by, reason, at: this.#github.second, head: entry.group?.head ?? null, enqueued: entry };
    this.#set({ entries: entries.filter(({ pull }) => pull !== entry.pull), exits: [...exits, exit] });
    this.#github.tell({ kind: "dequeued", pull: entry.pull, by, reason });
    this.#giveUp(entry);
  }

  #giveUp({ pull, group }: QueuedFacts): void {
    if (group === null) return;
    this.#github.move(QUEUE, group.branch, null, false);
    this.#github.tell({ kind: "group", pull, head: group.head, what: "destroyed" });
  }

  /** Does what there is to do now. Each turn takes an entry out or is the last one. */
  run(): void {
    while (this.#dropStale() || this.#buildAll() || this.#judge());
  }

  /** Those that were closed, merged otherwise, or pushed to: GitHub says who did. A draft stays. */
  #dropStale(): boolean {
    const { pulls } = this.#github.facts;
    const stale = this.#queue.entries.find(({ pull, pullHead }) => pulls.get(pull)?.state !== "open" || pulls.get(pull)?.head !== pullHead);
    if (stale === undefined) return false;
    const pull = pulls.get(stale.pull);
    if (pull?.state === "merged") this.#remove(stale, pull.merged?.by ?? null, "merged");
    else this.#remove(stale, pull?.closed?.by ?? this.#github.git.find(pull?.head ?? "")?.by ?? null, "manual");
    return true;
  }

  /** Builds each on top of the one before. True when one conflicted and is out. */
  #buildAll(): boolean {
    let base = this.#github.main;
    for (const [index, entry] of this.#queue.entries.entries()) {
      const due = index < this.#rules.maxToBuild;
      if (due && entry.group?.base === base) {
        base = entry.group.head;
        continue;
      }
      this.#giveUp(entry);
      const group = due ? this.#build(entry, base) : null;
      this.#set({ entries: this.#queue.entries.map((other) => (other.pull === entry.pull ? { ...entry, group } : other)) });
      if (!due) continue;
      if (group === null) {
        this.#remove({ ...entry, group }, null, "merge_conflict");
        return true;
      }
      base = group.head;
    }
    return false;
  }

  /** Checks of an earlier group must not count for this one: in the same second, the commit is dated a little later. */
  #build({ pull: number, by }: QueuedFacts, base: Oid): QueuedFacts["group"] {
    const pull = this.#github.facts.pulls.get(number);
    if (pull === undefined) return null;
    const how = { message: `${pull.title} (#${number})`, squash: true };
    let at = this.#github.second;
    let head = this.#github.mergeCommit(by, pull, base, { ...how, at });
    while (head !== null && this.#heads.has(head)) {
      at += 1_000;
      head = this.#github.mergeCommit(by, pull, base, { ...how, at });
    }
    if (head === null) return null;
    this.#heads.add(head);
    const branch = `gh-readonly-queue/${MAIN}/pr-${number}-${base}`;
    this.#github.move(QUEUE, branch, head, false);
    this.#github.tell({ kind: "group", pull: number, head, what: "requested" });
    return { branch, base, head, requestedAt: this.#now() };
  }

  #verdict(head: Oid): "passed" | "pending" | "failed" {
    const own = this.#github.rules.checkRequired ? this.#github.check(head) : null;
    const other = this.#rules.ciRequired ? (this.#reported.get(head) ?? (this.#ciIsCalm ? "success" : null)) : "success";
    if ((own?.status === "completed" && own.conclusion !== "success") || other === "failure") return "failed";
    const passed = !this.#github.rules.checkRequired || own?.conclusion === "success";
    return passed && other === "success" ? "passed" : "pending";
  }

  /** The front decides: it is merged, or it is out, or all wait for it. */
  #judge(): boolean {
    const [front] = this.#queue.entries;
    if (front === undefined || front.group === null) return false;
    const verdict = this.#verdict(front.group.head);
    const late = this.#now() >= front.group.requestedAt + this.#rules.checkTimeout;
    if (verdict === "passed") {
      this.#github.mergeQueued(front);
      this.#remove(front, null, "merged");
    } else if (verdict === "failed") this.#remove(front, null, "failed_checks");
    else if (late) this.#remove(front, null, "checks_timed_out");
    else return false;
    return true;
  }
}
