/** What is merged, and when. */
import { mutant, type Mutant } from "./mutant.ts";

const PULLS = "src/domain/pull-requests.ts";
const JUDGE = "src/domain/judge-pull-request.ts";
const APPLY = "src/reconciler/apply.ts";

export const MERGING: readonly Mutant[] = [
  mutant("a merge does not say which head", ["S7"], APPLY, "pullRequest, { head, method, title, message })", "pullRequest, { head: null as unknown as string, method, title, message })"),
  mutant("commits of others are merged", ["S27", "S31"], JUDGE, "const appsAlone = pullRequest.commits.allOwn && pullRequest.commits.count === 1;", "const appsAlone = true;"),
  {
    name: "what was put in another's place is merged",
    edits: [
      { file: JUDGE, text: "return same ? { kind: opened.kind } : null;", replacement: "return same || !same ? { kind: opened.kind } : null;" },
      { file: "src/domain/moved-on.ts", text: "return `merging it would not bring", replacement: "return app !== null ? null : `merging it would not bring" },
    ],
    invariants: ["S4"],
  },
  {
    name: "what people open is merged as well",
    edits: [
      { file: JUDGE, text: "const untouched = opened !== null && appsAlone;", replacement: "const untouched = (opened !== null && appsAlone) || !own;" },
      { file: JUDGE, text: `const kind = untouched && opened.kind === "revert" ?`, replacement: `const kind = untouched && opened?.kind === "revert" ?` },
    ],
    invariants: ["S24", "S31"],
  },
  mutant("nothing is put down before a merge", ["S1"], PULLS, "if (!allPass(judged)) return;", "if (judged !== null) return;"),
  mutant(
    "a merge comes before the record of its judgement",
    ["S1"],
    APPLY,
    `[() => this.#publish(plan), () => this.#each(plan, "merge", (action) => this.#merge(action))]`,
    `[() => this.#each(plan, "merge", (action) => this.#merge(action)), () => this.#publish(plan)]`,
  ),
  mutant("what people merge is merged", ["S6"], PULLS, `return kind !== "revert" && environment.merge === "manual" ? null : only;`, "return kind === only.promotion.kind && environment !== null ? only : null;"),
  mutant("nothing is merged", ["L4"], PULLS, "if (!untouched || pullRequest.draft", "if (untouched || pullRequest.draft"),
  mutant("nothing is checked", ["L3"], PULLS, "if (existing !== null && saysTheSame(existing, check)", "if (existing === null || saysTheSame(existing, check)"),
  mutant(
    "a merge that was refused is never tried again",
    ["L4"],
    "src/reconciler/refused-merges.ts",
    "return refused === undefined || refused.free || refused.at > now || now >= refused.at + refused.pause;",
    "return refused === undefined;",
  ),
  mutant("the configuration is read from the head of a pull request", ["S6", "S8"], JUDGE, "const environment = environmentOf(draft.config, change.environment);", "const proposed = proposal?.known === true ? proposal.value.config : null;\n    const environment = environmentOf(proposed?.ok === true ? proposed.config : draft.config, change.environment);"),
  {
    // Where something else is pinned by now it conflicts, and is not built anew either.
    name: "a revert is merged though what it goes back from is gone",
    edits: [
      { file: PULLS, text: `if (opened === undefined || opened.kind !== "revert" || opened.from === null) return null;`, replacement: "if (opened !== null) return null;" },
      { file: "src/domain/openings.ts", text: " || (opened.from !== null && !isStillPinned(opened.from, pins.pinned))", replacement: "" },
    ],
    invariants: ["S17"],
  },
];
