import type { Milliseconds } from "./answer.ts";
import { isOwn } from "./changes.ts";
import type { Draft } from "./draft.ts";
import { HOTFIX_LABEL, labelAfterEnd, spoken, wordOf } from "./hotfix.ts";
import type { LabelEvent, PullRequest } from "./observation.ts";
import type { HotfixWord } from "./record.ts";
import { hasLabel } from "./promotion-facts.ts";
import { requestIdentity } from "./record-file.ts";
import type { AppName, EnvironmentName } from "./release.ts";
import { PEOPLE_MAX_AGE, WRITERS } from "./facts/people.ts";
import { commentMarker, hotfixNotedComment, requestRefusedComment } from "./report/comment.ts";

/** People set one label after the other: this long the label waits for what it could belong to. */
const REQUEST_WITHIN: Milliseconds = 5 * 60_000;
/** For so long the label is waited for to be answered, where it could not be asked who may set it. */
export const HOTFIX_ANSWER_WITHIN: Milliseconds = 60 * 60_000;

/**
 * Labels `hotfix` on pull requests that have ended: each makes a hotfix of what was asked for there, is answered there, and comes off.
 * The word is put down beside the request, which may have been acted on already.
 */
export function planHotfixLabels(draft: Draft): void {
  const { ended } = draft.observation.snapshot;
  for (const pullRequest of ended) {
    const set = labelAfterEnd(pullRequest);
    if (set !== null && isOfPromotion(draft, pullRequest)) planLabel(draft, pullRequest, set);
  }
}

/** The word that the label on the pull request gives to what is asked for there just now, or null. */
export function hotfixAskedWith(draft: Draft, pullRequest: PullRequest): HotfixWord | null {
  const set = labelAfterEnd(pullRequest);
  return set === null ? null : spoken(draft, set).word;
}

/** On what promoted nothing, the label is none of Pinion's business. */
function isOfPromotion(draft: Draft, pullRequest: PullRequest): boolean {
  return isOwn(pullRequest) || draft.observation.ledger.merged.has(pullRequest.number);
}

function planLabel(draft: Draft, pullRequest: PullRequest, set: LabelEvent): void {
  if (isAnswered(pullRequest, set)) return removeLabel(draft, pullRequest, set);
  if (set.actor.kind !== "user") return refuse(draft, pullRequest, set, "only a person can ask for a hotfix");
  const permission = draft.ask({ kind: "permission", login: set.actor.login }, PEOPLE_MAX_AGE);
  if (permission === null) return;
  if (!permission.known) {
    const why = `whether @${set.actor.login} may ask for a hotfix is not known: ${permission.reason}`;
    return draft.block(null, null, `the label ${HOTFIX_LABEL} on #${pullRequest.number} is not acted on yet: ${why}`);
  }
  if (!WRITERS.has(permission.value)) {
    return refuse(draft, pullRequest, set, `that takes write permission on this repository, and yours is ${permission.value}`);
  }
  const written = askedHere(draft, pullRequest, set);
  if (written !== null) {
    const { by: who, source: marker } = wordOf(set);
    return reply(draft, pullRequest, set, hotfixNotedComment({ marker, who, ...written }));
  }
  // A request that is not in the log yet is put there first, and this label with it.
  if (draft.now < set.at + REQUEST_WITHIN) return draft.due(set.at + REQUEST_WITHIN);
  if (draft.config.environments.some(({ name }) => hasLabel(pullRequest.labels, `promote:${name}`))) return;
  const advice = "set it together with `promote:ENVIRONMENT`, or set it on the open pull request that it is about";
  refuse(draft, pullRequest, set, `nothing that is asked for here is still to come; ${advice}`);
}

interface Asked {
  readonly app: AppName;
  readonly environment: EnvironmentName;
}

/** Puts the word down beside each open request from this pull request. Answers one that has had it in the log, answered by now or not; or null. */
function askedHere(draft: Draft, { number }: PullRequest, set: LabelEvent): Asked | null {
  const { ledger } = draft.observation;
  let written: Asked | null = null;
  for (const [app, places] of ledger.places) {
    for (const [environment, { request }] of places) {
      const word = wordOf(set);
      if (ledger.identities.has(requestIdentity(environment, app, word.source))) written = { app, environment };
      else if (request?.pullRequest === number && !draft.isChanging(app, environment)) {
        draft.record({ event: "requested", app, environment, release: request.release, pullRequest: number, ...word, hotfix: true });
      }
    }
  }
  return written;
}

function refuse(draft: Draft, pullRequest: PullRequest, set: LabelEvent, why: string): void {
  const { by, source } = wordOf(set);
  reply(draft, pullRequest, set, requestRefusedComment({ marker: source, who: by, words: `the label \`${HOTFIX_LABEL}\``, why }));
}

function reply(draft: Draft, pullRequest: PullRequest, set: LabelEvent, body: string): void {
  draft.act({ id: `comment #${pullRequest.number} ${wordOf(set).source}`, kind: "comment", pullRequest: pullRequest.number, body });
  removeLabel(draft, pullRequest, set);
}

function isAnswered({ comments }: PullRequest, set: LabelEvent): boolean {
  return comments.some(({ author, body }) => author.kind === "app" && commentMarker(body) === wordOf(set).source);
}

function removeLabel(draft: Draft, pullRequest: PullRequest, set: LabelEvent): void {
  const { number } = pullRequest;
  draft.act({ id: `remove-label #${number} ${wordOf(set).source}`, kind: "remove-label", pullRequest: number, label: HOTFIX_LABEL });
}
