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
  return { paths: roots.flatMap(pathsIn), pinned: new Set(roots.flatMap(pinnedIn)) };
}

function pathsIn(root: Place): readonly string[] {
  const listed = PATHS.flatMap((field) => itemsAt(childAt(root, field)));
  const named = OBJECTS.flatMap(([field, keys]) =>
    itemsAt(childAt(root, field)).flatMap((item) => keys.map((key) => childAt(item, key)).flatMap((value) => [value, ...itemsAt(value)])),
  );
  return [...listed, ...named].map(textAt).filter((path) => path !== null);
}

function pinnedIn(root: Place): readonly string[] {
  return itemsAt(childAt(root, "images")).flatMap((entry) => {
    const saysWhich = [childAt(entry, "newTag"), childAt(entry, "digest")].some((value) => textAt(value) !== null);
    const parsed = parseImageReference(textAt(childAt(entry, "name")) ?? "");
    return saysWhich && parsed.ok ? [parsed.reference.repository] : [];
  });
}
