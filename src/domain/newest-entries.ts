/** A map that keeps no more than the newest `most` entries. One that is set again is the newest; the oldest are forgotten first. */
export class NewestEntries<K, V> extends Map<K, V> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    super.set(key, value);
    const oldest = this.keys().next();
    if (this.size > this.#most && oldest.done !== true) this.delete(oldest.value);
    return this;
  }
}
