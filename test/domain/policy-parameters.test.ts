import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { Facts } from "../../src/domain/facts.ts";
import { evaluatePolicies } from "../../src/domain/policy/evaluate.ts";
import { mergedPolicies, type ConfiguredPolicies, type GivenParameters } from "../../src/domain/policy/parameters.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import type { Policy } from "../../src/domain/policy/policy-set.ts";
import type { YamlValue } from "../../src/domain/yaml-document.ts";
import { soundFacts } from "../policies/sound-facts.ts";

const FILE = "policies/example.yaml";

/** A policy with these lines beside the usual ones. */
function text(lines: string, pass = "true"): string {
  return `name: example\ndescription: An example.\nenforce: block\npass: ${pass}\nmessages: { pass: yes, fail: no }\n${lines}`;
}

function problems(lines: string, pass?: string): readonly string[] {
  const result = parsePolicy(FILE, text(lines, pass));
  return result.ok ? [] : result.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

function policy(lines: string, pass?: string, changed: Partial<Policy> = {}): Policy {
  const result = parsePolicy(FILE, text(lines, pass));
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  return { ...result.policy, ...changed };
}

const AGE = "parameters:\n  age: { type: duration, description: How old., default: 30d, minimum: 1h, maximum: 60d }\n";
const ALL = `parameters:
  who: { type: string, description: Who. }
  count: { type: int, description: How many., minimum: 1, maximum: 9 }
  strict: { type: bool, description: Whether. }
  age: { type: duration, description: How old., minimum: 1h }
  names: { type: list<string>, description: Which., maximum: 3, one_of: [a, b, c, d] }
`;

describe("parameters of a policy file", () => {
  it("are read with type, default and bounds", () => {
    const { parameters } = policy(AGE);
    expect(parameters).toEqual([
      { name: "age", type: "duration", description: "How old.", fallback: 30 * 86_400_000, minimum: 3_600_000, maximum: 60 * 86_400_000, oneOf: null, line: 7, column: 3 },
    ]);
    expect(policy(ALL).parameters.map(({ name, fallback }) => [name, fallback])).toEqual([["who", null], ["count", null], ["strict", null], ["age", null], ["names", null]]);
  });

  it.each<[what: string, lines: string, expected: readonly string[]]>([
    ["no mapping", "parameters: 3\n", ["6:13: `parameters` must be a mapping"]],
    ["a bad name", "parameters: { Max: { type: int, description: x } }\n", ["6:15: the parameter `Max` needs a name of lower-case letters, digits and `_` that is no word of CEL"]],
    ["a word of CEL", "parameters: { in: { type: int, description: x } }\n", ["6:15: the parameter `in` needs a name of lower-case letters, digits and `_` that is no word of CEL"]],
    ["an unknown type", "parameters: { max: { type: float, description: x } }\n", ["6:28: the type of `parameters.max` must be string, int, bool, duration, list<string>"]],
    ["nothing said", "parameters: { max: {} }\n", ["6:15: `parameters.max` lacks its `type`: one of string, int, bool, duration, list<string>", "6:15: `parameters.max` lacks its `description`"]],
    ["a default of another type", "parameters: { max: { type: int, description: x, default: one } }\n", ['6:58: the default of `parameters.max` must be a whole number, but is "one"']],
    ["a default out of bounds", "parameters: { max: { type: int, description: x, default: 3, maximum: 2 } }\n", ["6:58: the default of `parameters.max` must be at most 2"]],
    ["a bound of a text", "parameters: { max: { type: string, description: x, minimum: 3 } }\n", ["6:52: `minimum` bounds numbers, durations and lists: `parameters.max` is of type string"]],
    ["bounds the wrong way round", "parameters: { max: { type: int, description: x, minimum: 3, maximum: 2 } }\n", ["6:61: nothing can be `parameters.max`: its minimum is above its maximum"]],
    ["one of nothing", "parameters: { max: { type: string, description: x, one_of: [] } }\n", ["6:60: `one_of` of `parameters.max` must name at least one text"]],
    ["one of for a number", "parameters: { max: { type: int, description: x, one_of: [a] } }\n", ["6:49: `one_of` names texts: `parameters.max` is of type int"]],
    ["a pattern", "parameters: { max: { type: string, description: x, pattern: a } }\n", ["6:52: `pattern` is not known in `parameters.max`; allowed are type, description, default, minimum, maximum, one_of"]],
    ["one twice", "parameters: { a: { type: int, description: x }, a: { type: int, description: x } }\n", ["6:49: `a` stands twice in `parameters`"]],
    ["a default that is too long", "parameters: { age: { type: duration, description: x, default: 9999d } }\n", ["6:63: the default of `parameters.age` may be at most 3600 d long"]],
  ])("are refused for %s", (_what, lines, expected) => {
    expect(problems(lines)).toEqual(expected);
  });

  it("are bounded in number", () => {
    const many = Array.from({ length: 21 }, (_, index) => `  p${index}: { type: int, description: x }\n`).join("");
    expect(problems(`parameters:\n${many}`)).toEqual(["6:1: a policy may have at most 20 parameters"]);
  });
});

describe("params in expressions", () => {
  it.each<[pass: string, problem: string]>([
    ["params.aeg > 0", '4:14: `pass`: no such key: aeg. Did you mean "age"?'],
    ["params.age == 'x'", "4:7: `pass`: no such overload: int == string"],
    ["params > 0", "4:7: `pass`: no such overload: Params > int"],
    ["upstream.all(params, params.verified)", "4:7: `pass`: `params` are the parameters: give the variable of `all` another name"],
  ])("%s is refused where it stands", (pass, problem) => {
    expect(problems(AGE, pass)[0]).toBe(problem);
  });

  it("is refused where none are declared", () => {
    expect(problems("", "params.age > 0")).toEqual(["4:7: `pass`: unknown variable: params; this policy declares no parameters"]);
  });

  it("is read in messages, too, and a parameter may be called as a moving fact", () => {
    const lines = "parameters: { soaked_for: { type: duration, description: x, default: 2h } }\n";
    const words = text(lines).replace("pass: yes", 'pass: "{{ duration(params.soaked_for) }}"');
    const result = parsePolicy(FILE, words);
    if (!result.ok) throw new Error(result.problems[0]?.message);
    expect(evaluatePolicies({ policies: [result.policy] }, soundFacts())).toMatchObject([{ result: "pass", reason: "2 h" }]);
  });
});

function given(parameters: Record<string, YamlValue>): ConfiguredPolicies {
  return new Map([["example", new Map(Object.entries(parameters))]]);
}

function judged(one: Policy, configured?: ConfiguredPolicies, facts: Facts = soundFacts()): unknown {
  return evaluatePolicies({ policies: [one] }, facts, configured)[0];
}

describe("judging with parameters", () => {
  const young = policy(AGE, "params.age < 172800000");

  it("takes the default, or what the configuration gives", () => {
    expect(judged(young)).toMatchObject({ result: "fail" });
    expect(judged(young, given({ age: "24h" }))).toMatchObject({ result: "pass" });
  });

  it("reads each type as what it is", () => {
    const pass = 'params.who == "x" && params.count == 3 && params.strict && params.age == 7200000 && "b" in params.names';
    const parameters = { who: "x", count: 3, strict: true, age: "2h", names: ["a", "b"] };
    expect(judged(policy(ALL, `'${pass}'`), given(parameters))).toMatchObject({ result: "pass" });
  });

  it.each<[what: string, parameters: Record<string, YamlValue>, reason: string]>([
    ["a required one is missing", { count: 3 }, "the policy cannot be used: the configuration does not give its parameter who"],
    ["one is of the wrong type", { who: 7 }, "the policy cannot be used: its parameter who must be text, but is 7"],
  ])("is unknown when %s, whatever the configuration's own check has let through", (_what, parameters, reason) => {
    expect(judged(policy(ALL), given(parameters))).toMatchObject({ result: "unknown", reason });
  });

  it("merges them one by one, and the environment's win", () => {
    const general: ConfiguredPolicies = new Map([["a", new Map<string, YamlValue>([["x", 1], ["y", 1]])], ["b", new Map()]]);
    const own: ConfiguredPolicies = new Map<string, GivenParameters>([["a", new Map([["y", 2]])], ["c", new Map()]]);
    expect([...mergedPolicies(general, own)].map(([name, one]) => [name, Object.fromEntries(one)])).toEqual([["a", { x: 1, y: 2 }], ["b", {}], ["c", {}]]);
  });
});

describe("where a policy judges", () => {
  const optional = policy("", "false", { onlyWhenNamed: true });

  it("does not judge before the configuration names it, when it must be named", () => {
    expect(judged(optional)).toMatchObject({
      result: "not-applicable",
      reason: "not named under `policies:` of .github/pinion.yaml, neither for prod nor for all environments",
    });
    expect(judged(optional, given({}))).toMatchObject({ result: "fail" });
    expect(judged(policy("", "false"))).toMatchObject({ result: "fail" });
  });

  it.each<[applies: string, reason: string | null]>([
    ["environments: [prod]", null],
    ["environments: [staging, 'pr*']", null],
    ["environments: [staging, 'prod-*']", "does not apply to prod"],
    ["apps: ['check*', other]", null],
    ["apps: [other]", "does not apply to checkout"],
    ["environments: [prod], apps: [other]", "does not apply to checkout"],
  ])("applies by names and patterns: %s", (applies, reason) => {
    const gate = judged(policy(`applies: { ${applies} }\n`, "false"));
    expect(gate).toMatchObject(reason === null ? { result: "fail" } : { result: "not-applicable", reason });
  });

  it("warns by environment, too", () => {
    expect(judged(policy("warn: { environments: [prod] }\n", "false"))).toMatchObject({ enforce: "warn" });
    expect(judged(policy("warn: { environments: [staging] }\n", "false"))).toMatchObject({ enforce: "block" });
  });

  it.each<[applies: string, problem: string]>([
    ["environments: []", "6:26: `applies.environments` must be a list with at least one entry"],
    ["environments: prod", "6:26: `applies.environments` must be a list with at least one entry"],
    ["environments: [prod, prod]", "6:33: `prod` stands twice in `applies.environments`"],
    ["environments: ['Prod?']", '6:27: `applies.environments` must hold names, or patterns of them with `*`; "Prod?" is neither'],
    ["apps: [[a]]", "6:19: an entry of `applies.apps` must be text"],
  ])("is refused for %s", (applies, problem) => {
    expect(problems(`applies: { ${applies} }\n`)).toEqual([problem]);
  });
});

describe("policies: in the configuration", () => {
  const policies = [
    policy(AGE, "true", { name: "image-age", onlyWhenNamed: true }),
    policy(ALL, "true", { name: "everything", onlyWhenNamed: true }),
    policy("applies: { environments: [prod] }\n", "true", { name: "prod-only", onlyWhenNamed: true }),
  ];
  const config = (top: string, prod = "{ after: dev }"): string =>
    `version: 1\nenvironments:\n  dev:\n  prod: ${prod}\napps: { discover: ["apps/{app}/{env}/kustomization.yaml"] }\n${top}`;
  const told = (source: string, among: readonly Policy[] = policies): readonly string[] => {
    const result = parseConfig(source, among);
    return result.ok ? [] : result.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  };

  it("is kept as it is written, for all and for an environment", () => {
    const result = parseConfig(config("policies: { image-age: { age: 5h } }\n", "{ policies: { image-age: { age: 2h }, prod-only: } }"), policies);
    if (!result.ok) throw new Error(result.problems[0]?.message);
    expect([...result.config.policies]).toEqual([["image-age", new Map([["age", "5h"]])]]);
    expect(result.config.environments.map(({ name, policies: own }) => [name, [...own.keys()]])).toEqual([["dev", []], ["prod", ["image-age", "prod-only"]]]);
  });

  it.each<[what: string, top: string, prod: string | undefined, expected: readonly string[]]>([
    ["an unknown policy", "policies: { image-ag: {} }\n", undefined, ['6:13 policies.image-ag: there is no policy "image-ag". Did you mean "image-age"?']],
    ["one that nothing is like", "policies: { zzz: {} }\n", undefined, ['6:13 policies.zzz: there is no policy "zzz". The policies are image-age, everything, prod-only.']],
    ["an unknown parameter", "policies: { image-age: { agee: 1h } }\n", undefined, ['6:26 policies.image-age.agee: image-age has no parameter "agee". Did you mean "age"?']],
    ["a parameter where there are none", "policies: { prod-only: { x: 1 } }\n", undefined, ['6:26 policies.prod-only.x: prod-only has no parameter "x". It has none.']],
    ["a wrong type", "policies: { image-age: { age: 3 } }\n", undefined, ["6:31 policies.image-age.age must be a length of time with its unit, such as 90s, 30m, 1h or 2d, but is 3"]],
    ["a fraction", "policies: { image-age: { age: 1.5 } }\n", undefined, ["6:31 policies.image-age.age must be text, a whole number, true, false or a list of texts, but is the number 1.5"]],
    ["out of bounds", "policies: { image-age: { age: 90d } }\n", undefined, ["6:31 policies.image-age.age must be at most 60 d"]],
    ["a wrong entry, and one too many", "policies:\n  everything: { who: x, count: 1, strict: no, age: 1h, names: [a, x] }\n", undefined, [
      '7:43 policies.everything.strict must be true or false, but is "no"',
      '7:67 policies.everything.names[1] must be a or b or c or d, but is "x". Did you mean "a"?',
    ]],
    ["required ones that are missing", "policies: { everything: { who: x, strict: true, age: 1h } }\n", undefined, [
      "6:13 policies.everything: everything lacks a value: its parameter count (int) has no default, and is needed for dev, prod",
      "6:13 policies.everything: everything lacks a value: its parameter names (list<string>) has no default, and is needed for dev, prod",
    ]],
    ["one that is missing in the environment that names it", "", "{ policies: { everything: { who: x, strict: true, age: 1h, count: 1 } } }", [
      "4:23 environments.prod.policies.everything: everything lacks a value: its parameter names (list<string>) has no default, and is needed for prod",
    ]],
    ["one for an environment that it never judges", "", "{ policies: {} }\n  test: { policies: { prod-only: {} } }", [
      "5:23 environments.test.policies.prod-only: prod-only applies to prod only, and so never here",
    ]],
    ["no mapping", "policies: { image-age: 3 }\n", undefined, ["6:24 policies.image-age must be a mapping of parameters, or {} for none, but is the number 3"]],
    ["several at once", "policies: { image-ag: {}, image-age: { age: 1 } }\n", undefined, [
      '6:13 policies.image-ag: there is no policy "image-ag". Did you mean "image-age"?',
      "6:45 policies.image-age.age must be a length of time with its unit, such as 90s, 30m, 1h or 2d, but is 1",
    ]],
  ])("is refused for %s", (_what, top, prod, expected) => {
    expect(told(config(top, prod))).toEqual(expected);
  });

  it("wants a required parameter only where the policy judges, and takes it from either place", () => {
    const required = policy("applies: { environments: [prod] }\nparameters: { who: { type: string, description: x } }\n", "true", { name: "who" });
    const lacking = "policies.who: who lacks a value: its parameter who (string) has no default, and is needed for prod";
    expect(told(config(""), [required])).toEqual([expect.stringContaining(lacking)]);
    expect(told(config("policies: { who: { who: me } }\n"), [required])).toEqual([]);
    expect(told(config("", "{ policies: { who: { who: me } } }"), [required])).toEqual([]);
  });
});
