import { isTag } from "../image-reference.ts";
import { childAt, entriesAt, hasKey, nestedAt, textAt } from "./place.ts";
import type { Place } from "./place.ts";
import { imageOfParts, reportEach, reportParts, wholeImage } from "./image-parts.ts";
import type { PinKind, Report } from "./pinned-value.ts";

/** Fields of a pod whose entries are containers (k8s.io/api core/v1 PodSpec). */
const CONTAINER_LISTS: ReadonlySet<string> = new Set(["containers", "initContainers", "ephemeralContainers"]);
/** `image`, and what custom resources call it (`sidecarImage`, `imageName`). */
const IMAGE_KEY = /^image$|Image$|^imageName$/;
/** One of these is in every mapping that names an image, beside keys that end in Image. */
const IMAGE_PARTS: ReadonlySet<string> = new Set(["repository", "name", "reference"]);
const IMAGE_MAPPING = /image$/i;

export interface ImageFieldsOptions {
  /** What a whole reference in one value is, outside Helm values. */
  readonly whole: PinKind;
  /** Keys at the top that are passed over: somebody else reports them, or nobody set them by hand. */
  readonly except: ReadonlySet<string>;
}

/** Keys under which Helm values stand in other documents. */
const VALUES_KEYS: ReadonlySet<string> = new Set(["values", "valuesObject", "valuesInline", "valuesContent"]);

/**
 * Reports images wherever they stand in a document: `image:` of containers, of custom resources and of lists of objects, and the
 * forms that Helm charts use for values: `repository` (perhaps with `registry`) beside `tag`, `digest` or `version`, `image` beside
 * `tag`, and `tag` alone. A text is taken for an image only if it reads as one that has a tag or digest; containers are images anyway.
 */
export function reportImageFields(root: Place, options: ImageFieldsOptions, report: Report): void {
  reportMapping(root, "", options.whole, report);
  for (const [key, child] of nestedAt(root)) {
    if (typeof key === "number") visit(child, "", options.whole, false, report);
    else if (!options.except.has(key)) visit(child, key, options.whole, VALUES_KEYS.has(key), report);
  }
}

/** `key` is the nearest key above, `inValues` whether Helm values begin there or above. */
function visit(place: Place, key: string, whole: PinKind, inValues: boolean, report: Report): void {
  reportMapping(place, key, inValues ? "helm-values" : whole, report);
  for (const [step, child] of nestedAt(place)) {
    if (typeof step === "number" && CONTAINER_LISTS.has(key)) reportWhole(childAt(child, "image"), "container-image", true, report);
    if (typeof step === "number") visit(child, key, whole, inValues, report);
    else visit(child, step, whole, inValues || VALUES_KEYS.has(step), report);
  }
}

const namesAnImage = (key: string): boolean => IMAGE_PARTS.has(key) || IMAGE_KEY.test(key);

function reportMapping(place: Place, key: string, kind: PinKind, report: Report): void {
  const isImage = IMAGE_MAPPING.test(key);
  if (isImage || hasKey(place, namesAnImage)) reportImages(place, isImage, kind, report);
  if (kind === "helm-values") reportTag(place, report);
}

function reportImages(place: Place, isImage: boolean, kind: PinKind, report: Report): void {
  const part = (name: string): Place | null => childAt(place, name);
  const digest = part("digest") ?? part("sha");
  const tag = part("tag") ?? part("imageTag");
  const parts = { registry: part("registry"), tag: tag ?? (isImage ? part("version") : null), digest };
  const named =
    reportParts("helm-values", { ...parts, repository: part("repository") }, report) ||
    (isImage && reportParts("helm-values", { ...parts, repository: part("name") }, report));
  if (isImage && !named) {
    reportWhole(part("reference"), kind, false, report);
    // Values laid over others say only what differs, and a variable may stand for a repository: the image is not told.
    reportEach("helm-values", { registry: null, repository: null, tag, digest }, null, report);
  }
  for (const [name, child] of entriesAt(place)) {
    if (!IMAGE_KEY.test(name)) continue;
    const split = { ...parts, repository: child };
    const hasTag = wholeImage(textAt(child))?.tag !== null;
    if (name === "image" && !hasTag && imageOfParts(split) !== null) reportParts("helm-values", split, report);
    else reportWhole(child, kind, false, report);
  }
}

/** Charts name their images under keys of all kinds, so any tag may be one of an image that is not told. What has its image was reported before. */
function reportTag(place: Place, report: Report): void {
  const tag = childAt(place, "tag") ?? childAt(place, "imageTag");
  const [label = ""] = textAt(tag)?.split("@", 1) ?? [];
  if (tag !== null && isTag(label)) report({ kind: "helm-values", place: tag, image: null, part: "tag" });
}

function reportWhole(place: Place | null, kind: PinKind, untagged: boolean, report: Report): void {
  const image = wholeImage(textAt(place));
  if (place === null || image === null || (!untagged && image.tag === null && image.digest === null)) return;
  report({ kind, place, image, part: "whole" });
}
