import { generateKeyPairSync } from "node:crypto";
import type { ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import { createPushIdentity } from "../../src/adapters/google-oidc.ts";
import { closeServers, failureOf, serve } from "./loopback.ts";

afterEach(closeServers);

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const AUDIENCE = "https://pinion.example.com/webhooks/registry/gar";
const ACCOUNT = "push@project.iam.gserviceaccount.com";
const CLAIMS = { iss: "https://accounts.google.com", aud: AUDIENCE, email: ACCOUNT, email_verified: true };

const { privateKey, publicKey } = await generateKeyPair("RS256");
const other = await generateKeyPair("RS256");
const jwk = async (key: CryptoKey, kid: string) => ({ ...(await exportJWK(key)), kid, alg: "RS256", use: "sig" });
const [FIRST, SECOND] = [await jwk(publicKey, "first"), await jwk(other.publicKey, "second")];
const { n: _, ...WITHOUT_MODULUS } = FIRST;
const SHORT = generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey.export({ format: "jwk" });
const PRIVATE = await jwk((await generateKeyPair("RS256", { extractable: true })).privateKey, "first");

interface Signing {
  readonly claims?: JWTPayload;
  readonly key?: CryptoKey;
  readonly kid?: string;
  readonly issuedAt?: number;
  readonly life?: number;
}

function tokenOf({ claims = CLAIMS, key = privateKey, kid = "first", issuedAt = START, life = 3_600 }: Signing = {}): Promise<string> {
  const at = issuedAt / 1_000;
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).setIssuedAt(at).setExpirationTime(at + life).sign(key);
}

/** Google's keys on a server of the test's own, which counts how often it is asked. */
async function google(answer: (response: ServerResponse) => void = respond([FIRST])) {
  const world = { answer, asked: 0 };
  const host = await serve((_, response) => {
    world.asked += 1;
    world.answer(response);
  });
  const clock = new VirtualClock(START);
  const identity = createPushIdentity({ audience: AUDIENCE, serviceAccount: ACCOUNT, clock, keys: `http://${host}/certs` });
  return { world, clock, identity };
}

function respond(keys: readonly object[], cacheControl = "public, max-age=3600, must-revalidate"): (response: ServerResponse) => void {
  return (response) => void response.writeHead(200, { "content-type": "application/json", "cache-control": cacheControl }).end(JSON.stringify({ keys }));
}

describe("a token of Google", () => {
  it.each([
    ["as it is documented", CLAIMS],
    ["with the issuer's older name", { ...CLAIMS, iss: "accounts.google.com" }],
    ["with more claims", { ...CLAIMS, sub: "1", azp: "1" }],
  ])("is taken %s", async (_, claims) => {
    const { identity } = await google();
    expect(await identity.problem(await tokenOf({ claims }))).toBeNull();
  });

  it.each<[string, Signing, string]>([
    ["of another issuer", { claims: { ...CLAIMS, iss: "https://accounts.example.com" } }, "not of Google"],
    ["without an issuer", { claims: { aud: AUDIENCE, email: ACCOUNT, email_verified: true } }, "not of Google"],
    ["for somebody else", { claims: { ...CLAIMS, aud: "https://other.example.com" } }, "another audience"],
    ["for a longer audience", { claims: { ...CLAIMS, aud: `${AUDIENCE}/` } }, "another audience"],
    ["of another account", { claims: { ...CLAIMS, email: "mallory@project.iam.gserviceaccount.com" } }, "another service account"],
    ["of nobody", { claims: { iss: CLAIMS.iss, aud: AUDIENCE } }, "another service account"],
    ["of an address that was not verified", { claims: { ...CLAIMS, email_verified: false } }, "another service account"],
    ["of an address that is said to be verified in a text", { claims: { ...CLAIMS, email_verified: "true" } }, "another service account"],
    ["signed with another key", { key: other.privateKey }, "signature or claims are wrong"],
    ["signed with a key that Google does not have", { key: other.privateKey, kid: "second" }, "a key that Google does not have"],
    ["that has expired", { issuedAt: START - 3_661_000 }, "has expired"],
    ["without an end", { life: Number.NaN }, "signature or claims are wrong"],
  ])("is refused %s", async (_, signing, problem) => {
    const { identity } = await google();
    const token = signing.life === undefined ? await tokenOf(signing) : await new SignJWT(CLAIMS).setProtectedHeader({ alg: "RS256", kid: "first" }).setIssuedAt().sign(privateKey);
    expect(await identity.problem(token)).toContain(problem);
  });

  it("is let off a minute, because clocks differ", async () => {
    const { identity } = await google();
    expect(await identity.problem(await tokenOf({ issuedAt: START - 3_659_000 }))).toBeNull();
  });

  it("whose words were changed is refused", async () => {
    const { identity } = await google();
    const [header = "", , signature = ""] = (await tokenOf({ claims: { ...CLAIMS, aud: "https://other.example.com" } })).split(".");
    const payload = Buffer.from(JSON.stringify({ ...CLAIMS, iat: START / 1_000, exp: START / 1_000 + 60 })).toString("base64url");
    expect(await identity.problem(`${header}.${payload}.${signature}`)).toContain("signature or claims are wrong");
  });

  it("without a signature, with a shared secret or not a token at all is refused without asking Google", async () => {
    const { identity, world } = await google();
    const unsigned = new UnsecuredJWT(CLAIMS).setIssuedAt(START / 1_000).setExpirationTime(START / 1_000 + 60).encode();
    const shared = await new SignJWT(CLAIMS).setProtectedHeader({ alg: "HS256", kid: "first" }).setExpirationTime(START / 1_000 + 60).sign(Buffer.from(JSON.stringify(FIRST)));
    const nameless = await new SignJWT(CLAIMS).setProtectedHeader({ alg: "RS256" }).setExpirationTime(START / 1_000 + 60).sign(privateKey);
    for (const token of [unsigned, shared, nameless, "", "a.b.c", "..", "x"]) expect(await identity.problem(token)).toContain("is no JWT");
    expect(await identity.problem(await tokenOf({ claims: { ...CLAIMS, aud: "x" } }))).not.toBeNull();
    expect(world.asked).toBe(0);
  });
});

describe("Google's keys", () => {
  it("are asked for once, and again when their time is over", async () => {
    const { identity, world, clock } = await google();
    const take = async () => identity.problem(await tokenOf({ issuedAt: clock.now() }));
    expect(await Promise.all([take(), take(), take()])).toEqual([null, null, null]);
    clock.advance(3_599_000);
    expect([await take(), world.asked]).toEqual([null, 1]);
    clock.advance(1_000);
    expect([await take(), world.asked]).toEqual([null, 2]);
  });

  it.each([
    ["no-store", 3_600_000],
    ["max-age=1", MINUTE],
    ["private, max-age=999999999", 86_400_000],
    ["s-maxage=5,max-age=120", 2 * MINUTE],
  ])("hold with Cache-Control: %s for %d ms", async (cacheControl, life) => {
    const { identity, world, clock } = await google(respond([FIRST], cacheControl));
    const take = async () => identity.problem(await tokenOf({ issuedAt: clock.now() }));
    await take();
    clock.advance(life - 1);
    await take();
    expect(world.asked).toBe(1);
    clock.advance(1);
    await take();
    expect(world.asked).toBe(2);
  });

  it("are asked for again for a key that is new, but not for every token", async () => {
    const { identity, world, clock } = await google();
    const take = async () => identity.problem(await tokenOf({ key: other.privateKey, kid: "second", issuedAt: clock.now() }));
    expect(await take()).toContain("does not have");
    expect(await take()).toContain("does not have");
    expect(world.asked).toBe(1);
    world.answer = respond([FIRST, SECOND]);
    clock.advance(MINUTE);
    expect([await take(), world.asked]).toEqual([null, 2]);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ["there is no answer", (response) => void response.socket?.destroy(), /could not be reached/],
    ["Google is down", (response) => void response.writeHead(503).end(), /answered 503/],
    ["there is a page of HTML", (response) => void response.end("<html>"), /JSON/],
    ["there are no keys", (response) => void response.end("{}"), /sent no JSON Web Key Set/],
    ["the keys are none", (response) => void response.end('{"keys": [1]}'), /sent no JSON Web Key Set/],
    ["there is far too much", (response) => void response.end(`{"keys": [], "x": "${"x".repeat(70_000)}"}`), /more than|larger|too/],
    ["it points elsewhere", (response) => void response.writeHead(302, { location: "http://localhost:1/" }).end(), /redirect/],
  ])("cannot be had when %s: then nothing is taken, and nothing is refused for good", async (_, answer, problem) => {
    const { identity, world, clock } = await google(answer);
    expect((await failureOf(identity.problem(await tokenOf()))).message).toMatch(problem);
    await failureOf(identity.problem(await tokenOf()));
    expect(world.asked).toBe(1);
    world.answer = respond([FIRST]);
    clock.advance(5_000);
    expect(await identity.problem(await tokenOf())).toBeNull();
  });

  it.each<[string, readonly object[]]>([
    ["lacks its modulus", [WITHOUT_MODULUS]],
    ["has a modulus that is no text", [{ ...FIRST, n: 7 }]],
    ["has a modulus that is no base64", [{ ...FIRST, n: "%%" }]],
    ["is too short", [{ ...FIRST, ...SHORT }]],
    ["is a private one", [PRIVATE]],
    ["is there twice", [FIRST, { ...SECOND, kid: "first" }]],
  ])("of which the one wanted %s tell nothing of a token, until there are better ones", async (_, keys) => {
    const { identity, world, clock } = await google(respond(keys));
    const { kind, message } = await failureOf(identity.problem(await tokenOf()));
    expect([kind, message]).toEqual(["dependency", expect.stringMatching(/^Could not judge a token of Google: its key, "first", cannot be used/)]);
    await failureOf(identity.problem(await tokenOf()));
    expect(world.asked).toBe(1);
    world.answer = respond([FIRST]);
    clock.advance(MINUTE);
    expect(await identity.problem(await tokenOf())).toBeNull();
  });

  it("that are over are not used while newer ones cannot be had", async () => {
    const { identity, world, clock } = await google();
    expect(await identity.problem(await tokenOf())).toBeNull();
    world.answer = (response) => void response.writeHead(500).end();
    clock.advance(2 * MINUTE);
    await failureOf(identity.problem(await tokenOf({ key: other.privateKey, kid: "second" })));
    expect(await identity.problem(await tokenOf())).toBeNull();
    clock.advance(3_600_000);
    await failureOf(identity.problem(await tokenOf({ issuedAt: clock.now() })));
  });
});
