import type { Instant, Milliseconds } from "../../domain/answer.ts";
import type { Clock } from "../../ports.ts";
import { PortFailure } from "../../ports.ts";

/** However long a registry asks to be left alone, it is asked again after this. */
const LONGEST_PAUSE: Milliseconds = 15 * 60_000;

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
  pausedUntil: Instant;
}

/**
 * Keeps a registry from being asked too much at once: at most `width` calls per host run, the rest wait in turn, and after
 * a told delay (429, 503 with `Retry-After`) every call fails at once until then.
 */
export class HostGate {
  readonly #width: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #lanes = new Map<string, Lane>();

  constructor(width: number, clock: Pick<Clock, "now">) {
    this.#width = width;
    this.#clock = clock;
  }

  async run<T>(host: string, call: () => Promise<T>): Promise<T> {
    const lane = this.#lane(host);
    if (lane.running >= this.#width) await new Promise<void>((turn) => lane.waiting.push(turn));
    else lane.running += 1;
    try {
      this.#refuseWhilePaused(host, lane);
      return await call();
    } catch (problem) {
      if (problem instanceof PortFailure && problem.retryAt !== null) {
        lane.pausedUntil = Math.min(problem.retryAt, this.#clock.now() + LONGEST_PAUSE);
      }
      throw problem;
    } finally {
      const next = lane.waiting.shift();
      // The place is handed over, so that nobody can slip in between.
      if (next === undefined) lane.running -= 1;
      else next();
      if (lane.running === 0 && lane.pausedUntil <= this.#clock.now()) this.#lanes.delete(host);
    }
  }

  #lane(host: string): Lane {
    const lane = this.#lanes.get(host) ?? { running: 0, waiting: [], pausedUntil: 0 };
    this.#lanes.set(host, lane);
    return lane;
  }

  #refuseWhilePaused(host: string, lane: Lane): void {
    if (lane.pausedUntil <= this.#clock.now()) return;
    const until = new Date(lane.pausedUntil).toISOString();
    throw new PortFailure("dependency", `Did not ask ${host}: it asked to be left alone until ${until}. Pinion asks again then.`, {
      retryAt: lane.pausedUntil,
    });
  }
}
