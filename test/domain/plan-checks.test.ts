import { describe, expect, it } from "vitest";
import type { ExistingCheck } from "../../src/domain/observation.ts";
import { known } from "../../src/domain/answer.ts";
import { actions, ALICE, one, planned, two } from "./planner.ts";
import { oid } from "./releases.ts";
import { HEAD, pullRequest, WorldBuilder } from "./world-builder.ts";

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

describe("a person's pull request that changes hundreds of apps", () => {
  const large = (apps: number) => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.open.push(pullRequest({ number: 300, author: ALICE, head: { ref: "sweep", oid: oid("d"), fork: true } }));
    const promotions = Array.from({ length: apps }, (_, index) => {
      const images = two.images.map((image) => ({ ...image, repository: `ghcr.io/acme/app-${index}` }));
      return { app: `app-${index}`, environment: "dev", from: null, to: { app: `app-${index}`, version: "1.4.2", images } };
    });
    world.proposals.set(300, known({ base: HEAD, head: oid("d"), conflicts: [], promotions, otherFiles: [], quarantines: [], config: null, broken: [], shared: [] }, world.now));
    return world;
  };

  it("is judged while it asks for no more than it may", () => {
    const { needs } = planned(large(500));
    expect(needs).toHaveLength(200);
    expect(actions(large(500), "check")[0]?.check.title).toContain("has not been asked yet");
  });

  it("asks for too much beyond that: nothing is asked for it, the check says what to do, and Pinion's own promotion goes on", () => {
    const world = large(501);
    world.promotion("dev", one, two);
    expect(planned(world).needs).toEqual([]);
    const [theirs] = actions(world, "check").filter(({ pullRequest: number }) => number === 300);
    expect(theirs?.check).toMatchObject({ status: "in_progress", title: expect.stringMatching(/asks for too much: .*split it into several/u) });
    expect(theirs?.check.summary).not.toContain("has not been asked yet");
    expect(actions(world, "merge")).toHaveLength(1);
  });
});
