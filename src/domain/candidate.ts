import type { Milliseconds } from "./answer.ts";
import { badUpstreamOrHere } from "./badness.ts";
import type { Environment } from "./config.ts";
import type { Draft } from "./draft.ts";
import { newestProvenIn, provenReleases, soakOf } from "./ledger.ts";
import { isDigest, releaseKey, sameRelease, versionOf, type AppName, type Pinned, type Release, type ReleaseImage } from "./release.ts";
import { compareVersions, selectTag } from "./select.ts";
import { directionOf } from "./version-order.ts";

/** How old a list of tags may be when no webhook tells of new ones: just under the time from one sweep to the next. */
const TAGS_MAX_AGE: Milliseconds = 4 * 60_000;
const TAG_DIGEST_MAX_AGE: Milliseconds = 4 * 60_000;

/** A release that may enter an environment, or why there is none. `null` while the world is still being asked. */
export type Candidate = { readonly release: Release } | { readonly none: string } | null;

/** The release that would be promoted automatically (design: first environments select tags, later ones what was proven upstream). */
export function candidateFor(draft: Draft, app: AppName, environment: Environment, pinned: Pinned): Candidate {
  if (isNewestEverywhereBefore(draft, app, environment, pinned)) return pinnedAlready(pinned);
  const found = environment.after.length === 0 ? newestTag(draft, app, pinned) : newestProven(draft, app, environment);
  if (found === null || "none" in found) return found;
  const refusal = whyNot(draft, app, environment, pinned, found.release);
  return refusal === null ? found : { none: refusal };
}

/** Whether what is pinned is the newest that was proven in each environment before this one: soaked or not, nothing can be newer. */
function isNewestEverywhereBefore(draft: Draft, app: AppName, environment: Environment, pinned: Pinned): boolean {
  if (environment.after.length === 0) return false;
  return environment.after.every((name) => {
    const newest = newestProvenIn(draft.place(app, name));
    return newest !== null && sameRelease(newest, pinned);
  });
}

function pinnedAlready({ version }: Pinned): { readonly none: string } {
  return { none: `${version} is pinned already` };
}

function newestTag(draft: Draft, app: AppName, pinned: Pinned): Candidate {
  let common: readonly string[] | null = null;
  for (const image of pinned.images) {
    const answer = draft.ask({ kind: "tags", repository: image.repository }, TAGS_MAX_AGE);
    if (answer === null) return null;
    if (!answer.known) return { none: answer.reason };
    common = common === null ? answer.value : inBoth(common, answer.value);
  }
  const selected = selectTag(common ?? [], draft.settings(app).select);
  if ("none" in selected) return selected;
  // Nothing newer than what is pinned by digest: no need to ask what the tag points at.
  if (isSettledOn(pinned, selected.selected)) return { none: `${selected.selected} is the newest and is pinned` };
  const images: ReleaseImage[] = [];
  for (const image of pinned.images) {
    const answer = draft.ask({ kind: "digest", repository: image.repository, reference: selected.selected }, TAG_DIGEST_MAX_AGE);
    if (answer === null) return null;
    if (!answer.known) return { none: answer.reason };
    if (answer.value === null) return { none: `${image.repository} lists ${selected.selected} but does not serve it` };
    if (!isDigest(answer.value))
      return { none: `${image.repository}:${selected.selected} has a digest that is not sha256, which Pinion does not pin` };
    images.push({ repository: image.repository, tag: selected.selected, digest: answer.value });
  }
  return { release: { app, version: versionOf(images), images } };
}

function inBoth(left: readonly string[], right: readonly string[]): readonly string[] {
  const tags = new Set(right);
  return left.filter((tag) => tags.has(tag));
}

function isSettledOn(pinned: Pinned, tag: string): boolean {
  return pinned.images.every((image) => image.digest !== null && image.tag === tag);
}

/** The newest release that was ever verified, and soaked, in every environment that this one follows. */
function newestProven(draft: Draft, app: AppName, environment: Environment): Candidate {
  const pools = environment.after.map((name) => provenReleases(draft.place(app, name)));
  const [first, ...others] = pools;
  if (first === undefined) return { none: "it follows no environment" };
  const everywhere = first.filter((run) => others.every((pool) => pool.some((other) => sameRelease(other.release, run.release))));
  let waiting: string | null = null;
  let best: Release | null = null;
  for (const { release } of everywhere) {
    const unsoaked = environment.after.find((name) => {
      const { soakedFor, doneAt } = soakOf(draft.place(app, name), release, environment.soak, draft.now);
      if (soakedFor >= environment.soak) return false;
      if (doneAt !== null && doneAt > draft.now) draft.due(doneAt);
      return true;
    });
    if (unsoaked !== undefined) waiting = `${release.version} still soaks in ${unsoaked}`;
    else if (best === null || compareVersions(release.version, best.version) !== "older") best = release;
  }
  if (best !== null) return { release: best };
  return { none: waiting ?? `no release is verified in ${environment.after.join(" and ")} yet` };
}

/** Why a release is not promoted here by itself, or null when it may be. */
function whyNot(draft: Draft, app: AppName, environment: Environment, pinned: Pinned, release: Release): string | null {
  const place = draft.place(app, environment.name);
  if (sameRelease(pinned, release)) return pinnedAlready(release).none;
  const direction = directionOf(release, pinned);
  const completes = direction === "same" && pinned.images.some((image) => image.digest === null);
  if (direction === "down") return `${release.version} is older than ${pinned.version}, which is pinned`;
  if (direction === "same" && !completes)
    return `${release.version} names another digest now than the one that is pinned; a moved tag is not promoted by itself`;
  const bad = badUpstreamOrHere(draft, app, environment.name, release);
  if (bad !== null) return bad;
  const kept = quarantined(draft, environment, release);
  if (kept !== null) return kept;
  if (place.frozen !== null) return `stopped by #${place.frozen.issue}: ${place.frozen.reason}`;
  if (place.withdrawn.has(releaseKey(release)))
    return `the pull request for ${release.version} was closed by a person; reopen it to have it after all`;
  if (place.hold !== null && !endsHold(place.hold.displaced, pinned, release)) return `on hold: ${place.hold.reason}`;
  return null;
}

/** A hold ends with something newer than what was displaced, as long as that does not undo what the person pinned. */
function endsHold(displaced: Pinned, pinned: Pinned, release: Release): boolean {
  return directionOf(release, displaced) === "up" && directionOf(release, pinned) === "up";
}

function quarantined(draft: Draft, environment: Environment, release: Release): string | null {
  const { quarantine } = draft.observation;
  if (!quarantine.known) return `whether ${release.version} is in quarantine cannot be known: ${quarantine.reason}`;
  const barred = quarantine.value.some(
    (entry) =>
      (entry.environments.length === 0 || entry.environments.includes(environment.name)) &&
      release.images.some((image) => image.digest === entry.digest),
  );
  return barred ? `${release.version} is in quarantine` : null;
}
