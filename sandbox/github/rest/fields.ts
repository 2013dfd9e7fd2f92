import { SandboxRefusal, unprocessable } from "../refusal.ts";

function wrong(name: string, value: unknown, wanted: string): SandboxRefusal {
  return unprocessable(`Invalid request.\n\nFor 'properties/${name}', ${JSON.stringify(value)} is not ${wanted}.`);
}

/** A JSON object that came in, read field by field, with GitHub's refusals for what does not fit. */
export class Fields {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    const plain = typeof value === "object" && value !== null && !Array.isArray(value);
    this.#values = new Map(plain ? Object.entries(value) : []);
  }

  static parse(text: string): Fields {
    if (text.trim() === "") return new Fields({});
    try {
      return new Fields(JSON.parse(text));
    } catch {
      throw new SandboxRefusal(400, "unprocessable", "Problems parsing JSON");
    }
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  raw(name: string): unknown {
    return this.#values.get(name);
  }

  /** The text, or undefined when absent or null. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw wrong(name, value, "a string");
    return value;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw unprocessable(`Invalid request.\n\n"${name}" wasn't supplied.`);
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "boolean") throw wrong(name, value, "a boolean");
    return value;
  }

  object(name: string): Fields | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "object" || Array.isArray(value)) throw wrong(name, value, "an object");
    return new Fields(value);
  }

  objects(name: string): readonly Fields[] | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) throw wrong(name, value, "an array");
    return value.map((item: unknown) => new Fields(item));
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw wrong(name, value, "an array of strings");
    return value;
  }

  numbers(name: string): readonly number[] | undefined {
    const value = this.#values.get(name);
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value) || !value.every((item) => typeof item === "number")) throw wrong(name, value, "an array of integers");
    return value;
  }

  /** One of a few words. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw wrong(name, value, `one of ${choices.join(", ")}`);
    return found;
  }

  /** An ISO 8601 time, as milliseconds. */
  time(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const at = Date.parse(value);
    if (Number.isNaN(at)) throw wrong(name, value, "a time");
    return at;
  }

  entries(): readonly (readonly [string, unknown])[] {
    return [...this.#values];
  }
}
