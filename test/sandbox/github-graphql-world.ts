/** A small GitHub for the tests of GraphQL: an organisation, its people, one private repository and an App on it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "vitest";

import { VirtualClock } from "../../sandbox/clock.ts";
import { createGraphqlHandler } from "../../sandbox/github/graphql.ts";
import type { Account, Actor, App, Installation, PullRequest, Repository, Team } from "../../sandbox/github/model.ts";
import { GitHubState } from "../../sandbox/github/state.ts";
import {
  createApp,
  createOrganization,
  createTeam,
  createUser,
  createWebFlow,
  install,
  joinTeam,
} from "../../sandbox/github/state/accounts.ts";
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

/** What stands in the world from the beginning. */
interface Setting {
  readonly directory: string;
  readonly clock: VirtualClock;
  readonly state: GitHubState;
  readonly owner: Account;
  readonly alice: Account;
  readonly bob: Account;
  readonly organization: Account;
  readonly sre: Team;
  readonly app: App;
  readonly repository: Repository;
  readonly installation: Installation;
}

async function settle(directory: string): Promise<Setting> {
  const clock = new VirtualClock(START);
  const state = new GitHubState({ clock, directory });
  createWebFlow(state);
  const owner = createUser(state, "olga", "Olga Owner");
  const alice = createUser(state, "alice", "Alice");
  const bob = createUser(state, "bob");
  const organization = createOrganization(state, "acme", [owner]);
  const sre = createTeam(state, organization, "sre");
  joinTeam(state, sre, alice);
  joinTeam(state, sre, bob, "pending");
  const app = createApp(state, {
    slug: "pinion",
    owner: organization,
    permissions: { contents: "write", pull_requests: "write", issues: "write", checks: "write", deployments: "write", members: "read", merge_queues: "read" },
    events: [],
    webhookSecret: "secret",
  });
  const repository = await createRepository(state, { owner: organization, name: "deploy", private: true });
  await seed(state, repository, owner, [{ path: "apps/web.yaml", contents: Buffer.from("tag: 1\n") }]);
  sre.repositories.set(repository.id, "write");
  const installation = install(state, app, organization, "all");
  return { directory, clock, state, owner, alice, bob, organization, sre, app, repository, installation };
}

export class GraphqlWorld {
  readonly clock: VirtualClock;
  readonly state: GitHubState;
  readonly owner: Account;
  readonly alice: Account;
  /** Invited to the team, and no more than that. */
  readonly bob: Account;
  readonly organization: Account;
  readonly sre: Team;
  readonly app: App;
  readonly repository: Repository;
  readonly installation: Installation;
  readonly #directory: string;
  readonly #ask: ReturnType<typeof createGraphqlHandler>;

  private constructor(setting: Setting) {
    this.#directory = setting.directory;
    this.clock = setting.clock;
    this.state = setting.state;
    this.owner = setting.owner;
    this.alice = setting.alice;
    this.bob = setting.bob;
    this.organization = setting.organization;
    this.sre = setting.sre;
    this.app = setting.app;
    this.repository = setting.repository;
    this.installation = setting.installation;
    this.#ask = createGraphqlHandler(this.state);
  }

  static async create(): Promise<GraphqlWorld> {
    return new GraphqlWorld(await settle(await mkdtemp(join(tmpdir(), "github-graphql-"))));
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
  pull(branch: string, actor: Actor = this.bot(), file = `apps/${branch}.yaml`): Promise<PullRequest> {
    return this.pullIn(this.repository, branch, file, "tag: 2\n", actor);
  }

  /** As {@link pull}, in another repository. */
  async pullIn(repository: Repository, branch: string, file: string, contents: string, actor: Actor): Promise<PullRequest> {
    await createRef(this.state, actor, repository, `refs/heads/${branch}`, repository.refs.get("refs/heads/main") ?? "");
    await this.commitIn(repository, branch, file, contents, actor);
    const input = { title: `Change ${branch}`, body: null, head: branch, base: "main", draft: false };
    return createPullRequest(this.state, actor, repository, input);
  }

  commit(branch: string, path: string, contents: string, actor: Actor = this.bot()): Promise<string> {
    return this.commitIn(this.repository, branch, path, contents, actor);
  }

  async commitIn(repository: Repository, branch: string, path: string, contents: string, actor: Actor): Promise<string> {
    return commitOnBranch(this.state, actor, repository, {
      branch,
      expectedHeadOid: repository.refs.get(`refs/heads/${branch}`) ?? "",
      headline: `Write ${path}`,
      body: "",
      additions: [{ path, contents: Buffer.from(contents) }],
      deletions: [],
    });
  }
}
