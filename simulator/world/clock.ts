import type { Instant, Milliseconds } from "../../src/domain/answer.ts";
import type { Clock } from "../../src/ports.ts";

interface Timer {
  readonly at: Instant;
  readonly order: number;
  readonly run: () => void;
}

/** The world's time, which stands still until it is moved. */
export class WorldClock implements Clock {
  #now: Instant;
  readonly #timers = new Set<Timer>();
  #order = 0;

  constructor(start: Instant) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  schedule(at: Instant, run: () => void): () => void {
    this.#order += 1;
    // Machines tell the time in whole milliseconds, whatever was reckoned with.
    const timer = { at: Math.ceil(at), order: this.#order, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  nextDue(): Instant | null {
    return this.#next()?.at ?? null;
  }

  #next(): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (next === null || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }

  /** Moves on to `end`, or only to the first moment before it at which something is due, and runs what is due then. */
  advance(end: Instant): void {
    const first = this.nextDue();
    this.#now = Math.max(this.#now, first === null ? end : Math.min(first, end));
    for (let timer = this.#next(); timer !== null && timer.at <= this.#now; timer = this.#next()) {
      this.#timers.delete(timer);
      timer.run();
    }
  }
}

/** The clock of one machine: the world's, set back by something perhaps, and gone when its process is. */
export class MachineClock implements Clock {
  readonly #world: WorldClock;
  readonly #behind: () => Milliseconds;
  readonly #cancels = new Set<() => void>();
  #stopped = false;

  constructor(world: WorldClock, behind: () => Milliseconds) {
    this.#world = world;
    this.#behind = behind;
  }

  now(): Instant {
    return this.#world.now() - this.#behind();
  }

  /** Timers run for a time and not to a moment: setting the clock does not change them. */
  schedule(at: Instant, run: () => void): () => void {
    if (this.#stopped) return () => undefined;
    const cancel = this.#world.schedule(Math.max(at + this.#behind(), this.#world.now()), () => {
      this.#cancels.delete(cancel);
      run();
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
