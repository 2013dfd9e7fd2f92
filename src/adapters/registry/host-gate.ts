import type { Instant, Milliseconds } from "../../domain/answer.ts";
import type { Clock } from "../../ports.ts";
import { PortFailure } from "../../ports.ts";

/** However long a registry asks to be left alone, it is asked again after this. */
const LONGEST_PAUSE: Milliseconds = 15 * 60_000;

/** After so many failures in a row a host counts as down: thousands of apps must not wait for a deadline each. */
const FAILURES_WHEN_DOWN = 8;
const PAUSE_WHEN_DOWN: Milliseconds = 30_000;

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
  /** Failures of kind `dependency` since the last answer. */
  failures: number;
  paused: { readonly until: Instant; readonly why: string } | null;
}

/**
 * Keeps a registry from being asked too much: at most `width` calls per host run and the rest wait in turn. While it
 * is paused, because it told so (429, 503 with `Retry-After`) or because it is down, every call fails at once.
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
      return await this.#counted(lane, call);
    } finally {
      const next = lane.waiting.shift();
      // The place is handed over, so that nobody can slip in between.
      if (next === undefined) lane.running -= 1;
      else next();
      if (lane.running === 0 && lane.failures === 0 && lane.paused === null) this.#lanes.delete(host);
    }
  }

  #lane(host: string): Lane {
    const lane = this.#lanes.get(host) ?? { running: 0, waiting: [], failures: 0, paused: null };
    this.#lanes.set(host, lane);
    return lane;
  }

  #refuseWhilePaused(host: string, lane: Lane): void {
    if (lane.paused !== null && lane.paused.until <= this.#clock.now()) lane.paused = null;
    if (lane.paused === null) return;
    const { until, why } = lane.paused;
    const text = `Did not ask ${host}: it ${why}. Pinion asks again at ${new Date(until).toISOString()}.`;
    throw new PortFailure("dependency", text, { retryAt: until });
  }

  async #counted<T>(lane: Lane, call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      lane.failures = 0;
      return result;
    } catch (problem) {
      const now = this.#clock.now();
      if (!(problem instanceof PortFailure) || problem.kind !== "dependency") {
        lane.failures = 0;
      } else if (problem.retryAt !== null) {
        lane.paused = { until: Math.min(problem.retryAt, now + LONGEST_PAUSE), why: "asked to be left alone" };
      } else {
        // Not set back when the pause is over: the next failure pauses again, the next answer ends it.
        lane.failures += 1;
        if (lane.failures >= FAILURES_WHEN_DOWN) {
          lane.paused = { until: now + PAUSE_WHEN_DOWN, why: `failed ${lane.failures} times in a row` };
        }
      }
      throw problem;
    }
  }
}
