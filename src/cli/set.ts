import { readFile, writeFile } from "node:fs/promises";
import { unifiedDiff } from "../domain/line-diff.ts";
import type { EditResult } from "../domain/pins.ts";
import { parseSetRequest, setRequested } from "../domain/pins/set-request.ts";
import type { SetRequest } from "../domain/pins/set-request.ts";
import { plural } from "../domain/report/readable.ts";
import { changedValues } from "./changed-values.ts";
import type { Command, Given, Terminal } from "./command.ts";

/** Scripts need to tell a change from none, so this command has codes of its own. */
export const SET_EXIT = { changed: 0, failed: 1, refused: 2, unchanged: 3 } as const;

export const setCommand: Command = {
  name: "set",
  parameters: "FILE (PATH=VALUE | IMAGE=REF)… [--dry-run] [--json]",
  summary: "change pins in a file, and nothing else in it",
  details: `Puts new values in place of old ones in FILE; every other byte stays. All changes are made, or none.

  PATH=VALUE  as pinion pins tells them: spec.template.spec.containers[0].image=nginx:1.27,
              doc[1]:spec.ref.tag=v2, metadata.annotations["example.com/version"]=3
  IMAGE=REF   every pin of an image, in the form that each has: nginx=nginx:1.27@sha256:…
              IMAGE may be the name of a kustomize entry. A digest is added if REF has one, never dropped
  --dry-run   print what would change, and change nothing
  --json      {"outcome": "changed", "unchanged" or "refused", "diff": what changed, "reason": why refused}

What cannot be changed safely is refused, with the place and the reason: aliases that show the value
elsewhere too, merge keys, block scalars, templates, broken YAML.`,
  exitCodes: `Exit codes:
  0  changed, or would be
  1  FILE could not be written
  2  refused, or the command line or FILE cannot be used
  3  nothing to change: FILE says so already
`,
  accepts: { words: Number.POSITIVE_INFINITY, json: true, options: [{ name: "dry-run", value: false }] },
  run: async (given, terminal) => {
    const [file, ...changes] = given.words;
    if (file === undefined || changes.length === 0) return refuse("which file and what change? Write pinion set FILE PATH=VALUE", given, terminal);
    const requests: SetRequest[] = [];
    for (const change of changes) {
      const request = parseSetRequest(change);
      if (request === null) return refuse(`"${change}" is no change: write PATH=VALUE or IMAGE=REF`, given, terminal);
      requests.push(request);
    }
    const text = await readText(file);
    if (!text.ok) return refuse(text.problem, given, terminal);
    return finish(file, text.text, setRequested(file, text.text, requests), given, terminal);
  },
};

async function finish(file: string, before: string, result: EditResult, given: Given, terminal: Terminal) {
  if (result.outcome === "refused") return refuse(result.reason, given, terminal);
  const diff = result.outcome === "changed" ? unifiedDiff(file, before, result.text) : "";
  const dry = given.options.has("dry-run");
  if (result.outcome === "changed" && !dry) {
    const failure = await writeFile(file, result.text).then(() => null, codeOf);
    if (failure !== null) {
      terminal.err(`pinion: ${file} cannot be written (${failure}): check that you may write it\n`);
      return SET_EXIT.failed;
    }
  }
  if (given.json) terminal.out(`${JSON.stringify({ outcome: result.outcome, ...(diff === "" ? {} : { diff }) })}\n`);
  else {
    if (dry) terminal.out(terminal.watched.out ? coloured(diff) : diff);
    terminal.err(result.outcome === "changed" ? inWords(file, changedValues(before, result.text), dry) : `nothing to change: ${file} says so already\n`);
  }
  return SET_EXIT[result.outcome];
}

function inWords(file: string, values: number, dry: boolean): string {
  return `${file}: ${plural(values, "value")} ${dry ? "would change" : "changed"}\n`;
}

function refuse(reason: string, { json }: Given, terminal: Terminal) {
  if (json) terminal.out(`${JSON.stringify({ outcome: "refused", reason })}\n`);
  else terminal.err(`pinion: ${reason}\n`);
  return SET_EXIT.refused;
}

/** The text of a file, or why it cannot be had. */
export async function readText(file: string): Promise<{ ok: true; text: string } | { ok: false; problem: string }> {
  try {
    const bytes = await readFile(file);
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (cause) {
    if (cause instanceof TypeError && !("syscall" in cause)) return { ok: false, problem: `${file} is not UTF-8: save it as such` };
    return { ok: false, problem: unreadable(file, cause) };
  }
}

/** What stands in the way of reading a file, and what to do about it. */
export function unreadable(file: string, cause: unknown): string {
  const code = codeOf(cause);
  const cures: Readonly<Record<string, string>> = { ENOENT: "there is no such file, check the path", EISDIR: "it is a folder, name a file", EACCES: "check that you may read it" };
  return `${file} cannot be read (${code})${cures[code] === undefined ? "" : `: ${cures[code]}`}`;
}

export function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "unknown reason";
}

/** A diff with its lines in colours, for a terminal. */
export function coloured(diff: string): string {
  return diff.replaceAll(/^-.*$/gm, "\u001b[31m$&\u001b[39m").replaceAll(/^\+.*$/gm, "\u001b[32m$&\u001b[39m");
}
