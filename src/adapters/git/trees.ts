import type { Oid } from "../../domain/release.ts";
import type { FolderEntry } from "../../ports.ts";
import type { ObjectReader } from "./object-reader.ts";
import { isRegular, strictly } from "./objects.ts";

/** An entry as the tree object holds it (git's Documentation/gitformat-tree): bytes, one character for each. */
interface RawEntry {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

const FOLDER = "40000";
/** Differences wider than this are for `git diff-tree`, which is better at them. */
const MOST_FOLDERS = 1_000;

/** What stands at the path, as one entry or none; with a path that ends in `/`, what stands directly in that folder. Null: ask Git itself. */
export async function listThrough(objects: ObjectReader, treeish: Oid, path: string): Promise<readonly FolderEntry[] | null> {
  const folders = path.split("/");
  const last = folders.pop() ?? "";
  const prefix = path.slice(0, path.length - last.length);
  let entries = await treeOf(objects, `${treeish}^{tree}`, idLength(treeish));
  for (const folder of folders) {
    const raw = Buffer.from(folder, "utf8").toString("latin1");
    const found = entries?.find(({ mode, name }) => name === raw && mode === FOLDER);
    if (entries !== null && found === undefined) return [];
    entries = found === undefined ? null : await treeOf(objects, hex(found.id), idLength(treeish));
  }
  if (entries === null) return null;
  const wanted = Buffer.from(last, "utf8").toString("latin1");
  return entries.flatMap(({ mode, name, id }) => {
    const text = last === "" || name === wanted ? decoded(name) : null;
    return text === null ? [] : [{ path: `${prefix}${text}${mode === FOLDER ? "/" : ""}`, blob: isRegular(mode) ? hex(id) : null }];
  });
}

interface Pair {
  readonly prefix: string;
  readonly from: string | null;
  readonly to: string | null;
}

/**
 * Paths that differ between two commits or trees, by comparing only folders that differ. Null: ask Git itself, because
 * something is not there, too much differs, or a name is not UTF-8.
 */
export async function changesThrough(objects: ObjectReader, from: Oid, to: Oid): Promise<{ path: string; blob: Oid | null }[] | null> {
  const changes = new Map<string, Oid | null>();
  const length = idLength(from);
  let pairs: readonly Pair[] = [{ prefix: "", from: `${from}^{tree}`, to: `${to}^{tree}` }];
  while (pairs.length > 0) {
    if (pairs.length > MOST_FOLDERS) return null;
    const names = pairs.flatMap((pair) => [pair.from, pair.to].filter((name) => name !== null));
    const answers = await objects.ask(names.map((name) => ({ ask: "contents", name })));
    const next: Pair[] = [];
    let at = 0;
    for (const pair of pairs) {
      const [left, right] = [pair.from, pair.to].map((name) => (name === null ? [] : entriesOf(answers[at++] ?? null, length)));
      if (left == null || right == null || !compare(pair.prefix, left, right, changes, next)) return null;
    }
    pairs = next;
  }
  return [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, blob]) => ({ path, blob }));
}

/** Notes files that differ, and folders to go on with. False for a name that is not UTF-8. */
function compare(
  prefix: string,
  from: readonly RawEntry[],
  to: readonly RawEntry[],
  changes: Map<string, Oid | null>,
  next: Pair[],
): boolean {
  const before = new Map(from.map((entry) => [entry.name, entry]));
  const differing: [RawEntry | null, RawEntry | null][] = [];
  for (const entry of to) {
    const old = before.get(entry.name) ?? null;
    before.delete(entry.name);
    if (old?.id !== entry.id || old.mode !== entry.mode) differing.push([old, entry]);
  }
  for (const old of before.values()) differing.push([old, null]);
  for (const [old, entry] of differing) {
    const name = decoded((entry ?? old)?.name ?? "");
    if (name === null) return false;
    const path = `${prefix}${name}`;
    const [left, right] = [old, entry].map((one) => (one?.mode === FOLDER ? hex(one.id) : null));
    if (left != null || right != null) next.push({ prefix: `${path}/`, from: left ?? null, to: right ?? null });
    const file = entry !== null && entry.mode !== FOLDER ? entry : null;
    if (file !== null) changes.set(path, isRegular(file.mode) ? hex(file.id) : null);
    else if (old !== null && old.mode !== FOLDER) changes.set(path, null);
  }
  return true;
}

async function treeOf(objects: ObjectReader, name: string, length: number): Promise<readonly RawEntry[] | null> {
  const [answer] = await objects.ask([{ ask: "contents", name }]);
  return entriesOf(answer ?? null, length);
}

/** `<mode> SP <name> NUL <id>`, over and over; null for what is no tree. */
function entriesOf(answer: { readonly type: string; readonly bytes: Buffer } | null, length: number): RawEntry[] | null {
  if (answer?.type !== "tree") return null;
  const text = answer.bytes.toString("latin1");
  const entries: RawEntry[] = [];
  let at = 0;
  while (at < text.length) {
    const space = text.indexOf(" ", at);
    const end = text.indexOf("\0", space);
    const next = end + 1 + length;
    if (space < 0 || end < 0 || next > text.length) return null;
    entries.push({ mode: text.slice(at, space), name: text.slice(space + 1, end), id: text.slice(end + 1, next) });
    at = next;
  }
  return entries;
}

/** Bytes of an id inside a tree: 20 with SHA-1, 32 with SHA-256. */
function idLength(oid: Oid): number {
  return oid.length / 2;
}

function hex(id: string): Oid {
  return Buffer.from(id, "latin1").toString("hex");
}

function decoded(name: string): string | null {
  try {
    return strictly.decode(Buffer.from(name, "latin1"));
  } catch {
    return null;
  }
}
