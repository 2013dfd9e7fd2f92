import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import { compileConfiguredPins, filePatternProblem, pathPatternProblem } from "../../src/domain/pins/configured.ts";
import { findPinnedValues } from "../../src/domain/pins/find-values.ts";

describe("files", () => {
  it.each([
    ["a/b.yaml", "a/b.yaml", true],
    ["a/b.yaml", "a/bxyaml", false],
    ["a/*.yaml", "a/b.yaml", true],
    ["a/*.yaml", "a/b/c.yaml", false],
    ["*/b.yaml", "a/b.yaml", true],
    ["**/b.yaml", "b.yaml", true],
    ["**/b.yaml", "x/y/b.yaml", true],
    ["**/b.yaml", "x/y/xb.yaml", false],
    ["a/**/b-*.txt", "a/b-1.txt", true],
    ["a/**/b-*.txt", "a/x/y/b-1.txt", true],
    ["a/**", "a/x/y", true],
    ["a/**", "b/x", false],
    ["a(b)+.yaml", "a(b)+.yaml", true],
  ])("%s: %s, %s", (files, path, holds) => {
    expect(filePatternProblem(files)).toBeNull();
    expect(compileConfiguredPins([{ files, path: "x" }]).holds(path)).toBe(holds);
  });

  it.each(["", "/a", "a/", "a//b", "../a", "./a", "a**", "a/{b}", "a?", "a[b]", "a\\b", "*".repeat(501), "*a/".repeat(9) + "b"])("are not %s", (files) => {
    expect(filePatternProblem(files)).not.toBeNull();
  });
});

describe("paths", () => {
  const text = 'clusters:\n  eu: {version: "1.30", image: a:1}\n  us: {version: v1.31}\nitems:\n- {tag: v1}\n- {tag: v2}\n"x.y": v9\n---\nclusters: {eu: {version: v2}}\n';
  it.each<[string, readonly string[]]>([
    ["clusters.eu.version", ["clusters.eu.version = 1.30", "doc[1]:clusters.eu.version = v2"]],
    ["clusters.*.version", ["clusters.eu.version = 1.30", "clusters.us.version = v1.31", "doc[1]:clusters.eu.version = v2"]],
    ["items[*].tag", ["items[0].tag = v1", "items[1].tag = v2"]],
    ["items.*.tag", ["items[0].tag = v1", "items[1].tag = v2"]],
    ["items[1].tag", ["items[1].tag = v2"]],
    ["*[0].tag", ["items[0].tag = v1"]],
    ['["x.y"]', ['["x.y"] = v9']],
    ["clusters", []],
    ["nope.*", []],
  ])("%s", (path, values) => {
    expect(pathPatternProblem(path)).toBeNull();
    const found = findPinnedValues("versions.txt", text, compileConfiguredPins([{ files: "*", path }]));
    expect(found.ok && found.values.filter(({ kind }) => kind === "configured").map(({ path, value }) => `${path} = ${value}`)).toEqual(values);
  });

  it.each(["", "a..b", "a[", "doc[1]:a", "a.**", "a b", "a*"])("are not %s", (path) => {
    expect(pathPatternProblem(path)).toContain(JSON.stringify(path));
  });

  it("tell the image where the value is one", () => {
    const found = findPinnedValues("x.yaml", "web: ghcr.io/a/b:v1\nother: v1\n", compileConfiguredPins([{ files: "**", path: "*" }]));
    expect(found.ok && found.values.map(({ image }) => image)).toEqual([{ repository: "ghcr.io/a/b", tag: "v1", digest: null }, null]);
  });
});

describe("in the configuration", () => {
  const head = "version: 1\nenvironments: {dev: {}}\napps: {discover: ['{app}/{env}/kustomization.yaml']}\n";

  it("they are a list", () => {
    const parsed = parseConfig(`${head}pins:\n- {files: 'a/*.yaml', path: x.*.version}\n`);
    expect(parsed.ok && parsed.config.pins).toEqual([{ files: "a/*.yaml", path: "x.*.version" }]);
    const without = parseConfig(head);
    expect(without.ok && without.config.pins).toEqual([]);
  });

  it.each([
    ["- {files: '/a', path: x}", "5:11", 'pins[0].files: "/a" must be a path from the root'],
    ["- {files: a, path: x..y}", "5:20", 'pins[0].path: "x..y" is not a path'],
    ["- {files: a}", "5:3", 'lacks the key "path"'],
    ["- x", "5:3", "pins[0]"],
    ["- {files: a, path: x, kind: y}", "5:23", 'unknown key "kind"'],
  ])("%s is a problem", (entry, place, message) => {
    const parsed = parseConfig(`${head}pins:\n${entry}\n`);
    expect(parsed.ok ? [] : parsed.problems.map((problem) => `${problem.line}:${problem.column} ${problem.message}`)).toEqual([expect.stringContaining(message)]);
    expect(parsed.ok ? "" : `${parsed.problems[0]?.line}:${parsed.problems[0]?.column}`).toBe(place);
  });
});
