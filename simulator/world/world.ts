import type { Instant } from "../../src/domain/answer.ts";
import { PortFailure } from "../../src/ports.ts";
import type { BotId } from "../events.ts";
import { MAIN, manifest, placePath, type GitHubFacts, type PlacePin } from "../facts.ts";
import { ownRuleFiles } from "../own-rules.ts";
import type { Setup } from "../setup.ts";
import { filesFor } from "../signing.ts";
import type { Distortion, Reach, SimulatedWorld } from "../simulated-world.ts";
import { WorldBase } from "./base.ts";
import { CONFIG_PATH } from "./config-text.ts";
import { AppForge, REPOSITORY } from "./forge.ts";
import { GitHub } from "./github.ts";
import { ReadGit } from "./manifests.ts";
import { MergeQueue, type QueueRules } from "./merge-queue.ts";
import { Registry } from "./registry.ts";

/** Who there is, and what they may do in the repository. */
export const ROLES = {
  olive: "admin",
  alice: "write",
  bob: "write",
  carol: "write",
  tom: "triage",
  ivan: "write",
  mallory: "read",
} as const;
/** What a new repository has. */
export const FIRST_LABELS: readonly string[] = ["bug"];
export const TEAM = { name: "sre", members: ["alice", "bob"] } as const;

/** Nothing comes into the queue of a branch that has none. */
const NO_QUEUE: QueueRules = { ciRequired: false, checkTimeout: 0, maxToBuild: 0 };

export function imageRepository(app: string): string {
  return `registry.example/acme/${app}`;
}

/** What is seen of GitHub when a part of it lags behind. */
export function factsSeen(now: GitHubFacts, then: GitHubFacts, lagging: Distortion["lagging"]): GitHubFacts {
  if (lagging === "pulls") return { ...then, branches: now.branches };
  return lagging === "branches" ? { ...now, branches: then.branches } : then;
}

/** A whole world in memory: GitHub over Git, a registry, a cluster, metrics, and the time. */
export class World extends WorldBase implements SimulatedWorld {
  readonly github: GitHub;
  readonly queue: MergeQueue;
  readonly registry = new Registry();
  readonly repository = REPOSITORY;
  readonly wired = false;

  constructor(setup: Setup) {
    super(setup);
    const nobody: GitHubFacts = {
      branches: new Map(),
      pulls: new Map(),
      issues: new Map(),
      checks: new Map(),
      labels: FIRST_LABELS,
      deployments: [],
      people: new Map(Object.entries(ROLES)),
      teams: new Map([[TEAM.name, TEAM.members]]),
      queue: setup.queue === undefined ? null : { entries: [], exits: [] },
    };
    this.github = new GitHub(() => this.clock.now(), (happening) => this.note(happening), setup, nobody);
    this.queue = new MergeQueue(this.github, setup.queue ?? NO_QUEUE, () => this.clock.now());
    this.#found(setup);
  }

  #found(setup: Setup): void {
    const files: Record<string, string> = { "README.md": "# Manifests\n", [CONFIG_PATH]: this.written(setup.config), ...ownRuleFiles(setup.rules ?? []), ...filesFor(setup.config) };
    for (const app of setup.apps) {
      const digest = this.registry.push(imageRepository(app), this.tagOf(0), "good", this.clock.now());
      const pin = { repository: imageRepository(app), tag: this.tagOf(0), digest: setup.pinnedByDigest ? digest : null };
      for (const { name } of setup.config.environments) files[placePath(app, name)] = manifest(pin);
    }
    const owner = { login: "olive", kind: "user" } as const;
    this.github.move(owner, MAIN, this.github.commitOn(owner, null, files, "Begin"));
    this.founded();
    for (const app of setup.apps) for (const { name } of setup.config.environments) this.follow(app, name);
  }

  get git() {
    return this.github.git;
  }

  protected resolve({ repository, tag }: PlacePin): string | null {
    return this.registry.tagsOf(repository).get(tag) ?? null;
  }

  /** The ports as a process of Pinion meets them. */
  target(bot: BotId, now: () => Instant, distortion: Distortion) {
    const { facts, pulls } = this.#seen(distortion);
    const forge = new AppForge(this.github, this.queue, { bot, now, facts, pulls, cut: distortion.cut, told: () => this.told(bot, facts) });
    return {
      forge,
      manifests: new ReadGit(this.github.git),
      registry: this.registry.port(distortion.lag > 0),
      rollouts: { application: (_endpoint: string | null, name: string) => this.#application(name, distortion.lag > 0) },
      metrics: { query: (_endpoint: string | null, expression: string, at: Instant) => this.traffic.query(expression, at, this.clock.now()) },
    };
  }

  /** Argo CD does not tell what is missing from what is forbidden. */
  #application(name: string, cold: boolean) {
    const status = this.status(name, cold);
    if (status === null) throw new PortFailure("stalled", `Argo CD refused to show the Application "${name}"`);
    return status;
  }

  /** A process reaches its ports at once. */
  reach(bot: BotId, now: () => Instant): Reach {
    return (distortion, ask) => ask(this.target(bot, now, distortion));
  }

  /** There is nothing to wait for, but the merge queue goes on by itself. */
  async settle(): Promise<void> {
    this.queue.run();
  }

  async close(): Promise<void> {}

  #seen({ lag, lagging }: Distortion): { readonly facts: GitHubFacts; readonly pulls: GitHubFacts } {
    const now = this.github.facts;
    const then = lag === 0 ? now : this.github.factsAt(this.clock.now() - lag);
    return { facts: factsSeen(now, then, lagging), pulls: lagging === "branches" ? now : then };
  }

  facts(): GitHubFacts {
    return this.github.facts;
  }

  factsAt(at: Instant): GitHubFacts {
    return this.github.factsAt(at);
  }

  pushed(app: string): number {
    return this.registry.versions(imageRepository(app));
  }

  fateOf(digest: string) {
    return this.registry.fateOf(digest);
  }
}
