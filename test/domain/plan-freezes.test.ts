import { describe, expect, it } from "vitest";
import type { Issue } from "../../src/domain/observation.ts";
import { actions, ALICE, BOB } from "./planner.ts";
import { WorldBuilder } from "./world-builder.ts";

function issue(changes: Partial<Issue> = {}): Issue {
  return { number: 9, title: "Stop", state: "open", author: BOB, labels: ["freeze:dev"], labelEvents: [{ id: "LE_1", label: "freeze:dev", actor: BOB, at: 5 }], closedBy: null, ...changes };
}

/** Bob has set `freeze:dev` on an issue. */
function frozen(permission: "write" | "triage"): WorldBuilder {
  const world = new WorldBuilder();
  world.know<"permission">({ kind: "permission", login: "bob" }, permission);
  world.issues.push(issue());
  return world;
}

function records(world: WorldBuilder) {
  return actions(world, "record").map(({ record }) => record);
}

function said(world: WorldBuilder): readonly string[] {
  return actions(world, "comment").map(({ pullRequest: number, body }) => `#${number} ${body.split("\n")[1] ?? ""}`);
}

describe("a freeze", () => {
  it("by somebody who may write goes into the log, and needs no word", () => {
    const world = frozen("write");
    expect(records(world)).toEqual([{ event: "freeze-begun", environment: "dev", at: 5, issue: 9, by: "bob", source: "LE_1" }]);
    expect(said(world)).toEqual([]);
  });

  it("by somebody who may not has no effect, which is said on the issue once", () => {
    const world = frozen("triage");
    expect(said(world)).toEqual([
      "#9 @bob, the label `freeze:dev` was not acted on: that takes write permission on this repository, and yours is triage. Somebody who has it can take the label off and set it again.",
    ]);
    const [ignored, ...more] = records(world);
    expect([ignored, more]).toMatchObject([{ event: "freeze-ignored", issue: 9, by: "bob" }, []]);
    if (ignored !== undefined) world.records.push(ignored);
    expect([...records(world), ...said(world)]).toEqual([]);
    const again = { id: "LE_2", label: "freeze:dev", actor: ALICE, at: 7 };
    world.issues[0] = issue({ labelEvents: [...issue().labelEvents, again] });
    world.know<"permission">({ kind: "permission", login: "alice" }, "write");
    expect(records(world)).toMatchObject([{ event: "freeze-begun", by: "alice" }]);
  });

  it("is neither begun nor refused while the permission is not known", () => {
    const world = frozen("write").cannotKnow({ kind: "permission", login: "bob" }, "GitHub does not say");
    expect([...records(world), ...said(world)]).toEqual([]);
  });

  it.each<[string, readonly Issue[], readonly unknown[], readonly string[]]>([
    ["the issue is closed, by whomever", [issue({ state: "closed", closedBy: ALICE })], [{ event: "freeze-ended", issue: 9, by: "alice" }], ["#9 The freeze of `dev` is over: @alice closed this issue."]],
    ["the label is taken off", [issue({ labels: [] })], [{ event: "freeze-ended", issue: 9, by: null }], ["#9 The freeze of `dev` is over: the label `freeze:dev` was taken off."]],
    ["the issue is gone", [], [{ event: "freeze-ended", issue: 9, by: null }], []],
  ])("is over when %s, which is put down and said once", (_, issues, ended, words) => {
    const world = frozen("write");
    world.records.push(...records(world));
    expect(records(world)).toEqual([]);
    world.issues.splice(0, 1, ...issues);
    expect(records(world)).toMatchObject(ended);
    expect(said(world)).toEqual(words);
    world.records.push(...records(world));
    expect([...records(world), ...said(world)]).toEqual([]);
  });

  it("of long ago, which Pinion never saw begin, is not spoken of", () => {
    const world = new WorldBuilder();
    world.issues.push(issue({ state: "closed", closedBy: ALICE }));
    expect([...records(world), ...said(world)]).toEqual([]);
  });
});
