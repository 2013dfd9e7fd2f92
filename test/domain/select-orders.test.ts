import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareTags } from "../../src/domain/ranking.ts";
import { selectTag, type OrderedTags } from "../../src/domain/select.ts";
import { filterOf } from "./filters.ts";

type Permitted = Partial<Pick<OrderedTags, "filter" | "allow" | "ignore">>;

function ordered(by: "numerical" | "alphabetical", more: Permitted = {}): OrderedTags {
  return { by, filter: null, allow: null, ignore: [], ...more };
}

function semver(range: string, more: Permitted = {}): OrderedTags {
  return { by: "semver", range, prereleases: false, filter: null, allow: null, ignore: [], ...more };
}

function taken(tags: readonly string[], select: OrderedTags): string | null {
  const result = selectTag(tags, select);
  return "selected" in result ? result.selected : null;
}

const MINIO = ["2021-01-08T21-18-21Z", "2020-05-08T21-18-21Z", "2023-05-08T00-20-00Z", "1990-01-08T00-20-00Z", "2023-05-07T00-20-00Z"];
const FLUX = ["0.1.0", "0.1.1", "0.2.0", "1.0.0", "1.0.1", "1.0.2", "1.1.0-alpha"];
const PREFIXED = ["test-0.1.0", "test-0.1.1", "dev-0.2.0", "1.0.0", "1.0.1", "1.0.2", "1.1.0-alpha"];
const COMMITS = ["123-0123456789012345678901234567890123abcdef-debug", "123-0123456789012345678901234567890123abcdef", "122-0123456789012345678901234567890123abcdef"];

/** The rows of the test tables of Flux, Kargo and Argo CD Image Updater that are not about versions alone; those are in select.test.ts. */
describe("of the cases of others, Pinion takes", () => {
  it.each<[string, tags: readonly string[], OrderedTags, string | null]>([
    ["alphabetical (Image Updater)", ["zz", "bb", "yy", "cc", "aa", "ll"], ordered("alphabetical"), "zz"],
    ["alphabetical (Kargo)", ["trixie", "wheezy"], ordered("alphabetical"), "wheezy"],
    ["years", ["16.04", "16.04.1", "16.10", "20.04", "20.10"], ordered("alphabetical"), "20.10"],
    ["names", ["xenial", "yakkety", "zesty", "artful", "bionic"], ordered("alphabetical"), "zesty"],
    ["times of one length", ["1606234201", "1606364286", "1606334092"], ordered("alphabetical"), "1606364286"],
    ["times behind a prefix", ["rel-1606234201", "rel-1606364286", "rel-1606334092"], ordered("alphabetical"), "rel-1606364286"],
    ["dates", MINIO, ordered("alphabetical"), "2023-05-08T00-20-00Z"],
    ["numbers", ["-62", "-88", "73", "72", "15", "16", "15", "29", "-33", "-91"], ordered("numerical"), "73"],
    // Flux: an error for all of the repository.
    ["numbers among others", ["0", "1a", "b"], ordered("numerical"), "0"],
    ["no number at all", ["1a", "b"], ordered("numerical"), null],
    ["a filter with an extract", ["ver1", "ver2", "ver3", "rel1"], ordered("numerical", { filter: filterOf("ver(\\d+)", "$1") }), "ver3"],
    ["a filter for the end", COMMITS, ordered("alphabetical", { filter: filterOf("^(?P<tag>[0-9]+-[0-9a-f]{40}$)", "$tag") }), COMMITS[1] ?? ""],
    ["a range", FLUX, semver("1.0.x"), "1.0.2"],
    ["a version behind a prefix", PREFIXED, semver(">=0.0.0", { filter: filterOf("^test-(.*)$", "$1") }), "test-0.1.1"],
    ["a prerelease's number", ["1.0.0", "1.0.0-rc.1", "1.0.0-rc.2", "1.0.0-rc.3", "1.0.1-rc.2"], ordered("numerical", { filter: filterOf("1.0.0-rc\\.(?P<num>[0-9]+)", "$num") }), "1.0.0-rc.3"],
    ["a word", ["foo-aaa", "bar-bbb", "foo-zzz", "baz-nnn", "foo-ooo"], ordered("alphabetical", { filter: filterOf("foo-(?P<word>[a-z]+)", "$word") }), "foo-zzz"],
    // Flux and Kargo: found anywhere.
    ["a pattern for a part of the tag", ["foo-1", "foo-2-debug"], ordered("alphabetical", { filter: filterOf("foo-(\\d)") }), "foo-1"],
    ["only one letter left out", ["a", "b", "c", "d"], ordered("alphabetical", { filter: filterOf("[^abc]") }), "d"],
    ["allowed and ignored", ["foo-1", "foo-2", "foo-3"], ordered("numerical", { filter: filterOf("foo-(\\d)", "$1"), allow: ["foo-*"], ignore: ["*-3"] }), "foo-2"],
    ["signatures", ["1", "2.sig", `sha256-${"9".repeat(64)}`], ordered("alphabetical"), "1"],
    ["signatures that the filter fits", ["1", "2.sig"], ordered("numerical", { filter: filterOf("(\\d)(?:.sig)?", "$1") }), "1"],
    ["numbers longer than floats", ["b-9007199254740992", "b-9007199254740993"], ordered("numerical", { filter: filterOf("b-(\\d+)", "$1") }), "b-9007199254740993"],
    // Flux: whichever came last. The first by the alphabet, in any order.
    ["two tags at one place", ["b-7", "a-7", "a-6"], ordered("numerical", { filter: filterOf("[ab]-(\\d)", "$1") }), "a-7"],
    ["an extract that is no version", ["v-1.0", "v-1.0.0"], semver("*", { filter: filterOf("v-(.*)", "$1") }), "v-1.0.0"],
  ])("%s", (_, tags, select, selected) => {
    expect(taken(tags, select)).toBe(selected);
    expect(taken(tags.toReversed(), select)).toBe(selected);
  });

  it.each<[OrderedTags, string]>([
    [ordered("numerical", { filter: filterOf("b-(\\d+)", "$1") }), "none of 2 tags fits the filter b-(\\d+) and is a number"],
    [ordered("numerical", { filter: filterOf("[ac]-(.*)", "$1") }), "none of 2 tags fits the filter [ac]-(.*) and is a number"],
    [ordered("numerical"), "none of 2 tags is a number"],
    [ordered("alphabetical", { ignore: ["*"] }), "none of 2 tags is let through by allow and ignore"],
    [semver("<1.0.0", { filter: filterOf(".-(.*)", "$1") }), "none of 2 versions is in the range <1.0.0"],
  ])("nothing, and says why", (select, none) => {
    expect(selectTag(["a-1.0.0", "c-2.0.0"], select)).toEqual({ none });
  });
});

const tag = fc.tuple(fc.constantFrom("a", "b", "A"), fc.constantFrom("-", ".", ""), fc.nat(12), fc.constantFrom("", ".0", ".0.1", "-debug", ".sig")).map((parts) => parts.join(""));
const filter = fc.constantFrom(null, filterOf("[ab]-(.*)", "$1"), filterOf("(?i)a.?(?<n>\\d+).*", "$n"), filterOf("[a-b].*[0-9]"));
const permitted = fc.record({ filter, allow: fc.constantFrom(null, ["a*"], ["*1", "*.0"]), ignore: fc.constantFrom([], ["*-debug"], ["b*", "?1"]) });
const select = fc.oneof(
  permitted.map((more): OrderedTags => ordered("numerical", more)),
  permitted.map((more): OrderedTags => ordered("alphabetical", more)),
  permitted.map((more): OrderedTags => semver("*", more)),
);

describe("what is selected", () => {
  it("does not depend on the order of the list, fits what is asked for, and nothing that does is newer", () => {
    fc.assert(
      fc.property(fc.uniqueArray(tag, { maxLength: 12 }), select, fc.nat(), (tags, by, turn) => {
        const best = taken(tags, by);
        const turned = [...tags.slice(turn % (tags.length + 1)), ...tags.slice(0, turn % (tags.length + 1))].toReversed();
        expect(taken(turned, by)).toBe(best);
        const fitting = tags.filter((one) => taken([one], by) !== null);
        expect(best === null).toBe(fitting.length === 0);
        if (best === null) return;
        expect(fitting).toContain(best);
        expect(fitting.filter((one) => compareTags(one, best, by) === "newer")).toEqual([]);
      }),
    );
  });

  it("is never what the filter, allow or ignore leave out", () => {
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 12 }), select, (tags, by) => {
        const best = taken(tags, by);
        if (best === null) return;
        expect(by.filter === null || by.filter.keyOf(best) !== null).toBe(true);
        expect(by.ignore.includes("*-debug") && best.endsWith("-debug")).toBe(false);
        expect(by.allow?.[0] === "a*" && !best.startsWith("a")).toBe(false);
        expect(best).not.toMatch(/\.sig$/);
      }),
    );
  });

  it("stays, as long as nothing newer comes", () => {
    fc.assert(
      fc.property(fc.uniqueArray(tag, { maxLength: 12 }), select, tag, (tags, by, another) => {
        const best = taken(tags, by);
        if (best === null || tags.includes(another)) return;
        const next = taken([...tags, another], by);
        expect(next === best || next === another).toBe(true);
        if (compareTags(another, best, by) === "older") expect(next).toBe(best);
      }),
    );
  });
});
