/**
 * Pinion by itself, as bench/scale.ts measures it: composed as in production, but for the registry, whose answers come from
 * a table. It looks when it is told to, and answers how long that took.
 */
import { loadShippedPolicies } from "../src/adapters/policies.ts";
import { systemClock } from "../src/clock.ts";
import { compose } from "../src/compose.ts";
import { readSettings, takeEnvironment } from "../src/config.ts";
import type { Hint } from "../src/reconciler/hint.ts";
import { createReconciler } from "../src/reconciler/reconcile.ts";
import { createLogger } from "../src/telemetry.ts";
import type { ArtifactRegistry } from "../src/ports.ts";
import { digestOf, TAG } from "./scale-repository.ts";

/** Asks for one look. */
export interface LookOrder {
  readonly hint: Hint;
}

/** How a look went. Times in milliseconds. */
export interface LookReport {
  readonly took: number;
  /** From the start of the process to the end of this look. */
  readonly sinceStart: number;
  /** How soon it wants to look again, or null. */
  readonly again: number | null;
  readonly rss: number;
  readonly peakRss: number;
}

/** Nothing newer than what is pinned, for every image. */
const registry: ArtifactRegistry = {
  tags: async () => ["1.4.1", TAG],
  digest: async (repository) => digestOf(repository.slice(repository.lastIndexOf("/") + 1)),
  created: async () => null,
  attachments: async () => ({ documents: [], unread: [] }),
  platforms: async () => null,
  labels: async () => null,
};

const MEGABYTE = 1024 * 1024;

const processEnvironment = takeEnvironment();
const read = readSettings(processEnvironment);
if (!read.ok) throw new Error(read.problems.join("\n"));
const logger = createLogger({ level: "warn", output: { write: (line) => void process.stderr.write(line) } });
const surroundings = { clock: systemClock, logger, random: Math.random, environment: { PATH: processEnvironment["PATH"] }, throttle: false };
const { ports } = await compose(read.settings, surroundings);
const reconciler = createReconciler({ ...ports, registry }, await loadShippedPolicies());
const [installation] = await ports.forge.installations();
const [repository] = installation === undefined ? [] : await ports.forge.repositories(installation);
if (repository === undefined) throw new Error("the App is installed nowhere");

async function look({ hint }: LookOrder): Promise<void> {
  if (repository === undefined) return;
  const start = performance.now();
  const { again } = await reconciler.look(repository, [hint]);
  const end = performance.now();
  const report: LookReport = {
    took: end - start,
    sinceStart: end,
    again: again === null ? null : again - systemClock.now(),
    rss: process.memoryUsage.rss() / MEGABYTE,
    peakRss: process.resourceUsage().maxRSS / 1024,
  };
  process.send?.(report);
}

process.on("message", (order) => {
  look(order as LookOrder).catch((cause: unknown) => {
    console.error(cause);
    process.exit(1);
  });
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
