import type { Instant } from "../../src/domain/answer.ts";
import type { Operation, Scene } from "./history.ts";

/** What never changes of an Application. */
export interface SandboxApplication {
  readonly name: string;
  /** Its kustomization file in the repository. */
  readonly path: string;
  /** The branch it follows; the repository's default branch unless told. */
  readonly targetRevision?: string;
  /** `argocd` unless told. */
  readonly namespace?: string;
  /** `default` unless told. */
  readonly project?: string;
  /** Whether it is synced by itself, as it is unless told. */
  readonly automated?: boolean;
}

/** The Application as Argo CD's API gives it (`pkg/apis/application/v1alpha1/types.go`), for this scene. */
export function applicationJson(application: SandboxApplication, repositoryUrl: string, scene: Scene): unknown {
  const source = {
    repoURL: repositoryUrl,
    path: application.path.replace(/\/?[^/]*$/, "") || ".",
    targetRevision: application.targetRevision ?? "HEAD",
  };
  const { operation } = scene;
  const automated = application.automated ?? true;
  return {
    metadata: { name: application.name, namespace: application.namespace ?? "argocd" },
    spec: {
      project: application.project ?? "default",
      source,
      destination: { server: "https://kubernetes.default.svc", namespace: "default" },
      ...(automated ? { syncPolicy: { automated: { prune: true, selfHeal: true } } } : {}),
    },
    ...(operation?.phase === "Running" ? { operation: operationJson(operation) } : {}),
    status: {
      reconciledAt: seconds(scene.reconciledAt),
      health: { status: scene.health.status, lastTransitionTime: seconds(scene.health.since) },
      sync: {
        status: scene.sync,
        ...(scene.revision === null ? {} : { revision: scene.revision }),
        comparedTo: { source, destination: { server: "https://kubernetes.default.svc", namespace: "default" } },
      },
      ...(operation === null ? {} : { operationState: operationStateJson(operation, source) }),
      summary: scene.images.length === 0 ? {} : { images: scene.images },
      sourceType: "Kustomize",
      ...conditionsJson(scene, source.path, automated),
    },
  };
}

function operationJson(operation: Operation): unknown {
  return {
    sync: { revision: operation.revision, prune: true },
    initiatedBy: operation.byHand ? { username: "admin" } : { automated: true },
    retry: { limit: 5 },
  };
}

const MESSAGES: Readonly<Record<Operation["phase"], string>> = {
  Running: "waiting for completion of hooks and healthy state",
  Succeeded: "successfully synced (all tasks run)",
  Failed: 'one or more objects failed to apply, reason: admission webhook "policy.example" denied the request (retried 5 times).',
};

function operationStateJson(operation: Operation, source: unknown): unknown {
  return {
    operation: operationJson(operation),
    phase: operation.phase,
    message: MESSAGES[operation.phase],
    startedAt: seconds(operation.startedAt),
    ...(operation.phase === "Running" ? {} : { finishedAt: seconds(operation.finishedAt) }),
    syncResult: { revision: operation.revision, source },
  };
}

function conditionsJson(scene: Scene, path: string, automated: boolean): object {
  const condition = (type: string, message: string): object => ({
    conditions: [{ type, message, lastTransitionTime: seconds(scene.reconciledAt) }],
  });
  if (scene.sync === "Unknown") {
    return condition("ComparisonError", `Failed to load target state: failed to generate manifest: ${path}: app path does not exist`);
  }
  if (automated && scene.sync === "OutOfSync" && scene.operation?.phase === "Failed") {
    return condition("SyncError", `Failed last sync attempt to [${scene.operation.revision}]: ${MESSAGES.Failed}`);
  }
  return {};
}

/** Argo CD writes whole seconds, cut off. */
function seconds(at: Instant): string {
  return new Date(Math.floor(at / 1_000) * 1_000).toISOString().replace(".000Z", "Z");
}
