import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { buildImage, OCI_INDEX, OCI_MANIFEST } from "../../sandbox/registry/image.ts";
import { digestOf } from "../../sandbox/registry/store.ts";
import { hasDockerRegistry, startDockerRegistry } from "../real/docker-registry.ts";
import { pushImage } from "../real/push-image.ts";
import { closeServers, serve } from "../adapters/loopback.ts";

const NOW = Date.UTC(2026, 0, 5);
const ACCEPT = `${OCI_MANIFEST}, ${OCI_INDEX}`;

let clock: VirtualClock;
let server: SandboxRegistry;

beforeEach(async () => {
  clock = new VirtualClock(NOW);
  server = await startRegistry({ clock });
});

afterEach(async () => {
  await server.close();
  await closeServers();
});

interface Platform {
  readonly digest: string;
  readonly platform: object;
}

async function get(path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Response> {
  return await fetch(`${server.url}${path}`, { method, headers: { accept: ACCEPT, ...headers } });
}

describe("a push by method", () => {
  it("is a whole image that clients can pull", async () => {
    const labels = { "org.opencontainers.image.revision": "abc" };
    const digest = await server.push("acme/app", "1.0.0", { labels });
    const response = await get("/v2/acme/app/manifests/1.0.0");
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(response.headers.get("content-type")).toBe(OCI_MANIFEST);
    expect([digestOf(bytes), response.headers.get("docker-content-digest")]).toEqual([digest, digest]);
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as { readonly config: { readonly digest: string; readonly size: number } };
    expect(manifest).toMatchObject({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [{ mediaType: expect.any(String) as string }] });
    const { config } = manifest;
    const blob = new Uint8Array(await (await get(`/v2/acme/app/blobs/${config.digest}`)).arrayBuffer());
    expect([digestOf(blob), blob.byteLength]).toEqual([config.digest, config.size]);
    expect(JSON.parse(new TextDecoder().decode(blob))).toMatchObject({
      created: "2026-01-05T00:00:00.000Z",
      os: "linux",
      architecture: "amd64",
      config: { Labels: labels },
    });
  });

  it("for platforms is an index of images that can be pulled too", async () => {
    const digest = await server.push("acme/app", "1.0.0", { platforms: ["linux/amd64", "linux/arm/v7"] });
    const response = await get(`/v2/acme/app/manifests/${digest}`);
    const index = (await response.json()) as { readonly manifests: readonly Platform[] };
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { os: "linux", architecture: "amd64" },
      { os: "linux", architecture: "arm", variant: "v7" },
    ]);
    for (const part of index.manifests) expect((await get(`/v2/acme/app/manifests/${part.digest}`)).status).toBe(200);
  });

  it("has a digest that depends on what is pushed, and on nothing else", async () => {
    const digest = await server.push("acme/app", "1.0.0");
    const other = await startRegistry({ clock: new VirtualClock(NOW) });
    expect(await other.push("acme/app", "1.0.0")).toBe(digest);
    await other.close();
    expect(await server.push("acme/app", "1.0.0", { content: "x" })).not.toBe(digest);
    expect(await server.push("acme/app", "1.0.1")).not.toBe(digest);
    clock.advance(1_000);
    expect(await server.push("acme/app", "1.0.0")).not.toBe(digest);
  });

  it("by HTTP gives the same", async () => {
    const digest = await pushImage(server.host, "acme/app", "1.0.0", { created: NOW, platforms: ["linux/amd64", "linux/arm64"] });
    expect(await server.push("acme/app", "1.0.0", { created: NOW, platforms: ["linux/amd64", "linux/arm64"] })).toBe(digest);
  });
});

describe("tags", () => {
  it("come in pages with links that lead to the end", async () => {
    server.setPageSize(2);
    for (const tag of ["c", "a", "e", "b", "d"]) await server.push("acme/app", tag);
    const pages: unknown[] = [];
    let next: string | null = "/v2/acme/app/tags/list?n=1000";
    while (next !== null) {
      const response = await get(next);
      pages.push(((await response.json()) as { readonly tags: unknown }).tags);
      next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1] ?? null;
    }
    expect(pages).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });

  it("move and go", async () => {
    const first = await server.push("acme/app", "stable", { content: "a" });
    await server.push("acme/app", "stable", { content: "b" });
    await server.moveTag("acme/app", "stable", first);
    expect((await get("/v2/acme/app/manifests/stable", {}, "HEAD")).headers.get("docker-content-digest")).toBe(first);
    server.deleteTag("acme/app", "stable");
    expect((await get("/v2/acme/app/manifests/stable")).status).toBe(404);
    expect((await get(`/v2/acme/app/manifests/${first}`)).status).toBe(200);
    server.deleteManifest("acme/app", first);
    expect((await get(`/v2/acme/app/manifests/${first}`)).status).toBe(404);
  });

  it("that are not there cannot", async () => {
    await expect(server.moveTag("acme/app", "x", `sha256:${"0".repeat(64)}`)).rejects.toThrow(/no manifest/);
    expect(() => server.deleteTag("acme/app", "x")).toThrow(/no tag/);
  });
});

describe("access", () => {
  it("is by a token of its own, for one repository and as long as it lives", async () => {
    await server.push("acme/app", "1.0.0");
    server.requireToken({ account: { username: "u", password: "p" }, life: 60_000 });
    const refused = await get("/v2/acme/app/tags/list");
    const challenge = refused.headers.get("www-authenticate");
    expect([refused.status, challenge]).toEqual([
      401,
      `Bearer realm="${server.url}/token",service="sandbox, registry",scope="repository:acme/app:pull"`,
    ]);
    expect((await get("/token?scope=repository:acme/app:pull")).status).toBe(401);
    const basic = { authorization: `Basic ${Buffer.from("u:p").toString("base64")}` };
    const answer = (await (await get("/token?scope=repository:acme/app:pull", basic)).json()) as { readonly token: string };
    const bearer = { authorization: `Bearer ${answer.token}` };
    expect((await get("/v2/acme/app/tags/list", bearer)).status).toBe(200);
    expect((await get("/v2/acme/other/tags/list", bearer)).headers.get("www-authenticate")).toContain('error="insufficient_scope"');
    expect((await get("/v2/acme/app/blobs/uploads/", bearer, "POST")).status).toBe(401);
    clock.advance(60_000);
    expect((await get("/v2/acme/app/tags/list", bearer)).headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  it("without an account pulls and does not push", async () => {
    server.requireToken();
    const scope = "repository:acme/app:pull,push";
    const answer = (await (await get(`/token?scope=${scope}`)).json()) as { readonly token: string };
    const bearer = { authorization: `Bearer ${answer.token}` };
    expect((await get("/v2/acme/app/tags/list", bearer)).status).toBe(404);
    expect((await get("/v2/acme/app/blobs/uploads/", bearer, "POST")).status).toBe(401);
  });
});

describe("faults", () => {
  it("cut connections, fail and recover", async () => {
    server.down();
    await expect(get("/v2/")).rejects.toThrow();
    server.fail(429, "7");
    const limited = await get("/v2/");
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
    server.recover();
    expect((await get("/v2/")).status).toBe(200);
  });

  it("keep clients waiting until told otherwise", async () => {
    server.slow();
    const answer = get("/v2/");
    await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 5_000, interval: 5 });
    server.recover();
    expect((await answer).status).toBe(200);
  });

  it("lie about one reference only", async () => {
    const digest = await server.push("acme/app", "1.0.0");
    server.lie("acme/app", "1.0.0", "header");
    expect((await get("/v2/acme/app/manifests/1.0.0")).headers.get("docker-content-digest")).not.toBe(digest);
    server.lie("acme/app", "1.0.0", "bytes");
    const lying = await get("/v2/acme/app/manifests/1.0.0");
    expect(lying.headers.get("docker-content-digest")).toBe(digest);
    expect(digestOf(new Uint8Array(await lying.arrayBuffer()))).not.toBe(digest);
    const honest = await get(`/v2/acme/app/manifests/${digest}`);
    expect(digestOf(new Uint8Array(await honest.arrayBuffer()))).toBe(digest);
  });
});

interface Told {
  readonly action: string;
  readonly target: { readonly tag?: string };
}

describe("notifications", () => {
  it("are delivered before a push ends, one by one, and a receiver that fails does not matter", async () => {
    const told: unknown[] = [];
    const sink = await serve((request, response) => {
      request.setEncoding("utf8");
      let body = "";
      request.on("data", (text: string) => (body += text));
      request.on("end", () => {
        const { events } = JSON.parse(body) as { readonly events: readonly Told[] };
        told.push([request.headers.authorization, events.map(({ action, target }) => [action, target.tag ?? null])]);
        response.writeHead(500).end();
      });
    });
    server.notify({ url: "http://127.0.0.1:1/", authorization: null });
    server.notify({ url: `http://${sink}/`, authorization: "Bearer s3cret" });
    await server.push("acme/app", "1.0.0");
    const event = (action: string, tag: string | null): unknown => ["Bearer s3cret", [[action, tag]]];
    expect(told).toEqual([event("push", null), event("push", null), event("push", "1.0.0")]);
    await get("/v2/acme/app/manifests/1.0.0");
    await server.notified();
    expect(told.at(-1)).toEqual(event("pull", "1.0.0"));
  });
});

interface Step {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const BUILT = buildImage("acme/app:1", { created: NOW });
const [LAYER = new Uint8Array(), CONFIG = new Uint8Array()] = BUILT.blobs;
const MANIFEST = BUILT.manifests[0]?.bytes ?? new Uint8Array();
const D = digestOf(MANIFEST);
const ABSENT = `sha256:${"0".repeat(64)}`;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const oci = { "content-type": OCI_MANIFEST };
const accept = { accept: ACCEPT };

/** `UPLOAD` stands for where the last upload goes on. */
const STEPS: readonly Step[] = [
  { name: "the base", method: "GET", path: "/v2/" },
  { name: "tags of no repository", method: "GET", path: "/v2/acme/app/tags/list" },
  { name: "a manifest of no repository", method: "GET", path: "/v2/acme/app/manifests/1", headers: accept },
  { name: "a blob that is not there", method: "GET", path: `/v2/acme/app/blobs/${ABSENT}` },
  { name: "a manifest before its blobs", method: "PUT", path: "/v2/acme/app/manifests/1", headers: oci, body: MANIFEST },
  { name: "an upload begins", method: "POST", path: "/v2/acme/app/blobs/uploads/" },
  { name: "it ends with other bytes", method: "PUT", path: `UPLOAD?digest=${digestOf(LAYER)}`, body: text("other") },
  { name: "an upload begins again", method: "POST", path: "/v2/acme/app/blobs/uploads/" },
  { name: "it goes on", method: "PATCH", path: "UPLOAD", body: LAYER, headers: { "content-type": "application/octet-stream" } },
  { name: "it ends", method: "PUT", path: `UPLOAD?digest=${digestOf(LAYER)}` },
  { name: "a second upload begins", method: "POST", path: "/v2/acme/app/blobs/uploads/" },
  { name: "it ends in one go", method: "PUT", path: `UPLOAD?digest=${digestOf(CONFIG)}`, body: CONFIG },
  { name: "the blob is there", method: "HEAD", path: `/v2/acme/app/blobs/${digestOf(LAYER)}` },
  { name: "a blob is mounted", method: "POST", path: `/v2/acme/twin/blobs/uploads/?mount=${digestOf(LAYER)}&from=acme/app` },
  { name: "a blob that is not there is not", method: "POST", path: `/v2/acme/twin/blobs/uploads/?mount=${ABSENT}&from=acme/app` },
  { name: "a manifest", method: "PUT", path: "/v2/acme/app/manifests/1", headers: oci, body: MANIFEST },
  { name: "the same by its digest", method: "PUT", path: `/v2/acme/app/manifests/${D}`, headers: oci, body: MANIFEST },
  { name: "by another digest", method: "PUT", path: `/v2/acme/app/manifests/${ABSENT}`, headers: oci, body: MANIFEST },
  { name: "a manifest that is none", method: "PUT", path: "/v2/acme/app/manifests/2", headers: oci, body: text("{") },
  { name: "it is read", method: "GET", path: "/v2/acme/app/manifests/1", headers: accept },
  { name: "it is asked about", method: "HEAD", path: "/v2/acme/app/manifests/1", headers: accept },
  { name: "by digest", method: "GET", path: `/v2/acme/app/manifests/${D}`, headers: accept },
  { name: "by one who accepts no OCI", method: "GET", path: "/v2/acme/app/manifests/1", headers: { accept: "application/json" } },
  { name: "tags", method: "GET", path: "/v2/acme/app/tags/list" },
  { name: "referrers", method: "GET", path: `/v2/acme/app/referrers/${D}` },
  { name: "a name that is none", method: "GET", path: "/v2/acme/App/tags/list" },
  { name: "deleting by tag", method: "DELETE", path: "/v2/acme/app/manifests/1" },
  { name: "deleting what is not there", method: "DELETE", path: `/v2/acme/app/manifests/${ABSENT}` },
  { name: "deleting", method: "DELETE", path: `/v2/acme/app/manifests/${D}` },
  { name: "it is gone", method: "GET", path: `/v2/acme/app/manifests/${D}`, headers: accept },
  { name: "its tag is gone", method: "GET", path: "/v2/acme/app/manifests/1", headers: accept },
  { name: "deleting the blob", method: "DELETE", path: `/v2/acme/app/blobs/${digestOf(LAYER)}` },
  { name: "the blob is gone", method: "GET", path: `/v2/acme/app/blobs/${digestOf(LAYER)}` },
];

async function transcript(host: string): Promise<readonly unknown[]> {
  const lines: unknown[] = [];
  let upload = "";
  for (const { name, method, path, headers, body } of STEPS) {
    const [before = "", query = ""] = path.split("?");
    const target = new URL(before === "UPLOAD" ? upload : before, `http://${host}/`);
    for (const [key, value] of new URLSearchParams(query)) target.searchParams.append(key, value);
    const response = await fetch(target, { method, headers: headers ?? {}, ...(body === undefined ? {} : { body }) });
    const content = await response.text();
    const location = response.headers.get("location");
    if (location?.includes("/uploads/") === true) upload = location;
    lines.push({
      name,
      status: response.status,
      type: content === "" && method !== "HEAD" ? null : response.headers.get("content-type")?.replace("; charset=utf-8", ""),
      digest: response.headers.get("docker-content-digest"),
      location: location === null ? null : new URL(location, target).pathname.replace(/uploads\/.*/, "uploads/"),
      body: /"code":"([A-Z_]+)"/.exec(content)?.[1] ?? content.trimEnd(),
    });
  }
  return lines;
}

describe("beside the real registry", () => {
  it.skipIf(!hasDockerRegistry())("it answers a whole conversation in the same way", async () => {
    const real = await startDockerRegistry();
    try {
      expect(await transcript(server.host)).toEqual(await transcript(real.host));
    } finally {
      await real.close();
    }
  });
});
