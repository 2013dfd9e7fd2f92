import { parseImageReference } from "../image-reference.ts";
import { isDigest } from "../release.ts";
import type { PinnedImage } from "../release.ts";
import { textAt } from "./place.ts";
import type { Place } from "./place.ts";
import type { PinKind, Report } from "./pinned-value.ts";

/** The values that together name one image, each a scalar of its own or null. */
export interface ImageParts {
  readonly registry: Place | null;
  readonly repository: Place | null;
  readonly tag: Place | null;
  readonly digest: Place | null;
}

export const PARTS = ["registry", "repository", "tag", "digest"] as const;

/** The image that a whole reference names, or null where the text is none. */
export function wholeImage(text: string | null): PinnedImage | null {
  const parsed = text === null ? null : parseImageReference(text);
  if (parsed?.ok !== true) return null;
  const { repository, tag, digest } = parsed.reference;
  return { repository, tag, digest };
}

/**
 * The image that parts name. `tag` may carry a digest (`v1@sha256:…`), and a digest may lack its algorithm. Null without a repository
 * that is one, and where neither tag nor digest says anything.
 */
export function imageOfParts({ registry, repository, tag, digest }: ImageParts): PinnedImage | null {
  const host = textAt(registry);
  const name = textAt(repository);
  const named = wholeImage(host === null || name === null ? name : `${host.replace(/\/$/, "")}/${name}`);
  const [label, inline] = splitTag(textAt(tag));
  const separate = textAt(digest);
  const written = separate !== null && /^[0-9a-f]{64}$/.test(separate) ? `sha256:${separate}` : (separate ?? inline);
  if (named === null || (label === null && written === null)) return null;
  return { repository: named.repository, tag: label ?? named.tag, digest: written !== null && isDigest(written) ? written : named.digest };
}

/** `v1@sha256:…` as tag and digest. */
function splitTag(text: string | null): readonly [string | null, string | null] {
  const at = text?.indexOf("@") ?? -1;
  return text === null || at === -1 ? [text, null] : [at === 0 ? null : text.slice(0, at), text.slice(at + 1)];
}

/** Reports every part that says something, if together they name an image. */
export function reportParts(kind: PinKind, parts: ImageParts, report: Report): boolean {
  const image = imageOfParts(parts);
  if (image === null) return false;
  reportEach(kind, parts, image, report);
  return true;
}

/** Reports every part that says something as a part of this image. */
export function reportEach(kind: PinKind, parts: ImageParts, image: PinnedImage | null, report: Report): void {
  for (const part of PARTS) {
    const place = parts[part];
    if (place !== null && textAt(place) !== null) report({ kind, place, image, part });
  }
}
