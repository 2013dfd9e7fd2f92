import { parseDuration } from "../config/duration.ts";
import { isUnknownFact, type Facts } from "../facts.ts";
import { compileSchemaCheck, formatPath, type JsonSchema, type SchemaCheck, type SchemaProblem } from "../schema-check.ts";
import { isYamlList, member, members, type YamlPath, type YamlValue } from "../yaml-document.ts";
import { DESCRIBED_FACTS, type DescribedFact, type DescribedField } from "./fact-docs.ts";
import { factSchema, UNKNOWN_FACT_SCHEMA } from "./facts-schema.ts";

const checks = new Map<string, SchemaCheck>();

/** A check is compiled when a document first needs it, and then kept. */
function checkOf(name: string, schema: () => JsonSchema): SchemaCheck {
  const known = checks.get(name);
  if (known !== undefined) return known;
  const compiled = compileSchemaCheck(schema());
  checks.set(name, compiled);
  return compiled;
}

/**
 * Everything that is wrong with facts as people write them, by the path in their file. `partial`: a group, or a field of one, may be left out;
 * otherwise only groups that can be unknown may.
 */
export function writtenFactProblems(value: YamlValue, within: YamlPath, partial: boolean): readonly SchemaProblem[] {
  const shape = checkOf(`the document, partial: ${partial}`, () => documentShape(partial))(value, within);
  const groups = DESCRIBED_FACTS.flatMap((fact): readonly SchemaProblem[] => {
    const group = member(value, fact.name);
    if (group === undefined) return [];
    const unknown = isWrittenUnknown(fact, group);
    const schema = () => (unknown ? UNKNOWN_FACT_SCHEMA : factSchema(fact, partial));
    const path = [...within, fact.name];
    const problems = checkOf(`${fact.name}, partial: ${partial}, unknown: ${unknown}`, schema)(group, path);
    return problems.length > 0 || unknown ? problems : momentProblems(fact, group, path);
  });
  return [...shape, ...groups];
}

function isWrittenUnknown(fact: DescribedFact, group: YamlValue): boolean {
  return fact.missing !== null && member(group, "unknown") !== undefined;
}

function documentShape(partial: boolean): JsonSchema {
  return {
    type: "object",
    properties: Object.fromEntries(DESCRIBED_FACTS.map(({ name }) => [name, {}])),
    required: partial ? [] : DESCRIBED_FACTS.filter(({ missing }) => missing === null).map(({ name }) => name),
    additionalProperties: false,
  };
}

/** Moments that look like one and are in no calendar. */
function momentProblems(fact: DescribedFact, group: YamlValue, path: YamlPath): readonly SchemaProblem[] {
  const places = isYamlList(group) ? group.map((entry, index) => ({ entry, at: [...path, index] })) : [{ entry: group, at: path }];
  return places.flatMap(({ entry, at }) =>
    fact.fields
      .filter(({ unit }) => unit === "moment")
      .flatMap(({ name }): readonly SchemaProblem[] => {
        const written = name === "" ? entry : member(entry, name);
        const place = name === "" ? at : [...at, name];
        if (typeof written !== "string" || !Number.isNaN(Date.parse(written))) return [];
        return [{ path: place, at: "value", message: `${formatPath(place)}: no calendar has "${written}"` }];
      }),
  );
}

type Group = Readonly<Record<string, unknown>>;

/** A document without holes of checked facts: groups that are left out are unknown. */
export function wholeFacts(written: YamlValue): Facts {
  const entries = DESCRIBED_FACTS.map((fact) => {
    const group = member(written, fact.name);
    return [fact.name, group === undefined ? { unknown: `the facts about ${fact.name} were not given` } : readGroup(fact, group, {})] as const;
  });
  return fromChecked(Object.fromEntries(entries));
}

/**
 * Checked facts laid over others: a field that is given takes the place of the one beneath, a list that of the list. Each entry of a list of records is
 * laid over the first one of `sound`, and a group that is unknown beneath counts as the one of `sound`.
 */
export function laidOver(beneath: Facts, written: YamlValue, sound: Facts): Facts {
  const entries = DESCRIBED_FACTS.map((fact) => {
    const below: unknown = Reflect.get(beneath, fact.name);
    const group = member(written, fact.name);
    if (group === undefined) return [fact.name, below] as const;
    return [fact.name, readGroup(fact, group, asGroup(isUnknownFact(below) || Array.isArray(below) ? Reflect.get(sound, fact.name) : below))] as const;
  });
  return fromChecked(Object.fromEntries(entries));
}

/** The first record of a list stands for all its entries. */
function asGroup(value: unknown): Group {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === "object" && one !== null ? { ...one } : {};
}

function readGroup(fact: DescribedFact, written: YamlValue, beneath: Group): unknown {
  if (isWrittenUnknown(fact, written)) return { unknown: member(written, "unknown") };
  if (isYamlList(written)) return written.map((entry) => readRecord(fact, entry, beneath));
  if (fact.shape === "value") return readField(fact.fields[0], written);
  return readRecord(fact, written, beneath);
}

function readRecord({ fields }: DescribedFact, written: YamlValue, beneath: Group): Group {
  const given = members(written).map(([name, value]) => [name, readField(fields.find((field) => field.name === name), value)] as const);
  return { ...beneath, ...Object.fromEntries(given) };
}

function readField(field: DescribedField | undefined, value: YamlValue): YamlValue {
  if (typeof value !== "string" || field?.unit == null) return value;
  return field.unit === "duration" ? parseDuration(value) : Date.parse(value);
}

/** The one step from what the schema has found sound to the type that is made of the same declarations. */
function fromChecked(document: Readonly<Record<string, unknown>>): Facts {
  return document as unknown as Facts;
}
