import { describe, expect, it } from "vitest";
import type { ForgeSnapshot } from "../../src/domain/observation.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import { RepositoryView } from "../../src/reconciler/observe.ts";
import { recordFiles } from "../../src/reconciler/promotion-log.ts";
import { oid, release } from "../domain/releases.ts";
import { portsWith, pullRequestOf, REPOSITORY, snapshotOf } from "./small-world.ts";

const NOW = Date.UTC(2026, 0, 1);
const LOG = oid("1");

describe("what the log says was opened just now", () => {
  /** A look by a process that has put down the opening of #7 a while ago. */
  function look(ago: number, seen: Partial<ForgeSnapshot>) {
    const opened: LogRecord = {
      ...{ event: "opened", app: "checkout", environment: "dev", at: NOW - ago, kind: "promotion", from: null, release: release("1.4.2") },
      ...{ pullRequest: 7, head: oid("c"), requestedBy: null },
    };
    const view = new RepositoryView({ policies: [] });
    view.wrote({ commit: LOG, parent: null, files: recordFiles([{ event: "installed", at: NOW - 3_600_000, commit: oid("0") }, opened]) });
    const ports = portsWith({
      forge: { snapshot: async () => snapshotOf({ at: NOW, logHead: LOG, ...seen }) },
      manifests: { ensure: async () => undefined, file: async () => null, folder: async () => [], read: async () => new Map() },
    });
    return view.observe(ports, REPOSITORY);
  }

  it.each<readonly [string, Partial<ForgeSnapshot>]>([
    ["open", { open: [pullRequestOf({ number: 7 })] }],
    ["ended", { ended: [pullRequestOf({ number: 7, state: "closed" })] }],
  ])("may be %s by now", async (_, seen) => {
    expect([...(await look(119_000, seen)).ledger.openedAs.keys()]).toEqual([7]);
  });

  it("is waited for where GitHub lists it nowhere, since its list is an old one", async () => {
    const other = { open: [pullRequestOf({ number: 6 })] };
    for (const ago of [0, 119_000, -119_000]) {
      await expect(look(ago, other)).rejects.toMatchObject({ kind: "dependency", message: expect.stringContaining("does not list #7"), retryAt: expect.any(Number) });
    }
  });

  it("is not waited for for long", async () => {
    for (const ago of [120_000, -120_000]) expect((await look(ago, {})).ledger.openedAs.size).toBe(1);
  });
});
