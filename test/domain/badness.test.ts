import { describe, expect, it } from "vitest";
import { known } from "../../src/domain/answer.ts";
import type { QuarantineEntry } from "../../src/domain/observation.ts";
import { actions, openings, reasons, HOUR, one, two } from "./planner.ts";
import { digestOf, oid } from "./releases.ts";
import { WorldBuilder } from "./world-builder.ts";

const entry: QuarantineEntry = { app: "checkout", digest: digestOf("1.4.2"), environments: ["dev", "staging"], reason: "burning", file: "q" };

/** 1.4.2 went bad in dev, and was taken back to 1.4.1 and put into quarantine. */
function takenBack(environment = "dev") {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  world.proven(environment, one, world.now - 50 * HOUR, "1").proven(environment, two, world.now - 9 * HOUR, "2");
  const base = { app: "checkout", environment, at: world.now - 7 * HOUR } as const;
  const back = { ...base, commit: oid("7") } as const;
  world.records.push(
    { ...base, event: "breached", at: world.now - 8 * HOUR, release: two, commit: oid("2"), evidence: "burning" },
    { ...base, event: "opened", kind: "revert", from: two, release: one, pullRequest: 70, head: oid("8"), requestedBy: null },
    { ...back, event: "merged", kind: "revert", from: two, release: one, pullRequest: 70, head: oid("8"), mergedBy: "pinion", requestedBy: null, judgement: "judged" },
    { ...back, event: "reverted", release: two, to: one, pullRequest: 70 },
    { ...back, event: "quarantined", digest: digestOf("1.4.2"), reason: "burning" },
    { ...back, event: "held", displaced: two, reason: "1.4.2 was reverted in #70" },
    { ...back, event: "deployed", release: one, evidence: "healthy" },
    { ...back, event: "verified", release: one, how: "rollout-only", evidence: "healthy" },
  );
  return world.pin(environment, one);
}

describe("a release that went bad and is in quarantine no more", () => {
  /** Carol sets dev to 1.4.2 in a pull request of her own. */
  function verdictOnHers(world: WorldBuilder) {
    const { number } = world.promotion("dev", one, two, { author: { login: "carol", kind: "user" }, head: { ref: "again", oid: oid("c"), fork: false } });
    return actions(world, "check").find(({ pullRequest }) => pullRequest === number)?.check.title;
  }

  it("may come back when a person brings it, and is only held back from coming by itself", () => {
    expect(openings(takenBack())).toEqual([]);
    expect(reasons(takenBack())).toContain("dev/checkout: on hold: 1.4.2 was reverted in #70");
    expect(verdictOnHers(takenBack())).toMatch(/^All \d gates passed$/);
  });

  it.each<[string, (world: WorldBuilder) => void, string]>([
    ["it is in quarantine", (world) => void (world.quarantine = known([entry], 0)), "in quarantine"],
    ["it is so everywhere", (world) => void (world.quarantine = known([{ ...entry, environments: [] }], 0)), "in quarantine"],
    ["that cannot be known", (world) => void (world.quarantine = { known: false, reason: "broken", failure: "stalled", at: 0 }), "quarantine is unknown: broken"],
    [
      "it has gone bad again since",
      (world) => void world.records.push({ event: "degraded", app: "checkout", environment: "dev", at: world.now, release: two, commit: oid("9"), evidence: "x" }),
      "went bad in dev",
    ],
    [
      "it went bad without a revert",
      (world) => void world.records.splice(world.records.findIndex(({ event }) => event === "quarantined"), 1),
      "went bad in dev",
    ],
  ])("may not while %s", (_, arrange, reason) => {
    const world = takenBack();
    arrange(world);
    expect(verdictOnHers(world)).toContain(reason);
  });

  it.each([
    ["stands", [entry], "| upstream-verified | ❌ failed | went bad in dev |"],
    ["was taken out", [], "| upstream-verified | ⏳ waiting | verification in dev |"],
  ])("further on is judged anew once its entry does not stand: it %s", (_, entries, says) => {
    const world = takenBack();
    world.quarantine = known(entries, 0);
    world.proven("staging", one, 0, "4").promotion("staging", one, two);
    const summary = actions(world, "check")[0]?.check.summary ?? "";
    expect(summary).toContain(says);
  });
});
