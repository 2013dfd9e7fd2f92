import { describe, expect, it } from "vitest";
import { REGISTRY_SECRET, serverUnderTest, speak } from "./server-under-test.ts";

const PATH = "/webhooks/registry/distribution";
const TYPE = "application/vnd.docker.distribution.events.v1+json";
const HEADERS = { authorization: `Bearer ${REGISTRY_SECRET}`, "content-type": TYPE };

function pushed(...images: readonly (readonly [string, string | undefined])[]): string {
  return JSON.stringify({
    events: images.map(([repository, tag]) => ({
      action: "push",
      target: { repository, tag, mediaType: "application/vnd.oci.image.index.v1+json" },
      request: { host: "registry.example.com:5000" },
    })),
  });
}

describe("a push that a registry tells of", () => {
  it("makes a look that asks the registry anew", async () => {
    const { post, looks, dispatcher } = await serverUnderTest();
    const response = await post(pushed(["acme/app", "1.2.3"], ["acme/app", "1.2"], ["acme/web", "2"]), HEADERS, PATH);
    expect([response.status, await response.json()]).toEqual([
      202,
      { accepted: ["registry.example.com:5000/acme/app", "registry.example.com:5000/acme/web"] },
    ]);
    await dispatcher.idle();
    expect(looks.flatMap((look) => look.hints)).toEqual(
      ["app", "web"].map((name) => ({ kind: "registry", repository: `registry.example.com:5000/acme/${name}` })),
    );
  });

  it("is answered while looks take as long as they like", async () => {
    const { post, world, looks } = await serverUnderTest();
    const gate = Promise.withResolvers<void>();
    world.gate = gate.promise;
    for (let times = 0; times < 3; times += 1) expect((await post(pushed(["acme/app", "1"]), HEADERS, PATH)).status).toBe(202);
    expect(looks).toHaveLength(1);
    gate.resolve();
  });

  it.each([
    ["as it is", REGISTRY_SECRET],
    ["as a bearer token", `Bearer ${REGISTRY_SECRET}`],
  ])("can hold the secret %s", async (_name, authorization) => {
    const { post } = await serverUnderTest();
    expect((await post(pushed(["acme/app", "1"]), { ...HEADERS, authorization }, PATH)).status).toBe(202);
  });

  it.each([
    ["no secret", undefined],
    ["another secret", "Bearer another secret of a registry"],
    ["the start of the secret", `Bearer ${REGISTRY_SECRET.slice(0, -1)}`],
    ["more than the secret", `Bearer ${REGISTRY_SECRET}x`],
    ["nothing", ""],
    ["an empty bearer", "Bearer "],
  ])("is refused with %s", async (_name, authorization) => {
    const { post, looks, lines, dispatcher } = await serverUnderTest();
    const headers = { "content-type": TYPE, ...(authorization === undefined ? {} : { authorization }) };
    const response = await post(pushed(["acme/app", "FORGED"]), headers, PATH);
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain(REGISTRY_SECRET);
    await dispatcher.idle();
    expect(looks).toEqual([]);
    expect(lines.join("")).toContain("a registry webhook was refused");
    expect(lines.join("")).not.toMatch(/FORGED|secret of/);
  });
});

describe("other things that a registry tells of", () => {
  it.each([
    ["a pull", { events: [{ action: "pull", target: { repository: "acme/app", tag: "1" } }] }, "no event is a push"],
    ["a push without a tag", JSON.parse(pushed(["acme/app", undefined])) as unknown, "no event is a push"],
    ["nothing", { events: [] }, "no event is a push"],
    ["something else", { zen: "hello" }, "no list of events"],
    ["no object", [], "no list of events"],
  ])("are taken, so that they do not come again: %s", async (_name, body, reason) => {
    const { post, looks, dispatcher } = await serverUnderTest();
    const response = await post(JSON.stringify(body), HEADERS, PATH);
    expect([response.status, await response.json()]).toEqual([202, { ignored: expect.stringContaining(reason) }]);
    await dispatcher.idle();
    expect(looks).toEqual([]);
  });

  it.each(["not json", "", "{"])("are refused when they are not JSON: %j", async (body) => {
    const { post } = await serverUnderTest();
    expect((await post(body, HEADERS, PATH)).status).toBe(400);
  });

  it.each(["text/plain", "application/jsonx", ""])("are refused with the content type %j", async (type) => {
    const { post } = await serverUnderTest();
    expect((await post(pushed(["acme/app", "1"]), { ...HEADERS, "content-type": type }, PATH)).status).toBe(415);
  });

  it("are refused when they are too large, declared or not", async () => {
    const { server } = await serverUnderTest();
    const start = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${REGISTRY_SECRET}\r\nContent-Type: ${TYPE}\r\n`;
    const declared = speak(server.url);
    declared.say(`${start}Content-Length: ${1024 * 1024 + 1}\r\n\r\n`);
    expect(await declared.heard).toMatch(/^HTTP\/1\.1 413 /);
    const streamed = speak(server.url);
    streamed.say(`${start}Transfer-Encoding: chunked\r\n\r\n100001\r\n${"x".repeat(0x100001)}\r\n0\r\n\r\n`);
    expect(await streamed.heard).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe("a door that is not there", () => {
  it("says which variable would open it", async () => {
    const { post } = await serverUnderTest({ registry: false });
    const response = await post(pushed(["acme/app", "1"]), HEADERS, PATH);
    expect([response.status, await response.json()]).toEqual([404, { error: expect.stringContaining("PINION_WEBHOOK_DISTRIBUTION_SECRET") }]);
  });

  it.each(["gitlab", "__proto__", "constructor", "DISTRIBUTION", "%64istribution"])("has the name %s", async (source) => {
    const { post } = await serverUnderTest();
    const response = await post("{}", HEADERS, `/webhooks/registry/${source}`);
    expect([response.status, await response.json()]).toEqual([404, { error: expect.stringContaining("known: distribution, acr, ") }]);
  });
});
