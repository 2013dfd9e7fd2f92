import { describe, expect, it } from "vitest";
import { actions, openings, recorded, reasons, HOUR, one, two, three } from "./planner.ts";
import { digestOf, oid, release } from "./releases.ts";
import { WorldBuilder } from "./world-builder.ts";

describe("going back", () => {
  const inProd = (world: WorldBuilder) => openings(world).filter((title) => title.includes("prod"));

  function burning(event: "breached" | "degraded" | "sync-failed" | "deadline" = "breached") {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.proven("prod", one, world.now - 50 * HOUR, "1").proven("prod", two, world.now - HOUR, "2");
    world.records.push({ event, app: "checkout", environment: "prod", at: world.now, release: two, commit: oid("2"), evidence: "errors burn the budget" });
    return world;
  }

  it("reverts to the last release verified there, with a quarantine file", () => {
    const [open] = actions(burning(), "open").filter(({ environment }) => environment === "prod");
    expect(open?.title).toBe("Revert checkout in prod to 1.4.1");
    expect(open?.commit.edits[0]?.pins).toEqual([{ repository: "ghcr.io/acme/checkout", tag: "1.4.1", digest: digestOf("1.4.1") }]);
    expect(open?.commit.newFiles.map(({ file }) => file)).toEqual([expect.stringMatching(/^\.github\/pinion\/quarantine\/checkout-[0-9a-f]{12}\.yaml$/)]);
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

  it("with nothing verified to go back to, stops the app and tells people, once", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2").proven("prod", two, 0, "2");
    world.records.push({ event: "breached", app: "checkout", environment: "prod", at: world.now, release: two, commit: oid("2"), evidence: "burning" });
    const [issue] = actions(world, "open-issue");
    expect(issue?.title).toContain("checkout");
    world.issues.push({ number: 40, title: issue?.title ?? "", state: "open", author: { login: "pinion", kind: "app" }, labels: [], labelEvents: [], closedBy: null });
    expect(actions(world, "open-issue")).toEqual([]);
    expect(recorded(world)).toContain("frozen");
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

  it("only proposes when many apps go bad at once", () => {
    const world = burning();
    for (const [index, app] of ["a1", "a2"].entries()) {
      world.records.push({ event: "degraded", app, environment: "prod", at: world.now, release: release("1.0.0", app), commit: oid(String(index)), evidence: "x" });
    }
    const [open] = actions(world, "open").filter(({ environment }) => environment === "prod");
    expect(open?.body.includes("by itself")).toBe(false);
  });
});
