import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../sandbox/clock.ts";
import type { Need } from "../../src/domain/observation.ts";
import { gather } from "../../src/reconciler/gather.ts";
import { AnswerStore } from "../../src/reconciler/knowledge.ts";
import { oid, release } from "../domain/releases.ts";
import { healthy } from "../domain/world-builder.ts";
import { portsWith, REPOSITORY } from "./small-world.ts";

const NOW = Date.UTC(2026, 0, 1);
const ROLLOUT: Extract<Need, { kind: "rollout" }> = {
  kind: "rollout",
  app: "checkout",
  environment: "dev",
  commit: oid("1"),
  applications: ["checkout-dev", "checkout-dev-jobs"],
  endpoint: null,
  file: "apps/checkout/dev/kustomization.yaml",
  wanted: release("1.4.2"),
};

describe("an answer that takes its time", () => {
  it("is as old as its question, and no older for there being several Applications", async () => {
    const clock = new VirtualClock(NOW);
    const underWay = { now: 0, most: 0 };
    const application = async (_: string | null, name: string) => {
      underWay.now += 1;
      underWay.most = Math.max(underWay.most, underWay.now);
      await Promise.resolve();
      clock.advance(9_000);
      underWay.now -= 1;
      return { ...healthy(NOW), name };
    };
    const store = new AnswerStore();
    await gather(portsWith({ clock, rollouts: { application } }), REPOSITORY, [ROLLOUT], store);
    expect(store.get<"rollout">(ROLLOUT)).toMatchObject({ known: true, at: NOW, value: [{ status: { name: "checkout-dev" } }, { status: { name: "checkout-dev-jobs" } }] });
    expect(underWay.most).toBe(2);
  });

  it("that does not come is unknown from then on", async () => {
    const clock = new VirtualClock(NOW);
    const application = async () => {
      clock.advance(10_000);
      return null;
    };
    const store = new AnswerStore();
    await gather(portsWith({ clock, rollouts: { application } }), REPOSITORY, [{ ...ROLLOUT, applications: ["checkout-dev"] }], store);
    expect(store.get<"rollout">({ ...ROLLOUT, applications: ["checkout-dev"] })).toMatchObject({ known: false, at: NOW + 10_000, reason: expect.stringContaining("no Application checkout-dev") });
  });
});

it("however much is attached to an image, others get their turn between one document and the next", async () => {
  const documents = Array.from({ length: 20 }, (_, nth) => ({ layout: "bundle", name: `bundle ${nth}`, bytes: Buffer.from("{}") }) as const);
  const need: Need = { kind: "evidence", repository: "ghcr.io/acme/checkout", digest: `sha256:${"a".repeat(64)}`, signers: [] };
  const store = new AnswerStore();
  let [isDone, turns] = [false, 0];
  const takeTurns = (): void => {
    turns += 1;
    if (!isDone) setImmediate(takeTurns);
  };
  setImmediate(takeTurns);
  await gather(portsWith({ registry: { attachments: async () => ({ documents, unread: [] }) } }), REPOSITORY, [need], store);
  isDone = true;
  expect(store.get<"evidence">(need)).toMatchObject({ known: true, value: { signatures: [], refused: Array.from({ length: 10 }, () => expect.stringContaining("cannot be read") as string) } });
  expect(turns).toBeGreaterThanOrEqual(documents.length - 1);
});
