import { environmentOf } from "./config.ts";
import type { Draft } from "./draft.ts";
import { isWhatWasOpened } from "./ledger.ts";
import type { ProposedChange, PullRequest } from "./observation.ts";
import { sameRepositories } from "./release.ts";

/**
 * Why a pull request with nothing in it but the App's own commit is not what it was opened for any more, or null: the
 * configuration or the default branch has changed around it, or its branch was moved to another commit of the App.
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
  const { app, environment, release } = opened;
  if (environmentOf(draft.config, environment) === null) return `there is no environment ${environment} any more`;
  if (draft.pins(app, environment) === null) return `no file of ${app} for ${environment} is found any more`;
  // That nothing is left to change is another story.
  const [only] = changes;
  if (only === undefined) return null;
  const isThere = changes.length === 1 && only.app === app && only.environment === environment && only.to !== null;
  if (isThere && isWhatWasOpened(opened, only.to)) return null;
  if (isThere && !sameRepositories(only.to, release))
    return `the images that move together as ${app} were changed in \`.github/pinion.yaml\``;
  return `merging it would not bring ${release.version} to ${environment}`;
}
