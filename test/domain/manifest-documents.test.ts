import { describe, expect, it } from "vitest";
import { mayHoldManifests, readManifests } from "../../src/domain/manifest-documents.ts";

const read = (text: string) => readManifests([{ path: "a.yaml", text }]);
const contents = (text: string): unknown => {
  const result = read(text);
  return result.ok ? result.manifests.map(({ content }) => content) : result.problem;
};

describe("files that may hold manifests", () => {
  it.each([
    ["apps/a/deployment.yaml", true],
    ["apps/a/deployment.yml", true],
    ["apps/a/deployment.json", true],
    ["apps/a/Kustomization", true],
    ["README.md", false],
    [".github/workflows/test.yaml", false],
    [".github/pinion.yaml", false],
  ])("%s: %s", (path, expected) => {
    expect(mayHoldManifests(path)).toBe(expected);
  });
});

describe("manifests", () => {
  it("are the documents of all files, counted in each, those without content left out", () => {
    const files = [
      { path: "a.yaml", text: "---\na: 1\n---\n# nothing\n---\nb: [2]\n" },
      { path: "b.json", text: '{"c": null}' },
      { path: "empty.yaml", text: "" },
    ];
    expect(readManifests(files)).toEqual({
      ok: true,
      manifests: [
        { file: "a.yaml", document: 1, content: { a: 1 } },
        { file: "a.yaml", document: 3, content: { b: [2] } },
        { file: "b.json", document: 1, content: { c: null } },
      ],
    });
  });

  it("have aliases resolved, and octal modes read as Kubernetes reads them", () => {
    expect(contents("a: &x { mode: 0644 }\nb: *x\nc: '0644'\nd: 0\ne: 10\n")).toEqual([{ a: { mode: 420 }, b: { mode: 420 }, c: "0644", d: 0, e: 10 }]);
  });

  it.each([
    ["no YAML", "a: [\n", /^a\.yaml:\d+:\d+: not valid YAML: /],
    ["a Helm template", "a: {{ .Values.a }}\n{{ end }}\n", /^a\.yaml:\d+:\d+: /],
    ["a key that is there twice", "a: 1\nb: { c: 1, c: 2 }\n", /^a\.yaml:2:12: the key "c" is there twice$/],
    ["a key that is there twice, the second time in quotes", 'a: 1\n"a": 2\n', /^a\.yaml:2:1: the key "a" is there twice$/],
    ["a merge key", "a: &x { b: 1 }\nc:\n  <<: *x\n", /^a\.yaml:3:3: merge keys/],
    ["what is true to some", "a: [1, yes]\n", /^a\.yaml:1:8: `yes` is not read alike everywhere: write true or false, or put it in quotes$/],
    ["what is a number to some", "a: 1_000\n", /^a\.yaml:1:4: `1_000` is not read alike everywhere: write it as a plain decimal number/],
    ["an octal number by YAML 1.2 alone", "a: 0o17\n", /`0o17` is not read alike/],
    ["what looks like an octal number", "a: 089\n", /`089` is not read alike/],
    ["an alias without an anchor", "a: *x\n", /the alias \*x has no anchor before it/],
    ["a document that holds itself", "a: &x [*x]\n", /the alias \*x has no anchor before it/],
    ["a tag", "a: !secret b\n", /^a\.yaml:1:4: /],
    ["too much nesting", `a: ${"[".repeat(70)}${"]".repeat(70)}\n`, /nested deeper than 64 levels/],
    ["aliases of aliases", `a: &a [${"x,".repeat(9)}]\n${"bcdefgh".split("").map((name, index) => `${name}: &${name} [${`*${"abcdefgh".charAt(index)},`.repeat(9)}]\n`).join("")}`, /more than 100000 values together/],
    ["more aliases than anyone writes", `a: &a 1\nb: [${"*a,".repeat(101)}]\n`, /more than 100 aliases/],
    ["too many documents", "---\na: 1\n".repeat(1001), /more than 1000 documents/],
    ["too long a file", `a: ${"b".repeat(512 * 1024)}\n`, /characters: more than 262144 are not read/],
  ])("cannot be told of %s", (_, text, problem) => {
    expect(contents(text)).toMatch(problem);
  });

  it("cannot be told of files that are too long together", () => {
    const files = Array.from({ length: 5 }, (_, index) => ({ path: `${index}.yaml`, text: `a: ${"b".repeat(250_000)}\n` }));
    expect(readManifests(files)).toMatchObject({ ok: false, problem: expect.stringContaining("more than 1048576 characters together") });
  });
});
