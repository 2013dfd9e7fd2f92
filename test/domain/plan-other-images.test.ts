import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../src/domain/record.ts";
import type { Release } from "../../src/domain/release.ts";
import { actions, HOUR, one, openings, recorded, two } from "./planner.ts";
import { oid, release } from "./releases.ts";
import { WorldBuilder } from "./world-builder.ts";

const worker = release("2.0.0", "worker");

/** The release with an image more, as when somebody puts another one under `images:`. */
function withWorker(of: Release): Release {
  return { ...of, images: [...of.images, ...worker.images] };
}

/** 1.4.2 came into dev by Pinion; then the configuration began to look at another image of it. */
function recut(more: (world: WorldBuilder) => readonly LogRecord[]): WorldBuilder {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  const base = { app: "checkout", environment: "dev", release: two };
  const came = { ...base, at: world.now - 5 * HOUR, kind: "promotion", from: one, pullRequest: 5, requestedBy: null, head: oid("8") } as const;
  world.records.push({ ...came, event: "opened" }, { ...came, event: "merged", commit: oid("6"), mergedBy: "pinion", judgement: "judged" });
  world.records.push({ ...base, event: "deployed", commit: oid("6"), at: world.now - 4.9 * HOUR, evidence: "seen" }, ...more(world));
  world.records.push({ event: "adopted", app: "checkout", environment: "dev", at: world.now - HOUR, commit: oid("7"), pinned: withWorker(two) });
  for (const environment of ["dev", "staging", "prod"]) world.pin(environment, withWorker(environment === "dev" ? two : one));
  return world;
}

describe("what the configuration looks at from now on", () => {
  it("does not excuse a release that went bad", () => {
    const world = recut(({ now }) => [
      { app: "checkout", environment: "dev", event: "breached", release: two, commit: oid("6"), at: now - 4.8 * HOUR, evidence: "errors" },
    ]);
    expect(recorded(world)).not.toContain("verified");
    expect(openings(world)).not.toContain("Promote checkout 1.4.2 to staging");
  });

  it("does not prove a release whose watch had not ended", () => {
    const world = recut(() => []);
    expect(recorded(world)).not.toContain("adopted");
    expect(actions(world, "record").flatMap(({ record }) => (record.event === "verified" ? [record.evidence] : []))).not.toContain("it was running when Pinion came to it");
  });

  it("leaves the way back open", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.proven("prod", one, world.now - 90 * HOUR, "1").proven("prod", two, world.now - 5 * HOUR, "2");
    world.records.push({ app: "checkout", environment: "prod", event: "breached", at: world.now - 4 * HOUR, release: two, commit: oid("2"), evidence: "errors" });
    const { number } = world.promotion("prod", withWorker(two), withWorker(one));
    const opened = world.records.pop();
    if (opened?.event !== "opened") throw new Error("the opening is the last record");
    world.records.push({ ...opened, kind: "revert", from: two, release: one });
    world.records.push({ event: "adopted", app: "checkout", environment: "prod", at: world.now - HOUR, commit: oid("7"), pinned: withWorker(two) });
    world.pin("prod", withWorker(two));
    expect(actions(world, "close")).toEqual([]);
    expect(actions(world, "check").find((check) => check.pullRequest === number)?.check.title).not.toMatch(/Blocked/);
  });
});
