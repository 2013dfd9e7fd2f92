import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseImageReference } from "../../../src/domain/image-reference.ts";
import type { RegistryEvent } from "../../../src/domain/registry-events/registry-event.ts";
import { parseRegistryEvent, REGISTRY_SOURCES, type RegistrySource } from "../../../src/domain/registry-events/sources.ts";
import { changed, pubSub, PUSHED, PUSHES, REGISTRY_OF } from "./payloads.ts";

const DIGEST = `sha256:${"b".repeat(64)}`;
const SIGNATURE = `sha256-${"b".repeat(64)}.sig`;
const UNTAGGED = "ignored: no event is a push of a tagged image";

function read(source: RegistrySource, body: unknown, registry = REGISTRY_OF[source] ?? null): string {
  return inWords(parseRegistryEvent(source, body, registry));
}

function inWords(event: RegistryEvent): string {
  if ("repositories" in event) return event.repositories.join(" ");
  return "ignored" in event ? `ignored: ${event.ignored}` : `invalid: ${event.invalid}`;
}

describe.each(REGISTRY_SOURCES)("what %s sends", (source) => {
  it("makes a hint for the pushed repository", () => {
    expect(parseRegistryEvent(source, PUSHES[source], REGISTRY_OF[source] ?? null)).toEqual({ repositories: [PUSHED[source]] });
  });

  it.each([null, undefined, 3, "push", [], {}, { action: 1 }, { events: {} }])("is not %j", (body) => {
    expect(read(source, body)).toMatch(/^invalid: ./);
  });

  it.each(REGISTRY_SOURCES.filter((other) => other !== source))("is never taken for what %s sends", (other) => {
    expect(read(source, PUSHES[other])).not.toContain(PUSHED[other]);
  });

  it("is read without an error, however it is twisted, and names only what manifests can refer to", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), twisted(PUSHES[source])), (body) => {
        const event = parseRegistryEvent(source, body, REGISTRY_OF[source] ?? null);
        if (!("repositories" in event)) {
          expect(inWords(event)).toMatch(/^(?:ignored|invalid): ./);
          return;
        }
        expect(event.repositories.length).toBeGreaterThan(0);
        for (const repository of event.repositories) {
          expect(parseImageReference(repository)).toMatchObject({ ok: true, reference: { repository, tag: null, digest: null } });
        }
      }),
    );
  });
});

/** A sound event with one value somewhere replaced. */
function twisted(event: unknown): fc.Arbitrary<unknown> {
  const text = JSON.stringify(event);
  return fc.tuple(fc.nat(25), fc.jsonValue()).map(([nth, value]) => {
    let seen = -1;
    return JSON.parse(text, (_key, present: unknown): unknown => {
      seen += 1;
      return seen === nth ? value : present;
    }) as unknown;
  });
}

type Row = readonly [name: string, source: RegistrySource, changes: Readonly<Record<string, unknown>>, result: string];

describe("a push", () => {
  it.each<Row>([
    ["of an official image", "dockerhub", { "repository.repo_name": "library/nginx" }, "docker.io/library/nginx"],
    ["without the whole name", "dockerhub", { "repository.repo_name": undefined }, "docker.io/acme/app"],
    ["of a signature", "dockerhub", { "push_data.tag": SIGNATURE }, UNTAGGED],
    ["of no repository", "dockerhub", { repository: null }, "invalid: a push event does not say which registry and repository it is about"],
    ["of a name with upper case", "dockerhub", { "repository.repo_name": "Acme/app" }, "invalid: a push event names an image that manifests cannot refer to"],

    ["of several tags", "quay", { updated_tags: ["1", "latest"] }, "quay.io/acme/app"],
    ["of no tags", "quay", { updated_tags: [] }, UNTAGGED],
    ["of tags that are none", "quay", { updated_tags: [{}] }, UNTAGGED],
    ["of tags in no list", "quay", { updated_tags: { latest: "x" } }, "invalid: updated_tags is not a list of tags"],
    ["to a Quay of one's own", "quay", { docker_url: "quay.acme.test:8443/acme/app" }, "quay.acme.test:8443/acme/app"],
    ["to a host without a dot", "quay", { docker_url: "quay/acme/app" }, "invalid: a push event names an image that manifests cannot refer to"],

    ["with a port and a scheme", "harbor", { "event_data.resources.0.resource_url": "https://harbor.test:8443/acme/app:1.2.3" }, "harbor.test:8443/acme/app"],
    ["by digest", "harbor", { "event_data.resources.0": { digest: DIGEST, tag: DIGEST, resource_url: `harbor.test/acme/app@${DIGEST}` } }, UNTAGGED],
    ["without a tag", "harbor", { "event_data.resources.0.tag": "" }, UNTAGGED],
    [
      "of several, some untagged",
      "harbor",
      {
        "event_data.resources": [
          { tag: "", resource_url: `harbor.test/acme/app@${DIGEST}` },
          { tag: "1", resource_url: "harbor.test/acme/app:1" },
          { tag: "2", resource_url: "harbor.test/acme/web:2" },
        ],
      },
      "harbor.test/acme/app harbor.test/acme/web",
    ],
    ["without an address", "harbor", { "event_data.resources.0.resource_url": undefined }, "invalid: a push event does not say which registry and repository it is about"],
    ["without resources", "harbor", { "event_data.resources": null }, "invalid: the push event has no list of resources"],

    ["in China", "ecr", { region: "cn-north-1" }, "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/acme/app"],
    ["in GovCloud", "ecr", { region: "us-gov-west-1" }, "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/acme/app"],
    ["in an isolated region", "ecr", { region: "us-iso-east-1" }, "invalid: the push event is of a region whose registry Pinion does not know the name of"],
    ["with a region that leads elsewhere", "ecr", { region: "x.evil.test/" }, "invalid: the push event does not say which account, region and repository it is about"],
    ["with an account that is none", "ecr", { account: "me" }, "invalid: the push event does not say which account, region and repository it is about"],
    ["without a tag", "ecr", { "detail.image-tag": undefined }, UNTAGGED],

    ["told by image only", "artifactory", { "data.image_name": undefined, "data.tag": undefined }, "acme.jfrog.io/docker/acme/app"],
    ["of an image without folders", "artifactory", { "data.path": "app/1.2.3/manifest.json" }, "acme.jfrog.io/docker/app"],
    ["of one platform's manifest", "artifactory", { "data.path": `acme/app/${DIGEST}/manifest.json` }, UNTAGGED],
    ["without a path", "artifactory", { "data.path": undefined }, "invalid: the push event has no data.path, which names the image"],
    ["with a path too short", "artifactory", { "data.path": "1.2.3/manifest.json" }, "invalid: the push event has no data.path, which names the image"],

    ["of a tag that was there", "nexus", { action: "UPDATED", component: undefined, asset: { format: "docker", name: "v2/acme/app/manifests/latest" } }, "nexus.test:8083/acme/app"],
    ["with a slash before its name", "nexus", { component: undefined, asset: { format: "docker", name: "/v2/acme/app/manifests/1" } }, "nexus.test:8083/acme/app"],
    ["of one platform's manifest", "nexus", { component: undefined, asset: { format: "docker", name: `v2/acme/app/manifests/${DIGEST}` } }, UNTAGGED],
    ["of a blob", "nexus", { component: undefined, asset: { format: "docker", name: `v2/-/blobs/${DIGEST}` } }, "ignored: the event is not about a manifest"],
    ["without a name", "nexus", { "component.name": null }, "invalid: the event does not say which image it is about"],

    ["with the registry by itself", "cloudevents", { data: { registryUrl: "https://registry.test/", repositoryName: "acme/app", imageTag: "1" } }, "registry.test/acme/app"],
    ["without a tag", "cloudevents", { "data.tag": undefined }, "registry.test:5000/acme/app"],
    ["of a signature", "cloudevents", { "data.tag": SIGNATURE }, UNTAGGED],
    ["without a registry", "cloudevents", { data: { repository: "acme/app" } }, "invalid: data.repository does not name an image with its registry"],
    ["without a repository", "cloudevents", { data: {} }, "invalid: the event has no data.repository"],
    ["of another version of the format", "cloudevents", { specversion: "0.3" }, "invalid: the body has no specversion 1.x and type, so it is no CloudEvent in structured mode"],

    ["of several images", "generic", { images: ["a.test/x:1", "a.test/x:2", `a.test/y@${DIGEST}`, "a.test:5000/z"] }, "a.test/x a.test/y a.test:5000/z"],
    ["of one that cannot be read beside one that can", "generic", { images: [7, "a.test/x:1"] }, "a.test/x"],
    ["without a registry", "generic", { images: ["acme/app:1"] }, "invalid: images must hold names with their registry, like docker.io/library/nginx:1.29"],
    ["of nothing", "generic", { images: [] }, 'invalid: the body must be {"images": ["<host>/<path>:<tag>", …]}'],
  ])("%s to %s", (_name, source, changes, result) => {
    expect(read(source, changed(PUSHES[source], changes))).toBe(result);
  });

  it.each<readonly [name: string, content: unknown, result: string]>([
    ["of a tag", { action: "INSERT", tag: "gcr.io/acme/app:1" }, "gcr.io/acme/app"],
    ["of no tag", { action: "INSERT", digest: `gcr.io/acme/app@${DIGEST}` }, "ignored: the message is not about a pushed tag"],
    ["that was taken back", { action: "DELETE", tag: "gcr.io/acme/app:1" }, "ignored: the message is not about a pushed tag"],
    ["of a tag that is none", { action: "INSERT", tag: 7 }, "invalid: the message does not say which image it is about"],
    ["of a name without a tag", { action: "INSERT", tag: "gcr.io/acme/app" }, UNTAGGED],
    ["of nothing", {}, "invalid: the body is no message of Pub/Sub about an image"],
  ])("%s through Pub/Sub", (_name, content, result) => {
    expect(read("gar", pubSub(content))).toBe(result);
  });

  it.each(["%%%", "bm90IGpzb24=", ""])("through Pub/Sub cannot be read from %j", (data) => {
    expect(read("gar", changed(PUSHES.gar, { "message.data": data }))).toBe("invalid: the body is no message of Pub/Sub about an image");
  });

  it("to Harbor can come as a CloudEvent", () => {
    const { event_data: data } = PUSHES.harbor as { readonly event_data: unknown };
    const event = { specversion: "1.0", id: "1", source: "/projects/1/webhook/policies/15", type: "harbor.artifact.pushed", operator: "someone", data };
    expect(read("harbor", event)).toBe("harbor.test/acme/app");
    expect(read("harbor", { ...event, type: "harbor.artifact.pulled" })).toBe("ignored: the event is not about a push");
  });
});

it.each<Row>([
  ["a delete", "harbor", { type: "DELETE_ARTIFACT" }, "ignored: the event is not about a push"],
  ["a finished scan", "harbor", { type: "SCANNING_COMPLETED" }, "ignored: the event is not about a push"],
  ["a found weakness", "quay", { updated_tags: undefined, vulnerability: { id: "CVE-2026-1" } }, "ignored: the notification is not about a push"],
  ["a push that failed", "ecr", { "detail.result": "FAILURE" }, "ignored: the event is not about a push that succeeded"],
  ["a delete", "ecr", { "detail.action-type": "DELETE" }, "ignored: the event is not about a push that succeeded"],
  ["a scan", "ecr", { "detail-type": "ECR Image Scan" }, "ignored: the event is not about a push that succeeded"],
  ["another service's event", "ecr", { source: "aws.ec2" }, "ignored: the event is not about a push that succeeded"],
  ["a deployed file", "artifactory", { domain: "artifact", event_type: "deployed" }, "ignored: the event is not about a pushed image"],
  ["a promoted image", "artifactory", { event_type: "promoted" }, "ignored: the event is not about a pushed image"],
  ["a delete", "nexus", { action: "DELETED" }, "ignored: nothing was created or updated"],
  ["another format", "nexus", { "component.format": "npm" }, "ignored: the event is not about a container image"],
  ["a new repository", "nexus", { component: undefined, repository: { format: "docker", name: "x" } }, "ignored: the event is not about a container image"],
  ["a delete", "cloudevents", { type: "com.example.image.deleted" }, "ignored: the type of the event does not say that something was pushed or published"],
])("%s that %s tells of is worth nothing", (_name, source, changes, result) => {
  expect(read(source, changed(PUSHES[source], changes))).toBe(result);
});

describe.each(["artifactory", "nexus"] as const)("the address of a webhook of %s", (source) => {
  it.each(["registry.test", "registry.test:5000", "registry.test/team/docker", "localhost:5000"])("can name %s", (registry) => {
    expect(read(source, PUSHES[source], registry)).toBe(`${registry}/acme/app`);
  });

  it.each(["", "registry", "https://registry.test", "registry.test/", "registry.test/app:1", "registry.test/A"])("cannot name %j", (registry) => {
    expect(read(source, PUSHES[source], registry)).toMatch(/^invalid: the webhook's address says wrongly what stands before an image's name/);
  });

  it("must name the registry", () => {
    expect(inWords(parseRegistryEvent(source, PUSHES[source], null))).toMatch(/^invalid: the webhook's address does not say .* end it with \?registry=/);
  });
});
