import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import { actions, configured, HOUR, openings, reasons } from "./planner.ts";
import { digestOf, oid, release } from "./releases.ts";
import { START, WorldBuilder } from "./world-builder.ts";

const BUILDS = "{ order: numerical, filter: { pattern: 'main-[0-9a-f]{3}-(?<build>[0-9]+)', extract: $build } }";

/** Builds are numbered behind their commit, so that neither versions nor the alphabet tell which is newer. */
const [eight, nine, ten, eleven] = [release("main-fff-8"), release("main-ccc-9"), release("main-bbb-10"), release("main-aaa-11")];

function buildsWorld(select = BUILDS): WorldBuilder {
  const world = new WorldBuilder(configured(select)).pin("dev", nine).pin("staging", nine);
  world.pins.get("checkout")?.delete("prod");
  return world;
}

describe("an app whose builds are numbered", () => {
  it("takes the greatest number, and says why not less", () => {
    expect(openings(buildsWorld().registry("main-fff-8", "main-ccc-9", "main-bbb-10", "latest"))).toEqual(["Promote checkout main-bbb-10 to dev"]);
    const older = buildsWorld().registry("main-fff-8", "1.0.0");
    expect(openings(older)).toEqual([]);
    expect(reasons(older)).toContain("dev/checkout: main-fff-8 is older than main-ccc-9, which is pinned");
    expect(reasons(buildsWorld().registry("main-ccc-9", "main-fff-8"))).toContain("main-ccc-9 is the newest and is pinned");
  });

  it("does not take another build of the same number", () => {
    const world = buildsWorld().registry("main-000-9");
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("main-000-9 is another build of what is pinned as main-ccc-9, and not newer");
  });

  it.each([
    ["its own tag, and nothing else", "main-fff-8", ["Promote checkout main-ccc-9 to dev"]],
    ["not by another tag of the same number", "main-000-9", []],
  ])("completes a pin by the tag alone: %s", (_, tag, opened) => {
    const world = buildsWorld().pin("dev", { ...nine, images: nine.images.map((image) => ({ ...image, digest: null })) }).registry(tag, "main-ccc-9");
    expect(openings(world)).toEqual(opened);
  });

  it("completes no pin by the tag alone where another image would change with it", () => {
    const worker = "ghcr.io/acme/worker";
    const images = [...nine.images.map((image) => ({ ...image, digest: null })), { repository: worker, tag: "main-ccc-9", digest: digestOf("worker") }];
    const world = buildsWorld().pin("dev", { ...nine, images }).registry("main-ccc-9");
    const moved = (to: string) => world.know<"tags">({ kind: "tags", repository: worker }, ["main-ccc-9"]).know<"digest">({ kind: "digest", repository: worker, reference: "main-ccc-9" }, digestOf(to));
    expect(openings(moved("worker"))).toEqual(["Promote checkout main-ccc-9 to dev"]);
    expect(openings(moved("another"))).toEqual([]);
  });

  it("takes an older one than the newest only where that is newer than what is pinned", () => {
    const world = buildsWorld().registry("main-fff-8", "main-ccc-9", "main-bbb-10", "main-aaa-11");
    world.quarantine = known([{ app: "checkout", digest: digestOf("main-aaa-11"), environments: [], reason: "burning", file: "q" }], 0);
    expect(openings(world)).toEqual(["Promote checkout main-bbb-10 to dev"]);
    world.pin("dev", ten);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("main-aaa-11 is in quarantine");
  });

  it("keeps a hold until a build of a greater number comes", () => {
    const world = buildsWorld().pin("dev", eight).registry("main-ccc-9", "main-bbb-10");
    world.records.push({ event: "held", app: "checkout", environment: "dev", at: START, displaced: ten, commit: oid("d"), reason: "by hand" });
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("on hold: by hand; it ends with a release newer than main-bbb-10");
    expect(openings(world.registry("main-ccc-9", "main-aaa-11"))).toEqual(["Promote checkout main-aaa-11 to dev"]);
  });

  it("moves the greatest proven number on, and never a smaller one over a greater", () => {
    const world = buildsWorld().registry("main-bbb-10").pin("dev", ten);
    // Proven last, but not the newest.
    world.proven("dev", ten, world.now - 3 * HOUR, "2").proven("dev", eight, world.now - 2 * HOUR, "3").pin("dev", eight);
    expect(openings(world)).toContain("Promote checkout main-bbb-10 to staging");
    const ahead = buildsWorld().registry("main-bbb-10").pin("dev", ten).pin("staging", eleven);
    ahead.proven("dev", ten, ahead.now - 3 * HOUR, "2");
    expect(openings(ahead)).toEqual([]);
    expect(reasons(ahead)).toContain("staging/checkout: main-bbb-10 is older than main-aaa-11, which is pinned");
  });

  it("refuses a person's pull request that would go back by number", () => {
    const world = buildsWorld().registry("main-fff-8", "main-ccc-9");
    world.promotion("dev", nine, eight, { author: { login: "alice", kind: "user" }, head: { ref: "down", oid: oid("c"), fork: false } });
    const [check] = actions(world, "check");
    expect(check?.check.summary).toContain("main-fff-8 is older than main-ccc-9, which is pinned in dev");
  });

  it("has no telling which is newer where what is pinned does not fit the filter", () => {
    expect(openings(buildsWorld().pin("dev", release("1.0.0")).registry("main-fff-8"))).toEqual(["Promote checkout main-fff-8 to dev"]);
  });
});

it("the same tags go another way by another order", () => {
  const tags = ["main-fff-8", "main-ccc-9", "main-bbb-10"];
  expect(openings(buildsWorld("{ order: alphabetical, allow: [main-*] }").registry(...tags))).toEqual(["Promote checkout main-fff-8 to dev"]);
  const versions = "{ semver: '*', filter: { pattern: 'rel-(.*)', extract: $1 } }";
  const world = buildsWorld(versions).pin("dev", release("rel-1.9.0")).registry("rel-1.9.0", "rel-1.10.0", "9.0.0");
  expect(openings(world)).toEqual(["Promote checkout rel-1.10.0 to dev"]);
  expect(openings(buildsWorld(versions).pin("dev", release("rel-2.0.0")).registry("rel-1.10.0"))).toEqual([]);
});
