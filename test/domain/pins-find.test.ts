import { describe, expect, it } from "vitest";
import { findPins } from "../../src/domain/pins.ts";
import type { Pin } from "../../src/domain/pins.ts";
import type { Digest } from "../../src/domain/release.ts";

const FILE = "apps/web/overlays/dev/kustomization.yaml";
const A: Digest = `sha256:${"a".repeat(64)}`;
const B: Digest = `sha256:${"b".repeat(64)}`;

function pinsOf(text: string, file = FILE): readonly Pin[] {
  const found = findPins(file, text);
  if (!found.ok) throw new Error(found.problem);
  return found.pins;
}

function problemOf(text: string, file = FILE): string | null {
  const found = findPins(file, text);
  return found.ok ? null : found.problem;
}

describe("what an entry pins", () => {
  it.each<[string, string, Partial<Pin>]>([
    ["a tag", "- name: nginx\n  newTag: v1.2.3", { name: "nginx", repository: "docker.io/library/nginx", tag: "v1.2.3", digest: null }],
    ["a digest", `- name: nginx\n  digest: ${A}`, { tag: null, digest: A }],
    ["both", `- name: nginx\n  newTag: v1\n  digest: ${A}`, { tag: "v1", digest: A }],
    ["both in one value", `- name: nginx\n  newTag: v1@${A}`, { tag: "v1", digest: A }],
    ["nothing yet", "- name: nginx", { tag: null, digest: null }],
    ["another repository", "- name: web\n  newName: ghcr.io/acme/web\n  newTag: v1", { name: "web", repository: "ghcr.io/acme/web", tag: "v1" }],
    ["the keys in any order", `- digest: ${A}\n  newTag: v1\n  newName: test:5000/web\n  name: web`, { name: "web", repository: "test:5000/web", tag: "v1", digest: A }],
    ["a flow mapping", `- { name: nginx, newTag: v1 }`, { tag: "v1" }],
    ["JSON", `- {"name": "nginx", "newTag": "1.20"}`, { tag: "1.20" }],
    ["quotes around a number", "- name: nginx\n  newTag: '1.20'", { tag: "1.20" }],
    ["a number said to be text", "- name: nginx\n  newTag: !!str 1.20", { tag: "1.20" }],
    ["a tag in the name, which only chooses the image", `- name: postgres:11\n  digest: ${A}`, { name: "postgres:11", repository: "docker.io/library/postgres", tag: null, digest: A }],
    ["keys that kustomize does not know", "- name: nginx\n  comment: hello\n  newTag: v1", { tag: "v1" }],
  ])("%s", (_, entry, pin) => {
    expect(pinsOf(`images:\n${entry}\n`)[0]).toEqual({
      kind: "kustomize-image",
      file: FILE,
      path: "images[0]",
      line: 2,
      name: "nginx",
      repository: "docker.io/library/nginx",
      tag: null,
      digest: null,
      refusal: null,
      ...pin,
    });
  });

  it("tells where each entry is", () => {
    const text = `# the images\r\n\r\nimages:\r\n  # first\r\n  - name: a\r\n    newTag: v1\r\n\r\n  - newTag: v2\r\n    name: b\r\n`;
    expect(pinsOf(text).map(({ path, line, name, tag }) => ({ path, line, name, tag }))).toEqual([
      { path: "images[0]", line: 5, name: "a", tag: "v1" },
      { path: "images[1]", line: 8, name: "b", tag: "v2" },
    ]);
  });

  it("reads a name through an alias, since names are not edited", () => {
    const pins = pinsOf("images:\n- name: &n nginx\n  newTag: v1\n- name: web\n  newName: *n\n  newTag: v2\n");
    expect(pins.map(({ name, repository, tag, refusal }) => [name, repository, tag, refusal])).toEqual([
      ["nginx", "docker.io/library/nginx", "v1", null],
      ["web", "docker.io/library/nginx", "v2", null],
    ]);
  });

  it("finds one repository under two names", () => {
    const pins = pinsOf("images:\n- {name: web, newName: ghcr.io/acme/app, newTag: v1}\n- {name: worker, newName: ghcr.io/acme/app, newTag: v1}\n");
    expect(pins.map(({ name, repository, refusal }) => [name, repository, refusal])).toEqual([
      ["web", "ghcr.io/acme/app", null],
      ["worker", "ghcr.io/acme/app", null],
    ]);
  });
});

describe("files without pins", () => {
  it.each([
    ["an empty file", ""],
    ["only comments", "# nothing\n"],
    ["a byte order mark alone", "\uFEFF"],
    ["null", "null\n"],
    ["no images", "resources: [a.yaml]\n"],
    ["an empty list", "images: []\n"],
    ["no list yet", "images:\n"],
    ["images of something else", "patches:\n- patch: |\n    images:\n    - name: x\n      newTag: v1\n"],
    ["Flux's own Kustomization", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  images:\n  - name: a\n    newTag: v1\n"],
  ])("%s", (_, text) => {
    expect(pinsOf(text)).toEqual([]);
  });
});

describe("files that can be read", () => {
  it.each(["kustomization.yaml", "kustomization.yml", "Kustomization", "deep/er/Kustomization"])("%s", (file) => {
    expect(pinsOf("images: [{name: a, newTag: v1}]", file)).toHaveLength(1);
  });

  it.each(["kind: Kustomization", "kind: Component", "kind: 'Component'", "---", "%YAML 1.1\n---", "# x", "x: &a {y: 1}\nz: {<<: *a}", "a: 1\na: 2\nb: {c: 1, c: 2}"])("%s", (head) => {
    expect(pinsOf(`${head}\nimages: [{name: a, newTag: v1}]`)).toHaveLength(1);
  });
});

describe("files that cannot", () => {
  it.each([
    ["another file name", "images: []", "a/Kustomization.yaml", "a/Kustomization.yaml: only files named kustomization.yaml, kustomization.yml, Kustomization are read"],
    ["another kind", "kind: Deployment\nimages: []", FILE, `${FILE}:1:1: the kind is not Kustomization or Component`],
    ["a list", "- name: a\n", FILE, `${FILE}:1:1: a kustomization must be a mapping`],
    ["a word", "hello\n", FILE, `${FILE}:1:1: a kustomization must be a mapping`],
    ["several documents", "images: []\n---\nimages: []\n", FILE, `${FILE}:2:1: more than one YAML document (---) in the file: keep one`],
    ["images twice", "images: []\nimages: [{name: a, newTag: v1}]\n", FILE, `${FILE}:2:1: the key "images" is there twice`],
    ["images that are no list", "images: {name: a}\n", FILE, `${FILE}:1:9: images must be a list`],
    ["an entry that is no mapping", "images:\n- nginx:1.2\n", FILE, `${FILE}:2:3: images[0] must be a mapping`],
    ["a key by alias", "x: &i images\n*i : [{name: a, newTag: v1}]\n", FILE, `${FILE}:2:1: a key is an alias or no text: write it out`],
    ["images in another case", "Images: []\n", FILE, `${FILE}:1:1: write "images" in lower case, not "Images"`],
    ["images from a merge key", "x: &x\n  images: []\n<<: *x\n", FILE, `${FILE}:3:1: a merge key (<<) may bring images from elsewhere: write them under images`],
    ["a template around it all", "{{- if .Values.x }}\nimages: []\n{{- end }}\n", FILE, `${FILE}:1:`],
    ["a tab", "images:\n\t- name: a\n", FILE, `${FILE}:2:1: not valid YAML: a tab cannot indent, use spaces`],
    ["too much of it", `images: [] #${" ".repeat(1024 * 1024)}`, FILE, `${FILE}:1:1: the file has 1048588 characters: more than 1048576 are not read`],
    ["too deep", `images: ${"[".repeat(5_000)}`, FILE, "nested deeper than 64 levels"],
  ])("%s", (_, text, file, problem) => {
    expect(problemOf(text, file)).toContain(problem);
  });
});

describe("pins that are not edited", () => {
  it.each([
    ["an alias", "x: &t v1\nimages:\n- name: a\n  newTag: *t\n", "4:3: newTag is the alias *t"],
    ["an anchor", "images:\n- name: a\n  newTag: &t v1\n", "3:3: newTag has the anchor &t"],
    ["an anchored digest", `images:\n- name: a\n  digest: &d ${A}\n`, "3:3: digest has the anchor &d"],
    ["an entry by alias", "x: &x {name: a, newTag: v1}\nimages:\n- *x\n", "3:3: images[0] is the alias *x"],
    ["an anchored entry", "images:\n- &x {name: a, newTag: v1}\n", "2:6: images[0] has the anchor &x"],
    ["images by alias", "x: &x [{name: a, newTag: v1}]\nimages: *x\n", "2:9: images is the alias *x"],
    ["anchored images", "images: &x [{name: a, newTag: v1}]\n", "1:12: images has the anchor &x"],
    ["a merge key", "x: &x {newTag: v1}\nimages:\n- name: a\n  <<: *x\n", "4:3: a merge key (<<) brings values from elsewhere"],
    ["a literal block", "images:\n- name: a\n  newTag: |\n    v1\n", "3:3: newTag is a block scalar (| or >)"],
    ["a folded block", "images:\n- name: a\n  newTag: >-\n    v1\n", "3:3: newTag is a block scalar (| or >)"],
    ["a plain value over lines", "images:\n- name: a\n  newTag: v1\n    v2\n", "3:3: newTag spans lines"],
    ["a quoted value over lines", 'images:\n- name: a\n  newTag: "v1\\\n    v2"\n', "3:3: newTag spans lines"],
    ["nothing", "images:\n- name: a\n  newTag:\n", "3:3: newTag is empty"],
    ["null", "images:\n- name: a\n  newTag: null\n", "3:3: newTag is empty"],
    ["a tilde", "images:\n- name: a\n  newTag: ~\n", "3:3: newTag is empty"],
    ["empty quotes", "images:\n- name: a\n  newTag: ''\n", "3:3: newTag is empty"],
    ["an empty digest", "images:\n- name: a\n  digest:\n", "3:3: digest is empty"],
    ["a key without a value", "images: [{name: a, newTag}]\n", "1:20: newTag is empty"],
    ["a number", "images:\n- name: a\n  newTag: 1.20\n", "3:3: newTag: 1.20 is not text to every YAML reader: write it in quotes"],
    ["a truth of YAML 1.1", "images:\n- name: a\n  newTag: yes\n", "3:3: newTag: yes is not text to every YAML reader"],
    ["a date", "images:\n- name: a\n  newTag: 2024-01-01\n", "3:3: newTag: 2024-01-01 is not text to every YAML reader"],
    ["a tag of YAML", "images:\n- name: a\n  newTag: !secret v1\n", "3:3: newTag has the YAML tag !secret"],
    ["a template", "images:\n- name: a\n  newTag: {{ .Values.tag }}\n", "3:3: newTag is not text: Pinion edits no templates"],
    ["a variable", "images:\n- name: a\n  newTag: ${TAG}\n", '3:3: newTag "${TAG}" is not a valid tag'],
    ["a digest as a tag", `images:\n- name: a\n  newTag: ${A}\n`, "is not a valid tag"],
    ["only a digest in newTag", `images:\n- name: a\n  newTag: "@${A}"\n`, "is not a valid tag"],
    ["two digests", `images:\n- name: a\n  newTag: v1@${A}\n  digest: ${B}\n`, "3:3: newTag has a digest, and so has digest: keep one"],
    ["another algorithm", `images:\n- name: a\n  digest: sha512:${"a".repeat(128)}\n`, "is not sha256: and 64 lower-case hex digits"],
    ["a short digest", "images:\n- name: a\n  newTag: v1@sha256:abc\n", '3:3: "sha256:abc" is not sha256: and 64'],
    ["a tagSuffix", "images:\n- name: a\n  newTag: v1\n  tagSuffix: -arm\n", "4:3: tagSuffix drops the digest"],
    ["newName with a tag", "images:\n- name: a\n  newName: b:v1\n", "3:3: newName has a tag or digest: write them in newTag and digest"],
    ["an empty newName", "images:\n- name: a\n  newName: ''\n  newTag: v1\n", "3:3: newName is empty"],
    ["no name", "images:\n- newTag: v1\n", "2:3: the entry has no name"],
    ["a name that is no image", "images:\n- name: My App\n  newTag: v1\n", "2:3: "],
    ["a key by alias", "x: &k newTag\nimages:\n- name: a\n  *k : v1\n", "4:3: a key is an alias or no text: write it out"],
    ["a key twice", "images:\n- name: a\n  newTag: v1\n  newTag: v2\n", '4:3: the key "newTag" is there twice: keep one'],
    ["a key in another case", "images:\n- name: a\n  newtag: v1\n", '3:3: write "newTag", not "newtag"'],
    ["a name over lines, with no digest yet", "images:\n- name: >-\n    a\n", "2:3: no digest can be written behind a value that is not on one line"],
    ["a pair without braces", "images: [name: a]\n", "1:10: write the entry in braces: {name: …}"],
  ])("%s", (_, text, refusal) => {
    const pins = pinsOf(text);
    expect(pins).toHaveLength(1);
    expect(pins[0]?.refusal).toContain(`${FILE}:`);
    expect(pins[0]?.refusal).toContain(refusal);
  });

  it("keeps what it can read of them", () => {
    expect(pinsOf("x: &t v1\nimages:\n- name: nginx\n  newTag: *t\n")[0]).toMatchObject({ repository: "docker.io/library/nginx", tag: "v1" });
  });

  it("refuses both of two entries for one name, and no others", () => {
    const pins = pinsOf("images:\n- {name: a, newTag: v1}\n- {name: b, newTag: v1}\n- {name: a, newTag: v2}\n");
    expect(pins.map(({ refusal }) => refusal)).toEqual([
      `${FILE}:2:3: two entries are for the image "a": keep one`,
      null,
      `${FILE}:4:3: two entries are for the image "a": keep one`,
    ]);
  });
});
