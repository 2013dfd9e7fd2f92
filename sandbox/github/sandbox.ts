import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OtherCi } from "./ci.ts";
import type { Faults } from "./faults.ts";
import type { Account, App, BranchProtection, Installation, Permissions, Repository, Role, Ruleset, Team } from "./model.ts";
import { Person, splitFiles } from "./people.ts";
import type { FileTexts } from "./people.ts";
import type { RateMeter } from "./rate-limit.ts";
import type { SeenRequest } from "./server.ts";
import { GitHubServer } from "./server.ts";
import { GitHubState, type SandboxClock } from "./state.ts";
import { createApp, createOrganization, createTeam, createUser, createWebFlow, install, joinTeam } from "./state/accounts.ts";
import { addRuleset, protectBranch } from "./state/protection.ts";
import { copyRepository, createRepository, forkRepository, seed } from "./state/repositories.ts";
import { issueUserToken } from "./state/tokens.ts";
import { Webhooks } from "./webhooks.ts";

/** What an App like Pinion is given. */
const PERMISSIONS: Permissions = {
  administration: "read",
  checks: "write",
  contents: "write",
  deployments: "write",
  issues: "write",
  merge_queues: "read",
  members: "read",
  metadata: "read",
  packages: "read",
  pull_requests: "write",
};

const EVENTS = [
  "check_run",
  "check_suite",
  "create",
  "delete",
  "deployment_status",
  "issue_comment",
  "issues",
  "label",
  "membership",
  "merge_group",
  "package",
  "pull_request",
  "pull_request_review",
  "push",
  "registry_package",
] as const;

export interface GitHubOptions {
  /** For every time but the ends of tokens; the machine's clock unless given. */
  readonly clock?: SandboxClock;
  /** Where bare repositories are kept; a folder of its own, removed at the end, unless given. */
  readonly directory?: string;
  readonly port?: number;
  /** Login of the organisation that owns the repositories. */
  readonly organization?: string;
  readonly app?: {
    readonly slug?: string;
    readonly permissions?: Permissions;
    readonly events?: readonly string[];
    readonly webhookSecret?: string;
    readonly webhookUrl?: string;
  };
}

export interface RepositoryOptions {
  readonly private?: boolean;
  readonly defaultBranch?: string;
  /** Roles by login; people are made on first mention. */
  readonly collaborators?: Readonly<Record<string, Role>>;
  /** Leaves the App out of the repository. Without it the installation includes it. */
  readonly withoutApp?: boolean;
}

export interface PackageOptions {
  readonly repository: Repository;
  /** Below the owner's namespace, as `checkout`. */
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
}

/** A GitHub in this process, with one organisation and one App installed in it. */
export class GitHubSandbox {
  /** Where REST begins, and pages and clone URLs too. */
  readonly url: string;
  readonly state: GitHubState;
  readonly webhooks: Webhooks;
  readonly app: App;
  readonly organization: Account;
  readonly installation: Installation;
  readonly #server: GitHubServer;
  readonly #cleanUp: () => Promise<void>;

  constructor(parts: {
    readonly url: string;
    readonly state: GitHubState;
    readonly webhooks: Webhooks;
    readonly app: App;
    readonly organization: Account;
    readonly installation: Installation;
    readonly server: GitHubServer;
    readonly cleanUp: () => Promise<void>;
  }) {
    this.url = parts.url;
    this.state = parts.state;
    this.webhooks = parts.webhooks;
    this.app = parts.app;
    this.organization = parts.organization;
    this.installation = parts.installation;
    this.#server = parts.server;
    this.#cleanUp = parts.cleanUp;
  }

  get requests(): SeenRequest[] {
    return this.#server.requests;
  }

  get faults(): Faults {
    return this.#server.faults;
  }

  /** From now on reads show GitHub as it was in this copy of its state, and writes are made to it as it is; null ends that. */
  lagBehind(replica: GitHubState | null): void {
    this.#server.replica = replica;
  }

  get rates(): RateMeter {
    return this.#server.rates;
  }

  /** Another App of the organisation, that reports checks as a CI does. */
  ci(slug: string): OtherCi {
    const permissions: Permissions = { checks: "write", contents: "read", metadata: "read" };
    const app = createApp(this.state, { slug, owner: this.organization, permissions, events: [], webhookSecret: this.state.secret(slug) });
    return new OtherCi(this.state, app, install(this.state, app, this.organization, "all"));
  }

  /** The account of that login, made on first use. */
  account(login: string): Account {
    return this.state.accountByLogin(login) ?? createUser(this.state, login);
  }

  userToken(login: string): string {
    this.account(login);
    return issueUserToken(this.state, login);
  }

  /** Someone working on the repository, or on the only one there is. */
  person(login: string, repository: Repository | null = null): Person {
    const where = repository ?? this.state.repositories[0];
    if (where === undefined) throw new Error("make a repository first");
    return new Person(this.state, this.account(login), this.userToken(login), where);
  }

  /** Makes a repository of the organisation with one commit, and lets the App in. */
  async seedRepository(name: string, files: FileTexts, options: RepositoryOptions = {}): Promise<Repository> {
    const repository = await createRepository(this.state, {
      owner: this.organization,
      name,
      private: options.private ?? true,
      defaultBranch: options.defaultBranch ?? "main",
    });
    for (const [login, role] of Object.entries(options.collaborators ?? {})) repository.collaborators.set(this.account(login).id, role);
    await seed(this.state, repository, this.#owner(), splitFiles(files).additions);
    if (options.withoutApp !== true) this.#letIn(repository);
    return repository;
  }

  /** Makes a repository of the organisation with all that a bare one on disk holds, however large, and lets the App in. */
  async seedFromGit(name: string, source: string, defaultBranch = "main"): Promise<Repository> {
    const repository = await copyRepository(this.state, { owner: this.organization, name, private: true, defaultBranch }, source);
    this.#letIn(repository);
    return repository;
  }

  #letIn(repository: Repository): void {
    this.installation.selected.add(repository.id);
    const { installation } = this;
    const sender = this.#owner();
    this.state.emit({ name: "installation_repositories", action: "added", sender, installation, repositories: [repository] });
  }

  #owner(): Account {
    const [id] = this.organization.owners;
    return (id === undefined ? undefined : this.state.accounts.get(id)) ?? this.organization;
  }

  /** A team of the organisation with these members, all active. */
  team(slug: string, members: readonly string[], repositories: readonly (readonly [Repository, Role])[] = []): Team {
    const made = createTeam(this.state, this.organization, slug);
    for (const login of members) joinTeam(this.state, made, this.account(login));
    for (const [repository, role] of repositories) made.repositories.set(repository.id, role);
    return made;
  }

  fork(repository: Repository, login: string): Promise<Repository> {
    return forkRepository(this.state, repository, this.account(login));
  }

  protect(repository: Repository, branch: string, settings: Partial<BranchProtection>): void {
    protectBranch(repository, branch, settings);
  }

  addRuleset(repository: Repository, settings: Pick<Ruleset, "name" | "include" | "rules"> & Partial<Ruleset>): Ruleset {
    return addRuleset(this.state, repository, settings);
  }

  /** Announces a container image, as GitHub's registry does when one is pushed. */
  publishPackage({ repository, name, tag, digest }: PackageOptions): void {
    const published = { id: this.state.identify("package").id, versionId: this.state.identify("package").id, name, tag, digest };
    const sender = this.#owner();
    this.state.emit({ name: "registry_package", action: "published", sender, repository, published });
    this.state.emit({ name: "package", action: "published", sender, repository, published });
  }

  /** Waits until all that was begun is done: what GitHub does by itself, as in a merge queue, goes on after an answer. */
  idle(): Promise<void> {
    return this.state.idle();
  }

  /** Stops listening, waits for what is being sent and done, and removes what it made. */
  async close(): Promise<void> {
    await this.webhooks.settled();
    await this.#server.close();
    await this.state.close();
    await this.#cleanUp();
  }
}

/** Starts a GitHub on a free local port. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubSandbox> {
  const given = options.directory;
  const directory = await realpath(given ?? (await mkdtemp(join(tmpdir(), "sandbox-github-"))));
  const state = new GitHubState({ clock: options.clock ?? { now: () => Date.now() }, directory });
  const server = new GitHubServer(state);
  const url = await server.listen(options.port);
  state.addresses = { api: url, html: url };
  createWebFlow(state);
  const owner = createUser(state, "olivia-owner", "Olivia Owner");
  const organization = createOrganization(state, options.organization ?? "acme", [owner]);
  const app = createApp(state, {
    slug: options.app?.slug ?? "pinion",
    owner: organization,
    permissions: options.app?.permissions ?? PERMISSIONS,
    events: options.app?.events ?? EVENTS,
    webhookSecret: options.app?.webhookSecret ?? "sandbox-webhook-secret",
  });
  app.webhookUrl = options.app?.webhookUrl ?? null;
  const webhooks = new Webhooks(state);
  const installation = install(state, app, organization, []);
  const cleanUp = given === undefined ? () => rm(directory, { recursive: true, force: true }) : async () => undefined;
  return new GitHubSandbox({ url, state, webhooks, app, organization, installation, server, cleanUp });
}
