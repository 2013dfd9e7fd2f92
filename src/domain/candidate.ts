import type { Instant, Milliseconds } from "./answer.ts";
import { withNamed } from "./arrivals.ts";
import { badUpstreamOrHere } from "./badness.ts";
import { movingTagOf, type Environment } from "./config.ts";
import type { Draft } from "./draft.ts";
import { holdOf, type Hold } from "./hold.ts";
import { newestProvenIn, provenReleases, soakOf } from "./ledger.ts";
import { quarantinedIn } from "./quarantine.ts";
import { isCalled, isDigest, releaseKey, sameRelease, sameRepositories, versionOf, type AppName, type Pinned, type Release, type ReleaseImage } from "./release.ts";
import { promoteCommand } from "./report/comment.ts";
import { permittedTags, selectTag, type NewestBuild, type OrderedTags } from "./select.ts";
import { directionOf, goingBack, isOfUnknownAge, newestOf, untoldOf, type Direction, type ReleaseOrder } from "./version-order.ts";

/** How old a list of tags may be when no webhook tells of new ones: just under the time from one sweep to the next. */
const TAGS_MAX_AGE: Milliseconds = 4 * 60_000;
/** The same for what a tag names. */
export const TAG_DIGEST_MAX_AGE: Milliseconds = 4 * 60_000;

/** A release that may enter an environment, or why there is none. `null` while the world is still being asked. */
export type Candidate = { readonly release: Release } | { readonly none: string } | null;

/** The release that would be promoted automatically (design: first environments select tags, later ones what was proven upstream). */
export function candidateFor(draft: Draft, app: AppName, environment: Environment, pinned: Pinned): Candidate {
  if (isNewestEverywhereBefore(draft, app, environment, pinned)) return pinnedAlready(pinned);
  if (environment.after.length > 0) return newestProven(draft, app, environment, pinned);
  const { select } = draft.settings(app);
  switch (select.by) {
    case "tag":
      return namedNow(draft, app, environment, pinned, select.tag);
    case "build":
      return newestBuild(draft, app, environment, pinned, select);
    default:
      return newestTag(draft, app, environment, pinned, select);
  }
}

/** Whether what is pinned is the newest that was proven in each environment before this one: soaked or not, nothing can be newer. */
function isNewestEverywhereBefore(draft: Draft, app: AppName, environment: Environment, pinned: Pinned): boolean {
  if (environment.after.length === 0) return false;
  return environment.after.every((name) => {
    const newest = newestProvenIn(draft.place(app, name), draft.order(app));
    return newest !== null && sameRelease(newest, pinned);
  });
}

function pinnedAlready({ version }: Pinned): { readonly none: string } {
  return { none: `${version} is pinned already` };
}

function newestPinned(tag: string): string {
  return `${tag} is the newest and is pinned`;
}

/** Whether the reason why there is no candidate is that what is pinned is wanted. */
export function isPinnedAlready(reason: string, pinned: Pinned): boolean {
  return reason === pinnedAlready(pinned).none || pinned.images.some(({ tag }) => tag !== null && reason === newestPinned(tag));
}

/** Tags that are tried, from the newest on, where newer ones are refused: each takes a question to the registry. */
const MOST_TAGS_TRIED = 10;

function newestTag(draft: Draft, app: AppName, environment: Environment, pinned: Pinned, select: OrderedTags): Candidate {
  const listed = commonTags(draft, pinned);
  if (listed === null || "none" in listed) return listed;
  let { tags } = listed;
  let refused: string | null = null;
  for (let tried = 0; tried < MOST_TAGS_TRIED; tried += 1) {
    const selected = selectTag(tags, select);
    if ("none" in selected) return { none: refused ?? selected.none };
    const tag = selected.selected;
    // Nothing newer than what is pinned by digest: no need to ask what the tag points at.
    if (isSettledOn(pinned, tag)) return { none: refused ?? newestPinned(tag) };
    if (refused !== null && directionOf(taggedAs(pinned, tag), pinned, select) !== "up") break;
    const found = resolve(draft, app, pinned, tag, `lists ${tag} but does not serve it`);
    if (found === null || "none" in found) return found;
    const refusal = whyNot(draft, environment, pinned, found.release, select);
    if (refusal === null) return found;
    refused ??= refusal.reason;
    if (!refusal.passing) break;
    tags = tags.filter((other) => other !== tag);
  }
  return { none: refused ?? "no tag is taken" };
}

/** The tags that all images of an app have. */
function commonTags(draft: Draft, { images }: Pinned): { readonly tags: readonly string[] } | { readonly none: string } | null {
  let common: readonly string[] | null = null;
  for (const { repository } of images) {
    const answer = draft.ask({ kind: "tags", repository }, TAGS_MAX_AGE);
    if (answer === null) return null;
    if (!answer.known) return { none: answer.reason };
    common = common === null ? answer.value : inBoth(common, answer.value);
  }
  return { tags: common ?? [] };
}

/** Tags that are asked after, to find the one that was built last: each takes several questions to the registry, and the first again and again. */
const MOST_BUILDS = 100;

/** The release that was built last, as its images say. While it is not known of one of them, it could be that one. */
function newestBuild(draft: Draft, app: AppName, environment: Environment, pinned: Pinned, select: NewestBuild): Candidate {
  const listed = commonTags(draft, pinned);
  if (listed === null || "none" in listed) return listed;
  const tags = permittedTags(listed.tags, select);
  if (tags.length === 0) return { none: `none of ${listed.tags.length} tags is let through by filter, allow and ignore` };
  if (tags.length > MOST_BUILDS) {
    const advice = "let fewer through by `filter`, `allow` or `ignore`, or remove old ones";
    return { none: `${tags.length} tags may be taken, and of at most ${MOST_BUILDS} is asked when they were built: ${advice}` };
  }
  const order = draft.builds;
  const builds = datedBuilds(draft, app, pinned, tags);
  if (builds === null || "none" in builds) return builds;
  let refused: string | null = null;
  for (const release of builds.releases.slice(0, MOST_TAGS_TRIED)) {
    if (refused !== null && directionOf(release, pinned, order) !== "up") break;
    const refusal = whyNot(draft, environment, pinned, release, order);
    if (refusal === null) return { release };
    refused ??= refusal.reason;
    if (!refusal.passing) break;
  }
  return { none: refused ?? builds.untold ?? "no tag is taken" };
}

interface Builds {
  /** The one that was built last first; of those built at the same moment, in the order of the alphabet. */
  readonly releases: readonly Release[];
  /** Why one that is left out is, or null. */
  readonly untold: string | null;
}

/** What each tag names, by the time when the last of its images was built. Everything is asked for before anything is waited for. */
function datedBuilds(draft: Draft, app: AppName, pinned: Pinned, tags: readonly string[]): Builds | { readonly none: string } | null {
  const dated: { readonly release: Release; readonly at: Instant }[] = [];
  let isAsking = false;
  let missing: string | null = null;
  let untold: string | null = null;
  for (const tag of tags.toSorted()) {
    const found = resolve(draft, app, pinned, tag, `lists ${tag} but does not serve it`);
    if (found === null) isAsking = true;
    // What is known not to be there cannot be the newest.
    else if ("none" in found && found.isKnown) untold ??= found.none;
    else if ("none" in found) missing ??= found.none;
    else {
      const times = found.release.images.map((image) => draft.builds.builtAt(image));
      const unlearned = times.find(({ kind }) => kind === "unlearned");
      const unknown = times.find(({ kind }) => kind === "untold");
      if (unlearned !== undefined && "why" in unlearned) missing ??= unlearned.why;
      else if (unknown !== undefined && "why" in unknown) untold ??= unknown.why;
      else dated.push({ release: found.release, at: Math.max(...times.map((time) => (time.kind === "told" ? time.at : 0))) });
    }
  }
  if (isAsking) return null;
  if (missing !== null) return { none: missing };
  return { releases: dated.toSorted((left, right) => right.at - left.at).map(({ release }) => release), untold };
}

/** What a moving tag names now, as long as it is not known to have named that before what is pinned. */
function namedNow(draft: Draft, app: AppName, environment: Environment, pinned: Pinned, tag: string): Candidate {
  const found = resolve(draft, app, pinned, tag, `has no tag ${tag}`);
  if (found === null || "none" in found) return found;
  const refusal = whyNot(draft, environment, pinned, found.release, withNamed(draft.arrivals(app), found.release, draft.pinnedAnywhere(app)));
  return refusal === null ? found : { none: refusal.reason };
}

function taggedAs(pinned: Pinned, tag: string): Pinned {
  return { ...pinned, version: tag, images: pinned.images.map(({ repository }) => ({ repository, tag, digest: null })) };
}

/** What a tag names, or why it names nothing: known, or the registry could not be asked. */
type Resolved = { readonly release: Release } | { readonly none: string; readonly isKnown: boolean };

/** The release that a tag names now, in every repository of the app; null while they are still being asked. */
function resolve(draft: Draft, app: AppName, pinned: Pinned, tag: string, missing: string): Resolved | null {
  const images: ReleaseImage[] = [];
  for (const { repository } of pinned.images) {
    const answer = draft.ask({ kind: "digest", repository, reference: tag }, TAG_DIGEST_MAX_AGE);
    if (answer === null) return null;
    if (!answer.known) return { none: answer.reason, isKnown: false };
    if (answer.value === null) return { none: `${repository} ${missing}`, isKnown: true };
    if (!isDigest(answer.value)) return { none: `${repository}:${tag} has a digest that is not sha256, which Pinion does not pin`, isKnown: true };
    images.push({ repository, tag, digest: answer.value });
  }
  return { release: { app, version: versionOf(images, movingTagOf(draft.settings(app))), images } };
}

function inBoth(left: readonly string[], right: readonly string[]): readonly string[] {
  const tags = new Set(right);
  return left.filter((tag) => tags.has(tag));
}

function isSettledOn(pinned: Pinned, tag: string): boolean {
  return pinned.images.every((image) => image.digest !== null && image.tag === tag);
}

/** The newest release that was ever verified, and soaked, in every environment that this one follows, and that nothing speaks against. */
function newestProven(draft: Draft, app: AppName, environment: Environment, pinned: Pinned): Candidate {
  const pools = environment.after.map((name) => provenReleases(draft.place(app, name)));
  const [first, ...others] = pools;
  if (first === undefined) return { none: "it follows no environment" };
  let left = first
    .map(({ release }) => release)
    // What was proven with other images than move together now was another thing.
    .filter((release) => sameRepositories(release, pinned) && others.every((pool) => pool.some((other) => sameRelease(other.release, release))));
  const order = draft.order(app);
  let waits: string | null = null;
  let refused = false;
  const [newcomer] = left;
  left = left.filter((release) => sameRelease(release, pinned) || !isOfUnknownAge(release, pinned, order));
  if (newcomer !== undefined && left.length === 0) return { none: ofUnknownAge(newcomer, pinned, order) };
  while (left.length > 0) {
    const newest = newestOf(left, order);
    if (newest === null) break;
    if (refused && directionOf(newest, pinned, order) !== "up") break;
    const unsoaked = soaksIn(draft, environment, newest);
    const refusal = unsoaked === null ? whyNot(draft, environment, pinned, newest, order) : null;
    if (unsoaked === null && refusal === null) return { release: newest };
    waits ??= refusal?.reason ?? unsoaked;
    refused ||= refusal !== null;
    if (refusal?.passing === false) break;
    left = left.filter((release) => release !== newest);
  }
  return { none: waits ?? `no release is verified in ${environment.after.join(" and ")} yet` };
}

/** Where and why a release has not soaked for long enough yet, or null. */
function soaksIn(draft: Draft, environment: Environment, release: Release): string | null {
  for (const name of environment.after) {
    // What has just replaced it there is not in the log yet: its soak may be over, or cut short.
    if (draft.isChanging(release.app, name)) return `what was changed in ${name} is not in the promotion log yet`;
    const { soakedFor, doneAt } = soakOf(draft.place(release.app, name), release, environment.soak, draft.now);
    if (soakedFor >= environment.soak) continue;
    if (doneAt !== null && doneAt > draft.now) draft.due(doneAt);
    return `${release.version} still soaks in ${name}`;
  }
  return null;
}

/** Why a release is not promoted by itself. `passing`: it is about this release, and an older one may do. */
interface Refusal {
  readonly reason: string;
  readonly passing: boolean;
}

function whyNot(draft: Draft, environment: Environment, pinned: Pinned, release: Release, order: ReleaseOrder): Refusal | null {
  const here = whyNotHere(draft, environment, pinned, release, order);
  const reason = whyNotThis(draft, environment, release) ?? here;
  return reason === null ? null : { reason, passing: here === null };
}

/** What holds for an older release as well. */
function whyNotHere(draft: Draft, environment: Environment, pinned: Pinned, release: Release, order: ReleaseOrder): string | null {
  const { app } = release;
  const place = draft.place(app, environment.name);
  if (sameRelease(pinned, release)) return pinnedAlready(release).none;
  const direction = directionOf(release, pinned, order);
  const completes = isCalled(release, pinned);
  if (direction === "down") return olderThan(release, pinned, order);
  if (direction === "same" && !completes) return asNewAs(release, pinned);
  if (untoldOf(release, pinned, order) !== null || isOfUnknownAge(release, pinned, order)) return ofUnknownAge(release, pinned, order);
  if (!draft.observation.quarantine.known) return `whether ${release.version} is in quarantine cannot be known: ${draft.observation.quarantine.reason}`;
  if (place.frozen !== null) return `stopped by #${place.frozen.issue}: ${place.frozen.reason}`;
  // Whoever turned it down did not choose the one before it.
  if (place.withdrawn.has(releaseKey(release)))
    return `the pull request for ${release.version} was closed by a person; comment \`${promoteCommand(app, environment.name)}\` on it to have it after all`;
  const hold = holdOf(place, order);
  if (hold !== null && !endsHold(hold, pinned, release, order)) return onHold(hold);
  // What is pinned came from elsewhere, and in place of this.
  if (direction === "unordered" && place.runs.some((run) => sameRelease(run.release, release)))
    return `${release.version} was there before ${pinned.version}, which is pinned; it comes again when somebody asks for it`;
  return null;
}

function asNewAs(release: Release, pinned: Pinned): string {
  if (release.version !== pinned.version) return `${release.version} is another build of what is pinned as ${pinned.version}, and not newer`;
  return `${release.version} names another digest now than the one that is pinned; a moved tag is not promoted by itself`;
}

function ofUnknownAge(release: Release, pinned: Pinned, order: ReleaseOrder): string {
  const why = untoldOf(release, pinned, order) ?? "it was not first seen as what the tag names; it comes when somebody asks for it";
  return `whether ${release.version} is newer than ${pinned.version} cannot be told: ${why}`;
}

function olderThan(release: Release, pinned: Pinned, order: ReleaseOrder): string {
  if (release.images.length === 1 && order.by === "arrival")
    return `${release.version} was there before ${pinned.version}, which is pinned; a tag that is moved back is not followed by itself`;
  if (release.images.length === 1) return `${release.version} is older than ${pinned.version}, which is pinned`;
  return `${release.version} would take images back: ${goingBack(release, pinned, order).join(", ")}`;
}

function whyNotThis(draft: Draft, environment: Environment, release: Release): string | null {
  const bad = badUpstreamOrHere(draft, release.app, environment.name, release);
  if (bad !== null) return bad;
  if (isQuarantined(draft, environment, release)) return `${release.version} is in quarantine`;
  return null;
}

/** A hold ends with something newer than all that was displaced, where that can be told, as long as it does not undo what the person pinned. */
function endsHold({ taken, asked }: Hold, pinned: Pinned, release: Release, order: ReleaseOrder): boolean {
  const forward = directionOf(release, pinned, order);
  // What a moving tag has come to name is newer than what a person had from elsewhere.
  if (forward !== "up" && !(forward === "unordered" && (asked || order.by === "arrival"))) return false;
  if (taken.some((other) => sameRelease(other, release))) return false;
  // An app that has no order must not wait for ever: then it is enough that nothing that was taken away is newer.
  if (asked && forward === "unordered") return taken.every((other) => directionOf(release, other, order) !== "down");
  return asked || taken.every((other) => isNotBehind(directionOf(release, other, order), order));
}

/** Where times of building tell, what is not known of them may be anything. */
function isNotBehind(over: Direction, { by }: ReleaseOrder): boolean {
  if (by === "build") return over === "up";
  return over === "up" || over === "unordered";
}

function onHold({ displaced, reason, asked }: Hold): string {
  const end = asked ? "it comes again when somebody asks for it" : `it ends with a release newer than ${displaced.version}, or when somebody asks for a promotion`;
  return `on hold: ${reason}; ${end}`;
}

function isQuarantined(draft: Draft, environment: Environment, release: Release): boolean {
  const { quarantine } = draft.observation;
  return quarantine.known && release.images.some(({ digest }) => quarantinedIn(quarantine.value, environment.name, digest));
}
