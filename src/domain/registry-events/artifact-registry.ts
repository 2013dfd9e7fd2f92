import { at, pushOf, withoutTag, type RegistryEvent } from "./registry-event.ts";

/**
 * What Google's Artifact Registry publishes to the topic `gcr`, as Pub/Sub pushes it: JSON in base64 in an envelope
 * (cloud.google.com, "Configure Pub/Sub notifications" and "Push subscriptions").
 */
export function parseArtifactRegistry(body: unknown): RegistryEvent {
  const data = at(body, "message", "data");
  const message = typeof data === "string" ? decoded(data) : undefined;
  const action = at(message, "action");
  if (typeof action !== "string") return { invalid: "the body is no message of Pub/Sub about an image" };
  const image = at(message, "tag");
  if (action !== "INSERT" || image === undefined) return { ignored: "the message is not about a pushed tag" };
  if (typeof image !== "string") return { invalid: "the message does not say which image it is about" };
  const name = withoutTag(image);
  return pushOf(name, image.slice(name.length + 1));
}

function decoded(base64: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))));
  } catch {
    return undefined;
  }
}
