import { isDigest, type Digest } from "../../src/domain/release.ts";
import { digestOf } from "../../sandbox/registry/store.ts";

const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
const EMPTY = new TextEncoder().encode("{}");
export const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

export interface Layer {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
  /** What the descriptor says, where it is to lie. */
  readonly size?: number;
}

/** What is pushed, and what is said of it in the list of referrers. */
export interface Referrer {
  readonly artifactType: string;
  readonly layers: readonly Layer[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** The image that its own manifest names, where that is another. */
  readonly subject?: Digest;
  /** Left out of the list's entry, as old clients do. */
  readonly unnamed?: boolean;
}

/** Pushes attachments to an image as clients do (OCI distribution-spec, "Pushing Manifests With Subject"), over plain HTTP. */
export class Attacher {
  readonly #base: string;

  constructor(host: string, repository: string) {
    this.#base = `http://${host}/v2/${repository}`;
  }

  /** A Sigstore bundle as a referrer. */
  bundle(image: Digest, text: string, annotations: Readonly<Record<string, string>> = {}): Promise<Digest> {
    return this.referrer(image, { artifactType: BUNDLE_TYPE, layers: [{ mediaType: BUNDLE_TYPE, bytes: Buffer.from(text) }], annotations });
  }

  /** Where the registry does not say that it keeps the list, it is kept by its tag. */
  async referrer(image: Digest, { artifactType, layers, annotations = {}, subject = image, unnamed = false }: Referrer): Promise<Digest> {
    const manifest = json({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType,
      config: { mediaType: "application/vnd.oci.empty.v1+json", ...(await this.#blob(EMPTY)) },
      layers: await this.#layers(layers),
      subject: { mediaType: OCI_MANIFEST, digest: subject, size: 0 },
      annotations,
    });
    const digest = digestOf(manifest);
    const response = await this.#put(`manifests/${digest}`, manifest, OCI_MANIFEST);
    if (response.headers.get("oci-subject") === null) {
      const entry = { mediaType: OCI_MANIFEST, digest, size: manifest.byteLength, annotations, ...(unnamed ? {} : { artifactType }) };
      await this.#list(image, [...(await this.#listed(image)), entry]);
    }
    return digest;
  }

  /** Writes the list of referrers that clients keep by a tag. */
  async #list(image: Digest, manifests: readonly object[]): Promise<void> {
    const index = json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    await this.#put(`manifests/${tagOf(image)}`, index, OCI_INDEX);
  }

  /** Layers under cosign's tag `.sig` or `.att`. */
  async tag(image: Digest, suffix: "sig" | "att", layers: readonly Layer[]): Promise<void> {
    const manifest = json({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...(await this.#blob(EMPTY)) },
      layers: await this.#layers(layers),
    });
    await this.#put(`manifests/${tagOf(image)}.${suffix}`, manifest, OCI_MANIFEST);
  }

  async #layers(layers: readonly Layer[]): Promise<readonly object[]> {
    const descriptors: object[] = [];
    for (const { mediaType, bytes, annotations, size } of layers) {
      const { digest } = await this.#blob(bytes);
      descriptors.push({ mediaType, digest, size: size ?? bytes.byteLength, ...(annotations === undefined ? {} : { annotations }) });
    }
    return descriptors;
  }

  async #listed(image: Digest): Promise<readonly object[]> {
    const response = await fetch(`${this.#base}/manifests/${tagOf(image)}`, { headers: { accept: OCI_INDEX } });
    const body: unknown = await response.json();
    return response.ok && typeof body === "object" && body !== null && "manifests" in body && Array.isArray(body.manifests) ? body.manifests : [];
  }

  async #blob(bytes: Uint8Array): Promise<{ readonly digest: Digest; readonly size: number }> {
    const digest = digestOf(bytes);
    const begun = await fetch(`${this.#base}/blobs/uploads/`, { method: "POST" });
    const location = new URL(begun.headers.get("location") ?? "", this.#base);
    location.searchParams.set("digest", digest);
    const response = await fetch(location, { method: "PUT", body: Buffer.from(bytes), headers: { "content-type": "application/octet-stream" } });
    if (response.status !== 201) throw new Error(`PUT ${location.pathname}: ${response.status} ${await response.text()}`);
    return { digest, size: bytes.byteLength };
  }

  async #put(path: string, bytes: Uint8Array, contentType: string): Promise<Response> {
    const response = await fetch(`${this.#base}/${path}`, { method: "PUT", body: Buffer.from(bytes), headers: { "content-type": contentType } });
    if (response.status !== 201) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}

function tagOf(image: Digest): string {
  if (!isDigest(image)) throw new Error("an image is attached to by its digest");
  return `sha256-${image.slice("sha256:".length)}`;
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
