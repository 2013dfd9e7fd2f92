import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose, type Composition } from "../src/compose.ts";
import { readSettings } from "../src/config.ts";
import type { Clock } from "../src/ports.ts";
import { startServer } from "../src/server.ts";
import { createLogger } from "../src/telemetry.ts";

/** Pinion as it is run in production, in this process, with another clock. */
export interface RunningPinion extends Composition {
  readonly url: string;
  /** Lines of its log, as JSON. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

export interface PinionSurroundings {
  readonly clock: Clock;
  /** The environment variables that an operator would give. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log?: string[];
  /** Mirrors are kept here beyond its life; a folder of its own unless given. */
  readonly dataDirectory?: string;
}

/** Composes and starts Pinion just as `pinion serve` does, and begins its first sweep. */
export async function startPinion({ clock, environment, log = [], dataDirectory }: PinionSurroundings): Promise<RunningPinion> {
  const directory = dataDirectory ?? (await mkdtemp(join(tmpdir(), "pinion-")));
  const read = readSettings({ HOST: "127.0.0.1", PORT: "0", PINION_DATA_DIR: directory, LOG_LEVEL: "info", ...environment });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  const { settings } = read;
  const logger = createLogger({ level: settings.logLevel, output: { write: (line) => log.push(line) } });
  const composition = await compose(settings, { clock, logger, random: () => 0.5, environment: { PATH: process.env["PATH"] }, throttle: false });
  const server = await startServer({
    host: settings.host,
    port: settings.port,
    appId: settings.github.appId,
    probot: composition.probot,
    registrySecrets: settings.webhooks,
    pushIdentity: composition.pushIdentity,
    dispatcher: composition.dispatcher,
    journal: composition.ports.journal,
  });
  composition.dispatcher.sweep();
  return {
    ...composition,
    url: server.url,
    log,
    close: async () => {
      await server.close();
      if (dataDirectory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
