import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateSlo, sloQueries } from "../../src/domain/slo.ts";
import type { MetricAnswer, SloInput, SloVerdict } from "../../src/domain/slo.ts";

const T0 = Date.UTC(2026, 0, 5, 10, 0, 0);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const INPUT: SloInput = {
  slo: { objective: 99.9, errors: "errors[{window}]", total: "total[{window}]" },
  app: "checkout",
  environment: "prod",
  deployedAt: T0,
  now: T0 + 30 * MINUTE,
  watch: HOUR,
};

interface Question {
  readonly series: "errors" | "total";
  readonly seconds: number;
  readonly at: number;
}

type World = (question: Question) => number | string | null;

/** Answers every query; a text is the reason why one cannot be answered, null is an answer without a series. */
function ask(input: SloInput, world: World): SloVerdict {
  const answers = new Map<string, MetricAnswer>();
  for (const query of sloQueries(input)) {
    const match = /^(errors|total)\[(\d+)s\]$/.exec(query.expression);
    if (match === null) throw new Error(`unexpected expression ${query.expression}`);
    const answer = world({ series: match[1] === "errors" ? "errors" : "total", seconds: Number(match[2]), at: query.at });
    if (answer === null) answers.set(query.id, { kind: "no-series" });
    else answers.set(query.id, typeof answer === "number" ? { kind: "number", value: answer } : { kind: "cannot-tell", reason: answer });
  }
  return evaluateSlo(input, answers);
}

/** Ten requests a second, of which the given share fails at each second. */
function traffic(share: (at: number) => number, perSecond = 10): World {
  return ({ series, seconds, at }) => {
    if (series === "total") return perSecond * seconds;
    let errors = 0;
    for (let second = 0; second < seconds; second += 1) errors += perSecond * share(at - (second + 0.5) * 1_000);
    return errors;
  };
}

const sinceDeploy =
  (after: number, before = 0) =>
  (at: number): number =>
    at >= T0 ? after : before;

describe("what is asked", () => {
  it("asks over the time since the deploy, its last twelfth, and the same time before", () => {
    expect(sloQueries(INPUT).map(({ expression, at }) => [expression, (at - T0) / MINUTE])).toEqual([
      ["total[1800s]", 30],
      ["errors[1800s]", 30],
      ["total[150s]", 30],
      ["errors[150s]", 30],
      ["total[1800s]", 0],
      ["errors[1800s]", 0],
    ]);
  });

  it("asks over 1 h and 6 h at most", () => {
    const queries = sloQueries({ ...INPUT, now: T0 + 7 * HOUR, watch: 8 * HOUR });
    expect(new Set(queries.map(({ expression }) => expression))).toEqual(
      new Set(["total", "errors"].flatMap((series) => [3_600, 300, 21_600, 1_800].map((seconds) => `${series}[${seconds}s]`))),
    );
  });

  it("asks nothing for a pair that could never be bad", () => {
    // At 90 %, a total outage burns 10 times the budget: below 14.4.
    const slo = { ...INPUT.slo, objective: 90 };
    const windows = sloQueries({ ...INPUT, slo, now: T0 + 7 * HOUR, watch: 8 * HOUR }).map(({ expression }) => expression);
    expect(new Set(windows)).toEqual(new Set(["total[21600s]", "errors[21600s]", "total[1800s]", "errors[1800s]"]));
  });

  it("asks over no window shorter than a minute", () => {
    expect(sloQueries({ ...INPUT, now: T0 + 2 * MINUTE }).map(({ expression }) => expression)).toContain("errors[60s]");
    expect(sloQueries({ ...INPUT, now: T0 + MINUTE - 1 })).toEqual([]);
  });

  it("ends the time before where the new version may have begun to run", () => {
    const queries = sloQueries({ ...INPUT, mergedAt: T0 - 4 * MINUTE });
    expect(queries.map(({ at }) => (at - T0) / MINUTE)).toEqual([30, 30, 30, 30, -4, -4]);
    // Never after the deploy, whatever two clocks say.
    expect(sloQueries({ ...INPUT, mergedAt: T0 + MINUTE })).toEqual(sloQueries(INPUT));
  });

  it("asks at the end of the watch too when it is late", () => {
    const moments = sloQueries({ ...INPUT, now: T0 + 5 * HOUR }).map(({ at }) => (at - T0) / HOUR);
    expect(new Set(moments)).toEqual(new Set([1, 5, 0]));
  });

  it("names each question once, and the same question always the same", () => {
    const queries = sloQueries({ ...INPUT, now: T0 + 3 * HOUR, watch: 4 * HOUR });
    expect(new Set(queries.map(({ id }) => id)).size).toBe(queries.length);
    expect(new Set(queries.map(({ expression, at }) => `${expression} ${at}`)).size).toBe(queries.length);
    expect(sloQueries({ ...INPUT, now: T0 + 3 * HOUR, watch: 4 * HOUR })).toEqual(queries);
  });

  it("puts names and window into the expressions", () => {
    const slo = { objective: 99, errors: 'e{app="{app}"}[{window}]', total: 't{env="{env}"}[{window}]' };
    expect(sloQueries({ ...INPUT, slo }).slice(0, 2).map(({ expression }) => expression)).toEqual([
      't{env="prod"}[1800s]',
      'e{app="checkout"}[1800s]',
    ]);
  });
});

describe("a release that is watched", () => {
  it.each<[string, Partial<SloInput>, World, SloVerdict["verdict"], RegExp]>([
    ["fails nothing", {}, traffic(() => 0), "good", /^0 % of 18000 events failed in 30 min, 0 times what 99.9 % allows/],
    ["spends its budget exactly", {}, traffic(() => 0.001), "good", /0.1 % of 18000 events .* 1 times/],
    ["burns just below the limit", {}, traffic(() => 0.0059), "good", /5.9 times what 99.9 % allows, not above 6/],
    ["burns above the limit", {}, traffic(sinceDeploy(0.01)), "bad", /^1 % of 18000 .* 30 min.*1 % of 1500 .*150 s.*before the deploy 0 %/],
    ["fails altogether", {}, traffic(sinceDeploy(1)), "bad", /100 %/],
    ["fails altogether, a minute after the deploy", { now: T0 + 90_000 }, traffic(sinceDeploy(1)), "bad", /100 %/],

    ["burned as fast before", {}, traffic(() => 0.01), "cannot-tell", /already breaching before the deploy/],
    ["burned before, but less than the limit", {}, traffic(sinceDeploy(0.01, 0.005)), "bad", /before the deploy 0.5 %/],
    ["had no traffic before", {}, (q) => (q.at === T0 ? 0 : traffic(() => 0.01)(q)), "bad", /before the deploy 0 % of 0 events/],
    ["was never here before, and fails", { isFirst: true }, (q) => (q.at === T0 ? null : traffic(() => 0.01)(q)), "bad", /before the deploy 0 % of 0 events/],
    ["has no series before, though something ran there", {}, (q) => (q.at === T0 ? null : traffic(() => 0.01)(q)), "cannot-tell", /before the deploy the total query .* cannot tell/],
    ["was never here before, where something else is counted", { isFirst: true }, (q) => (q.at === T0 && q.series === "errors" ? null : traffic(() => 0.01)(q)), "bad", /0 % of 18000 events/],
    ["is counted only where it fails", { isFirst: true }, (q) => (q.at === T0 && q.series === "total" ? null : traffic(() => 0.01)(q)), "cannot-tell", /more errors/],
    ["is not counted at all", {}, () => null, "cannot-tell", /total query over 30 min cannot tell: no series matched; .* "or vector\(0\)"/],
    ["has no series of errors", {}, (q) => (q.series === "errors" ? null : 18_000), "cannot-tell", /errors query over 30 min cannot tell: no series/],
    [
      "burned only while both versions ran",
      { mergedAt: T0 - 5 * MINUTE },
      traffic((at) => (at >= T0 - 5 * MINUTE ? 0.01 : 0)),
      "bad",
      /before the deploy 0 %/,
    ],
    ["has recovered", {}, traffic((at) => (at >= T0 && at < T0 + 20 * MINUTE ? 0.02 : 0)), "cannot-tell", /no longer in the last 150 s/],
    ["burns since a moment ago", {}, traffic((at) => (at >= T0 + 29 * MINUTE ? 0.02 : 0)), "good", /not above 6/],

    ["has too little traffic", {}, traffic(() => 0, 0.4), "low-traffic", /^720 events in 30 min are too few to judge by, 834 are needed$/],
    ["has no traffic", {}, () => 0, "low-traffic", /^0 events/],
    ["has little traffic and an unlucky request", {}, ({ series }) => (series === "total" ? 100 : 4), "low-traffic", /100 events/],
    ["has little traffic, and all of it fails", {}, () => 100, "cannot-tell", /too few.*but 100 of them failed/],
    ["has little traffic, and five failures", {}, ({ series }) => (series === "total" ? 700 : 5), "cannot-tell", /but 5 of them failed/],
    ["has little traffic, of which few enough fail", {}, ({ series }) => (series === "total" ? 833 : 4), "low-traffic", /833 events/],
    ["has lost its traffic", {}, (q) => (q.seconds === 150 ? 0 : traffic(sinceDeploy(0.01))(q)), "cannot-tell", /no events in the last/],

    ["was deployed just now", { now: T0 + MINUTE - 1 }, traffic(() => 1), "cannot-tell", /less than 60 s/],
    ["is said to be deployed in the future", { now: T0 - HOUR }, traffic(() => 1), "cannot-tell", /less than 60 s/],
  ])("%s", (_, change, world, verdict, evidence) => {
    const answer = ask({ ...INPUT, ...change }, world);
    expect(answer.evidence).toMatch(evidence);
    expect(answer.verdict).toBe(verdict);
  });

  it("needs as many events as the limit needs for five errors", () => {
    // 99 % and 6: 5 / 0.06 = 83.3.
    const input = { ...INPUT, slo: { ...INPUT.slo, objective: 99 } };
    const world =
      (total: number): World =>
      ({ series }) =>
        series === "total" ? total : 0;
    expect(ask(input, world(83)).verdict).toBe("low-traffic");
    expect(ask(input, world(84)).verdict).toBe("good");
  });

  it("is good exactly at the limit", () => {
    // 87.5 % allows an eighth; three quarters are exactly six times that.
    const slo = { ...INPUT.slo, objective: 87.5 };
    const world =
      (errors: number): World =>
      ({ series, at }) =>
        series === "total" ? 1_000 : at === T0 ? 0 : errors;
    expect(ask({ ...INPUT, slo }, world(750)).verdict).toBe("good");
    expect(ask({ ...INPUT, slo }, world(751)).verdict).toBe("bad");
  });

  it("is not blamed by one pair for what the other knows from before", () => {
    const input = { ...INPUT, now: T0 + 6 * HOUR, watch: 6 * HOUR };
    const world = traffic((at) => (at >= T0 ? 0.02 : at < T0 - 2 * HOUR ? 0.05 : 0));
    expect(ask(input, world)).toMatchObject({ verdict: "cannot-tell", evidence: expect.stringMatching(/already breaching/) as string });
  });

  it("judges the first hour by the lower factor, and a steep burn in the last hour by the higher one", () => {
    const input = { ...INPUT, now: T0 + 6 * HOUR, watch: 6 * HOUR };
    // 2 % for the last 50 min: 20 times in 5 min, 16.7 in 1 h, but only 2.8 in 6 h.
    const steep = ask(input, traffic((at) => (at >= T0 + 6 * HOUR - 50 * MINUTE ? 0.02 : 0)));
    expect(steep).toMatchObject({ verdict: "bad", evidence: expect.stringMatching(/in 60 min.*both above 14.4/) as string });
    // 0.8 %: never 14.4 times, but 8 times throughout.
    const slow = ask(input, traffic(sinceDeploy(0.008)));
    expect(slow).toMatchObject({ verdict: "bad", evidence: expect.stringMatching(/in 360 min.*both above 6/) as string });
  });

  it("is bad within two minutes when everything fails at once", () => {
    expect(ask({ ...INPUT, now: T0 + 2 * MINUTE }, traffic(sinceDeploy(1))).verdict).toBe("bad");
  });
});

describe("a watch that is evaluated late", () => {
  const late = { ...INPUT, now: T0 + 5 * HOUR };

  it("is bad if it burned at its end", () => {
    expect(ask(late, traffic((at) => (at >= T0 && at <= T0 + HOUR ? 0.01 : 0))).verdict).toBe("bad");
  });

  it("does not blame the release for what began afterwards", () => {
    const answer = ask(late, traffic((at) => (at > T0 + HOUR ? 0.5 : 0)));
    expect(answer).toMatchObject({ verdict: "cannot-tell", evidence: expect.stringMatching(/not shown to do so by the end/) as string });
  });

  it("is good if it is good by then", () => {
    expect(ask(late, traffic(() => 0)).verdict).toBe("good");
  });
});

describe("what cannot be measured", () => {
  it.each<[string, number | string]>([
    ["NaN", Number.NaN],
    ["infinite", Number.POSITIVE_INFINITY],
    ["negative", -1],
    ["nothing", "no series matched"],
    ["an answer with warnings", "a store was down"],
  ])("cannot tell when an answer that decides is %s", (_, odd) => {
    const world = traffic(sinceDeploy(0.01));
    const questions: ((q: Question) => boolean)[] = [
      (q) => q.at > T0 && q.seconds === 1_800 && q.series === "errors",
      (q) => q.at > T0 && q.seconds === 1_800 && q.series === "total",
      (q) => q.seconds === 150 && q.series === "errors",
      (q) => q.seconds === 150 && q.series === "total",
      (q) => q.at === T0 && q.series === "errors",
      (q) => q.at === T0 && q.series === "total",
    ];
    expect(ask(INPUT, world).verdict).toBe("bad");
    for (const isThis of questions) {
      const answer = ask(INPUT, (q) => (isThis(q) ? odd : world(q)));
      expect(answer.verdict).toBe("cannot-tell");
      expect(answer.evidence).toContain(typeof odd === "string" ? odd : String(odd));
    }
  });

  it("does not need to know what decides nothing", () => {
    const world = traffic(() => 0);
    expect(ask(INPUT, (q) => (q.seconds === 150 || q.at === T0 ? "down" : world(q))).verdict).toBe("good");
  });

  it("cannot tell from more errors than events", () => {
    const answer = ask(INPUT, ({ series }) => (series === "errors" ? 1_001 : 1_000));
    expect(answer.verdict).toBe("cannot-tell");
    expect(answer.evidence).toMatch(/more errors \(1001\) than events \(1000\)/);
    expect(ask(INPUT, ({ series, at }) => (at === T0 ? 0 : series === "errors" ? 1_000 + 1e-7 : 1_000)).verdict).toBe("bad");
  });

  it("cannot tell from answers that were never given", () => {
    const answer = evaluateSlo(INPUT, new Map());
    expect(answer.verdict).toBe("cannot-tell");
    expect(answer.evidence).toMatch(/has not been answered/);
  });

  it.each([0, 100, -1, 101, Number.NaN])("cannot measure an objective of %s %", (objective) => {
    const input = { ...INPUT, slo: { ...INPUT.slo, objective } };
    expect(ask(input, traffic(() => 0))).toMatchObject({ verdict: "cannot-tell" });
  });

  it("does not call good what it could never call bad", () => {
    // 80 %: everything failing burns 5 times the budget, below both factors.
    expect(ask({ ...INPUT, slo: { ...INPUT.slo, objective: 80 } }, traffic(sinceDeploy(1)))).toMatchObject({
      verdict: "cannot-tell",
      evidence: expect.stringMatching(/guards nothing/) as string,
    });
    // 90 %: only the lower factor can be reached, and does judge.
    expect(ask({ ...INPUT, slo: { ...INPUT.slo, objective: 90 } }, traffic(sinceDeploy(1))).verdict).toBe("bad");
  });

  it.each<[string, Partial<SloInput>, RegExp]>([
    ["a query without a window", { slo: { ...INPUT.slo, errors: "errors[5m]" } }, /errors query .* no \{window\}/],
    ["a name that would break out of the query", { app: 'a"} or vector(0) #' }, /cannot be put into a query/],
  ])("asks nothing and cannot tell with %s", (_, change, evidence) => {
    const answer = evaluateSlo({ ...INPUT, ...change }, new Map());
    expect(answer.verdict).toBe("cannot-tell");
    expect(answer.evidence).toMatch(evidence);
  });
});

describe("whatever Prometheus answers", () => {
  const number = fc.oneof(
    { weight: 1, arbitrary: fc.double() },
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 10, 1_000, 100_000) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  );
  const answer: fc.Arbitrary<MetricAnswer> = fc.oneof(
    { weight: 12, arbitrary: number.map((value) => ({ kind: "number" as const, value })) },
    { weight: 1, arbitrary: fc.constantFrom({ kind: "cannot-tell" as const, reason: "down" }, { kind: "no-series" as const }) },
  );
  const input = fc.record({ minutes: fc.integer({ min: -10, max: 900 }), watch: fc.integer({ min: 0, max: 600 }) }).map(
    ({ minutes, watch }): SloInput => ({ ...INPUT, now: T0 + minutes * MINUTE, watch: watch * MINUTE }),
  );
  const isUseless = (one: MetricAnswer | undefined): boolean =>
    one === undefined || one.kind !== "number" || !Number.isFinite(one.value) || one.value < 0;

  it("is neither good nor bad when nothing useful was answered", () => {
    const useless = answer.filter(isUseless);
    fc.assert(
      fc.property(input, fc.infiniteStream(fc.option(useless)), (one, stream) => {
        const answers = new Map<string, MetricAnswer>();
        for (const query of sloQueries(one)) {
          const next = stream.next().value;
          if (next !== null) answers.set(query.id, next);
        }
        expect(evaluateSlo(one, answers).verdict).toBe("cannot-tell");
      }),
    );
  });

  it("is good or bad only where the counts over the long window are sound, and bad only where all counts are", () => {
    const seen = { good: 0, bad: 0 };
    fc.assert(
      fc.property(input, fc.infiniteStream(answer), (one, stream) => {
        const queries = sloQueries(one);
        const answers = new Map(queries.map((query) => [query.id, stream.next().value]));
        const { verdict } = evaluateSlo(one, answers);
        if (verdict !== "good" && verdict !== "bad") return;
        seen[verdict] += 1;
        const end = one.deployedAt + one.watch;
        const absent = (at: number): number => queries.filter((query) => query.at === at && answers.get(query.id)?.kind === "no-series").length;
        const sound = (at: number): number => queries.filter((query) => query.at === at && !isUseless(answers.get(query.id))).length;
        expect(sound(one.now) + (one.now > end ? sound(end) : 0)).toBeGreaterThanOrEqual(2);
        if (verdict === "bad") expect(sound(one.deployedAt) + absent(one.deployedAt)).toBeGreaterThanOrEqual(2);
      }),
      { numRuns: 10_000 },
    );
    expect(seen.good).toBeGreaterThan(20);
    expect(seen.bad).toBeGreaterThan(20);
  });

  it("is never good while everything fails, and never bad while nothing does", () => {
    fc.assert(
      fc.property(input, fc.integer({ min: 0, max: 50 }), fc.constantFrom(0, 1), (one, perSecond, share) => {
        const { verdict } = ask(one, ({ series, seconds, at }) => perSecond * seconds * (series === "total" ? 1 : at > T0 ? share : 0));
        expect(verdict).not.toBe(share === 1 ? "good" : "bad");
      }),
    );
  });
});
