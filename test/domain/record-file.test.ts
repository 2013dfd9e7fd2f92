import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../src/domain/record.ts";
import { parseRecord, printRecord, recordIdentity, recordPath } from "../../src/domain/record-file.ts";
import { digestOf, oid, release } from "./releases.ts";

const AT = Date.UTC(2026, 10, 21, 9, 30);
const base = { app: "checkout", environment: "prod", at: AT };
const one = release("1.4.1");
const two = release("1.4.2");

const RECORDS: readonly LogRecord[] = [
  { event: "installed", at: AT, commit: oid("a") },
  { ...base, event: "adopted", pinned: { ...one, images: [{ repository: "r", tag: "1.4.1", digest: null }] }, commit: oid("b") },
  { ...base, event: "requested", release: two, by: "alice", pullRequest: 7, source: "label:LE_1" },
  { ...base, event: "requested", release: two, by: "alice", pullRequest: 7, source: "label:LE_2", hotfix: true },
  { ...base, event: "opened", kind: "promotion", from: one, release: two, pullRequest: 8, head: oid("c"), requestedBy: "alice" },
  { ...base, event: "opened", kind: "promotion", from: one, release: two, pullRequest: 9, head: null, requestedBy: null },
  {
    ...base,
    event: "judged",
    kind: "promotion",
    release: two,
    pullRequest: 8,
    head: oid("c"),
    gates: [{ policy: "soak", result: "pass" }],
    approvals: [{ by: "bob", review: "R_1", commit: oid("c"), at: AT }],
  },
  {
    ...base,
    event: "merged",
    kind: "promotion",
    from: null,
    release: two,
    pullRequest: 8,
    head: oid("c"),
    commit: oid("d"),
    mergedBy: "pinion[bot]",
    requestedBy: null,
    judgement: "judged",
  },
  {
    ...{ ...base, event: "judged", kind: "hotfix", release: two, pullRequest: 8, head: oid("c"), gates: [], approvals: [] },
    hotfix: { by: "alice", at: AT, source: "label:LE_2", passedBy: [{ policy: "freeze", result: "wait" }] },
  },
  {
    ...{ ...base, event: "merged", kind: "hotfix", from: one, release: two, pullRequest: 8, head: oid("c"), commit: oid("9"), mergedBy: "pinion[bot]", requestedBy: "alice" },
    ...{ judgement: "judged", hotfix: { by: "alice", at: AT, source: "label:LE_2", freezes: [13] } },
  },
  { ...base, event: "out-of-band", from: one, release: null, commit: oid("e"), by: "carol", pullRequest: null },
  { ...base, event: "deployed", release: two, commit: oid("d"), evidence: "healthy" },
  { ...base, event: "verified", release: two, commit: oid("d"), how: "slo", evidence: "good" },
  { ...base, event: "degraded", release: two, commit: oid("d"), evidence: "crash loop" },
  { ...base, event: "sync-failed", release: two, commit: oid("d"), evidence: "no such field" },
  { ...base, event: "deadline", release: two, commit: oid("d"), evidence: "not healthy" },
  { ...base, event: "breached", release: two, commit: oid("d"), evidence: "burning" },
  { ...base, event: "reverted", release: two, to: one, pullRequest: 9, commit: oid("f") },
  { ...base, event: "quarantined", digest: digestOf("1.4.2"), reason: "burning", commit: oid("f") },
  { ...base, event: "withdrawn", release: two, pullRequest: 8, by: "dave" },
  { ...base, event: "frozen", release: two, reason: "nothing to go back to", issue: 12 },
  { ...base, event: "unfrozen", issue: 12, by: "erin" },
  { environment: "prod", at: AT, event: "freeze-begun", issue: 13, by: "frank", source: "LE_2" },
  { environment: "prod", at: AT, event: "freeze-ignored", issue: 13, by: "frank", source: "LE_2" },
  { environment: "prod", at: AT, event: "freeze-ended", issue: 13, by: null, source: "LE_2" },
  { ...base, event: "held", displaced: one, commit: oid("e"), reason: "changed by hand" },
];

describe("a record in its file", () => {
  it.each(RECORDS.map((record) => [record.event, record] as const))("%s reads back as it was written", (_, record) => {
    const path = recordPath(record);
    expect(parseRecord(path, printRecord(record, 7))).toEqual({ ok: true, record, sequence: 7 });
  });

  it("is sharded by the day of the event, the environment and the app", () => {
    const [, , requested] = RECORDS;
    expect(requested && recordPath(requested)).toMatch(/^records\/2026\/11\/21\/prod\/checkout\/requested-[0-9a-f]{12}\.json$/);
  });

  it("is another where the same head passes as a hotfix, by this word or that", () => {
    const judged = { ...base, event: "judged", kind: "promotion", release: two, pullRequest: 8, head: oid("c"), gates: [], approvals: [] } as const;
    const by = (source: string): LogRecord => ({ ...judged, kind: "hotfix", hotfix: { by: "alice", at: AT, source, passedBy: [] } });
    const paths = [judged, by("label:LE_1"), by("label:LE_2"), by("label:LE_2")].map(recordPath);
    expect(new Set(paths).size).toBe(3);
  });

  it("is one file for one event, whoever writes it and with whatever it saw besides", () => {
    const again: LogRecord = { ...base, event: "deployed", release: two, commit: oid("d"), evidence: "seen by another replica" };
    const deployed = RECORDS.find(({ event }) => event === "deployed");
    expect(deployed && recordPath(again)).toBe(deployed && recordPath(deployed));
  });

  it("has an identity of its own for every event", () => {
    expect(new Set(RECORDS.map(recordIdentity)).size).toBe(RECORDS.length);
  });

  it.each([
    ["no JSON", "{", "not JSON"],
    ["another version", '{"version":2,"event":"installed","at":"2026-11-21T09:30:00.000Z","sequence":0}', "not a record of version 1"],
    ["an unknown event", '{"version":1,"event":"constructor","at":"2026-11-21T09:30:00.000Z","sequence":0}', "unknown event"],
    ["a field too many", '{"version":1,"event":"installed","at":"2026-11-21T09:30:00.000Z","sequence":0,"commit":"' + oid("a") + '","x":1}', "additional"],
    ["a commit that is none", '{"version":1,"event":"installed","at":"2026-11-21T09:30:00.000Z","sequence":0,"commit":"HEAD"}', "pattern"],
  ])("with %s is a problem that names the file", (_, text, problem) => {
    const parsed = parseRecord("records/x.json", text);
    expect(parsed.ok).toBe(false);
    expect(!parsed.ok && parsed.problem).toContain("records/x.json");
    expect(!parsed.ok && parsed.problem).toContain(problem);
  });

  it("never throws, whatever stands in the file", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseRecord("f", text)));
  });
});
