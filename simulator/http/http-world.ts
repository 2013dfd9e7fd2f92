import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SandboxEvent } from "../../sandbox/github/events.ts";
import type { CommitInfo } from "../../sandbox/github/git.ts";
import type { PullRequest, Repository as SandboxRepository } from "../../sandbox/github/model.ts";
import { startGitHub, type GitHubSandbox } from "../../sandbox/github/sandbox.ts";
import type { GitHubState } from "../../sandbox/github/state.ts";
import { makeLabel } from "../../sandbox/github/state/labels.ts";
import type { JsonServer } from "../../sandbox/json-server.ts";
import { startRegistry, type SandboxRegistry } from "../../sandbox/registry.ts";
import { compose } from "../../src/compose.ts";
import { readSettings } from "../../src/config.ts";
import type { Instant, Milliseconds } from "../../src/domain/answer.ts";
import type { Repository } from "../../src/domain/observation.ts";
import type { Digest, Oid } from "../../src/domain/release.ts";
import type { Ports } from "../../src/ports.ts";
import { createLogger } from "../../src/telemetry.ts";
import type { BotId, Happening } from "../events.ts";
import { APP, LOG, MAIN, manifest, placePath, type Fate, type GitHubFacts, type PlacePin } from "../facts.ts";
import { ownRuleFiles } from "../own-rules.ts";
import type { Setup } from "../setup.ts";
import { filesFor } from "../signing.ts";
import type { Distortion, Inhabited, Reach, SimulatedWorld } from "../simulated-world.ts";
import { WorldBase } from "../world/base.ts";
import { CONFIG_PATH } from "../world/config-text.ts";
import { GitStore } from "../world/git-store.ts";
import { factsSeen, FIRST_LABELS, ROLES, TEAM } from "../world/world.ts";
import { startArgoCd, startPrometheus } from "./cluster-servers.ts";
import { GitFollower } from "./git-follower.ts";
import { happeningsOf, type Occasion } from "./github-events.ts";
import { factsOf } from "./github-facts.ts";
import { HttpPeople } from "./people.ts";
import { wireTroubleFrom } from "./spoiling.ts";
import { Wire, type WireRequest } from "./wire.ts";

/** Earlier states are kept for as long as reads may lag behind, and a little longer; facts for those who judge rights. */
const STATES_KEPT: Milliseconds = 60_000;
const FACTS_KEPT: Milliseconds = 10 * 60_000;

interface Past {
  readonly until: Instant;
  readonly facts: GitHubFacts;
  readonly state: GitHubState | null;
}

/** An image that was pushed. */
interface Image {
  readonly app: string;
  readonly tag: string;
  readonly digest: Digest;
  readonly fate: Fate;
}

interface Servers {
  readonly github: GitHubSandbox;
  readonly repository: SandboxRepository;
  readonly registry: SandboxRegistry;
  /** As Pinion and the manifests call it. */
  readonly registryHost: string;
  readonly argocd: JsonServer;
  readonly prometheus: JsonServer;
  readonly wires: Readonly<Record<"github" | "registry" | "argocd" | "prometheus", Wire>>;
  /** What an operator gives Pinion to reach them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Makes a world of servers, as this setup wants it. */
export async function createHttpWorld(setup: Setup): Promise<Inhabited> {
  const world = new HttpWorld(setup);
  const { github, repository, registry } = await world.begin(setup);
  return { world, people: new HttpPeople(world, { github, repository, registry }) };
}

/** A world behind real servers: Pinion's own adapters reach it over HTTP, and Git over Git. */
export class HttpWorld extends WorldBase implements SimulatedWorld {
  readonly git = new GitStore();
  readonly wired = true;
  readonly #images: Image[] = [];
  readonly #past: Past[] = [];
  readonly #mergedCommits = new Map<PullRequest, readonly Oid[]>();
  readonly #directories: string[] = [];
  readonly #news: Happening[] = [];
  #servers: Servers | null = null;
  #follower: GitFollower | null = null;
  #facts: GitHubFacts | null = null;
  #state: GitHubState | null = null;
  #dirty = true;
  #occasion: Occasion = { bot: null, merging: null };
  /** What a process that looks now is shown. */
  #shown: GitHubFacts | null = null;

  get #up(): Servers {
    if (this.#servers === null) throw new Error("the world has not begun");
    return this.#servers;
  }

  get repository(): Repository {
    const { github, repository } = this.#up;
    return { installation: github.installation.id, id: repository.id, owner: repository.owner.login, name: repository.name };
  }

  async begin(setup: Setup): Promise<Servers> {
    const registry = await startRegistry({ clock: this.clock });
    const github = await startGitHub({ clock: this.clock });
    const wires = { github: new Wire(), registry: new Wire(), argocd: new Wire(), prometheus: new Wire() };
    const addresses = { github: await wires.github.open(), registry: await wires.registry.open(), argocd: await wires.argocd.open(), prometheus: await wires.prometheus.open() };
    github.state.addresses = { api: addresses.github, html: addresses.github };
    const registryHost = new URL(addresses.registry).host;
    const repository = await this.#found(setup, github, registry, registryHost);
    const argocd = await startArgoCd((name) => this.status(name, false), repository.git.directory);
    const prometheus = await startPrometheus((expression, at) => this.traffic.query(expression, at, this.clock.now()));
    // Whoever runs this world tells of what happened: nobody is sent webhooks, so none need be written.
    github.app.events.clear();
    wires.github.lead(github.url);
    wires.registry.lead(registry.url);
    wires.argocd.lead(argocd.url);
    wires.prometheus.lead(prometheus.url);
    wires.github.watch = (request) => this.#watch(request);
    const environment = {
      APP_ID: String(github.app.id),
      PRIVATE_KEY: github.app.privateKey,
      WEBHOOK_SECRET: "sandbox-webhook-secret",
      GITHUB_URL: addresses.github,
      GITHUB_API_URL: addresses.github,
      PINION_ARGOCD_URL: addresses.argocd,
      PINION_ARGOCD_TOKEN: "sandbox-argocd-token",
      PINION_PROMETHEUS_URL: addresses.prometheus,
      LOG_LEVEL: "fatal",
    };
    this.#servers = { github, repository, registry, registryHost, argocd, prometheus, wires, environment };
    this.#follower = new GitFollower(repository.git, this.git, {
      by: ({ author }) => (author.email === github.app.bot.email ? APP : { login: author.name, kind: "user" }),
      own: (commit) => this.#isOwn(commit),
    });
    github.state.listen((event) => this.#heard(event));
    await this.#read();
    this.note({ kind: "moved", branch: MAIN, from: null, to: this.#now.branches.get(MAIN) ?? "", by: { login: "olive", kind: "user" } });
    this.founded();
    for (const app of setup.apps) for (const { name } of setup.config.environments) this.follow(app, name);
    return this.#up;
  }

  async #found(setup: Setup, github: GitHubSandbox, registry: SandboxRegistry, host: string): Promise<SandboxRepository> {
    const files: Record<string, string> = { "README.md": "# Manifests\n", [CONFIG_PATH]: this.written(setup.config), ...ownRuleFiles(setup.rules ?? []), ...filesFor(setup.config) };
    for (const app of setup.apps) {
      const digest = await registry.push(`acme/${app}`, this.tagOf(0));
      this.#images.push({ app, tag: this.tagOf(0), digest, fate: "good" });
      const pin = { repository: `${host}/acme/${app}`, tag: this.tagOf(0), digest: setup.pinnedByDigest ? digest : null };
      for (const { name } of setup.config.environments) files[placePath(app, name)] = manifest(pin);
    }
    const repository = await github.seedRepository("manifests", files, { collaborators: ROLES });
    for (const name of FIRST_LABELS) makeLabel(github.state, github.account("olive"), repository, name);
    github.team(TEAM.name, TEAM.members, [[repository, "read"]]);
    repository.mergeMethods = new Set(["squash", "merge"]);
    repository.deleteBranchOnMerge = setup.deletesMergedBranches;
    const appId = github.app.id;
    const always = { type: "RepositoryRole", mode: "always" } as const;
    if (setup.checkRequired) {
      github.addRuleset(repository, {
        name: "main",
        include: ["~DEFAULT_BRANCH"],
        rules: [{ type: "required_status_checks", strict: false, required: [{ context: "Pinion", appId }] }],
        bypass: [{ ...always, role: "admin" }],
      });
    }
    if (setup.logGuarded) {
      const log = `refs/heads/${LOG}`;
      const bypass = [{ type: "Integration", appId, mode: "always" }] as const;
      github.addRuleset(repository, { name: "only Pinion writes its log", include: [log], rules: [{ type: "creation" }, { type: "update" }], bypass });
      github.addRuleset(repository, { name: "nobody takes it back", include: [log], rules: [{ type: "deletion" }, { type: "non_fast_forward" }] });
    }
    return repository;
  }

  #isOwn({ oid, author }: CommitInfo): boolean {
    const { github, repository } = this.#up;
    return author.email === github.app.bot.email && repository.signatures.get(oid)?.wasSignedByGitHub === true;
  }

  #watch({ method, path, body }: WireRequest): void {
    if (method !== "GET") this.#dirty = true;
    const pull = method === "PUT" ? /\/pulls\/(\d+)\/merge$/.exec(path)?.[1] : undefined;
    if (pull === undefined) return;
    const head = /"sha":"([0-9a-f]{40})"/.exec(body.toString("utf8"))?.[1] ?? null;
    this.#occasion = { ...this.#occasion, merging: { pull: Number(pull), head } };
  }

  #heard(event: SandboxEvent): void {
    this.#dirty = true;
    const { github, repository } = this.#up;
    if ("repository" in event && event.repository !== repository) return;
    this.#news.push(...happeningsOf(event, github.app, this.#occasion));
  }

  /** Something was changed by other ways than GitHub's. */
  changed(happening: Happening): void {
    this.#dirty = true;
    this.#news.push(happening);
  }

  published({ app, tag, digest, fate }: Image): void {
    this.#images.push({ app, tag, digest, fate });
    this.note({ kind: "image", repository: `${this.#up.registryHost}/acme/${app}`, tag, digest });
  }

  appOf(digest: string): string | null {
    return this.#images.find((image) => image.digest === digest)?.app ?? null;
  }

  fateOf(digest: string): Fate {
    return this.#images.find((image) => image.digest === digest)?.fate ?? "good";
  }

  pushed(app: string): number {
    return new Set(this.#images.filter((image) => image.app === app).map(({ tag }) => tag)).size;
  }

  protected resolve({ repository, tag }: PlacePin): string | null {
    return this.#images.findLast((image) => repository.endsWith(`/acme/${image.app}`) && image.tag === tag)?.digest ?? null;
  }

  reach(bot: BotId, now: () => Instant): Reach {
    const composed = this.#compose(now);
    return async (distortion, ask) => {
      const ports = await composed;
      this.#arm(bot, distortion);
      try {
        return await ask({ ...ports, forge: { ...ports.forge, snapshot: (...asked) => this.#look(bot, ports.forge.snapshot(...asked)) } });
      } finally {
        this.#disarm();
      }
    };
  }

  async #compose(now: () => Instant): Promise<Ports> {
    const directory = await mkdtemp(join(tmpdir(), "pinion-simulated-"));
    this.#directories.push(directory);
    const { environment } = this.#up;
    const read = readSettings({ ...environment, PINION_DATA_DIR: directory });
    if (!read.ok) throw new Error(read.problems.join("\n"));
    const clock = { now, schedule: (at: Instant, run: () => void) => this.clock.schedule(at, run) };
    const logger = createLogger({ level: "fatal" });
    return (await compose(read.settings, { clock, logger, random: () => 0.5, environment: { PATH: process.env["PATH"] }, throttle: false })).ports;
  }

  #arm(bot: BotId, { lag, lagging, wire }: Distortion): void {
    const trouble = wire === null ? null : wireTroubleFrom(wire);
    for (const one of Object.values(this.#up.wires)) {
      one.clear();
      one.trouble = trouble;
    }
    this.#occasion = { bot, merging: null };
    const then = lag === 0 ? null : (this.#past.find(({ until, state }) => until > this.clock.now() - lag && state !== null) ?? null);
    this.#shown = then === null ? this.#now : factsSeen(this.#now, then.facts, lagging);
    this.#up.github.lagBehind(then?.state == null ? null : this.#replica(then.state, lagging));
  }

  /** GitHub as a process sees it whose reads lag behind, in all or in a part. */
  #replica(then: GitHubState, lagging: Distortion["lagging"]): GitHubState {
    if (lagging === "all") return then;
    const mix = (lagging === "pulls" ? then : this.#up.github.state).copy();
    const refs = lagging === "pulls" ? this.#up.github.state : then;
    for (const repository of mix.repositories) {
      const from = refs.repositoryById(repository.id);
      repository.refs.clear();
      for (const [name, oid] of from?.refs ?? []) repository.refs.set(name, oid);
    }
    return mix;
  }

  #disarm(): void {
    for (const one of Object.values(this.#up.wires)) one.clear();
    this.#up.github.lagBehind(null);
    this.#occasion = { bot: null, merging: null };
  }

  async #look<T>(bot: BotId, snapshot: Promise<T>): Promise<T> {
    const facts = this.#shown ?? this.#now;
    const answer = await snapshot;
    this.told(bot, facts);
    return answer;
  }

  async settle(): Promise<void> {
    if (!this.#dirty) return;
    await this.#up.repository.writes.idle();
    await this.#read();
    for (const happening of this.#news.splice(0)) this.note(happening);
  }

  async #read(): Promise<void> {
    this.#dirty = false;
    const { github, repository } = this.#up;
    // Some branches are there and gone between two looks.
    const passed = this.#news.flatMap((news) => (news.kind === "moved" && news.to !== null ? [news.to] : []));
    await this.#follower?.follow([...passed, ...repository.refs.values(), ...pullsOf(repository).map(({ head }) => head.oid)]);
    const before = this.#facts;
    const teams = github.state.teams;
    const mergedCommits = (pull: PullRequest) => this.#commitsWhenMerged(pull);
    this.#facts = factsOf({ repository, app: github.app, teams, accounts: github.state.accounts, mergedCommits });
    if (before !== null) this.#keep({ until: this.clock.now(), facts: before, state: this.#state });
    this.#state = github.state.copy();
    this.#noteChecks(before, this.#facts);
  }

  #keep(past: Past): void {
    this.#past.push(past);
    const now = this.clock.now();
    while (this.#past[0] !== undefined && this.#past[0].until < now - FACTS_KEPT) this.#past.shift();
    for (const [index, { until, facts, state }] of this.#past.entries()) {
      if (until >= now - STATES_KEPT) break;
      if (state !== null) this.#past[index] = { until, facts, state: null };
    }
  }

  /** GitHub tells when a check is made and when it is completed, and not when it says something else. */
  #noteChecks(before: GitHubFacts | null, after: GitHubFacts): void {
    for (const [head, runs] of after.checks) {
      const old = new Map(before?.checks.get(head)?.map((run) => [run.id, run]));
      for (const run of runs) {
        const was = old.get(run.id);
        if (was?.fingerprint === run.fingerprint && was.conclusion === run.conclusion) continue;
        this.#news.push({ kind: "checked", head, conclusion: run.conclusion, by: APP });
      }
    }
  }

  #commitsWhenMerged(pull: PullRequest): readonly Oid[] | null {
    if (pull.mergeCommit === null) return null;
    const known = this.#mergedCommits.get(pull) ?? this.git.between(pull.base.oid, pull.head.oid);
    this.#mergedCommits.set(pull, known);
    return known;
  }

  get #now(): GitHubFacts {
    if (this.#facts === null) throw new Error("the world has not begun");
    return this.#facts;
  }

  facts(): GitHubFacts {
    return this.#now;
  }

  factsAt(at: Instant): GitHubFacts {
    return this.#past.find(({ until }) => until > at)?.facts ?? this.#now;
  }

  async close(): Promise<void> {
    const { github, registry, argocd, prometheus, wires } = this.#up;
    await Promise.all(Object.values(wires).map((wire) => wire.close()));
    await Promise.all([github.close(), registry.close(), argocd.close(), prometheus.close()]);
    for (const directory of this.#directories) await rm(directory, { recursive: true, force: true });
  }
}

function pullsOf(repository: SandboxRepository): readonly PullRequest[] {
  return [...repository.threads.values()].filter((thread) => thread.kind === "pull-request");
}
