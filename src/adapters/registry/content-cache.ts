import type { Digest } from "../../domain/release.ts";

/** What is kept at most, in bytes: the attestations of some hundred images. */
const CAPACITY = 32 * 1024 * 1024;

/** Content that was proven to have its digest, and so never changes. What was not there is asked for again. */
export class ContentCache {
  readonly #contents = new Map<string, Uint8Array>();
  readonly #capacity: number;
  #size = 0;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  /** By repository too: whoever may read one need not be allowed to read another. */
  async get(repository: string, digest: Digest, read: () => Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    const key = `${repository}@${digest}`;
    const before = this.#contents.get(key);
    if (before !== undefined) {
      // As the newest: the oldest goes first.
      this.#contents.delete(key);
      this.#contents.set(key, before);
      return before;
    }
    const content = await read();
    if (content !== null) this.#keep(key, content);
    return content;
  }

  #keep(key: string, content: Uint8Array): void {
    if (content.byteLength > this.#capacity / 4 || this.#contents.has(key)) return;
    this.#contents.set(key, content);
    this.#size += content.byteLength;
    for (const [oldest, { byteLength }] of this.#contents) {
      if (this.#size <= this.#capacity) return;
      this.#contents.delete(oldest);
      this.#size -= byteLength;
    }
  }
}
