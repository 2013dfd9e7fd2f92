import type { Instant } from "./answer.ts";
import type { Digest, Oid } from "./release.ts";

/** What Argo CD says of one Application, reduced to what a verdict rests on (Argo CD `status`, research of its fields is in docs). */
export interface ApplicationStatus {
  readonly name: string;
  readonly sync: "Synced" | "OutOfSync" | "Unknown";
  /** The commits compared with, one for each source. */
  readonly revisions: readonly string[];
  readonly health: "Healthy" | "Progressing" | "Degraded" | "Suspended" | "Missing" | "Unknown";
  /** `status.health.lastTransitionTime`; second precision, null when Argo CD does not say. */
  readonly healthSince: Instant | null;
  readonly reconciledAt: Instant | null;
  /** An operation is requested or running (`operation` at the top level, or phase Running or Terminating). */
  readonly operating: boolean;
  readonly operation: {
    readonly phase: "Running" | "Terminating" | "Succeeded" | "Failed" | "Error";
    readonly message: string;
    readonly finishedAt: Instant | null;
    readonly revisions: readonly string[];
    /** A dry run or a sync of selected resources says nothing of the whole. */
    readonly partial: boolean;
  } | null;
  /** Messages of conditions whose type ends in `Error`. */
  readonly errors: readonly string[];
  /** Image references of the live pods (`status.summary.images`). */
  readonly images: readonly string[];
}

/** One Application beside what Git says of the commits it names. */
export interface ObservedApplication {
  readonly status: ApplicationStatus;
  /** Whether the compared revision is the wanted commit or a descendant; null when Git cannot tell. */
  readonly includesCommit: boolean | null;
  /** What the file pins at the compared revision: the wanted release, another, or not to be known. */
  readonly pinsAtRevision: "wanted" | "other" | "unknown";
}

export interface WantedRollout {
  readonly commit: Oid;
  readonly mergedAt: Instant;
  readonly digests: readonly Digest[];
}

/**
 * What became of a promotion in the cluster. Only `deployed`, `degraded` and `sync-failed` say something final;
 * `unknown` and `stale` never lead to a revert.
 */
export type Verdict =
  | { readonly verdict: "pending"; readonly reason: string }
  | { readonly verdict: "stale"; readonly reason: string }
  | { readonly verdict: "superseded"; readonly reason: string }
  | { readonly verdict: "deployed"; readonly reason: string }
  | { readonly verdict: "degraded"; readonly reason: string; readonly since: Instant }
  | { readonly verdict: "sync-failed"; readonly reason: string }
  | { readonly verdict: "blocked"; readonly reason: string }
  | { readonly verdict: "unknown"; readonly reason: string };
