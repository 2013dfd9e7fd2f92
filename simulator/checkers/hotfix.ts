/**
 * Hotfixes. S22: one is what somebody who may write has called so, and nothing else. S6: the App merges it only with an approval of
 * somebody who neither asked for it nor called it one. S24: a way back is none.
 */
import type { Instant } from "../../src/domain/answer.ts";
import type { WorldEvent } from "../events.ts";
import type { PullFacts } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { approvalsOf } from "./approving.ts";
import { breach, entriesOf, environmentAt, holdsDigest, isRevert, mayWrite, pinMoves, seenMain, RIGHTS_GRACE, type PinMove } from "./reading.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;

export const hotfixChecker: Checker = {
  invariants: ["S6", "S22", "S24"],
  see(event, view) {
    if (event.kind !== "merged" || event.bot === null) return [];
    const judged = judgedAt(view, event.pull, event.head);
    // Where it has passed as what is no hotfix too, which of the two was meant cannot be told from outside.
    if (judged.length === 0 || !judged.every(({ kind }) => kind === "hotfix")) return [];
    return pinMoves(view, event.base, event.commit).flatMap((move) => mergedAsHotfix(event, move, view));
  },
};

function judgedAt(view: WorldView, pull: number, head: string | null): readonly LogEntry[] {
  return view.log().filter((entry) => entry.event === "judged" && entry.pullRequest === pull && entry.head === head);
}

function mergedAsHotfix(event: Merge, move: PinMove, view: WorldView): readonly Breach[] {
  const environment = environmentAt(view, seenMain(view, event.bot, event.base), move.environment);
  const pull = view.seenBy(event.bot ?? 0)?.facts.pulls.get(event.pull);
  if (environment === null || pull === undefined) return [];
  if (isRevert(view, pull)) return [breach("S24", `#${event.pull} is a way back, and was judged as a hotfix`)];
  const found: Breach[] = [];
  const words = hotfixWords(view, pull, move);
  if (words.length === 0) found.push(breach("S22", `#${event.pull} was judged as a hotfix, and nobody who may has called it one`));
  const approvers = approvalsOf(view, event, pull, environment);
  const since = Math.min(...words);
  const knew = pull.reviews.some(({ author, state, at }) => state === "approved" && at >= since && approvers.includes(author.login));
  if (words.length > 0 && !knew) found.push(breach("S6", `#${event.pull} was merged as a hotfix, and nobody else has approved it since`));
  return found;
}

export function isCalledHotfix(view: WorldView, pull: PullFacts, move: PinMove): boolean {
  return hotfixWords(view, pull, move).length > 0;
}

/** When somebody who may called it one: by the label on it, as it is there, or by a request in the log that nothing has answered before. */
function hotfixWords(view: WorldView, pull: PullFacts, { app, environment, to }: PinMove): readonly Instant[] {
  const may = (login: string) => mayWrite(view, login, view.now() - RIGHTS_GRACE, "ever");
  const set = pull.labels.includes("hotfix") ? pull.labelEvents.findLast(({ label }) => label === "hotfix") : undefined;
  const labelled = set?.actor.kind === "user" && may(set.actor.login) ? [set.at] : [];
  const entries = entriesOf(view, app, environment);
  const answer = entries.findLastIndex((entry) => {
    const ended = entry.event === "merged" || entry.event === "out-of-band" || entry.event === "withdrawn";
    return ended && entry.pullRequest !== pull.number && holdsDigest(entry, to?.digest ?? "");
  });
  const asked = entries.slice(answer + 1).filter((entry) => entry.event === "requested" && entry.isHotfix && holdsDigest(entry, to?.digest ?? "") && may(entry.by ?? ""));
  return [...labelled, ...asked.map(({ at }) => at)];
}
