import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import { promotionBranch } from "../../src/domain/branch.ts";
import { actions, openings, one, reasons, recorded, three, two } from "./planner.ts";
import { oid, release } from "./releases.ts";
import { HEAD, WorldBuilder } from "./world-builder.ts";

/** A pull request of Pinion that is open, while neither the log nor Git tells what it is for. */
function untold(): WorldBuilder {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  const naming = { app: "checkout", environment: "dev", release: two, from: one, revert: false };
  const ref = promotionBranch(naming, "installation", 1);
  const { number, head } = world.promotion("dev", one, two, { head: { ref, oid: oid("c"), fork: false } });
  world.records.splice(world.records.findIndex((record) => record.event === "opened"));
  world.proposals.set(number, { known: false, reason: "the mirror cannot be fetched", failure: "dependency", at: world.now });
  world.branches.push({ name: ref, oid: head.oid, own: true });
  return world;
}

describe("an open pull request of which nothing can be told", () => {
  it("is not opened a second time", () => {
    const world = untold();
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("#200 is open here, and what it promotes cannot be told");
  });

  it("is neither closed nor joined by another for a newer release", () => {
    const world = untold().registry("1.4.1", "1.4.2", three.version);
    expect(openings(world)).toEqual([]);
    expect(actions(world, "close")).toEqual([]);
  });

  it("is not opened a second time when somebody made something else of it", () => {
    const world = untold();
    const [request] = world.open.splice(0);
    if (request === undefined) throw new Error("there is no pull request");
    world.open.push({ ...request, commits: { count: 1, allOwn: false, people: ["mallory"] } });
    const promotions = [{ app: "search", environment: "dev", from: null, to: release("9.0.0") }];
    const change = { base: HEAD, head: request.head.oid, conflicts: [], promotions, otherFiles: [], quarantines: [], config: null, broken: [], shared: [] };
    world.proposals.set(request.number, known(change, world.now));
    expect(openings(world)).toEqual([]);
    expect(recorded(world)).not.toContain("opened");
  });

  it("is not superseded by the very release that it was opened for", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const { number } = world.promotion("dev", one, two);
    world.proposals.set(number, { known: false, reason: "the mirror cannot be fetched", failure: "dependency", at: world.now });
    expect(openings(world)).toEqual([]);
    expect(actions(world, "close")).toEqual([]);
    expect(actions(world, "comment")).toEqual([]);
  });
});

it("a pull request that conflicts, and of whose opening nothing is known, gives way", () => {
  const world = untold();
  const [{ number, head } = { number: 0, head: { oid: "" } }] = world.open;
  const change = { base: HEAD, head: head.oid, conflicts: ["kustomization.yaml"], promotions: [], otherFiles: [], quarantines: [], config: null, broken: [], shared: [] };
  world.proposals.set(number, known(change, world.now));
  expect(actions(world, "close")).toMatchObject([{ pullRequest: number }]);
});

it("what somebody else put on a branch of Pinion is not deleted with the pull request", () => {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  const { number } = world.promotion("dev", one, two, { commits: { count: 2, allOwn: false, people: ["mallory"] } });
  const proposal = world.proposals.get(number);
  if (proposal?.known !== true) throw new Error("the proposal is known");
  world.proposals.set(number, { ...proposal, value: { ...proposal.value, promotions: [] } });
  expect(actions(world, "close")).toMatchObject([{ pullRequest: number, branch: null }]);
});
