/**
 * Pinion's server by itself, as bench/webhooks.ts loads it: Probot, the dispatcher and the queue as in production. With
 * `LOOKS=stand-in` a look is a wait of 50 ms, else it is a real one.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/clock.ts";
import { compose } from "../src/compose.ts";
import { readSettings } from "../src/config.ts";
import { createDispatcher } from "../src/reconciler/dispatch.ts";
import type { Reconciler } from "../src/reconciler/reconcile.ts";
import { startServer } from "../src/server.ts";
import { createLogger } from "../src/telemetry.ts";

/** What it was like in there, from the last time this was asked. */
export interface ServerReport {
  readonly looks: number;
  readonly rss: number;
  /** The longest time that nothing else could run, in milliseconds. */
  readonly longestPause: number;
}

const STAND_IN_TAKES = 50;
const MEGABYTE = 1024 * 1024;

const read = readSettings(process.env);
if (!read.ok) throw new Error(read.problems.join("\n"));
const { settings } = read;
const logger = createLogger({ level: "warn", output: { write: (line) => void process.stderr.write(line) } });
const surroundings = { clock: systemClock, logger, random: Math.random, environment: { PATH: process.env["PATH"] }, throttle: false };
const { ports, probot, reconciler } = await compose(settings, surroundings);

const standIn = process.argv.includes("--stand-in");
let looks = 0;
const look: Reconciler["look"] = async (repository, hints) => {
  looks += 1;
  if (!standIn) return reconciler.look(repository, hints);
  await sleep(STAND_IN_TAKES);
  return { again: null };
};
const dispatcher = createDispatcher({
  forge: ports.forge,
  reconciler: { look, pinning: (image, among) => reconciler.pinning(image, among), forget: (id) => reconciler.forget(id) },
  clock: systemClock,
  journal: ports.journal,
  random: Math.random,
  concurrency: 4,
  sweepInterval: settings.sweepInterval,
});
const server = await startServer({
  host: "127.0.0.1",
  port: 0,
  appId: settings.github.appId,
  probot,
  registrySecrets: new Map(),
  pushIdentity: null,
  dispatcher,
  journal: ports.journal,
});
if (!standIn) {
  dispatcher.sweep();
  await dispatcher.idle();
}

const pauses = monitorEventLoopDelay({ resolution: 1 });
pauses.enable();
process.on("message", () => {
  const report: ServerReport = { looks, rss: process.memoryUsage.rss() / MEGABYTE, longestPause: pauses.max / 1e6 };
  looks = 0;
  pauses.reset();
  process.send?.(report);
});
process.on("disconnect", () => process.exit(0));
process.send?.(server.url);
