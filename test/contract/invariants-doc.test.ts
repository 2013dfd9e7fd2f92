import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { allCheckers, allHopes } from "../../simulator/checkers/all.ts";

/** Judged where a whole run is seen, or several. */
const BESIDE_CHECKERS = ["L0", "S13"];

describe("docs/invariants.md", () => {
  it("tells of every invariant that the simulator can name, once, and of no other", async () => {
    const text = await readFile("docs/invariants.md", "utf8");
    const told = [...text.matchAll(/^\| ([SHXL]\d+) \|/gm)].map(([, number]) => number);
    const judged = new Set([...allCheckers(), ...allHopes()].flatMap(({ invariants }) => invariants));
    const all = [...judged, ...BESIDE_CHECKERS];
    expect(told).toHaveLength(all.length);
    expect(new Set(told)).toEqual(new Set(all));
  });
});
