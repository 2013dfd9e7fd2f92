import type { Pinned } from "./release.ts";
import { compareVersions } from "./select.ts";

/** How moving from `from` to `to` orders: by version, and `same` also when only the digest differs. */
export function directionOf(to: Pinned, from: Pinned): "up" | "down" | "same" | "unordered" {
  const order = compareVersions(to.version, from.version);
  return order === "newer" ? "up" : order === "older" ? "down" : order;
}
