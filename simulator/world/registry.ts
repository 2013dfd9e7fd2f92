import { createHash } from "node:crypto";
import { PortFailure, type ArtifactRegistry } from "../../src/ports.ts";
import type { Instant } from "../../src/domain/answer.ts";
import { isDigest, type Digest } from "../../src/domain/release.ts";
import type { AttachedDocument } from "../../src/domain/supply-chain/documents.ts";
import type { Fate } from "../facts.ts";
import type { Immediate } from "./immediate.ts";

interface Stored {
  readonly tags: ReadonlyMap<string, Digest>;
  readonly digests: ReadonlySet<string>;
}

const EMPTY: Stored = { tags: new Map(), digests: new Set() };

/** An OCI registry: tags that can be moved, digests that cannot, and how each image will do once it runs. */
export class Registry {
  down = false;
  #repositories: ReadonlyMap<string, Stored> = new Map();
  #before: ReadonlyMap<string, Stored> = new Map();
  readonly #fates = new Map<string, Fate>();
  readonly #built = new Map<string, Instant>();
  readonly #attached = new Map<string, readonly AttachedDocument[]>();
  #pushes = 0;
  readonly #versions = new Map<string, Set<string>>();

  /** Answers the new image's digest. */
  push(repository: string, tag: string, fate: Fate, at: Instant): Digest {
    this.#pushes += 1;
    const digest: Digest = `sha256:${createHash("sha256").update(`${repository}:${tag} ${this.#pushes}`).digest("hex")}`;
    this.#fates.set(digest, fate);
    this.#built.set(digest, at);
    this.#versions.set(repository, new Set([...(this.#versions.get(repository) ?? []), tag]));
    const stored = this.#repositories.get(repository) ?? EMPTY;
    this.#change(repository, { tags: new Map(stored.tags).set(tag, digest), digests: new Set([...stored.digests, digest]) });
    return digest;
  }

  /** Answers whether there is such an image for the tag to point at. */
  point(repository: string, tag: string, digest: string): boolean {
    const stored = this.#repositories.get(repository) ?? EMPTY;
    if (!isDigest(digest) || !stored.digests.has(digest)) return false;
    this.#change(repository, { ...stored, tags: new Map(stored.tags).set(tag, digest) });
    return true;
  }

  /** Answers whether it was not there before. */
  attach(digest: string, document: AttachedDocument): boolean {
    const there = this.#attached.get(digest) ?? [];
    if (there.some(({ name }) => name === document.name)) return false;
    this.#attached.set(digest, [...there, document]);
    return true;
  }

  drop(digest: string): void {
    for (const [repository, stored] of this.#repositories) {
      if (!stored.digests.has(digest)) continue;
      this.#change(repository, {
        tags: new Map([...stored.tags].filter(([, other]) => other !== digest)),
        digests: new Set([...stored.digests].filter((other) => other !== digest)),
      });
    }
  }

  #change(repository: string, stored: Stored): void {
    this.#before = this.#repositories;
    this.#repositories = new Map(this.#repositories).set(repository, stored);
  }

  /** How many tags there have ever been. */
  versions(repository: string): number {
    return this.#versions.get(repository)?.size ?? 0;
  }

  fateOf(digest: string): Fate {
    return this.#fates.get(digest) ?? "good";
  }

  tagsOf(repository: string): ReadonlyMap<string, Digest> {
    return (this.#repositories.get(repository) ?? EMPTY).tags;
  }

  /** Its answers now, or as they were before the last push. */
  port(stale: boolean): Immediate<ArtifactRegistry> {
    const at = stale ? this.#before : this.#repositories;
    const stored = (repository: string): Stored => {
      if (this.down) throw new PortFailure("dependency", "the registry is down");
      return at.get(repository) ?? EMPTY;
    };
    return {
      tags: (repository) => {
        const { tags } = stored(repository);
        if (!at.has(repository)) throw new PortFailure("stalled", `the registry has no repository ${repository}`);
        // In the byte order that registries list them in.
        return [...tags.keys()].toSorted();
      },
      created: (repository, digest) => (stored(repository).digests.has(digest) ? (this.#built.get(digest) ?? null) : null),
      attachments: (repository, digest) => {
        stored(repository);
        return { documents: this.#attached.get(digest) ?? [], unread: [] };
      },
      platforms: (repository, digest) => (stored(repository).digests.has(digest) ? ["linux/amd64"] : null),
      labels: (repository, digest) => (stored(repository).digests.has(digest) ? [new Map()] : null),
      digest: (repository, reference) => {
        const { tags, digests } = stored(repository);
        if (isDigest(reference)) return digests.has(reference) ? reference : null;
        return tags.get(reference) ?? null;
      },
    };
  }
}
