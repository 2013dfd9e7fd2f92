import { versionOf, type Pinned, type PinnedImage } from "./release.ts";
import { compareArrivals, hasArrived, type ByArrival } from "./arrivals.ts";
import type { BuildTime, ByBuild } from "./build-time.ts";
import { compareTags, isRanked, type TagOrder } from "./ranking.ts";

/** What tells which of an app's releases is newer. */
export type ReleaseOrder = TagOrder | ByArrival | ByBuild;

export type Direction = "up" | "down" | "same" | "unordered";

/**
 * How moving from `from` to `to` orders, by the app's own order, for each image that both have: one image that goes back makes all of it
 * `down`, else one that goes forward makes it `up`. `same` also when only digests differ.
 */
export function directionOf(to: Pinned, from: Pinned, order: ReleaseOrder): Direction {
  const directions = new Set(pairsOf(to, from).map(([image, before]) => directionOfImage(image, before, order)));
  if (directions.has("down")) return "down";
  if (directions.has("up")) return "up";
  return directions.size === 1 && directions.has("same") ? "same" : "unordered";
}

/**
 * The newest of some releases, which come the latest last, or null where there are none. Only those of which the order tells the most are compared: one without a
 * place in it, between two that have one, would hide which of them is the newer. Where none has a place, and of equals, it is the latest.
 */
export function newestOf<R extends Pinned>(releases: readonly R[], order: ReleaseOrder): R | null {
  const placed = releases.map((release) => ({ release, images: release.images.filter((image) => hasPlace(image, order)).length }));
  const most = Math.max(0, ...placed.map(({ images }) => images));
  let newest: R | null = null;
  for (const { release, images } of placed) {
    if (images !== most) continue;
    const direction = newest === null || most === 0 ? "up" : directionOf(release, newest, order);
    if (direction === "up" || direction === "same") newest = release;
  }
  return newest;
}

function hasPlace(image: PinnedImage, order: ReleaseOrder): boolean {
  if (order.by === "arrival") return hasArrived(order, image);
  if (order.by === "build") return order.builtAt(image).kind === "told";
  return image.tag !== null && isRanked(image.tag, order);
}

/** The images that would go back, in words. */
export function goingBack(to: Pinned, from: Pinned, order: ReleaseOrder): readonly string[] {
  return pairsOf(to, from)
    .filter(([image, before]) => directionOfImage(image, before, order) === "down")
    .map(([image, before]) => `${image.repository} would go back from ${nameOf(before, order)} to ${nameOf(image, order)}`);
}

/** Whether an image would change to one of which it is not known when the tag came to name it, or when it was built: it may be older than anything. */
export function isOfUnknownAge(to: Pinned, from: Pinned, order: ReleaseOrder): boolean {
  if (order.by !== "arrival" && order.by !== "build") return false;
  return pairsOf(to, from).some(([image, before]) => directionOfImage(image, before, order) !== "same" && !hasPlace(image, order));
}

/** Why it cannot be told how one of the images moves, in words: of one of the two it is not known when it was built. Null where all is told. */
export function untoldOf(to: Pinned, from: Pinned, order: ReleaseOrder): string | null {
  return whyUnordered(to, from, order).map(({ why }) => why)[0] ?? null;
}

/** What would have to be learned to tell how all images move, in words; null where nothing is missing, or what is missing is never learned. */
export function unlearnedOf(to: Pinned, from: Pinned, order: ReleaseOrder): string | null {
  return whyUnordered(to, from, order).find(({ kind }) => kind === "unlearned")?.why ?? null;
}

/** One reason for each image that moves nobody knows where to: one that stands for ever, if there is one, for then learning the other tells nothing. */
function whyUnordered(to: Pinned, from: Pinned, order: ReleaseOrder): readonly Exclude<BuildTime, { readonly kind: "told" }>[] {
  if (order.by !== "build") return [];
  return pairsOf(to, from).flatMap(([image, before]) => {
    if (directionOfImage(image, before, order) !== "unordered") return [];
    const reasons = [order.builtAt(image), order.builtAt(before)].filter((time) => time.kind !== "told");
    const reason = reasons.find(({ kind }) => kind === "untold") ?? reasons[0];
    return reason === undefined ? [] : [reason];
  });
}

function pairsOf(to: Pinned, from: Pinned): readonly (readonly [PinnedImage, PinnedImage])[] {
  return to.images.flatMap((image) => {
    const before = from.images.find(({ repository }) => repository === image.repository);
    return before === undefined ? [] : [[image, before] as const];
  });
}

function directionOfImage(to: PinnedImage, from: PinnedImage, order: ReleaseOrder): Direction {
  if (order.by === "arrival" || order.by === "build") return directionByDigest(to, from, order);
  // Digests have no order; a pin without a tag is only the same as itself.
  if (to.tag === null || from.tag === null) return to.tag === from.tag && to.digest === from.digest ? "same" : "unordered";
  const comparison = compareTags(to.tag, from.tag, order);
  return comparison === "newer" ? "up" : comparison === "older" ? "down" : comparison;
}

/** Where digests have an order, and tags none. A pin by the tag alone is of no known digest, and what the tag names can only complete it. */
function directionByDigest(to: PinnedImage, from: PinnedImage, order: ByArrival | ByBuild): Direction {
  if (to.digest === from.digest && to.digest !== null) return "same";
  if (to.digest === null || from.digest === null) return to.tag !== null && to.tag === from.tag ? "same" : "unordered";
  const difference = order.by === "arrival" ? compareArrivals(order, to, from) : compareBuilds(order, to, from);
  if (difference === null) return "unordered";
  return difference > 0 ? "up" : difference < 0 ? "down" : "same";
}

/** Above 0 when `a` was built later, and null where that is not told of one of them. */
function compareBuilds(order: ByBuild, a: PinnedImage, b: PinnedImage): number | null {
  const [left, right] = [order.builtAt(a), order.builtAt(b)];
  return left.kind === "told" && right.kind === "told" ? left.at - right.at : null;
}

function nameOf(image: PinnedImage, order: ReleaseOrder): string {
  return order.by === "arrival" ? versionOf([image], image.tag) : (image.tag ?? image.digest ?? "nothing");
}
