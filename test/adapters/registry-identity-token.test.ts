import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { createRegistry } from "../../src/adapters/registry.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { closeServers, failureOf, serve } from "./loopback.ts";

const SECRET = "s3cr3t-refresh+/=& token";

afterEach(closeServers);

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

/** A registry and its token server in one, which answers a token request with this. */
async function start(status: number, answer: object, options: { readonly scopes?: string } = {}) {
  const asked: Asked[] = [];
  const answerToken = async (request: IncomingMessage): Promise<void> => {
    const { method, url, headers } = request;
    const form = Object.fromEntries(new URLSearchParams(await text(request)));
    asked.push({ method, url, authorization: headers.authorization, contentType: headers["content-type"], form });
  };
  const host: string = await serve((request, response) => {
    if (request.url?.startsWith("/oauth2/token") === true) {
      void answerToken(request).then(() => response.writeHead(status).end(JSON.stringify(answer)));
    } else if (request.headers.authorization === "Bearer access-1") response.end('{"tags":["1.0.0"]}');
    else {
      const scope = options.scopes ?? "repository:app:metadata_read";
      const header = `Bearer realm="http://${request.headers.host}/oauth2/token",service="acme.azurecr.io",scope="${scope}"`;
      response.writeHead(401, { "www-authenticate": header }).end();
    }
  });
  const clock = new VirtualClock(0);
  const registry = createRegistry({ clock, credentials: new Map([[host, { identityToken: SECRET }]]) });
  return { host, clock, registry, asked };
}

describe("an identity token", () => {
  it("is exchanged for a token by a form, never in an address or a header", async () => {
    const { host, registry, asked } = await start(200, { access_token: "access-1", refresh_token: "other", expires_in: 300, scope: "x" });
    expect(await registry.tags(`${host}/app`)).toEqual(["1.0.0"]);
    expect(asked).toEqual([
      {
        method: "POST",
        url: "/oauth2/token",
        authorization: undefined,
        contentType: "application/x-www-form-urlencoded",
        form: {
          grant_type: "refresh_token",
          client_id: "pinion",
          service: "acme.azurecr.io",
          scope: "repository:app:metadata_read,pull",
          refresh_token: SECRET,
        },
      },
    ]);
  });

  it("asks for several scopes in one parameter", async () => {
    const scopes = "repository:app:pull repository:base:pull";
    const { host, registry, asked } = await start(200, { access_token: "access-1" }, { scopes });
    await registry.tags(`${host}/app`);
    expect(asked[0]?.form["scope"]).toBe(scopes);
  });

  it("is exchanged again when the token's time is over, and not before", async () => {
    const { host, clock, registry, asked } = await start(200, { access_token: "access-1", expires_in: 300 });
    await registry.tags(`${host}/app`);
    clock.advance(299_999);
    await registry.tags(`${host}/app`);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    await registry.tags(`${host}/app`);
    expect(asked).toHaveLength(2);
  });

  it.each([400, 401, 403])("that is answered %i has had its day", async (status) => {
    const { host, registry, asked } = await start(status, { error: "invalid_grant", error_description: SECRET });
    const problem = await failureOf(registry.tags(`${host}/app`), SECRET);
    expect([problem.kind, problem.message]).toEqual([
      "stalled",
      expect.stringContaining(`answered ${status}. Check that the identity token for ${host} still holds and may pull it`),
    ]);
    expect(asked).toHaveLength(1);
  });

  it.each([404, 405])("is not known by a server that answers %i", async (status) => {
    const { host, registry } = await start(status, {});
    const problem = await failureOf(registry.tags(`${host}/app`), SECRET);
    expect([problem.kind, problem.message]).toEqual([
      "stalled",
      expect.stringContaining(`so it takes no identity token. Give a user and a password for ${host} instead`),
    ]);
  });

  it("is left alone by a token server that is asked too much", async () => {
    const { host, registry, asked } = await start(429, {});
    expect((await failureOf(registry.tags(`${host}/app`), SECRET)).message).toContain("answered 429 (too many requests)");
    expect(await failureOf(registry.tags(`${host}/app`), SECRET)).toMatchObject({ kind: "dependency", retryAt: 60_000 });
    expect(asked).toHaveLength(1);
  });

  it("is of no use where Basic is wanted, and is not sent", async () => {
    const sent: (string | undefined)[] = [];
    const host = await serve((request, response) => {
      sent.push(request.headers.authorization);
      response.writeHead(401, { "www-authenticate": 'Basic realm="Registry Realm"' }).end();
    });
    const registry = createRegistry({ clock: new VirtualClock(0), credentials: new Map([[host, { identityToken: SECRET }]]) });
    const problem = await failureOf(registry.tags(`${host}/app`), SECRET);
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("wants a user and a password")]);
    expect(sent).toEqual([undefined]);
  });
});
