import { at, repositoryOf, pushOf, type RegistryEvent } from "./registry-event.ts";

/** Events of these types say that there is something new; the others, that something went or was looked at. */
const NEWS = /push|publish/i;

/**
 * A CloudEvent in structured mode (github.com/cloudevents/spec, version 1.0). What its `data` holds is for each sender to say, so it is
 * read under the names in use: `repository` or `repositoryName`, which has the host in it unless `registry` or `registryUrl` gives one, and `tag` or
 * `imageTag`, which may be missing.
 */
export function parseCloudEvent(body: unknown): RegistryEvent {
  const [version, type] = [at(body, "specversion"), at(body, "type")];
  if (typeof version !== "string" || !version.startsWith("1.") || typeof type !== "string") {
    return { invalid: "the body has no specversion 1.x and type, so it is no CloudEvent in structured mode" };
  }
  if (!NEWS.test(type)) return { ignored: "the type of the event does not say that something was pushed or published" };
  const name = at(body, "data", "repository") ?? at(body, "data", "repositoryName");
  if (typeof name !== "string") return { invalid: "the event has no data.repository" };
  const host = at(body, "data", "registry") ?? at(body, "data", "registryUrl");
  const image = typeof host === "string" ? `${host.replace(/^https?:\/\//, "").replace(/\/+$/, "")}/${name}` : name;
  const tag = at(body, "data", "tag") ?? at(body, "data", "imageTag");
  if (tag !== undefined) return pushOf(image, tag);
  const repository = repositoryOf(image);
  return repository === null ? { invalid: "data.repository does not name an image with its registry" } : { repositories: [repository] };
}
