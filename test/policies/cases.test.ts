import { describe, expect, it } from "vitest";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { CASES_ENDING, runCase } from "../../src/domain/policy/cases.ts";
import { fateOf, mutantsOf } from "./mutants.ts";
import { tryMutants } from "./mutate.ts";
import { casesIn, shippedCases } from "./shipped-cases.ts";

const { policies } = await loadShippedPolicies();
const shipped = shippedCases();
const files = [...shipped.values()];

describe("the cases of the shipped policies", () => {
  it("are there for each", () => {
    expect(files.map(({ file }) => file)).toEqual(policies.map(({ name }) => `policies/${name}${CASES_ENDING}`));
    expect(files.map(({ policy }) => policy)).toEqual(policies.map(({ name }) => name));
  });

  it.each(policies.map((policy) => [policy.name, policy] as const))("of %s come out as expected", (name, policy) => {
    const cases = shipped.get(name)?.cases ?? [];
    expect(cases.map((one) => runCase(policy, one)).filter(({ differences }) => differences.length > 0)).toEqual([]);
  });

  it.each(policies.map((policy) => [policy.name, policy] as const))("of %s show every result that it can have", (name, policy) => {
    const shown = new Set(shipped.get(name)?.cases.map(({ expect }) => expect.result));
    const wanted = ["pass", ...(policy.pass === null ? [] : ["fail"]), ...(policy.wait === null ? [] : ["wait"])];
    expect([...shown]).toEqual(expect.arrayContaining(wanted));
  });
});

describe("mutants of policies", () => {
  it("are all found by the cases", () => {
    const tried = tryMutants();
    expect(tried.map(({ policy }) => policy)).toEqual(policies.map(({ name }) => name));
    const survived = tried.flatMap(({ policy, fates }) => fates.filter(({ fate }) => fate === "survived").map(({ mutant: { at, was, became } }) => ({ policy, at, was, became })));
    expect(survived).toEqual([]);
    expect(tried.every(({ fates }) => fates.some(({ fate }) => fate === "killed"))).toBe(true);
  });

  const policy = `name: few
description: Few files change.
applies: { kinds: [promotion] }
enforce: block
wait: "change.conflicts"
pass: >-
  change.other_files.size() < 2 &&
  change.other_files.all(file, !file.startsWith("a"))
messages: { pass: few, fail: many, wait: conflict }
`;

  it("change one thing each, at its place", () => {
    const told = mutantsOf("few.yaml", policy).map(({ at, was, became }) => `${at}: ${was} → ${became}`);
    expect(told).toEqual([
      "5:8 wait: change.conflicts → !(change.conflicts)",
      "7:31 pass: 2 → 3",
      "7:31 pass: 2 → 1",
      "7:29 pass: < → <=",
      "7:29 pass: < → >=",
      "8:32 pass: ! → ",
      '8:49 pass: "a" → ""',
      '8:49 pass: "a" → "a~"',
      "8:22 pass: all → exists",
      "7:33 pass: && → ||",
      '8:3 pass: change.other_files.all(file, !file.startsWith("a")) → !(change.other_files.all(file, !file.startsWith("a")))',
      '3:10 applies.kinds: ["promotion"] → []',
      '3:10 applies.kinds: ["promotion"] → ["promotion","revert"]',
      '3:10 applies.kinds: ["promotion"] → ["promotion","hotfix"]',
      '3:10 applies.origins: "all" → ["person"]',
      '3:10 applies.origins: "all" → ["bot"]',
      "4:10 enforce: block → warn",
    ]);
  });

  it("survive cases that say little, and do not load where nothing is left", () => {
    const { cases } = casesIn("few.test.yaml", "policy: few\ncases: [{ name: none, expect: pass }]\n");
    const fates = mutantsOf("few.yaml", policy).map((mutant) => [mutant.became, fateOf("few.yaml", mutant, cases)]);
    expect(fates).toContainEqual(["[]", "invalid"]);
    expect(fates).toContainEqual(["!(change.conflicts)", "killed"]);
    expect(fates).toContainEqual(["warn", "survived"]);
  });
});
