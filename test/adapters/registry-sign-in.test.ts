import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRegistry, type RegistryOptions } from "../../src/adapters/registry.ts";
import type { ArtifactRegistry, PortFailure } from "../../src/ports.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { closeServers, failureOf as failure, serve } from "./loopback.ts";

const NOW = Date.UTC(2026, 0, 5);
const PASSWORD = "s3cr3t-value";
const ACCOUNT = { username: "robot", password: PASSWORD };

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

function signedIn(options: Partial<RegistryOptions> = {}): ArtifactRegistry {
  return client({ credentials: new Map([[server.host, ACCOUNT]]), ...options });
}

async function failureOf(question: Promise<unknown>): Promise<PortFailure> {
  return await failure(question, PASSWORD, "token-");
}

describe("signing in", () => {
  beforeEach(async () => {
    await server.push("acme/app", "1.0.0");
  });

  it("gets a token without credentials where anyone may pull", async () => {
    server.requireToken();
    expect(await client().tags(repository)).toEqual(["1.0.0"]);
    expect(server.requests).toEqual([
      "GET /v2/acme/app/tags/list?n=1000",
      "GET /token?service=sandbox%2C+registry&scope=repository%3Aacme%2Fapp%3Apull",
      "GET /v2/acme/app/tags/list?n=1000",
    ]);
  });

  it("gets a token with credentials, and keeps it for everything in the repository", async () => {
    server.requireToken({ account: ACCOUNT });
    const registry = signedIn();
    await registry.tags(repository);
    await registry.digest(repository, "1.0.0");
    await registry.digest(repository, "1.0.0");
    expect(server.access.issued).toBe(1);
    expect(server.requests).toHaveLength(5);
  });

  it("gets one token for many questions at once", async () => {
    server.requireToken({ account: ACCOUNT });
    const registry = signedIn();
    await Promise.all(Array.from({ length: 20 }, () => registry.tags(repository)));
    expect(server.access.issued).toBe(1);
  });

  it("uses the token that another question got while it was being refused", async () => {
    let tokens = 0;
    const refuse: (() => void)[] = [];
    const host: string = await serve((request, response) => {
      const challenge = `Bearer realm="http://${request.headers.host}/token"`;
      if (request.url?.startsWith("/token") === true) response.end(`{"token":"token-${(tokens += 1)}"}`);
      else if (request.headers.authorization !== undefined) response.end('{"tags":[]}');
      else refuse.push(() => response.writeHead(401, { "www-authenticate": challenge }).end());
    });
    const registry = client();
    const both = [registry.tags(`${host}/a`), registry.tags(`${host}/a`)];
    await vi.waitFor(() => expect(refuse).toHaveLength(2), { timeout: 5_000, interval: 5 });
    refuse[0]?.();
    await Promise.race(both);
    refuse[1]?.();
    await Promise.all(both);
    expect(tokens).toBe(1);
  });

  it("gets another token for another repository", async () => {
    await server.push("acme/other", "1.0.0");
    server.requireToken({ account: ACCOUNT });
    const registry = signedIn();
    await registry.tags(repository);
    expect(await registry.tags(`${server.host}/acme/other`)).toEqual(["1.0.0"]);
    expect(server.access.issued).toBe(2);
  });

  it("gets a new token when the old one's time is over, without trying it", async () => {
    server.requireToken({ account: ACCOUNT, life: 300_000 });
    const registry = signedIn();
    await registry.tags(repository);
    clock.advance(299_999);
    await registry.tags(repository);
    expect(server.access.issued).toBe(1);
    clock.advance(1);
    server.requests.length = 0;
    await registry.tags(repository);
    expect(server.access.issued).toBe(2);
    expect(server.requests).toHaveLength(3);
  });

  it.each([null, 1_000])("takes a life of %j for a minute, as the specification says", async (life) => {
    server.requireToken({ account: ACCOUNT, life });
    const registry = signedIn();
    await registry.tags(repository);
    clock.advance(30_000);
    server.requests.length = 0;
    await registry.tags(repository);
    // With a life of a second the server refuses the token that is kept, and it is got anew once.
    expect(server.requests).toHaveLength(life === null ? 1 : 3);
  });

  it.each([401, 403] as const)("gets a new token once when the registry answers %i to the one it gave", async (refusal) => {
    server.requireToken({ account: ACCOUNT, refusal });
    const registry = signedIn();
    await registry.tags(repository);
    server.access.revokeTokens();
    server.requests.length = 0;
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
    expect(server.requests).toHaveLength(3);
    expect(server.access.issued).toBe(2);
  });

  it.each([401, 403])("gives up after one new token when the answer stays %i", async (status) => {
    let asked = 0;
    const host: string = await serve((request, response) => {
      asked += 1;
      const { host: self = "" } = request.headers;
      if (request.url?.startsWith("/token") === true) response.end('{"token":"token-1"}');
      else response.writeHead(status, { "www-authenticate": `Bearer realm="http://${self}/token"` }).end();
    });
    const problem = await failureOf(client({ credentials: new Map([[host, ACCOUNT]]) }).tags(`${host}/a`));
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("Check that the repository exists")]);
    expect(asked).toBe(3);
  });

  it("needs a person when the credentials are wrong or missing", async () => {
    server.requireToken({ account: ACCOUNT });
    const wrong = client({ credentials: new Map([[server.host, { username: "robot", password: `${PASSWORD}x` }]]) });
    expect(await failureOf(wrong.tags(repository))).toMatchObject({ kind: "stalled" });
    expect(await failureOf(client().tags(repository))).toMatchObject({ kind: "stalled" });
  });

  it("sends Basic where that is what is asked for", async () => {
    server.requireBasic(ACCOUNT);
    const registry = signedIn();
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
    expect(server.requests).toHaveLength(3);
    const problem = await failureOf(client().tags(repository));
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining(`no credentials for ${server.host}: give some`)]);
  });

  it("takes Bearer where both are offered", async () => {
    server.requireToken({ account: ACCOUNT, otherChallenge: 'Basic realm="Codeberg"' });
    expect(await signedIn().tags(repository)).toEqual(["1.0.0"]);
    expect(server.access.issued).toBe(1);
  });

  it("asks Docker Hub's registry, and its token server, with the credentials for docker.io", async () => {
    const authorizations: (string | null)[] = [];
    const hub: typeof fetch = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const sent = new Headers(init?.headers).get("authorization");
      authorizations.push(sent);
      if (url.host === "auth.docker.io") return Promise.resolve(Response.json({ token: "token-1" }));
      const challenge = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"';
      if (sent === null) return Promise.resolve(new Response(null, { status: 401, headers: { "www-authenticate": challenge } }));
      return Promise.resolve(Response.json({ tags: [url.host] }));
    };
    const registry = client({
      fetch: hub,
      credentials: new Map([["docker.io", ACCOUNT]]),
      resolve: () => Promise.resolve(["93.184.216.34"]),
    });
    expect(await registry.tags("docker.io/library/nginx")).toEqual(["registry-1.docker.io"]);
    expect(authorizations).toEqual([null, expect.stringMatching(/^Basic /), "Bearer token-1"]);
  });

  it("never sends credentials to a token server in another private place, unless the operator trusts it", async () => {
    const sent: (string | undefined)[] = [];
    const elsewhere = await serve((request, response) => {
      sent.push(request.headers.authorization);
      response.end('{"token":"token-1"}');
    });
    server.requireToken({ account: ACCOUNT, realm: `http://${elsewhere}/token` });
    const problem = await failureOf(signedIn().tags(repository));
    expect(problem.kind).toBe("stalled");
    expect(problem.message).toContain(`sends Pinion to ${elsewhere}, which is in a private network`);
    expect(sent).toEqual([]);
    await failureOf(signedIn({ trustedHosts: [elsewhere] }).tags(repository));
    expect(sent).toEqual([expect.stringMatching(/^Basic /)]);
  });

  it("asks for what was asked of it, of every resource once, and never to write", async () => {
    const scopes: string[] = [];
    const host: string = await serve((request, response) => {
      const url = new URL(request.url ?? "", `http://${request.headers.host}`);
      const wanted = url.pathname.includes("/tags/") ? "metadata_read" : "content_read,push,delete,*";
      const known = /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
      if (url.pathname === "/token") {
        scopes.push(...url.searchParams.getAll("scope"));
        response.end(JSON.stringify({ access_token: url.searchParams.get("scope")?.replace(/^.*:/, "") }));
      } else if (!known.split(",").includes(wanted.replace(/,.*/, ""))) {
        const challenge = `Bearer realm="${url.origin}/token",service="acr",scope="repository:inner/a:${wanted}"`;
        response.writeHead(401, { "www-authenticate": challenge }).end();
      } else response.end(url.pathname.includes("/tags/") ? '{"tags":[]}' : '{"schemaVersion":2,"config":{}}');
    });
    const registry = client();
    await registry.digest(`${host}/a`, "1");
    await registry.tags(`${host}/a`);
    await registry.digest(`${host}/a`, "1");
    await registry.tags(`${host}/a`);
    expect(scopes).toEqual(["repository:inner/a:content_read,pull", "repository:inner/a:content_read,metadata_read,pull"]);
  });

  it.each([
    '{"access_token":"token-1"}',
    '{"token":"","access_token":"token-1"}',
    '{"token":null,"access_token":"token-1"}',
    '{"token":"token-1","access_token":"other","expires_in":"300"}',
    '{"token":"token-1","expires_in":-1,"issued_at":"yesterday"}',
  ])("%s is a token", async (body) => {
    const host: string = await serve((request, response) => {
      if (request.url?.startsWith("/token") === true) response.end(body);
      else if (request.headers.authorization === "Bearer token-1") response.end('{"tags":["1"]}');
      else response.writeHead(401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` }).end();
    });
    expect(await client().tags(`${host}/a`)).toEqual(["1"]);
  });

  /** What vendors answer to the first question, as far as it is known from their clients. */
  it.each([
    ["ECR", 'Basic realm="https://HOST/",service="ecr.amazonaws.com"'],
    ["Artifactory", 'Basic realm="Artifactory Realm"'],
    ["Artifactory with tokens", 'Bearer realm="http://HOST/token",service="HOST"'],
    ["Codeberg", 'Bearer realm="http://HOST/token",service="container_registry",scope="*",Basic realm="Gitea"'],
    ["GAR", 'Bearer realm="http://HOST/token",service="HOST",scope="repository:a:pull"'],
    ["Harbor", 'Bearer realm="http://HOST/token",service="harbor-registry",scope="repository:a:pull"'],
    ["public ECR", 'Bearer realm="http://HOST/token",service="public.ecr.aws",scope="aws"'],
    ["a registry whose Bearer has no address", 'Bearer realm="Some Realm", Basic realm="Some Realm"'],
  ])("finds its way into %s", async (_, header) => {
    const user = { username: "robot$acme+pinion", password: PASSWORD };
    const expected = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString("base64")}`;
    const sent: (string | undefined)[] = [];
    const scopes = new Set<string | null>();
    const host: string = await serve((request, response) => {
      const { host: self = "", authorization } = request.headers;
      sent.push(authorization);
      if (request.url?.startsWith("/token") === true) {
        scopes.add(new URL(request.url, `http://${self}`).searchParams.get("scope"));
        response.writeHead(authorization === expected ? 200 : 401).end('{"token":"token-1"}');
      } else if (authorization === (header.includes("/token") ? "Bearer token-1" : expected)) response.end('{"tags":["1"]}');
      else response.writeHead(401, { "www-authenticate": header.replaceAll("HOST", self) }).end();
    });
    expect(await client({ credentials: new Map([[host, user]]) }).tags(`${host}/a`)).toEqual(["1"]);
    expect(sent).toContain(expected);
    expect([...scopes]).toEqual(header.includes("/token") ? ["repository:a:pull"] : []);
    await failureOf(client({ credentials: new Map([[host, ACCOUNT]]) }).tags(`${host}/a`));
  });

  it("says that there are no credentials where an anonymous token opens nothing, as on Docker Hub", async () => {
    const host: string = await serve((request, response) => {
      if (request.url?.startsWith("/token") === true) response.end('{"token":"token-1"}');
      else response.writeHead(401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` }).end();
    });
    const problem = await failureOf(client().digest(`${host}/a`, "1"));
    expect(problem.message).toContain(`Check that the repository exists. There are no credentials for ${host}: give some`);
  });

  it("says so where the token server gives nobody an anonymous token, as GitHub's for a private package", async () => {
    const host: string = await serve((request, response) => {
      if (request.url?.startsWith("/token") === true) response.writeHead(403).end('{"errors":[{"code":"DENIED"}]}');
      else response.writeHead(401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` }).end();
    });
    const problem = await failureOf(client().tags(`${host}/a`));
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining(`answered 403. There are no credentials for ${host}`)]);
  });

  it.each(["{}", "[]", '{"token":""}', '{"token":7}', '{"token":"a b"}', '{"token":"a\\nb"}', "<html>"])("%s is no token", async (body) => {
    const host: string = await serve((request, response) => {
      if (request.url?.startsWith("/token") === true) response.end(body);
      else response.writeHead(401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` }).end();
    });
    expect((await failureOf(client().tags(`${host}/a`))).kind).toBe("dependency");
  });

  it("sends nothing to a registry it is redirected to, which asks for credentials of its own", async () => {
    const sent: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      sent.push(request.headers.authorization);
      response.writeHead(401, { "www-authenticate": `Bearer realm="http://${request.headers.host}/token"` }).end();
    });
    const host = await serve((request, response) => {
      if (request.headers.authorization === undefined) response.writeHead(401, { "www-authenticate": "Basic" }).end();
      else response.writeHead(307, { location: `http://${other}/v2/a/tags/list` }).end();
    });
    const registry = client({ credentials: new Map([[host, ACCOUNT]]), trustedHosts: [other] });
    // The first question signs in and is redirected; the second knows how to sign in from the start.
    await failureOf(registry.tags(`${host}/a`));
    expect((await failureOf(registry.tags(`${host}/a`))).kind).toBe("stalled");
    expect(sent).toEqual([undefined, undefined]);
  });
});
