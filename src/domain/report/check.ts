import type { CheckContent } from "../action.ts";
import { CONFIG_PATH, type ConfigProblem } from "../config.ts";
import { POLICIES_FOLDER } from "../policy/own-policies.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Gate, Judgement } from "../policy.ts";
import { gatesSection, strictestFirst, type CheckedPromotion } from "./gate-table.ts";
import { clause, code, cut, fit, oneLine, words, type Block } from "./markdown.ts";
import { plural, readableTime } from "./readable.ts";
import { cureOfRefusal } from "./refused-merge.ts";

/** GitHub cuts longer titles. */
const MAX_TITLE = 255;
/** GitHub takes 65,535 characters. */
const MAX_SUMMARY = 65_000;
const MAX_LISTED = 100;
const REFUSED = "GitHub does not let Pinion merge";
const CUT_NOTE = "The rest of this text was left out, since GitHub takes no longer one. Everything was judged all the same.";

/**
 * The check run on a pull request that moves pins. It says nothing that changes merely because time passes:
 * moments are absolute, so that an unchanged state is an unchanged text, which is not written again.
 */
export function checkContent(input: {
  readonly promotions: readonly CheckedPromotion[];
  readonly notes: readonly string[];
  /** GitHub's words where every gate passed and it refused the merge all the same. */
  readonly refusedMerge?: string | null;
}): CheckContent {
  const promotions = input.promotions.toSorted((a, b) => severity(a.judgement) - severity(b.judgement));
  const [worst] = promotions;
  if (worst === undefined) return unknownCheck("Nothing has been judged.");
  // While a gate holds, that one is what there is to do first.
  const refused = worst.judgement.outcome === "pass" ? (input.refusedMerge ?? null) : null;
  const said = [...input.notes, ...overridesIn(promotions)];
  const notes = refused === null ? said : [...said, refusedNote(refused)];
  const blocks: Block[] = [
    ...(notes.length === 0 ? [] : [{ text: notes.map((note) => `- ${words(note)}`).join("\n"), divisible: true }]),
    ...promotions.flatMap(gatesSection),
  ];
  const title = refused === null ? titleOf(worst, promotions) : `${REFUSED}: ${clause(refused)}`;
  switch (worst.judgement.outcome) {
    case "pass":
      return content("success", title, blocks);
    case "fail":
      return content("failure", title, blocks);
    case "wait":
    case "unknown":
      return content(null, title, blocks);
  }
}

/** A rule that was replaced is told at the top, whatever it says, and even where it says nothing. */
function overridesIn(promotions: readonly CheckedPromotion[]): readonly string[] {
  const gates = promotions.flatMap((promotion) => promotion.gates);
  return [...new Set(gates.flatMap(({ policy, override }) => (override === undefined ? [] : [`The gate ${policy} is ${override}`])))];
}

function refusedNote(refused: string): string {
  const cure = cureOfRefusal(refused);
  const advice = cure === null ? "" : `${cure}. `;
  return `${REFUSED}: ${refused}. ${advice}Pinion tries again; pinion doctor tells which rules are in its way.`;
}

/** It cannot be told yet what the pull request does: the check stays open. */
export function unknownCheck(reason: string): CheckContent {
  return content(null, `Waiting: ${clause(reason)}`, [{ text: words(reason), divisible: true }]);
}

/** A person must act before anything can be judged. */
export function refusedCheck(reason: string): CheckContent {
  return content("action_required", `Needs a person: ${clause(reason)}`, [{ text: words(reason), divisible: true }]);
}

/** The pull request moves no pin that is promoted. `notes` say what it changes all the same. */
export function noPinsCheck(notes: readonly string[] = []): CheckContent {
  const why = "This pull request sets no pin that Pinion promotes, so Pinion has nothing to judge.";
  if (notes.length === 0) return content("success", "No pins change", [{ text: why, divisible: true }]);
  return content("success", "No pins that Pinion promotes change, but others do", [
    { text: why, divisible: false },
    { text: notes.map((note) => `- ${words(note)}`).join("\n"), divisible: true },
  ]);
}

/** The pull request changes nothing but the rules: Pinion's own configuration, policies, or signers' keys and trusted roots. They can be read. */
export function configOnlyCheck(file: string = CONFIG_PATH): CheckContent {
  const text =
    `${code(file)}, the policies in ${code(POLICIES_FOLDER)}, and keys of signers that change, can be read as this pull request leaves them. ` +
    "They count from the merge on, and those of the default branch until then.";
  return content("success", "Pinion's configuration and policies can be read, and no pins change", [{ text, divisible: true }]);
}

/** The configuration, or a policy of the repository, cannot be read, so nothing is judged until somebody mends it. */
export function configProblemsCheck(problems: readonly ConfigProblem[], file: string = CONFIG_PATH): CheckContent {
  const [first] = problems;
  const files = [...new Set(problems.map((problem) => problem.file ?? file))];
  const where = first === undefined ? "" : `: line ${first.line}: ${clause(first.message)}`;
  const rows = problems.slice(0, MAX_LISTED).map((problem) => {
    const { line, column, message } = problem;
    return files.length < 2 ? `| ${line}:${column} | ${words(message)} |` : `| ${code(`${problem.file ?? file}:${line}:${column}`)} | ${words(message)} |`;
  });
  const left = problems.length - rows.length;
  const [only = file] = files;
  const what = files.length < 2 ? oneLine(only) : plural(files.length, "file");
  return content("action_required", `${plural(problems.length, "problem")} in ${what}${where}`, [
    { text: `${files.map(code).join(", ")} cannot be used. Until ${files.length < 2 ? "it is" : "they are"} mended, nothing is promoted.`, divisible: false },
    { text: [`| ${files.length < 2 ? "Line:column" : "File:line:column"} | Problem |`, "| :-- | :-- |", ...rows].join("\n"), divisible: true },
    ...(left > 0 ? [{ text: `There are ${left} more.`, divisible: false }] : []),
  ]);
}

/** A check as GitHub takes it. A conclusion of null is a check that is not done yet. */
export function content(conclusion: CheckContent["conclusion"], rawTitle: string, blocks: readonly Block[]): CheckContent {
  const title = cut(oneLine(rawTitle), MAX_TITLE);
  const summary = fit(blocks, MAX_SUMMARY, CUT_NOTE);
  const status = conclusion === null ? "in_progress" : "completed";
  return { status, conclusion, title, summary, fingerprint: fingerprint(JSON.stringify([status, conclusion, title, summary])) };
}

function severity({ outcome }: Judgement): number {
  return ["fail", "unknown", "wait", "pass"].indexOf(outcome);
}

/** The most useful thing first: what blocks, or what somebody can do, or that all is well. */
function titleOf(worst: CheckedPromotion, promotions: readonly CheckedPromotion[]): string {
  const { outcome } = worst.judgement;
  if (outcome === "pass") return passedTitle(promotions);
  const prefix = outcome === "fail" ? "Blocked: " : "Waiting: ";
  const where = promotions.length === 1 ? "" : `${oneLine(worst.app)} in ${oneLine(worst.environment)}: `;
  const [gate] = strictestFirst(worst.gates).filter((candidate) => candidate.enforce === "block" && candidate.result === outcome);
  if (gate === undefined) return `${prefix}${where}no gate applies, so nothing has judged this`;
  const holding = promotions.flatMap(({ gates }) => gates).filter((other) => other.enforce === "block" && holds(other)).length;
  const more = holding > 1 ? ` (and ${holding - 1} more)` : "";
  return `${prefix}${where}${cut(told(gate), MAX_TITLE - prefix.length - where.length - more.length)}${more}`;
}

function told(gate: Gate): string {
  const reason = oneLine(gate.reason);
  if (gate.result === "unknown") return `${gate.policy} is unknown: ${reason}`;
  return gate.result === "wait" && gate.until !== null ? `${reason}, until ${readableTime(gate.until)}` : reason;
}

function holds(gate: Gate): boolean {
  return gate.result !== "pass" && gate.result !== "not-applicable";
}

function passedTitle(promotions: readonly CheckedPromotion[]): string {
  const gates = promotions.flatMap((promotion) => promotion.gates);
  const passed = gates.filter((gate) => gate.result === "pass").length;
  const warnings = gates.filter((gate) => gate.enforce === "warn" && holds(gate)).length;
  const all = passed === 1 ? "1 gate passed" : `All ${passed} gates passed`;
  const of = promotions.length === 1 ? "" : ` for ${promotions.length} promotions`;
  return `${warnings === 0 ? all : all.replace(/^All /, "")}${of}${warnings === 0 ? "" : `, with ${plural(warnings, "warning")}`}`;
}
