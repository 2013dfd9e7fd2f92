/**
 * H11: where one tag is moved from image to image, nothing goes back: neither offered by itself nor merged is an image that Pinion had opened before the one
 * that is pinned. What the log first knew by other ways has no place in that order.
 */
import type { WorldEvent } from "../events.ts";
import { MOVING_TAG, type PlacePin, type PullFacts } from "../facts.ts";
import type { Checker, WorldView } from "../world-view.ts";
import { breach, entriesOf, holdsDigest, isRevert, pinMoves, type PinMove } from "./reading.ts";

export const arrivingChecker: Checker = {
  invariants: ["H11"],
  see(event, view) {
    const between = commitsOf(event, view);
    if (between === null) return [];
    const { pull, from, to } = between;
    return pinMoves(view, from, to).flatMap((move) => {
      if (move.to?.tag !== MOVING_TAG) return [];
      if (event.kind === "opened" && isAskedFor(view, move)) return [];
      const [before, after] = [firstOpened(view, move.app, move.from, pull), firstOpened(view, move.app, move.to, pull)];
      return before !== null && after !== null && after < before ? [breach("H11", `#${pull.number} takes ${move.app} in ${move.environment} back to what the tag named before`)] : [];
    });
  },
};

/** What the App opens by itself, and what it merges, as two commits. */
function commitsOf(event: WorldEvent, view: WorldView): { readonly pull: PullFacts; readonly from: string; readonly to: string } | null {
  if (event.kind !== "opened" && event.kind !== "merged") return null;
  const pull = view.facts().pulls.get(event.pull);
  if (pull === undefined || event.bot === null || pull.author.kind !== "app" || isRevert(view, pull)) return null;
  if (event.kind === "merged") return { pull, from: event.base, to: event.commit };
  const commit = view.commit(pull.head);
  const parent = commit?.parents[0];
  return commit?.own === true && parent !== undefined ? { pull, from: parent, to: pull.head } : null;
}

function isAskedFor(view: WorldView, { app, environment, to }: PinMove): boolean {
  return entriesOf(view, app, environment).some((entry) => entry.event === "requested" && holdsDigest(entry, to?.digest ?? ""));
}

/** Where the log first tells of an image, if that is a pull request that was opened for it, and not this one; or null. */
function firstOpened(view: WorldView, app: string, pin: PlacePin | null, { number }: PullFacts): number | null {
  const digest = pin?.digest ?? "";
  const entries = view.log();
  const place = entries.findIndex((entry) => entry.app === app && [entry.release, entry.from, entry.displaced].some((one) => one?.digests.includes(digest)));
  const first = entries[place];
  return first?.event === "opened" && first.kind !== "revert" && first.pullRequest !== number && holdsDigest(first, digest) ? place : null;
}
