import { createHash } from "node:crypto";
import { access, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";
import type { Oid } from "./model.ts";
import type { ObjectReader } from "./objects.ts";

/** Writes a loose object as Git does (git docs, gitformat-loose), and answers its id. */
export async function writeObject(directory: string, type: "blob" | "tree" | "commit", bytes: Uint8Array): Promise<Oid> {
  const whole = Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`, "latin1"), bytes]);
  const oid = createHash("sha1").update(whole).digest("hex");
  const path = join(directory, "objects", oid.slice(0, 2), oid.slice(2));
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return oid;
  await mkdir(dirname(path), { recursive: true });
  // Whoever reads meanwhile must not find half of it.
  const half = join(directory, "objects", `tmp_obj_${oid}_${process.hrtime.bigint()}`);
  await writeFile(half, deflateSync(whole, { level: 1 }));
  await rename(half, path);
  return oid;
}

interface Entry {
  readonly mode: string;
  /** Bytes, one character for each. */
  readonly name: string;
  readonly oid: Oid;
}

/** What becomes of a path: a blob's id, or null where it goes. */
export type TreeChanges = ReadonlyMap<string, Oid | null>;

const FOLDER = "40000";
const FILE = "100644";

/** A tree (null: an empty one) with these paths changed. Folders that are empty then are gone. Answers null when nothing is left. */
export async function changedTree(directory: string, objects: ObjectReader, tree: Oid | null, changes: TreeChanges): Promise<Oid | null> {
  const entries = new Map((tree === null ? [] : entriesIn(await treeBytes(objects, tree))).map((entry) => [entry.name, entry]));
  const inside = new Map<string, Map<string, Oid | null>>();
  for (const [path, oid] of changes) {
    const slash = path.indexOf("/");
    const name = Buffer.from(slash < 0 ? path : path.slice(0, slash), "utf8").toString("latin1");
    if (slash >= 0) inside.set(name, (inside.get(name) ?? new Map<string, Oid | null>()).set(path.slice(slash + 1), oid));
    else if (oid === null) entries.delete(name);
    else entries.set(name, { mode: FILE, name, oid });
  }
  for (const [name, further] of inside) {
    const before = entries.get(name);
    const after = await changedTree(directory, objects, before?.mode === FOLDER ? before.oid : null, further);
    if (after !== null) entries.set(name, { mode: FOLDER, name, oid: after });
    else if (before?.mode === FOLDER) entries.delete(name);
  }
  return entries.size === 0 ? null : writeObject(directory, "tree", bytesOf([...entries.values()]));
}

async function treeBytes(objects: ObjectReader, tree: Oid): Promise<Buffer> {
  const found = await objects.read(tree);
  if (found?.type !== "tree") throw new Error(`${tree} is no tree`);
  return found.bytes;
}

/** Mode, space, name, NUL and twenty bytes of id, over and over (git docs, gitformat-tree). */
function entriesIn(bytes: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    entries.push({ mode: bytes.toString("latin1", at, space), name: bytes.toString("latin1", space + 1, end), oid: bytes.toString("hex", end + 1, end + 21) });
    at = end + 21;
  }
  return entries;
}

/** By name, as if the name of a folder ended in a slash. */
function bytesOf(entries: readonly Entry[]): Buffer {
  const key = ({ mode, name }: Entry) => (mode === FOLDER ? `${name}/` : name);
  const sorted = entries.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return Buffer.concat(sorted.flatMap(({ mode, name, oid }) => [Buffer.from(`${mode} ${name}\0`, "latin1"), Buffer.from(oid, "hex")]));
}
