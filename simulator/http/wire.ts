/** The wire between Pinion and a server: it carries requests over HTTP, shows them, and spoils some. */
import { Agent, createServer, request as send, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How an answer is spoilt. */
export type Spoiling =
  /** Something before the server answers in its place. `done`: after the server has done what was asked of it. */
  | { readonly kind: "answered"; readonly done: boolean; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  /** The connection breaks without an answer. */
  | { readonly kind: "dropped"; readonly done: boolean }
  /** The first half of the answer comes, and nothing says that there is more. */
  | { readonly kind: "truncated" };

/** What is wrong with the wire for a while: all requests from the one with this number on, or only that one. */
export interface WireTrouble {
  /** Requests before it go well. */
  readonly after: number;
  readonly lasting: boolean;
  readonly spoiling: Spoiling;
}

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Headers of one connection, which say nothing on the next (RFC 9110, section 7.6.1). */
const HOP_BY_HOP: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

export class Wire {
  /** What is wrong with it now; null when nothing is. */
  trouble: WireTrouble | null = null;
  /** Called with each request that the server is about to be asked. */
  watch: (request: WireRequest) => void = () => undefined;
  /** Requests since {@link clear}. */
  #passed = 0;
  #spoilt = 0;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((incoming, outgoing) => {
    void this.#carry(incoming, outgoing).catch(() => outgoing.destroy());
  });
  #upstream = new URL("http://127.0.0.1");

  /** Listens on a free local port, and answers its address, without a slash at its end. */
  async open(): Promise<string> {
    const listening = Promise.withResolvers<undefined>();
    this.#server.once("error", listening.reject);
    this.#server.listen(0, "127.0.0.1", () => listening.resolve(undefined));
    await listening.promise;
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** From now on it leads there. */
  lead(upstream: string): void {
    this.#upstream = new URL(upstream);
  }

  /** Begins to count anew, with nothing wrong. Answers how many requests were spoilt since the last time. */
  clear(): number {
    const spoilt = this.#spoilt;
    this.#passed = 0;
    this.#spoilt = 0;
    this.trouble = null;
    return spoilt;
  }

  async close(): Promise<void> {
    const closed = Promise.withResolvers<undefined>();
    this.#server.close(() => closed.resolve(undefined));
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed.promise;
  }

  async #carry(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const spoiling = this.#spoilingOfNext();
    if (spoiling !== null && spoiling.kind !== "truncated" && !spoiling.done) return spoil(incoming, outgoing, spoiling);
    const request = { method: incoming.method ?? "GET", path: incoming.url ?? "/", headers: incoming.headers, body };
    this.watch(request);
    const answer = await this.#ask(request);
    if (spoiling === null) return reply(outgoing, answer, answer.body);
    if (spoiling.kind === "truncated") return reply(outgoing, answer, answer.body.subarray(0, Math.floor(answer.body.length / 2)));
    spoil(incoming, outgoing, spoiling);
  }

  #spoilingOfNext(): Spoiling | null {
    const { trouble } = this;
    const number = this.#passed;
    this.#passed += 1;
    if (trouble === null || number < trouble.after || (number > trouble.after && !trouble.lasting)) return null;
    this.#spoilt += 1;
    return trouble.spoiling;
  }

  async #ask({ method, path, headers, body }: WireRequest): Promise<Answer> {
    const answered = Promise.withResolvers<IncomingMessage>();
    const { hostname, port } = this.#upstream;
    const asked = send({ agent: this.#agent, hostname, port, method, path, headers: { ...headers, "content-length": body.length } }, answered.resolve);
    asked.once("error", answered.reject);
    asked.end(body);
    const answer = await answered.promise;
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: await bytesOf(answer) };
  }
}

function spoil(incoming: IncomingMessage, outgoing: ServerResponse, spoiling: Exclude<Spoiling, { kind: "truncated" }>): void {
  if (spoiling.kind === "dropped") return void incoming.socket.destroy();
  outgoing.writeHead(spoiling.status, { ...spoiling.headers, "content-length": Buffer.byteLength(spoiling.body) });
  outgoing.end(spoiling.body);
}

function reply(outgoing: ServerResponse, { status, headers }: Answer, body: Buffer): void {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name));
  const bodiless = status === 204 || status === 304;
  outgoing.writeHead(status, { ...Object.fromEntries(kept), ...(bodiless ? {} : { "content-length": body.length }) });
  outgoing.end(bodiless ? undefined : body);
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
