import { describe, expect, it } from "vitest";
import { budgetQueries, evaluateBudget, type ErrorBudget } from "../../src/domain/error-budget.ts";
import type { MetricAnswer } from "../../src/domain/slo.ts";

const AT = Date.UTC(2026, 10, 21, 14);
const INPUT = { slo: { objective: 99, errors: 'errors{app="{app}",env="{env}"}[{window}]', total: "total[{window}]" }, app: "checkout", environment: "prod" };

type Series = "errors" | "total";

/** A hundred events a second; `errors` are their percent over so many seconds. */
function budget(errors: (seconds: number) => number, spoil: (series: Series, seconds: number) => MetricAnswer | null = () => null): ErrorBudget {
  const asked = budgetQueries(INPUT, 1_000 * MONTH, AT);
  if (!asked.ok) throw new Error(asked.problem);
  const answers = new Map<string, MetricAnswer>();
  for (const { id, expression, at } of asked.queries) {
    expect(at).toBe(AT);
    const series: Series = expression.startsWith("errors") ? "errors" : "total";
    const seconds = Number(/\[(\d+)s\]/.exec(expression)?.[1]);
    const value = series === "total" ? 100 * seconds : errors(seconds) * seconds;
    answers.set(id, spoil(series, seconds) ?? { kind: "number", value });
  }
  return evaluateBudget(INPUT, 1_000 * MONTH, AT, answers);
}

const HOUR = 3_600;
const MONTH = 720 * HOUR;

describe("the error budget", () => {
  it("is asked after over 30 days, and over the pairs of windows that page", () => {
    const asked = budgetQueries(INPUT, 1_000 * MONTH, AT);
    expect(asked.ok && asked.queries.filter(({ expression }) => expression.startsWith("errors")).map(({ expression }) => expression)).toEqual(
      [MONTH, HOUR, HOUR / 12, 6 * HOUR, HOUR / 2].map((seconds) => `errors{app="checkout",env="prod"}[${seconds}s]`),
    );
  });

  it("is asked after over the time that its objective names", () => {
    const asked = budgetQueries(INPUT, 7 * 24 * 1_000 * HOUR, AT);
    expect(asked.ok && asked.queries[0]?.expression).toBe(`total[${7 * 24 * HOUR}s]`);
  });

  it.each<[what: string, errors: (seconds: number) => number, leftPercent: number, burning: boolean]>([
    ["no error", () => 0, 100, false],
    ["half of what is allowed", () => 0.5, 50, false],
    ["a little more than half", () => 0.501, 49, false],
    ["all that is allowed", () => 1, 0, false],
    ["twice what is allowed", () => 2, -100, false],
    ["an hour that burns fast, and still does", (seconds) => (seconds <= HOUR ? 14.5 : 0), 100, true],
    ["an hour that burned fast, and does no longer", (seconds) => (seconds === HOUR ? 14.5 : 0), 100, false],
    ["five minutes that burn fast", (seconds) => (seconds < HOUR / 2 ? 50 : 0), 100, false],
    ["six hours that burn, and still do", (seconds) => (seconds === 6 * HOUR || seconds === HOUR / 2 ? 6.1 : 0), 100, true],
    ["six hours at the limit", (seconds) => (seconds === 6 * HOUR || seconds === HOUR / 2 ? 6 : 0), 100, false],
  ])("after %s", (_, errors, leftPercent, burning) => {
    expect(budget(errors)).toEqual({ ok: true, leftPercent, burning });
  });

  it("is whole where nothing happened", () => {
    expect(budget(() => 0, () => ({ kind: "number", value: 0 }))).toEqual({ ok: true, leftPercent: 100, burning: false });
  });

  it.each([MONTH, HOUR, HOUR / 12, 6 * HOUR, HOUR / 2])("is not known while any of it cannot be measured (%i s)", (broken) => {
    for (const series of ["errors", "total"] as const) {
      const spoil = (answer: MetricAnswer) => budget(() => 0, (asked, seconds) => (asked === series && seconds === broken ? answer : null));
      expect(spoil({ kind: "no-series" })).toMatchObject({ ok: false, reason: expect.stringContaining("no series matched") });
      expect(spoil({ kind: "cannot-tell", reason: "Prometheus is down" })).toMatchObject({ ok: false, reason: expect.stringContaining("Prometheus is down") });
      expect(spoil({ kind: "number", value: Number.NaN })).toMatchObject({ ok: false });
      expect(spoil({ kind: "number", value: -1 })).toMatchObject({ ok: false });
    }
  });

  it("is not asked for by a query that cannot be asked", () => {
    expect(budgetQueries({ ...INPUT, app: 'x"}' }, 1_000 * MONTH, AT)).toMatchObject({ ok: false, problem: expect.stringContaining("the total query cannot be asked") });
  });
});
