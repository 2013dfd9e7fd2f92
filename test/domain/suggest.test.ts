import { expect, it } from "vitest";
import { closest, didYouMean } from "../../src/domain/suggest.ts";

it.each([
  ["cuont", ["required", "count", "by"], "count"],
  ["nwo", ["now", "window"], "now"],
  ["abcd", ["abdc", "abcx"], "abdc"],
  ["automatic", ["auto", "manual"], "auto"],
  ["Soak", ["soak"], "soak"],
  ["polices", ["policies", "paths"], "policies"],
  ["ab", ["xy"], null],
  ["abc", ["bca"], null],
  ["", ["a"], null],
])("for %j of %j it is %j", (text, candidates, meant) => {
  expect(closest(text, candidates)).toBe(meant);
  expect(didYouMean(text, candidates)).toBe(meant === null ? "" : ` Did you mean "${meant}"?`);
});
