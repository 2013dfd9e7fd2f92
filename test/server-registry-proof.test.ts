import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { REGISTRY_SOURCES, type RegistrySource } from "../src/domain/registry-events/sources.ts";
import { PortFailure, type PushIdentity } from "../src/ports.ts";
import { Secret } from "../src/secret.ts";
import { PROOFS, signatureProblem } from "../src/web/registry-proof.ts";
import { PUSHED, PUSHES, REGISTRY_OF } from "./domain/registry-events/payloads.ts";
import { REGISTRY_SECRET, serverUnderTest } from "./server-under-test.ts";

interface Delivery {
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** How a sender that was set up as documented delivers a body, with this secret; null leaves the proof out. */
function delivery(source: RegistrySource, body: string, secret: string | null = REGISTRY_SECRET): Delivery {
  const query = new URLSearchParams();
  const headers: Record<string, string> = { "content-type": "application/json" };
  const registry = REGISTRY_OF[source];
  if (registry !== undefined) query.set("registry", registry);
  const proof = PROOFS[source];
  if (secret !== null && proof.kind === "address") query.set("secret", secret);
  if (secret !== null && proof.kind === "header") headers["authorization"] = secret;
  if (secret !== null && proof.kind === "signature") {
    headers[proof.header] = proof.prefix + createHmac(proof.algorithm, secret).update(body).digest("hex");
  }
  return { path: `/webhooks/registry/${source}?${query.toString()}`, headers };
}

describe.each(REGISTRY_SOURCES)("a push that %s tells of", (source) => {
  const body = JSON.stringify(PUSHES[source]);

  it("makes a look that asks the registry anew", async () => {
    const { post, looks, dispatcher, lines } = await serverUnderTest();
    const { path, headers } = delivery(source, body);
    const response = await post(body, headers, path);
    expect([response.status, await response.json()]).toEqual([202, { accepted: [PUSHED[source]] }]);
    await dispatcher.idle();
    expect(looks.flatMap((look) => look.hints)).toEqual([{ kind: "registry", repository: PUSHED[source] }]);
    expect(lines.join("")).not.toContain(REGISTRY_SECRET);
  });

  it.each([
    ["no proof", null],
    ["another secret", "another secret of a registry"],
    ["the start of the secret", REGISTRY_SECRET.slice(0, -1)],
    ["an empty secret", ""],
  ])("is refused with %s", async (_name, secret) => {
    const { post, looks, dispatcher, lines } = await serverUnderTest();
    const { path, headers } = delivery(source, body, secret);
    const response = await post(body, headers, path);
    expect([response.status, await response.json()]).toEqual([401, { error: expect.stringMatching(/^the (?:header|Authorization header|address) /) }]);
    await dispatcher.idle();
    expect(looks).toEqual([]);
    const log = lines.join("");
    expect(log).toContain(`"source":"${source}"`);
    expect(log).toContain("a registry webhook was refused");
    expect(log).not.toMatch(/secret of|acme\/app/);
  });

  it("that cannot be read is told, unless it would come again for ever", async () => {
    const { post, lines } = await serverUnderTest();
    const { path, headers } = delivery(source, "[]");
    const response = await post("[]", headers, path);
    const resends = source === "distribution" || source === "gar";
    expect([response.status, await response.json()]).toEqual(resends ? [202, { ignored: expect.any(String) }] : [422, { error: expect.any(String) }]);
    expect(lines.join("")).toContain("a registry webhook could not be read");
  });
});

describe.each(REGISTRY_SOURCES.filter((source) => PROOFS[source].kind === "signature"))("the signature of %s", (source) => {
  const body = JSON.stringify(PUSHES[source]);

  it.each([
    ["of another body", (text: string) => `${text} `],
    ["of no body", () => ""],
  ])("is refused when it is %s", async (_name, other) => {
    const { post, looks, dispatcher } = await serverUnderTest();
    const { path } = delivery(source, body);
    const { headers } = delivery(source, other(body));
    expect((await post(body, headers, path)).status).toBe(401);
    await dispatcher.idle();
    expect(looks).toEqual([]);
  });

  it("is not the secret itself", async () => {
    const { post } = await serverUnderTest();
    const { path, headers } = delivery(source, body, null);
    const proof = PROOFS[source];
    const bare = proof.kind === "signature" ? { [proof.header]: REGISTRY_SECRET } : {};
    expect((await post(body, { ...headers, ...bare, authorization: REGISTRY_SECRET }, `${path}&secret=${encodeURIComponent(REGISTRY_SECRET)}`)).status).toBe(401);
  });

  it("is taken in upper case", async () => {
    const { post } = await serverUnderTest();
    const { path, headers } = delivery(source, body);
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, name.startsWith("x-") ? value.toUpperCase() : value]));
    expect((await post(body, upper, path)).status).toBe(202);
  });
});

it.each([
  ["as it is", "a?b=c-0123456789", "a?b=c-0123456789"],
  ["percent-encoded", "50%&+# of a secret", "50%25%26%2B%23%20of%20a%20secret"],
])("a secret can stand in an address %s", async (_name, registrySecret, written) => {
  const { post } = await serverUnderTest({ registrySecret });
  const body = JSON.stringify(PUSHES.quay);
  const { headers } = delivery("quay", body, null);
  expect((await post(body, headers, `/webhooks/registry/quay?secret=${written}`)).status).toBe(202);
  expect((await post(body, headers, `/webhooks/registry/quay?secret=${written.slice(0, -1)}`)).status).toBe(401);
});

it("knows the signature that GitHub documents for its example", () => {
  // docs.github.com, "Validating webhook deliveries": a secret, a body and what they come to.
  const headers = { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" };
  const request = { headers } as unknown as Parameters<typeof signatureProblem>[2];
  expect(signatureProblem(PROOFS.github, new Secret("It's a Secret to Everybody"), request, Buffer.from("Hello, World!"))).toBeNull();
  expect(signatureProblem(PROOFS.github, new Secret("It's a Secret to Everybody"), request, Buffer.from("Hello, World"))).not.toBeNull();
});

describe("a push of Pub/Sub whose account is named", () => {
  const body = JSON.stringify(PUSHES.gar);
  const path = "/webhooks/registry/gar";
  const pushIdentity: PushIdentity = {
    problem: async (token) => {
      if (token === "h.keys.down") throw new PortFailure("dependency", "Could not read the keys: www.googleapis.com gave no answer.");
      return token === "h.good.s" ? null : "the token is of another service account";
    },
  };
  const json = { "content-type": "application/json" };

  it("is taken with the token, whatever secrets there are", async () => {
    const { post, looks, dispatcher } = await serverUnderTest({ pushIdentity });
    const response = await post(body, { ...json, authorization: "Bearer h.good.s" }, path);
    expect([response.status, await response.json()]).toEqual([202, { accepted: [PUSHED.gar] }]);
    await dispatcher.idle();
    expect(looks.flatMap((look) => look.hints)).toEqual([{ kind: "registry", repository: PUSHED.gar }]);
  });

  it.each([
    ["no token", {}, path, 401, "turn on authentication for the push subscription"],
    ["the secret in its address", {}, `${path}?secret=${encodeURIComponent(REGISTRY_SECRET)}`, 401, "turn on authentication for the push subscription"],
    ["the secret as a token", { authorization: `Bearer ${REGISTRY_SECRET}` }, path, 401, "turn on authentication for the push subscription"],
    ["another token", { authorization: "Bearer h.bad.s" }, path, 401, "the token is of another service account"],
    ["any token while Google's keys cannot be had", { authorization: "Bearer h.keys.down" }, path, 503, "who sends this cannot be told at the moment: send it again"],
  ])("is refused with %s", async (_, headers, to, status, reason) => {
    const { post, looks, dispatcher, lines } = await serverUnderTest({ pushIdentity });
    const response = await post(body, { ...json, ...headers }, to);
    expect([response.status, await response.json()]).toEqual([status, { error: expect.stringContaining(reason) }]);
    await dispatcher.idle();
    expect([looks, lines.join("").match(/Bearer|h\.(?:bad|keys)/)]).toEqual([[], null]);
    expect(lines.join("")).toContain('"source":"gar"');
  });

  it("opens no other door", async () => {
    const { post } = await serverUnderTest({ pushIdentity });
    expect((await post(JSON.stringify(PUSHES.quay), { ...json, authorization: "Bearer h.good.s" }, "/webhooks/registry/quay")).status).toBe(401);
  });
});

it("a webhook of Artifactory whose address does not name the registry is told how to", async () => {
  const { post } = await serverUnderTest();
  const body = JSON.stringify(PUSHES.artifactory);
  const response = await post(body, delivery("artifactory", body).headers, "/webhooks/registry/artifactory");
  expect([response.status, await response.json()]).toEqual([422, { error: expect.stringContaining("end it with ?registry=") }]);
});
