import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { planCommand } from "../../src/cli/plan.ts";
import type { Digest } from "../../src/domain/release.ts";
import { pinion } from "./pinion-process.ts";
import { folderWith, git, repositoryWith } from "./repository-folder.ts";

const CONFIG = ".github/pinion.yaml";
const DEV = "apps/web/dev/kustomization.yaml";
const PROD = "apps/web/prod/kustomization.yaml";

interface Scene {
  readonly registry: SandboxRegistry;
  readonly folder: string;
  readonly newest: Digest;
  readonly run: (...args: readonly string[]) => ReturnType<typeof pinion>;
}

/** A registry with web 1.0.0 and 1.1.0, and a clone that pins the first in dev and prod. */
async function scene({ mode = "enforce", pinned = "1.0.0" } = {}): Promise<Scene> {
  const registry = await startRegistry();
  onTestFinished(() => registry.close());
  const old = await registry.push("acme/web", "1.0.0");
  const newest = await registry.push("acme/web", "1.1.0");
  const pins = `# kept\nimages:\n- name: ${registry.host}/acme/web\n  newTag: "${pinned}" # by hand\n  digest: ${pinned === "1.0.0" ? old : newest}\n`;
  const environments = "{dev: {merge: auto}, prod: {after: dev, promote: on-request}}";
  const config = `version: 1\nmode: ${mode}\nenvironments: ${environments}\napps: {discover: ['apps/{app}/{env}/kustomization.yaml']}\n`;
  const { folder } = repositoryWith({ [DEV]: pins, [PROD]: pins, [CONFIG]: config });
  return { registry, folder, newest, run: (...args) => pinion(folder, args) };
}

describe("pinion plan", () => {
  it("tells what would be opened and why not the rest, and what it does not know", async () => {
    const { folder, run } = await scene();
    const { code, out, err } = await run("plan");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(new RegExp(`^main at ${git(folder, "rev-parse", "--short=12", "HEAD")}\n`));
    expect(out).toMatch(/^web +dev +1\.0\.0 +would open "Promote web 1\.1\.0 to dev"; its check: /m);
    expect(out).toMatch(/^web +prod +1\.0\.0 +promoted when somebody asks$/m);
    expect(out).toContain("Not known here:\n  - open pull requests");
    expect(out).toContain("no promotion log is here");
    expect(git(folder, "status", "--porcelain")).toBe("");
  });

  it("ends with 2 for a Docker config that is none, and says which file and what to give", async () => {
    const { folder } = await scene();
    const path = join(folder, "config.json");
    writeFileSync(path, '{"auths": "hidden"');
    const { code, out, err } = await pinion(folder, ["plan"], { PINION_REGISTRY_CONFIG: path });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(`pinion: PINION_REGISTRY_CONFIG: the Docker config ${path} is not JSON. Give the file that docker login writes`);
    expect(err).not.toContain("hidden");
  });

  it("shows how far it is to whoever watches, and leaves nothing of that behind", async () => {
    const { folder } = await scene();
    const [out, err]: [string[], string[]] = [[], []];
    const code = await planCommand.run(
      { words: [folder], json: true, options: new Map() },
      {
        out: (text) => void out.push(text),
        err: (text) => void err.push(text),
        environment: { PATH: process.env["PATH"], HOME: tmpdir() },
        stopped: new Promise(() => undefined),
        input: () => Promise.resolve(new Uint8Array()),
        watched: { out: false, err: true },
      },
    );
    expect([code, err.at(-1)]).toEqual([0, "\r\u001b[K"]);
    expect(err[0]).toMatch(/^\rreading \[\.+\] 0\/2$/);
    expect(err.join("")).toMatch(/\rasking \[#+\] (\d+)\/\1/);
    expect(JSON.parse(out.join(""))).toMatchObject({ branch: "main" });
  });

  it("as JSON, from any folder of the clone, in observe mode too", async () => {
    const { folder, run } = await scene({ mode: "observe" });
    const { code, out, err } = await run("plan", "apps/web", "--json");
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({
      branch: "main",
      commit: git(folder, "rev-parse", "HEAD"),
      mode: "observe",
      places: [
        { app: "web", env: "dev", pinned: "1.0.0", outcome: "open", opens: { title: "Promote web 1.1.0 to dev", file: DEV, gates: expect.arrayContaining([expect.objectContaining({ policy: "digest-served", enforce: "block", result: "pass", facts: [{ name: "promotion.every_image_has_digest", value: "true" }, { name: "registry.missing", value: "[]" }] })]) } },
        { app: "web", env: "prod", pinned: "1.0.0", outcome: "blocked", reasons: ["promoted when somebody asks"] },
      ],
      reasons: [],
    });
    expect((JSON.parse(out) as { unknown: string[] }).unknown.join("\n")).toContain("mode is observe");
  });

  it("looks at the remote's default branch, and not at what is checked out", async () => {
    const { folder } = await scene();
    const clone = join(folderWith({}), "clone");
    git(folder, "clone", "--quiet", ".", clone);
    git(clone, "checkout", "--quiet", "-b", "else");
    writeFileSync(join(clone, CONFIG), "version: 2\n");
    git(clone, "commit", "--quiet", "--all", "--message=x");
    const { code, out } = await pinion(clone, ["plan"]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^origin\/main at /)]);
    expect(out).toContain('would open "Promote web 1.1.0 to dev"');
  });

  it("says when there is nothing to do, and when a registry does not answer", async () => {
    const current = await scene({ pinned: "1.1.0" });
    expect((await current.run("plan")).out).toMatch(/^web +dev +1\.1\.0 +1\.1\.0 is the newest and is pinned$/m);
    await current.registry.close();
    const { code, out } = await current.run("plan", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ places: [{ env: "dev", outcome: "blocked", reasons: [expect.stringContaining("could not be reached")] }, {}] });
  });

  it("takes no half of a promotion log for all of it", async () => {
    const { folder } = await scene();
    git(folder, "commit", "--quiet", "--allow-empty", "--message=y");
    git(folder, "branch", "pinion-log");
    const shallow = join(folderWith({}), "clone");
    git(folder, "clone", "--quiet", "--depth=1", "--no-single-branch", `file://${folder}`, shallow);
    expect(await pinion(shallow, ["plan"])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("git fetch --unshallow") });
  });

  it.each([
    ["there is no configuration", { "a.yaml": "a: 1\n" }, {}, 1, "main has no .github/pinion.yaml: pinion init writes one"],
    ["the environment is misspelt", { "a.yaml": "a: 1\n" }, { PINION_ARGOCD_ULR: "https://a" }, 2, "PINION_ARGOCD_ULR is not a setting"],
    ["a token is missing", { "a.yaml": "a: 1\n" }, { PINION_ARGOCD_URL: "https://a.test" }, 2, "PINION_ARGOCD_URL needs a token"],
  ])("says why when %s", async (_, files, environment, expected, problem) => {
    const { folder } = repositoryWith(files);
    const { code, out, err } = await pinion(folder, ["plan"], environment);
    expect([code, out]).toEqual([expected, ""]);
    expect(err).toContain(problem);
  });

  it("says why outside of a clone, without a commit, and with a configuration that cannot be read", async () => {
    expect(await pinion(folderWith({}), ["plan"])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("is in no Git repository") });
    const empty = folderWith({});
    git(empty, "init", "--quiet", "--initial-branch=main");
    expect(await pinion(empty, ["plan"])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("has no commit yet") });
    const broken = repositoryWith({ [CONFIG]: "version: 2\n" });
    expect(await pinion(broken.folder, ["plan"])).toMatchObject({ code: 1, out: expect.stringContaining("the configuration cannot be read: line 1") });
  });
});

describe("pinion promote", () => {
  it("writes the pin of the candidate and nothing else, once", async () => {
    const { folder, run, newest } = await scene();
    const before = readFileSync(join(folder, DEV), "utf8");
    const dry = await run("promote", "web", "dev", "--dry-run");
    expect([dry.code, git(folder, "status", "--porcelain")]).toEqual([0, ""]);
    expect(dry.out).toContain(`-  newTag: "1.0.0" # by hand\n`);
    expect(dry.out).toContain(`+  newTag: "1.1.0" # by hand\n`);
    expect(dry.err).toContain("the gates say now: ");
    const { code, out } = await run("promote", "web", "dev");
    expect([code, out]).toEqual([0, dry.out]);
    const old = /sha256:[0-9a-f]{64}/.exec(before)?.[0] ?? "";
    expect(readFileSync(join(folder, DEV), "utf8")).toBe(before.replace('"1.0.0"', '"1.1.0"').replace(old, newest));
    expect(git(folder, "status", "--porcelain")).toBe(`M ${DEV}`);
    const again = await run("promote", "web", "dev", "--json");
    expect([again.code, JSON.parse(again.out)]).toEqual([3, { outcome: "unchanged", file: DEV, reason: expect.stringContaining("has it already") }]);
  });

  it("finds the file from any folder of the clone", async () => {
    const { folder } = await scene();
    expect((await pinion(join(folder, "apps"), ["promote", "web", "dev"])).code).toBe(0);
    expect(git(folder, "status", "--porcelain")).toBe(`M ${DEV}`);
  });

  it("writes into the clone that a folder belongs to, from anywhere", async () => {
    const { folder } = await scene();
    const elsewhere = folderWith({});
    expect(await pinion(elsewhere, ["promote", "web", "dev", join(folder, "apps")])).toMatchObject({ code: 0, out: expect.stringContaining(`--- a/${DEV}\n`) });
    expect(git(folder, "status", "--porcelain")).toBe(`M ${DEV}`);
    const { code, out, err } = await pinion(elsewhere, ["promote", "web", "dev", folder]);
    expect([code, out]).toEqual([3, ""]);
    expect(err).toContain(`nothing to change: ${join(relative(elsewhere, folder), DEV)} in the work tree has it already\n`);
  });

  it("has nothing to change where the newest is pinned", async () => {
    const { run } = await scene({ pinned: "1.1.0" });
    expect(await run("promote", "web", "dev")).toEqual({ code: 3, out: "", err: "nothing to change: 1.1.0 is the newest and is pinned\n" });
  });

  it("refuses what was not proven upstream, what is not there, and what cannot be known", async () => {
    const { registry, folder, run } = await scene();
    const unproven = await run("promote", "web", "prod", "--json");
    expect([unproven.code, JSON.parse(unproven.out)]).toEqual([2, { outcome: "refused", reason: expect.stringContaining("dev") }]);
    for (const [args, problem] of [
      [["web", "qa"], 'web is in no environment "qa"; it is in: dev, prod'],
      [["api", "dev"], 'main has no app "api"; there are: web'],
      [["web"], "which app, and where?"],
      [["web", "dev", "x"], "x is no folder"],
      [["web", "dev", ".", "x"], 'does not take "x"'],
    ] as const) {
      const { code, out, err } = await run("promote", ...args);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain(problem);
    }
    await registry.close();
    expect(await run("promote", "web", "dev")).toMatchObject({ code: 1, out: "", err: expect.stringContaining("could not be reached") });
    expect(git(folder, "status", "--porcelain")).toBe("");
  });

  it("tells a registry that may answer later from what another try would not change", async () => {
    const { registry, run } = await scene();
    registry.fail(503);
    // What is not known of dev is no reason of prod's.
    expect(await run("promote", "web", "prod")).toMatchObject({ code: 2, out: "", err: expect.stringContaining("nothing has been proven in dev") });
    const failed = await run("promote", "web", "dev", "--json");
    expect([failed.code, JSON.parse(failed.out)]).toEqual([1, { outcome: "refused", reason: expect.stringContaining("answered 503") }]);
    registry.recover();
    registry.access.requireBasic({ username: "u", password: "p" });
    expect(await run("promote", "web", "dev")).toMatchObject({ code: 2, out: "", err: expect.stringContaining("There are no credentials") });
  });

  it("refuses a bare repository, and a file that is not as on the default branch any more", async () => {
    const { folder, run } = await scene();
    const bare = join(folderWith({}), "bare.git");
    git(folder, "clone", "--quiet", "--bare", ".", bare);
    expect(await pinion(bare, ["promote", "web", "dev"])).toMatchObject({ code: 2, err: expect.stringContaining("no work tree") });
    writeFileSync(join(folder, DEV), "images: []\n");
    expect(await run("promote", "web", "dev")).toMatchObject({ code: 2, out: "", err: expect.stringContaining("no entry under images") });
  });
});

it.each([["plan"], ["promote"]])("the help of %s fits a screen", async (command) => {
  const { code, out } = await pinion(tmpdir(), [command, "--help"]);
  expect(code).toBe(0);
  expect(out.split("\n").length).toBeLessThanOrEqual(26);
  expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(108);
});
