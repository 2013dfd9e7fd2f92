import { readSettings } from "../config.ts";
import type { PolicySet } from "../domain/policy/policy-set.ts";
import { EXIT, type Command } from "./command.ts";

/** A name as GitHub has it: an account of letters, digits and hyphens (and `_` in an Enterprise), and a repository. */
const REPOSITORY = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})\/[A-Za-z0-9._-]{1,100}$/;

export const doctorCommand = (shipped: () => Promise<PolicySet>): Command => ({
  name: "doctor",
  parameters: "OWNER/REPOSITORY [--json]",
  summary: "check how a repository is set up at GitHub",
  details: `Asks GitHub, as the App that pinion serve runs and by the same environment (pinion serve --help), whether
the repository is set up as Pinion's promises need it: the App's permissions, the required check and its
source, merge methods, approvals and code owners, the rulesets of the default branch and of the log. For each
it says ok, warning, problem, or that it cannot be told and which permission that takes; and how to mend it,
and where. It writes nothing.

  --json   {"ok": no problem and nothing untold, "repository", "findings": [{"check", "status": "ok",
           "warning", "problem" or "unknown", "message", "cure", "page"}]}`,
  exitCodes: `Exit codes:
  0  no problem, perhaps warnings
  1  problems
  2  the command line or the environment cannot be used
  3  no problem was found, and something could not be told; or Pinion failed
`,
  accepts: { words: 1, json: true },
  run: async ({ words, json }, terminal) => {
    const [name = ""] = words;
    if (!REPOSITORY.test(name)) {
      terminal.err(`pinion: ${name === "" ? "which repository?" : `"${name}" is no repository.`} Name it as OWNER/REPOSITORY\n`);
      return EXIT.usage;
    }
    const read = readSettings(terminal.environment);
    if (!read.ok) {
      terminal.err(`pinion: the environment cannot be used:\n${read.problems.map((problem) => `  ${problem}\n`).join("")}`);
      return EXIT.usage;
    }
    // Loaded only here, as for serve: Probot takes its time.
    const { examine } = await import("./run-doctor.ts");
    return examine(read.settings, name, json, terminal, await shipped());
  },
});
