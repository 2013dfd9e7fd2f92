/** Runs tasks one after the other, in the order they came. A failed task does not stop the next. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Settles when everything has ended, what was queued meanwhile included. */
  async idle(): Promise<void> {
    for (let tail: unknown = null; tail !== this.#tail; ) {
      tail = this.#tail;
      await tail;
    }
  }
}
