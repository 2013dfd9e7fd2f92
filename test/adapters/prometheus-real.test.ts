import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPrometheus } from "../../src/adapters/prometheus.ts";
import { evaluateSlo, sloQueries } from "../../src/domain/slo.ts";
import type { MetricAnswer, SloInput } from "../../src/domain/slo.ts";
import type { Metrics } from "../../src/ports.ts";
import { hasPrometheus, openMetricsOf, startPrometheus } from "../real/prometheus.ts";
import type { RealPrometheus, Series } from "../real/prometheus.ts";

const T0 = Date.UTC(2026, 0, 5, 10, 0, 0);
const MINUTE = 60_000;
const SCRAPE = 15_000;
const COUNTER = "http_requests_total";

interface Rates {
  readonly perSecond: number;
  /** Share of errors before and after the deploy at T0. */
  readonly before: number;
  readonly after: number;
  /** When the process restarted and counts from zero. */
  readonly restartAt?: number;
}

/** Scraped every 15 s from an hour before the deploy to an hour after it. */
function seriesOf(app: string, rates: Rates): readonly Series[] {
  return (["200", "500"] as const).map((code) => {
    const samples: { at: number; value: number }[] = [];
    let value = 0;
    for (let at = T0 - 60 * MINUTE; at <= T0 + 60 * MINUTE; at += SCRAPE) {
      samples.push({ at, value });
      const failing = at < T0 ? rates.before : rates.after;
      value += ((rates.perSecond * SCRAPE) / 1_000) * (code === "500" ? failing : 1 - failing);
      if (at === rates.restartAt) value = 0;
    }
    return { labels: `{app="${app}",env="prod",code="${code}"}`, samples };
  });
}

const WORLD: Readonly<Record<string, Rates>> = {
  fine: { perSecond: 10, before: 0, after: 0 },
  broken: { perSecond: 10, before: 0, after: 0.02 },
  "always-broken": { perSecond: 10, before: 0.02, after: 0.02 },
  quiet: { perSecond: 0.1, before: 0, after: 0 },
  restarted: { perSecond: 10, before: 0, after: 0.02, restartAt: T0 + 15 * MINUTE },
};

const available = hasPrometheus();

describe("the real Prometheus", () => {
  let server: RealPrometheus;
  let prometheus: Metrics;

  beforeAll(async () => {
    if (!available) return;
    const series = Object.entries(WORLD).flatMap(([app, rates]) => seriesOf(app, rates));
    server = await startPrometheus({ openMetrics: openMetricsOf(COUNTER, series) });
    prometheus = createPrometheus({ endpoints: new Map([["main", { url: server.url, token: null }]]) });
  }, 60_000);

  afterAll(() => server?.close());

  const all = (app: string, seconds: number): string => `sum(increase(${COUNTER}{app="${app}",env="prod"}[${seconds}s]))`;

  it.skipIf(!available)("gives a number for a sum and for a scalar", async () => {
    expect(await prometheus.query(null, all("fine", 1_800), T0 + 30 * MINUTE)).toEqual({ kind: "number", value: 18_000 });
    expect(await prometheus.query(null, "scalar(vector(7))", T0)).toEqual({ kind: "number", value: 7 });
    expect(await prometheus.query(null, `${all("nowhere", 60)} or vector(0)`, T0)).toEqual({ kind: "number", value: 0 });
  });

  it.skipIf(!available).each<[string, string, RegExp]>([
    ["zero is divided by zero", `${all("fine", 60)} * 0 / (${all("fine", 60)} * 0)`, /NaN/],
    ["one is divided by zero", `${all("fine", 60)} / (${all("fine", 60)} * 0)`, /\+Inf/],
    ["several series match", `increase(${COUNTER}[60s])`, /series matched, not one/],
    ["the query gives a range", `${COUNTER}[60s]`, /gives a matrix/],
    ["the query gives a text", '"x"', /gives a string/],
  ])("cannot tell when %s", async (_, expression, reason) => {
    const answer = await prometheus.query(null, expression, T0 + 30 * MINUTE);
    expect(answer).toMatchObject({ kind: "cannot-tell" });
    expect(answer.kind === "cannot-tell" ? answer.reason : "").toMatch(reason);
  });

  it.skipIf(!available).each([
    ["nothing matches", all("nowhere", 300)],
    ["there were no samples yet", `sum(increase(${COUNTER}[300s] offset 10d))`],
  ])("has no series when %s", async (_, expression) => {
    expect(await prometheus.query(null, expression, T0 + 30 * MINUTE)).toEqual({ kind: "no-series" });
  });

  it.skipIf(!available)("is stalled by a query that it does not understand", async () => {
    await expect(prometheus.query(null, "sum(increase(x[5m])", T0)).rejects.toMatchObject({
      kind: "stalled",
      message: expect.stringMatching(/fix the query: .*parse error/) as string,
    });
  });

  async function judge(app: string, change: Partial<SloInput> = {}) {
    const input: SloInput = {
      slo: {
        objective: 99.9,
        errors: `sum(increase(${COUNTER}{app="{app}",env="{env}",code=~"5.."}[{window}]))`,
        total: `sum(increase(${COUNTER}{app="{app}",env="{env}"}[{window}]))`,
      },
      app,
      environment: "prod",
      deployedAt: T0,
      now: T0 + 30 * MINUTE,
      watch: 60 * MINUTE,
      ...change,
    };
    const answers = new Map<string, MetricAnswer>();
    for (const query of sloQueries(input)) answers.set(query.id, await prometheus.query(null, query.expression, query.at));
    return evaluateSlo(input, answers);
  }

  it.skipIf(!available).each<[string, Partial<SloInput>, string, RegExp]>([
    ["fine", {}, "good", /^0 % of 18000 events/],
    ["broken", {}, "bad", /^2 % of 18000 events failed in 30 min, 20 times/],
    ["broken", { now: T0 + 2 * MINUTE }, "bad", /^2 % of 1200 events/],
    ["broken", { now: T0 - MINUTE }, "cannot-tell", /too short/],
    ["always-broken", {}, "cannot-tell", /already breaching before/],
    ["quiet", {}, "low-traffic", /^180 events/],
    ["nowhere", {}, "cannot-tell", /no series matched/],
    // Counting from zero again is no negative rate, and only the step in which it restarted is lost.
    ["restarted", {}, "bad", /^2 % of 17\d\d\d events/],
  ])("tells that %s %o is %s", async (app, change, verdict, evidence) => {
    const answer = await judge(app, change);
    expect(answer.evidence).toMatch(evidence);
    expect(answer.verdict).toBe(verdict);
  });
});
