import { describe, expect, it } from "vitest";
import { parseSetRequest, setRequested } from "../../src/domain/pins/set-request.ts";

const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;

function set(file: string, text: string, ...changes: readonly string[]) {
  return setRequested(
    file,
    text,
    changes.map((change) => {
      const request = parseSetRequest(change);
      if (request === null) throw new Error(change);
      return request;
    }),
  );
}

function changed(file: string, text: string, ...changes: readonly string[]): string {
  const result = set(file, text, ...changes);
  if (result.outcome !== "changed") throw new Error(JSON.stringify(result));
  return result.text;
}

function refusal(file: string, text: string, ...changes: readonly string[]): string {
  const result = set(file, text, ...changes);
  return result.outcome === "refused" ? result.reason : result.outcome;
}

describe("a change", () => {
  it.each([
    ["image.tag=v1", { left: "image.tag", right: "v1" }],
    ["a=b=c", { left: "a", right: "b=c" }],
    ["a=", { left: "a", right: "" }],
    ['x["a=b"].c=v1', { left: 'x["a=b"].c', right: "v1" }],
    ["a[0].b=v1", { left: "a[0].b", right: "v1" }],
    ["nginx=nginx:1@sha256:x", { left: "nginx", right: "nginx:1@sha256:x" }],
    ["=v1", null],
    ["image.tag", null],
    ["", null],
  ])("%s", (text, request) => {
    expect(parseSetRequest(text)).toEqual(request);
  });
});

const K = "kustomization.yaml";

describe("an image in a kustomization", () => {
  it.each<[string, string, string, string]>([
    ["newTag", "newTag: v1", "nginx=nginx:v2", "newTag: v2"],
    ["newTag and digest", `newTag: v1\n  digest: ${A}`, `nginx=nginx:v2@${B}`, `newTag: v2\n  digest: ${B}`],
    ["digest alone", `digest: ${A}`, `nginx=nginx:v2@${B}`, `digest: ${B}`],
    ["a digest in newTag", `newTag: v1@${A}`, `nginx=nginx:v2@${B}`, `newTag: v2@${B}`],
    ["a digest more", "newTag: v1", `nginx=nginx:v2@${B}`, `newTag: v2\n  digest: ${B}`],
    ["a number", "newTag: v1", "nginx=nginx:1.20", 'newTag: "1.20"'],
    ["by its full name", "newTag: v1", "docker.io/library/nginx=nginx:v2", "newTag: v2"],
    ["nothing yet", "# none", `nginx=nginx:v2@${B}`, `newTag: v2\n  digest: ${B}\n  # none`],
    ["another name", "newName: ghcr.io/a/b\n  newTag: v1", "ghcr.io/a/b=ghcr.io/c/d:v2", "newName: ghcr.io/c/d\n  newTag: v2"],
    ["by the name of the entry", "newName: ghcr.io/a/b\n  newTag: v1", "nginx=ghcr.io/a/b:v2", "newName: ghcr.io/a/b\n  newTag: v2"],
  ])("%s", (_, before, change, after) => {
    expect(changed(K, `images:\n- name: nginx\n  ${before}\n`, change)).toBe(`images:\n- name: nginx\n  ${after}\n`);
  });

  it("under several names is set everywhere", () => {
    const text = "images:\n- {name: a, newName: x/y, newTag: v1}\n- {name: b, newName: x/y, newTag: v1}\n- {name: c, newTag: v1}\n";
    expect(changed(K, text, "x/y=x/y:v2")).toBe(text.replaceAll("x/y, newTag: v1", "x/y, newTag: v2"));
  });

  it.each([
    ["loses no digest", `- {name: nginx, newTag: v1, digest: "${A}"}`, "nginx=nginx:v2", "kustomization.yaml:2: images[0].newTag pins a digest, which would be lost: give the image with its digest (name:tag@sha256:…)"],
    ["needs newName to move", "- {name: nginx, newTag: v1}", "nginx=apache:v2", "docker.io/library/nginx cannot become docker.io/library/apache: no repository or newName stands here, add one"],
    ["needs something to pin", "- {name: nginx, newTag: v1}", "nginx=nginx", '"nginx" has neither tag nor digest: write nginx:TAG'],
    ["must be there", "- {name: nginx, newTag: v1}", "nginxx=nginxx:v2", 'kustomization.yaml pins no image nginxx, and has no value at such a path. Did you mean "nginx"?'],
    ["has no newTag yet", "- {name: nginx}", "nginx=nginx:v2", "images[0] has no newTag yet: write one, or give the image with its digest"],
    ["must be a reference", "- {name: nginx, newTag: v1}", "nginx=NGINX:v2", "has upper-case letters"],
    ["is not what is refused elsewhere", "- {name: nginx, newTag: |\n    v1\n  }", "nginx=nginx:v2", "kustomization.yaml:"],
  ])("%s", (_, entry, change, reason) => {
    expect(refusal(K, `images:\n${entry}\n`, change)).toContain(reason);
  });
});

describe("an image elsewhere", () => {
  it.each<[string, string, string, string]>([
    ["a whole reference", "image: nginx:1.2", "nginx=nginx:1.3", "image: nginx:1.3"],
    ["with its name as written", "image: docker.io/library/nginx:1.2", "nginx=nginx:1.3", "image: docker.io/library/nginx:1.3"],
    ["with a port", "image: reg.io:5000/a/b:1", "reg.io:5000/a/b=reg.io:5000/a/b:2", "image: reg.io:5000/a/b:2"],
    ["with a digest more", "image: nginx:1.2", `nginx=nginx:1.3@${A}`, `image: nginx:1.3@${A}`],
    ["with tag and digest", `image: nginx:1.2@${A}`, `nginx=nginx:1.3@${B}`, `image: nginx:1.3@${B}`],
    ["with the tag it has", `image: nginx:1.2@${A}`, `nginx=nginx@${B}`, `image: nginx:1.2@${B}`],
    ["moved, and short", "image: nginx:1.2", "nginx=apache:2", "image: apache:2"],
    ["moved, and in full", "image: nginx:1.2", "nginx=ghcr.io/a/b:2", "image: ghcr.io/a/b:2"],
    ["repository and tag", "image: {repository: a/b, tag: v1}", "a/b=a/b:v2", "image: {repository: a/b, tag: v2}"],
    ["repository and tag, with a digest more", "image: {repository: a/b, tag: v1}", `a/b=a/b:v2@${A}`, `image: {repository: a/b, tag: v2@${A}}`],
    ["repository, tag and digest", `image: {repository: a/b, tag: v1, digest: "${A}"}`, `a/b=a/b:v2@${B}`, `image: {repository: a/b, tag: v2, digest: "${B}"}`],
    ["a digest without its algorithm", `image: {repository: a/b, tag: v1, sha: ${"a".repeat(64)}}`, `a/b=a/b:v2@${B}`, `image: {repository: a/b, tag: v2, sha: ${"b".repeat(64)}}`],
    ["a digest behind the tag", `image: {repository: a/b, tag: v1@${A}}`, `a/b=a/b:v2@${B}`, `image: {repository: a/b, tag: v2@${B}}`],
    ["a registry too", "image: {registry: ghcr.io, repository: a/b, tag: v1}", "ghcr.io/a/b=quay.io/c/d:v2", "image: {registry: quay.io, repository: c/d, tag: v2}"],
    ["twice", "a: {image: x:1}\nb: {image: x:1}\nc: {image: y:1}", "x=x:2", "a: {image: x:2}\nb: {image: x:2}\nc: {image: y:1}"],
  ])("%s", (_, before, change, after) => {
    expect(changed("values.yaml", `${before}\n`, change)).toBe(`${after}\n`);
    expect(set("values.yaml", `${after}\n`, change)).toEqual({ outcome: "unchanged" });
  });

  it("in Argo CD's texts keeps what it stands for", () => {
    const text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {kustomize: {images: [web=ghcr.io/a/b:1]}}}\n";
    expect(changed("app.yaml", text, "ghcr.io/a/b=ghcr.io/a/b:2")).toBe(text.replace("a/b:1", "a/b:2"));
  });

  it("in Helm parameters", () => {
    const text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {parameters: [{name: image.repository, value: a/b}, {name: image.tag, value: v1}]}}}\n";
    expect(changed("app.yaml", text, "a/b=c/d:v2")).toBe(text.replace("a/b", "c/d").replace("value: v1", "value: v2"));
  });

  it("loses no digest", () => {
    expect(refusal("values.yaml", `image: nginx:1@${A}\n`, "nginx=nginx:2")).toContain("values.yaml:1: image pins a digest, which would be lost");
  });
});

describe("a path or an image", () => {
  it("is a path where a value stands", () => {
    expect(changed("values.yaml", "nginx: v1\nimage: a:1\n", "nginx=v2")).toBe("nginx: v2\nimage: a:1\n");
    expect(changed("values.yaml", "nginx: v1\nimage: a:1\n", "nginx=v2", "a=a:2")).toBe("nginx: v2\nimage: a:2\n");
  });

  it("is refused where it could be both", () => {
    expect(refusal("values.yaml", "nginx: v1\nimage: nginx:1\n", "nginx=nginx:2")).toBe('"nginx" is a path in values.yaml, and an image that it pins: write the image in full, with its registry');
    expect(changed("values.yaml", "nginx: v1\nimage: nginx:1\n", "docker.io/library/nginx=nginx:2")).toBe("nginx: v1\nimage: nginx:2\n");
  });

  it.each([
    ["neither", "a b=c", '"a b" is not a path'],
    ["no value", "b=", 'nothing stands behind "b=": write the new value'],
    ["no such path", "b.c[0]=v1", "values.yaml:1:1: b is not there"],
    ["a path to what cannot be set", "b=v1", "b is a block scalar"],
  ])("that is %s", (_, change, reason) => {
    expect(refusal("values.yaml", reason.includes("block") ? "b: |\n  x\n" : "a: 1\n", change)).toContain(reason);
  });

  it("changes all or nothing", () => {
    expect(refusal("values.yaml", "image: a:1\n", "a=a:2", "b=b:2")).toContain("pins no image b");
    expect(refusal("values.yaml", "tag: v1\n", "tag=v2", "tag2[0]=v2")).toContain("tag2 is not there");
  });
});
