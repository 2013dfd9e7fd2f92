/** Argo CD and Prometheus over HTTP, telling what the simulated cluster and its users do. */
import { applicationJson } from "../../sandbox/argocd/answer.ts";
import type { Scene } from "../../sandbox/argocd/history.ts";
import { startJsonServer, type JsonReply, type JsonRequest, type JsonServer } from "../../sandbox/json-server.ts";
import type { Instant } from "../../src/domain/answer.ts";
import type { ApplicationStatus } from "../../src/domain/rollout.ts";
import type { MetricAnswer } from "../../src/domain/slo.ts";
import { PortFailure } from "../../src/ports.ts";
import { placePath } from "../facts.ts";

const UNAVAILABLE: JsonReply = { status: 503, body: "upstream connect error" };

/** `status` throws a `PortFailure` while Argo CD is out of reach, and answers null when there is no such Application. */
export function startArgoCd(status: (name: string) => ApplicationStatus | null, repositoryUrl: string): Promise<JsonServer> {
  return startJsonServer((request) => orUnavailable(() => applicationReply(request, status, repositoryUrl)));
}

function applicationReply({ path }: JsonRequest, status: (name: string) => ApplicationStatus | null, repositoryUrl: string): JsonReply {
  const name = decodeURIComponent(/^\/api\/v1\/applications\/([^/]+)$/.exec(path)?.[1] ?? "");
  const found = status(name);
  // Argo CD does not tell what is missing from what is forbidden.
  if (found === null) return { status: 403, body: { error: "permission denied", code: 7, message: "permission denied" } };
  const [, app = "", environment = ""] = /^(.+)-([^-]+)$/.exec(name) ?? [];
  return { status: 200, body: applicationJson({ name, path: placePath(app, environment) }, repositoryUrl, sceneOf(found)) };
}

function sceneOf({ revisions, reconciledAt, sync, health, healthSince, operation, images }: ApplicationStatus): Scene {
  return {
    revision: revisions[0] ?? null,
    reconciledAt: reconciledAt ?? 0,
    sync,
    health: { status: health === "Suspended" || health === "Unknown" ? "Missing" : health, since: healthSince ?? 0 },
    operation:
      operation === null
        ? null
        : {
            revision: operation.revisions[0] ?? "",
            byHand: false,
            startedAt: operation.startedAt ?? 0,
            finishedAt: operation.finishedAt ?? 0,
            phase: operation.phase === "Running" || operation.phase === "Failed" ? operation.phase : "Succeeded",
          },
    images,
  };
}

/** `query` throws a `PortFailure` while Prometheus fails. */
export function startPrometheus(query: (expression: string, at: Instant) => MetricAnswer): Promise<JsonServer> {
  return startJsonServer((request) => orUnavailable(() => queryReply(new URLSearchParams(request.body), query)));
}

function queryReply(form: URLSearchParams, query: (expression: string, at: Instant) => MetricAnswer): JsonReply {
  const at = Number(form.get("time")) * 1_000;
  const answer = query(form.get("query") ?? "", at);
  const value = answer.kind === "number" ? String(answer.value) : "NaN";
  const result = answer.kind === "no-series" ? [] : [{ metric: {}, value: [at / 1_000, value] }];
  return { status: 200, body: { status: "success", data: { resultType: "vector", result } } };
}

function orUnavailable(reply: () => JsonReply): JsonReply {
  try {
    return reply();
  } catch (problem) {
    if (problem instanceof PortFailure) return UNAVAILABLE;
    throw problem;
  }
}
