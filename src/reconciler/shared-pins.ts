import type { Config } from "../domain/config.ts";
import type { DiscoveredPlace } from "../domain/discover.ts";
import type { Repository, SharedChange } from "../domain/observation.ts";
import { findPinnedValues, mayHoldPins } from "../domain/pins/find-values.ts";
import { isKustomizationFile, kustomizationsIn } from "../domain/pins/kustomization.ts";
import { kustomizeReach, MOST_STEPS, rewiredFiles, takersOf, type KustomizeReach } from "../domain/pins/kustomize-reach.ts";
import { readKustomizeReferences, type KustomizeReferences } from "../domain/pins/kustomize-references.ts";
import { untoldChanges, untoldParts } from "../domain/pins/untold-parts.ts";
import type { Oid, PinnedImage } from "../domain/release.ts";
import { saysTheSame, sharedChanges, type ChangedImages } from "../domain/shared-change.ts";
import { PortFailure, type ManifestsRepository } from "../ports.ts";
import { decodeManifest, type Discover } from "./pin-table.ts";

/** A file that a pull request changes, before and after; null where it is not there. */
export interface ChangedFile {
  readonly path: string;
  readonly before: Oid | null;
  readonly after: Oid | null;
}

/** What a pull request changes in files that environments take in, and what stands against telling that. */
export interface SharedReading {
  readonly changes: readonly SharedChange[];
  readonly broken: readonly string[];
}

const NOTHING: SharedReading = { changes: [], broken: [] };
/** Changed files read at once: a blob may have a megabyte, and each file has two. */
const CHANGED_BATCH = 50;
/** Kustomizations read at once. */
const FOLLOWED_BATCH = 2_000;
/** More than any repository that is looked at in seconds. */
const MOST_FOLLOWED = 100_000;
/** Files that did not change and are read, because something else takes them in. */
const MOST_REWIRED = 1_000;
/** Images in files that change, each once for every environment that takes its file in. */
const MOST_COMPARED = 2_000_000;
/** Each place is judged by every gate. */
const MOST_PLACES = 500;

/** A repository of manifests, and where its environments are. */
export interface Followed {
  readonly manifests: ManifestsRepository;
  readonly repository: Repository;
  readonly config: Config;
  readonly discover: Discover;
  /** Characters of changed manifests that are read. */
  readonly mostText: number;
}

/** Reads the changed files, unless that was done before. */
export type ReadOnce = (read: () => Promise<ChangedReading | null>) => Promise<ChangedReading | null>;

/** Finds out whether files change what runs in environments, beside the pins that the environments' own files tell. */
export class SharedPins {
  /** What kustomizations take in, by blob: most are the same at the next question. */
  readonly #read = new Map<Oid, KustomizeReferences | null>();
  /** What is taken in on the default branch, which is the same for every pull request. */
  #base: { readonly base: Oid; readonly config: Config; readonly reached: Reached } | null = null;

  /**
   * Kustomizations are followed only where an image in such a file changes, or what a kustomization takes in, which is seldom.
   *
   * @throws {PortFailure} when that is more than can be judged.
   */
  async find(followed: Followed, base: Oid, merged: Oid, changed: readonly ChangedFile[], once: ReadOnce = async (read) => read()): Promise<SharedReading> {
    const read = await once(async () => readChanged(followed, changed));
    if (read === null) throw new PortFailure("stalled", "merging it would change more manifests than Pinion reads; split it into smaller pull requests");
    const links = changed.filter(({ before, after }) => before === null && after === null).map(({ path }) => path);
    if (read.images.length + read.unreadable.size + read.untold.size + links.length === 0 && !read.isRewired) return NOTHING;
    if (this.#read.size > MOST_FOLLOWED) this.#read.clear();
    const [old, now] = [await this.#reachAt(followed, base), await this.#reach(followed, merged)];
    const moved = read.isRewired ? await readMoved(followed, old, now, new Set(changed.map(({ path }) => path))) : NOTHING_READ;
    const images = [...read.images, ...moved.images];
    mustBeFew(images, old, now);
    const changes = sharedChanges(followed.config, images, old.reach, now.reach);
    if (changes.length > MOST_PLACES) {
      const reason = `merging it would change what runs in ${changes.length} places at once, more than the ${MOST_PLACES} that Pinion judges`;
      throw new PortFailure("stalled", `${reason}; split it into smaller pull requests`);
    }
    const unreadable = [...read.unreadable, ...moved.unreadable].filter(([file]) => now.reach.files.has(file)).map(([, problem]) => problem);
    const untold = [...read.untold, ...moved.untold].filter(([file]) => takersOf(now.reach, file).length + takersOf(old.reach, file).length > 0);
    const changing = [...read.images.map(({ file }) => file), ...read.untold.keys()];
    const broken = [...unreadable, ...untold.map(untoldWords), ...unfollowed(old, now, links), ...perhapsTakenIn(changing, old, now)];
    return { changes, broken };
  }

  async #reachAt(followed: Followed, base: Oid): Promise<Reached> {
    const { config } = followed;
    if (this.#base?.base === base && this.#base.config === config) return this.#base.reached;
    const reached = await this.#reach(followed, base);
    this.#base = { base, config, reached };
    return reached;
  }

  async #reach(followed: Followed, tree: Oid): Promise<Reached> {
    const { manifests, repository, discover } = followed;
    const blobs = new Map((await manifests.files(repository, tree)).map(({ path, blob }) => [path, blob]));
    const roots = new Map(
      [...blobs.keys()].flatMap((path): [string, DiscoveredPlace][] => {
        const place = isKustomizationFile(path) ? discover(path) : null;
        return place === null ? [] : [[path, place]];
      }),
    );
    const read = (file: string): KustomizeReferences | null | undefined => this.#read.get(blobs.get(file) ?? "");
    for (let met = 0; ; ) {
      const reach = kustomizeReach(roots, (path) => blobs.has(path), read);
      if (!reach.isWhole) {
        const reason = `telling who takes in what it changes takes more than ${MOST_STEPS} steps`;
        throw new PortFailure("stalled", `${reason}; let each kustomization name each file once, and split it into smaller pull requests`);
      }
      if (reach.unread.size === 0) return { reach, blobs };
      met += reach.unread.size;
      if (met > MOST_FOLLOWED) throw new PortFailure("stalled", `more than ${MOST_FOLLOWED} kustomizations would have to be read to tell who takes in what it changes`);
      await this.#follow(followed, [...reach.unread].map((file) => blobs.get(file) ?? ""));
    }
  }

  async #follow({ manifests, repository }: Followed, blobs: readonly Oid[]): Promise<void> {
    for (let at = 0; at < blobs.length; at += FOLLOWED_BATCH) {
      const batch = blobs.slice(at, at + FOLLOWED_BATCH);
      const contents = await manifests.read(repository, batch);
      for (const blob of batch) {
        const text = textOf(contents.get(blob));
        this.#read.set(blob, text === null ? null : readKustomizeReferences(text));
      }
    }
  }
}

interface Reached {
  readonly reach: KustomizeReach;
  readonly blobs: ReadonlyMap<string, Oid>;
}

/** What files say of images. */
interface Reading {
  readonly images: readonly ChangedImages[];
  /** Problems of files that cannot be read after the change, by path. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** What changes in files so that which images it means cannot be told, by path. */
  readonly untold: ReadonlyMap<string, readonly string[]>;
}

const NOTHING_READ: Reading = { images: [], unreadable: new Map(), untold: new Map() };

export interface ChangedReading extends Reading {
  /** Whether a kustomization takes in something else than before, or pins other images. */
  readonly isRewired: boolean;
}

/** What the changed files say, whatever stands around them; null where that is too much. */
async function readChanged({ manifests, repository, discover, mostText }: Followed, changed: readonly ChangedFile[]): Promise<ChangedReading | null> {
  const images: ChangedImages[] = [];
  const unreadable = new Map<string, string>();
  const untold = new Map<string, readonly string[]>();
  const files = changed.filter(({ path }) => mayHoldPins(path));
  let isRewired = false;
  let characters = 0;
  for (let at = 0; at < files.length; at += CHANGED_BATCH) {
    const batch = files.slice(at, at + CHANGED_BATCH);
    const contents = await manifests.read(repository, batch.flatMap(({ before, after }) => [before, after].filter((blob) => blob !== null)));
    for (const { path, before, after } of batch) {
      const [old = null, now = null] = [before, after].map((blob) => (blob === null ? "" : textOf(contents.get(blob))));
      // What is there before is the default branch's.
      characters += now?.length ?? 0;
      if (characters > mostText) return null;
      isRewired ||= isKustomizationFile(path) && !takesInTheSame(old, now);
      const isOwn = discover(path) !== null;
      // That an environment's own file goes away, or cannot be read, is told elsewhere.
      if (isOwn && (after === null || now === null)) continue;
      const then = imagesIn(path, now, isOwn);
      if ("problem" in then && !isOwn) unreadable.set(path, then.problem);
      // What could not be read before said nothing, and may be mended now.
      const [was = [], is = []] = [imagesIn(path, old, isOwn), then].map((one) => ("images" in one ? one.images : []));
      if (!saysTheSame(was, is)) images.push({ file: path, before: was, after: is });
      const whats = untoldChanges(untoldParts(path, old ?? ""), untoldParts(path, now ?? ""));
      if (whats.length > 0) untold.set(path, whats);
    }
  }
  return { images, unreadable, untold, isRewired };
}

function takesInTheSame(before: string | null, after: string | null): boolean {
  const [old, now] = [before, after].map((text) => (text === null ? null : readKustomizeReferences(text)));
  if (old == null || now == null) return false;
  const isSame = (left: Iterable<unknown>, right: Iterable<unknown>): boolean => {
    return JSON.stringify([...left].map(String).toSorted()) === JSON.stringify([...right].map(String).toSorted());
  };
  return isSame(old.paths, now.paths) && isSame(old.pinned, now.pinned) && isSame(old.renamed, now.renamed);
}

/** What files say that did not change, but are taken in by others than before. */
async function readMoved({ manifests, repository }: Followed, old: Reached, now: Reached, changed: ReadonlySet<string>): Promise<Reading> {
  const files = rewiredFiles(old.reach, now.reach).filter((file) => mayHoldPins(file) && !changed.has(file));
  if (files.length > MOST_REWIRED) {
    const reason = `merging it would make kustomizations take in ${files.length} other files, more than the ${MOST_REWIRED} that Pinion reads`;
    throw new PortFailure("stalled", `${reason}; split it into smaller pull requests`);
  }
  const blobs = files.map((file) => now.blobs.get(file) ?? "");
  const contents = await manifests.read(repository, blobs);
  const images: ChangedImages[] = [];
  const unreadable = new Map<string, string>();
  const untold = new Map<string, readonly string[]>();
  for (const [index, file] of files.entries()) {
    const text = textOf(contents.get(blobs[index] ?? ""));
    const found = imagesIn(file, text, false);
    if ("problem" in found) unreadable.set(file, found.problem);
    else images.push({ file, before: found.images, after: found.images });
    const whats = isTakenInByOthers(old, now, file) ? untoldChanges([], untoldParts(file, text ?? "")) : [];
    if (whats.length > 0) untold.set(file, whats);
  }
  return { images, unreadable, untold };
}

/** Other pins above a file change nothing of what cannot be told of it. */
function isTakenInByOthers(old: Reached, now: Reached, file: string): boolean {
  const [before, after] = [old, now].map(({ reach }) => (reach.files.get(file) ?? []).map(({ root }) => root).toSorted().join("\n"));
  return before !== after;
}

/** The text, or null where there are too many bytes or they are not UTF-8. */
function textOf(bytes: Uint8Array | undefined): string | null {
  try {
    return bytes === undefined ? null : decodeManifest(bytes);
  } catch {
    return null;
  }
}

/** What an environment's own file pins under `images:` is read elsewhere. */
function imagesIn(path: string, text: string | null, isOwn: boolean): { readonly images: readonly PinnedImage[] } | { readonly problem: string } {
  if (text === null) return { problem: `${path} is larger than Pinion reads, or not UTF-8 text` };
  const found = findPinnedValues(path, text);
  if (!found.ok) return { problem: found.problem };
  return { images: found.values.flatMap(({ kind, image }) => (isOwn && kind === "kustomize-image" ? [] : (image ?? []))) };
}

/** @throws {PortFailure} when there is more to compare than one pull request may ask for. */
function mustBeFew(images: readonly ChangedImages[], old: Reached, now: Reached): void {
  const compared = images.reduce((sum, { file, before, after }) => {
    return sum + takersOf(old.reach, file).length * before.length + takersOf(now.reach, file).length * after.length;
  }, 0);
  if (compared <= MOST_COMPARED) return;
  const reason = `merging it would change files in which ${compared} images stand for environments, more than the ${MOST_COMPARED} that Pinion compares`;
  throw new PortFailure("stalled", `${reason}; split it into smaller pull requests`);
}

function untoldWords([file, whats]: readonly [string, readonly string[]]): string {
  return `what runs cannot be told from what changes in ${file}: ${whats.join(", ")}`;
}

/** Kustomizations that cannot be followed any more, or elsewhere than before. */
function unfollowed(old: Reached, now: Reached, links: readonly string[]): readonly string[] {
  const changed = new Set(links);
  const unreadable = [...now.reach.unreadable].filter((file) => !old.reach.unreadable.has(file)).map((file) => `${file} cannot be read, so what it takes in is not known`);
  const missing = [...old.reach.missing, ...now.reach.missing].flatMap(([path, file]) => {
    const link = foldersAbove(path, path).find((above) => changed.has(above));
    if (link !== undefined) return [`${link} is a symbolic link or a submodule, which Pinion does not follow, and ${file} takes it in`];
    return old.reach.missing.has(path) ? [] : [`${file} takes in ${path}, where there is no file and no kustomization; symbolic links are not followed`];
  });
  return [...new Set([...unreadable, ...missing])];
}

/**
 * Where it cannot be told who takes a file in, nobody is not the answer. Kustomize takes in files that stand in a kustomization's folder or
 * below, so the others are nobody's; and files under `.github/` are GitHub's.
 */
function perhapsTakenIn(changing: readonly string[], old: Reached, now: Reached): readonly string[] {
  const isKustomized = (folder: string): boolean => kustomizationsIn(folder).some((file) => old.blobs.has(file) || now.blobs.has(file));
  const isSomebodys = changing.some((file) => !file.startsWith(".github/") && foldersAbove(file, "").some(isKustomized));
  if (!isSomebodys) return [];
  const { unreadable, missing } = now.reach;
  return [
    ...[...unreadable].map((file) => `${file} cannot be read, so whether it takes in what changes is not known`),
    ...[...missing].map(([path, file]) => `${file} names ${path}, where there is no file and no kustomization, so whether it takes in what changes is not known`),
  ];
}

/** The folders that a path is in, from the innermost on, behind what comes first. */
function foldersAbove(path: string, first: string): readonly string[] {
  const parts = path.split("/");
  return [first, ...parts.map((_, index) => parts.slice(0, index).join("/")).toReversed()];
}
