import type { AppName, EnvironmentName, Oid } from "../release.ts";
import { clause, code, codeBlock, cut, oneLine, words } from "./markdown.ts";
import { MAX_TITLE } from "./promotion-title.ts";

const MAX_EVIDENCE = 20_000;

/**
 * The issue that tells people that an app is stopped in an environment. Closing it lets the app move again. Its title is made from what
 * it is about, so that a later look finds the issue, whether somebody has closed it by then or not.
 */
export function frozenIssue(frozen: {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly version: string;
  /** By which it had come there. */
  readonly commit: Oid;
  /** Why there is no way back. */
  readonly reason: string;
  /** What was seen when it went bad. */
  readonly evidence: string;
}): { readonly title: string; readonly body: string } {
  const { app, environment, version, commit, reason, evidence } = frozen;
  const which = ` (${commit.slice(0, 10)})`;
  const title = cut(`${oneLine(app)} is stopped in ${oneLine(environment)}: ${oneLine(version)} went bad`, MAX_TITLE - which.length) + which;
  const body = [
    `${code(`${app} ${version}`)} went bad in ${code(environment)}, and Pinion cannot take it back: ${words(cut(clause(reason), 2000))}.`,
    "This is what was seen:",
    codeBlock(cut(evidence, MAX_EVIDENCE)),
    "### What to do",
    [
      `- See to ${code(environment)} first. Pinion changes nothing there for this app while this issue is open.`,
      "- A pull request of your own can set the pins to any release.",
      "- Close this issue when the app may move again. That takes write permission on this repository.",
    ].join("\n"),
  ].join("\n\n");
  return { title, body };
}
