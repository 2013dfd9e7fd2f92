import type { Facts } from "../../src/domain/facts.ts";

/** 2026-11-21 14:00 UTC. */
export const NOW = Date.UTC(2026, 10, 21, 14);
export const HOUR = 3_600_000;

/** Facts of a promotion to prod against which no gate has anything to say, with some of them changed. */
export function soundFacts(changed: Partial<Omit<Facts, "promotion">> & { readonly promotion?: Partial<Facts["promotion"]> } = {}): Facts {
  const { promotion, ...groups } = changed;
  return {
    now: NOW,
    promotion: {
      app: "checkout",
      environment: "prod",
      kind: "promotion",
      origin: "bot",
      requester: "alice",
      version: "1.4.2",
      from_version: "1.4.1",
      first: false,
      every_image_has_digest: true, went_bad: "",
      ...promotion,
    },
    order: { direction: "up", going_back: [] },
    change: { pins_only: true, other_files: [], conflicts: false },
    registry: { missing: [], moved: [] },
    upstream: [{ environment: "staging", verified: true, bad: false, soaked_for: 3 * HOUR, soak: HOUR, soaked_at: NOW - 2 * HOUR, soak_lost: false }],
    approvals: { required: 1, count: 1, by: ["bob"], who: "team sre", ignored: [], changes_requested_by: [] },
    freeze: { active: false, reasons: [] },
    quarantine: { hits: [] },
    rollout: { in_progress: false, version: "", reason: "" },
    paused: { active: false, reason: "" },
    window: { configured: true, open: true, changes_at: NOW + HOUR },
    images: [{ repository: "ghcr.io/acme/checkout", tag: "1.4.2", digest: `sha256:${"a".repeat(64)}` }],
    tags: { moved: [] },
    platforms: { common: ["linux/amd64", "linux/arm64/v8", "linux/arm64"] },
    labels: { any: [] },
    built: { first_at: NOW - 48 * HOUR, last_at: NOW - 48 * HOUR },
    error_budget: { measured: true, left: 80, burning: false },
    upstream_checks: { passed: ["smoke", "github-actions:smoke"], failed: [] },
    source_ci: { commits: ["acme/checkout at abc1234"], failed: [], pending: [] },
    drift: { watched: true, applications: [] },
    ...groups,
  };
}
