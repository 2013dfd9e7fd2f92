import { describe, expect, it } from "vitest";
import type { Need } from "../../src/domain/observation.ts";
import type { ImageLabels } from "../../src/domain/observation.ts";
import type { ApplicationStatus } from "../../src/domain/rollout.ts";
import { actions, HOUR, one, planned, toldOf, two } from "./planner.ts";
import { oid } from "./releases.ts";
import { healthy, WorldBuilder } from "./world-builder.ts";

const REPOSITORY = "ghcr.io/acme/checkout";
const DIGEST = two.images[0]?.digest ?? "sha256:0";

/** A promotion of 1.4.2 into dev, where these policies are named. */
function worldWith(policies: string, changes: (world: WorldBuilder) => void = () => {}): WorldBuilder {
  const slo = 'availability: { objective: 99, errors: "errors[{window}]", total: "total[{window}]" }';
  const world = new WorldBuilder(`version: 1
environments:
  dev: { merge: auto, policies: { ${policies} } }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  checkout: { slo: availability }
slos: { ${slo} }
`).registry("1.4.1", "1.4.2");
  changes(world);
  world.promotion("dev", one, two, { createdAt: world.now - HOUR });
  return world;
}

const image = { repository: REPOSITORY, digest: DIGEST } as const;
const labels = (...all: readonly Readonly<Record<string, string>>[]): readonly ImageLabels[] => all.map((one) => new Map(Object.entries(one)));

describe("facts of the images", () => {
  it("are not asked for where no policy wants them", () => {
    const world = worldWith("");
    planned(world);
    const kinds = new Set(world.asked.map(({ kind }) => kind));
    expect([...kinds].filter((kind) => ["platforms", "labels", "created", "metric"].includes(kind))).toEqual([]);
  });

  it.each<[policy: string, kind: Need["kind"]]>([
    ["platforms: { required: [linux/amd64] }", "platforms"],
    ["irreversible: {}", "labels"],
    ["image-age: {}", "created"],
  ])("are asked for where { %s } wants them, and unknown until then", (policy, kind) => {
    const world = worldWith(policy);
    expect(planned(world).needs).toEqual([{ kind, ...image }]);
    expect(actions(world, "merge")).toEqual([]);
  });

  it.each<[policies: string, changes: (world: WorldBuilder) => void, says: string]>([
    ["allowed-registries: { allowed: [ghcr.io/acme] }", () => {}, "passed: 1 image from what is allowed, merged"],
    ["allowed-registries: { allowed: [quay.io] }", () => {}, "failed: not from what is allowed: ghcr.io/acme/checkout"],

    ["moved-tag: {}", () => {}, "passed: no tag of the release has moved, merged"],
    ["moved-tag: {}", (world) => world.know<"digest">({ kind: "digest", repository: REPOSITORY, reference: "1.4.2" }, `sha256:${"f".repeat(64)}`), "failed: another image was pushed as ghcr.io/acme/checkout:1.4.2"],
    ["moved-tag: {}", (world) => world.know<"digest">({ kind: "digest", repository: REPOSITORY, reference: "1.4.2" }, null), "passed: no tag of the release has moved, merged"],
    ["moved-tag: {}", (world) => world.cannotKnow({ kind: "digest", repository: REPOSITORY, reference: "1.4.2" }, "ghcr.io is down"), "unknown: ghcr.io is down"],

    ["platforms: { required: [linux/arm64] }", (world) => world.know<"platforms">({ kind: "platforms", ...image }, ["linux/amd64", "linux/arm64/v8"]), "passed: for linux/arm64, merged"],
    ["platforms: { required: [linux/arm64/v8] }", (world) => world.know<"platforms">({ kind: "platforms", ...image }, ["linux/arm64/v8"]), "passed: for linux/arm64/v8, merged"],
    ["platforms: { required: [linux/arm64] }", (world) => world.know<"platforms">({ kind: "platforms", ...image }, ["linux/amd64"]), "failed: not every image is for linux/arm64"],
    ["platforms: { required: [linux/amd64] }", (world) => world.know<"platforms">({ kind: "platforms", ...image }, null), "unknown: the registry does not have ghcr.io/acme/checkout:1.4.2"],
    ["platforms: { required: [linux/amd64] }", (world) => world.cannotKnow({ kind: "platforms", ...image }, "ghcr.io is down"), "unknown: ghcr.io is down"],

    ["irreversible: {}", (world) => world.know<"labels">({ kind: "labels", ...image }, labels({}, { "org.pinion.irreversible": "true" })), "waiting: 2 approvals, because the image says that it cannot be taken back"],
    ["irreversible: {}", (world) => world.know<"labels">({ kind: "labels", ...image }, labels({}, { "org.pinion.irreversible": "false" })), "none: , merged"],
    ["irreversible: {}", (world) => world.cannotKnow({ kind: "labels", ...image }, "ghcr.io is down"), "unknown: ghcr.io is down"],

    ["image-age: { at_least: 2h }", (world) => world.know<"created">({ kind: "created", ...image }, world.now - 2 * HOUR), "passed: built 2026-11-22 07:00 UTC, merged"],
    ["image-age: { at_least: 2h }", (world) => world.know<"created">({ kind: "created", ...image }, world.now - HOUR), "waiting: the image to be 2 h old"],
    ["image-age: { at_most: 2h }", (world) => world.know<"created">({ kind: "created", ...image }, world.now - 2 * HOUR - 1), "failed: built 2026-11-22 06:59 UTC, and so more than 2 h ago"],
    ["image-age: { at_least: 2h }", (world) => world.know<"created">({ kind: "created", ...image }, null), "unknown: ghcr.io/acme/checkout:1.4.2 does not say when it was built"],
    ["image-age: { at_least: 2h }", (world) => world.know<"created">({ kind: "created", ...image }, 0), "unknown: ghcr.io/acme/checkout:1.4.2 says that it was built in 1970, as reproducible builds do"],
    ["image-age: { at_least: 2h }", (world) => world.cannotKnow({ kind: "created", ...image }, "ghcr.io is down"), "unknown: ghcr.io is down"],
  ])("decide { %s } (%#)", (policies, changes, says) => {
    const world = worldWith(policies, changes);
    expect(toldOf(world, policies.slice(0, policies.indexOf(":")))).toBe(says);
  });

  it("make the planner look again when an image is old enough, and now and then whether it has grown too old", () => {
    const young = worldWith("image-age: { at_least: 2h }", (world) => world.know<"created">({ kind: "created", ...image }, world.now - 2 * HOUR + 60_000));
    expect(planned(young).nextLookAt).toBe(young.now + 60_000);
    const old = worldWith("image-age: { at_most: 90d }", (world) => world.know<"created">({ kind: "created", ...image }, world.now - 2 * HOUR));
    expect(planned(old).nextLookAt).toBeLessThanOrEqual(old.now + HOUR);
  });
});

describe("the error budget of an app", () => {
  /** So many percent of a hundred events a second fail; null: Prometheus is down. */
  const failing = (percent: number | null) => (world: WorldBuilder): void => {
    world.prometheus = ({ expression }) => {
      const seconds = Number(/\[(\d+)s\]/.exec(expression)?.[1]);
      if (percent === null) return null;
      return { kind: "number", value: expression.startsWith("total") ? 100 * seconds : percent * seconds };
    };
  };

  it.each([
    [0, "passed: at least 1 % of the error budget is left, and it does not burn, merged"],
    [0.99, "passed: at least 1 % of the error budget is left, and it does not burn, merged"],
    [1, "waiting: the error budget to recover to 1 % of 30 d"],
    [20, "waiting: the error budget to stop burning"],
    [null, "unknown: the total query over 30 d cannot tell: Prometheus is down"],
  ])("decides when %s percent fail", (percent, says) => {
    expect(toldOf(worldWith("error-budget: {}", failing(percent)), "error-budget")).toBe(says);
  });

  it("is asked for at steps of five minutes", () => {
    const world = worldWith("error-budget: {}", failing(0));
    world.now += 61_000;
    planned(world);
    const step = Math.floor(world.now / 300_000) * 300_000;
    expect([...new Set(world.asked.flatMap((need) => (need.kind === "metric" ? [need.at] : [])))]).toEqual([step]);
    expect(planned(world).nextLookAt).toBeLessThanOrEqual(step + 300_000);
  });
});

describe("drift in the cluster", () => {
  /** What runs in dev is known of, and Argo CD shows it like this. */
  const shown = (status: Partial<ApplicationStatus> | null) => (world: WorldBuilder): void => {
    world.proven("dev", one, world.now - 5 * HOUR, "d");
    world.cluster = (need) => (status === null ? null : [{ status: { ...healthy(world.now), revisions: [need.commit], ...status }, includesCommit: true, pinsAtRevision: "wanted" }]);
  };

  it.each<[status: Partial<ApplicationStatus> | null, says: string]>([
    [{}, "passed: dev runs what Git says, merged"],
    [{ sync: "OutOfSync" }, "waiting: dev to be as Git says: checkout is not as Git says"],
    [{ operating: true }, "waiting: dev to be as Git says: checkout is being synced"],
    [{ sync: "Unknown" }, "unknown: Argo CD cannot tell whether checkout is as Git says"],
    [{ errors: ["repository not found"] }, "unknown: Argo CD cannot compare checkout with Git: repository not found"],
    [{ reconciledAt: null }, "unknown: Argo CD has not compared checkout with Git for an hour; refresh it"],
    [{ reconciledAt: Date.UTC(2026, 10, 22, 7, 59) }, "unknown: Argo CD has not compared checkout with Git for an hour; refresh it"],
    [null, "unknown: Argo CD is down"],
  ])("decides when Argo CD shows %j", (status, says) => {
    expect(toldOf(worldWith("no-drift: {}", shown(status)), "no-drift")).toBe(says);
  });

  it("says nothing where nothing is known to be pinned", () => {
    const world = worldWith("no-drift: {}", (made) => void (made.cluster = () => null));
    expect(toldOf(world, "no-drift")).toBe("none: , merged");
    expect(world.records.some((record) => "commit" in record && record.commit === oid("d"))).toBe(false);
  });
});
