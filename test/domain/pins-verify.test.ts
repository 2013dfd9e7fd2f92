import { describe, expect, it } from "vitest";
import { readKustomization } from "../../src/domain/pins/kustomization.ts";
import { applySplices, changeEntry, intendedBy } from "../../src/domain/pins/splice.ts";
import { showsExactly } from "../../src/domain/pins/verify.ts";
import type { Digest } from "../../src/domain/release.ts";

const A: Digest = `sha256:${"a".repeat(64)}`;
const B: Digest = `sha256:${"b".repeat(64)}`;

const before = `x: &x 1\nz: &z 1\ny: *x\nimages:\n- name: nginx\n  newTag: v1\n- {name: web, newTag: v1, digest: ${A}}\nlabels: [a, 'b', !!str c]\n`;

/** Sets nginx (a digest is added) to v2 and B, lets `tamper` change the outcome, and asks whether that still shows exactly the edit. */
function survives(tamper: (text: string) => string): boolean {
  const read = readKustomization(before);
  if (!read.ok || read.entries[0] === undefined) throw new Error("not readable");
  const change = changeEntry(before, read.entries[0], "v2", B);
  const after = readKustomization(tamper(applySplices(before, change.splices)));
  if (!after.ok) throw new Error(after.problem.message);
  return showsExactly(read.document.root, after.document.root, intendedBy([change]));
}

describe("showsExactly", () => {
  it("sees the intended edit", () => {
    expect(survives((text) => text)).toBe(true);
    expect(survives((text) => `# a comment changes nothing\n${text}\n\n`)).toBe(true);
  });

  it.each<[string, (text: string) => string]>([
    ["no change at all", () => before],
    ["another tag", (text) => text.replace("newTag: v2", "newTag: v3")],
    ["a tag in other form", (text) => text.replace("newTag: v2", "newTag: [v2]")],
    ["another digest", (text) => text.replaceAll(B, A)],
    ["no digest", (text) => text.replace(`  digest: ${B}\n`, "")],
    ["a key more", (text) => text.replace("newTag: v2\n", "newTag: v2\n  newName: evil\n")],
    ["a key less", (text) => text.replace("- name: nginx\n  newTag", "- newTag")],
    ["a key at the top", (text) => `${text}namespace: evil\n`],
    ["a change of another entry", (text) => text.replace("newTag: v1", "newTag: v9")],
    ["an entry more", (text) => text.replace("labels", "- name: evil\nlabels")],
    ["an entry less", (text) => text.replace(/- \{.*\}\n/, "")],
    ["entries in another order", (text) => text.replace(/(- name: nginx\n.*\n.*\n)(- \{.*\}\n)/, "$2$1")],
    ["keys in another order", (text) => text.replace("name: web, newTag: v1", "newTag: v1, name: web")],
    ["other quotes elsewhere", (text) => text.replace("'b'", '"b"')],
    ["another kind of list", (text) => text.replace(/labels: .*/, "labels:\n- a\n- 'b'\n- !!str c")],
    ["another YAML tag", (text) => text.replace("!!str c", "c")],
    ["an alias made a value", (text) => text.replace("y: *x", "y: 1")],
    ["an alias of another anchor", (text) => text.replace("y: *x", "y: *z")],
    ["an anchor of another name", (text) => text.replace("z: &z 1", "z: &q 1")],
    ["an anchor on the new value", (text) => text.replace("newTag: v2", "newTag: &t v2")],
    ["nothing left", () => ""],
  ])("sees %s", (_, tamper) => {
    expect(survives(tamper)).toBe(false);
  });

  it("does not take a number for the tag it looks like", () => {
    const read = readKustomization(before);
    if (!read.ok || read.entries[0] === undefined) throw new Error("not readable");
    const change = changeEntry(before, read.entries[0], "1.20", B);
    const good = applySplices(before, change.splices);
    const bad = good.replace('"1.20"', "1.20");
    expect(bad).not.toBe(good);
    const [right, wrong] = [readKustomization(good), readKustomization(bad)];
    expect(right.ok && showsExactly(read.document.root, right.document.root, intendedBy([change]))).toBe(true);
    expect(wrong.ok && showsExactly(read.document.root, wrong.document.root, intendedBy([change]))).toBe(false);
  });
});
