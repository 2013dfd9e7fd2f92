import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from "@marcbachmann/cel-js";
import type { Instant } from "../answer.ts";
import { plural, readableDuration, readableTime } from "../report/readable.ts";
import { closest, didYouMean } from "../suggest.ts";
import { PARAMETERS, restrictions } from "./cel-limits.ts";
import type { Reads } from "./evidence.ts";
import { FACT_TYPES, readableFields } from "./fact-types.ts";
import type { Parameter, ParameterType } from "./parameters.ts";

/** Something wrong with an expression, at a character of it (from 0). */
export interface ExpressionProblem {
  readonly at: number;
  readonly message: string;
}

/** A checked expression that answers a `T`. */
export interface Expression<T> {
  readonly source: string;
  /** The groups of facts it reads. */
  readonly mentions: ReadonlySet<string>;
  readonly reads: Reads;
  /** Throws when it cannot be evaluated; {@link evaluationProblem} puts that in words. */
  evaluate(values: Readonly<Record<string, unknown>>): T;
}

export type CompiledExpression<T> =
  { readonly ok: true; readonly expression: Expression<T> } | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

/** What an expression must answer: the CEL types allowed, in words too, and how the value is read. */
export interface Wanted<T> {
  readonly types: readonly string[];
  readonly words: string;
  /** The text is shown to people, and must stay the same while nothing happens. */
  readonly shown: boolean;
  read(value: unknown): T;
}

class UnexpectedValue extends Error {}

export const CONDITION: Wanted<boolean> = {
  types: ["bool"],
  words: "true or false",
  shown: false,
  read(value) {
    if (typeof value === "boolean") return value;
    throw new UnexpectedValue("it is neither true nor false");
  },
};

/** A moment: milliseconds since the Unix epoch as facts have them, or a CEL timestamp. 0 is a moment that is not known. */
export const MOMENT: Wanted<Instant> = {
  types: ["int", "google.protobuf.Timestamp"],
  words: "a moment (an int of milliseconds, or a timestamp)",
  shown: false,
  read(value) {
    const moment = value instanceof Date ? value.getTime() : Number(value);
    if (Number.isSafeInteger(moment)) return moment;
    throw new UnexpectedValue("it is no moment");
  },
};

export const WORDS: Wanted<string> = {
  types: ["string", "int"],
  words: "text or a whole number",
  shown: true,
  read(value) {
    if (typeof value === "string") return value;
    if (typeof value === "bigint") return value.toString();
    throw new UnexpectedValue("it is no text");
  },
};

const MAX_SOURCE = 1000;
const MAX_JOINED = 10_000;
const MAX_LISTED = 10;

/** One environment for all policies: it holds declarations only, never facts. */
const ENVIRONMENT = declare();

/** What the expressions of one policy may read: the facts, and its own parameters. */
export interface Language {
  readonly environment: Environment;
  readonly parameters: readonly string[];
  /** Those of them that are lists. */
  readonly lists: ReadonlySet<string>;
}

const CEL_TYPES: Readonly<Record<ParameterType, string>> = {
  string: "string",
  int: "int",
  bool: "bool",
  duration: "int",
  "list<string>": "list<string>",
};

/** The facts, and `params` with these parameters in it. */
export function languageWith(parameters: readonly Parameter[]): Language {
  if (parameters.length === 0) return { environment: ENVIRONMENT, parameters: [], lists: new Set() };
  const environment = ENVIRONMENT.clone();
  environment.registerType("Params", { fields: Object.fromEntries(parameters.map(({ name, type }) => [name, CEL_TYPES[type]])) });
  environment.registerVariable(PARAMETERS, "Params");
  const lists = new Set(parameters.filter(({ type }) => type === "list<string>").map(({ name }) => name));
  return { environment, parameters: parameters.map(({ name }) => name), lists };
}

/** Parses, type-checks and bounds an expression over the facts and the policy's parameters. */
export function compileExpression<T>(source: string, wanted: Wanted<T>, language: Language): CompiledExpression<T> {
  if (source.trim() === "") return refused(0, "an expression is missing here");
  if (source.length > MAX_SOURCE) {
    return refused(0, `an expression may have at most ${MAX_SOURCE} characters, this one has ${source.length}`);
  }
  try {
    const parsed = language.environment.parse(source);
    // Before the types, so that a refused function is called refused and not merely mistyped.
    const { problems, mentions, reads } = restrictions(parsed.ast, wanted.shown, language.lists);
    if (problems.length > 0) return { ok: false, problems };
    const checked = parsed.check();
    if (!checked.valid) return { ok: false, problems: [celProblem(checked.error, mentions, language)] };
    const type = checked.type ?? "dyn";
    if (!wanted.types.includes(type)) {
      return refused(parsed.ast.range.start, `this must answer ${wanted.words}, but it is of type ${type}`);
    }
    const evaluate = (values: Readonly<Record<string, unknown>>): T => {
      const value: unknown = parsed(values);
      return wanted.read(value);
    };
    return { ok: true, expression: { source, mentions, reads, evaluate } };
  } catch (error) {
    return { ok: false, problems: [celProblem(error, new Set(), language)] };
  }
}

/** Why an expression could not be evaluated, in one line. */
export function evaluationProblem(error: unknown): string {
  if (error instanceof EvaluationError || error instanceof CelTypeError) return error.summary;
  if (error instanceof Error) return error.message;
  return "unexpected failure";
}

function refused(at: number, message: string): { readonly ok: false; readonly problems: readonly ExpressionProblem[] } {
  return { ok: false, problems: [{ at, message }] };
}

function celProblem(error: unknown, mentions: ReadonlySet<string>, language: Language): ExpressionProblem {
  if (!(error instanceof ParseError || error instanceof CelTypeError)) {
    return { at: 0, message: error instanceof Error ? error.message : "the expression cannot be read" };
  }
  const summary = `${error.summary.charAt(0).toLowerCase()}${error.summary.slice(1)}`;
  return { at: error.range?.start ?? 0, message: `${summary}${hint(error, mentions, language)}` };
}

/** What could have been meant instead of a name that does not exist, or, where nothing is like it, what there is. */
function hint({ code, summary }: ParseError | CelTypeError, mentions: ReadonlySet<string>, { parameters }: Language): string {
  const known = parameters.length === 0 ? "this policy declares no parameters" : `${PARAMETERS} has ${parameters.join(", ")}`;
  const name = summary.slice(summary.lastIndexOf(":") + 1).trim();
  const meantOr = (names: readonly string[], all: string): string => (closest(name, names) === null ? all : `.${didYouMean(name, names)}`);
  if (code === "unknown_variable") {
    if (name === PARAMETERS) return `; ${known}`;
    const facts = [...FACT_TYPES.keys()];
    return meantOr(facts, `; the facts are ${facts.join(", ")}`);
  }
  if (code !== "no_such_key") return "";
  const owners = [...mentions].flatMap((owner) => {
    if (owner === PARAMETERS) return [{ fields: parameters, told: known }];
    const declaration = FACT_TYPES.get(owner);
    if (declaration === undefined || declaration.shape === "value") return [];
    const fields = Object.keys(readableFields(declaration.fields));
    return [{ fields, told: `${owner} has ${fields.join(", ")}` }];
  });
  return meantOr(owners.flatMap(({ fields }) => fields), owners.map(({ told }) => `; ${told}`).join(""));
}

function declare(): Environment {
  const environment = new Environment({ limits: { maxAstNodes: 300, maxDepth: 32, maxListElements: 100, maxCallArguments: 8 } });
  for (const [name, declaration] of FACT_TYPES) {
    if (declaration.shape === "value") {
      environment.registerVariable(name, declaration.type);
      continue;
    }
    const type = `Facts_${name}`;
    environment.registerType(type, { fields: readableFields(declaration.fields) });
    environment.registerVariable(name, declaration.shape === "list" ? `list<${type}>` : type);
  }
  const sync = { async: false };
  environment.registerFunction("duration(int): string", (length: bigint) => readableDuration(Number(length)), sync);
  environment.registerFunction("time(int): string", (moment: bigint) => readableTime(Number(moment)), sync);
  environment.registerFunction("plural(int, string): string", (count: bigint, one: string) => plural(count, one), sync);
  environment.registerFunction("join(list<string>, string): string", joined, sync);
  environment.registerFunction("listed(list<string>): string", listed, sync);
  environment.registerFunction("common(list<string>, list<string>): list<string>", common, sync);
  environment.registerFunction("without(list<string>, list<string>): list<string>", without, sync);
  environment.registerFunction("filled(list<string>, string): list<string>", filled, sync);
  environment.registerFunction("latest(list<int>): int", latest, sync);
  environment.registerFunction("under(string, list<string>): bool", under, sync);
  return environment;
}

function joined(parts: readonly string[], separator: string): string {
  const length = parts.reduce((sum, part) => sum + part.length + separator.length, 0);
  if (length > MAX_JOINED) throw new UnexpectedValue(`join() gives more than ${MAX_JOINED} characters`);
  return parts.join(separator);
}

/** A list that may be long, for people: the first entries, and how many more there are. */
function listed(entries: readonly string[]): string {
  const shown = joined(entries.slice(0, MAX_LISTED), ", ");
  return entries.length > MAX_LISTED ? `${shown} and ${entries.length - MAX_LISTED} more` : shown;
}

/** The entries of the first list that are in the second one too. */
function common(left: readonly string[], right: readonly string[]): readonly string[] {
  const names = new Set(right);
  return left.filter((entry) => names.has(entry));
}

/** The entries of the first list that are not in the second one. */
function without(left: readonly string[], right: readonly string[]): readonly string[] {
  const names = new Set(right);
  return left.filter((entry) => !names.has(entry));
}

/** The entries with `{app}` in them replaced by the app's name. */
function filled(entries: readonly string[], app: string): readonly string[] {
  return entries.map((entry) => entry.replaceAll("{app}", () => app));
}

/** Whether a path, like an image's repository, is one of these or below one of them: `ghcr.io/acme/app` is under `ghcr.io/acme`, and `ghcr.io/acme-evil` is not. */
function under(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => {
    const folder = root.endsWith("/") ? root.slice(0, -1) : root;
    return folder !== "" && (path === folder || path.startsWith(`${folder}/`));
  });
}

/** The greatest of some moments, or 0 when there is none or one of them is not known. */
function latest(moments: readonly bigint[]): bigint {
  if (moments.includes(0n)) return 0n;
  return moments.reduce((last, moment) => (moment > last ? moment : last), 0n);
}
