import { at, pushOf, together, type RegistryEvent } from "./registry-event.ts";

/** Quay's "Push to Repository" (docs.quay.io, "Repository notifications"): one repository and the tags that moved. Its other events have no tags. */
export function parseQuay(body: unknown): RegistryEvent {
  const image = at(body, "docker_url");
  if (typeof image !== "string") return { invalid: "the body has no docker_url, so it is no notification of Quay" };
  const tags = at(body, "updated_tags");
  if (tags === undefined) return { ignored: "the notification is not about a push" };
  if (!Array.isArray(tags)) return { invalid: "updated_tags is not a list of tags" };
  return together(tags.map((tag) => pushOf(image, tag)));
}
