import { describe, expect, it } from "vitest";
import { HOUR, openings, reasons } from "./planner.ts";
import type { Instant } from "../../src/domain/answer.ts";
import type { Release } from "../../src/domain/release.ts";
import { digestOf, oid, release } from "./releases.ts";
import { START, WorldBuilder } from "./world-builder.ts";

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

/** People took the first away for an older one, and then somebody asked for another, which came. */
function askedAfterTaking(select: string, taken: Release, older: Release, asked: Release): WorldBuilder {
  const world = new WorldBuilder(`version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 10m }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  checkout: { select: ${select} }
`);
  for (const environment of ["staging", "prod"]) world.pins.get("checkout")?.delete(environment);
  world.proven("dev", taken, world.now - 90 * HOUR, "1");
  const base = { app: "checkout", environment: "dev" };
  world.records.push(
    { ...base, event: "out-of-band", at: world.now - 80 * HOUR, commit: oid("2"), from: taken, release: older, by: "alice", pullRequest: null },
    { ...base, event: "held", at: world.now - 80 * HOUR, commit: oid("2"), displaced: taken, reason: "by hand" },
    { ...base, event: "requested", at: world.now - 70 * HOUR, release: asked, by: "bob", pullRequest: 7, source: "comment:1" },
  );
  return world.proven("dev", asked, world.now - 60 * HOUR, "3");
}

describe("what people took away, once somebody asked for another release", () => {
  const NARROWED = "{ order: numerical, filter: { pattern: 'main-([0-9]{2,})', extract: '$1' } }";
  const [ten, nine, twenty] = [release("main-10"), release("main-9"), release("main-20")];

  it.each([
    ["the order says so", NUMBERED],
    ["the order was narrowed, and has no place any more for what was asked for", NARROWED],
  ])("stays away where %s", (_, select) => {
    const world = askedAfterTaking(select, twenty, ten, nine).registry("main-10", "main-9", "main-20");
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("on hold: by hand; it comes again when somebody asks for it");
  });

  it("keeps nothing newer back for ever where what is pinned has no place in the order", () => {
    const world = askedAfterTaking(NARROWED, twenty, ten, nine);
    expect(openings(world.registry("main-20", "main-21"))).toEqual(["Promote checkout main-21 to dev"]);
    expect(openings(world.registry("main-19"))).toEqual([]);
  });

  it("keeps nothing else back for ever where no tag has a place in the order", () => {
    const world = askedAfterTaking('{ semver: "*" }', release("sha-c"), release("sha-a"), release("sha-b")).registry("1.0.0");
    expect(openings(world)).toEqual(["Promote checkout 1.0.0 to dev"]);
  });

  it.each<[string, Instant | null]>([["is known", START - 300 * HOUR], ["cannot be learned any more", null]])("stays away where the time at which the release asked for was built %s", (_, builtAt) => {
    const [a, b, c] = [release("aa"), release("bb"), release("cc")];
    const world = askedAfterTaking("{ newest: build }", c, a, b).registry("aa", "cc", "dd");
    world.proven("dev", release("dd"), world.now - 50 * HOUR, "4");
    const built: Readonly<Record<string, Instant | null>> = { aa: START - 400 * HOUR, bb: builtAt, cc: START - 100 * HOUR, dd: START - 200 * HOUR };
    for (const [tag, at] of Object.entries(built)) world.know<"created">({ kind: "created", repository: "ghcr.io/acme/checkout", digest: digestOf(tag) }, at);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("on hold: by hand");
  });
});
