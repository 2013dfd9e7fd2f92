import { systemClock } from "../clock.ts";
import { compose } from "../compose.ts";
import { secretsOf, type Settings } from "../config.ts";
import { PortFailure } from "../ports.ts";
import { startServer } from "../server.ts";
import { createJournal, createLogger } from "../telemetry.ts";
import { EXIT, type ExitCode, type Terminal } from "./command.ts";
import { version } from "./version.ts";

/** Runs the App until the terminal says stop. What goes wrong is in the log. */
export async function runUntilStopped(settings: Settings, terminal: Terminal): Promise<ExitCode> {
  const logger = createLogger({ level: settings.logLevel, secrets: secretsOf(settings) });
  const journal = createJournal(logger);
  try {
    const surroundings = { clock: systemClock, random: Math.random, logger, environment: terminal.environment, throttle: true };
    const { probot, dispatcher, pushIdentity } = await compose(settings, surroundings);
    const server = await startServer({
      host: settings.host,
      port: settings.port,
      appId: settings.github.appId,
      probot,
      registrySecrets: settings.webhooks,
      pushIdentity,
      dispatcher,
      journal,
    });
    journal.info("listening", { url: server.url, version: version() });
    dispatcher.sweep();
    journal.info("shutting down", { signal: await terminal.stopped });
    const unfinished = await server.close();
    if (unfinished.length > 0) journal.warn("some looks did not end in time; the next start looks again", { repositories: unfinished });
    return EXIT.ok;
  } catch (err) {
    journal.error("Pinion cannot run", { err });
    // What it was given cannot be used: a person must mend it.
    return err instanceof PortFailure && err.kind === "stalled" ? EXIT.usage : EXIT.failed;
  }
}
