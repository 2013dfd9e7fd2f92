import type { PullRequest } from "../github/model.ts";
import { columns, type Row } from "./markdown.ts";
import { Paper } from "./paper.ts";
import { gatesOf, verdict } from "./promotion.ts";
import type { Stage } from "./stage.ts";

/** What a chapter is told with. */
export interface Telling {
  readonly stage: Stage;
  readonly paper: Paper;
}

/** Characters. More of a reason repeats what has been told. */
const LONGEST_REASON = 78;

/** Shows the check of a pull request: what it says in a line and, where that is not all, the gates that hold it. */
export function tellCheck({ stage, paper }: Telling, pull: PullRequest, { all = false } = {}): void {
  const gates = gatesOf(stage, pull);
  const holding = gates.filter((row) => !hasPassed(row));
  const shown = all ? gates : holding.length > 1 ? holding : [];
  const { state, title } = verdict(stage, pull);
  const rows = shown.map((row) => {
    const until = row["Until"] ?? "";
    return { ...row, Why: clipped(row["Why"] ?? ""), Until: until === "" ? "" : `until ${until}` };
  });
  const others = gates.length - holding.length;
  paper.quote([
    `Pinion (${state})  ${clipped(title)}`,
    ...(rows.length === 0 ? [] : ["", ...columns(rows, Paper.quoteWidth, { heading: false })]),
    ...(all || holding.length === 0 ? [] : [`${others} other gates passed`]),
  ]);
}

export function hasPassed(row: Row): boolean {
  return row["Result"]?.includes("passed") === true;
}

/** The beginning of a long text, up to the end of a word. */
export function clipped(text: string): string {
  return text.length <= LONGEST_REASON ? text : `${text.slice(0, text.lastIndexOf(" ", LONGEST_REASON)).trimEnd()} …`;
}
