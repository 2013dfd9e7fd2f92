/**
 * The way back: S17 (by itself only from what went bad after it came, and is still there), S18 (only to what was verified
 * there and is not in quarantine), S19 (never from a revert, and once a day).
 */
import type { Oid } from "../../src/domain/release.ts";
import type { WorldEvent } from "../events.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { approvalsOf } from "./approving.ts";
import { BAD_EVENTS, breach, entriesOf, environmentAt, holdsDigest, isQuarantined, isRevert, pinMoves, seenMain, type PinMove } from "./reading.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;

const COOLDOWN = 24 * 60 * 60_000;

export const goingBackChecker: Checker = {
  invariants: ["S17", "S18", "S19"],
  see(event, view) {
    if (event.kind !== "merged" || event.bot === null) return [];
    const pull = view.facts().pulls.get(event.pull);
    if (pull === undefined || !isRevert(view, pull)) return [];
    return pinMoves(view, event.base, event.commit).flatMap((move) => [
      ...targetOf(event, move, view),
      ...(isAutomatic(event, move, view) ? causeOf(event, move, view) : []),
    ]);
  },
};

function targetOf(event: Merge, { app, environment, to }: PinMove, view: WorldView): readonly Breach[] {
  const digest = to?.digest ?? "";
  const verified = entriesOf(view, app, environment).some((entry) => entry.event === "verified" && holdsDigest(entry, digest));
  if (!verified) return [breach("S18", `#${event.pull} took ${app} in ${environment} back to what was never verified there`)];
  const barred = isQuarantined(view, seenMain(view, event.bot, event.base), digest, environment);
  return barred ? [breach("S18", `#${event.pull} took ${app} in ${environment} back to what is in quarantine`)] : [];
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
  if (recently(entries, event, event.commit)) found.push(breach("S19", `#${event.pull} is the second revert of ${app} in ${name} within a day`));
  return found;
}

function recently(entries: readonly LogEntry[], event: Merge, commit: Oid): boolean {
  return entries.some((entry) => entry.event === "reverted" && entry.commit !== commit && event.at - entry.at < COOLDOWN);
}
