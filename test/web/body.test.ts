import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { BodyBudget, readBody, type Body } from "../../src/web/body.ts";
import { speak } from "../server-under-test.ts";

/** A server that reads each body under one budget, and keeps what it read. */
async function reader(limit: number, budget: BodyBudget): Promise<{ url: string; next: () => Promise<Body> }> {
  const bodies: Promise<Body>[] = [];
  const waiting: ((body: Promise<Body>) => void)[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const body = readBody(request, limit, budget);
    const taker = waiting.shift();
    if (taker === undefined) bodies.push(body);
    else taker(body);
    void body.finally(() => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const next = async (): Promise<Body> => bodies.shift() ?? new Promise((resolve) => waiting.push(resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, next };
}

describe("a body", () => {
  it("is read whole up to the limit", async () => {
    const { url, next } = await reader(10, new BodyBudget(100));
    await fetch(url, { method: "POST", body: "0123456789" });
    expect(await next()).toMatchObject({ kind: "whole", bytes: Buffer.from("0123456789") });
    await fetch(url, { method: "POST", body: "0123456789x" });
    expect(await next()).toEqual({ kind: "too-large" });
  });

  it("gives its share of the budget back when it is released, too large, or its sender is gone", async () => {
    const budget = new BodyBudget(10);
    const { url, next } = await reader(8, budget);
    await fetch(url, { method: "POST", body: "01234567" });
    const first = await next();
    await fetch(url, { method: "POST", body: "01234567" });
    expect(await next()).toEqual({ kind: "busy" });
    if (first.kind !== "whole") throw new Error("expected the whole body");
    first.release();
    first.release();

    const gone = speak(url);
    gone.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n0123");
    const cut = next();
    const large = speak(url);
    large.say("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n0\r\n\r\n");
    expect(await next()).toEqual({ kind: "too-large" });
    gone.end();
    expect(await cut).toEqual({ kind: "aborted" });
    expect(budget.take(10)).toBe(true);
    expect(budget.take(1)).toBe(false);
  });
});
