import type { Draft } from "./draft.ts";
import { HOTFIX_LABEL, isWayBack, wordOf } from "./hotfix.ts";
import type { GatedPromotion, JudgedPullRequest } from "./judge-pull-request.ts";
import type { PullRequest } from "./observation.ts";
import { PEOPLE_MAX_AGE, WRITERS } from "./facts/people.ts";
import { hasLabel, lastLabelled } from "./promotion-facts.ts";
import { becameHotfixComment, commentMarker, hotfixOverComment, requestRefusedComment, staysRevertComment } from "./report/comment.ts";
import { hotfixNote } from "./report/hotfix.ts";
import { promotionTitle } from "./report/promotion-title.ts";

/** What the check says of each hotfix among these. */
export function hotfixNotes(gated: readonly GatedPromotion[]): readonly string[] {
  return gated.flatMap(({ promotion: { app, environment, hotfix }, passedBy }) => {
    return hotfix === null ? [] : [hotfixNote({ ...hotfix, passedBy }, `${app} in ${environment.name}`)];
  });
}

/** Why something is no hotfix, though somebody wants it to be one. */
export function noHotfixNotes({ promotions, shared, pullRequest }: JudgedPullRequest): readonly string[] {
  const whys = new Set([...promotions, ...shared].flatMap(({ noHotfix }) => noHotfix ?? []));
  const back = promotions.some(({ promotion }) => promotion.kind === "revert") && hasLabel(pullRequest.labels, HOTFIX_LABEL);
  return [...[...whys].map((why) => `It is judged as no hotfix: ${why}.`), ...(back ? ["The label `hotfix` changes nothing here: a way back stays one."] : [])];
}

/** Says on an open pull request that a label makes a hotfix of it, or does not, or does not any more; once for each time that it was set. */
export function planHotfixNotices(draft: Draft, judged: JudgedPullRequest): void {
  const { pullRequest, own } = judged;
  const gated = [...judged.promotions, ...judged.shared];
  if (gated.length === 0) return;
  planTitle(draft, judged);
  const opened = own ? draft.observation.ledger.openedAs.get(pullRequest.number) : undefined;
  const [hotfix] = gated.flatMap((one) => (one.promotion.hotfix === null ? [] : [{ ...one.promotion.hotfix, passedBy: one.passedBy }]));
  if (hotfix === undefined) return planNoHotfix(draft, pullRequest);
  // What was opened as a hotfix says so itself; where the record of that is still missing, it comes first.
  if (opened?.kind === "hotfix" || (own && opened === undefined)) return;
  const labelled = hotfix.source.startsWith("label:") && pullRequest.labelEvents.some(({ id }) => hotfix.source === `label:${id}`);
  say(draft, pullRequest, `hotfix:${hotfix.source}`, (marker) => becameHotfixComment({ marker, hotfix, labelled }));
}

/** The title tells which kind it is now, unless somebody has given it another. */
function planTitle(draft: Draft, { pullRequest, untouched, promotions }: JudgedPullRequest): void {
  const [only] = promotions;
  if (!untouched || only === undefined || only.promotion.kind === "revert") return;
  const { app, environment, kind, to } = only.promotion;
  const titled = (of: "promotion" | "hotfix") => promotionTitle({ kind: of, app, environment: environment.name, version: to.version });
  if (pullRequest.title !== titled(kind === "hotfix" ? "promotion" : "hotfix")) return;
  const title = titled(kind);
  draft.act({ id: `retitle #${pullRequest.number} ${title}`, kind: "retitle", pullRequest: pullRequest.number, title });
}

function planNoHotfix(draft: Draft, pullRequest: PullRequest): void {
  const set = lastLabelled(pullRequest.labelEvents, HOTFIX_LABEL);
  if (set === null) return;
  const { by, source } = wordOf(set);
  if (!hasLabel(pullRequest.labels, HOTFIX_LABEL)) {
    if (hasSaid(pullRequest, `hotfix:${source}`)) say(draft, pullRequest, `hotfix-over:${source}`, (marker) => hotfixOverComment({ marker }));
    return;
  }
  if (isWayBack(draft, pullRequest)) return say(draft, pullRequest, `hotfix:${source}`, (marker) => staysRevertComment({ marker }));
  const permission = set.actor.kind === "user" ? draft.ask({ kind: "permission", login: by }, PEOPLE_MAX_AGE) : null;
  if (permission?.known !== true || WRITERS.has(permission.value)) return;
  const why =
    `that takes write permission on this repository, and yours is ${permission.value}. ` +
    "Somebody who has it can take the label off and set it again";
  say(draft, pullRequest, `hotfix-refused:${source}`, (marker) => requestRefusedComment({ marker, who: by, words: `the label \`${HOTFIX_LABEL}\``, why }));
}

function hasSaid({ comments }: PullRequest, marker: string): boolean {
  return comments.some(({ author, body }) => author.kind === "app" && commentMarker(body) === marker);
}

function say(draft: Draft, pullRequest: PullRequest, marker: string, body: (marker: string) => string): void {
  if (hasSaid(pullRequest, marker)) return;
  draft.act({ id: `comment #${pullRequest.number} ${marker}`, kind: "comment", pullRequest: pullRequest.number, body: body(marker) });
}
