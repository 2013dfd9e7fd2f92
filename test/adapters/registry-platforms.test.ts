import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRegistry } from "../../src/adapters/registry.ts";
import { digestOfBytes } from "../../src/adapters/registry/manifest.ts";
import { labelsOf, platformsOf } from "../../src/adapters/registry/platforms.ts";
import type { Digest } from "../../src/domain/release.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { failureOf } from "./loopback.ts";

const NOW = Date.UTC(2026, 0, 5);
const GONE: Digest = `sha256:${"0".repeat(64)}`;
const AMD = { os: "linux", architecture: "amd64" };
const ARM = { os: "linux", architecture: "arm64", variant: "v8" };
const ATTESTATION = { os: "unknown", architecture: "unknown" };

let server: SandboxRegistry;
let repository: string;

beforeEach(async () => {
  server = await startRegistry({ clock: new VirtualClock(NOW) });
  repository = `${server.host}/acme/app`;
});

afterEach(() => server.close());

const registry = () => createRegistry({ clock: new VirtualClock(NOW) });

describe("what an image says of itself", () => {
  it.each<[readonly string[] | undefined, readonly string[]]>([
    [undefined, ["linux/amd64"]],
    [["linux/amd64", "linux/arm64/v8", "linux/arm/v6"], ["linux/amd64", "linux/arm64/v8", "linux/arm/v6"]],
    [["linux/arm64", "linux/arm"], ["linux/arm64/v8", "linux/arm/v7"]],
  ])("is asked of a registry: platforms %j are %j", async (platforms, told) => {
    const digest = await server.push("acme/app", "1.0.0", platforms === undefined ? {} : { platforms });
    expect(await registry().platforms(repository, digest)).toEqual(told);
  });

  it("needs one request for the platforms of an index, and none to be asked again", async () => {
    const digest = await server.push("acme/app", "1.0.0", { platforms: ["linux/amd64", "linux/arm64"] });
    const asking = registry();
    const before = server.requests.length;
    await asking.platforms(repository, digest);
    await asking.platforms(repository, digest);
    expect(server.requests.slice(before)).toEqual([`GET /v2/acme/app/manifests/${digest}`]);
  });

  it.each([[undefined, 1], [["linux/amd64", "linux/arm64"], 2]])("is told by labels, of each image: platforms %j", async (platforms, images) => {
    const labels = { "org.opencontainers.image.revision": "abc" };
    const digest = await server.push("acme/app", "1.0.0", { labels, ...(platforms === undefined ? {} : { platforms }) });
    expect(await registry().labels(repository, digest)).toEqual(Array.from({ length: images }, () => new Map(Object.entries(labels))));
  });

  it("is not known of an image that is not there", async () => {
    await server.push("acme/app", "1.0.0");
    expect([await registry().platforms(repository, GONE), await registry().labels(repository, GONE)]).toEqual([null, null]);
  });

  it("is not believed of other bytes than were asked for", async () => {
    const digest = await server.push("acme/app", "1.0.0");
    server.lie("acme/app", digest, "bytes");
    const failure = await failureOf(registry().platforms(repository, digest));
    expect(failure).toMatchObject({ kind: "dependency" });
    expect(failure.message).toContain(`Could not read the platforms of ${repository}@${digest}: ${server.host} answered other bytes`);
  });

  it("is not told by a registry that is down", async () => {
    const digest = await server.push("acme/app", "1.0.0");
    server.fail(503, null);
    expect(await failureOf(registry().platforms(repository, digest))).toMatchObject({ kind: "dependency" });
    expect(await failureOf(registry().labels(repository, digest))).toMatchObject({ kind: "dependency" });
  });
});

/** A registry in a map: JSON by the digest of its text. */
class Contents {
  readonly #bytes = new Map<Digest, Uint8Array>();

  put(content: unknown): Digest {
    const bytes = new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content));
    const digest = digestOfBytes(bytes);
    this.#bytes.set(digest, bytes);
    return digest;
  }

  image(config: unknown): Digest {
    return this.put({ schemaVersion: 2, config: { digest: this.put(config) } });
  }

  index(...images: readonly (readonly [Digest, unknown])[]): Digest {
    return this.put({ manifests: images.map(([digest, platform]) => ({ digest, ...(platform === null ? {} : { platform }) })) });
  }

  get reader() {
    const read = async (wanted: Digest) => this.#bytes.get(wanted) ?? null;
    return { repository: "ghcr.io/acme/app", manifest: read, config: read };
  }
}

describe("the platforms of an image", () => {
  it.each<[string, (c: Contents) => Digest, readonly string[] | null]>([
    ["a single image", (c) => c.image(ARM), ["linux/arm64/v8"]],
    ["an index, without what is attested", (c) => c.index([GONE, AMD], [GONE, ARM], [c.image({}), ATTESTATION]), ["linux/amd64", "linux/arm64/v8"]],
    ["an index that names one platform twice", (c) => c.index([GONE, AMD], [c.image(ARM), AMD]), ["linux/amd64"]],
    ["an index that leaves it to its images", (c) => c.index([c.image(AMD), null], [GONE, ARM]), ["linux/arm64/v8", "linux/amd64"]],
    ["a spelling of others", (c) => c.image({ os: "Linux", architecture: "aarch64", variant: "8" }), ["linux/arm64/v8"]],
    ["nothing but what is attested", (c) => c.index([c.image({}), ATTESTATION]), []],
    ["an image that is gone", () => GONE, null],
  ])("are told by %s", async (_, make, platforms) => {
    const contents = new Contents();
    expect(await platformsOf(contents.reader, make(contents))).toEqual(platforms);
  });

  it.each<[string, (c: Contents) => Digest, string]>([
    ["the configuration says nothing", (c) => c.image({ created: "2026-01-01T00:00:00Z" }), "it does not tell them"],
    ["it is no image", (c) => c.put({ schemaVersion: 2 }), "it does not tell them"],
    ["the configuration is gone", (c) => c.put({ schemaVersion: 2, config: { digest: GONE } }), `the registry has the image, but not ${GONE}`],
    ["an image of the index is gone that would have to tell", (c) => c.index([GONE, null]), `the registry has the image, but not ${GONE}`],
    ["too many images would have to be asked", (c) => c.index(...Array.from({ length: 25 }, () => [c.image(AMD), null] as const)), "it does not tell them"],
  ])("cannot be told where %s", async (_, make, why) => {
    const contents = new Contents();
    const failure = await failureOf(platformsOf(contents.reader, make(contents)));
    expect(failure.kind).toBe("stalled");
    expect(failure.message).toContain(why);
  });
});

describe("the labels of an image", () => {
  it.each<[string, (c: Contents) => Digest, readonly (readonly [string, string][])[] | null]>([
    ["a single image", (c) => c.image({ config: { Labels: { a: "1", b: "2" } } }), [[["a", "1"], ["b", "2"]]]],
    ["each image of an index", (c) => c.index([c.image({ config: { Labels: { a: "1" } } }), AMD], [c.image({ config: {} }), ARM], [GONE, ATTESTATION]), [[["a", "1"]], []]],
    ["an image without any", (c) => c.image({ config: { Labels: null } }), [[]]],
    ["one that is no text is none", (c) => c.image({ config: { Labels: { a: 1, __proto__: "2" } } }), [[]]],
    ["an image that is gone", () => GONE, null],
  ])("are told by %s", async (_, make, labels) => {
    const contents = new Contents();
    const told = await labelsOf(contents.reader, make(contents));
    expect(told?.map((one) => [...one]) ?? null).toEqual(labels);
  });

  it.each<[string, (c: Contents) => Digest, string]>([
    ["it is no image", (c) => c.put({ schemaVersion: 2 }), "it does not tell them"],
    ["an index holds another index", (c) => c.index([c.image(AMD), AMD], [c.index([c.image({ config: { Labels: { a: "1" } } }), ARM]), null]), "it does not tell them"],
    ["there is nothing but what is attested", (c) => c.index([c.image({}), ATTESTATION]), "it does not tell them"],
    ["the configuration is no JSON object", (c) => c.image("nonsense"), "it does not tell them"],
    ["a part is gone", (c) => c.index([c.image(AMD), AMD], [GONE, ARM]), `the registry has the image, but not ${GONE}`],
    ["there are too many", (c) => c.image({ config: { Labels: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`l${n}`, ""])) } }), "it has more than 200 labels for one platform"],
    ["they are too long", (c) => c.image({ ...AMD, config: { Labels: { a: "x".repeat(64 * 1024) } } }), "65536 characters"],
    ["they are long for each of many platforms", (c) => c.index(...Array.from({ length: 24 }, (_, n) => [c.image({ ...AMD, config: { Labels: { [`l${n}`]: "x".repeat(3_000) } } }), AMD] as const)), "or 65536 characters"],
    ["there are too many images", (c) => c.index(...Array.from({ length: 25 }, () => [c.image(AMD), AMD] as const)), "it has more than 24 images"],
  ])("cannot be told where %s", async (_, make, why) => {
    const contents = new Contents();
    const failure = await failureOf(labelsOf(contents.reader, make(contents)));
    expect(failure.kind).toBe("stalled");
    expect(failure.message).toContain(why);
  });
});
