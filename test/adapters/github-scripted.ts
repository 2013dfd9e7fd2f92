import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { createForge } from "../../src/adapters/github.ts";
import { boundedFetch } from "../../src/adapters/github/fetch.ts";
import type { FetchLimits } from "../../src/adapters/github/fetch.ts";
import { pinionOctokit } from "../../src/adapters/github/octokit.ts";
import type { Repository } from "../../src/domain/observation.ts";
import type { Forge } from "../../src/ports.ts";

/** A server that answers as the test says, for what a world in good order never answers. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export type Scripted =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  /** The connection ends without an answer, after the request was read. */
  | "drop"
  /** The connection ends in the middle of the body. */
  | "truncate"
  /** No answer until the client gives up. */
  | "silence";

export interface ScriptedGitHub extends AsyncDisposable {
  readonly forge: Forge;
  readonly seen: readonly Seen[];
}

export const TOKEN = "ghs_secretsecretsecret";
export const REPOSITORY: Repository = { installation: 7, id: 4711, owner: "acme", name: "manifests" };
export const SLUG = "pinion-acme";
export const APP_ID = 99;
export const BOT_ID = 1234;
export const NOW = Date.parse("2026-11-21T10:00:00Z");

export interface ScriptedOptions {
  readonly limits?: FetchLimits;
  /** With requests spaced out as for GitHub itself. */
  readonly throttled?: boolean;
  readonly host?: string;
}

/** The App's account is always found; everything else is up to `answer`. */
export async function scriptedGitHub(
  answer: (request: Seen) => Scripted,
  { limits = {}, throttled = false, host = "github.com" }: ScriptedOptions = {},
): Promise<ScriptedGitHub> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      const body: unknown = text === "" ? null : JSON.parse(text);
      const one = { method: request.method ?? "", path: decodeURIComponent(request.url ?? ""), headers: request.headers, body };
      if (one.path === "/app") return respond(response, { status: 200, body: { id: APP_ID, slug: SLUG } });
      if (one.path === `/users/${SLUG}[bot]`) return respond(response, { status: 200, body: { id: BOT_ID } });
      seen.push(one);
      return respond(response, answer(one));
    });
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const Octokit = pinionOctokit(throttled);
  const client = new Octokit({
    auth: { token: TOKEN },
    baseUrl: `http://127.0.0.1:${address.port}`,
    request: { fetch: boundedFetch(limits) },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const clients = { app: async () => client, installation: async () => client };
  return {
    forge: createForge({ clients, clock: { now: () => NOW }, host }),
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      const { promise: closed, resolve: done } = Promise.withResolvers<void>();
      server.close(() => done());
      await closed;
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

function respond(response: ServerResponse, scripted: Scripted): void {
  if (scripted === "silence") return;
  if (scripted === "drop") {
    response.destroy();
    return;
  }
  if (scripted === "truncate") {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write(`{"data":{"reposit`, () => response.destroy());
    return;
  }
  const text = typeof scripted.body === "string" ? scripted.body : JSON.stringify(scripted.body ?? {});
  const type = typeof scripted.body === "string" ? "text/html" : "application/json; charset=utf-8";
  response.writeHead(scripted.status, { "content-type": type, ...scripted.headers });
  response.end(scripted.status === 204 ? undefined : text);
}

/** A body that is sent as JSON, whatever it is: a list, or text that is not JSON at all. */
export function json(body: unknown): Scripted {
  return { status: 200, headers: { "content-type": "application/json" }, body: typeof body === "string" ? body : JSON.stringify(body) };
}

export function graphql(data: unknown, errors?: readonly unknown[]): Scripted {
  return { status: 200, body: errors === undefined ? { data } : { data, errors } };
}
