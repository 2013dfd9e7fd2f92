import { describe, expect, it } from "vitest";
import { editPins } from "../../src/domain/pins.ts";
import type { PinEdit } from "../../src/domain/pins.ts";
import type { Digest } from "../../src/domain/release.ts";

const FILE = "apps/web/overlays/dev/kustomization.yaml";
const A: Digest = `sha256:${"a".repeat(64)}`;
const B: Digest = `sha256:${"b".repeat(64)}`;
const NGINX = "docker.io/library/nginx";

function edit(text: string, tag: string | null = "v2", digest: Digest = B, repository = NGINX) {
  return editPins(FILE, text, [{ repository, tag, digest }]);
}

/** Each row: what is special, the text before, the text after setting nginx to v2 and digest B. */
const EDITS: readonly (readonly [string, string, string])[] = [
  ["tag and digest", `images:\n- name: nginx\n  newTag: v1\n  digest: ${A}\n`, `images:\n- name: nginx\n  newTag: v2\n  digest: ${B}\n`],
  ["digest before tag", `images:\n- digest: ${A}\n  newTag: v1\n  name: nginx\n`, `images:\n- digest: ${B}\n  newTag: v2\n  name: nginx\n`],
  ["a tag alone gets a digest", "images:\n- name: nginx\n  newTag: v1\n", `images:\n- name: nginx\n  newTag: v2\n  digest: ${B}\n`],
  ["a tag before the name", "images:\n- newTag: v1\n  name: nginx\n", `images:\n- newTag: v2\n  digest: ${B}\n  name: nginx\n`],
  ["a digest alone stays alone", `images:\n- name: nginx\n  digest: ${A}\n`, `images:\n- name: nginx\n  digest: ${B}\n`],
  ["both in one value", `images:\n- name: nginx\n  newTag: v1@${A} # keep\n`, `images:\n- name: nginx\n  newTag: v2@${B} # keep\n`],
  ["neither yet", "images:\n- name: nginx\n", `images:\n- name: nginx\n  newTag: v2\n  digest: ${B}\n`],
  ["neither yet, with newName", "images:\n- name: web\n  newName: nginx\nresources: []\n", `images:\n- name: web\n  newName: nginx\n  newTag: v2\n  digest: ${B}\nresources: []\n`],
  ["single quotes", "images:\n- name: nginx\n  newTag: 'v1'\n", `images:\n- name: nginx\n  newTag: 'v2'\n  digest: ${B}\n`],
  ["double quotes", `images:\n- name: nginx\n  newTag: "v1"\n  digest: "${A}"\n`, `images:\n- name: nginx\n  newTag: "v2"\n  digest: "${B}"\n`],
  ["comments", "images: # all\n# one\n- name: nginx # web\n  # the tag\n  newTag: v1   # {\"$imagepolicy\": \"flux-system:web\"}\n  # end\n", `images: # all\n# one\n- name: nginx # web\n  # the tag\n  newTag: v2   # {"$imagepolicy": "flux-system:web"}\n  digest: ${B}\n  # end\n`],
  ["Windows line ends", "images:\r\n- name: nginx\r\n  newTag: v1\r\nresources:\r\n- a\r\n", `images:\r\n- name: nginx\r\n  newTag: v2\r\n  digest: ${B}\r\nresources:\r\n- a\r\n`],
  ["no final newline", "images:\n- name: nginx\n  newTag: v1", `images:\n- name: nginx\n  newTag: v2\n  digest: ${B}`],
  ["no final newline, on Windows", "images:\r\n- name: nginx\r\n  newTag: v1", `images:\r\n- name: nginx\r\n  newTag: v2\r\n  digest: ${B}`],
  ["a comment at the very end", "images:\n- name: nginx\n  newTag: v1 # last", `images:\n- name: nginx\n  newTag: v2 # last\n  digest: ${B}`],
  ["a byte order mark", "\uFEFFimages:\n- name: nginx\n  newTag: v1\n", `\uFEFFimages:\n- name: nginx\n  newTag: v2\n  digest: ${B}\n`],
  ["flow", "images: [{name: nginx, newTag: v1}]\n", `images: [{name: nginx, newTag: v2, digest: ${B}}]\n`],
  ["flow with spaces and a comma at the end", "images: [ { name: nginx , newTag: v1 , } , ]\n", `images: [ { name: nginx , newTag: v2, digest: ${B} , } , ]\n`],
  ["flow in a block list", `images:\n  - {newTag: v1, digest: ${A}, name: nginx} # x\n`, `images:\n  - {newTag: v2, digest: ${B}, name: nginx} # x\n`],
  ["flow over lines", "images: [\n  {\n    name: nginx,\n    newTag: v1 # why\n  }\n]\n", `images: [\n  {\n    name: nginx,\n    newTag: v2, digest: ${B} # why\n  }\n]\n`],
  ["JSON stays JSON", '{"images": [{"name": "nginx", "newTag": "v1"}]}', `{"images": [{"name": "nginx", "newTag": "v2", "digest": "${B}"}]}`],
  ["a mark before flow", "\uFEFF{images: [{name: nginx, newTag: v1}]}", `\uFEFF{images: [{name: nginx, newTag: v2, digest: ${B}}]}`],
  ["deep indentation", "images:\n      -   name: nginx\n          newTag: v1\n", `images:\n      -   name: nginx\n          newTag: v2\n          digest: ${B}\n`],
  ["odd spacing and blank lines", "\n\nimages:\n\n-\n    name:    nginx\n\n    newTag:     v1   \n\n\nresources: []\n\n", `\n\nimages:\n\n-\n    name:    nginx\n\n    newTag:     v2   \n    digest: ${B}\n\n\nresources: []\n\n`],
  ["the value on its own line", "images:\n- name: nginx\n  newTag:\n    v1\n  x: y\n", `images:\n- name: nginx\n  newTag:\n    v2\n  digest: ${B}\n  x: y\n`],
  ["quoted keys", "images:\n- \"name\": nginx\n  \"newTag\": v1\n", `images:\n- "name": nginx\n  "newTag": v2\n  "digest": "${B}"\n`],
  ["a text tag", "images:\n- name: nginx\n  newTag: !!str v1\n", `images:\n- name: nginx\n  newTag: !!str v2\n  digest: ${B}\n`],
  ["the old tag all over the file", "# v1\nnamespace: v1\nimages:\n- name: v1/v1\n  newTag: v1\n- name: nginx # v1\n  newTag: v1 # v1\nlabels: {v1: v1}\n", `# v1\nnamespace: v1\nimages:\n- name: v1/v1\n  newTag: v1\n- name: nginx # v1\n  newTag: v2 # v1\n  digest: ${B}\nlabels: {v1: v1}\n`],
  ["a block scalar with blank lines", "patches:\n- patch: |\n    a: 1\n\n    newTag: v1\n\n  x: >\n    a\n\n    b\n\nimages:\n- name: nginx\n  newTag: v1\n", `patches:\n- patch: |\n    a: 1\n\n    newTag: v1\n\n  x: >\n    a\n\n    b\n\nimages:\n- name: nginx\n  newTag: v2\n  digest: ${B}\n`],
  ["letters beyond ASCII on the line", "images: [{name: web, note: 'é😀 \u0416', newName: nginx, newTag: v1}]\n", `images: [{name: web, note: 'é😀 \u0416', newName: nginx, newTag: v2, digest: ${B}}]\n`],
  ["long strings and numbers in other shapes", `x: 1e3\ny: 0x1F\nz: "${"word ".repeat(40)}"\nimages: [{name: nginx, newTag: v1}]\n`, `x: 1e3\ny: 0x1F\nz: "${"word ".repeat(40)}"\nimages: [{name: nginx, newTag: v2, digest: ${B}}]\n`],
  ["directives and document marks", "%YAML 1.2\n---\t# start\nimages:\n- name: nginx\n  newTag: v1\n...\n", `%YAML 1.2\n---\t# start\nimages:\n- name: nginx\n  newTag: v2\n  digest: ${B}\n...\n`],
  ["duplicate keys elsewhere", "a: 1\nimages:\n- name: nginx\n  newTag: v1\na: 2\n", `a: 1\nimages:\n- name: nginx\n  newTag: v2\n  digest: ${B}\na: 2\n`],
  ["anchors elsewhere", "x: &a 1\ny: *a\nimages:\n- name: nginx\n  newTag: v1\n", `x: &a 1\ny: *a\nimages:\n- name: nginx\n  newTag: v2\n  digest: ${B}\n`],
  ["the file's own short or long form of the name", "images:\n- name: docker.io/library/nginx\n  newTag: v1\n", `images:\n- name: docker.io/library/nginx\n  newTag: v2\n  digest: ${B}\n`],
  ["a list that is not indented, and one that is", "resources:\n  - a\nimages:\n- name: nginx\n  newTag: v1\n", `resources:\n  - a\nimages:\n- name: nginx\n  newTag: v2\n  digest: ${B}\n`],
];

describe("what stays and what changes", () => {
  it.each(EDITS)("%s", (_, before, after) => {
    expect(edit(before)).toEqual({ outcome: "changed", text: after });
    expect(edit(after)).toEqual({ outcome: "unchanged" });
  });
});

describe("the tag", () => {
  it.each([
    ["v1.2.3", "v1", "v1.2.3"],
    ["1.20", "v1", '"1.20"'],
    ["16", "v1", '"16"'],
    ["1e3", "v1", '"1e3"'],
    ["0755", "v1", '"0755"'],
    ["true", "v1", '"true"'],
    ["yes", "v1", '"yes"'],
    ["null", "v1", '"null"'],
    ["2024-01-01", "v1", '"2024-01-01"'],
    ["1_000", "v1", '"1_000"'],
    ["0o17", "v1", '"0o17"'],
    ["1.20", "'v1'", "'1.20'"],
    ["1.20", '"v1"', '"1.20"'],
    ["v2", "'1.20'", "'v2'"],
  ])("%s in place of %s is written %s", (tag, before, after) => {
    expect(edit(`images:\n- {name: nginx, newTag: ${before}, digest: ${A}}\n`, tag, A)).toEqual({
      outcome: "changed",
      text: `images:\n- {name: nginx, newTag: ${after}, digest: ${A}}\n`,
    });
  });

  it("is quoted where it is added, if need be", () => {
    expect(edit("images:\n- name: nginx\n", "1.20")).toEqual({
      outcome: "changed",
      text: `images:\n- name: nginx\n  newTag: "1.20"\n  digest: ${B}\n`,
    });
  });

  it.each([
    [`images:\n- {name: nginx, newTag: v1, digest: ${A}}\n`, `images:\n- {name: nginx, newTag: v1, digest: ${B}}\n`],
    [`images:\n- {name: nginx, newTag: v1@${A}}\n`, `images:\n- {name: nginx, newTag: v1@${B}}\n`],
    ["images:\n- {name: nginx, newTag: v1}\n", `images:\n- {name: nginx, newTag: v1, digest: ${B}}\n`],
    ["images:\n- {name: nginx}\n", `images:\n- {name: nginx, digest: ${B}}\n`],
  ])("stays as it is when none is given: %s", (before, after) => {
    expect(edit(before, null)).toEqual({ outcome: "changed", text: after });
  });
});

describe("several pins", () => {
  const before = `images:\n- {name: a, newTag: v1}\n- {name: b, newTag: v1, digest: ${A}}\n- {name: web, newName: a, newTag: v1}\n- {name: c, newTag: v1}\n`;
  const to = (name: string): PinEdit => ({ repository: `docker.io/library/${name}`, tag: "v2", digest: B });

  it("are set in one go, on one line or many, and every entry of a repository alike", () => {
    const after = `images:\n- {name: a, newTag: v2, digest: ${B}}\n- {name: b, newTag: v2, digest: ${B}}\n- {name: web, newName: a, newTag: v2, digest: ${B}}\n- {name: c, newTag: v1}\n`;
    expect(editPins(FILE, before, [to("b"), to("a")])).toEqual({ outcome: "changed", text: after });
    expect(editPins(FILE, before.replaceAll("\n- ", ", ").replace("images:, ", "images: [").replace(/\n$/, "]\n"), [to("b"), to("a")])).toEqual({
      outcome: "changed",
      text: after.replaceAll("\n- ", ", ").replace("images:, ", "images: [").replace(/\n$/, "]\n"),
    });
  });

  it("are not set by halves", () => {
    expect(editPins(FILE, `${before}- {name: d, newTag: 1.20}\n`, [to("a"), to("d")])).toMatchObject({ outcome: "refused" });
    expect(editPins(FILE, before, [to("a"), to("z")])).toEqual({
      outcome: "refused",
      reason: `${FILE}: no entry under images is for docker.io/library/z`,
    });
    expect(editPins(FILE, before, [to("a"), to("a")])).toEqual({ outcome: "refused", reason: `${FILE}: two edits are for docker.io/library/a` });
  });

  it("are left alone when nothing is asked", () => {
    expect(editPins(FILE, before, [])).toEqual({ outcome: "unchanged" });
  });
});

describe("what is refused", () => {
  it.each([
    ["an alias", "x: &t v1\nimages:\n- name: nginx\n  newTag: *t\n", `${FILE}:4:3: newTag is the alias *t`],
    ["a broken file", "images:\n\t- name: nginx\n", `${FILE}:2:1: not valid YAML`],
    ["a pin of a merge key", "x: &x {newTag: v1}\nimages:\n- name: nginx\n  <<: *x\n", `${FILE}:4:3: a merge key`],
    ["a key with an anchor, behind which nothing can be put", "images:\n- name: nginx\n  &a newTag: v1\n", `${FILE}:3:6: no digest can be written behind a key with an anchor or a tag`],
    ["a key with a tag, behind which nothing can be put", "images:\n- name: nginx\n  !!str newTag: v1\n", `${FILE}:3:9: no digest can be written behind a key with an anchor or a tag`],
    ["an explicit key, behind which nothing can be put", "images:\n- ? name\n  : nginx\n  ? newTag\n  : v1\n", `${FILE}:4:5: no digest can be written behind an explicit key (?)`],
    ["a tab where the indentation must be", "images:\n-\tname: nginx\n \tnewTag: v1\n", FILE],
  ])("%s", (_, text, reason) => {
    const result = edit(text);
    expect(result).toMatchObject({ outcome: "refused" });
    expect(result.outcome === "refused" && result.reason).toContain(reason);
  });

  it("writes no tag or digest that is none, whoever asks", () => {
    const text = "images: [{name: nginx, newTag: v1}]\n";
    expect(edit(text, "v1\nnamespace: evil")).toEqual({ outcome: "refused", reason: `${FILE}: "v1\\nnamespace: evil" is not a valid tag` });
    expect(edit(text, "")).toEqual({ outcome: "refused", reason: `${FILE}: "" is not a valid tag` });
    expect(edit(text, "v2", "sha256:abc")).toEqual({
      outcome: "refused",
      reason: `${FILE}: "sha256:abc" is not sha256: and 64 lower-case hex digits`,
    });
  });

  it("edits no file of another name", () => {
    expect(editPins("values.yaml", "images: []", [])).toMatchObject({ outcome: "refused" });
  });
});
