import { at, pushOf, together, type RegistryEvent } from "./registry-event.ts";

/**
 * Notifications of CNCF Distribution (distribution.github.io, "Work with notifications"): an envelope of pushes, pulls and deletes of
 * manifests and blobs.
 */
export function parseDistribution(body: unknown): RegistryEvent {
  const events = at(body, "events");
  if (!Array.isArray(events)) return { invalid: "the body has no list of events, so it is no notification of a registry" };
  return together(events.map(parseOne));
}

/** Azure's registry sends one such event by itself, and `ping` (learn.microsoft.com, "Azure Container Registry webhook reference"). */
export function parseAzure(body: unknown): RegistryEvent {
  return typeof at(body, "action") === "string" ? parseOne(body) : { invalid: "the body has no action, so it is no event of Azure's registry" };
}

function parseOne(event: unknown): RegistryEvent {
  const action = at(event, "action");
  if (typeof action !== "string") return { invalid: "an event has no action" };
  if (action !== "push") return { ignored: "no event is a push of a tagged image" };
  const path = at(event, "target", "repository");
  const host = hostOf(event);
  // Blobs have no tag, nor have the manifests of single platforms.
  return pushOf(typeof path === "string" && host !== null ? `${host}/${path}` : null, at(event, "target", "tag"));
}

/** The host that the image was pushed to, as manifests name it. */
function hostOf(event: unknown): string | null {
  const host = at(event, "request", "host");
  if (typeof host === "string" && host !== "") return host;
  const url = at(event, "target", "url");
  return typeof url === "string" ? (/^https?:\/\/([^/?#@]+)\//.exec(url)?.[1] ?? null) : null;
}
