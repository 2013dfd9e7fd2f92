import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import { startPrometheusSandbox } from "../../sandbox/prometheus.ts";
import type { PrometheusSandbox } from "../../sandbox/prometheus.ts";
import { createPrometheus } from "../../src/adapters/prometheus.ts";
import type { PrometheusEndpoint } from "../../src/adapters/prometheus.ts";
import { PortFailure } from "../../src/ports.ts";

const T0 = Date.UTC(2026, 0, 5, 10, 0, 0);
const ENDPOINT: PrometheusEndpoint = { url: "https://mimir.example/prometheus", token: "s3cret-token" };
const MAIN = new Map([["main", ENDPOINT]]);

interface Asked {
  readonly url: string;
  readonly method: string | undefined;
  readonly headers: Headers;
  readonly form: URLSearchParams;
}

/** An adapter whose network answers as told. */
function answering(reply: () => Response, endpoints: ReadonlyMap<string, PrometheusEndpoint> = MAIN) {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    const form = new URLSearchParams(typeof init?.body === "string" ? init.body : "");
    asked.push({ url, method: init?.method, headers: new Headers(init?.headers), form });
    return Promise.resolve(reply());
  };
  return { asked, prometheus: createPrometheus({ endpoints, fetch }) };
}

const success = (resultType: string, result: unknown, more: object = {}): Response =>
  Response.json({ status: "success", data: { resultType, result }, ...more });
const failed = (status: number, errorType: string, error: string): Response =>
  Response.json({ status: "error", errorType, error }, { status });
const one = (value: unknown): unknown => [{ metric: {}, value: [1, value] }];

async function failureOf(promise: Promise<unknown>): Promise<PortFailure> {
  const problem = await promise.then(() => null, (thrown: unknown) => thrown);
  if (!(problem instanceof PortFailure)) throw new Error(`expected a PortFailure, got ${String(problem)}`);
  expect(problem.message).not.toContain("s3cret-token");
  return problem;
}

describe("the request", () => {
  it("asks for complete and exact data at the moment, in a form", async () => {
    const { prometheus, asked } = answering(() => success("vector", one("1")));
    await prometheus.query("main", 'sum(x{a="b"})', T0 + 1_500);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ url: "https://mimir.example/prometheus/api/v1/query", method: "POST" });
    expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
      query: 'sum(x{a="b"})',
      time: `${T0 / 1_000 + 1}.500`,
      timeout: "8s",
      partial_response: "false",
      max_source_resolution: "0",
    });
    expect(asked[0]?.headers.get("authorization")).toBe("Bearer s3cret-token");
  });

  it("sends no token where there is none", async () => {
    const { prometheus, asked } = answering(() => success("vector", one("1")), new Map([["main", { ...ENDPOINT, token: null }]]));
    await prometheus.query(null, "x", T0);
    expect(asked[0]?.headers.has("authorization")).toBe(false);
  });

  it.each<[string, readonly string[], string | null, RegExp]>([
    ["none is configured", [], null, /No Prometheus is configured/],
    ["there are several and none is named", ["eu", "us"], null, /"eu", "us"/],
    ["another is named", ["eu"], "us", /no Prometheus named "us" \(configured: "eu"\)/],
  ])("is not made when %s", async (_, names, wanted, message) => {
    const { prometheus, asked } = answering(() => success("vector", []), new Map(names.map((name) => [name, ENDPOINT])));
    const failure = await failureOf(prometheus.query(wanted, "x", T0));
    expect(failure).toMatchObject({ kind: "stalled", message: expect.stringMatching(message) as string });
    expect(asked).toEqual([]);
  });
});

describe("an answer", () => {
  it.each<[string, () => Response, number]>([
    ["one series", () => success("vector", one("12.5")), 12.5],
    ["a scalar", () => success("scalar", [1, "3"]), 3],
    ["a small number", () => success("vector", one("1e-07")), 1e-7],
    ["a negative number", () => success("vector", one("-2")), -2],
    ["a number with infos", () => success("vector", one("1"), { infos: ["metric might not be a counter"] }), 1],
    ["no warnings", () => success("vector", one("1"), { warnings: [], infos: null }), 1],
  ])("is a number: %s", async (_, reply, value) => {
    expect(await answering(reply).prometheus.query(null, "x", T0)).toEqual({ kind: "number", value });
  });

  it("without any series is told from one that cannot be told", async () => {
    expect(await answering(() => success("vector", [])).prometheus.query(null, "x", T0)).toEqual({ kind: "no-series" });
    const warned = await answering(() => success("vector", [], { warnings: ["a store is down"] })).prometheus.query(null, "x", T0);
    expect(warned.kind).toBe("cannot-tell");
  });

  it.each<[string, () => Response, RegExp]>([
    ["NaN", () => success("vector", one("NaN")), /is NaN/],
    ["infinite", () => success("vector", one("+Inf")), /is \+Inf/],
    ["several series", () => success("vector", [{}, {}]), /2 series matched, not one/],
    ["a histogram", () => success("vector", [{ metric: {}, histogram: [1, {}] }]), /no number/],
    ["a number that is no text", () => success("vector", one(1)), /no number/],
    ["hexadecimal", () => success("vector", one("0x10")), /is 0x10/],
    ["an empty text", () => success("vector", one("")), /does not name/],
    ["a matrix", () => success("matrix", []), /gives a matrix/],
    ["a type nobody knows", () => success("tensor", []), /gives a tensor/],
    ["no data", () => Response.json({ status: "success" }), /does not name/],
    ["a number with warnings", () => success("vector", one("1"), { warnings: ["a store\nis down"] }), /warns: a store is down/],
    ["an execution error", () => failed(422, "execution", "too many samples"), /query failed: too many samples/],
    ["an error with 200", () => failed(200, "internal", "boom"), /query failed: boom/],
  ])("cannot tell anything: %s", async (_, reply, reason) => {
    const answer = await answering(reply).prometheus.query(null, "x", T0);
    expect(answer.kind).toBe("cannot-tell");
    expect(answer.kind === "cannot-tell" ? answer.reason : "").toMatch(reason);
  });

  it.each<[string, () => Response, PortFailure["kind"], RegExp]>([
    ["a query that is wrong", () => failed(400, "bad_data", "1:5: parse error"), "stalled", /fix the query: 1:5: parse error/],
    ["a 400 of something else", () => Response.json({}, { status: 400 }), "stalled", /not as Prometheus does/],
    ["a 400 that is a page", () => new Response("<html>", { status: 400 }), "dependency", /not JSON/],
    ["a 200 of something else", () => Response.json({ hello: 1 }), "stalled", /not as Prometheus does/],
    ["a timeout over there", () => failed(503, "timeout", "query timed out"), "dependency", /503/],
    ["overload", () => new Response("", { status: 429 }), "dependency", /429/],
    ["a wrong token", () => new Response("", { status: 401 }), "stalled", /401/],
    ["a wrong address", () => new Response("", { status: 404 }), "stalled", /404/],
    ["far too much", () => success("vector", ["x".repeat(2 * 1024 * 1024)]), "stalled", /more than/],
  ])("is a failure: %s", async (_, reply, kind, message) => {
    const failure = await failureOf(answering(reply).prometheus.query(null, "x", T0));
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(message);
  });

  it("that is any JSON gives a number only if it is one", async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything({ withBigInt: false }), fc.constantFrom("vector", "scalar", "matrix"), async (result, type) => {
        const answer = await answering(() => success(type, result)).prometheus.query(null, "x", T0);
        if (answer.kind === "number") expect(Number.isFinite(answer.value)).toBe(true);
      }),
    );
  });
});

describe("against the sandbox", () => {
  const clock = new VirtualClock(T0);
  const query = 'sum(increase(http_requests_total{app="checkout",env="prod",code=~"5.."}[300s]))';
  let sandbox: PrometheusSandbox;

  beforeEach(async () => {
    sandbox = await startPrometheusSandbox({ clock, token: "t" });
    sandbox.traffic("checkout", "prod", { perSecond: 10, errorRatio: 0.1, from: T0 - 3_600_000 });
  });

  afterEach(() => sandbox.close());

  it("measures, and cannot tell through a fault", async () => {
    const prometheus = createPrometheus({ endpoints: new Map([["main", sandbox]]) });
    expect(await prometheus.query(null, query, T0)).toEqual({ kind: "number", value: 300 });
    for (const fault of ["nan", "error", "warnings"] as const) {
      sandbox.fault(fault);
      expect((await prometheus.query(null, query, T0)).kind).toBe("cannot-tell");
    }
    sandbox.fault("empty");
    expect(await prometheus.query(null, query, T0)).toEqual({ kind: "no-series" });
    sandbox.fault("unavailable");
    expect((await failureOf(prometheus.query(null, query, T0))).kind).toBe("dependency");
    sandbox.fault(null);
    expect((await failureOf(prometheus.query(null, "up", T0))).message).toMatch(/fix the query/);
  });
});
