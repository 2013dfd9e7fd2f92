/** The promotion log: what is put down, and what is believed. */
import { mutant, type Mutant } from "./mutant.ts";

const LOG = "src/reconciler/promotion-log.ts";
const CHANGES = "src/domain/changes.ts";
const APPLY = "src/reconciler/apply.ts";

export const LOG_MUTANTS: readonly Mutant[] = [
  mutant("merges are never put down as such", ["S24"], CHANGES, "if (change.pullRequest !== null) return recordMerge(draft, change, change.pullRequest);", ""),
  mutant("changes of pins are not put down", ["L7"], CHANGES, "for (const found of draft.observation.changes) {", "for (const found of draft.observation.changes.slice(0, 0)) {"),
  mutant("a change by hand between two looks is lost", ["L7"], "src/reconciler/pin-changes.ts", "else changes.push(...explained);", "else changes.push(...explained.slice(-1));"),
  mutant("an event is put down as often as it is seen", ["S24"], "src/domain/draft.ts", "if (this.observation.ledger.identities.has(identity) || this.#records.has(identity)) return false;", "if (this.#records.has(identity)) return false;"),
  mutant("what was taken over is put down once more", ["S24"], APPLY, "...this.#records.filter((record) => !identities.has(recordIdentity(record)))];", "...this.#records.filter((record) => recordIdentity(record) !== \"\" || identities.size < 0)];"),
  mutant("records of one commit are read in any order", ["L5", "L6", "S10", "S15", "S16", "S24", "H1"], LOG, "records.toSorted((a, b) => a.sequence - b.sequence)", "records.toSorted((a, b) => b.sequence - a.sequence)"),
  mutant("commits of others in the log count", ["S6", "S10", "S11", "S16", "S17", "S18", "S22", "S24", "H1"], LOG, "if (!commit.appendsOnly || !proven.has(commit.oid)) {", "if (!commit.appendsOnly) {"),
  mutant("every merge is called judged", ["S24"], CHANGES, `return passedPullRequests.has(pullRequest.number) ? "stale-judged" : "out-of-band";`, `return passedPullRequests.has(pullRequest.number) ? "stale-judged" : "judged";`),
  mutant("a merge at another head than the judged one is called judged", ["S24"], CHANGES, `return passedPullRequests.has(pullRequest.number) ? "stale-judged"`, `return passedPullRequests.has(pullRequest.number) ? "judged"`),
  mutant("a closing that nothing could be done about is forgotten", ["L1", "L9", "S26"], "src/reconciler/observe.ts", "if (config?.ok !== true) return;", "if (config?.ok !== true) {\n      this.#seenTo = snapshot.at;\n      return;\n    }"),
  mutant("a request that waits is forgotten", ["L1"], "src/reconciler/observe.ts", "this.#seenTo = Math.min(snapshot.at, unansweredSince(snapshot.ended, config.config.environments) ?? snapshot.at);", "this.#seenTo = snapshot.at + 0 * (unansweredSince(snapshot.ended, config.config.environments) ?? 0);"),
  mutant("what somebody pushed is put down as what was opened", ["S24"], "src/domain/pull-requests.ts", "if (!untouched || only === undefined || draft.observation.ledger.openedAs.has(", "if (only === undefined || !judged.own || draft.observation.ledger.openedAs.has("),
  mutant("a revert is put down as a promotion", ["S24"], CHANGES, `kind: revert ? "revert" : "promotion",`, `kind: "promotion",`),
];
