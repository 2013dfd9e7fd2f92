import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Facts } from "../../src/domain/facts.ts";
import type { Gate } from "../../src/domain/policy.ts";
import { evaluatePolicies, judge } from "../../src/domain/policy/evaluate.ts";
import { CORE_POLICIES } from "../../src/domain/policy/policy-set.ts";
import { HOUR, NOW, soundFacts } from "./sound-facts.ts";

const shipped = await loadShippedPolicies();
const core = { policies: shipped.policies.filter(({ name }) => CORE_POLICIES.includes(name)) };

function gate(policy: string, facts: Facts): Gate {
  const found = evaluatePolicies(shipped, facts).find((candidate) => candidate.policy === policy);
  if (found === undefined) throw new Error(`no gate ${policy}`);
  return found;
}

function told(policy: string, facts: Facts): string {
  const { result, enforce, reason, ...rest } = gate(policy, facts);
  const until = "until" in rest && rest.until !== null ? ` until ${new Date(rest.until).toISOString()}` : "";
  return `${enforce} ${result}${until}: ${reason}`;
}

const REVERT = { promotion: { kind: "revert" } } as const;
const HOTFIX = { promotion: { kind: "hotfix" } } as const;
const PERSON = { promotion: { origin: "person" } } as const;
const silent = { unknown: "ghcr.io did not answer within 10 s" };
const staging = { environment: "staging", verified: true, bad: false, soaked_for: 3 * HOUR, soak: HOUR, soaked_at: NOW - 2 * HOUR, soak_lost: false };
const approvals = { required: 1, count: 1, by: ["bob"], who: "team sre", ignored: [], changes_requested_by: [], owners_by: [], owners_missing: [] };

describe("the core policies", () => {
  it("are all there, once", () => {
    expect(core.policies.map((policy) => policy.name)).toEqual(CORE_POLICIES);
  });

  it("are each told about in words", () => {
    for (const policy of shipped.policies) {
      expect(policy.description.length, policy.name).toBeGreaterThan(40);
      expect(policy.docs.length, policy.name).toBeGreaterThan(80);
    }
  });

  it("let a sound promotion pass", () => {
    const gates = evaluatePolicies(core, soundFacts());
    expect(gates.filter((one) => one.result !== "pass").map((one) => [one.policy, one.reason])).toEqual([
      ["target-pullable", "does not apply to a promotion"],
    ]);
    expect(judge(gates)).toEqual({ outcome: "pass" });
  });

  // The columns of the table of core gates: what each says where, and how strictly.
  it.each([
    ["approvals", "block", "block", "block", "block"],
    ["digest-served", "block", "block", "block", "block"],
    ["freeze", "block", "-", "-", "block"],
    ["no-downgrade", "block", "warn", "-", "block"],
    ["one-rollout", "block", "warn", "-", "block"],
    ["paused", "block", "block", "-", "block"],
    ["pins-only", "block", "block", "block", "warn"],
    ["quarantine", "block", "block", "block", "block"],
    ["soak", "block", "-", "-", "block"],
    ["target-pullable", "-", "-", "block", "-"],
    ["upstream-verified", "block", "-", "-", "block"],
    ["window", "block", "-", "-", "block"],
  ])("%s judges a promotion %s, a hotfix %s, a revert %s, a person's pull request %s", (policy, ...columns) => {
    const cases = [soundFacts(), soundFacts(HOTFIX), soundFacts(REVERT), soundFacts(PERSON)];
    const enforced = cases.map((facts) => {
      const one = gate(policy, facts);
      return one.result === "not-applicable" ? "-" : one.enforce;
    });
    expect(enforced).toEqual(columns);
  });

  it.each<[policy: string, facts: Facts, says: string]>([
    ["approvals", soundFacts(), "block pass: approved by bob"],
    ["approvals", soundFacts({ approvals: { ...approvals, required: 0, count: 0, by: [] } }), "block pass: no approval is needed"],
    ["approvals", soundFacts({ approvals: { ...approvals, count: 0, by: [] } }), "block wait: 1 approval from team sre"],
    ["approvals", soundFacts({ approvals: { ...approvals, required: 3 } }), "block wait: 2 approvals from team sre"],
    [
      "approvals",
      soundFacts({ approvals: { ...approvals, count: 0, by: [], ignored: ["@alice (asked for this promotion)"] } }),
      "block wait: 1 approval from team sre; not counted: @alice (asked for this promotion)",
    ],
    [
      "approvals",
      soundFacts({ approvals: { ...approvals, required: 0, changes_requested_by: ["carol"] } }),
      "block wait: changes asked for by carol",
    ],
    [
      "approvals",
      soundFacts({ ...REVERT, approvals: { ...approvals, required: 0, count: 0, by: [] } }),
      "block pass: no approval is needed",
    ],
    [
      "approvals",
      soundFacts({ ...HOTFIX, approvals: { ...approvals, required: 0, count: 0, by: [], who: "anyone with write permission" } }),
      "block wait: 1 approval from anyone with write permission",
    ],
    ["approvals", soundFacts({ approvals: { unknown: "team sre is not known" } }), "block unknown: team sre is not known"],

    ["digest-served", soundFacts(), "block pass: the registry has every pinned digest"],
    [
      "digest-served",
      soundFacts({ registry: { missing: [], moved: ["ghcr.io/acme/checkout:1.4.2"] } }),
      "block pass: the registry has every pinned digest; since then another image was pushed as ghcr.io/acme/checkout:1.4.2",
    ],
    [
      "digest-served",
      soundFacts({ registry: { missing: ["ghcr.io/acme/checkout@sha256:0"], moved: [] } }),
      "block fail: the registry does not have ghcr.io/acme/checkout@sha256:0",
    ],
    ["digest-served", soundFacts({ promotion: { every_image_has_digest: false } }), "block fail: an image is pinned without a digest"],
    ["digest-served", soundFacts({ registry: silent }), "block unknown: ghcr.io did not answer within 10 s"],

    ["freeze", soundFacts(), "block pass: prod is not frozen"],
    [
      "freeze",
      soundFacts({ freeze: { active: true, reasons: ["incident 42 (#7)"] } }),
      "block wait: the freeze of prod to end (incident 42 (#7))",
    ],
    ["freeze", soundFacts({ freeze: { unknown: "issues could not be read" } }), "block unknown: issues could not be read"],
    ["freeze", soundFacts({ ...REVERT, freeze: { active: true, reasons: [] } }), "block not-applicable: does not apply to a revert"],

    ["no-downgrade", soundFacts(), "block pass: 1.4.2 is not older than 1.4.1"],
    ["no-downgrade", soundFacts({ promotion: { from_version: "1.4.2" }, order: { direction: "same", going_back: [] } }), "block pass: 1.4.2 is not older than 1.4.2"],
    [
      "no-downgrade",
      soundFacts({ promotion: { from_version: "1.5.0" }, order: { direction: "down", going_back: [] } }),
      "block fail: 1.4.2 is older than 1.5.0, which is pinned in prod",
    ],
    [
      "no-downgrade",
      soundFacts({ promotion: { kind: "hotfix", from_version: "1.5.0" }, order: { direction: "down", going_back: [] } }),
      "warn fail: 1.4.2 is older than 1.5.0, which is pinned in prod",
    ],
    [
      "no-downgrade",
      soundFacts({ order: { direction: "down", going_back: ["ghcr.io/acme/b would go back from 1.2.0 to 1.1.5"] } }),
      "block fail: ghcr.io/acme/b would go back from 1.2.0 to 1.1.5",
    ],
    ["no-downgrade", soundFacts({ promotion: { from_version: "" } }), "block not-applicable: does not apply to this promotion"],
    ["no-downgrade", soundFacts({ order: { direction: "unordered", going_back: [] } }), "block not-applicable: does not apply to this promotion"],
    ["no-downgrade", soundFacts({ order: silent }), "block unknown: ghcr.io did not answer within 10 s"],

    ["one-rollout", soundFacts(), "block pass: no other release is being rolled out"],
    [
      "one-rollout",
      soundFacts({ rollout: { in_progress: true, version: "1.4.1", reason: "" } }),
      "block wait: the rollout of 1.4.1 in prod to finish",
    ],
    [
      "one-rollout",
      soundFacts({ rollout: { in_progress: true, version: "1.4.1", reason: "Argo CD has no such Application" } }),
      "block wait: the rollout of 1.4.1 in prod to finish (Argo CD has no such Application)",
    ],
    ["one-rollout", soundFacts({ rollout: silent }), "block unknown: ghcr.io did not answer within 10 s"],
    ["one-rollout", soundFacts({ ...REVERT, rollout: silent }), "block not-applicable: does not apply to a revert"],

    ["paused", soundFacts(), "block pass: not paused"],
    [
      "paused",
      soundFacts({ paused: { active: true, reason: "the move to a new cluster" } }),
      "block wait: the pause in .github/pinion.yaml to end (the move to a new cluster)",
    ],
    ["paused", soundFacts({ ...REVERT, paused: { active: true, reason: "x" } }), "block not-applicable: does not apply to a revert"],

    ["pins-only", soundFacts(), "block pass: only pins change"],
    [
      "pins-only",
      soundFacts({ change: { pins_only: false, other_files: ["apps/x/deployment.yaml"], conflicts: false } }),
      "block fail: more than pins changes: apps/x/deployment.yaml",
    ],
    [
      "pins-only",
      soundFacts({ ...PERSON, change: { pins_only: false, other_files: ["README.md"], conflicts: false } }),
      "warn fail: more than pins changes: README.md",
    ],
    [
      "pins-only",
      soundFacts({ ...REVERT, change: { pins_only: false, other_files: [".github/pinion/quarantine/checkout-0.yaml"], conflicts: false } }),
      "block pass: only pins and the quarantine change",
    ],
    [
      "pins-only",
      soundFacts({ change: { pins_only: false, other_files: [".github/pinion/quarantine/checkout-0.yaml"], conflicts: false } }),
      "block fail: more than pins changes: .github/pinion/quarantine/checkout-0.yaml",
    ],
    [
      "pins-only",
      soundFacts({ ...REVERT, change: { pins_only: false, other_files: [], conflicts: false } }),
      "block fail: more than pins changes",
    ],
    [
      "pins-only",
      soundFacts({ change: { pins_only: false, other_files: Array.from({ length: 1000 }, (_, n) => `${n}.yaml`), conflicts: false } }),
      "block fail: more than pins changes: 0.yaml, 1.yaml, 2.yaml, 3.yaml, 4.yaml, 5.yaml, 6.yaml, 7.yaml, 8.yaml, 9.yaml and 990 more",
    ],
    [
      "pins-only",
      soundFacts({ change: { pins_only: true, other_files: [], conflicts: true } }),
      "block wait: the conflict with the default branch to be solved",
    ],
    ["pins-only", soundFacts({ change: { unknown: "the merge could not be computed" } }), "block unknown: the merge could not be computed"],

    ["quarantine", soundFacts(), "block pass: it did not go bad, and no image is in quarantine"],
    ["quarantine", soundFacts({ quarantine: { hits: ["sha256:0"] } }), "block fail: 1 image in quarantine: sha256:0"],
    ["quarantine", soundFacts({ quarantine: { unknown: "a file is broken" } }), "block unknown: a file is broken"],

    ["soak", soundFacts(), "block pass: soaked in staging"],
    [
      "soak",
      soundFacts({ upstream: [{ ...staging, soaked_for: 0, soaked_at: NOW + HOUR }] }),
      "block wait until 2026-11-21T15:00:00.000Z: the soak of 1 h in staging",
    ],
    ["soak", soundFacts({ upstream: [{ ...staging, soaked_for: 0, soaked_at: 0 }] }), "block wait: the soak of 1 h in staging"],
    [
      "soak",
      soundFacts({
        upstream: [
          { ...staging, environment: "prod-eu", soaked_for: 0, soaked_at: NOW + HOUR },
          { ...staging, environment: "prod-us", soaked_for: 0, soaked_at: NOW + 2 * HOUR, soak: 2 * HOUR },
          staging,
        ],
      }),
      "block wait until 2026-11-21T16:00:00.000Z: the soak of 1 h in prod-eu and 2 h in prod-us",
    ],
    [
      "soak",
      soundFacts({
        upstream: [
          { ...staging, environment: "prod-eu", soaked_for: 0, soaked_at: 0 },
          { ...staging, environment: "prod-us", soaked_for: 0, soaked_at: NOW + HOUR },
        ],
      }),
      "block wait: the soak of 1 h in prod-eu and 1 h in prod-us",
    ],
    [
      "soak",
      soundFacts({ upstream: [{ ...staging, soaked_for: HOUR / 2, soaked_at: 0, soak_lost: true }] }),
      "block fail: the soak in staging ended too early, because the release was replaced or went bad there",
    ],
    ["soak", soundFacts({ upstream: [] }), "block fail: nothing is known of the environments before prod"],
    ["soak", soundFacts({ upstream: silent }), "block unknown: ghcr.io did not answer within 10 s"],
    ["soak", soundFacts({ promotion: { first: true }, upstream: silent }), "block not-applicable: does not apply to this promotion"],

    ["target-pullable", soundFacts(REVERT), "block pass: the images of 1.4.2 can still be pulled"],
    [
      "target-pullable",
      soundFacts({ ...REVERT, registry: { missing: ["ghcr.io/acme/checkout@sha256:0"], moved: [] } }),
      "block fail: gone from the registry: ghcr.io/acme/checkout@sha256:0",
    ],
    ["target-pullable", soundFacts({ ...REVERT, registry: silent }), "block unknown: ghcr.io did not answer within 10 s"],

    ["upstream-verified", soundFacts(), "block pass: verified in staging"],
    ["upstream-verified", soundFacts({ upstream: [{ ...staging, verified: false }] }), "block wait: verification in staging"],
    ["upstream-verified", soundFacts({ upstream: [{ ...staging, bad: true }] }), "block fail: went bad in staging"],
    [
      "upstream-verified",
      soundFacts({ upstream: [{ ...staging, verified: false }, { ...staging, environment: "canary", bad: true }] }),
      "block fail: went bad in canary",
    ],
    ["upstream-verified", soundFacts({ upstream: [] }), "block fail: nothing is known of the environments before prod"],
    ["upstream-verified", soundFacts({ upstream: silent }), "block unknown: ghcr.io did not answer within 10 s"],
    [
      "upstream-verified",
      soundFacts({ promotion: { first: true }, upstream: [] }),
      "block not-applicable: does not apply to this promotion",
    ],
    ["upstream-verified", soundFacts({ ...HOTFIX, upstream: silent }), "block not-applicable: does not apply to a hotfix"],

    ["window", soundFacts(), "block pass: prod is open until 2026-11-21 15:00 UTC"],
    ["window", soundFacts({ window: { configured: true, open: true, changes_at: 0 } }), "block pass: prod is open"],
    ["window", soundFacts({ window: { configured: true, open: false, changes_at: NOW + HOUR } }), "block wait until 2026-11-21T15:00:00.000Z: a window of prod to open"],
    ["window", soundFacts({ window: { configured: true, open: false, changes_at: 0 } }), "block wait: a window of prod to open (none is in sight: see `windows:` in .github/pinion.yaml)"],
    ["window", soundFacts({ window: { configured: false, open: true, changes_at: 0 } }), "block not-applicable: does not apply to this promotion"],
    ["window", soundFacts({ ...REVERT, window: { configured: true, open: false, changes_at: 0 } }), "block not-applicable: does not apply to a revert"],
    ["window", soundFacts({ ...HOTFIX, window: { configured: true, open: false, changes_at: 0 } }), "block not-applicable: does not apply to a hotfix"],
  ])("%s (%#)", (policy, facts, says) => {
    expect(told(policy, facts)).toBe(says);
  });

  it("say the same an hour later when nothing has happened", () => {
    const soaking = { ...staging, soak: 4 * HOUR, soaked_at: NOW + 3 * HOUR };
    const early = soundFacts({ upstream: [{ ...soaking, soaked_for: HOUR }] });
    const late = soundFacts({ now: NOW + HOUR, upstream: [{ ...soaking, soaked_for: 2 * HOUR }] });
    expect(evaluatePolicies(shipped, late)).toEqual(evaluatePolicies(shipped, early));
  });

  it.each([
    ["promotion", ["change", "registry", "upstream", "approvals", "freeze", "quarantine", "rollout"]],
    ["revert", ["change", "registry", "approvals", "quarantine"]],
  ] as const)("hold a %s back while any of %j is unknown", (kind, groups) => {
    for (const group of groups) {
      const gates = evaluatePolicies(shipped, soundFacts({ promotion: { kind }, [group]: silent }));
      expect(judge(gates).outcome, group).toBe("unknown");
    }
  });
});
