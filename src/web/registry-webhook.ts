import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { REGISTRY_SOURCES, webhookSecretVariable, type RegistrySource } from "../config.ts";
import { parseRegistryEvent } from "../domain/registry-event.ts";
import type { Journal } from "../ports.ts";
import type { Dispatcher } from "../reconciler/dispatch.ts";
import type { Secret } from "../secret.ts";
import { answer, refuse } from "./answer.ts";
import { readBody, type BodyBudget } from "./body.ts";

export interface RegistryWebhookParts {
  readonly secrets: ReadonlyMap<RegistrySource, Secret>;
  readonly dispatcher: Pick<Dispatcher, "imagePushed">;
  readonly journal: Journal;
  readonly budget: BodyBudget;
}

/** Notifications are a few kilobytes. */
const BODY_LIMIT = 1024 * 1024;

/**
 * `POST /webhooks/registry/<source>`. Whatever was understood is answered with 202, also when it is worth nothing: a
 * registry sends a refused notification again for ever, and holds all later ones back meanwhile.
 */
export async function registryWebhook(
  parts: RegistryWebhookParts,
  source: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const known = REGISTRY_SOURCES.find((name) => name === source);
  if (known === undefined) return refuse(request, response, 404, `there is no such source; known: ${REGISTRY_SOURCES.join(", ")}`);
  const secret = parts.secrets.get(known);
  if (secret === undefined) return refuse(request, response, 404, `${known} is not set up: give ${webhookSecretVariable(known)}`);
  if (!opens(secret, request.headers.authorization)) {
    parts.journal.warn("a registry webhook was refused: its Authorization header does not hold the secret", { source });
    return refuse(request, response, 401, "the Authorization header does not hold the configured secret");
  }
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
    return refuse(request, response, 415, "the Content-Type must be JSON");
  }
  const body = await readBody(request, BODY_LIMIT, parts.budget);
  switch (body.kind) {
    case "too-large":
      return refuse(request, response, 413, `the body is larger than ${BODY_LIMIT} bytes`);
    case "busy":
      return refuse(request, response, 503, "too much is being received at the moment: send it again");
    case "aborted":
      return;
    case "whole":
      body.release();
      heed(parts, known, body.bytes, response);
  }
}

function heed(parts: RegistryWebhookParts, source: RegistrySource, bytes: Buffer, response: ServerResponse): void {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString("utf8"));
  } catch {
    answer(response, 400, { error: "the body is not JSON" });
    return;
  }
  const event = parseRegistryEvent(source, content);
  if ("images" in event) {
    const repositories = new Set(event.images.map((image) => image.repository));
    for (const repository of repositories) parts.dispatcher.imagePushed(repository);
    answer(response, 202, { accepted: [...repositories] });
  } else if ("ignored" in event) {
    answer(response, 202, { ignored: event.ignored });
  } else {
    parts.journal.warn("a registry webhook could not be read", { source, reason: event.invalid });
    answer(response, 202, { ignored: event.invalid });
  }
}

/** Compared by hash, so that neither the length nor the first wrong character shows in the time it takes. */
function opens(secret: Secret, header: string | undefined): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  const given = hash(header ?? "");
  const bare = timingSafeEqual(given, hash(secret.reveal()));
  const bearer = timingSafeEqual(given, hash(`Bearer ${secret.reveal()}`));
  return bare || bearer;
}
