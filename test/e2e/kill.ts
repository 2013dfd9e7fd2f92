import type { RealTime } from "./real-time.ts";

/** Small, and the same everywhere (mulberry32). From 0 up to but not including 1. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kills the process at its next write but a few: before GitHub does it, or after GitHub did and before the answer is there. */
export function killAtWrite(world: RealTime, random: () => number): Promise<void> {
  const killed = Promise.withResolvers<void>();
  let left = Math.floor(random() * 3);
  world.github.faults.next(
    (method, path, document) => {
      const isWrite = document === null ? method !== "GET" && path.startsWith("/repos/") : /^\s*mutation/.test(document);
      if (!isWrite || left-- > 0) return false;
      void world.kill().then(killed.resolve);
      return true;
    },
    { kind: random() < 0.5 ? "drop" : "drop-after" },
  );
  return killed.promise;
}
