import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import { compileDiscover } from "../../src/domain/discover.ts";
import { configText } from "../../src/domain/layout/config-text.ts";
import { stepOf } from "../../src/domain/layout/environment-names.ts";
import { layoutEvidence } from "../../src/domain/layout/evidence.ts";
import { guessLayout, type GuessedLayout } from "../../src/domain/layout/guess.ts";

const PINS = "images:\n- name: ghcr.io/acme/web\n  newTag: 1.2.3\n";

function guess(files: Readonly<Record<string, string>>) {
  return guessLayout(Object.entries(files).flatMap(([file, text]) => layoutEvidence(file, text)));
}

/** The layout of folders whose kustomizations pin an image, and other files. */
function layoutOf(folders: readonly string[], others: Readonly<Record<string, string>> = {}): GuessedLayout {
  const guessed = guess({ ...Object.fromEntries(folders.map((folder) => [`${folder}/kustomization.yaml`, PINS])), ...others });
  if (!guessed.ok) throw new Error(guessed.problem);
  return guessed.layout;
}

function configOf(layout: GuessedLayout) {
  const read = parseConfig(configText(layout));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.config;
}

/** What the written file finds, as `app environment`, in order. */
function foundBy(layout: GuessedLayout, files: readonly string[]): readonly string[] {
  const { discover, environments } = configOf(layout);
  const places = files.map(compileDiscover(discover, environments)).filter((place) => place !== null);
  return places.map(({ app, environment }) => `${app} ${environment}`).toSorted();
}

function product(apps: readonly string[], environments: readonly string[], path: (app: string, environment: string) => string): readonly string[] {
  return apps.flatMap((app) => environments.map((environment) => path(app, environment)));
}

describe("the folders of common layouts", () => {
  const apps = ["cart", "checkout"];
  it.each<[string, readonly string[], (app: string, environment: string) => string, readonly string[]]>([
    ["apps/{app}/overlays/{env}", ["dev", "staging", "prod"], (app, env) => `apps/${app}/overlays/${env}`, ["dev", "staging", "prod"]],
    ["{app}/overlays/{env}", ["dev", "production"], (app, env) => `${app}/overlays/${env}`, ["dev", "production"]],
    ["envs/{env}/{app}", ["dev", "qa", "live"], (app, env) => `envs/${env}/${app}`, ["dev", "qa", "live"]],
    ["{env}/{app}", ["test", "prod"], (app, env) => `${env}/${app}`, ["test", "prod"]],
    ["apps/{app}/{env}", ["dev", "uat", "prod"], (app, env) => `apps/${app}/${env}`, ["dev", "uat", "prod"]],
    ["clusters/{env}/apps/{app}", ["staging", "prod-eu"], (app, env) => `clusters/${env}/apps/${app}`, ["staging", "prod-eu"]],
    ["apps/{app}-{env}", ["dev", "prod"], (app, env) => `apps/${app}-${env}`, ["dev", "prod"]],
    ["{env}-{app}", ["dev", "prod"], (app, env) => `${env}-${app}`, ["dev", "prod"]],
    ["team-a/{app}/{env}", ["dev", "prod"], (app, env) => `team-a/${app}/${env}`, ["dev", "prod"]],
    ["overlays/{env}/{app}/deploy", ["dev", "prod"], (app, env) => `overlays/${env}/${app}/deploy`, ["dev", "prod"]],
  ])("%s", (pattern, environments, path, order) => {
    const folders = product(apps, environments, path);
    const layout = layoutOf(folders);
    expect(layout.patterns).toEqual([`${pattern}/kustomization.yaml`]);
    expect(layout.environments.map(({ name }) => name)).toEqual(order);
    expect(layout.environments.map(({ after }) => after)).toEqual(order.map((_, at) => (at === 0 ? [] : [order[at - 1]])));
    expect(foundBy(layout, folders.map((folder) => `${folder}/kustomization.yaml`))).toEqual(product(apps, order, (app, env) => `${app} ${env}`).toSorted());
  });

  it("are told for one app alone, and for several roots", () => {
    expect(layoutOf(["checkout/dev", "checkout/prod"]).patterns).toEqual(["{app}/{env}/kustomization.yaml"]);
    const layout = layoutOf(["team-a/cart/dev", "team-a/cart/prod", "team-b/pay/dev", "team-b/pay/prod", "team-b/ship/prod"]);
    expect(layout.patterns).toEqual(["team-b/{app}/{env}/kustomization.yaml", "team-a/{app}/{env}/kustomization.yaml"]);
    expect(new Set(layout.places.map(({ app }) => app))).toEqual(new Set(["cart", "pay", "ship"]));
  });

  it("are not taken for apps where nothing could move: clusters below an environment, beside apps that are in several", () => {
    const apps = product(["cart", "web"], ["staging", "prod"], (app, env) => `components/${app}/${env}`);
    const layout = layoutOf([...apps, "components/mesh/staging/c-01", "components/mesh/prod/c-02", "components/mesh/prod/c-03"]);
    expect(layout.patterns).toEqual(["components/{app}/{env}/kustomization.yaml"]);
    expect(layout.doubts).toContainEqual(expect.stringContaining("3 kustomizations pin images in places that no pattern tells"));
  });

  it("do not give a place a second file", () => {
    const apps = product(["cart", "web"], ["staging", "prod"], (app, env) => `components/${app}/${env}`);
    const layout = layoutOf([...apps, "components/web/staging/proxy", "components/web/prod/proxy"]);
    expect(layout.patterns).toEqual(["components/{app}/{env}/kustomization.yaml", "components/web/{env}/{app}/kustomization.yaml"]);
    expect(layout.places.map(({ app, environment }) => `${app} ${environment}`)).toHaveLength(6);
    const spelled = layoutOf(["web/dev", "web/prod"], { "web/dev/kustomization.yml": PINS, "web/prod/kustomization.yml": PINS });
    expect(spelled.patterns).toEqual(["{app}/{env}/kustomization.yaml"]);
    expect(spelled.doubts).toContainEqual(expect.stringContaining("web/dev/kustomization.yml, web/prod/kustomization.yml"));
  });

  it("keep the spelling of files and folders", () => {
    const layout = layoutOf([], { "web/Prod_EU/kustomization.yml": PINS, "web/dev/kustomization.yml": PINS });
    expect(layout.patterns).toEqual(["{app}/{env}/kustomization.yml"]);
    expect(configOf(layout).environments.map(({ name, path }) => [name, path])).toEqual([
      ["dev", "dev"],
      ["prod-eu", "Prod_EU"],
    ]);
  });
});

describe("the order of environments", () => {
  it.each([
    ["dev", 0],
    ["Development", 0],
    ["staging", 6],
    ["us-staging", 6],
    ["pre-prod", 7],
    ["preprod", 7],
    ["prod", 9],
    ["production", 9],
    ["live", 9],
    ["prod-eu-west-1", 9],
    ["prod_us_2", 9],
    // What is none of production's, and what has two names or another word in it.
    ["non-prod", 1],
    ["nonprod-eu", 1],
    ["checkout-prod", null],
    ["test-prod", null],
    ["products", null],
    ["base", null],
    ["eu-west-1", null],
  ])("%s is step %j", (folder, step) => {
    expect(stepOf(folder)).toBe(step);
  });

  it("has environments of one step beside each other", () => {
    const config = configOf(layoutOf(product(["web"], ["dev", "staging-eu", "staging-us", "prod-eu", "prod-us"], (app, env) => `${env}/${app}`)));
    expect(Object.fromEntries(config.environments.map(({ name, after }) => [name, after]))).toEqual({
      dev: [],
      "staging-eu": ["dev"],
      "staging-us": ["dev"],
      "prod-eu": ["staging-eu", "staging-us"],
      "prod-us": ["staging-eu", "staging-us"],
    });
  });

  it("is not made up where no name tells it: such an environment is paused", () => {
    const layout = layoutOf(product(["cart", "web"], ["dev", "tokyo", "prod"], (app, env) => `apps/${app}/overlays/${env}`));
    const tokyo = configOf(layout).environments.find(({ name }) => name === "tokyo");
    expect(tokyo).toMatchObject({ after: [], promote: "on-request", paused: expect.stringContaining("could not tell") });
    expect(layout.doubts).toContainEqual(expect.stringContaining("which environment tokyo follows"));
    const prod = configOf(layout).environments.find(({ name }) => name === "prod");
    expect(prod).toMatchObject({ after: ["dev"], promote: "on-request", paused: null });
  });

  it("says where people differ, and where there is nothing to promote to", () => {
    expect(layoutOf(["uat/web", "staging/web"]).doubts).toContainEqual(expect.stringContaining("habit"));
    expect(layoutOf(["dev/web", "prod/web"]).doubts).not.toContainEqual(expect.stringContaining("habit"));
    expect(layoutOf(["prod/web"]).doubts).toContainEqual(expect.stringContaining("only prod"));
  });

  it("passes over an environment in which nothing was found", () => {
    const config = configOf(layoutOf(["dev/web space", "Prod/dev"]));
    expect(config.environments.map(({ name, after }) => [name, after])).toEqual([["prod", []]]);
  });

  it("leaves out a folder whose name another one has already", () => {
    const layout = layoutOf(["Dev/web", "dev/web", "prod/web"]);
    expect(configOf(layout).environments.map(({ name }) => name)).toEqual(["dev", "prod"]);
    expect(layout.doubts).toContainEqual(expect.stringContaining("two would have the same name"));
  });
});

describe("Argo CD Applications", () => {
  const application = (name: string, path: string): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: ${name}\nspec:\n  source:\n    path: ${path}\n`;
  const folders = product(["cart", "web"], ["dev", "prod"], (app, env) => `apps/${app}/${env}`);

  it.each([
    ["{app}-{env}", (app: string, env: string) => `${app}-${env}`],
    ["{env}-{app}", (app: string, env: string) => `${env}-${app}`],
    ["acme.{app}.{env}", (app: string, env: string) => `acme.${app}.${env}`],
    ["{app}", (app: string) => app],
  ])("called %s are known by their folders", (template, name) => {
    const texts = product(["cart", "web"], ["dev", "prod"], (app, env) => application(name(app, env), `./apps/${app}/${env}/`));
    const config = configOf(layoutOf(folders, { "argo/all.yaml": texts.join("---\n") }));
    expect([config.defaults.argocd, config.apps.size]).toEqual([[template], 0]);
  });

  it("that some apps call otherwise are written for these", () => {
    const texts = product(["cart", "pay", "web"], ["dev", "prod"], (app, env) => application(app === "web" ? `frontend-${env}` : `${app}-${env}`, `apps/${app}/${env}`));
    const config = configOf(layoutOf([...folders, "apps/pay/dev", "apps/pay/prod"], { "argo.yaml": texts.join("---\n") }));
    expect(config.defaults.argocd).toEqual(["{app}-{env}"]);
    expect([...config.apps].map(([app, { argocd }]) => [app, argocd])).toEqual([["web", ["frontend-{env}"]]]);
  });

  it("are several where several deploy one folder, also by sources", () => {
    const two = (env: string): string => `${application(`web-${env}-eu`, `apps/web/${env}`)}---\n${application(`web-${env}-us`, "x").replace("  source:\n    path: x", `  sources: [{chart: a}, {path: apps/web/${env}}]`)}`;
    const config = configOf(layoutOf(["apps/web/dev", "apps/web/prod"], { "argo.yaml": `${two("dev")}---\n${two("prod")}` }));
    expect(config.defaults.argocd).toEqual(["{app}-{env}-eu", "{app}-{env}-us"]);
  });

  it("that follow no one rule, come from templates, or are not there are said to", () => {
    const odd = { "a.yaml": application("one", "apps/web/dev"), "b.yaml": application("two", "apps/web/prod") };
    expect(layoutOf(folders, odd).doubts).toContainEqual(expect.stringContaining("of web are called in different ways"));
    const set = { "set.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: x}\n" };
    expect(layoutOf(folders, set).doubts).toContainEqual("the ApplicationSet x in set.yaml makes Applications that could not be told (it has no generators): check what argocd says");
    expect(layoutOf(folders).doubts).toContainEqual(expect.stringContaining("no Argo CD Application in this repository"));
    const flux = { "flux/kustomization.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: ./apps}\n" };
    expect(layoutOf(folders, flux).doubts).toContainEqual(expect.stringContaining("Flux"));
  });
});

describe("what cannot be known is said", () => {
  it("several images: which of them move together", () => {
    const several = `${PINS}- name: envoy\n  newTag: 1.0.0\n`;
    const layout = layoutOf(["web/dev"], { "web/prod/kustomization.yaml": several });
    expect(layout.doubts).toContainEqual(expect.stringContaining("apps.web.images"));
    expect(configOf(layout).apps.get("web")?.images).toBe(null);
    expect(configText(layout)).toContain('# images: ["docker.io/library/envoy", "ghcr.io/acme/web"]');
  });

  it.each([
    ["other images in each environment", { "web/prod/kustomization.yaml": "images: [{name: other, newTag: 1.0.0}]\n" }, "another image in each environment"],
    ["pins in a base", { "web/base/kustomization.yaml": PINS }, "in places that no pattern tells"],
    ["no image", { "web/prod/kustomization.yaml": "resources: [../base]\n" }, "no entry under images"],
    ["broken YAML", { "web/prod/kustomization.yaml": "images: [\n" }, "web/prod/kustomization.yaml:2:1"],
    [
      "two files for one place",
      { "web/dev/kustomization.yml": "resources: []\n", "cart/dev/kustomization.yml": PINS, "cart/prod/kustomization.yml": PINS },
      "web in dev has several files",
    ],
    ["tags without versions", { "web/dev/kustomization.yaml": "images: [{name: web, newTag: main-0a1b2c3}]\n" }, "no version x.y.z"],
    ["prereleases", { "web/dev/kustomization.yaml": "images: [{name: web, newTag: 1.0.0-rc.1}]\n" }, "prereleases"],
  ])("%s", (_, files, doubt) => {
    const layout = layoutOf(["web/dev", "web/prod"], files);
    expect(layout.doubts).toContainEqual(expect.stringContaining(doubt));
    expect(configText(layout)).toContain(`# - ${layout.doubts[0] ?? ""}`);
  });

  it("in few lines, however many files it is true of", () => {
    const broken = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`t/${index}/kustomization.yaml`, "images: [\n"]));
    const layout = layoutOf(["web/dev", "web/prod"], broken);
    expect(layout.doubts.length).toBeLessThan(10);
    expect(layout.doubts).toContainEqual("and the same of 37 more");
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ["no kustomization", { "a.yaml": "image: x:1\n" }, "there is no kustomization.yaml"],
    ["no images", { "web/dev/kustomization.yaml": "resources: []\n" }, "none of 1 kustomizations"],
    ["no environment in the path", { "web/kustomization.yaml": PINS }, "do not tell app and environment"],
    ["no app in the path", { "overlays/dev/kustomization.yaml": PINS, "overlays/prod/kustomization.yaml": PINS }, "do not tell app and environment"],
  ])("nothing is guessed from %s", (_, files, problem) => {
    expect(guess(files)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
});

const folderName = fc.oneof(
  fc.constantFrom("dev", "prod", "Prod", "staging-eu", "apps", "overlays", "base", "web", "web-prod", "dev.web", "1", "on", "discover", "tokyo", "a_b", "WEB", "ü", "{app}", "a b", '"', "#x", "x\ny"),
  fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !text.includes("/")),
);
const anyFile = fc.record({
  path: fc.array(folderName, { maxLength: 5 }).map((folders) => [...folders, "kustomization.yaml"].join("/")),
  text: fc.constantFrom(PINS, `${PINS}- name: b\n  newTag: v1\n`, "images: [\n", "resources: []\n"),
});

describe("whatever the files are", () => {
  it("what is written is read without a problem, and finds exactly the places that were told", () => {
    fc.assert(
      fc.property(fc.array(anyFile, { maxLength: 12 }), (files) => {
        const guessed = guess(Object.fromEntries(files.map(({ path, text }) => [path, text])));
        if (!guessed.ok) return;
        const { layout } = guessed;
        expect(layout.places.length).toBeGreaterThan(0);
        const paths = [...new Set(files.map(({ path }) => path))];
        expect(foundBy(layout, paths)).toEqual(layout.places.map(({ app, environment }) => `${app} ${environment}`).toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it("does not depend on their order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyFile, { maxLength: 8, selector: ({ path }) => path }), (files) => {
        const textOf = (ordered: typeof files) => {
          const guessed = guess(Object.fromEntries(ordered.map(({ path, text }) => [path, text])));
          return guessed.ok ? { patterns: guessed.layout.patterns, environments: guessed.layout.environments } : null;
        };
        expect(textOf(files.toReversed())).toEqual(textOf(files));
      }),
    );
  });
});
