import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { Digest } from "../src/domain/release.ts";
import type { Clock } from "../src/ports.ts";
import { AccessControl, type Account, type TokenRules } from "./registry/access.ts";
import { failure, RegistryApi, repositoryOf, type ApiReply, type Lie } from "./registry/api.ts";
import { buildImage, type ImageContent } from "./registry/image.ts";
import { Notifications, type NotificationEndpoint } from "./registry/notifications.ts";
import { digestOf, RegistryStore } from "./registry/store.ts";

export interface SandboxRegistryOptions {
  /** For creation times and the life of tokens; the real time unless given. */
  readonly clock?: Pick<Clock, "now">;
  /** Any free port unless given. */
  readonly port?: number;
}

const LARGEST_BODY = 64 * 1024 * 1024;

type Fault =
  | { readonly kind: "none" }
  /** Connections are cut without an answer. */
  | { readonly kind: "down" }
  /** Requests are taken and not answered until {@link SandboxRegistry.recover}. */
  | { readonly kind: "slow" }
  | { readonly kind: "status"; readonly status: number; readonly retryAfter: string | null };

/** Starts an OCI registry in this process, on the loopback interface. */
export async function startRegistry(options: SandboxRegistryOptions = {}): Promise<SandboxRegistry> {
  const server = createServer();
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  return new SandboxRegistry(server, options.clock ?? { now: () => Date.now() });
}

/**
 * An OCI registry that behaves as CNCF Distribution does, over HTTP for its clients, and by its methods for whoever
 * directs the play: pushes without the ceremony, and faults on demand. Repositories are paths, without the host.
 */
export class SandboxRegistry {
  /** `127.0.0.1:<port>`, the domain of its images. */
  readonly host: string;
  readonly url: string;
  readonly access: AccessControl;
  /** Every request so far, as `GET /v2/acme/app/tags/list?n=1000`. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #clock: Pick<Clock, "now">;
  readonly #store = new RegistryStore();
  readonly #notifications: Notifications;
  readonly #api: RegistryApi;
  #fault: Fault = { kind: "none" };
  #recovery = Promise.withResolvers<void>();

  constructor(server: Server, clock: Pick<Clock, "now">) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the registry does not listen on a port");
    this.host = `127.0.0.1:${address.port}`;
    this.url = `http://${this.host}`;
    this.#server = server;
    this.#clock = clock;
    this.access = new AccessControl(clock, () => this.url);
    this.#notifications = new Notifications(clock);
    this.#api = new RegistryApi(this.#store, (happening) => this.#notifications.tell(happening));
    server.on("request", (request, response) => void this.#serve(request, response).catch(() => response.destroy()));
  }

  /** Builds and pushes an image, and resolves when its notifications are delivered. Answers the digest that the tag names. */
  async push(repository: string, tag: string, image: ImageContent = {}): Promise<Digest> {
    const built = buildImage(`${repository}:${tag}`, { ...image, created: image.created ?? this.#clock.now() });
    for (const blob of built.blobs) this.#do("POST", `${repository}/blobs/uploads/`, { digest: digestOf(blob) }, blob);
    let digest: Digest | null = null;
    for (const [nth, { mediaType, bytes }] of built.manifests.entries()) {
      digest = digestOf(bytes);
      const reference = nth === built.manifests.length - 1 ? tag : digest;
      this.#do("PUT", `${repository}/manifests/${reference}`, {}, bytes, mediaType);
    }
    await this.#notifications.settled();
    if (digest === null) throw new Error("an image needs at least one platform");
    return digest;
  }

  /** Points a tag at another manifest of the repository, which clients do by pushing that manifest again. */
  async moveTag(repository: string, tag: string, digest: Digest): Promise<void> {
    const held = this.#store.manifest(repository, digest);
    if (held === undefined) throw new Error(`${repository} has no manifest ${digest}`);
    this.#do("PUT", `${repository}/manifests/${tag}`, {}, held.bytes, held.mediaType);
    await this.#notifications.settled();
  }

  /** Takes a tag away and leaves its manifest; the real registry does this by hand, and tells nobody. */
  deleteTag(repository: string, tag: string): void {
    if (!this.#store.untag(repository, tag)) throw new Error(`${repository} has no tag ${tag}`);
  }

  /** Deletes the manifest with every tag that names it. */
  deleteManifest(repository: string, digest: Digest): void {
    this.#do("DELETE", `${repository}/manifests/${digest}`, {}, new Uint8Array());
  }

  /** Clients must bring a token from the registry's own token server from now on. */
  requireToken(rules: TokenRules = { account: null }): void {
    this.access.requireToken(rules);
  }

  requireBasic(account: Account): void {
    this.access.requireBasic(account);
  }

  /** It has the referrers API from now on. */
  offerReferrers(): void {
    this.#api.offersReferrers = true;
  }

  /** The most tags, or referrers, of one page, however many a client asks for. */
  setPageSize(size: number): void {
    this.#api.pageSize = size;
  }

  /** From now on everything that happens in the registry is told there. */
  notify(endpoint: NotificationEndpoint): void {
    this.#notifications.add(endpoint);
  }

  /** Resolves when every notification so far was delivered or lost. */
  async notified(): Promise<void> {
    await this.#notifications.settled();
  }

  /** Tells a falsehood about a tag or digest, until told not to (`null`). */
  lie(repository: string, reference: string, lie: Lie | null = "header"): void {
    this.#api.lie(repository, reference, lie);
  }

  /** Cuts every connection until {@link recover}. */
  down(): void {
    this.#fault = { kind: "down" };
  }

  /** Takes requests and answers them only after {@link recover}. */
  slow(): void {
    this.#fault = { kind: "slow" };
    this.#recovery = Promise.withResolvers();
  }

  /** Answers everything with this status until {@link recover}: 429 and 503 with `Retry-After`, as given. */
  fail(status: number, retryAfter: string | null = null): void {
    this.#fault = { kind: "status", status, retryAfter };
  }

  recover(): void {
    this.#fault = { kind: "none" };
    this.#recovery.resolve();
  }

  async close(): Promise<void> {
    this.recover();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    await this.#notifications.settled();
  }

  #do(method: string, path: string, query: Readonly<Record<string, string>>, body: Uint8Array, contentType = ""): void {
    const call = { method, path: `/v2/${path}`, query: new URLSearchParams(query), accept: "", contentType, host: this.host, body };
    const reply = this.#api.answer(call);
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    if (this.#fault.kind === "down") {
      request.socket.destroy();
      return;
    }
    if (this.#fault.kind === "slow") await this.#recovery.promise;
    const body = await bodyOf(request);
    const reply = body === null ? failure(413, "SIZE_INVALID", "body too large") : this.#reply(request, body);
    send(response, request.method === "HEAD", reply);
  }

  #reply(request: IncomingMessage, body: Uint8Array): ApiReply {
    const url = new URL(request.url ?? "/", this.url);
    const { authorization, accept = "", host = this.host } = request.headers;
    if (this.#fault.kind === "status") {
      const { status, retryAfter } = this.#fault;
      const reply = failure(status, status === 429 ? "TOOMANYREQUESTS" : "UNAVAILABLE", "told to fail");
      return retryAfter === null ? reply : { ...reply, headers: { "retry-after": retryAfter } };
    }
    if (url.pathname === "/token") return this.access.issue(authorization, url.searchParams);
    const method = request.method ?? "GET";
    const action = method === "GET" || method === "HEAD" ? "pull" : "push";
    const refusal = this.access.check(authorization, repositoryOf(url.pathname), action);
    if (refusal !== null) {
      const reply = failure(refusal.status, "UNAUTHORIZED", "authentication required");
      return refusal.challenge === null ? reply : { ...reply, headers: { "www-authenticate": refusal.challenge } };
    }
    const contentType = request.headers["content-type"] ?? "";
    return this.#api.answer({ method, path: url.pathname, query: url.searchParams, accept, contentType, host, body });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.byteLength;
    if (length > LARGEST_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, headOnly: boolean, { status, headers, body = "" }: ApiReply): void {
  const isJson = !(body instanceof Uint8Array) && typeof body !== "string";
  const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  response.writeHead(status, {
    "docker-distribution-api-version": "registry/2.0",
    ...(isJson ? { "content-type": "application/json; charset=utf-8" } : {}),
    ...headers,
    ...(status === 204 ? {} : { "content-length": String(bytes.byteLength) }),
  });
  response.end(headOnly ? undefined : bytes);
}
