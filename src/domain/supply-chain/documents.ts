/** What a registry holds about one image, as it was pushed: nothing in it is believed yet. */
export interface AttachedDocuments {
  readonly documents: readonly AttachedDocument[];
  /** What is there and was not read. Where it matters, nothing can be concluded. */
  readonly unread: readonly UnreadDocument[];
}

export type AttachedDocument =
  /** A Sigstore bundle, attached as an OCI referrer. */
  | { readonly layout: "bundle"; readonly name: string; readonly bytes: Uint8Array }
  /** A layer of cosign's tag `sha256-<hex>.sig`: the payload that is signed, and the layer's annotations. */
  | { readonly layout: "signature-tag"; readonly name: string; readonly bytes: Uint8Array; readonly annotations: Annotations }
  /** A layer of cosign's tag `sha256-<hex>.att`: a DSSE envelope, and the layer's annotations. */
  | { readonly layout: "attestation-tag"; readonly name: string; readonly bytes: Uint8Array; readonly annotations: Annotations }
  /** A referrer that is an SBOM by its type and is not signed. */
  | { readonly layout: "artifact"; readonly name: string; readonly artifactType: string };

export type Annotations = Readonly<Record<string, string>>;

export interface UnreadDocument {
  /** What it is and why it was not read, in words: a sentence without its full stop. */
  readonly reason: string;
  /** The predicate type that its uploader says it has; null when nothing is said, and it may be anything. */
  readonly predicateType: string | null;
}

/** Artifact types of referrers that hold Sigstore bundles (sigstore/protobuf-specs, "Bundle media types"). */
export const BUNDLE_ARTIFACT = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.[1-9]\+json|\+json;version=0\.[1-9])$/;

/** Media types of SBOMs in registries: IANA's names, and those that ORAS, BuildKit's and Anchore's tools give them. */
export const SBOM_ARTIFACTS: ReadonlyMap<string, "spdx" | "cyclonedx"> = new Map([
  ["application/spdx+json", "spdx"],
  ["text/spdx", "spdx"],
  ["text/spdx+json", "spdx"],
  ["application/vnd.cyclonedx+json", "cyclonedx"],
  ["application/vnd.cyclonedx+xml", "cyclonedx"],
  ["application/vnd.cyclonedx", "cyclonedx"],
]);
