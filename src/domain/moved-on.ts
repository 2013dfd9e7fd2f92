import { TAG_DIGEST_MAX_AGE } from "./candidate.ts";
import { environmentOf } from "./config.ts";
import type { Draft } from "./draft.ts";
import { labelledHotfix } from "./hotfix.ts";
import { isWhatWasOpened, type Ledger } from "./ledger.ts";
import type { ProposedChange, PullRequest } from "./observation.ts";
import { releaseKey, sameRepositories, type Pinned, type ReleaseImage } from "./release.ts";
import { isSelectable, type Select } from "./select.ts";

/** The record of the opening of a pull request. */
type Opened = NonNullable<ReturnType<Ledger["openedAs"]["get"]>>;

/**
 * Why a pull request with nothing in it but the App's own commit is not what is due any more, or null: the configuration, the
 * default branch or the registry has changed around it, or its branch was moved to another commit of the App.
 */
export function whyMovedOn(
  draft: Draft,
  pullRequest: PullRequest,
  proposal: ProposedChange | null,
  isNamedAfterIt: boolean,
): string | null {
  const opened = draft.observation.ledger.openedAs.get(pullRequest.number);
  const readable = proposal !== null && proposal.conflicts.length === 0 && proposal.broken.length === 0;
  const changes = readable ? proposal.promotions : [];
  if (opened === undefined) {
    return changes.length === 0 || isNamedAfterIt ? null : "its branch is not named after what merging it would do";
  }
  const { app, environment } = opened;
  if (environmentOf(draft.config, environment) === null) return `there is no environment ${environment} any more`;
  if (draft.pins(app, environment) === null) return `no file of ${app} for ${environment} is found any more`;
  // That nothing is left to change is another story.
  const [only] = changes;
  if (only === undefined) return null;
  const isThere = changes.length === 1 && only.app === app && only.environment === environment;
  return whyOtherwise(opened, isThere ? only.to : null) ?? whyDeselected(draft, pullRequest, opened);
}

/** Why merging it would not do what it was opened for. `to`: what it would bring to the place that it was opened for. */
function whyOtherwise(opened: Opened, to: Pinned | null): string | null {
  const { app, environment, release } = opened;
  if (to !== null && isWhatWasOpened(opened, to)) return null;
  if (to !== null && !sameRepositories(to, release)) return `the images that move together as ${app} were changed in \`.github/pinion.yaml\``;
  return `merging it would not bring ${release.version} to ${environment}`;
}

/** Why what was opened by itself, as it was selected then, would not be selected now. What somebody who may has asked for does not need to be. */
function whyDeselected(draft: Draft, pullRequest: PullRequest, opened: Opened): string | null {
  const { app, environment, kind, release, requestedBy } = opened;
  if (kind === "revert" || environmentOf(draft.config, environment)?.after.length !== 0) return null;
  const askers = draft.place(app, environment).askers.get(releaseKey(release)) ?? [];
  if (requestedBy !== null || askers.length > 0 || labelledHotfix(draft, pullRequest).word !== null) return null;
  const { select } = draft.settings(app);
  const out = release.images.find((image) => !isSelected(image, select));
  if (out !== undefined) return `\`select\` does not take ${out.repository}:${out.tag ?? out.digest} any more`;
  // Whoever approved it has seen which image it is.
  if (select.by !== "tag" || pullRequest.reviews.some(({ state }) => state === "approved")) return null;
  const moved = release.images.find((image) => namesAnother(draft, image, select.tag));
  return moved === undefined ? null : `${moved.repository}:${select.tag} names another image now`;
}

function isSelected({ tag }: ReleaseImage, select: Select): boolean {
  if (select.by === "tag") return tag === select.tag;
  return tag !== null && isSelectable(tag, select);
}

/** As far as it is known. */
function namesAnother(draft: Draft, { repository, digest }: ReleaseImage, tag: string): boolean {
  const answer = draft.ask({ kind: "digest", repository, reference: tag }, TAG_DIGEST_MAX_AGE);
  return answer?.known === true && answer.value !== null && answer.value !== digest;
}
