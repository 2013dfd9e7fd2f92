import type { Instant } from "../../src/domain/answer.ts";
import type { MetricAnswer } from "../../src/domain/slo.ts";
import { PortFailure } from "../../src/ports.ts";
import type { ClusterMoment, Fate } from "../facts.ts";

/** Requests that users make, of each app in each environment. */
const PER_SECOND = 50;
const BAD_SHARE = 0.3;
const GOOD_SHARE = 0.0001;

export interface MetricsSurroundings {
  moments(app: string, environment: string): readonly ClusterMoment[];
  fateOf(digest: string): Fate;
}

export type Blindness = "nan" | "empty" | "error";

/** What users meet, and what Prometheus says of it. */
export class Traffic {
  readonly #around: MetricsSurroundings;
  readonly #outages: { readonly place: string; readonly from: Instant; readonly until: Instant }[] = [];
  #blind: { readonly mode: Blindness; readonly until: Instant } | null = null;

  constructor(around: MetricsSurroundings) {
    this.#around = around;
  }

  outage(app: string, environment: string, from: Instant, until: Instant): void {
    this.#outages.push({ place: `${environment}/${app}`, from, until });
  }

  blind(mode: Blindness, until: Instant): void {
    this.#blind = { mode, until };
  }

  calm(): void {
    this.#blind = null;
  }

  isBlind(now: Instant): boolean {
    return this.#blind !== null && now < this.#blind.until;
  }

  /** The share of requests that failed. */
  errorShare(app: string, environment: string, from: Instant, to: Instant): number {
    const moments = this.#around.moments(app, environment);
    let bad = 0;
    for (const [index, moment] of moments.entries()) {
      const begin = Math.max(from, index === 0 ? from : moment.at);
      const end = Math.min(to, moments[index + 1]?.at ?? to);
      if (end > begin && moment.digest !== null && this.#around.fateOf(moment.digest) === "errors") bad += end - begin;
    }
    for (const outage of this.#outages) {
      if (outage.place === `${environment}/${app}`) bad += Math.max(0, Math.min(to, outage.until) - Math.max(from, outage.from));
    }
    const share = to > from ? Math.min(1, bad / (to - from)) : 0;
    return share * BAD_SHARE + (1 - share) * GOOD_SHARE;
  }

  query(expression: string, at: Instant, now: Instant): MetricAnswer {
    if (this.#blind !== null && now < this.#blind.until) return this.#blindly(this.#blind.mode);
    const [, app] = /app="([^"]+)"/.exec(expression) ?? [];
    const [, environment] = /env="([^"]+)"/.exec(expression) ?? [];
    const [, window] = /\[(\d+)s\]/.exec(expression) ?? [];
    if (app === undefined || environment === undefined || window === undefined) return { kind: "cannot-tell", reason: "parse error" };
    const seconds = Number(window);
    const total = PER_SECOND * seconds;
    const errors = total * this.errorShare(app, environment, at - seconds * 1_000, at);
    return { kind: "number", value: expression.includes("code=~") ? errors : total };
  }

  #blindly(mode: Blindness): MetricAnswer {
    if (mode === "error") throw new PortFailure("dependency", "Prometheus answered 503");
    return mode === "nan" ? { kind: "cannot-tell", reason: 'the answer is "NaN"' } : { kind: "no-series" };
  }
}
