/** A port whose answers are there at once: how long they take, and whether they come at all, is for the faults to say. */
export type Immediate<P> = {
  readonly [K in keyof P]: P[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never;
};
