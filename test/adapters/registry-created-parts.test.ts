import { describe, expect, it } from "vitest";
import { digestOfBytes } from "../../src/adapters/registry/manifest.ts";
import { builtAt } from "../../src/adapters/registry/created.ts";
import type { Digest } from "../../src/domain/release.ts";
import { failureOf } from "./loopback.ts";

const CREATED = "org.opencontainers.image.created";
const [EARLY, LATE] = ["2026-11-20T08:00:00Z", "2026-11-21T09:30:00.123456789+01:00"];
const GONE: Digest = `sha256:${"0".repeat(64)}`;
const LINUX = { os: "linux", architecture: "amd64" };

/** A registry in a map: JSON by the digest of its text. */
class Contents {
  readonly #bytes = new Map<Digest, Uint8Array>();
  asked = 0;

  put(content: unknown): Digest {
    const bytes = new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content));
    const digest = digestOfBytes(bytes);
    this.#bytes.set(digest, bytes);
    return digest;
  }

  image(config: unknown, annotations?: unknown): Digest {
    return this.put({ schemaVersion: 2, config: { digest: this.put(config) }, annotations });
  }

  async at(digest: Digest): Promise<string | null> {
    const read = async (wanted: Digest) => {
      this.asked += 1;
      return this.#bytes.get(wanted) ?? null;
    };
    const time = await builtAt({ repository: "ghcr.io/acme/app", manifest: read, config: read }, digest);
    return time === null ? null : new Date(time).toISOString();
  }
}

describe("when an image was built", () => {
  it.each<[string, (contents: Contents) => Digest, string | null]>([
    ["its configuration", (c) => c.image({ created: EARLY }), "2026-11-20T08:00:00.000Z"],
    ["its configuration, to the nanosecond and elsewhere", (c) => c.image({ created: LATE }), "2026-11-21T08:30:00.123Z"],
    ["its annotation, before its configuration", (c) => c.image({ created: EARLY }, { [CREATED]: LATE }), "2026-11-21T08:30:00.123Z"],
    ["its configuration, where the annotation is no time", (c) => c.image({ created: EARLY }, { [CREATED]: "yesterday" }), "2026-11-20T08:00:00.000Z"],
    ["the annotation of an index", (c) => c.put({ manifests: [{ digest: c.image({ created: EARLY }), platform: LINUX }], annotations: { [CREATED]: LATE } }), "2026-11-21T08:30:00.123Z"],
    [
      "the latest image of an index",
      (c) => c.put({ manifests: [c.image({ created: LATE }), c.image({ created: EARLY }), c.image({})].map((digest) => ({ digest, platform: LINUX })) }),
      "2026-11-21T08:30:00.123Z",
    ],
    [
      "no attestation",
      (c) => c.put({ manifests: [{ digest: c.image({ created: EARLY }), platform: LINUX }, { digest: c.image({ created: LATE }), platform: { os: "unknown", architecture: "unknown" } }] }),
      "2026-11-20T08:00:00.000Z",
    ],
    ["nothing", (c) => c.image({ os: "linux" }), null],
    ["a day without an hour", (c) => c.image({ created: "2026-11-20" }), null],
    ["a day that is none", (c) => c.image({ created: "2026-13-20T08:00:00Z" }), null],
    ["a number", (c) => c.image({ created: 1_700_000_000 }), null],
    ["a configuration that is no JSON", (c) => c.image("<html>"), null],
    ["a configuration without a digest", (c) => c.put({ schemaVersion: 2, config: {} }), null],
    ["a manifest that is gone", () => GONE, null],
    ["an empty index", (c) => c.put({ manifests: [] }), null],
  ])("is told by %s", async (_, make, time) => {
    const contents = new Contents();
    expect(await contents.at(make(contents))).toBe(time);
  });

  it.each<[string, (contents: Contents) => Digest]>([
    ["a configuration", (c) => c.put({ schemaVersion: 2, config: { digest: GONE } })],
    ["an image of an index", (c) => c.put({ manifests: [c.image({ created: EARLY }), GONE].map((digest) => ({ digest, platform: LINUX })) })],
    [
      "the configuration of an image of an index",
      (c) => c.put({ manifests: [c.put({ schemaVersion: 2, config: { digest: GONE } }), c.image({ created: EARLY })].map((digest) => ({ digest, platform: LINUX })) }),
    ],
  ])("is not told by the rest where the registry does not serve %s: that may be the latest", async (_, make) => {
    const contents = new Contents();
    const digest = make(contents);
    const failure = await failureOf(contents.at(digest));
    expect(failure.kind).toBe("stalled");
    expect(failure.message).toBe(
      `Could not read when ghcr.io/acme/app@${digest} was built: the registry has the image, but not ${GONE}, which is a part of it. Push it again, or leave its tag out by \`ignore\` under \`select\`.`,
    );
  });

  it("is told by the annotation of an index, whatever part of it is not served", async () => {
    const contents = new Contents();
    expect(await contents.at(contents.put({ manifests: [{ digest: GONE, platform: LINUX }], annotations: { [CREATED]: EARLY } }))).toBe("2026-11-20T08:00:00.000Z");
  });

  it("is not asked of more images than an index of one application has", async () => {
    const contents = new Contents();
    const image = contents.image({ created: EARLY });
    const index = contents.put({ manifests: Array.from({ length: 25 }, () => ({ digest: image, platform: LINUX })) });
    expect(await contents.at(index)).toBeNull();
    expect(contents.asked).toBe(1);
  });
});
