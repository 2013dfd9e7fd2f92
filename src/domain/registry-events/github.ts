import { isSignatureTag, isTag, parseImageReference } from "../image-reference.ts";
import { at, repositoryOf, type RegistryEvent } from "./registry-event.ts";

/** Where GitHub's container packages are served from, unless the event's own address says otherwise. */
const GITHUB_REGISTRY = "ghcr.io";
const CONTAINER_TYPES: ReadonlySet<string> = new Set(["container", "docker"]);

/** GitHub's `registry_package` and `package` events (docs.github.com, "Webhook events and payloads"). */
export function parseGitHub(body: unknown): RegistryEvent {
  const action = at(body, "action");
  const key = at(body, "registry_package") === undefined ? "package" : "registry_package";
  const content = at(body, key);
  // `ping`, and whatever else somebody let this webhook send.
  if (content === undefined && typeof at(body, "sender", "login") === "string") return { ignored: "the event is not about a package" };
  const type = at(content, "package_type");
  if (typeof action !== "string" || typeof type !== "string") return { invalid: "the body is no package event of GitHub" };
  if (action !== "published" && action !== "updated") return { ignored: `the package was ${action}` };
  if (!CONTAINER_TYPES.has(type.toLowerCase())) return { ignored: "the package is not a container image" };
  const repository = packageRepository(content);
  if (repository === null) return { invalid: "the package event does not say which image it is about" };
  const stated = at(content, "package_version", "container_metadata", "tag", "name");
  const tagged = typeof stated === "string" && isTag(stated);
  if (tagged && isSignatureTag(stated)) return { ignored: "the package version is a signature" };
  const version = at(content, "package_version", "version");
  // A push of an image for several platforms is also told for each platform's manifest.
  const untagged = stated === "" || (typeof version === "string" && version.startsWith("sha256:"));
  return !tagged && untagged ? { ignored: "the package version has no tag" } : { repositories: [repository] };
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
  return repositoryOf(`${GITHUB_REGISTRY}/${owner}/${name}`.toLowerCase());
}
