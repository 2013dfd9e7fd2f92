import type { Oid } from "../../domain/release.ts";
import type { TreeEntry } from "../../ports.ts";
import type { GitRun } from "./mirror.ts";
import type { ObjectReader } from "./object-reader.ts";
import { listFiles } from "./objects.ts";
import { changesThrough } from "./trees.ts";

/**
 * Lists all regular files of commits, as {@link listFiles} does. The commit listed last is remembered: of another one only what differs is read,
 * unless it has files that the last one had not, whose place in the order Git has to tell.
 */
export function filesLister(run: GitRun, objects: ObjectReader): (commit: Oid) => Promise<readonly TreeEntry[]> {
  let last: { readonly commit: Oid; readonly files: readonly TreeEntry[] } | null = null;
  return async (commit) => {
    const changes = last === null ? null : await changesThrough(objects, last.commit, commit).catch(() => null);
    const files = (last === null || changes === null ? null : changed(last.files, changes)) ?? (await listFiles(run, commit));
    last = { commit, files };
    return files;
  };
}

/** The files with what became of them, or null where one is new. */
function changed(files: readonly TreeEntry[], changes: readonly { readonly path: string; readonly blob: Oid | null }[]): readonly TreeEntry[] | null {
  const left = new Map(changes.map(({ path, blob }) => [path, blob]));
  const after: TreeEntry[] = [];
  for (const file of files) {
    const blob = left.get(file.path);
    if (blob === undefined) after.push(file);
    else if (blob !== null) after.push({ path: file.path, blob });
    left.delete(file.path);
  }
  return [...left.values()].every((blob) => blob === null) ? after : null;
}
