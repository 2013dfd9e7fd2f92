import type { Config } from "../domain/config.ts";
import type { DiscoveredPlace } from "../domain/discover.ts";
import type { Repository, SharedChange } from "../domain/observation.ts";
import { findPinnedValues, mayHoldPins } from "../domain/pins/find-values.ts";
import { isKustomizationName } from "../domain/pins/kustomization.ts";
import { kustomizeReach, MOST_STEPS, rewiredFiles, type KustomizeReach } from "../domain/pins/kustomize-reach.ts";
import { readKustomizeReferences, type KustomizeReferences } from "../domain/pins/kustomize-references.ts";
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
/** One stranger's pull request must not keep Pinion busy for minutes. */
const MOST_CHARACTERS = 32 * 1024 * 1024;
/** Kustomizations read at once. */
const FOLLOWED_BATCH = 2_000;
/** More than any repository that is looked at in seconds. */
const MOST_FOLLOWED = 100_000;
/** Files that did not change and are read, because something else takes them in. */
const MOST_REWIRED = 1_000;
/** Each place is judged by every gate. */
const MOST_PLACES = 500;

/** A repository of manifests, and where its environments are. */
export interface Followed {
  readonly manifests: ManifestsRepository;
  readonly repository: Repository;
  readonly config: Config;
  readonly discover: Discover;
}

/** Finds out whether files outside the environments' own change what runs in environments. */
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
  async find(followed: Followed, base: Oid, merged: Oid, changed: readonly ChangedFile[]): Promise<SharedReading> {
    const { images, unreadable, isRewired } = await changedImages(followed, changed);
    if (images.length === 0 && unreadable.size === 0 && !isRewired) return NOTHING;
    if (this.#read.size > MOST_FOLLOWED) this.#read.clear();
    const [old, now] = [await this.#reachAt(followed, base), await this.#reach(followed, merged)];
    const moved = isRewired ? await movedImages(followed, old, now, new Set(changed.map(({ path }) => path))) : { images: [], unreadable: new Map<string, string>() };
    const changes = sharedChanges(followed.config, [...images, ...moved.images], old.reach, now.reach);
    if (changes.length > MOST_PLACES) {
      const reason = `merging it would change what runs in ${changes.length} places at once, more than the ${MOST_PLACES} that Pinion judges`;
      throw new PortFailure("stalled", `${reason}; split it into smaller pull requests`);
    }
    const taken = [...unreadable, ...moved.unreadable].filter(([file]) => now.reach.files.has(file)).map(([, problem]) => problem);
    // Where it cannot be told who takes a file in, nobody is not the answer.
    const untold = images.length === 0 ? [] : [...now.reach.unreadable].map((file) => `${file} cannot be read, so whether it takes in what changes is not known`);
    return { changes, broken: [...taken, ...untold] };
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
        const place = isKustomizationName(path.slice(path.lastIndexOf("/") + 1)) ? discover(path) : null;
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

interface Changed {
  readonly images: readonly ChangedImages[];
  /** Problems of files that cannot be read after the change, by path. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Whether a kustomization takes in something else than before, or pins other images. */
  readonly isRewired: boolean;
}

async function changedImages({ manifests, repository, discover }: Followed, changed: readonly ChangedFile[]): Promise<Changed> {
  const images: ChangedImages[] = [];
  const unreadable = new Map<string, string>();
  const files = changed.filter(({ path }) => mayHoldPins(path));
  let isRewired = false;
  let characters = 0;
  for (let at = 0; at < files.length; at += CHANGED_BATCH) {
    const batch = files.slice(at, at + CHANGED_BATCH);
    const contents = await manifests.read(repository, batch.flatMap(({ before, after }) => [before, after].filter((blob) => blob !== null)));
    for (const { path, before, after } of batch) {
      const [old, now] = [before, after].map((blob) => (blob === null ? "" : textOf(contents.get(blob))));
      characters += (old?.length ?? 0) + (now?.length ?? 0);
      if (characters > MOST_CHARACTERS) throw new PortFailure("stalled", "merging it would change more manifests than Pinion reads; split it into smaller pull requests");
      isRewired ||= isKustomizationName(path.slice(path.lastIndexOf("/") + 1)) && !takesInTheSame(old ?? null, now ?? null);
      // What an environment's own file pins is read elsewhere.
      if (discover(path) !== null) continue;
      const then = imagesIn(path, now ?? null);
      if ("problem" in then) unreadable.set(path, then.problem);
      // What could not be read before said nothing, and may be mended now.
      const [was, is] = [imagesIn(path, old ?? null), then].map((one) => ("images" in one ? one.images : []));
      if (!saysTheSame(was ?? [], is ?? [])) images.push({ file: path, before: was ?? [], after: is ?? [] });
    }
  }
  return { images, unreadable, isRewired };
}

function takesInTheSame(before: string | null, after: string | null): boolean {
  const [old, now] = [before, after].map((text) => (text === null ? null : readKustomizeReferences(text)));
  if (old == null || now == null) return false;
  const isSame = (left: Iterable<string>, right: Iterable<string>): boolean => JSON.stringify([...left].toSorted()) === JSON.stringify([...right].toSorted());
  return isSame(old.paths, now.paths) && isSame(old.pinned, now.pinned);
}

/** The images in files that did not change, but are taken in by others than before. */
async function movedImages({ manifests, repository }: Followed, old: Reached, now: Reached, changed: ReadonlySet<string>): Promise<Omit<Changed, "isRewired">> {
  const files = rewiredFiles(old.reach, now.reach).filter((file) => mayHoldPins(file) && !changed.has(file));
  if (files.length > MOST_REWIRED) {
    const reason = `merging it would make kustomizations take in ${files.length} other files, more than the ${MOST_REWIRED} that Pinion reads`;
    throw new PortFailure("stalled", `${reason}; split it into smaller pull requests`);
  }
  const blobs = files.map((file) => now.blobs.get(file) ?? "");
  const contents = await manifests.read(repository, blobs);
  const images: ChangedImages[] = [];
  const unreadable = new Map<string, string>();
  for (const [index, file] of files.entries()) {
    const found = imagesIn(file, textOf(contents.get(blobs[index] ?? "")));
    if ("problem" in found) unreadable.set(file, found.problem);
    else images.push({ file, before: found.images, after: found.images });
  }
  return { images, unreadable };
}

/** The text, or null where there are too many bytes or they are not UTF-8. */
function textOf(bytes: Uint8Array | undefined): string | null {
  try {
    return bytes === undefined ? null : decodeManifest(bytes);
  } catch {
    return null;
  }
}

function imagesIn(path: string, text: string | null): { readonly images: readonly PinnedImage[] } | { readonly problem: string } {
  if (text === null) return { problem: `${path} is larger than Pinion reads, or not UTF-8 text` };
  const found = findPinnedValues(path, text);
  return found.ok ? { images: found.values.flatMap(({ image }) => image ?? []) } : { problem: found.problem };
}
