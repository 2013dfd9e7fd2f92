/** Remembered ids: some hours of webhooks, in about a megabyte. */
const REMEMBERED = 10_000;

/**
 * The ids of the deliveries that came last (`X-GitHub-Delivery`), so that one that comes twice costs one look. GitHub does
 * not sign the id, so this saves work and is no protection: that a replay does no harm is because no event decides anything.
 */
export class RecentDeliveries {
  readonly #ids = new Set<string>();

  /** Whether this id has not been seen lately; from now on it has. */
  isNew(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > REMEMBERED && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}
