import { upstreamOf, type Draft } from "./draft.ts";
import type { Bad, Place } from "./ledger.ts";
import { quarantinedIn } from "./quarantine.ts";
import { isWithin, releaseKey, sameRelease, type AppName, type EnvironmentName, type Pinned, type Release } from "./release.ts";

/**
 * How this release went bad in an environment, if that still stands: it, or one that is all in it. It does not any more once a
 * revert put it into quarantine for that, and people took it out again: that is how they say that it was not to blame.
 */
export function standingBad(draft: Draft, app: AppName, environment: EnvironmentName, release: Pinned): Bad | null {
  const place = draft.place(app, environment);
  for (const [key, bad] of place.bad) {
    const isMeant = key === releaseKey(release) || isWithin(bad.release, release);
    if (isMeant && !isCleared(draft, place, environment, bad.release)) return bad;
  }
  return null;
}

/** Whether a revert here put this very release into quarantine, and none of its digests is there any more. */
function isCleared(draft: Draft, { quarantined, reverted }: Place, environment: EnvironmentName, release: Release): boolean {
  const { quarantine } = draft.observation;
  const kept = release.images.filter(({ digest }) => quarantined.has(digest));
  if (!reverted.has(releaseKey(release)) || kept.length === 0 || !quarantine.known) return false;
  return !kept.some(({ digest }) => quarantinedIn(quarantine.value, environment, digest));
}

/**
 * Why this release may not enter this environment, because of what happened here or further up; or null. What happened here is
 * overruled by a person who asks for the release after that; what happened further up, by its being verified there again.
 */
export function badUpstreamOrHere(draft: Draft, app: AppName, environment: EnvironmentName, release: Pinned): string | null {
  const { request } = draft.place(app, environment);
  for (const name of [environment, ...upstreamOf(draft.config, environment).map((upstream) => upstream.name)]) {
    const bad = standingBad(draft, app, name, release);
    const overruled = name === environment && request !== null && sameRelease(request.release, release) && request.at > (bad?.at ?? 0);
    if (bad !== null && !overruled) return `${release.version} went bad in ${name}: ${bad.evidence}`;
  }
  return null;
}
