import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { findPinnedValues } from "../../src/domain/pins/find-values.ts";
import { setValues } from "../../src/domain/pins/set-values.ts";
import { parseYamlAddress } from "../../src/domain/yaml-path.ts";
import type { YamlAddress } from "../../src/domain/yaml-path.ts";

const FILE = "values.yaml";

function addressOf(path: string): YamlAddress {
  const parsed = parseYamlAddress(path);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.address;
}

function set(text: string, changes: Readonly<Record<string, string>>, file = FILE) {
  return setValues(file, text, Object.entries(changes).map(([path, value]) => ({ address: addressOf(path), value })));
}

function changed(text: string, changes: Readonly<Record<string, string>>, file = FILE): string {
  const result = set(text, changes, file);
  if (result.outcome !== "changed") throw new Error(JSON.stringify(result));
  return result.text;
}

describe("only the value's own characters change", () => {
  it.each<[string, string, Readonly<Record<string, string>>, string]>([
    ["blank lines stay (1, 2)", "a: 1\n\n\ntag: v1\n\n# end\n", { tag: "v2" }, "a: 1\n\n\ntag: v2\n\n# end\n"],
    ["blank lines within block scalars stay (3, 4)", "p: |\n  x\n\n  y\ntag: v1\n", { tag: "v2" }, "p: |\n  x\n\n  y\ntag: v2\n"],
    ["a comment behind it stays (5)", "tag: v1 # keep\n", { tag: "v2" }, "tag: v2 # keep\n"],
    ["a flow mapping stays whole (6)", "i: {repo: r, tag: v1, x: y}\n", { "i.tag": "v2" }, "i: {repo: r, tag: v2, x: y}\n"],
    ["two values on one line (7)", "i: {a: v1, b: v1}\n", { "i.a": "v2", "i.b": "v3" }, "i: {a: v2, b: v3}\n"],
    ["CRLF stays (8)", "a: 1\r\ntag: v1\r\nb: 2\r\n", { tag: "v2" }, "a: 1\r\ntag: v2\r\nb: 2\r\n"],
    ["no final line break (9)", "tag: v1", { tag: "v2" }, "tag: v2"],
    ["a byte order mark (10)", "\uFEFFtag: v1\n", { tag: "v2" }, "\uFEFFtag: v2\n"],
    ["letters of any kind before it (11)", "é: {ü: 😀, tag: v1}\n", { '["é"].tag': "v2" }, "é: {ü: 😀, tag: v2}\n"],
    ["an anchor that nobody uses (12)", "tag: &t v1\n", { tag: "v2" }, "tag: &t v2\n"],
    ["an anchor and its alias together (12, 13)", "tag: &t v1\nb: *t\n", { tag: "v2", b: "v2" }, "tag: &t v2\nb: *t\n"],
    ["a key beside a merge key (14)", "x: &x {tag: v0}\ny:\n  <<: *x\n  tag: v1\n", { "y.tag": "v2" }, "x: &x {tag: v0}\ny:\n  <<: *x\n  tag: v2\n"],
    ["a later document (16)", "tag: v1\n---\ntag: v1\n---\ntag: v1\n", { "doc[1]:tag": "v2" }, "tag: v1\n---\ntag: v2\n---\ntag: v1\n"],
    ["double quotes (17)", 'tag: "v1"\n', { tag: "v2" }, 'tag: "v2"\n'],
    ["single quotes (17)", "tag: 'v1'\n", { tag: "v2" }, "tag: 'v2'\n"],
    ["the comments of other entries (20, 22)", "- {name: b, tag: v1} # b\n- {name: a, tag: v1} # because\n", { "[1].tag": "v2" }, "- {name: b, tag: v1} # b\n- {name: a, tag: v2} # because\n"],
    ["indentation as it is (23)", "a:\n- tag: v1\nb:\n    - x\n", { "a[0].tag": "v2" }, "a:\n- tag: v2\nb:\n    - x\n"],
    ["alignment, long lines, odd numbers and folded text (24 to 26)", `a:   1e3    # one\nb: >\n  x\n  y\nc: ${"z ".repeat(90)}z\nd: { e: 0x1F,f: v1 }\ntag:\tv1\n`, { "d.f": "v2", tag: "v2" }, `a:   1e3    # one\nb: >\n  x\n  y\nc: ${"z ".repeat(90)}z\nd: { e: 0x1F,f: v2 }\ntag:\tv2\n`],
    ["what stands before and after a document (27)", "# c\n%YAML 1.1\n---\t# x\ntag: v1\n...\n", { tag: "v2" }, "# c\n%YAML 1.1\n---\t# x\ntag: v2\n...\n"],
    ["keys with dots (29)", "image.tag: v1\nimage: {tag: v1}\n", { '["image.tag"]': "v2" }, "image.tag: v2\nimage: {tag: v1}\n"],
    ["empty quotes (31)", "tag: ''\n", { tag: "v2" }, "tag: 'v2'\n"],
    ["a null (31)", "tag: ~ # none\n", { tag: "v2" }, "tag: v2 # none\n"],
    ["a template in quotes (32)", "a: '{{ .x }}'\ntag: v1\n", { tag: "v2" }, "a: '{{ .x }}'\ntag: v2\n"],
    ["flow style, anchors and quoted keys (35)", '{"image": &a "x:1", b: {image: y:1}}\n', { image: "x:2", "b.image": "y:2" }, '{"image": &a "x:2", b: {image: y:2}}\n'],
    ["the same text elsewhere (36)", "# tag: v1\nv1: {tag: v1}\ntag: v1\n", { tag: "v2" }, "# tag: v1\nv1: {tag: v1}\ntag: v2\n"],
    ["the short name of an image (39)", "image: bitnami/nginx:1\n", { image: "bitnami/nginx:2" }, "image: bitnami/nginx:2\n"],
    ["lines of any length (40)", `a: "${"x".repeat(1024 * 1024)}"\ntag: v1\n`, { tag: "v2" }, `a: "${"x".repeat(1024 * 1024)}"\ntag: v2\n`],
    ["the YAML tag !!str", "tag: !!str 1.20\n", { tag: "1.21" }, 'tag: !!str "1.21"\n'],
    ["an explicit key", "? tag\n: v1\n", { tag: "v2" }, "? tag\n: v2\n"],
    ["a root that is a list", "- a: {tag: v1}\n", { "[0].a.tag": "v2" }, "- a: {tag: v2}\n"],
  ])("%s", (_, before, changes, after) => {
    expect(changed(before, changes)).toBe(after);
    expect(set(after, changes)).toEqual({ outcome: "unchanged" });
  });

  it("also in JSON, which stays JSON", () => {
    const before = '{\n  "image": "a:1",\n  "n": 1,\n  "list": [{"tag": "v1"}]\n}';
    expect(changed(before, { image: "a:2", "list[0].tag": "v2" }, "x.json")).toBe(before.replace("a:1", "a:2").replace("v1", "v2"));
    expect(changed(before, { n: "2" }, "x.json")).toBe(before.replace('"n": 1', '"n": 2'));
    expect(changed(before, { n: "1.20" }, "x.json")).toBe(before.replace('"n": 1', '"n": "1.20"'));
    expect(set(before, { n: "v1" }, "x.json")).toMatchObject({ outcome: "refused", reason: expect.stringContaining("x.json:3:8: setting the value would change something else") });
  });
});

describe("quotes are added by need (18, 19)", () => {
  it.each(["1.20", "16", "0755", "0x1F", "0o17", "1e3", "12e03", ".5", "+1", "1_000", "0b11", "true", "null", "~", "yes", "no", "on", "off", "y", "n", "NO", "2024-01-01", "12:30:45", "1:20", ".inf", "-", "@x", "*x", "&x", "!x", "{x", "[x", "a: b", "a #b", " a", "a ", "#a", "", "%a", "|", ">", "'", '"', "`a", "? a", "- a"])(
    "for %j",
    (value) => {
      const after = changed("tag: v1\nb: 2\n", { tag: value });
      expect(after).toBe(`tag: ${JSON.stringify(value)}\nb: 2\n`);
      for (const version of ["1.1", "1.2"] as const) {
        expect(parseAllDocuments(after, { version })[0]?.toJS()).toEqual({ tag: value, b: 2 });
      }
    },
  );

  it.each(["v1", "1.2.3", "latest", "1.2.3-alpine", "a/b:1.2", `a@sha256:${"a".repeat(64)}`, "https://x.y/z?ref=v1&a=b", "a'b", 'a"b', "a,b", "a{b"])("not for %j", (value) => {
    expect(changed("tag: v0\n", { tag: value })).toBe(`tag: ${value}\n`);
  });

  it("for what would end a value within braces", () => {
    expect(changed("{tag: v1}\n", { tag: "a,b" })).toBe('{tag: "a,b"}\n');
    expect(changed("[{tag: v1}]\n", { "[0].tag": "a]b" })).toBe('[{tag: "a]b"}]\n');
  });

  it("not where an integer follows an integer, which no reader takes for another", () => {
    expect(changed("tag: 16\n", { tag: "17" })).toBe("tag: 17\n");
    expect(changed("tag: 16\n", { tag: "1.10" })).toBe('tag: "1.10"\n');
    expect(changed("tag: 1.9\n", { tag: "1.10" })).toBe('tag: "1.10"\n');
    expect(changed("tag: 1.9\n", { tag: "2" })).toBe('tag: "2"\n');
    expect(changed("tag: 16\n", { tag: "2000000" })).toBe('tag: "2000000"\n');
    expect(changed("tag: 16\n", { tag: "017" })).toBe('tag: "017"\n');
    expect(changed("tag: 16\n", { tag: "v17" })).toBe("tag: v17\n");
  });

  it("with escapes for the quotes that are there", () => {
    expect(changed("tag: 'v1'\n", { tag: "it's" })).toBe("tag: 'it''s'\n");
    expect(changed('tag: "v1"\n', { tag: 'a"b\\c' })).toBe('tag: "a\\"b\\\\c"\n');
  });
});

describe("what is not safe is refused, with the place and the reason", () => {
  it.each<[string, string, string, string]>([
    ["an alias (13)", "a: &t v1\nb:\n  tag: *t\n", "b.tag", "3:8: b.tag is the alias *t: its anchor would change. Write the value here"],
    ["what is behind an alias (13)", "a: &x {tag: v1}\nb: *x\n", "b.tag", "2:4: b is the alias *x: its anchor would change"],
    ["a value that shows elsewhere (13)", "a: {tag: &t v1}\nb: *t\n", "a.tag", "2:4: the value shows here too, as b, through an alias: set both, or write the value here"],
    ["a value in a mapping that shows elsewhere", "a: &x {tag: v1}\nb: *x\n", "a.tag", "2:4: the value shows here too, as b.tag"],
    ["a value that a merge key takes elsewhere (14)", "a: &x {tag: v1}\nb: {<<: *x}\n", "a.tag", '2:9: the value shows here too, as b["<<"].tag'],
    ["what a merge key brings (14)", "x: &x {tag: v1}\ny: {<<: *x}\n", "y.tag", "2:4: y.tag is not there: a merge key (<<) may bring it from elsewhere. Write it here"],
    ["a literal block (15)", "tag: |\n  v1\n", "tag", "1:6: tag is a block scalar (| or >): write it on one line"],
    ["a folded block (15)", "tag: >-\n  v1\n", "tag", "1:6: tag is a block scalar"],
    ["a plain value over lines", "tag: v1\n  v2\n", "tag", "1:6: tag spans lines: write it on one line"],
    ["a quoted value over lines", 'tag: "v1\\\n  v2"\n', "tag", "1:6: tag spans lines"],
    ["a document that is not there (16)", "tag: v1\n", "doc[1]:tag", "1:1: doc[1]:tag is not there: the file has 1 document, counted from 0"],
    ["an index into a mapping (28)", "a: {tag: v1}\n", "a[0].tag", "1:4: a[0] is not there: what is before [0] is no list"],
    ["an index out of range (28)", "a: [v1]\n", "a[1]", "1:4: a[1] is not there: the list has 1 entry, counted from 0"],
    ["a key into a list (28)", "a: [v1]\n", "a.tag", '1:4: a.tag is not there: what is before "tag" is no mapping'],
    ["a key into a value", "a: v1\n", "a.tag", "is no mapping"],
    ["a key that is not there", "a: v1\n", "tag", "1:1: tag is not there"],
    ["a key that was mistyped", "i: {newTag: v1, digest: x}\n", "i.newTagg", '1:4: i.newTagg is not there. Did you mean "newTag"?'],
    ["a key with dots (29)", "image.tag: v1\n", "image.tag", '1:1: image is not there: a key with dots is written as ["image.tag"]'],
    ["a key that is there twice (30)", "tag: v1\ntag: v2\n", "tag", '2:1: tag: the key "tag" is there twice: keep one'],
    ["a key on the way that is there twice (30)", "a: {tag: v1}\na: {tag: v1}\n", "a.tag", '2:1: a: the key "a" is there twice'],
    ["a key that is an alias", "x: &k tag\n*k : v1\ntag: v2\n", "tag", "2:1: tag: a key beside it is an alias or no text: write it out"],
    ["nothing (31)", "tag:\n", "tag", "tag has no value yet: write one"],
    ["nothing, with a comment", "tag: # none\n", "tag", "tag has no value yet: write one"],
    ["a template (32)", "tag: {{ .Values.tag }}\n", "tag", "1:6: the file is a template ({{ … }}): Pinion edits no templates"],
    ["a template elsewhere (32)", "tag: v1\nb: {{ .Values.b }}\n", "tag", "2:4: the file is a template"],
    ["a template that is no YAML (32)", "{{- if .x }}\ntag: v1\n{{- end }}\n", "tag", "1:3: "],
    ["a mapping", "tag: {a: b}\n", "tag", "1:6: tag is no single value"],
    ["a YAML tag", "tag: !secret v1\n", "tag", "tag has the YAML tag !secret: remove it"],
    ["broken YAML", "tag: v1\n\tb: 1\n", "tag", "not valid YAML"],
    ["a file without content", "", "tag", "the file has 0 documents"],
    ["a byte order mark before a second document", "a: 1\n---\n\uFEFFtag: v1\n", "doc[1]:tag", "tag is not there"],
  ])("%s", (_, text, path, reason) => {
    const result = set(text, { [path]: "v2" });
    expect(result.outcome).toBe("refused");
    expect(result.outcome === "refused" && result.reason).toContain(`${FILE}:`);
    expect(result.outcome === "refused" && result.reason).toContain(reason);
  });

  it.each(["a\nb", "a\rb", "\u0000", "\u0085", "\u2028", "\uFEFF", "\ud800"])("a value with %j", (value) => {
    expect(set("tag: v1\n", { tag: value })).toEqual({ outcome: "refused", reason: "values.yaml:1:6: tag: the new value does not fit on one line of text" });
  });

  it("two values for one place", () => {
    const address = addressOf("tag");
    const result = setValues(FILE, "tag: v1\n", [{ address, value: "v2" }, { address, value: "v3" }]);
    expect(result).toEqual({ outcome: "refused", reason: 'values.yaml:1:6: tag shall be both "v2" and "v3"' });
  });

  it("one of several: then nothing is changed", () => {
    expect(set("a: v1\nb: |\n  v1\n", { a: "v2", b: "v2" }).outcome).toBe("refused");
  });
});

describe("for any file and any pin", () => {
  const key = fc.constantFrom("a", "b", "image", "tag", "é", "a.b", "1", "x-y");
  const scalar = fc.constantFrom("v1", "nginx:1.2", "'v1'", '"v1"', "1.20", "16", "yes", "!!str 1", "''", "~", "a b", '"a\\nb"', "x/y:1@sha256:" + "a".repeat(64));
  const space = fc.constantFrom(" ", "  ", "   ");
  const comment = fc.constantFrom("", "", " # v1", " # tag: v1 ü");
  const flow = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie("node"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`), fc.uniqueArray(fc.tuple(key, tie("node")), { selector: ([name]) => name, maxLength: 3 }).map((pairs) => `{${pairs.map(([name, value]) => `${name}: ${value}`).join(",")}}`)),
  })).node;
  const block = (depth: number): fc.Arbitrary<(indent: string) => string> => {
    const leaf = fc.tuple(space, flow, comment).map(([gap, value, note]) => () => `${gap}${value}${note}\n`);
    if (depth === 0) return leaf;
    const map = fc.tuple(fc.uniqueArray(fc.tuple(key, block(depth - 1)), { selector: ([name]) => name, minLength: 1, maxLength: 3 }), fc.boolean()).map(
      ([pairs, blank]) => (indent: string) => `\n${pairs.map(([name, value]) => `${indent}${name}:${value(`${indent}  `)}${blank ? "\n" : ""}`).join("")}`,
    );
    const list = fc.array(leaf, { minLength: 1, maxLength: 3 }).map((items) => (indent: string) => `\n${items.map((item) => `${indent}-${item()}`).join("")}`);
    return fc.oneof(leaf, map, list);
  };
  const document = fc.uniqueArray(fc.tuple(key, block(2)), { selector: ([name]) => name, minLength: 1, maxLength: 4 }).map((pairs) => pairs.map(([name, value]) => `${name}:${value("  ")}`).join(""));
  const file = fc.tuple(fc.array(document, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.boolean(), fc.boolean()).map(([documents, crlf, bom, final]) => {
    const text = documents.join("---\n");
    const ended = final ? text : text.replace(/\n+$/, "");
    return `${bom ? "\uFEFF" : ""}${crlf ? ended.replaceAll("\n", "\r\n") : ended}`;
  });
  const value = fc.oneof(fc.constantFrom("v2", "nginx:1.3", "1.20", "17", "yes", "", "it's", 'a"b', "a,b", "a: b", "~"), fc.string({ unit: "grapheme" }));

  /** Addresses of all scalars, by another way than the engine's own. */
  const scalarsOf = (text: string): { address: YamlAddress; plain: unknown }[] =>
    parseAllDocuments(text, { uniqueKeys: false, version: "1.2", schema: "failsafe" }).flatMap((one, index) => {
      const found: { address: YamlAddress; plain: unknown }[] = [];
      const walk = (plain: unknown, path: readonly (string | number)[]): void => {
        if (Array.isArray(plain)) plain.forEach((item, at) => walk(item, [...path, at]));
        else if (typeof plain === "object" && plain !== null) for (const [name, item] of Object.entries(plain)) walk(item, [...path, name]);
        else found.push({ address: { document: index, path }, plain });
      };
      walk(one.toJS(), []);
      return found;
    });

  it("only its own characters change, everything else reads as before, and once is enough", () => {
    fc.assert(
      fc.property(file, value, fc.nat(), (text, wanted, pick) => {
        const scalars = scalarsOf(text);
        const chosen = scalars[pick % scalars.length];
        fc.pre(chosen !== undefined);
        if (chosen === undefined) return;
        const change = [{ address: chosen.address, value: wanted }];
        const result = setValues(FILE, text, change);
        if (result.outcome !== "changed") return;
        const after = scalarsOf(result.text);
        expect(after).toEqual(scalars.map((one) => (one === chosen ? { ...one, plain: wanted } : one)));
        let start = 0;
        while (text[start] === result.text[start] && start < text.length) start += 1;
        let end = 0;
        while (text.at(-1 - end) === result.text.at(-1 - end) && end < Math.min(text.length, result.text.length) - start) end += 1;
        const touched = text.slice(start, text.length - end);
        expect(touched).not.toMatch(/[\n\r#]/);
        expect(setValues(FILE, result.text, change)).toEqual({ outcome: "unchanged" });
      }),
      { numRuns: 2_000 },
    );
  });

  it("it is not refused but for a reason that is in the file", () => {
    fc.assert(
      fc.property(file, fc.nat(), (text, pick) => {
        const scalars = scalarsOf(text);
        const chosen = scalars[pick % Math.max(1, scalars.length)];
        fc.pre(chosen !== undefined);
        if (chosen === undefined) return;
        const result = setValues(FILE, text, [{ address: chosen.address, value: "v2" }]);
        if (result.outcome === "refused") expect(result.reason).toMatch(/has no value yet/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("what is found can be set, and is then found", () => {
    fc.assert(
      fc.property(file, (text) => {
        const found = findPinnedValues(FILE, text);
        for (const { path } of found.ok ? found.values : []) {
          const result = setValues(FILE, text, [{ address: addressOf(path), value: "example.com/a/b:v9" }]);
          expect(result.outcome).toBe("changed");
        }
      }),
      { numRuns: 500 },
    );
  });
});
