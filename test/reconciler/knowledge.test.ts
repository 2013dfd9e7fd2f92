import { describe, expect, it } from "vitest";
import { AnswerStore, type ComparedRevision } from "../../src/reconciler/knowledge.ts";

/** Asks three times in a row, and answers how often the question got through. */
async function timesAsked(answer: ComparedRevision): Promise<number> {
  const store = new AnswerStore();
  let asked = 0;
  for (let time = 0; time < 3; time += 1) {
    const told = await store.comparedOnce("revision commit file release", async () => {
      asked += 1;
      return answer;
    });
    expect(told).toEqual(answer);
  }
  return asked;
}

describe("what Git says of a revision", () => {
  it.each([
    ["it includes the commit and pins the release", { includesCommit: true, pinsAtRevision: "wanted" }],
    ["it includes the commit and pins another release", { includesCommit: true, pinsAtRevision: "other" }],
    ["it does not include the commit", { includesCommit: false, pinsAtRevision: "unknown" }],
  ] as const)("is asked once when %s", async (_, answer) => {
    expect(await timesAsked(answer)).toBe(1);
  });

  it.each([
    ["the revision is not there yet", { includesCommit: null, pinsAtRevision: "unknown" }],
    ["the file cannot be read there", { includesCommit: true, pinsAtRevision: "unknown" }],
  ] as const)("is asked again when %s", async (_, answer) => {
    expect(await timesAsked(answer)).toBe(3);
  });

  it("is kept for each question of its own", async () => {
    const store = new AnswerStore();
    const told = (pinsAtRevision: "wanted" | "other") => async (): Promise<ComparedRevision> => ({ includesCommit: true, pinsAtRevision });
    await store.comparedOnce("a", told("wanted"));
    expect(await store.comparedOnce("b", told("other"))).toEqual({ includesCommit: true, pinsAtRevision: "other" });
  });
});
