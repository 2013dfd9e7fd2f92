import { isScalar, isSeq, type Node } from "yaml";
import type { YamlValue } from "../yaml-document.ts";
import { PARAMETER_TYPES, readParameter, readTyped, type Parameter, type ParameterType, type ParameterValue } from "./parameters.ts";
import type { Entries, Entry, YamlReader } from "./yaml-reader.ts";

const MAX_PARAMETERS = 20;
const MAX_DESCRIPTION = 300;
const NAME = /^[a-z][a-z0-9_]{0,39}$/;
/** Words of CEL that cannot stand behind `params.` (CEL specification, "Syntax"). */
const RESERVED: ReadonlySet<string> = new Set(
  "false in null true as break const continue else for function if import let loop package namespace return var void while".split(" "),
);
const KEYS = ["type", "description", "default", "minimum", "maximum", "one_of"];

/** Reads `parameters:` of a policy file. Each problem is noted with the reader. */
export function readParameters(reader: YamlReader, entry: Entry | undefined): readonly Parameter[] {
  if (entry === undefined) return [];
  const map = reader.map(entry.value, entry.key, "`parameters`");
  if (map === null) return [];
  const entries = reader.open(map, "`parameters`");
  if (entries.size > MAX_PARAMETERS) reader.problem(entry.key, `a policy may have at most ${MAX_PARAMETERS} parameters`);
  return [...entries].flatMap(([name, one]) => readDeclaration(reader, name, one) ?? []);
}

function readDeclaration(reader: YamlReader, name: string, { key, value }: Entry): Parameter | null {
  const what = `\`parameters.${name}\``;
  if (!NAME.test(name) || RESERVED.has(name)) {
    reader.problem(key, `the parameter \`${name}\` needs a name of lower-case letters, digits and \`_\` that is no word of CEL`);
    return null;
  }
  const map = reader.map(value, key, what);
  if (map === null) return null;
  const entries = reader.entries(map, KEYS, what);
  const type = readType(reader, entries, key, what);
  const description = readDescription(reader, entries, key, what);
  if (type === null || description === null) return null;
  const bounds = readBounds(reader, entries, type, what);
  const declared: Parameter = { name, type, description, fallback: null, ...bounds, ...reader.place(key) };
  const fallback = entries.get("default");
  return fallback === undefined ? declared : { ...declared, fallback: readFallback(reader, fallback, declared) };
}

function readType(reader: YamlReader, entries: Entries, at: Node, what: string): ParameterType | null {
  const entry = entries.get("type");
  const text = entry === undefined ? null : reader.text(entry.value, entry.key, `${what}.type`);
  const type = PARAMETER_TYPES.find((one) => one === text?.value) ?? null;
  if (entry === undefined) reader.problem(at, `${what} lacks its \`type\`: one of ${PARAMETER_TYPES.join(", ")}`);
  else if (text !== null && type === null) reader.problem(text.scalar, `the type of ${what} must be ${PARAMETER_TYPES.join(", ")}`);
  return type;
}

function readDescription(reader: YamlReader, entries: Entries, at: Node, what: string): string | null {
  const entry = entries.get("description");
  if (entry === undefined) {
    reader.problem(at, `${what} lacks its \`description\``);
    return null;
  }
  const text = reader.text(entry.value, entry.key, `the description of ${what}`);
  const words = text?.value.replaceAll(/\s+/g, " ").trim() ?? null;
  if (text === null || words === null) return null;
  if (words !== "" && words.length <= MAX_DESCRIPTION) return words;
  reader.problem(text.scalar, `the description of ${what} must have 1 to ${MAX_DESCRIPTION} characters`);
  return null;
}

type Bounds = Pick<Parameter, "minimum" | "maximum" | "oneOf">;

function readBounds(reader: YamlReader, entries: Entries, type: ParameterType, what: string): Bounds {
  const bound = (name: "minimum" | "maximum"): number | null => {
    const entry = entries.get(name);
    if (entry === undefined) return null;
    if (type === "string" || type === "bool") {
      reader.problem(entry.key, `\`${name}\` bounds numbers, durations and lists: ${what} is of type ${type}`);
      return null;
    }
    const read = readTyped({ type: type === "duration" ? "duration" : "int" }, plain(entry.value));
    if (!read.ok) reader.problem(entry.value ?? entry.key, `\`${name}\` of ${what} ${read.problem}`);
    return read.ok && typeof read.value === "number" ? read.value : null;
  };
  const [minimum, maximum] = [bound("minimum"), bound("maximum")];
  const at = entries.get("maximum");
  if (at !== undefined && minimum !== null && maximum !== null && minimum > maximum) reader.problem(at.key, `nothing can be ${what}: its minimum is above its maximum`);
  return { minimum, maximum, oneOf: readOneOf(reader, entries.get("one_of"), type, what) };
}

function readOneOf(reader: YamlReader, entry: Entry | undefined, type: ParameterType, what: string): readonly string[] | null {
  if (entry === undefined) return null;
  if (type !== "string" && type !== "list<string>") {
    reader.problem(entry.key, `\`one_of\` names texts: ${what} is of type ${type}`);
    return null;
  }
  const read = readTyped({ type: "list<string>" }, plain(entry.value));
  if (read.ok && typeof read.value === "object" && read.value.length > 0) return read.value;
  reader.problem(entry.value ?? entry.key, `\`one_of\` of ${what} ${read.ok ? "must name at least one text" : read.problem}`);
  return null;
}

function readFallback(reader: YamlReader, { key, value }: Entry, parameter: Parameter): ParameterValue | null {
  const read = readParameter(parameter, plain(value));
  if (read.ok) return read.value;
  reader.problem(value ?? key, `the default of \`parameters.${parameter.name}\` ${read.problem}`);
  return null;
}

/** A scalar, or a list of them, as plain values. Anything else is no value of a parameter. */
function plain(node: Node | null): YamlValue {
  if (isSeq(node)) return node.items.map((item) => (isScalar(item) ? scalarValue(item.value) : {}));
  return isScalar(node) ? scalarValue(node.value) : {};
}

function scalarValue(value: unknown): YamlValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null ? value : {};
}
