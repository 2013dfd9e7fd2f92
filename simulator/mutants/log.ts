/** The promotion log: what is put down, and what is believed. */
import { mutant, type Edit, type Mutant } from "./mutant.ts";

const LOG = "src/reconciler/promotion-log.ts";
const CHANGES = "src/domain/changes.ts";
const OBSERVE = "src/reconciler/observe.ts";
const APPLY = "src/reconciler/apply.ts";

/** What has ended is listed for some time after it was seen to, which hides for that long that it was not. */
export const NO_OVERLAP: Edit = { file: OBSERVE, text: "const ENDED_OVERLAP = 10 * 60_000;", replacement: "const ENDED_OVERLAP = 0;" };

export const LOG_MUTANTS: readonly Mutant[] = [
  mutant("merges are never put down as such", ["S24"], CHANGES, "if (change.pullRequest !== null) return recordMerge(draft, change, change.pullRequest);", ""),
  mutant("changes of pins are not put down", ["L7"], CHANGES, "for (const found of draft.observation.changes) {", "for (const found of draft.observation.changes.slice(0, 0)) {"),
  mutant("a change by hand between two looks is lost", ["L7"], "src/reconciler/pin-changes.ts", "else changes.push(...explained);", "else changes.push(...explained.slice(-1));"),
  mutant("an event is put down as often as it is seen", ["S24"], "src/domain/draft.ts", "if (this.observation.ledger.identities.has(identity) || this.#records.has(identity)) return false;", "if (this.#records.has(identity)) return false;"),
  {
    name: "what was taken over is put down once more",
    edits: [
      {
        file: APPLY,
        text: "...this.#records.filter((record) => !identities.has(recordIdentity(record)))];",
        replacement: "...this.#records.filter((record) => recordIdentity(record) !== \"\" || identities.size < 0)];",
      },
      { file: "src/domain/openings.ts", text: "if (isRecorded(draft, standing.oid)) return {", replacement: "if (isRecorded(draft, standing.oid) && attempt < 0) return {" },
      { file: OBSERVE, text: "if (listed.has(pullRequest) || Math.abs(now - at) >= LISTED_WITHIN) continue;", replacement: "if (listed.has(pullRequest) || Math.abs(now - at) >= 0 * LISTED_WITHIN) continue;" },
    ],
    invariants: ["S24"],
  },
  mutant("records of one commit are read in any order", ["L5", "L6", "S10", "S15", "S16", "S24", "H1"], LOG, "records.toSorted((a, b) => a.sequence - b.sequence)", "records.toSorted((a, b) => b.sequence - a.sequence)"),
  mutant("commits of others in the log count", ["S6", "S10", "S11", "S16", "S17", "S18", "S22", "S24", "H1"], LOG, "if (!commit.appendsOnly || !proven.has(commit.oid)) {", "if (!commit.appendsOnly) {"),
  mutant("every merge is called judged", ["S24"], CHANGES, `return passedPullRequests.has(pullRequest.number) ? "stale-judged" : "out-of-band";`, `return passedPullRequests.has(pullRequest.number) ? "stale-judged" : "judged";`),
  mutant("a merge at another head than the judged one is called judged", ["S24"], CHANGES, `return passedPullRequests.has(pullRequest.number) ? "stale-judged"`, `return passedPullRequests.has(pullRequest.number) ? "judged"`),
  mutant("a closing that nothing could be done about is forgotten", ["L1", "L9", "S26"], OBSERVE, "if (config?.ok !== true) return;", "if (config?.ok !== true) {\n      this.#seenTo = snapshot.at;\n      return;\n    }"),
  {
    name: "a request that waits is forgotten",
    edits: [
      {
        file: OBSERVE,
        text: "this.#seenTo = Math.min(snapshot.at, unansweredSince(snapshot.ended, config.config.environments, snapshot.at) ?? snapshot.at);",
        replacement: "this.#seenTo = snapshot.at + 0 * (unansweredSince(snapshot.ended, config.config.environments) ?? 0);",
      },
      NO_OVERLAP,
    ],
    invariants: ["L1"],
  },
  mutant("what somebody pushed is put down as what was opened", ["S24"], "src/domain/pull-requests.ts", "if (!untouched || only === undefined || draft.observation.ledger.openedAs.has(", "if (only === undefined || !judged.own || draft.observation.ledger.openedAs.has("),
  mutant("a revert is put down as a promotion", ["S24"], CHANGES, `kind: revert ? "revert" : hotfix === null`, `kind: hotfix === null`),
];
