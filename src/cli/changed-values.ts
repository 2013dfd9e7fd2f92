import { isMap, isScalar, isSeq, type ParsedNode } from "yaml";
import { parseManifests } from "../domain/pins/manifests.ts";
import { itemsOf, keyText } from "../domain/yaml-document.ts";

/**
 * How many values a change of pins wrote: those that are new, and those that say something else. Both texts are the same but for values and added keys, as
 * the engine leaves them. A value that aliases show elsewhere too is written once.
 */
export function changedValues(before: string, after: string): number {
  const [old, now] = [parseManifests(before), parseManifests(after)];
  if (!old.ok || !now.ok) throw new Error("a change of pins was made in a file that cannot be read");
  return now.documents.reduce((sum, { root }, index) => sum + changedIn(old.documents[index]?.root ?? null, root), 0);
}

function changedIn(before: ParsedNode | null, after: ParsedNode | null): number {
  if (isScalar(after)) return isScalar(before) && before.source === after.source ? 0 : 1;
  if (isMap(after) && isMap(before)) {
    const old = new Map(before.items.map(({ key, value }) => [keyText(key), value]));
    return after.items.reduce((sum, { key, value }) => sum + changedIn(old.get(keyText(key)) ?? null, value), 0);
  }
  if (isSeq(after) && isSeq(before)) {
    const old = itemsOf(before);
    return itemsOf(after).reduce((sum, item, index) => sum + changedIn(old[index] ?? null, item), 0);
  }
  return 0;
}
