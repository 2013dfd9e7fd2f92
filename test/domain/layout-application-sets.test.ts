import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import { configText } from "../../src/domain/layout/config-text.ts";
import { layoutEvidence } from "../../src/domain/layout/evidence.ts";
import { guessLayout } from "../../src/domain/layout/guess.ts";

const PINS = "images:\n- name: ghcr.io/acme/web\n  newTag: 1.2.3\n";

interface Set {
  readonly generators: string;
  readonly name: string;
  readonly path: string;
  /** More lines under `spec`. */
  readonly more?: string;
}

function setOf({ generators, name, path, more = "" }: Set): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: all }
spec:
${more === "" ? "" : `  ${more}\n`}  generators: ${generators}
  template:
    metadata: { name: "${name}" }
    spec: { source: { repoURL: "https://example.com/manifests.git", path: "${path}" } }
`;
}

/** What is guessed of folders that pin an image, and ApplicationSets. */
function layoutOf(folders: readonly string[], ...sets: readonly string[]) {
  const files = [...folders.map((folder) => [`${folder}/kustomization.yaml`, PINS]), ...sets.map((set, index) => [`argocd/${index}.yaml`, set])];
  const guessed = guessLayout(files.flatMap(([file = "", text = ""]) => layoutEvidence(file, text)));
  if (!guessed.ok) throw new Error(guessed.problem);
  const read = parseConfig(configText(guessed.layout));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return { ...guessed.layout, config: read.config };
}

const OVERLAYS = ["cart", "web"].flatMap((app) => ["dev", "prod"].map((env) => `apps/${app}/overlays/${env}`));

describe("the Applications that an ApplicationSet makes", () => {
  it.each<[string, Set]>([
    ["a list", { generators: "[{list: {elements: [{app: cart, env: dev}, {app: cart, env: prod}, {app: web, env: dev}, {app: web, env: prod}]}}]", name: "{{env}}.{{ app }}", path: "apps/{{app}}/overlays/{{env}}" }],
    [
      "a list for Go's templates, with keys in keys",
      { generators: "[{list: {elements: [{a: {name: cart}, env: dev}, {a: {name: cart}, env: prod}, {a: {name: web}, env: dev}, {a: {name: web}, env: prod}]}}]", name: "{{ .env }}.{{.a.name}}", path: "./apps/{{.a.name}}/overlays/{{.env}}/", more: "goTemplate: true" },
    ],
    ["several generators", { generators: "[{list: {elements: [{app: cart, env: dev}, {app: web, env: dev}]}}, {list: {elements: [{app: cart, env: prod}, {app: web, env: prod}]}}]", name: "{{env}}.{{app}}", path: "apps/{{app}}/overlays/{{env}}" }],
    ["folders", { generators: "[{git: {directories: [{path: apps/*/overlays/*}]}}]", name: "{{path.basename}}.{{path[1]}}", path: "{{path}}" }],
    ["folders at any depth", { generators: "[{git: {directories: [{path: apps/**}, {path: 'apps/*', exclude: true}, {path: 'apps/*/overlays', exclude: true}]}}]", name: "{{path.basenameNormalized}}.{{path[1]}}", path: "{{path}}" }],
    ["folders for Go's templates", { generators: "[{git: {directories: [{path: apps/*/overlays/*}]}}]", name: "{{.path.basename}}.{{ index .path.segments 1 }}", path: "{{.path.path}}", more: "goTemplate: true" }],
    ["folders with values", { generators: "[{git: {directories: [{path: apps/*/overlays/*}], values: {env: '{{path.basename}}'}}}]", name: "{{values.env}}.{{path[1]}}", path: "{{path}}" }],
    ["a list for each folder", { generators: "[{matrix: {generators: [{git: {directories: [{path: apps/*}]}}, {list: {elements: [{env: dev}, {env: prod}]}}]}}]", name: "{{env}}.{{path.basename}}", path: "{{path}}/overlays/{{env}}" }],
    ["folders for each entry of a list", { generators: "[{matrix: {generators: [{list: {elements: [{env: dev}, {env: prod}]}}, {git: {directories: [{path: 'apps/*/overlays/{{env}}'}]}}]}}]", name: "{{env}}.{{path[1]}}", path: "{{path}}" }],
  ])("of %s are known by their names and folders", (_, set) => {
    const { applications, config, doubts, reasons } = layoutOf(OVERLAYS, setOf(set));
    expect(applications.defaults).toEqual(["{env}.{app}"]);
    expect(config.defaults.argocd).toEqual(["{env}.{app}"]);
    expect(doubts).toEqual([]);
    expect(reasons).toContain("ApplicationSets that make 4 Applications");
    expect(reasons).toContainEqual(expect.stringContaining("Argo CD Applications of 4 of 4 places"));
  });

  it("may deploy several folders each, and be beside Applications that stand alone", () => {
    const set = setOf({ generators: "[{list: {elements: [{env: dev}]}}]", name: "web-{{env}}", path: "apps/web/overlays/{{env}}" }).replace("source: {", "sources: [{chart: x}, {").replace(/ \} \}\n$/, " }] }\n");
    const alone = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web-prod}\nspec: {source: {path: apps/web/overlays/prod}}\n";
    expect(layoutOf(["apps/web/overlays/dev", "apps/web/overlays/prod"], set, alone).applications).toMatchObject({ defaults: ["{app}-{env}"], doubts: [] });
  });

  it.each<[string, Partial<Set>, string]>([
    ["clusters", { generators: "[{clusters: {}}]" }, "the clusters that Argo CD knows are not in the repository"],
    ["clusters in a matrix", { generators: "[{matrix: {generators: [{git: {directories: [{path: apps/*}]}}, {clusters: {selector: {}}}]}}]" }, "the clusters that Argo CD knows"],
    ["pull requests", { generators: "[{pullRequest: {github: {owner: a}}}]" }, "it makes Applications of pull requests"],
    ["an organisation", { generators: "[{scmProvider: {}}]" }, "the repositories of an organisation"],
    ["files", { generators: "[{git: {files: [{path: a.json}]}}]" }, "the generator of git files is not read"],
    ["another kind", { generators: "[{fortune: {}}]" }, "a generator of the kind fortune is not read"],
    ["nothing", { generators: "[]" }, "it has no generators"],
    ["entries written as text", { generators: "[{list: {elementsYaml: '[]'}}]" }, "elementsYaml is not read"],
    ["a choice of a list", { generators: "[{list: {elements: [{env: dev}]}, selector: {matchLabels: {a: b}}}]" }, "a generator with a selector of its own"],
    ["a template of its own", { generators: "[{list: {elements: [{env: dev}], template: {}}, template: {metadata: {name: x}}}]" }, "a generator with a template of its own"],
    ["a patch", { generators: "[{list: {elements: [{env: dev}]}}]", more: "templatePatch: x" }, "templatePatch may change what it makes"],
    ["patterns of other kinds", { generators: "[{git: {directories: [{path: 'apps/[a-c]*'}]}}]" }, "the pattern apps/[a-c]* of its directories is not read"],
    ["parameters that nobody gives", { generators: "[{list: {elements: [{env: dev}]}}]", name: "{{env}}-{{region}}" }, "{{region}} is not known here"],
    ["functions", { generators: "[{list: {elements: [{env: dev}]}}]", name: "{{ .env | lower }}", more: "goTemplate: true" }, "{{.env | lower}} is not known here"],
    ["parameters of the other kind", { generators: "[{list: {elements: [{env: dev}]}}]", name: "{{ env }}", more: "goTemplate: true" }, "{{env}} is not known here"],
    ["a prefix", { generators: "[{git: {directories: [{path: apps/*}], pathParamPrefix: x}}]" }, "pathParamPrefix is not read"],
  ])("of %s are not known, and it is said why", (_, set, reason) => {
    const { applications, doubts } = layoutOf(OVERLAYS, setOf({ generators: "[]", name: "x-{{env}}", path: "apps/web/overlays/{{env}}", ...set }));
    expect(applications.defaults).toBeNull();
    expect(doubts).toContainEqual(expect.stringContaining(`the ApplicationSet all in argocd/0.yaml makes Applications that could not be told (${reason}`));
    expect(doubts.filter((doubt) => doubt.includes("no Argo CD Application"))).toEqual([]);
  });

  it("are told as far as they are known", () => {
    const set = setOf({ generators: "[{list: {elements: [{env: dev}, {env: prod}]}}, {clusters: {}}]", name: "web-{{env}}", path: "apps/web/overlays/{{env}}" });
    const { applications } = layoutOf(OVERLAYS, set);
    expect(applications).toMatchObject({ defaults: ["{app}-{env}"], doubts: [expect.stringContaining("makes more Applications than could be told"), expect.stringContaining("no Application deploys cart in dev")] });
  });

  it("are said to be unknown of a few, and counted beyond that", () => {
    const { doubts } = layoutOf(OVERLAYS, ...Array.from({ length: 5 }, () => setOf({ generators: "[{clusters: {}}]", name: "x", path: "x" })));
    expect(doubts.filter((doubt) => doubt.includes("ApplicationSet"))).toHaveLength(4);
    expect(doubts.at(-1)).toBe("and the same of 2 more ApplicationSets");
  });
});

describe("environments that an ApplicationSet names", () => {
  const folders = ["cart", "web"].flatMap((app) => ["blue-moon", "high-noon"].map((env) => `apps/${app}/${env}`));
  const set = (key: string) => setOf({ generators: `[{matrix: {generators: [{git: {directories: [{path: apps/*}]}}, {list: {elements: [{${key}: blue-moon}, {${key}: high-noon}]}}]}}]`, name: `{{path.basename}}-{{${key}}}`, path: `{{path}}/{{${key}}}` });

  it.each(["env", "environment", "stage", "envName", "cluster"])("by %s are found where no well-known name tells them, and wait for their order", (key) => {
    const { patterns, environments, config } = layoutOf(folders, set(key));
    expect(patterns).toEqual(["apps/{app}/{env}/kustomization.yaml"]);
    expect(environments.map(({ name, isOrdered }) => [name, isOrdered])).toEqual([
      ["blue-moon", false],
      ["high-noon", false],
    ]);
    expect(config.environments.every(({ paused }) => paused !== null)).toBe(true);
    expect(config.defaults.argocd).toEqual(["{app}-{env}"]);
  });

  it("are none where the parameter is called otherwise, or is no folder", () => {
    expect(() => layoutOf(folders, set("colour"))).toThrow("do not tell app and environment");
    const elsewhere = setOf({ generators: "[{list: {elements: [{env: blue}]}}]", name: "web-{{env}}", path: "apps/web/blue-moon" });
    expect(() => layoutOf(folders, elsewhere)).toThrow("do not tell app and environment");
  });
});
