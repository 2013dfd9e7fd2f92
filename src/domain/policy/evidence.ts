import type { Facts } from "../facts.ts";
import { isUnknownFact } from "../facts.ts";
import type { GateFact } from "../policy.ts";
import { cut, oneLine } from "../report/markdown.ts";
import { readableDuration, readableTime } from "../report/readable.ts";
import { DESCRIBED_FACTS } from "./fact-docs.ts";
import { FACT_TYPES, MOVING_FACTS } from "./fact-types.ts";

/** What an expression reads: facts as `group.field` or `group`, and names of fields of a list's entries. */
export interface Reads {
  readonly facts: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
}

/** Fields that are moments or lengths of time, as `group.field`. */
const UNITS: ReadonlyMap<string, "moment" | "duration"> = new Map(
  DESCRIBED_FACTS.flatMap(({ name, fields }) =>
    fields.flatMap(({ name: field, unit }) => (unit === "moment" || unit === "duration" ? [[`${name}.${field}`, unit] as const] : [])),
  ),
);

const MAX_FACTS = 12;
const MAX_VALUE = 200;

/**
 * The facts that a policy's parts read, with what they were. What differs at every look is left out, or the same judgement would be told anew
 * each time; and facts that could not be learned are, since the gate's reason tells why.
 */
export function evidenceFor(parts: readonly { readonly reads: Reads }[], facts: Facts): readonly GateFact[] {
  const names = new Set(parts.flatMap(({ reads }) => [...reads.facts]));
  const fields = new Set(parts.flatMap(({ reads }) => [...reads.fields]));
  const found: GateFact[] = [];
  for (const name of names) {
    const [group = "", field] = name.split(".");
    if (MOVING_FACTS.has(field ?? group)) continue;
    const fact: unknown = Reflect.get(facts, group);
    if (isUnknownFact(fact) || typeof fact !== "object" || fact === null) continue;
    const value: unknown = field === undefined ? entriesOf(group, fact, fields) : valueOf(group, field, fact);
    if (value !== undefined) found.push({ name, value: cut(oneLine(JSON.stringify(value)), MAX_VALUE) });
  }
  return found.toSorted((left, right) => (left.name < right.name ? -1 : 1)).slice(0, MAX_FACTS);
}

/** Of each entry of a list the fields that are read. Where all of these differ at every look, there is nothing to tell. */
function entriesOf(group: string, fact: object, fields: ReadonlySet<string>): unknown {
  const declaration = FACT_TYPES.get(group);
  if (!Array.isArray(fact) || declaration?.shape !== "list") return undefined;
  const read = Object.keys(declaration.fields).filter((field) => fields.has(field));
  const told = read.filter((field) => !MOVING_FACTS.has(field));
  if (told.length === 0 && read.length > 0) return undefined;
  return fact.map((entry: object) => Object.fromEntries(told.map((field) => [field, valueOf(group, field, entry)])));
}

/** As people read it: moments and lengths of time are numbers only for expressions. */
function valueOf(group: string, field: string, owner: object): unknown {
  const value: unknown = Reflect.get(owner, field);
  const unit = UNITS.get(`${group}.${field}`);
  if (typeof value !== "number" || unit === undefined || value === 0) return value;
  return unit === "moment" ? readableTime(value) : readableDuration(value);
}
