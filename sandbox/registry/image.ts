import type { Instant } from "../../src/domain/answer.ts";
import { digestOf } from "./store.ts";

export interface ImageContent {
  /** Labels of the image config, such as `org.opencontainers.image.revision`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly created?: Instant;
  /** As `linux/amd64`. With it the tag names an index with an image for each; without, a single image. */
  readonly platforms?: readonly string[];
  /** Distinguishes images that are otherwise the same. */
  readonly content?: string;
}

export interface BuiltManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export interface BuiltImage {
  readonly blobs: readonly Uint8Array[];
  /** In the order in which they are pushed; the last is the one that is tagged. */
  readonly manifests: readonly BuiltManifest[];
}

export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";

/** An image by the OCI image-spec whose digest depends on nothing but the arguments. The layer is not a real archive. */
export function buildImage(name: string, image: ImageContent & { readonly created: Instant }): BuiltImage {
  const platforms = image.platforms ?? ["linux/amd64"];
  const parts = platforms.map((platform) => buildPlatform(name, platform, image));
  const blobs = parts.flatMap((part) => part.blobs);
  const manifests = parts.map((part) => part.manifest);
  if (image.platforms === undefined) return { blobs, manifests };
  const index = json({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: manifests.map(({ mediaType, bytes }, nth) => {
      return { ...descriptor(mediaType, bytes), platform: platformOf(platforms[nth] ?? "") };
    }),
  });
  return { blobs, manifests: [...manifests, { mediaType: OCI_INDEX, bytes: index }] };
}

function buildPlatform(name: string, platform: string, image: ImageContent & { readonly created: Instant }) {
  const layer = new TextEncoder().encode(`${name} ${platform} ${image.content ?? ""}`);
  const config = json({
    created: new Date(image.created).toISOString(),
    ...platformOf(platform),
    config: { Labels: image.labels ?? {} },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  });
  const bytes = json({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(OCI_CONFIG, config),
    layers: [descriptor(OCI_LAYER, layer)],
  });
  return { blobs: [layer, config], manifest: { mediaType: OCI_MANIFEST, bytes } };
}

function platformOf(platform: string): Readonly<Record<string, string>> {
  const [os = "linux", architecture = "amd64", variant] = platform.split("/");
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

function descriptor(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
