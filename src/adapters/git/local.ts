import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Milliseconds } from "../../domain/answer.ts";
import type { Oid } from "../../domain/release.ts";
import { PortFailure, type ChangedFile, type ChangingCommit, type LocalRepository, type TreeEntry } from "../../ports.ts";
import { runGit, type GitExit } from "./child.ts";
import { gitEnvironment } from "./environment.ts";
import { checkedOid, type GitRun } from "./mirror.ts";
import { ObjectReader } from "./object-reader.ts";
import { fields, isRegular, listFiles, readBlobs, readThrough } from "./objects.ts";

export interface LocalOptions {
  /** A folder of the work tree, or a bare repository. */
  readonly directory: string;
  /** What the command was started with; for finding the repository Git gets its own settings from it, for reading only an allow-list. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Blobs over this many bytes are not read. */
  readonly blobLimit: number;
}

const DEADLINE: Milliseconds = 120_000;
/** A listing of a million files, or a full batch of blobs. */
const OUTPUT_LIMIT = 512 * 1024 * 1024;

/**
 * Opens the repository that a folder belongs to.
 *
 * @throws {PortFailure} `stalled` when the folder is not there or belongs to none.
 */
export async function openLocalRepository(options: LocalOptions): Promise<LocalRepository> {
  const { directory } = options;
  const { run, objects, prefix } = await openLocalObjects(options);
  return {
    commit: async (revision) => {
      const { code, stdout } = await run(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`], {
        accept: (exit) => exit.code <= 1,
      });
      if (code === 0) return checkedOid(stdout.toString("latin1").trim());
      throw new PortFailure("stalled", `${directory} has no revision "${revision}": name a branch, tag or commit that is there (git fetch?)`);
    },
    files: async (commit) => under(await listFiles(run, commit), prefix),
    read: async (blobs) => {
      const read = await readThrough(objects, blobs, options.blobLimit).catch(() => null);
      if (read !== null) return read;
      return (await readBlobs(run, blobs, options.blobLimit)).contents;
    },
    history: async (commit, limit) => history(run, commit, limit),
    changes: async (commits) => changes(run, commits),
    close: () => objects.close(),
  };
}

export interface LocalObjects {
  readonly run: GitRun;
  readonly objects: ObjectReader;
  /** The folder within the repository, ending in `/`, or nothing at its root. */
  readonly prefix: string;
  readonly workTree: string | null;
}

/** Opens the repository that a folder belongs to for reading. @throws {PortFailure} as {@link openLocalRepository} does. */
export async function openLocalObjects(options: Omit<LocalOptions, "blobLimit">): Promise<LocalObjects> {
  const { directory } = options;
  const { gitDir, prefix, workTree } = await findRepository(options);
  const environment = gitEnvironment(options.environment, gitDir, null);
  const run: GitRun = async (args, { input = "", accept = succeeded } = {}) => {
    const exit = await runGit({ args, environment, cwd: directory, input, deadline: DEADLINE, outputLimit: OUTPUT_LIMIT });
    if (!accept(exit)) throw new PortFailure("error", `git ${args[0] ?? ""} failed in ${directory}: ${said(exit)}`);
    return exit;
  };
  const objects = new ObjectReader({ environment, cwd: directory, deadline: DEADLINE });
  return { run, objects, prefix, workTree };
}

interface Found {
  readonly gitDir: string;
  /** The folder within the repository, ending in `/`, or nothing at its root. */
  readonly prefix: string;
  /** The root of the work tree, or null in a bare repository. */
  readonly workTree: string | null;
}

async function findRepository({ directory, environment }: Omit<LocalOptions, "blobLimit">): Promise<Found> {
  const found = await stat(directory).catch(() => null);
  if (found?.isDirectory() !== true) throw new PortFailure("stalled", `${directory} is no folder: name a repository's, or a bare repository`);
  const passed = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("GIT_"));
  const exit = await runGit({
    args: ["rev-parse", "--absolute-git-dir", "--show-prefix", "--is-inside-work-tree", "--show-cdup"],
    environment: { ...Object.fromEntries(passed), LC_ALL: "C" },
    cwd: directory,
    input: "",
    deadline: DEADLINE,
    outputLimit: OUTPUT_LIMIT,
  });
  if (exit.code !== 0) throw new PortFailure("stalled", `${directory} is in no Git repository that can be read: ${said(exit)}`);
  const [gitDir = "", prefix = "", isInside = "", up = ""] = exit.stdout.toString("utf8").split("\n");
  return { gitDir, prefix, workTree: isInside === "true" ? resolve(directory, up) : null };
}

function succeeded({ code }: { readonly code: number }): boolean {
  return code === 0;
}

function said({ code, stderr }: GitExit): string {
  return stderr.trim().slice(0, 500) || `exit ${code}`;
}

function under(files: readonly TreeEntry[], prefix: string): readonly TreeEntry[] {
  if (prefix === "") return files;
  return files.filter(({ path }) => path.startsWith(prefix)).map(({ path, blob }) => ({ path: path.slice(prefix.length), blob }));
}

async function history(run: GitRun, commit: Oid, limit: number | null): Promise<{ commit: Oid; parents: number }[]> {
  const most = limit === null ? [] : [`--max-count=${Math.max(0, Math.trunc(limit))}`];
  const { stdout } = await run(["rev-list", "--first-parent", "--parents", ...most, checkedOid(commit)]);
  return stdout
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [oid = "", ...parents] = line.split(" ");
      return { commit: checkedOid(oid), parents: parents.length };
    });
}

/** `<commit> NUL`, then `:<mode> <mode> <object> <object> <status> NUL <path> NUL` for each file (git-diff-tree(1), Raw output format). */
async function changes(run: GitRun, commits: readonly Oid[]): Promise<ChangingCommit[]> {
  if (commits.length === 0) return [];
  const { stdout } = await run(["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--diff-merges=off"], {
    input: commits.map((commit) => `${checkedOid(commit)}\n`).join(""),
  });
  const found: { commit: Oid; files: ChangedFile[] }[] = [];
  const entries = fields(stdout);
  for (let at = 0; at < entries.length;) {
    const entry = entries[at] ?? "";
    if (!entry.startsWith(":")) {
      found.push({ commit: checkedOid(entry), files: [] });
      at += 1;
      continue;
    }
    const [before = "", after = "", old = "", blob = ""] = entry.slice(1).split(" ");
    const file = { path: entries[at + 1] ?? null, before: isRegular(before) ? old : null, after: isRegular(after) ? blob : null };
    found.at(-1)?.files.push(file);
    at += 2;
  }
  return found;
}
