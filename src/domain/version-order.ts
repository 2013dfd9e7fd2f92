import type { Pinned, PinnedImage } from "./release.ts";
import { compareTags, type TagOrder } from "./ranking.ts";

export type Direction = "up" | "down" | "same" | "unordered";

/**
 * How moving from `from` to `to` orders, by the app's own order, for each image that both have: one image that goes back makes all of it
 * `down`, else one that goes forward makes it `up`. `same` also when only digests differ.
 */
export function directionOf(to: Pinned, from: Pinned, order: TagOrder): Direction {
  const directions = new Set(pairsOf(to, from).map(([image, before]) => directionOfImage(image, before, order)));
  if (directions.has("down")) return "down";
  if (directions.has("up")) return "up";
  return directions.size === 1 && directions.has("same") ? "same" : "unordered";
}

/** The images that would go back, in words. */
export function goingBack(to: Pinned, from: Pinned, order: TagOrder): readonly string[] {
  return pairsOf(to, from)
    .filter(([image, before]) => directionOfImage(image, before, order) === "down")
    .map(([image, before]) => `${image.repository} would go back from ${nameOf(before)} to ${nameOf(image)}`);
}

function pairsOf(to: Pinned, from: Pinned): readonly (readonly [PinnedImage, PinnedImage])[] {
  return to.images.flatMap((image) => {
    const before = from.images.find(({ repository }) => repository === image.repository);
    return before === undefined ? [] : [[image, before] as const];
  });
}

function directionOfImage(to: PinnedImage, from: PinnedImage, order: TagOrder): Direction {
  // Digests have no order; a pin without a tag is only the same as itself.
  if (to.tag === null || from.tag === null) return to.tag === from.tag && to.digest === from.digest ? "same" : "unordered";
  const comparison = compareTags(to.tag, from.tag, order);
  return comparison === "newer" ? "up" : comparison === "older" ? "down" : comparison;
}

function nameOf({ tag, digest }: PinnedImage): string {
  return tag ?? digest ?? "nothing";
}
