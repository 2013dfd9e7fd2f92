import fc from "fast-check";
import { expect, it } from "vitest";
import { known, unknown } from "../../src/domain/answer.ts";
import type { QueueEvent } from "../../src/domain/observation.ts";
import { isQueued, MOST_TRIES, queueChance } from "../../src/domain/queue-events.ts";
import { approval, ALICE, BOB } from "./planner.ts";
import { pullRequest } from "./world-builder.ts";

const everybody = () => true;

const MINUTE = 60_000;
const GITHUB = { login: "github-merge-queue[bot]", kind: "bot" } as const;
const PINION = { login: "pinion", kind: "app" } as const;

function out(at: number, by: QueueEvent["by"] = GITHUB): QueueEvent {
  return { kind: "removed", by, at, reason: "failed_checks" };
}

it.each<[what: string, events: readonly QueueEvent[], now: number, chance: unknown]>([
  ["never in it", [], 0, { chance: "now" }],
  ["out once", [out(0)], 59_999, { chance: "later", at: MINUTE }],
  ["out once, a minute ago", [out(0)], MINUTE, { chance: "now" }],
  ["out twice", [out(0), out(10)], MINUTE, { chance: "later", at: 10 + 5 * MINUTE }],
  ["out four times", [out(0), out(1), out(2), out(3)], MINUTE, { chance: "later", at: 3 + 60 * MINUTE }],
  ["out too often", [out(0), out(1), out(2), out(3), out(4)], 1e12, { chance: "people", why: "too-often" }],
  ["out by Pinion once", [out(0, PINION)], 0, { chance: "now" }],
  ["out by Pinion twice", [out(0, PINION), out(1, PINION)], 1, { chance: "later", at: 1 + 5 * MINUTE }],
  ["out by a person", [out(0, BOB)], 1e12, { chance: "people", why: "taken-out" }],
  ["out by a person, and put in by one", [out(0, BOB), { kind: "added", by: ALICE, at: 1 }, out(2)], 1e12, { chance: "now" }],
  ["out because it was merged", [{ kind: "removed", by: GITHUB, at: 0, reason: "MERGE" }], 0, { chance: "now" }],
])("a pull request that was %s", (_what, queueEvents, now, chance) => {
  expect(queueChance(pullRequest({ queueEvents }), now, everybody)).toEqual(chance);
});

it.each([
  ["an approval", { reviews: [{ ...approval(BOB), at: 6 }] }, "now"],
  ["an approval from before", { reviews: [{ ...approval(BOB), at: 4 }] }, "people"],
  ["a request for changes", { reviews: [{ ...approval(BOB, null, "changes-requested"), at: 6 }] }, "people"],
  ["a label", { labelEvents: [{ id: "1", label: "promote:prod", actor: BOB, at: 6 }] }, "now"],
  ["the label hotfix", { labelEvents: [{ id: "1", label: "Hotfix", actor: BOB, at: 6 }] }, "now"],
  ["a label that asks for nothing", { labelEvents: [{ id: "1", label: "do-not-merge", actor: BOB, at: 6 }] }, "people"],
  ["a command that there is none of", { comments: [{ id: "1", author: BOB, body: "/pinion stop", at: 6, editedByOther: false }] }, "people"],
  ["a label by the App", { labelEvents: [{ id: "1", label: "promote:prod", actor: PINION, at: 6 }] }, "people"],
  ["a command", { comments: [{ id: "1", author: BOB, body: "/pinion promote checkout dev", at: 6, editedByOther: false }] }, "now"],
  ["an approval by somebody who may not write", { reviews: [{ ...approval(ALICE), at: 6 }] }, "people"],
  ["a command by somebody who may not write", { comments: [{ id: "1", author: ALICE, body: "/pinion promote checkout dev", at: 6, editedByOther: false }] }, "people"],
  ["a command that another put there", { comments: [{ id: "1", author: BOB, body: "/pinion promote checkout dev", at: 6, editedByOther: true }] }, "people"],
  ["a remark", { comments: [{ id: "1", author: BOB, body: "why?", at: 6, editedByOther: false }] }, "people"],
])("after somebody took it out, %s", (_what, changes, chance) => {
  expect(queueChance(pullRequest({ queueEvents: [out(5, BOB)], ...changes }), 7, (login) => login === BOB.login).chance).toBe(chance);
});

it("never goes round for ever: however it comes out, and whenever it is looked at, it goes in only so often", () => {
  const removal = fc.record({ wait: fc.nat(3 * 60 * MINUTE), by: fc.constantFrom(GITHUB, PINION, BOB), reason: fc.constantFrom("failed_checks", "", "merge_conflict", "odd") });
  fc.assert(
    fc.property(fc.array(removal, { minLength: 20, maxLength: 40 }), (removals) => {
      const events: QueueEvent[] = [];
      let now = 0;
      let tries = 0;
      for (const { wait, by, reason } of removals) {
        const chance = queueChance(pullRequest({ queueEvents: events }), now, everybody);
        if (chance.chance === "people") break;
        if (chance.chance === "later") {
          expect(chance.at).toBeGreaterThan(now);
          now = chance.at;
          expect(queueChance(pullRequest({ queueEvents: events }), now, everybody).chance).toBe("now");
        }
        tries += 1;
        events.push({ kind: "added", by: PINION, at: now }, { kind: "removed", by, at: now + wait, reason });
        now += wait;
      }
      expect(tries).toBeLessThanOrEqual(MOST_TRIES);
      expect(queueChance(pullRequest({ queueEvents: events }), Number.MAX_SAFE_INTEGER, everybody).chance).toBe("people");
    }),
  );
});

it.each([
  ["listed", known({ allGreen: true, entries: [{ pullRequest: 1, by: BOB, at: 0, group: null }] }, 0), [], true],
  ["not listed", known({ allGreen: true, entries: [] }, 0), [], false],
  ["put in just now", known({ allGreen: true, entries: [] }, 0), [{ kind: "added", by: BOB, at: 0 }], true],
  ["put in long ago, and not listed", known({ allGreen: true, entries: [] }, 0), [{ kind: "added", by: BOB, at: -1e9 }], false],
  ["being merged", known({ allGreen: true, entries: [] }, 0), [{ kind: "removed", by: GITHUB, at: 0, reason: "merged" }], true],
  ["out", known({ allGreen: true, entries: [] }, 0), [out(0)], false],
  ["put into a queue that is not there any more", known(null, 0), [{ kind: "added", by: BOB, at: 0 }], false],
  ["put into a queue that cannot be read", unknown("no", "stalled", 0), [{ kind: "added", by: BOB, at: -1e9 }], true],
  ["out of a queue that cannot be read", unknown("no", "stalled", 0), [out(0)], false],
] as const)("a pull request that is %s", (_what, queue, queueEvents, queued) => {
  expect(isQueued({ queue }, { number: 1, queueEvents }, 1000)).toBe(queued);
});
