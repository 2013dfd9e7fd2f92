import { onTestFinished } from "vitest";
import type { SeenRequest } from "../../sandbox/github/server.ts";
import { createWorld, notifyPushes, type World, type WorldOptions } from "../../sandbox/world.ts";
import { Onlooker } from "./onlooker.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

const SLO = `
slos:
  availability:
    objective: 99.9
    errors: 'sum(increase(http_requests_total{app="{app}",env="{env}",code=~"5.."}[{window}])) or vector(0)'
    total: 'sum(increase(http_requests_total{app="{app}",env="{env}"}[{window}]))'
`;

const APPS = `
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
  defaults: { slo: availability }
`;

/** A configuration with these lines under `environments:`. */
export function configOf(...environments: readonly string[]): string {
  return `version: 1\nenvironments:\n${environments.map((line) => `  ${line}\n`).join("")}${APPS.trimStart()}${SLO.trimStart()}`;
}

/** The README's environments, with shorter times. */
export const DEV = "dev: { promote: auto, merge: auto, watch: 2m, deadline: 5m, rollback: auto }";
export const STAGING = "staging: { after: dev, promote: auto, merge: auto, watch: 2m, rollback: auto }";
export const PROD =
  "prod: { after: staging, soak: 10m, watch: 5m, promote: on-request, merge: on-approval, approvals: { count: 1, teams: [sre] }, rollback: auto }";

export interface StoryOptions extends Partial<WorldOptions> {
  /** Lines under `environments:` of the configuration. */
  readonly environmentLines?: readonly string[];
  /** Pushed before Pinion starts, so that it is the first thing that Pinion promotes. */
  readonly pushed?: string;
  /** Leaves Pinion not running yet. */
  readonly asleep?: boolean;
}

/**
 * A world with Pinion in it, as onlookers see it: pull requests, checks, files and the log, never what is inside. It ends
 * with the test that began it.
 */
export async function begin(options: StoryOptions = {}): Promise<Story> {
  const { environmentLines = [DEV], pushed = "1.4.2", asleep = false, apps = ["checkout"], ...world } = options;
  const names = environmentLines.map((line) => line.slice(0, line.indexOf(":")));
  const made = await createWorld({
    config: configOf(...environmentLines),
    people: { alice: "write", bob: "write", carol: "write", mallory: "triage" },
    teams: { sre: ["bob", "alice"] },
    environments: names,
    digests: true,
    apps,
    ...world,
  });
  onTestFinished(() => made.close());
  const story = new Story(made);
  for (const app of apps) for (const environment of names) story.serve(environment, 0, { app, from: made.clock.now() - 24 * HOUR });
  if (pushed !== "") await made.push("checkout", pushed);
  if (!asleep) await story.wake();
  return story;
}

/** An onlooker who also moves the world along. */
export class Story extends Onlooker {
  readonly world: World;

  constructor(world: World) {
    super(world.repository, world.registry.host);
    this.world = world;
  }

  /** Starts Pinion, with the registry telling it of pushes. */
  async wake(): Promise<void> {
    await this.world.start();
    notifyPushes(this.world);
  }

  /** What users meet from then on, or from now. */
  serve(environment: string, errorRatio: number, { app = "checkout", perSecond = 50, from = this.world.clock.now() } = {}): void {
    this.world.prometheus.traffic(app, environment, { perSecond, errorRatio, from });
  }

  /** Lets time pass until the log says so. */
  async until(line: string, atMost = HOUR): Promise<void> {
    try {
      await this.world.until(`${line} in the log`, async () => (await this.history()).includes(line), atMost);
    } catch (problem) {
      throw new Error(`no "${line}"\n${await this.#situation()}`, { cause: problem });
    }
  }

  /** For a test that fails: what there is, and what Pinion says that it waits for. */
  async #situation(): Promise<string> {
    const { pinion } = this.world;
    const [installation] = await pinion.ports.forge.installations();
    const [repository] = installation === undefined ? [] : await pinion.ports.forge.repositories(installation);
    const blocked = repository === undefined ? [] : (await pinion.reconciler.preview(repository)).plan.blocked;
    const waiting = blocked.map(({ app, environment, reason }) => `waiting: ${app ?? ""} ${environment ?? ""} ${reason}`);
    const said = this.world.log.filter((logged) => !logged.includes('"msg":"waiting"')).slice(-20);
    return [...this.list(), ...(await this.history()), ...waiting, ...said.map((logged) => logged.trim())].join("\n");
  }

  /** Requests to GitHub that may have changed something. */
  writes(): number {
    const isWrite = ({ method, route, document }: SeenRequest) =>
      document === null ? method !== "GET" && !route.startsWith("git-") && !route.endsWith("/access_tokens") : /^\s*mutation\b/.test(document);
    return this.world.github.requests.filter((request) => request.by === "installation" && isWrite(request)).length;
  }
}
