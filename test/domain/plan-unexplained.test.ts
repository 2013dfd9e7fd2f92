import { expect, it } from "vitest";
import { openings, two } from "./planner.ts";
import { WorldBuilder } from "./world-builder.ts";

it("decides nothing in a place whose pin changed in a way that GitHub may explain soon", () => {
  const world = new WorldBuilder();
  world.registry("1.4.1", two.version);
  expect(openings(world)).toHaveLength(1);
  world.unexplained.push({ app: "checkout", environment: "dev" });
  expect(openings(world)).toEqual([]);
  world.unexplained.pop();
  expect(openings(world)).toHaveLength(1);
});
