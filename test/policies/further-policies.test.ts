import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Facts } from "../../src/domain/facts.ts";
import { evaluatePolicies } from "../../src/domain/policy/evaluate.ts";
import type { GivenParameters } from "../../src/domain/policy/parameters.ts";
import { CORE_POLICIES } from "../../src/domain/policy/policy-set.ts";
import type { YamlValue } from "../../src/domain/yaml-document.ts";
import { HOUR, NOW, soundFacts } from "./sound-facts.ts";

const shipped = await loadShippedPolicies();
const further = shipped.policies.filter(({ name }) => !CORE_POLICIES.includes(name)).map(({ name }) => name);

type Given = Readonly<Record<string, YamlValue>>;

/** What a policy says that the configuration names with these parameters; `null` names it not. */
function told(policy: string, facts: Facts, given: Given | null): string {
  const configured = new Map<string, GivenParameters>(given === null ? [] : [[policy, new Map(Object.entries(given))]]);
  const gate = evaluatePolicies(shipped, facts, configured).find((one) => one.policy === policy);
  if (gate === undefined) throw new Error(`no gate ${policy}`);
  const until = gate.result === "wait" && gate.until !== null ? ` until ${new Date(gate.until).toISOString()}` : "";
  return `${gate.enforce} ${gate.result}${until}: ${gate.reason}`;
}

const DAY = 24 * HOUR;
const REVERT = { promotion: { kind: "revert" } } as const;
const HOTFIX = { promotion: { kind: "hotfix" } } as const;
const silent = { unknown: "ghcr.io did not answer within 10 s" };
const image = (repository: string) => ({ repository, tag: "1.4.2", digest: `sha256:${"a".repeat(64)}` });
const approvals = { required: 1, count: 1, by: ["bob"], who: "team sre", ignored: [], changes_requested_by: [], owners_by: [], owners_missing: [] };
const irreversible = { labels: { any: ["org.pinion.irreversible=true"] } };

describe("the policies that the configuration names", () => {
  it.each(further)("%s judges nothing until it is named", (policy) => {
    expect(told(policy, soundFacts(), null)).toBe("block not-applicable: not named under `policies:` of .github/pinion.yaml, neither for prod nor for all environments");
  });

  it.each<[policy: string, facts: Facts, given: Given, says: string]>([
    ["moved-tag", soundFacts(), {}, "block pass: no tag of the release has moved"],
    ["moved-tag", soundFacts({ tags: { moved: ["ghcr.io/acme/checkout:1.4.2"] } }), {}, "block fail: another image was pushed as ghcr.io/acme/checkout:1.4.2"],
    ["moved-tag", soundFacts({ tags: silent }), {}, "block unknown: ghcr.io did not answer within 10 s"],
    ["moved-tag", soundFacts({ ...REVERT, tags: silent }), {}, "block not-applicable: does not apply to a revert"],

    ["allowed-registries", soundFacts(), { allowed: ["ghcr.io/acme"] }, "block pass: 1 image from what is allowed"],
    ["allowed-registries", soundFacts(), { allowed: ["ghcr.io"] }, "block pass: 1 image from what is allowed"],
    ["allowed-registries", soundFacts(), { allowed: ["docker.io", "ghcr.io/acme/checkout"] }, "block pass: 1 image from what is allowed"],
    ["allowed-registries", soundFacts(), { allowed: ["ghcr.io/acme/"] }, "block pass: 1 image from what is allowed"],
    ["allowed-registries", soundFacts(), { allowed: ["ghcr.io/acm"] }, "block fail: not from what is allowed: ghcr.io/acme/checkout"],
    ["allowed-registries", soundFacts(), { allowed: ["ghcr.io/acme/checkout/more"] }, "block fail: not from what is allowed: ghcr.io/acme/checkout"],
    ["allowed-registries", soundFacts(), { allowed: ["", "/", "acme/checkout"] }, "block fail: not from what is allowed: ghcr.io/acme/checkout"],
    [
      "allowed-registries",
      soundFacts({ images: [image("ghcr.io/acme/checkout"), image("ghcr.io/acme-evil/sidecar")] }),
      { allowed: ["ghcr.io/acme"] },
      "block fail: not from what is allowed: ghcr.io/acme-evil/sidecar",
    ],
    ["allowed-registries", soundFacts({ images: [] }), { allowed: ["ghcr.io"] }, "block fail: it pins no image"],
    ["allowed-registries", soundFacts(), {}, "block unknown: the policy cannot be used: the configuration does not give its parameter allowed"],
    ["allowed-registries", soundFacts(), { allowed: [] }, "block unknown: the policy cannot be used: its parameter allowed must be at least 1 entries"],
    ["allowed-registries", soundFacts({ ...REVERT, images: [image("evil.example/app")] }), { allowed: ["ghcr.io"] }, "block fail: not from what is allowed: evil.example/app"],

    ["image-age", soundFacts(), {}, "block pass: built 2026-11-19 14:00 UTC"],
    ["image-age", soundFacts(), { at_least: "2d" }, "block pass: built 2026-11-19 14:00 UTC"],
    ["image-age", soundFacts({ now: NOW - 1 }), { at_least: "2d" }, "block wait until 2026-11-21T14:00:00.000Z: the image to be 2 d old"],
    ["image-age", soundFacts({ built: { first_at: NOW - 9 * DAY, last_at: NOW - HOUR } }), { at_least: "2h" }, "block wait until 2026-11-21T15:00:00.000Z: the image to be 2 h old"],
    ["image-age", soundFacts(), { at_most: "2d" }, "block pass: built 2026-11-19 14:00 UTC"],
    ["image-age", soundFacts({ now: NOW + 1 }), { at_most: "2d" }, "block fail: built 2026-11-19 14:00 UTC, and so more than 2 d ago"],
    ["image-age", soundFacts({ built: { first_at: NOW - 9 * DAY, last_at: NOW } }), { at_least: "1h", at_most: "8d" }, "block fail: built 2026-11-12 14:00 UTC, and so more than 8 d ago"],
    ["image-age", soundFacts({ built: { first_at: NOW - 9 * DAY, last_at: NOW - HOUR } }), { at_most: "10d" }, "block pass: built from 2026-11-12 14:00 UTC to 2026-11-21 13:00 UTC"],
    ["image-age", soundFacts({ ...HOTFIX, built: { first_at: NOW, last_at: NOW } }), { at_least: "1h" }, "warn wait until 2026-11-21T15:00:00.000Z: the image to be 1 h old"],
    ["image-age", soundFacts({ built: silent }), { at_least: "1h" }, "block unknown: ghcr.io did not answer within 10 s"],
    ["image-age", soundFacts({ ...REVERT, built: silent }), { at_least: "1h" }, "block not-applicable: does not apply to a revert"],

    ["platforms", soundFacts(), { required: ["linux/amd64", "linux/arm64"] }, "block pass: for linux/amd64, linux/arm64"],
    ["platforms", soundFacts(), { required: ["linux/arm64/v8"] }, "block pass: for linux/arm64/v8"],
    ["platforms", soundFacts(), { required: ["linux/amd64", "linux/arm/v7", "linux/s390x"] }, "block fail: not every image is for linux/arm/v7, linux/s390x"],
    ["platforms", soundFacts({ platforms: { common: [] } }), { required: ["linux/amd64"] }, "block fail: not every image is for linux/amd64"],
    ["platforms", soundFacts({ platforms: silent }), { required: ["linux/amd64"] }, "block unknown: ghcr.io did not answer within 10 s"],
    ["platforms", soundFacts(), {}, "block unknown: the policy cannot be used: the configuration does not give its parameter required"],

    ["error-budget", soundFacts(), {}, "block pass: at least 1 % of the error budget is left, and it does not burn"],
    ["error-budget", soundFacts(), { at_least: 80 }, "block pass: at least 80 % of the error budget is left, and it does not burn"],
    ["error-budget", soundFacts(), { at_least: 81 }, "block wait: the error budget to recover to 81 % of 30 d"],
    ["error-budget", soundFacts({ error_budget: { measured: true, period: 2_592_000_000, left: 0, burning: false } }), {}, "block wait: the error budget to recover to 1 % of 30 d"],
    ["error-budget", soundFacts({ error_budget: { measured: true, period: 2_592_000_000, left: 99, burning: true } }), {}, "block wait: the error budget to stop burning"],
    ["error-budget", soundFacts({ error_budget: { measured: false, period: 0, left: 0, burning: false } }), {}, "block not-applicable: does not apply to this promotion"],
    ["error-budget", soundFacts({ error_budget: { unknown: "Prometheus is down" } }), {}, "block unknown: Prometheus is down"],
    ["error-budget", soundFacts({ ...HOTFIX, error_budget: { measured: true, period: 2_592_000_000, left: 0, burning: true } }), {}, "block not-applicable: does not apply to a hotfix"],

    ["no-drift", soundFacts(), {}, "block pass: prod runs what Git says"],
    ["no-drift", soundFacts({ drift: { watched: true, applications: ["checkout-prod is not as Git says"] } }), {}, "block wait: prod to be as Git says: checkout-prod is not as Git says"],
    ["no-drift", soundFacts({ drift: { watched: false, applications: [] } }), {}, "block not-applicable: does not apply to this promotion"],
    ["no-drift", soundFacts({ drift: { unknown: "Argo CD is down" } }), {}, "block unknown: Argo CD is down"],
    ["no-drift", soundFacts({ ...REVERT, drift: { unknown: "Argo CD is down" } }), {}, "block not-applicable: does not apply to a revert"],

    ["upstream-check", soundFacts(), { checks: ["smoke"] }, "block pass: passed before: smoke"],
    ["upstream-check", soundFacts(), { checks: ["smoke", "load"] }, "block wait: to pass before: load"],
    ["upstream-check", soundFacts({ upstream_checks: { passed: ["smoke"], failed: ["load"] } }), { checks: ["smoke", "load"] }, "block fail: failed before: load"],
    ["upstream-check", soundFacts({ upstream_checks: { passed: ["smoke"], failed: ["load"] } }), { checks: ["smoke"] }, "block pass: passed before: smoke"],
    ["upstream-check", soundFacts({ upstream_checks: { unknown: "GitHub is down" } }), { checks: ["smoke"] }, "block unknown: GitHub is down"],
    ["upstream-check", soundFacts({ promotion: { first: true } }), { checks: ["smoke"] }, "block not-applicable: does not apply to this promotion"],
    ["upstream-check", soundFacts(), {}, "block unknown: the policy cannot be used: the configuration does not give its parameter checks"],

    ["source-ci", soundFacts(), {}, "block pass: every check of acme/checkout at abc1234 has passed"],
    ["source-ci", soundFacts({ source_ci: { commits: [], failed: ["test of acme/checkout at abc1234"], pending: ["x"] } }), {}, "block fail: failed: test of acme/checkout at abc1234"],
    ["source-ci", soundFacts({ source_ci: { commits: [], failed: [], pending: ["test of acme/checkout at abc1234"] } }), {}, "block wait: to pass: test of acme/checkout at abc1234"],
    ["source-ci", soundFacts({ ...HOTFIX, source_ci: { commits: [], failed: [], pending: ["test of acme/checkout at abc1234"] } }), {}, "warn wait: to pass: test of acme/checkout at abc1234"],
    ["source-ci", soundFacts({ source_ci: { unknown: "GitHub shows no such repository" } }), {}, "block unknown: GitHub shows no such repository"],
    ["source-ci", soundFacts({ ...REVERT, source_ci: { unknown: "GitHub is down" } }), {}, "block not-applicable: does not apply to a revert"],

    ["irreversible", soundFacts(), {}, "block not-applicable: does not apply to this promotion"],
    ["irreversible", soundFacts(irreversible), {}, "block wait: 2 approvals, because the image says that it cannot be taken back"],
    ["irreversible", soundFacts({ ...irreversible, approvals: { ...approvals, count: 2, by: ["bob", "carol"] } }), {}, "block pass: it cannot be taken back, and has 2 approvals"],
    ["irreversible", soundFacts(irreversible), { approvals: 1 }, "block pass: it cannot be taken back, and has 1 approval"],
    ["irreversible", soundFacts(irreversible), { approvals: 1, users: ["carol", "dora"] }, "block wait: 1 approval from carol, dora, because the image says that it cannot be taken back"],
    ["irreversible", soundFacts(irreversible), { approvals: 1, users: ["carol", "bob"] }, "block pass: it cannot be taken back, and has 1 approval"],
    ["irreversible", soundFacts({ labels: { any: ["org.pinion.irreversible=false"] } }), {}, "block not-applicable: does not apply to this promotion"],
    ["irreversible", soundFacts({ labels: { any: ["migrations=yes"] } }), { label: "migrations=yes" }, "block wait: 2 approvals, because the image says that it cannot be taken back"],
    ["irreversible", soundFacts({ labels: silent }), {}, "block unknown: ghcr.io did not answer within 10 s"],
    ["irreversible", soundFacts({ ...irreversible, approvals: { unknown: "team sre is not known" } }), {}, "block unknown: team sre is not known"],
  ])("%s (%#)", (policy, facts, given, says) => {
    expect(told(policy, facts, given)).toBe(says);
  });

  it("are told about in words", () => {
    for (const { name, description, docs, parameters } of shipped.policies.filter((policy) => further.includes(policy.name))) {
      expect(description.length, name).toBeGreaterThan(40);
      expect(docs.length, name).toBeGreaterThan(80);
      for (const parameter of parameters) expect(parameter.description.length, `${name} ${parameter.name}`).toBeGreaterThan(10);
    }
  });
});
