import type { Instant } from "./answer.ts";
import { NO_ARRIVALS, withArrivals, type ByArrival } from "./arrivals.ts";
import type { HoldStep } from "./hold.ts";
import type { HotfixWord, LogRecord, PromotionKind } from "./record.ts";
import { recordIdentity } from "./record-file.ts";
import { asRelease, isOtherCut, isWithin, releaseKey, sameRelease, type AppName, type Digest, type EnvironmentName, type Oid, type Pinned, type Release } from "./release.ts";
import { newestOf, type ReleaseOrder } from "./version-order.ts";

/** One release's time in an environment, from the change of the pin to the next change. */
export interface Stay {
  readonly release: Pinned;
  readonly commit: Oid;
  /** When the pin changed. */
  readonly since: Instant;
  /** `promoted`: by Pinion's own pull request, as it was opened. `merged`: by any other pull request. */
  readonly via: "promoted" | "merged" | "out-of-band" | "adopted";
  readonly kind: PromotionKind;
  readonly pullRequest: number | null;
  readonly deployedAt: Instant | null;
  readonly verified: { readonly at: Instant; readonly how: "slo" | "rollout-only"; readonly evidence: string } | null;
  readonly bad: Bad | null;
  /** It was not healthy by its deadline, whatever became of it since. */
  readonly missedDeadline: boolean;
}

export interface Bad {
  readonly event: "degraded" | "sync-failed" | "deadline" | "breached";
  readonly at: Instant;
  readonly evidence: string;
  /** With the digests that its tags named then, where the pin has none. */
  readonly release: Release;
}

/** A release's run in an environment: what soak is counted from. */
export interface Run {
  readonly release: Release;
  readonly commit: Oid;
  readonly deployedAt: Instant;
  readonly verified: Stay["verified"];
  /** When it was replaced or went bad; null while it runs. */
  readonly endedAt: Instant | null;
  /** It proves nothing then, however long it ran before. */
  readonly wentBad: boolean;
}

/** A person's request for a promotion that nothing has answered yet. */
export interface Request {
  readonly release: Release;
  readonly by: string;
  readonly at: Instant;
  readonly source: string;
  readonly pullRequest: number;
}

/** What the log says of one app in one environment. */
export interface Place {
  readonly current: Stay | null;
  /** Releases that were deployed here, oldest first. */
  readonly runs: readonly Run[];
  /** Releases that went bad here, by release key. */
  readonly bad: ReadonlyMap<string, Bad>;
  /** When releases went bad here, also those that proved good after all: what was seen at one time stays true of that time. */
  readonly alarms: readonly Instant[];
  /** Digests that reverts here have put into quarantine since they were last bad. Whether they are still there, the files say. */
  readonly quarantined: ReadonlySet<Digest>;
  /** Releases that were gone back from here, by release key. */
  readonly reverted: ReadonlySet<string>;
  /** Releases whose pull request a person closed, by release key. */
  readonly withdrawn: ReadonlyMap<string, Instant>;
  readonly request: Request | null;
  /** Everybody who asked for a release since it last arrived here or was withdrawn, by release key. */
  readonly askers: ReadonlyMap<string, readonly string[]>;
  /** Of those, who called it a hotfix since somebody last changed the place by hand, the first one first, by release key; what comes ends all but what is still asked for. */
  readonly hotfixes: ReadonlyMap<string, readonly HotfixWord[]>;
  /** What people took away since the first hold, and asked for since: {@link holdOf} tells what is held. */
  readonly holdSteps: readonly HoldStep[];
  readonly frozen: { readonly issue: number; readonly reason: string } | null;
  /** The commit of the stay for which people were told that there is no way back: once is enough. */
  readonly toldOf: Oid | null;
  readonly revertedAt: Instant | null;
}

/** The promotion log, folded: a view that can always be built again from the records. */
export interface Ledger {
  readonly installed: { readonly commit: Oid; readonly at: Instant } | null;
  /** By app, then environment, as the pins are: a plan goes through both side by side. */
  readonly places: ReadonlyMap<AppName, ReadonlyMap<EnvironmentName, Place>>;
  /** By app, the order of what a moving tag was seen to name. */
  readonly arrivals: ReadonlyMap<AppName, ByArrival>;
  /** What each merged promotion pull request brought. */
  readonly merged: ReadonlyMap<
    number,
    readonly { readonly app: AppName; readonly environment: EnvironmentName; readonly release: Pinned }[]
  >;
  /** Heads at which every gate passed, as `<pull request>@<head>`. */
  readonly passed: ReadonlySet<string>;
  /** Pull requests with a head that passed. */
  readonly passedPullRequests: ReadonlySet<number>;
  /** Heads at which every gate of a hotfix passed, as `<pull request>@<head>`, with the last word by which it was one. */
  readonly passedAsHotfix: ReadonlyMap<string, HotfixWord>;
  /** Heads at which every gate passed of what is no hotfix. */
  readonly passedPlainly: ReadonlySet<string>;
  /** What each pull request of Pinion was opened for. */
  readonly openedAs: ReadonlyMap<number, Extract<LogRecord, { readonly event: "opened" }>>;
  /** Pull requests of Pinion that a person closed. */
  readonly withdrawn: ReadonlySet<number>;
  /** When pull requests were opened, oldest first; for the hourly limit. */
  readonly opened: readonly Instant[];
  readonly identities: ReadonlySet<string>;
  /** Freezes that have begun and not ended, by the identity of their beginning. */
  readonly freezes: ReadonlyMap<string, Extract<LogRecord, { readonly event: "freeze-begun" }>>;
}

export const EMPTY_LEDGER: Ledger = {
  installed: null,
  places: new Map(),
  arrivals: new Map(),
  merged: new Map(),
  passed: new Set(),
  passedPullRequests: new Set(),
  passedAsHotfix: new Map(),
  passedPlainly: new Set(),
  openedAs: new Map(),
  withdrawn: new Set(),
  opened: [],
  identities: new Set(),
  freezes: new Map(),
};

const EMPTY_PLACE: Place = {
  current: null,
  runs: [],
  bad: new Map(),
  alarms: [],
  quarantined: new Set(),
  reverted: new Set(),
  withdrawn: new Map(),
  request: null,
  askers: new Map(),
  hotfixes: new Map(),
  holdSteps: [],
  frozen: null,
  toldOf: null,
  revertedAt: null,
};

export function placeOf(ledger: Ledger, app: AppName, environment: EnvironmentName): Place {
  return placeIn(ledger.places.get(app), environment);
}

/** The place among those of one app. */
export function placeIn(ofApp: ReadonlyMap<EnvironmentName, Place> | undefined, environment: EnvironmentName): Place {
  return ofApp?.get(environment) ?? EMPTY_PLACE;
}

/** Adds records in log order. A record whose identity is known already changes nothing, so replaying is safe. */
export function appendRecords(ledger: Ledger, records: readonly LogRecord[]): Ledger {
  if (records.length === 0) return ledger;
  const next = {
    installed: ledger.installed,
    places: new Map(ledger.places),
    arrivals: new Map(ledger.arrivals),
    merged: new Map(ledger.merged),
    passed: new Set(ledger.passed),
    passedPullRequests: new Set(ledger.passedPullRequests),
    passedAsHotfix: new Map(ledger.passedAsHotfix),
    passedPlainly: new Set(ledger.passedPlainly),
    openedAs: new Map(ledger.openedAs),
    withdrawn: new Set(ledger.withdrawn),
    opened: [...ledger.opened],
    identities: new Set(ledger.identities),
    freezes: new Map(ledger.freezes),
  };
  /** The maps that are new here, and may be changed until they are given away. */
  const own = new Map<AppName, Map<EnvironmentName, Place>>();
  for (const record of records) {
    const identity = recordIdentity(record);
    if (next.identities.has(identity)) continue;
    next.identities.add(identity);
    if (record.event === "installed") {
      next.installed ??= { commit: record.commit, at: record.at };
      continue;
    }
    if ("app" in record) noteArrivals(next.arrivals, record);
    if (!("app" in record)) {
      const begun = recordIdentity({ ...record, event: "freeze-begun", by: "" });
      if (record.event === "freeze-begun") next.freezes.set(begun, record);
      else next.freezes.delete(begun);
      continue;
    }
    if (record.event === "judged") {
      const head = `${record.pullRequest}@${record.head}`;
      next.passed.add(head);
      if (record.hotfix === undefined) next.passedPlainly.add(head);
      else next.passedAsHotfix.set(head, record.hotfix);
      next.passedPullRequests.add(record.pullRequest);
      continue;
    }
    if (record.event === "opened") {
      next.opened.push(record.at);
      next.openedAs.set(record.pullRequest, record);
    }
    if (record.event === "withdrawn") next.withdrawn.add(record.pullRequest);
    if (record.event === "merged") {
      const { app, environment, release } = record;
      next.merged.set(record.pullRequest, [...(next.merged.get(record.pullRequest) ?? []), { app, environment, release }]);
    }
    const { app, environment } = record;
    const places = own.get(app) ?? new Map(ledger.places.get(app));
    own.set(app, places.set(environment, foldPlace(placeIn(places, environment), record, next.openedAs)));
    next.places.set(app, places);
  }
  return next;
}

function noteArrivals(arrivals: Map<AppName, ByArrival>, record: Extract<LogRecord, { readonly app: AppName }>): void {
  const before = arrivals.get(record.app) ?? NO_ARRIVALS;
  const after = withArrivals(before, record);
  if (after !== before) arrivals.set(record.app, after);
}

type PlaceRecord = Exclude<LogRecord, { readonly event: "installed" | "judged" | `freeze-${string}` }>;

function foldPlace(place: Place, record: PlaceRecord, openedAs: Ledger["openedAs"]): Place {
  switch (record.event) {
    case "adopted":
      // Other images of the same are looked at from now on. That proves nothing of what is still followed, and excuses nothing.
      if (place.current !== null && isOpenOrBad(place.current) && isOtherCut(place.current.release, record.pinned))
        return recut(place, place.current, record.pinned);
      return arrive(place, record.at, {
        release: record.pinned,
        commit: record.commit,
        via: "adopted",
        kind: "promotion",
        pullRequest: null,
      });
    case "merged": {
      const via = isAsOpened(record, openedAs) ? "promoted" : "merged";
      return arrive(via === "merged" ? endRequest(place, record.at) : place, record.at, { ...record, via });
    }
    case "out-of-band": {
      const after = endRequest(place, record.at);
      if (record.release === null) return { ...endRun(after, record.at), current: null };
      return arrive(after, record.at, { ...record, release: record.release, via: "out-of-band", kind: "promotion" });
    }
    case "deployed":
      return deployed(place, record);
    case "verified":
      return verified(place, record);
    case "degraded":
    case "sync-failed":
    case "deadline":
    case "breached":
      return wentBad(place, record);
    case "requested": {
      const key = releaseKey(record.release);
      const before = place.askers.get(key) ?? [];
      const askers = before.includes(record.by) ? place.askers : new Map(place.askers).set(key, [...before, record.by]);
      return { ...place, request: record, askers, hotfixes: withHotfix(place.hotfixes, record), holdSteps: afterRequest(place.holdSteps, record.release) };
    }
    case "withdrawn": {
      const withdrawn = new Map(place.withdrawn).set(releaseKey(record.release), record.at);
      const answered = place.request !== null && sameRelease(place.request.release, record.release) && place.request.at <= record.at;
      return { ...(answered ? withoutAskers(place, record.release) : place), withdrawn, request: answered ? null : place.request };
    }
    case "reverted":
      return { ...place, revertedAt: record.at, reverted: new Set(place.reverted).add(releaseKey(record.release)) };
    case "held":
      return { ...place, holdSteps: [...place.holdSteps, heldStep(place, record)] };
    case "frozen":
      return { ...place, frozen: { issue: record.issue, reason: record.reason }, toldOf: place.current?.commit ?? null };
    case "unfrozen":
      return place.frozen?.issue === record.issue ? { ...place, frozen: null } : place;
    case "quarantined":
      return { ...place, quarantined: new Set(place.quarantined).add(record.digest) };
    case "opened":
      return place;
  }
}

/** Whether a merge brought what Pinion had opened its pull request for. */
function isAsOpened(merged: Extract<LogRecord, { readonly event: "merged" }>, openedAs: Ledger["openedAs"]): boolean {
  const opened = openedAs.get(merged.pullRequest);
  return opened?.app === merged.app && opened.environment === merged.environment && isWhatWasOpened(opened, merged.release);
}

/** Whether a pull request that was opened for this brings it. The way back stays one where more images move together by now. */
export function isWhatWasOpened(opened: Pick<Extract<LogRecord, { readonly event: "opened" }>, "kind" | "release">, to: Pinned): boolean {
  return sameRelease(opened.release, to) || (opened.kind === "revert" && isWithin(opened.release, to));
}

function heldStep({ current, runs }: Place, { displaced, at, reason, commit }: Extract<LogRecord, { readonly event: "held" }>): HoldStep {
  // The record of what came by the same commit stands before it.
  const replacement = current?.commit === commit ? current.release : null;
  return { kind: "held", displaced, replacement, runsBefore: runs.length, at, reason };
}

function withHotfix(hotfixes: Place["hotfixes"], { release, by, at, source, hotfix }: Extract<LogRecord, { readonly event: "requested" }>): Place["hotfixes"] {
  if (hotfix !== true) return hotfixes;
  const key = releaseKey(release);
  return new Map(hotfixes).set(key, [...(hotfixes.get(key) ?? []), { by, at, source }]);
}

/** Before the first hold there is nothing that a request could end. */
function afterRequest(steps: readonly HoldStep[], release: Release): readonly HoldStep[] {
  return steps.length === 0 ? steps : [...steps, { kind: "asked", release }];
}

function isOpenOrBad({ verified, bad }: Stay): boolean {
  return verified === null || bad !== null;
}

function recut(place: Place, current: Stay, pinned: Pinned): Place {
  const release = asRelease(pinned);
  const runs = place.runs.map((run) => (release !== null && run.commit === current.commit ? { ...run, release } : run));
  const bad = current.bad === null ? place.bad : new Map(place.bad).set(releaseKey(pinned), current.bad);
  return { ...place, current: { ...current, release: pinned }, runs, bad };
}

function endRun(place: Place, at: Instant): Place {
  const last = place.runs.at(-1);
  if (last === undefined || last.endedAt !== null) return place;
  return { ...place, runs: place.runs.with(place.runs.length - 1, { ...last, endedAt: Math.max(at, last.deployedAt) }) };
}

/** A change by hand is a later word than a request that was made before it, and than that it is urgent. */
function endRequest(place: Place, at: Instant): Place {
  const request = place.request !== null && place.request.at <= at ? null : place.request;
  if (place.hotfixes.size === 0) return request === place.request ? place : { ...place, request };
  const hotfixes = new Map([...place.hotfixes].map(([key, words]) => [key, words.filter((word) => word.at > at)]));
  return { ...place, request, hotfixes };
}

/** Whether what stands here was put there by a person, and not by the pull request that Pinion opened for it. */
export function cameByHand({ via }: Stay): boolean {
  return via === "merged" || via === "out-of-band";
}

function withoutAskers(place: Place, release: Pinned): Place {
  const key = releaseKey(release);
  if (!place.askers.has(key)) return place;
  const askers = new Map(place.askers);
  askers.delete(key);
  const hotfixes = new Map(place.hotfixes);
  hotfixes.delete(key);
  return { ...place, askers, hotfixes };
}

function arrive(place: Place, at: Instant, stay: Pick<Stay, "release" | "commit" | "via" | "kind" | "pullRequest">): Place {
  const { release, commit, via, kind, pullRequest } = stay;
  const request = place.request !== null && sameRelease(place.request.release, release) ? null : place.request;
  return {
    ...endRun(withoutAskers(place, release), at),
    current: { release, commit, via, kind, pullRequest, since: at, deployedAt: null, verified: null, bad: null, missedDeadline: false },
    request,
    hotfixes: hotfixesStill(place.hotfixes, request),
  };
}

/** Once something has come, what was urgent before, and is not waited for any more, is urgent no more. */
function hotfixesStill(hotfixes: Place["hotfixes"], request: Request | null): Place["hotfixes"] {
  if (hotfixes.size === 0) return hotfixes;
  const key = request === null ? null : releaseKey(request.release);
  return new Map([...hotfixes].filter(([of]) => of === key));
}

function deployed(place: Place, record: Extract<LogRecord, { readonly event: "deployed" }>): Place {
  const { release, commit, at } = record;
  const run: Run = { release, commit, deployedAt: at, verified: null, endedAt: null, wentBad: false };
  const current = place.current;
  // What was here before Pinion has no record of its arrival: its first deployment is where its story begins.
  if (current === null) {
    const stay: Stay = {
      release,
      commit,
      since: at,
      via: "adopted",
      kind: "promotion",
      pullRequest: null,
      deployedAt: at,
      verified: null,
      bad: null,
      missedDeadline: false,
    };
    return { ...place, current: stay, runs: [...place.runs, run] };
  }
  if (current.commit !== commit) return place;
  // The record names digests that an adopted pin leaves to its tag; the stay keeps what the file says.
  return { ...place, current: { ...current, deployedAt: at }, runs: [...endRun(place, at).runs, run] };
}

function verified(place: Place, record: Extract<LogRecord, { readonly event: "verified" }>): Place {
  const proof = { at: record.at, how: record.how, evidence: record.evidence };
  const runs = place.runs.map((run) =>
    run.commit === record.commit && sameRelease(run.release, record.release) ? { ...run, verified: proof } : run,
  );
  const isCurrent = place.current?.commit === record.commit;
  const current = isCurrent ? { ...place.current, verified: proof, bad: finalBad(place.current) } : place.current;
  // Verified anew after it had gone bad: the later word counts.
  const bad = new Map(place.bad);
  const isLater = (bad.get(releaseKey(record.release))?.at ?? record.at) < record.at;
  if (isLater && current?.bad == null) bad.delete(releaseKey(record.release));
  return { ...place, runs, current, bad };
}

/** A passed deadline only says that it took long; being verified takes that back. */
function finalBad({ bad }: Stay): Bad | null {
  return bad?.event === "deadline" ? null : bad;
}

function wentBad(place: Place, record: Extract<LogRecord, { readonly event: Bad["event"] }>): Place {
  const bad: Bad = { event: record.event, at: record.at, evidence: record.evidence, release: record.release };
  const isCurrent = place.current?.commit === record.commit;
  const ended = isCurrent ? endRun(place, record.at) : place;
  // By its commit alone: a tag may name another digest by now than when it was deployed.
  const runs = ended.runs.map((run) => (run.commit === record.commit ? { ...run, wentBad: true } : run));
  // Bad once more: whatever people said of the time before does not speak for it now.
  const quarantined = new Set(place.quarantined);
  for (const { digest } of record.release.images) quarantined.delete(digest);
  const missedDeadline = record.event === "deadline" || place.current?.missedDeadline === true;
  return {
    ...ended,
    runs,
    current: isCurrent ? { ...place.current, bad, missedDeadline } : place.current,
    bad: new Map(place.bad).set(releaseKey(record.release), bad),
    alarms: [...place.alarms, record.at],
    quarantined,
  };
}

/**
 * The release that a pin here stands for. A pin by tag alone has no digests of its own; then they are those that were seen to run
 * from its commit, or with which it went bad before it ran. Null when there are neither.
 */
export function ranAs(place: Place, pinned: Pinned): Release | null {
  const complete = asRelease(pinned);
  if (complete !== null) return complete;
  const { current, runs } = place;
  if (current === null || !sameRelease(current.release, pinned)) return null;
  return runs.findLast(({ commit }) => commit === current.commit)?.release ?? current.bad?.release ?? null;
}

const provenOf = new WeakMap<Place, readonly Run[]>();

/** Releases verified here that did not go bad since, newest last, without repeats. A place never changes, so it is found out once. */
export function provenReleases(place: Place): readonly Run[] {
  const known = provenOf.get(place);
  if (known !== undefined) return known;
  const proven = new Map<string, Run>();
  for (const run of place.runs) {
    const key = releaseKey(run.release);
    if (run.verified === null || run.wentBad || place.bad.has(key)) continue;
    proven.delete(key);
    proven.set(key, run);
  }
  const releases = [...proven.values()];
  provenOf.set(place, releases);
  return releases;
}

const foundNewest = new WeakMap<Place, { readonly order: ReleaseOrder; readonly newest: Release | null }>();

/** The newest of the {@link provenReleases}, as {@link newestOf} tells. */
export function newestProvenIn(place: Place, order: ReleaseOrder): Release | null {
  const known = foundNewest.get(place);
  if (known?.order === order) return known.newest;
  const newest = newestOf(provenReleases(place).map(({ release }) => release), order);
  foundNewest.set(place, { order, newest });
  return newest;
}

/** How long a release has soaked here at the longest without going bad, and when its soak would be over if nothing changes. */
export function soakOf(
  place: Place,
  release: Pinned,
  soak: number,
  now: Instant,
): { readonly soakedFor: number; readonly doneAt: Instant | null } {
  let soakedFor = 0;
  let doneAt: Instant | null = null;
  for (const run of place.runs) {
    if (run.wentBad || !sameRelease(run.release, release)) continue;
    soakedFor = Math.max(soakedFor, Math.max(0, (run.endedAt ?? now) - run.deployedAt));
    if (run.endedAt === null || run.endedAt - run.deployedAt >= soak) doneAt = run.deployedAt + soak;
  }
  return { soakedFor, doneAt };
}

/** A stay is settled when nothing more will be learned of it: verified, or bad for another reason than that it takes long. */
export function isSettled(stay: Stay): boolean {
  return stay.verified !== null || finalBad(stay) !== null;
}
