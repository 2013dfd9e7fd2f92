import type { KustomizeReferences } from "./kustomize-references.ts";

/** What kustomizations do, on the ways from an environment down to a file, to the images that the file names. */
export interface ImagesAbove {
  /** Normalised names of images that are pinned on every way: what the file says of them changes nothing. */
  readonly pinned: ReadonlySet<string>;
  /** The names under which images run, where these are others than those in the file; several where the ways differ. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
}

export const NOTHING_ABOVE: ImagesAbove = { pinned: new Set(), names: new Map() };

/** What is above the files that a kustomization takes in, by what is above itself. The same value where it changes no image. */
export function imagesBelow(above: ImagesAbove, { pinned, renamed }: KustomizeReferences): ImagesAbove {
  if (pinned.size === 0 && renamed.size === 0) return above;
  const inside = new Set([...above.pinned, ...pinned]);
  const names = new Map(above.names);
  for (const name of pinned) names.delete(name);
  for (const [name, newName] of renamed) {
    // Further up it goes by its new name.
    if (above.pinned.has(newName)) inside.add(name);
    else {
      inside.delete(name);
      names.set(name, above.names.get(newName) ?? new Set([newName]));
    }
  }
  return { pinned: inside, names };
}

/** What holds on either of two ways. The first value where the other adds nothing to it, so that circles end. */
export function onEitherWay(one: ImagesAbove, other: ImagesAbove): ImagesAbove {
  if (one === other) return one;
  const pinned = new Set([...one.pinned].filter((name) => other.pinned.has(name)));
  const names = new Map<string, ReadonlySet<string>>();
  let isMore = pinned.size < one.pinned.size;
  for (const name of new Set([...one.names.keys(), ...other.names.keys()])) {
    const [here, there] = [namesOf(one, name), namesOf(other, name)];
    const all = new Set([...here, ...there]);
    isMore ||= all.size > here.length;
    names.set(name, all);
  }
  return isMore ? { pinned, names } : one;
}

/** The names under which an image of a file runs; none where it is pinned above. */
export function namesOf({ pinned, names }: ImagesAbove, repository: string): readonly string[] {
  return pinned.has(repository) ? [] : [...(names.get(repository) ?? [repository])];
}

/** How much there is to go through. */
export function sizeOf({ pinned, names }: ImagesAbove): number {
  return pinned.size + names.size;
}
