import type { Milliseconds } from "../../domain/answer.ts";
import { PortFailure } from "../../ports.ts";

/** Something that only goes forward, however the clock is set. */
export type Elapsed = () => Milliseconds;

/** The time that one question may take, with all its exchanges and with signing in. Waiting for a turn at the host does not count. */
export class TimeLimit {
  readonly #total: Milliseconds;
  readonly #problem: string;
  readonly #elapsed: Elapsed;
  #used: Milliseconds = 0;
  #since: Milliseconds | null = null;

  /** `problem` begins the failure: "Could not list the tags of …: ghcr.io gave no complete answer". `advice` is what to do, as a sentence. */
  constructor(total: Milliseconds, problem: string, advice: string, elapsed: Elapsed) {
    this.#total = total;
    this.#problem = `${problem} within ${total} ms. ${advice}`;
    this.#elapsed = elapsed;
  }

  /** Does a part of the question; parts come one after another. */
  async counted<T>(part: () => Promise<T>): Promise<T> {
    const since = this.#elapsed();
    this.#since = since;
    try {
      return await part();
    } finally {
      this.#used += this.#elapsed() - since;
      this.#since = null;
    }
  }

  /** More than nothing. Throws {@link PortFailure} (`dependency`) when the time is over. */
  left(): Milliseconds {
    const left = this.#total - this.#used - (this.#since === null ? 0 : this.#elapsed() - this.#since);
    if (left <= 0) throw this.#over();
    return left;
  }

  /** Waits for what others may wait for as well, but no longer than there is time; it goes on. Throws as {@link left} does. */
  async waitFor<T>(begin: () => Promise<T>): Promise<T> {
    const left = this.left();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(this.#over()), left);
    try {
      return await Promise.race([begin(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #over(): PortFailure {
    return new PortFailure("dependency", this.#problem);
  }
}
