import { expect, it } from "vitest";
import { oid } from "./releases.ts";
import { actions, ALICE, one, openings, recorded, three, two } from "./planner.ts";
import { pullRequest, START, WorldBuilder } from "./world-builder.ts";

it("decides nothing in a place whose pin changed in a way that GitHub may explain soon", () => {
  const world = new WorldBuilder();
  world.registry("1.4.1", two.version);
  expect(openings(world)).toHaveLength(1);
  world.unexplained.push({ app: "checkout", environment: "dev" });
  expect(openings(world)).toEqual([]);
  world.unexplained.pop();
  expect(openings(world)).toHaveLength(1);
});

it.each(["changes", "unexplained"] as const)("takes what a merge has just brought for nothing that was here before Pinion, though more depends on it (%s)", (how) => {
  const place = { app: "checkout", environment: "staging" };
  const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("dev", two, 0, "2").pin("staging", two);
  world.promotion("prod", one, two);
  if (how === "unexplained") world.unexplained.push(place);
  else {
    const merge = pullRequest({ number: 9, state: "merged", merge: { at: world.now, commit: oid("d"), by: ALICE } });
    world.changes.push({ ...place, from: one, to: two, commit: oid("d"), at: world.now, author: merge.author, pullRequest: merge });
  }
  expect(recorded(world)).not.toContain("adopted");
  expect(recorded(world)).not.toContain("verified");
  expect(actions(world, "merge")).toEqual([]);
});

it.each(["changes", "unexplained"] as const)("counts no soak upstream while what ended it there is not in the log yet (%s)", (how) => {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2", "1.4.3").proven("dev", two, 0, "2").pin("dev", three);
  const change = { app: "checkout", environment: "dev" };
  const merged = () => actions(world, "merge").length;
  expect(openings(world)).toContain("Promote checkout 1.4.2 to staging");
  world.promotion("staging", one, two);
  expect(merged()).toBe(1);
  if (how === "unexplained") world.unexplained.push(change);
  else world.changes.push({ ...change, from: two, to: three, commit: oid("d"), at: START, author: ALICE, pullRequest: null });
  expect(merged()).toBe(0);
  world.open.length = 0;
  expect(openings(world)).not.toContain("Promote checkout 1.4.2 to staging");
});
