import { resolve } from "node:path";
import type { Milliseconds } from "../domain/answer.ts";
import type { Repository } from "../domain/observation.ts";
import type { Oid } from "../domain/release.ts";
import { PortFailure, type Clock, type Journal, type ManifestsRepository, type FolderEntry } from "../ports.ts";
import type { Remote } from "./git/environment.ts";
import { appendedCommits, firstParentIn, isAncestor, pathHistory, pathsTouched } from "./git/history.ts";
import { checkedOid, Mirror, type GitRun } from "./git/mirror.ts";
import { changedPaths, fields, listAt, listFiles, readBlobs, readThrough } from "./git/objects.ts";
import { changesThrough, listThrough } from "./git/trees.ts";

export interface GitOptions {
  /** Holds one bare mirror for each repository id. One process only may use it; what is in it can be removed at any time. */
  readonly directory: string;
  /** Where a repository is fetched from, asked again for every fetch because tokens expire. May throw a {@link PortFailure}. */
  readonly remote: (repository: Repository) => Promise<Remote>;
  /** What Pinion was started with; only PATH, proxies, certificates and TMPDIR of it reach Git. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Blobs over this many bytes are not read. 1 MiB unless given. */
  readonly blobLimit?: number;
  readonly deadlines?: { readonly read: Milliseconds; readonly fetch: Milliseconds };
}

const BLOB_LIMIT = 1024 * 1024;
/** A first clone may take minutes; reading is local. */
const DEADLINES = { read: 30_000, fetch: 10 * 60_000 } as const;

/**
 * Manifests repositories by bare mirrors on disk: simple-git fetches, children of our own read.
 *
 * What every look asks goes through one child that stays while it is asked; all else, and whatever that one cannot tell,
 * has a child for each question, which says what is wrong and holds nothing afterwards.
 */
export function createManifestsRepository(options: GitOptions): ManifestsRepository {
  const mirrors = new Map<number, Mirror>();
  // Children have a working directory of their own, so a relative path would mean another place to them.
  const settings = { ...options, directory: resolve(options.directory), deadlines: options.deadlines ?? DEADLINES };
  const mirror = (repository: Repository): Mirror => {
    const found = mirrors.get(repository.id) ?? new Mirror(settings, repository);
    mirrors.set(repository.id, found);
    return found;
  };
  return manifestsIn(mirror, options.blobLimit);
}

/** Where the objects are: a mirror that is fetched into, or a clone that is only read. */
export type ObjectSource = Pick<Mirror, "run" | "quickly" | "damaged" | "ensure">;

/** Reads manifests repositories where their objects are; blobs over `limit` bytes are not read. */
export function manifestsIn(sourceOf: (repository: Repository) => ObjectSource, limit = BLOB_LIMIT): ManifestsRepository {
  const read = async (repository: Repository, blobs: readonly Oid[]): Promise<ReadonlyMap<Oid, Uint8Array>> => {
    const at = sourceOf(repository);
    const read = await at.quickly((objects) => readThrough(objects, blobs, limit));
    if (read !== null) return read;
    const { contents, missing } = await readBlobs(at.run, blobs, limit);
    // Blob ids come out of trees of this mirror, so it should have had them all.
    if (missing.length > 0) throw at.damaged(`${missing.length} blobs are missing`);
    return contents;
  };

  const list = async (repository: Repository, commit: Oid, path: string): Promise<readonly FolderEntry[]> => {
    const at = sourceOf(repository);
    const oid = checkedOid(commit);
    return (await at.quickly((objects) => listThrough(objects, oid, path))) ?? listAt(at.run, oid, path);
  };

  /** Most often one commit came, and then nothing can have been changed back. */
  const follows = async (repository: Repository, since: Oid, until: Oid): Promise<boolean> => {
    const [commit] = (await sourceOf(repository).quickly((objects) => objects.ask([{ ask: "contents", name: checkedOid(until) }]))) ?? [];
    return commit?.type === "commit" && firstParentIn(commit.bytes) === since;
  };

  return {
    ensure: async (repository, wanted) => sourceOf(repository).ensure(repository, wanted),
    files: async (repository, commit) => listFiles(sourceOf(repository).run, commit),
    folder: async (repository, commit, path) => {
      if (!isPath(path) || !path.endsWith("/")) return [];
      const entries = await list(repository, commit, path);
      return entries.length > 0 ? entries : standingInFor(path, async (above) => list(repository, commit, above));
    },
    changedFiles: async (repository, from, to) => {
      const at = sourceOf(repository);
      const [before, after] = [checkedOid(from), checkedOid(to)];
      return (await at.quickly((objects) => changesThrough(objects, before, after))) ?? changedPaths(at.run, before, after);
    },
    touchedFiles: async (repository, since, until, count) =>
      (await follows(repository, since, until)) ? [] : pathsTouched(sourceOf(repository).run, since, until, count),
    read,
    file: async (repository, commit, path) => {
      if (!isPath(path)) return null;
      const blob = (await list(repository, commit, path)).find((other) => other.path === path)?.blob ?? null;
      if (blob === null) return null;
      const bytes = (await read(repository, [blob])).get(blob);
      if (bytes === undefined) throw new PortFailure("stalled", `${path} is over ${limit} bytes, which Pinion does not read`);
      return bytes;
    },
    mergeTree: async (repository, base, head) => mergeTree(sourceOf(repository).run, base, head),
    history: async (repository, path, since, until, count) => pathHistory(sourceOf(repository).run, path, since, until, count),
    isAncestor: async (repository, ancestor, descendant) => isAncestor(sourceOf(repository).run, ancestor, descendant),
    logCommits: async (repository, since, until) => appendedCommits(sourceOf(repository).run, since, until, limit),
  };
}

/** What is no folder, and stands where one of these would: git has no such folder then, whatever a link there leads to. */
async function standingInFor(folder: string, at: (path: string) => Promise<readonly FolderEntry[]>): Promise<readonly FolderEntry[]> {
  const names = folder.split("/").slice(0, -1);
  for (let count = 1; count <= names.length; count += 1) {
    const path = names.slice(0, count).join("/");
    const found = await at(path);
    if (found.length === 0 || found.some((entry) => entry.path === path)) return found;
  }
  return [];
}

/** The tree comes first, and after it, when there are conflicts, each path that has one (git-merge-tree(1), Output). */
async function mergeTree(run: GitRun, base: Oid, head: Oid): Promise<{ tree: Oid } | { conflicts: readonly string[] }> {
  const { code, stdout } = await run(
    ["merge-tree", "--write-tree", "-z", "--no-messages", "--name-only", checkedOid(base), checkedOid(head)],
    // Code 1 is a conflict only when there is a tree to show for it; a commit that is not there gives 1 as well.
    { accept: (exit) => exit.code === 0 || (exit.code === 1 && exit.stdout.length > 0) },
  );
  const [tree = "", ...paths] = fields(stdout).map((field) => field ?? "(a name that is not UTF-8)");
  return code === 0 ? { tree: checkedOid(tree) } : { conflicts: [...new Set(paths)] };
}

/** Git takes an empty path for "everything", and no argument of a process can hold NUL. */
function isPath(path: string): boolean {
  return path !== "" && !path.startsWith("/") && !path.includes("\0");
}
