import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Facts } from "../../src/domain/facts.ts";
import type { Gate, GateResult } from "../../src/domain/policy.ts";
import { evaluatePolicies, judge } from "../../src/domain/policy/evaluate.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import type { PolicySet } from "../../src/domain/policy/policy-set.ts";
import { HOUR, NOW, soundFacts } from "../policies/sound-facts.ts";

/** A set of one policy with these lines beside its name and description. */
function setOf(lines: string): PolicySet {
  const result = parsePolicy("example.yaml", `name: example\ndescription: An example.\n${lines}`);
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join("\n"));
  return { policies: [result.policy] };
}

function evaluated(lines: string, facts: Facts = soundFacts()): Gate {
  const [gate] = evaluatePolicies(setOf(lines), facts);
  if (gate === undefined) throw new Error("there is no gate");
  return gate;
}

const simple = (pass: string): string => `enforce: block\npass: '${pass}'\nmessages: { pass: yes it is, fail: no it is not }\n`;

describe("evaluating a policy", () => {
  it("passes or fails, and tells with which words", () => {
    expect(evaluated(simple("approvals.count >= 1"))).toEqual({
      policy: "example",
      description: "An example.",
      enforce: "block",
      result: "pass",
      reason: "yes it is",
      facts: [{ name: "approvals.count", value: "1" }],
    });
    expect(evaluated(simple("approvals.count >= 2"))).toMatchObject({ result: "fail", reason: "no it is not" });
  });

  it("waits before it passes or fails", () => {
    const lines = "enforce: block\nwait: freeze.active\npass: true\nmessages: { pass: yes, fail: no, wait: a thaw }\n";
    expect(evaluated(lines)).toMatchObject({ result: "pass" });
    expect(evaluated(lines, soundFacts({ freeze: { active: true, reasons: [] } }))).toMatchObject({ result: "wait", reason: "a thaw" });
  });

  it.each<[until: string, moment: number | null]>([
    [String(NOW + 1), NOW + 1],
    ['timestamp("2026-12-01T00:00:00Z")', Date.UTC(2026, 11, 1)],
    ["0", null],
    ["-5", null],
    [String(NOW), null],
    ["now - 1", null],
  ])("waits until %s", (until, moment) => {
    const lines = `enforce: block\nwait: true\nuntil: '${until}'\nmessages: { pass: go on, wait: a while }\n`;
    expect(evaluated(lines)).toMatchObject({ result: "wait", until: moment });
  });

  it("applies only where it says", () => {
    const lines = `applies: { kinds: [promotion], origins: [bot] }\nwhen: freeze.active\n${simple("false")}`;
    expect(evaluated(lines)).toMatchObject({ result: "not-applicable", reason: "does not apply to this promotion" });
    expect(evaluated(lines, soundFacts({ freeze: { active: true, reasons: [] } }))).toMatchObject({ result: "fail" });
    expect(evaluated(lines, soundFacts({ promotion: { kind: "hotfix" } }))).toMatchObject({
      result: "not-applicable",
      reason: "does not apply to a hotfix",
    });
    expect(evaluated(lines, soundFacts({ promotion: { origin: "person" } }))).toMatchObject({
      result: "not-applicable",
      reason: "does not apply to a person's pull request",
    });
    expect(evaluated(`applies: { origins: [person] }\n${simple("false")}`)).toMatchObject({
      result: "not-applicable",
      reason: "does not apply to Pinion's own pull requests",
    });
  });

  it("only warns where it says, and there it needs both kind and origin", () => {
    const lines = `warn: { kinds: [hotfix], origins: [person] }\n${simple("false")}`;
    expect(evaluated(lines).enforce).toBe("block");
    expect(evaluated(lines, soundFacts({ promotion: { kind: "hotfix" } })).enforce).toBe("block");
    expect(evaluated(lines, soundFacts({ promotion: { kind: "hotfix", origin: "person" } })).enforce).toBe("warn");
  });

  it("is unknown when a fact that it mentions is unknown, wherever it does so", () => {
    const facts = soundFacts({ registry: { unknown: "the registry is down" }, freeze: { unknown: "issues are not readable" } });
    const needless = simple("true || registry.missing.size() == 0");
    expect(evaluated(needless, facts)).toMatchObject({ result: "unknown", reason: "the registry is down" });
    const message = "enforce: block\npass: true\nmessages: { pass: '{{ registry.missing.size() }}', fail: no }\n";
    expect(evaluated(message, facts)).toMatchObject({ result: "unknown", reason: "the registry is down" });
    const both = "enforce: block\nwait: freeze.active\npass: registry.missing.size() == 0\nmessages: { pass: a, fail: b, wait: c }\n";
    expect(evaluated(both, facts)).toMatchObject({ result: "unknown", reason: "the registry is down; issues are not readable" });
    expect(evaluated(simple("quarantine.hits.size() == 0"), facts)).toMatchObject({ result: "pass" });
  });

  it("is unknown when its `when` needs what is unknown, and does not apply when `when` is known not to hold", () => {
    const facts = soundFacts({ registry: { unknown: "the registry is down" } });
    expect(evaluated(`when: registry.missing.size() == 0\n${simple("true")}`, facts)).toMatchObject({ result: "unknown" });
    const away = evaluated(`when: promotion.first\n${simple("registry.missing.size() == 0")}`, facts);
    expect(away).toMatchObject({ result: "not-applicable" });
  });

  it.each([
    ["a division by nothing", "1 / (approvals.count - 1) == 1", "division by zero"],
    ["an entry that is not there", 'approvals.by[7] == "bob"', "index out of bounds"],
    ["a number that is none", 'int(promotion.version) == 1', "int() type error"],
  ])("is unknown when it cannot be evaluated: %s", (_what, pass, problem) => {
    const gate = evaluated(simple(pass));
    expect(gate).toMatchObject({ result: "unknown" });
    expect(gate.reason).toMatch(/^policy could not be evaluated: /);
    expect(gate.reason).toContain(problem);
  });

  it("is unknown when a list is too long to be put into words", () => {
    const missing = Array.from({ length: 1000 }, () => "ghcr.io/acme/checkout");
    const lines = "enforce: block\npass: true\nmessages: { pass: '{{ join(registry.missing, \", \") }}', fail: no }\n";
    expect(evaluated(lines, soundFacts({ registry: { missing, moved: [] } }))).toMatchObject({
      result: "unknown",
      reason: "policy could not be evaluated: join() gives more than 10000 characters",
    });
  });

  it("is unknown when its words cannot be made", () => {
    const lines = "enforce: block\npass: true\nmessages: { pass: '{{ approvals.by[7] }}', fail: no }\n";
    expect(evaluated(lines)).toMatchObject({ result: "unknown" });
  });

  it.each<[what: string, facts: Partial<Facts>, reason: string]>([
    [
      "a list that is too long",
      { registry: { missing: [], moved: Array.from({ length: 1001 }, () => "x") } },
      "the facts about registry cannot be judged: moved: a list has 1001 entries, and at most 1000 are judged",
    ],
    [
      "a text that is too long",
      { registry: { missing: ["x".repeat(4001)], moved: [] } },
      "the facts about registry cannot be judged: missing: a text is longer than 4000 characters",
    ],
  ])("is unknown for %s", (_what, facts, reason) => {
    expect(evaluated(simple("registry.missing.size() == 0"), soundFacts(facts))).toMatchObject({ result: "unknown", reason });
  });

  it.each<[what: string, group: object | null | undefined, reason: string]>([
    ["missing", undefined, "they are not a record"],
    ["null", null, "they are not a record"],
    ["a text", Object("freeze"), "active: it is not true or false"],
    ["without a field", { reasons: [] }, "active: it is not true or false"],
    ["with a field that is null", { active: null, reasons: [] }, "active: it is not true or false"],
    ["of the wrong type", { active: "no", reasons: [] }, "active: it is not true or false"],
    ["with a list of the wrong type", { active: false, reasons: [1] }, "reasons: it is not text"],
  ])("is unknown when a group of facts is %s", (_what, group, reason) => {
    const facts = Object.assign(soundFacts(), { freeze: group });
    expect(evaluated(simple("!freeze.active"), facts)).toMatchObject({ result: "unknown", reason: `the facts about freeze cannot be judged: ${reason}` });
  });

  it("waits on when the clock goes back, until the same moment", () => {
    const lines = `enforce: block\nwait: now < ${NOW}\nuntil: '${NOW}'\npass: true\nmessages: { pass: go on, fail: no, wait: a while }\n`;
    expect([NOW - 1, NOW, NOW - 5].map((now) => evaluated(lines, soundFacts({ now })))).toMatchObject([{ result: "wait", until: NOW }, { result: "pass" }, { result: "wait", until: NOW }]);
  });

  it("is unknown for a number that is not whole", () => {
    const facts = soundFacts({ approvals: { required: 0.5, count: 1, by: [], who: "", ignored: [], changes_requested_by: [], owners_by: [], owners_missing: [] } });
    expect(evaluated(simple("approvals.count >= approvals.required"), facts)).toMatchObject({
      result: "unknown",
      reason: "the facts about approvals cannot be judged: required: it is not a whole number",
    });
  });

  it("offers words for times, lists and counts", () => {
    const message = [
      "{{ duration(8100000) }}, {{ duration(59000) }}, {{ duration(90061000) }}, {{ duration(0) }}",
      `{{ time(${NOW}) }}`,
      '{{ join([promotion.app, "cart"], " and ") }}',
      '{{ plural(1, "approval") }}, {{ plural(2, "approval") }}',
      "{{ latest([1, 3, 2]) }}, {{ latest([1, 0]) }}, {{ approvals.count }}",
    ].join("; ");
    expect(evaluated(`enforce: block\npass: true\nmessages:\n  pass: >-\n    ${message}\n  fail: no\n`).reason).toBe(
      "2 h 15 min, 59 s, 1 d 1 h, 0 s; 2026-11-21 14:00 UTC; checkout and cart; 1 approval, 2 approvals; 3, 0, 1",
    );
  });

  it("keeps a reason to one line of bounded length", () => {
    const lines = "enforce: block\npass: true\nmessages: { pass: '{{ promotion.version }}', fail: no }\n";
    expect(evaluated(lines, soundFacts({ promotion: { version: "a\r\nb\u0000\u001b[31m\tc" } })).reason).toBe("a b [31m c");
    expect(evaluated(lines, soundFacts({ promotion: { version: "x".repeat(3000) } })).reason).toHaveLength(1000);
  });

  it("never lets foreign text be read as an expression", () => {
    const lines = "enforce: block\npass: true\nmessages: { pass: 'at {{ promotion.version }}', fail: no }\n";
    expect(evaluated(lines, soundFacts({ promotion: { version: "{{ promotion.app }}" } })).reason).toBe("at {{ promotion.app }}");
  });

  it("keeps to the order of the set", () => {
    const [first] = setOf(simple("true")).policies;
    if (first === undefined) throw new Error("there is no policy");
    const set = { policies: [{ ...first, name: "b" }, { ...first, name: "a" }] };
    expect(evaluatePolicies(set, soundFacts()).map((gate) => gate.policy)).toEqual(["b", "a"]);
  });
});

describe("judging all gates together", () => {
  const gate = (result: GateResult, enforce: Gate["enforce"] = "block"): Gate => ({
    policy: "example",
    description: "",
    reason: "",
    facts: [],
    enforce,
    ...result,
  });
  const pass = gate({ result: "pass" });
  const fail = gate({ result: "fail" });
  const unknown = gate({ result: "unknown" });
  const away = gate({ result: "not-applicable" });
  const wait = (until: number | null): Gate => gate({ result: "wait", until });

  it.each([
    ["all pass", [pass, pass, away], { outcome: "pass" }],
    ["one fails", [pass, wait(1), unknown, fail], { outcome: "fail" }],
    ["one is unknown", [pass, wait(1), unknown], { outcome: "unknown" }],
    ["several wait", [pass, wait(NOW), wait(NOW + HOUR), wait(1)], { outcome: "wait", until: NOW + HOUR }],
    ["one waits without end", [wait(NOW), wait(null), wait(1)], { outcome: "wait", until: null }],
    ["there are none", [], { outcome: "unknown" }],
    ["none applies", [away, away], { outcome: "unknown" }],
    ["only warnings apply", [away, gate({ result: "pass" }, "warn")], { outcome: "unknown" }],
    ["warnings fail", [pass, gate({ result: "fail" }, "warn"), gate({ result: "unknown" }, "warn")], { outcome: "pass" }],
  ] as const)("when %s", (_what, gates, judgement) => {
    expect(judge(gates)).toEqual(judgement);
  });

  it("passes only when every blocking gate that applies passes, and at least one does", () => {
    const results: readonly GateResult[] = [
      { result: "pass" },
      { result: "fail" },
      { result: "wait", until: null },
      { result: "unknown" },
      { result: "not-applicable" },
    ];
    const anyGate = fc.record({ result: fc.constantFrom(...results), enforce: fc.constantFrom("block" as const, "warn" as const) });
    fc.assert(
      fc.property(fc.array(anyGate, { maxLength: 6 }), (made) => {
        const gates = made.map(({ result, enforce }) => gate(result, enforce));
        const blocking = gates.filter((one) => one.enforce === "block" && one.result !== "not-applicable");
        expect(judge(gates).outcome === "pass").toBe(blocking.length > 0 && blocking.every((one) => one.result === "pass"));
      }),
    );
  });
});
