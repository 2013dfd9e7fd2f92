import { findPins, type PinsResult } from "../pins.ts";
import { isKustomizationFile } from "../pins/kustomization.ts";
import { parseManifests } from "../pins/manifests.ts";
import { readApplicationSet, type ApplicationSet } from "./application-sets.ts";
import { childAt, itemsAt, placeAt, rootPlace, textAt, type Place } from "../pins/place.ts";

/** What one file tells of a repository's layout. */
export type LayoutEvidence =
  | { readonly kind: "kustomization"; readonly file: string; readonly found: PinsResult }
  /** An Argo CD Application and the folders that it deploys. */
  | { readonly kind: "application"; readonly file: string; readonly name: string; readonly folders: readonly string[] }
  /** Makes Applications by a template. */
  | { readonly kind: "application-set"; readonly file: string; readonly set: ApplicationSet }
  | { readonly kind: "flux"; readonly file: string };

/** No Argo CD or Flux object is in a text without these. */
const WORDS = /argoproj\.io|kustomize\.toolkit\.fluxcd\.io/;

/** Reads what a file tells of the layout. A file that cannot be read as YAML tells nothing, unless it is a kustomization. */
export function layoutEvidence(file: string, text: string): readonly LayoutEvidence[] {
  const evidence: LayoutEvidence[] = [];
  const isKustomization = isKustomizationFile(file);
  const parsed = isKustomization || WORDS.test(text) ? parseManifests(text) : null;
  const documents = parsed?.ok === true ? parsed.documents.map(rootPlace) : [];
  const deploying = documents.flatMap((document) => objectEvidence(file, document));
  // Flux calls an object of its own by the same kind, and often keeps it in a file of that name.
  if (isKustomization && deploying.length === 0) evidence.push({ kind: "kustomization", file, found: findPins(file, text) });
  return [...evidence, ...deploying];
}

function objectEvidence(file: string, root: Place): readonly LayoutEvidence[] {
  const [group = ""] = (textAt(childAt(root, "apiVersion")) ?? "").split("/");
  const kind = textAt(childAt(root, "kind"));
  if (group === "kustomize.toolkit.fluxcd.io" && kind === "Kustomization") return [{ kind: "flux", file }];
  if (group !== "argoproj.io") return [];
  if (kind === "ApplicationSet") return [{ kind: "application-set", file, set: readApplicationSet(root) }];
  const name = textAt(placeAt(root, "metadata", "name"));
  if (kind !== "Application" || name === null) return [];
  const sources = [placeAt(root, "spec", "source"), ...itemsAt(placeAt(root, "spec", "sources"))];
  const folders = sources.map((source) => (source === null ? null : textAt(childAt(source, "path")))).filter((path) => path !== null);
  return [{ kind: "application", file, name, folders: folders.map(normalFolder) }];
}

/** All folders with kustomizations in them, and those above. */
export function foldersOf(evidence: readonly LayoutEvidence[]): readonly string[] {
  const folders = new Set<string>();
  for (const { kind, file } of evidence) {
    if (kind !== "kustomization") continue;
    for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) folders.add(file.slice(0, at));
  }
  return [...folders].toSorted();
}

/** Without what Argo CD allows around a path: `./apps/web/` is `apps/web`. */
export function normalFolder(path: string): string {
  return path.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
}
