import type { Instant } from "./answer.ts";
import { isRevertBranch } from "./branch.ts";
import type { Draft } from "./draft.ts";
import { cameByHand, type Place } from "./ledger.ts";
import type { LabelEvent, PullRequest } from "./observation.ts";
import { PEOPLE_MAX_AGE, WRITERS } from "./facts/people.ts";
import { hasLabel, lastLabelled } from "./promotion-facts.ts";
import type { HotfixWord } from "./record.ts";
import { releaseKey, type AppName, type EnvironmentName, type Pinned } from "./release.ts";

/** The label by which a person says that a promotion is urgent. */
export const HOTFIX_LABEL = "hotfix";

/**
 * Whether somebody who may has called something a hotfix: by whose word, or why it is none although somebody wanted it to be. What
 * cannot be told is no hotfix, so that every gate of a promotion holds.
 */
export type HotfixStanding = { readonly word: HotfixWord } | { readonly word: null; readonly why: string | null };

const NOT_WANTED: HotfixStanding = { word: null, why: null };

/** What every kind is decided by: whether this promotion is a hotfix now. A way back is none, nor is taking a pin away. */
export function hotfixStanding(
  draft: Draft,
  pullRequest: PullRequest,
  { app, environment, to, untouched }: { readonly app: AppName; readonly environment: EnvironmentName; readonly to: Pinned | null; readonly untouched: boolean },
): HotfixStanding {
  if (to === null || isWayBack(draft, pullRequest)) return NOT_WANTED;
  // A request is for what Pinion opens, and for nothing that somebody makes of it.
  const asked = untouched ? askedAsHotfix(draft, app, environment, to) : NOT_WANTED;
  if (asked.word !== null) return asked;
  const labelled = labelledHotfix(draft, pullRequest);
  if (labelled.word !== null || labelled.why !== null) return labelled;
  const wasOpenedAsOne = draft.observation.ledger.openedAs.get(pullRequest.number)?.kind === "hotfix";
  return { word: null, why: asked.why ?? (wasOpenedAsOne ? "it was opened as one, and nobody's word for that stands any more" : null) };
}

/** Whether Pinion opened this to go back, by the record of its opening, and where that was lost by its branch. */
export function isWayBack(draft: Draft, pullRequest: PullRequest): boolean {
  if (pullRequest.author.kind !== "app") return false;
  const opened = draft.observation.ledger.openedAs.get(pullRequest.number);
  return opened === undefined ? isRevertBranch(pullRequest.head.ref) : opened.kind === "revert";
}

/** By the requests in the log for this release in this place. The permission is looked up anew: it may be gone by now. */
export function askedAsHotfix(draft: Draft, app: AppName, environment: EnvironmentName, release: Pinned): HotfixStanding {
  let why: string | null = null;
  for (const word of draft.place(app, environment).hotfixes.get(releaseKey(release)) ?? []) {
    const standing = verified(draft, word);
    if (standing.word !== null) return standing;
    why ??= standing.why;
  }
  return { word: null, why };
}

/** By the label on the pull request itself, as it stands now. */
export function labelledHotfix(draft: Draft, pullRequest: PullRequest): HotfixStanding {
  if (!hasLabel(pullRequest.labels, HOTFIX_LABEL)) return NOT_WANTED;
  const set = lastLabelled(pullRequest.labelEvents, HOTFIX_LABEL);
  if (set === null) return { word: null, why: "who set the label `hotfix` cannot be told" };
  return spoken(draft, set);
}

/** What setting the label is worth: only the word of a person who may write counts. */
export function spoken(draft: Draft, set: LabelEvent): HotfixStanding {
  if (set.actor.kind !== "user") return { word: null, why: "the label `hotfix` was not set by a person, and only a person can call something a hotfix" };
  return verified(draft, wordOf(set));
}

export function wordOf({ id, actor, at }: LabelEvent): HotfixWord {
  return { by: actor.login, at, source: `label:${id}` };
}

function verified(draft: Draft, word: HotfixWord): HotfixStanding {
  const permission = draft.ask({ kind: "permission", login: word.by }, PEOPLE_MAX_AGE);
  if (permission === null || !permission.known) {
    return { word: null, why: `whether @${word.by} may ask for a hotfix is not known: ${permission?.reason ?? "it has not been asked yet"}` };
  }
  if (WRITERS.has(permission.value)) return { word };
  return { word: null, why: `a hotfix takes write permission on this repository, and that of @${word.by} is ${permission.value}` };
}

/** Everybody who set the label that is on it now, whether they may or not: whoever wants a hotfix is not the one to approve it. */
export function hotfixLabellers({ labels, labelEvents }: PullRequest): readonly string[] {
  if (!hasLabel(labels, HOTFIX_LABEL)) return [];
  const events = labelEvents.filter(({ label, actor }) => actor.kind === "user" && hasLabel([label], HOTFIX_LABEL));
  return [...new Set(events.map(({ actor }) => actor.login))];
}

/**
 * The label on a pull request that has ended, when it was set after that: it belongs to what is asked for there. One from before
 * was about that pull request itself, which must not make a hotfix of what somebody asks for later.
 */
export function labelAfterEnd(pullRequest: PullRequest): LabelEvent | null {
  const { labels, labelEvents, merge, closed } = pullRequest;
  const ended = merge?.at ?? closed?.at ?? null;
  if (pullRequest.state === "open" || ended === null || !hasLabel(labels, HOTFIX_LABEL)) return null;
  const set = lastLabelled(labelEvents, HOTFIX_LABEL);
  return set !== null && set.at > ended ? set : null;
}

/** Whether somebody has closed the promotion of this release, or changed the place by hand, since that was said: then it was about what was asked for before. */
export function isSpent({ withdrawn, current }: Place, release: Pinned, said: Instant): boolean {
  if ((withdrawn.get(releaseKey(release)) ?? -Infinity) >= said) return true;
  return current !== null && cameByHand(current) && current.since >= said;
}

/** Whether the label was set while the pull request was open, and is still there. */
export function isLabelFromBefore(pullRequest: PullRequest): boolean {
  return pullRequest.state !== "open" && hasLabel(pullRequest.labels, HOTFIX_LABEL) && labelAfterEnd(pullRequest) === null;
}
