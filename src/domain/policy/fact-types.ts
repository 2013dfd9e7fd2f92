import { isUnknownFact, type Facts, type UnknownFact } from "../facts.ts";
import type { YamlValue } from "../yaml-document.ts";

/** The type of a fact's field: as CEL has it, or `json` for what may be anything, which expressions do not read. */
type FieldType<T> = [YamlValue] extends [T] ? "json" : CelType<T>;

type CelType<T> = T extends boolean
  ? "bool"
  : T extends number
    ? "int"
    : T extends string
      ? "string"
      : T extends readonly string[]
        ? "list<string>"
        : never;

type Fields<T> = { readonly [K in keyof T]: FieldType<T[K]> };

type Declared<T> = T extends readonly (infer E)[]
  ? { readonly shape: "list"; readonly fields: Fields<E> }
  : T extends object
    ? { readonly shape: "record"; readonly fields: Fields<T> }
    : { readonly shape: "value"; readonly type: CelType<T> };

/** The name of a group of facts, as policies write it. */
export type FactName = keyof Facts;

/**
 * What policies may read, declared to CEL so that a misspelt field is found when a policy is loaded.
 * The type makes it follow {@link Facts}: a fact that is missing here does not compile.
 */
const FACTS: { readonly [K in FactName]: Declared<Exclude<Facts[K], UnknownFact>> } = {
  now: { shape: "value", type: "int" },
  promotion: {
    shape: "record",
    fields: {
      app: "string",
      environment: "string",
      kind: "string",
      origin: "string",
      requester: "string",
      version: "string",
      from_version: "string",
      first: "bool",
      every_image_has_digest: "bool",
      went_bad: "string",
    },
  },
  order: { shape: "record", fields: { direction: "string", going_back: "list<string>" } },
  change: { shape: "record", fields: { pins_only: "bool", other_files: "list<string>", conflicts: "bool" } },
  manifests: { shape: "list", fields: { file: "string", document: "int", content: "json" } },
  registry: { shape: "record", fields: { missing: "list<string>", moved: "list<string>" } },
  upstream: {
    shape: "list",
    fields: { environment: "string", verified: "bool", bad: "bool", soaked_for: "int", soak: "int", soaked_at: "int", soak_lost: "bool" },
  },
  approvals: {
    shape: "record",
    fields: {
      required: "int",
      count: "int",
      by: "list<string>",
      who: "string",
      ignored: "list<string>",
      changes_requested_by: "list<string>",
      owners_by: "list<string>",
      owners_missing: "list<string>",
    },
  },
  approvers: { shape: "list", fields: { login: "string", teams: "list<string>" } },
  freeze: { shape: "record", fields: { active: "bool", reasons: "list<string>" } },
  quarantine: { shape: "record", fields: { hits: "list<string>" } },
  rollout: { shape: "record", fields: { in_progress: "bool", version: "string", reason: "string" } },
  signatures: { shape: "list", fields: { image: "string", by: "list<string>", problem: "string" } },
  provenance: {
    shape: "list",
    fields: { image: "string", by: "list<string>", builder: "string", source: "string", parameters: "list<string>", problem: "string" },
  },
  sboms: { shape: "list", fields: { image: "string", format: "string", by: "list<string>", problem: "string" } },
  scans: { shape: "list", fields: { image: "string", by: "list<string>", at: "int", patched_criticals: "list<string>", problem: "string" } },
  paused: { shape: "record", fields: { active: "bool", reason: "string" } },
  window: { shape: "record", fields: { configured: "bool", open: "bool", changes_at: "int" } },
  images: { shape: "list", fields: { repository: "string", tag: "string", digest: "string" } },
  tags: { shape: "record", fields: { moved: "list<string>" } },
  platforms: { shape: "record", fields: { common: "list<string>" } },
  labels: { shape: "record", fields: { any: "list<string>" } },
  built: { shape: "record", fields: { first_at: "int", last_at: "int" } },
  error_budget: { shape: "record", fields: { measured: "bool", period: "int", left: "int", burning: "bool" } },
  upstream_checks: { shape: "record", fields: { passed: "list<string>", failed: "list<string>" } },
  source_ci: { shape: "record", fields: { commits: "list<string>", failed: "list<string>", pending: "list<string>" } },
  drift: { shape: "record", fields: { watched: "bool", applications: "list<string>" } },
};

/** A group of facts without the link to its own TypeScript type. */
export type FactDeclaration =
  | { readonly shape: "value"; readonly type: string }
  | { readonly shape: "record" | "list"; readonly fields: Readonly<Record<string, string>> };

export const FACT_TYPES: ReadonlyMap<string, FactDeclaration> = new Map<string, FactDeclaration>(Object.entries(FACTS));

/** The fields of a group that expressions may read. */
export function readableFields(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).filter(([, type]) => type !== "json"));
}

/** Facts that differ at every look although nothing has happened: `now`, and fields counted up to now. */
export const MOVING_FACTS: ReadonlySet<string> = new Set(["now", "soaked_for"]);

/** A policy does work for each entry of a list, so what it may be given is bounded. */
export const MAX_ENTRIES = 1000;
export const MAX_TEXT = 4000;
/** Of all texts in a group together: expressions may make several times as much of it. */
export const MAX_CHARACTERS = 256 * 1024;

/** How many characters a group may still have. */
interface Budget {
  characters: number;
}

/** The facts as CEL reads them, and the groups that are not known, each with its reason. */
export interface FactValues {
  readonly known: Readonly<Record<string, unknown>>;
  readonly unknown: ReadonlyMap<string, string>;
}

/** Whole numbers become BigInt, since CEL reads a JavaScript number as a double. A group that is too big to judge is unknown. */
export function factValues(facts: Facts): FactValues {
  const known: Record<string, unknown> = {};
  const unknown = new Map<string, string>();
  for (const [name, declaration] of FACT_TYPES) {
    const fact: unknown = Reflect.get(facts, name);
    if (isUnknownFact(fact)) {
      unknown.set(name, fact.unknown);
      continue;
    }
    const converted = convertGroup(declaration, fact);
    if (converted.ok) known[name] = converted.value;
    else unknown.set(name, `the facts about ${name} cannot be judged: ${converted.problem}`);
  }
  return { known, unknown };
}

type Converted = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

function convertGroup(declaration: FactDeclaration, fact: unknown): Converted {
  const budget = { characters: MAX_CHARACTERS };
  if (declaration.shape === "value") return convertField(declaration.type, fact, budget);
  if (declaration.shape === "record") return convertRecord(declaration.fields, fact, budget);
  if (!Array.isArray(fact)) return { ok: false, problem: "they are not a list" };
  return convertList(fact, (entry) => convertRecord(declaration.fields, entry, budget));
}

function convertRecord(fields: Readonly<Record<string, string>>, fact: unknown, budget: Budget): Converted {
  if (typeof fact !== "object" || fact === null) return { ok: false, problem: "they are not a record" };
  const value: Record<string, unknown> = {};
  for (const [field, type] of Object.entries(fields)) {
    if (type === "json") continue;
    const raw: unknown = Reflect.get(fact, field);
    const converted = convertField(type, raw, budget);
    if (!converted.ok) return { ok: false, problem: `${field}: ${converted.problem}` };
    value[field] = converted.value;
  }
  return { ok: true, value };
}

function convertField(type: string, raw: unknown, budget: Budget): Converted {
  switch (type) {
    case "bool":
      return typeof raw === "boolean" ? { ok: true, value: raw } : { ok: false, problem: "it is not true or false" };
    case "int":
      return Number.isSafeInteger(raw) && typeof raw === "number"
        ? { ok: true, value: BigInt(raw) }
        : { ok: false, problem: "it is not a whole number" };
    case "string":
      if (typeof raw !== "string") return { ok: false, problem: "it is not text" };
      return convertText(raw, budget);
    default:
      if (!Array.isArray(raw)) return { ok: false, problem: "it is not a list" };
      return convertList(raw, (entry) => convertField("string", entry, budget));
  }
}

function convertText(raw: string, budget: Budget): Converted {
  if (raw.length > MAX_TEXT) return { ok: false, problem: `a text is longer than ${MAX_TEXT} characters` };
  budget.characters -= raw.length;
  return budget.characters >= 0 ? { ok: true, value: raw } : { ok: false, problem: `their texts have more than ${MAX_CHARACTERS} characters together` };
}

function convertList(entries: readonly unknown[], convert: (entry: unknown) => Converted): Converted {
  if (entries.length > MAX_ENTRIES) {
    return { ok: false, problem: `a list has ${entries.length} entries, and at most ${MAX_ENTRIES} are judged` };
  }
  const values: unknown[] = [];
  for (const entry of entries) {
    const converted = convert(entry);
    if (!converted.ok) return converted;
    values.push(converted.value);
  }
  return { ok: true, value: values };
}
