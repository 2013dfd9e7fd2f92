import type { Instant, Milliseconds } from "./answer.ts";
import type { Slo } from "./config.ts";
import { promql } from "./promql.ts";
import type { AppName, EnvironmentName } from "./release.ts";

/** One PromQL expression to evaluate at one moment. */
export interface MetricQuery {
  readonly expression: string;
  readonly at: Instant;
}

/**
 * What Prometheus answered. Only `number` is a measurement: NaN, more than one series, or an answer with warnings cannot tell
 * anything. `no-series` is an empty result: nothing was counted, or something else is asked for than what is counted.
 */
export type MetricAnswer =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "no-series" }
  | { readonly kind: "cannot-tell"; readonly reason: string };

/** What the watch says now. */
export type SloVerdict =
  | { readonly verdict: "good"; readonly evidence: string }
  | { readonly verdict: "bad"; readonly evidence: string }
  | { readonly verdict: "low-traffic"; readonly evidence: string }
  | { readonly verdict: "cannot-tell"; readonly evidence: string };

/** One watch of one release, at one moment. */
export interface SloInput {
  readonly slo: Pick<Slo, "objective" | "errors" | "total">;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly deployedAt: Instant;
  readonly now: Instant;
  /** How long the release is watched. What begins to burn later is not held against it. */
  readonly watch: Milliseconds;
  /**
   * When the new version may first have run. The comparison with before ends there, or at `deployedAt` when it is not given:
   * between the two, old and new version ran side by side.
   */
  readonly mergedAt?: Instant;
  /** Nothing of the app ran there before: then no series before it is no traffic, and nothing to compare with. */
  readonly isFirst?: boolean;
}

/** One question to Prometheus. `id` says which one it is, and is the same for the same question. */
export interface SloQuery extends MetricQuery {
  readonly id: string;
}

/**
 * The pairs that page in the SRE Workbook (chapter 5, "Alerting on SLOs"), for an objective over 30 days: 2 % of the error
 * budget within 1 h, 5 % within 6 h. The short window is a twelfth of the long one.
 */
export const PAIRS: readonly { readonly long: Milliseconds; readonly factor: number }[] = [
  { long: 60 * 60_000, factor: 14.4 },
  { long: 6 * 60 * 60_000, factor: 6 },
];
export const SHORT_PART = 12;
/** Seconds. A shorter window seldom holds the two samples of a series that `increase()` needs. */
const SHORTEST_WINDOW = 60;
/** No watch shorter than this can measure anything by its end. */
export const SHORTEST_WATCH: Milliseconds = SHORTEST_WINDOW * 1_000;
/** Errors that a sample must let expect right at the limit, so that one unlucky request decides nothing. */
const EXPECTED_ERRORS = 5;
/** Two sums over the same series can differ in their last bits. */
const ROUNDING = 1e-9;

/** The objective that is measured, and for what. */
export type Measurable = Pick<SloInput, "slo" | "app" | "environment">;

/** A time that ends at a moment. */
export interface MeasuredWindow {
  readonly seconds: number;
  readonly at: Instant;
  /** Whether no series is an answer. Everywhere but before a first deployment it is one that is missing. */
  readonly emptyIsZero?: boolean;
}

/** A pair of windows with the burn rate that both must exceed, and the window before the deploy to compare with. */
interface Guard {
  readonly factor: number;
  readonly long: MeasuredWindow;
  readonly short: MeasuredWindow;
  readonly before: MeasuredWindow;
}

/** What to ask Prometheus for {@link evaluateSlo}; empty when nothing can be measured. */
export function sloQueries(input: SloInput): readonly SloQuery[] {
  const queries = new Map<string, SloQuery>();
  for (const moment of momentsOf(input)) {
    for (const { long, short, before } of guardsAt(input, moment)) {
      for (const window of [long, short, before]) {
        for (const series of ["total", "errors"] as const) {
          const expression = expressionOf(input, series, window);
          const id = queryId(series, window);
          if (expression.ok) queries.set(id, { id, expression: expression.text, at: window.at });
        }
      }
    }
  }
  return [...queries.values()];
}

/**
 * Judges a release by multi-window burn rate, with windows that begin at the deploy, so that traffic of the version before
 * does not dilute them. `bad` needs both windows of a pair above its factor, a sufficient sample, and a time before the
 * deploy that was not as bad already. What could not be learned makes neither `good` nor `bad`.
 */
export function evaluateSlo(input: SloInput, answers: ReadonlyMap<string, MetricAnswer>): SloVerdict {
  const problem = problemOf(input);
  if (problem !== null) return { verdict: "cannot-tell", evidence: problem };
  const end = input.deployedAt + input.watch;
  if (input.now <= end) return judgeAt(input, input.now, answers);
  // Asked late: what burned at the end of the watch is the release's doing; what began later need not be.
  const atEnd = judgeAt(input, end, answers);
  if (atEnd.verdict === "bad") return atEnd;
  const now = judgeAt(input, input.now, answers);
  if (now.verdict !== "bad") return now;
  return cannotTell(`${now.evidence}; but not shown to do so by the end of its watch, so the release need not be the cause`);
}

function momentsOf(input: SloInput): readonly Instant[] {
  const end = input.deployedAt + input.watch;
  return input.now > end ? [end, input.now] : [input.now];
}

/** Allowed share of errors. */
function budgetOf(input: Measurable): number {
  return (100 - input.slo.objective) / 100;
}

function guardsAt(input: SloInput, moment: Instant): readonly Guard[] {
  const before = Math.min(input.mergedAt ?? input.deployedAt, input.deployedAt);
  return PAIRS.flatMap(({ long, factor }) => {
    const seconds = Math.floor(Math.min(long, moment - input.deployedAt) / 1_000);
    // A share of errors above 1 does not exist: such a pair could never say bad.
    if (!(seconds >= SHORTEST_WINDOW) || !(factor * budgetOf(input) < 1)) return [];
    return {
      factor,
      long: { seconds, at: moment },
      short: { seconds: Math.max(SHORTEST_WINDOW, Math.floor(seconds / SHORT_PART)), at: moment },
      before: { seconds, at: before, emptyIsZero: input.isFirst === true },
    };
  });
}

export function queryId(series: "errors" | "total", window: MeasuredWindow): string {
  return `${series} ${window.seconds}s@${window.at}`;
}

export function expressionOf(input: Measurable, series: "errors" | "total", window: MeasuredWindow): ReturnType<typeof promql> {
  return promql(input.slo[series], { app: input.app, env: input.environment, window: `${window.seconds}s` });
}

/** Why nothing can be measured, or null. */
function problemOf(input: SloInput): string | null {
  const { objective } = input.slo;
  if (!(objective > 0 && objective < 100)) return `an objective of ${objective} % cannot be measured: it must be between 0 and 100`;
  const lowest = Math.min(...PAIRS.map((pair) => pair.factor));
  if (!(lowest * budgetOf(input) < 1)) {
    return `with an objective of ${objective} % even a total outage burns less than ${lowest} times the budget, so it guards nothing`;
  }
  if (guardsAt(input, input.now).length === 0) return `deployed for less than ${SHORTEST_WINDOW} s, which is too short to measure`;
  for (const series of ["errors", "total"] as const) {
    const expression = expressionOf(input, series, { seconds: SHORTEST_WINDOW, at: input.now });
    if (!expression.ok) return `the ${series} query cannot be asked: ${expression.problem}`;
  }
  return null;
}

type Outcome = SloVerdict & { readonly before?: true };

/** The pairs together: already bad before, bad, cannot tell, too few events, good; the first that one of them says. */
function judgeAt(input: SloInput, moment: Instant, answers: ReadonlyMap<string, MetricAnswer>): SloVerdict {
  const outcomes = guardsAt(input, moment).map((guard) => judgeGuard(input, guard, answers));
  const decisive =
    outcomes.find((outcome) => outcome.before === true) ??
    outcomes.find((outcome) => outcome.verdict === "bad") ??
    outcomes.find((outcome) => outcome.verdict === "cannot-tell") ??
    outcomes.find((outcome) => outcome.verdict === "low-traffic") ??
    // The pair with the lower factor says more.
    outcomes.at(-1);
  if (decisive === undefined) return { verdict: "cannot-tell", evidence: "nothing was measured" };
  return { verdict: decisive.verdict, evidence: decisive.evidence };
}

function judgeGuard(input: SloInput, guard: Guard, answers: ReadonlyMap<string, MetricAnswer>): Outcome {
  const { factor, long } = guard;
  const least = Math.ceil(EXPECTED_ERRORS / (factor * budgetOf(input)));
  const total = countOf("total", long, answers);
  if (!total.ok) return cannotTell(total.reason);
  const measured = measure(input, long, answers);
  if (total.value < least) return tooFew(guard, total.value, least, measured);
  if (!measured.ok) return cannotTell(measured.reason);
  if (measured.burn <= factor) return { verdict: "good", evidence: `${measured.text}, not above ${factor}` };
  return judgeBurning(input, guard, measured.text, answers);
}

/** The long window burns too fast; whether it is this release's doing, and still so. */
function judgeBurning(input: SloInput, guard: Guard, evidence: string, answers: ReadonlyMap<string, MetricAnswer>): Outcome {
  const { factor } = guard;
  const short = measure(input, guard.short, answers);
  if (!short.ok) return cannotTell(`${evidence}; but ${short.reason}`);
  if (short.total === 0) return cannotTell(`${evidence}; but there were no events in the last ${duration(guard.short.seconds)}`);
  if (short.burn <= factor) {
    const recovered = `no longer in the last ${duration(guard.short.seconds)}`;
    return cannotTell(`${evidence}; ${recovered}, so it is good once the whole time is below ${factor}`);
  }
  const before = measure(input, guard.before, answers);
  if (!before.ok) return cannotTell(`${evidence}; but before the deploy ${before.reason}`);
  if (before.burn > factor) {
    return { ...cannotTell(`it was already breaching before the deploy: ${before.text} then, ${evidence} now`), before: true };
  }
  return { verdict: "bad", evidence: `${evidence}; ${short.text}: both above ${factor}; before the deploy ${before.text}` };
}

/** Too few events for a judgement. Errors that can be no accident are not passed off as mere lack of traffic, though. */
function tooFew(guard: Guard, total: number, least: number, measured: Measurement): Outcome {
  const text = `${count(total)} events in ${duration(guard.long.seconds)} are too few to judge by, ${count(least)} are needed`;
  // So many in so few: the burn rate is above the factor.
  if (measured.ok && measured.errors >= EXPECTED_ERRORS) {
    return cannotTell(`${text}; but ${count(measured.errors)} of them failed`);
  }
  return { verdict: "low-traffic", evidence: text };
}

function cannotTell(evidence: string): Outcome {
  return { verdict: "cannot-tell", evidence };
}

const NO_SERIES = 'no series matched; if that means zero, add "or vector(0)" to the query';

type Count = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly reason: string };

function countOf(series: "errors" | "total", window: MeasuredWindow, answers: ReadonlyMap<string, MetricAnswer>): Count {
  const over = `the ${series} query over ${duration(window.seconds)}`;
  const answer = answers.get(queryId(series, window));
  if (answer === undefined) return { ok: false, reason: `${over} has not been answered` };
  if (answer.kind === "no-series" && window.emptyIsZero === true) return { ok: true, value: 0 };
  if (answer.kind === "no-series") return { ok: false, reason: `${over} cannot tell: ${NO_SERIES}` };
  if (answer.kind === "cannot-tell") return { ok: false, reason: `${over} cannot tell: ${answer.reason}` };
  if (!Number.isFinite(answer.value)) return { ok: false, reason: `${over} answered ${answer.value}, which is no count` };
  if (answer.value < 0) return { ok: false, reason: `${over} answered ${answer.value}, and a count cannot be negative` };
  return { ok: true, value: answer.value };
}

export type Measurement =
  | { readonly ok: true; readonly errors: number; readonly total: number; readonly burn: number; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** Errors and events in a window, and how many times what the objective allows they burn. */
export function measure(input: Measurable, window: MeasuredWindow, answers: ReadonlyMap<string, MetricAnswer>): Measurement {
  const total = countOf("total", window, answers);
  if (!total.ok) return total;
  const errors = countOf("errors", window, answers);
  if (!errors.ok) return errors;
  if (errors.value > total.value * (1 + ROUNDING)) {
    const reason = `in ${duration(window.seconds)} there were more errors (${count(errors.value)}) than events (${count(total.value)})`;
    return { ok: false, reason: `${reason}; the two queries do not count the same` };
  }
  const share = total.value === 0 ? 0 : errors.value / total.value;
  const burn = share / budgetOf(input);
  const text =
    `${figure(share * 100)} % of ${count(total.value)} events failed in ${duration(window.seconds)}, ` +
    `${figure(burn)} times what ${input.slo.objective} % allows`;
  return { ok: true, errors: errors.value, total: total.value, burn, text };
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** `increase()` extrapolates, so counts come with fractions. */
function count(value: number): string {
  return String(Math.round(value));
}

function duration(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
