import { upstreamOf, type Draft } from "./draft.ts";
import type { Bad } from "./ledger.ts";
import { releaseKey, sameRelease, type AppName, type EnvironmentName, type Pinned } from "./release.ts";

/**
 * How this release went bad in an environment, if that still stands. It does not any more once a revert put the release into
 * quarantine for it, and people took it out again: that is how they say that it was not to blame.
 */
export function standingBad(draft: Draft, app: AppName, environment: EnvironmentName, release: Pinned): Bad | null {
  const bad = draft.place(app, environment).bad.get(releaseKey(release)) ?? null;
  return bad === null || isCleared(draft, app, environment, release) ? null : bad;
}

/** Whether a revert here put the release into quarantine, and none of its digests is there any more. */
function isCleared(draft: Draft, app: AppName, environment: EnvironmentName, release: Pinned): boolean {
  const { quarantined } = draft.place(app, environment);
  const { quarantine } = draft.observation;
  const kept = release.images.filter(({ digest }) => digest !== null && quarantined.has(digest));
  if (kept.length === 0 || !quarantine.known) return false;
  return !quarantine.value.some(
    ({ environments, digest }) =>
      (environments.length === 0 || environments.includes(environment)) && kept.some((image) => image.digest === digest),
  );
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
