import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onlyPinsChanged, type ReplacedLine } from "../../bench/pin-lines.ts";
import { git, importCommits, type Commit } from "../../bench/scale-repository.ts";

const run = promisify(execFile);

/** Texts with as many lines, of which some are others. */
function only(file: string, before: string, after: string): boolean {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const replaced = now.flatMap((line, index): ReplacedLine[] => {
    return old[index] === line ? [] : [{ number: index + 1, before: old[index] ?? "", after: line }];
  });
  return onlyPinsChanged(file, after, replaced);
}

const K = "a/kustomization.yaml";
const release = (values: string) => `kind: HelmRelease\nspec:\n  chart:\n    spec:\n      version: 1.0.0\n  values:\n    ${values}\n`;
const pod = (image: string) => `kind: Pod\nspec:\n  containers:\n  - name: a\n    image: ${image}\n`;

describe("lines alone tell that only pins changed", () => {
  it.each<[string, string, string, string]>([
    ["newTag", K, "images:\n- name: a\n  newTag: v1 # c\n", "images:\n- name: a\n  newTag: v2 # c\n"],
    ["quotes with the value", K, "images:\n- newTag: v1\n", "images:\n- newTag: '2'\n"],
    ["in braces", "values.yaml", "image: {repository: a/b, tag: v1}\n", "image: {repository: a/b, tag: v2}\n"],
    ["in JSON", "a.json", '{\n  "image": "a:1",\n  "b": 1\n}\n', '{\n  "image": "a:2",\n  "b": 1\n}\n'],
    ["a container's image that got a digest", "a.yaml", pod("nginx"), pod(`nginx@sha256:${"a".repeat(64)}`)],
    ["a remote resource", K, "resources:\n- https://x.y/z?ref=a\n", "resources:\n- https://x.y/z?ref=b\n"],
    ["the version of a chart", "a.yaml", release("a: 1").replace("1.0.0", "1.0.1"), release("a: 1")],
    ["a tag in values", "a.yaml", release("tag: v1"), release("tag: v2")],
    ["with CRLF", "a.yaml", "image: a:1\r\nb: 1\r\n", "image: a:2\r\nb: 1\r\n"],
    ["a parameter", "a.yaml", "helm:\n  parameters:\n  - name: image.tag\n    value: v1\n", "helm:\n  parameters:\n  - name: image.tag\n    value: v2\n"],
  ])("%s", (_, file, before, after) => {
    expect(only(file, before, after)).toBe(true);
  });

  it.each<[string, string, string, string]>([
    ["a comment", K, "images:\n- newTag: v1 # one\n", "images:\n- newTag: v2 # two\n"],
    ["quotes alone", K, "images:\n- newTag: v1\n", "images:\n- newTag: 'v1'\n"],
    ["a comment that looks like a pin", K, "# newTag: v1\n", "# newTag: v2\n"],
    ["a line beside it", K, "images:\n- newTag: v1\nb: 1\n", "images:\n- newTag: v2\nb: 2\n"],
    ["text", "a.yaml", "data:\n  x: |\n    image: a:1\n\n    image: b:1\n", "data:\n  x: |\n    image: a:1\n\n    image: b:2\n"],
    ["a version in values", "a.yaml", release("version: 1"), release("version: 2")],
    ["the name of a parameter that names no image", "a.yaml", "helm:\n  parameters:\n  - name: mode\n    value: a\n", "helm:\n  parameters:\n  - name: mode\n    value: b\n"],
    ["an object of another kind", "a.yaml", "kind: X\nspec:\n  ref:\n    branch: a\n", "kind: X\nspec:\n  ref:\n    branch: b\n"],
    ["a template", "a.yaml", "image: a:{{ .x }}\n", "image: a:{{ .y }}\n"],
  ])("not %s", (_, file, before, after) => {
    expect(only(file, before, after)).toBe(false);
  });
});

describe("a history", () => {
  let repository = "";
  beforeAll(async () => {
    repository = await mkdtemp(join(tmpdir(), "pinion-pin-only-"));
    const commit = (message: string, ...files: [string, string][]): Commit => ({ branch: "main", author: "Olivia Owner <olivia@example.com>", message, files });
    await git("/", ["init", "--quiet", "--bare", "--initial-branch=main", repository]);
    await importCommits(repository, [
      commit("All", [K, "images:\n- name: a\n  newTag: v1"], ["x y/values.yaml", "a: 1\n"], ["README.md", "a"]),
      commit("A pin", [K, "images:\n- name: a\n  newTag: v2"]),
      commit("A pin, and the end of the file", [K, "images:\n- name: a\n  newTag: v3\n"]),
      commit("A pin, and another file", [K, "images:\n- name: a\n  newTag: v4\n"], ["README.md", "b"]),
      commit("A line more", ["x y/values.yaml", "a: 1\nimage: a:1\n"]),
      commit("Two pins", [K, "images:\n- name: a\n  newTag: v5\n"], ["x y/values.yaml", "a: 1\nimage: a:2\n"]),
    ]);
  });
  afterAll(async () => rm(repository, { recursive: true }));

  const count = async (...args: readonly string[]) => run(process.execPath, ["bench/pin-only-count.ts", ...args]);

  it("is counted twice, to the same number", async () => {
    const { stdout } = await count(repository, "--json");
    const figures: unknown = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(figures).toEqual({
      repositories: [{ repository, commits: 6, by_lines: 2, pin_only: 2, apart: 0, edits: 3, reproduced: 2, differs: 0, refused: 0, unknown: 0 }],
    });
  });

  it("has its commits listed", async () => {
    const [two, , , , one] = (await run("git", ["-C", repository, "rev-list", "main"])).stdout.trim().split("\n");
    expect((await count(repository, "--list")).stdout).toBe(`${two}\n${one}\n`);
  });

  it("must be there", async () => {
    await expect(count()).rejects.toThrow("name a repository, or more");
    await expect(count(join(repository, "none"), "--list")).rejects.toThrow("git log failed");
  });
});
