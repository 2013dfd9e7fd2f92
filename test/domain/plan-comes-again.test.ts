import { describe, expect, it } from "vitest";
import { HOUR, openings, reasons } from "./planner.ts";
import { release } from "./releases.ts";
import { WorldBuilder } from "./world-builder.ts";

const NUMBERED = "{ order: numerical, filter: { pattern: 'main-([0-9]+)', extract: '$1' } }";

function selecting(select: string): WorldBuilder {
  return new WorldBuilder(`version: 1
environments:
  dev: { promote: on-request, merge: auto, watch: 10m }
  staging: { after: dev, promote: on-request, merge: auto, watch: 10m }
  prod: { after: staging, promote: auto, merge: auto, watch: 10m }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  checkout: { select: ${select} }
`);
}

/** Production had the first and then the second; before it, the first was proven once more. */
function cameBefore(select: string, first: string, second: string): WorldBuilder {
  const [before, after] = [release(first), release(second)];
  const world = selecting(select).pin("dev", after).registry(first, second);
  world.proven("staging", before, world.now - 90 * HOUR, "1").proven("prod", before, world.now - 80 * HOUR, "2");
  world.proven("staging", after, world.now - 70 * HOUR, "3").proven("prod", after, world.now - 60 * HOUR, "4");
  return world.proven("staging", before, world.now - 20 * HOUR, "5");
}

describe("what an environment had before what is pinned", () => {
  it.each([
    ["the tags have no order", '{ semver: "*" }', "sha-aaaa", "sha-bbbb"],
    ["the order was changed to one that the tags have no place in", NUMBERED, "1.8.0", "1.9.0"],
  ])("does not come again by itself where %s", (_, select, first, second) => {
    const world = cameBefore(select, first, second);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain(`${first} was there before ${second}, which is pinned; it comes again when somebody asks for it`);
  });
});

describe("the newest of what was proven", () => {
  it("is the highest that has a place in the order, whatever without one was proven in between", () => {
    const world = selecting('{ semver: "*" }').pin("prod", release("legacy")).registry("2.0.0", "hotfix", "1.9.0", "legacy");
    for (const [index, tag] of ["2.0.0", "hotfix", "1.9.0"].entries()) world.proven("staging", release(tag), world.now - (90 - index) * HOUR, `${index + 1}`);
    expect(openings(world)).toEqual(["Promote checkout 2.0.0 to prod"]);
  });

  it("is the highest also where one without a place is pinned further on", () => {
    const world = selecting('{ semver: "*" }').registry("2.0.0", "hotfix", "1.8.0");
    world.proven("prod", release("1.8.0"), world.now - 100 * HOUR, "1").proven("prod", release("hotfix"), world.now - 79 * HOUR, "2");
    for (const [index, tag] of ["2.0.0", "hotfix", "1.8.0"].entries()) world.proven("staging", release(tag), world.now - (90 - index) * HOUR, `${index + 3}`);
    expect(openings(world)).toEqual(["Promote checkout 2.0.0 to prod"]);
  });

  it("is the latest where none has a place", () => {
    const world = selecting('{ semver: "*" }').pin("prod", release("legacy")).registry("sha-b", "sha-a", "legacy");
    world.proven("staging", release("sha-b"), world.now - 90 * HOUR, "1").proven("staging", release("sha-a"), world.now - 80 * HOUR, "2");
    expect(openings(world)).toEqual(["Promote checkout sha-a to prod"]);
  });
});
