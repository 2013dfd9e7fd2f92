import type { Milliseconds } from "../answer.ts";
import type { Draft } from "../draft.ts";
import { budgetQueries, evaluateBudget } from "../error-budget.ts";
import type { Facts } from "../facts.ts";
import type { JudgedPromotion } from "../promotion-facts.ts";
import type { MetricAnswer } from "../slo.ts";

/** Asked at steps, so that two looks in a row ask the same question, and a check is not written for each request that fails. */
const STEP: Milliseconds = 5 * 60_000;

/** The error budget of the app in the environment that it is promoted into. */
export function errorBudgetFact(draft: Draft, { app, environment }: Pick<JudgedPromotion, "app" | "environment">): Facts["error_budget"] {
  const name = draft.settings(app).slo;
  const slo = name === null ? undefined : draft.config.slos.get(name);
  if (slo === undefined) return { measured: false, period: 0, left: 0, burning: false };
  const input = { slo, app, environment: environment.name };
  const at = Math.floor(draft.now / STEP) * STEP;
  draft.due(at + STEP);
  const asked = budgetQueries(input, slo.period, at);
  if (!asked.ok) return { unknown: asked.problem };
  const answers = new Map<string, MetricAnswer>();
  let missing = false;
  for (const query of asked.queries) {
    const answer = draft.ask({ kind: "metric", endpoint: environment.prometheus, expression: query.expression, at: query.at }, 2 * STEP);
    if (answer === null) missing = true;
    else answers.set(query.id, answer.known ? answer.value : { kind: "cannot-tell", reason: answer.reason });
  }
  if (missing) return { unknown: "Prometheus has not been asked for the error budget yet" };
  const budget = evaluateBudget(input, slo.period, at, answers);
  if (!budget.ok) return { unknown: budget.reason };
  return { measured: true, period: slo.period, left: Math.max(0, budget.leftPercent), burning: budget.burning };
}
