import type { Instant } from "../../domain/answer.ts";
import { isDigest, type Digest } from "../../domain/release.ts";
import { PortFailure } from "../../ports.ts";

/** Reads content by its digest, and proves it: null when the registry does not have it. */
export interface ContentReader {
  readonly repository: string;
  manifest(digest: Digest): Promise<Uint8Array | null>;
  config(digest: Digest): Promise<Uint8Array | null>;
}

/** OCI image-spec, "annotations.md". */
const CREATED = "org.opencontainers.image.created";
/** RFC 3339, §5.6. */
const TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
/** Images of one index that are asked: official images have a dozen. */
const MOST_PLATFORMS = 24;

/**
 * When an image says that it was built: its annotation, else its configuration's `created`. For an index of images its own annotation, else the latest
 * of its images, attestations left out. Null when the image is not there, or nothing of that is, or it is no time.
 * @throws {PortFailure} `stalled` when the registry has the image, and not a part that would have to be read: that may be the latest. It may come, so it is not for ever.
 */
export async function builtAt(reader: ContentReader, digest: Digest): Promise<Instant | null> {
  const manifest = recordIn(await reader.manifest(digest));
  const parts = partsOf(reader, digest);
  const images = imagesOf(manifest);
  if (images === null) return imageBuiltAt(parts, manifest);
  const annotated = timeIn(recordOf(manifest["annotations"])[CREATED]);
  if (annotated !== null || images.length > MOST_PLATFORMS) return annotated;
  const times: Instant[] = [];
  for (const image of images) {
    const time = await imageBuiltAt(parts, await parts.manifest(image));
    if (time !== null) times.push(time);
  }
  return times.length === 0 ? null : Math.max(...times);
}

async function imageBuiltAt(parts: Parts, manifest: Fields): Promise<Instant | null> {
  const annotated = timeIn(recordOf(manifest["annotations"])[CREATED]);
  if (annotated !== null) return annotated;
  const digest = recordOf(manifest["config"])["digest"];
  if (typeof digest !== "string" || !isDigest(digest)) return null;
  return timeIn((await parts.config(digest))["created"]);
}

/** What belongs to an image that the registry has. */
interface Parts {
  manifest(digest: Digest): Promise<Fields>;
  config(digest: Digest): Promise<Fields>;
}

function partsOf(reader: ContentReader, whole: Digest): Parts {
  const served = (bytes: Uint8Array | null, part: Digest) => {
    if (bytes !== null) return recordIn(bytes);
    const what = `Could not read when ${reader.repository}@${whole} was built: the registry has the image, but not ${part}, which is a part of it.`;
    throw new PortFailure("stalled", `${what} Push it again, or leave its tag out by \`ignore\` under \`select\`.`);
  };
  return {
    manifest: async (part) => served(await reader.manifest(part), part),
    config: async (part) => served(await reader.config(part), part),
  };
}

/** The images of an index, or null for what is no index. An attestation says that it is for no platform. */
function imagesOf({ manifests }: Fields): readonly Digest[] | null {
  if (!Array.isArray(manifests)) return null;
  return manifests.flatMap((entry: unknown) => {
    const { digest, platform } = recordOf(entry);
    const isImage = recordOf(platform)["os"] !== "unknown";
    return isImage && typeof digest === "string" && isDigest(digest) ? [digest] : [];
  });
}

function timeIn(value: unknown): Instant | null {
  if (typeof value !== "string" || !TIME.test(value)) return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a JSON object; none of anything else, as a configuration of another kind of artifact. */
function recordIn(bytes: Uint8Array | null): Fields {
  if (bytes === null) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return recordOf(value);
  } catch {
    return {};
  }
}

function recordOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
}
