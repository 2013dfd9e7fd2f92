import { createServer } from "node:http";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRegistry } from "../../src/adapters/registry.ts";
import { parseDistribution } from "../../src/domain/registry-events/distribution.ts";
import type { Digest } from "../../src/domain/release.ts";
import type { ArtifactRegistry } from "../../src/ports.ts";
import { startRegistry } from "../../sandbox/registry.ts";
import type { ImageContent } from "../../sandbox/registry/image.ts";
import { hasDockerRegistry, startDockerRegistry } from "../real/docker-registry.ts";

interface Subject {
  readonly host: string;
  push(repository: string, tag: string, image?: ImageContent): Promise<Digest>;
  close(): Promise<void>;
}

interface Kind {
  start(notificationsUrl: string, authorization: string): Promise<Subject>;
}

const SANDBOX: Kind = {
  async start(url, authorization) {
    const server = await startRegistry();
    server.notify({ url, authorization });
    return server;
  },
};
const REAL: Kind = {
  start: (notificationsUrl, authorization) => startDockerRegistry({ notificationsUrl, authorization }),
};

interface Delivery {
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

describe("with the sandbox", () => behaves(SANDBOX));
describe.skipIf(!hasDockerRegistry())("with docker-registry", () => behaves(REAL));

/** The adapter must see no difference between the registry of the tests and the one that people run. */
function behaves(kind: Kind): void {
  const deliveries: Delivery[] = [];
  let subject: Subject;
  let registry: ArtifactRegistry;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    deliveries.length = 0;
    const sink = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { authorization, "content-type": contentType } = request.headers;
        deliveries.push({ authorization, contentType, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
        response.end();
      });
    });
    sink.listen(0, "127.0.0.1");
    await once(sink, "listening");
    const address = sink.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    subject = await kind.start(`http://127.0.0.1:${address.port}/hooks`, "Bearer s3cret");
    registry = createRegistry({ clock: { now: () => 0 } });
    stop = async () => {
      await subject.close();
      sink.close();
      sink.closeAllConnections();
      await once(sink, "close");
    };
  });

  afterEach(async () => {
    await stop();
  });

  it("a pushed image has the digest that its push was answered with", async () => {
    const single = await subject.push("acme/app", "1.0.0");
    const several = await subject.push("acme/app", "1.1.0", { platforms: ["linux/amd64", "linux/arm64"] });
    expect(await registry.digest(`${subject.host}/acme/app`, "1.0.0")).toBe(single);
    expect(await registry.digest(`${subject.host}/acme/app`, "1.0.0")).toBe(single);
    expect(await registry.digest(`${subject.host}/acme/app`, "1.1.0")).toBe(several);
    expect(await registry.digest(`${subject.host}/acme/app`, several)).toBe(several);
    expect(single).not.toBe(several);
  });

  it("a tag that is pushed again moves", async () => {
    const repository = `${subject.host}/acme/app`;
    expect(await registry.digest(repository, "stable")).toBeNull();
    const first = await subject.push("acme/app", "stable", { content: "a" });
    expect(await registry.digest(repository, "stable")).toBe(first);
    const second = await subject.push("acme/app", "stable", { content: "b" });
    expect(await registry.digest(repository, "stable")).toBe(second);
    expect(await registry.digest(repository, first)).toBe(first);
  });

  it("what is not there is null, and no repository is no list", async () => {
    await subject.push("acme/app", "1.0.0");
    expect(await registry.digest(`${subject.host}/acme/app`, "9.9.9")).toBeNull();
    expect(await registry.digest(`${subject.host}/acme/app`, `sha256:${"0".repeat(64)}`)).toBeNull();
    expect(await registry.digest(`${subject.host}/acme/none`, "1.0.0")).toBeNull();
    await expect(registry.tags(`${subject.host}/acme/none`)).rejects.toMatchObject({ kind: "stalled" });
  });

  it("all tags are listed", async () => {
    const tags = ["0.9.0", "1.0.0", "1.1.0-rc.1", "latest"];
    for (const tag of tags) await subject.push("acme/app", tag);
    expect((await registry.tags(`${subject.host}/acme/app`)).toSorted()).toEqual(tags);
  });

  it("pushes are told, and read as one hint for each pushed tag", async () => {
    await subject.push("acme/app", "1.0.0", { platforms: ["linux/amd64", "linux/arm64"] });
    await registry.digest(`${subject.host}/acme/app`, "1.0.0");
    await subject.push("acme/app", "1.0.1");
    const events = () => deliveries.map(({ body }) => parseDistribution(body));
    const repository = `${subject.host}/acme/app`;
    const hints = () => events().flatMap((event) => ("repositories" in event ? event.repositories : []));
    await vi.waitFor(() => expect(hints()).toEqual([repository, repository]), { timeout: 10_000, interval: 10 });
    expect(new Set(deliveries.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer s3cret"]));
    expect(new Set(deliveries.map(({ contentType }) => contentType))).toEqual(
      new Set(["application/vnd.docker.distribution.events.v1+json"]),
    );
    expect(events().filter((event) => "invalid" in event)).toEqual([]);
  });
}
