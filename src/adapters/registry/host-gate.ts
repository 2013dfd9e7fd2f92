import type { Instant, Milliseconds } from "../../domain/answer.ts";
import type { Clock } from "../../ports.ts";
import { PortFailure } from "../../ports.ts";

/** However long a registry asks to be left alone, it is asked again after this. */
const LONGEST_PAUSE: Milliseconds = 15 * 60_000;

/** After so many failures in a row a host counts as down: thousands of apps must not wait for a deadline each. */
const FAILURES_WHEN_DOWN = 8;
const PAUSE_WHEN_DOWN: Milliseconds = 30_000;

/** The first pause of a host that is asked too much and does not say until when; each next one is twice as long. */
const PAUSE_WHEN_LIMITED: Milliseconds = 60_000;

/** A registry or its token server is asked too much. It need not say for how long (RFC 6585 §4). */
export class TooManyRequests extends PortFailure {
  constructor(what: string, host: string, retryAt: Instant | null) {
    const until = retryAt === null ? "" : ` and asks to wait until ${new Date(retryAt).toISOString()}`;
    const advice = "Pinion asks again later; if this lasts, sign in with an account that may ask more";
    const message = `Could not ${what}: ${host} answered 429 (too many requests)${until}. ${advice}.`;
    super("dependency", message, retryAt === null ? {} : { retryAt });
  }
}

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
  /** Failures of kind `dependency` since the last answer. */
  failures: number;
  /** Pauses without a time of the host's own since the last answer. */
  limits: number;
  paused: { readonly until: Instant; readonly why: string } | null;
}

/**
 * Keeps a registry from being asked too much: at most `width` calls per host run and the rest wait in turn. While it
 * is paused, because it told so (429, 503 with `Retry-After`), is asked too much (429 without it) or is down, every call fails at once.
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
      if (lane.running === 0 && lane.failures === 0 && lane.limits === 0 && lane.paused === null) this.#lanes.delete(host);
    }
  }

  #lane(host: string): Lane {
    const lane = this.#lanes.get(host) ?? { running: 0, waiting: [], failures: 0, limits: 0, paused: null };
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
      lane.limits = 0;
      return result;
    } catch (problem) {
      this.#learn(lane, problem);
      throw problem;
    }
  }

  #learn(lane: Lane, problem: unknown): void {
    if (!(problem instanceof PortFailure) || problem.kind !== "dependency") {
      lane.failures = 0;
      return;
    }
    const now = this.#clock.now();
    // A time that is not ahead says as little as none.
    if (problem.retryAt !== null && problem.retryAt > now) {
      pause(lane, Math.min(problem.retryAt, now + LONGEST_PAUSE), "asked to be left alone");
      return;
    }
    // Calls that were under way when the pause began tell nothing new: together they are one.
    if (lane.paused !== null && lane.paused.until > now) return;
    if (problem instanceof TooManyRequests) {
      pause(lane, now + Math.min(PAUSE_WHEN_LIMITED * 2 ** lane.limits, LONGEST_PAUSE), "is asked too much");
      lane.limits += 1;
    } else {
      // Not set back when the pause is over: the next failure pauses again, the next answer ends it.
      lane.failures += 1;
      if (lane.failures >= FAILURES_WHEN_DOWN) pause(lane, now + PAUSE_WHEN_DOWN, `failed ${lane.failures} times in a row`);
    }
  }
}

/** The later end counts: an answer that asks for less was on its way before, or is another server's. */
function pause(lane: Lane, until: Instant, why: string): void {
  if (lane.paused === null || lane.paused.until < until) lane.paused = { until, why };
}
