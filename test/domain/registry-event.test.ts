import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRegistryEvent } from "../../src/domain/registry-event.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

function push(changes: { target?: object; request?: object | null; action?: string } = {}): object {
  return {
    id: "7c2b8c1e",
    timestamp: "2026-01-05T10:00:00Z",
    action: changes.action ?? "push",
    target: {
      mediaType: MANIFEST,
      digest: DIGEST,
      repository: "acme/app",
      url: `http://registry.test:5000/v2/acme/app/manifests/${DIGEST}`,
      tag: "1.2.3",
      ...changes.target,
    },
    ...(changes.request === null ? {} : { request: { host: "registry.test:5000", method: "PUT", ...changes.request } }),
  };
}

describe("notifications of Distribution", () => {
  const PUSHED = { repository: "registry.test:5000/acme/app", tag: "1.2.3" };
  const IGNORED = { ignored: "no event is a push of a tagged image" };

  it.each<readonly [name: string, events: readonly unknown[], result: object]>([
    ["a push", [push()], { images: [PUSHED] }],
    ["a push of an index", [push({ target: { mediaType: "application/vnd.oci.image.index.v1+json" } })], { images: [PUSHED] }],
    ["a push whose request names no host", [push({ request: null })], { images: [PUSHED] }],
    ["a push with an empty host", [push({ request: { host: "" } })], { images: [PUSHED] }],
    ["a pull", [push({ action: "pull" })], IGNORED],
    ["a delete", [push({ action: "delete" })], IGNORED],
    ["a blob", [push({ target: { tag: undefined, mediaType: "application/octet-stream" } })], IGNORED],
    ["a manifest without a tag", [push({ target: { tag: undefined } })], IGNORED],
    ["a manifest with an empty tag", [push({ target: { tag: "" } })], IGNORED],
    ["a referrers index", [push({ target: { tag: DIGEST.replace(":", "-") } })], IGNORED],
    ["a cosign signature", [push({ target: { tag: `${DIGEST.replace(":", "-")}.sig` } })], IGNORED],
    ["no events", [], IGNORED],
    [
      "several, mixed",
      [push({ action: "pull" }), push(), push({ target: { tag: "1.2.4" } }), push({ target: { tag: undefined } }), push()],
      { images: [PUSHED, { ...PUSHED, tag: "1.2.4" }] },
    ],
    ["one that cannot be read beside one that can", [{ action: "push", target: { tag: "1" } }, 7, push()], { images: [PUSHED] }],
    [
      "a host that manifests would read as a namespace of Docker Hub",
      [push({ request: { host: "registry" } })],
      { invalid: "a push event names an image that manifests cannot refer to" },
    ],
    [
      "a repository with a tag inside",
      [push({ target: { repository: "acme/app:9" } })],
      { invalid: "a push event names an image that manifests cannot refer to" },
    ],
    [
      "a tag no registry could have",
      [push({ target: { tag: "../1" } })],
      { invalid: "a push event names an image that manifests cannot refer to" },
    ],
    [
      "a push from nowhere",
      [push({ request: null, target: { url: "" } })],
      { invalid: "a push event does not say which registry and repository it is about" },
    ],
    ["events that are none", [null, "push"], { invalid: "an event has no action" }],
  ])("%s", (_name, events, result) => {
    expect(parseRegistryEvent("distribution", { events })).toEqual(result);
  });

  it("reads the bare event of Azure's registry", () => {
    const event = push({ request: { host: "acme.azurecr.io" }, target: { repository: "team/app", tag: "v1" } });
    expect(parseRegistryEvent("distribution", event)).toEqual({ images: [{ repository: "acme.azurecr.io/team/app", tag: "v1" }] });
    expect(parseRegistryEvent("distribution", { id: "1", action: "ping" })).toEqual(IGNORED);
  });

  it.each([null, undefined, 3, "events", [], {}, { events: {} }, { events: null }])("refuses %j", (body) => {
    expect(parseRegistryEvent("distribution", body)).toHaveProperty("invalid");
  });
});

interface PackageChanges {
  readonly action?: string;
  readonly content?: object;
  readonly version?: object;
}

function packageEvent(key: string, { action = "published", content = {}, version = {} }: PackageChanges = {}): object {
  return {
    action,
    [key]: {
      id: 1,
      name: "app",
      namespace: "Acme",
      owner: { login: "Acme" },
      package_type: "CONTAINER",
      package_version: {
        version: DIGEST,
        package_url: "ghcr.io/Acme/app:1.2.3",
        container_metadata: { tag: { name: "1.2.3", digest: DIGEST }, manifest: { digest: DIGEST } },
        ...version,
      },
      ...content,
    },
    sender: { login: "someone" },
  };
}

describe.each(["registry_package", "package"])("GitHub's %s", (key) => {
  const PUSHED = { images: [{ repository: "ghcr.io/acme/app", tag: "1.2.3" }] };
  const UNTAGGED = { ignored: "the package version has no tag" };

  it.each<readonly [name: string, changes: PackageChanges, result: object]>([
    ["published, with the owner in lower case", {}, PUSHED],
    ["updated", { action: "updated" }, PUSHED],
    ["type docker", { content: { package_type: "docker" } }, PUSHED],
    ["type container", { content: { package_type: "container" } }, PUSHED],
    [
      "a tag with upper-case letters",
      { version: { container_metadata: { tag: { name: "RC1" } } } },
      { images: [{ repository: "ghcr.io/acme/app", tag: "RC1" }] },
    ],
    ["an address that ends in a colon", { version: { package_url: "ghcr.io/Acme/app:" } }, PUSHED],
    ["no address", { version: { package_url: undefined } }, PUSHED],
    ["an address without a host", { version: { package_url: "Acme/app:1.2.3" } }, PUSHED],
    ["no owner", { version: { package_url: "" }, content: { owner: null } }, PUSHED],
    [
      "an Enterprise Server's registry",
      { version: { package_url: "containers.github.acme.test/Team/app:1.2.3" } },
      { images: [{ repository: "containers.github.acme.test/team/app", tag: "1.2.3" }] },
    ],
    [
      "a package with slashes in its name",
      { content: { name: "charts/app" }, version: { package_url: "" } },
      { images: [{ repository: "ghcr.io/acme/charts/app", tag: "1.2.3" }] },
    ],
    ["one platform's manifest", { version: { package_url: "ghcr.io/acme/app:", container_metadata: { tag: { name: "" } } } }, UNTAGGED],
    ["a digest and nothing else", { version: { container_metadata: null, package_url: `ghcr.io/acme/app@${DIGEST}` } }, UNTAGGED],
    [
      "a signature",
      { version: { container_metadata: { tag: { name: DIGEST.replace(":", "-") } } } },
      { ignored: "the package version is a signature" },
    ],
    [
      "a version that does not say its tag",
      { version: { version: "1.2.3", container_metadata: null } },
      { images: [{ repository: "ghcr.io/acme/app", tag: null }] },
    ],
    ["deleted", { action: "deleted" }, { ignored: "the package was deleted" }],
    ["an npm package", { content: { package_type: "npm" } }, { ignored: "the package is not a container image" }],
    [
      "a package without a name",
      { content: { name: null }, version: { package_url: "" } },
      { invalid: "the package event does not say which image it is about" },
    ],
    [
      "a name that is none",
      { content: { name: "a b" }, version: { package_url: "" } },
      { invalid: "the package event does not say which image it is about" },
    ],
  ])("%s", (_name, changes, result) => {
    expect(parseRegistryEvent("package", packageEvent(key, changes))).toEqual(result);
  });
});

describe("any body", () => {
  it.each([null, "published", { action: "published" }, { action: "published", package: 3 }, { package: { package_type: "CONTAINER" } }])(
    "is no package event: %j",
    (body) => {
      expect(parseRegistryEvent("package", body)).toEqual({ invalid: "the body is no package event of GitHub" });
    },
  );

  it("never throws", () => {
    fc.assert(
      fc.property(fc.constantFrom("distribution", "package"), fc.oneof(fc.anything(), twisted), (source, body) => {
        const event = parseRegistryEvent(source, body);
        expect(["images", "ignored", "invalid"]).toContain(Object.keys(event)[0]);
      }),
    );
  });

  it("does not read inherited keys", () => {
    expect(parseRegistryEvent("distribution", Object.create({ events: [push()] }))).toHaveProperty("invalid");
  });
});

/** Sound events with one value somewhere replaced. */
const twisted = fc
  .tuple(fc.constantFrom(JSON.stringify({ events: [push()] }), JSON.stringify(packageEvent("package"))), fc.nat(20), fc.jsonValue())
  .map(([text, nth, value]) => {
    let seen = -1;
    return JSON.parse(text, (_key, present: unknown): unknown => {
      seen += 1;
      return seen === nth ? value : present;
    }) as unknown;
  });
