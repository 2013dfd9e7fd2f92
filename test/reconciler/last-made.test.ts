import { expect, it } from "vitest";
import { LastMade } from "../../src/reconciler/last-made.ts";

it("is made once for each pull request while it is made from the same, and again once it failed or was forgotten", async () => {
  const last = new LastMade<string>();
  const made: string[] = [];
  const once = async (pullRequest: number, from: string): Promise<string> =>
    last.of(pullRequest)(from, async () => {
      made.push(`${pullRequest} ${from}`);
      if (from === "broken") throw new Error("broken");
      return `${pullRequest} made from ${from}`;
    });
  expect([await once(1, "a"), await once(2, "a"), await once(1, "a")]).toEqual(["1 made from a", "2 made from a", "1 made from a"]);
  await expect(once(1, "broken")).rejects.toThrow("broken");
  expect(await once(1, "a")).toBe("1 made from a");
  expect(await once(2, "b")).toBe("2 made from b");
  expect(made).toEqual(["1 a", "2 a", "1 broken", "2 b"]);
  last.keep(new Set([2]));
  await once(1, "a");
  await once(2, "b");
  expect(made.slice(4)).toEqual(["1 a"]);
});
