import { parseImageReference } from "../image-reference.ts";
import { parseManifests } from "./manifests.ts";
import { childAt, itemsAt, rootPlace, textAt } from "./place.ts";
import type { Place } from "./place.ts";

/** What a kustomization takes in, and which images it pins itself. */
export interface KustomizeReferences {
  /** Files and folders as written, seen from its own folder. Remote ones and patches that are written in place are among them. */
  readonly paths: readonly string[];
  /** Normalised names of images to which it gives a tag or digest: what it takes in does not tell them any more. */
  readonly pinned: ReadonlySet<string>;
  /** The new names of images to which it gives a name and nothing else: their tags are still told by what it takes in. Normalised. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** Fields that are lists of paths (kustomize api/types/kustomization.go). */
const PATHS = ["resources", "bases", "components", "crds", "generators", "transformers", "patchesStrategicMerge"] as const;
/** Fields that are lists of objects, and the keys under which these name a path, or several. */
const OBJECTS = [
  ["patches", ["path"]],
  ["patchesJson6902", ["path"]],
  ["replacements", ["path"]],
  ["helmCharts", ["valuesFile", "additionalValuesFiles"]],
  ["helmChartInflationGenerator", ["values"]],
] as const;

/** Reads what a kustomization takes in, or null where it cannot be read as YAML. */
export function readKustomizeReferences(text: string): KustomizeReferences | null {
  const parsed = parseManifests(text);
  if (!parsed.ok) return null;
  const roots = parsed.documents.map(rootPlace);
  const entries = roots.flatMap((root) => itemsAt(childAt(root, "images"))).map(readEntry);
  const pinned = new Set(entries.flatMap(({ name, isPinned }) => (name !== null && isPinned ? [name] : [])));
  const renamed = new Map(
    entries.flatMap(({ name, newName }): [string, string][] => (name === null || newName === null || pinned.has(name) ? [] : [[name, newName]])),
  );
  return { paths: roots.flatMap(pathsIn), pinned, renamed };
}

function pathsIn(root: Place): readonly string[] {
  const listed = PATHS.flatMap((field) => itemsAt(childAt(root, field)));
  const named = OBJECTS.flatMap(([field, keys]) =>
    itemsAt(childAt(root, field)).flatMap((item) => keys.map((key) => childAt(item, key)).flatMap((value) => [value, ...itemsAt(value)])),
  );
  return [...listed, ...named].map(textAt).filter((path) => path !== null);
}

interface Entry {
  readonly name: string | null;
  readonly newName: string | null;
  readonly isPinned: boolean;
}

function readEntry(entry: Place): Entry {
  const repository = (key: string): string | null => {
    const parsed = parseImageReference(textAt(childAt(entry, key)) ?? "");
    return parsed.ok ? parsed.reference.repository : null;
  };
  const isPinned = [childAt(entry, "newTag"), childAt(entry, "digest")].some((value) => textAt(value) !== null);
  return { name: repository("name"), newName: repository("newName"), isPinned };
}
