import type { Instant } from "../../domain/answer.ts";
import type { ApplicationStatus } from "../../domain/rollout.ts";

export type ParsedApplication =
  | { readonly ok: true; readonly status: ApplicationStatus }
  /** `problem` continues a sentence that begins with the server's name. */
  | { readonly ok: false; readonly problem: string };

type Json = Readonly<Record<string, unknown>>;
type Operation = NonNullable<ApplicationStatus["operation"]>;

const SYNC = ["Synced", "OutOfSync"] as const;
const HEALTH = ["Healthy", "Progressing", "Degraded", "Suspended", "Missing"] as const;
const PHASES = ["Running", "Terminating", "Succeeded", "Failed", "Error"] as const;

/** Messages carry whole manifests at times, and are shown to people. */
const LONGEST_MESSAGE = 300;
const MOST_MESSAGES = 5;
const MOST_IMAGES = 1_000;
/** Argo CD keeps 10 unless told otherwise. */
const MOST_SYNCS = 100;

/**
 * Reads an Application as Argo CD's API gives it (`pkg/apis/application/v1alpha1/types.go`), taking only what a verdict
 * rests on. What is absent, or has a value unknown here, becomes `Unknown`, null or an error, never something good.
 */
export function parseApplication(json: unknown, name: string): ParsedApplication {
  const application = objectOf(json);
  const metadata = objectOf(application["metadata"]);
  if (textOf(metadata["name"]) !== name) return { ok: false, problem: `did not answer with the Application "${name}"` };
  const spec = objectOf(application["spec"]);
  const status = objectOf(application["status"]);
  const sync = objectOf(status["sync"]);
  const health = objectOf(status["health"]);
  const { operation, busy, problem } = operationOf(status["operationState"]);
  return {
    ok: true,
    status: {
      name,
      sync: oneOf(SYNC, sync["status"]) ?? "Unknown",
      revisions: revisionsOf(sync),
      health: oneOf(HEALTH, health["status"]) ?? "Unknown",
      healthSince: instantOf(health["lastTransitionTime"]),
      reconciledAt: instantOf(status["reconciledAt"]),
      operating: busy || isPresent(application["operation"]),
      operation,
      syncedFrom: arrayOf(status["history"])
        .slice(-MOST_SYNCS)
        .flatMap((entry) => instantOf(objectOf(entry)["deployStartedAt"]) ?? []),
      errors: [...problem, ...unsupported(metadata, spec), ...conditionsOf(status, (type) => type !== "SyncError")],
      syncError: conditionsOf(status, (type) => type === "SyncError")[0] ?? null,
      automated: isAutomated(spec),
      images: arrayOf(objectOf(status["summary"])["images"])
        .slice(0, MOST_IMAGES)
        .flatMap((image) => textOf(image) ?? []),
    },
  };
}

interface OperationState {
  readonly operation: Operation | null;
  readonly busy: boolean;
  readonly problem: readonly string[];
}

function operationOf(json: unknown): OperationState {
  if (!isPresent(json)) return { operation: null, busy: false, problem: [] };
  const state = objectOf(json);
  const phase = oneOf(PHASES, state["phase"]);
  if (phase === null) {
    return { operation: null, busy: false, problem: [`the phase of its last operation is not known: ${shown(state["phase"])}`] };
  }
  const asked = objectOf(state["operation"]);
  const sync = objectOf(asked["sync"]);
  const result = revisionsOf(objectOf(state["syncResult"]));
  const finishedAt = instantOf(state["finishedAt"]);
  const selected = arrayOf(sync["resources"]).length > 0;
  // Only self-heal selects resources without a person; newer versions count its attempts too.
  const counted = typeof sync["autoHealAttemptsCount"] === "number" && sync["autoHealAttemptsCount"] > 0;
  const selfHeal = objectOf(asked["initiatedBy"])["automated"] === true && (selected || counted);
  return {
    operation: {
      phase,
      message: cut(textOf(state["message"]) ?? ""),
      startedAt: instantOf(state["startedAt"]),
      finishedAt,
      revisions: result.length > 0 ? result : revisionsOf(sync),
      partial: sync["dryRun"] === true || arrayOf(sync["manifests"]).length > 0 || (selected && !selfHeal),
      selfHeal,
    },
    // An operation between two attempts has finished and is Running; one without an end is not over, whatever its phase.
    busy: phase === "Running" || phase === "Terminating" || finishedAt === null,
    problem: [],
  };
}

/** `revisions` where there are several sources, `revision` where there is one. */
function revisionsOf(json: Json): readonly string[] {
  const several = arrayOf(json["revisions"]).flatMap((revision) => textOf(revision) ?? []);
  if (several.length > 0) return several;
  const one = textOf(json["revision"]);
  return one === null || one === "" ? [] : [one];
}

/** Why nothing that it says could be trusted. */
function unsupported(metadata: Json, spec: Json): readonly string[] {
  const problems: string[] = [];
  if (isPresent(metadata["deletionTimestamp"])) problems.push("it is being deleted");
  if (isPresent(spec["sourceHydrator"])) {
    problems.push("it deploys from a branch of rendered manifests (sourceHydrator), which is not supported");
  }
  return problems;
}

function conditionsOf(status: Json, wanted: (type: string) => boolean): readonly string[] {
  return arrayOf(status["conditions"])
    .flatMap((json) => {
      const condition = objectOf(json);
      const type = textOf(condition["type"]);
      if (type === null || !type.endsWith("Error") || !wanted(type)) return [];
      return cut(`${type}: ${textOf(condition["message"]) ?? "without a message"}`);
    })
    .slice(0, MOST_MESSAGES);
}

/** `enabled: false` (Argo CD 3.1 and later) turns it off while keeping its settings. */
function isAutomated(spec: Json): boolean {
  const automated = objectOf(spec["syncPolicy"])["automated"];
  return isPresent(automated) && objectOf(automated)["enabled"] !== false;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | null {
  return known.find((one) => one === value) ?? null;
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

function instantOf(value: unknown): Instant | null {
  const at = typeof value === "string" && RFC3339.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

/** On one line, and not too long. */
function cut(message: string): string {
  const line = message.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}

function shown(value: unknown): string {
  return typeof value === "string" ? cut(`"${value}"`) : "none";
}
