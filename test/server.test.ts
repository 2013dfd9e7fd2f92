import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../src/server.ts";
import { about, gitHubHeaders, serverUnderTest, signature, speak } from "./server-under-test.ts";

const LOOK = { repository: { installation: 7, id: 42, owner: "acme", name: "manifests" }, hints: [{ kind: "forge" }] };
const LIMIT = 25 * 1024 * 1024;

describe("GitHub's webhooks", () => {
  it("that are signed make a look", async () => {
    const { post, looks, dispatcher } = await serverUnderTest();
    const body = about({ action: "opened" });
    const response = await post(body, gitHubHeaders(body));
    expect(response.status).toBe(200);
    await dispatcher.idle();
    expect(looks).toEqual([LOOK]);
  });

  it("find their way with a query and a slash at the end", async () => {
    const { post, looks, dispatcher } = await serverUnderTest();
    for (const path of ["/api/github/webhooks/", "/api/github/webhooks?x=1", "/api/github/webhooks/?x=/1"]) {
      const body = about({ action: "opened" });
      expect((await post(body, gitHubHeaders(body), path)).status, path).toBe(200);
      await dispatcher.idle();
    }
    expect(looks).toHaveLength(3);
  });

  it.each([
    ["forged with another secret", (body: string) => ({ "x-hub-signature-256": signature(body, "development") })],
    ["signed for another body", () => ({ "x-hub-signature-256": signature("{}") })],
    ["with a signature of nonsense", () => ({ "x-hub-signature-256": "sha256=zz" })],
    ["with an empty signature", () => ({ "x-hub-signature-256": "" })],
    ["signed in the old way alone", () => ({ "x-hub-signature-256": undefined, "x-hub-signature": "sha1=00" })],
    ["without a delivery", () => ({ "x-github-delivery": undefined })],
    ["without an event", () => ({ "x-github-event": undefined })],
  ])("%s are refused, and leave nothing of theirs in the log", async (_name, change) => {
    const { post, looks, lines, dispatcher } = await serverUnderTest();
    const body = about({ action: "opened", padding: "FORGED".repeat(2_000) });
    const headers = Object.fromEntries(
      Object.entries({ ...gitHubHeaders(body), ...change(body) }).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const response = await post(body, headers);
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain("FORGED");
    await dispatcher.idle();
    expect(looks).toEqual([]);
    expect(lines.join("")).not.toContain("FORGED");
    expect(lines.join("").length).toBeLessThan(3_000);
  });

  it("that come twice make one look", async () => {
    const { post, looks, dispatcher, lines } = await serverUnderTest();
    const body = about({ action: "opened" });
    const headers = gitHubHeaders(body);
    for (let times = 0; times < 3; times += 1) {
      expect((await post(body, headers)).status).toBe(200);
      await dispatcher.idle();
    }
    expect(looks).toHaveLength(1);
    expect(lines.filter((line) => line.includes("came twice"))).toHaveLength(2);
    expect((await post(body, gitHubHeaders(body))).status).toBe(200);
    await dispatcher.idle();
    expect(looks).toHaveLength(2);
  });

  it("cannot be kept out by a forgery with the same id", async () => {
    const { post, looks, dispatcher } = await serverUnderTest();
    const body = about({ action: "opened" });
    const headers = gitHubHeaders(body);
    expect((await post(body, { ...headers, "x-hub-signature-256": signature("other") })).status).toBe(400);
    expect((await post(body, headers)).status).toBe(200);
    await dispatcher.idle();
    expect(looks).toHaveLength(1);
  });

  it.each(["workflow_run", "ping", "constructor", "no_such_event"])("of kind %s are taken and ignored", async (event) => {
    const { post, looks, dispatcher } = await serverUnderTest();
    const body = about({ action: "completed" });
    expect((await post(body, gitHubHeaders(body, event))).status).toBe(200);
    await dispatcher.idle();
    expect(looks).toEqual([]);
  });

  it.each(["__proto__", "toString", "pull_request.opened", "*"])("of kind %s are no events", async (event) => {
    const { post } = await serverUnderTest();
    const body = about({ action: "completed" });
    expect((await post(body, gitHubHeaders(body, event))).status).toBe(400);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])("of content type %j are refused", async (type) => {
    const { post, looks } = await serverUnderTest();
    const body = about({ action: "opened" });
    expect((await post(body, { ...gitHubHeaders(body), "content-type": type })).status).toBe(415);
    expect(looks).toEqual([]);
  });

  it.each(["not json", "", "[1,", "null", "5", "[]", '"text"'])("that are signed but say %j do no harm", async (body) => {
    const { post, looks, dispatcher } = await serverUnderTest();
    const response = await post(body, gitHubHeaders(body));
    expect(response.status).toBeGreaterThanOrEqual(200);
    await dispatcher.idle();
    expect(looks).toEqual([]);
    const sound = about({ action: "opened" });
    expect((await post(sound, gitHubHeaders(sound))).status).toBe(200);
  });

  it("keep every byte that was signed", async () => {
    const { post } = await serverUnderTest();
    const body = about({ action: "opened", title: "grüße 🚀 \u2028 \ufeff" });
    expect((await post(body, gitHubHeaders(body))).status).toBe(200);
    const marked = `\ufeff${body}`;
    expect((await post(marked, gitHubHeaders(marked))).status).toBe(400);
  });

  it("are answered while looks take as long as they like", async () => {
    const { post, looks, world, dispatcher } = await serverUnderTest();
    const gate = Promise.withResolvers<void>();
    world.gate = gate.promise;
    for (let times = 0; times < 5; times += 1) {
      const body = about({ action: "synchronize" });
      expect((await post(body, gitHubHeaders(body))).status).toBe(200);
    }
    expect(looks).toHaveLength(1);
    gate.resolve();
    await dispatcher.idle();
    expect(looks).toHaveLength(2);
  });

  it("make the repositories be listed anew when the App is installed, and forgotten when one is deleted", async () => {
    const { post, looks, world, dispatcher } = await serverUnderTest();
    world.repositories = () => Promise.resolve([42, 43].map((id) => ({ ...LOOK.repository, id })));
    const installed = JSON.stringify({ action: "created", installation: { id: 7 } });
    expect((await post(installed, gitHubHeaders(installed, "installation"))).status).toBe(200);
    await dispatcher.idle();
    expect(looks.map((look) => look.repository.id)).toEqual([42, 43]);
    const deleted = about({ action: "deleted" });
    await post(deleted, gitHubHeaders(deleted, "repository"));
    expect(dispatcher.imagePushed("ghcr.io/acme/app")).toBe(1);
  });
});

describe("bodies that are too large", () => {
  const headers = "Host: x\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: d\r\nX-Hub-Signature-256: sha256=00\r\n";

  it("are refused by what they declare, before they come", async () => {
    const { server } = await serverUnderTest();
    const client = speak(server.url);
    client.say(`POST /api/github/webhooks HTTP/1.1\r\n${headers}Content-Length: ${LIMIT + 1}\r\n\r\n`);
    client.say("x".repeat(1_000));
    expect(await client.heard).toMatch(/^HTTP\/1\.1 413 [\s\S]*larger than 26214400 bytes/);
  });

  it("are refused as they come, when they declare nothing", async () => {
    const { server } = await serverUnderTest();
    const client = speak(server.url);
    client.say(`POST /api/github/webhooks HTTP/1.1\r\n${headers}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `100000\r\n${"x".repeat(0x100000)}\r\n`;
    for (let megabytes = 0; megabytes < 26; megabytes += 1) client.say(chunk);
    expect(await client.heard).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("of the largest size that GitHub sends are taken", async () => {
    const { post } = await serverUnderTest();
    const start = about({ action: "opened", padding: "" });
    const body = start.replace('"padding":""', `"padding":"${"x".repeat(LIMIT - start.length)}"`);
    expect(body).toHaveLength(LIMIT);
    expect((await post(body, gitHubHeaders(body))).status).toBe(200);
  });

  it("are not read at all when they are for nobody", async () => {
    const { server } = await serverUnderTest();
    const client = speak(server.url);
    client.say(`POST /nowhere HTTP/1.1\r\n${headers}Content-Length: 999999999\r\n\r\n`);
    expect(await client.heard).toMatch(/^HTTP\/1\.1 404 /);
  });

  it.each(["-1", "1e9", "0x10", "12, 13"])("cannot hide behind the length %j", async (length) => {
    const { server } = await serverUnderTest();
    const client = speak(server.url);
    client.say(`POST /api/github/webhooks HTTP/1.1\r\n${headers}Content-Length: ${length}\r\n\r\n{}`);
    expect(await client.heard).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("the rest of the server", () => {
  it.each([
    ["GET", "/", 404],
    ["GET", "/probot", 404],
    ["GET", "/ping", 404],
    ["POST", "/probot/setup", 404],
    ["GET", "/healthzz", 404],
    ["GET", "/api/github/webhooks", 405],
    ["DELETE", "/api/github/webhooks", 405],
    ["GET", "/webhooks/registry/distribution", 405],
    ["POST", "/healthz", 405],
    ["GET", "/healthz", 200],
    ["HEAD", "/healthz", 200],
    ["GET", "/healthz/", 200],
    ["GET", "/healthz?probe", 200],
    ["GET", "/readyz", 200],
  ])("%s %s is %i", async (method, path, status) => {
    const { server } = await serverUnderTest();
    const response = await fetch(`${server.url}${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    if (method !== "HEAD") expect(await response.json()).toEqual(status === 200 ? { status: "ok" } : { error: expect.any(String) });
    if (status === 405) expect(response.headers.get("allow")).toMatch(/^(?:POST|GET, HEAD)$/);
  });

  it.each(["*", "//", "/%zz", "http://other.example/healthz", "/../healthz"])("survives the target %s", async (target) => {
    const { server } = await serverUnderTest();
    const client = speak(server.url);
    client.say(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(await client.heard).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("is alive at once, and ready when GitHub has answered and every repository is queued", async () => {
    const { server, world, dispatcher } = await serverUnderTest({ swept: false });
    const answer = Promise.withResolvers<readonly []>();
    world.repositories = () => answer.promise;
    dispatcher.sweep();
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const early = await fetch(`${server.url}/readyz`);
    expect([early.status, await early.json()]).toEqual([503, { status: "not ready", reason: expect.stringContaining("GitHub") }]);
    answer.resolve([]);
    await dispatcher.idle();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it("says why it cannot listen", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      taken.close();
    });
    const { dispatcher } = await serverUnderTest();
    const { port } = taken.address() as AddressInfo;
    const { Probot } = await import("probot");
    const probot = new Probot({ githubToken: "none", secret: "a secret that is not used" });
    const journal = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const parts = { host: "127.0.0.1", port, appId: 1, probot, registrySecrets: new Map(), pushIdentity: null, dispatcher, journal };
    await expect(startServer(parts)).rejects.toThrow(`Pinion cannot listen on 127.0.0.1:${port} (EADDRINUSE): check HOST and PORT`);
  });
});

describe("closing", () => {
  it("waits for the look under way, is not ready meanwhile, and listens to nobody new", async () => {
    const { server, post, world, looks } = await serverUnderTest();
    const gate = Promise.withResolvers<void>();
    world.gate = gate.promise;
    const body = about({ action: "opened" });
    await post(body, gitHubHeaders(body));
    expect(looks).toHaveLength(1);
    const asked = speak(server.url);
    const told = speak(server.url);
    asked.say("GET /readyz HTTP/1.1\r\nHost: x\r\n");
    told.say("POST /api/github/webhooks HTTP/1.1\r\nHost: x\r\n");
    // Once these are answered, the server has accepted the connections that were opened before them.
    await fetch(`${server.url}/healthz`);
    let closed = false;
    const closing = server.close().then((unfinished) => {
      closed = true;
      return unfinished;
    });
    asked.say("\r\n");
    told.say("Content-Length: 2\r\n\r\n{}");
    expect(await asked.heard).toMatch(/^HTTP\/1\.1 503 [\s\S]*shutting down/);
    expect(await told.heard).toMatch(/^HTTP\/1\.1 503 /);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow("fetch failed");
    expect(closed).toBe(false);
    gate.resolve();
    expect(await closing).toEqual([]);
    expect(await server.close()).toEqual([]);
  });

  it("gives up on a look that does not end, and says which", async () => {
    const { server, post, world, clock } = await serverUnderTest();
    world.gate = Promise.withResolvers<void>().promise;
    const body = about({ action: "opened" });
    await post(body, gitHubHeaders(body));
    const closing = server.close();
    clock.advance(25_000);
    expect(await closing).toEqual(["acme/manifests"]);
  });
});
