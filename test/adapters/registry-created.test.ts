import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRegistry } from "../../src/adapters/registry.ts";
import { digestOfBytes } from "../../src/adapters/registry/manifest.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { VirtualClock } from "../../sandbox/clock.ts";
import { closeServers, failureOf, serve } from "./loopback.ts";

const NOW = Date.UTC(2026, 0, 5);
const BUILT = Date.UTC(2026, 0, 4, 12);

let server: SandboxRegistry;
let repository: string;

beforeEach(async () => {
  server = await startRegistry({ clock: new VirtualClock(NOW) });
  repository = `${server.host}/acme/app`;
});

afterEach(async () => {
  await server.close();
  await closeServers();
});

describe("when an image was built", () => {
  it.each([[undefined], [["linux/amd64", "linux/arm64/v8"]]])("is asked of a registry, for platforms %j", async (platforms) => {
    const digest = await server.push("acme/app", "1.0.0", { created: BUILT, ...(platforms === undefined ? {} : { platforms }) });
    expect(await createRegistry({ clock: new VirtualClock(NOW) }).created(repository, digest)).toBe(BUILT);
  });

  it("is not known of an image that is not there", async () => {
    await server.push("acme/app", "1.0.0");
    expect(await createRegistry({ clock: new VirtualClock(NOW) }).created(repository, `sha256:${"0".repeat(64)}`)).toBeNull();
  });

  it("is not told by what is left of an image whose configuration the registry says that it does not have", async () => {
    const manifest = JSON.stringify({ schemaVersion: 2, config: { digest: `sha256:${"0".repeat(64)}` } });
    const host = await serve((request, response) => {
      if (request.url?.includes("/manifests/") === true) response.end(manifest);
      else response.writeHead(404).end('{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}');
    });
    const digest = digestOfBytes(new TextEncoder().encode(manifest));
    const failure = await failureOf(createRegistry({ clock: new VirtualClock(NOW) }).created(`${host}/app`, digest));
    expect(failure.kind).toBe("stalled");
    expect(failure.message).toContain("the registry has the image, but not sha256:000");
  });

  it("is not believed of other bytes than were asked for", async () => {
    const digest = await server.push("acme/app", "1.0.0");
    server.lie("acme/app", digest, "bytes");
    const failure = await failureOf(createRegistry({ clock: new VirtualClock(NOW) }).created(repository, digest));
    expect(failure.kind).toBe("dependency");
    expect(failure.message).toBe(
      `Could not read when ${repository}@${digest} was built: ${server.host} answered other bytes than those of ${digest}. Ask whoever runs the registry, and the proxies before it.`,
    );
  });

  it("is not told by a registry that is down", async () => {
    const digest = await server.push("acme/app", "1.0.0");
    server.fail(503, null);
    expect(await failureOf(createRegistry({ clock: new VirtualClock(NOW) }).created(repository, digest))).toMatchObject({ kind: "dependency" });
  });
});
