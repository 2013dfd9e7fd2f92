/** How the laws read a small world: by simple logic of their own, so that a mistake in Pinion's is not theirs as well. */
import type { Environment } from "../../../src/domain/config.ts";
import { placeOf, type Place } from "../../../src/domain/ledger.ts";
import { releaseKey, sameRelease, type Pinned, type Release } from "../../../src/domain/release.ts";
import type { Breach } from "../../world-view.ts";
import { APP, indexOf, mayWrite, pinAt, PINION, type Pull, type Scenario, type Stage, type World } from "../small-world.ts";

export function breach(invariant: string, sentence: string): Breach {
  return { invariant, sentence };
}

export function environmentOf({ config }: Scenario, stage: Stage): Environment {
  const found = config.environments.find(({ name }) => name === stage);
  if (found === undefined) throw new Error(`there is no environment ${stage}`);
  return found;
}

export function placeIn(world: World, stage: Stage): Place {
  return placeOf(world.ledger, APP, stage);
}

/** By the middle number of `1.N.0`: all releases here are called so. */
export function isOlder(release: Pinned, than: Pinned): boolean {
  return minorOf(release) < minorOf(than);
}

function minorOf({ version }: Pinned): number {
  return Number(version.split(".")[1]);
}

export function digestOf(release: Pinned): string {
  return release.images[0]?.digest ?? "";
}

export function isQuarantined(world: World, stage: Stage, release: Pinned): boolean {
  return world.quarantine.some(({ digest, environments }) => {
    return digest === digestOf(release) && (environments.length === 0 || environments.includes(stage));
  });
}

/** Opened by Pinion, with nothing in it but Pinion's own commit. */
export function isUntouched(pull: Pull): boolean {
  return pull.openedFor !== null && pull.head.by === PINION && !pull.head.otherFile;
}

export function isRevert(pull: Pull): boolean {
  return isUntouched(pull) && pull.openedFor?.kind === "revert";
}

export function isOwn({ openedFor }: Pull): boolean {
  return openedFor !== null;
}

/** A release that ran here and was found good, and has not gone bad in that run or since. */
export function isProven(world: World, stage: Stage, release: Pinned): boolean {
  const place = placeIn(world, stage);
  return place.runs.some((run) => sameRelease(run.release, release) && run.verified !== null && !run.wentBad) && !place.bad.has(releaseKey(release));
}

/** The longest time for which a release has run here without going bad. */
export function soakedFor(world: World, stage: Stage, release: Pinned): number {
  const runs = placeIn(world, stage).runs.filter((run) => sameRelease(run.release, release) && !run.wentBad);
  return Math.max(0, ...runs.map((run) => (run.endedAt ?? world.now) - run.deployedAt));
}

/** Whether what is pinned here has come to the cluster, wherever it is known from. */
export function runsIn(world: World, stage: Stage, release: Pinned): boolean {
  return sameRelease(pinAt(world, stage, world.clusters[stage].at), { ...release });
}

/** Whether Argo CD shows exactly this release, from this commit on, and well. */
export function runsWell(world: World, stage: Stage, release: Release, commit: string): boolean {
  const index = indexOf(world, commit);
  const { at, health } = world.clusters[stage];
  return index !== null && at >= index && health === "healthy" && runsIn(world, stage, release) && !world.outages.includes("cluster");
}

/** People whose approval of the present head counts. */
export function approvalsOf(world: World, pull: Pull): readonly string[] {
  const { head } = pull;
  return pull.reviews
    .filter((review) => review.state === "approved" && review.head === head.oid && mayWrite(review.by) && review.by !== pull.author && review.by !== head.by)
    .filter(({ by }) => !world.asked.some((asked) => asked.by === by && asked.stage === head.stage && sameRelease(asked.release, head.to)))
    .map(({ by }) => by);
}

export function refusersOf(pull: Pull): readonly string[] {
  return pull.reviews.filter((review) => review.state === "changes-requested" && mayWrite(review.by)).map(({ by }) => by);
}

/** Whether a request for this release stands, or anybody has asked for it. */
export function isAskedFor(world: World, stage: Stage, release: Pinned): boolean {
  const { request, askers } = placeIn(world, stage);
  return (request !== null && sameRelease(request.release, release)) || askers.has(releaseKey(release));
}
