import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { ParsedNode, Scalar, YAMLMap } from "yaml";
import { isPlainInteger } from "./spell.ts";
import { itemsOf, keyText, readsAsString } from "../yaml-document.ts";

/** What shall be different in a tree of nodes. */
export interface IntendedChange {
  /** New texts of scalars that are there. */
  readonly replaced: ReadonlyMap<Scalar.Parsed, string>;
  /** Texts of keys that are not there yet, for each mapping. */
  readonly added: ReadonlyMap<YAMLMap.Parsed, ReadonlyMap<string, string>>;
}

/**
 * Whether `after` is `before` with exactly the intended changes: every other value, key, anchor, alias and tag the
 * same and in the same order. Both are compared as trees of nodes, so that nothing is lost on the way to plain values.
 */
export function showsExactly(before: ParsedNode | null, after: ParsedNode | null, change: IntendedChange): boolean {
  const { replaced, added } = change;

  const sameMap = (left: YAMLMap.Parsed, right: YAMLMap.Parsed): boolean => {
    const wanted = new Map(added.get(left) ?? []);
    let index = 0;
    for (const pair of right.items) {
      const old = left.items[index];
      if (old !== undefined && same(old.key, pair.key) && same(old.value, pair.value)) {
        index += 1;
        continue;
      }
      const name = keyText(pair.key);
      if (name === null || pair.value?.anchor !== undefined || !says(pair.value, wanted.get(name))) return false;
      wanted.delete(name);
    }
    return index === left.items.length && wanted.size === 0;
  };

  const same = (left: ParsedNode | null, right: ParsedNode | null): boolean => {
    if (left === null || right === null) return left === right;
    if (isAlias(left) || isAlias(right)) return isAlias(left) && isAlias(right) && left.source === right.source;
    if (left.anchor !== right.anchor || left.tag !== right.tag) return false;
    if (isScalar(left)) {
      const wanted = replaced.get(left);
      if (wanted === undefined) return isScalar(right) && right.source === left.source && right.type === left.type;
      return says(right, wanted) || (isPlainInteger(left) && isPlainInteger(right) && isScalar(right) && right.source === wanted);
    }
    if (isMap(left)) return isMap(right) && left.flow === right.flow && sameMap(left, right);
    if (!isSeq(left) || !isSeq(right) || left.flow !== right.flow) return false;
    const items = itemsOf(right);
    return left.items.length === items.length && itemsOf(left).every((item, index) => same(item, items[index] ?? null));
  };
  return same(before, after);
}

/** Whether every YAML reader takes the node for this text. */
function says(node: ParsedNode | null, wanted: string | undefined): boolean {
  if (!isScalar(node) || node.source !== wanted) return false;
  return node.type !== "PLAIN" || node.tag !== undefined || readsAsString(node.source);
}
