import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { known } from "../domain/answer.ts";
import { CODE_OWNERS_PATHS, NO_CODE_OWNERS } from "../domain/code-owners.ts";
import { configSchemaText } from "../domain/config-schema.ts";
import { asksCodeOwners, CONFIG_PATH, type Config, type ConfigProblem } from "../domain/config.ts";
import { isPolicyPath, POLICIES_FOLDER, unmatchedApps, type PolicyFile } from "../domain/policy/own-policies.ts";
import type { PolicySet } from "../domain/policy/policy-set.ts";
import { readRules, type RepositoryRules } from "../domain/repository-rules.ts";
import { trustSigners } from "../domain/supply-chain/signer.ts";
import { EXIT, type Command } from "./command.ts";
import { appsUnder } from "./pin-source.ts";
import { inPlaceOf } from "./policy/policy-folder.ts";
import { OWN_POLICIES } from "./policy/rules.ts";
import { codeOf, unreadable } from "./set.ts";

export const configCheck = (shippedPolicies: () => Promise<PolicySet>): Command => ({
  name: "config check",
  parameters: "[FILE] [--json]",
  summary: "check a repository's configuration, and its policies",
  details: `Checks FILE, ${CONFIG_PATH} unless given, - for standard input, and prints every problem as
FILE:LINE:COLUMN: MESSAGE. The policies in pinion/policies/ beside FILE are checked with it, since
each speaks of the other; and where FILE is a ${CONFIG_PATH}, the keys and trusted roots of signers,
whether there is a CODEOWNERS file where code owners are asked for, and, as a warning, whether
policies name apps that are not there.

  --json   {"ok": whether there is no problem, "file", "problems": [{"file"?: where it is not FILE, "line",
           "column", "message"}], "warnings": the same}`,
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
    const folder = dirname(file === "-" ? CONFIG_PATH : file);
    const { config: read, ownPolicies } = rulesIn(bytes, await policiesIn(folder), await shippedPolicies());
    const root = file !== "-" && resolve(file).endsWith(`/${CONFIG_PATH}`) ? resolve(file).slice(0, -CONFIG_PATH.length) : null;
    const problems = !read.ok ? read.problems : root === null ? [] : await problemsBeside(read.config, textOf(bytes) ?? "", root);
    const speaksOfApps = ownPolicies.some(({ apps }) => apps.length > 0);
    const warnings = read.ok && root !== null && speaksOfApps ? unmatchedApps(ownPolicies, await appsUnder(root, read.config)) : [];
    const line = (problem: ConfigProblem, kind: string): string => `${fileOf(problem, file, folder)}:${problem.line}:${problem.column}: ${kind}${problem.message}\n`;
    if (json) terminal.out(`${JSON.stringify({ ok: problems.length === 0, file, problems, warnings }, null, 2)}\n`);
    else if (problems.length + warnings.length === 0) terminal.out(`${file}: no problems\n`);
    else terminal.out([...problems.map((problem) => line(problem, "")), ...warnings.map((warning) => line(warning, "warning: "))].join(""));
    return problems.length === 0 ? EXIT.ok : EXIT.problems;
  },
});

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

/** Names a policy by the folder that was looked in. */
function fileOf({ file }: ConfigProblem, config: string, folder: string): string {
  return file === undefined ? config : join(folder, file.slice(dirname(CONFIG_PATH).length + 1));
}

/** The policies beside a configuration; none where there is no such folder. One that cannot be listed is told as a policy that cannot be read. */
async function policiesIn(folder: string): Promise<readonly PolicyFile[]> {
  const beside = join(folder, OWN_POLICIES.slice(dirname(CONFIG_PATH).length + 1));
  const linked = await inPlaceOf(beside);
  if (linked !== null) return [{ path: linked === beside ? OWN_POLICIES : dirname(OWN_POLICIES), text: null }];
  const entries = await readdir(beside, { withFileTypes: true }).catch((cause: unknown) => (codeOf(cause) === "ENOENT" ? [] : null));
  if (entries === null) return [{ path: `${POLICIES_FOLDER}*.yaml`, text: null }];
  const found = entries.map((entry) => ({ path: `${POLICIES_FOLDER}${entry.name}${entry.isDirectory() ? "/" : ""}`, isFile: entry.isFile() }));
  const policies = found.filter(({ path }) => isPolicyPath(path)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const read = async (path: string): Promise<Uint8Array | null> => readFile(join(beside, path.slice(POLICIES_FOLDER.length))).catch(() => null);
  return Promise.all(policies.map(async ({ path, isFile }) => ({ path, text: isFile ? textOf(await read(path)) : null })));
}

function rulesIn(bytes: Uint8Array, policies: readonly PolicyFile[], shipped: PolicySet): RepositoryRules {
  const text = textOf(bytes) ?? { line: 1, column: 1, message: "the file is not UTF-8: save it as such" };
  return readRules(text, policies, shipped);
}

/** What the configuration needs of other files. `root` is the repository's. */
async function problemsBeside(config: Config, text: string, root: string): Promise<readonly ConfigProblem[]> {
  return [...(await signerProblems(config, root)), ...(await codeOwnersProblems(config, text, root))];
}

/** Code owners that are asked for where nobody is one: nothing would ever pass. */
async function codeOwnersProblems(config: Config, text: string, root: string): Promise<readonly ConfigProblem[]> {
  if (!asksCodeOwners(config)) return [];
  const found = await Promise.all(CODE_OWNERS_PATHS.map((path) => stat(join(root, path)).catch(() => null)));
  if (found.some((one) => one?.isFile() === true)) return [];
  const before = text.slice(0, Math.max(0, text.search(/\bcodeOwners["']?\s*:/)));
  const column = before.length - before.lastIndexOf("\n");
  return [{ line: before.split("\n").length, column, message: `${NO_CODE_OWNERS.problem}. ${NO_CODE_OWNERS.cure}` }];
}

/** Keys and trusted roots that are not there, or are none: the gates that need them would be unknown, for everybody. `root` is the repository's. */
async function signerProblems({ signers }: Config, root: string): Promise<readonly ConfigProblem[]> {
  const problems = await Promise.all(
    signers.map(async (signer): Promise<readonly ConfigProblem[]> => {
      const { name, file } = signer;
      const at = { file, line: 1, column: 1 };
      const bytes = await readFile(join(root, file)).catch((cause: unknown) => unreadable(file, cause));
      if (typeof bytes === "string") return [{ ...at, message: `signers.${name}: ${bytes}` }];
      const [trusted] = trustSigners([signer], new Map([[file, known(bytes.toString("utf8"), 0)]]));
      return trusted?.trust === "unreadable" ? [{ ...at, message: `signers.${name}: ${trusted.problem}` }] : [];
    }),
  );
  return problems.flat();
}

function textOf(bytes: Uint8Array | null): string | null {
  try {
    return bytes === null ? null : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
