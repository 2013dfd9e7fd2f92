import { familiarName, parseImageReference } from "../image-reference.ts";
import type { ImageReference } from "../image-reference.ts";
import { editPins, findPins } from "../pins.ts";
import type { EditResult, Pin } from "../pins.ts";
import { isDigest } from "../release.ts";
import type { PinnedImage } from "../release.ts";
import { didYouMean } from "../suggest.ts";
import { parseYamlAddress } from "../yaml-path.ts";
import { findPinnedValues } from "./find-values.ts";
import { isKustomizationFile } from "./kustomization.ts";
import type { ImagePart, PinnedValue } from "./pinned-value.ts";
import { setValues } from "./set-values.ts";

/** Values that together name one image. */
type Parts = Partial<Record<ImagePart, PinnedValue>>;

/** What an image's values shall say, or why they cannot. */
type NewTexts = { readonly ok: true; readonly texts: Partial<Record<ImagePart, string>> } | { readonly ok: false; readonly reason: string };

/**
 * Sets every pin of an image in a file to a reference, in the form that each has: whole references, kustomize `newName`, `newTag` and
 * `digest`, Helm `registry`, `repository`, `tag` and `digest`. `image` is the image as the file pins it now, or the `name` of a
 * kustomize entry. A short name stays short. A digest that stands there is never dropped, and a missing one is added: as a key in
 * kustomizations, behind the tag elsewhere.
 */
export function setImage(file: string, text: string, image: string, reference: string): EditResult {
  const repository = repositoryCalled(file, text, image);
  const found = findPinnedValues(file, text);
  if (!found.ok) return refused(found.problem);
  const parsed = parseImageReference(reference);
  const groups = groupsOf(found.values).filter(([old]) => old.repository === repository);
  const bare = kustomizeEntries(file, text).some((pin) => pin.repository === repository && pin.tag === null && pin.digest === null);
  if (groups.length === 0 && !bare) {
    const already = parsed.ok && saysAlready(found.values, parsed.reference);
    return already ? { outcome: "unchanged" } : refused(notPinned(file, image, found.values));
  }
  if (!parsed.ok) return refused(parsed.problem);
  const wanted = parsed.reference;
  if (wanted.tag === null && wanted.digest === null) return refused(`"${reference}" has neither tag nor digest: write ${reference}:TAG`);

  const changes: { path: string; text: string }[] = [];
  for (const [old, parts] of groups) {
    const made = newTexts(old, parts, wanted);
    if (!made.ok) return refused(`${file}:${Object.values(parts)[0]?.line ?? 1}: ${made.reason}`);
    for (const [part, text] of Object.entries(made.texts)) {
      const pin = Object.entries(parts).find(([name]) => name === part)?.[1];
      if (pin !== undefined) changes.push({ path: pin.path, text });
    }
  }
  const set = setValues(file, text, changes.map(({ path, text: value }) => ({ address: addressOf(path), value })));
  return set.outcome === "refused" ? set : addDigests(file, text, set, wanted);
}

/** Whether the file pins an image of this name. */
export function pinsImage(file: string, text: string, image: string): boolean {
  const repository = repositoryCalled(file, text, image);
  const found = findPinnedValues(file, text);
  return found.ok && found.values.some((pin) => pin.image !== null && pin.image.repository === repository);
}

/** The repository that is meant by the name of a kustomize entry, else by an image's own name. */
function repositoryCalled(file: string, text: string, image: string): string | null {
  const entry = kustomizeEntries(file, text).find(({ name }) => name === image);
  const named = parseImageReference(image);
  return entry?.repository ?? (named.ok ? named.reference.repository : null);
}

/** In a kustomization a digest (or tag) that is not there yet becomes a key of its own. */
function addDigests(file: string, text: string, set: EditResult, { repository, tag, digest }: ImageReference): EditResult {
  const now = set.outcome === "changed" ? set.text : text;
  const entries = kustomizeEntries(file, now).filter((pin) => pin.repository === repository);
  if (digest === null) {
    const bare = entries.find((pin) => pin.tag === null && pin.digest === null);
    return bare === undefined ? set : refused(`${file}:${bare.line}: ${bare.path} has no newTag yet: write one, or give the image with its digest`);
  }
  if (entries.length === 0) return set;
  const edited = editPins(file, now, [{ repository, tag, digest }]);
  return edited.outcome === "unchanged" ? set : edited;
}

function kustomizeEntries(file: string, text: string): readonly Pin[] {
  if (!isKustomizationFile(file)) return [];
  const found = findPins(file, text);
  return found.ok ? found.pins : [];
}

function groupsOf(values: readonly PinnedValue[]): readonly (readonly [PinnedImage, Parts])[] {
  const groups = new Map<PinnedImage, Parts>();
  for (const pin of values) {
    if (pin.image !== null && pin.part !== null) groups.set(pin.image, { ...groups.get(pin.image), [pin.part]: pin });
  }
  return [...groups];
}

/** Whether an image that was to become another one has become it. */
function saysAlready(values: readonly PinnedValue[], { repository, tag, digest }: ImageReference): boolean {
  return groupsOf(values).some(([old]) => old.repository === repository && (tag === null || old.tag === tag) && old.digest === digest);
}

function newTexts(old: PinnedImage, parts: Parts, wanted: ImageReference): NewTexts {
  const inline = parts.whole ?? parts.tag;
  if (old.digest !== null && wanted.digest === null) {
    return { ok: false, reason: `${inline?.path ?? "the image"} pins a digest, which would be lost: give the image with its digest (name:tag@sha256:…)` };
  }
  if (parts.whole !== undefined) return { ok: true, texts: { whole: wholeText(old, parts.whole.value, wanted) } };
  const moved = old.repository === wanted.repository ? {} : movedTexts(parts, wanted);
  if (moved === null) {
    return { ok: false, reason: `${old.repository} cannot become ${wanted.repository}: no repository or newName stands here, add one` };
  }
  const tag = wanted.tag ?? old.tag;
  const digest = wanted.digest;
  const kustomize = Object.values(parts).some(({ kind }) => kind === "kustomize-image");
  const behindTag = digest !== null && (parts.tag?.value.includes("@") === true || (parts.digest === undefined && !kustomize));
  return {
    ok: true,
    texts: {
      ...moved,
      ...(tag === null ? {} : { tag: behindTag ? `${tag}@${digest}` : tag }),
      ...(digest === null ? {} : { digest: isDigest(parts.digest?.value ?? digest) ? digest : digest.slice("sha256:".length) }),
    },
  };
}

/** A whole reference in the form of the old one: with the name as it was written, and what stands before it (`name=`). */
function wholeText(old: PinnedImage, text: string, { repository, tag, digest }: ImageReference): string {
  const prefix = text.slice(0, text.indexOf("=") + 1);
  const written = text.slice(prefix.length);
  const name = old.repository === repository ? nameIn(written) : nameLike(written, repository);
  const label = tag ?? old.tag;
  return `${prefix}${name}${label === null ? "" : `:${label}`}${digest === null ? "" : `@${digest}`}`;
}

/** The name of a reference, as it is written there. */
function nameIn(reference: string): string {
  const [named = ""] = reference.split("@");
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  return colon === -1 ? named : named.slice(0, colon);
}

/** A repository written short if the other one is. */
function nameLike(other: string, repository: string): string {
  const parsed = parseImageReference(other);
  return parsed.ok && nameIn(other) !== parsed.reference.repository ? familiarName(repository) : repository;
}

function movedTexts(parts: Parts, { domain, path, repository }: ImageReference): Partial<Record<ImagePart, string>> | null {
  if (parts.repository === undefined) return null;
  if (parts.registry !== undefined) return { registry: domain, repository: path };
  return { repository: nameLike(parts.repository.value, repository) };
}

function notPinned(file: string, image: string, values: readonly PinnedValue[]): string {
  const names = [...new Set(values.flatMap((pin) => (pin.image === null ? [] : [familiarName(pin.image.repository)])))].toSorted();
  const meant = didYouMean(image, names);
  const neither = `${file} pins no image ${image}, and has no value at such a path.`;
  return meant === "" ? `${neither} ${names.length === 0 ? "It pins none" : `It pins ${names.slice(0, 10).join(", ")}`}` : `${neither}${meant}`;
}

function addressOf(path: string) {
  const parsed = parseYamlAddress(path);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.address;
}

function refused(reason: string): EditResult {
  return { outcome: "refused", reason };
}
