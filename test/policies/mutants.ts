import { Environment, type ASTNode } from "@marcbachmann/cel-js";
import { isMap, isScalar, parseDocument, type Node } from "yaml";
import { runCase, type PolicyCase } from "../../src/domain/policy/cases.ts";
import { parsePolicy } from "../../src/domain/policy/policy-file.ts";
import { YamlReader } from "../../src/domain/policy/yaml-reader.ts";

/** A policy file with one thing in it changed. */
export interface Mutant {
  /** LINE:COLUMN in the policy file, and under which key. */
  readonly at: string;
  readonly was: string;
  readonly became: string;
  readonly text: string;
}

/** `invalid`: the loader refuses it. `killed`: a case comes out differently. */
export type Fate = "invalid" | "killed" | "survived";

/** One place of an expression, and what may stand there instead. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly became: string;
}

const OTHER_COMPARISONS: Readonly<Record<string, readonly string[]>> = {
  "==": ["!="],
  "!=": ["=="],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
};
const OTHER_OPERATORS: Readonly<Record<string, readonly string[]>> = { ...OTHER_COMPARISONS, "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"] };
const OTHER_METHODS: Readonly<Record<string, string>> = { all: "exists", exists: "all" };
const EXPRESSIONS = ["when", "wait", "until", "pass"] as const;
const ALL_OF = { kinds: ["promotion", "revert", "hotfix"], origins: ["bot", "person"] } as const;
const parser = new Environment();

/** Every mutant of a policy file: of its expressions, where it applies and warns, whether it blocks, and the defaults of its parameters. */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const root = parseDocument(text).contents;
  if (!isMap(root)) throw new Error(`${file} holds no mapping`);
  const applies = asNode(root.get("applies", true));
  return [
    ...EXPRESSIONS.flatMap((key) => expressionMutants(file, text, key, asNode(root.get(key, true)))),
    ...scopeMutants(text, "applies", applies, {}),
    // What the policy does not judge it cannot warn of.
    ...(root.has("warn") ? scopeMutants(text, "warn", asNode(root.get("warn", true)), scopeOf(text, applies)) : []),
    ...enforceMutants(file, text, asNode(root.get("enforce", true))),
    ...parameterMutants(text, asNode(root.get("parameters", true))),
  ];
}

/** Loads a mutant and judges the cases of its policy by it. */
export function fateOf(file: string, mutant: Mutant, cases: readonly PolicyCase[]): Fate {
  const parsed = parsePolicy(file, mutant.text);
  if (!parsed.ok) return "invalid";
  return cases.some((one) => runCase(parsed.policy, one).differences.length > 0) ? "killed" : "survived";
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isMap(value) ? value : null;
}

function expressionMutants(file: string, text: string, key: string, node: Node | null): readonly Mutant[] {
  if (!isScalar(node)) return [];
  const reader = new YamlReader(file, text);
  const read = reader.root() === null ? null : reader.text(node, node, key);
  if (read === null) return [];
  const source = read.value;
  return changesOf(source).map(({ start, end, became }) => {
    reader.problemIn(read, start, "");
    const place = reader.problems.at(-1);
    const changed = `${source.slice(0, start)}${became}${source.slice(end)}`;
    const at = `${place?.line ?? 0}:${place?.column ?? 0} ${key}`;
    return { at, was: source.slice(start, end), became, text: withValue(text, node, JSON.stringify(changed)) };
  });
}

/** Puts a new value in the place of a node. Double quotes hold any text, so the old style does not matter. */
function withValue(text: string, node: Node, value: string): string {
  const [start, end] = node.range ?? [0, 0];
  const block = isScalar(node) && (node.type === "BLOCK_FOLDED" || node.type === "BLOCK_LITERAL");
  return `${text.slice(0, start)}${value}${block ? "\n" : ""}${text.slice(end)}`;
}

function changesOf(source: string): readonly Change[] {
  const changes: Change[] = [];
  const root = parser.parse(source).ast;
  visit(root, source, changes);
  changes.push(...negated(root, source));
  return changes;
}

function visit(node: ASTNode, source: string, changes: Change[]): void {
  const { start, end } = node.range;
  const visitAll = (nodes: readonly ASTNode[]): void => nodes.forEach((child) => visit(child, source, changes));
  switch (node.op) {
    case "id":
      return;
    case "value":
      for (const became of otherLiterals(node.args)) changes.push({ start, end, became });
      return;
    case ".":
      return visit(node.args[0], source, changes);
    case "call":
      return visitAll(node.args[1]);
    case "rcall": {
      const [name, receiver, given] = node.args;
      visitAll([receiver, ...given]);
      const other = OTHER_METHODS[name];
      const at = source.indexOf(name, receiver.range.end);
      if (other !== undefined) changes.push({ start: at, end: at + name.length, became: other });
      if (other !== undefined || name === "filter") changes.push(...given.slice(1).flatMap((body) => negated(body, source)));
      return;
    }
    case "list":
      return visitAll(node.args);
    case "!_":
      changes.push({ start, end: start + 1, became: "" });
      return visit(node.args, source, changes);
    case "-_":
      return visit(node.args, source, changes);
    case "?:":
      changes.push(...negated(node.args[0], source));
      return visitAll(node.args);
    default:
      return visitBinary(node, source, changes);
  }
}

function visitBinary(node: ASTNode, source: string, changes: Change[]): void {
  const operands: readonly ASTNode[] = [node.args].flat<unknown[]>().filter(isNode);
  for (const operand of operands) visit(operand, source, changes);
  const [left, right] = operands;
  if (left === undefined || right === undefined) return;
  const at = source.indexOf(node.op, left.range.end);
  if (at === -1 || at >= right.range.start) return;
  for (const became of OTHER_OPERATORS[node.op] ?? []) changes.push({ start: at, end: at + node.op.length, became });
  if (node.op === "&&" || node.op === "||") changes.push(...operands.flatMap((operand) => negated(operand, source)));
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "range" in value;
}

/** A condition that is a bare fact, or a question of a method, turned round. Others are changed inside. */
function negated(node: ASTNode, source: string): readonly Change[] {
  const bare = node.op === "id" || node.op === "." || node.op === "rcall" || node.op === "in";
  const { start, end } = node.range;
  return bare ? [{ start, end, became: `!(${source.slice(start, end)})` }] : [];
}

function otherLiterals(value: unknown): readonly string[] {
  if (typeof value === "boolean") return [String(!value)];
  if (typeof value === "bigint") return [String(value + 1n), String(value - 1n)];
  if (typeof value === "number") return [String(value + 1)];
  if (typeof value !== "string") return [];
  return value === "" ? ['"~"'] : ['""', JSON.stringify(`${value}~`)];
}

function placeOf(text: string, node: Node | null): string {
  const before = text.slice(0, node?.range?.[0] ?? text.length);
  return `${before.split("\n").length}:${before.length - before.lastIndexOf("\n")}`;
}

type Scope = Readonly<Record<string, readonly string[]>>;

function scopeOf(text: string, node: Node | null): Scope {
  return (node?.toJS(parseDocument(text)) ?? {}) as Scope;
}

/** Each kind and origin that is covered left out, each that is not taken in, and each name of environments and apps made to mean all; nothing outside of `within`. */
function scopeMutants(text: string, key: "applies" | "warn", node: Node | null, within: Scope): readonly Mutant[] {
  const scope = scopeOf(text, node);
  const at = `${placeOf(text, node)} ${key}`;
  const changed = (list: string, became: readonly string[]): Mutant => {
    const value = JSON.stringify({ ...scope, [list]: became });
    const mutated = node === null ? `${text}\n${key}: ${value}\n` : withValue(text, node, `${value}${text.slice(0, node.range?.[1]).endsWith("\n") ? "\n" : ""}`);
    return { at: `${at}.${list}`, was: JSON.stringify(scope[list] ?? "all"), became: JSON.stringify(became), text: mutated };
  };
  const choices = Object.entries(ALL_OF).flatMap(([list, all]) => {
    const covered: readonly string[] = scope[list] ?? all;
    const sensible = all.filter((one) => within[list]?.includes(one) ?? true);
    return sensible.map((one) => changed(list, covered.includes(one) ? covered.filter((other) => other !== one) : [...covered, one]));
  });
  const names = ["environments", "apps"].flatMap((list) => (scope[list] ?? []).map((one) => changed(list, (scope[list] ?? []).map((other) => (other === one ? "*" : other)))));
  return [...choices, ...names];
}

function enforceMutants(file: string, text: string, node: Node | null): readonly Mutant[] {
  if (!isScalar(node)) throw new Error(`${file} has no \`enforce\``);
  const became = node.value === "block" ? "warn" : "block";
  return [{ at: `${placeOf(text, node)} enforce`, was: String(node.value), became, text: withValue(text, node, became) }];
}

function parameterMutants(text: string, node: Node | null): readonly Mutant[] {
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key, value }) => {
    const fallback = isMap(value) ? value.get("default", true) : undefined;
    if (!isScalar(fallback)) return [];
    return otherDefaults(fallback.value).map((became) => ({
      at: `${placeOf(text, fallback)} parameters.${String(key)}`,
      was: String(fallback.value),
      became,
      text: withValue(text, fallback, became),
    }));
  });
}

/** A duration is text, and one more of its unit is another. */
function otherDefaults(value: unknown): readonly string[] {
  const [, digits, unit] = typeof value === "string" ? (/^([0-9]+)([smhd])$/.exec(value) ?? []) : [];
  if (digits !== undefined) return [`${Number(digits) + 1}${unit ?? ""}`];
  return otherLiterals(typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value);
}
