import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { offsetOf, parseYaml, plainValue, readsAsString, TextPositions } from "../../src/domain/yaml-document.ts";
import type { YamlDocument, YamlLimits, YamlPath } from "../../src/domain/yaml-document.ts";

const LIMITS: YamlLimits = { characters: 100_000, aliases: 10, scalars: "typed" };

function documentOf(text: string, limits: Partial<YamlLimits> = {}): YamlDocument {
  const result = parseYaml(text, { ...LIMITS, ...limits });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.document;
}

function problemOf(text: string, limits: Partial<YamlLimits> = {}): string {
  const result = parseYaml(text, { ...LIMITS, ...limits });
  if (result.ok) return "";
  const positions = new TextPositions(text);
  return result.problems
    .map(({ offset, message }) => `${positions.at(offset).line}:${positions.at(offset).column} ${message}`)
    .join("\n");
}

describe("parseYaml", () => {
  it.each([
    ["a tab as indentation", "a:\n\tb: 1\n", "2:1 not valid YAML: a tab cannot indent"],
    ["several documents", "a: 1\n---\nb: 1\n", "2:1 more than one YAML document"],
    ["a colon in a plain value", "a: b: c\n", '1:4 not valid YAML: Nested mappings are not allowed in compact mappings; a value that contains ": "'],
    ["an open quote", 'a: "b\n', "not valid YAML: Missing closing"],
    ["an alias without an anchor", "a: *x\n", "1:4 the alias *x has no anchor before it"],
    ["an alias before its anchor", "a: *x\nb: &x 1\n", "1:4 the alias *x"],
    ["an endless document", "a: &x [*x]\n", "1:8 the alias *x"],
    ["too many aliases", `a: &x 1\nb: [${"*x, ".repeat(11)}]\n`, "more than 10 aliases"],
    ["a tag of its own", "a: !secret b\n", "Unresolved tag: !secret"],
    ["old line ends", "a: 1\rb: 2\r", "not valid YAML"],
  ])("tells of %s", (_, text, message) => {
    expect(problemOf(text)).toContain(message);
  });

  it("reads nothing over the size limit, and says both sizes", () => {
    expect(problemOf("a: 1\n", { characters: 4 })).toBe("1:1 the file has 5 characters: more than 4 are not read");
    expect(problemOf("a: 1\n", { characters: 5 })).toBe("");
  });

  it.each([
    ["flow lists", `a: ${"[".repeat(2_000)}${"]".repeat(2_000)}`],
    ["open flow lists", `a: ${"[".repeat(30_000)}`],
    ["dashes", `${"- ".repeat(30_000)}x`],
    ["explicit keys", `${"? ".repeat(30_000)}x`],
    ["just over the depth", `a: ${"[".repeat(70)}${"]".repeat(70)}`],
  ])("refuses what is nested too deeply: %s", (_, text) => {
    expect(problemOf(text)).toContain("nested deeper than 64 levels");
  });

  it("tells every duplicate key, at any depth, and still reads the document", () => {
    const text = 'a: 1\nb: { c: 1, d: 2, "c": 3 }\na: 2\n1: x\n"1": y\n';
    const result = parseYaml(text, LIMITS);
    const positions = new TextPositions(text);
    expect(result.ok && result.duplicates.map(({ offset, message }) => [positions.at(offset), message])).toEqual([
      [{ line: 2, column: 18 }, 'the key "c" is there twice'],
      [{ line: 3, column: 1 }, 'the key "a" is there twice'],
      [{ line: 5, column: 1 }, 'the key "1" is there twice'],
    ]);
  });

  it("finds a duplicate among many keys without comparing each with each", () => {
    const text = `${Array.from({ length: 6_000 }, (_, index) => `k${index}: 1\n`).join("")}k17: 2\n`;
    const result = parseYaml(text, LIMITS);
    expect(result.ok && result.duplicates.length).toBe(1);
  });

  it("leaves every scalar the text it is, where asked to", () => {
    expect(plainValue(documentOf("a: 1.20\nb: yes\nc: ~\nd: 0x1F\n", { scalars: "text" }))).toEqual({
      ok: true,
      value: { a: "1.20", b: "yes", c: "~", d: "0x1F" },
    });
  });
});

describe("plainValue", () => {
  it("reads what JSON can say exactly as JSON does", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(plainValue(documentOf(text))).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  it("expands aliases, each to the anchor nearest before it", () => {
    expect(plainValue(documentOf("a: &x 1\nb: *x\nc: &x [2]\nd: *x\n"))).toEqual({ ok: true, value: { a: 1, b: 1, c: [2], d: [2] } });
  });

  it("does not expand a bomb", () => {
    const levels = Array.from({ length: 9 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(9)}]`);
    const text = `a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n${levels.join("\n")}\n`;
    expect(plainValue(documentOf(text, { aliases: 100 }))).toMatchObject({ ok: false, problem: { message: "more than 200000 values" } });
  });

  it("refuses keys that are no text", () => {
    expect(plainValue(documentOf("? [a]\n: 1\n"))).toMatchObject({ ok: false, problem: { offset: 2, message: "a key must be plain text" } });
  });

  it("takes a key named __proto__ for what it is: a key", () => {
    const plain = plainValue(documentOf("__proto__: { mode: observe }\n"));
    expect(plain.ok && Object.keys(plain.value ?? {})).toEqual(["__proto__"]);
  });
});

describe("offsetOf", () => {
  const text = "\uFEFFa:\n  - b: 1\n    c:\n  - &x { d: 2 }\ne: *x\n";
  const document = documentOf(text);
  const at = (path: YamlPath, part: "key" | "value") => new TextPositions(text).at(offsetOf(document, path, part));

  it.each<[YamlPath, "key" | "value", number, number]>([
    [[], "value", 1, 1],
    [["a"], "key", 1, 1],
    [["a", 0, "b"], "key", 2, 5],
    [["a", 0, "b"], "value", 2, 8],
    [["a", 0, "c"], "value", 3, 5],
    [["a", 1, "d"], "value", 4, 13],
    [["e", "d"], "value", 4, 13],
    [["a", 0, "missing"], "value", 2, 5],
    [["missing"], "value", 1, 1],
    [["a", 7], "value", 1, 1],
  ])("finds %j (%s) at %i:%i", (path, part, line, column) => {
    expect(at(path, part)).toEqual({ line, column });
  });
});

describe("TextPositions", () => {
  it("counts as an editor does", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "é", "😀", "\n", "\r\n", " ") }), fc.boolean(), fc.nat(), (content, mark, seed) => {
        const text = (mark ? "\uFEFF" : "") + content;
        const offset = text.length === 0 ? 0 : seed % text.length;
        const before = text.slice(0, offset).replace("\uFEFF", "").split("\n");
        expect(new TextPositions(text).at(offset)).toEqual({ line: before.length, column: (before.at(-1)?.length ?? 0) + 1 });
      }),
    );
  });
});

describe("readsAsString", () => {
  it.each(["1.2.3", "v1.2", "latest", "1.2.3-rc.1", "v1.0.0-4-gabcdef0", `sha256:${"0".repeat(64)}`, "main-1a2b3c4", "yeS", "2024.01.15", "12e", "0be1137d5dff", "0o8", "0b2"])(
    "%s needs no quotes",
    (text) => {
      expect(readsAsString(text)).toBe(true);
    },
  );

  it.each([
    ["1.20", "16", "0755", "017", "08", "00123", "1e3", "12e03", "6e5", "1234567", "0x1F", "0X1F", "0o17", "0O17", "0o1_7", "0b11", "0B1", ".5", "1.", "+1", "-1"],
    ["true", "True", "FALSE", "null", "Null", "~", "", "yes", "No", "on", "OFF", "y", "N", "1_000", "1_0.5", "12:30:45", "1:20", "2024-01-01", "2024-1-1"],
    ["2024-01-01T10:00:00", ".inf", "-.INF", ".nan", " a", "a ", "a: b", "a #b", "@a", "*a", "&a", "{a", "[a", "- a", "? a", "!a", "%a", "`a", "a\nb", "<<"],
  ].flat())("%j needs quotes", (text) => {
    expect(readsAsString(text)).toBe(false);
  });

  it("never calls a text plain that either YAML version reads as something else", () => {
    const character = fc.constantFrom(..."0123456789._-+:eExXoObBaAfFnNyYtT \t#'\"[]{}&*!|>%@,?~".split(""));
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
        fc.pre(readsAsString(text));
        for (const version of ["1.1", "1.2"] as const) expect(parse(`a: ${text}\n`, { version })).toEqual({ a: text });
      }),
      { numRuns: 5_000 },
    );
  });

});
