/**
 * S12: one open promotion for a place. S26: nothing is opened a second time, whatever crashed in between. H1 (the design's hold):
 * what a person put there is not replaced by itself, but by something newer than all that was displaced.
 */
import type { WorldEvent } from "../events.ts";
import type { PullFacts } from "../facts.ts";
import type { LogEntry, LoggedRelease } from "../log-entry.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { breach, entriesOf, holdsDigest, isRevertBranch, placeOfBranch, versionOrder } from "./reading.ts";

type Opened = Extract<WorldEvent, { readonly kind: "opened" }>;

export const openingChecker: Checker = {
  invariants: ["S12", "S26", "H1"],
  see(event, view) {
    if (event.kind !== "opened" || event.by.kind !== "app") return [];
    const pull = view.facts().pulls.get(event.pull);
    if (pull === undefined) return [];
    const others = [...view.facts().pulls.values()].filter((other) => other.author.kind === "app" && other.number !== pull.number);
    // A call can land after another process has opened, merged and tidied the same: GitHub has no claim that outlives its branch.
    const seen = view.seenBy(event.bot ?? 0)?.facts.pulls;
    const known = others.filter((other) => seen?.has(other.number) === true);
    return [...besideOpen(event, pull, others, view), ...again(pull, known, view), ...overHold(event, pull, view)];
  },
};

/** What was open when the App looked. A person may reopen another a moment later. */
function besideOpen(event: Opened, pull: PullFacts, others: readonly PullFacts[], view: WorldView): readonly Breach[] {
  const revert = isRevertBranch(pull.headRef);
  const place = placeOfBranch(pull.headRef);
  const seen = view.seenBy(event.bot ?? 0)?.facts.pulls;
  const beside = others.find(
    (other) =>
      placeOfBranch(other.headRef) === place &&
      isRevertBranch(other.headRef) === revert &&
      other.state === "open" &&
      seen?.get(other.number)?.state === "open",
  );
  return beside === undefined ? [] : [breach("S12", `#${pull.number} was opened for ${place}, where #${beside.number} is open`)];
}

/** The App knows of a hold that was in the log when it looked. */
function overHold(event: Opened, pull: PullFacts, view: WorldView): readonly Breach[] {
  const seen = view.seenBy(event.bot ?? 0);
  const [environment = "", app = ""] = placeOfBranch(pull.headRef).split("/");
  const all = entriesOf(view, app, environment);
  const pin = view.pinAt(pull.head, app, environment);
  if (isRevertBranch(pull.headRef) || pin === null) return [];
  // A request counts whether it came before the hold or after it.
  if (all.some((entry) => entry.event === "requested" && holdsDigest(entry, pin.digest ?? ""))) return [];
  const taken = all.flatMap((entry, index) => {
    const displaced = seen !== null && entry.writtenAt < seen.at - SECOND ? takenAway(entry, view) : null;
    return displaced === null || isAskedPast(displaced, all.slice(index + 1)) ? [] : [displaced];
  });
  const kept = taken.find((displaced) => versionOrder(pin.tag, displaced.version) <= 0 || displaced.digests.includes(pin.digest ?? ""));
  if (kept === undefined) return [];
  return [breach("H1", `#${pull.number} would bring ${app} ${pin.tag} to ${environment}, which a person took away from ${kept.version}`)];
}

/** Somebody asked since for what was taken away, or for something newer. */
function isAskedPast(displaced: LoggedRelease, later: readonly LogEntry[]): boolean {
  return later.some(({ event, release }) => event === "requested" && release !== null && versionOrder(release.version, displaced.version) >= 0);
}

/** What a person took away by this, whether the log calls it a hold or not. */
function takenAway(entry: LogEntry, view: WorldView): LoggedRelease | null {
  if (entry.event === "held") return entry.displaced;
  if (entry.release === null || entry.from === null) return null;
  const author = view.facts().pulls.get(entry.pullRequest ?? 0)?.author;
  return entry.event === "out-of-band" || (entry.event === "merged" && author?.kind === "user") ? entry.from : null;
}

/** GitHub's times are cut off to whole seconds. */
const SECOND = 1_000;

/** The same release from the same state: the branch says so. */
function again(pull: PullFacts, others: readonly PullFacts[], view: WorldView): readonly Breach[] {
  const same = others.filter((other) => attempt(other.headRef) === attempt(pull.headRef));
  return same.flatMap((other) => {
    const words = `#${pull.number} is #${other.number} once more`;
    if (other.state === "open") return [breach("S26", `${words}, which is open`)];
    if (other.merged !== null) return broughtTheSame(pull, other.merged.commit, view) ? [breach("S26", `${words}, which is merged`)] : [];
    if (other.closed === null || other.closed.by.kind === "app") return [];
    const since = other.closed.at;
    const asked = view.log().some((entry) => entry.event === "requested" && `${entry.environment}/${entry.app}` === placeOfBranch(pull.headRef) && entry.at >= since);
    return asked ? [] : [breach("S26", `${words}, which ${other.closed.by.login} closed, and nobody has asked for it since`)];
  });
}

/** Somebody may have put something else into it before it was merged. */
function broughtTheSame(pull: PullFacts, merge: string, view: WorldView): boolean {
  const [environment = "", app = ""] = placeOfBranch(pull.headRef).split("/");
  const parent = view.commit(merge)?.parents[0] ?? merge;
  const wanted = view.pinAt(pull.head, app, environment)?.digest;
  return view.pinAt(merge, app, environment)?.digest === wanted && view.pinAt(parent, app, environment)?.digest !== wanted;
}

/** The branch without what tells a second attempt at its name. */
function attempt(branch: string): string {
  return branch.replace(/(-[0-9a-f]{10})-\d+$/, "$1");
}
