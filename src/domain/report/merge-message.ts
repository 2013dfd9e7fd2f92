import type { Instant } from "../answer.ts";
import type { PromotionKind, RecordedApproval } from "../record.ts";
import type { Oid } from "../release.ts";
import { promotionHeadline, promotionTrailers, type CommittedPromotion } from "./commit-message.ts";
import { plainWords } from "./markdown.ts";
import { MAX_TITLE } from "./promotion-title.ts";

/** People named in a merge message; the promotion log holds them all. */
const MAX_PEOPLE = 50;

/**
 * The title and message of the commit that a merge makes: what moved, who asked, who approved which commit, what a hotfix passed by,
 * and the fingerprint of the gates' results. The pull request's own title is not used, since anybody with
 * write permission can change it, and GitHub acts on words such as "closes #1" in a commit.
 */
export function mergeMessage(input: {
  readonly pullRequest: { readonly number: number; readonly head: Oid };
  readonly promotions: readonly (CommittedPromotion & { readonly kind: PromotionKind })[];
  readonly requesters: readonly string[];
  readonly approvals: readonly RecordedApproval[];
  readonly gatesFingerprint: string;
  /** By whose word, since when, and past which gates; null where it is no hotfix. */
  readonly hotfix: { readonly by: string; readonly at: Instant; readonly passedBy: readonly string[] } | null;
}): { readonly title: string; readonly message: string } {
  const { pullRequest, promotions, requesters, approvals, gatesFingerprint, hotfix } = input;
  const kind = promotions.every((promotion) => promotion.kind === "revert") ? "revert" : (promotions[0]?.kind ?? "promotion");
  const suffix = ` (#${pullRequest.number})`;
  const trailers = [
    ...requesters.slice(0, MAX_PEOPLE).map((login) => `Pinion-Requested-By: ${plainWords(login)}`),
    ...approvals.slice(0, MAX_PEOPLE).map(({ by, commit }) => `Pinion-Approved-By: ${plainWords(by)} at ${plainWords(commit)}`),
    ...(hotfix === null ? [] : [`Pinion-Hotfix: ${plainWords(hotfix.by)} since ${new Date(hotfix.at).toISOString()}`]),
    ...(hotfix === null || hotfix.passedBy.length === 0 ? [] : [`Pinion-Passed-By: ${plainWords(hotfix.passedBy.join(", "))}`]),
    `Pinion-Gates: ${plainWords(gatesFingerprint)}`,
    ...promotionTrailers(promotions),
  ];
  const message = `Every gate passed at ${plainWords(pullRequest.head)}.\n\n${trailers.join("\n")}`;
  return { title: `${promotionHeadline(kind, promotions, MAX_TITLE - suffix.length)}${suffix}`, message };
}
