import { at, pushOf, type RegistryEvent } from "./registry-event.ts";

/**
 * Events of a Docker repository of Sonatype Nexus, about a component or an asset (help.sonatype.com, "Working with repository webhooks"). A tag that
 * is pushed again is told of as an asset only.
 *
 * @param registry What stands before the image's name in manifests, like `nexus.example.com:8083`. The event cannot say it: each repository has
 *   a port, host or path that only its administrator knows.
 */
export function parseNexus(body: unknown, registry: string): RegistryEvent {
  const action = at(body, "action");
  if (typeof at(body, "initiator") !== "string") return { invalid: "the body has no initiator, so it is no event of Nexus" };
  if (action !== "CREATED" && action !== "UPDATED") return { ignored: "nothing was created or updated" };
  const component = at(body, "component");
  const thing = component ?? at(body, "asset");
  if (at(thing, "format") !== "docker") return { ignored: "the event is not about a container image" };
  const name = at(thing, "name");
  if (typeof name !== "string") return { invalid: "the event does not say which image it is about" };
  if (component !== undefined) return pushOf(`${registry}/${name}`, at(component, "version"));
  const [, image, tag] = /^\/?v2\/(.+)\/manifests\/([^/]+)$/.exec(name) ?? [];
  return image === undefined ? { ignored: "the event is not about a manifest" } : pushOf(`${registry}/${image}`, tag);
}
