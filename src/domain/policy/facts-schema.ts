import type { JsonSchema } from "../schema-check.ts";
import { DESCRIBED_FACTS, type DescribedFact, type DescribedField } from "./fact-docs.ts";
import { MAX_ENTRIES, MAX_TEXT } from "./fact-types.ts";

/** Moments as people write them, in UTC. */
const MOMENT = String.raw`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,3})?)?Z$`;
const DURATION = "^[0-9]{1,7}[smhd]$";

const WHOLE = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const;

/** What stands in place of a group of facts that could not be learned. */
export const UNKNOWN_FACT_SCHEMA: JsonSchema = {
  description: "It could not be learned: the reason, in words.",
  type: "object",
  properties: { unknown: { description: "Why it could not be learned.", type: "string", minLength: 1, maxLength: MAX_TEXT, errorMessage: "must say why" } },
  required: ["unknown"],
  additionalProperties: false,
};

/** The schema of one group that is known. `partial`: what it does not say is taken from somewhere else. */
export function factSchema(fact: DescribedFact, partial: boolean): JsonSchema {
  const [only] = fact.fields;
  if (fact.shape === "value" && only !== undefined) return { ...fieldSchema(only), description: fact.says };
  const record: JsonSchema = {
    type: "object",
    properties: Object.fromEntries(fact.fields.map((field) => [field.name, fieldSchema(field)])),
    required: partial ? [] : fact.fields.map(({ name }) => name),
    additionalProperties: false,
  };
  return fact.shape === "record" ? { description: fact.says, ...record } : { description: fact.says, type: "array", maxItems: MAX_ENTRIES, items: record };
}

function fieldSchema({ says, type, unit, words }: DescribedField): JsonSchema {
  if (words !== null) {
    const meanings = [...words].map(([word, meaning]) => `${word}: ${meaning}`).join("; ");
    return { description: `${says} ${meanings}.`, enum: [...words.keys()] };
  }
  const text: JsonSchema = { type: "string", maxLength: MAX_TEXT };
  switch (type) {
    case "bool":
      return { description: says, type: "boolean" };
    case "json":
      return { description: says };
    case "string":
      return { description: says, ...text };
    case "list<string>":
      return { description: says, type: "array", maxItems: MAX_ENTRIES, items: text };
    default:
      return { description: says, ...numberSchema(unit) };
  }
}

function numberSchema(unit: DescribedField["unit"]): JsonSchema {
  if (unit === "moment") {
    const errorMessage = "must be a moment such as 2026-11-21T14:00:00Z, or milliseconds since 1970";
    return { type: ["integer", "string"], ...WHOLE, pattern: MOMENT, errorMessage };
  }
  if (unit === "duration") {
    return { type: ["integer", "string"], ...WHOLE, pattern: DURATION, errorMessage: "must be a time such as 90s, 30m, 3h or 2d, or milliseconds" };
  }
  return { type: "integer", ...WHOLE };
}

/** The published schema of the document that policies judge: the same rules as at `pinion policy eval --facts`. */
const factsSchema: JsonSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "The facts of one promotion, as Pinion's policies read them",
  type: "object",
  properties: Object.fromEntries(
    DESCRIBED_FACTS.map((fact) => {
      const known = factSchema(fact, false);
      return [fact.name, fact.missing === null ? known : { description: fact.says, anyOf: [known, UNKNOWN_FACT_SCHEMA] }];
    }),
  ),
  required: DESCRIBED_FACTS.filter(({ missing }) => missing === null).map(({ name }) => name),
  additionalProperties: false,
};

/** The schema as it is published. */
export function factsSchemaText(): string {
  return `${JSON.stringify(factsSchema, null, 2)}\n`;
}
