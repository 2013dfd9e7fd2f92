import type { DiscoveredPlace } from "../discover.ts";
import { isKustomizationName, KUSTOMIZATION_NAMES } from "./kustomization.ts";
import type { KustomizeReferences } from "./kustomize-references.ts";

/** An app's environment that takes a file in. */
export interface Reaching {
  readonly place: DiscoveredPlace;
  /** The environment's own kustomization. */
  readonly root: string;
  /** Normalised names of images that are pinned on every way from there to the file: what the file says of them changes nothing there. */
  readonly pinned: ReadonlySet<string>;
}

export interface KustomizeReach {
  /** Who takes a file in, by its path. The environments' own kustomizations are not among them, unless another takes them in. */
  readonly files: ReadonlyMap<string, readonly Reaching[]>;
  /** Images that each environment's own kustomization pins, by its path. */
  readonly own: ReadonlyMap<string, ReadonlySet<string>>;
  /** Kustomizations that were met and are not read yet: once they are, this has to be asked again. */
  readonly unread: ReadonlySet<string>;
  /** Kustomizations that were met and cannot be read, so that what they take in is not known. */
  readonly unreadable: ReadonlySet<string>;
}

/**
 * Follows what kustomizations take in, from those of the environments on, as kustomize does: a path is a file, or a folder with a
 * kustomization in it. What is not in the repository is not followed.
 *
 * @param roots The environments' own kustomizations.
 * @param read What a kustomization takes in; null where it cannot be read, undefined where it has not been.
 */
export function kustomizeReach(
  roots: ReadonlyMap<string, DiscoveredPlace>,
  has: (path: string) => boolean,
  read: (file: string) => KustomizeReferences | null | undefined,
): KustomizeReach {
  const files = new Map<string, Reaching[]>();
  const own = new Map<string, ReadonlySet<string>>();
  const unread = new Set<string>();
  const unreadable = new Set<string>();
  for (const [root, place] of roots) {
    own.set(root, read(root)?.pinned ?? new Set());
    for (const [file, pinned] of walk(root, has, read, unread, unreadable)) {
      if (file === root) continue;
      const reaching = files.get(file) ?? [];
      reaching.push({ place, root, pinned });
      files.set(file, reaching);
    }
  }
  return { files, own, unread, unreadable };
}

/** All files that one kustomization takes in, itself too, with the images that are pinned on every way to them. */
function walk(
  root: string,
  has: (path: string) => boolean,
  read: (file: string) => KustomizeReferences | null | undefined,
  unread: Set<string>,
  unreadable: Set<string>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const seen = new Map<string, ReadonlySet<string>>();
  const left: { readonly file: string; readonly pinned: ReadonlySet<string> }[] = [{ file: root, pinned: new Set() }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { file, pinned } = next;
    const before = seen.get(file);
    const here = before === undefined ? pinned : new Set([...before].filter((image) => pinned.has(image)));
    // A second way matters only where less is pinned on it, so that circles end.
    if (before !== undefined && here.size === before.size) continue;
    seen.set(file, here);
    if (!isKustomizationName(file.slice(file.lastIndexOf("/") + 1))) continue;
    const references = read(file);
    if (references === undefined) unread.add(file);
    else if (references === null) unreadable.add(file);
    else {
      const inside = new Set([...here, ...references.pinned]);
      for (const path of references.paths) {
        const target = resolve(file, path, has);
        if (target !== null) left.push({ file: target, pinned: inside });
      }
    }
  }
  return seen;
}

/** Files that others take in than before, or that stand under other pins: what they say has come or gone though they did not change. */
export function rewiredFiles(old: KustomizeReach, now: KustomizeReach): readonly string[] {
  const files = new Set([...old.files.keys(), ...now.files.keys()]);
  const taking = (reach: KustomizeReach, file: string): string => {
    return JSON.stringify((reach.files.get(file) ?? []).map(({ root, pinned }) => [root, ...[...pinned].toSorted()].join(" ")).toSorted());
  };
  return [...files].filter((file) => taking(old, file) !== taking(now, file));
}

/** The file that a path of a kustomization means, or null where the repository has none. */
function resolve(kustomization: string, path: string, has: (path: string) => boolean): string | null {
  if (path.startsWith("/") || path.includes("://")) return null;
  const folders = kustomization.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === "..") {
      if (folders.pop() === undefined) return null;
    } else if (part !== "" && part !== ".") folders.push(part);
  }
  const target = folders.join("/");
  if (has(target)) return target;
  return KUSTOMIZATION_NAMES.map((name) => (target === "" ? name : `${target}/${name}`)).find(has) ?? null;
}
