/** What is opened, kept and taken away. */
import { mutant, type Mutant } from "./mutant.ts";

const CANDIDATE = "src/domain/candidate.ts";
const OPENINGS = "src/domain/openings.ts";

export const OPENINGS_MUTANTS: readonly Mutant[] = [
  {
    name: "a second pull request beside the first",
    edits: [
      { file: OPENINGS, text: "if ([...forward.values()].some((open) => carries(open, candidate.release))) return;", replacement: "" },
      { file: OPENINGS, text: "if (forward.size > 0) return supersede(", replacement: "if (forward.size > 9) return supersede(" },
    ],
    invariants: ["S12"],
  },
  mutant("after a crash a pull request of which nothing can be told is doubled", ["S12"], "src/domain/open-promotion.ts", "if (here === undefined && !named) return null;", "if (here === undefined) return null;"),
  mutant("an opening that was lost on the way is never put down", ["L2"], "src/domain/pull-requests.ts", "if (!untouched || only === undefined || draft.observation.ledger.openedAs.has(", "if (untouched || only === undefined || draft.observation.ledger.openedAs.has("),
  {
    name: "what a person closed is opened again",
    edits: [
      { file: CANDIDATE, text: "if (place.withdrawn.has(releaseKey(release)))", replacement: "if (place === null)" },
      { file: OPENINGS, text: "if (closedByPerson(draft, branches, promotion, release)) return;", replacement: "" },
    ],
    invariants: ["S26"],
  },
  mutant("a hold holds nothing", ["H1"], CANDIDATE, "if (hold !== null && !endsHold(", "if (hold !== null && app === null && !endsHold("),
  mutant("what is pinned by hand is not held", ["H1"], "src/domain/changes.ts", "hold(draft, change, `@${author.login} changed the pin by hand", "void (() => hold)(draft, change, `@${author.login} changed the pin by hand"),
  mutant("what a person's pull request pins is not held", ["H1"], "src/domain/changes.ts", "if (!asOpened)\n    hold(", "if (asOpened && opened === null)\n    hold("),
  {
    // Whatever is only not the very release that was taken away is mostly newer than it.
    name: "a hold ends with anything newer than the pin",
    edits: [
      { file: CANDIDATE, text: `return over === "up" || over === "unordered";`, replacement: `return over.length > 0;` },
      { file: CANDIDATE, text: "if (taken.some((other) => sameRelease(other, release))) return false;", replacement: "" },
    ],
    invariants: ["H1"],
  },
  mutant("something older is offered by itself", ["S14"], CANDIDATE, `if (direction === "down") return olderThan(release, pinned, order);`, ""),
  {
    name: "a tag that was moved is promoted by itself",
    edits: [
      { file: CANDIDATE, text: "return pinned.images.every((image) => image.digest !== null && image.tag === tag);", replacement: "return pinned.images.length === 0 && tag === null;" },
      { file: CANDIDATE, text: `if (direction === "same" && !completes)`, replacement: `if (direction === "same" && app === null)` },
    ],
    invariants: ["H2"],
  },
  mutant("limits hold nothing back", ["H3"], OPENINGS, "if (this.#open <= 0 || this.#hour <= 0) return false;", ""),
  mutant("what is paused is opened all the same", ["S11"], OPENINGS, "if (request === null && paused !== null) return draft.block(app, environment.name, `paused: ${paused}`);", ""),
  mutant("what is promoted on request is promoted by itself", ["H4"], OPENINGS, `if (request === null && environment.promote === "on-request") return;`, ""),
  mutant("a branch of somebody else is adopted", ["S27", "S31"], OPENINGS, "if (!listed.some(isOf) && (standing.own || emptyBranches.has(branch)))", "if (!listed.some(isOf))"),
  mutant("branches are deleted whoever made them", ["S27"], "src/domain/display.ts", "if (!branch.own || open.some(", "if (open.some("),
  mutant("a branch goes with its pull request, whoever pushed to it", ["S27"], OPENINGS, "branch: judged.foreign ? null :", "branch: judged.foreign && !judged.own ? null :"),
  mutant("commits of others are built over", ["S27"], OPENINGS, "if (!own || !pullRequest.commits.allOwn || proposal?.known", "if (!own || proposal?.known"),
  mutant("branches are left", ["L9"], "src/domain/display.ts", "if (!ofEnded && !isTemporaryBranch(branch.name)) continue;", "if (!isTemporaryBranch(branch.name)) continue;"),
  mutant("the same is said again and again", ["X2"], OPENINGS, `comment.author.kind === "app" && commentMarker(comment.body) === marker)`, `comment.author.kind === "ghost" && commentMarker(comment.body) === marker)`),
];
