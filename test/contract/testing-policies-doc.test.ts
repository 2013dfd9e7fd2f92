import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCases, runCase } from "../../src/domain/policy/cases.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/testing-policies.md"), "utf8");
const [policyText = "", casesText = ""] = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = ""]) => text);

describe("docs/testing-policies.md", () => {
  it("shows a policy and cases that come out as they say", () => {
    const policy = parsePolicy("few-files.yaml", policyText);
    const cases = parseCases("few-files.test.yaml", casesText);
    if (!policy.ok || !cases.ok) throw new Error(JSON.stringify([policy, cases]));
    const outcomes = cases.cases.cases.map((one) => runCase(policy.policy, one));
    expect(outcomes.map(({ differences }) => differences)).toEqual(outcomes.map(() => []));
    expect(new Set(outcomes.map(({ gate }) => gate.result))).toEqual(new Set(["pass", "fail", "not-applicable", "unknown"]));
  });

  it("tells of every key that cases have", () => {
    for (const key of ["policy", "name", "given", "params", "expect", "reason", "enforce", "until"]) expect(page).toContain(`\`${key}\``);
  });
});
