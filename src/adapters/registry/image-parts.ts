import { fieldsOf, parseJson, type Fields } from "../../domain/json.ts";
import { isDigest, type Digest } from "../../domain/release.ts";
import { PortFailure } from "../../ports.ts";

/** Reads content by its digest, and proves it: null when the registry does not have it. */
export interface ContentReader {
  readonly repository: string;
  manifest(digest: Digest): Promise<Uint8Array | null>;
  config(digest: Digest): Promise<Uint8Array | null>;
}

/** One image of an index. */
export interface IndexEntry {
  readonly digest: Digest;
  /** As the index tells it (OCI image-spec, "image-index.md"); empty where it does not. */
  readonly platform: Fields;
}

/** Images of one index that are asked: official images have a dozen. */
export const MOST_PLATFORMS = 24;

/** What belongs to an image that the registry has. */
export interface ImageParts {
  manifest(digest: Digest): Promise<Fields>;
  /** The configuration that an image's manifest names; null where it names none. */
  configOf(manifest: Fields): Promise<Fields | null>;
}

/**
 * The parts of an image. A part that is missing is told as `question`: "read when … was built".
 * @throws {PortFailure} `stalled` when the registry has the image, and not a part that would have to be read. It may come, so it is not for ever.
 */
export function partsOf(reader: ContentReader, whole: Digest, question: (image: string) => string, advice: string): ImageParts {
  const served = (bytes: Uint8Array | null, part: Digest) => {
    if (bytes !== null) return fieldsOf(parseJson(bytes));
    const problem = `the registry has the image, but not ${part}, which is a part of it`;
    throw new PortFailure("stalled", `Could not ${question(`${reader.repository}@${whole}`)}: ${problem}. ${advice}`);
  };
  return {
    manifest: async (part) => served(await reader.manifest(part), part),
    configOf: async (manifest) => {
      const digest = fieldsOf(manifest["config"])["digest"];
      return typeof digest === "string" && isDigest(digest) ? served(await reader.config(digest), digest) : null;
    },
  };
}

/** The images of an index, or null for what is no index. An attestation says that it is for no platform. */
export function imagesOf({ manifests }: Fields): readonly IndexEntry[] | null {
  if (!Array.isArray(manifests)) return null;
  return manifests.flatMap((entry: unknown) => {
    const { digest, platform } = fieldsOf(entry);
    const isImage = fieldsOf(platform)["os"] !== "unknown";
    return isImage && typeof digest === "string" && isDigest(digest) ? [{ digest, platform: fieldsOf(platform) }] : [];
  });
}
