import type { Instant, Milliseconds } from "./answer.ts";
import { parseImageReference } from "./image-reference.ts";
import type { Digest, Oid } from "./release.ts";

/** What Argo CD says of one Application, reduced to what a verdict rests on (Argo CD API, Application `spec`, `status`, `operation`). */
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
    readonly startedAt?: Instant | null;
    readonly finishedAt: Instant | null;
    readonly revisions: readonly string[];
    /** A dry run, or a sync of resources that somebody selected, says nothing of the whole. */
    readonly partial: boolean;
    /** Argo CD repaired drift by itself; it had synced the whole of this revision before. */
    readonly selfHeal?: boolean;
  } | null;
  /** When the syncs of the whole that Argo CD remembers began (`status.history[].deployStartedAt`). */
  readonly syncedFrom?: readonly Instant[];
  /** Messages of conditions whose type ends in `Error`, but for `SyncError`. */
  readonly errors: readonly string[];
  /** The message of a `SyncError` condition: Argo CD will not sync by itself, or tried and failed. */
  readonly syncError?: string | null;
  /** Whether Argo CD syncs by itself (`spec.syncPolicy.automated`); absent when that is not known. */
  readonly automated?: boolean;
  /** Image references of the live pods (`status.summary.images`). Known to be empty, or to list old ones too, on some versions. */
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
  /** By repository (normalised), so that pods of other images are not mistaken for them. */
  readonly images: readonly { readonly repository: string; readonly digest: Digest }[];
}

/**
 * What became of a promotion in the cluster. Only `deployed`, `degraded` and `sync-failed` say something final;
 * `unknown` and `stale` never lead to a revert.
 */
export type Verdict =
  /**
   * `until` is the moment from which the answer can be another without anything happening, or null. `begunAt` is when Argo CD
   * began to bring the commit to the cluster, absent while that cannot be told of each Application that is not done: waiting for
   * a sync is not a rollout that takes long.
   */
  | { readonly verdict: "pending"; readonly reason: string; readonly until: Instant | null; readonly begunAt?: Instant }
  | { readonly verdict: "stale"; readonly reason: string }
  | { readonly verdict: "superseded"; readonly reason: string }
  | { readonly verdict: "deployed"; readonly reason: string }
  /** `begunAt` as of what is pending: what was so before it is not the release's doing. */
  | { readonly verdict: "degraded"; readonly reason: string; readonly since: Instant; readonly begunAt?: Instant }
  | { readonly verdict: "sync-failed"; readonly reason: string }
  | { readonly verdict: "blocked"; readonly reason: string }
  | { readonly verdict: "unknown"; readonly reason: string };

/**
 * How long an Application must have been healthy without a break. A single healthy answer is not enough: a sync is
 * done once everything is applied, and the health of what was applied lags behind by some seconds.
 */
export const HEALTHY_FOR: Milliseconds = 10_000;

/** Argo CD writes times in whole seconds, cut off: what it calls 10:00:00 may have been almost 10:00:01. */
const SECOND: Milliseconds = 1_000;

/** Worst first: what is proved bad, what cannot be told, what waits for somebody, what waits for time, what is good. */
const WORST_FIRST: readonly Verdict["verdict"][] = [
  "sync-failed",
  "degraded",
  "unknown",
  "blocked",
  "superseded",
  "stale",
  "pending",
  "deployed",
];

/** The verdict over all Applications of an app in an environment: the worst of them, since each runs a part of it. */
export function verdictOf(applications: readonly ObservedApplication[], wanted: WantedRollout, now: Instant): Verdict {
  const verdicts = applications.map((application) => judge(application, wanted, now));
  for (const kind of WORST_FIRST) {
    const found = verdicts.filter((verdict) => verdict.verdict === kind).toSorted(mostTelling)[0];
    if (found?.verdict === "pending") {
      const open = applications.filter((_, index) => verdicts[index]?.verdict !== "deployed");
      return withBeginning(found, open, wanted);
    }
    if (found !== undefined) return found;
  }
  return { verdict: "unknown", reason: "Argo CD has no such Application" };
}

function withBeginning(
  verdict: Extract<Verdict, { verdict: "pending" }>,
  applications: readonly ObservedApplication[],
  wanted: WantedRollout,
): Verdict {
  const beginnings = applications.map((application) => beginningOf(application, wanted));
  const known = beginnings.filter((begunAt) => begunAt !== null);
  return known.length < beginnings.length ? verdict : { ...verdict, begunAt: Math.max(...known) };
}

/**
 * When Argo CD first set about what was merged, or null. Later syncs and self-heals begin anew, so the earliest counts. Where only
 * a self-heal is known, or nothing and yet all is applied, it was brought at some time since the merge, and that counts.
 */
function beginningOf({ status, includesCommit }: ObservedApplication, wanted: WantedRollout): Instant | null {
  if (includesCommit !== true) return null;
  const { operation, syncedFrom = [] } = status;
  const repairs = operation?.selfHeal === true;
  const started = operation?.startedAt ?? null;
  const begun = [...syncedFrom, ...(started === null || repairs ? [] : [started])].filter((at) => at + SECOND >= wanted.mergedAt);
  if (begun.length > 0) return Math.min(...begun);
  return repairs || status.sync === "Synced" ? wanted.mergedAt : null;
}

/** Of several that wait, the one that waits longest; of several degraded, the one that has been so for longest. */
function mostTelling(left: Verdict, right: Verdict): number {
  if (left.verdict === "pending" && right.verdict === "pending") return untilOf(right) - untilOf(left);
  return left.verdict === "degraded" && right.verdict === "degraded" ? left.since - right.since : 0;
}

function untilOf(verdict: Extract<Verdict, { verdict: "pending" }>): Instant {
  return verdict.until ?? Number.MAX_SAFE_INTEGER;
}

function judge(observed: ObservedApplication, wanted: WantedRollout, now: Instant): Verdict {
  const { status } = observed;
  return (
    unreadable(status) ??
    underWay(status) ??
    outdated(status, wanted) ??
    elsewhere(observed, wanted) ??
    afterSync(status, wanted) ??
    degraded(observed, wanted) ??
    outOfSync(status) ??
    unseen(status, wanted) ??
    healthy(status, now)
  );
}

function unreadable(status: ApplicationStatus): Verdict | null {
  if (status.errors.length > 0) return unknown(`${status.name} has an error in Argo CD: ${status.errors.join("; ")}`);
  if (status.sync === "Unknown") return unknown(`Argo CD cannot tell whether ${status.name} is in sync`);
  if (status.health === "Unknown") return unknown(`Argo CD cannot tell whether ${status.name} is healthy`);
  return null;
}

/** Argo CD `controller/sync.go`: an operation that a window stops keeps the phase Running and says this. */
const BLOCKED_BY_WINDOW = "blocked by sync window";

function underWay(status: ApplicationStatus): Verdict | null {
  // A failed attempt that is going to be retried has finished, and still counts as running.
  const over = status.operation === null || status.operation.finishedAt !== null;
  if (!status.operating && over) return null;
  const message = status.operation?.message ?? "";
  if (message.includes(BLOCKED_BY_WINDOW)) return { verdict: "blocked", reason: `the sync of ${status.name} waits for its sync window` };
  return pending(`${status.name} is being synced${message === "" ? "" : `: ${message}`}`);
}

/** Health and sync may be newer than the comparison they are told of, so a comparison from before does not count. */
function outdated(status: ApplicationStatus, wanted: WantedRollout): Verdict | null {
  const needed = Math.max(status.operation?.finishedAt ?? 0, wanted.mergedAt);
  if (status.reconciledAt === null) return { verdict: "stale", reason: `Argo CD has not looked at ${status.name} yet` };
  // In whole seconds, as Argo CD writes them: the ancestry of the compared revision proves the rest.
  if (status.reconciledAt >= Math.floor(needed / SECOND) * SECOND) return null;
  const compared = `Argo CD last compared ${status.name} with Git at ${iso(status.reconciledAt)}`;
  return { verdict: "stale", reason: `${compared}, before ${iso(needed)}` };
}

function elsewhere(observed: ObservedApplication, wanted: WantedRollout): Verdict | null {
  const { status } = observed;
  const at = status.revisions.map(short).join(", ");
  if (status.revisions.length === 0) return unknown(`Argo CD does not say which commit it compared ${status.name} with`);
  if (observed.includesCommit === null) return unknown(`Git cannot tell whether ${at} of ${status.name} includes ${short(wanted.commit)}`);
  if (!observed.includesCommit) return pending(`${status.name} is at ${at}, which does not include ${short(wanted.commit)} yet`);
  if (observed.pinsAtRevision === "unknown") return unknown(`what ${status.name} pins at ${at} cannot be told`);
  if (observed.pinsAtRevision === "other") return { verdict: "superseded", reason: `at ${at}, ${status.name} pins another release` };
  return null;
}

/** Only an operation of the compared revision, or of the commit itself, says something of the release. */
function isOfRelease(status: ApplicationStatus, wanted: WantedRollout): boolean {
  const revisions = status.operation?.revisions ?? [];
  if (revisions.includes(wanted.commit)) return true;
  return revisions.join() === status.revisions.join();
}

/** Argo CD could not make out what to apply (`controller/sync.go` gives the condition as the message): nothing was tried. */
const NOTHING_TRIED = /^(?:Comparison|InvalidSpec|Unknown)Error\b/;
/** Somebody, or the sync timeout, ended it (gitops-engine `Terminate`). */
const TERMINATED = /^Operation (?:terminated|forced to terminate)/;

function afterSync(status: ApplicationStatus, wanted: WantedRollout): Verdict | null {
  const { name, operation } = status;
  if (operation === null || !isOfRelease(status, wanted)) return null;
  if (operation.partial) return pending(`the last sync of ${name} was a dry run or of selected resources only; sync all of it`);
  if (operation.phase !== "Failed" && operation.phase !== "Error") return null;
  if (NOTHING_TRIED.test(operation.message)) return unknown(`the sync of ${name} could not start: ${operation.message}`);
  if (TERMINATED.test(operation.message)) {
    return { verdict: "blocked", reason: `the sync of ${name} was terminated before its end; sync it again` };
  }
  if (operation.selfHeal === true) return pending(`the self-heal of ${name} failed: ${operation.message}`);
  return { verdict: "sync-failed", reason: `the sync of ${name} failed: ${operation.message}` };
}

function degraded(observed: ObservedApplication, wanted: WantedRollout): Verdict | null {
  const { status } = observed;
  if (status.health !== "Degraded") return null;
  // Before the release is applied it is the old one that is degraded.
  const applied = status.sync === "Synced" || (status.operation?.phase === "Succeeded" && isOfRelease(status, wanted));
  if (!applied) return null;
  if (status.healthSince === null) return unknown(`${status.name} is degraded, but Argo CD does not say since when`);
  const verdict = { verdict: "degraded", reason: `${status.name} is degraded since ${iso(status.healthSince)}`, since: status.healthSince } as const;
  const begunAt = beginningOf(observed, wanted);
  return begunAt === null ? verdict : { ...verdict, begunAt };
}

function outOfSync(status: ApplicationStatus): Verdict | null {
  if (status.sync !== "OutOfSync") return null;
  const { name } = status;
  if (status.automated === false) return { verdict: "blocked", reason: `${name} is out of sync and is synced by hand only; sync it` };
  const { syncError = null } = status;
  if (syncError !== null) return { verdict: "blocked", reason: `Argo CD does not sync ${name} by itself: ${syncError}` };
  return pending(`${name} is out of sync`);
}

/**
 * A known image that runs with another digest is a rollout that has not come there yet. An image that no pod shows is
 * not asked for: it may belong to a CronJob, and some versions of Argo CD list nothing.
 */
function unseen(status: ApplicationStatus, wanted: WantedRollout): Verdict | null {
  const live = status.images.flatMap((text) => {
    const parsed = parseImageReference(text);
    return parsed.ok ? [parsed.reference] : [];
  });
  const missing = wanted.images.find((image) => {
    const same = live.filter((one) => one.repository === image.repository);
    return same.length > 0 && same.every((one) => one.digest !== image.digest);
  });
  if (missing === undefined) return null;
  return pending(`no pod of ${status.name} shows ${missing.repository}@${missing.digest.slice(0, 19)} yet`);
}

function healthy(status: ApplicationStatus, now: Instant): Verdict {
  if (status.health !== "Healthy") return pending(`${status.name} is ${status.health.toLowerCase()}`);
  // Argo CD 2.13 and the first of 3.0 do not give the time of a change; then the last comparison is all that is known.
  const since = Math.max(status.healthSince ?? status.reconciledAt ?? now, status.operation?.finishedAt ?? 0);
  const until = since + SECOND + HEALTHY_FOR;
  const at = status.revisions.map(short).join(", ");
  const text = `${status.name} is synced at ${at} and healthy since ${iso(since)}`;
  if (now < until) return { verdict: "pending", reason: `${text}; counts from ${iso(until)}`, until };
  return { verdict: "deployed", reason: text };
}

function pending(reason: string): Verdict {
  return { verdict: "pending", reason, until: null };
}

function unknown(reason: string): Verdict {
  return { verdict: "unknown", reason };
}

function short(revision: string): string {
  return /^[0-9a-f]{40,64}$/.test(revision) ? revision.slice(0, 7) : revision;
}

function iso(at: Instant): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}
