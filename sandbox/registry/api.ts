import { parseImageReference, isTag } from "../../src/domain/image-reference.ts";
import { isDigest } from "../../src/domain/release.ts";
import { OCI_INDEX, OCI_MANIFEST } from "./image.ts";
import type { RegistryHappening } from "./notifications.ts";
import { referrersOf, subjectOf } from "./referrers.ts";
import { digestOf, type RegistryStore, type StoredManifest } from "./store.ts";

export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly contentType: string;
  readonly host: string;
  readonly body: Uint8Array;
}

export interface ApiReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: Uint8Array | object | string;
}

/** How a registry can be wrong about a manifest: in the header that names its digest, or in the bytes themselves. */
export type Lie = "header" | "bytes";

const ROUTE = /^\/v2\/(?<repository>.+?)\/(?<kind>manifests|blobs|tags|referrers)\/(?<rest>.*)$/;
const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const MANIFEST_TYPES: readonly string[] = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST];

/** What a path is about, before anything is done: the access that it needs depends on it. */
export function repositoryOf(path: string): string | null {
  return ROUTE.exec(path)?.groups?.["repository"] ?? null;
}

/**
 * The OCI distribution-spec over a store, with the ways of CNCF Distribution 2.8: OCI manifests are 404 for those who do not accept
 * them, tags are not deleted by name, there are no referrers unless {@link offersReferrers} says so. Unlike 2.8, which gives all tags at once, `tags/list`
 * is paged, as the specification and version 3 have it.
 */
export class RegistryApi {
  readonly #store: RegistryStore;
  readonly #tell: (happening: RegistryHappening) => void;
  readonly #uploads = new Map<string, Uint8Array>();
  readonly #lies = new Map<string, Lie>();
  #uploadCount = 0;
  /** Tags that one page holds at most. */
  pageSize = 100;
  /** Whether it has the referrers API, as version 3 does. Without it, clients keep the list themselves, by a tag. */
  offersReferrers = false;

  constructor(store: RegistryStore, tell: (happening: RegistryHappening) => void) {
    this.#store = store;
    this.#tell = tell;
  }

  lie(repository: string, reference: string, lie: Lie | null): void {
    if (lie === null) this.#lies.delete(`${repository}:${reference}`);
    else this.#lies.set(`${repository}:${reference}`, lie);
  }

  answer(call: ApiCall): ApiReply {
    if (call.path === "/v2/" || call.path === "/v2") return { status: 200, body: {} };
    const { repository = "", kind = "", rest = "" } = ROUTE.exec(call.path)?.groups ?? {};
    if (!parseImageReference(`registry.test/${repository}`).ok) return notFound();
    if (kind === "manifests") return this.#manifest(call, repository, rest);
    if (kind === "tags" && rest === "list" && call.method === "GET") return this.#tags(call, repository);
    if (kind === "referrers" && this.offersReferrers && call.method === "GET") return this.#referrers(call, repository, rest);
    if (kind === "blobs" && rest.startsWith("uploads")) return this.#upload(call, repository, rest.slice("uploads/".length));
    if (kind === "blobs") return this.#blob(call, repository, rest);
    return notFound();
  }

  #manifest(call: ApiCall, repository: string, reference: string): ApiReply {
    if (!isTag(reference) && !isDigest(reference)) return failure(400, "DIGEST_INVALID", "invalid reference");
    if (call.method === "GET" || call.method === "HEAD") return this.#readManifest(call, repository, reference);
    if (call.method === "PUT") return this.#writeManifest(call, repository, reference);
    if (call.method !== "DELETE") return unsupported();
    if (!isDigest(reference)) return failure(400, "DIGEST_INVALID", "tags cannot be deleted");
    const held = this.#store.manifest(repository, reference);
    if (held === undefined) return failure(404, "MANIFEST_UNKNOWN", "manifest unknown");
    this.#store.deleteManifest(repository, reference);
    this.#told(call, "delete", repository, held, null);
    return { status: 202 };
  }

  #readManifest(call: ApiCall, repository: string, reference: string): ApiReply {
    const held = this.#store.manifest(repository, reference);
    if (held === undefined) return failure(404, "MANIFEST_UNKNOWN", "manifest unknown");
    const accepted = call.accept.split(",").map((type) => type.split(";")[0]?.trim());
    const isOci = held.mediaType === OCI_MANIFEST || held.mediaType === OCI_INDEX;
    if (isOci && !accepted.includes(held.mediaType)) {
      return failure(404, "MANIFEST_UNKNOWN", "OCI manifest found, but accept header does not support OCI manifests");
    }
    this.#told(call, "pull", repository, held, isTag(reference) ? reference : null);
    const lie = this.#lies.get(`${repository}:${reference}`);
    // White space keeps it a manifest and changes its hash.
    const bytes = lie === "bytes" ? new Uint8Array([...held.bytes, 0x20]) : held.bytes;
    const digest = lie === "header" ? digestOf(new TextEncoder().encode(held.digest)) : held.digest;
    return { status: 200, headers: { "content-type": held.mediaType, "docker-content-digest": digest, etag: `"${digest}"` }, body: bytes };
  }

  #writeManifest(call: ApiCall, repository: string, reference: string): ApiReply {
    const mediaType = call.contentType;
    if (!MANIFEST_TYPES.includes(mediaType)) return failure(400, "MANIFEST_INVALID", "manifest invalid");
    const parts = partsOf(call.body);
    if (parts === null) return failure(400, "MANIFEST_INVALID", "manifest invalid");
    for (const { digest, isManifest } of parts) {
      const held = isManifest ? this.#store.manifest(repository, digest) : this.#store.blob(repository, digest);
      if (held === undefined) return failure(400, isManifest ? "MANIFEST_UNKNOWN" : "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry");
    }
    if (isDigest(reference) && reference !== digestOf(call.body)) return otherDigest();
    const held = this.#store.putManifest(repository, mediaType, call.body);
    if (!isDigest(reference)) this.#store.tag(repository, reference, held.digest);
    this.#told(call, "push", repository, held, isDigest(reference) ? null : reference);
    const location = `http://${call.host}/v2/${repository}/manifests/${held.digest}`;
    const subject = this.offersReferrers ? subjectOf(held) : null;
    return { status: 201, headers: { location, "docker-content-digest": held.digest, ...(subject === null ? {} : { "oci-subject": subject }) } };
  }

  /** OCI distribution-spec, "Listing Referrers": an image that nothing is attached to, or that is not there, has an empty list. */
  #referrers(call: ApiCall, repository: string, digest: string): ApiReply {
    if (!isDigest(digest)) return failure(400, "DIGEST_INVALID", "invalid digest");
    const wanted = call.query.get("artifactType");
    const after = call.query.get("last") ?? "";
    const all = referrersOf(this.#store.manifests(repository), digest).filter(({ artifactType }) => wanted === null || artifactType === wanted);
    const rest = all.filter((entry) => entry.digest > after);
    const page = rest.slice(0, this.pageSize);
    const last = page.at(-1);
    const headers = {
      "content-type": OCI_INDEX,
      ...(wanted === null ? {} : { "oci-filters-applied": "artifactType" }),
      ...(last === undefined || rest.length === page.length ? {} : { link: `</v2/${repository}/referrers/${digest}?last=${last.digest}>; rel="next"` }),
    };
    return { status: 200, headers, body: JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: page }) };
  }

  #tags(call: ApiCall, repository: string): ApiReply {
    const tags = this.#store.tags(repository);
    if (tags === undefined) return failure(404, "NAME_UNKNOWN", "repository name not known to registry");
    const asked = Number(call.query.get("n") ?? this.pageSize);
    if (!Number.isInteger(asked) || asked < 1) return failure(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested");
    const size = Math.min(asked, this.pageSize);
    const after = call.query.get("last") ?? "";
    const rest = tags.filter((tag) => tag > after);
    const page = rest.slice(0, size);
    const last = page.at(-1);
    const body = { name: repository, tags: page };
    if (rest.length === page.length || last === undefined) return { status: 200, body };
    const link = `</v2/${repository}/tags/list?last=${encodeURIComponent(last)}&n=${size}>; rel="next"`;
    return { status: 200, headers: { link }, body };
  }

  #blob(call: ApiCall, repository: string, digest: string): ApiReply {
    const bytes = this.#store.blob(repository, digest);
    if (bytes === undefined) return failure(404, "BLOB_UNKNOWN", "blob unknown to registry");
    if (call.method === "DELETE") {
      this.#store.deleteBlob(repository, digest);
      return { status: 202 };
    }
    if (call.method !== "GET" && call.method !== "HEAD") return unsupported();
    return { status: 200, headers: { "content-type": "application/octet-stream", "docker-content-digest": digest }, body: bytes };
  }

  #upload(call: ApiCall, repository: string, id: string): ApiReply {
    if (call.method === "POST") return this.#beginUpload(call, repository);
    const received = this.#uploads.get(id);
    if (received === undefined) return failure(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    if (call.method === "DELETE") {
      this.#uploads.delete(id);
      return { status: 204 };
    }
    const bytes = Buffer.concat([received, call.body]);
    if (call.method === "PATCH") return this.#uploading(202, repository, id, bytes);
    if (call.method === "GET") return this.#uploading(204, repository, id, received);
    if (call.method !== "PUT") return unsupported();
    this.#uploads.delete(id);
    return this.#storeBlob(call, repository, bytes);
  }

  #beginUpload(call: ApiCall, repository: string): ApiReply {
    const mount = this.#store.blob(call.query.get("from") ?? "", call.query.get("mount") ?? "");
    if (mount !== undefined) return this.#stored(call, repository, mount);
    if (call.query.has("digest")) return this.#storeBlob(call, repository, call.body);
    this.#uploadCount += 1;
    return this.#uploading(202, repository, `upload-${this.#uploadCount}`, new Uint8Array());
  }

  #uploading(status: number, repository: string, id: string, bytes: Uint8Array): ApiReply {
    this.#uploads.set(id, bytes);
    const range = `0-${Math.max(bytes.byteLength - 1, 0)}`;
    return { status, headers: { location: `/v2/${repository}/blobs/uploads/${id}`, "docker-upload-uuid": id, range } };
  }

  #storeBlob(call: ApiCall, repository: string, bytes: Uint8Array): ApiReply {
    if (call.query.get("digest") !== digestOf(bytes)) return otherDigest();
    return this.#stored(call, repository, bytes);
  }

  #stored(call: ApiCall, repository: string, bytes: Uint8Array): ApiReply {
    const digest = this.#store.putBlob(repository, bytes);
    const blob = { digest, mediaType: "application/octet-stream", bytes };
    this.#told(call, "push", repository, blob, null);
    return { status: 201, headers: { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest } };
  }

  #told(call: ApiCall, action: RegistryHappening["action"], repository: string, held: StoredManifest, tag: string | null): void {
    const { digest, mediaType, bytes } = held;
    const kind = mediaType === "application/octet-stream" ? "blobs" : "manifests";
    const path = `/v2/${repository}/${kind}/${digest}`;
    this.#tell({ action, repository, digest, mediaType, size: bytes.byteLength, tag, host: call.host, method: call.method, path });
  }
}

interface Part {
  readonly digest: string;
  readonly isManifest: boolean;
}

/** What a manifest refers to, or null when it is none. */
function partsOf(bytes: Uint8Array): readonly Part[] | null {
  let manifest: unknown;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  if (typeof manifest !== "object" || manifest === null || !("schemaVersion" in manifest) || manifest.schemaVersion !== 2) return null;
  if ("manifests" in manifest) return Array.isArray(manifest.manifests) ? digestsOf(manifest.manifests, true) : null;
  if (!("config" in manifest) || !("layers" in manifest) || !Array.isArray(manifest.layers)) return null;
  return digestsOf([manifest.config, ...manifest.layers], false);
}

function digestsOf(descriptors: readonly unknown[], isManifest: boolean): readonly Part[] | null {
  const parts: Part[] = [];
  for (const descriptor of descriptors) {
    if (typeof descriptor !== "object" || descriptor === null || !("digest" in descriptor)) return null;
    if (typeof descriptor.digest !== "string") return null;
    parts.push({ digest: descriptor.digest, isManifest });
  }
  return parts;
}

/** The errors of the distribution-spec. */
export function failure(status: number, code: string, message: string): ApiReply {
  return { status, body: { errors: [{ code, message, detail: null }] } };
}

function otherDigest(): ApiReply {
  return failure(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
}

function unsupported(): ApiReply {
  return failure(405, "UNSUPPORTED", "The operation is unsupported.");
}

function notFound(): ApiReply {
  return { status: 404, headers: { "content-type": "text/plain; charset=utf-8" }, body: "404 page not found\n" };
}
