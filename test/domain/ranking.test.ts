import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareTags, type Comparison, type TagOrder } from "../../src/domain/ranking.ts";
import { filterOf } from "./filters.ts";

const SEMVER: TagOrder = { by: "semver", filter: null };
const NUMERICAL: TagOrder = { by: "numerical", filter: null };
const ALPHABETICAL: TagOrder = { by: "alphabetical", filter: null };
const BUILDS: TagOrder = { by: "numerical", filter: filterOf("main-[0-9a-f]{3}-(?<build>[0-9.]+)", "$build") };

describe("of two tags", () => {
  it.each<[string, string, TagOrder, Comparison]>([
    ["1.2.4", "1.2.3", SEMVER, "newer"],
    ["1.2.3", "1.2.4", SEMVER, "older"],
    ["1.10.0", "1.9.0", SEMVER, "newer"],
    ["v1.2.3", "1.2.3", SEMVER, "same"],
    ["1.0.0", "1.0.0-rc.1", SEMVER, "newer"],
    ["1.0.0-rc.10", "1.0.0-rc.9", SEMVER, "newer"],
    ["latest", "latest", SEMVER, "same"],
    ["latest", "1.0.0", SEMVER, "unordered"],
    ["1.0.0", "sha256:abc", SEMVER, "unordered"],
    ["1.0", "1.0.0", SEMVER, "unordered"],
    ["main-abc", "main-def", SEMVER, "unordered"],
    ["10", "9", NUMERICAL, "newer"],
    ["010", "10", NUMERICAL, "same"],
    ["1.5", "1.25", NUMERICAL, "newer"],
    ["1.50", "1.5", NUMERICAL, "same"],
    ["-2", "-1.5", NUMERICAL, "older"],
    ["-0", "0", NUMERICAL, "same"],
    // Equal as floats.
    ["9007199254740993", "9007199254740992", NUMERICAL, "newer"],
    ["0.10000000000000000001", "0.1", NUMERICAL, "newer"],
    ["1e3", "999", NUMERICAL, "unordered"],
    ["0x10", "1", NUMERICAL, "unordered"],
    ["Infinity", "1", NUMERICAL, "unordered"],
    [".5", "0", NUMERICAL, "unordered"],
    ["9".repeat(129), "1", NUMERICAL, "unordered"],
    ["b", "a", ALPHABETICAL, "newer"],
    ["10", "9", ALPHABETICAL, "older"],
    ["a", "B", ALPHABETICAL, "newer"],
    ["main-fff-10", "main-000-9", BUILDS, "newer"],
    ["main-fff-10", "main-000-10", BUILDS, "same"],
    // What does not fit the filter stands nowhere, whatever number it says.
    ["10", "main-000-9", BUILDS, "unordered"],
    ["main-fff-1.2.3", "main-000-9", BUILDS, "unordered"],
    ["10", "10", BUILDS, "same"],
  ])("%s is to %s, by %j, %s", (a, b, order, expected) => {
    expect(compareTags(a, b, order)).toBe(expected);
  });
});

const digit = fc.nat(3);
const tag = fc.oneof(
  fc.tuple(fc.constantFrom("", "v"), digit, digit, digit).map(([v, x, y, z]) => `${v}${x}.${y}.${z}`),
  fc.tuple(digit, digit, digit).map(([x, y, z]) => `1.${x}.${y}-rc.${z}`),
  fc.tuple(fc.constantFrom("", "-", "0"), fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.constantFrom("", ".0", ".5", ".50")).map((parts) => parts.join("")),
  fc.tuple(fc.constantFrom("abc", "0ff"), fc.nat(20)).map(([hash, build]) => `main-${hash}-${build}`),
  fc.constantFrom("latest", "1", "1.0", ""),
);
const order = fc.constantFrom(SEMVER, NUMERICAL, ALPHABETICAL, BUILDS);

describe("an order", () => {
  it("is the mirror of itself turned round", () => {
    const mirror = { newer: "older", older: "newer", same: "same", unordered: "unordered" } as const;
    fc.assert(
      fc.property(tag, tag, order, (a, b, by) => {
        expect(compareTags(b, a, by)).toBe(mirror[compareTags(a, b, by)]);
      }),
    );
  });

  it("goes on: what is newer than the newer is newer", () => {
    const isAtLeast = (a: string, b: string, by: TagOrder) => ["newer", "same"].includes(compareTags(a, b, by));
    fc.assert(
      fc.property(tag, tag, tag, order, (a, b, c, by) => {
        fc.pre(isAtLeast(a, b, by) && isAtLeast(b, c, by));
        expect(isAtLeast(a, c, by)).toBe(true);
      }),
    );
  });

  it("by number is that of whole numbers, of any length", () => {
    const whole = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        expect(compareTags(String(a), String(b), NUMERICAL)).toBe(a > b ? "newer" : a < b ? "older" : "same");
      }),
    );
  });
});
