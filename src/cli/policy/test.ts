import { CONFIG_PATH } from "../../domain/config.ts";
import { CASES_ENDING, parameterProblems, runCase, type CaseFile, type CaseOutcome } from "../../domain/policy/cases.ts";
import type { Policy } from "../../domain/policy/policy-set.ts";
import { plural } from "../../domain/report/readable.ts";
import { EXIT, type Command, type ExitCode, type Terminal } from "../command.ts";
import { configuredFor, OWN_POLICIES, policyNamed, problemText, readRules, type LoadShipped, type Rules, type RulesResult } from "./rules.ts";

export function policyTest(loadShipped: LoadShipped): Command {
  return {
    name: "policy test",
    parameters: "[DIR] [--json]",
    summary: "run the cases that stand beside policies",
    details: `Runs the cases in the files NAME${CASES_ENDING} of DIR, ${OWN_POLICIES} unless given. A case
is a promotion, and what one policy must say of it: a policy of DIR, or one that comes with Pinion.

  policy: soak
  cases:
    - name: half an hour is too short
      given: { upstream: [{ soaked_for: 30m, soaked_at: 2026-11-21T14:30:00Z }] }
      expect: wait                      # pass, fail, wait, unknown or not-applicable
      until: 2026-11-21T14:30:00Z       # optional, as are enforce: and reason:

What is given is laid over the facts of a promotion that nothing is wrong with (docs/facts.md), and params:
over the parameters in ${CONFIG_PATH}. Beside cases: both hold for all of them.

  --json   {"ok", "cases": [{"file", "line", "policy", "name", "ok", "result", "reason", "differences":
           [{"what", "expected", "got"}]}], "untested": policies without cases,
           "problems": [{"file", "line", "column", "message"}], "problem"?}`,
    exitCodes: `Exit codes:
  0  every case is as expected
  1  some are not
  2  DIR, or a file in it, cannot be used
  3  Pinion failed
`,
    accepts: { words: 1, json: true },
    run: async ({ words, json }, terminal) => {
      const read = await readRules(words[0] ?? OWN_POLICIES, loadShipped);
      if (!read.ok) {
        const cure = words[0] === undefined && read.problem !== null ? "pinion: name a folder, or go to the root of the repository\n" : "";
        return broken(read, cure, json, terminal);
      }
      const { rules } = read;
      if (rules.cases.length === 0) {
        const problem = `${rules.directory} has no cases: write some in NAME${CASES_ENDING} (pinion policy test --help shows how)`;
        return broken({ ok: false, problem, problems: [] }, "", json, terminal);
      }
      const named = rules.cases.map((file) => ({ file, policy: policyNamed(rules.policies, file.policy) }));
      const problems = named.flatMap(({ file, policy }) =>
        typeof policy === "string" ? [{ file: file.file, ...file.at, message: policy }] : parameterProblems(policy, file),
      );
      if (problems.length > 0) return broken({ ok: false, problem: null, problems }, "", json, terminal);
      const ran = named.flatMap(({ file, policy }) => (typeof policy === "string" ? [] : [runFile(rules, file, policy)]));
      const untested = rules.own.map(({ name }) => name).filter((name) => !ran.some(({ policy }) => policy.name === name));
      terminal.out(json ? asJson(ran, untested) : asText(ran, untested));
      return ran.every(({ outcomes }) => outcomes.every(isAsExpected)) ? EXIT.ok : EXIT.problems;
    },
  };
}

interface RanFile {
  readonly file: CaseFile;
  readonly policy: Policy;
  readonly outcomes: readonly CaseOutcome[];
}

function runFile(rules: Rules, file: CaseFile, policy: Policy): RanFile {
  return { file, policy, outcomes: file.cases.map((one) => runCase(policy, one, configuredFor(rules, one.facts.promotion.environment))) };
}

function isAsExpected({ differences }: CaseOutcome): boolean {
  return differences.length === 0;
}

function broken(result: Extract<RulesResult, { ok: false }>, cure: string, json: boolean, terminal: Terminal): ExitCode {
  const { problem, problems } = result;
  if (json) terminal.out(`${JSON.stringify({ ok: false, cases: [], untested: [], problems, ...(problem === null ? {} : { problem }) }, null, 2)}\n`);
  else terminal.err(`${problemText(result)}${cure}`);
  return EXIT.usage;
}

function asText(ran: readonly RanFile[], untested: readonly string[]): string {
  const outcomes = ran.flatMap((file) => file.outcomes);
  const wrong = outcomes.filter((outcome) => !isAsExpected(outcome)).length;
  return [
    ...ran.map((file) => `${file.policy.name}  (${file.file.file})\n${file.outcomes.map((outcome) => caseText(file, outcome)).join("")}\n`),
    ...untested.map((name) => `${name} has no cases\n`),
    `${plural(outcomes.length, "case")}, ${wrong === 0 ? "all as expected" : `${wrong} not as expected`}\n`,
  ].join("");
}

function caseText({ file }: RanFile, outcome: CaseOutcome): string {
  const { case: one, gate, differences } = outcome;
  if (isAsExpected(outcome)) return `  ok    ${one.name}\n`;
  const compared = differences.map(({ what, expected, got }) => `        ${what.padEnd(8)}- ${expected}\n        ${" ".repeat(8)}+ ${got}\n`);
  const because = differences.some(({ what }) => what === "reason") ? "" : `        because: ${gate.reason}\n`;
  return `  WRONG ${one.name}  (${file.file}:${one.line}; - expected, + got)\n${compared.join("")}${because}`;
}

function asJson(ran: readonly RanFile[], untested: readonly string[]): string {
  const cases = ran.flatMap(({ file, policy, outcomes }) =>
    outcomes.map((outcome) => ({
      file: file.file,
      line: outcome.case.line,
      policy: policy.name,
      name: outcome.case.name,
      ok: isAsExpected(outcome),
      result: outcome.gate.result,
      reason: outcome.gate.reason,
      differences: outcome.differences,
    })),
  );
  return `${JSON.stringify({ ok: cases.every(({ ok }) => ok), cases, untested, problems: [] }, null, 2)}\n`;
}
