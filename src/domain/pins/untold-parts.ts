import { findPinnedValues } from "./find-values.ts";
import { imageOfParts } from "./image-parts.ts";
import { isKustomizationFile } from "./kustomization.ts";
import { isElsewhere } from "./kustomize-reach.ts";
import { readKustomizeReferences } from "./kustomize-references.ts";
import { parseManifests } from "./manifests.ts";
import { childAt, itemsAt, nestedAt, pathOf, rootPlace, textAt, type Place } from "./place.ts";

/** A part of a file that may say which images run, though Pinion cannot tell which. */
export interface UntoldPart {
  /** What it is, for people. */
  readonly what: string;
  /** The part as it is written, so that a change of it is seen. */
  readonly text: string;
}

/** Words of images, but not those of how they are pulled. Escapes may spell any word. */
const SPEAKS_OF_IMAGES = /image(?!pull)|\\[ux]/i;
/** A whole container has an image in it. */
const CONTAINERS = /containers/i;
/** Lists of a kustomization whose entries may be written out in place of a path. */
const WRITTEN_OUT = ["patchesStrategicMerge", "transformers", "generators", "replacements"] as const;
/** Lists of a kustomization whose entries may have a patch as text. */
const PATCHES = ["patches", "patchesJson6902"] as const;
/** The group of the transformers and generators that kustomize itself brings (kustomize api/internal/plugins/builtinconfig). */
const BUILTIN = "builtin";

/**
 * The parts of a file that change which images run in a way that cannot be told from the file alone: patches of single fields and those
 * written as text, transformers, tags and repositories of which one stands without the other, and remote resources. None in a file that cannot
 * be read, which is a matter of its own.
 */
export function untoldParts(file: string, text: string): readonly UntoldPart[] {
  const isKustomization = isKustomizationFile(file);
  if (!isKustomization && !SPEAKS_OF_IMAGES.test(text) && !CONTAINERS.test(text)) return tagsAlone(file, text);
  const parsed = parseManifests(text);
  if (!parsed.ok) return [];
  const roots = parsed.documents.map(rootPlace);
  const written = roots.flatMap((root) => (isKustomization ? partsOfKustomization(root) : partsOfFile(root)));
  return [...written, ...roots.flatMap((root) => repositoriesAlone(root, "")), ...(isKustomization ? remotes(text) : []), ...tagsAlone(file, text)];
}

/** What some of the parts on one side are that the other side lacks: what changed. */
export function untoldChanges(before: readonly UntoldPart[], after: readonly UntoldPart[]): readonly string[] {
  const [old, now] = [before, after].map((parts) => new Map(parts.map((part) => [`${part.what} ${part.text}`, part.what])));
  const lacking = (these = new Map<string, string>(), those = new Map<string, string>()) => [...these].flatMap(([key, what]) => (those.has(key) ? [] : [what]));
  return [...new Set([...lacking(old, now), ...lacking(now, old)])];
}

function partsOfKustomization(root: Place): readonly UntoldPart[] {
  const patches = PATCHES.flatMap((field) => itemsAt(childAt(root, field)).flatMap((item) => childAt(item, "patch") ?? []));
  const others = WRITTEN_OUT.flatMap((field) => itemsAt(childAt(root, field))).filter((item) => !isPath(item));
  return [...partsThatSpeak("a patch that is written as text", patches), ...partsThatSpeak("what it does to other fields", others)];
}

function partsThatSpeak(what: string, places: readonly Place[]): readonly UntoldPart[] {
  return places.map((place) => ({ what, text: sourceOf(place) })).filter(({ text }) => SPEAKS_OF_IMAGES.test(text));
}

/** What stands in a file of its own is judged there. */
function isPath(item: Place): boolean {
  return childAt(item, "path") !== null || textAt(item)?.includes("\n") === false;
}

function partsOfFile(root: Place): readonly UntoldPart[] {
  const items = itemsAt(root);
  const patched = items.filter(patchesAnImage).map((item) => ({ what: "a patch of an image's field", text: sourceOf(item) }));
  const replaced = [root, ...items].filter((item) => childAt(item, "targets") !== null);
  const isBuiltin = textAt(childAt(root, "apiVersion")) === BUILTIN;
  return [...patched, ...partsThatSpeak("a replacement", replaced), ...partsThatSpeak("a transformer or generator", isBuiltin ? [root] : [])];
}

/** An operation of a JSON patch (RFC 6902); where its value is a mapping, the images in there are found as everywhere. */
function patchesAnImage(item: Place): boolean {
  const [operation, path, from] = ["op", "path", "from"].map((key) => textAt(childAt(item, key)));
  if (operation === null || path == null) return false;
  return SPEAKS_OF_IMAGES.test(path) || SPEAKS_OF_IMAGES.test(from ?? "") || CONTAINERS.test(from ?? "");
}

function remotes(text: string): readonly UntoldPart[] {
  const paths = readKustomizeReferences(text)?.paths ?? [];
  return paths.filter((path) => isElsewhere(path) && !path.includes("\n")).map((path) => ({ what: `\`${path}\` from elsewhere`, text: path }));
}

function tagsAlone(file: string, text: string): readonly UntoldPart[] {
  const found = findPinnedValues(file, text);
  const alone = found.ok ? found.values.filter(({ kind, image }) => kind === "helm-values" && image === null) : [];
  return alone.map(({ path, value }) => ({ what: "a tag whose image stands elsewhere", text: `${path}=${value}` }));
}

/** Values laid over others may change the repository and leave the tag. `key` is the nearest key above. */
function repositoriesAlone(place: Place, key: string): readonly UntoldPart[] {
  const part = (name: string): Place | null => childAt(place, name);
  const parts = { registry: part("registry"), repository: part("repository"), tag: part("tag") ?? part("version"), digest: part("digest") ?? part("sha") };
  const isAlone = /image$/i.test(key) && textAt(parts.registry ?? parts.repository) !== null && imageOfParts(parts) === null;
  const below = nestedAt(place).flatMap(([step, child]) => repositoriesAlone(child, typeof step === "number" ? key : step));
  const text = JSON.stringify([pathOf(place), textAt(parts.registry), textAt(parts.repository)]);
  return isAlone ? [{ what: "a repository whose tag stands elsewhere", text }, ...below] : below;
}

function sourceOf({ node, document }: Place): string {
  return node === null ? "" : document.text.slice(node.range[0], node.range[1]);
}
