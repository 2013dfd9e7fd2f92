import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileDiscover, discoverPatternProblem } from "../../src/domain/discover.ts";

const ENVIRONMENTS = [
  { name: "dev", path: "dev" },
  { name: "staging", path: "staging" },
  { name: "prod", path: "production" },
];

describe("compileDiscover", () => {
  const overlays = compileDiscover(["apps/{app}/overlays/{env}/kustomization.yaml"], ENVIRONMENTS);

  it.each([
    ["apps/checkout/overlays/dev/kustomization.yaml", { app: "checkout", environment: "dev" }],
    ["apps/checkout/overlays/production/kustomization.yaml", { app: "checkout", environment: "prod" }],
    ["apps/my.app_v-2/overlays/dev/kustomization.yaml", { app: "my.app_v-2", environment: "dev" }],
    ["apps/0/overlays/dev/kustomization.yaml", { app: "0", environment: "dev" }],
  ])("%s is found", (path, place) => {
    expect(overlays(path)).toEqual(place);
  });

  it.each([
    ["another folder", "apps/checkout/base/kustomization.yaml"],
    ["the environment's name where its path is another", "apps/checkout/overlays/prod/kustomization.yaml"],
    ["a part of an environment's path", "apps/checkout/overlays/production2/kustomization.yaml"],
    ["another file", "apps/checkout/overlays/dev/deployment.yaml"],
    ["another spelling of the file", "apps/checkout/overlays/dev/kustomization.yml"],
    ["a folder above", "x/apps/checkout/overlays/dev/kustomization.yaml"],
    ["a folder below", "apps/checkout/overlays/dev/x/kustomization.yaml"],
    ["two folders for an app", "apps/a/b/overlays/dev/kustomization.yaml"],
    ["no app", "apps//overlays/dev/kustomization.yaml"],
    ["an app with capitals", "apps/Checkout/overlays/dev/kustomization.yaml"],
    ["an app that begins with a dot", "apps/.hidden/overlays/dev/kustomization.yaml"],
    ["an app with a space", "apps/a b/overlays/dev/kustomization.yaml"],
    ["a line break at the end", "apps/a/overlays/dev/kustomization.yaml\n"],
    ["a dot that is any character", "apps/a/overlays/dev/kustomizationXyaml"],
    ["a name that no branch can have, with dots", "apps/a..b/overlays/dev/kustomization.yaml"],
    ["a name that no branch can have, with a dot at the end", "apps/a./overlays/dev/kustomization.yaml"],
    ["a name that no branch can have, like a lock", "apps/a.lock/overlays/dev/kustomization.yaml"],
    ["a name longer than any", `apps/${"a".repeat(101)}/overlays/dev/kustomization.yaml`],
  ])("%s is not", (_, path) => {
    expect(overlays(path)).toBeNull();
  });

  it("takes several folders and both placeholders in any order", () => {
    const discover = compileDiscover(["clusters/{env}/eu/{app}/Kustomization", "deploy/{app}-{env}/kustomization.yml"], ENVIRONMENTS);
    expect(discover("clusters/production/eu/web/Kustomization")).toEqual({ app: "web", environment: "prod" });
    expect(discover("deploy/my-web-dev/kustomization.yml")).toEqual({ app: "my-web", environment: "dev" });
    expect(discover("deploy/dev/kustomization.yml")).toBeNull();
  });

  it("takes the longest environment path where a name can be read in two ways", () => {
    const environments = [
      { name: "prod", path: "prod" },
      { name: "b-prod", path: "b-prod" },
      { name: "prod-b", path: "prod-b" },
    ];
    expect(compileDiscover(["{app}-{env}/kustomization.yaml"], environments)("x-b-prod/kustomization.yaml")).toEqual({ app: "x", environment: "b-prod" });
    expect(compileDiscover(["{env}-{app}/kustomization.yaml"], environments)("prod-b-x/kustomization.yaml")).toEqual({ app: "x", environment: "prod-b" });
  });

  it("lets the first pattern decide", () => {
    const patterns = ["{app}/x-{env}/kustomization.yaml", "{env}/{app}/kustomization.yaml"];
    const environments = [
      { name: "a", path: "a" },
      { name: "dev", path: "dev" },
    ];
    expect(compileDiscover(patterns, environments)("a/x-dev/kustomization.yaml")).toEqual({ app: "a", environment: "dev" });
    expect(compileDiscover(patterns.toReversed(), environments)("a/x-dev/kustomization.yaml")).toEqual({ app: "x-dev", environment: "a" });
  });

  it("takes what looks like a regular expression for what it is", () => {
    const discover = compileDiscover(["a+(b)[c]^$|.x/{app}/{env}/kustomization.yaml"], [{ name: "dev", path: "d.v" }]);
    expect(discover("a+(b)[c]^$|.x/web/d.v/kustomization.yaml")).toEqual({ app: "web", environment: "dev" });
    expect(discover("a+(b)[c]^$|.x/web/dev/kustomization.yaml")).toBeNull();
  });

  it("finds nothing without patterns or environments", () => {
    expect(compileDiscover([], ENVIRONMENTS)("apps/a/dev/kustomization.yaml")).toBeNull();
    expect(compileDiscover(["{app}/{env}/kustomization.yaml"], [])("a//kustomization.yaml")).toBeNull();
  });

  it("reads back every path that a pattern makes", () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9_]{0,10}$/);
    const folder = fc.stringMatching(/^[A-Za-z0-9_+()$^|]{1,8}$/);
    const patterns = fc.tuple(fc.array(folder, { maxLength: 3 }), fc.constantFrom("{app}/{env}", "{env}/{app}", "{app}-{env}", "x{env}.{app}"));
    fc.assert(
      fc.property(patterns, name, fc.constantFrom(...ENVIRONMENTS), ([folders, placeholders], app, { name: environment, path }) => {
        const pattern = [...folders, placeholders, "kustomization.yaml"].join("/");
        expect(discoverPatternProblem(pattern)).toBeNull();
        const file = pattern.replace("{app}", app).replace("{env}", path);
        expect(compileDiscover([pattern], ENVIRONMENTS)(file)).toEqual({ app, environment });
      }),
    );
  });

  it("is not led astray by paths made to be hard", () => {
    const discover = compileDiscover(["{app}-{env}/kustomization.yaml", "{env}-{app}/x/kustomization.yaml"], ENVIRONMENTS);
    expect(discover(`${"dev-".repeat(20_000)}x/kustomization.yaml`)).toBeNull();
  });
});

describe("discoverPatternProblem", () => {
  it.each([
    "apps/{app}/overlays/{env}/kustomization.yaml",
    "{app}/{env}/kustomization.yml",
    "{env}/{app}/Kustomization",
    "clusters/eu-1/{app}-{env}/kustomization.yaml",
    "a b/{env}.{app}/kustomization.yaml",
    ".github/{app}/{env}/kustomization.yaml",
  ])("%s is sound", (pattern) => {
    expect(discoverPatternProblem(pattern)).toBeNull();
  });

  it.each([
    ["", "must contain {app} once, but does so 0 times"],
    ["apps/{env}/kustomization.yaml", "must contain {app} once, but does so 0 times"],
    ["apps/{app}/kustomization.yaml", "must contain {env} once, but does so 0 times"],
    ["{app}/{app}/{env}/kustomization.yaml", "must contain {app} once, but does so 2 times"],
    ["{app}/{env}/{env}/kustomization.yaml", "must contain {env} once, but does so 2 times"],
    ["{app}{env}/kustomization.yaml", "must have something between {app} and {env}"],
    ["{env}{app}/kustomization.yaml", "must have something between {app} and {env}"],
    ["{app}/{env}/{cluster}/kustomization.yaml", "no placeholders but {app} and {env}, and no wildcards"],
    ["{app}/{env}/*/kustomization.yaml", "no placeholders but {app} and {env}, and no wildcards"],
    ["**/{app}/{env}/kustomization.yaml", "no wildcards"],
    ["/apps/{app}/{env}/kustomization.yaml", "must be a path from the root"],
    ["./{app}/{env}/kustomization.yaml", "must be a path from the root"],
    ["../{app}/{env}/kustomization.yaml", "must be a path from the root"],
    ["a/../{app}/{env}/kustomization.yaml", "must be a path from the root"],
    ["a//{app}/{env}/kustomization.yaml", "must be a path from the root"],
    [".git/{app}/{env}/kustomization.yaml", "outside .git"],
    ["a/.GIT/{app}/{env}/kustomization.yaml", "outside .git"],
    ["apps\\{app}\\{env}\\kustomization.yaml", 'must separate folders by "/"'],
    ["apps/{app}/{env}\n/kustomization.yaml", "without backslashes or control characters"],
    ["{app}/{env}/values.yaml", "must end in kustomization.yaml or kustomization.yml or Kustomization"],
    ["{app}/{env}", "must end in kustomization.yaml"],
    ["{app}/{env}/kustomization.yaml/", "must be a path from the root"],
    [`${"a".repeat(480)}/{app}/{env}/kustomization.yaml`, "longer than 500 characters"],
  ])("%j is not", (pattern, problem) => {
    expect(discoverPatternProblem(pattern)).toContain(problem);
  });
});
