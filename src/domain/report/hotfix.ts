import type { Instant } from "../answer.ts";
import type { Gate } from "../policy.ts";
import { clause, code, cut, mention, oneLine, words } from "./markdown.ts";
import { readableTime } from "./readable.ts";

/** What makes a promotion a hotfix, and what it does not wait for because it is one. */
export interface ToldHotfix {
  readonly by: string;
  readonly at: Instant;
  readonly passedBy: readonly Pick<Gate, "policy" | "reason">[];
}

const MAX_REASON = 300;
const MAX_GATES = 20;

/** For the check run, as one line. */
export function hotfixNote({ by, at, passedBy }: ToldHotfix, where: string): string {
  const gates = passedBy.slice(0, MAX_GATES).map(({ policy, reason }) => `${policy} (${cut(clause(reason), MAX_REASON)})`);
  const past = gates.length === 0 ? "No gate would hold it back otherwise." : `It does not wait for: ${gates.join("; ")}.`;
  return `${where} is a hotfix: @${oneLine(by)} marked it as one at ${readableTime(at)}. ${past}`;
}

/** For the text of a pull request, as a section. */
export function hotfixSection({ by, at, passedBy }: ToldHotfix, undoing: string): string {
  const lines = [`${mention(by)} marked this as a hotfix at ${readableTime(at)}. It takes an approval from after that, by somebody who did not ask for it.`];
  if (passedBy.length === 0) lines.push("As this is written, no gate that a hotfix passes by would hold it back.");
  else lines.push(`These gates would hold it back as this is written, and do not:\n\n${gateList(passedBy)}`);
  return [...lines, undoing].join("\n\n");
}

function gateList(gates: ToldHotfix["passedBy"]): string {
  const lines = gates.slice(0, MAX_GATES).map(({ policy, reason }) => `- **${words(policy)}**: ${words(cut(reason, MAX_REASON))}`);
  const left = gates.length - lines.length;
  return [...lines, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n");
}

/** How to have a pull request that was opened as a hotfix judged like any other. */
export function undoOpened(command: string): string {
  return `To have it judged like any other promotion, close it, and ask again without ${code("hotfix")}: ${code(command)}.`;
}

/** The same where the label on the pull request makes it one. */
export const UNDO_LABEL = `To have it judged like any other promotion, take the label ${code("hotfix")} off.`;
