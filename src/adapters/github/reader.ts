import type { Instant } from "../../domain/answer.ts";
import { isRecord } from "../../domain/json.ts";
import { PortFailure } from "../../ports.ts";

/**
 * One object of GitHub's answer, read field by field. Whatever is missing or of another type throws
 * {@link PortFailure} (`error`) with the place, because a value we cannot read must not pass for an empty one.
 */
export class Reader {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #place: string;

  constructor(value: unknown, place: string) {
    if (!isRecord(value)) throw unexpected(place, "an object", value);
    this.#fields = value;
    this.#place = place;
  }

  object(key: string): Reader {
    return new Reader(this.#fields[key], this.#under(key));
  }

  /** Null when the field is null or absent. */
  optional(key: string): Reader | null {
    const value = this.#fields[key];
    return value === null || value === undefined ? null : new Reader(value, this.#under(key));
  }

  /** The elements that are not null: GraphQL gives null for what has been deleted. */
  objects(key: string): readonly Reader[] {
    const value = this.#fields[key];
    if (!Array.isArray(value)) throw unexpected(this.#under(key), "a list", value);
    return value.flatMap((element: unknown, index) => (element === null ? [] : [new Reader(element, `${this.#under(key)}[${index}]`)]));
  }

  text(key: string): string {
    const value = this.#fields[key];
    if (typeof value !== "string") throw unexpected(this.#under(key), "text", value);
    return value;
  }

  optionalText(key: string): string | null {
    const value = this.#fields[key];
    return value === null || value === undefined ? null : this.text(key);
  }

  integer(key: string): number {
    const value = this.#fields[key];
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw unexpected(this.#under(key), "a whole number", value);
    return value;
  }

  flag(key: string): boolean {
    const value = this.#fields[key];
    if (typeof value !== "boolean") throw unexpected(this.#under(key), "true or false", value);
    return value;
  }

  /** A list of texts. */
  texts(key: string): readonly string[] {
    const value = this.#fields[key];
    if (!Array.isArray(value)) throw unexpected(this.#under(key), "a list", value);
    return value.map((element: unknown, index) => {
      if (typeof element !== "string") throw unexpected(`${this.#under(key)}[${index}]`, "text", element);
      return element;
    });
  }

  /** Null when the field is null or absent. */
  optionalTexts(key: string): readonly string[] | null {
    const value = this.#fields[key];
    return value === null || value === undefined ? null : this.texts(key);
  }

  /** Null when the field is null or absent. */
  optionalObjects(key: string): readonly Reader[] | null {
    const value = this.#fields[key];
    return value === null || value === undefined ? null : this.objects(key);
  }

  /** An object of texts by name. */
  textsByName(key: string): Readonly<Record<string, string>> {
    const value = this.#fields[key];
    if (!isRecord(value)) throw unexpected(this.#under(key), "an object", value);
    return Object.fromEntries(
      Object.entries(value).map(([name, text]) => {
        if (typeof text !== "string") throw unexpected(`${this.#under(key)}.${name}`, "text", text);
        return [name, text];
      }),
    );
  }

  /** Null when the field is null or absent. */
  optionalFlag(key: string): boolean | null {
    const value = this.#fields[key];
    return value === null || value === undefined ? null : this.flag(key);
  }

  optionalInteger(key: string): number | null {
    const value = this.#fields[key];
    return value === null || value === undefined ? null : this.integer(key);
  }

  instant(key: string): Instant {
    const text = this.text(key);
    const at = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(at)) throw unexpected(this.#under(key), "a time", text);
    return at;
  }

  optionalInstant(key: string): Instant | null {
    const value = this.#fields[key];
    return value === null || value === undefined ? null : this.instant(key);
  }

  /** What one of GitHub's enumeration values means to us. */
  choice<T>(key: string, meanings: ReadonlyMap<string, T>): T {
    const text = this.text(key);
    const meaning = meanings.get(text);
    if (meaning === undefined) throw unexpected(this.#under(key), `one of ${[...meanings.keys()].join(", ")}`, text);
    return meaning;
  }

  #under(key: string): string {
    return this.#place === "" ? key : `${this.#place}.${key}`;
  }
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** The value itself is not shown, since it can be long or hold what people wrote. */
function unexpected(place: string, wanted: string, value: unknown): PortFailure {
  const found = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  const where = place === "" ? "it" : place;
  const advice = "GitHub may have changed; look for a newer Pinion";
  return new PortFailure("error", `GitHub's answer is not as expected: ${where} should be ${wanted} and is ${found}. ${advice}.`);
}

/** A page of a GraphQL connection. */
export interface Page {
  readonly nodes: readonly Reader[];
  /** Where the next page begins, or null after the last. */
  readonly next: string | null;
}

export function pageOf(parent: Reader, key: string): Page {
  const connection = parent.object(key);
  const info = connection.object("pageInfo");
  return { nodes: connection.objects("nodes"), next: info.flag("hasNextPage") ? info.text("endCursor") : null };
}
