import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { isPolicyPath, POLICIES_FOLDER, unmatchedApps, withOwn, type PolicyFile } from "../../src/domain/policy/own-policies.ts";
import { readRules } from "../../src/domain/repository-rules.ts";
import { evaluatePolicies } from "../../src/domain/policy/evaluate.ts";
import { soundFacts } from "../policies/sound-facts.ts";

const shipped = await loadShippedPolicies();
const CONFIG = `version: 1
environments:
  dev:
  prod: { after: dev }
apps: { discover: ["apps/{app}/{env}/kustomization.yaml"] }
`;

function file(name: string, lines = "", named = name): PolicyFile {
  const text = `name: ${named}\ndescription: An example.\nenforce: block\npass: "false"\nmessages: { pass: yes, fail: no it is not }\n${lines}`;
  return { path: `${POLICIES_FOLDER}${name}.yaml`, text };
}

function told(files: readonly PolicyFile[], config = CONFIG): readonly string[] {
  const read = readRules(config, files, shipped).config;
  return read.ok ? [] : read.problems.map((problem) => `${problem.file?.slice(POLICIES_FOLDER.length) ?? "config"}:${problem.line}:${problem.column} ${problem.message}`);
}

describe("a repository's own policies", () => {
  it("come to the shipped ones, which keep their order", () => {
    const { ownPolicies } = readRules(CONFIG, [file("house-rule"), file("soak", "override: we soak elsewhere\n")], shipped);
    const names = withOwn(shipped, ownPolicies).policies.map(({ name }) => name);
    expect(names).toEqual([...shipped.policies.map(({ name }) => name), "house-rule"]);
    expect(withOwn(shipped, [])).toBe(shipped);
  });

  it("judge without being named, and one that overrides says so in its gate", () => {
    const { ownPolicies } = readRules(CONFIG, [file("house-rule"), file("soak", "override: we soak elsewhere\n")], shipped);
    const gates = evaluatePolicies(withOwn(shipped, ownPolicies), soundFacts());
    expect(gates.find(({ policy }) => policy === "house-rule")).toMatchObject({ result: "fail", reason: "no it is not" });
    expect(gates.find(({ policy }) => policy === "house-rule")).not.toHaveProperty("override");
    expect(gates.find(({ policy }) => policy === "soak")).toMatchObject({
      result: "fail",
      override: "overridden by .github/pinion/policies/soak.yaml: we soak elsewhere",
    });
  });

  it.each<[what: string, files: readonly PolicyFile[], problems: readonly string[]]>([
    [
      "a shipped name without an override",
      [file("soak")],
      ["soak.yaml:1:7 soak is a policy that comes with Pinion: choose another name; or say why this one takes its place, with `override: <reason>`, which every check will tell"],
    ],
    [
      "an override of nothing",
      [file("house-rule", "override: because\n")],
      ["house-rule.yaml:1:7 there is no policy house-rule that comes with Pinion, and so nothing to override: take `override` out"],
    ],
    ["an override without a reason", [file("soak", 'override: ""\n')], ["soak.yaml:6:11 `override` is empty"]],
    ["two of one name", [file("a", "", "same"), file("b", "", "same")], ["b.yaml:1:7 the name same is taken by .github/pinion/policies/a.yaml: choose another"]],
    [
      "two that override the same",
      [file("a", "override: x\n", "soak"), file("b", "override: x\n", "soak")],
      ["b.yaml:1:7 the name soak is taken by .github/pinion/policies/a.yaml: choose another"],
    ],
    [
      "environments that there are none of",
      [file("a", "applies: { environments: [dev, stagin, 'p*'] }\nwarn: { environments: ['x*'] }\n")],
      ['a.yaml:6:32 no environment is called "stagin"; there are dev, prod', 'a.yaml:7:24 no environment fits "x*"; there are dev, prod'],
    ],
    ["a misspelt fact, and another file's mistake", [file("a", "when: freeze.actif\n"), { path: `${POLICIES_FOLDER}b.yaml`, text: "[" }], [
      "a.yaml:6:14 `when`: no such key: actif. Did you mean \"active\"?",
      expect.stringContaining("b.yaml:1:2 this is not valid YAML"),
    ]],
    [
      "more text than is read",
      [file("a"), ...["b", "c", "d", "e", "f"].map((name) => file(name, `# ${"x".repeat(60_000)}\n`))],
      ["f.yaml:1:1 a repository's own policies may have at most 262144 characters together: this file, and those after it, were not read"],
    ],
    [
      "a hopeless file, after which none is read",
      [{ path: `${POLICIES_FOLDER}a.yaml`, text: "[,".repeat(1000) }, file("b", "when: freeze.actif\n"), file("c", "when: freeze.actif\n")],
      [...Array.from({ length: 100 }, () => expect.stringMatching(/^a\.yaml/)), "b.yaml:1:1 this file, and those after it, were not read: mend those before it first"],
    ],
    ["another ending", [{ path: `${POLICIES_FOLDER}a.yml`, text: "" }], ["a.yml:1:1 policies are files that end in .yaml: rename it, or nobody would know whether it judges"]],
    ["another ending in capitals", [{ path: `${POLICIES_FOLDER}a.YAML`, text: "" }], ["a.YAML:1:1 policies are files that end in .yaml: rename it, or nobody would know whether it judges"]],
    ["a folder in the folder", [{ path: `${POLICIES_FOLDER}deep/`, text: null }], ["deep/:1:1 policies are read from this folder alone, and not from folders in it: move its policies up, and all else elsewhere"]],
    ["what cannot be read", [{ path: `${POLICIES_FOLDER}a.yaml`, text: null }], ["a.yaml:1:1 the file is larger than Pinion reads, no UTF-8 text, or a link to another one: put the policy itself here"]],
    ["a required parameter that nobody gives", [file("a", "parameters: { who: { type: string, description: Who. } }\n")], [
      "config:1:1 policies.a: a lacks a value: its parameter who (string) has no default, and is needed for dev, prod",
    ]],
  ])("are refused for %s", (_what, files, problems) => {
    expect(told(files)).toEqual(problems);
    expect(readRules(CONFIG, files, shipped).ownPolicies).toEqual([]);
  });

  it("are told of apps that there are none of, as they may come yet", () => {
    const rule = file("a", "applies: { apps: [checkout, chekout, 'pay*', '*'] }\nwarn: { apps: [cart] }\n");
    const { ownPolicies } = readRules(CONFIG, [rule], shipped);
    expect(unmatchedApps(ownPolicies, ["checkout", "cart"]).map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '6:29 no app is called "chekout" now, so this judges none. Did you mean "checkout"?',
      '6:38 no app fits "pay*" now, so this judges none.',
    ]);
    expect(unmatchedApps(ownPolicies, []).length).toBe(5);
  });

  it("are bounded in number", () => {
    const files = Array.from({ length: 101 }, (_, index) => file(`p${index}`));
    expect(told(files)).toEqual(["p100.yaml:1:1 a repository may have at most 100 policies of its own, and this has 101"]);
  });

  it("are told together with the configuration's problems, and while one is broken nothing is said of `policies:`", () => {
    expect(told([file("a", "when: nothing\n")], `${CONFIG}mod: observe\npolicies: { a: { x: 1 } }\n`)).toEqual([
      expect.stringContaining('config:6:1 unknown key "mod"'),
      expect.stringContaining("a.yaml:6:7 `when`: unknown variable: nothing"),
    ]);
  });

  it("may be named in the configuration, with parameters", () => {
    const rule = file("a", "parameters: { most: { type: int, description: How many., default: 3, maximum: 5 } }\n");
    expect(told([rule], `${CONFIG}policies: { a: { most: 4 } }\n`)).toEqual([]);
    expect(told([rule], `${CONFIG}policies: { a: { most: 9 } }\n`)).toEqual(["config:6:24 policies.a.most must be at most 5"]);
    expect(told([], `${CONFIG}policies: { soak: {} }\n`)).toEqual([]);
  });

  it.each([
    [`${POLICIES_FOLDER}a.yaml`, true],
    [`${POLICIES_FOLDER}a.yml`, true],
    [`${POLICIES_FOLDER}a.test.yaml`, false],
    [`${POLICIES_FOLDER}README.md`, false],
    [`${POLICIES_FOLDER}a.YAML`, true],
    [`${POLICIES_FOLDER}a.Yml`, true],
    [`${POLICIES_FOLDER}a.test.yml`, true],
    [`${POLICIES_FOLDER}deep/`, true],
    [`${POLICIES_FOLDER}deep/a.yaml`, true],
    ["policies/a.yaml", false],
  ])("%s is one of them: %s", (path, expected) => {
    expect(isPolicyPath(path)).toBe(expected);
  });
});
