/** What makes a hotfix, and what it still takes. */
import { URGENT_FROM } from "../setup.ts";
import { mutant, type Mutant } from "./mutant.ts";

const HOTFIX = "src/domain/hotfix.ts";
const JUDGE = "src/domain/judge-pull-request.ts";
const FACTS = "src/domain/facts/approvals.ts";

const MUTANTS: readonly Mutant[] = [
  mutant("anybody's word makes a hotfix", ["S22"], HOTFIX, "if (WRITERS.has(permission.value)) return { word };", "if (permission.known) return { word };"),
  mutant("a label that was taken off still makes a hotfix", ["S22"], HOTFIX, "if (!hasLabel(pullRequest.labels, HOTFIX_LABEL)) return NOT_WANTED;", ""),
  mutant("a hotfix that was closed stays one for whoever asks next", ["S22"], "src/domain/ledger.ts", "hotfixes.delete(key);", ""),
  mutant("an approval from before it was a hotfix counts", ["S6"], FACTS, "hotfix !== null && decision.at < hotfix.at", "hotfix !== null && decision.at < 0"),
  mutant("a merge is never recorded as a hotfix", ["S24"], "src/domain/changes.ts", `hotfix === null ? "promotion" : "hotfix"`, `"promotion"`),
  {
    name: "whoever called it a hotfix may approve it",
    edits: [
      { file: JUDGE, text: "asked : [...asked, hotfix.word.by]", replacement: "asked : asked" },
      { file: JUDGE, text: ", ...hotfixLabellers(pullRequest)]", replacement: ", ...hotfixLabellers(pullRequest).slice(0, 0)]" },
    ],
    invariants: ["S6"],
  },
  {
    name: "a hotfix takes no more approvals than others",
    edits: [
      { file: FACTS, text: `|| kind === "hotfix" ? 1 : 0`, replacement: "? 1 : 0" },
      { file: "policies/approvals.yaml", text: `|| (promotion.kind == "hotfix" && approvals.count < 1)`, replacement: "" },
    ],
    invariants: ["S6"],
  },
];

export const HOTFIXES: readonly Mutant[] = MUTANTS.map((one) => ({ ...one, from: URGENT_FROM }));
