import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { untoldChanges, untoldParts } from "../../src/domain/pins/untold-parts.ts";

const K = "dev/kustomization.yaml";
const whats = (file: string, text: string) => untoldParts(file, text).map(({ what }) => what);
const PATCH = "a patch of an image's field";
const TEXT = "a patch that is written as text";

describe("parts of which it cannot be told which images they mean", () => {
  it.each<[string, string, readonly string[]]>([
    ["p.yaml", "- {op: replace, path: /spec/template/spec/containers/0/image, value: x}", [PATCH]],
    ["p.json", '[{"op": "replace", "path": "/spec/im\\u0061ge", "value": "x"}]', [PATCH]],
    ["p.yaml", "- {op: move, from: /spec/initContainers/0, path: /spec/x}", [PATCH]],
    ["p.yaml", "- {op: replace, path: /spec/containers/0/imagePullPolicy, value: x}", []],
    ["p.yaml", "- {op: add, path: /spec/containers/-, value: {name: x, image: 'x:1'}}", []],
    ["p.yaml", "kind: Deployment\nspec: {containers: [{name: x, image: 'x:1'}]}", []],
    ["values.yaml", "image: {tag: v1}", ["a tag whose image stands elsewhere"]],
    ["values.yaml", "controller: {tag: v1}", ["a tag whose image stands elsewhere"]],
    ["values.yaml", "image: {repository: '${HOST}/x', tag: v1}", ["a repository whose tag stands elsewhere", "a tag whose image stands elsewhere"]],
    ["values.yaml", "image: {repository: x, tag: v1}", []],
    ["values.yaml", "web: {sidecarImage: {registry: ghcr.io, repository: acme/x, pullPolicy: Always}}", ["a repository whose tag stands elsewhere"]],
    ["values.yaml", "images: [{repository: x}]\nimage: {repository: x, digest: sha256:x}", []],
    [K, "helmCharts: [{name: x, valuesInline: {image: {repository: acme/x}}}]", ["a repository whose tag stands elsewhere"]],
    ["t.yaml", "apiVersion: builtin\nkind: ImageTagTransformer\nimageTag: {name: x, newTag: v1}", ["a transformer or generator"]],
    ["t.yaml", "apiVersion: builtin\nkind: PrefixTransformer\nprefix: x-", []],
    ["r.yaml", "- {source: {kind: ConfigMap}, targets: [{fieldPaths: [spec.image]}]}", ["a replacement"]],
    ["r.yaml", "- {source: {kind: ConfigMap}, targets: [{fieldPaths: [spec.containers.0.name]}]}", []],
    [K, "patches: [{patch: '{kind: X, spec: {image: x}}'}, {path: images.yaml}]", [TEXT]],
    [K, "patchesJson6902: [{patch: '[{\"op\": \"test\", \"path\": \"/spec/im\\u0061ge\"}]'}]", [TEXT]],
    [K, "patchesStrategicMerge: [image.yaml, \"kind: X\\nspec: {image: x}\\n\"]", ["what it does to other fields"]],
    [K, "replacements: [{path: image.yaml}, {source: {kind: X}, targets: [{fieldPaths: [spec.image]}]}]", ["what it does to other fields"]],
    [K, "resources: [../base, 'https://example.com/x.yaml']", ["`https://example.com/x.yaml` from elsewhere"]],
    [K, "images: [{name: x, newTag: v1}]\nresources: [image.yaml]", []],
    [K, "resources: [\n", []],
  ])("%s: %s", (file, text, expected) => {
    expect(whats(file, text)).toEqual(expected);
  });

  it("change where one comes, goes or says something else, and not where they are in another order", () => {
    const [one, other] = [{ what: "a", text: "1" }, { what: "b", text: "2" }];
    expect(untoldChanges([one, other], [other, one])).toEqual([]);
    expect(untoldChanges([one], [one, other])).toEqual(["b"]);
    expect(untoldChanges([one, other], [other])).toEqual(["a"]);
    expect(untoldChanges([one], [{ ...one, text: "3" }])).toEqual(["a"]);
  });

  it("are no other fields beside a repository", () => {
    const values = (repository: string, policy: string) => untoldParts("values.yaml", `image: {repository: ${repository}, pullPolicy: ${policy}}`);
    expect(untoldChanges(values("acme/x", "Always"), values("acme/x", "Never"))).toEqual([]);
    expect(untoldChanges(values("acme/x", "Always"), values("evil/x", "Always"))).toEqual(["a repository whose tag stands elsewhere"]);
  });

  it("are found in whatever text without failing, and are the same in the same text", () => {
    const words = fc.constantFrom("image: ", "- {op: replace, path: /image}", "patches:\n", "- patch: |\n", "  ", "\n", "tag: 1", "apiVersion: builtin\n", "{", "&a ", "*a", "resources: [", "]", "'");
    const text = fc.array(fc.oneof(words, fc.string())).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.constantFrom(K, "values.yaml", "p.json"), text, (file, content) => {
        expect(untoldChanges(untoldParts(file, content), untoldParts(file, content))).toEqual([]);
      }),
    );
  });
});
