import { Ajv, type JSONSchemaType } from "ajv";
import { fingerprint } from "./fingerprint.ts";
import type { EventName, LogRecord } from "./record.ts";

/** The branch that holds the promotion log. */
export const LOG_BRANCH = "pinion-log";

/**
 * What makes an event the same event, whenever and by whichever replica it is written.
 * The time of writing is left out: it is what two writers would disagree on.
 */
export function recordIdentity(record: LogRecord): string {
  if (record.event === "installed") return "installed";
  if (!("app" in record)) return `${record.event}|${record.environment}|${record.issue}|${record.source}`;
  const place = `${record.event}|${record.environment}|${record.app}`;
  switch (record.event) {
    case "requested":
      return requestIdentity(record.environment, record.app, record.source);
    case "opened":
    case "withdrawn":
      return `${place}|${record.pullRequest}`;
    case "judged": {
      const judged = `${place}|${record.pullRequest}|${record.head}`;
      // It may pass as a hotfix what it did not pass before, or the other way round.
      return record.hotfix === undefined ? judged : `${judged}|hotfix ${record.hotfix.source}`;
    }
    case "quarantined":
      return `${place}|${record.commit}|${record.digest}`;
    case "frozen":
    case "unfrozen":
      return `${place}|${record.issue}`;
    case "adopted":
    case "merged":
    case "out-of-band":
    case "deployed":
    case "verified":
    case "degraded":
    case "sync-failed":
    case "deadline":
    case "breached":
    case "reverted":
    case "held":
      return `${place}|${record.commit}`;
  }
}

/** The {@link recordIdentity} of a request. */
export function requestIdentity(environment: string, app: string, source: string): string {
  return `requested|${environment}|${app}|${source}`;
}

/** Where a record is kept: sharded by day so that no folder grows without bound. */
export function recordPath(record: LogRecord): string {
  const day = new Date(record.at).toISOString().slice(0, 10).replaceAll("-", "/");
  const name = `${record.event}-${fingerprint(recordIdentity(record)).slice(0, 12)}.json`;
  if (record.event === "installed") return `records/${day}/${name}`;
  return "app" in record ? `records/${day}/${record.environment}/${record.app}/${name}` : `records/${day}/${record.environment}/${name}`;
}

const VERSION = 1;

/**
 * The record as people and programs read it: sorted as declared, ISO times, one trailing newline. `sequence` is its place among
 * the records of one commit: times are only as exact as the clocks that told them, and do not say what came first.
 */
export function printRecord(record: LogRecord, sequence: number): string {
  const { event, at, ...rest } = record;
  return `${JSON.stringify({ version: VERSION, event, at: new Date(at).toISOString(), sequence, ...rest }, null, 2)}\n`;
}

export type RecordResult =
  { readonly ok: true; readonly record: LogRecord; readonly sequence: number } | { readonly ok: false; readonly problem: string };

/** Reads a record back. A file of an unknown version or shape is a problem, never half a record. */
export function parseRecord(path: string, text: string): RecordResult {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `${path}: not JSON (${error instanceof Error ? error.message : "unreadable"})` };
  }
  if (!isEnvelope(document)) return { ok: false, problem: `${path}: not a record of version ${VERSION}` };
  const validate = validators[document.event];
  if (validate === undefined) return { ok: false, problem: `${path}: unknown event ${JSON.stringify(document.event)}` };
  const { version: _, at, sequence, ...rest } = document;
  const record: unknown = { ...rest, at: Date.parse(at) };
  if (!validate(record)) return { ok: false, problem: `${path}: ${ajv.errorsText(validate.errors, { dataVar: "record" })}` };
  return { ok: true, record, sequence };
}

const ajv = new Ajv({ strict: true, allErrors: false, ownProperties: true, strictTypes: false });

interface Envelope {
  readonly version: number;
  readonly event: string;
  readonly at: string;
  readonly sequence: number;
}

const envelope: JSONSchemaType<Envelope> = {
  type: "object",
  required: ["version", "event", "at", "sequence"],
  properties: {
    version: { type: "number", const: VERSION },
    event: { type: "string" },
    sequence: { type: "integer", minimum: 0 },
    at: { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" },
  },
};
const isEnvelope = ajv.compile(envelope);

const text = { type: "string" };
const number = { type: "number" };
const digest = { type: "string", pattern: "^sha256:[0-9a-f]{64}$" };
const oid = { type: "string", pattern: "^[0-9a-f]{40}([0-9a-f]{24})?$" };
const orNull = (schema: object) => ({ anyOf: [schema, { type: "null" }] });
const listOf = (items: object) => ({ type: "array", items });
const object = (properties: Record<string, object>, optional: Record<string, object> = {}) => ({
  type: "object",
  required: Object.keys(properties),
  additionalProperties: false,
  properties: { ...properties, ...optional },
});
const kind = { enum: ["promotion", "revert", "hotfix"] };

const pinned = object({
  app: text,
  version: text,
  images: listOf(object({ repository: text, tag: orNull(text), digest: orNull(digest) })),
});
const release = object({ app: text, version: text, images: listOf(object({ repository: text, tag: orNull(text), digest })) });
const gate = object({ policy: text, result: { enum: ["pass", "fail", "wait", "unknown", "not-applicable"] } });
const approval = object({ by: text, review: text, commit: oid, at: number });
const bad = { release, commit: oid, evidence: text };
const word = { by: text, at: number, source: text };

type FreezeEvent = Extract<EventName, `freeze-${string}`>;

const freeze = { environment: text, issue: number, source: text };
const freezes: Record<FreezeEvent, Record<string, object>> = {
  "freeze-begun": { ...freeze, by: text },
  "freeze-ignored": { ...freeze, by: text },
  "freeze-ended": { ...freeze, by: orNull(text) },
};

const shapes: Record<Exclude<EventName, "installed" | FreezeEvent>, Record<string, object>> = {
  adopted: { pinned, commit: oid },
  requested: { release, by: text, pullRequest: number, source: text },
  opened: { kind, from: orNull(pinned), release, pullRequest: number, head: orNull(oid), requestedBy: orNull(text) },
  judged: { kind, release, pullRequest: number, head: oid, gates: listOf(gate), approvals: listOf(approval) },
  merged: {
    kind,
    from: orNull(pinned),
    release: pinned,
    pullRequest: number,
    head: oid,
    commit: oid,
    mergedBy: text,
    requestedBy: orNull(text),
    judgement: { enum: ["judged", "stale-judged", "out-of-band"] },
  },
  "out-of-band": { from: orNull(pinned), release: orNull(pinned), commit: oid, by: text, pullRequest: orNull(number) },
  deployed: { release, commit: oid, evidence: text },
  verified: { release, commit: oid, how: { enum: ["slo", "rollout-only"] }, evidence: text },
  degraded: bad,
  "sync-failed": bad,
  deadline: bad,
  breached: bad,
  reverted: { release, to: release, pullRequest: number, commit: oid },
  quarantined: { digest, reason: text, commit: oid },
  withdrawn: { release, pullRequest: number, by: text },
  frozen: { release, reason: text, issue: number },
  unfrozen: { issue: number, by: text },
  held: { displaced: pinned, commit: oid, reason: text },
};

/** What is there for hotfixes, or for merges by a queue, only. */
const added: Partial<Record<EventName, Record<string, object>>> = {
  requested: { hotfix: { const: true } },
  judged: { hotfix: object({ ...word, passedBy: listOf(gate) }) },
  merged: { enqueuedBy: text, hotfix: object({ ...word, freezes: listOf(number) }) },
};

function compile(event: EventName, shape: Record<string, object>) {
  return ajv.compile<LogRecord>(object({ event: { const: event }, at: number, ...shape }, added[event]));
}

const validators: Readonly<Record<string, ReturnType<typeof compile>>> = Object.assign(
  Object.create(null),
  { installed: compile("installed", { commit: oid }) },
  Object.fromEntries(
    (Object.entries(shapes) as [EventName, Record<string, object>][]).map(([event, shape]) => [
      event,
      compile(event, { app: text, environment: text, ...shape }),
    ]),
  ),
  Object.fromEntries((Object.entries(freezes) as [EventName, Record<string, object>][]).map(([event, shape]) => [event, compile(event, shape)])),
);
