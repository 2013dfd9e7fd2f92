import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith, git, repositoryWith } from "./repository-folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const PINS = "images:\n- name: ghcr.io/acme/web\n  newTag: 1.2.3\n";
const FILES = {
  "apps/web/overlays/dev/kustomization.yaml": PINS,
  "apps/web/overlays/prod/kustomization.yaml": PINS,
  "apps/web/base/kustomization.yaml": "resources: [deployment.yaml]\n",
};
const CONFIG = ".github/pinion.yaml";

/** The command line in a process of its own. */
function pinion(cwd: string, ...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const environment = { PATH: process.env["PATH"], HOME: tmpdir() };
    const child = execFile(process.execPath, [join(ROOT, "src/cli.ts"), ...args], { cwd, env: environment }, (_, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
  });
}

describe("pinion init", () => {
  it("writes a configuration that config check accepts and by which pins finds the apps, and says what it guessed", async () => {
    const { folder } = repositoryWith(FILES);
    const { code, out, err } = await pinion(folder, "init");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("apps/{app}/overlays/{env}/kustomization.yaml: 2 files");
    expect(out).toContain("dev → prod");
    expect(out).toContain("Could not tell, so check it:\n  - no Argo CD Application");
    expect(await pinion(folder, "config", "check")).toMatchObject({ code: 0 });
    const pins = JSON.parse((await pinion(folder, "pins", "--json")).out) as { app: string; env: string }[];
    expect(pins.map(({ app, env }) => [app, env])).toEqual([
      ["web", "dev"],
      ["web", "prod"],
    ]);
    expect(git(folder, "status", "--porcelain", "--untracked-files=all")).toBe(`?? ${CONFIG}`);
  });

  it("never changes a configuration that is there", async () => {
    const folder = folderWith({ ...FILES, [CONFIG]: "version: 1\n" });
    const { code, out, err } = await pinion(tmpdir(), "init", folder);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("is there already");
    expect(readFileSync(join(folder, CONFIG), "utf8")).toBe("version: 1\n");
  });

  it("prints the file alone with --dry-run, what it guessed beside it, and writes nothing", async () => {
    const { folder } = repositoryWith(FILES);
    const dry = await pinion(folder, "init", "--dry-run");
    expect([dry.code, existsSync(join(folder, ".github"))]).toEqual([0, false]);
    expect(dry.err).toContain("Guessed:");
    expect((await pinion(folder, "init")).code).toBe(0);
    expect(dry.out).toBe(readFileSync(join(folder, CONFIG), "utf8"));
    const json = await pinion(folder, "init", "--dry-run", "--json");
    expect([json.code, json.err]).toEqual([0, ""]);
    expect(JSON.parse(json.out)).toEqual({
      outcome: "would-write",
      file: CONFIG,
      text: dry.out,
      reasons: expect.arrayContaining([expect.stringContaining("1 app: web")]),
      doubts: [expect.stringContaining("Argo CD")],
    });
  });

  it("says that paths count from the root of the repository", async () => {
    const { folder } = repositoryWith(FILES);
    expect((await pinion(folder, "init", "apps", "--dry-run")).err).toContain("not the root of a Git repository");
  });

  it.each([
    ["nothing is found", { "README.md": "x\n" }, ["init", "."], 1, "there is no kustomization.yaml"],
    ["the folder is not there", {}, ["init", "nowhere"], 2, "nowhere is no folder"],
    ["there is too much on the line", {}, ["init", "a", "b"], 2, 'does not take "b"'],
  ])("says why when %s", async (_, files: Readonly<Record<string, string>>, args, expected, problem) => {
    const folder = folderWith(files);
    const { code, out, err } = await pinion(folder, ...args);
    expect([code, out]).toEqual([expected, ""]);
    expect(err).toContain(problem);
    expect(existsSync(join(folder, ".github"))).toBe(false);
  });

  it("tells a refusal as JSON too", async () => {
    const { code, out, err } = await pinion(folderWith({}), "init", "--json");
    expect([code, err]).toEqual([1, ""]);
    expect(JSON.parse(out)).toEqual({ outcome: "refused", file: CONFIG, reason: expect.stringContaining("there is no kustomization.yaml") });
  });

  it("says when the file cannot be written", async () => {
    const folder = folderWith({ ...FILES, ".github": "a file in the folder's place\n" });
    expect(await pinion(folder, "init")).toEqual({ code: 2, out: "", err: "pinion: .github/pinion.yaml cannot be written (EEXIST)\n" });
  });

  it("has a help that fits a screen", async () => {
    const { code, out } = await pinion(tmpdir(), "init", "--help");
    expect(code).toBe(0);
    expect(out.split("\n").length).toBeLessThanOrEqual(24);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(108);
  });
});
