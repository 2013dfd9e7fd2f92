import { isTag } from "./image-reference.ts";
import { isKustomizationName, KUSTOMIZATION_NAMES, readKustomization } from "./pins/kustomization.ts";
import type { ImageEntry } from "./pins/kustomization.ts";
import { applySplices, changeEntry, intendedBy } from "./pins/splice.ts";
import type { EntryChange } from "./pins/splice.ts";
import { showsExactly } from "./pins/verify.ts";
import { isDigest } from "./release.ts";
import type { Digest, PinnedImage } from "./release.ts";
import { TextPositions } from "./yaml-document.ts";
import type { YamlProblem } from "./yaml-document.ts";

/** The place in a file that says which image runs, and what it says. */
export interface Pin extends PinnedImage {
  readonly kind: "kustomize-image";
  readonly file: string;
  /** YAML path of the entry, as `images[0]`. */
  readonly path: string;
  /** Line of the entry, from 1. */
  readonly line: number;
  /** The image name that the manifests use (kustomize `name`), as written. */
  readonly name: string;
  /** Why Pinion will not edit this pin, or null when it can. */
  readonly refusal: string | null;
}

export type PinsResult =
  | { readonly ok: true; readonly pins: readonly Pin[] }
  /** The file could not be read as what its name says. `problem` has line and column. */
  | { readonly ok: false; readonly problem: string };

/** What one image's pin shall say. */
export interface PinEdit {
  /** Normalised repository whose pin is set. */
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest;
}

export type EditResult =
  | { readonly outcome: "changed"; readonly text: string }
  | { readonly outcome: "unchanged" }
  /** The edit would not be safe. Says file, line and reason. */
  | { readonly outcome: "refused"; readonly reason: string };

/**
 * Finds the images that a kustomization pins, in the order of the file. The text must keep the file's byte order
 * mark. A file without `images` has no pins.
 */
export function findPins(file: string, text: string): PinsResult {
  const wrongName = nameProblem(file);
  if (wrongName !== null) return { ok: false, problem: wrongName };
  const read = readKustomization(text);
  const positions = new TextPositions(text);
  if (!read.ok) return { ok: false, problem: told(file, positions, read.problem) };
  const pins = read.entries.map((entry): Pin => ({
    kind: "kustomize-image",
    file,
    path: `images[${entry.index}]`,
    line: positions.at(entry.offset).line,
    name: entry.name,
    repository: entry.repository,
    tag: entry.tag,
    digest: entry.digest,
    refusal: entry.refusal === null ? null : told(file, positions, entry.refusal),
  }));
  return { ok: true, pins };
}

/**
 * Sets pins by putting new characters in place of the old values, and nothing else: the file is never written anew.
 * The form the file uses stays (`newTag` and `digest`, `newTag: tag@digest`, `digest` alone); a digest that is missing
 * is added. The result is read again and must show exactly the intended change, else the edit is refused.
 * Every entry for the repository is set, under whatever names the manifests know it.
 */
export function editPins(file: string, text: string, edits: readonly PinEdit[]): EditResult {
  const wrongName = nameProblem(file);
  if (wrongName !== null) return refused(wrongName);
  const before = readKustomization(text);
  const positions = new TextPositions(text);
  if (!before.ok) return refused(told(file, positions, before.problem));

  const changes: EntryChange[] = [];
  const seen = new Set<string>();
  for (const edit of edits) {
    const entries = before.entries.filter((entry) => entry.repository === edit.repository);
    const reason = whyNotEdit(file, edit, entries) ?? (seen.has(edit.repository) ? `${file}: two edits are for ${edit.repository}` : null);
    if (reason !== null) return refused(reason);
    seen.add(edit.repository);
    for (const entry of entries) {
      if (entry.refusal !== null) return refused(told(file, positions, entry.refusal));
      changes.push(changeEntry(text, entry, edit.tag, edit.digest));
    }
  }
  const splices = changes.flatMap((change) => change.splices);
  if (splices.length === 0) return { outcome: "unchanged" };
  const edited = applySplices(text, splices);
  const after = readKustomization(edited);
  if (!after.ok || !showsExactly(before.document.root, after.document.root, intendedBy(changes))) {
    const places = changes.map(({ entry }) => positions.at(entry.offset).line).join(", ");
    return refused(`${file}:${places}: setting the pin would change something else in the file; write the entry in a simpler form`);
  }
  return { outcome: "changed", text: edited };
}

function nameProblem(file: string): string | null {
  const name = file.slice(file.lastIndexOf("/") + 1);
  return isKustomizationName(name) ? null : `${file}: only files named ${KUSTOMIZATION_NAMES.join(", ")} are read`;
}

function whyNotEdit(file: string, edit: PinEdit, entries: readonly ImageEntry[]): string | null {
  if (entries.length === 0) return `${file}: no entry under images is for ${edit.repository}`;
  if (edit.tag !== null && !isTag(edit.tag)) return `${file}: ${JSON.stringify(edit.tag)} is not a valid tag`;
  if (!isDigest(edit.digest)) return `${file}: ${JSON.stringify(edit.digest)} is not sha256: and 64 lower-case hex digits`;
  return null;
}

function told(file: string, positions: TextPositions, problem: YamlProblem): string {
  const { line, column } = positions.at(problem.offset);
  return `${file}:${line}:${column}: ${problem.message}`;
}

function refused(reason: string): EditResult {
  return { outcome: "refused", reason };
}
