/** A small GitHub for the tests of GraphQL: an organisation, its people, one private repository and an App on it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "vitest";

import { VirtualClock } from "../../sandbox/clock.ts";
import { createGraphqlHandler } from "../../sandbox/github/graphql.ts";
import type { Account, Actor, App, Installation, PullRequest, Repository, Team } from "../../sandbox/github/model.ts";
import { GitHubState } from "../../sandbox/github/state.ts";
import { createApp, createOrganization, createTeam, createUser, createWebFlow, install, joinTeam } from "../../sandbox/github/state/accounts.ts";
import { commitOnBranch } from "../../sandbox/github/state/commits.ts";
import { createPullRequest } from "../../sandbox/github/state/pulls.ts";
import { createRef } from "../../sandbox/github/state/refs.ts";
import { createRepository, seed } from "../../sandbox/github/state/repositories.ts";
import { authenticate, issueInstallationToken } from "../../sandbox/github/state/tokens.ts";

export const START = Date.UTC(2026, 0, 5, 9, 0, 0);

export interface GraphqlBody {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly type?: string;
    readonly path?: readonly (string | number)[];
    readonly locations?: readonly unknown[];
    readonly extensions?: unknown;
    readonly message: string;
  }[];
}

function isBody(value: unknown): value is GraphqlBody {
  return typeof value === "object" && value !== null;
}

export class GraphqlWorld {
  readonly clock = new VirtualClock(START);
  readonly state: GitHubState;
  readonly owner: Account;
  readonly alice: Account;
  readonly bob: Account;
  readonly organization: Account;
  readonly sre: Team;
  readonly app: App;
  repository!: Repository;
  installation!: Installation;
  readonly #directory: string;
  readonly #ask: ReturnType<typeof createGraphqlHandler>;

  private constructor(directory: string) {
    this.#directory = directory;
    this.state = new GitHubState({ clock: this.clock, directory });
    createWebFlow(this.state);
    this.owner = createUser(this.state, "olga", "Olga Owner");
    this.alice = createUser(this.state, "alice", "Alice");
    this.bob = createUser(this.state, "bob");
    this.organization = createOrganization(this.state, "acme", [this.owner]);
    this.sre = createTeam(this.state, this.organization, "sre");
    joinTeam(this.state, this.sre, this.alice);
    joinTeam(this.state, this.sre, this.bob, "pending");
    this.app = createApp(this.state, {
      slug: "pinion",
      owner: this.organization,
      permissions: { contents: "write", pull_requests: "write", issues: "write", checks: "write", deployments: "write", members: "read" },
      events: [],
      webhookSecret: "secret",
    });
    this.#ask = createGraphqlHandler(this.state);
  }

  static async create(): Promise<GraphqlWorld> {
    const world = new GraphqlWorld(await mkdtemp(join(tmpdir(), "github-graphql-")));
    world.repository = await createRepository(world.state, { owner: world.organization, name: "deploy", private: true });
    await seed(world.state, world.repository, world.owner, [{ path: "apps/web.yaml", contents: Buffer.from("tag: 1\n") }]);
    world.sre.repositories.set(world.repository.id, "write");
    world.installation = install(world.state, world.app, world.organization, "all");
    return world;
  }

  async end(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** The App in its installation, with all of its permissions or fewer. */
  bot(permissions: Installation["permissions"] = this.installation.permissions): Actor {
    const { token } = issueInstallationToken(this.state, this.installation, { permissions }, Date.now());
    return authenticate(this.state, `Bearer ${token}`, Date.now());
  }

  user(account: Account): Actor {
    return { kind: "user", account };
  }

  head(branch = "main"): string {
    return this.repository.refs.get(`refs/heads/${branch}`) ?? "";
  }

  async ask(query: string, variables: Readonly<Record<string, unknown>> = {}, actor: Actor = this.bot()): Promise<GraphqlBody> {
    const { status, body } = await this.#ask(actor, { query, variables });
    expect(status).toBe(200);
    if (!isBody(body)) throw new Error("the answer is no object");
    // As a client reads it: what JSON leaves out is not there.
    const parsed: unknown = JSON.parse(JSON.stringify(body));
    if (!isBody(parsed)) throw new Error("the answer is no object");
    return parsed;
  }

  /** The data of an answer that must hold no error. */
  async data(query: string, variables: Readonly<Record<string, unknown>> = {}, actor: Actor = this.bot()): Promise<unknown> {
    const { data, errors } = await this.ask(query, variables, actor);
    expect(errors).toBeUndefined();
    return data;
  }

  raw(actor: Actor, request: { readonly query?: unknown; readonly variables?: unknown; readonly operationName?: unknown }) {
    return this.#ask(actor, request);
  }

  /** A pull request from a new branch with one commit, by default the App's. */
  async pull(branch: string, actor: Actor = this.bot(), file = `apps/${branch}.yaml`): Promise<PullRequest> {
    await createRef(this.state, actor, this.repository, `refs/heads/${branch}`, this.head());
    await this.commit(branch, file, "tag: 2\n", actor);
    return createPullRequest(this.state, actor, this.repository, { title: `Change ${branch}`, body: null, head: branch, base: "main", draft: false });
  }

  async commit(branch: string, path: string, contents: string, actor: Actor = this.bot()): Promise<string> {
    return commitOnBranch(this.state, actor, this.repository, {
      branch,
      expectedHeadOid: this.head(branch),
      headline: `Write ${path}`,
      body: "",
      additions: [{ path, contents: Buffer.from(contents) }],
      deletions: [],
    });
  }
}
