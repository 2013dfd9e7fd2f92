/** A record of the promotion log, read by the simulator's own small reader: what is missing is null. */
import type { Instant } from "../src/domain/answer.ts";
import type { Oid } from "../src/domain/release.ts";

export interface LoggedRelease {
  readonly version: string;
  readonly digests: readonly string[];
}

export interface LogEntry {
  /** The commit of the log that added it, and the file. */
  readonly writtenIn: Oid;
  readonly writtenAt: Instant;
  readonly path: string;
  readonly event: string;
  readonly app: string;
  readonly environment: string;
  readonly at: Instant;
  readonly kind: string | null;
  readonly commit: Oid | null;
  readonly head: Oid | null;
  readonly pullRequest: number | null;
  readonly release: LoggedRelease | null;
  readonly from: LoggedRelease | null;
  readonly to: LoggedRelease | null;
  readonly displaced: LoggedRelease | null;
  readonly by: string | null;
  readonly source: string | null;
  /** Somebody called it a hotfix. */
  readonly isHotfix: boolean;
  /** Where they said so, where the record tells. */
  readonly hotfixSource: string | null;
  readonly requestedBy: string | null;
  /** Who put it into the merge queue. */
  readonly enqueuedBy: string | null;
  readonly judgement: string | null;
  readonly how: string | null;
  readonly digest: string | null;
  readonly issue: number | null;
  /** Its place among the records of one commit. */
  readonly sequence: number;
  readonly approvers: readonly string[];
  readonly gates: readonly string[];
}

/** Null where the text is no record at all. */
export function readEntry(text: string, path: string, writtenIn: Oid, writtenAt: Instant): LogEntry | null {
  const fields = fieldsOf(text);
  const event = wordOf(fields, "event");
  if (event === null) return null;
  return {
    writtenIn,
    writtenAt,
    path,
    event,
    app: wordOf(fields, "app") ?? "",
    environment: wordOf(fields, "environment") ?? "",
    at: Date.parse(wordOf(fields, "at") ?? ""),
    kind: wordOf(fields, "kind"),
    commit: wordOf(fields, "commit"),
    head: wordOf(fields, "head"),
    pullRequest: numberOf(fields, "pullRequest"),
    release: releaseOf(fields.get("release") ?? fields.get("pinned")),
    from: releaseOf(fields.get("from")),
    to: releaseOf(fields.get("to")),
    displaced: releaseOf(fields.get("displaced")),
    by: wordOf(fields, "by"),
    source: wordOf(fields, "source"),
    isHotfix: fields.get("hotfix") !== undefined,
    hotfixSource: wordOf(membersOf(fields.get("hotfix")), "source"),
    requestedBy: wordOf(fields, "requestedBy"),
    enqueuedBy: wordOf(fields, "enqueuedBy"),
    judgement: wordOf(fields, "judgement"),
    how: wordOf(fields, "how"),
    digest: wordOf(fields, "digest"),
    issue: numberOf(fields, "issue"),
    sequence: numberOf(fields, "sequence") ?? 0,
    approvers: listOf(fields.get("approvals")).flatMap((approval) => wordOf(membersOf(approval), "by") ?? []),
    gates: listOf(fields.get("gates")).map((gate) => `${wordOf(membersOf(gate), "policy") ?? ""}=${wordOf(membersOf(gate), "result") ?? ""}`),
  };
}

function fieldsOf(text: string): ReadonlyMap<string, unknown> {
  try {
    return membersOf(JSON.parse(text));
  } catch {
    return new Map();
  }
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  return typeof value === "object" && value !== null ? new Map<string, unknown>(Object.entries(value)) : new Map();
}

function wordOf(fields: ReadonlyMap<string, unknown>, name: string): string | null {
  const value = fields.get(name);
  return typeof value === "string" ? value : null;
}

function numberOf(fields: ReadonlyMap<string, unknown>, name: string): number | null {
  const value = fields.get(name);
  return typeof value === "number" ? value : null;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function releaseOf(value: unknown): LoggedRelease | null {
  const fields = membersOf(value);
  const version = wordOf(fields, "version");
  if (version === null) return null;
  return { version, digests: listOf(fields.get("images")).map((image) => wordOf(membersOf(image), "digest") ?? "") };
}
