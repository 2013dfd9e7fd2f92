import type { Environment } from "./config.ts";
import type { Draft } from "./draft.ts";
import type { Displacement } from "./hold.ts";
import { provenReleases, type Place, type Run } from "./ledger.ts";
import { quarantinedIn } from "./quarantine.ts";
import { isCalled, sameRelease, sameRepositories, type AppName, type Release } from "./release.ts";
import { directionOf, type ReleaseOrder } from "./version-order.ts";

const PULLABLE_MAX_AGE = 10 * 60_000;
/** People read them in an issue; the latest releases are the ones they would think of. */
const MOST_OBSTACLES = 5;

/** Where to go back to, or why there is no such place. Null while the world does not tell. */
export type RevertTarget = { readonly release: Release } | { readonly none: string } | null;

/** The last release verified here that may stand where `bad` is pinned now, and can still be pulled. */
export function revertTarget(draft: Draft, app: AppName, environment: Environment, bad: Release): RevertTarget {
  const obstacles: string[] = [];
  for (const run of provenReleases(draft.place(app, environment.name)).toReversed()) {
    const { release } = run;
    if (sameRelease(release, bad)) continue;
    const obstacle = obstacleTo(draft, environment, bad, run);
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

function obstacleTo(draft: Draft, environment: Environment, bad: Release, run: Run): string | null {
  const { release: target } = run;
  const takenOut = displacementOf(draft.place(target.app, environment.name), run, draft.order(target.app));
  if (takenOut !== null) return `${target.version} was taken out: ${takenOut.reason}`;
  // Going back sets pins, and neither adds nor takes away any: with other images, some would stay at the release that went bad.
  if (!sameRepositories(bad, target)) return `${target.version} has other images than the file pins now`;
  return isBarred(draft, environment, target) ? `${target.version} is in quarantine` : null;
}

/**
 * How people put something older, or of no known order, in its place, unless it has come again since. What was replaced by something newer was not to blame; and
 * whatever else was asked for or came since does not speak for it.
 */
function displacementOf({ runs, holdSteps }: Place, run: Run, order: ReleaseOrder): Displacement | null {
  const index = runs.lastIndexOf(run);
  const steps = holdSteps.filter((step) => step.kind === "held");
  const isTakenOut = ({ displaced, replacement, runsBefore }: Displacement) =>
    index < runsBefore && isCalled(run.release, displaced) && (replacement === null || directionOf(replacement, displaced, order) !== "up");
  return steps.findLast(isTakenOut) ?? null;
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
