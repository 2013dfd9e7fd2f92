import { isYamlList, member, members, type YamlValue } from "../yaml-document.ts";

/** Something wrong in a JSON Schema, by the JSON pointer of the value. */
export interface SchemaFault {
  readonly pointer: string;
  readonly message: string;
}

/** What a schema may be once each `$ref` is what it stands for. */
const MAX_EXPANDED = 1000;
const ROOT_ONLY = "$schema";

/** How a keyword holds other schemas: it is one, a list of them, a mapping of them by name; `either`: one or a list; `none`: it holds plain values. */
type Holds = "schema" | "list" | "map" | "either" | "none";

const KEYWORDS: ReadonlyMap<string, Holds> = new Map<string, Holds>([
  ...["additionalProperties", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames"].map((name) => [name, "schema"] as const),
  ...["allOf", "anyOf", "oneOf", "prefixItems"].map((name) => [name, "list"] as const),
  ...["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"].map((name) => [name, "map"] as const),
  ["items", "either"],
  ...[
    ...["$schema", "$ref", "$comment", "title", "description", "default", "examples", "type", "enum", "const", "required", "dependentRequired"],
    ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern"],
    ...["minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties"],
  ].map((name) => [name, "none"] as const),
]);

/** Keywords that JSON Schema has and policies do not, and why. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["format", "what a format means differs from reader to reader: write a `pattern`"],
  ["uniqueItems", "it compares every entry with every other one, which could take long"],
  ...["$id", "id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"].map(
    (name) => [name, 'a schema refers only to its own parts, by `$ref: "#/$defs/NAME"`'] as const,
  ),
]);

/** Everything that keeps a schema from being used, before it is compiled: keywords that are not known, references that lead elsewhere or to themselves, and too much of it. */
export function schemaProblems(schema: YamlValue): readonly SchemaFault[] {
  const schemas = new Set<string>();
  const faults = keywordFaults(schema, "", schemas);
  return faults.length > 0 ? faults : referenceFaults(schema, schemas);
}

/** @param schemas Is given the pointers of all schemas in it. */
function keywordFaults(schema: YamlValue, pointer: string, schemas: Set<string>): readonly SchemaFault[] {
  schemas.add(pointer);
  if (typeof schema === "boolean") return [];
  if (typeof schema !== "object" || schema === null || isYamlList(schema)) return [{ pointer, message: "a schema must be a mapping, true or false" }];
  return members(schema).flatMap(([name, value]): readonly SchemaFault[] => {
    const at = `${pointer}/${escaped(name)}`;
    const holds = KEYWORDS.get(name);
    const refused = REFUSED.get(name);
    if (refused !== undefined) return [{ pointer: at, message: `\`${name}\` is not allowed: ${refused}` }];
    if (holds === undefined) return [{ pointer: at, message: `\`${name.slice(0, 60)}\` is no keyword of a schema here; there are ${[...KEYWORDS.keys()].join(", ")}` }];
    if (name === ROOT_ONLY && pointer !== "") return [{ pointer: at, message: `\`${ROOT_ONLY}\` stands only at the top` }];
    return heldSchemas(holds, value, at).flatMap(([one, where]) => keywordFaults(one, where, schemas));
  });
}

/** Schemas in the value of a keyword, with their pointers. What is not as the keyword wants it is told by the schema of schemas. */
function heldSchemas(holds: Holds, value: YamlValue, at: string): readonly (readonly [YamlValue, string])[] {
  switch (holds) {
    case "none":
      return [];
    case "map":
      return members(value).map(([name, one]) => [one, `${at}/${escaped(name)}`] as const);
    case "list":
    case "either":
    case "schema":
      if (holds !== "schema" && isYamlList(value)) return value.map((one, index) => [one, `${at}/${index}`] as const);
      return holds === "list" ? [] : [[value, at]];
  }
}

/** Follows each reference: none may lead outside, nowhere or back to where it stands, and all together stand for a bounded schema. */
function referenceFaults(schema: YamlValue, schemas: ReadonlySet<string>): readonly SchemaFault[] {
  const faults: SchemaFault[] = [];
  const sizes = new Map<string, number>();
  const within = new Set<string>();
  const sizeOf = (value: YamlValue, pointer: string): number => {
    const inside = isYamlList(value) ? value.map((one, index) => [String(index), one] as const) : members(value);
    return inside.reduce((sum, [name, one]) => sum + sizeOf(one, `${pointer}/${escaped(name)}`), 1) + referredSize(value, pointer);
  };
  const referredSize = (value: YamlValue, pointer: string): number => {
    const ref = isYamlList(value) ? undefined : member(value, "$ref");
    // A property may be called `$ref`: then its value is a schema, and no text.
    if (typeof ref !== "string" || faults.length > 0) return 0;
    const fault = (message: string): number => {
      faults.push({ pointer: `${pointer}/$ref`, message });
      return 0;
    };
    if (!/^#(?:\/[^%]*)?$/.test(ref)) return fault(`"${ref.slice(0, 60)}" leads outside: a schema refers only to its own parts, by "#/$defs/NAME"`);
    const target = ref.slice(1);
    const found = valueAt(schema, target);
    if (found === undefined || !schemas.has(target)) return fault(`"${ref.slice(0, 60)}" leads to no schema`);
    if (within.has(target)) return fault(`"${ref.slice(0, 60)}" leads back to itself, and so could take long to follow: write out as many levels as are needed`);
    const known = sizes.get(target);
    if (known !== undefined) return known;
    within.add(target);
    const size = sizeOf(found, target);
    within.delete(target);
    sizes.set(target, size);
    return size;
  };
  if (sizeOf(schema, "") > MAX_EXPANDED && faults.length === 0) {
    faults.push({ pointer: "", message: `with every \`$ref\` written out it has more than ${MAX_EXPANDED} values` });
  }
  return faults;
}

function valueAt(schema: YamlValue, pointer: string): YamlValue | undefined {
  let value: YamlValue | undefined = schema;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    value = isYamlList(value) ? value[Number(key)] : member(value, key);
  }
  return value;
}

/** As RFC 6901 writes a key in a pointer. */
export function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
