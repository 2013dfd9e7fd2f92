import { at, pushOf, type RegistryEvent } from "./registry-event.ts";

/**
 * Artifactory's event `pushed` of the domain `docker` (docs.jfrog.com, "Event types").
 *
 * @param registry What stands before the image's name in manifests, like `acme.jfrog.io/docker`. The event cannot say it: people pull through
 *   virtual repositories and hosts of which it does not know.
 */
export function parseArtifactory(body: unknown, registry: string): RegistryEvent {
  const [domain, type] = [at(body, "domain"), at(body, "event_type")];
  if (typeof domain !== "string" || typeof type !== "string") return { invalid: "the body has no domain and event_type, so it is no event of Artifactory" };
  if (domain !== "docker" || type !== "pushed") return { ignored: "the event is not about a pushed image" };
  // `acme/app/1.2.3/manifest.json`. The event's image_name leaves folders out.
  const path = at(body, "data", "path");
  const [, name, tag] = typeof path === "string" ? (/^\/?(.+)\/([^/]+)\/[^/]+$/.exec(path) ?? []) : [];
  if (name === undefined) return { invalid: "the push event has no data.path, which names the image" };
  return pushOf(`${registry}/${name}`, tag);
}
