import type { DiscoveredPlace } from "../discover.ts";
import { imagesBelow, NOTHING_ABOVE, onEitherWay, sizeOf, type ImagesAbove } from "./images-above.ts";
import { isKustomizationFile, kustomizationsIn } from "./kustomization.ts";
import type { KustomizeReferences } from "./kustomize-references.ts";

/** An app's environment that takes a file in. */
export interface Reaching extends ImagesAbove {
  readonly place: DiscoveredPlace;
  /** The environment's own kustomization. */
  readonly root: string;
}

export interface KustomizeReach {
  /** Who takes a file in, by its path. The environments' own kustomizations are not among them, unless another takes them in. */
  readonly files: ReadonlyMap<string, readonly Reaching[]>;
  /** Each environment's own kustomization by its path, and what it does to images itself. */
  readonly own: ReadonlyMap<string, Reaching>;
  /** Kustomizations that were met and are not read yet: once they are, this has to be asked again. */
  readonly unread: ReadonlySet<string>;
  /** Kustomizations that were met and cannot be read, so that what they take in is not known. */
  readonly unreadable: ReadonlySet<string>;
  /** Paths that kustomizations name and at which the repository has no file and no kustomization, with one that names it. */
  readonly missing: ReadonlyMap<string, string>;
  /** Whether that is all; following takes no more than {@link MOST_STEPS} steps. */
  readonly isWhole: boolean;
}

/** More than any repository that is looked at in seconds; whoever may open a pull request writes kustomizations. */
export const MOST_STEPS = 5_000_000;

/**
 * Follows what kustomizations take in, from those of the environments on, as kustomize does: a path is a file, or a folder with a
 * kustomization in it. What is not in the repository is not followed, nor are symbolic links.
 *
 * @param roots The environments' own kustomizations.
 * @param read What a kustomization takes in; null where it cannot be read, undefined where it has not been.
 */
export function kustomizeReach(
  roots: ReadonlyMap<string, DiscoveredPlace>,
  has: (path: string) => boolean,
  read: (file: string) => KustomizeReferences | null | undefined,
): KustomizeReach {
  const walk = new Walk(has, read);
  const files = new Map<string, Reaching[]>();
  const own = new Map<string, Reaching>();
  for (const [root, place] of roots) {
    own.set(root, { place, root, ...imagesBelow(NOTHING_ABOVE, read(root) ?? TAKES_NOTHING) });
    for (const [file, above] of walk.from(root)) {
      if (file === root) continue;
      const reaching = files.get(file) ?? [];
      reaching.push({ place, root, ...above });
      files.set(file, reaching);
    }
  }
  const { unread, unreadable, missing } = walk;
  return { files, own, unread, unreadable, missing, isWhole: walk.stepsLeft >= 0 };
}

const TAKES_NOTHING: KustomizeReferences = { paths: [], pinned: new Set(), renamed: new Map() };

class Walk {
  readonly unread = new Set<string>();
  readonly unreadable = new Set<string>();
  readonly missing = new Map<string, string>();
  stepsLeft = MOST_STEPS;
  readonly #targets = new Map<string, readonly string[]>();
  readonly #has: (path: string) => boolean;
  readonly #read: (file: string) => KustomizeReferences | null | undefined;

  constructor(has: (path: string) => boolean, read: (file: string) => KustomizeReferences | null | undefined) {
    this.#has = has;
    this.#read = read;
  }

  /** All files that one kustomization takes in, itself too, with what is done to images on the ways to them. */
  from(root: string): ReadonlyMap<string, ImagesAbove> {
    const seen = new Map<string, ImagesAbove>();
    const left: { readonly file: string; readonly above: ImagesAbove }[] = [{ file: root, above: NOTHING_ABOVE }];
    for (let next = left.pop(); next !== undefined && this.stepsLeft >= 0; next = left.pop()) {
      const { file, above } = next;
      const before = seen.get(file);
      this.stepsLeft -= before === undefined || before === above ? 1 : 1 + sizeOf(before) + sizeOf(above);
      const here = before === undefined ? above : onEitherWay(before, above);
      // A second way matters only where less is pinned on it or an image gets another name.
      if (here === before) continue;
      seen.set(file, here);
      if (!isKustomizationFile(file)) continue;
      const references = this.#read(file);
      if (references === undefined) this.unread.add(file);
      else if (references === null) this.unreadable.add(file);
      else {
        this.stepsLeft -= sizeOf(here) + references.pinned.size + references.renamed.size;
        const inside = imagesBelow(here, references);
        for (const target of this.#targetsOf(file, references)) left.push({ file: target, above: inside });
      }
    }
    return seen;
  }

  #targetsOf(file: string, { paths }: KustomizeReferences): readonly string[] {
    const known = this.#targets.get(file);
    if (known !== undefined) return known;
    const targets = new Set<string>();
    for (const path of new Set(paths)) {
      this.stepsLeft -= 1;
      const meant = isElsewhere(path) ? null : within(file, path);
      if (meant === null) continue;
      const target = this.#fileAt(meant);
      if (target === null) this.missing.set(meant, file);
      else targets.add(target);
    }
    this.#targets.set(file, [...targets]);
    return [...targets];
  }

  #fileAt(path: string): string | null {
    if (this.#has(path)) return path;
    return kustomizationsIn(path).find(this.#has) ?? null;
  }
}

/** The environments in which a file counts: those that take it in, and the one whose own it is. */
export function takersOf({ files, own }: KustomizeReach, file: string): readonly Reaching[] {
  const itself = own.get(file);
  return [...(files.get(file) ?? []), ...(itself === undefined ? [] : [itself])];
}

/** Files that others take in than before, or that stand under other pins: what they say has come or gone though they did not change. */
export function rewiredFiles(old: KustomizeReach, now: KustomizeReach): readonly string[] {
  const files = new Set([...old.files.keys(), ...now.files.keys()]);
  const taking = (reach: KustomizeReach, file: string): string => {
    return JSON.stringify((reach.files.get(file) ?? []).map((one) => [one.root, ...imagesIn(one)].join(" ")).toSorted());
  };
  return [...files].filter((file) => taking(old, file) !== taking(now, file));
}

function imagesIn({ pinned, names }: ImagesAbove): readonly string[] {
  const renamed = [...names].map(([name, others]) => [name, ...[...others].toSorted()].join("="));
  return [...[...pinned].toSorted(), ...renamed.toSorted()];
}

/**
 * Whether a path of a kustomization is none in this repository: a remote one (kustomize api/internal/git/repospec.go), an absolute one, or
 * text that stands in place of a path.
 */
export function isElsewhere(path: string): boolean {
  return /[:?\n]|^\/|^github\.com\/|\.git(?:\/|$)/.test(path);
}

/** The path in the repository that a path of a kustomization means, or null where that is outside of it. */
function within(kustomization: string, path: string): string | null {
  const folders = kustomization.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === "..") {
      if (folders.pop() === undefined) return null;
    } else if (part !== "" && part !== ".") folders.push(part);
  }
  return folders.join("/");
}
