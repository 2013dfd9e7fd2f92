import type { PromotionKind } from "../record.ts";
import type { AppName, EnvironmentName } from "../release.ts";
import { hotfixSection, UNDO_LABEL, type ToldHotfix } from "./hotfix.ts";
import { clause, code, mention, words } from "./markdown.ts";

/**
 * Comments of the App. Each begins with a hidden marker that the caller chooses, so that a later look finds that it
 * has been said already. A marker is one word; what could end the comment around it is percent-encoded.
 */
function comment(marker: string, text: string): string {
  const safe = marker.toWellFormed().replaceAll(/[^A-Za-z0-9._:/@#=+-]/g, (mark) => encodeURIComponent(mark));
  return `<!-- pinion:${safe} -->\n${text}`;
}

/** The marker at the beginning of a comment, or null when it has none. */
export function commentMarker(body: string): string | null {
  const marker = /^<!-- pinion:(\S+) -->/.exec(body)?.[1];
  if (marker === undefined) return null;
  try {
    return decodeURIComponent(marker);
  } catch {
    return null;
  }
}

/** Before a pull request is closed because a newer release takes its place. */
export function supersededComment({ marker, version }: { readonly marker: string; readonly version: string }): string {
  return comment(marker, `Closed, because ${code(version)} takes its place.`);
}

/** When a newer release is there, but people have begun to care for this one. */
export function newerReadyComment({ marker, version }: { readonly marker: string; readonly version: string }): string {
  return comment(
    marker,
    `A newer release, ${code(version)}, is ready. This pull request stays open, because somebody asked for it, approved it ` +
      "or changed it, or the merge queue has it. Merge it, or close it to let the newer one come.",
  );
}

/** When Pinion takes a pull request out of the merge queue. `title` is what its check says. */
export function dequeuedComment({ marker, title, next }: { readonly marker: string; readonly title: string; readonly next: string }): string {
  return comment(marker, `Pinion takes this pull request out of the merge queue. ${words(clause(title))}. ${next}`);
}

/** When a pull request of Pinion came out of the merge queue without being merged. */
export function takenOutComment({ marker, why, next }: { readonly marker: string; readonly why: string; readonly next: string }): string {
  return comment(marker, `${why}. ${next}`);
}

/** Before a pull request is closed because there is nothing left for it to do. */
export function obsoleteComment({ marker, reason }: { readonly marker: string; readonly reason: string }): string {
  return comment(marker, `Closed, because there is nothing left to do: ${words(reason)}`);
}

/** Before a pull request is closed because the configuration, or what it stands on, has changed around it. */
export function movedOnComment({ marker, reason }: { readonly marker: string; readonly reason: string }): string {
  return comment(
    marker,
    `Closed, because it is not the promotion any more that is due: ${words(clause(reason))}. ` +
      "What is due now comes in a pull request of its own.",
  );
}

/** When a person closed a promotion's pull request. */
export function withdrawnComment(withdrawal: {
  readonly marker: string;
  readonly who: string;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly version: string;
  readonly kind: PromotionKind;
}): string {
  const { marker, who, app, environment, version, kind } = withdrawal;
  if (kind === "revert") {
    const stays = `Pinion does not open it again; to go back to ${code(version)} after all, open a pull request of your own`;
    return comment(marker, `${mention(who)} closed this way back, so what runs in ${code(environment)} stays. ${stays}.`);
  }
  return comment(
    marker,
    `${mention(who)} withdrew this promotion. Pinion does not offer ${code(`${app} ${version}`)} to ${code(environment)} ` +
      `again unless somebody asks for it: comment ${code(promoteCommand(app, environment))} here.`,
  );
}

/** When a pull request has become a hotfix since it was opened. `labelled`: by the label on it. */
export function becameHotfixComment(told: { readonly marker: string; readonly hotfix: ToldHotfix; readonly labelled: boolean }): string {
  const undoing = told.labelled ? UNDO_LABEL : "To have it judged like any other promotion, close it, and ask for it again.";
  return comment(told.marker, hotfixSection(told.hotfix, undoing));
}

/** When the label that had made a hotfix of it is gone. */
export function hotfixOverComment({ marker }: { readonly marker: string }): string {
  return comment(marker, `The label ${code("hotfix")} was taken off: from now on, every gate holds this promotion again.`);
}

/** When somebody puts the label on a way back. */
export function staysRevertComment({ marker }: { readonly marker: string }): string {
  const stays = "this is the way back from a bad release, and stays one. It waits for no soak, window or freeze anyway";
  return comment(marker, `The label ${code("hotfix")} changes nothing here: ${stays}.`);
}

/** When a label has made a hotfix of what was asked for on the same pull request. */
export function hotfixNotedComment(noted: {
  readonly marker: string;
  readonly who: string;
  readonly app: AppName;
  readonly environment: EnvironmentName;
}): string {
  const { marker, who, app, environment } = noted;
  return comment(marker, `${mention(who)}, the promotion of ${code(app)} to ${code(environment)} is a hotfix now.`);
}

/** What a person writes to ask for a promotion. */
export function promoteCommand(app: AppName, environment: EnvironmentName): string {
  return `/pinion promote ${app} ${environment}`;
}

/** When a freeze is over. */
export function freezeOverComment(over: {
  readonly marker: string;
  readonly environment: EnvironmentName;
  readonly label: string;
  readonly closed: boolean;
  /** Who closed the issue, where that can be told. */
  readonly by: string | null;
}): string {
  const { marker, environment, label, closed, by } = over;
  const how = closed ? `${by === null ? "somebody" : mention(by)} closed this issue` : `the label ${code(label)} was taken off`;
  return comment(marker, `The freeze of ${code(environment)} is over: ${how}.`);
}

/** The answer to a request that is not granted. `words` is how the person asked, `why` the reason. */
export function requestRefusedComment(refusal: {
  readonly marker: string;
  readonly who: string;
  readonly words: string;
  readonly why: string;
}): string {
  return comment(refusal.marker, `${mention(refusal.who)}, ${words(refusal.words)} was not acted on: ${words(clause(refusal.why))}.`);
}

/** The answer to a request that is granted, while its pull request has to wait. `why` is what it waits for. */
export function requestNotedComment(noted: {
  readonly marker: string;
  readonly who: string;
  readonly words: string;
  readonly why: string;
}): string {
  const { marker, who, words: said, why } = noted;
  return comment(
    marker,
    `${mention(who)}, ${words(said)} is noted. Its pull request is not open yet: ${words(clause(why))}. ` +
      "It opens by itself as soon as it can, unless somebody asks for another release.",
  );
}

/** The answer to a request that is granted. */
export function requestAcceptedComment(request: {
  readonly marker: string;
  readonly pullRequest: number;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly version: string;
  readonly hotfix: boolean;
  /** What else there is to say, as a sentence, or null. */
  readonly note: string | null;
}): string {
  const { marker, pullRequest, app, environment, version, hotfix, note } = request;
  const where = `The promotion of ${code(`${app} ${version}`)} to ${code(environment)} is in #${pullRequest}`;
  return comment(marker, `${where}${hotfix ? ", as a hotfix" : ""}.${note === null ? "" : ` ${note}`}`);
}
