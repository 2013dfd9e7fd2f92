/** Prometheus, and what speaks its query API (Thanos, Mimir, VictoriaMetrics). */
import type { Instant } from "../domain/answer.ts";
import { chooseEndpoint } from "../domain/endpoint.ts";
import type { MetricAnswer } from "../domain/slo.ts";
import { CALL_DEADLINE, PortFailure } from "../ports.ts";
import type { Metrics } from "../ports.ts";
import { request } from "./http.ts";

/** One Prometheus, as the operator gave it. */
export interface PrometheusEndpoint {
  /** What `/api/v1/query` is appended to, so with the prefix of Mimir or a proxy. */
  readonly url: string;
  /** A bearer token, or null where none is asked for. */
  readonly token: string | null;
}

export interface PrometheusOptions {
  readonly endpoints: ReadonlyMap<string, PrometheusEndpoint>;
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => Instant;
}

/** An answer is one number; this leaves room for a query that mistakenly gives many. */
const MAX_BYTES = 1024 * 1024;
/** Prometheus gives up before we do, so that it says why. */
const EVALUATION_SECONDS = Math.floor((CALL_DEADLINE * 0.8) / 1_000);
const LONGEST_REASON = 300;
/** As Go writes a finite float. */
const DECIMAL = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

export function createPrometheus(options: PrometheusOptions): Metrics {
  return {
    async query(endpointName, expression, at) {
      const choice = chooseEndpoint("Prometheus", options.endpoints, endpointName);
      if (!choice.ok) throw new PortFailure("stalled", choice.problem);
      const { url, token } = choice.endpoint;
      const base = url.endsWith("/") ? url : `${url}/`;
      if (!URL.canParse(base)) throw new PortFailure("stalled", "The address of Prometheus is not a URL. Correct the operator's setting.");
      const response = await request(new URL("api/v1/query", base), {
        method: "POST",
        what: "ask Prometheus for an SLO",
        headers: {
          accept: "application/json",
          "content-type": "application/x-www-form-urlencoded",
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body: formOf(expression, at),
        // The API gives its errors with these; 503 (timed out, shutting down) is a failure like any other 5xx.
        accept: [400, 422],
        maxBytes: MAX_BYTES,
        ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
        ...(options.now === undefined ? {} : { now: options.now }),
      });
      return answerOf(response.json(), response.status, response.url.host);
    },
  };
}

/** Thanos would answer with what it has when a store is down, and from downsampled data; Prometheus ignores both settings. */
function formOf(expression: string, at: Instant): string {
  return new URLSearchParams({
    query: expression,
    time: (at / 1_000).toFixed(3),
    timeout: `${EVALUATION_SECONDS}s`,
    partial_response: "false",
    max_source_resolution: "0",
  }).toString();
}

type Json = Readonly<Record<string, unknown>>;

/** Prometheus HTTP API, "Format overview" and "Expression query result formats". */
function answerOf(json: unknown, status: number, host: string): MetricAnswer {
  const answer = objectOf(json);
  if (status !== 200 || answer["status"] !== "success") return errorOf(answer, status, host);
  // The number may be of a part of the data only. `infos` are advice on the query, such as that a metric's name is not a counter's.
  const warnings = textsOf(answer["warnings"]);
  if (warnings.length > 0) return cannotTell(`Prometheus warns: ${warnings.join("; ")}`);
  const data = objectOf(answer["data"]);
  switch (data["resultType"]) {
    case "scalar":
      return numberOf(data["result"]);
    case "vector":
      return vectorOf(data["result"]);
    default:
      return cannotTell(`the query gives a ${shown(data["resultType"])}, not one number; sum it, without a range at its end`);
  }
}

function errorOf(answer: Json, status: number, host: string): MetricAnswer {
  const { errorType, error } = { errorType: answer["errorType"], error: shown(answer["error"]) };
  if (errorType === "bad_data") throw new PortFailure("stalled", `${host} does not understand the SLO's query; fix the query: ${error}`);
  if (answer["status"] === "error") return cannotTell(`the query failed: ${error}`);
  const problem = `answered ${status}, but not as Prometheus does. Check the address`;
  throw new PortFailure("stalled", `Could not ask Prometheus for an SLO: ${host} ${problem}.`);
}

function vectorOf(result: unknown): MetricAnswer {
  if (!Array.isArray(result)) return cannotTell("the answer has no result");
  if (result.length === 0) return { kind: "no-series" };
  if (result.length > 1) return cannotTell(`${result.length} series matched, not one; sum them`);
  return numberOf(objectOf(result[0])["value"]);
}

/** `[<time>, "<value>"]`: values are texts, since JSON has no NaN. */
function numberOf(sample: unknown): MetricAnswer {
  const value: unknown = Array.isArray(sample) ? sample[1] : undefined;
  if (typeof value !== "string") return cannotTell("the answer holds no number");
  const number = DECIMAL.test(value) ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? { kind: "number", value: number } : cannotTell(`the answer is ${shown(value)}`);
}

function cannotTell(reason: string): MetricAnswer {
  return { kind: "cannot-tell", reason };
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.slice(0, 3).map(shown) : [];
}

function shown(value: unknown): string {
  return typeof value === "string" && value !== "" ? cut(value) : "something it does not name";
}

/** On one line, and not too long. */
function cut(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}
