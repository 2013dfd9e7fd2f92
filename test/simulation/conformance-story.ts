/** Stories that two worlds must tell alike: what is done in both, and what comes of it in both. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Setup } from "../../simulator/setup.ts";
import type { Awaitable } from "../../simulator/world-view.ts";
import type { Milliseconds } from "../../src/domain/answer.ts";
import { bothAsTheyAre, Pair, type Side } from "./conformance-pair.ts";

/** One thing that is done, and what comes of it in plain words. Each builds upon those before it. */
export type Step = readonly [about: string, act: (side: Side) => Awaitable<unknown>, gives: unknown];

export const STALLED = { failed: "stalled" };
export const LATER = { failed: "dependency" };

/** Tells a story in a new pair of worlds, with some time between two steps. */
export function tell(name: string, setup: Setup, between: Milliseconds, steps: readonly Step[]): void {
  describe(`${name} is alike in both worlds`, () => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await Pair.of(setup);
    });
    afterAll(() => pair.close());

    it.each(steps)("%s", async (_about, act, gives) => {
      pair.pass(between);
      const { memory, servers } = await pair.both(act);
      expect(memory.plain).toEqual(gives);
      expect(servers.plain).toEqual(memory.plain);
      if (pair.rests()) return;
      const now = await bothAsTheyAre(pair);
      expect(now.servers).toEqual(now.memory);
    });
  });
}
