import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PortFailure } from "../src/ports.ts";
import { Secret } from "../src/secret.ts";
import { createJournal, createLogger, withoutBodies, withoutSecrets } from "../src/telemetry.ts";

const PEM = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const INSTALLATION_TOKEN = `ghs_${"A1b2C3d4E5f6".repeat(3)}`;
const JWT = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3NjcyMjU2MDAsImlzcyI6MTIzNH0.c2lnbmF0dXJlLXBhcnQ_-x";

/** A logger that writes into a list. */
function loggerUnderTest(secrets: readonly Secret[] = []) {
  const lines: string[] = [];
  const logger = createLogger({ level: "trace", secrets, output: { write: (line) => lines.push(line) } });
  return { logger, lines };
}

const SECRETS: readonly (readonly [string, string])[] = [
  ["an installation token", INSTALLATION_TOKEN],
  ["a personal token", `ghp_${"x9".repeat(18)}`],
  ["a fine-grained token", `github_pat_${"Ab1_".repeat(12)}`],
  ["an App's token", JWT],
  ["a private key", PEM],
  ["half a private key", PEM.slice(0, 300)],
  ["a token in base64", Buffer.from(`x-access-token:${INSTALLATION_TOKEN}`).toString("base64")],
  ["a bare token in base64", Buffer.from(INSTALLATION_TOKEN).toString("base64")],
  ["a private key in base64", Buffer.from(PEM).toString("base64")],
];

describe("what looks like a secret", () => {
  it.each(SECRETS)("%s is in no line, wherever it stands", (_name, secret) => {
    const { logger, lines } = loggerUnderTest();
    logger.info(`the text ${secret} goes on`);
    logger.info({ field: secret, deep: { list: [`x=${secret};`] } }, "fields");
    logger.error(new Error(`failed with ${secret}`));
    logger.child({ bound: secret }).warn("bound");
    logger.info(`on a line of its own:\n${secret}`);
    logger.info({ json: JSON.stringify({ inner: secret }) }, "json in json");
    expect(lines).toHaveLength(6);
    const parts = secret.split("\n").filter((part) => part.length > 8 && !part.includes("-----"));
    for (const line of lines) {
      expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(line).toContain("[secret]");
      for (const part of parts) expect(line).not.toContain(part);
    }
  });

  it.each([
    ["authorization: Bearer abc", "authorization: [secret]"],
    ["Authorization: Basic dXNlcjpwYXNz", "Authorization: [secret]"],
    ['{"authorization":"token abc"}', '{"authorization":"[secret]"}'],
    ['{"authorization":["Bearer abc"]}', '{"authorization":["[secret]"]}'],
    ['{"Authorization":"s3cret"}', '{"Authorization":"[secret]"}'],
    ["got Bearer s3cretvalue99 there", "got Bearer [secret] there"],
    ["https://user:pa55@example.com/x", "https://[secret]@example.com/x"],
    ["https://token@example.com", "https://[secret]@example.com"],
    ['{"password":"a\\"b","x":1}', '{"password":"[secret]","x":1}'],
    ['{"webhook_secret":"abc","client_secret":"def"}', '{"webhook_secret":"[secret]","client_secret":"[secret]"}'],
  ])("%s becomes %s", (text, clean) => {
    expect(withoutSecrets(text)).toBe(clean);
  });

  it.each([
    "promoted ghcr.io/acme/app:1.2.3@sha256:0123456789abcdef to prod",
    "the token expired; basic authentication is not supported",
    "https://example.com/a@b and user@example.com",
    '{"level":"info","repository":"acme/manifests","kind":"dependency"}',
    "PINION_ARGOCD_URL needs a token: give PINION_ARGOCD_TOKEN_FILE",
    "refs/pull/12/head of acme/manifests has moved on from 0123456789ab: look again",
  ])("leaves alone: %s", (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  it("leaves a line break after a header's name to the line it is in", () => {
    const { logger, lines } = loggerUnderTest([]);
    logger.info("authorization: \n");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "authorization: \n" });
  });

  it("keeps every line JSON, whatever is logged", () => {
    const pieces = fc.constantFrom(...SECRETS.map(([, secret]) => secret), "Bearer ", "authorization: ", '"token":"', "\\", '"', "\n", "://a:b@", "{", "]");
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string())), fc.string(), (parts, key) => {
        const { logger, lines } = loggerUnderTest([new Secret("a known secret value")]);
        logger.info({ [`k${key}`]: parts.join(""), list: parts }, parts.join(" "));
        const line = lines[0] ?? "";
        expect(() => JSON.parse(line) as unknown).not.toThrow();
        expect(line).not.toContain(INSTALLATION_TOKEN);
        expect(line).not.toContain("iOjE3NjcyMjU2MDAsImlzcyI6");
      }),
    );
  });

  it.each(["-----BEGIN PRIVATE KEY-----", "authorization:", "eyJ", "://", '"token":"', "bearer ", "a", "a://", "\\", "gh", '"secret', "eyJa.", " "])(
    "is looked for in time that grows with the text alone: %j",
    (piece) => {
      // With a pattern that looks at a place again and again, this takes minutes, and the test runs out of time.
      expect(withoutSecrets(piece.repeat(1_000_000 / piece.length)).length).toBeGreaterThan(0);
    },
  );
});

describe("known secrets", () => {
  const secret = new Secret('it\'s "no" token/of+anybody');

  it("are taken out in every form", () => {
    const { logger, lines } = loggerUnderTest([secret]);
    const text = secret.reveal();
    const base64 = Buffer.from(text).toString("base64");
    logger.info({ a: text, b: base64, c: encodeURIComponent(text), d: base64.replaceAll("+", "-").replaceAll("/", "_") }, text);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ a: "[secret]", c: "[secret]", msg: "[secret]" });
    for (const form of [text, base64.slice(0, 20), "anybody"]) expect(lines[0]).not.toContain(form);
  });

  it("are hidden too when the object itself is logged", () => {
    const { logger, lines } = loggerUnderTest();
    logger.info({ settings: { secret } }, "settings");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ settings: { secret: "[secret]" } });
  });
});

describe("errors", () => {
  it("are their type, kind and message, and nothing that they carry along", () => {
    const { logger, lines } = loggerUnderTest();
    const body = Object.assign(new Error("signature does not match"), { event: { payload: "FORGED BODY" }, request: { headers: { cookie: "x" } } });
    logger.error(Object.assign(new AggregateError([body], body.message), { event: "FORGED BODY" }));
    createJournal(logger).warn("a look stalled", { err: new PortFailure("stalled", "no permission", { cause: body }), key: "acme/manifests" });
    createJournal(logger).error("thrown", { err: "a plain FORGED BODY" });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: "error", err: { type: "AggregateError", message: "signature does not match" }, msg: "signature does not match" },
      { level: "warn", msg: "a look stalled", key: "acme/manifests", err: { type: "PortFailure", kind: "stalled", message: "no permission" } },
      { level: "error", err: { type: "string" } },
    ]);
    for (const line of lines) expect(line).not.toMatch(/FORGED|cookie|stack/);
  });

  it("are not as long as whoever caused them likes", () => {
    const { logger, lines } = loggerUnderTest();
    logger.error({ err: new Error("x".repeat(1_000_000)) }, "long");
    expect(lines[0]?.length).toBeLessThan(3_000);
  });
});

it("writes nothing below its level, and the time as people read it", () => {
  const lines: string[] = [];
  const logger = createLogger({ level: "warn", output: { write: (line) => lines.push(line) } });
  const journal = createJournal(logger);
  journal.info("not seen");
  journal.warn("seen");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", msg: "seen", time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) });
});

it("keeps the code of others from writing the bodies that it writes at lower levels", () => {
  const lines: string[] = [];
  const output = { write: (line: string) => lines.push(line) };
  for (const level of ["trace", "debug", "info", "warn"] as const) {
    const logger = withoutBodies(createLogger({ level, output })).child({ name: "probot" });
    logger.debug({ body: "a whole body" }, "request");
    logger.info("told");
  }
  expect(lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg)).toEqual(["told", "told", "told"]);
});
