import type { Oid } from "../../domain/release.ts";
import { PortFailure, type FolderEntry, type TreeEntry } from "../../ports.ts";
import { checkedOid, type GitRun } from "./mirror.ts";
import type { ObjectReader } from "./object-reader.ts";

/** A path that differs between two trees. `blob` is null where there is no regular file any more. */
export interface ChangedPath {
  /** Null for a name that is not UTF-8. */
  readonly path: string | null;
  readonly blob: Oid | null;
  /** Git's letter for it: A, M, D, T. */
  readonly status: string;
}

/** Blobs read at once: beyond that, one process would hold more than is good for it. */
const BATCH_LIMIT_BYTES = 384 * 1024 * 1024;

export const strictly = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * All regular files of a commit or tree. Symbolic links and submodules are none, and a file whose name is not UTF-8
 * cannot be one that a config names, so all of these are left out.
 */
export async function listFiles(run: GitRun, treeish: Oid): Promise<TreeEntry[]> {
  const entries = await list(run, ["-r", "-z", "--full-tree", checkedOid(treeish)]);
  return entries.flatMap(({ path, blob }) => (blob === null ? [] : [{ path, blob }]));
}

/** What stands at a path, as one entry or none; with a path that ends in `/`, what stands directly in that folder. */
export async function listAt(run: GitRun, treeish: Oid, path: string): Promise<FolderEntry[]> {
  return list(run, ["-z", "--full-tree", checkedOid(treeish), "--", path]);
}

async function list(run: GitRun, args: readonly string[]): Promise<FolderEntry[]> {
  const { stdout } = await run(["ls-tree", ...args]);
  const files: FolderEntry[] = [];
  for (const entry of fields(stdout)) {
    // <mode> SP <type> SP <object> TAB <path>
    const tab = entry?.indexOf("\t") ?? -1;
    if (entry === null || tab < 0) continue;
    const isFolder = entry.startsWith("040000 ");
    files.push({
      path: `${entry.slice(tab + 1)}${isFolder ? "/" : ""}`,
      blob: isRegular(entry) ? entry.slice(entry.lastIndexOf(" ", tab) + 1, tab) : null,
    });
  }
  return files;
}

/**
 * Paths that differ between two commits or trees. A rename is a path that went and one that came.
 *
 * @throws {PortFailure} `stalled` for a name that is not UTF-8: a change must not be passed over.
 */
export async function changedPaths(run: GitRun, from: Oid, to: Oid): Promise<{ path: string; blob: Oid | null }[]> {
  const { stdout } = await run(["diff-tree", "-r", "-z", "--raw", "--no-renames", checkedOid(from), checkedOid(to)]);
  return rawChanges(fields(stdout), 0).changes.map(({ path, blob }) => {
    if (path !== null) return { path, blob };
    throw new PortFailure("stalled", "a file was changed whose name is not UTF-8, which Pinion cannot judge: rename it");
  });
}

/** Reads `--raw -z` entries from `start` on, as long as there are any: `:<mode> <mode> <object> <object> <status>`, then the path. */
export function rawChanges(entries: readonly (string | null)[], start: number): { readonly changes: ChangedPath[]; readonly next: number } {
  const changes: ChangedPath[] = [];
  let next = start;
  for (;;) {
    // `git log` puts a line feed before the first entry of a commit.
    const [before, mode, , blob, status] = (entries[next] ?? "").trimStart().split(" ");
    if (before?.startsWith(":") !== true || mode === undefined || blob === undefined || status === undefined) return { changes, next };
    changes.push({ path: entries[next + 1] ?? null, blob: isRegular(mode) ? blob : null, status });
    next += 2;
  }
}

/**
 * Contents by blob id. Sizes are asked for first, so that a blob over `limit` is never even inflated; it is left out.
 *
 * @throws {PortFailure} `stalled` when all together are too much to hold.
 */
export async function readBlobs(
  run: GitRun,
  blobs: readonly Oid[],
  limit: number,
): Promise<{ readonly contents: ReadonlyMap<Oid, Uint8Array>; readonly missing: readonly Oid[] }> {
  const asked = [...new Set(blobs.map(checkedOid))];
  if (asked.length === 0) return { contents: new Map(), missing: [] };
  const sizes = await run(["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--buffer"], { input: lines(asked) });
  const wanted: Oid[] = [];
  const missing: Oid[] = [];
  let total = 0;
  for (const line of sizes.stdout.toString("latin1").split("\n")) {
    const [oid, type, size] = line.split(" ");
    if (oid === undefined || type === undefined) continue;
    if (type === "missing") missing.push(oid);
    else if (type === "blob" && Number(size) <= limit) {
      wanted.push(oid);
      total += Number(size);
    }
  }
  if (total > BATCH_LIMIT_BYTES) {
    throw new PortFailure("stalled", `${wanted.length} files of ${total} bytes are more than Pinion reads at once: narrow \`discover\``);
  }
  if (wanted.length === 0) return { contents: new Map(), missing };
  const { stdout } = await run(["cat-file", "--batch", "--buffer"], { input: lines(wanted) });
  return { contents: parseBatch(stdout), missing };
}

/** The same through a reader that is there already. Null: ask as above, because something is missing or they are too many. */
export async function readThrough(
  objects: ObjectReader,
  blobs: readonly Oid[],
  limit: number,
): Promise<ReadonlyMap<Oid, Uint8Array> | null> {
  const asked = [...new Set(blobs.map(checkedOid))];
  const wanted: Oid[] = [];
  let total = 0;
  for (const info of await objects.ask(asked.map((name) => ({ ask: "info", name })))) {
    if (info === null) return null;
    if (info.type !== "blob" || info.size > limit) continue;
    wanted.push(info.oid);
    total += info.size;
  }
  if (total > BATCH_LIMIT_BYTES) return null;
  const contents = new Map<Oid, Uint8Array>();
  for (const answer of await objects.ask(wanted.map((name) => ({ ask: "contents", name })))) {
    if (answer === null) return null;
    contents.set(answer.oid, answer.bytes);
  }
  return contents;
}

/** `<object> SP <type> SP <size> LF <contents> LF`, over and over (git-cat-file(1), Batch output). */
function parseBatch(stdout: Buffer): Map<Oid, Uint8Array> {
  const contents = new Map<Oid, Uint8Array>();
  let at = 0;
  while (at < stdout.length) {
    const end = stdout.indexOf(0x0a, at);
    const [oid, type, size] = stdout.toString("latin1", at, end < 0 ? stdout.length : end).split(" ");
    const from = end + 1;
    const to = from + Number(size);
    if (end < 0 || oid === undefined || type !== "blob" || !(to < stdout.length)) {
      throw new PortFailure("error", "git cat-file gave an answer that Pinion cannot read");
    }
    // A copy: a slice would keep the whole batch in memory for as long as one file of it is.
    contents.set(oid, Buffer.from(stdout.subarray(from, to)));
    at = to + 1;
  }
  return contents;
}

/** Fields that end in NUL; null for one that is not UTF-8. */
export function fields(output: Buffer): (string | null)[] {
  const whole = decoded(output);
  if (whole !== null) return whole.split("\0").slice(0, -1);
  const found: (string | null)[] = [];
  let at = 0;
  for (let end = output.indexOf(0, at); end >= 0; end = output.indexOf(0, at)) {
    found.push(decoded(output.subarray(at, end)));
    at = end + 1;
  }
  return found;
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return strictly.decode(bytes);
  } catch {
    return null;
  }
}

/** Modes 100644, 100755, and 100664, which old repositories hold and Git reads as the first. */
export function isRegular(mode: string): boolean {
  return mode.startsWith("100");
}

function lines(oids: readonly Oid[]): string {
  return oids.map((oid) => `${oid}\n`).join("");
}
