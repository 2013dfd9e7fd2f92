import type { Instant } from "./answer.ts";
import type { AppName, Digest, EnvironmentName, Oid, Pinned, Release } from "./release.ts";

/**
 * - `promotion`: a release moves forward.
 * - `revert`: the pins go back to the last release verified in that environment.
 * - `hotfix`: a promotion that somebody who may write has marked urgent.
 */
export type PromotionKind = "promotion" | "revert" | "hotfix";

/** That somebody called a promotion a hotfix. */
export interface HotfixWord {
  readonly by: string;
  readonly at: Instant;
  /** Where they said it: `label:<event id>` or `comment:<id>`. */
  readonly source: string;
}

/** One gate's outcome as it stood when the promotion was judged. */
export interface RecordedGate {
  readonly policy: string;
  readonly result: "pass" | "fail" | "wait" | "unknown" | "not-applicable";
}

export interface RecordedApproval {
  readonly by: string;
  readonly review: string;
  /** The commit the reviewer looked at. */
  readonly commit: Oid;
  readonly at: Instant;
}

/**
 * How the merge stands to Pinion's judgement:
 * - `judged`: every gate had passed at exactly the merged head.
 * - `stale-judged`: gates had passed, but at another head.
 * - `out-of-band`: it was merged without every gate having passed.
 */
export type Judgement = "judged" | "stale-judged" | "out-of-band";

interface InEnvironment {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly at: Instant;
}

interface Freeze {
  readonly environment: EnvironmentName;
  readonly at: Instant;
  readonly issue: number;
  /** The id of the label's event. */
  readonly source: string;
}

/**
 * The events of the promotion log. Each is one JSON file on the branch `pinion-log`; the first line of
 * every docstring says when it is written. Times are when the thing happened, as far as that can be known.
 */
export type LogRecord =
  /** The App saw this repository first: what is pinned at `commit` is adopted. Written once. */
  | { readonly event: "installed"; readonly at: Instant; readonly commit: Oid }
  /** A pin appeared that no promotion made: a new app, or a new environment of one. */
  | (InEnvironment & { readonly event: "adopted"; readonly pinned: Pinned; readonly commit: Oid })
  /** A person asked for a promotion, and was allowed to. */
  | (InEnvironment & {
      readonly event: "requested";
      readonly release: Release;
      readonly by: string;
      readonly pullRequest: number;
      /** What was acted on: `label:<event id>` or `comment:<id>`. */
      readonly source: string;
      /** They called it a hotfix. */
      readonly hotfix?: true;
    })
  /** Pinion opened a pull request. */
  | (InEnvironment & {
      readonly event: "opened";
      readonly kind: PromotionKind;
      readonly from: Pinned | null;
      readonly release: Release;
      readonly pullRequest: number;
      /** Null where it was closed before this was written: somebody may have moved its branch by then. */
      readonly head: Oid | null;
      readonly requestedBy: string | null;
    })
  /** Every gate passed at this head: the pull request's own, or the commit that the merge queue made of it. */
  | (InEnvironment & {
      readonly event: "judged";
      readonly kind: PromotionKind;
      readonly release: Release;
      readonly pullRequest: number;
      readonly head: Oid;
      readonly gates: readonly RecordedGate[];
      readonly approvals: readonly RecordedApproval[];
      /** By whose word it is a hotfix, and which gates would have held a promotion back then. */
      readonly hotfix?: HotfixWord & { readonly passedBy: readonly RecordedGate[] };
    })
  /** A pull request that moves a pin was merged, by whomever. */
  | (InEnvironment & {
      readonly event: "merged";
      readonly kind: PromotionKind;
      readonly from: Pinned | null;
      readonly release: Pinned;
      readonly pullRequest: number;
      readonly head: Oid;
      readonly commit: Oid;
      readonly mergedBy: string;
      /** Who put it into the merge queue, where it came by one. */
      readonly enqueuedBy?: string;
      readonly requestedBy: string | null;
      readonly judgement: Judgement;
      /** By whose word it was a hotfix, and the issues that stopped the environment, or the app in it, at that time. */
      readonly hotfix?: HotfixWord & { readonly freezes: readonly number[] };
    })
  /** A pin changed on the default branch without a pull request that Pinion judged. The change starts a hold. */
  | (InEnvironment & {
      readonly event: "out-of-band";
      readonly from: Pinned | null;
      readonly release: Pinned | null;
      readonly commit: Oid;
      readonly by: string;
      readonly pullRequest: number | null;
    })
  /** Argo CD runs exactly this release, healthy for long enough. */
  | (InEnvironment & { readonly event: "deployed"; readonly release: Release; readonly commit: Oid; readonly evidence: string })
  /** It was deployed, and the watch time passed: measured good, or with the reason why nothing was measured. */
  | (InEnvironment & {
      readonly event: "verified";
      readonly release: Release;
      readonly commit: Oid;
      readonly how: "slo" | "rollout-only";
      readonly evidence: string;
    })
  /** It went bad. `degraded`, `sync-failed` and `deadline` come from the rollout, `breached` from the SLO. */
  | (InEnvironment & {
      readonly event: "degraded" | "sync-failed" | "deadline" | "breached";
      readonly release: Release;
      readonly commit: Oid;
      readonly evidence: string;
    })
  /** The pins went back: the revert of `release` to `to` was merged. */
  | (InEnvironment & {
      readonly event: "reverted";
      readonly release: Release;
      readonly to: Release;
      readonly pullRequest: number;
      readonly commit: Oid;
    })
  /** A digest must not come back: the quarantine file is on the default branch. */
  | (InEnvironment & { readonly event: "quarantined"; readonly digest: Digest; readonly reason: string; readonly commit: Oid })
  /** A person closed Pinion's pull request: this release is not offered again without a request. */
  | (InEnvironment & { readonly event: "withdrawn"; readonly release: Release; readonly pullRequest: number; readonly by: string })
  /** The app is stopped here: it went bad and there is nothing verified to go back to, or a revert went bad. */
  | (InEnvironment & { readonly event: "frozen"; readonly release: Release; readonly reason: string; readonly issue: number })
  /** A person closed the issue of a frozen app: it may move again. */
  | (InEnvironment & { readonly event: "unfrozen"; readonly issue: number; readonly by: string })
  /** Somebody who may write set `freeze:<environment>` on an issue. */
  | (Freeze & { readonly event: "freeze-begun"; readonly by: string })
  /** Somebody set that label who may not, so that nothing came of it. */
  | (Freeze & { readonly event: "freeze-ignored"; readonly by: string })
  /** The issue was closed, or the label taken off it: `by` is who closed it, where that can be told. */
  | (Freeze & { readonly event: "freeze-ended"; readonly by: string | null })
  /** Automatic promotion stopped because of a change made by hand or a revert, until something newer than `displaced`. */
  | (InEnvironment & { readonly event: "held"; readonly displaced: Pinned; readonly commit: Oid; readonly reason: string });

export type EventName = LogRecord["event"];
