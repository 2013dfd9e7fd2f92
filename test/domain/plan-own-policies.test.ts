import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { known } from "../../src/domain/answer.ts";
import type { ProposedChange } from "../../src/domain/observation.ts";
import { parseConfig } from "../../src/domain/config-file.ts";
import { needKey } from "../../src/domain/need.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import type { Policy } from "../../src/domain/policy/policy-set.ts";
import { actions, ALICE, HOUR, one, planned, recorded, two } from "./planner.ts";
import { oid } from "./releases.ts";
import { HEAD, pullRequest, WorldBuilder } from "./world-builder.ts";

const shipped = await loadShippedPolicies();

function own(name: string, lines: string): Policy {
  const text = `name: ${name}\ndescription: A rule of the house.\nenforce: block\n${lines}`;
  const result = parsePolicy(`.github/pinion/policies/${name}.yaml`, text);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return result.policy;
}

/** A promotion to dev that passes everything that comes with Pinion. */
function ready(): WorldBuilder {
  const world = new WorldBuilder().registry("1.4.1", "1.4.2");
  world.promotion("dev", one, two);
  return world;
}

describe("a repository's own policy", () => {
  const rule = own("no-friday", "pass: 'false'\nmessages: { pass: go on, fail: the house says no }\n");

  it("blocks what everything else lets through", () => {
    const world = ready();
    expect(actions(world, "merge")).toHaveLength(1);
    world.ownPolicies = [rule];
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")).toMatchObject([{ check: { conclusion: "failure", title: "Blocked: the house says no" } }]);
  });

  it("judges only where it applies", () => {
    const world = ready();
    world.ownPolicies = [{ ...rule, applies: { ...rule.applies, environments: ["prod"] } }];
    expect(actions(world, "merge")).toHaveLength(1);
  });

  it("takes the place of a shipped one by an override, which the check tells at the top", () => {
    const world = ready();
    world.ownPolicies = [own("digest-served", "override: we trust our registry\npass: 'true'\nmessages: { pass: trusted, fail: never }\n")];
    world.know<"digest">({ kind: "digest", repository: "ghcr.io/acme/checkout", reference: two.images[0]?.digest ?? "" }, null);
    expect(actions(world, "merge")).toHaveLength(1);
    const [check] = actions(world, "check");
    expect(check?.check.summary).toMatch(/^- The gate digest-served is overridden by \.github\/pinion\/policies\/digest-served\.yaml: we trust our registry/);
  });

  it.each<[what: string, lines: string, conclusion: string | null]>([
    ["who approves", "wait: approvals.count < 2\nmessages: { pass: go on, wait: two of us }\n", null],
    ["where it is", "pass: promotion.environment != 'dev'\nmessages: { pass: go on, fail: not here }\n", "failure"],
    ["the version", "pass: promotion.version.startsWith('1.')\nmessages: { pass: go on, fail: only 1.x }\n", "success"],
    ["images", "pass: images.size() > 0\nmessages: { pass: go on, fail: no image }\n", "success"],
    ["the time and images in its words", "pass: now > 0\nmessages: { pass: '{{ images.size() }}', fail: no }\n", "success"],
  ])("that asks for %s judges the removal of pins where that can be told of one", (_what, lines, conclusion) => {
    const world = ready();
    world.open.splice(0, 1, pullRequest({ number: 200, author: ALICE, head: { ref: "x", oid: oid("c"), fork: false } }));
    const promotions = [{ app: "checkout", environment: "dev", from: one, to: null }];
    world.proposals.set(200, known({ base: HEAD, head: oid("c"), conflicts: [], promotions, otherFiles: ["f"], quarantines: [], config: null, broken: [], shared: [] }, world.now));
    world.ownPolicies = [own("house-rule", lines)];
    expect(actions(world, "check")).toMatchObject([{ check: { conclusion } }]);
  });

  it("that is the only one left, and does not apply, lets nothing through", () => {
    const world = ready();
    const nowhere = { kinds: ["hotfix"], origins: ["bot"], environments: ["*"], apps: ["*"] } as const;
    world.ownPolicies = shipped.policies.map((policy) => ({ ...policy, applies: nowhere, override: "none of it" }));
    expect(actions(world, "merge")).toEqual([]);
    expect(recorded(world)).not.toContain("judged");
    expect(actions(world, "check")).toMatchObject([{ check: { status: "in_progress", title: "Waiting: no gate applies, so nothing has judged this" } }]);
  });
});

describe("a policy over manifests", () => {
  const rule = own("shape", "match: { kind: Kustomization }\nschema: { type: object, properties: { namespace: { type: string } }, required: [namespace] }\nmessages: { pass: fits, fail: does not fit }\n");
  const content = { kind: "Kustomization" };

  /** The same promotion, with the manifests that its pull request changes. */
  function changing(manifests: ProposedChange["manifests"], conflicts: readonly string[] = []): WorldBuilder {
    const world = ready();
    world.ownPolicies = [rule];
    for (const [number, answer] of world.proposals) {
      if (answer.known) world.proposals.set(number, known({ ...answer.value, conflicts, ...(manifests === undefined ? {} : { manifests }) }, world.now));
    }
    return world;
  }

  it("lets through what fits", () => {
    expect(actions(changing([{ file: "a.yaml", document: 1, content: { ...content, namespace: "a" } }]), "merge")).toHaveLength(1);
  });

  it("blocks what does not, and the check tells where", () => {
    const world = changing([{ file: "a.yaml", document: 1, content }]);
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")).toMatchObject([{ check: { conclusion: "failure", title: 'Blocked: does not fit: a.yaml document 1 (Kustomization): it lacks "namespace"' } }]);
  });

  it.each([
    ["cannot be read", changing({ unknown: "a.yaml:1:1: not valid YAML" }), "a.yaml:1:1: not valid YAML"],
    ["have not been read", changing(undefined), "the files that it changes have not been read yet"],
  ])("waits while they %s", (_, world, reason) => {
    expect(actions(world, "merge")).toEqual([]);
    expect(actions(world, "check")).toMatchObject([{ check: { status: "in_progress", title: expect.stringContaining(reason) } }]);
  });

  it("does not pass while there are conflicts", () => {
    expect(actions(changing([], ["a.yaml"]), "merge")).toEqual([]);
  });

  it("does not keep the pull request from being opened", () => {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    const before = actions(world, "open");
    world.ownPolicies = [rule];
    expect(before).toHaveLength(1);
    expect(actions(world, "open").map(({ title }) => title)).toEqual(before.map(({ title }) => title));
  });
});

describe("a pull request that changes policies or the configuration", () => {
  const sound = parseConfig("version: 1\nenvironments: { dev: {} }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n");
  const promotions = [{ app: "checkout", environment: "dev", from: one, to: two }];

  function proposing(config: ReturnType<typeof parseConfig>, changed: typeof promotions, otherFiles: readonly string[] = []): WorldBuilder {
    const world = new WorldBuilder().registry("1.4.1", "1.4.2");
    world.open.push(pullRequest({ number: 300, author: ALICE, head: { ref: "rules", oid: oid("c"), fork: false } }));
    const proposal = { base: HEAD, head: oid("c"), conflicts: [], promotions: changed, otherFiles, quarantines: [], config, broken: [], shared: [] };
    world.proposals.set(300, known(proposal, world.now));
    return world;
  }

  it("passes when what it leaves is sound, and moves no pin", () => {
    expect(actions(proposing(sound, []), "check")).toMatchObject([{ check: { conclusion: "success", title: "Pinion's configuration and policies can be read, and no pins change" } }]);
  });

  it("does not pass when a policy of it is broken, and tells file, line and column", () => {
    const file = ".github/pinion/policies/house.yaml";
    const world = proposing({ ok: false, problems: [{ file, line: 4, column: 7, message: "no such key: actif" }] }, promotions);
    const [check] = actions(world, "check");
    expect(check?.check).toMatchObject({ conclusion: "action_required", title: `1 problem in ${file}: line 4: no such key: actif` });
    expect(check?.check.summary).toContain("| 4:7 | no such key: actif |");
  });

  it("is judged by the rules of the default branch, and says so", () => {
    const world = proposing(sound, promotions);
    world.ownPolicies = [own("house", "pass: 'false'\nmessages: { pass: go on, fail: the old rule says no }\n")];
    const [check] = actions(world, "check");
    expect(check?.check).toMatchObject({ conclusion: "failure", title: "Blocked: the old rule says no" });
    expect(check?.check.summary).toContain("It also changes Pinion's own configuration, policies or signers' keys; it is judged by those of the default branch");
  });

  it("is never merged by Pinion, though every gate passes", () => {
    const world = ready();
    const [request] = world.open;
    const proposal = { base: HEAD, head: oid("c"), conflicts: [], promotions, otherFiles: [], quarantines: [], config: sound, broken: [], shared: [] };
    world.proposals.set(request?.number ?? 0, known(proposal, world.now));
    expect(actions(world, "check")).toMatchObject([{ check: { conclusion: "success" } }]);
    expect(actions(world, "merge")).toEqual([]);
  });
});

describe("a broken policy on the default branch", () => {
  it("stops everything, tells where it is, and lets its repair through", () => {
    const world = ready();
    const file = ".github/pinion/policies/house.yaml";
    world.config = { ok: false, problems: [{ file, line: 4, column: 7, message: "no such key: actif" }, { line: 2, column: 1, message: "unknown key" }] };
    const plan = planned(world);
    expect(plan.actions.map(({ kind }) => kind)).toEqual(["check"]);
    expect(plan.blocked).toEqual([{ app: null, environment: null, reason: `the configuration cannot be read: ${file} line 4: no such key: actif; line 2: unknown key` }]);
    const [check] = actions(world, "check");
    expect(check?.check).toMatchObject({ conclusion: "action_required", title: "2 problems in 2 files: line 4: no such key: actif" });
    expect(check?.check.summary).toContain(`| \`${file}:4:7\` | no such key: actif |`);
    const repaired = parseConfig("version: 1\nenvironments: { dev: {} }\napps: { discover: ['apps/{app}/overlays/{env}/kustomization.yaml'] }\n");
    world.open.push(pullRequest({ number: 300, author: ALICE, head: { ref: "repair", oid: oid("e"), fork: false } }));
    world.proposals.set(300, known({ base: HEAD, head: oid("e"), conflicts: [], promotions: [], otherFiles: [], quarantines: [], config: repaired, broken: [], shared: [] }, 0));
    expect(actions(world, "check").map(({ pullRequest: number, check: { conclusion } }) => [number, conclusion])).toEqual([[200, "action_required"], [300, "success"]]);
  });
});

describe("facts that no policy mentions", () => {
  const asked = (world: WorldBuilder): readonly string[] => [...new Set(planned(world).needs.map(({ kind }) => kind))];

  it("are not asked for: a revert needs no verdict of an environment before", () => {
    const world = new WorldBuilder();
    world.proven("staging", one, world.now - 60 * HOUR, "7").proven("prod", one, world.now - 50 * HOUR, "1").proven("prod", two, world.now - HOUR, "2");
    world.records.push({ event: "breached", app: "checkout", environment: "prod", at: world.now, release: two, commit: oid("2"), evidence: "errors" });
    world.registry("1.4.1", "1.4.2");
    const upstream = planned(world).needs.filter((need) => need.kind === "rollout" && need.environment === "staging");
    expect(upstream.map(needKey)).toEqual([]);
  });

  it("are not asked of the registry once no policy reads them", () => {
    const world = new WorldBuilder();
    world.promotion("dev", one, two);
    const digests = () => planned(world).needs.filter((need) => need.kind === "digest" && need.reference === two.images[0]?.digest).length;
    expect(digests()).toBe(1);
    world.ownPolicies = [own("digest-served", "override: we trust our registry\npass: 'true'\nmessages: { pass: trusted, fail: never }\n")];
    expect(digests()).toBe(0);
    expect(asked(world)).toContain("tags");
  });

  it("are asked for again as soon as one does", () => {
    const world = new WorldBuilder();
    world.promotion("dev", one, two);
    world.ownPolicies = [
      own("digest-served", "override: we trust our registry\npass: 'true'\nmessages: { pass: trusted, fail: never }\n"),
      own("tags-stay", "applies: { environments: [dev] }\nwhen: registry.moved.size() > 0\npass: 'false'\nmessages: { pass: stayed, fail: moved }\n"),
    ];
    expect(planned(world).needs.filter((need) => need.kind === "digest" && need.reference === two.images[0]?.digest)).toHaveLength(1);
  });
});
