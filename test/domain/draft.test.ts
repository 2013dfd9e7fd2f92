import { describe, expect, it } from "vitest";
import { known, unknown, type Answer } from "../../src/domain/answer.ts";
import { Draft } from "../../src/domain/draft.ts";
import type { Knowledge, NeedAnswers, Need } from "../../src/domain/observation.ts";
import { WorldBuilder } from "./world-builder.ts";

const NEED = { kind: "tags", repository: "ghcr.io/acme/checkout" } as const;
const SECOND = 1_000;
const MINUTE = 60_000;

/** Asks at a moment, with one answer at hand. Tells whether it was taken, and when the question is due again. */
function asking(answer: Answer<readonly string[]>, now: number, maxAge: number) {
  const world = new WorldBuilder();
  if (world.config?.ok !== true) throw new Error("the configuration of the test is wrong");
  const knowledge: Knowledge = { get: <K extends Need["kind"]>() => answer as Answer<NeedAnswers[K]> };
  const draft = new Draft(world.observation(), world.config.config, { policies: [] }, knowledge, now);
  const taken = draft.ask<"tags">(NEED, maxAge) !== null;
  const { needs, nextLookAt } = draft.finish();
  expect(needs).toHaveLength(taken ? 0 : 1);
  return { taken, nextLookAt };
}

describe("how long an answer stands", () => {
  it.each<readonly [string, Answer<readonly string[]>, number, boolean]>([
    ["an answer that is young", known([], 0), MINUTE, true],
    ["an answer that is too old", known([], 0), MINUTE + 1, false],
    ["an answer from the future", known([], 1), 0, false],
    ["what was not to be had half a minute ago", unknown("down", "dependency", 0), 30 * SECOND, true],
    ["what was not to be had longer ago", unknown("down", "dependency", 0), 30 * SECOND + 1, false],
    ["what a person must mend, five minutes ago", unknown("no permission", "stalled", 0), 5 * MINUTE, true],
    ["what a person must mend, longer ago", unknown("no permission", "stalled", 0), 5 * MINUTE + 1, false],
    ["what was not to be had, from the future", unknown("down", "dependency", 1), 0, false],
  ])("%s", (_, answer, now, taken) => {
    expect(asking(answer, now, MINUTE).taken).toBe(taken);
  });

  it("asks again by itself when what is unknown may be known", () => {
    expect(asking(unknown("no permission", "stalled", 0), 0, MINUTE).nextLookAt).toBe(5 * MINUTE + 1);
    expect(asking(unknown("down", "dependency", 0), 0, MINUTE).nextLookAt).toBe(30 * SECOND + 1);
  });
});
