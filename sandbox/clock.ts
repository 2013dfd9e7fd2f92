import type { Instant } from "../src/domain/answer.ts";
import type { Clock } from "../src/ports.ts";

/** A clock that stands still until it is told to move, so that hours of soak pass in an instant. */
export class VirtualClock implements Clock {
  #now: Instant;
  #due: { readonly at: Instant; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;

  constructor(start: Instant) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  schedule(at: Instant, run: () => void): () => void {
    const entry = { at, order: this.#order++, run };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  /** When the next scheduled call is due, or null. */
  nextDue(): Instant | null {
    return this.#due.length === 0 ? null : Math.min(...this.#due.map((entry) => entry.at));
  }

  /** Moves time forward, running what falls due on the way in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = this.#due
        .filter((entry) => entry.at <= end)
        .toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((entry) => entry !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}
