/** Makes something, unless it was made `from` the same before. */
export type Once<T> = (from: string, make: () => Promise<T>) => Promise<T>;

/**
 * What was made last for each pull request. A stranger's text can be made to cost seconds, which each move of the default branch must not
 * cost again. What fails is made again.
 */
export class LastMade<T> {
  readonly #made = new Map<number, { readonly from: string; readonly made: T }>();

  of(pullRequest: number): Once<T> {
    return async (from, make) => {
      const last = this.#made.get(pullRequest);
      if (last?.from === from) return last.made;
      const made = await make();
      this.#made.set(pullRequest, { from, made });
      return made;
    };
  }

  /** Forgets all others. */
  keep(pullRequests: { has(pullRequest: number): boolean }): void {
    for (const pullRequest of this.#made.keys()) if (!pullRequests.has(pullRequest)) this.#made.delete(pullRequest);
  }
}
