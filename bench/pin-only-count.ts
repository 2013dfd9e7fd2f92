/**
 * How many commits of a history change pins alone, counted twice: by lines and regular expressions (`pin-lines.ts`), and by
 * `pinion replay`. The two share no code. Fails where they are more than 1 % apart.
 *
 *     npm run bench:pin-only -- REPOSITORY… [--json]
 *     npm run bench:pin-only -- REPOSITORY… --list      only the commits that the lines tell
 */
import { execFile, spawn } from "node:child_process";
import { must, printJson, printTable } from "./figures.ts";
import { canHoldPins, onlyPinsChanged, type ReplacedLine } from "./pin-lines.ts";

const CLI = new URL("../src/cli.ts", import.meta.url).pathname;
const OUTPUT_LIMIT = 1024 * 1024 * 1024;
const LONGEST_RUN = 30 * 60_000;
/** How far the counts may be apart. */
const TOLERANCE = 0.01;

/** The lines that a Git command prints, while it reads `input`. Fails where Git does. */
async function* linesOf(repository: string, args: readonly string[], input = ""): AsyncGenerator<string> {
  const git = spawn("git", ["-C", repository, "-c", "core.quotePath=false", ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((settle, fail) => git.once("error", fail).once("close", settle));
  // Where Git ends before it has read all, its exit code says so.
  git.stdin.on("error", () => {}).end(input);
  let rest = "";
  for await (const chunk of git.stdout.setEncoding("utf8")) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  must((await ended) === 0, `git ${args[0] ?? ""} failed in ${repository}`);
}

interface Candidate {
  readonly commit: string;
  /** The contents of its files before and after. */
  readonly objects: readonly string[];
}

/** Commits with one parent, the newest first, that only change contents of files that can hold pins. */
async function candidatesIn(repository: string): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  let [commit, objects, others] = ["", [] as string[], 0];
  const end = (): void => {
    if (objects.length > 0 && others === 0) candidates.push({ commit, objects });
  };
  const args = ["log", "--first-parent", "--no-merges", "--raw", "--no-abbrev", "--no-renames", "--format=commit %H", "HEAD"];
  for await (const line of linesOf(repository, args)) {
    const [, modeBefore, mode, before = "", after = "", path] = /^:100(\d+) 100(\d+) (\S+) (\S+) M\t"?(.*?)"?$/.exec(line) ?? [];
    if (line.startsWith("commit ")) {
      end();
      [commit, objects, others] = [line.slice("commit ".length), [], 0];
    } else if (path !== undefined && modeBefore === mode && canHoldPins(path)) objects.push(before, after);
    else if (line !== "") others += 1;
  }
  end();
  return candidates;
}

/** Those of these objects that the repository lacks, as clones do that leave large files out. */
async function missing(repository: string, objects: readonly string[]): Promise<ReadonlySet<string>> {
  const gone = new Set<string>();
  for await (const line of linesOf(repository, ["cat-file", "--batch-check"], objects.map((object) => `${object}\n`).join(""))) {
    if (line.endsWith(" missing")) gone.add(line.slice(0, line.indexOf(" ")));
  }
  return gone;
}

/** A file of a commit: its path, and all its lines as a patch has them, behind a space, `-` or `+`. */
interface FilePatch {
  readonly commit: string;
  readonly path: string;
  readonly lines: readonly string[];
}

const WHOLE_FILE = "-U100000000";

async function* patchesOf(repository: string, commits: readonly string[]): AsyncGenerator<FilePatch> {
  const args = ["diff-tree", "--stdin", "-r", "-p", WHOLE_FILE, "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv", "--text"];
  let [commit, path] = ["", ""];
  let lines: string[] | null = null;
  for await (const line of linesOf(repository, args, commits.map((one) => `${one}\n`).join(""))) {
    if (/^[ +\-\\]/.test(line) && lines !== null) {
      lines.push(line);
      continue;
    }
    if (lines !== null) yield { commit, path, lines };
    lines = null;
    if (line.startsWith("+++ ")) path = /^"?b\/(.*?)"?\t?$/.exec(line.slice("+++ ".length))?.[1] ?? "";
    else if (line.startsWith("@@ ")) lines = [];
    else if (/^[0-9a-f]{40}$/.test(line)) commit = line;
  }
  if (lines !== null) yield { commit, path, lines };
}

/** The text after the commit, and the lines that were replaced in it; null where lines came or went. */
function replacedIn({ lines }: FilePatch): { readonly text: string; readonly replaced: readonly ReplacedLine[] } | null {
  const after: string[] = [];
  const replaced: ReplacedLine[] = [];
  let gone: string[] = [];
  let open = 0;
  for (const [index, line] of lines.entries()) {
    const text = line.slice(1);
    // The marker of a last line without an end belongs to the line before it.
    const whole = lines[index + 1]?.startsWith("\\") === true ? `${text}\n` : text;
    if (line.startsWith("+")) {
      after.push(text);
      const before = gone[open];
      if (before === undefined) return null;
      open += 1;
      replaced.push({ number: after.length, before, after: whole });
    } else if (!line.startsWith("\\")) {
      if (open < gone.length && (open > 0 || line.startsWith(" "))) return null;
      if (open === gone.length) [gone, open] = [[], 0];
      if (line.startsWith("-")) gone.push(whole);
      else after.push(text);
    }
  }
  return open === gone.length ? { text: after.join("\n"), replaced } : null;
}

/** The commits that change pins alone, by their lines. Those with a file that is not there are none. */
async function countByLines(repository: string): Promise<readonly string[]> {
  const all = await candidatesIn(repository);
  const gone = await missing(repository, all.flatMap(({ objects }) => objects));
  const candidates = all.filter(({ objects }) => !objects.some((object) => gone.has(object))).map(({ commit }) => commit);
  const others = new Set<string>();
  for await (const patch of patchesOf(repository, candidates)) {
    if (others.has(patch.commit)) continue;
    const change = replacedIn(patch);
    if (change === null || !onlyPinsChanged(patch.path, change.text, change.replaced)) others.add(patch.commit);
  }
  return candidates.filter((commit) => !others.has(commit));
}

interface Replayed {
  readonly commits: number;
  readonly pin_only: number;
  readonly edits: number;
  readonly reproduced: number;
  readonly differs: readonly unknown[];
  readonly refused: readonly unknown[];
  readonly unknown: readonly unknown[];
}

async function replay(repository: string): Promise<Replayed> {
  const out = await new Promise<string>((settle, fail) => {
    execFile(process.execPath, [CLI, "replay", repository, "--json"], { maxBuffer: OUTPUT_LIMIT, timeout: LONGEST_RUN }, (error, stdout, stderr) => {
      // Exit code 1 says that something came out differently, which is a figure here.
      if (error === null || error.code === 1) settle(stdout);
      else fail(new Error(`pinion replay failed in ${repository}: ${stderr.slice(0, 2_000)}`));
    });
  });
  return JSON.parse(out) as Replayed;
}

async function compare(repository: string): Promise<Readonly<Record<string, number | string>>> {
  const by_lines = (await countByLines(repository)).length;
  const { commits, pin_only, edits, reproduced, differs, refused, unknown } = await replay(repository);
  const apart = (Math.abs(pin_only - by_lines) / Math.max(1, by_lines)) * 100;
  printTable(repository, [
    ["commits", commits],
    ["change pins alone, by lines", by_lines],
    ["change pins alone, by pinion replay", pin_only, `${apart.toFixed(2)} % apart`],
    ["pins changed", edits],
    ["byte for byte", reproduced],
    ["differ", differs.length],
    ["refused", refused.length],
    ["not known", unknown.length],
  ]);
  return { repository, commits, by_lines, pin_only, apart, edits, reproduced, differs: differs.length, refused: refused.length, unknown: unknown.length };
}

const repositories = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
must(repositories.length > 0, "name a repository, or more");
if (process.argv.includes("--list")) {
  for (const repository of repositories) console.log((await countByLines(repository)).join("\n"));
} else {
  const figures = [];
  for (const repository of repositories) figures.push(await compare(repository));
  printJson({ repositories: figures });
  const wrong = figures.filter(({ apart }) => Number(apart) > 100 * TOLERANCE);
  must(wrong.length === 0, `the counts are more than ${100 * TOLERANCE} % apart in ${wrong.map(({ repository }) => repository).join(", ")}`);
}
