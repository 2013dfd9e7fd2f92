/**
 * The way back: S17 (by itself only from what went bad after it came, and is still there), S18 (only to what was verified
 * there and is not in quarantine), S19 (never from a revert, once a day, and not where many go bad at once).
 */
import type { Oid } from "../../src/domain/release.ts";
import type { WorldEvent } from "../events.ts";
import { MINUTE } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { approvalsOf } from "./approving.ts";
import {
  BAD_EVENTS,
  breach,
  entriesOf,
  environmentAt,
  holdsDigest,
  isQuarantined,
  isRevert,
  isRevertBranch,
  pinMoves,
  placeOfBranch,
  seenMain,
  type PinMove,
} from "./reading.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;

const COOLDOWN = 24 * 60 * 60_000;

export const goingBackChecker: Checker = {
  invariants: ["S17", "S18", "S19"],
  see(event, view) {
    if (event.kind === "opened" && event.by.kind === "app") return offered(event, view);
    if (event.kind !== "merged" || event.bot === null) return [];
    const pull = view.facts().pulls.get(event.pull);
    if (pull === undefined || !isRevert(view, pull)) return [];
    return pinMoves(view, event.base, event.commit).flatMap((move) => [
      ...targetOf(event, move, view),
      ...barring(event, move, view),
      ...standing(event, move, view),
      ...(isAutomatic(event, move, view) ? causeOf(event, move, view) : []),
    ]);
  },
};

/** Already the offer to go back has a target that stands, and a reason to be made. */
function offered(event: Extract<WorldEvent, { readonly kind: "opened" }>, view: WorldView): readonly Breach[] {
  const pull = view.facts().pulls.get(event.pull);
  const commit = view.commit(pull?.head ?? "");
  const base = commit?.parents[0];
  if (pull === undefined || !isRevertBranch(pull.headRef) || commit?.own !== true || base === undefined) return [];
  const [name = "", app = ""] = placeOfBranch(pull.headRef).split("/");
  const words = `#${pull.number} would take ${app} in ${name} back`;
  const known = (view.seenBy(event.bot ?? 0)?.at ?? 0) - SECOND;
  const entries = entriesOf(view, app, name).filter(({ writtenAt }) => writtenAt < known);
  const digest = view.pinAt(pull.head, app, name)?.digest ?? "";
  const word = entries.findLast((entry) => holdsDigest(entry, digest) && (entry.event === "verified" || BAD_EVENTS.has(entry.event)));
  const arrival = entries.findLast((entry) => entry.event === "merged" || entry.event === "out-of-band");
  const found: Breach[] = [];
  if (word === undefined) found.push(breach("S18", `${words} to what was never verified there`));
  else if (word.event !== "verified") found.push(breach("S18", `${words} to what went bad there`));
  if (isQuarantined(view, base, digest, name)) found.push(breach("S18", `${words} to what is in quarantine`));
  if (environmentAt(view, base, name)?.rollback === "off") found.push(breach("S17", `${words}, which is left to people`));
  if (arrival?.kind === "revert") found.push(breach("S19", `${words} from a revert`));
  return found;
}

/** GitHub's times are cut off to whole seconds. */
const SECOND = 1_000;

/** What went bad must not come again by the next look. */
function barring(event: Merge, { app, environment, from }: PinMove, view: WorldView): readonly Breach[] {
  if (from?.digest == null || isQuarantined(view, event.commit, from.digest, environment)) return [];
  return [breach("S17", `#${event.pull} took ${app} in ${environment} back from ${from.tag}, and does not bar it`)];
}

function targetOf(event: Merge, { app, environment, to }: PinMove, view: WorldView): readonly Breach[] {
  const digest = to?.digest ?? "";
  const verified = entriesOf(view, app, environment).some((entry) => entry.event === "verified" && holdsDigest(entry, digest));
  if (!verified) return [breach("S18", `#${event.pull} took ${app} in ${environment} back to what was never verified there`)];
  const barred = isQuarantined(view, seenMain(view, event.bot, event.base), digest, environment);
  return barred ? [breach("S18", `#${event.pull} took ${app} in ${environment} back to what is in quarantine`)] : [];
}

/** Whoever let it through did so for what had gone bad, and not for what has come in its place, or has proved good, since. */
function standing(event: Merge, { app, environment: name }: PinMove, view: WorldView): readonly Breach[] {
  const from = view.pinAt(seenMain(view, event.bot, event.base), app, name);
  if (from?.digest == null) return [];
  const seen = (view.seenBy(event.bot ?? 0)?.at ?? 0) - SECOND;
  const word = entriesOf(view, app, name).findLast((entry) => {
    return holdsDigest(entry, from.digest ?? "") && (BAD_EVENTS.has(entry.event) || (entry.event === "verified" && entry.writtenAt < seen));
  });
  return word !== undefined && BAD_EVENTS.has(word.event) ? [] : [breach("S17", `#${event.pull} took ${app} in ${name} back from ${from.tag}, which is not known to be bad`)];
}

/** Nobody let it through: too few approvals for a revert that is only proposed. */
function isAutomatic(event: Merge, { environment: name }: PinMove, view: WorldView): boolean {
  const environment = environmentAt(view, seenMain(view, event.bot, event.base), name);
  const pull = view.seenBy(event.bot ?? 0)?.facts.pulls.get(event.pull);
  if (environment === null || pull === undefined) return false;
  return approvalsOf(view, event, pull, environment).length < Math.max(1, environment.approvals.count);
}

function causeOf(event: Merge, { app, environment: name, from }: PinMove, view: WorldView): readonly Breach[] {
  const environment = environmentAt(view, seenMain(view, event.bot, event.base), name);
  if (environment?.rollback !== "auto") return [breach("S17", `#${event.pull} went back by itself in ${name}, where that is for people`)];
  const entries = entriesOf(view, app, name);
  const bad = entries.findLast((entry) => BAD_EVENTS.has(entry.event) && holdsDigest(entry, from?.digest ?? ""));
  if (bad === undefined) return [breach("S17", `#${event.pull} went back from ${from?.tag ?? "nothing"}, which did not go bad in ${name}`)];
  if (bad.event === "deadline") return [breach("S17", `#${event.pull} went back by itself because of a deadline, which proves little`)];
  const arrival = entries.find((entry) => entry.event === "merged" && entry.commit === bad.commit);
  if (arrival === undefined) return [breach("S17", `#${event.pull} went back by itself from what a person put there`)];
  const found: Breach[] = [];
  if (entries.indexOf(bad) < entries.indexOf(arrival)) found.push(breach("S17", `#${event.pull} went back, though it was bad before it came`));
  if (arrival.kind === "revert") found.push(breach("S19", `#${event.pull} reverts a revert by itself`));
  if (isWidespread(bad, view)) found.push(breach("S19", `#${event.pull} went back by itself, while many apps went bad at once`));
  if (recently(entries, event, event.commit)) found.push(breach("S19", `#${event.pull} is the second revert of ${app} in ${name} within a day`));
  return found;
}

/** Three apps that go bad in one environment within ten minutes have something in common that no revert mends. */
function isWidespread({ environment, at, writtenAt }: LogEntry, view: WorldView): boolean {
  const near = view.log().filter((entry) => BAD_EVENTS.has(entry.event) && entry.environment === environment && Math.abs(entry.at - at) <= 10 * MINUTE);
  return new Set(near.filter((entry) => entry.writtenAt <= writtenAt).map(({ app }) => app)).size >= 3;
}

function recently(entries: readonly LogEntry[], event: Merge, commit: Oid): boolean {
  const isRevertOf = (entry: LogEntry) => entry.event === "reverted" || (entry.event === "merged" && entry.kind === "revert");
  return entries.some((entry) => isRevertOf(entry) && entry.commit !== commit && event.at - entry.at < COOLDOWN);
}
