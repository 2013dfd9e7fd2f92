import { Probot } from "probot";
import type { Logger } from "pino";
import { createManifestsRepository } from "./adapters/git.ts";
import { createForge, createSetup } from "./adapters/github.ts";
import { failureOf } from "./adapters/github/failure.ts";
import { boundedFetch } from "./adapters/github/fetch.ts";
import { pinionOctokit } from "./adapters/github/octokit.ts";
import { loadShippedPolicies } from "./adapters/policies.ts";
import { composeEndpoints, composePushIdentity } from "./compose-endpoints.ts";
import type { Settings } from "./config.ts";
import type { Clock, Ports, PushIdentity, SetupReads } from "./ports.ts";
import { createDispatcher, type Dispatcher } from "./reconciler/dispatch.ts";
import { createReconciler, type Reconciler } from "./reconciler/reconcile.ts";
import { createJournal, withoutBodies } from "./telemetry.ts";

/** What runs beside the settings: the machine's own clock and chance, unless a test brings others. */
export interface Surroundings {
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly logger: Logger;
  /** The environment that Git children may take their proxies and certificates from, and credential helpers their cloud's settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Spaces writes out as GitHub asks. Only a GitHub that nobody shares can do without. */
  readonly throttle: boolean;
}

/** Pinion, put together. */
export interface Composition {
  readonly probot: Probot;
  readonly ports: Ports;
  readonly reconciler: Reconciler;
  readonly dispatcher: Dispatcher;
  readonly pushIdentity: PushIdentity | null;
}

/** Repositories looked at side by side. A look is mostly waiting. */
const CONCURRENCY = 4;

/** Puts the adapters together; with `compose-endpoints.ts`, the only place that names concrete ones. Throws a `PortFailure` when it cannot. */
export async function compose(settings: Settings, surroundings: Surroundings): Promise<Composition> {
  const { clock, logger, random } = surroundings;
  const journal = createJournal(logger);
  const probot = createProbot(settings, surroundings);
  const ports: Ports = {
    forge: createForge({
      clients: { app: () => probot.auth(), installation: (id) => probot.auth(id) },
      clock,
      host: new URL(settings.github.url).hostname,
    }),
    manifests: createManifestsRepository({
      directory: settings.dataDirectory,
      remote: async ({ installation, owner, name }) => ({
        url: `${settings.github.url}/${owner}/${name}.git`,
        header: await gitHeader(probot, installation).catch((problem: unknown) => {
          throw failureOf(problem, `get a token to fetch ${owner}/${name}`, clock.now());
        }),
      }),
      environment: surroundings.environment,
      clock,
      journal,
    }),
    ...composeEndpoints(settings, surroundings.environment, clock, journal),
    clock,
    journal,
  };
  const reconciler = createReconciler(ports, await loadShippedPolicies());
  const { forge } = ports;
  const { sweepInterval } = settings;
  const dispatcher = createDispatcher({ forge, reconciler, clock, journal, random, concurrency: CONCURRENCY, sweepInterval });
  return { probot, ports, reconciler, dispatcher, pushIdentity: composePushIdentity(settings, clock) };
}

/** What `pinion doctor` asks GitHub by, as the App that {@link compose} runs. */
export function composeSetup(settings: Settings, surroundings: Pick<Surroundings, "clock" | "logger" | "throttle">): SetupReads {
  const probot = createProbot(settings, surroundings);
  return createSetup({ app: () => probot.auth(), installation: (id) => probot.auth(id) }, surroundings.clock, settings.github.url);
}

function createProbot(settings: Settings, { logger, throttle }: Pick<Surroundings, "logger" | "throttle">): Probot {
  return new Probot({
    appId: settings.github.appId,
    privateKey: settings.github.privateKey.reveal(),
    secret: settings.github.webhookSecret.reveal(),
    baseUrl: settings.github.apiUrl,
    log: withoutBodies(logger),
    Octokit: pinionOctokit(throttle),
    request: { fetch: boundedFetch() },
  });
}

/** Git over HTTPS takes an installation's token as the password of this user (docs.github.com, "Authenticating as a GitHub App installation"). */
async function gitHeader(probot: Probot, installation: number): Promise<string> {
  const client = await probot.auth(installation);
  const authentication: unknown = await client.auth({ type: "installation" });
  const token = typeof authentication === "object" && authentication !== null && "token" in authentication ? authentication.token : null;
  if (typeof token !== "string") throw new TypeError("GitHub gave no token for this installation");
  return `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
}
