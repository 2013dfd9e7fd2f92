import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitting } from "../../src/adapters/github/text.ts";

const limits = [
  ["title", 256],
  ["deployment", 140],
  ["summary", 65_535],
  ["body", 65_536],
] as const;

describe("texts that GitHub takes", () => {
  it.each(limits)("%s: whole when it fits, else cut between characters and marked", (kind, limit) => {
    const text = fc.tuple(fc.string({ unit: "grapheme", maxLength: 8 }), fc.integer({ min: 0, max: 12 }), fc.boolean());
    fc.assert(
      fc.property(text, ([around, near, wide]) => {
        const filler = (wide ? "😀" : "x").repeat(Math.ceil(limit / (wide ? 2 : 1)) - near);
        const given = around + filler + around;
        const fitted = fitting[kind](given);
        expect(fitted.length).toBeLessThanOrEqual(limit);
        expect(fitted.isWellFormed()).toBe(true);
        if (given.length <= limit) expect(fitted).toBe(given);
        else expect(fitted).toMatch(/…/u);
      }),
      { numRuns: 200 },
    );
  });
});
