import { describe, expect, it } from "vitest";
import { parseAzure, parseDistribution } from "../../../src/domain/registry-events/distribution.ts";

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
  const PUSHED = { repositories: ["registry.test:5000/acme/app"] };
  const IGNORED = { ignored: "no event is a push of a tagged image" };

  it.each<readonly [name: string, events: readonly unknown[], result: object]>([
    ["a push", [push()], PUSHED],
    ["a push of an index", [push({ target: { mediaType: "application/vnd.oci.image.index.v1+json" } })], PUSHED],
    ["a push whose request names no host", [push({ request: null })], PUSHED],
    ["a push with an empty host", [push({ request: { host: "" } })], PUSHED],
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
      [push({ action: "pull" }), push(), push({ target: { repository: "acme/web" } }), push({ target: { tag: undefined } }), push()],
      { repositories: ["registry.test:5000/acme/app", "registry.test:5000/acme/web"] },
    ],
    ["one that cannot be read beside one that can", [{ action: "push", target: { tag: "1" } }, 7, push()], PUSHED],
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
    expect(parseDistribution({ events })).toEqual(result);
  });

  it.each([null, undefined, 3, "events", [], {}, { events: {} }, { events: null }])("refuses %j", (body) => {
    expect(parseDistribution(body)).toHaveProperty("invalid");
  });

  it("are not read from inherited keys", () => {
    expect(parseDistribution(Object.create({ events: [push()] }))).toHaveProperty("invalid");
  });
});

describe("the single event of Azure's registry", () => {
  const azure = { request: { host: "acme.azurecr.io" }, target: { repository: "team/app", tag: "v1" } };

  it.each<readonly [name: string, body: unknown, result: object]>([
    ["a push", push(azure), { repositories: ["acme.azurecr.io/team/app"] }],
    ["a push without a tag", push({ ...azure, target: { repository: "team/app", tag: "" } }), { ignored: "no event is a push of a tagged image" }],
    ["a test", { id: "1", action: "ping" }, { ignored: "no event is a push of a tagged image" }],
    ["a delete", push({ ...azure, action: "delete" }), { ignored: "no event is a push of a tagged image" }],
    ["nothing", {}, { invalid: "the body has no action, so it is no event of Azure's registry" }],
  ])("%s", (_name, body, result) => {
    expect(parseAzure(body)).toEqual(result);
  });
});
