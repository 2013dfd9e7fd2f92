#!/usr/bin/env node
import { buffer } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { openLocalRepository } from "./adapters/git/local.ts";
import { EXIT, type Command, type ExitCode, type Terminal } from "./cli/command.ts";
import { configCheck, configSchema } from "./cli/config.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { initCommand } from "./cli/init.ts";
import { FILE_LIMIT } from "./cli/pin-source.ts";
import { pinsCommand } from "./cli/pins.ts";
import { planCommand } from "./cli/plan.ts";
import { policyEval } from "./cli/policy/eval.ts";
import { policyExplain } from "./cli/policy/explain.ts";
import { policyTest } from "./cli/policy/test.ts";
import { promoteCommand } from "./cli/promote.ts";
import { replayCommand } from "./cli/replay.ts";
import type { OpenRepository } from "./cli/repository.ts";
import { serve } from "./cli/serve.ts";
import { setCommand } from "./cli/set.ts";
import { version } from "./cli/version.ts";
import { takeEnvironment } from "./config.ts";
import { didYouMean } from "./domain/suggest.ts";
import { withoutSecrets } from "./telemetry.ts";

/** Loaded only where it is needed: other commands start without it. */
const shipped = async () => (await import("./adapters/policies.ts")).loadShippedPolicies();

const open: OpenRepository = (directory, environment) => openLocalRepository({ directory, environment, blobLimit: FILE_LIMIT });

const COMMANDS: readonly Command[] = [
  serve,
  initCommand(open),
  configCheck(shipped),
  configSchema,
  planCommand,
  promoteCommand,
  policyTest(shipped),
  policyExplain(shipped),
  policyEval(shipped),
  pinsCommand(open),
  setCommand,
  replayCommand(open),
  doctorCommand(shipped),
];

const EXIT_CODES = `Exit codes:
  0  done, and nothing is wrong          1  what was looked at has problems
  2  the command line, a file named on it, or the environment cannot be used
  3  Pinion, or something it depends on, failed
`;

async function main(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const parsed = parse(args);
  if (typeof parsed === "string") return misused(parsed, terminal);
  const { words, help, json, options } = parsed;
  if (parsed.version) {
    terminal.out(`${version()}\n`);
    return EXIT.ok;
  }
  const command = COMMANDS.find(({ name }) => name === words.slice(0, name.split(" ").length).join(" "));
  if (command === undefined) {
    const group = COMMANDS.filter(({ name }) => name.startsWith(`${words.join(" ")} `));
    if (help && (words.length === 0 || group.length > 0)) {
      terminal.out(words.length === 0 ? usage() : groupUsage(words.join(" "), group));
      return EXIT.ok;
    }
    return misused(words.length === 0 ? "which command?" : unknownCommand(words), terminal);
  }
  if (help) {
    const codes = command.exitCodes ?? EXIT_CODES;
    terminal.out(`Usage: pinion ${command.name} ${command.parameters}`.trimEnd() + `\n\n${command.details}\n\n${codes}`);
    return EXIT.ok;
  }
  const rest = words.slice(command.name.split(" ").length);
  if (rest.length > command.accepts.words) return misused(`pinion ${command.name} does not take "${rest.at(-1) ?? ""}"`, terminal);
  if (json && !command.accepts.json) return misused(`pinion ${command.name} does not take --json`, terminal);
  const known = command.accepts.options?.map(({ name }) => name) ?? [];
  const unknown = [...options.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) return misused(`pinion ${command.name} does not take --${unknown}`, terminal);
  return command.run({ words: rest, json, options }, terminal);
}

interface ParsedLine {
  readonly words: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
  readonly json: boolean;
  readonly options: ReadonlyMap<string, string>;
}

function parse(args: readonly string[]): ParsedLine | string {
  const options = COMMANDS.flatMap(({ accepts }) => accepts.options ?? []);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(options.map(({ name, value }) => [name, { type: value ? ("string" as const) : ("boolean" as const) }])),
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
        json: { type: "boolean" },
      },
    });
    const { help, version, json, ...rest } = values;
    const given = Object.entries(rest).flatMap(([name, value]): [string, string][] =>
      value === undefined || value === false ? [] : [[name, typeof value === "string" ? value : ""]],
    );
    return { words: positionals, help: help ?? false, version: version ?? false, json: json ?? false, options: new Map(given) };
  } catch (cause) {
    if (!(cause instanceof Error)) return "the options cannot be read";
    const typed = /^Unknown option '(--[^']*)'/.exec(cause.message)?.[1];
    const known = ["help", "version", "json", ...options.map(({ name }) => name)].map((name) => `--${name}`);
    return typed === undefined ? (cause.message.split(". ")[0] ?? cause.message) : `${typed} is no option.${didYouMean(typed, known)}`;
  }
}

function unknownCommand(words: readonly string[]): string {
  const typed = words.slice(0, 2).join(" ");
  const names = COMMANDS.map(({ name }) => name);
  const group = names.filter((name) => name.startsWith(`${words[0] ?? ""} `));
  if (group.length > 0) return `"${typed}" is no command. There are: ${group.join(", ")}`;
  return `"${typed}" is no command.${didYouMean(typed, names) || didYouMean(words[0] ?? "", names)}`;
}

function misused(problem: string, terminal: Terminal): ExitCode {
  terminal.err(`pinion: ${problem}\nSee pinion --help.\n`);
  return EXIT.usage;
}

function usage(): string {
  return `Pinion promotes container images through environments by pull request.
Usage: pinion COMMAND

Commands:
${commandRows(COMMANDS)}

Options: -h, --help (after a command, its own help with all options), --version, --json (results as JSON)

${EXIT_CODES}`;
}

/** Of commands that begin with the same word. */
function groupUsage(word: string, commands: readonly Command[]): string {
  return `Usage: pinion ${word} COMMAND\n\nCommands:\n${commandRows(commands)}\n\nOptions: -h, --help (after a command, its own help with all options)\n`;
}

/** Options are told in the help of each command: with them, no line would fit. */
function commandRows(commands: readonly Command[]): string {
  const rows = commands.map(({ name, parameters, summary }) => [`${name} ${parameters.replaceAll(/ ?\[--[^\]]*\]/g, "")}`.trimEnd(), summary] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

/** The first signal asks to stop; a second one ends the process, because somebody is in a hurry. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (asked) process.exit(EXIT.failed);
        asked = true;
        resolve(signal);
      });
    }
  });
}

const environment = takeEnvironment();
const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  environment,
  get stopped() {
    return stopSignal();
  },
  input: () => buffer(process.stdin),
  watched: { out: process.stdout.isTTY && !environment["NO_COLOR"], err: process.stderr.isTTY },
};

/** A mistake of ours. Node would print the error with all it carries along; its own text and place are enough for a report. */
function unexpected(cause: unknown): ExitCode {
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : typeof cause;
  terminal.err(`pinion: an unexpected failure; please report it\n${withoutSecrets(text)}\n`);
  return EXIT.failed;
}

process.on("uncaughtException", (cause) => process.exit(unexpected(cause)));
process.exitCode = await main(process.argv.slice(2), terminal).catch(unexpected);
