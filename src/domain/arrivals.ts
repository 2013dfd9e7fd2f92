import type { LogRecord } from "./record.ts";
import type { Pinned, PinnedImage } from "./release.ts";

/**
 * The order of an app that follows a moving tag: nothing tells which of two images is newer but that the tag was seen to name one after the other. By repository
 * and digest, when Pinion first opened a promotion for it; 0 for what was first seen otherwise, as what was there before Pinion or was pinned by hand: when the
 * tag named that, if ever, is not known.
 */
export interface ByArrival {
  readonly by: "arrival";
  readonly first: ReadonlyMap<string, number>;
}

export const NO_ARRIVALS: ByArrival = { by: "arrival", first: new Map() };

/** Adds what a record tells of. Records come in the order of the log; one that tells of nothing new gives the same value back. */
export function withArrivals(before: ByArrival, record: LogRecord): ByArrival {
  const { from, brought, isOpening } = imagesIn(record);
  if ([...from, ...brought].every((image) => image.digest === null || before.first.has(keyOf(image)))) return before;
  const first = new Map(before.first);
  for (const image of from) note(first, image, 0);
  for (const image of brought) note(first, image, isOpening ? first.size + 1 : 0);
  return { by: "arrival", first };
}

/** The order as it is once the tag names this, where nothing has been seen of it before. */
export function withNamed(before: ByArrival, named: Pinned, seen: readonly Pinned[]): ByArrival {
  const elsewhere = new Set(seen.flatMap(({ images }) => images.map(keyOf)));
  const first = new Map(before.first);
  for (const image of named.images) if (!elsewhere.has(keyOf(image))) note(first, image, first.size + 1);
  return { by: "arrival", first };
}

/** How `a` stands to `b`: above 0 when it came later, and null where that is not known of one of them. */
export function compareArrivals({ first }: ByArrival, a: PinnedImage, b: PinnedImage): number | null {
  const [left, right] = [first.get(keyOf(a)) ?? 0, first.get(keyOf(b)) ?? 0];
  return left === 0 || right === 0 ? null : left - right;
}

/** Whether it is known when the tag came to name it. */
export function hasArrived({ first }: ByArrival, image: PinnedImage): boolean {
  return (first.get(keyOf(image)) ?? 0) > 0;
}

function note(first: Map<string, number>, image: PinnedImage, position: number): void {
  const key = keyOf(image);
  if (image.digest !== null && !first.has(key)) first.set(key, position);
}

function keyOf({ repository, digest }: PinnedImage): string {
  return `${repository}@${digest ?? ""}`;
}

function imagesIn(record: LogRecord): { readonly from: readonly PinnedImage[]; readonly brought: readonly PinnedImage[]; readonly isOpening: boolean } {
  const from = "from" in record ? (record.from?.images ?? []) : "displaced" in record ? record.displaced.images : [];
  const brought = "release" in record ? (record.release?.images ?? []) : "pinned" in record ? record.pinned.images : [];
  return { from, brought, isOpening: record.event === "opened" && record.kind !== "revert" };
}
