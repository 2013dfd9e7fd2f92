import type { Instant, Milliseconds } from "../domain/answer.ts";
import { isBranchFor } from "../domain/branch.ts";
import { isOwn } from "../domain/changes.ts";
import { settingsOf, type Config } from "../domain/config.ts";
import { environmentPins, pinnedOf } from "../domain/environment-pins.ts";
import { placeOf, type Ledger } from "../domain/ledger.ts";
import type { Actor, EnvironmentPins, ForgeSnapshot, PinChange, PullRequest, Repository } from "../domain/observation.ts";
import { commonOf, isOtherCut, sameRelease, type AppName, type EnvironmentName, type Oid, type Pinned } from "../domain/release.ts";
import type { PathCommit, ReadPorts, TouchedFile } from "../ports.ts";
import { readPins, type Discover } from "./pin-table.ts";
import { WatchedSince } from "./watched-since.ts";

/** Commits looked back through for one changed pin. */
const HISTORY_LIMIT = 100;
/** Commits looked back through for what was changed and changed back: what is further back at a start is compared by its ends alone. */
const TOUCHED_LIMIT = 1_000;

/** GitHub may show a merge in Git before it knows of which pull request it is. A commit younger than this may still be explained. */
const EXPLAINED_WITHIN: Milliseconds = 2 * 60_000;
/** When such a commit is asked about again. */
const ASK_AGAIN: Milliseconds = 10_000;

interface Suspect {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly file: string;
  readonly expected: Pinned | null;
  readonly since: Oid;
  readonly here: EnvironmentPins;
}

type Pins = ReadonlyMap<AppName, ReadonlyMap<EnvironmentName, EnvironmentPins>>;

type Origin = Pick<PinChange, "commit" | "at" | "author" | "pullRequest">;

export interface FoundChanges {
  readonly changes: readonly PinChange[];
  /** Places with a change that GitHub may explain in a moment: nothing is to be decided there before. */
  readonly unexplained: readonly { readonly app: AppName; readonly environment: EnvironmentName }[];
}

const NOTHING: FoundChanges = { changes: [], unexplained: [] };

/** What was looked through so far, and with what outcome. */
interface Looked {
  readonly installed: Oid;
  readonly head: Oid;
  /** Files that were changed since the installation: only there can a place without records have changed. */
  readonly changed: ReadonlySet<string>;
  readonly pins: Pins;
  /** Places where something was changed, perhaps back, that has not been found in the log yet. */
  readonly restored: readonly Place[];
  /** The log for which nothing unknown was found at this head, or null. */
  readonly explained: Ledger | null;
}

/** Finds changes of pins on the default branch that the log does not know, each with the commit that made it. */
export class PinChanges {
  #looked: Looked | null = null;
  #again: Instant | null = null;

  /** When to look again for what GitHub could not explain yet, or null. */
  get again(): Instant | null {
    return this.#again;
  }

  async find(
    ports: ReadPorts,
    repository: Repository,
    snapshot: ForgeSnapshot,
    config: Config,
    discover: Discover,
    pins: Pins,
    ledger: Ledger,
  ): Promise<FoundChanges> {
    this.#again = null;
    if (ledger.installed === null) return NOTHING;
    const installed = ledger.installed.commit;
    const { head } = snapshot;
    const before = this.#looked?.installed === installed ? this.#looked : null;
    const since = before?.head ?? installed;
    const isNew = since !== head;
    const differing = isNew ? (await ports.manifests.changedFiles(repository, since, head)).map(({ path }) => path) : [];
    // Somebody may have put back what another had changed.
    const touched = isNew ? await ports.manifests.touchedFiles(repository, since, head, TOUCHED_LIMIT) : [];
    const passed = touched.filter((file) => mayBePutBack(ledger, discover(file.path), file)).map(({ path }) => path);
    const files = [...new Set([...differing, ...passed])];
    // All was explained at the last look: what is new can only be where a file changed since.
    const known = before?.explained === ledger && before.pins === pins;
    const unrecorded = unrecordedMerges(snapshot, ledger, pins);
    const merged = unrecorded.flatMap(({ places }) => places);
    if (known && files.length === 0 && merged.length === 0) return NOTHING;
    const changed = new Set([...(before?.changed ?? []), ...files]);
    const places = known ? [...placesOf(files, discover), ...merged] : everyPlace(pins, ledger, config);
    const look: Look = { ports, repository, snapshot, config, watched: new WatchedSince(ports, repository, installed, head) };
    const restored = [...(before?.restored ?? []), ...merged, ...placesOf(passed, discover)];
    const found = await explainAll(look, suspects([...places, ...restored], pins, ledger, changed, new Set(restored.map(keyOf))));
    const changes = [...found.changes, ...gone(places, snapshot, pins, ledger)];
    const unexplained = [...found.unexplained, ...unrecorded.filter((merge) => isAwaited(snapshot, merge, changes)).flatMap(({ places: there }) => there)];
    const isExplained = changes.length === 0 && unexplained.length === 0;
    // What was seen and is not in the log yet may have been put back by the next look.
    const seen = isExplained ? [] : [...restored, ...changes, ...unexplained];
    this.#looked = { installed, head, changed, pins, restored: seen, explained: isExplained ? ledger : null };
    if (unexplained.length > 0) this.#again = snapshot.at + ASK_AGAIN;
    return { changes, unexplained };
  }
}

type Place = FoundChanges["unexplained"][number];

function keyOf({ app, environment }: Place): string {
  return `${environment}/${app}`;
}

/** It takes two commits to change something and to put it back, after the one by which the log knows what is there. */
function mayBePutBack(ledger: Ledger, place: Place | null, { commits }: TouchedFile): boolean {
  const current = place === null ? null : placeOf(ledger, place.app, place.environment).current;
  const known = commits.findIndex((commit) => commit === current?.commit);
  return (known < 0 ? commits.length : known) >= 2;
}

interface UnrecordedMerge {
  readonly pullRequest: PullRequest;
  readonly places: readonly Place[];
}

/**
 * Merges of pull requests of Pinion that the log has not heard of, with the places that they were for. Somebody may have put back what
 * was there before, so that nothing seems to have changed.
 */
function unrecordedMerges({ ended }: ForgeSnapshot, { openedAs, merged }: Ledger, pins: Pins): readonly UnrecordedMerge[] {
  return ended
    .filter((pullRequest) => pullRequest.state === "merged" && !merged.has(pullRequest.number) && isOwn(pullRequest))
    .map((pullRequest) => {
      const opened = openedAs.get(pullRequest.number);
      const places = opened === undefined ? placesOfBranch(pullRequest.head.ref, pins) : [{ app: opened.app, environment: opened.environment }];
      return { pullRequest, places };
    });
}

/** GitHub tells of a merge, and shows branches as they were before it: what it brought cannot be seen yet. */
function isAwaited(snapshot: ForgeSnapshot, { pullRequest }: UnrecordedMerge, changes: readonly PinChange[]): boolean {
  const { merge, number } = pullRequest;
  const isYoung = merge !== null && Math.abs(snapshot.at - merge.at) < EXPLAINED_WITHIN;
  return isYoung && !changes.some((change) => change.pullRequest?.number === number);
}

/** Where the record of the opening was lost as well, the branch's name tells the place. */
function placesOfBranch(ref: string, pins: Pins): readonly Place[] {
  const places: Place[] = [];
  for (const [app, here] of pins) {
    for (const environment of here.keys()) if (isBranchFor(ref, app, environment)) places.push({ app, environment });
  }
  return places;
}

function placesOf(files: readonly string[], discover: Discover): readonly Place[] {
  return files.map((path) => discover(path)).filter((place) => place !== null);
}

/** Every place that has a file, or that the log knows of. */
function everyPlace(pins: Pins, ledger: Ledger, config: Config): readonly Place[] {
  const places: Place[] = [];
  for (const [app, here] of pins) for (const environment of here.keys()) places.push({ app, environment });
  const configured = new Set(config.environments.map(({ name }) => name));
  for (const [app, there] of ledger.places) {
    for (const environment of there.keys()) {
      if (configured.has(environment) && pins.get(app)?.has(environment) !== true) places.push({ app, environment });
    }
  }
  return places;
}

/** Places that the log knows a pin of, and that have no file any more. Who took it away is told by Git's history of the folder. */
function gone(places: readonly Place[], snapshot: ForgeSnapshot, pins: Pins, ledger: Ledger): readonly PinChange[] {
  const found: PinChange[] = [];
  for (const { app, environment } of places) {
    const { current } = placeOf(ledger, app, environment);
    if (current === null || pins.get(app)?.has(environment) === true) continue;
    const author: Actor = { login: "unknown", kind: "ghost" };
    found.push({ app, environment, from: current.release, to: null, commit: snapshot.head, at: snapshot.at, author, pullRequest: null });
  }
  return found;
}

function suspects(
  places: readonly Place[],
  pins: Pins,
  ledger: Ledger,
  changed: ReadonlySet<string>,
  restored: ReadonlySet<string>,
): readonly Suspect[] {
  const installed = ledger.installed?.commit ?? "";
  const found = new Map<string, Suspect>();
  for (const place of places) {
    const { app, environment } = place;
    const here = pins.get(app)?.get(environment);
    if (here === undefined) continue;
    const current = placeOf(ledger, app, environment).current;
    const isRestored = restored.has(keyOf(place));
    if (current === null && !changed.has(here.file) && !isRestored) continue;
    const expected = current?.release ?? null;
    const pinned = pinnedOf(here);
    if (pinned === null || (!isRestored && expected !== null && sameRelease(expected, pinned))) continue;
    found.set(keyOf(place), { app, environment, file: here.file, expected, since: current?.commit ?? installed, here });
  }
  return [...found.values()];
}

interface Look {
  readonly ports: ReadPorts;
  readonly repository: Repository;
  readonly snapshot: ForgeSnapshot;
  readonly config: Config;
  readonly watched: WatchedSince;
}

async function explainAll(look: Look, found: readonly Suspect[]): Promise<FoundChanges> {
  const changes: PinChange[] = [];
  const unexplained: Place[] = [];
  const asked = new Map<Oid, Promise<Origin | null>>();
  // One commit can change thousands of pins: GitHub is asked about it once.
  const originOf = async (commit: PathCommit): Promise<Origin | null> => {
    const before = asked.get(commit.oid) ?? origin(look.ports, look.repository, look.snapshot, commit);
    asked.set(commit.oid, before);
    return before;
  };
  for (const suspect of found) {
    const explained = await explain(look, suspect, originOf);
    if (explained === null) unexplained.push({ app: suspect.app, environment: suspect.environment });
    else changes.push(...explained);
  }
  return { changes, unexplained };
}

/** What a place is known to have pinned, from where on its history is gone through. */
interface Beginning {
  readonly since: Oid;
  readonly before: Pinned | null;
  /** Where the configuration came to look at it so: nobody changed a pin by that. */
  readonly adopted: Pick<PathCommit, "oid" | "at"> | null;
}

/** The changes that led to what is there, or null when GitHub may tell in a moment where one of them came from. */
async function explain(
  look: Look,
  suspect: Suspect,
  originOf: (commit: PathCommit) => Promise<Origin | null>,
): Promise<readonly PinChange[] | null> {
  const { repository, snapshot, ports } = look;
  const { app, environment, file } = suspect;
  const beginning = await beginningOf(look, suspect);
  let { before, adopted } = beginning;
  const changes: PinChange[] = [];
  for (const commit of await ports.manifests.history(repository, file, beginning.since, snapshot.head, HISTORY_LIMIT)) {
    const after = await pinnedAt(look, suspect, commit.oid);
    if (before === null ? after === null : after !== null && sameRelease(before, after)) continue;
    // An image that is there beside the known ones, or is not any more, is no change of those.
    if (before !== null && after !== null && isOtherCut(before, after)) adopted = commit;
    else {
      const from = await originOf(commit);
      if (from === null) return null;
      changes.push({ app, environment, from: before, to: after, ...from });
      adopted = null;
    }
    before = after;
  }
  const now = pinnedOf(suspect.here);
  if (now === null) return changes;
  const author: Actor = { login: "unknown", kind: "ghost" };
  const unknown = { app, environment, to: now, commit: snapshot.head, at: snapshot.at, author, pullRequest: null };
  const leadsHere = before !== null && sameRelease(before, now);
  if (leadsHere && adopted !== null) changes.push({ ...unknown, from: null, commit: adopted.oid, at: adopted.at });
  else if (before !== null && isOtherCut(before, now)) changes.push({ ...unknown, from: null });
  // The history does not lead from what was known to what is there: the branch was rewritten, or the change is too old.
  else if (!leadsHere) changes.push({ ...unknown, from: before });
  return changes;
}

async function beginningOf(look: Look, suspect: Suspect): Promise<Beginning> {
  const { app, environment, file, expected, since } = suspect;
  const { at, head } = look.snapshot;
  if (expected === null) {
    const watched = await look.watched.find(app, environment, file);
    return { since: watched, before: await pinnedAt(look, suspect, watched), adopted: watched === since ? null : { oid: watched, at } };
  }
  const then = await pinnedAt(look, suspect, since);
  const isRead = then !== null && (isOtherCut(expected, then) || commonOf(expected, then).length === 0);
  return isRead ? { since, before: then, adopted: { oid: head, at } } : { since, before: expected, adopted: null };
}

/** What the file pinned at a commit, by the configuration of now. */
async function pinnedAt({ ports, repository, config }: Look, { app, file }: Suspect, commit: Oid): Promise<Pinned | null> {
  const bytes = await ports.manifests.file(repository, commit, file);
  return bytes === null ? null : pinnedOf(environmentPins(app, settingsOf(config, app), file, readPins(file, bytes)));
}

async function origin(ports: ReadPorts, repository: Repository, snapshot: ForgeSnapshot, commit: PathCommit): Promise<Origin | null> {
  const listed = snapshot.ended.find((pullRequest) => pullRequest.merge?.commit === commit.oid);
  const pullRequest = listed ?? (await ports.forge.pullRequestOf(repository, commit.oid));
  if (pullRequest === null && mayBeMerge(snapshot, commit)) return null;
  // Git's author name is only what the committer wrote; it is shown, and decides nothing.
  const author: Actor = pullRequest?.author ?? { login: commit.authorName, kind: "user" };
  return { commit: commit.oid, at: commit.at, author, pullRequest };
}

/** Whether a young commit without a pull request may be the merge of one. Whoever only says so in Git wins nothing but this delay. */
function mayBeMerge(snapshot: ForgeSnapshot, commit: PathCommit): boolean {
  if (Math.abs(snapshot.at - commit.at) >= EXPLAINED_WITHIN) return false;
  const merging = snapshot.ended.some(({ state, merge }) => state === "merged" && merge === null);
  return merging || commit.authorEmail.includes("[bot]@");
}
