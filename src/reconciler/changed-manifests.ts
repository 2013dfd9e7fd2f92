import type { Fact, Manifest } from "../domain/facts.ts";
import { isTooMuch, mayHoldManifests, readManifests, type ManifestFile } from "../domain/manifest-documents.ts";
import type { Repository } from "../domain/observation.ts";
import type { Oid } from "../domain/release.ts";
import type { ManifestsRepository } from "../ports.ts";
import { decodeManifest } from "./pin-table.ts";

/** More files than these are unknown. */
const MOST_FILES = 200;
/** Files read at once: what is too much to judge must not all be in memory before that is known. */
const READ_BATCH = 20;

/** The manifests in changed files as `changed` names them, or why they cannot be told. Files that go away hold none. */
export async function changedManifests(
  manifests: ManifestsRepository,
  repository: Repository,
  changed: readonly { readonly path: string; readonly blob: Oid | null }[],
): Promise<Fact<readonly Manifest[]>> {
  const wanted = changed.flatMap(({ path, blob }) => (blob !== null && mayHoldManifests(path) ? [{ path, blob }] : []));
  if (wanted.length > MOST_FILES) return { unknown: `it changes ${wanted.length} manifest files, and at most ${MOST_FILES} are judged by a schema: split the pull request` };
  const files: ManifestFile[] = [];
  for (let start = 0; start < wanted.length && !isTooMuch(files); start += READ_BATCH) {
    const batch = wanted.slice(start, start + READ_BATCH);
    const contents = await manifests.read(repository, [...new Set(batch.map(({ blob }) => blob))]);
    for (const { path, blob } of batch) {
      const bytes = contents.get(blob);
      if (bytes === undefined) return { unknown: `${path} is larger than Pinion reads` };
      try {
        files.push({ path, text: decodeManifest(bytes) });
      } catch {
        return { unknown: `${path} is not UTF-8 text` };
      }
    }
  }
  const read = readManifests(files);
  return read.ok ? read.manifests : { unknown: read.problem };
}
