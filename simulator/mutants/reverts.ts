/** The way back. */
import { mutant, type Mutant } from "./mutant.ts";

const REVERTS = "src/domain/reverts.ts";
const JUDGE = "src/domain/judge-pull-request.ts";

export const REVERTS_MUTANTS: readonly Mutant[] = [
  mutant("what went bad is left", ["L6"], REVERTS, "if (current === null || current.bad === null) return;", "if (current !== null) return;"),
  mutant("a revert is reverted", ["S19"], REVERTS, `if (current.kind === "revert") {`, `if (current.kind === "hotfix") {`),
  mutant("there is no way back, and nobody is told", ["L6"], REVERTS, "freeze(draft, environment, current, release, current.bad, target.none);\n", ""),
  mutant("it goes back to what was never verified", ["S18"], "src/domain/ledger.ts", "if (run.verified === null || run.wentBad || place.bad.has(key)) continue;", "if (run.wentBad || place.bad.has(key)) continue;"),
  mutant(
    "it goes back to what went bad before",
    ["S18"],
    "src/domain/ledger.ts",
    "if (run.verified === null || run.wentBad || place.bad.has(key)) continue;",
    "if (run.verified === null) continue;",
  ),
  mutant(
    "it goes back to what is in quarantine",
    ["S18"],
    "src/domain/revert-target.ts",
    "return isBarred(draft, environment, target) ?",
    "return isBarred(draft, environment, target) && bad === target ?",
  ),
  mutant("a second revert within a day goes by itself", ["S19"], JUDGE, "if (revertedAt !== null && at - revertedAt < REVERT_COOLDOWN) return true;", ""),
  mutant("many that go bad at once all go back by themselves", ["S19"], JUDGE, "return apps >= BREAKER_APPS;", "return apps >= BREAKER_APPS * 100;"),
  mutant("a passed deadline goes back by itself", ["S17"], JUDGE, "current.bad === null || current.missedDeadline ||", "current.bad === null ||"),
  mutant("what people put there is taken away by itself", ["S17"], JUDGE, `|| current.via !== "promoted") return true;`, ") return true;"),
  mutant("`rollback: off` is ignored", ["S17"], REVERTS, 'if (environment.rollback === "off") return leave(', 'if (environment.rollback === undefined) return leave('),
  mutant("`rollback: propose` goes back by itself", ["S17"], "src/domain/facts/approvals.ts", `if (environment.rollback === "auto" && !promotion.proposedOnly) return 0;`, "if (!promotion.proposedOnly) return 0;"),
  mutant("what it goes back from is not barred", ["S17"], "src/domain/revert-files.ts", "const images = bad === null ? [] : (ranAs(place, bad) ?? bad).images;", "const images = bad === null || app(bad) ? [] : bad.images;\n  function app(pinned: Pinned) {\n    return pinned.app !== \"\";\n  }"),
  {
    name: "a revert that a person closed is opened again",
    edits: [
      { file: REVERTS, text: "if (isHere && withdrawn.has(pullRequest)) return true;", replacement: "if (isHere && withdrawn.has(-1)) return true;" },
      { file: "src/domain/openings.ts", text: "if (closedByPerson(draft, branches, promotion, release)) return;", replacement: "" },
    ],
    invariants: ["S26"],
  },
];
