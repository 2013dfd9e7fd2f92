import type { CheckContent } from "../action.ts";
import { content } from "./check.ts";
import { clause, words, type Block } from "./markdown.ts";
import { plural } from "./readable.ts";

/** One pull request of a group of the merge queue, with what is said of it there. */
export interface GroupPart {
  readonly pullRequest: number;
  readonly title: string;
  readonly check: CheckContent;
}

/**
 * The check on a commit that the merge queue tries: of `own`, and of all that it stands on, since they are merged with it. Where each entry
 * has to pass by itself (`allGreen`), one that fails goes, and what stood on it is made anew: so that is waited for. Else the last
 * of those that are merged together decides for all of them.
 */
export function groupCheck(own: GroupPart, ahead: readonly GroupPart[], { allGreen }: { readonly allGreen: boolean }): CheckContent {
  const parts = [...ahead, own];
  const blocks = parts.length === 1 ? [{ text: own.check.summary, divisible: true }] : [introduction(parts.length), ...[own, ...ahead].flatMap(sectionOf)];
  const failing = isFailing(own) || !allGreen ? parts.findLast(isFailing) : undefined;
  if (failing !== undefined) return content("failure", titleOf(failing, parts), blocks);
  const blocked = ahead.find(isFailing);
  if (blocked !== undefined) return content(null, `Waiting: #${blocked.pullRequest}, ahead of it in the merge queue, does not pass`, blocks);
  // What is to be done for this pull request comes before what is for others.
  const open = [own, ...ahead].find(({ check }) => check.conclusion === null);
  if (open !== undefined) return content(null, titleOf(open, parts), blocks);
  return content("success", parts.length === 1 ? own.check.title : `All ${parts.length} pull requests of this group pass`, blocks);
}

/** Whatever a person has to see to keeps it from being merged now. */
function isFailing({ check }: GroupPart): boolean {
  return check.conclusion === "failure" || check.conclusion === "action_required";
}

function titleOf({ pullRequest, check }: GroupPart, parts: readonly GroupPart[]): string {
  if (parts.length === 1) return check.title;
  const prefix = /^(?:Blocked|Waiting|Needs a person): /.exec(check.title)?.[0] ?? "";
  return `${prefix}#${pullRequest}: ${check.title.slice(prefix.length)}`;
}

function introduction(count: number): Block {
  const order = "Each is judged for itself: first the one that this commit was made for, then those ahead of it.";
  return { text: `The merge queue tries ${plural(count, "pull request")} here, one on top of the other. ${order}`, divisible: true };
}

function sectionOf({ pullRequest, title, check }: GroupPart): readonly Block[] {
  return [{ text: `## #${pullRequest} ${words(title)}\n\n**${words(check.title)}**\n\n${check.summary}`, divisible: true }];
}

/** It cannot be told yet what the group does, or something ahead of it has to be merged first. */
export function groupWaits(reason: string): CheckContent {
  return content(null, `Waiting: ${clause(reason)}`, [{ text: words(reason), divisible: true }]);
}

/** The commit of the queue brings something that its pull request does not say. */
export function strangeGroup(reason: string): CheckContent {
  const advice = "The merge queue made something else of it than was judged. Take it out of the queue and look at what both change.";
  return content("failure", `Blocked: ${clause(reason)}`, [{ text: `${words(clause(reason))}. ${advice}`, divisible: true }]);
}
