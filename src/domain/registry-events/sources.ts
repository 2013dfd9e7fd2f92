import { parseArtifactRegistry } from "./artifact-registry.ts";
import { parseArtifactory } from "./artifactory.ts";
import { parseCloudEvent } from "./cloud-event.ts";
import { parseAzure, parseDistribution } from "./distribution.ts";
import { parseDockerHub } from "./docker-hub.ts";
import { parseEcr } from "./ecr.ts";
import { parseGitHub } from "./github.ts";
import { parseHarbor } from "./harbor.ts";
import { parseImageList } from "./image-list.ts";
import { parseNexus } from "./nexus.ts";
import { parseQuay } from "./quay.ts";
import { repositoryOf, type RegistryEvent } from "./registry-event.ts";

/** Senders whose webhooks are read, as in `/webhooks/registry/<source>`. */
export const REGISTRY_SOURCES = [
  "distribution",
  "acr",
  "artifactory",
  "cloudevents",
  "dockerhub",
  "ecr",
  "gar",
  "generic",
  "github",
  "harbor",
  "nexus",
  "quay",
] as const;
export type RegistrySource = (typeof REGISTRY_SOURCES)[number];

/**
 * Reads the body of a webhook, whose sender the caller has authenticated. Never throws.
 *
 * @param registry What the webhook's own address says stands before an image's name in manifests (`?registry=`), or null. Only events that do
 *   not say it themselves need it.
 */
export function parseRegistryEvent(source: RegistrySource, body: unknown, registry: string | null): RegistryEvent {
  switch (source) {
    case "distribution":
      return parseDistribution(body);
    case "acr":
      return parseAzure(body);
    case "artifactory":
      return under(registry, (prefix) => parseArtifactory(body, prefix));
    case "cloudevents":
      return parseCloudEvent(body);
    case "dockerhub":
      return parseDockerHub(body);
    case "ecr":
      return parseEcr(body);
    case "gar":
      return parseArtifactRegistry(body);
    case "generic":
      return parseImageList(body);
    case "github":
      return parseGitHub(body);
    case "harbor":
      return parseHarbor(body);
    case "nexus":
      return under(registry, (prefix) => parseNexus(body, prefix));
    case "quay":
      return parseQuay(body);
  }
}

function under(registry: string | null, parse: (prefix: string) => RegistryEvent): RegistryEvent {
  if (registry !== null && repositoryOf(`${registry}/image`) !== null) return parse(registry);
  const wrong = registry === null ? "does not say" : "says wrongly";
  return { invalid: `the webhook's address ${wrong} what stands before an image's name in manifests: end it with ?registry=<host>[:<port>][/<path>]` };
}
