import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { credentialHost } from "../../src/adapters/registry/credentials.ts";
import { parseDockerConfig } from "../../src/adapters/registry/docker-config.ts";

const SECRET = "s3cr3t-value";

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("parseDockerConfig", () => {
  it("reads users, passwords and identity tokens by host and path", () => {
    const result = parseDockerConfig(
      JSON.stringify({
        auths: {
          "https://index.docker.io/v1/": { auth: base64("hub:pw:with:colons") },
          "docker.io/acme": { auth: base64("acme:pw") },
          "GHCR.io": { username: "octo", password: SECRET },
          "ghcr.io/acme/": { username: "team", password: SECRET },
          "https://registry.test:5000/v2/": { auth: base64("a:b\0\0") },
          "harbor.test": { auth: base64("robot$acme+pinion:pw") },
          "acme.azurecr.io": { auth: base64("00000000-0000-0000-0000-000000000000:"), identitytoken: SECRET },
          "europe-docker.pkg.dev": { auth: base64(`_json_key:{"type":"service_account","private_key":"${SECRET}"}`) },
          "empty.test": {},
        },
        HttpHeaders: {},
      }),
    );
    expect(result).toEqual({
      ok: true,
      credentials: new Map<string, unknown>([
        ["docker.io", { username: "hub", password: "pw:with:colons" }],
        ["docker.io/acme", { username: "acme", password: "pw" }],
        ["ghcr.io", { username: "octo", password: SECRET }],
        ["ghcr.io/acme", { username: "team", password: SECRET }],
        ["registry.test:5000", { username: "a", password: "b" }],
        ["harbor.test", { username: "robot$acme+pinion", password: "pw" }],
        ["acme.azurecr.io", { identityToken: SECRET }],
        ["europe-docker.pkg.dev", { username: "_json_key", password: `{"type":"service_account","private_key":"${SECRET}"}` }],
      ]),
      helpers: { byHost: new Map(), store: null },
      unused: [],
    });
  });

  it("reads helpers by host, and the one for all others", () => {
    const credHelpers = { "123456789012.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login", "https://index.docker.io/v1/": "pass", "GCR.io": "gcr" };
    const result = parseDockerConfig(JSON.stringify({ credHelpers, credsStore: "secretservice" }));
    expect(result).toMatchObject({ ok: true, credentials: new Map(), unused: [] });
    expect(result.ok ? result.helpers : null).toEqual({
      byHost: new Map([
        ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "ecr-login"],
        ["docker.io", "pass"],
        ["gcr.io", "gcr"],
      ]),
      store: "secretservice",
    });
  });

  it("says what it does not use, without the secrets", () => {
    const result = parseDockerConfig(
      JSON.stringify({
        auths: {
          "*.azurecr.io": { auth: base64(`a:${SECRET}`) },
          "/team": { auth: base64(`a:${SECRET}`) },
          "bearer.test": { registrytoken: SECRET },
          "bad.test": { auth: base64(SECRET) },
          "worse.test": SECRET,
        },
        credsStore: "desktop.exe",
        credHelpers: { "a.test": "../../bin/sh", "b.test": "", "c.test": 7, "d.test/team": "pass", "*.e.test": "pass", "f.test": "a b" },
      }),
    );
    expect(result).toMatchObject({ ok: true, credentials: new Map(), helpers: { byHost: new Map(), store: null } });
    expect(result.ok ? result.unused : []).toEqual([
      expect.stringMatching(/^credHelpers for "a.test" is not the name of a helper/),
      expect.stringMatching(/^credHelpers for "b.test" is not the name/),
      expect.stringMatching(/^credHelpers for "c.test" is not the name/),
      expect.stringMatching(/^credHelpers for "d.test\/team" are for one path/),
      expect.stringMatching(/^credHelpers for "\*.e.test" is a pattern/),
      expect.stringMatching(/^credHelpers for "f.test" is not the name/),
      expect.stringMatching(/^credsStore is not the name of a helper/),
      expect.stringMatching(/^the entry "\*.azurecr.io" is a pattern/),
      expect.stringMatching(/^the entry "\/team" names no registry/),
      expect.stringMatching(/^the entry "bearer.test" has only a "registrytoken"/),
      expect.stringMatching(/^the entry "bad.test" has an "auth" that is not the base64/),
      expect.stringMatching(/^the entry "worse.test" is not an object/),
    ]);
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  const REFUSED = ["", "{", `{"auths": ${SECRET}}`, "[]", "null", '"x"', `{"auths":["${SECRET}"]}`, '{"auths":3}', '{"credHelpers":[]}', '{"credsStore":7}'];

  it.each(REFUSED)("refuses %s", (text) => {
    const result = parseDockerConfig(text);
    expect(result.ok ? "" : result.problem).toMatch(/^(is not|has) /);
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  it("never throws, and names no program that could lie outside PATH", () => {
    fc.assert(fc.property(fc.json(), (text) => typeof parseDockerConfig(text).ok === "boolean"));
    const anything = fc.record({
      auths: fc.dictionary(fc.string(), fc.jsonValue()),
      credHelpers: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.jsonValue())),
      credsStore: fc.string(),
    });
    fc.assert(
      fc.property(anything, (config) => {
        const result = parseDockerConfig(JSON.stringify(config));
        const names = result.ok ? [...result.helpers.byHost.values(), result.helpers.store ?? "none"] : [];
        expect(names.filter((name) => !/^[\w-]+$/.test(name))).toEqual([]);
      }),
    );
  });

  it.each([
    ["index.docker.io", "docker.io"],
    ["registry-1.docker.io", "docker.io"],
    ["GHCR.IO", "ghcr.io"],
  ])("%s is kept under %s", (host, kept) => {
    expect(credentialHost(host)).toBe(kept);
  });
});
