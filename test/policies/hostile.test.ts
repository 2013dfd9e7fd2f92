import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import type { Facts } from "../../src/domain/facts.ts";
import { evaluatePolicies } from "../../src/domain/policy/evaluate.ts";
import { MAX_CHARACTERS, MAX_ENTRIES, MAX_TEXT } from "../../src/domain/policy/fact-types.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import { HOSTILE, HOSTILE_CONDITIONS, HOSTILE_FACTS, policyText } from "./hostile.ts";
import { soundFacts } from "./sound-facts.ts";

// What these cost in time and memory is told by `npm run bench:policies -- --hostile`; here it is only proven that the caps stand.
describe("what is as bad as its cap allows", () => {
  it.each(Object.entries(HOSTILE_CONDITIONS))("is loaded and judged: %s", (_, condition) => {
    const parsed = parsePolicy("hostile.yaml", policyText(condition));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(evaluatePolicies({ policies: [parsed.policy] }, HOSTILE_FACTS)).toMatchObject([{ result: "pass", reason: "yes" }]);
  });

  it.each(HOSTILE.filter(({ name }) => name.startsWith("policy file")).map(({ name, prepare }) => [name, prepare] as const))("is refused with words: %s", (_, prepare) => {
    expect(prepare()()).toMatch(/^refused: ./);
  });

  it.each(HOSTILE.flatMap(({ name, prepare }) => (/^(?:schema|manifest|configuration|regex,)/.test(name) ? [[name, prepare] as const] : [])))("is bounded: %s", (name, prepare) => {
    const [, , end = "fail"] = /^(schema|manifest|configuration|regex)(?:, (\w+))?:/.exec(name) ?? [];
    expect(prepare()()).toMatch(new RegExp(`^${end}`));
  });

  it("leaves traces of errors as they were", () => {
    const before = Error.stackTraceLimit;
    expect(parseConfig("a: ]").ok).toBe(false);
    expect(parsePolicy("hostile.yaml", "a: ]").ok).toBe(false);
    expect(Error.stackTraceLimit).toBe(before);
  });

  it("one mistake after the other is told up to a hundred", () => {
    const parsed = parsePolicy("hostile.yaml", "k: 1\n".repeat(1_000));
    expect(parsed.ok ? 0 : parsed.problems.length).toBe(100);
  });

  it("a file that is nested too deep is told so", () => {
    const parsed = parsePolicy("hostile.yaml", `name: ${"[".repeat(60_000)}`);
    expect(parsed.ok ? [] : parsed.problems.map(({ message }) => message)).toContain("this is not valid YAML: it is nested too deep");
  });
});

describe("what is worse is refused", () => {
  const files = "change.other_files";
  it.each([
    ["more nodes", `${files}.all(f, ${Array(80).fill("f!=''").join("&&")})`, "exceeded maxAstNodes (300)"],
    ["deeper", `${"(".repeat(40)}paused.active${")".repeat(40)}`, "exceeded maxDepth (32)"],
    ["longer", `paused.reason == "${"a".repeat(1000)}"`, "an expression may have at most 1000 characters"],
    ["a comprehension in another", `${files}.all(f, ${files}.exists(g, f == g))`, "`exists` may not stand inside another one"],
    ["more passes", `${files}.filter(f, f != "").filter(f, f != "").filter(f, f != "").filter(f, f != "").all(f, f != "")`, "at most 4 times"],
    ["more passes by `in`", `${files}.all(f, ${Array(4).fill("f in registry.missing").join("&&")})`, "at most 4 times"],
    ["more growth", `${files}.map(f, f+f+f+f+f).map(f, f+f+f+f+f+f).size() > 0`, "use `+` at most 8 times"],
    ["lists joined for each entry", `${files}.exists(f, f in (${files} + ${files}))`, "lists may not be joined or compared by `+`"],
    ["lists compared for each entry", `${files}.exists(f, ${files} == registry.missing)`, "lists may not be joined or compared by `==`"],
    ["lists of records compared for each entry", `${files}.exists(f, upstream != upstream)`, "lists may not be joined or compared by `!=`"],
    ["a list of lists", `${files}.map(f, ${files}).size() > 0`, "`map` may not make a list"],
    ["a list of literal lists", `${files}.map(f, [f, f]).size() > 0`, "`map` may not make a list"],
    ["a list of lists by a choice", `${files}.map(f, f == "" ? ${files} : ${files}).size() > 0`, "`map` may not make a list"],
    ["a list in a list", `${files}.map(f, [${files}][0]).size() > 0`, "a list may not hold lists"],
    ["a regular expression", `${files}.all(f, f.matches("(a+)+$"))`, "`matches` is not allowed"],
  ])("%s", (_, condition, message) => {
    const parsed = parsePolicy("hostile.yaml", policyText(condition));
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.message)).toContainEqual(expect.stringContaining(message));
  });

  it.each<[string, Partial<Facts>, string]>([
    ["a longer list", { quarantine: { hits: Array(MAX_ENTRIES + 1).fill("a") } }, "a list has 1001 entries, and at most 1000 are judged"],
    ["a longer text", { quarantine: { hits: ["a".repeat(MAX_TEXT + 1)] } }, "a text is longer than 4000 characters"],
    ["more text together", { quarantine: { hits: Array(MAX_CHARACTERS / 2048 + 1).fill("a".repeat(2048)) } }, "their texts have more than 262144 characters together"],
  ])("%s among the facts: unknown", (_, changed, problem) => {
    const parsed = parsePolicy("p.yaml", "name: p\ndescription: p\nenforce: block\npass: quarantine.hits.size() > 0\nmessages: { pass: a, fail: b }\n");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const [gate] = evaluatePolicies({ policies: [parsed.policy] }, soundFacts(changed));
    expect(gate).toMatchObject({ result: "unknown", reason: `the facts about quarantine cannot be judged: hits: ${problem}` });
  });

  it("as much text as is allowed is judged", () => {
    const parsed = parsePolicy("p.yaml", "name: p\ndescription: p\nenforce: block\npass: quarantine.hits.size() > 0\nmessages: { pass: a, fail: b }\n");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const facts = soundFacts({ quarantine: { hits: Array<string>(MAX_CHARACTERS / 2048).fill("a".repeat(2048)) } });
    expect(evaluatePolicies({ policies: [parsed.policy] }, facts)).toMatchObject([{ result: "pass" }]);
  });
});

describe("a list among the parameters", () => {
  const text = (condition: string): string =>
    `name: p\ndescription: p\nenforce: block\nparameters: { names: { type: list<string>, description: names }, name: { type: string, description: a name } }\npass: ${JSON.stringify(condition)}\nmessages: { pass: a, fail: b }\n`;

  it.each([
    ["change.other_files.map(f, params.names).size() > 0", "`map` may not make a list"],
    ["change.other_files.exists(f, f in (params.names + params.names))", "lists may not be joined"],
    ["[params.names].size() > 0", "a list may not hold lists"],
  ])("is a list like any other: %s", (condition, message) => {
    const parsed = parsePolicy("p.yaml", text(condition));
    expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.message)).toContainEqual(expect.stringContaining(message));
  });

  it.each(["change.other_files.all(f, f in params.names)", 'change.other_files.all(f, f == params.name + "x")'])("may be looked through: %s", (condition) => {
    expect(parsePolicy("p.yaml", text(condition))).toMatchObject({ ok: true });
  });
});
