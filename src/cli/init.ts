import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseConfig } from "../domain/config-file.ts";
import { CONFIG_PATH } from "../domain/config.ts";
import { configText } from "../domain/layout/config-text.ts";
import { layoutEvidence, type LayoutEvidence } from "../domain/layout/evidence.ts";
import { guessLayout, type GuessedLayout } from "../domain/layout/guess.ts";
import { mayHoldPins } from "../domain/pins/find-values.ts";
import { PortFailure } from "../ports.ts";
import { EXIT, type Command, type ExitCode, type Given, type Terminal } from "./command.ts";
import { decoded, openPinSource } from "./pin-source.ts";
import { Progress } from "./progress.ts";
import type { OpenRepository } from "./repository.ts";

/** Files read at once. */
const CHUNK = 500;

export function initCommand(open: OpenRepository): Command {
  return {
    name: "init",
    parameters: "[DIR] [--dry-run] [--json]",
    summary: "look at a repository and write its configuration",
    details: `Looks at the files under DIR (the current folder unless given), which should be the root of a manifests
repository, and writes ${CONFIG_PATH} there: environments by their well-known names, patterns
that find the apps, the names of Argo CD Applications, also of those that ApplicationSets make. It says
what it guessed and what it could not tell; what it could not tell is not filled in. The file begins in
observe mode, so that nothing moves before somebody has read it. One that is there is never changed.

  --dry-run   print the file instead of writing it
  --json      {"outcome": "written", "would-write" or "refused", "file", "text"?, "reasons"?, "doubts"?,
              "reason"?: why refused}`,
    exitCodes: `Exit codes:
  0  written, or would be
  1  the repository does not tell enough for a configuration
  2  there is a configuration already, or the command line or DIR cannot be used
  3  the file could not be written, or Pinion failed
`,
    accepts: { words: 1, json: true, options: [{ name: "dry-run", value: false }] },
    run: async (given, terminal) => {
      const directory = given.words[0] ?? ".";
      const file = join(directory, CONFIG_PATH);
      try {
        const source = await openPinSource(directory, null, open, terminal);
        const evidence = await collectEvidence(source, terminal).finally(() => source.close());
        if (!given.options.has("dry-run") && (await stat(file).catch(() => null)) !== null) {
          return refuse(EXIT.usage, `${file} is there already and is left as it is: check it with pinion config check, or see --dry-run`, given, terminal);
        }
        const guessed = guessLayout(evidence);
        if (!guessed.ok) return refuse(EXIT.problems, `nothing to configure was found: ${guessed.problem}`, given, terminal);
        return await finish(directory, guessed.layout, given, terminal);
      } catch (cause) {
        if (!(cause instanceof PortFailure)) throw cause;
        return refuse(cause.kind === "stalled" ? EXIT.usage : EXIT.failed, cause.message, given, terminal);
      }
    },
  };
}

async function collectEvidence(source: Awaited<ReturnType<typeof openPinSource>>, terminal: Terminal): Promise<readonly LayoutEvidence[]> {
  const files = source.files.filter(mayHoldPins);
  const progress = new Progress(terminal, "reading", files.length);
  const evidence: LayoutEvidence[] = [];
  for (let at = 0; at < files.length; at += CHUNK) {
    progress.show(at);
    const chunk = files.slice(at, at + CHUNK);
    const contents = await source.read(chunk);
    for (const file of chunk) {
      const text = decoded(contents.get(file));
      if (text !== null) evidence.push(...layoutEvidence(file, text));
    }
  }
  progress.end();
  return evidence;
}

async function finish(directory: string, layout: GuessedLayout, given: Given, terminal: Terminal): Promise<ExitCode> {
  const text = configText(layout);
  const read = parseConfig(text);
  // A file that Pinion itself would refuse must not be written, whatever the mistake behind it is.
  if (!read.ok) throw new Error(`the guessed configuration is not sound: ${read.problems.map(({ line, message }) => `line ${line}: ${message}`).join("; ")}`);
  const file = join(directory, CONFIG_PATH);
  const dry = given.options.has("dry-run");
  if (!dry) {
    const failure = await write(file, text);
    if (failure !== null) return refuse(failure === "EEXIST" ? EXIT.usage : EXIT.failed, `${file} cannot be written (${failure})`, given, terminal);
  }
  const doubts = [...layout.doubts, ...(await rootDoubts(directory))];
  if (given.json) {
    terminal.out(`${JSON.stringify({ outcome: dry ? "would-write" : "written", file: CONFIG_PATH, text, reasons: layout.reasons, doubts }, null, 2)}\n`);
    return EXIT.ok;
  }
  // With --dry-run, standard output is the file and nothing else.
  if (dry) terminal.out(text);
  const tell = (text: string): void => (dry ? terminal.err(text) : terminal.out(text));
  tell(listed("Guessed:", layout.reasons));
  if (doubts.length > 0) tell(listed("Could not tell, so check it:", doubts));
  if (!dry) terminal.out(`Wrote ${file}. Next: read it, pinion config check ${file}, then commit it to the default branch.\n`);
  return EXIT.ok;
}

/** Never over a file that is there, also one that came just now. */
async function write(file: string, text: string): Promise<string | null> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: "wx" });
    return null;
  } catch (cause) {
    return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason";
  }
}

async function rootDoubts(directory: string): Promise<readonly string[]> {
  const isRoot = (await stat(join(directory, ".git")).catch(() => null)) !== null;
  return isRoot ? [] : [`${directory} is not the root of a Git repository: the file counts only there, and so do the paths in it`];
}

function listed(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.map((line) => `  - ${line}\n`).join("")}`;
}

function refuse(code: ExitCode, reason: string, { json }: Given, terminal: Terminal): ExitCode {
  if (json) terminal.out(`${JSON.stringify({ outcome: "refused", file: CONFIG_PATH, reason })}\n`);
  else terminal.err(`pinion: ${reason}\n`);
  return code;
}
