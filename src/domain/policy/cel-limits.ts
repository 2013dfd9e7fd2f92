import type { ASTNode } from "@marcbachmann/cel-js";
import type { Reads } from "./evidence.ts";
import { FACT_TYPES, MOVING_FACTS } from "./fact-types.ts";

/**
 * What an expression may not do although CEL can. No CEL engine bounds how long an evaluation takes, so the
 * shape of expressions is bounded when they are loaded: what is not named here is refused.
 */
const FUNCTIONS: ReadonlySet<string> = new Set([
  "size",
  "string",
  "int",
  "timestamp",
  "duration",
  "time",
  "plural",
  "join",
  "listed",
  "latest",
  "common",
  "without",
  "filled",
  "under",
]);
const METHODS: ReadonlySet<string> = new Set(["size", "startsWith", "endsWith", "contains", "lowerAscii"]);
/** What expressions read a policy's parameters by. It counts among what they mention, but is no fact. */
export const PARAMETERS = "params";
/** Macros that run an expression for each entry of a list. */
const COMPREHENSIONS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map"]);
const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
/** What takes time by the length of a list although it is no comprehension. */
const LIST_OPERATORS: ReadonlySet<string> = new Set(["+", "==", "!="]);
const LIST_MAKERS: ReadonlySet<string> = new Set(["filter", "map", "common", "without", "filled"]);
const LIST_FIELDS: ReadonlySet<string> = new Set(
  [...FACT_TYPES.values()].flatMap((fact) => (fact.shape === "value" ? [] : Object.entries(fact.fields).flatMap(([name, type]) => (type.startsWith("list<") ? [name] : [])))),
);

/** Together they bound how much a chain of `map` can make of its input: (1 + 8/4)^4 times. */
const MAX_PASSES = 4;
const MAX_ADDITIONS = 8;

interface Restrictions {
  readonly problems: readonly { readonly at: number; readonly message: string }[];
  readonly mentions: ReadonlySet<string>;
  readonly reads: Reads;
}

interface Walk {
  readonly facts: Set<string>;
  readonly fields: Set<string>;
  readonly problems: { at: number; message: string }[];
  readonly mentions: Set<string>;
  readonly shown: boolean;
  readonly listParameters: ReadonlySet<string>;
  passes: number;
  additions: number;
}

/** Where a node stands: inside a comprehension's body, and under which operator. */
interface Around {
  readonly inBody: boolean;
  readonly compared: boolean;
}

/** Walks the expression once: what is refused in it, and which facts it mentions. `shown` text may not change by the clock alone. */
export function restrictions(ast: ASTNode, shown: boolean, listParameters: ReadonlySet<string>): Restrictions {
  const walk: Walk = { problems: [], mentions: new Set(), facts: new Set(), fields: new Set(), shown, listParameters, passes: 0, additions: 0 };
  visit(ast, { inBody: false, compared: false }, walk);
  if (walk.passes > MAX_PASSES) {
    walk.problems.push({ at: ast.range.start, message: `an expression may go through lists at most ${MAX_PASSES} times` });
  }
  if (walk.additions > MAX_ADDITIONS) {
    walk.problems.push({ at: ast.range.start, message: `an expression may use \`+\` at most ${MAX_ADDITIONS} times` });
  }
  return { problems: walk.problems, mentions: walk.mentions, reads: { facts: walk.facts, fields: walk.fields } };
}

function visit(node: ASTNode, around: Around, walk: Walk): void {
  const refuse = (message: string): void => void walk.problems.push({ at: node.range.start, message });
  const within = (child: ASTNode): void => visit(child, { ...around, compared: COMPARISONS.has(node.op) }, walk);
  switch (node.op) {
    case "value":
      return;
    case "id":
      if (node.args === PARAMETERS) walk.mentions.add(PARAMETERS);
      if (!FACT_TYPES.has(node.args)) return;
      walk.mentions.add(node.args);
      walk.facts.add(node.args);
      refuseMoving(node.args, around, walk, refuse);
      return;
    case ".":
      // A parameter does not move, whatever it is called.
      if (!isParameters(node.args[0])) refuseMoving(node.args[1], around, walk, refuse);
      within(node.args[0]);
      noteField(node.args[0], node.args[1], walk);
      return;
    case "[]":
      // A field named by a text would escape the check of its name.
      if (node.args[1].op !== "value" || typeof node.args[1].args !== "bigint") refuse("only a whole number may stand in `[ ]`");
      within(node.args[0]);
      return;
    case "call":
      if (!FUNCTIONS.has(node.args[0])) refuse(refusedFunction(node.args[0], FUNCTIONS));
      for (const argument of node.args[1]) within(argument);
      return;
    case "rcall":
      visitMethod(node.args, around, walk, refuse);
      return;
    case "list":
      if (node.args.some((entry) => isList(entry, walk))) refuse("a list may not hold lists");
      for (const entry of node.args) within(entry);
      return;
    case "!_":
    case "-_":
      within(node.args);
      return;
    case "?:":
      for (const part of node.args) within(part);
      return;
    case "map":
    case ".?":
    case "[?]":
      refuse("maps and optional fields are not allowed in policies");
      return;
    default:
      if (node.op === "+") walk.additions += 1;
      if (around.inBody && LIST_OPERATORS.has(node.op) && (isList(node.args[0], walk) || isList(node.args[1], walk))) {
        refuse(`lists may not be joined or compared by \`${node.op}\` for each entry of another: the work would grow with the square of the list`);
      }
      // Looking for an entry goes through the list as well.
      if (node.op === "in" && node.args[1].op !== "list") walk.passes += 1;
      within(node.args[0]);
      within(node.args[1]);
  }
}

/** After what it is a field of was visited: of a record the field alone is read, not the whole. */
function noteField(of: ASTNode, field: string, walk: Walk): void {
  if (of.op === "id" && FACT_TYPES.get(of.args)?.shape === "record") walk.facts.add(`${of.args}.${field}`);
  else walk.fields.add(field);
}

function visitMethod(
  [name, receiver, given]: readonly [string, ASTNode, readonly ASTNode[]],
  around: Around,
  walk: Walk,
  refuse: (message: string) => void,
): void {
  const plain = { ...around, compared: false };
  visit(receiver, plain, walk);
  if (!COMPREHENSIONS.has(name)) {
    if (!METHODS.has(name)) refuse(refusedFunction(name, METHODS));
    for (const argument of given) visit(argument, plain, walk);
    return;
  }
  walk.passes += 1;
  if (around.inBody) refuse(`\`${name}\` may not stand inside another one: the work would grow with the square of the list`);
  const [variable, ...body] = given;
  if (variable?.op === "id" && variable.args === PARAMETERS) refuse(`\`${PARAMETERS}\` are the parameters: give the variable of \`${name}\` another name`);
  if (variable?.op === "id" && FACT_TYPES.has(variable.args)) {
    refuse(`\`${variable.args}\` is a fact: give the variable of \`${name}\` another name`);
  }
  if (name === "map" && body.some((part) => isList(part, walk))) refuse("`map` may not make a list of each entry: it would grow with the square of the list");
  for (const part of body) visit(part, { inBody: true, compared: false }, walk);
}

/** Whether a node is a list, as far as its form tells. The entries of lists never are, since `map` makes none. */
function isList(node: ASTNode, walk: Walk): boolean {
  switch (node.op) {
    case "list":
      return true;
    case "id":
      return FACT_TYPES.get(node.args)?.shape === "list";
    case ".":
      return isParameters(node.args[0]) ? walk.listParameters.has(node.args[1]) : LIST_FIELDS.has(node.args[1]);
    case "rcall":
      return LIST_MAKERS.has(node.args[0]);
    case "?:":
      return isList(node.args[1], walk) || isList(node.args[2], walk);
    case "+":
      return isList(node.args[0], walk) || isList(node.args[1], walk);
    default:
      return false;
  }
}

function isParameters(node: ASTNode): boolean {
  return node.op === "id" && node.args === PARAMETERS;
}

function refuseMoving(name: string, around: Around, walk: Walk, refuse: (message: string) => void): void {
  if (!walk.shown || around.compared || !MOVING_FACTS.has(name)) return;
  refuse(`\`${name}\` changes at every look: in a message it may only be compared, or the check would be written again and again`);
}

function refusedFunction(name: string, allowed: ReadonlySet<string>): string {
  if (name === "matches") {
    return "`matches` is not allowed: a regular expression can run for ever; use startsWith, endsWith, contains or `in`";
  }
  return `\`${name}\` is not allowed in policies; allowed are ${[...allowed].join(", ")}`;
}
