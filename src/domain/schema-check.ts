import { Ajv } from "ajv";
import type { ErrorObject } from "ajv";
import { didYouMean } from "./suggest.ts";
import { isYamlList, member } from "./yaml-document.ts";
import type { YamlPath, YamlValue } from "./yaml-document.ts";

/** The part of JSON Schema (draft 7) in use. `errorMessage` is what editors and Pinion itself say of a value that does not fit. */
export type JsonSchema = {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: YamlValue;
  readonly examples?: readonly YamlValue[];
  /** Ends the sentence "<key> …": `must be …`. */
  readonly errorMessage?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly const?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
};

/** Something that does not fit the schema, by the path of the value (or of its key) in the document. */
export interface SchemaProblem {
  readonly path: YamlPath;
  readonly at: "key" | "value";
  readonly message: string;
}

export interface SchemaCheckOptions {
  /** Keys that are refused with a word of their own instead of as unknown ones. */
  readonly refusedKeys?: ReadonlyMap<string, string>;
}

/** `within` is where the value stands, when it is a part of a file. */
export type SchemaCheck = (value: YamlValue, within?: YamlPath) => readonly SchemaProblem[];

/** Compiles the schema once. The check answers every problem there is, in plain words. */
export function compileSchemaCheck(schema: JsonSchema, options: SchemaCheckOptions = {}): SchemaCheck {
  const ajv = new Ajv({ strict: true, allErrors: true, ownProperties: true, verbose: true, allowUnionTypes: true });
  ajv.addVocabulary(["errorMessage"]);
  const validate = ajv.compile(schema);
  return (value, within = []) => {
    if (validate(value)) return [];
    const problems = new Map<string, SchemaProblem>();
    for (const error of validate.errors ?? []) {
      const problem = explain(error, [...within, ...pathOf(error.instancePath, value)], options);
      if (problem === null) continue;
      // Rules of one schema share its words: a value that breaks two of them is told once.
      const place = JSON.stringify([problem.at, problem.path, problem.message]);
      if (!problems.has(place)) problems.set(place, problem);
    }
    return [...problems.values()];
  };
}

/** A path as people write it: `apps.discover[0]`. */
export function formatPath(path: YamlPath): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`;
  return text === "" ? "the file" : text;
}

function explain(error: ErrorObject, path: YamlPath, options: SchemaCheckOptions): SchemaProblem | null {
  const schema = schemaOf(error);
  if (error.propertyName !== undefined) {
    const name = error.propertyName;
    return { path: [...path, name], at: "key", message: `the name "${shorten(name)}" in ${formatPath(path)} ${rule(schema, error)}` };
  }
  switch (error.keyword) {
    // Told by the rule that the name itself breaks.
    case "propertyNames":
      return null;
    case "additionalProperties":
      return unknownKey(path, parameter(error, "additionalProperty"), schema, options);
    case "required":
      return { path, at: "key", message: `${formatPath(path)} lacks the key "${parameter(error, "missingProperty")}"` };
    case "enum":
      return { path, at: "value", message: notInSet(path, error.data, schema) };
    case "uniqueItems":
      return { path, at: "value", message: `${formatPath(path)} has an entry twice` };
    default:
      return { path, at: "value", message: `${formatPath(path)} ${rule(schema, error)}, but is ${describe(error.data)}` };
  }
}

function unknownKey(path: YamlPath, key: string, schema: JsonSchema, options: SchemaCheckOptions): SchemaProblem {
  const known = Object.keys(schema.properties ?? {});
  const refused = options.refusedKeys?.get(key);
  const meant = didYouMean(key, known);
  const hint = meant === "" ? ` Known here: ${known.join(", ")}.` : meant;
  return { path: [...path, key], at: "key", message: refused ?? `unknown key "${shorten(key)}" in ${formatPath(path)}.${hint}` };
}

function notInSet(path: YamlPath, data: unknown, { enum: allowed = [], errorMessage }: JsonSchema): string {
  const meant = typeof data === "string" ? didYouMean(data, allowed) : "";
  return `${formatPath(path)} ${errorMessage ?? `must be ${allowed.join(" or ")}`}, but is ${describe(data)}.${meant}`;
}

/** The schema's own words, else the plain rule, which Ajv words well enough ("must be >= 1"). */
function rule(schema: JsonSchema, error: ErrorObject): string {
  if (schema.errorMessage !== undefined) return schema.errorMessage;
  switch (error.keyword) {
    case "type":
      return `must be ${typeName(schema.type)}`;
    case "const":
      return `must be ${schema.const}`;
    default:
      return error.message ?? "is not as it should be";
  }
}

const TYPE_NAMES: ReadonlyMap<string, string> = new Map([
  ["object", "a mapping"],
  ["array", "a list"],
  ["string", "text"],
  ["integer", "a whole number"],
  ["number", "a number"],
  ["boolean", "true or false"],
  ["null", "empty"],
]);

function typeName(type: JsonSchema["type"]): string {
  const names = typeof type === "string" ? [type] : (type ?? []);
  return names.map((name) => TYPE_NAMES.get(name) ?? name).join(" or ");
}

function describe(data: unknown): string {
  if (data === null || data === undefined) return "empty";
  if (Array.isArray(data)) return data.length === 0 ? "an empty list" : "a list";
  if (typeof data === "object") return Object.keys(data).length === 0 ? "an empty mapping" : "a mapping";
  if (typeof data === "string") return `"${shorten(data)}"`;
  if (typeof data === "number") return `the number ${data}`;
  return data === true ? "true" : "false";
}

/** Keeps a message one readable line, whatever was written. */
function shorten(text: string): string {
  const line = JSON.stringify(text).slice(1, -1);
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}

/** With `verbose`, Ajv gives the schema that the failed keyword is written in. */
function schemaOf(error: ErrorObject): JsonSchema {
  const schema: JsonSchema | undefined = error.parentSchema;
  return schema ?? {};
}

function parameter(error: ErrorObject, name: string): string {
  const value: unknown = error.params[name];
  return typeof value === "string" ? value : "";
}

/** RFC 6901: `~1` is a slash, `~0` a tilde. Whether digits are an index or a key only the document can tell. */
export function pathOf(pointer: string, document: YamlValue): YamlPath {
  const path: (string | number)[] = [];
  let value: YamlValue | undefined = document;
  for (const escaped of pointer.split("/").slice(1)) {
    const step = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(isYamlList(value) ? Number(step) : step);
    value = isYamlList(value) ? value[Number(step)] : member(value, step);
  }
  return path;
}
