import type { RegistrySource } from "../../../src/domain/registry-events/sources.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

/** A value with some parts replaced, by their paths. A part that is replaced by undefined is left out. */
export function changed(value: unknown, changes: Readonly<Record<string, unknown>>): unknown {
  const copy: unknown = structuredClone(value);
  for (const [path, replacement] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let place: unknown = copy;
    for (const key of keys) place = typeof place === "object" && place !== null ? Reflect.get(place, key) : null;
    if (typeof place !== "object" || place === null) throw new Error(`there is no ${path}`);
    if (replacement === undefined) Reflect.deleteProperty(place, last);
    else Reflect.set(place, last, replacement);
  }
  return copy;
}

export function pubSub(content: unknown): unknown {
  return {
    message: { data: Buffer.from(JSON.stringify(content)).toString("base64"), messageId: "4711", publishTime: "2026-01-05T10:00:00Z", attributes: {} },
    subscription: "projects/acme/subscriptions/pinion",
  };
}

const OCI_EVENT = {
  id: "7c2b8c1e",
  timestamp: "2026-01-05T10:00:00Z",
  action: "push",
  target: { mediaType: "application/vnd.oci.image.index.v1+json", size: 524, digest: DIGEST, repository: "acme/app", tag: "1.2.3" },
};

/** What each sender says of a push of `acme/app:1.2.3`: the fields that it documents, with values of our own. */
export const PUSHES: Readonly<Record<RegistrySource, unknown>> = {
  distribution: { events: [{ ...OCI_EVENT, request: { host: "registry.test:5000", method: "PUT" } }] },
  acr: { ...OCI_EVENT, request: { id: "1", host: "acme.azurecr.io", method: "PUT", useragent: "docker" } },
  artifactory: {
    domain: "docker",
    event_type: "pushed",
    data: {
      image_name: "app",
      image_type: "docker",
      name: "list.manifest.json",
      path: "acme/app/1.2.3/list.manifest.json",
      platforms: [],
      repo_key: "docker-local",
      sha256: "a".repeat(64),
      size: 1,
      tag: "1.2.3",
    },
    subscription_key: "pinion",
    jpd_origin: "",
    source: "jfrog/someone",
  },
  cloudevents: {
    specversion: "1.0",
    id: "1",
    source: "/builds/7",
    type: "com.example.image.pushed",
    datacontenttype: "application/json",
    data: { repository: "registry.test:5000/acme/app", tag: "1.2.3" },
  },
  dockerhub: {
    callback_url: "https://registry.hub.docker.com/u/acme/app/hook/1/",
    push_data: { images: [], pushed_at: 1767607200, pusher: "someone", tag: "1.2.3" },
    repository: { is_official: false, is_private: true, name: "app", namespace: "acme", owner: "acme", repo_name: "acme/app", status: "Active" },
  },
  ecr: {
    version: "0",
    id: "13cde686-328b-6117-af20-0e5566167482",
    "detail-type": "ECR Image Action",
    source: "aws.ecr",
    account: "123456789012",
    time: "2026-01-05T10:00:00Z",
    region: "eu-central-1",
    resources: [],
    detail: { result: "SUCCESS", "repository-name": "acme/app", "image-digest": DIGEST, "action-type": "PUSH", "image-tag": "1.2.3" },
  },
  gar: pubSub({
    action: "INSERT",
    digest: `europe-west1-docker.pkg.dev/acme/apps/app@${DIGEST}`,
    tag: "europe-west1-docker.pkg.dev/acme/apps/app:1.2.3",
  }),
  generic: { images: ["registry.test:5000/acme/app:1.2.3"] },
  github: {
    action: "published",
    registry_package: {
      id: 1,
      name: "app",
      namespace: "Acme",
      owner: { login: "Acme" },
      package_type: "CONTAINER",
      package_version: { version: DIGEST, package_url: "ghcr.io/Acme/app:1.2.3", container_metadata: { tag: { name: "1.2.3", digest: DIGEST } } },
    },
    sender: { login: "someone" },
  },
  harbor: {
    type: "PUSH_ARTIFACT",
    occur_at: 1767607200,
    operator: "someone",
    event_data: {
      resources: [{ digest: DIGEST, tag: "1.2.3", resource_url: "harbor.test/acme/app:1.2.3" }],
      repository: { date_created: 1767607200, name: "app", namespace: "acme", repo_full_name: "acme/app", repo_type: "private" },
    },
  },
  nexus: {
    timestamp: "2026-01-05T10:00:00.000+00:00",
    nodeId: "7ffa7361",
    initiator: "someone/10.0.0.1",
    repositoryName: "docker-hosted",
    action: "CREATED",
    component: { id: "1", componentId: "2", format: "docker", name: "acme/app", version: "1.2.3" },
  },
  quay: {
    name: "app",
    repository: "acme/app",
    namespace: "acme",
    docker_url: "quay.io/acme/app",
    homepage: "https://quay.io/repository/acme/app",
    updated_tags: ["1.2.3"],
  },
};

/** What the webhook's address says of each registry that its events do not say. */
export const REGISTRY_OF: Partial<Readonly<Record<RegistrySource, string>>> = {
  artifactory: "acme.jfrog.io/docker",
  nexus: "nexus.test:8083",
};

/** The repository that is to be looked at after each of them. */
export const PUSHED: Readonly<Record<RegistrySource, string>> = {
  distribution: "registry.test:5000/acme/app",
  acr: "acme.azurecr.io/acme/app",
  artifactory: "acme.jfrog.io/docker/acme/app",
  cloudevents: "registry.test:5000/acme/app",
  dockerhub: "docker.io/acme/app",
  ecr: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/app",
  gar: "europe-west1-docker.pkg.dev/acme/apps/app",
  generic: "registry.test:5000/acme/app",
  github: "ghcr.io/acme/app",
  harbor: "harbor.test/acme/app",
  nexus: "nexus.test:8083/acme/app",
  quay: "quay.io/acme/app",
};
