import { describe, expect, it } from "vitest";
import type { Action } from "../../src/domain/action.ts";
import { WriteMemory } from "../../src/reconciler/write-memory.ts";
import { oid } from "../domain/releases.ts";
import { pullRequest } from "../domain/world-builder.ts";

const COMMENT: Action = { id: "comment 1", kind: "comment", pullRequest: 1, body: "hello" };
const MERGE: Action = { id: "merge 1", kind: "merge", pullRequest: 1, head: oid("c"), base: oid("a"), before: null, method: "squash", title: "t", message: "m" };
const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** What may be tried at a moment, after a comment was written and a merge refused. */
function triedAt(now: number, between: (memory: WriteMemory) => void = () => undefined): readonly string[] {
  const memory = new WriteMemory();
  const applied = { done: [COMMENT], conflicts: [], refusals: [{ action: MERGE, reason: "a check is not green" }], log: [] };
  memory.note(applied, NOW);
  memory.merges.note(applied, NOW);
  between(memory);
  return memory.untried([COMMENT, MERGE], now).map(({ id }) => id);
}

describe("what was written or refused", () => {
  it.each([
    ["at once", NOW, []],
    ["the comment when GitHub shows what was written, the merge after a minute", NOW + MINUTE + 1, [COMMENT.id, MERGE.id]],
    ["when the clock was set back", NOW - 1, [COMMENT.id, MERGE.id]],
  ])("may be tried again: %s", (_, now, ids) => {
    expect(triedAt(now)).toEqual(ids);
  });

  it.each([
    ["forge", [MERGE.id]],
    ["sweep", [MERGE.id]],
    ["cluster", []],
  ] as const)("is tried again at once after a hint of the kind %s, where it is a merge that was refused", (kind, ids) => {
    expect(triedAt(NOW, (memory) => memory.heed({ kind }))).toEqual(ids);
  });

  it("is tried again after a sweep, whatever was refused, and after ten minutes without one", () => {
    const refused = new WriteMemory();
    refused.note({ done: [], conflicts: [], refusals: [{ action: COMMENT, reason: "locked" }], log: [] }, NOW);
    expect(refused.untried([COMMENT], NOW + 10 * MINUTE)).toEqual([]);
    refused.heed({ kind: "forge" });
    expect(refused.untried([COMMENT], NOW)).toEqual([]);
    refused.heed({ kind: "sweep" });
    expect(refused.untried([COMMENT], NOW)).toEqual([COMMENT]);
  });
});

describe("a refused merge", () => {
  const refusal = { done: [], conflicts: [], refusals: [{ action: MERGE, reason: "a check is not green" }], log: [] };
  const KEY = `1@${oid("c")}`;

  it("rests for a minute, and twice as long each time, up to ten minutes", () => {
    const { merges } = new WriteMemory();
    const pauses = Array.from({ length: 6 }, () => {
      merges.note(refusal, NOW);
      return ((merges.nextTry([MERGE]) ?? 0) - NOW) / MINUTE;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 10, 10]);
  });

  it("is news only while its reason is new, and the reason outlasts the next try", () => {
    const { merges } = new WriteMemory();
    expect([merges.note(refusal, NOW), merges.note(refusal, NOW)]).toEqual([true, false]);
    merges.retry();
    expect(merges.mayTry(MERGE, NOW)).toBe(true);
    expect(merges.reasons).toEqual(new Map([[KEY, "a check is not green"]]));
  });

  it("is forgotten when it is done, and when the head is another", () => {
    const { merges } = new WriteMemory();
    merges.note(refusal, NOW);
    merges.keep([pullRequest({ number: 1 })]);
    expect(merges.reasons.has(KEY)).toBe(true);
    merges.keep([pullRequest({ number: 1, head: { ref: "x", oid: oid("d"), fork: false } })]);
    expect(merges.reasons.size).toBe(0);
    merges.note(refusal, NOW);
    merges.note({ done: [MERGE], conflicts: [], refusals: [], log: [] }, NOW);
    expect(merges.reasons.size).toBe(0);
  });
});
