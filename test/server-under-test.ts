import { createHmac, generateKeyPairSync } from "node:crypto";
import { connect } from "node:net";
import { Probot } from "probot";
import { onTestFinished } from "vitest";
import { VirtualClock } from "../sandbox/clock.ts";
import type { Repository } from "../src/domain/observation.ts";
import { REGISTRY_SOURCES, type RegistrySource } from "../src/domain/registry-events/sources.ts";
import type { PushIdentity } from "../src/ports.ts";
import { createDispatcher } from "../src/reconciler/dispatch.ts";
import type { Hint } from "../src/reconciler/hint.ts";
import { Secret } from "../src/secret.ts";
import { startServer } from "../src/server.ts";
import { createJournal, createLogger } from "../src/telemetry.ts";

export const APP_ID = 1234;
export const WEBHOOK_SECRET = "the secret of the webhook";
export const REGISTRY_SECRET = "the secret of the registry";
const PRIVATE_KEY = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();

const REPOSITORY: Repository = { installation: 7, id: 42, owner: "acme", name: "manifests" };

/** A payload about the one repository that the App is installed in. */
export function about(more: object): string {
  return JSON.stringify({
    repository: { id: 42, name: "manifests", default_branch: "main", owner: { login: "acme" } },
    installation: { id: 7 },
    ...more,
  });
}

export function signature(body: string | Uint8Array, secret = WEBHOOK_SECRET): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

let deliveries = 0;

export function gitHubHeaders(body: string | Uint8Array, event = "pull_request"): Record<string, string> {
  deliveries += 1;
  return {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": `delivery-${deliveries}`,
    "x-hub-signature-256": signature(body),
  };
}

/** The real server on a port of its own. Looks are written down, and end when the test lets them. */
export async function serverUnderTest(options: { registry?: boolean; registrySecret?: string; swept?: boolean; pushIdentity?: PushIdentity } = {}) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const lines: string[] = [];
  const logger = createLogger({ level: "info", output: { write: (line) => lines.push(line) } });
  const journal = createJournal(logger);
  const looks: { readonly repository: Repository; readonly hints: readonly Hint[] }[] = [];
  const world: { gate: Promise<void>; repositories: () => Promise<readonly Repository[]> } = {
    gate: Promise.resolve(),
    repositories: () => Promise.resolve([REPOSITORY]),
  };
  const dispatcher = createDispatcher({
    forge: { installations: async () => [REPOSITORY.installation], repositories: () => world.repositories() },
    reconciler: {
      look: async (repository, hints) => {
        looks.push({ repository, hints });
        await world.gate;
        return { again: null };
      },
      pinning: (_image, among) => among,
      forget: () => undefined,
    },
    clock,
    journal,
    random: () => 0,
    concurrency: 4,
    sweepInterval: 300_000,
  });
  const registrySecrets: ReadonlyMap<RegistrySource, Secret> =
    new Map(options.registry === false ? [] : REGISTRY_SOURCES.map((source) => [source, new Secret(options.registrySecret ?? REGISTRY_SECRET)]));
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    appId: APP_ID,
    probot: new Probot({ appId: APP_ID, privateKey: PRIVATE_KEY, secret: WEBHOOK_SECRET, log: logger }),
    registrySecrets,
    pushIdentity: options.pushIdentity ?? null,
    dispatcher,
    journal,
  });
  onTestFinished(async () => {
    clock.advance(60_000);
    const closed = server.close();
    clock.advance(60_000);
    await closed;
  });
  if (options.swept !== false) {
    dispatcher.sweep();
    await dispatcher.idle();
    looks.length = 0;
  }
  const post = (body: string, headers: Record<string, string>, path = "/api/github/webhooks"): Promise<Response> =>
    fetch(`${server.url}${path}`, { method: "POST", body, headers });
  return { server, dispatcher, clock, world, looks, lines, post };
}

/** Speaks HTTP by hand, to say what no client would. Answers what the server said until it closed the connection. */
export function speak(url: string): { readonly say: (text: string) => void; readonly end: () => void; readonly heard: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  const heard = new Promise<string>((resolve) => {
    socket.on("close", () => resolve(text));
    socket.on("error", () => resolve(text));
  });
  onTestFinished(() => {
    socket.destroy();
  });
  return { say: (part) => void socket.write(part, "latin1"), end: () => void socket.destroy(), heard };
}
