import { createHash } from "node:crypto";
import { isDigest, type Digest } from "../../src/domain/release.ts";

export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

interface StoredRepository {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, StoredManifest>;
  readonly tags: Map<string, Digest>;
}

export function digestOf(bytes: Uint8Array): Digest {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (!isDigest(digest)) throw new Error("a SHA-256 in hex is a digest");
  return digest;
}

/** What a registry holds, in memory. Blobs belong to one repository, as in Distribution. */
export class RegistryStore {
  readonly #repositories = new Map<string, StoredRepository>();

  blob(repository: string, digest: string): Uint8Array | undefined {
    return isDigest(digest) ? this.#repositories.get(repository)?.blobs.get(digest) : undefined;
  }

  putBlob(repository: string, bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.#of(repository).blobs.set(digest, bytes);
    return digest;
  }

  deleteBlob(repository: string, digest: string): void {
    if (isDigest(digest)) this.#repositories.get(repository)?.blobs.delete(digest);
  }

  /** By tag or digest. */
  manifest(repository: string, reference: string): StoredManifest | undefined {
    const held = this.#repositories.get(repository);
    const digest = isDigest(reference) ? reference : held?.tags.get(reference);
    return digest === undefined ? undefined : held?.manifests.get(digest);
  }

  manifests(repository: string): readonly StoredManifest[] {
    return [...(this.#repositories.get(repository)?.manifests.values() ?? [])];
  }

  putManifest(repository: string, mediaType: string, bytes: Uint8Array): StoredManifest {
    const manifest = { digest: digestOf(bytes), mediaType, bytes };
    this.#of(repository).manifests.set(manifest.digest, manifest);
    return manifest;
  }

  /** Deletes the manifest and the tags that name it. */
  deleteManifest(repository: string, digest: Digest): void {
    const held = this.#repositories.get(repository);
    held?.manifests.delete(digest);
    for (const [tag, target] of held?.tags ?? []) if (target === digest) held?.tags.delete(tag);
  }

  /** Points a tag at a manifest that is there. */
  tag(repository: string, tag: string, digest: Digest): void {
    const held = this.#repositories.get(repository);
    if (held?.manifests.has(digest) !== true) throw new Error(`${repository} has no manifest ${digest}`);
    held.tags.set(tag, digest);
  }

  untag(repository: string, tag: string): boolean {
    return this.#repositories.get(repository)?.tags.delete(tag) === true;
  }

  /** In the byte order that registries list them in; undefined when there is no such repository. */
  tags(repository: string): readonly string[] | undefined {
    const held = this.#repositories.get(repository);
    return held === undefined ? undefined : [...held.tags.keys()].toSorted();
  }

  #of(repository: string): StoredRepository {
    const held = this.#repositories.get(repository) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    this.#repositories.set(repository, held);
    return held;
  }
}
