import { readFile } from "node:fs/promises";
import { readCheckedYaml } from "../../domain/checked-yaml.ts";
import type { Facts } from "../../domain/facts.ts";
import type { Gate, Judgement } from "../../domain/policy.ts";
import { evaluatePolicies, judge } from "../../domain/policy/evaluate.ts";
import type { PolicyProblem } from "../../domain/policy/policy-set.ts";
import { wholeFacts, writtenFactProblems } from "../../domain/policy/written-facts.ts";
import { readableTime } from "../../domain/report/readable.ts";
import type { YamlLimits } from "../../domain/yaml-document.ts";
import { EXIT, type Command, type ExitCode, type Terminal } from "../command.ts";
import { unreadable } from "../set.ts";
import { table } from "../table.ts";
import { configuredFor, OWN_POLICIES, policyNamed, problemText, readRules, type LoadShipped, type RulesResult } from "./rules.ts";

/** More than all groups may hold together. */
const LIMITS: YamlLimits = { characters: 2 * 1024 * 1024, aliases: 50, scalars: "typed" };

/** Nothing that is undecided may look like a pass to a script, so it has a code of its own. */
const EVAL_EXIT = { pass: EXIT.ok, fail: EXIT.problems, unusable: EXIT.usage, undecided: EXIT.failed } as const;

export function policyEval(loadShipped: LoadShipped): Command {
  return {
    name: "policy eval",
    parameters: "--facts FILE [--policy NAME] [DIR] [--json]",
    summary: "judge facts by the policies",
    details: `Judges the promotion that the facts in FILE describe (YAML or JSON, - for standard input) by the policies that
come with Pinion and those in DIR, ${OWN_POLICIES} unless given, with what the repository's
configuration says of them. Nothing is asked of the world.

  --policy NAME  judge by this policy alone, as if the configuration named it
  --json         {"judgement": "pass", "fail", "wait" or "unknown", "until"?, "gates": [{"policy", "enforce",
                 "result", "until"?, "reason", "override"?}]}; where something cannot be used
                 {"problems": [{"file", "line", "column", "message"}], "problem"?}

Every fact is told in docs/facts.md, and checked by schema/facts.schema.json. A fact that is left out, or is
given as {unknown: REASON}, is unknown, and a policy that needs it never passes.`,
    exitCodes: `Exit codes:
  0  it passes; or, with --policy, the policy does not apply
  1  it fails
  2  the command line, FILE or DIR cannot be used
  3  neither yet: wait or unknown
`,
    accepts: { words: 1, json: true, options: [{ name: "facts", value: true }, { name: "policy", value: true }] },
    run: async ({ words, json, options }, terminal) => {
      const file = options.get("facts");
      if (file === undefined) return refuse("which facts? Write pinion policy eval --facts FILE", terminal);
      const facts = await readFacts(file, terminal);
      if (typeof facts === "string") return refuse(facts, terminal);
      if ("problems" in facts) return unusable({ ok: false, problem: null, problems: facts.problems }, json, terminal);
      const read = await readRules(words[0], loadShipped);
      if (!read.ok) return unusable(read, json, terminal);
      const configured = configuredFor(read.rules, facts.promotion.environment);
      const name = options.get("policy");
      if (name === undefined) return finish(evaluatePolicies(read.rules, facts, configured), false, json, terminal);
      const policy = policyNamed(read.rules.policies, name);
      if (typeof policy === "string") return refuse(policy, terminal);
      // Whoever names it here wants to know what it would say.
      const named = configured.has(name) ? configured : new Map([...configured, [name, new Map()]]);
      return finish(evaluatePolicies({ policies: [policy] }, facts, named), true, json, terminal);
    },
  };
}

function finish(gates: readonly Gate[], single: boolean, json: boolean, terminal: Terminal): ExitCode {
  const judgement = judge(gates);
  const [only] = gates;
  const outcome = single && only !== undefined ? only.result : judgement.outcome;
  terminal.out(json ? asJson(judgement, gates) : asText(outcome, judgement, gates));
  switch (outcome) {
    case "pass":
    case "not-applicable":
      return EVAL_EXIT.pass;
    case "fail":
      return EVAL_EXIT.fail;
    case "wait":
    case "unknown":
      return EVAL_EXIT.undecided;
  }
}

async function readFacts(file: string, terminal: Terminal): Promise<Facts | string | { readonly problems: readonly PolicyProblem[] }> {
  let text: string;
  try {
    const bytes = file === "-" ? await terminal.input() : await readFile(file);
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    return cause instanceof TypeError ? `${file} is not UTF-8: save it as such` : unreadable(file, cause);
  }
  const read = readCheckedYaml(text, LIMITS, (value) => writtenFactProblems(value, [], false));
  return read.ok ? wholeFacts(read.value) : { problems: read.problems.map((problem) => ({ file, ...problem })) };
}

function unusable(result: Extract<RulesResult, { ok: false }>, json: boolean, terminal: Terminal): ExitCode {
  const { problem, problems } = result;
  if (json) terminal.out(`${JSON.stringify({ problems, ...(problem === null ? {} : { problem }) }, null, 2)}\n`);
  else terminal.err(problemText(result));
  return EVAL_EXIT.unusable;
}

function refuse(problem: string, terminal: Terminal): ExitCode {
  terminal.err(`pinion: ${problem}\n`);
  return EVAL_EXIT.unusable;
}

function asText(outcome: Gate["result"], judgement: Judgement, gates: readonly Gate[]): string {
  const rows = gates.map((gate) => {
    const result = gate.enforce === "warn" ? `${gate.result} (warns)` : gate.result;
    return [gate.policy, result, untilText(gate), gate.override === undefined ? gate.reason : `${gate.reason} (${gate.override})`];
  });
  const until = gates.length > 1 && judgement.outcome === "wait" && judgement.until !== null ? ` until ${readableTime(judgement.until)}` : "";
  return `${table(["POLICY", "RESULT", "UNTIL", "REASON"], rows)}\n${outcome}${until}\n`;
}

function untilText(gate: Gate): string {
  return gate.result === "wait" && gate.until !== null ? readableTime(gate.until) : "";
}

function asJson(judgement: Judgement, gates: readonly Gate[]): string {
  const moment = (until: number | null) => (until === null ? {} : { until: new Date(until).toISOString() });
  const told = gates.map((gate) => {
    const { policy, enforce, result, reason, override } = gate;
    return { policy, enforce, result, ...(gate.result === "wait" ? moment(gate.until) : {}), reason, ...(override === undefined ? {} : { override }) };
  });
  const { outcome } = judgement;
  return `${JSON.stringify({ judgement: outcome, ...(judgement.outcome === "wait" ? moment(judgement.until) : {}), gates: told }, null, 2)}\n`;
}
