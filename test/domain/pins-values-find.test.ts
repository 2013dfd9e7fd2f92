import { describe, expect, it } from "vitest";
import { findPinnedValues, mayHoldPins } from "../../src/domain/pins/find-values.ts";

const A = `sha256:${"a".repeat(64)}`;

/** Kind, path, value and image of each pin, on a line. */
function pinsOf(text: string, file = "x.yaml"): readonly string[] {
  const found = findPinnedValues(file, text);
  if (!found.ok) throw new Error(found.problem);
  return found.values.map(({ kind, path, value, image }) => {
    const named = image === null ? "" : ` (${image.repository} ${image.tag ?? "-"} ${image.digest?.slice(0, 8) ?? "-"})`;
    return `${kind} ${path} = ${value}${named}`;
  });
}

const KUSTOMIZATION = "apps/web/kustomization.yaml";
const NGINX = "docker.io/library/nginx";

describe("kustomizations", () => {
  it.each<[string, string, readonly string[]]>([
    ["name alone pins nothing", "{name: nginx}", []],
    ["newTag", "{name: nginx, newTag: v1}", [`images[0].newTag = v1 (${NGINX} v1 -)`]],
    ["digest", `{name: nginx, digest: "${A}"}`, [`images[0].digest = ${A} (${NGINX} - sha256:a)`]],
    ["newName", "{name: nginx, newName: ghcr.io/a/b}", ["images[0].newName = ghcr.io/a/b (ghcr.io/a/b - -)"]],
    ["newName and newTag", "{name: nginx, newName: ghcr.io/a/b, newTag: v1}", ["images[0].newName = ghcr.io/a/b (ghcr.io/a/b v1 -)", "images[0].newTag = v1 (ghcr.io/a/b v1 -)"]],
    ["newTag and digest", `{name: nginx, newTag: v1, digest: "${A}"}`, [`images[0].newTag = v1 (${NGINX} v1 sha256:a)`, `images[0].digest = ${A} (${NGINX} v1 sha256:a)`]],
    ["all three", `{name: x, newName: nginx, newTag: v1, digest: "${A}"}`, [`images[0].newName = nginx (${NGINX} v1 sha256:a)`, `images[0].newTag = v1 (${NGINX} v1 sha256:a)`, `images[0].digest = ${A} (${NGINX} v1 sha256:a)`]],
    ["newName and digest", `{name: x, newName: nginx, digest: "${A}"}`, [`images[0].newName = nginx (${NGINX} - sha256:a)`, `images[0].digest = ${A} (${NGINX} - sha256:a)`]],
    ["a digest in newTag", `{name: nginx, newTag: v1@${A}}`, [`images[0].newTag = v1@${A} (${NGINX} v1 sha256:a)`]],
    ["tagSuffix", "{name: nginx, newTag: v1, tagSuffix: -arm}", [`images[0].newTag = v1 (${NGINX} v1 -)`, `images[0].tagSuffix = -arm (${NGINX} v1 -)`]],
    ["a tag in the name", `{name: "postgres:11", digest: "${A}"}`, [`images[0].digest = ${A} (docker.io/library/postgres 11 sha256:a)`]],
    ["a name that is no image", "{name: My App, newTag: v1}", ["images[0].newTag = v1"]],
  ])("images: %s", (_, entry, pins) => {
    expect(pinsOf(`images:\n- ${entry}\n`, KUSTOMIZATION)).toEqual(pins.map((pin) => `kustomize-image ${pin}`));
  });

  it.each(["kustomization.yaml", "kustomization.yml", "Kustomization"])("are files named %s", (file) => {
    expect(pinsOf("images: [{name: nginx, newTag: v1}]", `a/${file}`)).toHaveLength(1);
  });

  it.each([
    ["kind: Kustomization", KUSTOMIZATION, 1],
    ["kind: Component", KUSTOMIZATION, 1],
    ["apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component", "other.yaml", 1],
    ["apiVersion: v1\nkind: ConfigMap", KUSTOMIZATION, 0],
    ["", "other.yaml", 0],
  ])("with %j in %s", (head, file, count) => {
    expect(pinsOf(`${head}\nimages: [{name: nginx, newTag: v1}]`, file)).toHaveLength(count);
  });

  it("name remote resources, charts and inline values", () => {
    const text = `
resources:
- ../base
- https://github.com/acme/app/config?ref=v1.2.3
- github.com/acme/app//deploy?timeout=90s&ref=main
- https://example.com/file.yaml
bases: ["git@github.com:acme/x.git?ref=abc"]
components: ["github.com/acme/c?ref=v2"]
crds: ["https://github.com/acme/crds//x?version=v3"]
helmCharts:
- name: redis
  version: 17.1.0
  valuesInline: {image: {repository: acme/redis, tag: "7.2"}}
patches:
- patch: |-
    image: nginx:1.2
`;
    expect(pinsOf(text, KUSTOMIZATION)).toEqual([
      "kustomize-remote resources[1] = https://github.com/acme/app/config?ref=v1.2.3",
      "kustomize-remote resources[2] = github.com/acme/app//deploy?timeout=90s&ref=main",
      "kustomize-remote bases[0] = git@github.com:acme/x.git?ref=abc",
      "kustomize-remote components[0] = github.com/acme/c?ref=v2",
      "kustomize-remote crds[0] = https://github.com/acme/crds//x?version=v3",
      "helm-chart helmCharts[0].version = 17.1.0",
      "helm-values helmCharts[0].valuesInline.image.repository = acme/redis (docker.io/acme/redis 7.2 -)",
      "helm-values helmCharts[0].valuesInline.image.tag = 7.2 (docker.io/acme/redis 7.2 -)",
    ]);
  });
});

describe("workloads and custom resources", () => {
  it("name images in every kind of container, whatever the workload", () => {
    const pod = "{initContainers: [{image: a:1}], containers: [{image: b}, {image: 'c:2'}], ephemeralContainers: [{image: d:3}], volumes: [{image: {reference: e:4}}]}";
    const paths = (prefix: string): string[] => [
      `container-image ${prefix}.initContainers[0].image = a:1 (docker.io/library/a 1 -)`,
      `container-image ${prefix}.containers[0].image = b (docker.io/library/b - -)`,
      `container-image ${prefix}.containers[1].image = c:2 (docker.io/library/c 2 -)`,
      `container-image ${prefix}.ephemeralContainers[0].image = d:3 (docker.io/library/d 3 -)`,
      `container-image ${prefix}.volumes[0].image.reference = e:4 (docker.io/library/e 4 -)`,
    ];
    expect(pinsOf(`apiVersion: v1\nkind: Pod\nspec: ${pod}`)).toEqual(paths("spec"));
    expect(pinsOf(`apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: ${pod}}}`)).toEqual(paths("spec.template.spec"));
    expect(pinsOf(`apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: ${pod}}}}}`)).toEqual(paths("spec.jobTemplate.spec.template.spec"));
    expect(pinsOf(`apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {template: {spec: ${pod}}}`)).toEqual(paths("spec.template.spec"));
    expect(pinsOf(`periodics:\n- spec: ${pod}`, "jobs.yaml")).toEqual(paths("periodics[0].spec"));
  });

  it.each<[string, string, readonly string[]]>([
    ["an image of a custom resource", "spec: {image: quay.io/a/b:1}", ["container-image spec.image = quay.io/a/b:1 (quay.io/a/b 1 -)"]],
    ["other names for it", "spec: {sidecarImage: a:1, imageName: b:2}", ["container-image spec.sidecarImage = a:1 (docker.io/library/a 1 -)", "container-image spec.imageName = b:2 (docker.io/library/b 2 -)"]],
    ["with tag and digest", `spec: {image: "a:1@${A}"}`, [`container-image spec.image = a:1@${A} (docker.io/library/a 1 sha256:a)`]],
    ["in parts", "spec: {image: {repository: a/b, tag: v1}}", ["helm-values spec.image.repository = a/b (docker.io/a/b v1 -)", "helm-values spec.image.tag = v1 (docker.io/a/b v1 -)"]],
    ["no image: no tag outside containers", "spec: {image: background.png}", []],
    ["no image: a URL", "spec: {image: 'https://example.com/a:1'}", []],
    ["no image: a variable", "spec: {image: '${IMAGE}:1'}", []],
    ["no image: nothing", "spec: {image: , icon: a:1}", []],
    ["what a controller wrote", "status: {image: a:1}", []],
    ["an image through an alias, and its anchor", "spec: {image: &i a:1, other: {image: *i}}", ["container-image spec.image = a:1 (docker.io/library/a 1 -)", "container-image spec.other.image = a:1 (docker.io/library/a 1 -)"]],
  ])("%s", (_, body, pins) => {
    expect(pinsOf(`apiVersion: example.com/v1\nkind: Thing\n${body}\n`)).toEqual(pins);
  });

  it("in lists, several documents and JSON", () => {
    const pod = (image: string): string => `{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "${image}"}]}}`;
    expect(pinsOf(`{"apiVersion": "v1", "kind": "List", "items": [${pod("a:1")}, ${pod("b:1")}]}`, "x.json").map((pin) => pin.split(" ")[1])).toEqual([
      "items[0].spec.containers[0].image",
      "items[1].spec.containers[0].image",
    ]);
    expect(pinsOf(`# nothing\n---\n${pod("a:1")}\n---\n---\n${pod("b:2")}\n...\n`).map((pin) => pin.split(" ")[1])).toEqual([
      "spec.containers[0].image",
      "doc[2]:spec.containers[0].image",
    ]);
  });

  it("not in the schema of a custom resource", () => {
    expect(pinsOf("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {default: {image: a:1}}")).toEqual([]);
  });
});

describe("Helm values", () => {
  it.each<[string, string, readonly string[]]>([
    ["repository and tag", "image: {repository: a/b, tag: v1}", ["image.repository = a/b", "image.tag = v1"]],
    ["registry too", "image: {registry: ghcr.io, repository: a/b, tag: v1}", ["image.registry = ghcr.io", "image.repository = a/b", "image.tag = v1"]],
    ["a digest beside the tag", `image: {repository: a/b, tag: v1, digest: "${A}"}`, ["image.repository = a/b", "image.tag = v1", `image.digest = ${A}`]],
    ["a digest in the tag", `image: {repository: a/b, tag: v1@${A}}`, ["image.repository = a/b", `image.tag = v1@${A}`]],
    ["version for tag", "mainImage: {repository: a/b, version: v1}", ["mainImage.repository = a/b", "mainImage.version = v1"]],
    ["no version elsewhere", "chart: {repository: a/b, version: v1}", []],
    ["name for repository", "image: {name: a/b, tag: v1}", ["image.name = a/b", "image.tag = v1"]],
    ["no name elsewhere", "server: {name: a/b, tag: v1}", ["server.tag = v1"]],
    ["image and tag side by side", "web: {image: a/b, tag: v1}", ["web.image = a/b", "web.tag = v1"]],
    ["an image that has its tag, beside another tag", "web: {image: a/b:v2, tag: v1}", ["web.image = a/b:v2", "web.tag = v1"]],
    ["imageTag", "image: a/b\nimageTag: v1", ["image = a/b", "imageTag = v1"]],
    ["repository and tag without image", "web: {repository: ghcr.io/a/b, tag: v1}", ["web.repository = ghcr.io/a/b", "web.tag = v1"]],
    ["inline", "web: {image: a/b:v1}", ["web.image = a/b:v1"]],
    ["nested and in lists", "a: [{b: {image: {repository: a/b, tag: v1}}}]\nempty_key:\n", ["a[0].b.image.repository = a/b", "a[0].b.image.tag = v1"]],
    ["a tag alone, as in values laid over others", "web: {image: {tag: v1}}", ["web.image.tag = v1"]],
    ["a digest alone", `image: {digest: "${A}"}`, [`image.digest = ${A}`]],
    ["a tag alone under another key, as charts have it that name their image there", "controller: {tag: 2.479-772}", ["controller.tag = 2.479-772"]],
    ["an imageTag alone", "controller: {imageTag: v1, replicas: 1}", ["controller.imageTag = v1"]],
    ["a tag alone with a digest in it", `controller: {tag: v1@${A}}`, [`controller.tag = v1@${A}`]],
    ["a tag of other things", "output: {tag: kube.*}\nspan: {tag: 'a b'}", []],
    ["a tag beside a repository that only a variable tells", "image: {repository: '${HOST}/a/b', tag: v1}\nweb: {repository: '${HOST}/a/b', tag: v2}", ["image.tag = v1", "web.tag = v2"]],
    ["no tag: the chart has its own", "image: {repository: a/b, tag: ''}", []],
    ["no repository of charts", "chart: {repository: 'https://charts.example.com', tag: v1}", ["chart.tag = v1"]],
    ["a number for a tag", "image: {repository: a/b, tag: 1.20}", ["image.repository = a/b", "image.tag = 1.20"]],
  ])("%s", (_, text, pins) => {
    expect(pinsOf(text, "values.yaml").map((pin) => pin.replace(/ \(.*/, ""))).toEqual(pins.map((pin) => `helm-values ${pin}`));
  });

  it("have no tag alone in other documents", () => {
    expect(pinsOf("controller: {tag: v1}", "x.yaml")).toEqual([]);
    expect(pinsOf("apiVersion: example.com/v1\nkind: Site\nspec: {newt: {tag: v1}}")).toEqual([]);
    expect(pinsOf("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {controller: {tag: v1}}}")).toEqual(["helm-values spec.values.controller.tag = v1"]);
    expect(pinsOf('{"controller": {"tag": "v1"}}', "values.json")).toEqual(["helm-values controller.tag = v1"]);
  });

  it("put registry and repository together", () => {
    expect(pinsOf("image: {registry: ghcr.io, repository: a/b, tag: v1}", "values.yaml")[2]).toBe("helm-values image.tag = v1 (ghcr.io/a/b v1 -)");
    expect(pinsOf("image: {registry: docker.io, repository: nginx, tag: v1}", "values.yaml")[2]).toBe(`helm-values image.tag = v1 (${NGINX} v1 -)`);
    expect(pinsOf(`image: {repository: nginx, sha: ${"a".repeat(64)}}`, "values.yaml")[1]).toBe(`helm-values image.sha = ${"a".repeat(64)} (${NGINX} - sha256:a)`);
  });
});

describe("charts and revisions", () => {
  const object = (apiVersion: string, kind: string, spec: string): string => `apiVersion: ${apiVersion}\nkind: ${kind}\nspec: ${spec}\n`;
  it.each<[string, string, string, readonly string[]]>([
    ["dependencies", "Chart.yaml", "version: 1.0.0\ndependencies: [{name: redis, version: ^17.0.0}, {name: local}]", ["helm-chart dependencies[0].version = ^17.0.0"]],
    ["requirements", "charts/a/requirements.yaml", "dependencies: [{name: redis, version: 17.0.0}]", ["helm-chart dependencies[0].version = 17.0.0"]],
    ["helmfile", "helmfile.d/01.yaml", "releases: [{name: a, chart: x/a, version: 1.2.3}, {name: b, version: 1.0.0}]", ["helm-chart releases[0].version = 1.2.3"]],
    ["a generator", "a.yaml", "apiVersion: builtin\nkind: HelmChartInflationGenerator\nname: x\nversion: 0.1.2+abc\nvaluesInline: {image: 'a:1'}", ["helm-chart version = 0.1.2+abc", "helm-values valuesInline.image = a:1 (docker.io/library/a 1 -)"]],
    ["HelmRelease", "a.yaml", object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "{chart: {spec: {chart: x, version: 1.2.3}}, values: {image: {repository: a/b, tag: v1}}}"), ["helm-chart spec.chart.spec.version = 1.2.3", "helm-values spec.values.image.repository = a/b (docker.io/a/b v1 -)", "helm-values spec.values.image.tag = v1 (docker.io/a/b v1 -)"]],
    ["HelmRelease v1", "a.yaml", object("helm.fluxcd.io/v1", "HelmRelease", "{chart: {repository: 'https://x.y', name: x, version: 1.2.3}}"), ["helm-chart spec.chart.version = 1.2.3"]],
    ["HelmChart", "a.yaml", object("source.toolkit.fluxcd.io/v1", "HelmChart", "{chart: x, version: 1.2.3}"), ["helm-chart spec.version = 1.2.3"]],
    ["OCIRepository", "a.yaml", object("source.toolkit.fluxcd.io/v1", "OCIRepository", `{url: 'oci://x/y', ref: {tag: 1.2.3, digest: "${A}"}}`), ["helm-chart spec.ref.tag = 1.2.3", `helm-chart spec.ref.digest = ${A}`]],
    ["OCIRepository by range", "a.yaml", object("source.toolkit.fluxcd.io/v1", "OCIRepository", "{ref: {semver: '>=1.0.0'}}"), ["helm-chart spec.ref.semver = >=1.0.0"]],
    ["GitRepository", "a.yaml", object("source.toolkit.fluxcd.io/v1", "GitRepository", "{ref: {tag: v1}}"), ["git-revision spec.ref.tag = v1"]],
    ["Flux Kustomization", "kustomization.yaml", object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "{images: [{name: nginx, newTag: v1}]}"), [`kustomize-image spec.images[0].newTag = v1 (${NGINX} v1 -)`]],
    ["Application", "a.yaml", object("argoproj.io/v1alpha1", "Application", "{source: {repoURL: x, targetRevision: main}}"), ["git-revision spec.source.targetRevision = main"]],
    ["Application of a chart", "a.yaml", object("argoproj.io/v1alpha1", "Application", "{sources: [{chart: x, targetRevision: 1.2.3}, {targetRevision: HEAD}]}"), ["helm-chart spec.sources[0].targetRevision = 1.2.3", "git-revision spec.sources[1].targetRevision = HEAD"]],
    ["ApplicationSet", "a.yaml", object("argoproj.io/v1alpha1", "ApplicationSet", "{generators: [{list: {elements: [{targetRevision: v2}]}}], template: {spec: {source: {targetRevision: '{{targetRevision}}'}}}}"), ["git-revision spec.generators[0].list.elements[0].targetRevision = v2", "git-revision spec.template.spec.source.targetRevision = {{targetRevision}}"]],
    ["images of an Application", "a.yaml", object("argoproj.io/v1alpha1", "Application", "{source: {kustomize: {images: ['nginx:1.2', 'web=ghcr.io:443/a/b:1', 'x=']}}}"), [`kustomize-image spec.source.kustomize.images[0] = nginx:1.2 (${NGINX} 1.2 -)`, "kustomize-image spec.source.kustomize.images[1] = web=ghcr.io:443/a/b:1 (ghcr.io:443/a/b 1 -)"]],
    ["parameters of an Application", "a.yaml", object("argoproj.io/v1alpha1", "Application", "{source: {helm: {parameters: [{name: image.repository, value: a/b}, {name: image.tag, value: v1}, {name: web.image, value: 'c:2'}, {name: replicas, value: '3'}, {name: a.tag, value: t}]}}}"), ["helm-parameter spec.source.helm.parameters[0].value = a/b (docker.io/a/b v1 -)", "helm-parameter spec.source.helm.parameters[1].value = v1 (docker.io/a/b v1 -)", "helm-parameter spec.source.helm.parameters[2].value = c:2 (docker.io/library/c 2 -)", "helm-parameter spec.source.helm.parameters[4].value = t"]],
    ["values of an Application", "a.yaml", object("argoproj.io/v1alpha1", "Application", "{source: {helm: {valuesObject: {image: {repository: a/b, tag: v1}}}}}"), ["helm-values spec.source.helm.valuesObject.image.repository = a/b (docker.io/a/b v1 -)", "helm-values spec.source.helm.valuesObject.image.tag = v1 (docker.io/a/b v1 -)"]],
  ])("%s", (_, file, text, pins) => {
    expect(pinsOf(text, file)).toEqual(pins);
  });
});

describe("files", () => {
  it.each([["a.yaml", true], ["a.yml", true], ["a.json", true], ["x/Kustomization", true], ["a.yaml.tpl", false], ["Dockerfile", false]])("%s may hold pins: %s", (file, holds) => {
    expect(mayHoldPins(file)).toBe(holds);
  });

  it.each(["", "# image: a:1\n", "image\n", "- image\n", "null", "\uFEFF", "---\n---\n"])("%j pins nothing", (text) => {
    expect(pinsOf(text)).toEqual([]);
  });

  it.each([
    ["broken YAML", "image: [a\n", "x.yaml:2:1: not valid YAML"],
    ["a template", "{{- if .Values.x }}\nimage: a:1\n{{- end }}\n", "x.yaml:1:3: a template ({{ … }}), which only its renderer can read"],
    ["aliases that stand for too much", `a: &a [image, x, x, x, x, x, x, x, x, x]\n${"bcdefg".split("").map((name, index) => `${name}: &${name} [${`*${"abcdef"[index]},`.repeat(10)}]`).join("\n")}\n`, "its aliases stand for more than 200000 values"],
    ["too much of it", `image: ${"a".repeat(4 * 1024 * 1024)}`, "more than 4194304 are not read"],
  ])("%s is a problem", (_, text, problem) => {
    const found = findPinnedValues("x.yaml", text);
    expect(found.ok ? "" : found.problem).toContain(problem);
  });

  it("tell the line of each pin, also behind a byte order mark, CRLF and an alias", () => {
    const found = findPinnedValues("values.yaml", "\uFEFFa:\r\n  image: &i a:1\r\nb:\r\n  image: *i\r\n");
    expect(found.ok && found.values.map(({ line, path, form }) => [line, path, form])).toEqual([
      [2, "a.image", "plain"],
      [4, "b.image", "plain"],
    ]);
  });

  it("tell how each value is written", () => {
    const found = findPinnedValues("kustomization.yaml", "images: [{name: a, newTag: v1}, {name: b, newTag: 16}, {name: c, newTag: 1.20}, {name: d, newTag: '1'}, {name: e, newTag: \"1\"}, {name: f, newTag: yes}, {name: g, newTag: !!str 1}, {name: h, newTag: !x 1}, {name: i, newTag: 1600000}]");
    expect(found.ok && found.values.map(({ form }) => form)).toEqual(["plain", "integer", "other", "single-quoted", "double-quoted", "other", "plain", "other", "other"]);
  });
});
