import type { Digest } from "../../src/domain/release.ts";
import type { StoredManifest } from "./store.ts";

/** What a manifest says of itself in its descriptor among the referrers (OCI distribution-spec, "Listing Referrers"). */
export interface ReferrerDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: unknown;
}

/** The manifests whose `subject` is this digest, by digest. */
export function referrersOf(manifests: readonly StoredManifest[], subject: string): readonly ReferrerDescriptor[] {
  return manifests
    .filter((manifest) => subjectOf(manifest) === subject)
    .map(descriptorOf)
    .toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** The digest that a manifest says it is about, or null. */
export function subjectOf(manifest: Pick<StoredManifest, "bytes">): string | null {
  const { subject } = parsed(manifest);
  return typeof subject === "object" && subject !== null && "digest" in subject && typeof subject.digest === "string" ? subject.digest : null;
}

export function descriptorOf({ mediaType, digest, bytes }: StoredManifest): ReferrerDescriptor {
  const { artifactType, config, annotations } = parsed({ bytes });
  const configType = typeof config === "object" && config !== null && "mediaType" in config ? config.mediaType : undefined;
  const type = artifactType ?? configType;
  return {
    mediaType,
    digest,
    size: bytes.byteLength,
    ...(typeof type === "string" ? { artifactType: type } : {}),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function parsed({ bytes }: Pick<StoredManifest, "bytes">): Readonly<Record<string, unknown>> {
  const manifest: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return typeof manifest === "object" && manifest !== null ? Object.fromEntries(Object.entries(manifest)) : {};
}
