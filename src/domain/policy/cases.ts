import { readCheckedYaml, type PlacedProblem } from "../checked-yaml.ts";
import type { Facts } from "../facts.ts";
import type { Instant } from "../answer.ts";
import type { Gate } from "../policy.ts";
import { compileSchemaCheck, formatPath, type SchemaProblem } from "../schema-check.ts";
import { didYouMean } from "../suggest.ts";
import { isYamlList, member, members, type TextPosition, type YamlLimits, type YamlPath, type YamlValue } from "../yaml-document.ts";
import { evaluatePolicies } from "./evaluate.ts";
import { mergedPolicies, readParameter, type ConfiguredPolicies, type GivenParameters } from "./parameters.ts";
import type { Policy } from "./policy-set.ts";
import { SOUND_FACTS } from "./sound-facts.ts";
import { laidOver, writtenFactProblems } from "./written-facts.ts";

/** What a case wants of its gate. What is null is not looked at. */
export interface Expectation {
  readonly result: Gate["result"];
  readonly enforce: Gate["enforce"] | null;
  readonly reason: string | null;
  /** `unknown`: the wait must not say until when. */
  readonly until: Instant | "unknown" | null;
}

/** One promotion, and what the policy must say of it. */
export interface PolicyCase extends TextPosition {
  readonly name: string;
  readonly facts: Facts;
  /** Parameters of the policy, each as it is written and where. They win over the configuration's. */
  readonly params: ReadonlyMap<string, { readonly value: YamlValue } & TextPosition>;
  readonly expect: Expectation;
}

/** A file of cases of one policy. */
export interface CaseFile {
  readonly file: string;
  readonly policy: string;
  /** Where the policy is named. */
  readonly at: TextPosition;
  readonly cases: readonly PolicyCase[];
}

export type CaseFileResult =
  { readonly ok: true; readonly cases: CaseFile } | { readonly ok: false; readonly problems: readonly (PlacedProblem & { readonly file: string })[] };

/** One thing in which the gate is not as the case wants it. */
export interface Difference {
  readonly what: "result" | "enforce" | "reason" | "until";
  readonly expected: string;
  readonly got: string;
}

/** What became of one case; it is as it should be when there is no difference. */
export interface CaseOutcome {
  readonly case: PolicyCase;
  readonly gate: Gate;
  readonly differences: readonly Difference[];
}

/** The end of the names of files with cases, which stand beside the policies. */
export const CASES_ENDING = ".test.yaml";

const LIMITS: YamlLimits = { characters: 256 * 1024, aliases: 50, scalars: "typed" };
const MOST_CASES = 500;
const RESULTS: readonly Gate["result"][] = ["pass", "fail", "wait", "unknown", "not-applicable"];
const ENFORCED: readonly Gate["enforce"][] = ["block", "warn"];

const checkShape = compileSchemaCheck({
  type: "object",
  properties: {
    policy: { type: "string", minLength: 1 },
    given: {},
    params: { type: "object" },
    cases: {
      type: "array",
      minItems: 1,
      maxItems: MOST_CASES,
      errorMessage: `must be a list of 1 to ${MOST_CASES} cases`,
      items: {
        type: "object",
        properties: {
          name: { type: "string", minLength: 1, maxLength: 200 },
          given: {},
          params: { type: "object" },
          expect: { enum: RESULTS },
          enforce: { enum: ENFORCED },
          reason: { type: "string" },
          until: { type: "string" },
        },
        required: ["name", "expect"],
        additionalProperties: false,
      },
    },
  },
  required: ["policy", "cases"],
  additionalProperties: false,
});

/**
 * Reads a file of cases: the name of a `policy`, and `cases` with `name`, `given`, `params`, `expect` and, where they matter, `enforce`, `reason` and
 * `until`. What is `given` is laid over the sound facts, first the file's own, then the case's, and so are `params` over the configuration's. All problems are told at once.
 */
export function parseCases(file: string, text: string): CaseFileResult {
  const read = readCheckedYaml(text, LIMITS, caseProblems);
  if (!read.ok) return { ok: false, problems: read.problems.map((problem) => ({ file, ...problem })) };
  const { value, placeOf } = read;
  const common = laidOver(SOUND_FACTS, member(value, "given") ?? {}, SOUND_FACTS);
  const params = paramsOf(value, [], placeOf);
  const cases = listOf(member(value, "cases")).map((one, index) => {
    const path = ["cases", index];
    const own = paramsOf(one, path, placeOf);
    return { ...readCase(one, common, placeOf(path)), params: new Map([...params, ...own]) };
  });
  return { ok: true, cases: { file, policy: textOf(member(value, "policy")), at: placeOf(["policy"]), cases } };
}

function paramsOf(holder: YamlValue, path: YamlPath, placeOf: (path: YamlPath) => TextPosition): PolicyCase["params"] {
  return new Map(members(member(holder, "params")).map(([name, value]) => [name, { value, ...placeOf([...path, "params", name]) }]));
}

function caseProblems(value: YamlValue): readonly SchemaProblem[] {
  const given = (holder: YamlValue | undefined, path: YamlPath): readonly SchemaProblem[] => {
    const facts = member(holder, "given");
    return facts === undefined ? [] : writtenFactProblems(facts, [...path, "given"], true);
  };
  const cases = listOf(member(value, "cases")).slice(0, MOST_CASES);
  return [
    ...checkShape(value),
    ...given(value, []),
    ...cases.flatMap((one, index) => [...given(one, ["cases", index]), ...untilProblems(one, ["cases", index])]),
    ...sameNames(cases),
  ];
}

function untilProblems(one: YamlValue, path: YamlPath): readonly SchemaProblem[] {
  const until = member(one, "until");
  const place = [...path, "until"];
  if (typeof until !== "string") return [];
  if (member(one, "expect") !== "wait") return [{ path: place, at: "key", message: `${formatPath(place)} says how long a \`wait\` lasts, and this case expects none` }];
  if (until === "unknown" || !Number.isNaN(Date.parse(until))) return [];
  return [{ path: place, at: "value", message: `${formatPath(place)} must be a moment such as 2026-11-21T14:00:00Z, or unknown` }];
}

function sameNames(cases: readonly YamlValue[]): readonly SchemaProblem[] {
  const names = cases.map((one) => member(one, "name"));
  return names.flatMap((name, index) =>
    typeof name !== "string" || names.indexOf(name) === index
      ? []
      : [{ path: ["cases", index, "name"], at: "value" as const, message: `cases[${index}] has the name of cases[${names.indexOf(name)}]` }],
  );
}

function readCase(one: YamlValue, common: Facts, position: TextPosition): Omit<PolicyCase, "params"> {
  const until = member(one, "until");
  const reason = member(one, "reason");
  return {
    ...position,
    name: textOf(member(one, "name")),
    facts: laidOver(common, member(one, "given") ?? {}, SOUND_FACTS),
    expect: {
      result: RESULTS.find((result) => result === member(one, "expect")) ?? "unknown",
      enforce: ENFORCED.find((enforce) => enforce === member(one, "enforce")) ?? null,
      reason: typeof reason === "string" ? reason.replaceAll(/\s+/g, " ").trim() : null,
      until: typeof until !== "string" ? null : until === "unknown" ? until : Date.parse(until),
    },
  };
}

/** What is wrong with the parameters of a file's cases, now that the policy is known: parameters that it does not have, and values that do not fit. */
export function parameterProblems({ parameters, name }: Policy, { file, cases }: CaseFile): readonly (PlacedProblem & { readonly file: string })[] {
  const problems = cases.flatMap(({ params }) =>
    [...params].flatMap(([given, { value, line, column }]) => {
      const parameter = parameters.find((one) => one.name === given);
      const known = parameters.map((one) => one.name);
      const hint = known.length === 0 ? " It has none." : didYouMean(given, known) || ` It has ${known.join(", ")}.`;
      if (parameter === undefined) return [{ file, line, column, message: `params: ${name} has no parameter "${given}".${hint}` }];
      const read = readParameter(parameter, value);
      return read.ok ? [] : [{ file, line, column, message: `params.${given} ${read.problem}` }];
    }),
  );
  // What a file gives to all of its cases is told once.
  return problems.filter(({ line, column }, index) => problems.findIndex((other) => other.line === line && other.column === column) === index);
}

/** Judges the promotion of a case by the policy alone, as if the configuration named it, and compares. */
export function runCase(policy: Policy, one: PolicyCase, configured: ConfiguredPolicies = new Map()): CaseOutcome {
  const own: GivenParameters = new Map([...one.params].map(([name, { value }]) => [name, value]));
  const [gate] = evaluatePolicies({ policies: [policy] }, one.facts, mergedPolicies(configured, new Map([[policy.name, own]])));
  if (gate === undefined) throw new Error("one policy gives one gate");
  return { case: one, gate, differences: differencesOf(one.expect, gate) };
}

function differencesOf(expect: Expectation, gate: Gate): readonly Difference[] {
  const got = gate.result === "wait" ? (gate.until ?? "unknown") : null;
  const moment = (until: Instant | "unknown" | null): string => (typeof until === "number" ? new Date(until).toISOString() : (until ?? ""));
  const compared: readonly (Difference & { readonly wanted: boolean })[] = [
    { what: "result", expected: expect.result, got: gate.result, wanted: true },
    { what: "enforce", expected: expect.enforce ?? "", got: gate.enforce, wanted: expect.enforce !== null },
    { what: "reason", expected: expect.reason ?? "", got: gate.reason, wanted: expect.reason !== null },
    { what: "until", expected: moment(expect.until), got: moment(got), wanted: expect.until !== null && got !== null },
  ];
  return compared.filter(({ wanted, expected, got }) => wanted && expected !== got).map(({ what, expected, got }) => ({ what, expected, got }));
}

function listOf(value: YamlValue | undefined): readonly YamlValue[] {
  return isYamlList(value) ? value : [];
}

function textOf(value: YamlValue | undefined): string {
  return typeof value === "string" ? value : "";
}
