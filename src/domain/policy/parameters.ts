import { LONGEST_DURATION as LONGEST_IN_CONFIG, parseDuration } from "../config/duration.ts";
import { readableDuration } from "../report/readable.ts";
import { didYouMean } from "../suggest.ts";
import { isYamlList, type YamlValue } from "../yaml-document.ts";

/** What a parameter can be. A duration is written as `30m` or `1h`, and expressions read it as whole milliseconds. */
export const PARAMETER_TYPES = ["string", "int", "bool", "duration", "list<string>"] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** A parameter's value as it is used: durations are milliseconds. */
export type ParameterValue = string | number | boolean | readonly string[];

/** One parameter that a policy declares under `parameters:`. */
export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly description: string;
  /** What holds where the configuration says nothing. Null: the configuration must say it. */
  readonly fallback: ParameterValue | null;
  /** Bounds of an int or a duration (milliseconds), or of the number of entries of a list. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** The only texts that a string, or an entry of a list, may be. */
  readonly oneOf: readonly string[] | null;
  /** Where the policy file declares it. */
  readonly line: number;
  readonly column: number;
}

/** Parameters as the configuration gives them to one policy, each as it is written. */
export type GivenParameters = ReadonlyMap<string, YamlValue>;

/** What the configuration says of policies: a name that is there switches the policy on. */
export type ConfiguredPolicies = ReadonlyMap<string, GivenParameters>;

const MAX_TEXT = 4000;
const MAX_ENTRY = 500;
const MAX_ENTRIES = 100;
/** Ages of images and the like may be longer than anything else in the configuration. */
const LONGEST_DURATION = LONGEST_IN_CONFIG * 40;

export type ReadParameter =
  | { readonly ok: true; readonly value: ParameterValue }
  /** `index` is the entry of a list that is wrong. The problem ends the sentence "NAME …". */
  | { readonly ok: false; readonly problem: string; readonly index: number | null };

/** Checks a value against the type and the bounds that a parameter declares. */
export function readParameter(parameter: Parameter, value: YamlValue): ReadParameter {
  const read = readTyped(parameter, value);
  if (!read.ok) return read;
  const problem = boundsProblem(parameter, read.value);
  return problem === null ? read : { ok: false, ...problem };
}

/** Checks the type alone; the bounds of a parameter are read by it. */
export function readTyped({ type }: Pick<Parameter, "type">, value: YamlValue): ReadParameter {
  switch (type) {
    case "string":
      return readText(value, MAX_TEXT, null);
    case "int":
      return typeof value === "number" && Number.isSafeInteger(value) ? { ok: true, value } : refused(`must be a whole number, but is ${written(value)}`);
    case "bool":
      return typeof value === "boolean" ? { ok: true, value } : refused(`must be true or false, but is ${written(value)}`);
    case "duration":
      return readDuration(value);
    case "list<string>":
      return readList(value);
  }
}

function readText(value: YamlValue, limit: number, index: number | null): ReadParameter {
  if (typeof value !== "string") return { ok: false, problem: `must be text, but is ${written(value)}`, index };
  if (value.length <= limit) return { ok: true, value };
  return { ok: false, problem: `may have at most ${limit} characters, and has ${value.length}`, index };
}

function readDuration(value: YamlValue): ReadParameter {
  const duration = typeof value === "string" ? parseDuration(value) : null;
  if (duration === null) return refused(`must be a length of time with its unit, such as 90s, 30m, 1h or 2d, but is ${written(value)}`);
  return duration <= LONGEST_DURATION ? { ok: true, value: duration } : refused(`may be at most ${readableDuration(LONGEST_DURATION)} long`);
}

function readList(value: YamlValue): ReadParameter {
  if (!isYamlList(value)) return refused(`must be a list of texts, but is ${written(value)}`);
  if (value.length > MAX_ENTRIES) return refused(`may have at most ${MAX_ENTRIES} entries, and has ${value.length}`);
  const texts: string[] = [];
  for (const [index, entry] of value.entries()) {
    const read = readText(entry, MAX_ENTRY, index);
    if (!read.ok) return read;
    if (typeof read.value === "string") texts.push(read.value);
  }
  return { ok: true, value: texts };
}

function boundsProblem(parameter: Parameter, value: ParameterValue): { readonly problem: string; readonly index: number | null } | null {
  const { type, minimum, maximum, oneOf } = parameter;
  const shown = (bound: number): string => (type === "duration" ? readableDuration(bound) : type === "int" ? String(bound) : `${bound} entries`);
  const size = typeof value === "number" ? value : typeof value === "object" ? value.length : null;
  if (size !== null && minimum !== null && size < minimum) return { problem: `must be at least ${shown(minimum)}`, index: null };
  if (size !== null && maximum !== null && size > maximum) return { problem: `must be at most ${shown(maximum)}`, index: null };
  if (oneOf === null || typeof value === "number" || typeof value === "boolean") return null;
  const texts = typeof value === "string" ? [value] : value;
  const wrong = texts.findIndex((text) => !oneOf.includes(text));
  if (wrong === -1) return null;
  const text = texts[wrong] ?? "";
  const problem = `must be ${oneOf.join(" or ")}, but is ${written(text)}.${didYouMean(text, oneOf)}`;
  return { problem, index: typeof value === "string" ? null : wrong };
}

function refused(problem: string): ReadParameter {
  return { ok: false, problem, index: null };
}

function written(value: YamlValue): string {
  if (isYamlList(value)) return "a list";
  if (value !== null && typeof value === "object") return "a mapping";
  const text = value === null ? "empty" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** The parameters as CEL reads them in `params`, or why they cannot be used. */
export type ParameterValues =
  | { readonly ok: true; readonly values: Readonly<Record<string, ParameterValue>> }
  | { readonly ok: false; readonly problem: string };

/** What each declared parameter is, given what the configuration says. Whatever the configuration's own check has let through is checked again. */
export function parameterValues(parameters: readonly Parameter[], given: GivenParameters): ParameterValues {
  const values: Record<string, ParameterValue> = {};
  for (const parameter of parameters) {
    const written = given.get(parameter.name);
    if (written === undefined) {
      if (parameter.fallback === null) return { ok: false, problem: `the configuration does not give its parameter ${parameter.name}` };
      values[parameter.name] = parameter.fallback;
      continue;
    }
    const read = readParameter(parameter, written);
    if (!read.ok) return { ok: false, problem: `its parameter ${parameter.name} ${read.problem}` };
    values[parameter.name] = read.value;
  }
  return { ok: true, values };
}

/** What an environment's own words and the configuration's make together: the environment's parameters win, one by one. */
export function mergedPolicies(general: ConfiguredPolicies, own: ConfiguredPolicies): ConfiguredPolicies {
  const merged = new Map<string, GivenParameters>(general);
  for (const [name, parameters] of own) merged.set(name, new Map([...(general.get(name) ?? []), ...parameters]));
  return merged;
}
