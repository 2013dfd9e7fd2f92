/** Words in which two worlds can be compared: whatever each makes up by itself (ids, digests, addresses) becomes a name. */
import { PortFailure } from "../../src/ports.ts";

/** Names by kind, in the order of first appearance. Two worlds in which the same happened name the same things alike. */
export class Names {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #addresses: ReadonlyMap<string, string>;

  /** @param addresses what stands for the addresses that are this world's own. */
  constructor(addresses: ReadonlyMap<string, string>) {
    this.#addresses = addresses;
  }

  /** An answer in words that are the same in every world. Why something was refused or failed is left out: that is for people. */
  plain(answer: unknown): unknown {
    return this.#plain(answer, "");
  }

  #of(kind: string, id: string | number): string {
    const key = `${kind} ${id}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const name = `${kind} ${count}`;
    this.#names.set(key, name);
    return name;
  }

  #plain(value: unknown, key: string): unknown {
    if (typeof value === "string") return key === "id" ? this.#of("node", value) : this.#text(value);
    if (typeof value === "number") return key in KINDS ? this.#of(KINDS[key] ?? "", value) : value;
    if (value instanceof PortFailure) return { failed: value.kind };
    if (value instanceof Uint8Array) return this.#text(new TextDecoder().decode(value));
    if (value instanceof Map) return this.#map(value, key);
    if (value instanceof Set || Array.isArray(value)) return [...value].map((item: unknown) => this.#plain(item, key));
    return typeof value === "object" && value !== null ? this.#object(value) : value;
  }

  #object(value: object): unknown {
    const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(fields.flatMap(([key, field]) => (WORDS.has(key) ? [] : [[key, this.#field(value, key, field)]])));
  }

  #field(owner: object, key: string, field: unknown): unknown {
    // Argo CD's words.
    if (key === "syncError" && typeof field === "string") return "said";
    if (key === "errors" && Array.isArray(field)) return field.length;
    // Of addresses only this is read.
    if (key === "authorEmail") return String(field).includes("[bot]@") ? "a bot" : "a person";
    if (key === "value" && "outcome" in owner && typeof field === "number") return this.#of("check", field);
    if (key !== "id" || typeof field !== "number") return this.#plain(field, key);
    return this.#of("fingerprint" in owner ? "check" : "deployment", field);
  }

  /** Ids are in the order in which they came to be, names in that of the alphabet. */
  #map(map: ReadonlyMap<unknown, unknown>, key: string): unknown {
    const entries = [...map];
    const ids = entries.every(([one]) => typeof one === "number" || (typeof one === "string" && ID.test(one)));
    const sorted = ids ? entries : entries.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    return sorted.map(([one, item]) => [this.#plain(one, typeof one === "number" ? "number" : key), this.#plain(item, key)]);
  }

  #text(text: string): string {
    return [...this.#addresses]
      .reduce((told, [address, name]) => told.replaceAll(address, name), text)
      .replaceAll(/\bsha256:[0-9a-f]{64}\b/g, (digest) => this.#of("digest", digest))
      .replaceAll(/\b[0-9a-f]{40}\b/g, (oid) => this.#of("object", oid))
      .replaceAll(/\bpinion\/_tmp\/[\w-]+/g, (branch) => this.#of("branch", branch))
      .replaceAll(/(?<=\/pull\/|#)\d+\b/g, (number) => this.#of("thread", number));
  }
}

const ID = /^[0-9a-f]{40}$/;
const KINDS: Readonly<Record<string, string>> = { number: "thread", pull: "thread", issue: "thread", deployment: "deployment" };
/** What is said to people, and nobody reads back. */
const WORDS: ReadonlySet<string> = new Set(["reason", "message"]);
