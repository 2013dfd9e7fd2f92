import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createRegistry, type RegistryOptions } from "../../src/adapters/registry.ts";
import { parseDockerConfig } from "../../src/adapters/registry/docker-config.ts";
import type { ArtifactRegistry } from "../../src/ports.ts";
import { hasDockerRegistry, startDockerRegistry, type DockerRegistry, type RegistryAccess } from "../real/docker-registry.ts";
import { startTokenServer, type TokenServer } from "../real/token-server.ts";
import { HelperPrograms } from "./helper-programs.ts";
import { failureOf } from "./loopback.ts";

const ACCOUNT = { username: "robot$acme+pinion", password: "s3cr3t-value", identityToken: "s3cr3t-refresh" };

/** `not-a-secret` by bcrypt, which is all that docker-registry takes. */
const HTPASSWD = "robot:$2b$05$abcdefghijklmnopqrstuuVPNOToLP9MHdthRCXkVoiIF0qNKnk2G\n";
const BASIC: RegistryAccess = {
  auth: (pathOf) => ({ htpasswd: { realm: "Registry Realm", path: pathOf("htpasswd") } }),
  files: { htpasswd: HTPASSWD },
  pushAuthorization: () => `Basic ${Buffer.from("robot:not-a-secret").toString("base64")}`,
};

/** What reads with this Docker config, by the real clock, which the registry's tokens live by. */
function signedIn(config: object, options: Partial<RegistryOptions> = {}): ArtifactRegistry {
  const parsed = parseDockerConfig(JSON.stringify(config));
  if (!parsed.ok) throw new Error(parsed.problem);
  expect(parsed.unused).toEqual([]);
  return createRegistry({ clock: { now: () => Date.now() }, credentials: parsed.credentials, helpers: parsed.helpers, ...options });
}

function authOf(username: string, password: string): object {
  return { auth: Buffer.from(`${username}:${password}`).toString("base64") };
}

describe.skipIf(!hasDockerRegistry())("docker-registry with Basic", () => {
  let server: DockerRegistry;
  let repository: string;

  beforeEach(async () => {
    server = await startDockerRegistry({ access: BASIC });
    repository = `${server.host}/acme/app`;
  });

  afterEach(async () => {
    await server.close();
  });

  it("lets in by an entry, for the registry or for a part of it, and by a helper", async () => {
    const pushed = await server.push("acme/app", "1.0.0", { platforms: ["linux/amd64", "linux/arm64"] });
    const programs = new HelperPrograms();
    onTestFinished(() => programs.remove());
    programs.answer("test", "robot", "not-a-secret");
    const configs = [
      { auths: { [server.host]: authOf("robot", "not-a-secret") } },
      { auths: { [`${server.host}/acme`]: authOf("robot", "not-a-secret"), [server.host]: authOf("robot", "wrong") } },
      { credHelpers: { [server.host]: "test" } },
      { credsStore: "test" },
    ];
    for (const config of configs) {
      const registry = signedIn(config, { environment: programs.environment });
      expect(await registry.tags(repository)).toEqual(["1.0.0"]);
      expect(await registry.digest(repository, "1.0.0")).toBe(pushed);
      expect(await registry.digest(repository, "1.0.0")).toBe(pushed);
    }
    expect(programs.calls("test")).toEqual([`get ${server.host}`, `get ${server.host}`]);
  });

  it("is a matter for a person without credentials or with wrong ones", async () => {
    await server.push("acme/app", "1.0.0");
    const nobody = await failureOf(signedIn({}).tags(repository));
    expect([nobody.kind, nobody.message]).toEqual(["stalled", expect.stringContaining(`no credentials for ${server.host}: give some`)]);
    const wrong = await failureOf(signedIn({ auths: { [server.host]: authOf("robot", "wrong-value") } }).tags(repository), "wrong-value");
    expect([wrong.kind, wrong.message]).toEqual(["stalled", expect.stringContaining(`the credentials for ${server.host} still hold`)]);
  });
});

describe.skipIf(!hasDockerRegistry())("docker-registry with a token server", () => {
  let tokens: TokenServer;
  let server: DockerRegistry;
  let repository: string;

  beforeEach(async () => {
    tokens = await startTokenServer(ACCOUNT);
    server = await startDockerRegistry({ access: tokens.access });
    repository = `${server.host}/acme/app`;
  });

  afterEach(async () => {
    await server.close();
    await tokens.close();
  });

  /** The token server has a port of its own in a private place, so it must be trusted. */
  const trusting = (config: object, options: Partial<RegistryOptions> = {}): ArtifactRegistry => {
    return signedIn(config, { trustedHosts: ["127.0.0.1"], ...options });
  };

  it("lets in by a password, with one token for each repository", async () => {
    const pushed = await server.push("acme/app", "1.0.0");
    await server.push("acme/other", "2.0.0");
    const registry = trusting({ auths: { [server.host]: authOf(ACCOUNT.username, ACCOUNT.password) } });
    expect(await registry.digest(repository, "1.0.0")).toBe(pushed);
    expect(await registry.digest(repository, "1.0.0")).toBe(pushed);
    expect(await registry.tags(repository)).toEqual(["1.0.0"]);
    expect(await registry.tags(`${server.host}/acme/other`)).toEqual(["2.0.0"]);
    expect(tokens.requests).toEqual(["GET repository:acme/app:pull", "GET repository:acme/other:pull"]);
  });

  it("lets in by an identity token, from the config and from a helper", async () => {
    const pushed = await server.push("acme/app", "1.0.0");
    const programs = new HelperPrograms();
    onTestFinished(() => programs.remove());
    programs.answer("test", "<token>", ACCOUNT.identityToken);
    const identity = { auth: "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==", identitytoken: ACCOUNT.identityToken };
    for (const config of [{ auths: { [server.host]: identity } }, { credHelpers: { [server.host]: "test" } }]) {
      expect(await trusting(config, { environment: programs.environment }).digest(repository, "1.0.0")).toBe(pushed);
    }
    expect(tokens.requests).toEqual(["POST repository:acme/app:pull", "POST repository:acme/app:pull"]);
  });

  it("is a matter for a person when the token is for less than was asked, or refused", async () => {
    await server.push("acme/app", "1.0.0");
    const nobody = await failureOf(trusting({}).tags(repository));
    expect([nobody.kind, nobody.message]).toEqual(["stalled", expect.stringContaining(`There are no credentials for ${server.host}`)]);
    const wrong = trusting({ auths: { [server.host]: authOf(ACCOUNT.username, "wrong-value") } });
    expect((await failureOf(wrong.tags(repository), "wrong-value")).kind).toBe("stalled");
    const ended = trusting({ auths: { [server.host]: { identitytoken: "ended-value" } } });
    expect((await failureOf(ended.tags(repository), "ended-value")).message).toContain("Check that the identity token");
  });

  it("is given nothing through a token server that the operator does not trust", async () => {
    const registry = signedIn({ auths: { [server.host]: authOf(ACCOUNT.username, ACCOUNT.password) } });
    const problem = await failureOf(registry.tags(repository), ACCOUNT.password);
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("which is in a private network")]);
    expect(tokens.requests).toEqual([]);
  });
});
