import type { Environment } from "./config.ts";
import type { Draft } from "./draft.ts";
import { holdOf, provenReleases } from "./ledger.ts";
import { quarantinedIn } from "./quarantine.ts";
import { isCalled, sameRelease, sameRepositories, type AppName, type Pinned, type Release } from "./release.ts";
import { directionOf, type ReleaseOrder } from "./version-order.ts";

const PULLABLE_MAX_AGE = 10 * 60_000;
/** People read them in an issue; the latest releases are the ones they would think of. */
const MOST_OBSTACLES = 5;

/** Where to go back to, or why there is no such place. Null while the world does not tell. */
export type RevertTarget = { readonly release: Release } | { readonly none: string } | null;

/** The last release verified here that may stand where `bad` is pinned now, and can still be pulled. */
export function revertTarget(draft: Draft, app: AppName, environment: Environment, bad: Release): RevertTarget {
  const obstacles: string[] = [];
  for (const { release } of provenReleases(draft.place(app, environment.name)).toReversed()) {
    if (sameRelease(release, bad)) continue;
    const obstacle = obstacleTo(draft, environment, bad, release);
    if (obstacle !== null) {
      obstacles.push(obstacle);
      continue;
    }
    const pullable = isPullable(draft, environment, release);
    if (pullable === null) return null;
    if (pullable) return { release };
    obstacles.push(`the registry does not have ${release.version} any more`);
  }
  return { none: obstacles.length === 0 ? "no other release was ever verified here" : obstacles.slice(0, MOST_OBSTACLES).join("; ") };
}

function obstacleTo(draft: Draft, environment: Environment, bad: Release, target: Release): string | null {
  const order = draft.order(target.app);
  const hold = holdOf(draft.place(target.app, environment.name), order);
  if (hold !== null && isTakenOut(hold.displaced, bad, target, order)) return `${target.version} was taken out: ${hold.reason}`;
  // Going back sets pins, and neither adds nor takes away any: with other images, some would stay at the release that went bad.
  if (!sameRepositories(bad, target)) return `${target.version} has other images than the file pins now`;
  return isBarred(draft, environment, target) ? `${target.version} is in quarantine` : null;
}

/** A person put something older, or of no known order, in its place; what was replaced by something newer was not to blame. */
function isTakenOut(displaced: Pinned, present: Release, target: Release, order: ReleaseOrder): boolean {
  return isCalled(target, displaced) && directionOf(present, displaced, order) !== "up";
}

/** As far as it is known. Where it is not, the pull request's own gate is unknown, and holds it. */
function isBarred(draft: Draft, environment: Environment, target: Release): boolean {
  const { quarantine } = draft.observation;
  if (!quarantine.known) return false;
  return target.images.some(({ digest }) => quarantinedIn(quarantine.value, environment.name, digest));
}

/** Null while the registry does not say. */
function isPullable(draft: Draft, environment: Environment, release: Release): boolean | null {
  let pullable = true;
  for (const { repository, digest } of release.images) {
    const answer = draft.ask({ kind: "digest", repository, reference: digest }, PULLABLE_MAX_AGE);
    if (answer === null) return null;
    if (!answer.known) {
      draft.block(release.app, environment.name, `whether ${release.version} can still be pulled is not known: ${answer.reason}`);
      return null;
    }
    if (answer.value !== digest) pullable = false;
  }
  return pullable;
}
