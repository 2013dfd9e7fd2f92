import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { runGit } from "../github/git.ts";
import type { Commit } from "./history.ts";

/** Reads Applications' files out of a Git repository, as Argo CD's repository server does. */
export interface Manifests {
  /** The branch's first-parent commits, oldest first, with one file as of each. Dated by the committer. */
  commits(branch: string, path: string): Promise<readonly Commit[]>;
  close(): Promise<void>;
}

/** `source` is the directory of a repository on this machine, which is read in place, or a URL, which is mirrored. */
export async function openManifests(source: string): Promise<Manifests> {
  const local = await stat(source).then((found) => found.isDirectory(), () => false);
  if (local) return reading(source, () => Promise.resolve(), () => Promise.resolve());
  const directory = await mkdtemp(join(tmpdir(), "sandbox-argocd-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await git(directory, ["clone", "--quiet", "--mirror", source, "."]);
  } catch (problem) {
    await remove();
    throw problem;
  }
  return reading(directory, () => git(directory, ["fetch", "--quiet", "--prune", "origin"]), remove);
}

function reading(directory: string, refresh: () => Promise<unknown>, close: () => Promise<void>): Manifests {
  const histories = new Map<string, { readonly head: string; readonly commits: readonly Omit<Commit, "manifest">[] }>();
  /** By `<commit>:<path>`. Commits never change. */
  const files = new Map<string, string | null>();

  async function history(branch: string): Promise<readonly Omit<Commit, "manifest">[]> {
    const head = (await looseBranch(directory, branch)) ?? (await resolved(directory, branch));
    // A branch without commits yet.
    if (head === null) return [];
    const before = histories.get(branch);
    if (before?.head === head) return before.commits;
    const lines = (await git(directory, ["log", "--first-parent", "--reverse", "--format=%H %ct", head])).trim().split("\n");
    let latest = 0;
    const commits = lines.map((line) => {
      // A commit cannot have come to the branch before its parent did.
      latest = Math.max(latest, Number(line.slice(line.indexOf(" ") + 1)) * 1_000);
      return { oid: line.slice(0, line.indexOf(" ")), at: latest };
    });
    histories.set(branch, { head, commits });
    return commits;
  }

  return {
    async commits(branch, path) {
      await refresh();
      const commits = await history(branch);
      const missing = commits.map(({ oid }) => `${oid}:${path}`).filter((name) => !files.has(name));
      for (const [name, text] of await readFiles(directory, missing)) files.set(name, text);
      return commits.map((commit) => ({ ...commit, manifest: files.get(`${commit.oid}:${path}`) ?? null }));
    },
    close,
  };
}

async function resolved(directory: string, revision: string): Promise<string | null> {
  const { code, stdout } = await runGit(directory, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
  return code === 0 ? stdout.toString("utf8").trim() : null;
}

/** A branch's commit as a bare repository keeps it in a file of its own; null where it does not. Saves a process for every question. */
async function looseBranch(directory: string, branch: string): Promise<string | null> {
  const read = (name: string): Promise<string> => readFile(join(directory, name), "utf8").catch(() => "");
  const ref = branch === "HEAD" ? /^ref: (refs\/heads\/\S+)$/m.exec(await read("HEAD"))?.[1] : `refs/heads/${branch}`;
  const oid = ref === undefined ? "" : (await read(ref)).trim();
  return /^[0-9a-f]{40}$/.test(oid) ? oid : null;
}

async function git(directory: string, args: readonly string[]): Promise<string> {
  const result = await runGit(directory, args);
  if (result.code !== 0) throw new Error(`git ${args[0] ?? ""} failed: ${result.stderr.trim()}`);
  return result.stdout.toString("utf8");
}

/** Many files by one process; null for those that do not exist. */
async function readFiles(directory: string, names: readonly string[]): Promise<readonly (readonly [string, string | null])[]> {
  if (names.length === 0) return [];
  const { code, stdout, stderr } = await runGit(directory, ["cat-file", "--batch"], { input: `${names.join("\n")}\n` });
  if (code !== 0) throw new Error(`git cat-file failed: ${stderr.trim()}`);
  let offset = 0;
  return names.map((name) => {
    const end = stdout.indexOf("\n", offset);
    const header = stdout.toString("utf8", offset, end);
    offset = end + 1;
    const found = /^[0-9a-f]{40,64} (\w+) (\d+)$/.exec(header);
    if (found === null) return [name, null];
    const start = offset;
    offset += Number(found[2]) + 1;
    return [name, found[1] === "blob" ? stdout.toString("utf8", start, offset - 1) : null];
  });
}

/** The images that a kustomization sets, as they stand in the pods: `repository:tag@digest`. */
export function imagesOf(manifest: string): readonly string[] {
  const images = field(parse(manifest), "images");
  if (!Array.isArray(images)) return [];
  return images.flatMap((image: unknown) => {
    const [name, tag, digest] = [field(image, "newName") ?? field(image, "name"), field(image, "newTag"), field(image, "digest")];
    return typeof name === "string" ? `${name}${textAfter(":", tag)}${textAfter("@", digest)}` : [];
  });
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
}

function textAfter(mark: string, value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? `${mark}${value}` : "";
}
