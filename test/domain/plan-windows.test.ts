import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import { actions, BOB, HOUR, one, planned, two } from "./planner.ts";
import { oid } from "./releases.ts";
import { HEAD, pullRequest, WorldBuilder } from "./world-builder.ts";

/** 9 to 17 o'clock UTC. */
const CONFIG = `version: 1
environments:
  dev: { merge: auto, windows: [{ allow: "0 9 * * *", for: 8h }] }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`;

const NINE = Date.UTC(2026, 10, 22, 9);

function worldAt(now: number, config = CONFIG): WorldBuilder {
  const world = new WorldBuilder(config);
  world.now = now;
  world.registry("1.4.1", "1.4.2");
  return world;
}

function promotionAt(now: number, config = CONFIG): WorldBuilder {
  const world = worldAt(now, config);
  world.promotion("dev", one, two, { createdAt: now - HOUR });
  return world;
}

describe("the windows of an environment", () => {
  it("keep what is ready from being merged, and the next look is due when they open", () => {
    const world = promotionAt(NINE - 1);
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")).toMatchObject([{ check: { status: "in_progress", title: "Waiting: a window of dev to open, until 2026-11-22 09:00 UTC" } }]);
    expect(planned(world).nextLookAt).toBe(NINE);
  });

  it("let it be merged while they are open, up to the moment they close, and the next look is due then", () => {
    const world = promotionAt(NINE);
    expect(actions(world, "check")).toMatchObject([{ check: { conclusion: "success" } }]);
    expect(actions(world, "merge")).toMatchObject([{ before: NINE + 8 * HOUR }]);
    expect(planned(world).nextLookAt).toBe(NINE + 8 * HOUR);
  });

  it("turn the check back to waiting when they close", () => {
    const world = promotionAt(NINE + 8 * HOUR - 1);
    const [passed] = actions(world, "check");
    const [request] = world.open.splice(0);
    if (passed === undefined || request === undefined) throw new Error("there is no check to begin with");
    world.open.push({ ...request, check: { id: 7, fingerprint: passed.check.fingerprint, status: "completed", passed: true, startedAt: world.now } });
    world.now += 1;
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")).toMatchObject([{ existing: null, check: { status: "in_progress", title: "Waiting: a window of dev to open, until 2026-11-23 09:00 UTC" } }]);
    expect(planned(world).nextLookAt).toBe(NINE + 24 * HOUR);
  });

  it("turn the check back when the clock is set back to before they opened, and nothing is merged", () => {
    const world = promotionAt(NINE);
    const [passed] = actions(world, "check");
    const [request] = world.open.splice(0);
    if (passed === undefined || request === undefined) throw new Error("there is no check to begin with");
    world.open.push({ ...request, check: { id: 7, fingerprint: passed.check.fingerprint, status: "completed", passed: true, startedAt: world.now } });
    world.now -= HOUR;
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")).toMatchObject([{ check: { status: "in_progress" } }]);
    world.registry("1.4.1", "1.4.2");
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")).toMatchObject([{ check: { status: "in_progress", title: "Waiting: a window of dev to open, until 2026-11-22 09:00 UTC" } }]);
  });

  it("do not keep pull requests from being opened", () => {
    const world = worldAt(NINE - HOUR);
    expect(actions(world, "open")).toMatchObject([{ title: "Promote checkout 1.4.2 to dev", check: { status: "in_progress" } }]);
  });

  it("hold for people's pull requests, also for those that take a pin away", () => {
    for (const to of [two, null]) {
      const world = worldAt(NINE - 1);
      const request = pullRequest({ number: 300, author: BOB, head: { ref: "mine", oid: oid("d"), fork: false }, commits: { count: 1, allOwn: false, people: ["bob"] } });
      world.open.push(request);
      const promotions = [{ app: "checkout", environment: "dev", from: one, to }];
      world.proposals.set(300, known({ base: HEAD, head: oid("d"), conflicts: [], promotions, otherFiles: [], quarantines: [], config: null, broken: [], shared: [] }, world.now));
      expect(actions(world, "check"), to?.version).toMatchObject([{ check: { status: "in_progress", title: "Waiting: a window of dev to open, until 2026-11-22 09:00 UTC" } }]);
    }
  });

  it("are looked at again where no turn is in sight", () => {
    const always = promotionAt(NINE, CONFIG.replace('"0 9 * * *", for: 8h', '"0 0 * * *", for: 1d'));
    expect(actions(always, "merge")).toMatchObject([{ before: null }]);
    expect(planned(always).nextLookAt).toBe(NINE + 24 * HOUR);
  });
});
