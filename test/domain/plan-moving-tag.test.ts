import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import { appendRecords, EMPTY_LEDGER } from "../../src/domain/ledger.ts";
import type { PullRequest } from "../../src/domain/observation.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import { versionOf, type Pinned, type Release } from "../../src/domain/release.ts";
import { directionOf } from "../../src/domain/version-order.ts";
import { actions, approval, BOB, HOUR, openings, reasons } from "./planner.ts";
import { digestOf, oid, release } from "./releases.ts";
import { START, WorldBuilder } from "./world-builder.ts";

const REPOSITORY = "ghcr.io/acme/checkout";
const CONFIG = `version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 10m }
  staging: { after: dev, promote: auto, merge: auto, watch: 10m }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  checkout: { select: { tag: main } }
`;

/** What \`main\` named at some time. */
function main(build: string): Release {
  const images = [{ repository: REPOSITORY, tag: "main", digest: digestOf(build) }];
  return { app: "checkout", version: versionOf(images, "main"), images };
}

const [zero, one, two, three] = [main("0"), main("1"), main("2"), main("3")];

function named(now: Release, pinned: Pinned = one): WorldBuilder {
  const world = new WorldBuilder(CONFIG).pin("dev", pinned).pin("staging", pinned);
  world.pins.get("checkout")?.delete("prod");
  return moved(world, now);
}

function moved(world: WorldBuilder, now: Release): WorldBuilder {
  const digest = now.images[0]?.digest ?? "";
  world.know<"digest">({ kind: "digest", repository: REPOSITORY, reference: "main" }, digest);
  return world.know<"digest">({ kind: "digest", repository: REPOSITORY, reference: digest }, digest);
}

function held(displaced: Release): LogRecord {
  return { event: "held", app: "checkout", environment: "dev", at: START, displaced, commit: oid("d"), reason: "by hand" };
}

function byHand(from: Release, to: Release): LogRecord {
  return { event: "out-of-band", app: "checkout", environment: "dev", at: START, from, release: to, commit: oid("d"), by: "alice", pullRequest: null };
}

describe("what a moving tag names", () => {
  it("is taken without asking for a list of tags, and called by its digest", () => {
    const world = named(two);
    const [open] = actions(world, "open");
    expect(open).toMatchObject({ environment: "dev", title: "Promote checkout main (320000000000) to dev" });
    expect(open?.body).toContain("Moves `checkout` from `main (310000000000)` to `main (320000000000)`");
    expect(open?.commit.edits[0]?.pins).toEqual([{ repository: REPOSITORY, tag: "main", digest: digestOf("2") }]);
    expect(world.asked.filter(({ kind }) => kind === "tags")).toEqual([]);
  });

  it.each<[string, () => WorldBuilder, string]>([
    ["that is pinned", () => named(one), "dev/checkout: main (310000000000) is pinned already"],
    ["that was promoted before what is pinned", () => moved(named(two, two).proven("dev", one, START, "1").proven("dev", two, START + HOUR, "2"), one), "main (310000000000) was there before main (320000000000)"],
    [
      "that was there before Pinion, once something newer was promoted",
      () => {
        const world = named(zero).proven("dev", one, START, "1");
        world.records.splice(1, 0, { event: "adopted", app: "checkout", environment: "dev", at: START, pinned: zero, commit: oid("9") });
        return world;
      },
      "whether main (300000000000) is newer than main (310000000000) cannot be told",
    ],
    ["that is pinned in another environment", () => named(zero).pin("staging", zero), "whether main (300000000000) is newer than main (310000000000) cannot be told"],
    ["that a person took away", () => { const world = named(two).proven("dev", two, START, "2").pin("dev", one).pin("staging", two); world.records.push(held(two)); return world; }, "on hold: by hand"],
    [
      "in quarantine",
      () => {
        const world = named(two);
        world.quarantine = known([{ app: "checkout", digest: digestOf("2"), environments: [], reason: "burning", file: "q" }], 0);
        return world;
      },
      "main (320000000000) is in quarantine",
    ],
    ["that went bad", () => { const world = named(two); world.records.push({ event: "breached", app: "checkout", environment: "dev", at: START, release: two, commit: oid("2"), evidence: "errors" }); return world; }, "main (320000000000) went bad in dev"],
    ["that is none", () => named(one).know<"digest">({ kind: "digest", repository: REPOSITORY, reference: "main" }, null), `${REPOSITORY} has no tag main`],
  ])("%s is not promoted, and the reason is told", (_, world, reason) => {
    expect(openings(world())).toEqual([]);
    expect(reasons(world())).toContain(reason);
  });

  it("is pinned by its digest where the file has the tag alone", () => {
    const bare = { ...one, version: "main", images: one.images.map((image) => ({ ...image, digest: null })) };
    expect(openings(named(one, bare).pin("staging", one))).toEqual(["Promote checkout main (310000000000) to dev"]);
  });

  it("takes the place of a version that was pinned before the tag was followed", () => {
    expect(openings(named(two, release("1.4.1")))).toEqual(["Promote checkout main (320000000000) to dev"]);
  });

  it("ends a hold when the tag has got something after all that was taken away", () => {
    const world = named(two, zero);
    world.proven("dev", one, START, "1").proven("dev", two, START + HOUR, "2").pin("dev", zero).pin("staging", two);
    world.records.push(byHand(two, zero), held(two));
    expect(openings(world)).toEqual([]);
    expect(openings(moved(world, one))).toEqual([]);
    expect(openings(moved(world, three))).toEqual(["Promote checkout main (330000000000) to dev"]);
  });

  it("does not come again over what somebody asked for in its place", () => {
    const world = named(two).proven("dev", two, START, "2").pin("dev", zero).pin("staging", two);
    world.records.push({ event: "merged", app: "checkout", environment: "dev", at: START + HOUR, kind: "promotion", from: two, release: zero, pullRequest: 9, head: oid("9"), commit: oid("9"), mergedBy: "alice", requestedBy: "alice", judgement: "judged" });
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("main (320000000000) was there before main (300000000000), which is pinned; it comes again when somebody asks for it");
  });
});

describe("an open promotion of what the tag named", () => {
  function promoting(now: Release, changes: Partial<PullRequest> = {}): WorldBuilder {
    const world = named(two, one).proven("dev", zero, START, "1").proven("dev", one, START + HOUR, "2").pin("staging", one);
    world.promotion("dev", one, two, changes);
    return moved(world, now);
  }

  it("is merged while the tag names it, and where the registry cannot say what it names", () => {
    expect(actions(promoting(two), "merge")).toHaveLength(1);
    const unasked = promoting(two);
    unasked.cannotKnow({ kind: "digest", repository: REPOSITORY, reference: "main" }, "ghcr.io does not answer");
    expect(actions(unasked, "close")).toEqual([]);
  });

  it.each([["back", one], ["on", three]])("is closed, and not merged, when the tag was moved %s", (_, now) => {
    const world = promoting(now);
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "close")).toMatchObject([{ pullRequest: 200 }]);
    expect(actions(world, "comment")[0]?.body).toContain(`${REPOSITORY}:main names another image now`);
    expect(openings(world)).toEqual([]);
  });

  it("stays open where people have approved it", () => {
    expect(actions(promoting(one, { reviews: [approval(BOB)] }), "close")).toEqual([]);
  });
});

describe("later environments of an app that follows a tag", () => {
  it("take what came last, whatever was verified last", () => {
    const world = named(two, two).proven("dev", one, START, "1").proven("dev", two, START + HOUR, "2").proven("dev", one, START + 2 * HOUR, "3").pin("staging", zero);
    expect(openings(world)).toContain("Promote checkout main (320000000000) to staging");
    expect(openings(world.pin("staging", two))).toEqual(["Promote checkout main (320000000000) to dev"]);
  });

  it("take nothing of which it is not known when the tag came to name it", () => {
    const world = named(two, two);
    world.records.push(byHand(one, zero), { event: "deployed", app: "checkout", environment: "dev", at: START, release: zero, commit: oid("d"), evidence: "" });
    world.records.push({ event: "verified", app: "checkout", environment: "dev", at: START + 1, release: zero, commit: oid("d"), how: "slo", evidence: "" });
    expect(openings(world)).toEqual([]);
    expect(reasons(world)).toContain("staging/checkout: whether main (300000000000) is newer than main (320000000000) cannot be told");
  });
});

it("what came by the tag moves on, also when something of unknown age was verified after it", () => {
  const world = named(one).proven("dev", one, START, "1").pin("staging", zero);
  world.records.push(byHand(one, three), { event: "deployed", app: "checkout", environment: "dev", at: START + HOUR, release: three, commit: oid("d"), evidence: "" });
  world.records.push({ event: "verified", app: "checkout", environment: "dev", at: START + HOUR, release: three, commit: oid("d"), how: "slo", evidence: "" });
  expect(openings(world.pin("dev", three))).toContain("Promote checkout main (310000000000) to staging");
});

describe("the order in which a tag's digests came", () => {
  const parsed = parseConfig(CONFIG);
  const builds = [zero, one, two, three];
  const told = fc.array(
    fc.record({ event: fc.constantFrom("opened", "merged", "held", "reverted"), from: fc.constantFrom(...builds), to: fc.constantFrom(...builds) }),
    { maxLength: 12 },
  );

  function orderAfter(story: readonly { readonly event: string; readonly from: Release; readonly to: Release }[]) {
    const records = story.map(({ event, from, to }, index): LogRecord => {
      const base = { app: "checkout", environment: "dev", at: index, commit: oid("1"), pullRequest: index };
      if (event === "opened") return { ...base, event, kind: "promotion", from, release: to, head: null, requestedBy: null };
      if (event === "held") return { ...base, event, displaced: from, reason: "", commit: index.toString(16).padStart(40, "0") };
      if (event === "reverted") return { ...base, event, release: from, to };
      return { ...base, event: "merged", kind: "promotion", from, release: to, head: oid("2"), mergedBy: "bob", requestedBy: null, judgement: "judged" };
    });
    return appendRecords(EMPTY_LEDGER, records).arrivals.get("checkout") ?? { by: "arrival" as const, first: new Map<string, number>() };
  }

  it("is an order, as far as it is known, that no later record turns round", () => {
    expect(parsed.ok).toBe(true);
    const mirror = { up: "down", down: "up", same: "same", unordered: "unordered" } as const;
    fc.assert(
      fc.property(told, fc.nat(12), fc.constantFrom(...builds), fc.constantFrom(...builds), fc.constantFrom(...builds), (story, cut, a, b, c) => {
        const [early, late] = [orderAfter(story.slice(0, cut)), orderAfter(story)];
        const ab = directionOf(a, b, late);
        expect(directionOf(b, a, late)).toBe(mirror[ab]);
        if (ab === "up" && directionOf(b, c, late) === "up") expect(directionOf(a, c, late)).toBe("up");
        const before = directionOf(a, b, early);
        if (before !== "unordered") expect(ab).toBe(before);
      }),
    );
  });
});
