/**
 * Prometheus over a model instead of samples: each app in each environment gets a rate of requests and a share of errors
 * that change when told, and `increase()` is the exact integral. Anything but the queries of an SLO is `bad_data`.
 */
import type { Instant, Milliseconds } from "../src/domain/answer.ts";
import { startJsonServer } from "./json-server.ts";
import type { JsonReply, JsonRequest } from "./json-server.ts";
import { parseQuery } from "./prometheus/query.ts";
import type { Matcher } from "./prometheus/query.ts";

export interface Traffic {
  readonly perSecond: number;
  /** From 0 to 1. */
  readonly errorRatio: number;
  /** Until the next change. */
  readonly from: Instant;
}

/**
 * How the server fails: `nan` and `empty` to every query, `error` as when a query needs too much memory, `warnings` as
 * Thanos with a store down, `unavailable` as a 503, `silent` as no answer at all.
 */
export type PrometheusFault = "nan" | "empty" | "error" | "warnings" | "unavailable" | "silent";

export interface PrometheusSandboxOptions {
  /** For queries without a time. */
  readonly clock: { now(): Instant };
  /** What a client must send as bearer; none unless told. */
  readonly token?: string;
}

export interface PrometheusSandbox {
  readonly url: string;
  readonly token: string | null;
  /** Sets what happens from then on; what was told for later moments is forgotten. */
  traffic(app: string, environment: string, traffic: Traffic): void;
  fault(fault: PrometheusFault | null): void;
  /** Every expression asked so far. */
  readonly queries: readonly string[];
  close(): Promise<void>;
}

/** The only metric there is, with the labels `app`, `env` and `code`. */
export const METRIC = "http_requests_total";

type World = Map<string, { readonly app: string; readonly environment: string; readonly traffic: readonly Traffic[] }>;

export async function startPrometheusSandbox(options: PrometheusSandboxOptions): Promise<PrometheusSandbox> {
  const world: World = new Map();
  const queries: string[] = [];
  let fault: PrometheusFault | null = null;
  const server = await startJsonServer((request) => {
    if (fault === "silent") return "silence";
    if (fault === "unavailable") return { status: 503, body: "no healthy upstream" };
    const allowed = options.token === undefined || request.headers.authorization === `Bearer ${options.token}`;
    if (!allowed) return { status: 401, body: "Unauthorized" };
    return answer(request, { world, queries, fault, now: options.clock.now() });
  });
  return {
    url: server.url,
    token: options.token ?? null,
    traffic(app, environment, traffic) {
      const key = JSON.stringify([app, environment]);
      const before = world.get(key)?.traffic ?? [];
      world.set(key, { app, environment, traffic: [...before.filter((one) => one.from < traffic.from), traffic] });
    },
    fault(next) {
      fault = next;
    },
    queries,
    close: () => server.close(),
  };
}

interface State {
  readonly world: World;
  readonly queries: string[];
  readonly fault: PrometheusFault | null;
  readonly now: Instant;
}

function answer(request: JsonRequest, state: State): JsonReply {
  if (request.path === "/-/ready") return { status: 200, body: "Prometheus Server is Ready." };
  if (request.path !== "/api/v1/query") return { status: 404, body: "404 page not found" };
  const form = request.method === "POST" ? new URLSearchParams(request.body) : request.query;
  const expression = form.get("query") ?? "";
  state.queries.push(expression);
  const at = form.has("time") ? Number(form.get("time")) * 1_000 : state.now;
  if (!Number.isFinite(at)) return failed(400, "bad_data", `invalid parameter "time": cannot parse ${JSON.stringify(form.get("time"))}`);
  const parsed = parseQuery(expression);
  if (!parsed.ok) return failed(400, "bad_data", `invalid parameter "query": ${parsed.problem}`);
  if (state.fault === "error") return failed(422, "execution", "query processing would load too many samples into memory");
  const { matchers, window, orZero } = parsed.query;
  const measured = state.fault === "nan" ? Number.NaN : state.fault === "empty" ? null : sumOf(state.world, matchers, at, window);
  const value = measured === null && orZero && state.fault !== "empty" ? 0 : measured;
  const result = value === null ? [] : [{ metric: {}, value: [at / 1_000, text(value)] }];
  const warnings = state.fault === "warnings" ? { warnings: ["No StoreAPIs matched for this query"] } : {};
  return { status: 200, body: { status: "success", data: { resultType: "vector", result }, ...warnings } };
}

function failed(status: number, errorType: string, error: string): JsonReply {
  return { status, body: { status: "error", errorType, error } };
}

/** As Go writes a float. */
function text(value: number): string {
  return Number.isNaN(value) ? "NaN" : String(value);
}

/** The sum over all series that match, or null when none had a sample in the window. */
function sumOf(world: World, matchers: readonly Matcher[], at: Instant, window: Milliseconds): number | null {
  let sum: number | null = null;
  for (const { app, environment, traffic } of world.values()) {
    for (const code of ["200", "500"]) {
      const labels = new Map([["__name__", METRIC], ["app", app], ["env", environment], ["code", code]]);
      if (!matchers.every((matcher) => matcher.matches(labels.get(matcher.label) ?? ""))) continue;
      if ((traffic[0]?.from ?? Number.POSITIVE_INFINITY) >= at) continue;
      sum = (sum ?? 0) + increaseOf(traffic, code, at - window, at);
    }
  }
  return sum;
}

function increaseOf(traffic: readonly Traffic[], code: string, from: Instant, to: Instant): number {
  let sum = 0;
  for (const [index, one] of traffic.entries()) {
    const start = Math.max(one.from, from);
    const end = Math.min(traffic[index + 1]?.from ?? to, to);
    const share = code === "500" ? one.errorRatio : 1 - one.errorRatio;
    if (end > start) sum += one.perSecond * share * ((end - start) / 1_000);
  }
  return sum;
}
