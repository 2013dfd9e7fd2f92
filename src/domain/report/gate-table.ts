import type { Gate, Judgement } from "../policy.ts";
import type { PromotionKind } from "../record.ts";
import type { AppName, EnvironmentName } from "../release.ts";
import { code, cut, words, type Block } from "./markdown.ts";
import { readableTime } from "./readable.ts";

/** One promotion of a pull request, with what its gates say. */
export interface CheckedPromotion {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly version: string;
  /** What is pinned now, or null when nothing is. */
  readonly fromVersion: string | null;
  readonly kind: PromotionKind;
  readonly gates: readonly Gate[];
  readonly judgement: Judgement;
}

const RESULTS: Readonly<Record<Gate["result"], string>> = {
  fail: "❌ failed",
  unknown: "❓ unknown",
  wait: "⏳ waiting",
  pass: "✅ passed",
  "not-applicable": "not applicable",
};
const RANKS: readonly Gate["result"][] = ["fail", "unknown", "wait", "pass", "not-applicable"];
const MAX_REASON = 600;

/** What holds a promotion back comes first, and of that what needs somebody before what ends by itself. Otherwise the order stays. */
export function strictestFirst(gates: readonly Gate[]): readonly Gate[] {
  return gates.toSorted((a, b) => rank(a) - rank(b));
}

/** A promotion's gates as a table, and below it what each gate asks for. */
export function gatesSection({ app, environment, version, fromVersion, kind, gates }: CheckedPromotion): readonly Block[] {
  const applicable = strictestFirst(gates).filter((gate) => gate.result !== "not-applicable");
  const away = gates.filter((gate) => gate.result === "not-applicable").map((gate) => words(gate.policy));
  const change = fromVersion === null ? code(version) : `${code(fromVersion)} → ${code(version)}`;
  const rows = applicable.map((gate) => {
    return `| ${words(gate.policy)} | ${resultOf(gate)} | ${words(cut(gate.reason, MAX_REASON))} | ${untilOf(gate)} |`;
  });
  const heading = `### ${code(app)} ${change} in ${code(environment)}${kind === "promotion" ? "" : ` (${kind})`}`;
  const table = applicable.length === 0 ? ["No gate applies."] : ["| Gate | Result | Why | Until |", "| :-- | :-- | :-- | :-- |", ...rows];
  return [
    { text: [heading, "", ...table].join("\n"), divisible: true },
    ...(away.length === 0 ? [] : [{ text: `Not applicable here: ${away.join(", ")}.`, divisible: false }]),
    ...(applicable.length === 0 ? [] : [{ text: explanations(applicable), divisible: false }]),
    ...evidence(applicable),
  ];
}

function rank(gate: Gate): number {
  const timed = gate.result === "wait" && gate.until !== null ? 1 : 0;
  const softened = gate.enforce === "warn" ? 2 : 0;
  return RANKS.indexOf(gate.result) * 4 + softened + timed;
}

/** Always a word beside the sign: not everybody sees the sign. */
function resultOf(gate: Gate): string {
  const result = RESULTS[gate.result];
  if (gate.enforce === "block" || gate.result === "pass" || gate.result === "not-applicable") return result;
  return `⚠️ ${result.replace(/^\S+ /, "")} (only a warning)`;
}

function untilOf(gate: Gate): string {
  return gate.result === "wait" && gate.until !== null ? readableTime(gate.until) : "";
}

/** What a gate that holds was decided upon: whoever wonders about its reason finds it there. Nobody asks after one that passes. */
function evidence(gates: readonly Gate[]): readonly Block[] {
  const lines = gates
    .filter(({ result, facts }) => result !== "pass" && facts.length > 0)
    .map(({ policy, facts }) => `- **${words(policy)}**: ${facts.map(({ name, value }) => `${code(name)} = ${code(value)}`).join(", ")}`);
  if (lines.length === 0) return [];
  return [{ text: ["<details>", "<summary>What these gates were decided upon</summary>", "", ...lines, "", "</details>"].join("\n"), divisible: false }];
}

function explanations(gates: readonly Gate[]): string {
  const lines = gates.map((gate) => `- **${words(gate.policy)}**: ${words(gate.description)}`);
  return ["<details>", "<summary>What the gates ask for</summary>", "", ...lines, "", "</details>"].join("\n");
}
