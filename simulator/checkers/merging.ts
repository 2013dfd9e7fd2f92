/**
 * What the App merges by itself: S1 (judged at exactly that head), S2 and S3 (only pins, by digest), S4 (the digest that was
 * judged), S5 (required checks), S7 (by expected head), S8 (never the configuration), S9 (quarantine), S14 (never older),
 * S31 (nothing of others).
 */
import type { Oid } from "../../src/domain/release.ts";
import type { WorldEvent } from "../events.ts";
import type { PullFacts } from "../facts.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { isCalledHotfix } from "./hotfix.ts";
import { breach, changedPaths, isQuarantined, isRevert, pinMoves, seenMain, versionOrder, type PinMove } from "./reading.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;

export const mergingChecker: Checker = {
  invariants: ["S1", "S2", "S3", "S4", "S5", "S7", "S8", "S9", "S14", "S31"],
  see(event, view) {
    if (event.kind !== "merged" || event.bot === null) return [];
    const pull = view.facts().pulls.get(event.pull);
    if (pull === undefined) return [breach("S24", `#${event.pull} was merged and is not there`)];
    return [...headOf(event, pull, view), ...treeOf(event, pull, view), ...pinsOf(event, pull, view)];
  },
};

function headOf(event: Merge, pull: PullFacts, view: WorldView): readonly Breach[] {
  const found: Breach[] = [];
  const name = `#${event.pull}`;
  if (event.expectedHead !== event.head) found.push(breach("S7", `${name} was merged without saying which head`));
  const judged = view.log().some((entry) => entry.event === "judged" && entry.pullRequest === event.pull && entry.head === event.head);
  if (!judged) found.push(breach("S1", `${name} was merged at ${short(event.head)}, at which it was never judged`));
  const check = view.facts().checks.get(event.head)?.at(-1);
  if (view.checkRequired && check?.conclusion !== "success") found.push(breach("S5", `${name} was merged without a green check on its head`));
  const foreign = (pull.mergedCommits ?? []).find((oid) => view.commit(oid)?.own !== true);
  if (foreign !== undefined) found.push(breach("S31", `${name} was merged with the commit ${short(foreign)} of somebody else`));
  if (pull.author.kind !== "app" || pull.fork) found.push(breach("S31", `${name} was merged, which the App did not open`));
  return found;
}

/** Only the pin of one place, and the quarantine with a revert. */
function treeOf(event: Merge, pull: PullFacts, view: WorldView): readonly Breach[] {
  const moves = pinMoves(view, event.base, event.commit);
  const found: Breach[] = [];
  for (const path of changedPaths(view, event.base, event.commit)) {
    if (path.startsWith(".github/pinion.y") || path.startsWith(".github/pinion/policies")) {
      found.push(breach("S8", `#${event.pull} changed Pinion's own configuration (${path})`));
    } else if (path.startsWith(".github/pinion/quarantine/") && isRevert(view, pull)) continue;
    else if (!moves.some((move) => move.path === path)) found.push(breach("S2", `#${event.pull} changed ${path}, which holds no pin`));
  }
  for (const move of moves) {
    if (lessPins(view, event.base, move.path) !== lessPins(view, event.commit, move.path)) {
      found.push(breach("S2", `#${event.pull} changed more of ${move.path} than the pin`));
    }
  }
  if (moves.length > 1) found.push(breach("S2", `#${event.pull} moved pins of ${moves.length} places`));
  return found;
}

/** A manifest without what a promotion may change. */
function lessPins(view: WorldView, commit: Oid, path: string): string {
  const blob = view.tree(commit).get(path);
  const lines = blob === undefined ? [] : view.text(blob).split("\n");
  return lines.filter((line) => !/^ {4}(newTag|digest):/.test(line)).join("\n");
}

function pinsOf(event: Merge, pull: PullFacts, view: WorldView): readonly Breach[] {
  return pinMoves(view, event.base, event.commit).flatMap((move) => [
    ...digestOf(event, move, view),
    ...(isRevert(view, pull) || isCalledHotfix(view, view.seenBy(event.bot ?? 0)?.facts.pulls.get(event.pull) ?? pull, move) ? [] : orderOf(event, move)),
  ]);
}

function digestOf(event: Merge, { app, environment, to }: PinMove, view: WorldView): readonly Breach[] {
  const digest = to?.digest ?? "";
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return [breach("S3", `#${event.pull} pins ${app} in ${environment} to "${digest}"`)];
  const found: Breach[] = [];
  const judged = view.log().filter((entry) => entry.event === "judged" && entry.pullRequest === event.pull && entry.head === event.head);
  if (judged.length > 0 && !judged.some((entry) => entry.release?.digests.includes(digest) === true)) {
    found.push(breach("S4", `#${event.pull} brought ${digest.slice(0, 19)}, and another digest was judged`));
  }
  const opened = view.log().find((entry) => entry.event === "opened" && entry.pullRequest === event.pull);
  if (opened !== undefined && !opened.release?.digests.includes(digest)) {
    found.push(breach("S4", `#${event.pull} brought ${digest.slice(0, 19)}, and was opened for another digest`));
  }
  if (isQuarantined(view, seenMain(view, event.bot, event.base), digest, environment)) {
    found.push(breach("S9", `#${event.pull} brought ${digest.slice(0, 19)} to ${environment}, where it is in quarantine`));
  }
  return found;
}

function orderOf(event: Merge, { app, environment, from, to }: PinMove): readonly Breach[] {
  if (from === null || to === null || !(versionOrder(to.tag, from.tag) < 0)) return [];
  return [breach("S14", `#${event.pull} took ${app} in ${environment} from ${from.tag} back to ${to.tag}, and is no revert`)];
}

function short(oid: Oid): string {
  return oid.slice(0, 8);
}
