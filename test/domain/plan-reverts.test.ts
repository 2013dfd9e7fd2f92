import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import type { Release } from "../../src/domain/release.ts";
import { actions, ALICE, openings, planned, recorded, reasons, HOUR, one, two, three } from "./planner.ts";
import { digestOf, oid, release } from "./releases.ts";
import { APP_BOT, HEAD, pullRequest, WorldBuilder } from "./world-builder.ts";

const CAROL = { app: "checkout", environment: "prod", pullRequest: 77, head: oid("8"), mergedBy: "carol", requestedBy: null } as const;

const MINUTE = 60_000;
const OFF = "version: 1\nenvironments: { prod: { rollback: off } }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n";

describe("going back", () => {
  const inProd = (world: WorldBuilder) => openings(world).filter((title) => title.includes("prod"));

  function burning(event: "breached" | "degraded" | "sync-failed" | "deadline" = "breached") {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.proven("prod", one, world.now - 50 * HOUR, "1").proven("prod", two, world.now - HOUR, "2");
    world.records.push({ event, app: "checkout", environment: "prod", at: world.now, release: two, commit: oid("2"), evidence: "errors burn the budget" });
    return world;
  }

  it("does not come again after a person closed it, in the very second in which it was opened", () => {
    const world = burning();
    const at = world.now + 900;
    world.records.push(
      { event: "opened", app: "checkout", environment: "prod", at, kind: "revert", from: two, release: one, pullRequest: 300, head: oid("d"), requestedBy: null },
      // GitHub's times are cut off to whole seconds.
      { event: "withdrawn", app: "checkout", environment: "prod", at: world.now, release: one, pullRequest: 300, by: "alice" },
    );
    expect(inProd(world)).toEqual([]);
    expect(reasons(world)).toContain("prod/checkout: 1.4.2 went bad, and a person closed the revert");
  });

  it("reverts to the last release verified there, with a quarantine file", () => {
    const [open] = actions(burning(), "open").filter(({ environment }) => environment === "prod");
    expect(open?.title).toBe("Revert checkout in prod to 1.4.1");
    expect(open?.commit.edits[0]?.pins).toEqual([{ repository: "ghcr.io/acme/checkout", tag: "1.4.1", digest: digestOf("1.4.1") }]);
    expect(open?.commit.newFiles.map(({ file }) => file)).toEqual([expect.stringMatching(/^\.github\/pinion\/quarantine\/checkout-[0-9a-f]{12}\.yaml$/)]);
  });

  it("opens no second way back beside one that somebody changed before the log knew of it", () => {
    const world = burning();
    const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
    const branch = { ref: open?.branch ?? "", oid: oid("c"), fork: false };
    world.promotion("prod", two, three, { head: branch, commits: { count: 2, allOwn: false, people: ["ivan"] } });
    world.records.pop();
    expect(inProd(world)).toEqual([]);
  });

  it("asks whether the target can still be pulled, and stops with word to people when nothing can", () => {
    const world = burning().know<"digest">({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: digestOf("1.4.1") }, null);
    expect(inProd(world)).toEqual([]);
    expect(actions(world, "open-issue")).toHaveLength(1);
  });

  it("waits, and neither reverts nor freezes, while the registry does not say", () => {
    const world = burning().cannotKnow({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: digestOf("1.4.1") }, "down");
    expect(inProd(world)).toEqual([]);
    expect(actions(world, "open-issue")).toEqual([]);
  });

  it.each(["open", "closed"] as const)("with nothing verified to go back to, stops the app and tells people, once (%s)", (state) => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", two, 0, "2");
    world.records.push({ event: "breached", app: "checkout", environment: "prod", at: world.now, release: two, commit: oid("2"), evidence: "burning" });
    const [issue] = actions(world, "open-issue");
    expect(issue?.title).toContain("checkout");
    world.issues.push({ number: 40, title: issue?.title ?? "", state, author: { login: "pinion", kind: "app" }, labels: [], labelEvents: [], closedBy: state === "open" ? null : ALICE });
    expect(actions(world, "open-issue")).toEqual([]);
    expect(recorded(world)).toContain("frozen");
  });

  it("is told anew when the same release comes again and goes bad again", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", two, 0, "2");
    const bad = (digit: string) => ({ event: "breached", app: "checkout", environment: "prod", at: world.now, release: two, commit: oid(digit), evidence: "burning" }) as const;
    world.records.push(bad("2"));
    const [issue] = actions(world, "open-issue");
    world.issues.push({ number: 40, title: issue?.title ?? "", state: "closed", author: { login: "pinion", kind: "app" }, labels: [], labelEvents: [], closedBy: ALICE });
    world.proven("prod", one, world.now, "3").proven("prod", two, world.now, "4");
    world.records.push({ ...bad("3"), release: one }, bad("4"));
    expect(actions(world, "open-issue")).toHaveLength(1);
  });

  it("does not revert a revert", () => {
    const world = burning();
    world.records.push(
      { event: "merged", app: "checkout", environment: "prod", at: world.now, kind: "revert", from: two, release: one, pullRequest: 60, head: oid("5"), commit: oid("5"), mergedBy: "pinion", requestedBy: null, judgement: "judged" },
      { event: "degraded", app: "checkout", environment: "prod", at: world.now, release: one, commit: oid("5"), evidence: "still burning" },
    );
    world.pin("prod", one);
    expect(inProd(world)).toEqual([]);
    expect(actions(world, "open-issue")).toHaveLength(1);
  });

  it("tells people once: after they have closed the issue, the same release does not stop the app again", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", two, 0, "2");
    const base = { app: "checkout", environment: "prod", at: world.now, release: two } as const;
    world.records.push(
      { ...base, event: "breached", commit: oid("2"), evidence: "burning" },
      { ...base, event: "frozen", reason: "no way back", issue: 40 },
      { event: "unfrozen", app: "checkout", environment: "prod", at: world.now, issue: 40, by: "alice" },
    );
    expect(actions(world, "open-issue")).toEqual([]);
    expect(reasons(world)).toContain("people have been told");
  });

  it("only proposes to take away what a person put there by hand, and a second time within a day", () => {
    const byHand = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", one, 0, "1").pin("prod", two);
    byHand.config = burning().config;
    const seen = { app: "checkout", environment: "prod", at: byHand.now, commit: oid("2") } as const;
    byHand.records.push(
      { ...seen, event: "out-of-band", from: one, release: two, by: "carol", pullRequest: null },
      { ...seen, event: "deployed", release: two, evidence: "healthy" },
      { ...seen, event: "breached", release: two, evidence: "burning" },
    );
    const again = burning();
    again.records.push({ event: "reverted", app: "checkout", environment: "prod", at: again.now - HOUR, release: three, to: one, pullRequest: 3, commit: oid("9") });
    for (const world of [byHand, again]) {
      const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
      expect(open?.title).toBe("Revert checkout in prod to 1.4.1");
      expect(open?.body.includes("by itself")).toBe(false);
    }
  });

  it("leaves a pin alone that somebody has changed since", () => {
    expect(inProd(burning().pin("prod", three))).toEqual([]);
  });

  it.each([
    ["breached", true],
    ["degraded", true],
    ["sync-failed", true],
    ["deadline", false],
  ] as const)("after %s merges by itself where rollback is auto: %s", (event, automatic) => {
    const world = burning(event);
    const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
    expect(open?.body.includes("by itself")).toBe(automatic);
  });

  /** 1.4.2 went bad some time ago, and its revert is open since. */
  function proposed(ago: number, others: readonly LogRecord[] = []) {
    const world = burning();
    const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
    const at = world.now;
    world.open.push(pullRequest({ number: 300, createdAt: at, head: { ref: open?.branch ?? "", oid: oid("d"), fork: false } }));
    world.proposals.set(300, known({ base: HEAD, head: oid("d"), conflicts: [], promotions: [{ app: "checkout", environment: "prod", from: two, to: one }], otherFiles: [], quarantines: [], config: null, broken: [], shared: [] }, at));
    world.records.push({ event: "opened", app: "checkout", environment: "prod", at, kind: "revert", from: two, release: one, pullRequest: 300, head: oid("d"), requestedBy: null }, ...others);
    world.now += ago;
    return world.registry("1.4.1", "1.4.2");
  }

  const NOW = new WorldBuilder().now;
  const badElsewhere = (app: string, at: number, version = "1.0.0"): LogRecord => ({ event: "degraded", app, environment: "prod", at, release: release(version, app), commit: oid("3"), evidence: "x" });
  const reverted = (at: number): LogRecord => ({ event: "reverted", app: "checkout", environment: "prod", at, release: three, to: one, pullRequest: 3, commit: oid("9") });

  it.each<[string, readonly LogRecord[], boolean]>([
    ["it alone went bad", [], true],
    ["two apps more went bad with it", [badElsewhere("a1", NOW), badElsewhere("a2", NOW - 9 * MINUTE)], false],
    ["two apps more went bad soon after it", [badElsewhere("a1", NOW + 9 * MINUTE), badElsewhere("a2", NOW + 10 * MINUTE)], false],
    ["two apps more went bad at another time", [badElsewhere("a1", NOW - 11 * MINUTE), badElsewhere("a2", NOW + 11 * MINUTE)], true],
    ["another app went bad with several releases", [badElsewhere("a1", NOW), { ...badElsewhere("a1", NOW, "1.0.1"), commit: oid("4") } as LogRecord], true],
    [
      "two apps more went bad with it, and one was verified since",
      [badElsewhere("a1", NOW), badElsewhere("a2", NOW), { event: "verified", app: "a1", environment: "prod", at: NOW + MINUTE, release: release("1.0.0", "a1"), commit: oid("3"), how: "rollout-only", evidence: "x" }],
      false,
    ],
    ["there was a revert within a day before", [reverted(NOW - 23 * HOUR)], false],
    ["there was a revert longer ago", [reverted(NOW - 24 * HOUR)], true],
  ])("merges by itself or never, now or later, when %s", (_, others, automatic) => {
    for (const ago of [10 * MINUTE, 12 * MINUTE, 25 * HOUR]) {
      expect(actions(proposed(ago, others), "merge").map(({ pullRequest: number }) => number)).toEqual(automatic ? [300] : []);
    }
  });

  it("does not merge by itself after the deadline, though it breaks its objective later", () => {
    const world = proposed(HOUR);
    const bad = { app: "checkout", environment: "prod", release: two, commit: oid("2"), evidence: "x" } as const;
    world.records.splice(world.records.findIndex(({ event }) => event === "breached"), 1, { ...bad, event: "deadline", at: NOW }, { ...bad, event: "breached", at: NOW + 1 });
    expect(actions(world, "merge")).toEqual([]);
  });

  it("closes the revert of a release that was only late and has been verified since", () => {
    const world = proposed(HOUR);
    const seen = { app: "checkout", environment: "prod", release: two, commit: oid("2"), evidence: "x" } as const;
    const change = { ...CAROL, environment: "prod", at: NOW - MINUTE, commit: oid("2") } as const;
    world.records.splice(world.records.findLastIndex(({ event }) => event === "merged") );
    world.records.push(
      { ...change, event: "merged", kind: "promotion", from: one, release: two, judgement: "judged" },
      { ...seen, event: "deadline", at: NOW },
      { event: "opened", app: "checkout", environment: "prod", at: NOW, kind: "revert", from: two, release: one, pullRequest: 300, head: oid("d"), requestedBy: null },
      { ...seen, event: "deployed", at: NOW + MINUTE },
    );
    expect(actions(world, "close")).toEqual([]);
    world.records.push({ ...seen, event: "verified", at: NOW + 2 * MINUTE, how: "rollout-only" });
    expect(actions(world, "close")).toMatchObject([{ pullRequest: 300 }]);
  });

  describe("after a person took a release out", () => {
    /** Carol put prod back from 1.4.2 to 1.4.1, which is bad as well. */
    function takenOut(how: "pull request" | "push", before?: string) {
      const world = new WorldBuilder().registry("1.4.0", "1.4.1", "1.4.2");
      if (before !== undefined) world.proven("prod", release(before), world.now - 90 * HOUR, "3");
      world.proven("prod", one, world.now - 50 * HOUR, "1").proven("prod", two, world.now - 5 * HOUR, "2").pin("prod", one);
      const change = { app: "checkout", environment: "prod", at: world.now - HOUR, commit: oid("7") } as const;
      world.records.push(
        how === "push"
          ? { ...change, event: "out-of-band", from: two, release: one, by: "carol", pullRequest: null }
          : { ...CAROL, ...change, event: "merged", kind: "promotion", from: two, release: one, judgement: "out-of-band" },
        { ...change, event: "held", displaced: two, reason: "@carol changed the pin" },
        { ...change, event: "degraded", at: world.now, release: one, evidence: "still degraded" },
      );
      return world;
    }

    it.each(["pull request", "push"] as const)("by a %s does not put it back, and with nothing else stops and tells", (how) => {
      const world = takenOut(how);
      expect(inProd(world)).toEqual([]);
      expect(actions(world, "open-issue")[0]?.body).toContain("1.4.2 was taken out");
    });

    it("goes further back, for people to let through", () => {
      const [open] = actions(takenOut("pull request", "1.4.0"), "open").filter(({ environment }) => environment === "prod");
      expect(open?.title).toBe("Revert checkout in prod to 1.4.0");
      expect(open?.body.includes("by itself")).toBe(false);
    });

    it("goes back to what was replaced by something newer, though a person did that", () => {
      const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", one, 0, "1").pin("prod", two);
      const change = { app: "checkout", environment: "prod", at: world.now - HOUR, commit: oid("7") } as const;
      world.records.push(
        { ...CAROL, ...change, event: "merged", kind: "promotion", from: one, release: two, judgement: "judged" },
        { ...change, event: "held", displaced: one, reason: "@carol changed the pin in #77" },
        { ...change, event: "breached", at: world.now, release: two, evidence: "burning" },
      );
      const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
      expect(open?.title).toBe("Revert checkout in prod to 1.4.1");
      expect(open?.body.includes("by itself")).toBe(false);
    });
  });

  describe("after people took releases out, and something else came since", () => {
    const [older, old, taken, next] = [release("1.0.0"), release("1.5.0"), release("2.0.0"), release("3.0.0")];
    /** Alice put `to` in the place of `from`; whether it was verified there is another story. */
    const byHand = (from: Release, to: Release, at: number, digit: string): readonly LogRecord[] => [
      { event: "out-of-band", app: "checkout", environment: "prod", at, commit: oid(digit), from, release: to, by: "alice", pullRequest: null },
      { event: "held", app: "checkout", environment: "prod", at, commit: oid(digit), displaced: from, reason: `by hand in ${digit}` },
      { event: "deployed", app: "checkout", environment: "prod", at: at + 1, release: to, commit: oid(digit), evidence: "healthy" },
    ];
    const verified = (what: Release, at: number, digit: string): LogRecord => ({ event: "verified", app: "checkout", environment: "prod", at, release: what, commit: oid(digit), how: "rollout-only", evidence: "" });
    const asked = (what: Release, at: number): LogRecord => ({ event: "requested", app: "checkout", environment: "prod", at, release: what, by: "bob", pullRequest: 7, source: `comment:${at}` });
    const wentBad = (what: Release, at: number, digit: string): LogRecord => ({ event: "degraded", app: "checkout", environment: "prod", at, release: what, commit: oid(digit), evidence: "crash" });
    const story = (...has: readonly Release[]) => {
      const world = new WorldBuilder().registry("1.0.0", "1.5.0", "2.0.0", "3.0.0", "4.0.0");
      for (const [index, one] of has.entries()) world.proven("prod", one, world.now - (300 - index) * HOUR, `${index + 1}`);
      return world;
    };

    it("does not go back to what was taken out, though what went bad is newer", () => {
      const world = story(taken, next);
      world.records.push(...byHand(next, taken, world.now - 90 * HOUR, "3"));
      world.proven("prod", release("4.0.0"), world.now - 80 * HOUR, "4").records.push(wentBad(release("4.0.0"), world.now - HOUR, "4"));
      expect(inProd(world)).toEqual(["Revert checkout in prod to 2.0.0"]);
    });

    it("does not go back to what was taken out, though somebody asked for something newer since", () => {
      const world = story(taken, next);
      world.records.push(...byHand(next, taken, world.now - 90 * HOUR, "3"), asked(release("4.0.0"), world.now - 85 * HOUR));
      world.proven("prod", release("4.0.0"), world.now - 80 * HOUR, "4").records.push(wentBad(release("4.0.0"), world.now - HOUR, "4"));
      expect(inProd(world)).toEqual(["Revert checkout in prod to 2.0.0"]);
    });

    it("does not go back to any of what was taken out one after the other", () => {
      const world = story(old, next);
      world.records.push(...byHand(next, taken, world.now - 90 * HOUR, "3"), verified(taken, world.now - 89 * HOUR, "3"), ...byHand(taken, older, world.now - 80 * HOUR, "4"));
      world.records.push(asked(old, world.now - 79 * HOUR));
      world.proven("prod", old, world.now - 78 * HOUR, "5").records.push(wentBad(old, world.now - HOUR, "5"));
      expect(inProd(world)).toEqual([]);
      expect(actions(world, "open-issue")[0]?.body).toContain("2.0.0 was taken out: by hand in 4; 3.0.0 was taken out: by hand in 3");
    });

    it("goes back to what was taken out and came again since", () => {
      const world = story(taken, next);
      world.records.push(...byHand(next, taken, world.now - 90 * HOUR, "3"), ...byHand(taken, next, world.now - 85 * HOUR, "4"), verified(next, world.now - 84 * HOUR, "4"));
      world.proven("prod", release("4.0.0"), world.now - 80 * HOUR, "5").records.push(wentBad(release("4.0.0"), world.now - HOUR, "5"));
      expect(inProd(world)).toEqual(["Revert checkout in prod to 3.0.0"]);
    });

    it("does not go back to what was taken out where the log does not say what came in its place", () => {
      const world = story(taken, next);
      const [, held] = byHand(next, taken, world.now - 90 * HOUR, "3");
      if (held === undefined) throw new Error("nothing was held");
      world.records.push(held);
      world.proven("prod", release("4.0.0"), world.now - 80 * HOUR, "4").records.push(wentBad(release("4.0.0"), world.now - HOUR, "4"));
      expect(inProd(world)).toEqual(["Revert checkout in prod to 2.0.0"]);
    });
  });

  it("opens the way back even where the quarantine cannot be read, and holds it until it can", () => {
    const world = burning();
    world.quarantine = { known: false, reason: "q.yaml:1:1 is broken", failure: "stalled", at: 0 };
    const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
    expect(open?.title).toBe("Revert checkout in prod to 1.4.1");
    expect(open?.check).toMatchObject({ conclusion: null, title: expect.stringContaining("q.yaml:1:1 is broken") as string });
  });

  it.each(["fewer", "other"] as const)("does not go back to a release with %s images, which would leave some where they are", (which) => {
    const worker = { repository: "ghcr.io/acme/worker", tag: "1.4.2", digest: digestOf("w") };
    const replaced = { ...two, images: [worker] };
    const grown = { ...two, images: [...two.images, worker] };
    const bad = which === "fewer" ? grown : replaced;
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", one, 0, "1").proven("prod", bad, HOUR, "2");
    world.records.push({ event: "breached", app: "checkout", environment: "prod", at: world.now, release: bad, commit: oid("2"), evidence: "x" });
    expect(inProd(world)).toEqual([]);
    expect(actions(world, "open-issue")[0]?.body).toContain("1.4.1 has other images than the file pins now");
  });

  describe("from a pin by tag alone", () => {
    const bare = { ...two, images: two.images.map((image) => ({ ...image, digest: null })) };

    function byTag(deployed: boolean) {
      const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", one, 0, "1").pin("prod", bare);
      const seen = { app: "checkout", environment: "prod", at: world.now, commit: oid("2") } as const;
      world.records.push({ ...seen, event: "out-of-band", from: one, release: bare, by: "carol", pullRequest: null });
      if (deployed) world.records.push({ ...seen, event: "deployed", release: two, evidence: "healthy" });
      world.records.push({ ...seen, event: deployed ? "breached" : "sync-failed", release: two, evidence: "burning" });
      return world;
    }

    it.each([true, false])("goes back, and keeps out the digest that ran, or was to run (it ran: %s)", (deployed) => {
      const [open] = actions(byTag(deployed), "open").filter(({ environment }) => environment === "prod");
      expect(open?.title).toBe("Revert checkout in prod to 1.4.1");
      expect(open?.commit.newFiles.map(({ text }) => text)).toEqual([expect.stringContaining(digestOf("1.4.2"))]);
      expect(open?.body.includes("by itself")).toBe(false);
    });

    it("puts down the revert with that digest", () => {
      const world = byTag(true).pin("prod", one);
      const revert = pullRequest({ number: 300, state: "merged", head: { ref: "pinion/prod/checkout/revert-to-1.4.1-x", oid: oid("d"), fork: false }, merge: { commit: oid("e"), at: world.now, by: APP_BOT } });
      world.records.push({ event: "opened", app: "checkout", environment: "prod", at: world.now, kind: "revert", from: bare, release: one, pullRequest: 300, head: oid("d"), requestedBy: null });
      world.changes.push({ app: "checkout", environment: "prod", from: bare, to: one, commit: oid("e"), at: world.now, author: APP_BOT, pullRequest: revert });
      expect(recorded(world)).toEqual(expect.arrayContaining(["merged", "reverted", "held"]));
      // Its file may have been taken out before somebody merged it.
      expect(recorded(world)).not.toContain("quarantined");
      world.quarantine = known([{ app: "checkout", digest: digestOf("1.4.2"), environments: ["prod"], reason: "bad", file: "q.yaml" }], world.now);
      expect(recorded(world)).toContain("quarantined");
    });

    it("says so when not even the registry knows it", () => {
      const world = byTag(false);
      world.records.pop();
      world.know<"digest">({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: "1.4.2" }, null);
      expect(reasons(world)).toContain("1.4.2 cannot be followed: the registry does not say which digest its tag names");
      expect(planned(world).nextLookAt).not.toBeNull();
    });
  });

  it.each<[string, (world: WorldBuilder) => void, string]>([
    ["rollback is off", (world) => void (world.config = parseConfig(OFF)), "is left to people"],
    [
      "the app is stopped",
      (world) => void world.records.push({ event: "frozen", app: "checkout", environment: "prod", at: world.now, release: two, reason: "no way back", issue: 40 }),
      "the app is stopped by #40: no way back",
    ],
  ])("says why nothing is done when %s", (_, arrange, reason) => {
    const world = burning();
    arrange(world);
    expect(inProd(world)).toEqual([]);
    expect(reasons(world)).toContain(`prod/checkout: 1.4.2 went bad, and`);
    expect(reasons(world)).toContain(reason);
  });
});
