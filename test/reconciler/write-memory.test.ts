import { describe, expect, it } from "vitest";
import type { Action } from "../../src/domain/action.ts";
import { WriteMemory } from "../../src/reconciler/write-memory.ts";
import { oid } from "../domain/releases.ts";

const COMMENT: Action = { id: "comment 1", kind: "comment", pullRequest: 1, body: "hello" };
const MERGE: Action = { id: "merge 1", kind: "merge", pullRequest: 1, head: oid("c"), base: oid("a"), method: "squash", title: "t", message: "m" };
const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** What may be tried at a moment, after a comment was written and a merge refused. */
function triedAt(now: number, between: (memory: WriteMemory) => void = () => undefined): readonly string[] {
  const memory = new WriteMemory();
  memory.note({ done: [COMMENT], conflicts: [], refusals: [{ action: MERGE, reason: "a check is not green" }], log: [] }, NOW);
  between(memory);
  return memory.untried([COMMENT, MERGE], now).map(({ id }) => id);
}

describe("what was written or refused", () => {
  it.each([
    ["at once", NOW, []],
    ["after a minute", NOW + MINUTE, []],
    ["when GitHub shows what was written", NOW + MINUTE + 1, [COMMENT.id]],
    ["when a refusal is old", NOW + 10 * MINUTE + 1, [COMMENT.id, MERGE.id]],
    ["when the clock was set back", NOW - 1, [COMMENT.id, MERGE.id]],
  ])("may be tried again: %s", (_, now, ids) => {
    expect(triedAt(now)).toEqual(ids);
  });

  it("is tried again as soon as GitHub tells of something, where it is a merge that was refused", () => {
    expect(triedAt(NOW, (memory) => memory.forgetRefusedMerges())).toEqual([MERGE.id]);
  });
});
