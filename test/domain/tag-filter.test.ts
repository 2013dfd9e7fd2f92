import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tagFilter } from "../../src/domain/tag-filter.ts";
import { filterOf } from "./filters.ts";

describe("a filter", () => {
  it.each<[pattern: string, extract: string | null, tag: string, key: string | null]>([
    ["main-[0-9a-f]{7}-(?<ts>\\d+)", "$ts", "main-0123abc-1700000000", "1700000000"],
    ["^main-[0-9a-f]{7}-(?<ts>\\d+)$", "$ts", "main-0123abc-1700000000", "1700000000"],
    ["main-[0-9a-f]{7}-(?P<ts>\\d+)", "$ts", "main-0123abc-1700000000", "1700000000"],
    // The whole tag, or none of it.
    ["main-[0-9a-f]{7}-(?<ts>\\d+)", "$ts", "main-0123abc-1700000000-debug", null],
    ["main-[0-9a-f]{7}-(?<ts>\\d+)", "$ts", "not-main-0123abc-1700000000", null],
    ["ver(\\d+)", "$1", "ver10", "10"],
    ["a|ab", null, "ab", "ab"],
    ["(\\d+)-(\\d+)", "$2.$1", "12-34", "34.12"],
    ["(\\d+)-(\\d+)", "${2}0$1", "12-34", "34012"],
    ["(\\d+)", "$0-$1", "12", "12-12"],
    ["(\\d+)", "$$$1", "12", "$12"],
    ["v.*", null, "v1", "v1"],
    ["(?i)V1", null, "v1", "v1"],
    // A group that took no part stands for nothing; of a tag of which nothing is left there is nothing to order.
    ["a(?:b(?<n>\\d+))?", "$n", "ab1", "1"],
    ["a(?:b(?<n>\\d+))?", "$n", "a", null],
    ["a(?:b(?<n>\\d+))?", "x$n", "a", "x"],
  ])("%s with %s takes out of %s: %s", (pattern, extract, tag, key) => {
    expect(filterOf(pattern, extract).keyOf(tag)).toBe(key);
  });

  it.each([
    ["^test-(.*", null, "pattern", /"\^test-\(\.\*" is not a regular expression of RE2 \(missing closing \)/],
    ["(?=a)a", null, "pattern", /without lookaround and backreferences$/],
    ["(a)\\1", null, "pattern", /without lookaround and backreferences$/],
    ["x".repeat(257), null, "pattern", /longer than 256 characters/],
    ["(?:.?){500}", null, "pattern", /too large to be tried on many tags/],
    ["((a{100}){100}){100}", null, "pattern", /not a regular expression of RE2/],
    ["ver(\\d+)", "$2", "extract", /^"\$2" is no group of the pattern, which has \$1;/],
    ["ver(?<n>\\d+)", "$m", "extract", /^"\$m" is no group of the pattern, which has \$1, \$n;/],
    ["ver(\\d+)", "$1a", "extract", /^"\$1a" is no group of the pattern.*braces, as in "\$\{1\}0"$/],
    ["ver\\d+", "$1", "extract", /which has none: put parentheses around/],
    ["ver(\\d+)", "build", "extract", /takes nothing out of the tag/],
    ["ver(\\d+)", "$1-$", "extract", /has a "\$" without the group/],
    ["ver(\\d+)", "${1", "extract", /has a "\$" without the group/],
    ["ver(\\d+)", `$1${"0".repeat(128)}`, "extract", /longer than 128 characters/],
    ["ver(\\d+)", "$__proto__", "extract", /is no group/],
  ] as const)("of %s and %s is refused", (pattern, extract, at, problem) => {
    expect(tagFilter(pattern, extract)).toEqual({ ok: false, at, problem: expect.stringMatching(problem) });
  });

  it("never throws, whatever is written, and says the same of a tag each time", () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string()), fc.string(), (pattern, extract, tag) => {
        const compiled = tagFilter(pattern, extract);
        if (compiled.ok) expect(compiled.filter.keyOf(tag)).toBe(compiled.filter.keyOf(tag));
      }),
    );
  });

  it("takes a tag apart as JavaScript's own regular expressions do, where both know the syntax", () => {
    const piece = fc.constantFrom("a", "b", "-", "[ab]", "\\d", "(a|b)", "(\\d+)", "a?", "(?:ab)+", ".*");
    const text = fc.array(fc.constantFrom("a", "b", "-", "1", "23"), { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), text, (pieces, tag) => {
        const pattern = `${pieces.join("")}(b*)`;
        const match = new RegExp(`^(?:${pattern})$`).exec(tag);
        expect(filterOf(pattern, "x$1").keyOf(tag)).toBe(match === null ? null : `x${match[1] ?? ""}`);
      }),
    );
  });
});
