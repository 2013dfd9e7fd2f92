import type { Instant } from "./answer.ts";

/** One PromQL expression to evaluate at one moment. */
export interface MetricQuery {
  readonly expression: string;
  readonly at: Instant;
}

/**
 * What Prometheus answered. Only `number` is a measurement: NaN, an empty result, more than one series,
 * or an answer with warnings cannot tell anything.
 */
export type MetricAnswer =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "cannot-tell"; readonly reason: string };

/** What the watch says now. */
export type SloVerdict =
  | { readonly verdict: "good"; readonly evidence: string }
  | { readonly verdict: "bad"; readonly evidence: string }
  | { readonly verdict: "low-traffic"; readonly evidence: string }
  | { readonly verdict: "cannot-tell"; readonly evidence: string };
