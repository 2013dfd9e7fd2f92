import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../src/domain/record.ts";
import type { Repository } from "../../src/domain/observation.ts";
import { PortFailure, type Ports } from "../../src/ports.ts";
import { portsWith } from "./small-world.ts";
import { PromotionLog, recordFiles } from "../../src/reconciler/promotion-log.ts";

const REPOSITORY: Repository = { installation: 7, id: 42, owner: "acme", name: "manifests" };
const oid = (digit: string): string => digit.repeat(40);
const INSTALLED: LogRecord = { event: "installed", at: Date.UTC(2026, 0, 1), commit: oid("f") };
const OPENED: LogRecord = {
  event: "opened",
  app: "checkout",
  environment: "dev",
  at: Date.UTC(2026, 0, 2),
  kind: "promotion",
  from: null,
  release: { app: "checkout", version: "1.4.2", images: [{ repository: "ghcr.io/acme/checkout", tag: "1.4.2", digest: `sha256:${"a".repeat(64)}` }] },
  pullRequest: 1,
  head: oid("e"),
  requestedBy: null,
};

class Asked extends Error {}

/** A world in which any question is one too many. */
function silentWorld(): Ports {
  const ask = (): never => {
    throw new Asked();
  };
  return {
    forge: new Proxy({}, { get: ask }),
    manifests: new Proxy({}, { get: ask }),
    registry: new Proxy({}, { get: ask }),
    rollouts: new Proxy({}, { get: ask }),
    metrics: new Proxy({}, { get: ask }),
    clock: { now: () => 0, schedule: ask },
    journal: { info: ask, warn: ask, error: ask },
  } as unknown as Ports;
}

describe("a log that this process has seen", () => {
  const seen = async (): Promise<PromotionLog> => {
    const log = new PromotionLog();
    log.wrote({ commit: oid("1"), parent: null, files: recordFiles([INSTALLED]) });
    await log.update(silentWorld(), REPOSITORY, oid("1"));
    return log;
  };
  /** Knows which commit comes before which. */
  const withAncestors = (...pairs: readonly (readonly [string, string])[]): Ports =>
    portsWith({
      manifests: {
        ensure: async () => undefined,
        isAncestor: async (_, before, after) => pairs.some(([older, newer]) => older === before && newer === after),
      },
    });

  it("does not begin anew when the branch is gone", async () => {
    const log = await seen();
    await expect(log.update(silentWorld(), REPOSITORY, null)).rejects.toMatchObject({ kind: "stalled", message: expect.stringContaining(`${oid("1")}:refs/heads/pinion-log`) });
    expect(log.ledger.installed).not.toBeNull();
  });

  it("does not begin anew when the branch was rewritten", async () => {
    const log = await seen();
    await expect(log.update(withAncestors(), REPOSITORY, oid("5"))).rejects.toMatchObject({ kind: "stalled", message: expect.stringContaining("was rewritten") });
    expect(log.ledger.installed).not.toBeNull();
    await log.update(silentWorld(), REPOSITORY, oid("1"));
  });

  it("waits while GitHub shows an older commit, which may be its own lag", async () => {
    const log = await seen();
    const older = withAncestors([oid("0"), oid("1")]);
    await expect(log.update(older, REPOSITORY, oid("0"))).rejects.toMatchObject({ kind: "dependency", message: expect.stringContaining("older") });
    expect(log.ledger.installed).not.toBeNull();
  });

  it("waits while GitHub does not show what this process has written itself", async () => {
    const log = await seen();
    log.wrote({ commit: oid("2"), parent: oid("1"), files: recordFiles([OPENED]) });
    await expect(log.update(silentWorld(), REPOSITORY, oid("1"))).rejects.toMatchObject({ kind: "dependency", message: expect.stringContaining(oid("2")) });
    await log.update(silentWorld(), REPOSITORY, oid("2"));
    expect([...log.ledger.openedAs.keys()]).toEqual([1]);
    await log.update(silentWorld(), REPOSITORY, oid("2"));
  });

  it("waits while GitHub does not show the log that this process has begun", async () => {
    const log = new PromotionLog();
    log.wrote({ commit: oid("1"), parent: null, files: recordFiles([INSTALLED]) });
    await expect(log.update(silentWorld(), REPOSITORY, null)).rejects.toMatchObject({ kind: "dependency", message: expect.stringContaining("nothing") });
  });
});

it("keeps what was proven of a long log when GitHub then fails", async () => {
  const oids = Array.from({ length: 2_500 }, (_, index) => index.toString(16).padStart(40, "0"));
  const last = oids.at(-1) ?? "";
  const asked: (readonly string[])[] = [];
  let isDown = true;
  const ports = portsWith({
    manifests: {
      ensure: async () => undefined,
      isAncestor: async () => true,
      logCommits: async (_, since) =>
        oids.slice(since === null ? 0 : oids.indexOf(since) + 1).map((one) => ({ oid: one, appendsOnly: true, authorEmail: "", files: [] })),
    },
    forge: {
      ownCommits: async (_, commits) => {
        if (isDown && asked.length === 2) throw new PortFailure("dependency", "rate limit");
        asked.push(commits);
        return new Set(commits);
      },
    },
  });
  const log = new PromotionLog();
  await expect(log.update(ports, REPOSITORY, last)).rejects.toThrow("rate limit");
  isDown = false;
  await log.update(ports, REPOSITORY, last);
  expect(asked.flat()).toEqual(oids);
  expect(log.knows(last)).toBe(true);
});

describe("what this process wrote itself", () => {
  it("is known without being fetched when it was written in several commits", async () => {
    const log = new PromotionLog();
    log.wrote({ commit: oid("1"), parent: null, files: recordFiles([INSTALLED]) });
    log.wrote({ commit: oid("2"), parent: oid("1"), files: recordFiles([OPENED]) });
    expect(log.knows(oid("2"))).toBe(true);
    await log.update(silentWorld(), REPOSITORY, oid("2"));
    expect(log.ledger.installed).not.toBeNull();
    expect(log.ledger.openedAs.get(1)).toEqual(OPENED);
  });

  it("is known without being fetched", async () => {
    const log = new PromotionLog();
    log.wrote({ commit: oid("1"), parent: null, files: recordFiles([INSTALLED]) });
    expect(log.knows(oid("1"))).toBe(true);
    await log.update(silentWorld(), REPOSITORY, oid("1"));
    log.wrote({ commit: oid("2"), parent: oid("1"), files: recordFiles([OPENED]) });
    await log.update(silentWorld(), REPOSITORY, oid("2"));
    expect(log.ledger.installed).toEqual({ commit: oid("f"), at: INSTALLED.at });
    expect(log.ledger.openedAs.get(1)).toEqual(OPENED);
    expect(log.knows(oid("2"))).toBe(true);
  });

  it.each([
    ["it stands on something that is not known", { commit: oid("2"), parent: oid("9") }, oid("2")],
    ["somebody else has written since", { commit: oid("2"), parent: oid("1") }, oid("3")],
  ])("is not enough when %s", async (_, written, head) => {
    const log = new PromotionLog();
    log.wrote({ commit: oid("1"), parent: null, files: recordFiles([INSTALLED]) });
    await log.update(silentWorld(), REPOSITORY, oid("1"));
    log.wrote({ ...written, files: recordFiles([OPENED]) });
    expect(log.knows(head)).toBe(false);
    await expect(log.update(silentWorld(), REPOSITORY, head)).rejects.toThrow(Asked);
    expect(log.ledger.openedAs.size).toBe(0);
  });
});
