import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { Digest } from "../src/domain/release.ts";
import { startArgoCd, type ArgoCdSandbox } from "./argocd.ts";
import { VirtualClock } from "./clock.ts";
import type { Permissions, Repository, Role } from "./github/model.ts";
import type { Person } from "./github/people.ts";
import { startGitHub, type GitHubSandbox } from "./github/sandbox.ts";
import { startPinion, type RunningPinion } from "./pinion.ts";
import { startPrometheusSandbox, type PrometheusSandbox } from "./prometheus.ts";
import { startRegistry, type SandboxRegistry } from "./registry.ts";

const REGISTRY_SECRET = "Bearer sandbox-registry-secret";
const WEBHOOK_SECRET = "sandbox-webhook-secret";
/** Waiting ends when this many rounds in a row found nothing going on. */
const QUIET_ROUNDS = 2;
/** More rounds than this without coming to rest are a loop. */
const MOST_ROUNDS = 400;

export interface WorldOptions {
  /** `.github/pinion.yaml`; null leaves the repository without one. */
  readonly config: string | null;
  readonly apps?: readonly string[];
  readonly environments?: readonly string[];
  /** Roles by login. */
  readonly people?: Readonly<Record<string, Role>>;
  /** Members by team. */
  readonly teams?: Readonly<Record<string, readonly string[]>>;
  /** The tag that every environment pins in the beginning. */
  readonly version?: string;
  /** Whether they pin its digest beside the tag. Without, the first thing that Pinion does is to pin it. */
  readonly digests?: boolean;
  /** Whether registry pushes are told to Pinion by webhook. */
  readonly notifications?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  /** Environment variables that the operator gives Pinion beside the needed ones. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A GitHub, a registry, an Argo CD and a Prometheus on one clock, and Pinion running against them over HTTP. */
export class World {
  readonly clock: VirtualClock;
  readonly github: GitHubSandbox;
  readonly repository: Repository;
  readonly registry: SandboxRegistry;
  readonly argocd: ArgoCdSandbox;
  readonly prometheus: PrometheusSandbox;
  readonly log: string[] = [];
  readonly #environment: Readonly<Record<string, string>>;
  #pinion: RunningPinion | null = null;

  constructor(parts: {
    readonly clock: VirtualClock;
    readonly github: GitHubSandbox;
    readonly repository: Repository;
    readonly registry: SandboxRegistry;
    readonly argocd: ArgoCdSandbox;
    readonly prometheus: PrometheusSandbox;
    readonly settings: Readonly<Record<string, string>>;
  }) {
    this.clock = parts.clock;
    this.github = parts.github;
    this.repository = parts.repository;
    this.registry = parts.registry;
    this.argocd = parts.argocd;
    this.prometheus = parts.prometheus;
    this.#environment = {
      APP_ID: String(parts.github.app.id),
      PRIVATE_KEY: parts.github.app.privateKey,
      WEBHOOK_SECRET,
      GITHUB_URL: parts.github.url,
      GITHUB_API_URL: parts.github.url,
      PINION_ARGOCD_URL: parts.argocd.url,
      PINION_ARGOCD_TOKEN: parts.argocd.token,
      PINION_PROMETHEUS_URL: parts.prometheus.url,
      PINION_WEBHOOK_DISTRIBUTION_SECRET: REGISTRY_SECRET,
      ...parts.settings,
    };
  }

  /** What an operator would give Pinion to run in this world. */
  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  get pinion(): RunningPinion {
    if (this.#pinion === null) throw new Error("Pinion does not run");
    return this.#pinion;
  }

  async start(): Promise<void> {
    this.#pinion = await startPinion({ clock: this.clock, environment: this.#environment, log: this.log });
    this.github.app.webhookUrl = `${this.#pinion.url}/api/github/webhooks`;
    await this.settle();
  }

  /** Ends Pinion; the world goes on without it. */
  async stop(): Promise<void> {
    this.github.app.webhookUrl = null;
    await this.#pinion?.close();
    this.#pinion = null;
  }

  /** Lets everything that is going on come to an end, at this moment of the clock. */
  async settle(): Promise<void> {
    let quiet = 0;
    for (let round = 0; quiet < QUIET_ROUNDS; round += 1) {
      if (round > MOST_ROUNDS) throw new Error(`the world does not come to rest:\n${this.log.slice(-20).join("")}`);
      const before = this.github.requests.length + this.registry.requests.length + this.argocd.requests.length;
      await this.github.idle();
      await this.github.webhooks.settled();
      await this.registry.notified();
      await this.#pinion?.dispatcher.idle();
      const after = this.github.requests.length + this.registry.requests.length + this.argocd.requests.length;
      quiet = before === after ? quiet + 1 : 0;
    }
  }

  /** Lets time pass, stopping at each moment at which something is due. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.clock.now() + milliseconds;
    for (;;) {
      await this.settle();
      const due = this.clock.nextDue();
      if (due === null || due > end) break;
      this.clock.advance(Math.max(0, due - this.clock.now()));
    }
    this.clock.advance(end - this.clock.now());
    await this.settle();
  }

  /** Lets time pass until something is so. */
  async until(what: string, holds: () => boolean | Promise<boolean>, atMost: number, step = 10_000): Promise<void> {
    const end = this.clock.now() + atMost;
    await this.settle();
    while (!(await holds())) {
      if (this.clock.now() >= end) throw new Error(`it did not come about in ${atMost / 60_000} minutes: ${what}\n${this.log.slice(-15).join("")}`);
      await this.pass(Math.min(step, end - this.clock.now()));
    }
  }

  /** Pushes an image, as a build would. */
  push(app: string, tag: string): Promise<Digest> {
    return this.registry.push(`acme/${app}`, tag);
  }

  person(login: string): Person {
    return this.github.person(login, this.repository);
  }

  async close(): Promise<void> {
    await this.stop();
    await Promise.all([this.github.close(), this.registry.close(), this.argocd.close(), this.prometheus.close()]);
  }
}

export function kustomization(image: string, tag: string, digest: Digest | null = null): string {
  return [
    "# Deployed by Argo CD; the image is pinned below.",
    "apiVersion: kustomize.config.k8s.io/v1beta1",
    "kind: Kustomization",
    "resources:",
    "  - ../../base",
    "images:",
    `  - name: ${image}`,
    `    newTag: ${tag}   # set by Pinion`,
    ...(digest === null ? [] : [`    digest: ${digest}`]),
    "",
  ].join("\n");
}

function deployment(app: string, image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${app} }
spec:
  selector: { matchLabels: { app: ${app} } }
  template:
    metadata: { labels: { app: ${app} } }
    spec:
      containers:
        - { name: ${app}, image: ${image} }
`;
}

/** Makes a world with a manifests repository as in the README, and does not start Pinion yet. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const { apps = ["checkout"], environments = ["dev", "staging", "prod"], version = "1.4.1", digests = false } = options;
  const clock = new VirtualClock(Date.UTC(2026, 10, 23, 9, 0, 0));
  const registry = await startRegistry({ clock });
  const github = await startGitHub({ clock, app: { ...(await appManifest()), webhookSecret: WEBHOOK_SECRET } });
  const files: Record<string, string> = { "README.md": "# Manifests\n", ...options.files };
  if (options.config !== null) files[".github/pinion.yaml"] = options.config;
  for (const app of apps) {
    const image = `${registry.host}/acme/${app}`;
    const digest = await registry.push(`acme/${app}`, version);
    const pins = kustomization(image, version, digests ? digest : null);
    files[`apps/${app}/base/deployment.yaml`] = deployment(app, image);
    files[`apps/${app}/base/kustomization.yaml`] = "resources: [deployment.yaml]\n";
    for (const environment of environments) files[`apps/${app}/overlays/${environment}/kustomization.yaml`] = pins;
  }
  const repository = await github.seedRepository("manifests", files, { collaborators: options.people ?? {} });
  for (const [team, members] of Object.entries(options.teams ?? {})) github.team(team, members, [[repository, "write"]]);
  const argocd = await startArgoCd({
    clock,
    repositoryUrl: repository.git.directory,
    applications: apps.flatMap((app) =>
      environments.map((environment) => ({ name: `${app}-${environment}`, path: `apps/${app}/overlays/${environment}/kustomization.yaml` })),
    ),
  });
  const prometheus = await startPrometheusSandbox({ clock });
  // Everything in the beginning has been running for a while.
  clock.advance(30 * 60_000);
  return new World({ clock, github, repository, registry, argocd, prometheus, settings: options.settings ?? {} });
}

/** What an operator gives the App when it is made: nothing more, so that what Pinion lacks shows here. */
async function appManifest(): Promise<{ readonly permissions: Permissions; readonly events: readonly string[] }> {
  const text = await readFile(join(import.meta.dirname, "../app.yml"), "utf8");
  // The file is our own, and test/contract holds its shape.
  const { default_permissions: permissions, default_events: events } = parse(text) as AppManifest;
  return { permissions, events };
}

interface AppManifest {
  readonly default_permissions: Permissions;
  readonly default_events: readonly string[];
}

/** Tells Pinion of every push to the registry, as `notifications:` of the CNCF Distribution registry does. */
export function notifyPushes(world: World): void {
  world.registry.notify({ url: `${world.pinion.url}/webhooks/registry/distribution`, authorization: REGISTRY_SECRET });
}
