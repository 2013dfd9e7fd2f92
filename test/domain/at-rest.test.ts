import { describe, expect, it } from "vitest";
import { isAtRest } from "../../src/domain/at-rest.ts";
import { appendRecords, EMPTY_LEDGER } from "../../src/domain/ledger.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import { one, two } from "./planner.ts";
import { oid, type release } from "./releases.ts";
import { START, WorldBuilder } from "./world-builder.ts";

type Release = ReturnType<typeof release>;

/** An app whose environments all run what they pin, verified, and what else the log says. */
function resting(pins: Readonly<Record<string, Release>>, more: readonly LogRecord[] = []): boolean {
  const world = new WorldBuilder();
  const records: LogRecord[] = [];
  for (const [environment, pinned] of Object.entries(pins)) {
    world.pin(environment, pinned);
    const base = { app: "checkout", environment, at: START, release: pinned, commit: oid("1") };
    records.push({ event: "adopted", app: "checkout", environment, at: START, pinned, commit: oid("1") });
    records.push({ ...base, event: "deployed", evidence: "" }, { ...base, event: "verified", how: "slo", evidence: "" });
  }
  const { config, pins: pinned } = world.observation();
  const ledger = appendRecords(EMPTY_LEDGER, [...records, ...more]);
  const ofApp = pinned.get("checkout");
  if (config?.ok !== true || ofApp === undefined) throw new Error("the world has no such app");
  return isAtRest(config.config, ledger, "checkout", ofApp);
}

const everywhere = { dev: one, staging: one, prod: one };
const at = { app: "checkout", at: START + 1, commit: oid("1") };

describe("an app", () => {
  it("is at rest when everything has settled and moved as far as it does by itself", () => {
    expect(resting(everywhere)).toBe(true);
    expect(resting({ dev: two, staging: two, prod: one })).toBe(true);
  });

  it.each<[string, Readonly<Record<string, Release>>, readonly LogRecord[]]>([
    ["something could move on by itself", { dev: two, staging: one, prod: one }, []],
    ["somebody asks", everywhere, [{ ...at, event: "requested", environment: "prod", release: two, by: "alice", pullRequest: 1, source: "label:1" }]],
    ["something went bad", everywhere, [{ ...at, event: "breached", environment: "prod", release: one, evidence: "errors" }]],
    ["it is stopped", everywhere, [{ ...at, event: "frozen", environment: "prod", release: one, reason: "bad", issue: 7 }]],
    [
      "something rolls out",
      everywhere,
      [{ ...at, event: "merged", environment: "dev", kind: "promotion", from: one, release: two, pullRequest: 1, head: oid("2"), mergedBy: "bot", requestedBy: null, judgement: "judged" }],
    ],
  ])("is not while %s", (_, pins, more) => {
    expect(resting(pins, more)).toBe(false);
  });
});
