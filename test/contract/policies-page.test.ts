import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { parseCases, runCase } from "../../src/domain/policy/cases.ts";
import { evaluatePolicies } from "../../src/domain/policy/evaluate.ts";
import { POLICIES_FOLDER } from "../../src/domain/policy/own-policies.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import { policiesIn } from "../../src/domain/config.ts";
import { readRules } from "../../src/domain/repository-rules.ts";
import { HOUR, soundFacts } from "../policies/sound-facts.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/policies.md"), "utf8");
const [policy = "", configuration = "", schemaPolicy = "", schemaCases = ""] = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = ""]) => text);
const shipped = await loadShippedPolicies();

describe("docs/policies.md", () => {
  const config = `version: 1\napps: { discover: ["apps/{app}/{env}/kustomization.yaml"] }\n${configuration.replace("environments:\n", "environments:\n  staging:\n").replace("  prod:\n", "  prod-eu: { after: staging }\n  prod:\n    after: staging\n")}`;

  it("shows a policy that can be used, with the configuration beside it", () => {
    const { config: read, ownPolicies } = readRules(config, [{ path: `${POLICIES_FOLDER}calm-production.yaml`, text: policy }], shipped);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const prod = read.config.environments.find(({ name }) => name === "prod");
    if (prod === undefined) throw new Error("there is no prod");
    const configured = policiesIn(read.config, prod);
    const judged = (count: number, soaked: number) => {
      const facts = soundFacts();
      const upstream = Array.isArray(facts.upstream) ? facts.upstream.map((one) => ({ ...one, soaked_for: soaked })) : [];
      const approvals = { required: 1, count, by: [], who: "anyone", ignored: [], changes_requested_by: [], owners_by: [], owners_missing: [] };
      return evaluatePolicies({ policies: ownPolicies }, { ...facts, upstream, approvals }, configured)[0];
    };
    expect(judged(3, 9 * HOUR)).toMatchObject({ result: "pass", reason: "3 approvals and 8 h of proof" });
    expect(judged(2, 9 * HOUR)).toMatchObject({ result: "fail", reason: "it takes 3 approvals, and has 2" });
    expect(judged(3, 7 * HOUR)).toMatchObject({ result: "wait", reason: "8 h in staging" });
  });

  it("shows a schema, and cases that come out as they say", () => {
    const read = parsePolicy("bounded-workloads.yaml", schemaPolicy);
    const cases = parseCases("bounded-workloads.test.yaml", schemaCases);
    if (!read.ok || !cases.ok) throw new Error(JSON.stringify([read, cases]));
    const outcomes = cases.cases.cases.map((one) => runCase(read.policy, one));
    expect(outcomes.map(({ differences }) => differences)).toEqual(outcomes.map(() => []));
    expect(new Set(outcomes.map(({ gate }) => gate.result))).toEqual(new Set(["pass", "fail", "not-applicable", "unknown"]));
  });

  it("tells every key of a policy", () => {
    const keys = [...page.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell = ""]) => [...cell.matchAll(/`(\w+)`/g)].map(([, key = ""]) => key));
    const told = readRules(config, [{ path: `${POLICIES_FOLDER}x.yaml`, text: "zzz: 1\n" }], shipped).config;
    const allowed = told.ok ? "" : (told.problems.find(({ message }) => message.includes("`zzz`"))?.message.split("allowed are ")[1] ?? "");
    expect(keys.toSorted()).toEqual(allowed.split(", ").toSorted());
  });
});
