import { at, repositoryOf, together, withoutTag, type RegistryEvent } from "./registry-event.ts";

/** `{"images": ["ghcr.io/acme/app:1.2.3"]}`: what a build can send when its registry tells nobody. Tags may be left out. */
export function parseImageList(body: unknown): RegistryEvent {
  const images = at(body, "images");
  if (!Array.isArray(images) || images.length === 0) return { invalid: 'the body must be {"images": ["<host>/<path>:<tag>", …]}' };
  return together(images.map(parseImage));
}

function parseImage(image: unknown): RegistryEvent {
  const repository = typeof image === "string" ? repositoryOf(withoutTag(image)) : null;
  return repository === null ? { invalid: "images must hold names with their registry, like docker.io/library/nginx:1.29" } : { repositories: [repository] };
}
