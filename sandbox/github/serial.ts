/** Runs tasks one after the other, in the order they came. A failed task does not stop the next. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Settles when everything queued until now has ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
