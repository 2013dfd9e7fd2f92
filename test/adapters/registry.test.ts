import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRegistry, type RegistryOptions } from "../../src/adapters/registry.ts";
import type { ArtifactRegistry } from "../../src/ports.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { closeServers, failureOf, serve } from "./loopback.ts";

const NOW = Date.UTC(2026, 0, 5);
const NOWHERE = `sha256:${"0".repeat(64)}`;

let clock: VirtualClock;
let server: SandboxRegistry;
let repository: string;

beforeEach(async () => {
  clock = new VirtualClock(NOW);
  server = await startRegistry({ clock });
  repository = `${server.host}/acme/app`;
});

afterEach(async () => {
  await server.close();
  await closeServers();
});

function client(options: Partial<RegistryOptions> = {}): ArtifactRegistry {
  return createRegistry({ clock, ...options });
}

describe("digest", () => {
  it("is the hash of the manifest that the tag names", async () => {
    const pushed = await server.push("acme/app", "1.0.0");
    expect(await client().digest(repository, "1.0.0")).toBe(pushed);
  });

  it("is the index's for an image of several platforms", async () => {
    const pushed = await server.push("acme/app", "1.0.0", { platforms: ["linux/amd64", "linux/arm64/v8"] });
    expect(await client().digest(repository, "1.0.0")).toBe(pushed);
  });

  it("of a digest is itself", async () => {
    const pushed = await server.push("acme/app", "1.0.0");
    expect(await client().digest(repository, pushed)).toBe(pushed);
  });

  it("is null for a tag, a digest or a repository that is not there", async () => {
    await server.push("acme/app", "1.0.0");
    const registry = client();
    expect(await registry.digest(repository, "2.0.0")).toBeNull();
    expect(await registry.digest(repository, NOWHERE)).toBeNull();
    expect(await registry.digest(`${server.host}/acme/other`, "1.0.0")).toBeNull();
  });

  it("follows a tag that moves, and one that goes", async () => {
    const registry = client();
    const first = await server.push("acme/app", "stable", { content: "a" });
    expect(await registry.digest(repository, "stable")).toBe(first);
    const second = await server.push("acme/app", "stable", { content: "b" });
    expect(await registry.digest(repository, "stable")).toBe(second);
    await server.moveTag("acme/app", "stable", first);
    expect(await registry.digest(repository, "stable")).toBe(first);
    server.deleteTag("acme/app", "stable");
    expect(await registry.digest(repository, "stable")).toBeNull();
    expect(await registry.digest(repository, first)).toBe(first);
  });

  it("costs one GET, and one HEAD when asked again", async () => {
    await server.push("acme/app", "1.0.0");
    const registry = client();
    await registry.digest(repository, "1.0.0");
    await registry.digest(repository, "1.0.0");
    expect(server.requests).toEqual(["GET /v2/acme/app/manifests/1.0.0", "HEAD /v2/acme/app/manifests/1.0.0"]);
  });

  it.each(["header", "bytes"] as const)("a registry that lies about a tag with its %s is not believed", async (lie) => {
    await server.push("acme/app", "1.0.0");
    server.lie("acme/app", "1.0.0", lie);
    const problem = await failureOf(client().digest(repository, "1.0.0"));
    expect(problem.kind).toBe("error");
    expect(problem.message).toMatch(/^Could not believe .* not the digest it says they have/);
  });

  it.each(["header", "bytes"] as const)("nor one that lies about a digest with its %s", async (lie) => {
    const pushed = await server.push("acme/app", "1.0.0");
    server.lie("acme/app", pushed, lie);
    expect((await failureOf(client().digest(repository, pushed))).kind).toBe("error");
  });

  it("nor one that begins to lie", async () => {
    const pushed = await server.push("acme/app", "1.0.0");
    const registry = client();
    expect(await registry.digest(repository, "1.0.0")).toBe(pushed);
    server.lie("acme/app", "1.0.0", "header");
    expect((await failureOf(registry.digest(repository, "1.0.0"))).kind).toBe("error");
    server.lie("acme/app", "1.0.0", null);
    expect(await registry.digest(repository, "1.0.0")).toBe(pushed);
  });

  it("does without the header that names the digest", async () => {
    const body = JSON.stringify({ schemaVersion: 2, config: {}, layers: [] });
    const methods: string[] = [];
    const host = await serve((request, response) => {
      methods.push(request.method ?? "");
      response.end(body);
    });
    const registry = client();
    const digest = await registry.digest(`${host}/a`, "1");
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await registry.digest(`${host}/a`, "1")).toBe(digest);
    expect(methods).toEqual(["GET", "HEAD", "GET"]);
  });

  it.each([400, 404, 405, 501])("does without HEAD, which is answered %i", async (status) => {
    const host = await serve((request, response) => {
      if (request.method === "HEAD") response.writeHead(status).end();
      else response.end(JSON.stringify({ schemaVersion: 2, config: {} }));
    });
    const registry = client();
    const digest = await registry.digest(`${host}/a`, "1");
    expect(await registry.digest(`${host}/a`, "1")).toBe(digest);
  });

  it.each([
    [{ schemaVersion: 2, manifests: [] }],
    [{ schemaVersion: 2, manifests: [{ platform: { os: "unknown", architecture: "unknown" } }] }],
  ])("an index that nothing can run is no image: %j", async (index) => {
    const host = await serve((_, response) => response.end(JSON.stringify(index)));
    const problem = await failureOf(client().digest(`${host}/a`, "1"));
    expect([problem.kind, problem.message]).toEqual(["dependency", expect.stringContaining("an index without an image")]);
  });

  it.each<[what: string, body: string, headers?: Record<string, string>]>([
    ["a page", "<html>default backend - 404</html>"],
    ["nothing", ""],
    ["JSON of its own", '{"message":"no Route matched with those values"}'],
    ["errors without a code", '{"errors":[{"message":"x"}, null, 7]}'],
    ["no errors", '{"errors":[]}'],
    ["a router's error", '{"errors":[{"status":"404","code":"ROUTE_NOT_FOUND"}]}'],
    ["a limit's error", '{"errors":[{"code":"TOOMANYREQUESTS"}]}'],
    ["the error of an upload", '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}'],
    ["a code in another case", '{"errors":[{"code":"not_found"}]}'],
    ["another error beside that of a registry", '{"errors":[{"code":"MANIFEST_UNKNOWN"},{"code":"UNAVAILABLE"}]}'],
    ["a page and a registry's header, which proxies add to everything", "default backend - 404", { "docker-distribution-api-version": "registry/2.0" }],
    ["nothing but a registry's header", "", { "docker-distribution-api-version": "registry/2.0" }],
  ])("a 404 with %s, as of a proxy whose registry is away, does not mean that anything is missing", async (_, body, headers = {}) => {
    const host = await serve((_, response) => response.writeHead(404, headers).end(body));
    const answers = [await failureOf(client().digest(`${host}/a`, "1")), await failureOf(client().tags(`${host}/a`))];
    for (const { kind, message } of answers) {
      expect([kind, message]).toEqual(["dependency", expect.stringContaining("answered 404 as no registry does, so nothing is known")]);
    }
  });

  it.each([
    ["MANIFEST_UNKNOWN", { message: "manifest unknown", detail: { Tag: "1" } }],
    ["NAME_UNKNOWN", { message: "repository name not known to registry" }],
    ["NOT_FOUND", { message: "artifact acme/a:1 not found" }],
    ["TAG_EXPIRED", { message: "Tag 1 was deleted or has expired", detail: {} }],
  ])("a 404 with a registry's own %s does", async (code, more) => {
    const host = await serve((_, response) => response.writeHead(404).end(JSON.stringify({ errors: [{ code, ...more }] })));
    expect(await client().digest(`${host}/a`, "1")).toBeNull();
    expect((await failureOf(client().tags(`${host}/a`))).message).toContain("has no such repository");
  });

  it("the page of a proxy is no manifest", async () => {
    const host = await serve((_, response) => response.end("<html>sign in</html>"));
    const problem = await failureOf(client().digest(`${host}/a`, "1"));
    expect([problem.kind, problem.message]).toEqual(["dependency", expect.stringContaining("not JSON")]);
  });

  it("a manifest too large is not taken in", async () => {
    const host = await serve((_, response) => response.end(Buffer.alloc(4 * 1024 * 1024 + 1, 0x20)));
    expect((await failureOf(client().digest(`${host}/a`, "1"))).message).toContain("more than 4194304 bytes");
  });

  it.each(["sha512:abc", "a/b", "", "../x", "a?b"])("%j is asked of nobody", async (reference) => {
    expect((await failureOf(client().digest(repository, reference))).kind).toBe("error");
    expect(server.requests).toEqual([]);
  });
});

describe("tags", () => {
  it("are all of them, over every page", async () => {
    server.setPageSize(3);
    const tags = ["1.0.0", "1.0.1", "1.1.0", "2.0.0-rc.1", "2.0.0", "latest", "main"];
    for (const tag of tags) await server.push("acme/app", tag);
    expect((await client().tags(repository)).toSorted()).toEqual(tags.toSorted());
    expect(server.requests).toHaveLength(3);
    expect(server.requests[0]).toBe("GET /v2/acme/app/tags/list?n=1000");
  });

  it("none, when all were deleted", async () => {
    await server.push("acme/app", "1.0.0");
    server.deleteTag("acme/app", "1.0.0");
    expect(await client().tags(repository)).toEqual([]);
    const host = await serve((_, response) => response.end('{"name":"a","tags":null}'));
    expect(await client().tags(`${host}/a`)).toEqual([]);
  });

  it("of a repository that is not there need a person", async () => {
    const problem = await failureOf(client().tags(repository));
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("has no such repository")]);
  });

  it("that no tag can be called are left out", async () => {
    const host = await serve((_, response) => response.end(JSON.stringify({ tags: ["1.0.0", "../x", "", 7, null, "a b"] })));
    expect(await client().tags(`${host}/a`)).toEqual(["1.0.0"]);
  });

  it.each(["{}", "[]", "null", '{"tags":3}', '{"tags":{}}', "<html>"])("%s is no list", async (body) => {
    const host = await serve((_, response) => response.end(body));
    expect((await failureOf(client().tags(`${host}/a`))).kind).toBe("dependency");
  });

  it.each([
    ["relative", '</v2/a/tags/list?QUERY>; rel="next"'],
    ["absolute", '<http://HOST/v2/a/tags/list?QUERY>; rel="next"'],
    ["without quotes, after another", '</first>; rel="first", </v2/a/tags/list?QUERY>; title="x"; rel=next'],
    ["under another path, as behind some proxies", '</v2/inner/a/tags/list?QUERY>; rel="next"'],
  ])("go on at a link that is %s", async (_, link) => {
    const asked: string[] = [];
    const host: string = await serve((request, response) => {
      asked.push(request.url ?? "");
      const query = new URL(request.url ?? "", "http://x").searchParams;
      if (query.has("last")) response.end('{"tags":["2"]}');
      else {
        const header = link.replace("QUERY", "last=1&n=1&token=%2Fx").replace("HOST", request.headers.host ?? "");
        response.setHeader("link", header).end('{"tags":["1"]}');
      }
    });
    expect(await client().tags(`${host}/a`)).toEqual(["1", "2"]);
    expect(asked).toEqual(["/v2/a/tags/list?n=1000", "/v2/a/tags/list?last=1&n=1&token=%2Fx"]);
  });

  it.each(["http://127.0.0.1:1/v2/a/tags/list?last=1", "http://other.test/?last=1", "//other.test/?last=1", "https://[/"])(
    "do not go on at %s",
    async (target) => {
      const host = await serve((_, response) => response.setHeader("link", `<${target}>; rel="next"`).end('{"tags":["1"]}'));
      expect((await failureOf(client().tags(`${host}/a`))).kind).toBe("stalled");
    },
  );

  it("other links are no next page", async () => {
    const links = '</v2/a?x>; rel="nextish", <b>; rel="prev"';
    const host = await serve((_, response) => response.setHeader("link", links).end('{"tags":["1"]}'));
    expect(await client().tags(`${host}/a`)).toEqual(["1"]);
  });

  it.each([
    ["the same page", () => "last=1"],
    ["pages that go round", (nth: number) => `last=${nth % 3}`],
  ])("end with a failure for %s", async (_, query) => {
    let nth = 0;
    const host = await serve((_request, response) => {
      nth += 1;
      response.setHeader("link", `</v2/a/tags/list?${query(nth)}>; rel="next"`).end('{"tags":["1"]}');
    });
    expect((await failureOf(client().tags(`${host}/a`))).message).toContain("pages without end");
    expect(nth).toBeLessThan(6);
  });

  it("are never silently fewer than there are", async () => {
    for (const tag of ["1", "2", "3"]) await server.push("acme/app", tag);
    expect(await client({ mostTags: 3 }).tags(repository)).toHaveLength(3);
    const problem = await failureOf(client({ mostTags: 2 }).tags(repository));
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("more than 2 tags")]);
  });
});

describe("a registry in trouble", () => {
  it("that is down", async () => {
    server.down();
    expect((await failureOf(client().tags(repository))).kind).toBe("dependency");
    server.recover();
    await server.push("acme/app", "1.0.0");
    expect(await client().tags(repository)).toEqual(["1.0.0"]);
  });

  it("that is slow", async () => {
    server.slow();
    expect((await failureOf(client({ deadlineMs: 30 }).tags(repository))).message).toContain("no complete answer within 30 ms");
  });

  it.each([500, 502, 503])("that answers %i", async (status) => {
    server.fail(status);
    expect((await failureOf(client().digest(repository, "1"))).kind).toBe("dependency");
  });

  it("that is rate limited is left alone for as long as it says", async () => {
    await server.push("acme/app", "1.0.0");
    const registry = client();
    server.fail(429, "60");
    expect(await failureOf(registry.tags(repository))).toMatchObject({ kind: "dependency", retryAt: NOW + 60_000 });
    server.recover();
    expect(await failureOf(registry.digest(repository, "1.0.0"))).toMatchObject({ kind: "dependency", retryAt: NOW + 60_000 });
    expect(server.requests).toHaveLength(1);
    clock.advance(60_000);
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
  });

  it.each([
    ["says no time", null, 60_000],
    ["says it as a Unix time, as Docker Hub does", String(NOW / 1_000 + 45), 45_000],
    ["says it as a date", new Date(NOW + 30_000).toUTCString(), 30_000],
    ["says hours", "21600", 15 * 60_000],
    ["says that there is nothing to wait for", "0", 60_000],
    ["says a Unix time that has just passed", String(NOW / 1_000 - 1), 60_000],
  ])("that is rate limited and %s", async (_, header, pause) => {
    await server.push("acme/app", "1.0.0");
    const registry = client();
    server.fail(429, header);
    expect(await failureOf(registry.tags(repository))).toMatchObject({ kind: "dependency" });
    server.recover();
    expect(await failureOf(registry.tags(repository))).toMatchObject({ kind: "dependency", retryAt: NOW + pause });
    clock.advance(pause);
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
  });

  it("is never asked more than its share at once", async () => {
    let running = 0;
    let most = 0;
    const held: (() => void)[] = [];
    const host: string = await serve((_, response) => {
      running += 1;
      most = Math.max(most, running);
      held.push(() => {
        running -= 1;
        response.end('{"tags":[]}');
      });
      // Answers only when as many are waiting as may be.
      if (held.length === 3) for (const answer of held.splice(0)) answer();
    });
    const registry = client({ concurrency: 3 });
    await Promise.all(Array.from({ length: 12 }, (_, nth) => registry.tags(`${host}/a${nth}`)));
    expect(most).toBe(3);
  });

  it("under a name that is none needs a person or is our mistake", async () => {
    expect((await failureOf(client().tags("registry.test:99999/a"))).kind).toBe("stalled");
    expect((await failureOf(client().tags("nginx"))).kind).toBe("error");
  });
});
