import type { Facts } from "../facts.ts";

/** 2026-11-21 14:00 UTC. */
const NOW = Date.UTC(2026, 10, 21, 14);
const HOUR = 3_600_000;

/** A promotion to prod against which no core policy has anything to say: what the cases of policies are laid over. */
export const SOUND_FACTS: Facts = {
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
    every_image_has_digest: true,
    went_bad: "",
  },
  order: { direction: "up", going_back: [] },
  change: { pins_only: true, other_files: [], conflicts: false },
  manifests: [
    {
      file: "apps/checkout/overlays/prod/kustomization.yaml",
      document: 1,
      content: { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" },
    },
  ],
  registry: { missing: [], moved: [] },
  upstream: [{ environment: "staging", verified: true, bad: false, soaked_for: 3 * HOUR, soak: HOUR, soaked_at: NOW - 2 * HOUR, soak_lost: false }],
  approvals: { required: 1, count: 1, by: ["bob"], who: "team sre", ignored: [], changes_requested_by: [], owners_by: [], owners_missing: [] },
  approvers: [{ login: "bob", teams: [] }],
  freeze: { active: false, reasons: [] },
  quarantine: { hits: [] },
  rollout: { in_progress: false, version: "", reason: "" },
  signatures: [{ image: "ghcr.io/acme/checkout", by: ["ci"], problem: "" }],
  provenance: [
    {
      image: "ghcr.io/acme/checkout",
      by: ["ci"],
      builder: "https://github.com/actions/runner/github-hosted",
      source: "https://github.com/acme/checkout",
      parameters: [],
      problem: "",
    },
  ],
  sboms: [{ image: "ghcr.io/acme/checkout", format: "spdx", by: ["ci"], problem: "" }],
  scans: [{ image: "ghcr.io/acme/checkout", by: ["ci"], at: NOW - 24 * HOUR, patched_criticals: [], problem: "" }],
  paused: { active: false, reason: "" },
  window: { configured: true, open: true, changes_at: NOW + HOUR },
  images: [{ repository: "ghcr.io/acme/checkout", tag: "1.4.2", digest: `sha256:${"a".repeat(64)}` }],
  tags: { moved: [] },
  platforms: { common: ["linux/amd64", "linux/arm64/v8", "linux/arm64"] },
  labels: { any: [] },
  built: { first_at: NOW - 48 * HOUR, last_at: NOW - 48 * HOUR },
  error_budget: { measured: true, period: 30 * 24 * HOUR, left: 80, burning: false },
  upstream_checks: { passed: ["smoke", "github-actions:smoke"], failed: [] },
  source_ci: { commits: ["acme/checkout at abc1234"], failed: [], pending: [] },
  drift: { watched: true, applications: [] },
};
