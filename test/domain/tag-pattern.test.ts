import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitsPattern, tagPatternProblem } from "../../src/domain/tag-pattern.ts";

describe("fitsPattern", () => {
  it.each([
    ["*", "1.0.0", true],
    ["*", "", true],
    ["1.0.0", "1.0.0", true],
    ["1.0.0", "1.0.00", false],
    ["1.0.0", "11.0.0", false],
    ["1?0", "1.0", true],
    ["1?0", "10", false],
    ["?", "", false],
    ["*-debug", "1.0.0-debug", true],
    ["*-debug", "1.0.0-debug.1", false],
    ["*-rc.*", "1.0.0-rc.1", true],
    ["*-rc.*", "1.0.0-rc", false],
    ["1.*.0", "1.2.3.0", true],
    ["1**0", "10", true],
    ["a*b*c", "aXbYbZc", true],
    ["a*b*c", "aXcYc", false],
    // A dot is a dot.
    ["1.0", "1x0", false],
  ])("%j on %j: %s", (pattern, tag, fits) => {
    expect(fitsPattern(pattern, tag)).toBe(fits);
  });

  it("says the same as a regular expression for the whole tag", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (written, tag) => {
        const expression = written.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
        expect(fitsPattern(written, tag)).toBe(new RegExp(`^${expression}$`).test(tag));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("tagPatternProblem", () => {
  it.each(["*", "1.*", "v?.?.?", "*-debug", "nightly_2026", "x".repeat(128)])("takes %s", (pattern) => {
    expect(tagPatternProblem(pattern)).toBeNull();
  });

  it.each([
    ["", /not a pattern of tags/],
    ["^v1", /not a pattern of tags/],
    ["[abc]", /not a pattern of tags/],
    ["1.0+build", /not a pattern of tags/],
    [" 1.0", /not a pattern of tags/],
    ["x".repeat(129), /longer than 128/],
  ])("refuses %j", (pattern, says) => {
    expect(tagPatternProblem(pattern)).toMatch(says);
  });
});
