import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Digest } from "../../src/domain/release.ts";
import { HEALTHY_FOR, verdictOf } from "../../src/domain/rollout.ts";
import type { ApplicationStatus, ObservedApplication, Verdict, WantedRollout } from "../../src/domain/rollout.ts";

const T0 = Date.UTC(2026, 0, 5, 10, 0, 0);
const COMMIT = "c".repeat(40);
const LATER = "d".repeat(40);
const NEW: Digest = `sha256:${"1".repeat(64)}`;
const OLD: Digest = `sha256:${"2".repeat(64)}`;
const WANTED: WantedRollout = { commit: COMMIT, mergedAt: T0, images: [{ repository: "ghcr.io/acme/checkout", digest: NEW }] };
/** Long after everything below has settled. */
const NOW = T0 + 600_000;

type Operation = NonNullable<ApplicationStatus["operation"]>;

const SYNCED: Operation = {
  phase: "Succeeded",
  message: "successfully synced (all tasks run)",
  finishedAt: T0 + 60_000,
  revisions: [COMMIT],
  partial: false,
};

/** Deployed, in every respect; a test changes the one thing that it is about. */
function status(change: Partial<ApplicationStatus> = {}): ApplicationStatus {
  return {
    name: "checkout-prod",
    sync: "Synced",
    revisions: [COMMIT],
    health: "Healthy",
    healthSince: T0 + 90_000,
    reconciledAt: T0 + 120_000,
    operating: false,
    operation: SYNCED,
    errors: [],
    syncError: null,
    automated: true,
    images: [`ghcr.io/acme/checkout:1.4.2@${NEW}`],
    ...change,
  };
}

function observed(change: Partial<ApplicationStatus> = {}, git: Partial<Omit<ObservedApplication, "status">> = {}): ObservedApplication {
  return { status: status(change), includesCommit: true, pinsAtRevision: "wanted", ...git };
}

function failed(message: string, change: Partial<Operation> = {}): Partial<ApplicationStatus> {
  return { operation: { ...SYNCED, phase: "Failed", message, ...change } };
}

describe("the verdict of one Application", () => {
  it.each<[string, ObservedApplication, Verdict["verdict"], RegExp]>([
    ["all is well", observed(), "deployed", /synced at c{7} and healthy since 2026-01-05T10:01:30Z/],
    ["a descendant is deployed", observed({ revisions: [LATER], operation: { ...SYNCED, revisions: [LATER] } }), "deployed", /at d{7}/],
    ["no operation was ever needed", observed({ operation: null }), "deployed", /healthy/],

    ["a condition tells of an error", observed({ errors: ["ComparisonError: no route to host"] }), "unknown", /no route to host/],
    ["an error hides that it is degraded", observed({ errors: ["InvalidSpecError: x"], health: "Degraded" }), "unknown", /InvalidSpec/],
    ["an error hides a failed sync", observed({ errors: ["ComparisonError: x"], ...failed("apply failed") }), "unknown", /Comparison/],
    ["sync is unknown", observed({ sync: "Unknown" }), "unknown", /in sync/],
    ["health is unknown", observed({ health: "Unknown" }), "unknown", /healthy/],

    ["an operation runs", observed({ operating: true }), "pending", /being synced/],
    ["an attempt failed and is retried", observed({ operating: true, ...failed("retrying", { phase: "Running" }) }), "pending", /retrying/],
    [
      "a sync window is closed",
      observed({ operating: true, ...failed("Sync operation blocked by sync window", { phase: "Running", finishedAt: null }) }),
      "blocked",
      /sync window/,
    ],

    ["never compared", observed({ reconciledAt: null }), "stale", /not looked/],
    ["compared before the merge", observed({ reconciledAt: T0 - 1_000, operation: null }), "stale", /before 2026-01-05T10:00:00Z/],
    ["compared before the sync ended", observed({ reconciledAt: T0 + 59_000 }), "stale", /before 2026-01-05T10:01:00Z/],
    ["stale hides that it is degraded", observed({ reconciledAt: T0 - 1_000, health: "Degraded" }), "stale", /last compared/],
    ["stale hides a failed sync", observed({ reconciledAt: T0 + 1_000, ...failed("apply failed") }), "stale", /last compared/],
    ["compared in the second in which the sync ended", observed({ reconciledAt: T0 + 60_000 }), "deployed", /healthy/],

    ["the compared revision is not named", observed({ revisions: [] }), "unknown", /which commit/],
    ["Git cannot tell", observed({ revisions: ["main"] }, { includesCommit: null }), "unknown", /main .* includes c{7}/],
    ["the commit is not there yet", observed({ revisions: [LATER] }, { includesCommit: false }), "pending", /does not include c{7} yet/],
    ["degraded at an older commit", observed({ health: "Degraded" }, { includesCommit: false }), "pending", /does not include/],
    ["failed at an older commit", observed(failed("apply failed"), { includesCommit: false }), "pending", /does not include/],
    ["what is pinned cannot be told", observed({}, { pinsAtRevision: "unknown" }), "unknown", /cannot be told/],
    ["another release is pinned by now", observed({}, { pinsAtRevision: "other" }), "superseded", /another release/],
    ["another release fails", observed(failed("apply failed"), { pinsAtRevision: "other" }), "superseded", /another release/],
    ["another release is degraded", observed({ health: "Degraded" }, { pinsAtRevision: "other" }), "superseded", /another release/],

    ["only a part was synced", observed({ operation: { ...SYNCED, partial: true } }), "pending", /dry run or of selected/],
    ["only a part failed to sync", observed(failed("apply failed", { partial: true })), "pending", /dry run or of selected/],
    ["drift was repaired later", observed({ operation: { ...SYNCED, selfHeal: true } }), "deployed", /healthy/],
    ["drift could not be repaired", observed(failed("denied", { selfHeal: true })), "pending", /self-heal .* failed: denied/],
    ["the sync failed", observed(failed("admission webhook denied")), "sync-failed", /admission webhook denied/],
    ["the sync ended in an error", observed(failed("boom", { phase: "Error" })), "sync-failed", /boom/],
    ["a condition tells of the failed sync too", observed({ ...failed("denied"), syncError: "Failed last sync" }), "sync-failed", /denied/],
    [
      "the sync failed at a commit since overtaken",
      observed({ revisions: [LATER], sync: "OutOfSync", ...failed("denied", { revisions: [COMMIT] }) }),
      "sync-failed",
      /denied/,
    ],
    [
      "an older commit failed to sync",
      observed({ sync: "OutOfSync", ...failed("denied", { revisions: ["a".repeat(40)] }) }),
      "pending",
      /out of sync/,
    ],
    ["manifests could not be made", observed(failed("ComparisonError: down", { phase: "Error" })), "unknown", /could not start/],
    ["a descendant failed to sync", observed({ ...failed("denied", { revisions: [LATER] }), revisions: [LATER] }), "sync-failed", /denied/],
    ["an operation has no end", observed({ operation: { ...SYNCED, finishedAt: null } }), "pending", /being synced/],
    ["a failed operation has no end", observed(failed("denied", { finishedAt: null })), "pending", /being synced/],
    ["somebody ended the sync", observed(failed("Operation terminated")), "blocked", /terminated/],

    ["degraded", observed({ health: "Degraded" }), "degraded", /since 2026-01-05T10:01:30Z/],
    ["degraded, without an operation", observed({ health: "Degraded", operation: null }), "degraded", /degraded/],
    ["degraded since nobody knows when", observed({ health: "Degraded", healthSince: null }), "unknown", /since when/],
    ["the old version is degraded", observed({ health: "Degraded", sync: "OutOfSync", operation: null }), "pending", /out of sync/],
    [
      "degraded, out of sync, and nothing was applied yet",
      observed({ health: "Degraded", sync: "OutOfSync", operation: { ...SYNCED, revisions: ["a".repeat(40)] } }),
      "pending",
      /out of sync/,
    ],
    ["degraded, and drifting for ever", observed({ health: "Degraded", sync: "OutOfSync" }), "degraded", /degraded/],

    ["out of sync, and synced by hand only", observed({ sync: "OutOfSync", automated: false }), "blocked", /by hand/],
    ["out of sync, and Argo CD will not", observed({ sync: "OutOfSync", syncError: "would wipe out all" }), "blocked", /wipe out/],
    ["out of sync, soon to be synced", observed({ sync: "OutOfSync" }), "pending", /out of sync/],

    ["progressing", observed({ health: "Progressing" }), "pending", /progressing/],
    ["suspended", observed({ health: "Suspended" }), "pending", /suspended/],
    ["missing", observed({ health: "Missing" }), "pending", /missing/],
  ])("%s", (_, application, verdict, reason) => {
    const answer = verdictOf([application], WANTED, NOW);
    expect(answer.verdict).toBe(verdict);
    expect(answer.reason).toMatch(reason);
  });

  it("says since when it is degraded", () => {
    expect(verdictOf([observed({ health: "Degraded" })], WANTED, NOW)).toMatchObject({ since: T0 + 90_000 });
  });

  it("lets a comparison count that is from the second of the merge", () => {
    const wanted = { ...WANTED, mergedAt: T0 + 700 };
    expect(verdictOf([observed({ operation: null, reconciledAt: T0 })], wanted, NOW).verdict).toBe("deployed");
    expect(verdictOf([observed({ operation: null, reconciledAt: T0 - 1_000 })], wanted, NOW).verdict).toBe("stale");
  });
});

describe("health must last", () => {
  it.each<[string, Partial<ApplicationStatus>, number]>([
    ["counted from the change of health", {}, T0 + 90_000],
    ["counted from the end of the sync if that is later", { healthSince: T0 - 5_000 }, T0 + 60_000],
    ["counted from the last comparison where Argo CD does not tell", { healthSince: null }, T0 + 120_000],
  ])("%s", (_, change, since) => {
    // One second more, because times are cut off to whole seconds.
    const until = since + 1_000 + 10_000;
    expect(verdictOf([observed(change)], WANTED, until - 1)).toMatchObject({ verdict: "pending", until });
    expect(verdictOf([observed(change)], WANTED, until)).toMatchObject({ verdict: "deployed" });
  });

  it("waits while the time of the change lies ahead", () => {
    const ahead = NOW + 3_600_000;
    expect(verdictOf([observed({ healthSince: ahead })], WANTED, NOW)).toMatchObject({ verdict: "pending" });
  });
});

describe("what the pods show", () => {
  const image = { repository: "ghcr.io/acme/checkout", digest: NEW };
  const sidecar = { repository: "docker.io/library/envoy", digest: NEW };

  it.each<[string, readonly string[], WantedRollout["images"], Verdict["verdict"]]>([
    ["nothing at all", [], [image], "deployed"],
    ["the new digest", [`ghcr.io/acme/checkout:1.4.2@${NEW}`], [image], "deployed"],
    ["the new digest beside the old", [`ghcr.io/acme/checkout@${OLD}`, `ghcr.io/acme/checkout@${NEW}`], [image], "deployed"],
    ["only the old digest", [`ghcr.io/acme/checkout:1.4.1@${OLD}`], [image], "pending"],
    ["only a tag", ["ghcr.io/acme/checkout:1.4.2"], [image], "pending"],
    ["other images only", [`envoy@${OLD}`], [image], "deployed"],
    ["one of two images not yet", [`ghcr.io/acme/checkout@${NEW}`, `envoy@${OLD}`], [image, sidecar], "pending"],
    ["something that is no image", ["%%"], [image], "deployed"],
  ])("%s", (_, images, wantedImages, verdict) => {
    const wanted = { ...WANTED, images: wantedImages };
    expect(verdictOf([observed({ images })], wanted, NOW).verdict).toBe(verdict);
  });
});

describe("several Applications", () => {
  const kinds: Record<Verdict["verdict"], ObservedApplication> = {
    "sync-failed": observed(failed("denied")),
    degraded: observed({ health: "Degraded" }),
    unknown: observed({ sync: "Unknown" }),
    blocked: observed({ sync: "OutOfSync", automated: false }),
    superseded: observed({}, { pinsAtRevision: "other" }),
    stale: observed({ reconciledAt: null }),
    pending: observed({ health: "Progressing" }),
    deployed: observed(),
  };
  const order = Object.keys(kinds) as Verdict["verdict"][];

  it("answers with the worst, whatever their order", () => {
    for (const [index, worse] of order.entries()) {
      for (const better of order.slice(index)) {
        expect(verdictOf([kinds[worse], kinds[better]], WANTED, NOW).verdict).toBe(worse);
        expect(verdictOf([kinds[better], kinds[worse]], WANTED, NOW).verdict).toBe(worse);
      }
    }
  });

  it("does not know of an app without Applications", () => {
    expect(verdictOf([], WANTED, NOW).verdict).toBe("unknown");
  });

  it("waits for the last of them to settle", () => {
    const early = observed({ healthSince: NOW - 5_000 });
    const late = observed({ healthSince: NOW - 1_000 });
    expect(verdictOf([early, late], WANTED, NOW)).toMatchObject({ verdict: "pending", until: NOW + HEALTHY_FOR });
    // One that waits for the cluster, not for the time, has no such moment.
    expect(verdictOf([early, kinds.pending], WANTED, NOW)).toMatchObject({ verdict: "pending", until: null });
  });

  it("is degraded for as long as the first of them", () => {
    const first = observed({ health: "Degraded", healthSince: T0 + 1_000 });
    expect(verdictOf([kinds.degraded, first], WANTED, NOW)).toMatchObject({ since: T0 + 1_000 });
  });
});

describe("when a rollout began", () => {
  const HOUR = 3_600_000;
  const LATE = T0 + 5 * HOUR;
  const waits = (operation: Partial<Operation> | null, change: Partial<ApplicationStatus> = {}) =>
    observed({ health: "Progressing", reconciledAt: LATE, operation: operation === null ? null : { ...SYNCED, ...operation }, ...change });
  const before = { startedAt: T0 - HOUR, finishedAt: T0 - HOUR };
  const done = observed({ reconciledAt: LATE, operation: { ...SYNCED, ...before } });

  it.each<[string, readonly ObservedApplication[], number | undefined]>([
    ["its sync began", [waits({ startedAt: T0 + HOUR })], T0 + HOUR],
    ["its sync began in the second of the merge", [waits({ startedAt: T0 - 999 })], T0 - 999],
    ["a later sync is not the first", [waits({ startedAt: T0 + 2 * HOUR }, { syncedFrom: [T0 - HOUR, T0 + HOUR, T0 + 2 * HOUR] })], T0 + HOUR],
    ["a self-heal is not the first", [waits({ startedAt: LATE, selfHeal: true }, { syncedFrom: [T0 + HOUR] })], T0 + HOUR],
    ["a self-heal is all that is known, so since the merge", [waits({ startedAt: LATE, selfHeal: true })], T0],
    ["nothing is known, but all is applied, so since the merge", [waits(null)], T0],
    ["the last sync is from before, but all is applied", [waits(before)], T0],
    ["it waits for its sync", [waits(before, { sync: "OutOfSync" })], undefined],
    ["it is at another commit", [{ ...waits({ startedAt: T0 + HOUR }), includesCommit: false }], undefined],
    ["another is done, and was not touched", [waits({ startedAt: T0 + HOUR }), done], T0 + HOUR],
    ["the last of two began", [waits({ startedAt: T0 + 2 * HOUR }), waits({ startedAt: T0 + HOUR })], T0 + 2 * HOUR],
    ["one of two has not begun", [waits({ startedAt: T0 + HOUR }), waits(before, { sync: "OutOfSync" })], undefined],
  ])("%s", (_, applications, begunAt) => {
    const verdict = verdictOf(applications, WANTED, LATE + 60_000);
    expect(verdict.verdict).toBe("pending");
    expect(verdict.verdict === "pending" ? verdict.begunAt : null).toBe(begunAt);
  });
});

describe("whatever Argo CD answers", () => {
  const instant = fc.integer({ min: T0 - 1_000_000, max: T0 + 1_000_000 });
  const revision = fc.constantFrom(COMMIT, LATER, "main", "");
  const operation = fc.record({
    phase: fc.constantFrom("Running", "Terminating", "Succeeded", "Failed", "Error" as const),
    message: fc.constantFrom("", "denied", "Operation terminated", "ComparisonError: x"),
    finishedAt: fc.option(instant),
    revisions: fc.array(revision, { maxLength: 2 }),
    partial: fc.boolean(),
    selfHeal: fc.boolean(),
  });
  const anything: fc.Arbitrary<ObservedApplication> = fc.record({
    status: fc.record({
      name: fc.constant("app"),
      sync: fc.constantFrom("Synced", "OutOfSync", "Unknown" as const),
      revisions: fc.array(revision, { maxLength: 2 }),
      health: fc.constantFrom("Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown" as const),
      healthSince: fc.option(instant),
      reconciledAt: fc.option(instant),
      operating: fc.boolean(),
      operation: fc.option(operation),
      errors: fc.array(fc.string(), { maxLength: 1 }),
      syncError: fc.option(fc.string(), { nil: null }),
      automated: fc.boolean(),
      images: fc.array(fc.constantFrom(`ghcr.io/a/b@${NEW}`, `ghcr.io/a/b@${OLD}`, "junk%"), { maxLength: 2 }),
    }),
    includesCommit: fc.constantFrom(true, false, null),
    pinsAtRevision: fc.constantFrom("wanted", "other", "unknown" as const),
  });
  /** A deployed one with some of its fields replaced by anything: far more telling than fields that are all random. */
  const application: fc.Arbitrary<ObservedApplication> = fc
    .tuple(anything, fc.subarray(Object.keys(status()) as (keyof ApplicationStatus)[], { maxLength: 3 }), fc.boolean())
    .map(([any, keys, gitToo]) => ({
      ...(gitToo ? any : observed()),
      status: { ...status(), ...Object.fromEntries(keys.map((key) => [key, any.status[key]])) },
    }));
  const final = new Set<Verdict["verdict"]>(["deployed", "degraded", "sync-failed"]);

  it("concludes nothing from what is unknown", () => {
    const unknowns: fc.Arbitrary<ObservedApplication> = fc
      .tuple(application, fc.integer({ min: 0, max: 6 }))
      .map(([one, what]) => {
        const changes: readonly ObservedApplication[] = [
          { ...one, includesCommit: null },
          { ...one, pinsAtRevision: "unknown" },
          { ...one, status: { ...one.status, sync: "Unknown" } },
          { ...one, status: { ...one.status, health: "Unknown" } },
          { ...one, status: { ...one.status, reconciledAt: null } },
          { ...one, status: { ...one.status, revisions: [] } },
          { ...one, status: { ...one.status, errors: ["UnknownError: stale"] } },
        ];
        return changes[what] ?? one;
      });
    fc.assert(
      fc.property(fc.array(unknowns, { maxLength: 3 }), instant, (applications, now) => {
        expect(final.has(verdictOf(applications, WANTED, now).verdict)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it("calls deployed only what is synced, healthy, compared after the merge and pins the release, in every Application", () => {
    let seen = 0;
    fc.assert(
      fc.property(fc.array(application, { maxLength: 3 }), instant, (applications, now) => {
        if (verdictOf(applications, WANTED, now).verdict !== "deployed") return;
        seen += 1;
        expect(applications.length).toBeGreaterThan(0);
        for (const { status: one, includesCommit, pinsAtRevision } of applications) {
          expect(one).toMatchObject({ sync: "Synced", health: "Healthy", operating: false, errors: [] });
          expect({ includesCommit, pinsAtRevision }).toEqual({ includesCommit: true, pinsAtRevision: "wanted" });
          expect((one.reconciledAt ?? 0) + 1_000).toBeGreaterThan(Math.max(T0, one.operation?.finishedAt ?? 0));
          expect(now).toBeGreaterThanOrEqual((one.healthSince ?? one.reconciledAt ?? 0) + HEALTHY_FOR);
        }
      }),
      { numRuns: 10_000 },
    );
    expect(seen).toBeGreaterThan(50);
  });

  it("calls nothing bad that runs at another commit or pins another release", () => {
    let seen = 0;
    fc.assert(
      fc.property(application, instant, (one, now) => {
        const { verdict } = verdictOf([one], WANTED, now);
        if (verdict !== "degraded" && verdict !== "sync-failed") return;
        seen += 1;
        expect(one).toMatchObject({ includesCommit: true, pinsAtRevision: "wanted", status: { errors: [], operating: false } });
      }),
      { numRuns: 20_000 },
    );
    expect(seen).toBeGreaterThan(50);
  });
});
