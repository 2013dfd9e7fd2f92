import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeMiddleware, type Probot } from "probot";
import createApp from "./app.ts";
import type { Milliseconds } from "./domain/answer.ts";
import type { RegistrySource } from "./domain/registry-events/sources.ts";
import type { Journal, PushIdentity } from "./ports.ts";
import type { Dispatcher } from "./reconciler/dispatch.ts";
import type { Secret } from "./secret.ts";
import { answer, refuse } from "./web/answer.ts";
import { BodyBudget, readBody } from "./web/body.ts";
import { RecentDeliveries } from "./web/deliveries.ts";
import { registryWebhook } from "./web/registry-webhook.ts";

export interface ServerParts {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly appId: number;
  /** Made with the webhook secret, and with a logger that does not print bodies. */
  readonly probot: Probot;
  readonly registrySecrets: ReadonlyMap<RegistrySource, Secret>;
  /** Whose tokens are taken from Pub/Sub in place of a secret, or null. */
  readonly pushIdentity: PushIdentity | null;
  readonly dispatcher: Dispatcher;
  readonly journal: Journal;
  /** How long looks under way may take to end when the server closes. 25 s unless given: Kubernetes kills after 30. */
  readonly drainDeadline?: Milliseconds;
}

export interface RunningServer {
  readonly url: string;
  /** Stops listening, lets requests and looks under way end, and closes. Answers the repositories whose looks did not end. */
  close(): Promise<readonly string[]>;
}

/** The path that app.yml names. */
export const GITHUB_WEBHOOK_PATH = "/api/github/webhooks";
/** GitHub sends no larger payload (docs.github.com, "Webhook events and payloads", payload cap). */
const GITHUB_BODY_LIMIT = 25 * 1024 * 1024;
/** Enough for several of the largest payloads at once. */
const BODIES_AT_ONCE = 100 * 1024 * 1024;
const DRAIN_DEADLINE: Milliseconds = 25_000;
/** Requests under way are let end for this long; they need milliseconds, unless their sender is slow. */
const REQUEST_GRACE: Milliseconds = 5_000;
/** Connections that fall idle while the server closes are closed within this time. */
const CLOSE_IDLE_EVERY: Milliseconds = 20;
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000, keepAliveTimeout: 5_000 };

/**
 * Starts the one HTTP server: GitHub's webhooks through Probot, registries' webhooks, and health. A request is answered
 * as soon as it is heard; no work is done in it.
 *
 * @throws when the address cannot be listened on.
 */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { appId, dispatcher, journal } = parts;
  const app = createApp({ appId, dispatcher, journal, deliveries: new RecentDeliveries() });
  const middleware = await createNodeMiddleware(app, { probot: parts.probot, webhooksPath: GITHUB_WEBHOOK_PATH });
  const doors: Doors = { ...parts, middleware, budget: new BodyBudget(BODIES_AT_ONCE), draining: false };
  const server = createServer(TIMEOUTS, (request, response) => {
    route(doors, request, response).catch((err: unknown) => {
      journal.error("a request could not be answered", { err });
      if (response.headersSent) response.destroy();
      else refuse(request, response, 500, "Pinion made a mistake; its log says which");
    });
  });
  await listen(server, parts.host, parts.port);
  const { address, port, family } = server.address() as AddressInfo;
  let closing: Promise<readonly string[]> | null = null;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    close: () => {
      doors.draining = true;
      closing ??= close(server, dispatcher, parts.drainDeadline ?? DRAIN_DEADLINE);
      return closing;
    },
  };
}

interface Doors extends ServerParts {
  readonly middleware: Awaited<ReturnType<typeof createNodeMiddleware>>;
  readonly budget: BodyBudget;
  draining: boolean;
}

async function route(doors: Doors, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request);
  const source = /^\/webhooks\/registry\/([^/]+)$/.exec(path)?.[1];
  if (path === "/healthz" || path === "/readyz") {
    if (!allows(["GET", "HEAD"], request, response)) return;
    const problem = path === "/healthz" ? null : notReady(doors);
    answer(response, problem === null ? 200 : 503, problem === null ? { status: "ok" } : { status: "not ready", reason: problem });
  } else if (path !== GITHUB_WEBHOOK_PATH && source === undefined) {
    refuse(request, response, 404, "there is nothing here");
  } else if (allows(["POST"], request, response)) {
    // What is heard now would not be looked at any more. The sweep of the next start will see it; a registry sends it again.
    if (doors.draining) refuse(request, response, 503, "Pinion is shutting down");
    else if (source === undefined) await gitHubWebhook(doors, request, response);
    else await registryWebhook({ ...doors, secrets: doors.registrySecrets }, source, request, response);
  }
}

function notReady({ draining, dispatcher }: Doors): string | null {
  if (draining) return "shutting down";
  return dispatcher.hasSwept() ? null : "GitHub has not yet said which repositories there are";
}

/** Without the query and slashes at the end; the root for what is no path. */
function pathOf(request: IncomingMessage): string {
  const path = (request.url ?? "/").split(/[?#]/, 1)[0] ?? "/";
  return path.replace(/(?<=[^/])\/+$/, "");
}

function allows(methods: readonly string[], request: IncomingMessage, response: ServerResponse): boolean {
  if (methods.includes(request.method ?? "")) return true;
  response.setHeader("allow", methods.join(", "));
  refuse(request, response, 405, `only ${methods.join(" and ")} will do here`);
  return false;
}

/** Probot checks the signature and calls the app; it reads bodies of any size, so it is given one that has been read. */
async function gitHubWebhook(doors: Doors, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Probot looks handlers up by this name in a plain object, where some names mean something of their own.
  if (!/^[a-z][a-z_]*$/.test(String(request.headers["x-github-event"] ?? "none"))) {
    return refuse(request, response, 400, "X-GitHub-Event is not the name of an event");
  }
  // Probot refuses what lacks a header before it looks at the body, so there is no need to hold one.
  const signed = ["x-github-event", "x-github-delivery", "x-hub-signature-256"].every((header) => request.headers[header] !== undefined);
  const body = signed ? await readBody(request, GITHUB_BODY_LIMIT, doors.budget) : null;
  if (body?.kind === "aborted") return;
  if (body?.kind === "too-large") return refuse(request, response, 413, `the body is larger than ${GITHUB_BODY_LIMIT} bytes`);
  if (body?.kind === "busy") return refuse(request, response, 503, "too much is being received at the moment: send it again");
  try {
    // By its plain path, because Probot leaves a request without any answer when it does not know the path.
    await doors.middleware(Object.assign(request, { url: GITHUB_WEBHOOK_PATH, body: body?.bytes.toString("utf8") ?? "" }), response);
  } finally {
    body?.release();
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(new Error(`Pinion cannot listen on ${host}:${port} (${cause.code ?? cause.message}): check HOST and PORT`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

async function close(server: Server, dispatcher: Dispatcher, deadline: Milliseconds): Promise<readonly string[]> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // A connection kept alive would hold the server open until it times out.
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY);
  const impatient = setTimeout(() => server.closeAllConnections(), REQUEST_GRACE);
  const [unfinished] = await Promise.all([dispatcher.drain(deadline), closed]);
  clearInterval(idle);
  clearTimeout(impatient);
  return unfinished;
}
