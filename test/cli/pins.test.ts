import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith, git, repositoryWith } from "./repository-folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const A = `sha256:${"a".repeat(64)}`;

/** The command line in a process of its own. */
function pinion(cwd: string, ...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(ROOT, "src/cli.ts"), ...args],
      { cwd, env: { PATH: process.env["PATH"], HOME: tmpdir() }, maxBuffer: 64 * 1024 * 1024 },
      (_, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });
}

const FILES = {
  "apps/web/prod/kustomization.yaml": `images:\n- name: nginx\n  newTag: v1\n  digest: ${A}\n`,
  "apps/web/base/deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{image: nginx}]}}}\n",
  "values.yaml": "image: {repository: a/b, tag: v1}\n",
  "README.md": "image: x:1\n",
};

describe("pinion pins", () => {
  it("lists the pins of a folder, as JSON and as a table", async () => {
    const folder = folderWith(FILES);
    const { code, out, err } = await pinion(tmpdir(), "pins", folder, "--json");
    expect([code, err]).toEqual([0, ""]);
    const nginx = { image: "docker.io/library/nginx", tag: "v1", digest: A };
    expect(JSON.parse(out)).toEqual([
      { file: "apps/web/base/deployment.yaml", path: "spec.template.spec.containers[0].image", line: 3, kind: "container-image", image: "docker.io/library/nginx", value: "nginx" },
      { file: "apps/web/prod/kustomization.yaml", path: "images[0].newTag", line: 3, kind: "kustomize-image", ...nginx, value: "v1" },
      { file: "apps/web/prod/kustomization.yaml", path: "images[0].digest", line: 4, kind: "kustomize-image", ...nginx, value: A },
      { file: "values.yaml", path: "image.repository", line: 1, kind: "helm-values", image: "docker.io/a/b", tag: "v1", value: "a/b" },
      { file: "values.yaml", path: "image.tag", line: 1, kind: "helm-values", image: "docker.io/a/b", tag: "v1", value: "v1" },
    ]);
    const table = await pinion(folder, "pins");
    expect([table.code, table.err]).toEqual([0, ""]);
    const lines = table.out.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^PLACE +KIND +PATH +VALUE$/);
    expect(lines).toHaveLength(6);
    expect(lines[5]).toMatch(/^values\.yaml:1 +helm-values +image\.tag +v1$/);
    expect(new Set(lines.map((line) => line.search(/KIND|container-image|kustomize-image|helm-values/))).size).toBe(1);
  });

  it("lists those of a revision, also of a bare repository, and only below the folder", async () => {
    const { folder, commits } = repositoryWith(FILES, { "values.yaml": "image: {repository: a/b, tag: v2}\n" });
    const valuesOf = async (...args: readonly string[]): Promise<unknown> => {
      const { code, out, err } = await pinion(folder, "pins", ...args, "--json");
      expect([code, err]).toEqual([0, ""]);
      return (JSON.parse(out) as { file: string; value: string }[]).map(({ file, value }) => `${file} ${value}`);
    };
    expect(await valuesOf("--rev", commits[0] ?? "")).toContain("values.yaml v1");
    expect(await valuesOf("--rev", "main")).toContain("values.yaml v2");
    expect(await valuesOf("apps/web", "--rev", "HEAD~1")).toEqual(["base/deployment.yaml nginx", "prod/kustomization.yaml v1", `prod/kustomization.yaml ${A}`]);
    git(folder, "clone", "--quiet", "--bare", ".", "bare.git");
    expect(await valuesOf("bare.git", "--rev", "main~1")).toContain("values.yaml v1");
    // There are no files in a bare repository: what it holds is meant.
    expect(await valuesOf("bare.git")).toContain("values.yaml v2");
  });

  it("tells apps and environments where the configuration does", async () => {
    const config = "version: 1\nenvironments: {prod: {}}\napps: {discover: ['apps/{app}/{env}/kustomization.yaml']}\n";
    const folder = folderWith({ ...FILES, ".github/pinion.yaml": config });
    const { out, err } = await pinion(folder, "pins", "--json");
    expect(err).toBe("");
    expect((JSON.parse(out) as { app?: string; env?: string }[]).map(({ app, env }) => [app, env])).toEqual([
      [undefined, undefined],
      ["web", "prod"],
      ["web", "prod"],
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect((await pinion(folder, "pins")).out).toMatch(/^PLACE +APP +KIND/);
    const broken = folderWith({ ...FILES, ".github/pinion.yaml": "version: 2\n" });
    const told = await pinion(broken, "pins", "--json");
    expect([told.code, (JSON.parse(told.out) as unknown[]).length]).toEqual([0, 5]);
    expect(told.err).toContain(".github/pinion.yaml:1:");
  });

  it("tells whose a pin is by several patterns, by folders of other names, and with several images", async () => {
    const config = [
      "version: 1",
      "environments: {dev: {}, prod: {after: dev, path: production}}",
      "apps:",
      "  discover: ['apps/{app}/overlays/{env}/kustomization.yaml', 'clusters/{env}/{app}/kustomization.yaml']",
      "  web: {images: [ghcr.io/acme/web, ghcr.io/acme/worker]}",
      "",
    ].join("\n");
    const web = "images: [{name: web, newName: ghcr.io/acme/web, newTag: v1}, {name: ghcr.io/acme/worker, newTag: v2}]\n";
    const folder = folderWith({
      ".github/pinion.yaml": config,
      "apps/web/overlays/production/kustomization.yaml": web,
      "apps/web/overlays/prod/kustomization.yaml": "images: [{name: a, newTag: v3}]\n",
      "clusters/dev/dns/kustomization.yaml": "images: [{name: b, newTag: v4}]\n",
    });
    const { out, err } = await pinion(folder, "pins", "--json");
    expect(err).toBe("");
    const told = (JSON.parse(out) as { app?: string; env?: string; image: string; value: string }[]).map(({ app, env, image, value }) => [app, env, image, value]);
    expect(told).toEqual([
      [undefined, undefined, "docker.io/library/a", "v3"],
      ["web", "prod", "ghcr.io/acme/web", "ghcr.io/acme/web"],
      ["web", "prod", "ghcr.io/acme/web", "v1"],
      ["web", "prod", "ghcr.io/acme/worker", "v2"],
      ["dns", "dev", "docker.io/library/b", "v4"],
    ]);
  });

  it("tells which environments a pin in a shared base changes at once", async () => {
    const overlay = (image: string) => `resources: [../../base]\ncomponents: [../../../../components/log]\nimages: [{name: web, newTag: ${image}}]\n`;
    const files = {
      ".github/pinion.yaml": "version: 1\nenvironments: {prod: {after: dev}, dev: {}}\napps: {discover: ['apps/{app}/overlays/{env}/kustomization.yaml']}\n",
      "apps/web/overlays/dev/kustomization.yaml": overlay("v1"),
      "apps/web/overlays/prod/kustomization.yaml": overlay("v2"),
      "apps/dns/overlays/prod/kustomization.yaml": "components: [../../../../components/log]\n",
      "apps/web/base/kustomization.yaml": "resources: [deployment.yaml]\n",
      "apps/web/base/deployment.yaml": "kind: Deployment\nspec: {containers: [{image: web}, {image: 'redis:7'}]}\n",
      "components/log/kustomization.yaml": "kind: Component\nimages: [{name: log, newTag: v9}]\n",
      "unused/kustomization.yaml": "images: [{name: x, newTag: v1}]\n",
    };
    const { folder, commits } = repositoryWith(files);
    const { out, err } = await pinion(folder, "pins", "--json");
    expect(err).toBe("");
    expect((JSON.parse(out) as object[]).filter((row) => !("env" in row))).toEqual([
      // Pinned by both environments: what the base says of it changes nothing.
      { file: "apps/web/base/deployment.yaml", path: "spec.containers[0].image", line: 2, kind: "container-image", image: "docker.io/library/web", value: "web" },
      {
        file: "apps/web/base/deployment.yaml",
        path: "spec.containers[1].image",
        line: 2,
        kind: "container-image",
        app: "web",
        envs: ["dev", "prod"],
        image: "docker.io/library/redis",
        tag: "7",
        value: "redis:7",
      },
      { file: "components/log/kustomization.yaml", path: "images[0].newTag", line: 2, kind: "kustomize-image", envs: ["dev", "prod"], image: "docker.io/library/log", tag: "v9", value: "v9" },
      { file: "unused/kustomization.yaml", path: "images[0].newTag", line: 1, kind: "kustomize-image", image: "docker.io/library/x", tag: "v1", value: "v1" },
    ]);
    const table = (await pinion(folder, "pins", "--rev", commits[0] ?? "")).out;
    expect(table).toMatch(/^apps\/web\/base\/deployment\.yaml:2 +web dev, prod at once +container-image +spec\.containers\[1\]/m);
    expect(table).toMatch(/^components\/log\/kustomization\.yaml:2 +2 apps dev, prod at once +kustomize-image/m);
    expect(table).toMatch(/^unused\/kustomization\.yaml:1 +kustomize-image/m);
  });

  it("lists what the configuration names, whatever the files are called", async () => {
    const config = "version: 1\nenvironments: {prod: {}}\napps: {discover: ['{app}/{env}/kustomization.yaml']}\npins: [{files: 'tags/*', path: '*'}]\n";
    const folder = folderWith({ ".github/pinion.yaml": config, "tags/web": "image_tag: v123\n" });
    expect(JSON.parse((await pinion(folder, "pins", "--json")).out)).toEqual([{ file: "tags/web", path: "image_tag", line: 1, kind: "configured", value: "v123" }]);
  });

  it("names what cannot be read, and lists the rest", async () => {
    const folder = folderWith({
      "a.yaml": "image: a:1\n",
      "b.yaml": "image: [\n",
      "t.yaml": "{{ if .x }}\nimage: a:1\n{{ end }}\n",
      "u.yaml": Uint8Array.of(0xff, 0xfe),
      "z.yaml": `image: a:1 # ${"z".repeat(4 * 1024 * 1024)}\n`,
    });
    const { code, out, err } = await pinion(folder, "pins", "--json");
    expect([code, (JSON.parse(out) as unknown[]).length]).toEqual([0, 1]);
    expect(err.split("\n").filter((line) => line !== "")).toEqual([
      "4 files could not be read, so pins there are not listed:",
      expect.stringContaining("b.yaml:2:1: not valid YAML"),
      expect.stringContaining("t.yaml:2:1: a template"),
      "  u.yaml: is over 4194304 bytes, gone, or not UTF-8",
      "  z.yaml: is over 4194304 bytes, gone, or not UTF-8",
    ]);
    expect((await pinion(folderWith({ "b.yaml": "image: [\n" }), "pins")).err).toMatch(/^1 file could not be read, so pins there are not listed:\n/);
  });

  it("follows no links, and reads nothing of Git's own", async () => {
    const folder = folderWith({ "real/a.yaml": "image: a:1\n", ".git/x.yaml": "image: a:1\n" });
    symlinkSync(join(folder, "real"), join(folder, "link"));
    symlinkSync(join(folder, "real/a.yaml"), join(folder, "b.yaml"));
    expect(JSON.parse((await pinion(folder, "pins", "--json")).out)).toHaveLength(1);
    mkdirSync(join(folder, "empty"));
    expect(await pinion(folder, "pins", "empty")).toEqual({ code: 0, out: "no pins\n", err: "" });
    expect((await pinion(folder, "pins", "empty", "--json")).out).toBe("[]\n");
  });

  it.each([
    [["pins", "/none/such"], "/none/such is no folder"],
    [["pins", "--rev", "main"], "is in no Git repository that can be read"],
    [["pins", "--rev"], "--rev"],
    [["pins", "a", "b"], 'does not take "b"'],
    [["pins", "--dry-run"], "does not take --dry-run"],
  ])("says what is wrong with %j", async (args, problem) => {
    const { code, out, err } = await pinion(folderWith({}), ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(problem);
  });

  it("says when a revision is not there, whatever it looks like", async () => {
    const { folder } = repositoryWith({ "a.yaml": "image: a:1\n" });
    for (const revision of ["nope", "--all", "HEAD:a.yaml"]) {
      const { code, err } = await pinion(folder, "pins", `--rev=${revision}`);
      expect([code, err]).toEqual([2, `pinion: . has no revision "${revision}": name a branch, tag or commit that is there (git fetch?)\n`]);
    }
  });
});

describe("pinion set", () => {
  const text = "# web\r\nimage: nginx:1.2 # pinned\r\ntag: 'v1'";

  it("changes a file in place, and nothing else in it", async () => {
    const folder = folderWith({ "values.yaml": text });
    chmodSync(join(folder, "values.yaml"), 0o640);
    expect(await pinion(folder, "set", "values.yaml", "tag=v2", "nginx=nginx:1.3")).toEqual({ code: 0, out: "", err: "values.yaml: 2 values changed\n" });
    expect(readFileSync(join(folder, "values.yaml"), "utf8")).toBe("# web\r\nimage: nginx:1.3 # pinned\r\ntag: 'v2'");
    expect(statSync(join(folder, "values.yaml")).mode & 0o777).toBe(0o640);
    expect(await pinion(folder, "set", "values.yaml", "tag=v2", "nginx=nginx:1.3")).toEqual({ code: 3, out: "", err: "nothing to change: values.yaml says so already\n" });
    expect(await pinion(folder, "set", "values.yaml", "tag=v2", "--json")).toEqual({ code: 3, out: '{"outcome":"unchanged"}\n', err: "" });
  });

  it("prints with --dry-run what it would change", async () => {
    const folder = folderWith({ "values.yaml": text });
    const dry = await pinion(folder, "set", "values.yaml", "nginx=nginx:1.3", "--dry-run");
    const diff = "--- a/values.yaml\n+++ b/values.yaml\n@@ -1,3 +1,3 @@\n # web\r\n-image: nginx:1.2 # pinned\r\n+image: nginx:1.3 # pinned\r\n tag: 'v1'\n\\ No newline at end of file\n";
    expect(dry).toEqual({ code: 0, out: diff, err: "values.yaml: 1 value would change\n" });
    expect(readFileSync(join(folder, "values.yaml"), "utf8")).toBe(text);
    expect(JSON.parse((await pinion(folder, "set", "values.yaml", "nginx=nginx:1.3", "--dry-run", "--json")).out)).toEqual({ outcome: "changed", diff });
    expect(await pinion(folder, "set", "values.yaml", "nginx=nginx:1.2", "--dry-run")).toEqual({ code: 3, out: "", err: "nothing to change: values.yaml says so already\n" });
  });

  it.each([
    ["several on one line", "a: {tag: v1, image: nginx:1.2}\n", ["a.tag=v2", "nginx=nginx:1.3"], "2 values"],
    ["one image in several documents", "image: nginx:1.2\n---\n- image: nginx:1.2\n", ["nginx=nginx:1.3"], "2 values"],
    ["values that change places", "a: v1\nb: v2\n", ["a=v2", "b=v1"], "2 values"],
    ["a key that comes anew", "images:\n- name: nginx\n  newTag: '1.2'\n", [`nginx=nginx:1.3@sha256:${"a".repeat(64)}`], "2 values"],
    ["what is so already beside", "a: v1\nb: v2\n", ["a=v1", "b=v3"], "1 value"],
  ])("counts the values it changed: %s", async (_, before, changes, told) => {
    const folder = folderWith({ "kustomization.yaml": before });
    expect(await pinion(folder, "set", "kustomization.yaml", ...changes)).toEqual({ code: 0, out: "", err: `kustomization.yaml: ${told} changed\n` });
  });

  it.each([
    [["values.yaml", "tags=v2"], "values.yaml pins no image tags, and has no value at such a path. It pins nginx"],
    [["values.yaml", "tag[0]=v2"], "values.yaml:3:6: tag[0] is not there"],
    [["values.yaml", "tag"], '"tag" is no change: write PATH=VALUE or IMAGE=REF'],
    [["values.yaml"], "which file and what change? Write pinion set FILE PATH=VALUE"],
    [[], "which file and what change?"],
    [["nope.yaml", "tag=v2"], "nope.yaml cannot be read (ENOENT)"],
    [["bytes.yaml", "tag=v2"], "bytes.yaml is not UTF-8"],
  ])("refuses %j with 2, and changes nothing", async (args, reason) => {
    const folder = folderWith({ "values.yaml": text, "bytes.yaml": Uint8Array.of(0xff) });
    const { code, out, err } = await pinion(folder, "set", ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(reason);
    expect(JSON.parse((await pinion(folder, "set", ...args, "--json")).out)).toEqual({ outcome: "refused", reason: expect.stringContaining(reason) });
    expect(readFileSync(join(folder, "values.yaml"), "utf8")).toBe(text);
  });
});

describe("pinion replay", () => {
  const values = (tag: string, rest = ""): Record<string, string> => ({ "values.yaml": `image: {repository: a/b, tag: ${tag}}\n${rest}` });

  it("makes every change of pins again, and tells which came out otherwise", async () => {
    const { folder, commits } = repositoryWith(
      values("v1"),
      values("v2"),
      { ...values("v3"), "README.md": "x" },
      values("v4", "x: 1\n"),
      values("v5", "x: 1\n"),
      values("'6'", "x: 1\n"),
      values("'7'", "x: 1\n"),
      values("8", "x: 1\n"),
      { "README.md": null },
      {},
    );
    git(folder, "checkout", "--quiet", "-b", "side", "HEAD~1");
    git(folder, "commit", "--quiet", "--allow-empty", "--message=y");
    git(folder, "checkout", "--quiet", "main");
    git(folder, "merge", "--quiet", "--no-ff", "--message=merge", "side");
    const totals = {
      commits: 11,
      pin_only: 5,
      edits: 5,
      reproduced: 3,
      differs: [{ commit: commits[5], reason: `values.yaml:1: made "image: {repository: a/b, tag: \\"6\\"}", committed "image: {repository: a/b, tag: '6'}"` }],
      refused: [{ commit: commits[7], reason: expect.stringContaining("values.yaml:1: image.tag became 8, without quotes") }],
      unknown: [],
    };
    const { code, out, err } = await pinion(tmpdir(), "replay", folder, "--json");
    expect([code, err]).toEqual([1, ""]);
    expect(out.trimEnd().split("\n")).toHaveLength(1);
    expect(JSON.parse(out)).toEqual(totals);
    git(folder, "clone", "--quiet", "--bare", ".", "bare.git");
    expect(JSON.parse((await pinion(folder, "replay", "bare.git", "--json")).out)).toEqual(totals);
    const newest = await pinion(folder, "replay", ".", "--limit", "5");
    expect([newest.code, newest.err]).toEqual([0, ""]);
    expect(newest.out).toMatch(/^refused [0-9a-f]{12} values\.yaml:1: .*\n5 commits, 2 change pins alone \(2 pins\)\n1 came out byte for byte \(50\.00 %\), 0 differ, 1 was refused\n$/);
  });

  it.each([
    ["one", [values("v1"), values("v2")], "1", "1 commit, 1 changes pins alone (1 pin)\n1 came out byte for byte (100.00 %), 0 differ, 0 were refused\n"],
    ["one that differs", [values("v5"), values("'6'")], "1", "1 commit, 1 changes pins alone (1 pin)\n0 came out byte for byte (0.00 %), 1 differs, 0 were refused\n"],
    ["several", [values("v1"), values("v2"), values("v3")], "2", "2 commits, 2 change pins alone (2 pins)\n2 came out byte for byte (100.00 %), 0 differ, 0 were refused\n"],
    ["none", [values("v1")], "1", "1 commit, 0 change pins alone (0 pins)\n0 came out byte for byte, 0 differ, 0 were refused\n"],
  ])("counts in words as people do: %s", async (_, commits, limit, told) => {
    const { folder } = repositoryWith(...commits);
    expect((await pinion(folder, "replay", ".", "--limit", limit)).out).toContain(told);
  });

  it("tells which commits it could not judge, because a file is too large or no YAML", async () => {
    const [large, bytes] = [`# ${"x".repeat(4 * 1024 * 1024)}\n`, Buffer.from("image: caf\xe9:1\n", "latin1")];
    const template = (tag: string): string => `image: {{ .x }}:${tag}\n{{ end }}\n`;
    const { folder, commits } = repositoryWith(
      { "a.yaml": `${large}image: a:1\n`, "b.yaml": bytes, "t.yaml": template("1"), "n.yaml": "image: a:1\n" },
      { "a.yaml": `${large}image: a:2\n`, "n.yaml": "image: a:2\n" },
      { "b.yaml": "image: cafe:1\n" },
      { "t.yaml": template("2") },
      { "t.yaml": `${template("2")}# more\n` },
      { "a.yaml": `${large}image: a:3\n`, "n.yaml": "image: a:2\n\n" },
    );
    const { code, out } = await pinion(folder, "replay", ".", "--json");
    expect([code, JSON.parse(out)]).toEqual([
      0,
      {
        commits: 6,
        pin_only: 0,
        edits: 0,
        reproduced: 0,
        differs: [],
        refused: [],
        unknown: [
          { commit: commits[3], reason: expect.stringContaining("t.yaml:1:16: a template") },
          { commit: commits[2], reason: "b.yaml: is over 4194304 bytes, or not UTF-8" },
          { commit: commits[1], reason: "a.yaml: is over 4194304 bytes, or not UTF-8" },
        ],
      },
    ]);
    const told = (await pinion(folder, "replay", ".")).out;
    expect(told).toMatch(/^unknown [0-9a-f]{12} t\.yaml:1:16: a template/m);
    expect(told).toContain("\n3 more may change pins alone, with a file that cannot be read\n");
  });

  it.each([
    [[], "which repository? Write pinion replay REPO"],
    [["."], "is in no Git repository that can be read"],
    [["/none/such"], "is no folder"],
    [[".", "--limit", "0"], "--limit is a whole number above 0"],
    [[".", "--limit", "x"], "--limit is a whole number above 0"],
  ])("says what is wrong with %j", async (args, problem) => {
    const { code, out, err } = await pinion(folderWith({}), "replay", ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(problem);
  });

  it("says when there is no commit yet", async () => {
    const { folder } = repositoryWith();
    expect((await pinion(folder, "replay", ".")).err).toContain('has no revision "HEAD"');
  });
});

it.each(["pins", "set", "replay"])("the help of %s fits a screen and tells its exit codes", async (command) => {
  const { code, out } = await pinion(tmpdir(), command, "--help");
  expect(code).toBe(0);
  const lines = out.trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
  expect(out).toContain("Exit codes:");
});
