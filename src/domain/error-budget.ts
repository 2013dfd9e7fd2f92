import type { Instant, Milliseconds } from "./answer.ts";
import { expressionOf, measure, PAIRS, queryId, SHORT_PART, type Measurable, type MeasuredWindow, type MetricAnswer, type SloQuery } from "./slo.ts";

/** What is left of the errors that an objective allows over a time, and whether they are being used up fast. */
export type ErrorBudget =
  | {
      readonly ok: true;
      /** Whole percent, rounded down; below 0 when more than all of it was used. All of it where nothing happened. */
      readonly leftPercent: number;
      /** One of the pairs of windows that page (SRE Workbook, chapter 5) is above its burn rate now. */
      readonly burning: boolean;
    }
  | { readonly ok: false; readonly reason: string };

/** What is 1 % by the numbers written down may be a hair less in a computer. */
const ROUNDING = 1e-6;
/** What to ask Prometheus at this moment for {@link evaluateBudget}; a problem where nothing can be asked. */
export function budgetQueries(
  input: Measurable,
  period: Milliseconds,
  at: Instant,
): { readonly ok: true; readonly queries: readonly SloQuery[] } | { readonly ok: false; readonly problem: string } {
  const queries: SloQuery[] = [];
  for (const window of windowsAt(period, at)) {
    for (const series of ["total", "errors"] as const) {
      const expression = expressionOf(input, series, window);
      if (!expression.ok) return { ok: false, problem: `the ${series} query cannot be asked: ${expression.problem}` };
      queries.push({ id: queryId(series, window), expression: expression.text, at });
    }
  }
  return { ok: true, queries };
}

/** What could not be measured makes the whole unknown: half of it could hide that the budget burns. */
export function evaluateBudget(input: Measurable, period: Milliseconds, at: Instant, answers: ReadonlyMap<string, MetricAnswer>): ErrorBudget {
  const whole = measure(input, wholeAt(period, at), answers);
  if (!whole.ok) return whole;
  let burning = false;
  for (const { factor, long, short } of pairsAt(at)) {
    const [slow, fast] = [measure(input, long, answers), measure(input, short, answers)];
    if (!slow.ok) return slow;
    if (!fast.ok) return fast;
    burning ||= slow.burn > factor && fast.burn > factor;
  }
  return { ok: true, leftPercent: Math.floor((1 - whole.burn) * 100 + ROUNDING), burning };
}

function wholeAt(period: Milliseconds, at: Instant): MeasuredWindow {
  return { seconds: Math.floor(period / 1_000), at };
}

function pairsAt(at: Instant): readonly { readonly factor: number; readonly long: MeasuredWindow; readonly short: MeasuredWindow }[] {
  return PAIRS.map(({ long, factor }) => ({ factor, long: { seconds: long / 1_000, at }, short: { seconds: long / 1_000 / SHORT_PART, at } }));
}

function windowsAt(period: Milliseconds, at: Instant): readonly MeasuredWindow[] {
  return [wholeAt(period, at), ...pairsAt(at).flatMap(({ long, short }) => [long, short])];
}
