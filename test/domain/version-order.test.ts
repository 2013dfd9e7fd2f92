import { describe, expect, it } from "vitest";
import type { ByBuild } from "../../src/domain/build-time.ts";
import type { Pinned } from "../../src/domain/release.ts";
import { versionOf } from "../../src/domain/release.ts";
import { directionOf, goingBack, isOfUnknownAge } from "../../src/domain/version-order.ts";
import { digestOf } from "./releases.ts";

/** `a:1.0.0 b:main`, each tag with its own digest; `a:` alone is pinned by digest only. */
function pinned(text: string): Pinned {
  const images = text.split(" ").map((entry) => {
    const [repository = "", tag = ""] = entry.split(":");
    return { repository, tag: tag === "" ? null : tag, digest: digestOf(entry) };
  });
  return { app: "checkout", version: versionOf(images, null), images };
}

const SEMVER = { by: "semver", filter: null } as const;

/** Images are built at the second that their tag says; others do not tell. */
const BUILD: ByBuild = {
  by: "build",
  builtAt: ({ tag }) => (/^\d+$/.test(tag ?? "") ? { kind: "told", at: Number(tag) * 1_000 } : { kind: "untold", why: "it does not say" }),
};

describe("the direction from what is pinned", () => {
  it.each<[string, string, ReturnType<typeof directionOf>]>([
    ["a:1.1.0", "a:1.2.0", "up"],
    ["a:1.2.0", "a:1.1.0", "down"],
    ["a:1.1.0", "a:v1.1.0", "same"],
    ["a:main", "a:1.1.0", "unordered"],
    ["a:", "a:1.1.0", "unordered"],
    ["a:", "a:", "same"],
    ["a:1.1.0 b:1.2.0", "a:1.1.5 b:1.1.5", "down"],
    ["a:1.2.0 b:1.1.0", "a:1.2.0 b:1.2.0", "up"],
    ["a:1.2.0 b:main", "a:1.3.0 b:1.3.0", "up"],
    ["a:1.2.0 b:main", "a:1.2.0 b:1.2.0", "unordered"],
    ["a:1.2.0 b:1.2.0", "b:1.2.0 a:1.2.0", "same"],
    ["a:1.1.0", "a:1.2.0 b:1.0.0", "up"],
    ["a:1.1.0", "b:1.2.0", "unordered"],
  ])("of %s to %s is %s", (from, to, direction) => {
    expect(directionOf(pinned(to), pinned(from), SEMVER)).toBe(direction);
  });

  it.each<[string, string, ReturnType<typeof directionOf>]>([
    ["a:9", "a:10", "up"],
    ["a:10", "a:9", "down"],
    ["a:9", "a:09", "same"],
    ["a:main", "a:10", "unordered"],
    ["a:10", "a:main", "unordered"],
    ["a:main", "a:main", "same"],
    ["a:9 b:9", "a:10 b:8", "down"],
    ["a:9 b:main", "a:10 b:11", "up"],
  ])("of %s to %s, by the time of building, is %s", (from, to, direction) => {
    expect(directionOf(pinned(to), pinned(from), BUILD)).toBe(direction);
    const mirror = { up: "down", down: "up", same: "same", unordered: "unordered" } as const;
    if (!to.includes(" ")) expect(directionOf(pinned(from), pinned(to), BUILD)).toBe(mirror[direction]);
  });

  it("is not relied on where an image would change to one of unknown age, whatever the others do", () => {
    expect(isOfUnknownAge(pinned("a:10 b:main"), pinned("a:9 b:9"), BUILD)).toBe(true);
    expect(isOfUnknownAge(pinned("a:10 b:main"), pinned("a:9 b:main"), BUILD)).toBe(false);
    expect(isOfUnknownAge(pinned("a:10 b:11"), pinned("a:9 b:main"), BUILD)).toBe(false);
    expect(isOfUnknownAge(pinned("a:main"), pinned("a:9"), SEMVER)).toBe(false);
  });

  it("is told for each image that goes back", () => {
    expect(goingBack(pinned("a:1.1.5 b:1.1.5"), pinned("a:1.1.0 b:1.2.0"), SEMVER)).toEqual(["b would go back from 1.2.0 to 1.1.5"]);
    expect(goingBack(pinned("a:1.1.0"), pinned("a:1.2.0"), SEMVER)).toEqual(["a would go back from 1.2.0 to 1.1.0"]);
  });
});
