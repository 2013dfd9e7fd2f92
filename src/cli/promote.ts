import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Action } from "../domain/action.ts";
import { CONFIG_PATH } from "../domain/config.ts";
import { unifiedDiff } from "../domain/line-diff.ts";
import { outlook, type PlaceOutlook } from "../domain/outlook.ts";
import { editPins } from "../domain/pins.ts";
import { EXIT, type Command, type ExitCode, type Given, type Terminal } from "./command.ts";
import { FETCH_LOG, rehearseIn, type Planned } from "./rehearsal.ts";
import { codeOf, coloured, readText, SET_EXIT } from "./set.ts";

type Opening = Extract<Action, { readonly kind: "open" }>;

export const promoteCommand: Command = {
  name: "promote",
  parameters: "APP ENV [DIR] [--dry-run] [--json]",
  summary: "write the pin of the release that may enter an environment",
  details: `In the clone that DIR (the current folder unless given) belongs to, without GitHub: finds the release that
pinion plan would promote, also where it is promoted on request only, writes its pin into the work tree,
and shows the difference. Nothing else in the file changes; nothing is committed. The gates judge the
pull request that you make of it.

  --dry-run   show what would change, and change nothing
  --json      {"outcome": "changed", "unchanged" or "refused", "file"?, "diff"?, "check"?: what the gates
              say now, "reason"?: why nothing was changed}`,
  exitCodes: `Exit codes:
  0  changed, or would be
  1  the file could not be written, or something that Pinion depends on failed
  2  refused, or the command line, the clone or the environment cannot be used
  3  nothing to change: what is wanted is pinned
`,
  accepts: { words: 3, json: true, options: [{ name: "dry-run", value: false }] },
  run: async (given, terminal) => {
    const [app, environment, directory = "."] = given.words;
    if (app === undefined || environment === undefined) return refuse("which app, and where? Write pinion promote APP ENV", given, terminal);
    const planned = await rehearseIn(directory, { environment }, terminal);
    if (!("rehearsal" in planned)) {
      const code = planned.code === EXIT.failed ? SET_EXIT.failed : SET_EXIT.refused;
      return refuse(planned.problem.replace(/^pinion: /, "").trimEnd(), given, terminal, code);
    }
    return promote(app, environment, planned, given, terminal);
  },
};

async function promote(app: string, environment: string, planned: Planned, given: Given, terminal: Terminal): Promise<ExitCode> {
  const { observation, plan, asIfInstalled } = planned.rehearsal;
  const told = outlook(observation, plan);
  const place = told.places.find((other) => other.app === app && other.environment === environment);
  if (place === undefined) return refuse(whyNoPlace(app, environment, planned, told.reasons), given, terminal);
  const { opening } = place;
  if (opening === null) return unchanged(place, planned, given, terminal);
  if (opening.commit.newFiles.length > 0) {
    return refuse(`"${opening.title}" is what is planned there: leave it to the App, which puts the bad release into quarantine`, given, terminal);
  }
  if (asIfInstalled) terminal.err(`pinion: no promotion log is here (${FETCH_LOG}): what was held or went bad is not known\n`);
  return write(opening, planned, given, terminal);
}

function whyNoPlace(app: string, environment: string, { rehearsal, branch }: Planned, reasons: readonly string[]): string {
  const { config, pins } = rehearsal.observation;
  if (config === null) return `${branch} has no ${CONFIG_PATH}: pinion init writes one`;
  if (reasons.length > 0) return reasons.join("; ");
  const there = pins.get(app);
  if (there === undefined) return `${branch} has no app "${app}"; there are: ${[...pins.keys()].toSorted().join(", ") || "none"}`;
  return `${app} is in no environment "${environment}"; it is in: ${[...there.keys()].join(", ")}`;
}

function unchanged({ reasons, isCurrent }: PlaceOutlook, { rehearsal }: Planned, given: Given, terminal: Terminal): ExitCode {
  const reason = reasons.join("; ");
  if (!isCurrent) return refuse(reason, given, terminal, isOutage(reasons, rehearsal) ? SET_EXIT.failed : SET_EXIT.refused);
  return nothingToChange({ reason }, given, terminal);
}

function nothingToChange(told: { readonly file?: string; readonly reason: string }, { json }: Given, terminal: Terminal): ExitCode {
  if (json) terminal.out(`${JSON.stringify({ outcome: "unchanged", ...told })}\n`);
  else terminal.err(`nothing to change: ${told.reason}\n`);
  return SET_EXIT.unchanged;
}

/** Whether all that stands in the way is that something did not answer: what a person must mend first stays a refusal. */
function isOutage(reasons: readonly string[], { unlearned }: Planned["rehearsal"]): boolean {
  const passing = unlearned.filter(({ failure }) => failure !== "stalled");
  return reasons.every((reason) => passing.some((unknown) => reason.includes(unknown.reason)));
}

async function write(opening: Opening, { workTree }: Planned, given: Given, terminal: Terminal): Promise<ExitCode> {
  const [edit] = opening.commit.edits;
  if (workTree === null || edit === undefined) return refuse("this repository has no work tree to write into: use a clone that has one", given, terminal);
  const path = join(workTree, edit.file);
  const shown = relative(".", path);
  const text = await readText(path);
  if (!text.ok) return refuse(text.problem, given, terminal);
  const result = editPins(edit.file, text.text, edit.pins);
  if (result.outcome === "refused") return refuse(result.reason, given, terminal);
  if (result.outcome === "unchanged") return nothingToChange({ file: edit.file, reason: `${shown} in the work tree has it already` }, given, terminal);
  if (!given.options.has("dry-run")) {
    const failure = await writeFile(path, result.text).then(() => null, codeOf);
    if (failure !== null) return refuse(`${shown} cannot be written (${failure}): check that you may write it`, given, terminal, SET_EXIT.failed);
  }
  const diff = unifiedDiff(edit.file, text.text, result.text);
  const check = opening.check.title;
  if (given.json) terminal.out(`${JSON.stringify({ outcome: "changed", file: edit.file, diff, check })}\n`);
  else {
    terminal.out(terminal.watched.out ? coloured(diff) : diff);
    terminal.err(`${opening.title}: the gates say now: ${check}\n`);
  }
  return SET_EXIT.changed;
}

function refuse(reason: string, { json }: Given, terminal: Terminal, code: ExitCode = SET_EXIT.refused): ExitCode {
  if (json) terminal.out(`${JSON.stringify({ outcome: "refused", reason })}\n`);
  else terminal.err(`pinion: ${reason}\n`);
  return code;
}
