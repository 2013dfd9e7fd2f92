import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareTags } from "../../src/domain/ranking.ts";
import { rangeProblem, selectTag, type Select } from "../../src/domain/select.ts";

const FLUX = ["0.1.0", "0.1.1", "0.2.0", "1.0.0", "1.0.1", "1.0.2", "1.1.0-alpha"];
const MIXED = ["1.0.0", "1.0.0.1", "1.0.0p", "1.0.1", "1.2.0", "0.1.0"];
const UNORDERED = ["5.0.0", "0.0.1", "0.2.1", "0.1.1", "1.1.1", "7.0.6", "1.0.0", "1.0.2"];
const SIGNATURE = `sha256-${"0".repeat(64)}`;

type BySemver = Extract<Select, { readonly by: "semver" }>;

/** Settings as they are when nothing but the range is written. */
function of(range: string, more: Partial<BySemver> = {}): BySemver {
  return { by: "semver", range, prereleases: false, filter: null, allow: null, ignore: [], ...more };
}

describe("selectTag", () => {
  it.each<readonly [tags: readonly string[], range: string, selected: string | null]>([
    [["0.1", "0.5.1", "0.9", "1.0", "1.0.1", "1.1.2", "2.0.3"], "*", "2.0.3"],
    [["0.1", "0.5.1", "0.9", "1.0", "1.0.1", "1.1.2", "2.0.3"], "^1.0", "1.1.2"],
    [["0.1", "0.5.1", "0.9", "1.0", "1.0.1", "1.1.2", "2.0.3"], "~1.0", "1.0.1"],
    [["0.1", "0.5.1", "0.9", "2.0.3"], "~1.0", null],
    [["v2.2.0", "v2.3.0-rc.0.18.g1abb7b5dd-ppc64le"], "*", "v2.2.0"],
    [["zz", "bb", "yy", "cc", "yy", "aa", "ll"], "*", null],
    [MIXED, "1.0.x", "1.0.1"],
    [["v1.2.3", "v1.0.0", "v0.1.0"], "1.0.x", "v1.0.0"],
    [["b1.2.3", "b1.0.0", "b0.1.0"], "1.0.x", null],
    [["1.2.0"], "1.0.x", null],
    [FLUX, "1.0.x", "1.0.2"],
    [FLUX, "*", "1.0.2"],
    [["v1.0.0", "v2.0.0", "v1.0.1", "v1.2.0"], "v1.0.x", "v1.0.1"],
    [["1.0.0", "2.0.0", "1.0.1", "1.2.0"], "v1.0.x", "1.0.1"],
    [["0.1.0", "0.1.1", "0.1.1.sig", "1.0.0-alpha", "1.0.0", "1.0.0.sig"], "*", "1.0.0"],
    [["foo", "v1.0", "v1.0.0"], "*", "v1.0.0"],
    [["v1.0.0", "v1.1.0", "v2.0.0"], "^1.0.0", "v1.1.0"],
    [UNORDERED, "*", "7.0.6"],
    [UNORDERED, "<5.0.0", "1.1.1"],
    [["1"], "*", null],
    [["123098140293", "0a1b2c3", "20231105"], "*", null],
    [["2025.02.03", "v2025.02.03-rc.1"], "*", null],
    [["2.0.1"], "=2.0", "2.0.1"],
    [["11.1.0"], ">11", null],
    // Numbers compare as numbers.
    [["1.9.0", "1.10.0"], "*", "1.10.0"],
    // Prereleases, only of the x.y.z that the range names.
    [["3.4.5-beta.1"], ">=0.0.0-0", null],
    [["3.4.5-beta.1"], "*", null],
    [["1.2.1-alpha.1"], "^1.2.0", null],
    [["1.2.1-alpha.1"], "^1.2.0-alpha.0", null],
    [["1.3.0-rc.1", "1.3.0-rc.10", "1.3.0-rc.9", "1.4.0-rc.1"], ">=1.3.0-rc.1", "1.3.0-rc.10"],
    [["1.3.0-rc.1", "1.3.0"], ">=1.3.0-rc.1", "1.3.0"],
    [["3.0.1-beta"], ">= 1.0.0 <= 2.0.0-beta || > 3", null],
    // Signatures whose names would pass for prereleases.
    [["1.3.0-rc.1", "1.3.0-rc.2.sig", "1.3.0-rc.3.att", "1.3.0-rc.4.sbom"], ">=1.3.0-0", "1.3.0-rc.1"],
    [[SIGNATURE, `${SIGNATURE}.sig`, `${SIGNATURE}.att`], "*", null],
    // Not versions, though lenient parsers read them.
    [["V1.2.3", "=1.2.3", "v 1.2.3", "vv1.2.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "99999999999999999999.0.0"], "*", null],
    [[], "*", null],
  ])("of %j in %s takes %s", (tags, range, selected) => {
    const result = selectTag(tags, of(range));
    expect("selected" in result ? result.selected : null).toBe(selected);
  });

  it.each([
    [["latest"], "*", "none of 1 tags is a version x.y.z"],
    [["1.0.0", "1.1.0", "latest"], ">=2.0.0", "none of 2 versions is in the range >=2.0.0"],
    [["1.0.0"], "latest", '"latest" is not a semver range: write it as npm does, for example ">=1.0.0", "^1.2.0" or "1.x"'],
  ])("of %j in %s says why not", (tags, range, none) => {
    expect(selectTag(tags, of(range))).toEqual({ none });
  });

  it("takes the tag without v where two say the same version, in any order", () => {
    expect(selectTag(["v1.2.3", "1.2.3"], of("*"))).toEqual({ selected: "1.2.3" });
    expect(selectTag(["1.2.3", "v1.2.3"], of("*"))).toEqual({ selected: "1.2.3" });
    expect(selectTag(["v1.2.3"], of("*"))).toEqual({ selected: "v1.2.3" });
  });

  it("does not depend on the order of the tags, and nothing listed is newer", () => {
    fc.assert(
      fc.property(fc.uniqueArray(tag, { maxLength: 12 }), fc.constantFrom("*", ">=1.0.0", "^1.0.0", ">=1.0.0-0"), (tags, range) => {
        const result = selectTag(tags, of(range));
        expect(selectTag(tags.toReversed(), of(range))).toEqual(result);
        expect(selectTag(tags.toSorted(), of(range))).toEqual(result);
        if (!("selected" in result)) return;
        expect(tags).toContain(result.selected);
        const fits = tags.filter((other) => "selected" in selectTag([other], of(range)));
        const newer = fits.filter((other) => compareTags(other, result.selected, of(range)) === "newer");
        expect(newer).toEqual([]);
      }),
    );
  });

  it("never throws, whatever the tags and the range", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (tags, range) => {
        const result = selectTag(tags, of(range));
        if ("selected" in result) expect(rangeProblem(range)).toBeNull();
      }),
    );
  });
});

describe("prereleases, when they are let in", () => {
  it.each<readonly [tags: readonly string[], range: string, selected: string | null]>([
    [["3.4.5-beta.1"], ">=0.0.0-0", "3.4.5-beta.1"],
    [["3.4.5-beta.1"], "*", "3.4.5-beta.1"],
    [["1.2.1-alpha.1"], "^1.2.0", "1.2.1-alpha.1"],
    [["1.2.1-alpha.1"], "^1.2.0-alpha.0", "1.2.1-alpha.1"],
    // ">3" is ">=4.0.0".
    [["3.0.1-beta"], ">= 1.0.0 <= 2.0.0-beta || > 3", null],
    [["4.0.1-beta"], ">= 1.0.0 <= 2.0.0-beta || > 3", "4.0.1-beta"],
    [["0.1.0", "1.0.2", "1.1.0-alpha"], "1.0.x", "1.0.2"],
    [["0.1.0", "1.0.2", "1.1.0-alpha"], "*", "1.1.0-alpha"],
    [["v2.2.0", "v2.3.0-rc.0.18.g1abb7b5dd-ppc64le"], "*", "v2.3.0-rc.0.18.g1abb7b5dd-ppc64le"],
    // A release is newer than its own prereleases, and numbers compare as numbers.
    [["1.3.0-rc.1", "1.3.0"], "*", "1.3.0"],
    [["1.3.0-rc.10", "1.3.0-rc.9"], "*", "1.3.0-rc.10"],
    // Before the lower bound is outside; before the upper one is inside, unless the bound says otherwise.
    [["1.0.0-rc.1"], ">=1.0.0", null],
    [["2.0.0-rc.1"], ">=1.0.0 <2.0.0", "2.0.0-rc.1"],
    [["2.0.0-rc.1"], ">=1.0.0 <2.0.0-0", null],
    [["2.0.0-rc.1"], "^1.0.0", null],
    [["1.3.0-rc.2.sig", `${SIGNATURE}.sig`], "*", null],
  ])("of %j in %s takes %s", (tags, range, selected) => {
    const result = selectTag(tags, of(range, { prereleases: true }));
    expect("selected" in result ? result.selected : null).toBe(selected);
  });
});

describe("allow and ignore", () => {
  const TAGS = ["v1.0.0", "v1.1.0", "v2.0.0"];

  it.each<readonly [tags: readonly string[], more: Partial<BySemver>, selected: string | null]>([
    [TAGS, { allow: ["v1.*"] }, "v1.1.0"],
    [TAGS, { allow: ["v1.*"], ignore: ["v1.1.0"] }, "v1.0.0"],
    [["v1.0.0"], { allow: ["v1.*"], ignore: ["v1.0.0"] }, null],
    [TAGS, { allow: ["v1.0.*", "v2.*"] }, "v2.0.0"],
    [TAGS, { ignore: ["v2.*"] }, "v1.1.0"],
    [TAGS, { ignore: ["*"] }, null],
    [TAGS, { allow: ["*"] }, "v2.0.0"],
    [TAGS, { allow: [] }, null],
    // A pattern is for the whole tag.
    [TAGS, { allow: ["1.0"] }, null],
    [["1.0.1", "1.0.2", "1.0.10"], { ignore: ["1.0.?"] }, "1.0.10"],
    [["1.0.0", "1.1.0-debug", "1.1.0-alpine"], { prereleases: true, ignore: ["*-debug", "*-alpine"] }, "1.0.0"],
    [["1.0.0-alpine", "1.1.0-alpine", "1.2.0"], { prereleases: true, allow: ["*-alpine"] }, "1.1.0-alpine"],
  ])("of %j with %j takes %s", (tags, more, selected) => {
    const result = selectTag(tags, of("*", more));
    expect("selected" in result ? result.selected : null).toBe(selected);
  });

  it("say so when they leave nothing", () => {
    expect(selectTag(["1.0.0", "2.0.0"], of("*", { ignore: ["*"] }))).toEqual({ none: "none of 2 tags is let through by allow and ignore" });
    expect(selectTag(["1.0.0", "latest"], of("*", { allow: ["latest"] }))).toEqual({ none: "none of 1 tags is a version x.y.z" });
  });

  it("are not forgotten when the same list is selected from with other settings", () => {
    expect(selectTag(TAGS, of("*"))).toEqual({ selected: "v2.0.0" });
    expect(selectTag(TAGS, of("*", { ignore: ["v2.*"] }))).toEqual({ selected: "v1.1.0" });
    expect(selectTag(TAGS, of("*"))).toEqual({ selected: "v2.0.0" });
  });
});

describe("rangeProblem", () => {
  const SOUND = [">=1.0.0", "^1.2", "~1.0", "1.x", "*", "1.2.3 - 2.0.0", ">=1.0.0 <2.0.0 || >=3.0.0", ">=1.3.0-0", "v1.0.x", "X"];

  it.each(SOUND)("takes %s", (range) => {
    expect(rangeProblem(range)).toBeNull();
  });

  it.each([
    ["", /empty/],
    ["  ", /empty/],
    ["1.0.0p", /not a semver range/],
    ["1x", /not a semver range/],
    ["x1", /not a semver range/],
    ["-1", /not a semver range/],
    ["a", /not a semver range/],
    ["latest", /not a semver range/],
    ["*-*", /not a semver range/],
    ["*-0", /prereleases are named by a full version/],
    ["2.x-0", /prereleases are named by a full version/],
    ["^1.x-0", /prereleases are named by a full version/],
    [`>=1.0.0 ${"<2.0.0 ".repeat(60)}`, /longer than/],
  ])("refuses %j", (range, says) => {
    expect(rangeProblem(range)).toMatch(says);
  });
});

const number = fc.nat(3);
const tag = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom("", "v"), number, number, number).map(([v, x, y, z]) => `${v}${x}.${y}.${z}`) },
  { weight: 2, arbitrary: fc.tuple(number, number, number).map(([x, y, z]) => `1.${x}.${y}-rc.${z}`) },
  { weight: 1, arbitrary: fc.constantFrom("latest", "1", "1.0", "main-1234567", "1.0.0.sig", "1.0.0-x.att") },
);
