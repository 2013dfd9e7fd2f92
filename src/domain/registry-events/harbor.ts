import { at, pushOf, together, withoutTag, type RegistryEvent } from "./registry-event.ts";

/**
 * Harbor's pushes (goharbor.io, "Configure Webhook Notifications"), in its own format and in that of CloudEvents: a list of resources, each
 * under the name by which Harbor serves it.
 */
export function parseHarbor(body: unknown): RegistryEvent {
  const type = at(body, "type");
  if (typeof type !== "string") return { invalid: "the body has no type, so it is no event of Harbor" };
  if (type !== "PUSH_ARTIFACT" && type !== "harbor.artifact.pushed") return { ignored: "the event is not about a push" };
  const data = at(body, type === "PUSH_ARTIFACT" ? "event_data" : "data");
  const resources = at(data, "resources");
  if (!Array.isArray(resources)) return { invalid: "the push event has no list of resources" };
  return together(resources.map(parseResource));
}

function parseResource(resource: unknown): RegistryEvent {
  const url = at(resource, "resource_url");
  return pushOf(typeof url === "string" ? withoutTag(url) : null, at(resource, "tag"));
}
