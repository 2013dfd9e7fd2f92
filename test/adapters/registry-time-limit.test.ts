import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRegistry, type RegistryOptions } from "../../src/adapters/registry.ts";
import { digestOfBytes } from "../../src/adapters/registry/manifest.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import type { ArtifactRegistry } from "../../src/ports.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { HelperPrograms } from "./helper-programs.ts";
import { closeServers, failureOf, serve } from "./loopback.ts";

const NOW = Date.UTC(2026, 0, 5);
const SECRET = "s3cr3t-value";
const UP = "that it, its token server and its credential helper are up and not overloaded";
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

let server: SandboxRegistry;
let repository: string;
/** What has gone by, and what goes by with each exchange. */
let time: { passed: number; each: number; exchanges: number };

beforeEach(async () => {
  server = await startRegistry({ clock: new VirtualClock(NOW) });
  repository = `${server.host}/acme/app`;
  await server.push("acme/app", "1.0.0");
  time = { passed: 0, each: 0, exchanges: 0 };
});

afterEach(async () => {
  await server.close();
  await closeServers();
});

const slowFetch: typeof globalThis.fetch = async (input, init) => {
  time.passed += time.each;
  time.exchanges += 1;
  return await fetch(input, init);
};

function slow(options: Partial<RegistryOptions> = {}): ArtifactRegistry {
  return createRegistry({ clock: new VirtualClock(NOW), fetch: slowFetch, elapsed: () => time.passed, ...options });
}

describe("the time of one question", () => {
  it("is counted over all parts of an image", async () => {
    const image = bytesOf({ schemaVersion: 2, config: { digest: digestOfBytes(bytesOf({})) } });
    const entry = { digest: digestOfBytes(image), platform: { os: "linux", architecture: "amd64" } };
    const index = bytesOf({ schemaVersion: 2, manifests: Array.from({ length: 24 }, () => entry) });
    const host = await serve((request, response) => {
      const isConfig = request.url?.includes("/blobs/") === true;
      response.end(isConfig ? "{}" : request.url?.endsWith(digestOfBytes(index)) === true ? index : image);
    });
    time.each = 1_000;
    expect(await slow().created(`${host}/app`, digestOfBytes(index))).toBeNull();
    expect(time.exchanges).toBe(49);
    time = { passed: 0, each: 5_000, exchanges: 0 };
    const { kind, message } = await failureOf(slow().created(`${host}/app`, digestOfBytes(index)));
    const question = `read when ${host}/app@${digestOfBytes(index)} was built`;
    expect([kind, message]).toEqual(["dependency", `Could not ${question}: ${host} gave no complete answer within 60000 ms. Check ${UP}.`]);
    expect(time.exchanges).toBe(12);
  });

  it("is counted over all pages of a list", async () => {
    const host = await serve((request, response) => {
      const nth = Number(new URL(request.url ?? "", "http://x").searchParams.get("last") ?? 0) + 1;
      response.setHeader("link", `</v2/app/tags/list?last=${nth}>; rel="next"`).end(JSON.stringify({ tags: [`v${nth}`] }));
    });
    time.each = 5_000;
    const { kind, message } = await failureOf(slow().tags(`${host}/app`));
    expect([kind, message]).toEqual(["dependency", `Could not list the tags of ${host}/app: ${host} gave no complete answer within 60000 ms. Remove tags that nobody needs, and check ${UP}.`]);
    expect(time.exchanges).toBe(12);
  });

  it("is counted over the questions with HEAD and with GET", async () => {
    const registry = slow();
    const first = await registry.digest(repository, "1.0.0");
    await server.push("acme/app", "1.0.0", { content: "other" });
    time.each = 60_000;
    expect((await failureOf(registry.digest(repository, "1.0.0"))).message).toContain("gave no complete answer within 60000 ms");
    time.each = 1_000;
    expect(await registry.digest(repository, "1.0.0")).not.toBe(first);
  });

  it("is counted over being turned away, signing in and asking again", async () => {
    server.requireToken({ account: null });
    time.each = 30_000;
    expect((await failureOf(slow().tags(repository))).message).toContain("gave no complete answer within 60000 ms");
    time.each = 15_000;
    expect(await slow().tags(repository)).toEqual(["1.0.0"]);
  });

  it("is not taken up by waiting for others", async () => {
    time.each = 40_000;
    const registry = slow({ concurrency: 1 });
    expect(await Promise.all([registry.tags(repository), registry.tags(repository), registry.tags(repository)])).toHaveLength(3);
  });

  it("ends while a helper does not answer, which others may wait for", async () => {
    const programs = new HelperPrograms();
    try {
      programs.write("test", "while ! test -e $0.go; do :; done\nexec docker-credential-answer get < /dev/null");
      programs.answer("answer", "AWS", SECRET);
      server.requireBasic({ username: "AWS", password: SECRET });
      const helpers = { byHost: new Map([[server.host, "test"]]), store: null };
      const registry = slow({ helpers, environment: programs.environment });
      time.each = 59_990;
      expect((await failureOf(registry.tags(repository))).message).toContain("gave no complete answer within 60000 ms");
      time.each = 0;
      const later = registry.tags(repository);
      programs.write("test.go", "");
      expect(await later).toEqual(["1.0.0"]);
      expect(programs.calls("test")).toHaveLength(1);
    } finally {
      programs.remove();
    }
  });
});
