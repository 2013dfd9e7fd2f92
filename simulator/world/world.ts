import type { Instant, Milliseconds } from "../../src/domain/answer.ts";
import type { Oid } from "../../src/domain/release.ts";
import { PortFailure } from "../../src/ports.ts";
import type { BotId, Happening, WorldEvent } from "../events.ts";
import { LOG, MAIN, manifest, pinIn, placePath, type ConfigFacts, type GitHubFacts } from "../facts.ts";
import { readEntry, type LogEntry } from "../log-entry.ts";
import type { Setup } from "../setup.ts";
import type { Distortion, SimulatedWorld } from "../simulated-world.ts";
import type { Seen } from "../world-view.ts";
import { WorldClock } from "./clock.ts";
import { Application } from "./cluster.ts";
import { CONFIG_PATH, configText } from "./config-text.ts";
import { AppForge } from "./forge.ts";
import { GitHub } from "./github.ts";
import { ReadGit } from "./manifests.ts";
import { Traffic } from "./metrics.ts";
import { Registry } from "./registry.ts";

const BEGIN = Date.UTC(2026, 10, 23, 9, 0, 0);

export function imageRepository(app: string): string {
  return `registry.example/acme/${app}`;
}

/** A whole world in memory: GitHub over Git, a registry, a cluster, metrics, and the time. */
export class World implements SimulatedWorld {
  readonly clock = new WorldClock(BEGIN);
  readonly github: GitHub;
  readonly registry = new Registry();
  readonly traffic: Traffic;
  readonly apps: readonly string[];
  readonly checkRequired: boolean;
  readonly events: WorldEvent[] = [];
  /** How far machines' clocks are behind, because somebody set them back. */
  behind: Milliseconds = 0;
  unreachableUntil: Instant = 0;
  readonly #applications = new Map<string, Application>();
  readonly #configs = new Map<string, ConfigFacts>();
  readonly #seen = new Map<BotId, Seen>();
  readonly #heads: { readonly at: Instant; readonly oid: Oid }[] = [];
  readonly #entries: LogEntry[] = [];
  #logRead: Oid | null = null;

  constructor(setup: Setup) {
    this.apps = setup.apps;
    this.checkRequired = setup.checkRequired;
    const nobody: GitHubFacts = {
      branches: new Map(),
      pulls: new Map(),
      issues: new Map(),
      checks: new Map(),
      labels: ["bug"],
      deployments: [],
      people: new Map([
        ["olive", "admin"],
        ["alice", "write"],
        ["bob", "write"],
        ["carol", "write"],
        ["tom", "triage"],
        ["ivan", "write"],
        ["mallory", "read"],
      ]),
      teams: new Map([["sre", ["alice", "bob"]]]),
    };
    this.github = new GitHub(() => this.clock.now(), (happening) => this.note(happening), setup, nobody);
    this.traffic = new Traffic({
      moments: (app, environment) => this.cluster(app, environment),
      fateOf: (digest) => this.registry.fateOf(digest),
    });
    this.#found(setup);
  }

  #found(setup: Setup): void {
    const files: Record<string, string> = { "README.md": "# Manifests\n", [CONFIG_PATH]: this.written(setup.config) };
    for (const app of setup.apps) {
      const digest = this.registry.push(imageRepository(app), "1.0.0", "good");
      const pin = { repository: imageRepository(app), tag: "1.0.0", digest: setup.pinnedByDigest ? digest : null };
      for (const { name } of setup.config.environments) files[placePath(app, name)] = manifest(pin);
    }
    const owner = { login: "olive", kind: "user" } as const;
    this.github.move(owner, MAIN, this.github.commitOn(owner, null, files, "Begin"));
    this.clock.advance(BEGIN + 60_000);
    for (const app of setup.apps) for (const { name } of setup.config.environments) this.#follow(app, name);
  }

  #follow(app: string, environment: string): void {
    const application = new Application(`${app}-${environment}`, {
      begin: this.clock.now(),
      headAt: (at) => this.#heads.findLast((head) => head.at <= at)?.oid ?? this.#heads[0]?.oid ?? "",
      pinAt: (commit) => this.pinAt(commit, app, environment),
      fateOf: (digest) => this.registry.fateOf(digest),
      resolve: ({ repository, tag }) => this.registry.tagsOf(repository).get(tag) ?? null,
    });
    this.#applications.set(`${app}-${environment}`, application);
  }

  note(happening: Happening): void {
    const event: WorldEvent = { ...happening, at: this.clock.now() };
    if (event.kind === "merged") this.#heads.push({ at: event.at, oid: event.commit });
    if (event.kind === "moved" && event.branch === MAIN && event.to !== null) this.#heads.push({ at: event.at, oid: event.to });
    this.events.push(event);
  }

  /** A configuration's text; what it means is kept, so that nobody has to read it back. */
  written(config: ConfigFacts): string {
    const text = configText(config);
    this.#configs.set(text, config);
    return text;
  }

  application(app: string, environment: string): Application | null {
    return this.#applications.get(`${app}-${environment}`) ?? null;
  }

  get applications(): readonly Application[] {
    return [...this.#applications.values()];
  }

  /** The ports as a process of Pinion meets them. */
  target(bot: BotId, now: () => Instant, distortion: Distortion) {
    const facts = this.#factsFor(distortion);
    const told = () => {
      this.#seen.set(bot, { facts, at: this.clock.now() });
      this.note({ kind: "looked", bot });
    };
    const forge = new AppForge(this.github, { bot, now, facts, cut: distortion.cut, told });
    return {
      forge,
      manifests: new ReadGit(this.github.git),
      registry: this.registry.port(distortion.lag > 0),
      rollouts: { application: (_endpoint: string | null, name: string) => this.#status(name, distortion.lag) },
      metrics: { query: (_endpoint: string | null, expression: string, at: Instant) => this.traffic.query(expression, at, this.clock.now()) },
    };
  }

  #factsFor({ lag, lagging }: Distortion): GitHubFacts {
    const now = this.github.facts;
    if (lag === 0) return now;
    const then = this.github.factsAt(this.clock.now() - lag);
    if (lagging === "pulls") return { ...now, pulls: then.pulls };
    if (lagging === "branches") return { ...now, branches: then.branches };
    return then;
  }

  #status(name: string, lag: Milliseconds) {
    if (this.clock.now() < this.unreachableUntil) throw new PortFailure("dependency", "Argo CD cannot be reached");
    const application = this.#applications.get(name);
    if (application === undefined) return null;
    if (lag > 0) throw new PortFailure("dependency", "Argo CD answers from a cache that is being filled");
    return application.status(this.clock.now());
  }

  /** A process reaches its ports at once. */
  reach(bot: BotId, now: () => Instant) {
    return (distortion: Distortion) => this.target(bot, now, distortion);
  }

  /** There is nothing to wait for. */
  async settle(): Promise<void> {}

  async close(): Promise<void> {}

  now(): Instant {
    return this.clock.now();
  }

  facts(): GitHubFacts {
    return this.github.facts;
  }

  factsAt(at: Instant): GitHubFacts {
    return this.github.factsAt(at);
  }

  seenBy(bot: BotId): Seen | null {
    return this.#seen.get(bot) ?? null;
  }

  commit(oid: Oid) {
    return this.github.git.find(oid);
  }

  tree(commit: Oid): ReadonlyMap<string, Oid> {
    return this.github.git.treeOf(commit) ?? new Map();
  }

  text(blob: Oid): string {
    return this.github.git.text(blob) ?? "";
  }

  configAt(commit: Oid): ConfigFacts | null {
    return this.#configs.get(this.github.git.file(commit, CONFIG_PATH) ?? "") ?? null;
  }

  pinAt(commit: Oid, app: string, environment: string) {
    const text = this.github.git.file(commit, placePath(app, environment));
    return text === null ? null : pinIn(text);
  }

  isAncestor(ancestor: Oid, descendant: Oid): boolean {
    return this.github.git.isAncestor(ancestor, descendant);
  }

  mainline(): readonly Oid[] {
    return this.github.git.mainline(this.github.main, null);
  }

  log(): readonly LogEntry[] {
    const head = this.github.branch(LOG);
    if (head === null || head === this.#logRead) return this.#entries;
    for (const oid of this.github.git.mainline(head, this.#logRead)) {
      const commit = this.github.git.find(oid);
      if (commit === null || !commit.own) continue;
      const before = commit.parents[0] === undefined ? new Map<string, Oid>() : this.tree(commit.parents[0]);
      const added = [...this.tree(oid)].filter(([path]) => !before.has(path));
      const entries = added.flatMap(([path, blob]) => readEntry(this.text(blob), path, oid, commit.at) ?? []);
      this.#entries.push(...entries.toSorted((a, b) => a.sequence - b.sequence));
    }
    this.#logRead = head;
    return this.#entries;
  }

  cluster(app: string, environment: string) {
    return this.application(app, environment)?.moments(this.clock.now()) ?? [];
  }

  pushed(app: string): number {
    return this.registry.versions(imageRepository(app));
  }

  fateOf(digest: string) {
    return this.registry.fateOf(digest);
  }

  errorShare(app: string, environment: string, from: Instant, to: Instant): number {
    return this.traffic.errorShare(app, environment, from, to);
  }
}
