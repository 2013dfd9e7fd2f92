import { readFile } from "node:fs/promises";
import { parseConfig } from "../domain/config-file.ts";
import { configSchemaText } from "../domain/config-schema.ts";
import { CONFIG_PATH, type ConfigProblem } from "../domain/config.ts";
import { EXIT, type Command } from "./command.ts";
import { unreadable } from "./set.ts";

export const configCheck: Command = {
  name: "config check",
  parameters: "[FILE] [--json]",
  summary: "check a repository's configuration",
  details: `Checks FILE, ${CONFIG_PATH} unless given, - for standard input, and prints every problem as
FILE:LINE:COLUMN: MESSAGE.

  --json   {"ok": whether there is none, "file", "problems": [{"line", "column", "message"}]}`,
  accepts: { words: 1, json: true },
  run: async ({ words, json }, terminal) => {
    const file = words[0] ?? CONFIG_PATH;
    let bytes: Uint8Array;
    try {
      bytes = file === "-" ? await terminal.input() : await readFile(file);
    } catch (cause) {
      const cure = words[0] === undefined ? ". Name a file, go to the root of the repository, or let pinion init write one" : "";
      terminal.err(`pinion: ${unreadable(file, cause)}${cure}\n`);
      return EXIT.usage;
    }
    const problems = problemsIn(bytes);
    if (json) terminal.out(`${JSON.stringify({ ok: problems.length === 0, file, problems }, null, 2)}\n`);
    else if (problems.length === 0) terminal.out(`${file}: no problems\n`);
    else terminal.out(problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}\n`).join(""));
    return problems.length === 0 ? EXIT.ok : EXIT.problems;
  },
};

export const configSchema: Command = {
  name: "config schema",
  parameters: "",
  summary: "print the JSON Schema of the configuration, for editors",
  details: "The schema is draft-07. Editors that know yaml-language-server use it by the first line of the file.",
  accepts: { words: 0, json: true },
  run: async (_given, terminal) => {
    terminal.out(configSchemaText());
    return EXIT.ok;
  },
};

function problemsIn(bytes: Uint8Array): readonly ConfigProblem[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return [{ line: 1, column: 1, message: "the file is not UTF-8: save it as such" }];
  }
  const result = parseConfig(text);
  return result.ok ? [] : result.problems;
}
