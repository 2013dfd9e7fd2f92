import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Alias, ParsedNode } from "yaml";
import { itemsOf, keyText, resolveAlias } from "../yaml-document.ts";
import type { YamlDocument, YamlPath } from "../yaml-document.ts";

type ResolvedNode = Exclude<ParsedNode, Alias.Parsed>;

/** A value of a document, with the way to it. Aliases on the way are followed. */
export interface Place {
  readonly document: YamlDocument;
  readonly node: ResolvedNode | null;
  /** The mapping or list that it is in, and the key or index there; null at the root. Paths are made of them only when asked for. */
  readonly within: { readonly place: Place; readonly key: string | number } | null;
  /** Where it is shown: behind an alias, where the alias stands. */
  readonly offset: number;
  readonly aliased: boolean;
}

export function rootPlace(document: YamlDocument): Place {
  const { root } = document;
  const aliased = root !== null && isAlias(root);
  return { document, node: resolveAlias(document, root), within: null, offset: root?.range[0] ?? 0, aliased };
}

/** The way to a value from the root of its document. */
export function pathOf(place: Place): YamlPath {
  const path: (string | number)[] = [];
  for (let at = place.within; at !== null; at = at.place.within) path.push(at.key);
  return path.toReversed();
}

/** The value under a key that the mapping itself has (merge keys bring nothing), or null. The last one counts where a key is there twice, as for Go. */
export function childAt(place: Place, key: string): Place | null {
  if (!isMap(place.node)) return null;
  const pair = place.node.items.findLast((item) => keyText(item.key) === key);
  return pair === undefined ? null : step(place, key, pair.value);
}

/** The value at the end of several keys, or null. */
export function placeAt(place: Place, ...keys: readonly string[]): Place | null {
  return keys.reduce<Place | null>((at, key) => (at === null ? null : childAt(at, key)), place);
}

/** Keys and values of a mapping; none for anything else. Keys that are no text are left out. */
export function entriesAt(place: Place | null): readonly (readonly [string, Place])[] {
  if (place === null || !isMap(place.node)) return [];
  const entries: (readonly [string, Place])[] = [];
  for (const pair of place.node.items) {
    const key = keyText(pair.key);
    if (key !== null) entries.push([key, step(place, key, pair.value)]);
  }
  return entries;
}

/** The values of a mapping or list that are not scalars, with their keys or indexes: where more may be found. */
export function nestedAt(place: Place): readonly (readonly [string | number, Place])[] {
  const { node } = place;
  const nested: (readonly [string | number, Place])[] = [];
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = value === null || isScalar(value) ? null : keyText(key);
      if (name !== null) nested.push([name, step(place, name, value)]);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      if (isMap(item) || isSeq(item) || isAlias(item)) nested.push([index, step(place, index, item)]);
    }
  }
  return nested;
}

/** Whether a mapping has a key of which this holds. */
export function hasKey({ node }: Place, holds: (key: string) => boolean): boolean {
  return isMap(node) && node.items.some(({ key }) => holds(keyText(key) ?? ""));
}

/** The entries of a list; none for anything else. */
export function itemsAt(place: Place | null): readonly Place[] {
  if (place === null || !isSeq(place.node)) return [];
  return itemsOf(place.node).map((item, index) => step(place, index, item));
}

/** The text of a scalar that says something, or null. */
export function textAt(place: Place | null): string | null {
  if (place === null || !isScalar(place.node)) return null;
  const { source, type } = place.node;
  if (source === "" || (type === "PLAIN" && /^(?:~|null|Null|NULL)$/.test(source))) return null;
  return source;
}

function step(place: Place, key: string | number, node: ParsedNode | null): Place {
  const aliased = place.aliased || (node !== null && isAlias(node));
  return {
    document: place.document,
    node: resolveAlias(place.document, node),
    within: { place, key },
    offset: place.aliased ? place.offset : (node?.range[0] ?? place.offset),
    aliased,
  };
}
