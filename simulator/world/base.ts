import type { Instant, Milliseconds } from "../../src/domain/answer.ts";
import type { Oid } from "../../src/domain/release.ts";
import { PortFailure } from "../../src/ports.ts";
import type { BotId, Happening, WorldEvent } from "../events.ts";
import { buildTag, LOG, MAIN, pinIn, placePath, type ConfigFacts, type Fate, type GitHubFacts, type PlacePin } from "../facts.ts";
import { readEntry, type LogEntry } from "../log-entry.ts";
import type { Setup } from "../setup.ts";
import type { Seen, WorldView } from "../world-view.ts";
import { WorldClock } from "./clock.ts";
import { Application } from "./cluster.ts";
import { CONFIG_PATH, configText } from "./config-text.ts";
import type { GitStore } from "./git-store.ts";
import { Traffic } from "./metrics.ts";

/** When worlds begin that do not say when. */
const BEGIN = Date.UTC(2026, 10, 23, 9, 0, 0);
/** People need so long to write the first files. */
const FOUNDING: Milliseconds = 60_000;

/** What every world has, however its GitHub and its registry are made: the time, the cluster, its users, and its history. */
export abstract class WorldBase implements WorldView {
  readonly clock: WorldClock;
  readonly traffic: Traffic;
  readonly apps: readonly string[];
  readonly checkRequired: boolean;
  readonly events: WorldEvent[] = [];
  /** How far machines' clocks are behind, because somebody set them back. */
  behind: Milliseconds = 0;
  unreachableUntil: Instant = 0;
  readonly #naming: Pick<ConfigFacts, "numbered" | "moving">;
  readonly #applications = new Map<string, Application>();
  readonly #configs = new Map<string, ConfigFacts>();
  readonly #seen = new Map<BotId, Seen>();
  readonly #heads: { readonly at: Instant; readonly oid: Oid }[] = [];
  readonly #entries: LogEntry[] = [];
  #logRead: Oid | null = null;

  constructor({ apps, checkRequired, config, begins = BEGIN }: Pick<Setup, "apps" | "checkRequired" | "config" | "begins">) {
    this.clock = new WorldClock(begins);
    this.apps = apps;
    this.#naming = config;
    this.checkRequired = checkRequired;
    this.traffic = new Traffic({
      moments: (app, environment) => this.cluster(app, environment),
      fateOf: (digest) => this.fateOf(digest),
    });
  }

  abstract get git(): GitStore;
  abstract facts(): GitHubFacts;
  abstract factsAt(at: Instant): GitHubFacts;
  abstract fateOf(digest: string): Fate;
  abstract pushed(app: string): number;
  /** What a tag without a digest is pulled as. */
  protected abstract resolve(pin: PlacePin): string | null;

  /** The first files are there. */
  protected founded(): void {
    this.clock.advance(this.clock.now() + FOUNDING);
  }

  /** From now on a cluster follows the default branch in this place. */
  protected follow(app: string, environment: string): void {
    const application = new Application(`${app}-${environment}`, {
      begin: this.clock.now(),
      headAt: (at) => this.#heads.findLast((head) => head.at <= at)?.oid ?? this.#heads[0]?.oid ?? "",
      pinAt: (commit) => this.pinAt(commit, app, environment),
      fateOf: (digest) => this.fateOf(digest),
      resolve: (pin) => this.resolve(pin),
    });
    this.#applications.set(`${app}-${environment}`, application);
  }

  note(happening: Happening): void {
    const event: WorldEvent = { ...happening, at: this.clock.now() };
    if (event.kind === "merged") this.#heads.push({ at: event.at, oid: event.commit });
    if (event.kind === "moved" && event.branch === MAIN && event.to !== null) this.#heads.push({ at: event.at, oid: event.to });
    this.events.push(event);
  }

  /** A process was told this of the repository. */
  protected told(bot: BotId, facts: GitHubFacts): void {
    this.#seen.set(bot, { facts, at: this.clock.now() });
    this.note({ kind: "looked", bot });
  }

  /** A configuration's text; what it means is kept, so that nobody has to read it back. */
  written(config: ConfigFacts): string {
    const text = configText(config);
    this.#configs.set(text, config);
    return text;
  }

  tagOf(number: number, patch = 0): string {
    return buildTag(this.#naming, number, patch);
  }

  application(app: string, environment: string): Application | null {
    return this.#applications.get(`${app}-${environment}`) ?? null;
  }

  get applications(): readonly Application[] {
    return [...this.#applications.values()];
  }

  /** What Argo CD says of an Application now; null when it has none of that name. */
  protected status(name: string, cold: boolean) {
    if (this.clock.now() < this.unreachableUntil) throw new PortFailure("dependency", "Argo CD cannot be reached");
    const application = this.#applications.get(name);
    if (application === undefined) return null;
    if (cold) throw new PortFailure("dependency", "Argo CD answers from a cache that is being filled");
    return application.status(this.clock.now());
  }

  now(): Instant {
    return this.clock.now();
  }

  seenBy(bot: BotId): Seen | null {
    return this.#seen.get(bot) ?? null;
  }

  commit(oid: Oid) {
    return this.git.find(oid);
  }

  tree(commit: Oid): ReadonlyMap<string, Oid> {
    return this.git.treeOf(commit) ?? new Map();
  }

  text(blob: Oid): string {
    return this.git.text(blob) ?? "";
  }

  configAt(commit: Oid): ConfigFacts | null {
    return this.#configs.get(this.git.file(commit, CONFIG_PATH) ?? "") ?? null;
  }

  pinAt(commit: Oid, app: string, environment: string) {
    const text = this.git.file(commit, placePath(app, environment));
    return text === null ? null : pinIn(text);
  }

  isAncestor(ancestor: Oid, descendant: Oid): boolean {
    return this.git.isAncestor(ancestor, descendant);
  }

  mainline(): readonly Oid[] {
    return this.git.mainline(this.facts().branches.get(MAIN) ?? "", null);
  }

  log(): readonly LogEntry[] {
    const head = this.facts().branches.get(LOG) ?? null;
    if (head === null || head === this.#logRead) return this.#entries;
    for (const oid of this.git.mainline(head, this.#logRead)) {
      const commit = this.git.find(oid);
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

  errorShare(app: string, environment: string, from: Instant, to: Instant): number {
    return this.traffic.errorShare(app, environment, from, to);
  }
}
