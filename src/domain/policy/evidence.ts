import type { Facts } from "../facts.ts";
import { isUnknownFact } from "../facts.ts";
import type { GateFact } from "../policy.ts";
import { cut, oneLine } from "../report/markdown.ts";
import { FACT_TYPES, MOVING_FACTS } from "./fact-types.ts";

/** What an expression reads: facts as `group.field` or `group`, and names of fields of a list's entries. */
export interface Reads {
  readonly facts: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
}

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
    const value: unknown = field === undefined ? entriesOf(group, fact, fields) : Reflect.get(fact, field);
    if (value !== undefined) found.push({ name, value: cut(oneLine(JSON.stringify(value)), MAX_VALUE) });
  }
  return found.toSorted((left, right) => (left.name < right.name ? -1 : 1)).slice(0, MAX_FACTS);
}

/** Of each entry of a list the fields that are read. */
function entriesOf(group: string, fact: object, fields: ReadonlySet<string>): unknown {
  const declaration = FACT_TYPES.get(group);
  if (!Array.isArray(fact) || declaration?.shape !== "list") return undefined;
  const read = Object.keys(declaration.fields).filter((field) => fields.has(field) && !MOVING_FACTS.has(field));
  return fact.map((entry: object) => Object.fromEntries(read.map((field) => [field, Reflect.get(entry, field) as unknown])));
}
