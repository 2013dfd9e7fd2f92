import { describe, expect, it } from "vitest";
import type { Review } from "../../src/domain/observation.ts";
import { approval, BOB, HOUR, one, planned, toldOf, two } from "./planner.ts";
import { oid } from "./releases.ts";
import { WorldBuilder } from "./world-builder.ts";

const digest = two.images[0]?.digest ?? "sha256:0";
const CAROL: Review = { ...approval(BOB), id: "R_carol", author: { login: "Carol", kind: "user" } };

/** A promotion of a release that cannot be taken back, reviewed like this. */
function irreversible(parameters: string, reviews: readonly Review[]): WorldBuilder {
  const world = new WorldBuilder(`version: 1
environments:
  dev: { merge: auto }
  staging: { after: dev, merge: auto, policies: { irreversible: { approvals: 1, ${parameters} } } }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`).registry("1.4.1", "1.4.2");
  world.proven("dev", two, world.now - 5 * HOUR, "d");
  world.know<"labels">({ kind: "labels", repository: "ghcr.io/acme/checkout", digest }, [new Map([["org.pinion.irreversible", "true"]])]);
  for (const login of ["bob", "Carol"]) world.know<"permission">({ kind: "permission", login }, "write");
  world.know<"team">({ kind: "team", team: "sre" }, ["bob"]).know<"team">({ kind: "team", team: "dba" }, ["carol"]);
  world.promotion("staging", one, two, { createdAt: world.now - HOUR, reviews });
  return world;
}

describe("a policy that names teams", () => {
  it.each<[parameters: string, reviews: readonly Review[], says: RegExp]>([
    ["teams: [dba]", [CAROL], /^passed: .*, merged$/],
    ["teams: [dba]", [approval(BOB)], /^waiting: 1 approval from team dba/],
    ["teams: [dba, sre]", [approval(BOB)], /^passed: /],
    ["teams: [dba], users: [bob]", [approval(BOB)], /^passed: /],
    ["teams: [dba]", [{ ...CAROL, commit: oid("e") }], /^waiting: /],
    ["teams: [dba]", [], /^waiting: /],
    ["", [approval(BOB)], /^passed: /],
  ])("%s: %#", (parameters, reviews, says) => {
    expect(toldOf(irreversible(parameters, reviews), "irreversible")).toMatch(says);
  });

  it("is unknown while one of them cannot be read, whoever else has approved", () => {
    const world = irreversible("teams: [dba, gone]", [CAROL]).cannotKnow({ kind: "team", team: "gone" }, "GitHub shows no such team");
    expect(toldOf(world, "irreversible")).toBe("unknown: GitHub shows no such team");
  });

  it("asks for their members once somebody has approved, and not before", () => {
    const teams = (world: WorldBuilder) => planned(world).needs.flatMap((need) => (need.kind === "team" ? [need.team] : []));
    expect(teams(irreversible("teams: [other]", [CAROL]))).toEqual(["other"]);
    expect(teams(irreversible("teams: [other]", []))).toEqual([]);
  });
});
