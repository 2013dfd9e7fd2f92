import { entriesOf, fieldsOf, parseJson, textOf, type Fields } from "../../domain/json.ts";
import { isDigest, type Digest } from "../../domain/release.ts";
import { BUNDLE_ARTIFACT, SBOM_ARTIFACTS } from "../../domain/supply-chain/documents.ts";
import type { Annotations, AttachedDocument, AttachedDocuments, UnreadDocument } from "../../domain/supply-chain/documents.ts";

/** What is asked of a registry for this. Content by digest is proven to have it; null is the registry's own word that a thing is not there. */
export interface AttachmentReader {
  /** Entries of all pages of the referrers API; null where the registry has no such API. */
  referrers(): Promise<readonly unknown[] | null>;
  /** By tag. */
  tagged(tag: string): Promise<Uint8Array | null>;
  manifest(digest: Digest): Promise<Uint8Array | null>;
  blob(digest: Digest): Promise<Uint8Array | null>;
}

/** Signatures and attestations of one image; builds that attach more than this each time somebody runs them need a cleaning. */
export const MOST_ATTACHED = 100;
/** SBOMs of large images have some megabytes. */
export const LARGEST_ATTACHED = 16 * 1024 * 1024;
/** All that is attached to one image, which is held at once. */
export const LARGEST_TOGETHER = 48 * 1024 * 1024;

const SIGNATURE_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json";
const ENVELOPE_LAYER = "application/vnd.dsse.envelope.v1+json";

/**
 * Everything attached to an image that can be read: OCI referrers with Sigstore bundles and SBOMs, by the referrers API or, where the registry has none,
 * by the tag `sha256-<hex>` (OCI distribution-spec, "Referrers Tag Schema"); and the layers of cosign's tags `.sig` and `.att`. What kind of thing an entry is,
 * and which image it is attached to, its own manifest says: lists are written by clients.
 */
export async function attachmentsOf(reader: AttachmentReader, image: Digest): Promise<AttachedDocuments> {
  const found = new Found();
  const tag = `sha256-${image.slice("sha256:".length)}`;
  const listed = (await reader.referrers()) ?? entriesOf(fieldsIn(await reader.tagged(tag))["manifests"]);
  const seen = new Set<Digest>();
  for (const entry of descriptorsOf(listed)) {
    if (seen.has(entry.digest)) continue;
    seen.add(entry.digest);
    if (isOther(entry.artifactType)) continue;
    if (!found.takesMore("referrers")) break;
    await readReferrer(reader, image, entry, found);
  }
  for (const [suffix, layout, mediaType] of [
    ["sig", "signature-tag", SIGNATURE_LAYER],
    ["att", "attestation-tag", ENVELOPE_LAYER],
  ] as const) {
    const manifest = fieldsIn(await reader.tagged(`${tag}.${suffix}`));
    for (const layer of descriptorsOf(entriesOf(manifest["layers"]))) {
      // Several signatures of one payload are several layers of one digest.
      if (layer.mediaType !== mediaType) continue;
      if (!found.takesMore(`layers of ${tag}.${suffix}`)) break;
      const bytes = await readLayer(reader, layer, layer.annotations["predicateType"] ?? null, found);
      if (bytes !== null) found.documents.push({ layout, name: nameOf(layout, layer.digest), bytes, annotations: layer.annotations });
    }
  }
  return found;
}

class Found implements AttachedDocuments {
  readonly documents: AttachedDocument[] = [];
  readonly unread: UnreadDocument[] = [];
  #count = 0;
  #bytes = 0;

  takesMore(what: string): boolean {
    this.#count += 1;
    if (this.#count <= MOST_ATTACHED) return true;
    const reason = `it has more than ${MOST_ATTACHED} signatures and attestations, of which the rest of the ${what} was not read; remove old ones`;
    if (this.#count === MOST_ATTACHED + 1) this.unread.push({ reason, predicateType: null });
    return false;
  }

  /** Whether as many bytes more can be held. */
  fits(size: number): boolean {
    return this.#bytes + size <= LARGEST_TOGETHER;
  }

  takes({ byteLength }: Uint8Array): boolean {
    if (!this.fits(byteLength)) return false;
    this.#bytes += byteLength;
    return true;
  }
}

async function readReferrer(reader: AttachmentReader, image: Digest, entry: Descriptor, found: Found): Promise<void> {
  const bytes = await reader.manifest(entry.digest);
  if (bytes === null) {
    found.unread.push({ reason: `the registry lists ${entry.digest} for it and does not have it`, predicateType: predicateTypeOf(entry.annotations) });
    return;
  }
  const manifest = fieldsIn(bytes);
  if (fieldsOf(manifest["subject"])["digest"] !== image) return;
  const artifactType = textOf(manifest["artifactType"]) || textOf(fieldsOf(manifest["config"])["mediaType"]);
  const predicateType = predicateTypeOf(annotationsOf(manifest["annotations"]));
  if (SBOM_ARTIFACTS.has(artifactType)) found.documents.push({ layout: "artifact", name: nameOf("artifact", entry.digest), artifactType });
  if (!BUNDLE_ARTIFACT.test(artifactType)) return;
  for (const layer of descriptorsOf(entriesOf(manifest["layers"])).slice(0, 1)) {
    const content = await readLayer(reader, layer, predicateType, found);
    if (content !== null) found.documents.push({ layout: "bundle", name: nameOf("bundle", entry.digest), bytes: content });
  }
}

async function readLayer(reader: AttachmentReader, layer: Descriptor, predicateType: string | null, found: Found): Promise<Uint8Array | null> {
  if (layer.size > LARGEST_ATTACHED) {
    const reason = `${layer.digest} has ${layer.size} bytes, and at most ${LARGEST_ATTACHED} are read`;
    found.unread.push({ reason, predicateType });
    return null;
  }
  const tooMuch = { reason: `what is attached to it has more than ${LARGEST_TOGETHER} bytes together, so ${layer.digest} was not read; remove old ones`, predicateType };
  if (!found.fits(layer.size)) {
    found.unread.push(tooMuch);
    return null;
  }
  const bytes = await reader.blob(layer.digest);
  if (bytes === null) found.unread.push({ reason: `the registry has the manifest with ${layer.digest} and not that part of it`, predicateType });
  // The size in a manifest is its uploader's word.
  else if (!found.takes(bytes)) found.unread.push(tooMuch);
  else return bytes;
  return null;
}

const NAMES: Readonly<Record<AttachedDocument["layout"], string>> = {
  bundle: "bundle",
  "signature-tag": "signature",
  "attestation-tag": "attestation",
  artifact: "SBOM",
};

function nameOf(layout: AttachedDocument["layout"], digest: Digest): string {
  return `${NAMES[layout]} ${digest.slice(0, "sha256:".length + 12)}`;
}

function predicateTypeOf(annotations: Annotations): string | null {
  return annotations["dev.sigstore.bundle.predicateType"] ?? null;
}

/** Whether an entry of a list says that it is something else. One that says nothing may be anything: older clients leave it out. */
function isOther(artifactType: string): boolean {
  return artifactType !== "" && !BUNDLE_ARTIFACT.test(artifactType) && !SBOM_ARTIFACTS.has(artifactType);
}

interface Descriptor {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string;
  readonly size: number;
  readonly annotations: Annotations;
}

/** What is no descriptor is left out. */
function descriptorsOf(entries: readonly unknown[]): readonly Descriptor[] {
  return entries.flatMap((entry) => {
    const { digest, mediaType, artifactType, size, annotations } = fieldsOf(entry);
    if (typeof digest !== "string" || !isDigest(digest)) return [];
    return [
      {
        digest,
        mediaType: textOf(mediaType),
        artifactType: textOf(artifactType),
        size: typeof size === "number" ? size : 0,
        annotations: annotationsOf(annotations),
      },
    ];
  });
}

function fieldsIn(bytes: Uint8Array | null): Fields {
  return bytes === null ? {} : fieldsOf(parseJson(bytes));
}

function annotationsOf(value: unknown): Annotations {
  const texts = Object.entries(fieldsOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(texts);
}
