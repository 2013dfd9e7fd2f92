import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Pair, ParsedNode, Scalar, YAMLMap } from "yaml";
import { isTag, parseImageReference } from "../image-reference.ts";
import { isDigest } from "../release.ts";
import type { Digest } from "../release.ts";
import { itemsOf, keyText, parseYaml, readsAsString, resolveAlias, TEXT_TAG } from "../yaml-document.ts";
import type { YamlDocument, YamlLimits, YamlProblem } from "../yaml-document.ts";

/** The names kustomize reads a kustomization by (kustomize `konfig.RecognizedKustomizationFileNames`). */
export const KUSTOMIZATION_NAMES: readonly string[] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

export function isKustomizationName(fileName: string): boolean {
  return KUSTOMIZATION_NAMES.includes(fileName);
}

/** The same of a file's whole path. */
export function isKustomizationFile(path: string): boolean {
  return isKustomizationName(path.slice(path.lastIndexOf("/") + 1));
}

/** The paths at which kustomize looks for the kustomization of a folder; `""` is the root. */
export function kustomizationsIn(folder: string): readonly string[] {
  return KUSTOMIZATION_NAMES.map((name) => (folder === "" ? name : `${folder}/${name}`));
}

type KeyAndValue = Pair<ParsedNode, ParsedNode | null>;

/** One entry of `images:`, what it says and the nodes that say it. */
export interface ImageEntry {
  readonly index: number;
  readonly offset: number;
  readonly name: string;
  /** Normalised; the text as written where it is no image. */
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
  /** Why it cannot be edited safely, or null. */
  readonly refusal: YamlProblem | null;
  readonly map: YAMLMap.Parsed;
  /** The values of `newTag` and `digest`, where they are scalars. */
  readonly newTag: Scalar.Parsed | null;
  readonly digestValue: Scalar.Parsed | null;
  /** The pair behind which a missing key belongs. */
  readonly insertAfter: KeyAndValue | null;
}

export type KustomizationResult =
  | { readonly ok: true; readonly document: YamlDocument; readonly entries: readonly ImageEntry[] }
  | { readonly ok: false; readonly problem: YamlProblem };

/** Every scalar is read as the text it is: what YAML makes of it is judged where it matters. */
const LIMITS: YamlLimits = { characters: 1024 * 1024, aliases: 1_000, scalars: "text" };
const KINDS: ReadonlySet<string> = new Set(["Kustomization", "Component"]);
const FIELDS = ["name", "newName", "newTag", "digest", "tagSuffix"] as const;
type Field = (typeof FIELDS)[number];

/**
 * Reads the `images:` of a kustomization. What cannot be read as one (broken YAML, several documents, `images` twice,
 * another kind, entries of another shape) is a problem of the whole file; what can be read but not edited safely
 * is told at each entry. Duplicate keys elsewhere are none of our business: kustomize long took them, and they are
 * found in live repositories.
 */
export function readKustomization(text: string): KustomizationResult {
  const parsed = parseYaml(text, LIMITS);
  if (!parsed.ok) return { ok: false, problem: parsed.problems[0] ?? { offset: 0, message: "not valid YAML" } };
  const { document } = parsed;
  const { root } = document;
  if (root === null || isEmpty(root)) return { ok: true, document, entries: [] };
  if (!isMap(root)) return problem(root, "a kustomization must be a mapping");
  return readRoot(document, root);
}

function readRoot(document: YamlDocument, root: YAMLMap.Parsed): KustomizationResult {
  let found: KeyAndValue | null = null;
  let merge: ParsedNode | null = null;
  for (const pair of root.items) {
    const { key, value } = pair;
    const name = keyText(key);
    if (name === null) return problem(key, "a key is an alias or no text: write it out");
    else if (name === "images" && found !== null) return problem(key, 'the key "images" is there twice');
    else if (name === "images") found = pair;
    // kustomize reads JSON made from the YAML, and Go matches JSON keys in any case.
    else if (name.toLowerCase() === "images") return problem(key, `write "images" in lower case, not "${name}"`);
    else if (name === "<<") merge = key;
    else if (name === "kind") {
      const kind = resolveAlias(document, value);
      if (!isScalar(kind) || !KINDS.has(kind.source)) return problem(key, "the kind is not Kustomization or Component");
    }
  }
  if (found === null && merge !== null) return problem(merge, "a merge key (<<) may bring images from elsewhere: write them under images");
  const images = found?.value ?? null;
  const list = resolveAlias(document, images);
  if (list === null || isEmpty(list)) return { ok: true, document, entries: [] };
  if (!isSeq(list)) return problem(list, "images must be a list");
  return readList(document, images, itemsOf(list));
}

function readList(document: YamlDocument, images: ParsedNode | null, items: readonly ParsedNode[]): KustomizationResult {
  const shared = images === null ? null : sharedProblem(images, "images");
  const entries: ImageEntry[] = [];
  for (const [index, node] of items.entries()) {
    const map = resolveAlias(document, node);
    if (!isMap(map)) return problem(node, `images[${index}] must be a mapping`);
    const read = readEntry(document, map, index);
    const refusal = shared ?? sharedProblem(node, `images[${index}]`) ?? read.refusal;
    entries.push({ ...read, offset: node.range[0], refusal });
  }
  return { ok: true, document, entries: refuseDoubles(entries) };
}

function problem(node: ParsedNode, message: string): KustomizationResult {
  return { ok: false, problem: { offset: node.range[0], message } };
}

/** Whether a change of the node would show elsewhere too, or the node is shown from elsewhere. */
function sharedProblem(node: ParsedNode, what: string): YamlProblem | null {
  const offset = node.range[0];
  if (isAlias(node)) return { offset, message: `${what} is the alias *${node.source}: its anchor would change. Write the value here` };
  if (node.anchor === undefined) return null;
  return { offset, message: `${what} has the anchor &${node.anchor}: a change could show elsewhere too. Remove the anchor` };
}

function isEmpty(node: ParsedNode): boolean {
  return isScalar(node) && node.type === "PLAIN" && /^(?:~|null|Null|NULL)?$/.test(node.source);
}

type Fields = ReadonlyMap<Field, KeyAndValue>;

function readEntry(document: YamlDocument, map: YAMLMap.Parsed, index: number): ImageEntry {
  const { fields, badKey } = readFields(map);
  const textOf = (field: Field): string | null => {
    const node = resolveAlias(document, fields.get(field)?.value ?? null);
    return isScalar(node) && !isEmpty(node) && node.source !== "" ? node.source : null;
  };
  const scalarOf = (field: Field): Scalar.Parsed | null => {
    const node = fields.get(field)?.value ?? null;
    return isScalar(node) ? node : null;
  };
  const at = (field: Field, message: string | null): YamlProblem | null =>
    message === null ? null : { offset: fields.get(field)?.key.range[0] ?? map.range[0], message };
  const named = readName(textOf("name"), textOf("newName"));
  const pinned = readPinned(textOf("newTag"), textOf("digest"));
  const insertAfter = lastOf(fields, map);
  const refusals = [
    badKey,
    at("newTag", whyNotReplaceable(document, fields.get("newTag"), "newTag")),
    at("digest", whyNotReplaceable(document, fields.get("digest"), "digest")),
    at("newName", fields.has("newName") && textOf("newName") === null ? "newName is empty: write a value, or remove the key" : null),
    at("tagSuffix", fields.has("tagSuffix") ? "tagSuffix drops the digest: remove it and write the whole tag in newTag" : null),
    at(fields.has("newName") ? "newName" : "name", named.message),
    at(fields.has("newTag") ? "newTag" : "digest", pinned.message),
    pinned.digest === null ? whyNotInsertable(document, map, insertAfter) : null,
  ];
  return {
    index,
    offset: map.range[0],
    name: textOf("name") ?? "",
    repository: named.repository,
    tag: pinned.tag,
    digest: pinned.digest,
    refusal: refusals.find((refusal) => refusal !== null) ?? null,
    newTag: scalarOf("newTag"),
    digestValue: scalarOf("digest"),
    map,
    insertAfter,
  };
}

function readFields(map: YAMLMap.Parsed): { readonly fields: Fields; readonly badKey: YamlProblem | null } {
  const fields = new Map<Field, KeyAndValue>();
  let badKey: YamlProblem | null = null;
  for (const pair of map.items) {
    const name = keyText(pair.key);
    const offset = pair.key.range[0];
    const field = FIELDS.find((known) => known.toLowerCase() === name?.toLowerCase());
    if (name === null) badKey ??= { offset, message: "a key is an alias or no text: write it out" };
    else if (name === "<<") badKey ??= { offset, message: "a merge key (<<) brings values from elsewhere: write them here" };
    else if (field !== undefined && field !== name) badKey ??= { offset, message: `write "${field}", not "${name}"` };
    else if (field !== undefined && fields.has(field)) badKey ??= { offset, message: `the key "${field}" is there twice: keep one` };
    else if (field !== undefined) fields.set(field, pair);
  }
  return { fields, badKey };
}

/** Says why the value cannot be replaced character by character, or null. */
function whyNotReplaceable(document: YamlDocument, pair: KeyAndValue | undefined, field: Field): string | null {
  if (pair === undefined) return null;
  const node = pair.value;
  if (node === null || isEmpty(node)) return `${field} is empty: write a value, or remove the key`;
  const shared = sharedProblem(node, field);
  if (shared !== null) return shared.message;
  if (!isScalar(node)) return `${field} is not text: Pinion edits no templates`;
  if (node.tag !== undefined && node.tag !== TEXT_TAG) return `${field} has the YAML tag ${node.tag}: remove it`;
  if (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED") return `${field} is a block scalar (| or >): write it on one line`;
  if (textOfNode(document, node).includes("\n")) return `${field} spans lines: write it on one line`;
  if (node.source === "") return `${field} is empty: write a value, or remove the key`;
  // kustomize would read 1.20 as the number 1.2, so what runs is not what stands here.
  if (node.type === "PLAIN" && node.tag === undefined && !readsAsString(node.source)) {
    return `${field}: ${node.source} is not text to every YAML reader: write it in quotes`;
  }
  return null;
}

/** The pair that a new key is put behind: newTag, else whichever of name and newName stands last. */
function lastOf(fields: Fields, map: YAMLMap.Parsed): KeyAndValue | null {
  const newTag = fields.get("newTag");
  if (newTag !== undefined) return newTag;
  return map.items.findLast((pair) => pair === fields.get("name") || pair === fields.get("newName")) ?? null;
}

/** Says why no key can be put behind this pair, or null. */
function whyNotInsertable(document: YamlDocument, map: YAMLMap.Parsed, pair: KeyAndValue | null): YamlProblem | null {
  const offset = pair?.key.range[0] ?? map.range[0];
  const node = pair?.value ?? null;
  const oneLine = node !== null && node.range[1] > node.range[0] && !textOfNode(document, node).includes("\n");
  if (!oneLine || isMap(node) || isSeq(node)) return { offset, message: "no digest can be written behind a value that is not on one line" };
  // An anchor or a tag stands before the key, so that its column is not the one at which a new key begins.
  if (isScalar(pair?.key) && (pair.key.anchor !== undefined || pair.key.tag !== undefined)) {
    return { offset, message: "no digest can be written behind a key with an anchor or a tag: remove it" };
  }
  if (pair !== null && isExplicit(document, pair)) return { offset, message: "no digest can be written behind an explicit key (?)" };
  if (map.flow === true && document.text[map.range[0]] !== "{") return { offset, message: "write the entry in braces: {name: …}" };
  return null;
}

/** Whether the colon stands on another line than the key, as it may after `?`. */
function isExplicit(document: YamlDocument, pair: KeyAndValue): boolean {
  const colon = document.text.indexOf(":", pair.key.range[1]);
  return document.text.slice(pair.key.range[1], colon).includes("\n");
}

function textOfNode(document: YamlDocument, node: ParsedNode): string {
  return document.text.slice(node.range[0], node.range[1]);
}

function readName(name: string | null, newName: string | null): { readonly repository: string; readonly message: string | null } {
  const written = newName ?? name;
  if (name === null || written === null) return { repository: written ?? "", message: "the entry has no name" };
  const parsed = parseImageReference(written);
  if (!parsed.ok) return { repository: written, message: parsed.problem };
  const { repository, tag, digest } = parsed.reference;
  // A tag in `name` only chooses which images are meant; kustomize drops it from the result.
  const tagged = newName !== null && (tag !== null || digest !== null);
  return { repository, message: tagged ? "newName has a tag or digest: write them in newTag and digest" : null };
}

interface ReadPinned {
  readonly tag: string | null;
  readonly digest: Digest | null;
  readonly message: string | null;
}

/** Reads `newTag: v1`, `newTag: v1@sha256:…` and `digest: sha256:…`. */
function readPinned(newTag: string | null, digestText: string | null): ReadPinned {
  const at = newTag?.indexOf("@") ?? -1;
  const tag = newTag === null || at === -1 ? newTag : newTag.slice(0, at);
  const inline = newTag === null || at === -1 ? null : newTag.slice(at + 1);
  const written = digestText ?? inline;
  const digest = written !== null && isDigest(written) ? written : null;
  if (tag !== null && !isTag(tag)) return { tag: null, digest, message: `newTag "${newTag}" is not a valid tag` };
  if (written !== null && digest === null) return { tag, digest, message: `"${written}" is not sha256: and 64 lower-case hex digits` };
  if (digestText !== null && inline !== null) return { tag, digest, message: "newTag has a digest, and so has digest: keep one" };
  return { tag, digest, message: null };
}

/** kustomize applies every entry for a name, one after the other; changing one of them says nothing certain. */
function refuseDoubles(entries: readonly ImageEntry[]): readonly ImageEntry[] {
  const times = new Map<string, number>();
  for (const { name } of entries) times.set(name, (times.get(name) ?? 0) + 1);
  return entries.map((entry) => {
    if ((times.get(entry.name) ?? 0) < 2 || entry.refusal !== null) return entry;
    return { ...entry, refusal: { offset: entry.offset, message: `two entries are for the image "${entry.name}": keep one` } };
  });
}
