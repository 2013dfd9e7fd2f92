import { isSignatureTag, isTag, parseImageReference } from "../image-reference.ts";

/**
 * What a registry's webhook says: a hint to look at some repositories again. A digest in it is anybody's word and is not read; a tag is
 * only read to tell an image from what is stored beside one.
 */
export type RegistryEvent =
  /** Normalised `domain/path` of what was pushed, each once. */
  | { readonly repositories: readonly string[] }
  /** A sound event that is not about a pushed, tagged image. */
  | { readonly ignored: string }
  /** Not an event of this source: somebody configured the wrong webhook. */
  | { readonly invalid: string };

const UNTAGGED: RegistryEvent = { ignored: "no event is a push of a tagged image" };

/**
 * A push of an image under its full name, `host/path`, as manifests would write it.
 *
 * @param image Null where the event does not say it.
 * @param tag What the event says the tag is. Without one it is the manifest of a single platform, whose index is told of by itself.
 */
export function pushOf(image: string | null, tag: unknown): RegistryEvent {
  // Some senders put the digest where a tag would be.
  if (typeof tag !== "string" || tag === "" || tag.startsWith("sha256:") || isSignatureTag(tag)) return UNTAGGED;
  if (image === null) return { invalid: "a push event does not say which registry and repository it is about" };
  const repository = repositoryOf(image);
  if (repository === null || !isTag(tag)) return { invalid: "a push event names an image that manifests cannot refer to" };
  return { repositories: [repository] };
}

/** The normalised repository of a full name without tag and digest; null for what is none. */
export function repositoryOf(image: string): string | null {
  const parsed = parseImageReference(image);
  if (!parsed.ok) return null;
  const { domain, repository, tag, digest } = parsed.reference;
  // A host without a dot or port, like `registry`, would be read as a namespace of Docker Hub.
  return tag === null && digest === null && image.startsWith(`${domain}/`) ? repository : null;
}

/** `host/path` out of `host/path:tag` or `host/path@digest`, with or without a scheme before it. */
export function withoutTag(reference: string): string {
  const name = reference.replace(/^https?:\/\//, "").split("@", 1)[0] ?? "";
  return name.replace(/:[^:/]*$/, "");
}

/** Several events that came in one body. One that cannot be read must not cost the others. */
export function together(events: readonly RegistryEvent[]): RegistryEvent {
  const repositories = new Set(events.flatMap((event) => ("repositories" in event ? event.repositories : [])));
  if (repositories.size > 0) return { repositories: [...repositories] };
  return events.find((event) => "invalid" in event) ?? events[0] ?? UNTAGGED;
}

/** The value under a path of own keys, or undefined where the path ends. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current: unknown = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}
