import { describe, expect, it } from "vitest";
import type { ExistingCheck } from "../../src/domain/observation.ts";
import { actions, one, two } from "./planner.ts";
import { WorldBuilder } from "./world-builder.ts";

/** The check that the planner puts on an open promotion on which `existing` stands. */
function checksOver(existing: (fingerprint: string, now: number) => ExistingCheck | null) {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  world.promotion("dev", one, two);
  const [first] = actions(world, "check");
  if (first === undefined) throw new Error("there is no check to begin with");
  const [request] = world.open.splice(0);
  if (request === undefined) throw new Error("there is no pull request");
  world.open.push({ ...request, check: existing(first.check.fingerprint, world.now) });
  return actions(world, "check");
}

describe("the check on a pull request", () => {
  it("is not written again while it says the same", () => {
    expect(checksOver((fingerprint, now) => ({ id: 7, fingerprint, status: "completed", passed: true, startedAt: now }))).toEqual([]);
  });

  it("is written again, in its place, when a person asked GitHub to run it again", () => {
    const again = checksOver((fingerprint, now) => ({ id: 7, fingerprint, status: "in_progress", passed: false, startedAt: now }));
    expect(again).toMatchObject([{ existing: 7, check: { status: "completed", conclusion: "success" } }]);
  });

  it("is made anew before GitHub forgets it", () => {
    const old = checksOver((fingerprint, now) => ({ id: 7, fingerprint, status: "completed", passed: true, startedAt: now - 13 * 24 * 3_600_000 }));
    expect(old).toMatchObject([{ existing: null }]);
  });
});
