import { createHash } from "node:crypto";
import type { Digest } from "../../domain/release.ts";
import { isDigest } from "../../domain/release.ts";

/** The kinds of manifest that an image can be, an index of platforms first, which is what gets pinned. */
const MANIFEST_TYPES: readonly string[] = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** A registry answers 404 or converts the manifest, to another digest, for a client that does not accept what it has. */
export const ACCEPTED_MANIFESTS = MANIFEST_TYPES.join(", ");

/** What registries must be able to hold (OCI distribution-spec, "Pushing Manifests"). */
export const LARGEST_MANIFEST = 4 * 1024 * 1024;

export function digestOfBytes(bytes: Uint8Array): Digest {
  const hex = createHash("sha256").update(bytes).digest("hex");
  const digest = `sha256:${hex}`;
  if (!isDigest(digest)) throw new Error("a SHA-256 in hex is a digest");
  return digest;
}

/**
 * Why bytes are no manifest of an image, or null when they are one. The page of a proxy, answered with 200, has a hash
 * like everything else, and must not pass for an image. The media type may be missing (OCI image-spec, "manifest.md").
 */
export function manifestProblem(bytes: Uint8Array): string | null {
  let manifest: unknown;
  try {
    manifest = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "something that is not JSON, so no manifest. Check the address and the proxy in front of it";
  }
  if (typeof manifest !== "object" || manifest === null) return "JSON that is no manifest. Check the address";
  if (!("schemaVersion" in manifest) || manifest.schemaVersion !== 2) {
    return "a manifest of another schema than 2. Push the image again with a current tool";
  }
  const entries: unknown = "manifests" in manifest ? manifest.manifests : undefined;
  const isImage = "config" in manifest && typeof manifest.config === "object" && manifest.config !== null;
  if (Array.isArray(entries) === isImage) return "a manifest that is neither an image nor an index of images. Push the image again";
  if (!Array.isArray(entries) || entries.some(isRunnable)) return null;
  return "an index without an image, which nothing can run. Push the image again";
}

/**
 * Whether an entry of an index can be an image for a platform. What BuildKit attests about an image stands in the index too, for the
 * platform `unknown/unknown` (docs.docker.com, "Attestation storage"). A platform may be missing (OCI image-spec, "image-index.md").
 */
function isRunnable(entry: unknown): boolean {
  if (typeof entry !== "object" || entry === null) return false;
  const platform: unknown = "platform" in entry ? entry.platform : null;
  if (typeof platform !== "object" || platform === null) return true;
  const { os, architecture }: { readonly os?: unknown; readonly architecture?: unknown } = platform;
  return os !== "unknown" && architecture !== "unknown";
}
