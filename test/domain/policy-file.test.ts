import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import { policySet } from "../../src/domain/policy/policy-set.ts";

const FILE = ".github/pinion/policies/example.yaml";

/** A policy file of the usual keys, with some of its lines changed. */
function policy(changed: Readonly<Record<string, string | null>> = {}): string {
  const lines: Record<string, string | null> = {
    name: "example",
    description: "An example.",
    enforce: "block",
    pass: "freeze.active",
    messages: "{ pass: yes it is, fail: no it is not }",
    ...changed,
  };
  return Object.entries(lines)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join("");
}

/** Every problem as `line:column: message`. */
function problems(text: string): readonly string[] {
  const result = parsePolicy(FILE, text);
  if (result.ok) return [];
  return result.problems.map(({ file, line, column, message }) => `${file === FILE ? "" : file}${line}:${column}: ${message}`);
}

describe("a policy file", () => {
  it("is read with everything it says", () => {
    const result = parsePolicy(
      FILE,
      `name: example
description: >-
  A rule
  in two lines.
docs: https://example.org/rule
applies: { kinds: [promotion, hotfix] }
enforce: block
warn: { kinds: [hotfix], origins: [person] }
when: "!promotion.first"
wait: freeze.active
until: timestamp("2026-12-01T00:00:00Z")
pass: true
messages:
  pass: fine
  fail: never
  wait: "{{ time(0) }}"
`,
    );
    expect(result).toMatchObject({
      ok: true,
      policy: {
        name: "example",
        description: "A rule in two lines.",
        docs: "https://example.org/rule",
        applies: { kinds: ["promotion", "hotfix"], origins: ["bot", "person"] },
        enforce: "block",
        warn: { kinds: ["hotfix"], origins: ["person"] },
      },
    });
  });

  it("needs no more than a name, a description, a rule and what to say", () => {
    expect(problems(policy())).toEqual([]);
    expect(problems(policy({ pass: null, wait: "freeze.active", messages: "{ pass: go on, wait: a thaw }" }))).toEqual([]);
  });

  it.each<[what: string, text: string, problems: readonly string[]]>([
    ["an empty file", "", ["1:1: a policy file holds one mapping, with `name`, `description` and so on"]],
    ["a list", "- a\n", ["1:1: a policy file holds one mapping, with `name`, `description` and so on"]],
    [
      "an unknown key",
      policy({ enforced: "block" }),
      [
        "6:1: `enforced` is not known in a policy; allowed are name, description, docs, override, applies, parameters, enforce, warn, " +
          "when, wait, until, pass, match, schema, messages",
      ],
    ],
    ["a key twice", `${policy()}name: other\n`, ["6:1: `name` stands twice in a policy"]],
    ["a bad name", policy({ name: "An Example" }), ["1:7: `name` must be lower-case words joined by `-`"]],
    ["an empty description", policy({ description: '""' }), ["2:14: `description` is empty"]],
    ["a bad enforce", policy({ enforce: "maybe" }), ["3:10: `enforce` must be block or warn"]],
    ["an unknown kind", policy({ applies: "{ kinds: [rollback] }" }), ["6:20: `applies.kinds` must be of promotion, revert, hotfix"]],
    ["a kind twice", policy({ applies: "{ kinds: [revert, revert] }" }), ["6:28: `revert` stands twice in `applies.kinds`"]],
    [
      "no kind",
      policy({ applies: "{ kinds: [] }" }),
      ["6:19: `applies.kinds` must be a list with at least one of promotion, revert, hotfix"],
    ],
    ["an empty scope", policy({ applies: "{}" }), ["6:10: `applies` must name kinds, origins, environments or apps"]],
    ["a scope that is a word", policy({ warn: "person" }), ["6:7: `warn` must be a mapping"]],
    [
      "a needless warn",
      policy({ enforce: "warn", warn: "{ origins: [person] }" }),
      ["6:1: `warn` softens a policy with `enforce: block`; this one only warns anyway"],
    ],
    [
      "no rule",
      policy({ pass: null }),
      ["1:1: a policy needs `pass`, `wait` or both, or `schema`", "4:1: `messages.fail` is never shown, since there is no `pass`"],
    ],
    ["a wait without words", policy({ wait: "freeze.active" }), ["5:1: `messages.wait` is missing"]],
    ["until without wait", policy({ until: "1" }), ["6:1: `until` says how long to wait, so it needs `wait`"]],
    ["most of it missing", "docs: x\n", ["1:1: a policy needs `pass`, `wait` or both, or `schema`", "1:1: `name`, `description`, `enforce` and `messages` are missing"]],
    ["no messages", policy({ messages: null }), ["1:1: `messages` is missing"]],
    ["a message that is a list", policy({ messages: "{ pass: [a], fail: b }" }), ["5:19: `messages.pass` must be text"]],
    ["an alias", policy({ docs: "&x y", pass: "*x" }), ["4:7: `pass` must be text"]],
    [
      "a tag for a negation",
      policy({ pass: "!freeze.active" }),
      ["4:1: `pass` begins with `!`, which YAML takes for a tag: put it in quotes"],
    ],
    ["a rule that is empty", policy({ pass: '" "' }), ["4:7: `pass`: an expression is missing here"]],
  ])("is refused for %s", (_what, text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  it("tells all of its problems at once, in the order of the lines", () => {
    expect(problems(policy({ name: "A", pass: "freeze.actif", enforce: "no" }))).toEqual([
      "1:7: `name` must be lower-case words joined by `-`",
      "3:10: `enforce` must be block or warn",
      "4:14: `pass`: no such key: actif. Did you mean \"active\"?",
    ]);
  });

  it("says where YAML itself is broken", () => {
    expect(problems("name: [a\npass: x\n")[0]).toMatch(/^\d+:\d+: this is not valid YAML: /);
    expect(problems(`${policy()}---\nname: b\n`)[0]).toMatch(/^\d+:\d+: this is not valid YAML: .*multiple documents/);
  });

  it("is refused when it is too long to be a policy", () => {
    expect(problems(policy({ docs: "x".repeat(70_000) }))).toEqual(["1:1: a policy file may have at most 65536 characters"]);
  });
});

describe("an expression", () => {
  it.each<[what: string, pass: string, problem: string]>([
    ["a misspelt field", "promotion.kidn == 'x'", "4:17: `pass`: no such key: kidn. Did you mean \"kind\"?"],
    ["a misspelt field of an entry", "upstream.all(env, env.verifed)", "4:29: `pass`: no such key: verifed. Did you mean \"verified\"?"],
    ["an unknown group", "approval.count > 0", "4:7: `pass`: unknown variable: approval. Did you mean \"approvals\"?"],
    ["a field that is like none", "freeze.zzz", "4:14: `pass`: no such key: zzz; freeze has active, reasons"],
    ["a group that is like none", "zzz.active", "4:7: `pass`: unknown variable: zzz; the facts are now, promotion,"],
    ["a comparison of different types", "approvals.count > 'one'", "4:7: `pass`: no such overload: int > string"],
    ["another type than is wanted", "approvals.count", "4:7: `pass`: this must answer true or false, but it is of type int"],
    ["broken syntax", "upstream.all(env", "4:23: `pass`: expected RPAREN, got EOF"],
    ["a regular expression", "promotion.version.matches('^(a+)+$')", "4:7: `pass`: `matches` is not allowed: a regular expression"],
    ["a way around types", "dyn(promotion).x == 1", "4:7: `pass`: `dyn` is not allowed in policies; allowed are size,"],
    ["another method", "promotion.version.split('.').size() == 3", "4:7: `pass`: `split` is not allowed in policies; allowed are size,"],
    ["the prototype", "promotion.constructor == 1", "4:17: `pass`: no such key: constructor"],
    [
      "a loop in a loop",
      "upstream.all(a, upstream.exists(b, a == b))",
      "4:23: `pass`: `exists` may not stand inside another one: the work would grow with the square of the list",
    ],
    [
      "too many loops",
      "upstream.map(a, 1).map(a, 1).map(a, 1).map(a, 1).all(a, a == 1)",
      "4:7: `pass`: an expression may go through lists at most 4 times",
    ],
    [
      "too many searches",
      `promotion.app in approvals.by${" || promotion.app in approvals.by".repeat(4)}`,
      "4:8: `pass`: an expression may go through lists at most 4 times",
    ],
    ["too many additions", `now ${"+ now ".repeat(9)} > 0`, "4:7: `pass`: an expression may use `+` at most 8 times"],
    ["a field by a text", "promotion['kind'] == 'x'", "4:7: `pass`: only a whole number may stand in `[ ]`"],
    ["a shadowed fact", "upstream.all(now, now.verified)", "4:7: `pass`: `now` is a fact: give the variable of `all` another name"],
    ["a map", "size({'a': 1}) == 1", "4:13: `pass`: maps and optional fields are not allowed in policies"],
    ["a long one", `promotion.app == '${"x".repeat(1000)}'`, "4:8: `pass`: an expression may have at most 1000 characters, this one"],
    ["a deep one", `${"(".repeat(60)}true${")".repeat(60)}`, "4:"],
  ])("is refused for %s", (_what, pass, problem) => {
    const text = pass.startsWith("promotion.app") ? JSON.stringify(pass) : /[{#]/.test(pass) ? `"${pass}"` : pass;
    const found = problems(policy({ pass: text }));
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(problem), found[0]).toBe(true);
  });

  it.each<[style: string, lines: string, place: string]>([
    ["folded", "wrong: >-\n  freeze.active\n  &&   freeze.actif\n", "7:15"],
    ["literal", "wrong: |\n\n    freeze.active ||\n      freeze.actif\n", "8:14"],
    ["single-quoted", "wrong: 'freeze.actif'\n", "5:15"],
    ["double-quoted", 'wrong: "freeze.actif"\n', "5:15"],
    ["plain over two lines", "wrong: freeze.active &&\n  freeze.actif\n", "6:10"],
    ["with escapes, where only the start is known", 'wrong: "freeze.actif == \\"x\\""\n', "5:7"],
    ["with doubled quotes, where only the start is known", "wrong: 'freeze.actif == ''x'''\n", "5:7"],
  ])("has its problem at its own place when it is %s", (_style, lines, place) => {
    const text = `${policy({ pass: null })}${lines.replace("wrong", "pass")}`;
    expect(problems(text).map((problem) => problem.split(": ")[0])).toEqual([place]);
  });
});

describe("a message", () => {
  it.each<[what: string, message: string, problem: string]>([
    ["a misspelt field", "yes {{ freeze.actif }}", "5:34: `messages.pass`: no such key: actif. Did you mean \"active\"?"],
    ["the second of two", "{{ 1 }} and {{ nothing }}", "5:35: `messages.pass`: unknown variable: nothing; the facts are now,"],
    ["an open placeholder", "yes {{ freeze.active", "5:24: `messages.pass`: this `{{` has no `}}`"],
    ["no text", "{{ freeze.active }}", "5:23: `messages.pass`: this must answer text or a whole number, but it is of type bool"],
    ["a length where a text is read", "{{ duration('1h') }}", "5:23: `messages.pass`: this must answer text or a whole number, but"],
    ["what moves with the clock", "at {{ time(now) }}", "5:31: `messages.pass`: `now` changes at every look"],
    ["what moves, by a text", "{{ duration(upstream[0]['soaked_for']) }}", "5:32: `messages.pass`: only a whole number may stand in"],
    [
      "what moves, in a list",
      "{{ latest(upstream.map(e, e.soaked_for)) }}",
      "5:46: `messages.pass`: `soaked_for` changes at every look",
    ],
  ])("is refused for %s", (_what, message, problem) => {
    const found = problems(policy({ messages: `{ pass: "${message}", fail: no }` }));
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(problem), found[0]).toBe(true);
  });
});

describe("a set of policies", () => {
  it("refuses a second policy of the same name", () => {
    const first = parsePolicy("policies/example.yaml", policy());
    const second = parsePolicy(FILE, policy());
    if (!first.ok || !second.ok) throw new Error("the fixture is broken");
    expect(policySet([first.policy]).ok).toBe(true);
    expect(policySet([first.policy, second.policy])).toEqual({
      ok: false,
      problems: [{ file: FILE, line: 1, column: 7, message: "the name example is taken by policies/example.yaml: choose another" }],
    });
  });
});
