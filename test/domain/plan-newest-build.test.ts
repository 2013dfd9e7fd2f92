import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import type { Instant } from "../../src/domain/answer.ts";
import { actions, configured, HOUR, openings, planned, reasons } from "./planner.ts";
import type { Pinned } from "../../src/domain/release.ts";
import { digestOf, oid, release } from "./releases.ts";
import { HEAD, START, WorldBuilder } from "./world-builder.ts";

const REPOSITORY = "ghcr.io/acme/checkout";

const [old, present, next] = [release("zz"), release("bb"), release("aa")];
/** Neither the alphabet nor the list tells. */
const BUILT: Readonly<Record<string, Instant | null>> = { zz: START, bb: START + HOUR, aa: START + 2 * HOUR };

function builds(built: Readonly<Record<string, Instant | null>> = BUILT, select = "{ newest: build }"): WorldBuilder {
  const world = new WorldBuilder(configured(select)).pin("dev", present).pin("staging", present);
  world.pins.get("checkout")?.delete("prod");
  world.registry(...Object.keys(built));
  for (const [tag, at] of Object.entries({ ...BUILT, ...built })) world.know<"created">({ kind: "created", repository: REPOSITORY, digest: digestOf(tag) }, at);
  return world;
}

describe("an app that takes the newest build", () => {
  it("takes what was built last, whatever its tag", () => {
    expect(openings(builds())).toEqual(["Promote checkout aa to dev"]);
  });

  it.each<[string, () => WorldBuilder, string]>([
    ["the newest is pinned", () => builds({ zz: START, bb: START + HOUR }), "bb is pinned already"],
    ["what is pinned is newer than all that is left", () => builds({ zz: START }), "zz is older than bb, which is pinned"],
    ["another was built at the same moment", () => builds({ aa: START + HOUR }), "aa is another build of what is pinned as bb, and not newer"],
    ["the newest does not say when it was built", () => builds({ aa: null, bb: START + HOUR }), "bb is pinned already"],
    ["nothing says when it was built", () => builds({ aa: null }), `${REPOSITORY}:aa does not say when it was built`],
    ["all builds are reproducible ones", () => builds({ aa: 0 }), `${REPOSITORY}:aa says that it was built in 1970, as reproducible builds do`],
    ["a build is from the future", () => builds({ aa: START + 1_000 * HOUR, bb: START + HOUR }), "bb is pinned already"],
    ["nothing is known of what is pinned", () => builds({ aa: START + 2 * HOUR, bb: null }), `whether aa is newer than bb cannot be told: ${REPOSITORY}:bb does not say when it was built`],
    [
      "what is pinned has no digest",
      () => builds().pin("dev", { ...present, images: present.images.map((image) => ({ ...image, digest: null })) }),
      `whether aa is newer than bb cannot be told: ${REPOSITORY}:bb is pinned without a digest`,
    ],
    [
      "the registry cannot be asked after one of them",
      () => {
        const world = builds();
        world.cannotKnow({ kind: "created", repository: REPOSITORY, digest: digestOf("zz") }, "ghcr.io does not answer");
        return world;
      },
      "ghcr.io does not answer",
    ],
    ["nothing is let through", () => builds(BUILT, "{ newest: build, allow: [x*] }"), "none of 3 tags is let through by filter, allow and ignore"],
    ["more than can be asked after are let through", () => builds(Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`b${index}`, START]))), "101 tags may be taken, and of at most 100 is asked when they were built: let fewer through"],
  ])("takes nothing where %s, and says so", (_, world, reason) => {
    expect(openings(world())).toEqual([]);
    expect(reasons(world())).toContain(reason);
  });

  it.each<[string, (world: WorldBuilder) => WorldBuilder]>([
    ["is listed and not served", (world) => world.know<"digest">({ kind: "digest", repository: REPOSITORY, reference: "zz" }, null)],
    ["has a digest that is not sha256", (world) => world.know<"digest">({ kind: "digest", repository: REPOSITORY, reference: "zz" }, `sha512:${"0".repeat(128)}`)],
  ])("leaves out a tag that %s", (_, without) => {
    expect(openings(without(builds()))).toEqual(["Promote checkout aa to dev"]);
  });

  it("says why nothing is left, where no tag is served", () => {
    const world = builds({ zz: START }).know<"digest">({ kind: "digest", repository: REPOSITORY, reference: "zz" }, null);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain(`${REPOSITORY} lists zz but does not serve it`);
  });

  it("does not take anything while what a tag names cannot be asked", () => {
    const world = builds();
    world.cannotKnow({ kind: "digest", repository: REPOSITORY, reference: "zz" }, "ghcr.io does not answer");
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("ghcr.io does not answer");
  });

  it("replaces nothing by itself where one of two images goes forward and of the other it cannot be told", () => {
    const worker = "ghcr.io/acme/worker";
    const both = (tag: string, of: string) => ({ ...release(tag), images: [...release(tag).images, { repository: worker, tag, digest: digestOf(of) }] });
    const world = builds(BUILT, "{ newest: build, allow: [aa] }").pin("dev", both("bb", "w1")).pin("staging", both("bb", "w1"));
    world.know<"tags">({ kind: "tags", repository: worker }, ["aa"]).know<"digest">({ kind: "digest", repository: worker, reference: "aa" }, digestOf("w2"));
    world.know<"created">({ kind: "created", repository: worker, digest: digestOf("w2") }, START);
    world.know<"created">({ kind: "created", repository: worker, digest: digestOf("w1") }, null);
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain(`whether aa is newer than bb cannot be told: ${worker}:bb does not say when it was built`);
  });

  it("looks again when a time to come has come", () => {
    const world = builds({ aa: START + 1_000 * HOUR });
    expect(planned(world).nextLookAt).toBe(START + 1_000 * HOUR);
    expect(openings(world)).toEqual([]);
    world.now = START + 1_000 * HOUR;
    world.registry("aa").know<"created">({ kind: "created", repository: REPOSITORY, digest: digestOf("aa") }, START + 1_000 * HOUR);
    world.know<"created">({ kind: "created", repository: REPOSITORY, digest: digestOf("bb") }, START + HOUR);
    expect(openings(world)).toEqual(["Promote checkout aa to dev"]);
  });

  it("asks for what it needs, and decides nothing before", () => {
    const world = builds();
    const digest = digestOf("dd");
    world.know<"tags">({ kind: "tags", repository: REPOSITORY }, ["aa", "bb", "dd"]).know<"digest">({ kind: "digest", repository: REPOSITORY, reference: "dd" }, digest);
    expect(openings(world)).toEqual([]);
    expect(planned(world).needs).toContainEqual({ kind: "created", repository: REPOSITORY, digest });
    world.know<"created">({ kind: "created", repository: REPOSITORY, digest }, START + 3 * HOUR);
    expect(openings(world)).toEqual(["Promote checkout dd to dev"]);
  });

  it("takes only what filter, allow and ignore let through, and one before the newest where that may not be had", () => {
    expect(openings(builds(BUILT, "{ newest: build, filter: { pattern: '[b-z]{2}' } }"))).toEqual([]);
    expect(openings(builds({ ...BUILT, cc: START + 1.5 * HOUR }, "{ newest: build, ignore: [aa] }"))).toEqual(["Promote checkout cc to dev"]);
    const barred = builds({ ...BUILT, cc: START + 1.5 * HOUR });
    barred.quarantine = known([{ app: "checkout", digest: digestOf("aa"), environments: [], reason: "burning", file: "q" }], 0);
    expect(openings(barred)).toEqual(["Promote checkout cc to dev"]);
  });

  it("keeps a hold until something is built after all that was taken away", () => {
    const world = builds().pin("dev", old).pin("staging", next);
    world.records.push({ event: "held", app: "checkout", environment: "dev", at: START, displaced: next, commit: oid("d"), reason: "by hand" });
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("on hold: by hand");
    world.registry("aa", "cc").know<"created">({ kind: "created", repository: REPOSITORY, digest: digestOf("cc") }, START + 3 * HOUR);
    expect(openings(world)).toEqual(["Promote checkout cc to dev"]);
    world.know<"created">({ kind: "created", repository: REPOSITORY, digest: digestOf("aa") }, null);
    expect(openings(world)).toEqual([]);
  });

  it("moves the newest that was proven on, whatever was verified last, and never an older one", () => {
    const world = builds().proven("dev", next, START, "1").proven("dev", old, START + HOUR, "2").pin("dev", next);
    expect(openings(world)).toEqual(["Promote checkout aa to staging"]);
    const ahead = builds().proven("dev", present, START, "1").pin("dev", next).pin("staging", next);
    expect(openings(ahead)).toEqual([]);
    expect(reasons(ahead)).toContain("staging/checkout: bb is older than aa, which is pinned");
  });
});

describe("a person's pull request", () => {
  it("that goes back by the time of building is refused, and one of which that is not known waits", () => {
    const back = builds();
    back.promotion("dev", next, old, { author: { login: "alice", kind: "user" }, head: { ref: "mine", oid: oid("c"), fork: false } });
    expect(actions(back, "check")[0]?.check.summary).toContain("zz is older than aa, which is pinned in dev");
    const unknown = builds();
    unknown.cannotKnow({ kind: "created", repository: REPOSITORY, digest: digestOf("zz") }, "ghcr.io does not answer");
    unknown.promotion("dev", old, present, { author: { login: "alice", kind: "user" }, head: { ref: "mine", oid: oid("c"), fork: false } });
    expect(checked(unknown)).toMatchObject({ conclusion: null, summary: expect.stringContaining("ghcr.io does not answer") });
  });

  it.each<[string, (world: WorldBuilder) => Pinned]>([
    ["tells no time", (world) => { world.know<"created">({ kind: "created", repository: REPOSITORY, digest: digestOf("zz") }, null); return old; }],
    ["tells 1970", (world) => { world.know<"created">({ kind: "created", repository: REPOSITORY, digest: digestOf("zz") }, 0); return old; }],
    ["is pinned by its tag alone", () => ({ ...old, images: old.images.map((image) => ({ ...image, digest: null })) })],
  ])("may replace what %s: that is never learned, so there is no telling, as in any other order", (_, spoil) => {
    const world = builds();
    const pinned = spoil(world);
    world.pin("dev", pinned).pin("staging", pinned);
    const pull = world.promotion("dev", old, next, { author: { login: "alice", kind: "user" }, head: { ref: "mine", oid: oid("c"), fork: false } });
    world.records.pop();
    const promotions = [{ app: "checkout", environment: "dev", from: pinned, to: next }];
    world.proposals.set(pull.number, known({ base: HEAD, head: pull.head.oid, conflicts: [], promotions, otherFiles: [], quarantines: [], config: null, broken: [], shared: [] }, world.now));
    expect(checked(world)).toMatchObject({ conclusion: "success" });
    expect(openings(world)).toEqual([]);
  });

  it("waits where one of two images goes forward, and of the other it cannot be learned", () => {
    const worker = "ghcr.io/acme/worker";
    const both = (tag: string) => ({ ...release(tag), images: [...release(tag).images, { repository: worker, tag, digest: digestOf(`worker ${tag}`) }] });
    const world = builds().pin("dev", both("zz")).pin("staging", both("zz"));
    for (const tag of ["zz", "bb"]) world.know<"digest">({ kind: "digest", repository: worker, reference: digestOf(`worker ${tag}`) }, digestOf(`worker ${tag}`));
    world.cannotKnow({ kind: "created", repository: worker, digest: digestOf("worker zz") }, "worker's registry does not answer");
    world.know<"created">({ kind: "created", repository: worker, digest: digestOf("worker bb") }, START);
    world.promotion("dev", both("zz"), both("bb"), { author: { login: "alice", kind: "user" }, head: { ref: "mine", oid: oid("c"), fork: false } });
    expect(checked(world)).toMatchObject({ conclusion: null, summary: expect.stringContaining("worker's registry does not answer") });
  });
});

function checked(world: WorldBuilder) {
  return actions(world, "check")[0]?.check;
}
