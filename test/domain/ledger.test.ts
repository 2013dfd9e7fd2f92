import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holdOf } from "../../src/domain/hold.ts";
import { appendRecords, EMPTY_LEDGER, isSettled, newestProvenIn, placeOf, provenReleases, soakOf, type Ledger } from "../../src/domain/ledger.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import { releaseKey } from "../../src/domain/release.ts";
import { oid, release } from "./releases.ts";

const MINUTE = 60_000;
const one = release("1.4.1");
const two = release("1.4.2");

function merged(version: ReturnType<typeof release>, digit: string, at: number): LogRecord {
  return {
    event: "merged",
    app: "checkout",
    environment: "dev",
    at,
    kind: "promotion",
    from: null,
    release: version,
    pullRequest: 1,
    head: oid("9"),
    commit: oid(digit),
    mergedBy: "pinion[bot]",
    requestedBy: null,
    judgement: "judged",
  };
}

function fact(event: "deployed" | "verified" | "breached" | "deadline", version: ReturnType<typeof release>, digit: string, at: number): LogRecord {
  const base = { app: "checkout", environment: "dev", at, release: version, commit: oid(digit), evidence: "seen" };
  return event === "verified" ? { ...base, event, how: "rollout-only" } : { ...base, event };
}

function dev(ledger: Ledger) {
  return placeOf(ledger, "checkout", "dev");
}

const SEMVER = { by: "semver", filter: null } as const;

function heldIn(...records: readonly LogRecord[]) {
  return holdOf(dev(appendRecords(EMPTY_LEDGER, records)), SEMVER);
}

describe("the ledger", () => {
  it("soaks a release from its deployment, not from its merge", () => {
    const ledger = appendRecords(EMPTY_LEDGER, [merged(one, "1", 0), fact("deployed", one, "1", 5 * MINUTE)]);
    expect(soakOf(dev(ledger), one, 60 * MINUTE, 10 * MINUTE)).toEqual({ soakedFor: 5 * MINUTE, doneAt: 65 * MINUTE });
  });

  it("ends the soak when the release is replaced, and keeps what it had reached", () => {
    const ledger = appendRecords(EMPTY_LEDGER, [merged(one, "1", 0), fact("deployed", one, "1", 0), merged(two, "2", 30 * MINUTE)]);
    expect(soakOf(dev(ledger), one, 60 * MINUTE, 500 * MINUTE)).toEqual({ soakedFor: 30 * MINUTE, doneAt: null });
    expect(soakOf(dev(ledger), one, 20 * MINUTE, 500 * MINUTE)).toEqual({ soakedFor: 30 * MINUTE, doneAt: 20 * MINUTE });
  });

  it("ends the soak when the release goes bad, and does not count it as proven", () => {
    const ledger = appendRecords(EMPTY_LEDGER, [
      merged(one, "1", 0),
      fact("deployed", one, "1", 0),
      fact("verified", one, "1", 10 * MINUTE),
      fact("breached", one, "1", 20 * MINUTE),
    ]);
    expect(soakOf(dev(ledger), one, 10 * MINUTE, 500 * MINUTE)).toEqual({ soakedFor: 0, doneAt: null });
    expect(provenReleases(dev(ledger))).toEqual([]);
    expect(dev(ledger).bad.has(releaseKey(one))).toBe(true);
  });

  it("soaks anew after it went bad: what ran before then is not made good by a later run", () => {
    const ledger = appendRecords(EMPTY_LEDGER, [
      merged(one, "1", 0),
      fact("deployed", one, "1", 0),
      fact("breached", one, "1", 90 * MINUTE),
      merged(two, "2", 100 * MINUTE),
      merged(one, "3", 110 * MINUTE),
      fact("deployed", one, "3", 110 * MINUTE),
      fact("verified", one, "3", 120 * MINUTE),
    ]);
    expect(soakOf(dev(ledger), one, 60 * MINUTE, 125 * MINUTE)).toEqual({ soakedFor: 15 * MINUTE, doneAt: 170 * MINUTE });
    expect(provenReleases(dev(ledger)).map(({ commit }) => commit)).toEqual([oid("3")]);
  });

  it("takes a missed deadline back once the release is verified, and nothing else that was bad", () => {
    const late = [fact("deployed", one, "1", 30 * MINUTE), fact("verified", one, "1", 40 * MINUTE)];
    const missed = appendRecords(EMPTY_LEDGER, [merged(one, "1", 0), fact("deadline", one, "1", 20 * MINUTE)]);
    expect(dev(missed)).toMatchObject({ current: { bad: { event: "deadline" }, missedDeadline: true } });
    const { current } = dev(missed);
    expect(current !== null && isSettled(current)).toBe(false);
    const healthy = dev(appendRecords(missed, late));
    expect(healthy).toMatchObject({ current: { bad: null, missedDeadline: true }, bad: new Map(), alarms: [20 * MINUTE] });
    expect(provenReleases(healthy)).toHaveLength(1);
    const breached = dev(appendRecords(EMPTY_LEDGER, [merged(one, "1", 0), fact("breached", one, "1", 20 * MINUTE), ...late]));
    expect(breached.current?.bad?.event).toBe("breached");
    expect(provenReleases(breached)).toEqual([]);
  });

  it("never lets a clock that goes back shorten or lengthen a soak below nothing", () => {
    const ledger = appendRecords(EMPTY_LEDGER, [merged(one, "1", 0), fact("deployed", one, "1", 100 * MINUTE)]);
    expect(soakOf(dev(ledger), one, MINUTE, 50 * MINUTE).soakedFor).toBe(0);
  });

  it("takes a deployment for the pin it was seen with, not for a later one", () => {
    const ledger = appendRecords(EMPTY_LEDGER, [merged(one, "1", 0), merged(two, "2", MINUTE), fact("deployed", one, "1", 2 * MINUTE)]);
    expect(dev(ledger).current?.deployedAt).toBeNull();
  });

  it("forgets a request once its release has arrived, was withdrawn, or somebody pinned another by hand", () => {
    const request: LogRecord = { event: "requested", app: "checkout", environment: "dev", at: 1, release: two, by: "alice", pullRequest: 3, source: "label:1" };
    const asked = appendRecords(EMPTY_LEDGER, [request]);
    expect(dev(asked).request?.by).toBe("alice");
    const opened: LogRecord = { event: "opened", app: "checkout", environment: "dev", at: 0, kind: "promotion", from: null, release: one, pullRequest: 1, head: oid("9"), requestedBy: null };
    expect(dev(appendRecords(asked, [opened, merged(one, "1", 2)])).request?.by).toBe("alice");
    expect(dev(appendRecords(asked, [merged(one, "1", 2)])).request).toBeNull();
    expect(dev(appendRecords(asked, [merged(two, "2", 2)])).request).toBeNull();
    const withdrawn: LogRecord = { event: "withdrawn", app: "checkout", environment: "dev", at: 2, release: two, pullRequest: 3, by: "bob" };
    expect(dev(appendRecords(asked, [withdrawn])).request).toBeNull();
  });

  it("ends a hold when somebody asks for a promotion", () => {
    const held: LogRecord = { event: "held", app: "checkout", environment: "dev", at: 0, displaced: two, commit: oid("5"), reason: "by hand" };
    const request: LogRecord = { event: "requested", app: "checkout", environment: "dev", at: 1, release: two, by: "alice", pullRequest: 3, source: "label:1" };
    expect(heldIn(held)).not.toBeNull();
    expect(heldIn(held, request)).toBeNull();
    const further: LogRecord = { ...held, displaced: release("1.4.3") };
    expect(heldIn(further, request)).toMatchObject({ asked: true });
    const ofNoOrder: LogRecord = { ...request, release: { ...two, version: "hotfix", images: two.images.map((image) => ({ ...image, tag: "hotfix" })) } };
    expect(heldIn(held, ofNoOrder)).toMatchObject({ asked: true });
  });

  it("holds by the newest that was displaced, however often people have gone back since", () => {
    const held = (displaced: typeof two, commit: string): LogRecord => ({ event: "held", app: "checkout", environment: "dev", at: 0, displaced, commit: oid(commit), reason: commit });
    const reasonOf = (...records: readonly LogRecord[]) => heldIn(...records)?.reason;
    expect(reasonOf(held(two, "5"), held(one, "6"))).toBe("5");
    expect(reasonOf(held(one, "5"), held(two, "6"))).toBe("6");
    expect(reasonOf(held(two, "5"), held(two, "6"))).toBe("6");
    const unordered = { ...one, version: "latest", images: one.images.map((image) => ({ ...image, tag: "latest" })) };
    expect(reasonOf(held(two, "5"), held(unordered, "6"))).toBe("6");
  });

  it("tells the newest, and what is held, by the order that is asked for, also when that changes", () => {
    const numerical = { by: "numerical", filter: null } as const;
    const [ten, nine] = [release("10"), release("9")];
    const ledger = appendRecords(EMPTY_LEDGER, [
      merged(ten, "1", 0), fact("deployed", ten, "1", 1), fact("verified", ten, "1", 2),
      merged(nine, "2", 3), fact("deployed", nine, "2", 4), fact("verified", nine, "2", 5),
      { event: "held", app: "checkout", environment: "dev", at: 6, displaced: ten, commit: oid("3"), reason: "ten" },
      { event: "held", app: "checkout", environment: "dev", at: 7, displaced: nine, commit: oid("4"), reason: "nine" },
    ]);
    const seen = ([SEMVER, numerical, SEMVER] as const).map((order) => [newestProvenIn(dev(ledger), order)?.version, holdOf(dev(ledger), order)?.reason]);
    expect(seen).toEqual([["9", "nine"], ["10", "ten"], ["9", "nine"]]);
  });

  it("reads the same from records told once, twice, or in pieces", () => {
    const story = [merged(one, "1", 0), fact("deployed", one, "1", 1), fact("verified", one, "1", 2), merged(two, "2", 3), fact("deployed", two, "2", 4), fact("breached", two, "2", 5)];
    const whole = appendRecords(EMPTY_LEDGER, story);
    fc.assert(
      fc.property(fc.nat(story.length), fc.nat(story.length), (cut, overlap) => {
        const first = appendRecords(EMPTY_LEDGER, story.slice(0, cut));
        const again = appendRecords(first, story.slice(Math.max(0, cut - overlap)));
        expect(again).toEqual(whole);
      }),
    );
  });
});
