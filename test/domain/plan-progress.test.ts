import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import type { ApplicationStatus } from "../../src/domain/rollout.ts";
import { actions, openings, planned, reasons, recorded, HOUR, one, two, three } from "./planner.ts";
import { oid } from "./releases.ts";
import { healthy, WorldBuilder } from "./world-builder.ts";

const MINUTE = 60_000;
const NOW = new WorldBuilder().now;
const seen = { app: "checkout", environment: "dev", release: two, commit: oid("6"), evidence: "seen" } as const;

const WITH_SLO = `version: 1
environments: { dev: { promote: auto, merge: auto, watch: 10m, deadline: 20m } }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  defaults: { slo: up }
slos: { up: { objective: 99, errors: 'errors[{window}]', total: 'total[{window}]' } }
`;

/** 1.4.2 was promoted to dev some time ago. */
function promoted(ago: number, records: readonly LogRecord[] = [], config?: string) {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  if (config !== undefined) world.config = parseConfig(config);
  const change = { app: "checkout", environment: "dev", release: two, pullRequest: 5, requestedBy: null, kind: "promotion", from: one, at: NOW - ago } as const;
  world.records.push(
    { ...change, event: "opened", head: oid("8") },
    { ...change, event: "merged", head: oid("8"), commit: oid("6"), mergedBy: "pinion", judgement: "judged" },
    ...records,
  );
  return world.pin("dev", two);
}

function shows(world: WorldBuilder, change: Partial<ApplicationStatus>) {
  world.cluster = (need) => [{ status: { ...healthy(world.now), revisions: [need.commit], ...change }, includesCommit: true, pinsAtRevision: "wanted" }];
  return world;
}

describe("a rollout that missed its deadline", () => {
  const missed = (...later: readonly LogRecord[]) => promoted(2 * HOUR, [{ ...seen, event: "deadline", at: NOW - HOUR }, ...later]);

  it("is followed on while it is pinned, and verified in the end", () => {
    expect(recorded(missed())).toContain("deployed");
    expect(recorded(missed({ ...seen, event: "deployed", at: NOW - 11 * MINUTE }))).toContain("verified");
  });

  it("is not put down as missed again, and is looked at ever more seldom", () => {
    const world = shows(missed(), { health: "Progressing", operation: { phase: "Succeeded", message: "", startedAt: NOW - 2 * HOUR, finishedAt: NOW - 2 * HOUR, revisions: [oid("6")], partial: false } });
    expect(recorded(world)).not.toContain("deadline");
    expect(reasons(world)).toContain("1.4.2 rolls out: pending");
    expect(planned(world).nextLookAt).toBe(NOW + 10 * MINUTE);
  });

  it("does not hold a newer one back", () => {
    const world = missed();
    world.cluster = () => null;
    world.promotion("dev", two, three);
    world.registry("1.4.3");
    expect(actions(world, "merge")).toHaveLength(1);
  });
});

describe("a deadline", () => {
  const operation = { phase: "Succeeded", message: "", finishedAt: NOW - MINUTE, revisions: [oid("6")], partial: false } as const;

  it.each<[string, number, number, boolean]>([
    ["is missed though a self-heal began just now", 30 * MINUTE, MINUTE, true],
    ["is not missed before its time", 19 * MINUTE, MINUTE, false],
  ])("%s", (_, ago, startedAgo, missed) => {
    const world = shows(promoted(ago), { health: "Progressing", operation: { ...operation, startedAt: NOW - startedAgo, selfHeal: true } });
    expect(recorded(world).includes("deadline")).toBe(missed);
  });

  it("is not missed while the sync has not begun", () => {
    const world = shows(promoted(5 * HOUR), { sync: "OutOfSync", operation: { ...operation, startedAt: NOW - 9 * HOUR, revisions: [oid("5")] } });
    expect(recorded(world)).not.toContain("deadline");
  });
});

describe("one rollout at a time", () => {
  it("holds another release back during the watch, and looks again when that is over", () => {
    const world = promoted(HOUR, [{ ...seen, event: "deployed", at: NOW - 9 * MINUTE }]).registry("1.4.3");
    world.promotion("dev", two, three);
    expect(actions(world, "check")[0]?.check.title).toBe("Waiting: the rollout of 1.4.2 in dev to finish");
    expect(planned(world).nextLookAt).toBeLessThanOrEqual(NOW + MINUTE);
  });

  it.each<[string, (world: WorldBuilder) => unknown, string]>([
    ["Argo CD is down", (world) => (world.cluster = () => null), " (Argo CD is down)"],
    ["Argo CD lacks the Application", (world) => (world.cluster = () => []), " (Argo CD has no such Application)"],
    ["nobody syncs it", (world) => shows(world, { sync: "OutOfSync", automated: false }), " (checkout is out of sync and is synced by hand only; sync it)"],
    ["it goes on", (world) => shows(world, { health: "Progressing" }), ""],
  ])("tells on the check what holds it up when %s", (_, arrange, reason) => {
    const world = promoted(HOUR).registry("1.4.3");
    arrange(world);
    world.promotion("dev", two, three);
    expect(actions(world, "check")[0]?.check.title).toBe(`Waiting: the rollout of 1.4.2 in dev to finish${reason}`);
  });
});

describe("degraded", () => {
  it.each([
    ["since before the merge is not this release's doing", NOW - 11 * MINUTE, false],
    ["since after the merge is", NOW - 9 * MINUTE, true],
  ])("%s", (_, since, bad) => {
    for (const records of [[], [{ ...seen, event: "deployed", at: NOW - 5 * MINUTE }] as const]) {
      const world = shows(promoted(10 * MINUTE, records), { health: "Degraded", healthSince: since, operation: null });
      expect(recorded(world).includes("degraded")).toBe(bad);
      if (!bad) expect(reasons(world)).toContain("degraded since before 1.4.2 was rolled out");
    }
  });

  it("after it had run is its doing, though somebody synced it once more after that", () => {
    const again = { phase: "Succeeded", message: "", startedAt: NOW - 5 * MINUTE, finishedAt: NOW - 4 * MINUTE, revisions: [oid("6")], partial: false } as const;
    const world = shows(promoted(20 * MINUTE, [{ ...seen, event: "deployed", at: NOW - 15 * MINUTE }]), { health: "Degraded", healthSince: NOW - 6 * MINUTE, operation: again });
    expect(recorded(world)).toContain("degraded");
  });

  it.each([
    ["since before its sync began is not this release's doing", NOW - 9 * MINUTE, false],
    ["since its sync began is", NOW - 8 * MINUTE, true],
  ])("%s", (_, since, bad) => {
    const operation = { phase: "Succeeded", message: "", startedAt: NOW - 8 * MINUTE, finishedAt: NOW - 7 * MINUTE, revisions: [oid("6")], partial: false } as const;
    const world = shows(promoted(10 * MINUTE), { health: "Degraded", healthSince: since, operation });
    expect(recorded(world).includes("degraded")).toBe(bad);
    if (!bad) expect(reasons(world)).toContain("degraded since before 1.4.2 was rolled out");
  });
});

describe("a watch that cannot tell", () => {
  const deployed: LogRecord = { ...seen, event: "deployed", at: NOW - 10 * MINUTE };

  /** Looks whenever something is due; answers how long after the end of the watch that was, and how often Prometheus was asked something new. */
  function looks(world: WorldBuilder, until: number): { readonly at: readonly number[]; readonly asked: number } {
    const at: number[] = [];
    for (let next: number | null = NOW; next !== null && next <= NOW + until; next = planned(world).nextLookAt) {
      world.now = next;
      at.push((next - NOW) / 1_000);
    }
    const questions = world.asked.flatMap((need) => (need.kind === "metric" ? [`${need.expression} ${need.at}`] : []));
    return { at, asked: new Set(questions).size };
  }

  it("does not look again and again while Argo CD is down at the end", () => {
    const world = promoted(HOUR, [deployed], WITH_SLO);
    world.cluster = () => null;
    expect(looks(world, MINUTE).at).toEqual([0, 30, 60]);
  });

  it("asks ever more seldom, and says since when", () => {
    const world = promoted(HOUR, [deployed], WITH_SLO);
    world.prometheus = () => ({ kind: "cannot-tell", reason: "NaN" });
    expect(reasons(world)).toContain("the watch of 1.4.2 is over, but the SLO cannot be told: ");
    const { at } = looks(world, 2 * HOUR);
    expect(at.slice(0, 9)).toEqual([0, 30, 60, 120, 240, 480, 960, 1_560, 2_160]);
    expect(reasons(world)).toContain(`the SLO cannot be told since ${new Date(NOW).toISOString()}: `);
    expect(openings(world)).toEqual([]);
  });

  it("asks as seldom when Prometheus does not answer at all", () => {
    const world = promoted(HOUR, [deployed], WITH_SLO);
    expect(looks(world, 24 * HOUR).at.length).toBeLessThan(400);
  });

  it("is over as soon as it can tell", () => {
    const world = promoted(HOUR, [deployed], WITH_SLO);
    world.now += 24 * HOUR;
    world.prometheus = ({ expression }) => ({ kind: "number", value: expression.startsWith("total") ? 10_000 : 0 });
    expect(recorded(world)).toContain("verified");
  });
});
