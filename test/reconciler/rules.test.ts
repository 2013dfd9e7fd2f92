import { describe, expect, it } from "vitest";
import { POLICIES_FOLDER } from "../../src/domain/policy/own-policies.ts";
import type { ManifestsRepository } from "../../src/ports.ts";
import { Rules } from "../../src/reconciler/rules.ts";
import { oid } from "../domain/releases.ts";
import { portsWith, REPOSITORY } from "./small-world.ts";

const CONFIG = "version: 1\nenvironments: { dev: {} }\napps: { discover: ['apps/{app}/{env}/kustomization.yaml'] }\n";
const RULE = "name: house\ndescription: A rule.\nenforce: block\npass: 'true'\nmessages: { pass: yes, fail: no }\n";
const shipped = { policies: [] };

/** A default branch with these files; a file whose content is null is over the size limit. */
function branch(files: Readonly<Record<string, string | Uint8Array | null>>) {
  const calls: string[] = [];
  const bytes = (text: string | Uint8Array): Uint8Array => (typeof text === "string" ? new TextEncoder().encode(text) : text);
  const manifests: Partial<ManifestsRepository> = {
    file: async (_repository, _commit, path) => {
      calls.push(path);
      const text = files[path] ?? null;
      return text === null ? null : bytes(text);
    },
    folder: async (_repository, _commit, folder) => {
      calls.push(folder);
      return Object.keys(files).filter((path) => path.startsWith(folder)).map((path) => ({ path, blob: `${path} ${String(files[path])}` }));
    },
    read: async (_repository, blobs) => {
      calls.push("read");
      const found = Object.entries(files).flatMap(([path, text]) => (text === null || !blobs.includes(`${path} ${String(text)}`) ? [] : [[`${path} ${String(text)}`, bytes(text)] as const]));
      return new Map(found);
    },
  };
  return { manifests: portsWith({ manifests }).manifests, calls };
}

describe("the rules of the default branch", () => {
  const files = { ".github/pinion.yaml": CONFIG, [`${POLICIES_FOLDER}house.yaml`]: RULE, [`${POLICIES_FOLDER}house.test.yaml`]: "[" };

  it("are the configuration and the policies beside it, and no cases", async () => {
    const { manifests } = branch(files);
    const rules = await new Rules(shipped).update(manifests, REPOSITORY, oid("a"));
    expect(rules?.config.ok).toBe(true);
    expect(rules?.ownPolicies.map(({ name, file }) => [name, file])).toEqual([["house", `${POLICIES_FOLDER}house.yaml`]]);
  });

  it("are read once for a commit, and put together once for the same files", async () => {
    const { manifests, calls } = branch(files);
    const rules = new Rules(shipped);
    const first = await rules.update(manifests, REPOSITORY, oid("a"));
    expect(calls).toEqual([".github/pinion.yaml", POLICIES_FOLDER, "read"]);
    expect(await rules.update(manifests, REPOSITORY, oid("a"))).toBe(first);
    expect(calls).toHaveLength(3);
    expect(await rules.update(manifests, REPOSITORY, oid("b"))).toBe(first);
    expect(calls.slice(3)).toEqual([".github/pinion.yaml", POLICIES_FOLDER]);
    const { manifests: changed } = branch({ ...files, [`${POLICIES_FOLDER}house.yaml`]: RULE.replace("house", "home") });
    expect((await rules.update(changed, REPOSITORY, oid("c")))?.ownPolicies.map(({ name }) => name)).toEqual(["home"]);
  });

  it("tell whether a policy reads manifests, as long as there is one", async () => {
    const judging = async (more: Readonly<Record<string, string>>): Promise<boolean> => {
      const rules = new Rules(shipped);
      await rules.update(branch({ ...files, ...more }).manifests, REPOSITORY, oid("a"));
      return rules.judgeManifests;
    };
    const SCHEMA = RULE.replace("pass: 'true'", "schema: { type: object }").replace("name: house", "name: shape");
    expect(new Rules(shipped).judgeManifests).toBe(false);
    expect(await judging({})).toBe(false);
    expect(await judging({ [`${POLICIES_FOLDER}shape.yaml`]: SCHEMA })).toBe(true);
  });

  it("are none without a configuration, whatever policies there are", async () => {
    const { manifests } = branch({ [`${POLICIES_FOLDER}house.yaml`]: "[" });
    const rules = new Rules(shipped);
    expect(await rules.update(manifests, REPOSITORY, oid("a"))).toBeNull();
    expect(rules.files).toBeNull();
  });

  it.each<[what: string, changed: Readonly<Record<string, string | Uint8Array | null>>, problem: object]>([
    ["a policy that is too large", { [`${POLICIES_FOLDER}house.yaml`]: null }, { file: `${POLICIES_FOLDER}house.yaml`, message: "the file is larger than Pinion reads, no UTF-8 text, or a link to another one: put the policy itself here" }],
    ["a policy that is no text", { [`${POLICIES_FOLDER}house.yaml`]: Uint8Array.of(0xe9, 0x0a) }, { file: `${POLICIES_FOLDER}house.yaml`, message: "the file is larger than Pinion reads, no UTF-8 text, or a link to another one: put the policy itself here" }],
    ["a configuration that is no text", { ".github/pinion.yaml": Uint8Array.of(0xe9, 0x0a) }, { line: 1, column: 1, message: ".github/pinion.yaml is not UTF-8 text" }],
  ])("cannot be used with %s", async (_what, changed, problem) => {
    const { manifests } = branch({ ...files, ...changed });
    const rules = await new Rules(shipped).update(manifests, REPOSITORY, oid("a"));
    expect(rules).toMatchObject({ config: { ok: false, problems: [problem] }, ownPolicies: [] });
  });
});
