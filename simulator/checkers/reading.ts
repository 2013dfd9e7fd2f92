/** How checkers read the world: by small logic of their own, so that a mistake in Pinion's is not theirs as well. */
import type { Instant } from "../../src/domain/answer.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { BotId } from "../events.ts";
import { MAIN, placeOfPath, type EnvironmentSetup, type PlacePin, type PullFacts } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, WorldView } from "../world-view.ts";

export interface PinMove {
  readonly app: string;
  readonly environment: string;
  readonly path: string;
  readonly from: PlacePin | null;
  readonly to: PlacePin | null;
}

export function breach(invariant: string, sentence: string): Breach {
  return { invariant, sentence };
}

export function changedPaths(view: WorldView, from: Oid, to: Oid): readonly string[] {
  const [before, after] = [view.tree(from), view.tree(to)];
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).toSorted();
}

/** The pins that differ between two commits. */
export function pinMoves(view: WorldView, from: Oid, to: Oid): readonly PinMove[] {
  return changedPaths(view, from, to).flatMap((path) => {
    const place = placeOfPath(path);
    if (place === null) return [];
    const { app, environment } = place;
    return [{ app, environment, path, from: view.pinAt(from, app, environment), to: view.pinAt(to, app, environment) }];
  });
}

/** The default branch as a process saw it last: what it judges by. It may have moved a moment later, which GitHub lets through. */
export function seenMain(view: WorldView, bot: BotId | null, otherwise: Oid): Oid {
  return (bot === null ? null : view.seenBy(bot))?.facts.branches.get(MAIN) ?? otherwise;
}

export function environmentAt(view: WorldView, commit: Oid, name: string): EnvironmentSetup | null {
  return view.configAt(commit)?.environments.find((environment) => environment.name === name) ?? null;
}

/** Above 0 when `a` is the newer version or build, 0 when neither is, NaN when it cannot be told. */
export function versionOrder(a: string, b: string): number {
  const [left, right] = [numbersIn(a), numbersIn(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `1.4.2`, or what stands behind the hash in `main-0ab-17`. */
function numbersIn(tag: string): readonly number[] {
  const build = /^main-[0-9a-f]{3}-([0-9.]+)$/.exec(tag)?.[1];
  return (build ?? tag).split(".").map(Number);
}

export interface Quarantine {
  readonly digest: string;
  readonly environments: readonly string[];
}

export function quarantinesAt(view: WorldView, commit: Oid): readonly Quarantine[] {
  return [...view.tree(commit)].flatMap(([path, blob]) => {
    if (!path.startsWith(".github/pinion/quarantine/")) return [];
    const text = view.text(blob);
    const digest = /^digest: (\S+)/m.exec(text)?.[1];
    return digest === undefined ? [] : [{ digest, environments: [...text.matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name ?? "") }];
  });
}

export function isQuarantined(view: WorldView, commit: Oid, digest: string, environment: string): boolean {
  return quarantinesAt(view, commit).some(
    (entry) => entry.digest === digest && (entry.environments.length === 0 || entry.environments.includes(environment)),
  );
}

export const BAD_EVENTS: ReadonlySet<string> = new Set(["degraded", "sync-failed", "deadline", "breached"]);

export function entriesOf(view: WorldView, app: string, environment: string): readonly LogEntry[] {
  return view.log().filter((entry) => entry.app === app && entry.environment === environment);
}

export function holdsDigest(entry: LogEntry, digest: string): boolean {
  return entry.release?.digests.includes(digest) === true;
}

/** A pull request of the App that goes back, told by what it was opened as, or by its branch. */
export function isRevert(view: WorldView, pull: PullFacts): boolean {
  const opened = view.log().find((entry) => entry.event === "opened" && entry.pullRequest === pull.number);
  return opened === undefined ? isRevertBranch(pull.headRef) : opened.kind === "revert";
}

export function isRevertBranch(branch: string): boolean {
  return branch.split("/").at(-1)?.startsWith("revert-to-") === true;
}

/** The environment and app that a branch of Pinion's is about, as `env/app`. */
export function placeOfBranch(branch: string): string {
  return branch.split("/").slice(1, 3).join("/");
}

/** People who lose a right may still count for so long: what somebody may do is not asked at every look. */
export const RIGHTS_GRACE = 3 * 60_000;

const WRITERS: ReadonlySet<string> = new Set(["admin", "maintain", "write"]);

/** Whether somebody may write at all moments since that time, or at any. */
export function mayWrite(view: WorldView, login: string, since: Instant, when: "always" | "ever"): boolean {
  const moments = momentsSince(view, since).map((facts) => WRITERS.has(facts.people.get(login) ?? "read"));
  return when === "ever" ? moments.some(Boolean) : moments.every(Boolean);
}

export function isInTeams(view: WorldView, login: string, teams: readonly string[], since: Instant, when: "always" | "ever"): boolean {
  const moments = momentsSince(view, since).map((facts) => teams.some((team) => facts.teams.get(team)?.includes(login) === true));
  return when === "ever" ? moments.some(Boolean) : moments.every(Boolean);
}

/** Samples close enough together that no change of rights goes unseen for long. */
function momentsSince(view: WorldView, since: Instant) {
  const moments = [view.facts()];
  for (let at = since; at < view.now(); at += 2_000) moments.push(view.factsAt(at));
  return moments;
}
