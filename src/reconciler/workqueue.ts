import type { FailureKind, Instant, Milliseconds } from "../domain/answer.ts";
import { PortFailure, type Clock, type Journal } from "../ports.ts";

export interface WorkqueueOptions<H> {
  /** One run for one key. Answers when to run again without any hint, or null. */
  readonly run: (key: string, hints: readonly H[]) => Promise<{ readonly again: Instant | null }>;
  readonly clock: Clock;
  readonly journal: Journal;
  /** From 0 up to but not including 1: spreads the retries of many keys over time. */
  readonly random: () => number;
  /** Runs at the same time, all of different keys. */
  readonly concurrency: number;
  /** Hints with the same answer are one hint. */
  readonly identity: (hint: H) => string;
  /** What a run that asked for another is told. */
  readonly due: H;
  /** What to call a key in the journal. */
  readonly describe: (key: string) => string;
}

/** What the queue holds at one moment, for metrics. */
export interface WorkqueueState {
  readonly queued: number;
  readonly running: number;
  /** Keys that wait for a moment: a retry, or what an earlier run asked for. */
  readonly waiting: number;
  /** Since when the key that has waited longest for its turn has been ready, or null. */
  readonly oldest: Instant | null;
  readonly draining: boolean;
}

export interface Workqueue<H> {
  /** Says that a key is worth a run. Answers at once; a queue that drains ignores it. */
  add(key: string, hint: H): void;
  /** Drops what waits for this key. A run under way ends, but what it asks for is not heeded. */
  forget(key: string): void;
  /** Starts no more runs, and answers the keys whose runs have not ended by the deadline: none when all went well. */
  drain(deadline: Milliseconds): Promise<readonly string[]>;
  /** Resolves when nothing runs and nothing is ready to run; what waits for a moment does not count. */
  idle(): Promise<void>;
  state(): WorkqueueState;
}

/** Different hints that are kept for one key. Beyond, new ones are dropped: losing a hint costs time, and nothing else. */
const HINTS_PER_KEY = 1_000;
/** Runs that a key may ask for at once, one after the other, before there must be time between them. */
const RUNS_AT_ONCE = 10;
/** A run that is wanted sooner than this is wanted at once: nothing outside changes by itself so fast. */
const AT_ONCE: Milliseconds = 1_000;
const FIRST_DELAY: Milliseconds = 1_000;
const LONGEST_DELAY: Milliseconds = 5 * 60_000;
/** For a dependency that does not say when to ask again. */
const DEPENDENCY_DELAY: Milliseconds = 30_000;
/** GitHub's rate limits end within the hour; a longer delay is a mistake of whoever told it. */
const LONGEST_TOLD_DELAY: Milliseconds = 65 * 60_000;

/** What is kept of one key, while there is something to keep. */
interface Entry<H> {
  readonly hints: Map<string, H>;
  readySince: Instant;
  /** No run before this moment, whoever hints: a dependency that is down is not asked more often because of events. */
  notBefore: Instant;
  cancelWake: (() => void) | null;
  failures: number;
  runsAtOnce: number;
}

type Outcome = { readonly ok: true; readonly again: Instant | null } | { readonly ok: false; readonly cause: unknown };

/**
 * A queue in memory, by key: hints for one key come together in one run, a key never runs twice at the same time, and
 * a hint that comes while its key runs makes it run once more. Keys take turns in the order in which they became
 * ready. Nothing is kept over a restart: hints may be lost, because the sweep says them all again.
 */
export function createWorkqueue<H>(options: WorkqueueOptions<H>): Workqueue<H> {
  return new KeyedQueue(options);
}

class KeyedQueue<H> implements Workqueue<H> {
  readonly #options: WorkqueueOptions<H>;
  readonly #entries = new Map<string, Entry<H>>();
  /** Sets keep the order of adding, so the first key of this one has waited longest. */
  readonly #ready = new Set<string>();
  readonly #running = new Set<string>();
  #draining = false;
  #idleWatchers: (() => void)[] = [];

  constructor(options: WorkqueueOptions<H>) {
    this.#options = options;
  }

  add(key: string, hint: H): void {
    if (this.#draining) return;
    const entry = this.#entryOf(key);
    this.#keep(entry, [hint]);
    this.#rouse(key, entry);
  }

  forget(key: string): void {
    this.#entries.get(key)?.cancelWake?.();
    this.#entries.delete(key);
    this.#ready.delete(key);
    this.#settle();
  }

  async drain(deadline: Milliseconds): Promise<readonly string[]> {
    this.#draining = true;
    this.#ready.clear();
    for (const entry of this.#entries.values()) entry.cancelWake?.();
    this.#entries.clear();
    this.#settle();
    const { clock } = this.#options;
    const late = Promise.withResolvers<void>();
    const cancel = clock.schedule(clock.now() + deadline, late.resolve);
    await Promise.race([this.idle(), late.promise]);
    cancel();
    return [...this.#running];
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWatchers.push(resolve);
      this.#settle();
    });
  }

  state(): WorkqueueState {
    const first = this.#ready.values().next().value;
    return {
      queued: this.#ready.size,
      running: this.#running.size,
      waiting: [...this.#entries.values()].filter((entry) => entry.cancelWake !== null).length,
      oldest: first === undefined ? null : (this.#entries.get(first)?.readySince ?? null),
      draining: this.#draining,
    };
  }

  #entryOf(key: string): Entry<H> {
    const found = this.#entries.get(key);
    if (found !== undefined) return found;
    const entry: Entry<H> = { hints: new Map(), readySince: 0, notBefore: 0, cancelWake: null, failures: 0, runsAtOnce: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #keep(entry: Entry<H>, hints: readonly H[]): void {
    for (const hint of hints) {
      if (entry.hints.size < HINTS_PER_KEY) entry.hints.set(this.#options.identity(hint), hint);
    }
  }

  /** Makes the key ready, unless it runs (then its end sees to it) or must wait first. */
  #rouse(key: string, entry: Entry<H>): void {
    if (this.#draining || this.#running.has(key) || this.#ready.has(key)) return;
    const now = this.#options.clock.now();
    if (entry.notBefore > now) {
      this.#wakeAt(key, entry, entry.notBefore);
      return;
    }
    entry.cancelWake?.();
    entry.cancelWake = null;
    entry.readySince = now;
    this.#ready.add(key);
    this.#start();
  }

  #wakeAt(key: string, entry: Entry<H>, at: Instant): void {
    if (this.#draining) return;
    entry.cancelWake?.();
    entry.cancelWake = this.#options.clock.schedule(at, () => {
      entry.cancelWake = null;
      if (entry.hints.size === 0) this.#keep(entry, [this.#options.due]);
      this.#rouse(key, entry);
    });
  }

  #start(): void {
    for (const key of this.#ready) {
      if (this.#running.size >= this.#options.concurrency) return;
      this.#ready.delete(key);
      this.#running.add(key);
      void this.#run(key, this.#entryOf(key));
    }
  }

  async #run(key: string, entry: Entry<H>): Promise<void> {
    // Whoever hinted goes on first, perhaps to hint again: the work begins when that is over.
    await Promise.resolve();
    const hints = [...entry.hints.values()];
    entry.hints.clear();
    const outcome = await this.#outcome(key, hints);
    this.#running.delete(key);
    // A key that was forgotten meanwhile has no entry any more, or, when it was hinted at since, another one.
    const current = this.#entries.get(key);
    if (current !== entry) {
      if (!outcome.ok) this.#options.journal.warn("a look failed that nobody waits for any more", this.#about(key, entry, outcome.cause));
      if (current !== undefined) this.#rouse(key, current);
    } else if (outcome.ok) {
      this.#succeeded(key, entry, outcome.again);
    } else {
      this.#failed(key, entry, hints, outcome.cause);
    }
    this.#start();
    this.#settle();
  }

  async #outcome(key: string, hints: readonly H[]): Promise<Outcome> {
    try {
      return { ok: true, again: (await this.#options.run(key, hints)).again };
    } catch (cause) {
      return { ok: false, cause };
    }
  }

  #succeeded(key: string, entry: Entry<H>, again: Instant | null): void {
    const now = this.#options.clock.now();
    entry.failures = 0;
    entry.runsAtOnce = again !== null && again < now + AT_ONCE ? entry.runsAtOnce + 1 : 0;
    // A plan that wants to go on for ever is a mistake of ours; it must not take the whole machine with it.
    const tooOften = entry.runsAtOnce - RUNS_AT_ONCE;
    entry.notBefore = tooOften > 0 ? now + this.#backOff(tooOften) : 0;
    if (again !== null && again <= now) this.#keep(entry, [this.#options.due]);
    if (entry.hints.size > 0) this.#rouse(key, entry);
    else if (again !== null) this.#wakeAt(key, entry, again);
    else this.#entries.delete(key);
  }

  #failed(key: string, entry: Entry<H>, hints: readonly H[], cause: unknown): void {
    const { clock, journal, random } = this.#options;
    const now = clock.now();
    const hintedSince = entry.hints.size > 0;
    // What the hints were about has still not been looked at.
    this.#keep(entry, hints);
    entry.failures += 1;
    const kind = kindOf(cause);
    const fields = this.#about(key, entry, cause);
    if (kind === "stalled") {
      entry.notBefore = 0;
      journal.warn("a look stalled: a person must act", fields);
      if (hintedSince) this.#rouse(key, entry);
      return;
    }
    const told = cause instanceof PortFailure ? cause.retryAt : null;
    if (told !== null) entry.notBefore = Math.min(Math.max(told, now), now + LONGEST_TOLD_DELAY) + random() * FIRST_DELAY;
    else if (kind === "dependency") entry.notBefore = now + DEPENDENCY_DELAY * (0.5 + random() / 2);
    else entry.notBefore = now + this.#backOff(entry.failures);
    const delayed = { ...fields, retryInSeconds: Math.round((entry.notBefore - now) / 1_000) };
    if (kind === "dependency") journal.warn("a look must wait for something outside", delayed);
    else journal.error("a look failed", delayed);
    this.#rouse(key, entry);
  }

  #about(key: string, entry: Entry<H>, cause: unknown): Readonly<Record<string, unknown>> {
    return { key: this.#options.describe(key), kind: kindOf(cause), failures: entry.failures, err: cause };
  }

  /** Doubles with each failure up to a cap; between half and all of it, so that keys that failed together do not return together. */
  #backOff(times: number): Milliseconds {
    return Math.min(FIRST_DELAY * 2 ** (times - 1), LONGEST_DELAY) * (0.5 + this.#options.random() / 2);
  }

  #settle(): void {
    if (this.#ready.size > 0 || this.#running.size > 0) return;
    const watchers = this.#idleWatchers;
    this.#idleWatchers = [];
    for (const watcher of watchers) watcher();
  }
}

/** What no port has explained is a mistake of ours. */
function kindOf(cause: unknown): FailureKind {
  return cause instanceof PortFailure ? cause.kind : "error";
}
