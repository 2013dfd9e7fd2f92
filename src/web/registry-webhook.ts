import type { IncomingMessage, ServerResponse } from "node:http";
import { PUSH_ACCOUNT, PUSH_AUDIENCE, webhookSecretVariable } from "../config.ts";
import { parseRegistryEvent, REGISTRY_SOURCES, type RegistrySource } from "../domain/registry-events/sources.ts";
import { PortFailure, type Journal, type PushIdentity } from "../ports.ts";
import type { Dispatcher } from "../reconciler/dispatch.ts";
import type { Secret } from "../secret.ts";
import { answer, refuse } from "./answer.ts";
import { readBody, type BodyBudget } from "./body.ts";
import { PROOFS, proofProblem, signatureProblem, tokenProblem } from "./registry-proof.ts";

export interface RegistryWebhookParts {
  readonly secrets: ReadonlyMap<RegistrySource, Secret>;
  readonly pushIdentity: PushIdentity | null;
  readonly dispatcher: Pick<Dispatcher, "imagePushed">;
  readonly journal: Journal;
  readonly budget: BodyBudget;
}

/** Notifications are a few kilobytes. */
const BODY_LIMIT = 1024 * 1024;

/**
 * Senders that send a refused notification again for ever, and hold all later ones back meanwhile (Distribution) or keep it for days
 * (Pub/Sub). They are told in the answer that it was worth nothing, but with a status that ends it.
 */
const RESENDING: ReadonlySet<RegistrySource> = new Set(["distribution", "gar"]);

/**
 * `POST /webhooks/registry/<source>`, with `?registry=` for senders that do not say it and `?secret=` for those that can do no better. What was
 * understood is answered with 202, also when it is worth nothing; what was not, with 422, so that whoever looks at the sender's list of
 * deliveries sees it.
 */
export async function registryWebhook(
  parts: RegistryWebhookParts,
  source: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const known = REGISTRY_SOURCES.find((name) => name === source);
  if (known === undefined) return refuse(request, response, 404, `there is no such source; known: ${REGISTRY_SOURCES.join(", ")}`);
  const door = doorOf(parts, known);
  if (door === null) return refuse(request, response, 404, `${known} is not set up: give ${variablesOf(known)}`);
  const query = queryOf(request);
  let unproven;
  try {
    unproven = await door.problem(request, query);
  } catch (cause) {
    if (!(cause instanceof PortFailure)) throw cause;
    // Who it is cannot be told: the sender tries again, and is not let in meanwhile.
    parts.journal.warn("a registry webhook cannot be judged", { source: known, reason: cause.message });
    return refuse(request, response, 503, "who sends this cannot be told at the moment: send it again");
  }
  if (unproven !== null) {
    tellUnproven(parts, known, unproven);
    return refuse(request, response, 401, unproven);
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
    case "whole": {
      body.release();
      const forged = door.bodyProblem(request, body.bytes);
      if (forged === null) return heed(parts, known, query.get("registry"), body.bytes, response);
      tellUnproven(parts, known, forged);
      return answer(response, 401, { error: forged });
    }
  }
}

function variablesOf(source: RegistrySource): string {
  return source === "gar" ? `${PUSH_AUDIENCE} and ${PUSH_ACCOUNT}` : webhookSecretVariable(source);
}

/** How a sender is known: before its body is read, and by it. */
interface Door {
  problem(request: IncomingMessage, query: URLSearchParams): Promise<string | null>;
  bodyProblem(request: IncomingMessage, body: Buffer): string | null;
}

/** Null where the operator gave nothing to know the sender by. */
function doorOf({ secrets, pushIdentity }: RegistryWebhookParts, source: RegistrySource): Door | null {
  if (source === "gar" && pushIdentity !== null) return { problem: (request) => tokenProblem(pushIdentity, request), bodyProblem: () => null };
  const secret = secrets.get(source);
  if (secret === undefined) return null;
  const proof = PROOFS[source];
  return {
    problem: async (request, query) => proofProblem(proof, secret, request, query),
    bodyProblem: (request, body) => signatureProblem(proof, secret, request, body),
  };
}

function queryOf({ url = "" }: IncomingMessage): URLSearchParams {
  const mark = url.indexOf("?");
  return new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
}

function tellUnproven({ journal }: RegistryWebhookParts, source: RegistrySource, reason: string): void {
  journal.warn("a registry webhook was refused", { source, reason });
}

function heed(parts: RegistryWebhookParts, source: RegistrySource, registry: string | null, bytes: Buffer, response: ServerResponse): void {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString("utf8"));
  } catch {
    answer(response, 400, { error: "the body is not JSON" });
    return;
  }
  const event = parseRegistryEvent(source, content, registry);
  if ("repositories" in event) {
    for (const repository of event.repositories) parts.dispatcher.imagePushed(repository);
    answer(response, 202, { accepted: event.repositories });
  } else if ("ignored" in event) {
    answer(response, 202, { ignored: event.ignored });
  } else {
    parts.journal.warn("a registry webhook could not be read", { source, reason: event.invalid });
    if (RESENDING.has(source)) answer(response, 202, { ignored: event.invalid });
    else answer(response, 422, { error: event.invalid });
  }
}
