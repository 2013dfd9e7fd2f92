import { describe, expect, it } from "vitest";
import type { Fact, Manifest } from "../../src/domain/facts.ts";
import { evaluatePolicies, factsReadBy, readsManifests } from "../../src/domain/policy/evaluate.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import type { Policy } from "../../src/domain/policy/policy-set.ts";
import type { YamlValue } from "../../src/domain/yaml-document.ts";
import { soundFacts } from "../policies/sound-facts.ts";

const HEAD = "name: shape\ndescription: How manifests look.\nenforce: block\nmessages: { pass: they fit, fail: they do not fit }\n";

function policy(lines: string): Policy {
  const parsed = parsePolicy("shape.yaml", `${HEAD}${lines}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

/** Every problem as `line:column: message`; the first key after the usual ones stands in line 5. */
function problems(lines: string): readonly string[] {
  const parsed = parsePolicy("shape.yaml", `${HEAD}${lines}`);
  return parsed.ok ? [] : parsed.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

const manifest = (content: YamlValue, file = "web.yaml"): Manifest => ({ file, document: 1, content });

function judged(rule: Policy, manifests: Fact<readonly Manifest[]>) {
  const [gate] = evaluatePolicies({ policies: [rule] }, soundFacts({ manifests }));
  return { result: gate?.result, reason: gate?.reason };
}

const deployment = (spec: YamlValue, name = "web") => ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name }, spec });
const REPLICAS = `match: { kind: Deployment }
schema:
  type: object
  properties:
    spec:
      type: object
      properties: { replicas: { type: integer, minimum: 2 }, paused: false, strategy: { enum: [a, b] }, class: { const: x } }
      required: [replicas]
      additionalProperties: false
`;

describe("a schema over manifests", () => {
  const rule = policy(REPLICAS);

  it("passes what fits", () => {
    expect(judged(rule, [manifest(deployment({ replicas: 2 }))])).toEqual({ result: "pass", reason: "they fit" });
  });

  it("fails what does not, and tells file, document, path and what is wanted", () => {
    const second = { ...manifest(deployment({ replicas: "3", extra: 1 }, "api"), "api.yaml"), document: 2 };
    expect(judged(rule, [manifest(deployment({ replicas: 1, paused: true, strategy: "c", class: "y" })), second, manifest(deployment({}))])).toEqual({
      result: "fail",
      reason: [
        "they do not fit: web.yaml document 1 (Deployment web): spec.replicas must be >= 2",
        "web.yaml document 1 (Deployment web): spec.paused must not be there",
        'web.yaml document 1 (Deployment web): spec.strategy must be one of "a", "b"',
        'web.yaml document 1 (Deployment web): spec.class must be "x"',
        'api.yaml document 2 (Deployment api): spec has "extra", which is not allowed',
        "api.yaml document 2 (Deployment api): spec.replicas must be integer",
        'web.yaml document 1 (Deployment web): spec lacks "replicas"',
      ].join("; "),
    });
  });

  it("tells at most ten problems, and how many more there are", () => {
    const { reason } = judged(rule, Array.from({ length: 14 }, (_, index) => manifest(deployment({}, `w${index}`), "w.yaml")));
    expect(reason?.match(/lacks/g)).toHaveLength(10);
    expect(reason).toMatch(/\(Deployment w9\): spec lacks "replicas"; and 4 more$/);
  });

  it("tells fewer where they are long, and still how many more", () => {
    const { reason } = judged(rule, Array.from({ length: 14 }, () => manifest(deployment({}), `${"folder/".repeat(30)}w.yaml`)));
    expect(reason).toMatch(/; and 11 more$/);
  });

  it("judges other kinds not at all, and does not apply where there are only those", () => {
    expect(judged(rule, [manifest({ kind: "ConfigMap", spec: 1 })])).toEqual({ result: "not-applicable", reason: "it changes no manifest of kind Deployment" });
    expect(judged(rule, [])).toMatchObject({ result: "not-applicable" });
    expect(judged(rule, [manifest({ kind: "ConfigMap", spec: 1 }), manifest(deployment({ replicas: 3 }))])).toMatchObject({ result: "pass" });
    expect(judged(rule, [manifest("text"), manifest(null), manifest({ kind: ["Deployment"] })])).toMatchObject({ result: "not-applicable" });
  });

  it("is unknown where the manifests are, with the reason", () => {
    expect(judged(rule, { unknown: "a.yaml:1:1: not valid YAML" })).toEqual({ result: "unknown", reason: "a.yaml:1:1: not valid YAML" });
  });

  it("judges the items of a list, however deep they are put", () => {
    const inner = { kind: "DeploymentList", items: [deployment({ replicas: 1 })] };
    const reason = "they do not fit: web.yaml document 1 (Deployment web): items[1].items[0].spec.replicas must be >= 2";
    expect(judged(rule, [manifest({ apiVersion: "v1", kind: "List", items: [{ kind: "Secret" }, inner] })])).toEqual({ result: "fail", reason });
  });

  it("takes a kustomization that does not say what it is for one", () => {
    const kustomization = policy("match: { apiVersion: kustomize.config.k8s.io/*, kind: Kustomization }\nschema: { not: { type: object, properties: { patches: {} }, required: [patches] } }\n");
    expect(judged(kustomization, [manifest({ patches: [] }, "a/kustomization.yaml")])).toMatchObject({ result: "fail" });
    expect(judged(kustomization, [manifest({ patches: [] }, "a/values.yaml")])).toMatchObject({ result: "not-applicable" });
    expect(judged(kustomization, [manifest({ kind: "Component", patches: [] }, "a/kustomization.yaml")])).toMatchObject({ result: "not-applicable" });
  });

  it("without `match` is for every document", () => {
    expect(judged(policy("schema: { type: object }\n"), [manifest(["a"])])).toEqual({ result: "fail", reason: "they do not fit: web.yaml document 1: it must be object" });
  });

  it("matches by names, patterns and lists of both", () => {
    const rule = policy("match: { apiVersion: [v1, apps/*], kind: '*Set' }\nschema: { not: {} }\n");
    const of = (apiVersion: string, kind: string) => judged(rule, [manifest({ apiVersion, kind })]).result;
    expect([of("v1", "PodSet"), of("apps/v1", "StatefulSet"), of("batch/v1", "JobSet"), of("v1", "Pod")]).toEqual(["fail", "fail", "not-applicable", "not-applicable"]);
  });

  it("knows draft-07 and 2020-12, and what of a mapping is its own", () => {
    const tuple = "schema: { $schema: 'http://json-schema.org/draft-07/schema#', type: object, properties: { a: { type: array, items: [{ const: 1 }], minItems: 1, additionalItems: false } } }\n";
    const newer = "schema: { type: object, properties: { a: { type: array, prefixItems: [{ const: 1 }], minItems: 1, items: false } } }\n";
    for (const lines of [tuple, newer]) {
      expect(judged(policy(lines), [manifest({ a: [1] })])).toMatchObject({ result: "pass" });
      expect(judged(policy(lines), [manifest({ a: [2] })])).toMatchObject({ result: "fail" });
    }
    const own = policy("schema: { type: object, properties: { toString: { type: string } }, required: [toString] }\n");
    expect(judged(own, [manifest({})])).toMatchObject({ result: "fail" });
  });

  it("has patterns by RE2, for values and for names", () => {
    const rule = policy("schema: { type: object, patternProperties: { '^x-': { type: string, pattern: '^(a+)+$' } }, propertyNames: { pattern: '^[a-z-]+$' } }\n");
    expect(judged(rule, [manifest({ "x-a": "aaa", b: 1 })])).toMatchObject({ result: "pass" });
    expect(judged(rule, [manifest({ "x-a": `${"a".repeat(60)}b` })]).reason).toBe('they do not fit: web.yaml document 1: x-a must match pattern "^(a+)+$"');
    expect(judged(rule, [manifest({ B: 1 })]).reason).toBe('they do not fit: web.yaml document 1: it has "B", a name that must match pattern "^[a-z-]+$"');
  });

  it("reads the manifests, and what its other parts mention", () => {
    expect([...factsReadBy(rule)]).toEqual(["manifests"]);
    expect([...factsReadBy(policy(`when: "!freeze.active"\n${REPLICAS}`))].toSorted()).toEqual(["freeze", "manifests"]);
    expect(readsManifests(rule)).toBe(true);
    const expression = parsePolicy("p.yaml", `${HEAD}pass: "!manifests.exists(m, m.file.startsWith('infra/'))"\n`);
    expect(expression.ok && readsManifests(expression.policy)).toBe(true);
    const other = parsePolicy("p.yaml", `${HEAD}pass: freeze.active\n`);
    expect(other.ok && readsManifests(other.policy)).toBe(false);
  });

  it("tells on the gate which documents there were, and not what they say", () => {
    const [gate] = evaluatePolicies({ policies: [rule] }, soundFacts({ manifests: [manifest(deployment({ replicas: 2, secret: "s3cret" }))] }));
    expect(gate?.facts).toEqual([{ name: "manifests", value: '[{"file":"web.yaml","document":1}]' }]);
  });

  it("is unknown where it would take too long", () => {
    const many = policy("schema: { type: object, additionalProperties: { anyOf: [{ type: string }, { type: integer }, { type: object }] } }\n");
    const large = Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`k${index}`, index]));
    expect(judged(many, [manifest(large)])).toMatchObject({ result: "unknown", reason: expect.stringContaining("too large to be held against the schema") });
    const pattern = policy("schema: { type: object, properties: { a: { type: string, pattern: '(a|b)*c{50}' } } }\n");
    expect(judged(pattern, [manifest({ a: "ab".repeat(200_000) })])).toMatchObject({ result: "unknown", reason: expect.stringContaining("would take too long") });
    expect(judged(pattern, [manifest({ a: "ab" })])).toMatchObject({ result: "fail" });
  });
});

describe("a schema that is refused, at its place", () => {
  const object = (properties: string): string => `schema:\n  type: object\n  properties:\n    a: ${properties}\n`;
  it.each([
    ["beside other rules", "pass: 'true'\nschema: { type: object }\n", ["5:1: `pass` stands beside `schema`, which judges alone: make two policies of it"]],
    ["no mapping", "schema: true\n", ["5:9: `schema` must be a mapping: a JSON Schema"]],
    ["a match without it", "pass: 'true'\nmatch: { kind: A }\n", ["6:1: `match` says which manifests a `schema` is for, and there is none"]],
    ["an empty match", "match: {}\nschema: { type: object }\n", ["5:8: `match` must name apiVersion, kind or both"]],
    ["a match of no name", "match: { kind: 'A B' }\nschema: { type: object }\n", ['5:16: `match.kind` must hold names, or patterns of them with `*`; "A B" is neither']],
    ["an unknown key of match", "match: { name: A }\nschema: { type: object }\n", [expect.stringMatching(/^5:10: `name` is not known in `match`/)]],
    ["an unknown keyword", object("{ typ: string }"), [expect.stringMatching(/^8:15: `schema`: `typ` is no keyword of a schema here/)]],
    ["a wrong type", object("{ type: strng }"), [expect.stringMatching(/^8:16: `schema`: `type` must be one of "array", /)]],
    ["a schema that is none", object("3"), ["8:8: `schema`: a schema must be a mapping, true or false"]],
    ["what strict mode refuses", "schema:\n  type: object\n  properties:\n    a: { minimum: 3 }\n", [expect.stringMatching(/^8:8: `schema`: strict mode: missing type "number"/)]],
    ["a required key that it does not know", "schema: { type: object, required: [a] }\n", [expect.stringMatching(/^5:9: `schema`: strict mode: required property "a" is not defined/)]],
    ["another draft", "schema: { $schema: 'http://json-schema.org/draft-04/schema#' }\n", [expect.stringMatching(/^5:20: `schema`: `\$schema` must be one of/)]],
    ["a draft further in", object("{ $schema: 'http://json-schema.org/draft-07/schema#' }"), ["8:19: `schema`: `$schema` stands only at the top"]],
    ["a remote reference", object("{ $ref: 'https://example.org/schema' }"), [expect.stringMatching(/^8:16: `schema`: "https:\/\/example.org\/schema" leads outside/)]],
    ["a reference to another file", object("{ $ref: 'other.json#/a' }"), [expect.stringMatching(/leads outside/)]],
    ["a reference that is written oddly", object("{ $ref: '#/%24defs/a' }"), [expect.stringMatching(/leads outside/)]],
    ["a reference to nothing", object("{ $ref: '#/$defs/b' }"), ['8:16: `schema`: "#/$defs/b" leads to no schema']],
    ["a reference to what is no schema", "schema: { $ref: '#/examples/0', examples: [{ uniqueItems: true }] }\n", ['5:17: `schema`: "#/examples/0" leads to no schema']],
    ["a reference back", object("{ $ref: '#' }"), [expect.stringMatching(/^8:16: `schema`: "#" leads back to itself/)]],
    ["references in a circle", "schema: { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { not: { $ref: '#/$defs/a' } } } }\n", [expect.stringMatching(/leads back to itself/)]],
    ["a dynamic reference", object("{ $dynamicRef: '#x' }"), [expect.stringMatching(/^8:23: `schema`: `\$dynamicRef` is not allowed/)]],
    ["an anchor of its own", object("{ $id: 'x' }"), [expect.stringMatching(/`\$id` is not allowed/)]],
    ["a format", object("{ type: string, format: email }"), [expect.stringMatching(/^8:32: `schema`: `format` is not allowed/)]],
    ["what compares all with all", object("{ type: array, uniqueItems: true }"), [expect.stringMatching(/`uniqueItems` is not allowed/)]],
    ["a pattern that is none of RE2", object("{ type: string, pattern: '(?=a)' }"), [expect.stringMatching(/^8:33: `schema`: "\(\?=a\)" is no regular expression of RE2/)]],
    ["a pattern that is too long", object(`{ type: string, pattern: '${"a".repeat(257)}' }`), [expect.stringMatching(/at most 256 characters/)]],
    ["a pattern that is too large", object("{ type: string, pattern: '(a{100}){100}' }"), [expect.stringMatching(/is too large|RE2/)]],
    ["a pattern for names that is none", "schema: { type: object, patternProperties: { '(': {} } }\n", [expect.stringMatching(/"\(" is no regular expression of RE2/)]],
    ["an alias", "schema: { type: object, properties: { a: &a { type: string }, b: *a } }\n", [expect.stringMatching(/^5:66: `schema`: aliases are not read in a schema/)]],
    ["a number that JSON does not have", object("{ type: number, maximum: .inf }"), ["8:33: `schema`: JSON has no value of this kind"]],
    ["a key twice", object("{ type: string, type: string }"), [expect.stringMatching(/^8:24: `type` stands twice in a schema/)]],
    ["too many values", object(`{ enum: [${"1,".repeat(1000)}] }`), [expect.stringMatching(/a schema may have at most 1000 values/)]],
    ["too much nesting", object(`${"{ not: ".repeat(40)}{}${" }".repeat(40)}`), [expect.stringMatching(/a schema may be at most 32 levels deep/)]],
    [
      "references of references",
      `schema:\n  $ref: "#/$defs/d0"\n  $defs:\n${Array.from({ length: 12 }, (_, index) => `    d${index}: { anyOf: [${Array(3).fill(index === 11 ? "{ type: string }" : `{ $ref: "#/$defs/d${index + 1}" }`).join(", ")}] }\n`).join("")}`,
      [expect.stringMatching(/^6:3: `schema`: with every `\$ref` written out it has more than 1000 values/)],
    ],
  ])("%s", (_, lines, expected) => {
    expect(problems(lines)).toEqual(expected);
  });

  it("may have properties that are called like keywords", () => {
    const rule = policy("schema: { type: object, properties: { $ref: { type: string }, pattern: { type: string }, format: { type: string }, uniqueItems: {}, patternProperties: {} } }\n");
    expect(judged(rule, [manifest({ $ref: "a", pattern: "(", format: "x" })])).toMatchObject({ result: "pass" });
    expect(judged(rule, [manifest({ pattern: 1 })])).toMatchObject({ result: "fail" });
  });
});
