import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { createTargetGuard, isPublicAddress, request, retryAfter, type HttpRequest } from "../../src/adapters/http.ts";
import { PortFailure } from "../../src/ports.ts";
import { closeServers, failureOf as failure, serve as serveAt } from "./loopback.ts";

const SECRET = "s3cr3t-value";

afterEach(closeServers);

async function serve(handler: Parameters<typeof serveAt>[0]): Promise<URL> {
  return new URL(`http://${await serveAt(handler)}/`);
}

async function failureOf(url: string | URL, options: Partial<HttpRequest> = {}): Promise<PortFailure> {
  const problem = await failure(request(url, { what: "ask a question", ...options }), SECRET);
  expect(problem.message).toMatch(/^Could not ask a question: /);
  return problem;
}

describe("an answer", () => {
  it("has status, headers, bytes, text and JSON", async () => {
    const url = await serve((_, response) => response.writeHead(201, { "x-a": "b" }).end('{"ä":1}'));
    const answer = await request(new URL("/x?y=1", url), { what: "ask" });
    expect([answer.status, answer.headers.get("x-a"), answer.text(), answer.json()]).toEqual([201, "b", '{"ä":1}', { ä: 1 }]);
    expect(answer.bytes.byteLength).toBe(8);
    expect(answer.url.pathname).toBe("/x");
  });

  it("to a request with method, headers and body", async () => {
    const url = await serve((incoming, response) => {
      incoming.setEncoding("utf8");
      const { from, "user-agent": agent } = incoming.headers;
      incoming.on("data", (text: string) => response.end(`${incoming.method} ${from} ${agent} ${text}`));
    });
    const answer = await request(url, { what: "ask", method: "POST", headers: { from: "b" }, body: "hello" });
    expect(answer.text()).toBe("POST b pinion hello");
  });

  it("that is not JSON is a dependency's failure when JSON is wanted", async () => {
    const url = await serve((_, response) => response.end("<html>sign in</html>"));
    const answer = await request(url, { what: "ask" });
    expect(() => answer.json()).toThrow(PortFailure);
    expect(() => answer.json()).toThrow(/a body that is not JSON/);
  });

  it("to HEAD has no body", async () => {
    const url = await serve((_, response) => response.writeHead(200, { "content-length": "999999999" }).end());
    expect((await request(url, { what: "ask", method: "HEAD", maxBytes: 10 })).bytes.byteLength).toBe(0);
  });
});

describe("a status", () => {
  it.each([
    [400, "error"],
    [401, "stalled"],
    [403, "stalled"],
    [404, "stalled"],
    [408, "dependency"],
    [409, "error"],
    [429, "dependency"],
    [500, "dependency"],
    [503, "dependency"],
  ] as const)("%i is %s", async (status, kind) => {
    const url = await serve((_, response) => response.writeHead(status).end(SECRET));
    const problem = await failureOf(url);
    expect([problem.kind, problem.retryAt]).toEqual([kind, null]);
    expect(problem.message).toContain(`${url.host} answered ${status}`);
  });

  it("that the caller accepts is an answer, with its body", async () => {
    const url = await serve((_, response) => response.writeHead(404).end("gone"));
    const answer = await request(url, { what: "ask", accept: [404] });
    expect([answer.status, answer.text()]).toEqual([404, "gone"]);
  });

  it("429 carries when to ask again", async () => {
    const url = await serve((_, response) => response.writeHead(429, { "retry-after": "90" }).end());
    const problem = await failureOf(url, { now: () => Date.UTC(2026, 0, 5) });
    expect(problem.retryAt).toBe(Date.UTC(2026, 0, 5, 0, 1, 30));
    expect(problem.message).toContain("until 2026-01-05T00:01:30.000Z");
  });
});

describe("Retry-After", () => {
  const NOW = Date.UTC(2026, 0, 5);
  it.each([
    [null, null],
    ["120", NOW + 120_000],
    [" 0 ", NOW],
    ["Mon, 05 Jan 2026 00:00:30 GMT", NOW + 30_000],
    ["Mon, 05 Jan 2015 00:00:30 GMT", NOW],
    ["999999999", NOW + 86_400_000],
    ["Fri, 31 Dec 9999 23:59:59 GMT", NOW + 86_400_000],
    ["soon", null],
    ["-5", null],
    ["1.5", null],
    ["", null],
    ["2026", NOW + 2_026_000],
    [String(NOW / 1_000 + 45), NOW + 45_000],
    [String(NOW / 1_000 - 45), NOW],
    [String(NOW), null],
  ])("%j", (header, at) => {
    expect(retryAfter(header, NOW)).toBe(at);
  });

  const dates = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString());

  it("is never in the past nor more than a day ahead", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat().map(String), dates), (header) => {
        const at = retryAfter(header, NOW);
        if (at !== null) expect(at >= NOW && at <= NOW + 86_400_000).toBe(true);
      }),
    );
  });
});

describe("limits", () => {
  const BOMB = gzipSync("x".repeat(1_000_000));

  it("a silent server fails by the deadline", async () => {
    const url = await serve(() => undefined);
    const problem = await failureOf(url, { deadlineMs: 30 });
    expect([problem.kind, problem.message]).toEqual(["dependency", expect.stringContaining("no complete answer within 30 ms")]);
  });

  it("so does a body that never ends", async () => {
    const url = await serve((_, response) => response.writeHead(200).write("{"));
    const problem = await failureOf(url, { deadlineMs: 30 });
    expect(problem.message).toContain("no complete answer within 30 ms");
  });

  it("and a guard that never decides", async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: "/next" }).end());
    const problem = await failureOf(url, { deadlineMs: 30, redirects: () => new Promise(() => undefined) });
    expect(problem.message).toContain("no complete answer within 30 ms");
  });

  it.each([
    ["announced", (response: ServerResponse) => response.writeHead(200, { "content-length": "11" }).end("x".repeat(11))],
    ["not announced", (response: ServerResponse) => response.writeHead(200).write("x".repeat(11))],
    ["compressed", (response: ServerResponse) => response.writeHead(200, { "content-encoding": "gzip" }).end(BOMB)],
  ])("an answer too large, %s, is not taken in", async (_, answer) => {
    const url = await serve((_request, response) => void answer(response));
    const problem = await failureOf(url, { maxBytes: 10 });
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("more than 10 bytes")]);
  });

  it("an answer of exactly the limit is", async () => {
    const url = await serve((_, response) => response.writeHead(200).end("x".repeat(10)));
    expect((await request(url, { what: "ask", maxBytes: 10 })).text()).toHaveLength(10);
  });
});

describe("the network", () => {
  it("a closed port is a dependency's failure", async () => {
    const url = await serve(() => undefined);
    await closeServers();
    const problem = await failureOf(url);
    expect([problem.kind, problem.message]).toEqual(["dependency", expect.stringContaining("could not be reached (ECONNREFUSED)")]);
  });

  it("a cut connection too", async () => {
    const url = await serve((incoming) => incoming.socket.destroy());
    expect((await failureOf(url)).kind).toBe("dependency");
  });

  it("and a cut body", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("x");
      setImmediate(() => response.destroy());
    });
    expect((await failureOf(url)).kind).toBe("dependency");
  });

  it("an untrusted certificate needs a person", async () => {
    const cause = Object.assign(new Error(SECRET), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    const broken = new TypeError(`fetch failed ${SECRET}`, { cause });
    const problem = await failureOf("https://registry.test/", { fetch: () => Promise.reject(broken) });
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT")]);
    expect(problem.cause).toBeUndefined();
  });
});

describe("secrets", () => {
  it.each([`http://user:${SECRET}@registry.test/`, `http://${SECRET}@registry.test/`])("an address with them is refused", async (url) => {
    expect((await failureOf(url)).kind).toBe("stalled");
  });

  const NO_ADDRESSES = ["ftp://registry.test/", "registry.test", `:${SECRET}`, "", "file:///etc/passwd"];

  it.each(NO_ADDRESSES)("what is no http address is refused: %j", async (url) => {
    expect((await failureOf(url)).kind).toBe("stalled");
  });

  it("a header that cannot be sent does not show its value", async () => {
    const problem = await failureOf("http://registry.test/", { headers: { authorization: `Bearer ${SECRET}\nx` } });
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining('"authorization"')]);
  });

  it("neither query, body nor headers are in a message", async () => {
    const url = await serve((_, response) => response.writeHead(500, { "x-a": SECRET }).end(SECRET));
    const asked = { headers: { authorization: SECRET }, body: SECRET, method: "POST" } as const;
    const problem = await failureOf(new URL(`/?token=${SECRET}`, url), asked);
    expect(problem.message).toContain(url.host);
  });
});

describe("redirects", () => {
  const anywhere = (): Promise<null> => Promise.resolve(null);

  it.each([301, 302, 303, 307, 308])("a %i is refused unless asked for, without its query", async (status) => {
    const url = await serve((_, response) => response.writeHead(status, { location: `http://other.test/?t=${SECRET}` }).end());
    const problem = await failureOf(url);
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("a redirect to other.test")]);
  });

  it("a POST is never sent on", async () => {
    const url = await serve((_, response) => response.writeHead(307, { location: "/next" }).end());
    expect((await failureOf(url, { method: "POST", body: "x", redirects: anywhere })).kind).toBe("stalled");
  });

  it("is followed with everything within the origin, and with no credentials beyond", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const other = await serve((incoming, response) => {
      seen.push(incoming.headers);
      response.end("there");
    });
    const url = await serve((incoming, response) => {
      seen.push(incoming.headers);
      response.writeHead(302, { location: incoming.url === "/" ? "/again" : other.href }).end();
    });
    const headers = { authorization: SECRET, cookie: SECRET, "x-token": SECRET, accept: "text/plain" };
    const answer = await request(url, { what: "ask", headers, redirects: anywhere });
    expect([answer.text(), answer.url.href]).toEqual(["there", other.href]);
    expect(seen.map((sent) => sent.authorization)).toEqual([SECRET, SECRET, undefined]);
    expect(JSON.stringify(seen[2])).not.toContain(SECRET);
    expect(seen[2]?.accept).toBe("text/plain");
  });

  it("do not bring credentials back after a stranger", async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((incoming, response) => {
      seen.push(incoming.headers.authorization);
      if (incoming.url === "/") response.writeHead(302, { location: stranger.href }).end();
      else response.end("back");
    });
    const stranger = await serve((_, response) => response.writeHead(302, { location: new URL("/back", url).href }).end());
    expect((await request(url, { what: "ask", headers: { authorization: SECRET }, redirects: anywhere })).text()).toBe("back");
    expect(seen).toEqual([SECRET, undefined]);
  });

  it("end", async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: "/" }).end());
    expect((await failureOf(url, { redirects: anywhere })).message).toContain("still redirected after 5 redirects");
  });

  it("to nowhere fail", async () => {
    const url = await serve((_, response) => response.writeHead(302).end());
    expect((await failureOf(url, { redirects: anywhere })).kind).toBe("dependency");
  });

  it.each([`http://u:${SECRET}@other.test/`, "ftp://other.test/", "file:///etc/passwd"])("to %s are refused", async (location) => {
    const url = await serve((_, response) => response.writeHead(302, { location }).end());
    expect((await failureOf(url, { redirects: anywhere })).kind).toBe("stalled");
  });

  it("into the private network are refused", async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: "http://169.254.169.254/latest?a=1" }).end());
    const problem = await failureOf(url, { redirects: createTargetGuard() });
    expect([problem.kind, problem.message]).toEqual(["stalled", expect.stringContaining("169.254.169.254, which is in a private network")]);
    expect(problem.message).not.toContain("a=1");
  });
});

describe("createTargetGuard", () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    "public.test": ["93.184.216.34"],
    "private.test": ["10.1.2.3"],
    "mixed.test": ["93.184.216.34", "127.0.0.1"],
    "six.test": ["2606:4700::1111"],
    "ula.test": ["fd00::1"],
  };
  const guard = createTargetGuard({
    trustedHosts: ["auth.private.test", "10.0.0.9:5001"],
    resolve: (name) => (names[name] === undefined ? Promise.reject(new Error("ENOTFOUND")) : Promise.resolve(names[name])),
  });
  const decide = async (target: string, from: string): Promise<string> => {
    return (await guard(new URL(target), new URL(from)))?.kind ?? "allowed";
  };

  it.each([
    ["https://public.test/token", "https://registry.test/", "allowed"],
    ["https://six.test/token", "https://registry.test/", "allowed"],
    ["https://private.test/token", "https://registry.test/", "stalled"],
    ["https://mixed.test/token", "https://registry.test/", "stalled"],
    ["https://ula.test/token", "https://registry.test/", "stalled"],
    ["https://gone.test/token", "https://registry.test/", "dependency"],
    ["http://public.test/token", "https://registry.test/", "stalled"],
    ["http://public.test/token", "http://registry.test/", "allowed"],
    ["https://127.0.0.1/token", "https://registry.test/", "stalled"],
    ["https://[::1]/token", "https://registry.test/", "stalled"],
    ["https://[::ffff:10.0.0.1]/token", "https://registry.test/", "stalled"],
    ["https://0x7f.1/token", "https://registry.test/", "stalled"],
    ["https://2130706433/token", "https://registry.test/", "stalled"],
    ["http://169.254.169.254/", "http://10.0.0.5:5000/", "stalled"],
    // The origin itself was named by the operator or the manifests; another port of it was not.
    ["http://10.0.0.5:5000/token", "http://10.0.0.5:5000/", "allowed"],
    ["http://10.0.0.5:6379/", "http://10.0.0.5:5000/", "stalled"],
    // Named by the operator, by host or by host and port.
    ["https://auth.private.test/token", "https://registry.test/", "allowed"],
    ["http://10.0.0.9:5001/token", "http://10.0.0.5:5000/", "allowed"],
    ["http://10.0.0.9:5002/token", "http://10.0.0.5:5000/", "stalled"],
  ])("%s from %s: %s", async (target, from, expected) => {
    expect(await decide(target, from)).toBe(expected);
  });
});

describe("isPublicAddress", () => {
  const PUBLIC = ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"];

  it.each(PUBLIC)("%s is", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "ff02::1",
    "localhost",
    "",
    "8.8.8",
  ])("%j is not", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
