import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./faults.ts";
import { Faults } from "./faults.ts";
import { authorizeGit, parseGitRequest, sendGit, serveGit } from "./git-http.ts";
import type { GraphqlHandler } from "./graphql.ts";
import type { Actor, Instant } from "./model.ts";
import { RateMeter } from "./rate-limit.ts";
import { SandboxRefusal } from "./refusal.ts";
import { Fields } from "./rest/fields.ts";
import { match } from "./rest/router.ts";
import type { RestAnswer } from "./rest/route.ts";
import type { GitHubState } from "./state.ts";
import { authenticate } from "./state/tokens.ts";

/** Far more than any request of the real clients needs. */
const BODY_LIMIT = 256 * 1024 * 1024;
const DOCUMENTATION = "https://docs.github.com/rest";

/** One request that arrived, for counting. */
export interface SeenRequest {
  readonly method: string;
  /** The route's template, as `/repos/{owner}/{repo}/pulls`; `/graphql`; or `git-upload-pack` and the like. */
  readonly route: string;
  readonly path: string;
  readonly at: Instant;
  /** Whose token it carried; null when nobody looked at it, or when it was none that is known. */
  readonly by: Actor["kind"] | null;
  /** What was asked of GraphQL, and null of everything else. */
  readonly document: string | null;
  /** Null when the connection was closed without an answer. */
  readonly status: number | null;
  /** What GitHub takes for a GraphQL call from the hour's points; 0 for everything else. */
  readonly points: number;
}

interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

interface Outcome {
  readonly route: string;
  readonly by: Actor["kind"] | null;
  readonly answer: RestAnswer & { readonly bytes?: Buffer; readonly points?: number };
}

/** The sandbox's GitHub over HTTP: REST at `/` and `/api/v3`, GraphQL, and Git. */
export class GitHubServer {
  readonly faults = new Faults();
  readonly requests: SeenRequest[] = [];
  readonly rates: RateMeter;
  /** What reads are answered from, when GitHub's replicas lag behind; null when they do not. */
  replica: GitHubState | null = null;
  readonly #state: GitHubState;
  readonly #server: Server;
  #graphql: GraphqlHandler | null = null;
  #requestNumber = 0;

  constructor(state: GitHubState) {
    this.#state = state;
    this.rates = new RateMeter(state);
    this.#server = createServer((incoming, outgoing) => {
      void this.#serve(incoming, outgoing).catch((error: unknown) => {
        // A defect of the sandbox must not look like one of GitHub's answers.
        if (!outgoing.headersSent) outgoing.writeHead(500, { "content-type": "application/json" });
        outgoing.end(JSON.stringify({ message: `sandbox: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` }));
      });
    });
  }

  /** Listens on a free local port and answers its address. */
  async listen(port = 0): Promise<string> {
    const listening = Promise.withResolvers<undefined>();
    this.#server.once("error", listening.reject);
    this.#server.listen(port, "127.0.0.1", () => listening.resolve(undefined));
    await listening.promise;
    const address = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    const closed = Promise.withResolvers<undefined>();
    this.#server.close(() => closed.resolve(undefined));
    this.#server.closeAllConnections();
    await closed.promise;
  }

  async #serve(message: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? "/", "http://sandbox");
    const path = url.pathname.replace(/^\/api\/v3(?=\/)/, "").replace(/^\/api\/graphql$/, "/graphql");
    const method = message.method ?? "GET";
    const body = await bodyOf(message);
    const fault = this.faults.take(method, path, path === "/graphql" ? documentIn(body) : null);
    const incoming: Incoming = { method, path, query: url.searchParams, headers: message.headers, body };
    if (fault?.kind === "drop") return this.#cut(message, incoming, { route: routeOf(incoming), by: null });
    if (fault?.kind === "status") return this.#send(outgoing, incoming, { route: routeOf(incoming), by: null, answer: faultAnswer(fault) });
    if (fault?.kind === "delay") await sleep(fault.milliseconds);
    const outcome = await this.#answer(incoming);
    if (fault?.kind === "drop-after") return this.#cut(message, incoming, outcome);
    this.#send(outgoing, incoming, outcome, fault?.kind === "truncate");
  }

  #cut(message: IncomingMessage, incoming: Incoming, outcome: Pick<Outcome, "route" | "by">): void {
    this.#saw(incoming, outcome, null, 0);
    message.socket.destroy();
  }

  #saw({ method, path, body }: Incoming, { route, by }: Pick<Outcome, "route" | "by">, status: number | null, points: number): void {
    const document = path === "/graphql" ? documentIn(body) : null;
    this.requests.push({ method, route, path, at: this.#state.now(), by, document, status, points });
  }

  async #answer(incoming: Incoming): Promise<Outcome> {
    const git = parseGitRequest(incoming.path, incoming.query);
    let by: Actor["kind"] | null = null;
    try {
      const actor = authenticate(this.#state, incoming.headers.authorization, Date.now());
      by = actor.kind;
      if (git !== null) {
        const where = authorizeGit(this.#state, actor, git);
        const { status, headers, body } = await serveGit(this.#state, actor, where, git, incoming);
        return { route: routeOf(incoming), by, answer: { status, headers, body: null, bytes: body } };
      }
      if (incoming.path === "/graphql") return { route: "/graphql", by, answer: await this.#answerGraphql(actor, incoming) };
      return await this.#answerRest(actor, incoming);
    } catch (error) {
      if (!(error instanceof SandboxRefusal)) throw error;
      const answer = git === null ? refusalAnswer(error) : gitRefusal(error);
      return { route: routeOf(incoming), by, answer };
    }
  }

  async #answerGraphql(actor: Actor, incoming: Incoming): Promise<Outcome["answer"]> {
    if (this.#graphql === null) {
      // The schema takes a moment to read; who never asks does not wait for it.
      const { createGraphqlHandler } = await import("./graphql.ts");
      this.#graphql = createGraphqlHandler(this.#state);
    }
    const request = Fields.parse(incoming.body.toString("utf8"));
    return this.#graphql(actor, Object.fromEntries(request.entries()), this.replica ?? this.#state);
  }

  async #answerRest(actor: Actor, incoming: Incoming): Promise<Outcome> {
    if (incoming.path === "/rate_limit") {
      return {
        route: "/rate_limit",
        by: actor.kind,
        answer: { status: 200, body: this.rates.overview(actor), headers: this.rates.headers(actor) },
      };
    }
    const found = match(incoming.method, incoming.path);
    if (found === null) throw new SandboxRefusal(404, "not-found", "Not Found");
    const route = found.route.template.replaceAll("{+", "{");
    let answer: RestAnswer;
    try {
      this.rates.count(actor);
      const rawBody = incoming.body.toString("utf8");
      answer = await found.route.handle({
        state: (incoming.method === "GET" ? this.replica : null) ?? this.#state,
        actor,
        params: found.params,
        query: incoming.query,
        body: Fields.parse(rawBody),
        rawBody,
        url: `${this.#state.addresses.api}${incoming.path}`,
        realNow: Date.now(),
      });
    } catch (error) {
      if (!(error instanceof SandboxRefusal)) throw error;
      answer = refusalAnswer(error);
    }
    answer = this.#conditional(actor, incoming, answer);
    return { route, by: actor.kind, answer: { ...answer, headers: { ...this.rates.headers(actor), ...answer.headers } } };
  }

  /** Gives an answer its ETag, and says 304 to who has it already. */
  #conditional(actor: Actor, incoming: Incoming, answer: RestAnswer): RestAnswer {
    if (incoming.method !== "GET" || answer.status !== 200) return answer;
    const etag = `W/"${createHash("sha256").update(JSON.stringify(answer.body)).digest("hex")}"`;
    if (incoming.headers["if-none-match"] !== etag) return { ...answer, headers: { ...answer.headers, etag } };
    this.rates.giveBack(actor);
    return { status: 304, body: null, headers: { ...answer.headers, etag } };
  }

  #send(outgoing: ServerResponse, incoming: Incoming, outcome: Outcome, halve = false): void {
    const { answer } = outcome;
    this.#saw(incoming, outcome, answer.status, answer.points ?? 0);
    if (answer.bytes !== undefined) {
      sendGit(outgoing, { status: answer.status, headers: { ...answer.headers }, body: answer.bytes });
      return;
    }
    this.#requestNumber += 1;
    const plain = typeof answer.body === "string";
    const text = typeof answer.body === "string" ? answer.body : answer.body === null ? "" : JSON.stringify(answer.body);
    const sent = Buffer.from(halve ? text.slice(0, Math.floor(text.length / 2)) : text, "utf8");
    outgoing.writeHead(answer.status, {
      ...(answer.body === null ? {} : { "content-type": plain ? "text/plain; charset=utf-8" : "application/json; charset=utf-8" }),
      "x-github-request-id": `5A4D:${this.#requestNumber.toString(16).toUpperCase().padStart(8, "0")}`,
      "x-github-media-type": "github.v3; format=json",
      ...answer.headers,
      ...(answer.status === 204 || answer.status === 304 ? {} : { "content-length": sent.length }),
    });
    outgoing.end(sent);
  }
}

/** How a request is counted that was never taken up. */
function routeOf({ method, path, query }: Pick<Incoming, "method" | "path" | "query">): string {
  const git = parseGitRequest(path, query);
  if (git !== null) return git.endpoint === "info/refs" ? `${git.service} (refs)` : git.service;
  if (path === "/graphql" || path === "/rate_limit") return path;
  return match(method, path)?.route.template.replaceAll("{+", "{") ?? "unknown";
}

/** The document of a GraphQL request, or null where there is none to be read. */
function documentIn(body: Buffer): string | null {
  try {
    const query = Fields.parse(body.toString("utf8")).raw("query");
    return typeof query === "string" ? query : null;
  } catch {
    return null;
  }
}

function faultAnswer(fault: Extract<Fault, { readonly kind: "status" }>): RestAnswer {
  const body = fault.body ?? { message: "Server Error", documentation_url: DOCUMENTATION, status: String(fault.status) };
  return { status: fault.status, body, ...(fault.headers === undefined ? {} : { headers: fault.headers }) };
}

function refusalAnswer(refusal: SandboxRefusal): RestAnswer {
  return {
    status: refusal.status,
    body: {
      message: refusal.message,
      ...(refusal.errors.length === 0 ? {} : { errors: refusal.errors }),
      documentation_url: DOCUMENTATION,
      status: String(refusal.status),
    },
  };
}

/** Git shows plain text to people, and asks for a password on 401. */
function gitRefusal(refusal: SandboxRefusal): RestAnswer {
  return {
    status: refusal.status,
    body: `${refusal.message}\n`,
    headers: refusal.status === 401 ? { "www-authenticate": 'Basic realm="GitHub"' } : {},
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > BODY_LIMIT) throw new Error("a request with a body beyond all measure");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
