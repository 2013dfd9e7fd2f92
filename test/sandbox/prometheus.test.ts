import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import { startPrometheusSandbox } from "../../sandbox/prometheus.ts";
import type { PrometheusSandbox } from "../../sandbox/prometheus.ts";

const T0 = Date.UTC(2026, 0, 5, 10, 0, 0);
const clock = new VirtualClock(T0);
const MINUTE = 60_000;
const CHECKOUT = 'app="checkout",env="prod"';

let prometheus: PrometheusSandbox;

async function ask(query: string, at = T0): Promise<{ readonly status: number; readonly body: unknown }> {
  const body = new URLSearchParams({ query, time: String(at / 1_000) });
  const response = await fetch(`${prometheus.url}/api/v1/query`, { method: "POST", body });
  return { status: response.status, body: await response.json() };
}

async function valueOf(query: string, at = T0): Promise<string | null> {
  const { status, body } = await ask(query, at);
  expect(status).toBe(200);
  const { result } = (body as { data: { result: readonly { value: readonly [number, string] }[] } }).data;
  expect(result.length).toBeLessThan(2);
  return result[0]?.value[1] ?? null;
}

const increase = (matchers: string, seconds: number): string => `sum(increase(http_requests_total{${matchers}}[${seconds}s]))`;

beforeEach(async () => {
  prometheus = await startPrometheusSandbox({ clock });
  prometheus.traffic("checkout", "prod", { perSecond: 10, errorRatio: 0, from: T0 - 60 * MINUTE });
  prometheus.traffic("checkout", "prod", { perSecond: 20, errorRatio: 0.1, from: T0 - 10 * MINUTE });
  prometheus.traffic("checkout", "dev", { perSecond: 1, errorRatio: 0.5, from: T0 - 60 * MINUTE });
});

afterEach(() => prometheus.close());

describe("a query", () => {
  it.each<[string, string, number, string | null]>([
    ["all requests", increase(CHECKOUT, 300), T0, "6000"],
    ["errors", increase(`${CHECKOUT},code=~"5.."`, 300), T0, "600"],
    ["over a change", increase(CHECKOUT, 1_200), T0, String(10 * 600 + 20 * 600)],
    ["before the change", increase(`${CHECKOUT},code=~"5.."`, 300), T0 - 10 * MINUTE, "0"],
    ["everything that is no error", increase(`${CHECKOUT}, code !~ "5.."`, 300), T0, "5400"],
    ["one code", increase(`${CHECKOUT},code="500"`, 60), T0, "120"],
    ["all environments", increase('app="checkout",env!="x"', 60), T0, "1260"],
    ["before there was anything", increase(CHECKOUT, 300), T0 - 60 * MINUTE, null],
    ["of an app that is not there", increase('app="cart",env="prod"', 300), T0, null],
    ["of another metric", 'sum(increase(grpc_total{app="checkout"}[300s]))', T0, null],
    ["of a label that nothing has", increase(`${CHECKOUT},zone="eu"`, 300), T0, null],
    ["with zero for nothing", `${increase('app="cart"', 300)} or vector(0)`, T0, "0"],
  ])("gives %s", async (_, query, at, value) => {
    expect(await valueOf(query, at)).toBe(value);
  });

  it.each([
    "http_requests_total",
    "sum(rate(http_requests_total{}[300s]))",
    increase('app="checkout" env="prod"', 300),
    increase("app='checkout'", 300),
    increase('app=~"("', 300),
    increase('app="checkout', 300),
    'sum(increase(http_requests_total{app="checkout"}[{window}]))',
    'sum(increase(http_requests_total{app="checkout"}[0s]))',
    "",
  ])("is bad data: %s", async (query) => {
    expect(await ask(query)).toMatchObject({ status: 400, body: { status: "error", errorType: "bad_data" } });
  });

  it("is kept", async () => {
    await ask("a");
    await ask("b");
    expect(prometheus.queries).toEqual(["a", "b"]);
  });
});

describe("a fault", () => {
  const query = increase(CHECKOUT, 300);

  it("gives NaN, nothing, an error, warnings or 503 until it is over", async () => {
    prometheus.fault("nan");
    expect(await valueOf(query)).toBe("NaN");
    prometheus.fault("empty");
    expect(await valueOf(query)).toBeNull();
    expect(await valueOf(`${query} or vector(0)`)).toBeNull();
    prometheus.fault("error");
    expect(await ask(query)).toMatchObject({ status: 422, body: { errorType: "execution" } });
    prometheus.fault("warnings");
    expect(await ask(query)).toMatchObject({ status: 200, body: { warnings: [expect.any(String)] } });
    prometheus.fault("unavailable");
    expect((await ask(query)).status).toBe(503);
    prometheus.fault(null);
    expect(await valueOf(query)).toBe("6000");
  });
});

describe("traffic", () => {
  it("that is told anew replaces what was told for later", async () => {
    prometheus.traffic("checkout", "prod", { perSecond: 1, errorRatio: 1, from: T0 - 20 * MINUTE });
    expect(await valueOf(increase(CHECKOUT, 600))).toBe("600");
  });

  it("is answered to who has the token, where there is one", async () => {
    const guarded = await startPrometheusSandbox({ clock, token: "t" });
    expect((await fetch(`${guarded.url}/api/v1/query?query=x`)).status).toBe(401);
    expect((await fetch(`${guarded.url}/api/v1/query?query=x`, { headers: { authorization: "Bearer t" } })).status).toBe(400);
    await guarded.close();
  });
});
