import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface JsonRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** `silence` keeps the connection open and never answers, until the server is closed. */
export type JsonReply = { readonly status: number; readonly body: unknown } | "silence";

export interface JsonServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** Requests of the real clients are far smaller. */
const MAX_BODY_BYTES = 1024 * 1024;

/** A server on a free local port that speaks JSON. What `handle` throws becomes a 500 that quotes it. */
export async function startJsonServer(handle: (request: JsonRequest) => Promise<JsonReply> | JsonReply): Promise<JsonServer> {
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing, handle);
  });
  const listening = Promise.withResolvers<undefined>();
  server.once("error", listening.reject);
  server.listen(0, "127.0.0.1", () => listening.resolve(undefined));
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = Promise.withResolvers<undefined>();
      server.close(() => closed.resolve(undefined));
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: JsonRequest) => Promise<JsonReply> | JsonReply,
): Promise<void> {
  try {
    const body = await bodyOf(incoming);
    const target = new URL(incoming.url ?? "/", "http://sandbox");
    const reply = await handle({
      method: incoming.method ?? "GET",
      path: target.pathname,
      query: target.searchParams,
      headers: incoming.headers,
      body,
    });
    if (reply === "silence") return;
    send(outgoing, reply.status, reply.body);
  } catch (problem) {
    send(outgoing, 500, { error: problem instanceof Error ? problem.message : String(problem) });
  }
}

function send(outgoing: ServerResponse, status: number, body: unknown): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(body));
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > MAX_BODY_BYTES) throw new Error(`the body is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
