import type { ManifestCommit } from "../domain/action.ts";
import type { Repository } from "../domain/observation.ts";
import { editPins } from "../domain/pins.ts";
import type { Oid } from "../domain/release.ts";
import type { FileContent, ManifestsRepository } from "../ports.ts";
import { decodeManifest } from "./pin-table.ts";

/** The files of a planned commit, made from the files as they are at its base; or why one cannot be edited safely. */
export async function filesOf(
  manifests: ManifestsRepository,
  repository: Repository,
  commit: ManifestCommit,
): Promise<{ readonly files: readonly FileContent[] } | { readonly refusal: string }> {
  const files: FileContent[] = [];
  for (const { file, pins } of commit.edits) {
    const bytes = await manifests.file(repository, commit.base, file);
    if (bytes === null) return { refusal: `${file} is not there any more` };
    const edited = editPins(file, decodeManifest(bytes), pins);
    if (edited.outcome === "refused") return { refusal: edited.reason };
    if (edited.outcome === "changed") files.push({ path: file, bytes: new TextEncoder().encode(edited.text) });
  }
  if (files.length === 0) return { refusal: "the files say already what was wanted" };
  for (const { file, text } of commit.newFiles) files.push({ path: file, bytes: new TextEncoder().encode(text) });
  return { files };
}

/** Whether merging `branch` into `base` changes exactly these files to exactly these contents. */
export async function standsAlready(
  manifests: ManifestsRepository,
  repository: Repository,
  base: Oid,
  branch: Oid,
  files: readonly FileContent[],
): Promise<boolean> {
  const merged = await manifests.mergeTree(repository, base, branch);
  if ("conflicts" in merged) return false;
  const changed = await manifests.changedFiles(repository, base, merged.tree);
  if (changed.length !== files.length) return false;
  for (const { path, bytes } of files) {
    const there = changed.some((entry) => entry.path === path) ? await manifests.file(repository, merged.tree, path) : null;
    if (there === null || !Buffer.from(there).equals(bytes)) return false;
  }
  return true;
}
