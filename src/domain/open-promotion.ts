import { isBranchFor, isRevertBranch } from "./branch.ts";
import type { Draft } from "./draft.ts";
import type { JudgedPullRequest } from "./judge-pull-request.ts";
import { sameRelease, type AppName, type EnvironmentName, type Pinned } from "./release.ts";

/** What an open pull request of Pinion is there for, in one place. */
export interface OpenPromotion {
  readonly revert: boolean;
  /** Null while that cannot be told: then nothing is opened beside it. */
  readonly release: Pinned | null;
}

/**
 * What this open pull request of Pinion wants in this place, or null: by the record of its opening; where that was lost, by what
 * merging it would do; and where that cannot be read just now, or was changed by somebody, by its branch, whose name tells the
 * place, and whether it goes back, but not the release.
 */
export function openPromotionIn(
  draft: Draft,
  { own, pullRequest, promotions }: JudgedPullRequest,
  app: AppName,
  environment: EnvironmentName,
): OpenPromotion | null {
  if (!own) return null;
  const opened = draft.observation.ledger.openedAs.get(pullRequest.number);
  if (opened !== undefined) {
    return opened.app === app && opened.environment === environment ? { revert: opened.kind === "revert", release: opened.release } : null;
  }
  const here = promotions.find(({ promotion }) => promotion.app === app && promotion.environment.name === environment);
  const named = isBranchFor(pullRequest.head.ref, app, environment);
  if (here === undefined && !named) return null;
  return { revert: named && isRevertBranch(pullRequest.head.ref), release: here?.promotion.to ?? null };
}

/** Whether it carries exactly this release forward into this place. */
export function carries(open: OpenPromotion | null, release: Pinned): boolean {
  return open !== null && !open.revert && open.release !== null && sameRelease(open.release, release);
}
