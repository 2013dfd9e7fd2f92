import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOf } from "../../src/adapters/registry/address.ts";
import { bearerOf, offersBasic, parseChallenges } from "../../src/adapters/registry/challenge.ts";
import { HostGate, TooManyRequests } from "../../src/adapters/registry/host-gate.ts";
import { digestOfBytes, manifestProblem } from "../../src/adapters/registry/manifest.ts";
import { PortFailure } from "../../src/ports.ts";
import { VirtualClock } from "../../sandbox/clock.ts";

describe("parseChallenges", () => {
  it.each<readonly [header: string, challenges: readonly (readonly [scheme: string, parameters: Readonly<Record<string, string>>])[]]>([
    [
      'Bearer realm="https://auth.test/token",service="registry.test",scope="repository:acme/app:pull,push"',
      [["bearer", { realm: "https://auth.test/token", service: "registry.test", scope: "repository:acme/app:pull,push" }]],
    ],
    ['Basic realm="Artifactory Realm"', [["basic", { realm: "Artifactory Realm" }]]],
    [
      'Bearer realm="https://a.test/token",service="container_registry",Basic realm="Gitea"',
      [
        ["bearer", { realm: "https://a.test/token", service: "container_registry" }],
        ["basic", { realm: "Gitea" }],
      ],
    ],
    [
      "Basic, Bearer realm=https://a.test/t , service = x",
      [
        ["basic", {}],
        ["bearer", { realm: "https://a.test/t", service: "x" }],
      ],
    ],
    ['BEARER Realm="a",REALM="b"', [["bearer", { realm: "a" }]]],
    [String.raw`Bearer realm="a\"b\\c,d"`, [["bearer", { realm: String.raw`a"b\c,d` }]]],
    ["Negotiate", [["negotiate", {}]]],
    ['realm="https://a.test"', []],
    ['Bearer realm="never closed', [["bearer", { realm: "" }]]],
    ["", []],
    [", ,", []],
  ])("%s", (header, challenges) => {
    const read = parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    expect(read).toEqual(challenges);
  });

  it("reads back what it is given, and never throws", () => {
    const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    const challenge = fc.tuple(token, fc.dictionary(token, fc.string(), { minKeys: 1, maxKeys: 3, noNullPrototype: true }));
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 3 }), (challenges) => {
        const quote = (text: string): string => `"${text.replaceAll(/(["\\])/g, String.raw`\$1`)}"`;
        const header = challenges.map(([scheme, parameters]) => {
          return `${scheme} ${Object.entries(parameters).map(([name, value]) => `${name}=${quote(value)}`).join(", ")}`;
        });
        const read = parseChallenges(header.join(", ")).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
        expect(read).toEqual(challenges);
      }),
    );
    fc.assert(fc.property(fc.string({ unit: "binary" }), (header) => parseChallenges(header).length <= header.length));
  });
});

describe("bearerOf", () => {
  it("takes the first challenge with an address", () => {
    const header = 'Basic realm="x", Bearer realm="Some Realm", Bearer realm="https://a.test/t",scope="a:b:c d:e:f"';
    const bearer = bearerOf(parseChallenges(header));
    expect([bearer?.realm.href, bearer?.service, bearer?.scopes]).toEqual(["https://a.test/t", null, ["a:b:c", "d:e:f"]]);
  });

  const REALMS = ["ftp://a.test", "//a.test/t", "Some Realm", "https://", "https://a.test:port/"];

  it.each([...REALMS.map((realm) => `Bearer realm="${realm}"`), "Bearer", 'Basic realm="https://a.test"'])("none in %s", (header) => {
    expect(bearerOf(parseChallenges(header))).toBeNull();
  });

  it("knows Basic beside it", () => {
    expect(offersBasic(parseChallenges('Bearer realm="x",Basic realm="y"'))).toBe(true);
    expect(offersBasic(parseChallenges('Bearer realm="Basic x"'))).toBe(false);
  });
});

describe("addressOf", () => {
  it.each([
    ["docker.io/library/nginx", "https://registry-1.docker.io", "library/nginx"],
    ["ghcr.io/acme/app", "https://ghcr.io", "acme/app"],
    ["registry.test:5000/app", "https://registry.test:5000", "app"],
    ["localhost/app", "http://localhost", "app"],
    ["localhost:5000/app", "http://localhost:5000", "app"],
    ["registry.localhost:5000/app", "http://registry.localhost:5000", "app"],
    ["127.0.0.1:5000/app", "http://127.0.0.1:5000", "app"],
    ["[::1]:5000/app", "http://[::1]:5000", "app"],
    ["10.1.2.3/app", "http://10.1.2.3", "app"],
    ["172.16.0.1:80/app", "http://172.16.0.1", "app"],
    ["172.32.0.1/app", "https://172.32.0.1", "app"],
    ["192.168.1.1:5000/app", "http://192.168.1.1:5000", "app"],
    ["8.8.8.8/app", "https://8.8.8.8", "app"],
    ["10.1.2.3.test/app", "https://10.1.2.3.test", "app"],
    ["insecure.test:5000/app", "http://insecure.test:5000", "app"],
    ["insecure.test/app", "https://insecure.test", "app"],
  ])("%s is asked at %s", (repository, origin, path) => {
    const address = addressOf(repository, new Set(["insecure.test:5000"]));
    expect([address.origin.origin, address.path]).toEqual([origin, path]);
  });

  const kindOf = (repository: string): string => {
    try {
      return addressOf(repository, new Set()).origin.href;
    } catch (problem) {
      return problem instanceof PortFailure ? problem.kind : "thrown";
    }
  };
  const NOT_NORMALISED = ["nginx", "ghcr.io/acme/app:1", "ghcr.io/../x", "ghcr.io/a/b?x", "https://ghcr.io/a", ""];

  it.each(NOT_NORMALISED)("%j is not normalised", (repository) => {
    expect(kindOf(repository)).toBe("error");
  });

  it("a port that is none needs a person", () => {
    expect(kindOf("registry.test:99999/app")).toBe("stalled");
  });
});

describe("manifestProblem", () => {
  const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

  const amd64 = { digest: "sha256:1", platform: { os: "linux", architecture: "amd64" } };
  const attestation = {
    digest: "sha256:2",
    platform: { os: "unknown", architecture: "unknown" },
    annotations: { "vnd.docker.reference.type": "attestation-manifest" },
  };

  it.each([
    { schemaVersion: 2, config: {}, layers: [] },
    { schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", config: {}, layers: [] },
    { schemaVersion: 2, manifests: [amd64] },
    { schemaVersion: 2, manifests: [amd64, attestation] },
    { schemaVersion: 2, manifests: [{ digest: "sha256:1" }] },
    { schemaVersion: 2, manifests: [{ digest: "sha256:1", platform: null }] },
  ])("none in %j", (manifest) => {
    expect(manifestProblem(bytes(manifest))).toBeNull();
  });

  it.each([
    ["<html>sign in</html>", /not JSON/],
    ["", /not JSON/],
    ["null", /no manifest/],
    [{ errors: [] }, /another schema/],
    [{ schemaVersion: 1, fsLayers: [] }, /another schema/],
    [{ schemaVersion: 2 }, /neither/],
    [{ schemaVersion: 2, config: null }, /neither/],
    [{ schemaVersion: 2, config: {}, manifests: [] }, /neither/],
    [{ schemaVersion: 2, manifests: [] }, /index without an image/],
    [{ schemaVersion: 2, manifests: [attestation, attestation] }, /index without an image/],
    [{ schemaVersion: 2, manifests: [{ platform: { os: "unknown", architecture: "amd64" } }] }, /index without an image/],
    [{ schemaVersion: 2, manifests: [null, 7, "x"] }, /index without an image/],
  ])("one in %j", (manifest, says) => {
    expect(manifestProblem(bytes(manifest))).toMatch(says);
  });

  it("hashes bytes", () => {
    expect(digestOfBytes(new Uint8Array())).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

describe("HostGate", () => {
  it("runs no more than its width for one host, in turn, and other hosts beside", async () => {
    const gate = new HostGate(2, new VirtualClock(0));
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const call = (name: string) => () =>
      new Promise<string>((end) => {
        begun.push(name);
        ends.set(name, () => end(name));
      });
    const calls = ["a1", "a2", "a3", "b1"].map((name) => gate.run(name.slice(0, 1), call(name)));
    await Promise.resolve();
    expect(begun).toEqual(["a1", "a2", "b1"]);
    ends.get("a2")?.();
    expect(await calls[1]).toBe("a2");
    await Promise.resolve();
    expect(begun).toEqual(["a1", "a2", "b1", "a3"]);
    for (const end of ends.values()) end();
    expect(await Promise.all(calls)).toEqual(["a1", "a2", "a3", "b1"]);
  });

  it("gives the place on when a call fails", async () => {
    const gate = new HostGate(1, new VirtualClock(0));
    const failing = gate.run("a", () => Promise.reject(new Error("broken")));
    const next = gate.run("a", () => Promise.resolve("done"));
    await expect(failing).rejects.toThrow("broken");
    expect(await next).toBe("done");
  });

  it("asks nothing of a host until the time it told, but no longer than a quarter of an hour", async () => {
    const clock = new VirtualClock(1_000);
    const gate = new HostGate(1, clock);
    let calls = 0;
    const limited = (retryAt: number) => () => {
      calls += 1;
      return Promise.reject(new PortFailure("dependency", "429", { retryAt }));
    };
    await expect(gate.run("a", limited(31_000))).rejects.toThrow("429");
    await expect(gate.run("a", limited(0))).rejects.toMatchObject({ kind: "dependency", retryAt: 31_000 });
    expect(calls).toBe(1);
    expect(await gate.run("b", () => Promise.resolve("other host"))).toBe("other host");
    clock.advance(30_000);
    await expect(gate.run("a", limited(99_000_000))).rejects.toThrow("429");
    clock.advance(15 * 60_000 - 1);
    await expect(gate.run("a", limited(0))).rejects.toThrow(/left alone/);
    clock.advance(1);
    expect(await gate.run("a", () => Promise.resolve("again"))).toBe("again");
  });

  it("waits a minute for a host that is asked too much and says no time, and twice as long each next time", async () => {
    const clock = new VirtualClock(0);
    const gate = new HostGate(1, clock);
    const limited = () => Promise.reject(new TooManyRequests("list the tags of a/b", "a", null));
    const pauses: number[] = [];
    for (let nth = 0; nth < 6; nth += 1) {
      await expect(gate.run("a", limited)).rejects.toThrow("answered 429 (too many requests). Pinion asks again later");
      const refused: unknown = await gate.run("a", limited).catch((problem: unknown) => problem);
      const until = refused instanceof PortFailure ? (refused.retryAt ?? 0) : 0;
      pauses.push((until - clock.now()) / 60_000);
      clock.advance(until - clock.now());
    }
    expect(pauses).toEqual([1, 2, 4, 8, 15, 15]);
    expect(await gate.run("a", () => Promise.resolve("again"))).toBe("again");
    await expect(gate.run("a", limited)).rejects.toThrow("429");
    await expect(gate.run("a", limited)).rejects.toMatchObject({ retryAt: clock.now() + 60_000 });
  });

  const untilOf = async (gate: HostGate): Promise<number> => {
    const refused: unknown = await gate.run("a", () => Promise.resolve()).catch((problem: unknown) => problem);
    return refused instanceof PortFailure ? (refused.retryAt ?? 0) : 0;
  };
  /** What eight calls that are under way together end with, one after the other. */
  const together = async (gate: HostGate, problems: readonly PortFailure[]): Promise<void> => {
    const ends = problems.map(() => Promise.withResolvers<never>());
    const calls = ends.map(({ promise }) => gate.run("a", () => promise).catch(() => undefined));
    for (const [nth, problem] of problems.entries()) {
      ends[nth]?.reject(problem);
      await calls[nth];
    }
  };
  const limit = (retryAt: number | null): PortFailure => new TooManyRequests("list the tags of a/b", "a", retryAt);

  it("counts what comes of calls under way together as one", async () => {
    const clock = new VirtualClock(0);
    const gate = new HostGate(8, clock);
    await together(gate, Array.from({ length: 8 }, () => limit(null)));
    expect(await untilOf(gate)).toBe(60_000);
    clock.advance(60_000);
    await together(gate, Array.from({ length: 8 }, () => limit(null)));
    expect(await untilOf(gate)).toBe(180_000);
  });

  it.each<[what: string, problems: readonly PortFailure[], until: number]>([
    ["a time, then a sooner one", [limit(300_000), limit(20_000)], 300_000],
    ["a time, then a later one", [limit(20_000), limit(300_000)], 300_000],
    ["a time, then none", [limit(300_000), limit(null)], 300_000],
    ["a short time, then none", [limit(20_000), limit(null)], 20_000],
    ["no time, then one", [limit(null), limit(300_000)], 300_000],
    ["no time, then a sooner one", [limit(null), limit(20_000)], 60_000],
    ["a time, then failures", [limit(300_000), ...Array.from({ length: 7 }, () => new PortFailure("dependency", "down"))], 300_000],
    ["failures, then a short time", [...Array.from({ length: 8 }, () => new PortFailure("dependency", "down")), limit(20_000)], 30_000],
  ])("keeps the later end of a pause: %s", async (_, problems, until) => {
    const gate = new HostGate(9, new VirtualClock(0));
    await together(gate, problems);
    expect(await untilOf(gate)).toBe(until);
  });

  it.each([1_000_000, 999_000, 0])("takes %i, a time that is not ahead, for none", async (retryAt) => {
    const gate = new HostGate(1, new VirtualClock(1_000_000));
    await expect(gate.run("a", () => Promise.reject(limit(retryAt)))).rejects.toThrow("429");
    expect(await untilOf(gate)).toBe(1_060_000);
  });

  it("counts a failure with a time that is not ahead as a failure", async () => {
    const gate = new HostGate(1, new VirtualClock(1_000_000));
    const fail = () => Promise.reject(new PortFailure("dependency", "503", { retryAt: 1_000_000 }));
    for (let nth = 0; nth < 8; nth += 1) await expect(gate.run("a", fail)).rejects.toThrow("503");
    expect(await untilOf(gate)).toBe(1_030_000);
  });

  it("takes a host that failed eight times in a row for down, for half a minute, then tries it once", async () => {
    const clock = new VirtualClock(0);
    const gate = new HostGate(4, clock);
    let calls = 0;
    const fail = (kind: "dependency" | "stalled") => () => {
      calls += 1;
      return Promise.reject(new PortFailure(kind, kind));
    };
    const failing = async (kind: "dependency" | "stalled", times: number): Promise<void> => {
      for (let nth = 0; nth < times; nth += 1) await expect(gate.run("a", fail(kind))).rejects.toThrow(kind);
    };
    await failing("dependency", 7);
    // It answered, if only to refuse.
    await failing("stalled", 1);
    await failing("dependency", 8);
    expect(calls).toBe(16);
    await expect(gate.run("a", fail("dependency"))).rejects.toMatchObject({ kind: "dependency", retryAt: 30_000 });
    expect(calls).toBe(16);
    clock.advance(30_000);
    await failing("dependency", 1);
    await expect(gate.run("a", fail("dependency"))).rejects.toMatchObject({ retryAt: 60_000 });
    clock.advance(30_000);
    expect(await gate.run("a", () => Promise.resolve("up"))).toBe("up");
    await failing("dependency", 7);
    expect(calls).toBe(24);
  });
});
