import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { Action } from "../../src/domain/action.ts";
import { plan } from "../../src/domain/plan.ts";
import { POLICIES_FOLDER } from "../../src/domain/policy/own-policies.ts";
import { RepositoryView } from "../../src/reconciler/observe.ts";
import { recordFiles } from "../../src/reconciler/promotion-log.ts";
import { mirrorOf, REPOSITORY, Upstream } from "../adapters/git-upstream.ts";
import { portsWith, pullRequestOf, snapshotOf } from "./small-world.ts";

const shipped = await loadShippedPolicies();
const LOG = "1".repeat(40);
const PINS = "apps/checkout/dev/kustomization.yaml";
const DEPLOYMENT = "apps/checkout/dev/deployment.yaml";
const CONFIG = "version: 1\nenvironments: { dev: {} }\napps: { discover: ['apps/{app}/{env}/kustomization.yaml'] }\n";
const pinning = (tag: string): string => `images:\n  - name: checkout\n    newName: ghcr.io/acme/checkout\n    newTag: ${tag}\n    digest: sha256:${tag.charAt(2).repeat(64)}\n`;
const deployment = (replicas: number): string => `kind: Deployment\nmetadata: { name: checkout }\nspec: { replicas: ${replicas} }\n`;
const POLICY = `name: two-replicas
description: Two replicas at least.
enforce: block
match: { kind: Deployment }
schema: { type: object, properties: { spec: { type: object, properties: { replicas: { type: integer, minimum: 2 } } } } }
messages: { pass: there are enough, fail: there are too few }
`;

/** The check on a pull request of a person that changes these files: what Git has goes through the look and the planner. */
async function checkOf(files: Readonly<Record<string, string>>, policy: string | null = POLICY) {
  const upstream = new Upstream();
  const own = policy === null ? {} : { [`${POLICIES_FOLDER}two-replicas.yaml`]: policy };
  const head = upstream.commit({ ".github/pinion.yaml": CONFIG, [PINS]: pinning("1.0.0"), [DEPLOYMENT]: deployment(2), ...own });
  upstream.git("checkout", "--quiet", "--detach", head);
  const oid = upstream.commit(files);
  upstream.git("update-ref", "refs/pull/1/head", oid);
  const { manifests, clock } = mirrorOf(upstream.url);
  const snapshot = snapshotOf({ at: clock.now(), head, logHead: LOG, open: [pullRequestOf({ number: 1, head: { ref: "change-1", oid, fork: false } })] });
  const ports = portsWith({ forge: { snapshot: async () => snapshot }, manifests, clock });
  const view = new RepositoryView(shipped);
  view.wrote({ commit: LOG, parent: null, files: recordFiles([{ event: "installed", at: clock.now() - 3_600_000, commit: head }]) });
  const seen = await view.observe(ports, REPOSITORY);
  const { actions } = plan({ ...seen, refusedMerges: new Map() }, shipped, { get: () => null }, clock.now());
  return actions.find((action): action is Extract<Action, { kind: "check" }> => action.kind === "check")?.check;
}

describe("a policy of the repository over manifests, from Git to the check", () => {
  it("blocks a promotion whose manifests do not fit, and tells file, document and path", async () => {
    const check = await checkOf({ [PINS]: pinning("1.1.0"), [DEPLOYMENT]: deployment(1) });
    expect(check?.conclusion).toBe("failure");
    expect(`${check?.title}\n${check?.summary}`).toContain("there are too few: apps/checkout/dev/deployment.yaml document 1 (Deployment checkout): spec.replicas must be &gt;= 2");
  });

  it("passes those that fit, and says why it does not know of those that cannot be read", async () => {
    const fits = await checkOf({ [PINS]: pinning("1.1.0"), [DEPLOYMENT]: deployment(3) });
    expect(fits?.summary).toContain("there are enough");
    const broken = await checkOf({ [PINS]: pinning("1.1.0"), [DEPLOYMENT]: "spec: [\n" });
    expect(broken?.summary).toContain("apps/checkout/dev/deployment.yaml:2:1: not valid YAML");
  });

  it("is that of the default branch: a pull request cannot loosen it for itself", async () => {
    const loosened = { [`${POLICIES_FOLDER}two-replicas.yaml`]: POLICY.replace("minimum: 2", "minimum: 1") };
    expect((await checkOf({ [PINS]: pinning("1.1.0"), [DEPLOYMENT]: deployment(1), ...loosened }))?.conclusion).toBe("failure");
  });

  it("cannot be broken by a pull request unseen: a schema that is refused is told at its place", async () => {
    const broken = { [`${POLICIES_FOLDER}two-replicas.yaml`]: POLICY.replace("type: integer", "type: intger") };
    const check = await checkOf(broken);
    expect(check?.conclusion).toBe("action_required");
    expect(check?.title).toMatch(/two-replicas\.yaml: line 5: `?schema`?: `?type`? must be one of/);
  });
});
