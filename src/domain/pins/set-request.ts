import { parseImageReference } from "../image-reference.ts";
import type { EditResult } from "../pins.ts";
import { parseYamlAddress } from "../yaml-path.ts";
import type { YamlAddress } from "../yaml-path.ts";
import { parseManifests } from "./manifests.ts";
import { childAt, itemsAt, rootPlace } from "./place.ts";
import { pinsImage, setImage } from "./set-image.ts";
import { setValues } from "./set-values.ts";
import type { ValueChange } from "./set-values.ts";

/** One `PATH=VALUE` or `IMAGE=REF`, as people write it. */
export interface SetRequest {
  readonly left: string;
  readonly right: string;
}

/**
 * Splits `PATH=VALUE` at the first equals sign outside brackets. Null when there is none, or nothing before it.
 */
export function parseSetRequest(text: string): SetRequest | null {
  const [, left, right] = /^((?:[^=[]|\["(?:[^"\\]|\\.)*"\]|\[)+)=(.*)$/s.exec(text) ?? [];
  return left === undefined || right === undefined ? null : { left, right };
}

/**
 * Makes the requested changes in a file, all or none. What is before the equals sign is a path if a value stands there, else an image
 * that the file pins; what could be both is refused.
 */
export function setRequested(file: string, text: string, requests: readonly SetRequest[]): EditResult {
  const values: ValueChange[] = [];
  const images: SetRequest[] = [];
  for (const request of requests) {
    const { left, right } = request;
    // Most likely a variable of a script that is not set; no pin says nothing.
    if (right === "") return { outcome: "refused", reason: `nothing stands behind "${left}=": write the new value` };
    const parsed = parseYamlAddress(left);
    const isPath = parsed.ok && standsIn(text, parsed.address);
    const isImage = parseImageReference(left).ok;
    if (isPath && isImage && pinsImage(file, text, left)) {
      return { outcome: "refused", reason: `"${left}" is a path in ${file}, and an image that it pins: write the image in full, with its registry` };
    }
    if (isImage && !isPath) images.push(request);
    else if (parsed.ok) values.push({ address: parsed.address, value: right });
    else return { outcome: "refused", reason: parsed.problem };
  }
  const set = values.length === 0 ? unchanged : setValues(file, text, values);
  return images.reduce<EditResult>((before, { left, right }) => {
    if (before.outcome === "refused") return before;
    const after = setImage(file, before.outcome === "changed" ? before.text : text, left, right);
    return after.outcome === "unchanged" ? before : after;
  }, set);
}

const unchanged: EditResult = { outcome: "unchanged" };

function standsIn(text: string, { document, path }: YamlAddress): boolean {
  const parsed = parseManifests(text);
  const found = parsed.ok ? parsed.documents[document] : undefined;
  let place = found === undefined ? null : rootPlace(found);
  for (const step of path) {
    if (place === null) return false;
    place = typeof step === "number" ? (itemsAt(place)[step] ?? null) : childAt(place, step);
  }
  return place !== null;
}
