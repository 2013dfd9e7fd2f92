import { DESCRIBED_FACTS, type DescribedFact, type DescribedField } from "../../src/domain/policy/fact-docs.ts";
import { SOUND_FACTS } from "../../src/domain/policy/sound-facts.ts";
import { cell } from "./reference-docs.ts";

const TYPES: Readonly<Record<string, string>> = { bool: "true or false", string: "text", "list<string>": "list of texts", int: "whole number", json: "anything; a `schema` is held against it, expressions do not read it" };
const UNITS = { moment: "moment", duration: "length of time", count: "whole number" } as const;

/** Every fact and field, from the declarations that policies are checked against. */
export function factsReference(): string {
  return [
    "# Facts",
    "",
    "A policy judges one document: everything that is known of one promotion at one moment. This page and the schema ([`schema/facts.schema.json`](../schema/facts.schema.json), for editors and",
    "for `pinion policy eval --facts FILE`) are made of the declarations that policies are type-checked against when they are loaded.",
    "",
    "A fact that could not be learned is `{ unknown: reason }`. A policy that reads it is unknown then, and unknown never passes; what the table calls \"never unknown\" can always be told.",
    "",
    "In expressions, moments are milliseconds since 1970 and lengths of time are milliseconds. In files they may be written as `2026-11-21T14:00:00Z` and `3h` too (`s`, `m`, `h`, `d`).",
    "At most 1000 entries of a list, 4000 characters of a text and 262144 characters of all texts of one fact are judged; more is unknown.",
    "",
    "| fact | learned from | access it takes | while that is missing |",
    "| :-- | :-- | :-- | :-- |",
    ...DESCRIBED_FACTS.map((fact) => `| [\`${fact.name}\`](#${fact.name}) | ${cell(fact.source)} | ${cell(fact.access)} | ${cell(fact.missing ?? "never unknown")} |`),
    "",
    ...DESCRIBED_FACTS.flatMap(factSection),
    "## The sound promotion",
    "",
    "What is `given` in a case of `pinion policy test` is laid over these facts, in which nothing is wrong by any core policy:",
    "",
    "```yaml",
    ...DESCRIBED_FACTS.map((fact) => `${fact.name}: ${written(fact, Reflect.get(SOUND_FACTS, fact.name))}`),
    "```",
    "",
  ].join("\n");
}

function factSection(fact: DescribedFact): readonly string[] {
  const list = fact.shape === "list" ? " A list." : "";
  if (fact.shape === "value") return [`## ${fact.name}`, "", `${fact.says} A ${typeOf(fact.fields[0])}.`, ""];
  return [
    `## ${fact.name}`,
    "",
    `${fact.says}${list}`,
    "",
    "| field | type | meaning |",
    "| :-- | :-- | :-- |",
    ...fact.fields.map((field) => `| \`${field.name}\` | ${typeOf(field)} | ${cell(field.says)}${meanings(field)} |`),
    "",
  ];
}

function typeOf(field: DescribedField | undefined): string {
  if (field === undefined) return "";
  return field.unit === null ? (TYPES[field.type] ?? field.type) : UNITS[field.unit];
}

function meanings({ words }: DescribedField): string {
  return words === null ? "" : ` ${[...words].map(([word, meaning]) => `\`${word}\`: ${cell(meaning)}`).join("; ")}.`;
}

/** As people would write it in a case. */
function written(fact: DescribedFact, value: unknown): string {
  if (fact.shape === "value") return inFlow(fact.fields[0], value);
  const record = (one: object): string => `{ ${fact.fields.map((field) => `${field.name}: ${inFlow(field, Reflect.get(one, field.name))}`).join(", ")} }`;
  if (Array.isArray(value)) return `[${value.map(record).join(", ")}]`;
  return typeof value === "object" && value !== null ? record(value) : "";
}

function inFlow(field: DescribedField | undefined, value: unknown): string {
  if (typeof value === "number" && field?.unit === "moment") return new Date(value).toISOString().replace(".000Z", "Z");
  if (typeof value === "number" && field?.unit === "duration") return `${value / 3_600_000}h`;
  if (Array.isArray(value)) return `[${value.map((entry) => inFlow(undefined, entry)).join(", ")}]`;
  if (typeof value === "object" && value !== null) return `{ ${Object.entries(value).map(([key, entry]) => `${key}: ${inFlow(undefined, entry)}`).join(", ")} }`;
  if (typeof value !== "string") return String(value);
  return /^[a-z][a-z0-9 -]*$|^[0-9]+[.][0-9]+[.][0-9]+$/.test(value) ? value : JSON.stringify(value);
}
