import type { Instant, Milliseconds } from "./answer.ts";
import type { Environment, Slo } from "./config.ts";
import type { Draft } from "./draft.ts";
import { isSettled, ranAs, type Stay } from "./ledger.ts";
import type { MetricAnswer } from "./slo.ts";
import { evaluateSlo, sloQueries, type SloVerdict } from "./slo.ts";
import { asRelease, type AppName, type Digest, type EnvironmentName, type Pinned, type Release } from "./release.ts";
import type { Verdict } from "./rollout.ts";
import { DEGRADED_FOR, otherDigestRuns, verdictFor, type Wanted } from "./rollout-question.ts";

/** How often a rollout under way is looked at. */
const ROLLOUT_POLL: Milliseconds = 10_000;
/** How often the SLO is measured during the watch. */
const WATCH_POLL: Milliseconds = 30_000;
/** How often something is looked at that may never change. */
const SLOWEST_POLL: Milliseconds = 10 * 60_000;
const TAG_MAX_AGE: Milliseconds = 10 * 60_000;

/** Follows what was merged into the cluster, and puts down what is learned: deployed, verified, or gone bad. */
export function planProgress(draft: Draft, app: AppName, environment: Environment): void {
  const place = draft.place(app, environment.name);
  const stay = place.current;
  if (stay === null || stay.via === "adopted" || isSettled(stay)) return;
  // What was seen to run is what is watched, wherever its tag points by now.
  const release = (stay.deployedAt === null ? null : ranAs(place, stay.release)) ?? releaseOf(draft, stay.release);
  if (release === "asking") return;
  if (release === null) {
    draft.block(app, environment.name, `${stay.release.version} cannot be followed: the registry does not say which digest its tag names`);
    draft.due(draft.now + WATCH_POLL);
    return;
  }
  if (stay.deployedAt === null) followRollout(draft, environment, stay, release);
  else watch(draft, environment, stay, release, stay.deployedAt);
}

/**
 * What was pinned before Pinion came is followed only when something depends on it: a release can move on only
 * from where it is known to run, and can be gone back to only if it was seen to run. It is never judged bad.
 * Answers `asking` while the world has not been asked yet.
 */
export function planAdopted(draft: Draft, app: AppName, environment: EnvironmentName): "asking" | "answered" {
  const adopted = adoptedPins(draft, app, environment);
  if (adopted === null) return "answered";
  const release = releaseOf(draft, adopted.release);
  const verdict = verdictFor(draft, app, environment, adopted, ROLLOUT_POLL);
  if (release === "asking" || verdict === null) return "asking";
  if (release === null) return "answered";
  const other = otherDigestRuns(draft, app, environment, adopted, release);
  if (other !== null) {
    draft.block(
      app,
      environment,
      `${release.version} was here before Pinion, but what runs is ${other}, and its tag names another digest now`,
    );
    return "answered";
  }
  if (verdict.verdict !== "deployed") {
    draft.block(app, environment, `${release.version} was here before Pinion and is not seen to run: ${verdict.reason}`);
    draft.due(draft.now + WATCH_POLL);
    return "answered";
  }
  const resolved = adopted.release.images.some((image) => image.digest === null) ? "; its digest was read from the registry now" : "";
  const base = { app, environment, at: draft.now, release, commit: adopted.commit };
  // As the file says it, perhaps by a tag alone: the other records name the digest, which is not in the file.
  draft.record({ event: "adopted", app, environment, at: adopted.since, commit: adopted.commit, pinned: adopted.release });
  draft.record({ ...base, event: "deployed", evidence: `${verdict.reason}; adopted${resolved}` });
  draft.record({ ...base, event: "verified", how: "rollout-only", evidence: "it was running when Pinion came to it" });
  return "answered";
}

/** Whether what stands here came before Pinion and has not been seen to run: once it is replaced, nobody can tell any more. */
export function isUnseen(draft: Draft, app: AppName, environment: EnvironmentName): boolean {
  return adoptedPins(draft, app, environment) !== null;
}

/** What stands here without any promotion, while it is not settled; null when there is no such thing, as far as the log has kept up. */
function adoptedPins(draft: Draft, app: AppName, environment: EnvironmentName): Wanted | null {
  // What a merge has just brought was not here before Pinion.
  if (draft.isChanging(app, environment)) return null;
  const current = draft.place(app, environment).current;
  if (current !== null) return current.via === "adopted" && !isSettled(current) ? current : null;
  const installed = draft.observation.ledger.installed;
  const pins = draft.pins(app, environment);
  if (installed === null || pins === null || !pins.ok) return null;
  return { release: pins.pinned, commit: installed.commit, since: installed.at };
}

/** The pinned images as a release; tags without a digest are resolved by the registry. Null when it does not tell. */
function releaseOf(draft: Draft, pinned: Pinned): Release | "asking" | null {
  const complete = asRelease(pinned);
  if (complete !== null) return complete;
  let asking = false;
  const images = pinned.images.map((image) => {
    if (image.digest !== null || image.tag === null) return image;
    const answer = draft.ask({ kind: "digest", repository: image.repository, reference: image.tag }, TAG_MAX_AGE);
    asking ||= answer === null;
    return { ...image, digest: answer?.known === true ? (answer.value as Digest | null) : null };
  });
  return asking ? "asking" : asRelease({ ...pinned, images });
}

function followRollout(draft: Draft, environment: Environment, stay: Stay, release: Release): void {
  const { app } = release;
  const verdict = verdictFor(draft, app, environment.name, stay, ROLLOUT_POLL);
  draft.due(draft.now + (stay.bad === null ? ROLLOUT_POLL : everSlower(draft.now - stay.bad.at, ROLLOUT_POLL)));
  if (verdict === null) return;
  const base = { app, environment: environment.name, at: draft.now, release, commit: stay.commit };
  switch (verdict.verdict) {
    case "deployed": {
      const other = otherDigestRuns(draft, app, environment.name, stay, release);
      if (other === null) draft.record({ ...base, event: "deployed", evidence: verdict.reason });
      else draft.block(app, environment.name, `what runs is ${other}, and the tag ${stay.release.version} names another digest now`);
      return;
    }
    case "sync-failed":
      draft.record({ ...base, event: "sync-failed", evidence: verdict.reason });
      return;
    case "degraded":
      planDegraded(draft, environment, stay, release, verdict);
      return;
    case "pending":
      if (verdict.until !== null) draft.due(verdict.until);
      if (!stay.missedDeadline && verdict.begunAt !== undefined && draft.now > Math.max(stay.since, verdict.begunAt) + environment.deadline) {
        draft.record({
          ...base,
          event: "deadline",
          evidence: `not healthy ${minutes(environment.deadline)} after its rollout began: ${verdict.reason}`,
        });
        return;
      }
      break;
    case "stale":
    case "unknown":
    case "blocked":
    case "superseded":
      break;
  }
  draft.block(app, environment.name, `${stay.release.version} rolls out: ${verdict.verdict}, ${verdict.reason}`);
}

/** How long to wait before looking again at what has not changed for some time: as long again, up to a limit. */
function everSlower(since: Milliseconds, first: Milliseconds): Milliseconds {
  return Math.min(Math.max(first, since), SLOWEST_POLL);
}

type Degraded = Extract<Verdict, { readonly verdict: "degraded" }>;

function planDegraded(draft: Draft, environment: Environment, stay: Stay, release: Release, verdict: Degraded): void {
  const { app } = release;
  const { since, reason } = verdict;
  // Once it has been seen to run, a later sync does not make what it does the doing of another.
  const rolledOutAt = stay.deployedAt === null ? (verdict.begunAt ?? 0) : 0;
  if (since < Math.max(stay.since, rolledOutAt)) {
    draft.block(app, environment.name, `degraded since before ${release.version} was rolled out, so nothing can be told of it: ${reason}`);
    return;
  }
  if (draft.now < since + DEGRADED_FOR) {
    draft.due(since + DEGRADED_FOR);
    draft.block(app, environment.name, `${release.version} is degraded; counts as bad after ${minutes(DEGRADED_FOR)}`);
    return;
  }
  draft.record({ event: "degraded", app, environment: environment.name, at: draft.now, release, commit: stay.commit, evidence: reason });
}

function watch(draft: Draft, environment: Environment, stay: Stay, release: Release, deployedAt: Instant): void {
  const { app } = release;
  const end = deployedAt + environment.watch;
  // At the end it must run well, and not only have done so half a minute before.
  const verdict = verdictFor(draft, app, environment.name, stay, WATCH_POLL, draft.now < end ? 0 : end);
  if (verdict?.verdict === "degraded") {
    draft.due(draft.now + WATCH_POLL);
    planDegraded(draft, environment, stay, release, verdict);
    return;
  }
  const measured = verdict === null ? null : measure(draft, environment, stay, release, deployedAt);
  const onlyMeasures = verdict?.verdict === "deployed" && measured?.verdict === "cannot-tell";
  if (draft.now >= end && onlyMeasures) draft.due(end + measuringSteps(draft.now - end).next);
  else draft.due(draft.now < end ? Math.min(draft.now + WATCH_POLL, end) : draft.now + WATCH_POLL);
  if (verdict === null || measured === null) return;
  const base = { app, environment: environment.name, at: draft.now, release, commit: stay.commit };
  if (measured.verdict === "bad") {
    draft.record({ ...base, event: "breached", evidence: measured.evidence });
    return;
  }
  if (draft.now < end) return;
  if (verdict.verdict !== "deployed") {
    draft.block(app, environment.name, `the watch of ${release.version} is over, but it is not seen to run well: ${verdict.reason}`);
    return;
  }
  switch (measured.verdict) {
    case "good":
      draft.record({ ...base, event: "verified", how: "slo", evidence: measured.evidence });
      return;
    case "no-slo":
    case "low-traffic":
      draft.record({ ...base, event: "verified", how: "rollout-only", evidence: measured.evidence });
      return;
    case "cannot-tell": {
      const since = draft.now - end < SLOWEST_POLL ? "" : ` since ${new Date(end).toISOString()}`;
      draft.block(app, environment.name, `the watch of ${release.version} is over, but the SLO cannot be told${since}: ${measured.evidence}`);
    }
  }
}

/** After the watch, the SLO is measured at its end, and then ever more seldom: the last such moment, and the next, from the end on. */
function measuringSteps(sinceEnd: Milliseconds): { readonly last: Milliseconds; readonly next: Milliseconds } {
  let last = 0;
  let next = WATCH_POLL;
  while (next <= sinceEnd && last < SLOWEST_POLL) {
    last = next;
    next = last + everSlower(last, WATCH_POLL);
  }
  if (next > sinceEnd) return { last, next };
  const late = last + Math.floor((sinceEnd - last) / SLOWEST_POLL) * SLOWEST_POLL;
  return { last: late, next: late + SLOWEST_POLL };
}

type Measured = SloVerdict | { readonly verdict: "no-slo"; readonly evidence: string };

/** What the SLO says now, or null while Prometheus has not been asked. */
function measure(draft: Draft, environment: Environment, stay: Stay, release: Release, deployedAt: Instant): Measured | null {
  const slo = sloOf(draft, release.app);
  if (slo === null) return { verdict: "no-slo", evidence: `no SLO is configured; healthy for ${minutes(draft.now - deployedAt)}` };
  // Asked at steps, so that two looks in a row ask the same question. One of them falls on the watch's end.
  const over = draft.now - deployedAt - environment.watch;
  const elapsed = Math.floor((draft.now - deployedAt) / WATCH_POLL) * WATCH_POLL;
  const at = deployedAt + (over < 0 ? elapsed : environment.watch + measuringSteps(over).last);
  if (at <= deployedAt) return { verdict: "cannot-tell", evidence: "nothing has been measured yet" };
  const input = {
    slo,
    app: release.app,
    environment: environment.name,
    mergedAt: stay.since,
    isFirst: draft.place(release.app, environment.name).runs.every(({ commit }) => commit === stay.commit),
    deployedAt,
    now: at,
    watch: environment.watch,
  };
  const answers = new Map<string, MetricAnswer>();
  let missing = false;
  for (const query of sloQueries(input)) {
    const answer = draft.ask(
      { kind: "metric", endpoint: environment.prometheus, expression: query.expression, at: query.at },
      SLOWEST_POLL,
      // Half of what has passed: the next time, twice as much has.
      { retry: Math.max(WATCH_POLL, over / 2) },
    );
    if (answer === null) missing = true;
    else answers.set(query.id, answer.known ? answer.value : { kind: "cannot-tell", reason: answer.reason });
  }
  return missing ? null : evaluateSlo(input, answers);
}

function sloOf(draft: Draft, app: AppName): Slo | null {
  const name = draft.settings(app).slo;
  return name === null ? null : (draft.config.slos.get(name) ?? null);
}

function minutes(milliseconds: Milliseconds): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60} min` : `${seconds} s`;
}
