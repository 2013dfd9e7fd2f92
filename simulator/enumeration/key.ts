/** What tells states apart: a text that is the same for values that are the same, whatever was done to get there. */
import type { LogRecord } from "../../src/domain/record.ts";

/**
 * Words for people, from which nothing is ever decided; they hold times, and would tell equal states apart. So would the order in which images were seen first, by
 * which nothing is decided where tags are versions.
 */
const WORDS: ReadonlySet<string> = new Set(["evidence", "reason", "title", "body", "summary", "message", "headline", "fingerprint", "gates", "approvals", "key", "arrivals"]);

const keys = new WeakMap<object, string>();

/** The text of a part that many values share. Values never change, so it is made once. */
export function keyOf(value: unknown): string {
  if (typeof value === "function") return functionKey(value as (number: number, head: string) => LogRecord);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  const known = keys.get(value);
  if (known !== undefined) return known;
  const key = textOf(value);
  keys.set(value, key);
  return key;
}

/** Records that wait for a number are told by what they would be. */
function functionKey(record: (number: number, head: string) => LogRecord): string {
  return keyOf(record(0, ""));
}

/** The same, but not kept: for what is met once. */
export function textOf(value: object): string {
  if (Array.isArray(value)) return `[${value.map(keyOf).join()}]`;
  if (value instanceof Map) return `{${[...value].map(([name, one]) => `${String(name)}:${keyOf(one)}`).toSorted().join()}}`;
  if (value instanceof Set) return `(${[...value].map(keyOf).toSorted().join()})`;
  return `{${Object.entries(value).map(([name, one]) => (WORDS.has(name) ? "" : keyOf(one))).join()}}`;
}
