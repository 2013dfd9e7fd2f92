import { describe, expect, it } from "vitest";
import { createRegistry, type RegistryOptions } from "../../src/adapters/registry.ts";
import type { Credentials } from "../../src/adapters/registry/credentials.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { failureOf } from "./loopback.ts";

const SECRET = "s3cr3t-value";
const REGISTRY = "https://registry.test";
const MANIFEST = JSON.stringify({ schemaVersion: 2, config: {} });

/** What names in these tests resolve to. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "registry.test": ["93.184.216.34"],
  "auth.test": ["93.184.216.35"],
  "storage.test": ["93.184.216.36"],
  "inside.test": ["10.1.2.3"],
  "rebound.test": ["93.184.216.37", "127.0.0.1"],
};

interface Sent {
  readonly url: string;
  readonly authorization: string | null;
}

type Answers = (url: URL, authorization: string | null) => Response;

/** A registry at `https://registry.test` whose answers a test gives; what was asked of whom is in `sent`. */
function world(answers: Answers, options: Partial<RegistryOptions> = {}) {
  const sent: Sent[] = [];
  const registry = createRegistry({
    clock: new VirtualClock(0),
    resolve: (name) => (NAMES[name] === undefined ? Promise.reject(new Error("ENOTFOUND")) : Promise.resolve(NAMES[name])),
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const authorization = new Headers(init?.headers).get("authorization");
      sent.push({ url: url.href, authorization });
      return Promise.resolve(answers(url, authorization));
    },
    ...options,
  });
  return { registry, sent, hosts: () => [...new Set(sent.map(({ url }) => new URL(url).host))] };
}

const redirect = (location: string) => new Response(null, { status: 307, headers: { location } });
const challenge = (realm: string) => new Response(null, { status: 401, headers: { "www-authenticate": `Bearer realm="${realm}"` } });

const FORBIDDEN = [
  "http://169.254.169.254/latest/meta-data/",
  "https://169.254.169.254/latest/meta-data/",
  "https://127.0.0.1:6443/api",
  "https://[::1]/",
  "https://[::ffff:10.0.0.1]/",
  "https://2130706433/",
  "https://0x7f.1/",
  "https://inside.test/x",
  "https://rebound.test/x",
  "http://storage.test/x",
];

describe.each(FORBIDDEN)("a registry that sends Pinion to %s", (target) => {
  it("for a manifest is not followed", async () => {
    const { registry, hosts } = world(() => redirect(target));
    const problem = await failureOf(registry.digest("registry.test/a/b", "1"), SECRET);
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringMatching(/private network|without https/)]);
    expect(hosts()).toEqual(["registry.test"]);
  });

  it("for a list is not followed", async () => {
    const { registry, hosts } = world(() => redirect(target));
    expect((await failureOf(registry.tags("registry.test/a/b"))).kind).toBe("stalled");
    expect(hosts()).toEqual(["registry.test"]);
  });

  it.each<readonly [string, Credentials]>([
    ["a password", { username: "u", password: SECRET }],
    ["an identity token", { identityToken: SECRET }],
  ])("for a token is given no token request, and not %s", async (_, credentials) => {
    const { registry, sent } = world(() => challenge(target), { credentials: new Map([["registry.test", credentials]]) });
    const problem = await failureOf(registry.tags("registry.test/a/b"), SECRET);
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("If that is meant, add it to the trusted hosts")]);
    expect(sent).toEqual([{ url: `${REGISTRY}/v2/a/b/tags/list?n=1000`, authorization: null }]);
  });

  it("by its token server is not followed", async () => {
    const { registry, hosts } = world((url) => (url.host === "auth.test" ? redirect(target) : challenge("https://auth.test/token")));
    expect((await failureOf(registry.tags("registry.test/a/b"))).kind).toBe("stalled");
    expect(hosts()).toEqual(["registry.test", "auth.test"]);
  });
});

describe("a registry with parts elsewhere", () => {
  const credentials = new Map([["registry.test", { username: "u", password: SECRET }]]);
  const elsewhere = (storage: string): Answers => {
    return (url, authorization) => {
      if (url.host !== "registry.test") return new Response(MANIFEST);
      return authorization === null ? new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } }) : redirect(storage);
    };
  };

  it("is followed for a manifest to a public place, without the credentials", async () => {
    const { registry, sent } = world(elsewhere("https://storage.test/m?sig=1"), { credentials });
    expect(await registry.digest("registry.test/a/b", "1")).toMatch(/^sha256:/);
    expect(sent.map(({ url, authorization }) => [new URL(url).host, authorization !== null])).toEqual([
      ["registry.test", false],
      ["registry.test", true],
      ["storage.test", false],
    ]);
  });

  it("is followed for a manifest into the private network where the operator trusts it", async () => {
    const { registry, sent } = world(elsewhere("https://inside.test/m"), { credentials, trustedHosts: ["inside.test"] });
    expect(await registry.digest("registry.test/a/b", "1")).toMatch(/^sha256:/);
    expect(sent.at(-1)).toEqual({ url: "https://inside.test/m", authorization: null });
  });

  it("has a token server that moved to another public place, which gets no credentials", async () => {
    const { registry, sent } = world(
      (url, authorization) => {
        if (url.host === "auth.test") return redirect("https://storage.test/token");
        if (url.host === "storage.test") return Response.json({ token: "token-1" });
        return authorization === "Bearer token-1" ? Response.json({ tags: ["1"] }) : challenge("https://auth.test/token");
      },
      { credentials },
    );
    expect(await registry.tags("registry.test/a/b")).toEqual(["1"]);
    expect(sent.map(({ authorization }) => authorization?.slice(0, 6) ?? null)).toEqual([null, "Basic ", null, "Bearer"]);
  });

  it("is believed no more for them than for what it serves itself", async () => {
    const { registry } = world(elsewhere("https://storage.test/m"), { credentials });
    expect((await failureOf(registry.digest("registry.test/a/b", `sha256:${"0".repeat(64)}`))).kind).toBe("error");
  });
});
