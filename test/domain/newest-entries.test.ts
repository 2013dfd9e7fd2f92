import fc from "fast-check";
import { expect, it } from "vitest";
import { NewestEntries } from "../../src/domain/newest-entries.ts";

it("keeps what was set last, and no more than it may", () => {
  const writes = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer()), { maxLength: 50 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), writes, (most, sets) => {
      const entries = new NewestEntries<number, number>(most);
      for (const [key, value] of sets) entries.set(key, value);
      const newestFirst = sets.toReversed().filter(([key], index, all) => all.findIndex(([other]) => other === key) === index);
      expect([...entries]).toEqual(newestFirst.slice(0, most).toReversed());
    }),
  );
});
