import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { ProposedChange, PullRequest } from "../../src/domain/observation.ts";
import type { Release } from "../../src/domain/release.ts";
import { actions, ALICE, approval, BOB, HOUR, one, openings, reasons, two } from "./planner.ts";
import { digestOf, oid, release } from "./releases.ts";
import { HEAD, START, WorldBuilder } from "./world-builder.ts";

const WORKER = { repository: "ghcr.io/acme/worker", tag: "1.4.1", digest: digestOf("w1.4.1") };
const withWorker = (version: string): Release => ({ ...release(version), images: [...release(version).images, WORKER] });

function proposes(world: WorldBuilder, number: number, promotions: ProposedChange["promotions"], otherFiles: readonly string[] = []): void {
  world.proposals.set(number, known({ base: HEAD, head: oid("c"), conflicts: [], promotions, otherFiles, quarantines: [], config: null, broken: [], shared: [] }, world.now));
}

function configure(world: WorldBuilder, ...lines: readonly string[]): void {
  world.config = parseConfig(`version: 1\nenvironments:\n${lines.map((line) => `  ${line}\n`).join("")}apps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n`);
}

function said(world: WorldBuilder): readonly string[] {
  return actions(world, "comment").map(({ body }) => body.split("\n")[1] ?? "");
}

/** An open promotion of 1.4.2 to prod, in one commit of the App. */
function promoting(): { readonly world: WorldBuilder; readonly number: number } {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2").know<"permission">({ kind: "permission", login: "bob" }, "write");
  world.proven("dev", two, world.now - 60 * HOUR, "3").proven("staging", two, world.now - 50 * HOUR, "5").proven("prod", one, world.now - 60 * HOUR, "1");
  const { number } = world.promotion("prod", one, two, { reviews: [approval(BOB)] });
  return { world, number };
}

describe("the App's own pull request, when the configuration changes meanwhile", () => {
  it("is closed when other images move together, nobody is accused, and the rest of the world goes on", () => {
    const { world, number } = promoting();
    world.proven("dev", withWorker("1.4.2"), world.now - 50 * HOUR, "6").proven("staging", withWorker("1.4.2"), world.now - 40 * HOUR, "7");
    world.proven("prod", withWorker("1.4.1"), world.now - 30 * HOUR, "8");
    proposes(world, number, [{ app: "checkout", environment: "prod", from: withWorker("1.4.1"), to: withWorker("1.4.2") }]);
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "close")).toMatchObject([{ pullRequest: number }]);
    expect(said(world)).toEqual([
      "Closed, because it is not the promotion any more that is due: the images that move together as checkout were changed in `.github/pinion.yaml`. What is due now comes in a pull request of its own.",
    ]);
    const [check] = actions(world, "check");
    expect(check?.check).toMatchObject({ conclusion: "action_required" });
    expect(check?.check.summary).not.toMatch(/Somebody|approve/);
  });

  it("is closed when its environment is gone, and its check does not pass meanwhile", () => {
    const { world, number } = promoting();
    configure(world, "dev: {}", "staging: { after: dev }");
    proposes(world, number, [], ["apps/checkout/overlays/prod/kustomization.yaml"]);
    expect(actions(world, "close")).toMatchObject([{ pullRequest: number }]);
    expect(said(world)[0]).toContain("there is no environment prod any more");
    expect(actions(world, "check")).toMatchObject([{ check: { conclusion: "action_required" } }]);
  });

  it("is closed when its environment has another name, and what is due there comes after that", () => {
    const { world, number } = promoting();
    configure(world, "dev: {}", "staging: { after: dev }", "live: { after: staging, path: prod }");
    const places = world.pins.get("checkout");
    const file = places?.get("prod");
    if (file === undefined || places === undefined) throw new Error("no file");
    places.delete("prod");
    places.set("live", file);
    world.proven("live", one, world.now - 60 * HOUR, "9");
    proposes(world, number, [{ app: "checkout", environment: "live", from: one, to: two }]);
    expect(actions(world, "close")).toMatchObject([{ pullRequest: number }]);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain(`live/checkout: #${number} is closed first`);
    world.open.length = 0;
    expect(openings(world)).toEqual(["Promote checkout 1.4.2 to live"]);
  });

  it("is closed when the app has no file there any more", () => {
    const { world, number } = promoting();
    world.pins.get("checkout")?.delete("prod");
    proposes(world, number, []);
    expect(said(world)[0]).toContain("no file of checkout for prod is found any more");
  });
});

describe("the App's own promotion into a first environment, when `select` says something else meanwhile", () => {
  function selecting(select: string, changes: Partial<PullRequest> = {}): WorldBuilder {
    const world = new WorldBuilder(`version: 1\nenvironments: { dev: { promote: auto, merge: auto }, staging: { after: dev } }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'], checkout: { select: ${select} } }\n`);
    world.pins.get("checkout")?.delete("prod");
    world.registry("1.4.1", "1.4.2").proven("dev", one, world.now - 50 * HOUR, "1");
    for (const { version, images } of [one, two]) world.know<"created">({ kind: "created", repository: "ghcr.io/acme/checkout", digest: images[0]?.digest ?? digestOf(version) }, START);
    world.promotion("dev", one, two, changes);
    return world;
  }

  it.each(['{ semver: "*" }', '{ order: alphabetical, filter: { pattern: "1.4.[0-9]" } }', "{ newest: build, allow: [1.4.*] }"])("is merged while it is taken: %s", (select) => {
    const world = selecting(select);
    expect(actions(world, "close")).toEqual([]);
    expect(actions(world, "merge")).toHaveLength(1);
  });

  it.each([
    '{ semver: "<1.4.2" }',
    '{ semver: "*", ignore: [1.4.2] }',
    '{ semver: "*", allow: [1.4.1] }',
    '{ order: numerical, filter: { pattern: "main-([0-9]+)", extract: "$1" } }',
    "{ newest: build, ignore: [1.4.2] }",
    "{ tag: main }",
  ])("is closed, and not merged, when it is not taken any more: %s", (select) => {
    const world = selecting(select);
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "close")).toMatchObject([{ pullRequest: 200 }]);
    expect(said(world)).toEqual([
      "Closed, because it is not the promotion any more that is due: `select` does not take ghcr.io/acme/checkout:1.4.2 any more. What is due now comes in a pull request of its own.",
    ]);
    expect(actions(world, "check")).toMatchObject([{ check: { conclusion: "action_required" } }]);
    expect(actions(world, "record").filter(({ record }) => record.event === "withdrawn")).toEqual([]);
  });

  it("stays what it is where somebody asked for it, or where it came from an environment before", () => {
    const asked = selecting('{ semver: "<1.4.2" }');
    asked.records.push({ event: "requested", app: "checkout", environment: "dev", at: asked.now, release: two, by: "alice", pullRequest: 9, source: "label:1" });
    expect(actions(asked, "close")).toEqual([]);
    expect(actions(asked, "merge")).toHaveLength(1);
    const later = promoting();
    later.world.config = parseConfig("version: 1\nenvironments: { dev: {}, staging: { after: dev }, prod: { after: staging } }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'], defaults: { select: { semver: <1.4.2 } } }\n");
    expect(actions(later.world, "close")).toEqual([]);
  });

  it("is closed also where anybody says that it is wanted, without it being known whether they may ask", () => {
    const world = selecting('{ semver: "<1.4.2" }', { comments: [{ id: "1", author: ALICE, at: START, body: "/pinion promote checkout dev", editedByOther: false }] });
    expect(actions(world, "close")).toMatchObject([{ pullRequest: 200 }]);
  });
});

it("its branch, moved to another commit of the App, is closed as well, and never merged", () => {
  const { world, number } = promoting();
  proposes(world, number, [{ app: "checkout", environment: "prod", from: one, to: release("9.9.9") }]);
  expect(actions(world, "merge")).toEqual([]);
  expect(actions(world, "close")).toMatchObject([{ pullRequest: number }]);
  expect(said(world)[0]).toContain("merging it would not bring 1.4.2 to prod");
});

it("with a commit of somebody else in it, it stays open and is judged as a person's, of whom nobody can tell who", () => {
  const { world, number } = promoting();
  const [pull] = world.open;
  if (pull === undefined) throw new Error("not open");
  world.open[0] = { ...pull, commits: { count: 2, allOwn: false, people: ["mallory"] } };
  proposes(world, number, [{ app: "checkout", environment: "prod", from: one, to: release("9.9.9") }]);
  expect(actions(world, "close")).toEqual([]);
  expect(actions(world, "check")[0]?.check.summary).toContain("Somebody else changed this branch, so Pinion will not merge it.");
});

it("whose opening was lost, and whose branch is not named after what it makes, is closed and not taken for what it makes", () => {
  const { world, number } = promoting();
  world.records.splice(world.records.findIndex((record) => record.event === "opened" && record.pullRequest === number), 1);
  expect(actions(world, "record").map(({ record }) => record.event)).not.toContain("opened");
  expect(actions(world, "close")).toMatchObject([{ pullRequest: number }]);
});

describe("a release of other images than move together now", () => {
  it("is not a candidate", () => {
    const world = new WorldBuilder().proven("dev", two, 0, "3").pin("dev", withWorker("1.4.2")).pin("staging", withWorker("1.4.1"));
    expect(openings(world).filter((title) => title.includes("staging"))).toEqual([]);
  });

  it("is not opened for a request from before, which says why", () => {
    const world = new WorldBuilder().registry("1.4.2").proven("staging", two, 0, "3").pin("prod", withWorker("1.4.1"));
    world.records.push({ event: "requested", app: "checkout", environment: "prod", at: 1, release: two, by: "alice", pullRequest: 5, source: "label:1" });
    expect(openings(world).filter((title) => title.includes("prod"))).toEqual([]);
    expect(reasons(world)).toContain("1.4.2 is made of other images than checkout is now");
  });
});
