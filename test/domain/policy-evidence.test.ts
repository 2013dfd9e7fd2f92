import { describe, expect, it } from "vitest";
import type { Facts } from "../../src/domain/facts.ts";
import type { Gate } from "../../src/domain/policy.ts";
import { evaluatePolicies, judge } from "../../src/domain/policy/evaluate.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import { checkContent } from "../../src/domain/report/check.ts";
import { HOUR, NOW, soundFacts } from "../policies/sound-facts.ts";

function gateOf(conditions: string, facts: Facts = soundFacts()): Gate {
  const result = parsePolicy("example.yaml", `name: example\ndescription: An example.\nenforce: block\n${conditions}`);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join("\n"));
  const [gate] = evaluatePolicies({ policies: [result.policy] }, facts);
  if (gate === undefined) throw new Error("there is no gate");
  return gate;
}

const told = (gate: Gate): readonly string[] => gate.facts.map(({ name, value }) => `${name} = ${value}`);
const passing = (pass: string): string => `pass: '${pass}'\nmessages: { pass: yes, fail: no }\n`;

describe("what a gate was decided upon", () => {
  it.each<[pass: string, facts: readonly string[]]>([
    ["approvals.count >= approvals.required", ["approvals.count = 1", "approvals.required = 1"]],
    ['"bob" in approvals.by && !freeze.active', ['approvals.by = ["bob"]', "freeze.active = false"]],
    ["upstream.all(env, env.verified)", ['upstream = [{"verified":true}]']],
    ["upstream[0].environment == \"staging\"", ['upstream = [{"environment":"staging"}]']],
    ["window.changes_at > 0", ['window.changes_at = "2026-11-21 15:00 UTC"']],
    ["upstream.all(env, env.soaked_at > env.soak)", ['upstream = [{"soak":"1 h","soaked_at":"2026-11-21 12:00 UTC"}]']],
    ["true", []],
  ])("of %s", (pass, facts) => {
    expect(told(gateOf(passing(pass)))).toEqual(facts);
  });

  it("leaves out what differs at every look", () => {
    const lines = passing("now > 0 && upstream.all(env, env.soaked_for >= env.soak)");
    const later = soundFacts({ now: NOW + 1, upstream: [{ environment: "staging", verified: true, bad: false, soaked_for: 4 * HOUR, soak: HOUR, soaked_at: NOW, soak_lost: false }] });
    expect(told(gateOf(lines))).toEqual(['upstream = [{"soak":"1 h"}]']);
    expect(gateOf(lines, later)).toEqual(gateOf(lines));
  });

  it("leaves out a list of which it tells nothing, and a moment that there is not", () => {
    expect(told(gateOf(passing("upstream.all(env, env.soaked_for > 0)")))).toEqual([]);
    expect(told(gateOf(passing("window.changes_at > 0"), soundFacts({ window: { configured: true, open: true, changes_at: 0 } })))).toEqual(["window.changes_at = 0"]);
  });

  it("leaves out what was not learned, of which the reason tells", () => {
    expect(gateOf(passing("registry.missing.size() == 0 && !freeze.active"), soundFacts({ registry: { unknown: "down" } }))).toMatchObject({
      result: "unknown",
      facts: [{ name: "freeze.active", value: "false" }],
    });
  });

  it("is nothing where the policy does not apply", () => {
    expect(gateOf(`applies: { kinds: [revert] }\n${passing("freeze.active")}`).facts).toEqual([]);
  });

  it("stays short", () => {
    const missing = Array.from({ length: 100 }, (_, index) => `ghcr.io/acme/app-${index}`);
    const gate = gateOf(passing("registry.missing.size() == 0"), soundFacts({ registry: { missing, moved: [] } }));
    expect(gate.facts[0]?.value.length).toBeLessThanOrEqual(200);
  });

  it("stands on the check, folded, of gates that hold, and not of those that pass", () => {
    const shown = (gate: Gate): string => {
      const promotion = { app: "checkout", environment: "prod", version: "1", fromVersion: null, kind: "promotion", gates: [gate], judgement: judge([gate]) } as const;
      return checkContent({ promotions: [promotion], notes: [] }).summary;
    };
    expect(shown(gateOf(passing("approvals.count > 1")))).toContain("<summary>What these gates were decided upon</summary>\n\n- **example**: `approvals.count` = `1`\n");
    expect(shown(gateOf(passing("approvals.count > 0")))).not.toContain("decided upon");
  });
});
