import { isSignatureTag, isTag, parseImageReference } from "./image-reference.ts";

/** What a registry says was pushed: a hint to look there. The digest in a payload is anybody's word and is not read. */
export interface PushedImage {
  /** Normalised `domain/path`. */
  readonly repository: string;
  /** Null when the event does not say. */
  readonly tag: string | null;
}

export type RegistryEvent =
  | { readonly images: readonly PushedImage[] }
  /** A sound event that is not about a pushed, tagged image. */
  | { readonly ignored: string }
  /** Not an event of this source: somebody configured the wrong webhook. */
  | { readonly invalid: string };

/**
 * Reads the body of a registry's webhook, whose sender the caller has authenticated.
 * - `distribution`: notifications of CNCF Distribution (distribution.github.io, "Work with notifications"), an envelope of
 *   pushes, pulls and deletes of manifests and blobs; and the single event of the same shape that Azure's registry sends.
 * - `package`: GitHub's `registry_package` and `package` events (docs.github.com, "Webhook events and payloads").
 */
export function parseRegistryEvent(source: "distribution" | "package", body: unknown): RegistryEvent {
  return source === "distribution" ? parseDistribution(body) : parsePackage(body);
}

function parseDistribution(body: unknown): RegistryEvent {
  const envelope = at(body, "events");
  const events: readonly unknown[] | null = Array.isArray(envelope) ? envelope : typeof at(body, "action") === "string" ? [body] : null;
  if (events === null) return { invalid: "the body has no list of events, so it is no notification of a registry" };
  const images = new Map<string, PushedImage>();
  let misread: string | null = null;
  for (const event of events) {
    const image = pushedImage(event);
    if (typeof image === "string") misread = image;
    else if (image !== null) images.set(`${image.repository}:${image.tag ?? ""}`, image);
  }
  // One event that cannot be read must not cost the others: the envelope mixes unrelated ones.
  if (images.size > 0) return { images: [...images.values()] };
  return misread === null ? { ignored: "no event is a push of a tagged image" } : { invalid: misread };
}

/** The image of one event; null when it is about something else; the problem when it cannot be read. */
function pushedImage(event: unknown): PushedImage | string | null {
  const action = at(event, "action");
  if (typeof action !== "string") return "an event has no action";
  if (action !== "push") return null;
  const tag = at(event, "target", "tag");
  // Blobs have no tag, nor have the manifests of single platforms.
  if (typeof tag !== "string" || tag === "" || isSignatureTag(tag)) return null;
  const path = at(event, "target", "repository");
  const host = hostOf(event);
  if (typeof path !== "string" || host === null) return "a push event does not say which registry and repository it is about";
  const parsed = parseImageReference(`${host}/${path}`);
  // A host without a dot or port, like `registry`, would be read as a namespace of Docker Hub.
  const sound = parsed.ok && parsed.reference.domain === host && parsed.reference.tag === null;
  if (!sound || !isTag(tag)) return "a push event names an image that manifests cannot refer to";
  return { repository: parsed.reference.repository, tag };
}

/** The host that the image was pushed to, as manifests name it. */
function hostOf(event: unknown): string | null {
  const host = at(event, "request", "host");
  if (typeof host === "string" && host !== "") return host;
  const url = at(event, "target", "url");
  return typeof url === "string" ? (/^https?:\/\/([^/?#@]+)\//.exec(url)?.[1] ?? null) : null;
}

/** Where GitHub's container packages are served from, unless the event's own address says otherwise. */
const GITHUB_REGISTRY = "ghcr.io";
const CONTAINER_TYPES: ReadonlySet<string> = new Set(["container", "docker"]);

function parsePackage(body: unknown): RegistryEvent {
  const action = at(body, "action");
  const key = at(body, "registry_package") === undefined ? "package" : "registry_package";
  const type = at(body, key, "package_type");
  if (typeof action !== "string" || typeof type !== "string") return { invalid: "the body is no package event of GitHub" };
  if (action !== "published" && action !== "updated") return { ignored: `the package was ${action}` };
  if (!CONTAINER_TYPES.has(type.toLowerCase())) return { ignored: "the package is not a container image" };
  const repository = packageRepository(at(body, key));
  if (repository === null) return { invalid: "the package event does not say which image it is about" };
  const stated = at(body, key, "package_version", "container_metadata", "tag", "name");
  const tag = typeof stated === "string" && isTag(stated) ? stated : null;
  if (tag !== null && isSignatureTag(tag)) return { ignored: "the package version is a signature" };
  const version = at(body, key, "package_version", "version");
  // A push of an image for several platforms is also told for each platform's manifest.
  const untagged = stated === "" || (typeof version === "string" && version.startsWith("sha256:"));
  if (tag === null && untagged) return { ignored: "the package version has no tag" };
  return { images: [{ repository, tag }] };
}

/**
 * The repository by `package_url`, which also names the host of a GitHub Enterprise Server, else by owner and name.
 * GitHub sends `ghcr.io/acme/app:` for a version without a tag, and an owner's upper-case letters, which no registry serves.
 */
function packageRepository(content: unknown): string | null {
  const url = at(content, "package_version", "package_url");
  const text = typeof url === "string" ? url.replace(/:$/, "").toLowerCase() : "";
  const named = parseImageReference(text);
  if (named.ok && text.startsWith(`${named.reference.domain}/`)) return named.reference.repository;
  const owner = at(content, "owner", "login") ?? at(content, "namespace");
  const name = at(content, "name");
  if (typeof owner !== "string" || typeof name !== "string") return null;
  const parsed = parseImageReference(`${GITHUB_REGISTRY}/${owner}/${name}`.toLowerCase());
  return parsed.ok && parsed.reference.tag === null ? parsed.reference.repository : null;
}

/** The value under a path of own keys, or undefined where the path ends. */
function at(value: unknown, ...path: readonly string[]): unknown {
  let current: unknown = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}
