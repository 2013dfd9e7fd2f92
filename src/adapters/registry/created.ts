import { fieldsOf, parseJson, type Fields } from "../../domain/json.ts";
import type { Instant } from "../../domain/answer.ts";
import type { Digest } from "../../domain/release.ts";
import { imagesOf, MOST_PLATFORMS, partsOf, type ContentReader, type ImageParts } from "./image-parts.ts";

/** OCI image-spec, "annotations.md". */
const CREATED = "org.opencontainers.image.created";
/** RFC 3339, §5.6. */
const TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/**
 * When an image says that it was built: its annotation, else its configuration's `created`. For an index of images its own annotation, else the latest
 * of its images, attestations left out. Null when the image is not there, or nothing of that is, or it is no time.
 * @throws {PortFailure} `stalled` when the registry has the image, and not a part that would have to be read: that may be the latest. It may come, so it is not for ever.
 */
export async function builtAt(reader: ContentReader, digest: Digest): Promise<Instant | null> {
  const bytes = await reader.manifest(digest);
  const manifest = bytes === null ? {} : fieldsOf(parseJson(bytes));
  const parts = partsOf(reader, digest, (image) => `read when ${image} was built`, "Push it again, or leave its tag out by `ignore` under `select`.");
  const images = imagesOf(manifest);
  if (images === null) return imageBuiltAt(parts, manifest);
  const annotated = timeIn(fieldsOf(manifest["annotations"])[CREATED]);
  if (annotated !== null || images.length > MOST_PLATFORMS) return annotated;
  const times: Instant[] = [];
  for (const image of images) {
    const time = await imageBuiltAt(parts, await parts.manifest(image.digest));
    if (time !== null) times.push(time);
  }
  return times.length === 0 ? null : Math.max(...times);
}

async function imageBuiltAt(parts: ImageParts, manifest: Fields): Promise<Instant | null> {
  const annotated = timeIn(fieldsOf(manifest["annotations"])[CREATED]);
  return annotated ?? timeIn((await parts.configOf(manifest))?.["created"]);
}

function timeIn(value: unknown): Instant | null {
  if (typeof value !== "string" || !TIME.test(value)) return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}
