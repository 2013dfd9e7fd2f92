import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import { compileDiscover } from "../../src/domain/discover.ts";
import type { PullRequest } from "../../src/domain/observation.ts";
import { Proposals } from "../../src/reconciler/proposals.ts";
import { Rules } from "../../src/reconciler/rules.ts";
import { mirrorOf, REPOSITORY, Upstream } from "../adapters/git-upstream.ts";
import { newKey } from "../signing/keys.ts";
import { portsWith, pullRequestOf, snapshotOf } from "./small-world.ts";

const KEY = ".github/pinion/keys/cosign.pub";
const NEW_KEY = ".github/pinion/keys/new.pub";
const RULES = `version: 1\nenvironments:\n  dev: {}\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\nsigners: { release: { key: ${KEY} } }\n`;
const POLICY = "name: house\ndescription: A rule.\nenforce: block\npass: 'true'\nmessages: { pass: yes, fail: no }\n";

/** What a pull request with these files would make of rules and of other files; a text that begins with `->` is a symbolic link. */
async function proposedOver(before: Readonly<Record<string, string>>, files: Readonly<Record<string, string | null>>) {
  const upstream = new Upstream();
  const head = upstream.commit({ ".github/pinion.yaml": RULES, ...before });
  upstream.git("checkout", "--quiet", "--detach", head);
  const isLink = (text: string | null): boolean => text?.startsWith("->") === true;
  upstream.commit(Object.fromEntries(Object.entries(files).filter(([, text]) => !isLink(text))));
  for (const [path, text] of Object.entries(files).filter(([, other]) => isLink(other))) {
    mkdirSync(dirname(join(upstream.directory, path)), { recursive: true });
    rmSync(join(upstream.directory, path), { recursive: true, force: true });
    symlinkSync(text?.slice(2) ?? "", join(upstream.directory, path));
  }
  const oid = upstream.commit({});
  upstream.git("update-ref", "refs/pull/1/head", oid);
  const { manifests, clock } = mirrorOf(upstream.url);
  await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: head }]);
  const rules = new Rules({ policies: [] });
  const current = await rules.update(manifests, REPOSITORY, head);
  if (current?.config.ok !== true) throw new Error("the configuration of the test is wrong");
  const { config } = current.config;
  const snapshot = snapshotOf({ at: clock.now(), head, open: [pullRequestOf({ number: 1, head: { ref: "x", oid, fork: true } })] });
  const discover = compileDiscover(config.discover, config.environments);
  const answer = (await new Proposals().update({ ports: portsWith({ manifests, clock }), repository: REPOSITORY, config, discover, rules, codeOwners: null }, snapshot)).get(1);
  if (answer?.known !== true) throw new Error(answer?.reason ?? "not read");
  const after = answer.value.config;
  return { rules: after === null ? null : after.ok ? "sound" : after.problems.map(({ file, message }) => `${file ?? ""}: ${message}`), otherFiles: answer.value.otherFiles };
}

describe("a pull request that changes whose signatures count", () => {
  const [key, other] = [newKey().pem, newKey().pem];

  it.each<[string, Readonly<Record<string, string | null>>, object]>([
    ["another key", { [KEY]: other }, { rules: "sound", otherFiles: [] }],
    ["what is no key", { [KEY]: "no key" }, { rules: [expect.stringMatching(/^\S+cosign\.pub: signers\.release: .* is no public key/u)], otherFiles: [] }],
    ["a key that is gone", { [KEY]: null }, { rules: [`${KEY}: signers.release: ${KEY} would be gone, or no file`], otherFiles: [] }],
    ["a link in place of the key", { [KEY]: null, "a/b": "x", [NEW_KEY]: "->cosign.pub", ".github/pinion.yaml": RULES.replace(KEY, NEW_KEY) }, { rules: [expect.stringMatching(/would be gone, or no file/u)], otherFiles: [NEW_KEY, "a/b"] }],
    ["the key under another name, and its signer with it", { [KEY]: null, [NEW_KEY]: key, ".github/pinion.yaml": RULES.replace(KEY, NEW_KEY) }, { rules: "sound", otherFiles: [] }],
    ["a key that no signer has", { [NEW_KEY]: other }, { rules: null, otherFiles: [NEW_KEY] }],
  ])("is told as one that changes the rules: %s", async (_, files, expected) => {
    expect(await proposedOver({ [KEY]: key }, files)).toEqual(expected);
  });
});

describe("a pull request with a policy that nothing would read", () => {
  const folder = ".github/pinion/policies/";

  it.each<[string, Readonly<Record<string, string | null>>, string]>([
    ["a link", { [`${folder}a.yaml`]: "->../../../rule.yaml", "rule.yaml": POLICY }, `${folder}a.yaml: the file is .*a link to another one: put the policy itself here`],
    ["an ending in capitals", { [`${folder}a.YAML`]: POLICY }, `${folder}a.YAML: policies are files that end in .yaml`],
    ["a folder", { [`${folder}sub/a.yaml`]: POLICY }, `${folder}sub/: policies are read from this folder alone`],
    ["a policy that becomes a link", { [`${folder}house.yaml`]: null, [`${folder}also.yaml`]: "->house.yaml" }, `${folder}also.yaml: .*a link`],
    ["a link in place of their folder", { [`${folder}house.yaml`]: null, [folder.slice(0, -1)]: "->kept", ".github/pinion/kept/house.yaml": POLICY }, "\\.github/pinion/policies: this must be a folder, and is a link"],
  ])("is told of it: %s", async (_, files, problem) => {
    const { rules } = await proposedOver({ [`${folder}house.yaml`]: POLICY, [KEY]: newKey().pem }, files);
    expect(rules).toEqual([expect.stringMatching(new RegExp(`^${problem}`, "u"))]);
  });

  it("may have cases and a page of text beside its policies, and take policies away", async () => {
    const files = { [`${folder}house.yaml`]: null, [`${folder}house.test.yaml`]: "x", [`${folder}README.md`]: "x" };
    expect(await proposedOver({ [`${folder}house.yaml`]: POLICY, [KEY]: newKey().pem }, files)).toEqual({ rules: "sound", otherFiles: [`${folder}README.md`, `${folder}house.test.yaml`] });
  });
});

const PARSED = parseConfig(`version: 1\nenvironments:\n  dev: {}\napps:\n  discover: ["apps/{app}/{env}/kustomization.yaml"]\n`);

describe("the rules as a pull request would leave them", () => {
  it("are read once, however often the default branch moves, and anew when its rules, or what is made of them, are others", async () => {
    const upstream = new Upstream();
    const first = upstream.commit({ "README.md": "a" });
    const request = (text: string) => {
      upstream.git("checkout", "--quiet", "--detach", first);
      const oid = upstream.commit({ ".github/pinion.yaml": text });
      upstream.git("update-ref", "refs/pull/1/head", oid);
      return pullRequestOf({ number: 1, head: { ref: "rules", oid, fork: true } });
    };
    const { manifests, clock } = mirrorOf(upstream.url);
    if (!PARSED.ok) throw new Error(JSON.stringify(PARSED.problems));
    const { config } = PARSED;
    const proposals = new Proposals();
    const read = async (head: string, open: PullRequest, version: string) => {
      await manifests.ensure(REPOSITORY, [{ ref: "refs/heads/main", oid: head }]);
      const snapshot = snapshotOf({ at: clock.now(), head, open: [open] });
      const rules = { shipped: { policies: [] }, files: null, judgeManifests: false, version };
      const answers = await proposals.update({ ports: portsWith({ manifests, clock }), repository: REPOSITORY, config, discover: compileDiscover(config.discover, config.environments), rules, codeOwners: null }, snapshot);
      const answer = answers.get(1);
      if (answer?.known !== true) throw new Error(answer?.reason ?? "not read");
      return answer.value.config;
    };
    const open = request("version: 1");
    const once = await read(first, open, "1");
    expect(once).toMatchObject({ ok: false });
    upstream.git("checkout", "--quiet", "--detach", first);
    const second = upstream.commit({ "README.md": "b" });
    upstream.git("update-ref", "refs/heads/main", second);
    expect(await read(second, open, "1")).toBe(once);
    expect(await read(second, open, "2")).not.toBe(once);
    const again = await read(second, open, "1");
    expect(await read(second, request("version: 2"), "1")).not.toEqual(again);
  });
});
