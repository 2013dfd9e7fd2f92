import { describe, expect, it } from "vitest";
import { parseManifests } from "../../src/domain/pins/manifests.ts";

const texts = Array.from({ length: 9 }, (_, index) => `a: ${index}\n`);
const rootOf = (text: string): string => {
  const parsed = parseManifests(text);
  return parsed.ok ? String(parsed.documents[0]?.root) : "unreadable";
};

describe("texts of manifests", () => {
  it("are read once while they are asked for again and again, also broken ones", () => {
    for (const text of ["b: 1\n", "b: [\n"]) {
      const first = parseManifests(text);
      for (const other of texts.slice(0, 7)) {
        parseManifests(other);
        expect(parseManifests(text)).toBe(first);
      }
      for (const other of texts) parseManifests(other);
      expect(parseManifests(text)).not.toBe(first);
    }
  });

  it("are told apart, in whatever order they come", () => {
    for (const text of [...texts, ...texts.toReversed(), ...texts]) expect(rootOf(text)).toBe(`{"a":"${text.slice(3).trim()}"}`);
  });
});
