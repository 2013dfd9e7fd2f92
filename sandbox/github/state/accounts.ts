import { generateKeyPairSync } from "node:crypto";
import type { Account, App, Installation, Permissions, Repository, Role, Team } from "../model.ts";
import type { GitHubState } from "../state.ts";

/** The numeric id that GitHub's own committer has. */
const WEB_FLOW_ID = 19_864_447;
const MERGE_QUEUE_ID = 118_344_674;

function keepAccount(state: GitHubState, account: Omit<Account, "kind" | "owners">): Account {
  const made: Account = { kind: "account", ...account, owners: new Set() };
  state.accounts.set(made.id, state.register(made));
  return made;
}

/** A person. The e-mail address is the private one GitHub gives, by which their commits are known. */
export function createUser(state: GitHubState, login: string, name: string | null = null): Account {
  const identity = state.identify("account");
  return keepAccount(state, { ...identity, login, type: "User", name, email: `${identity.id}+${login}@users.noreply.github.com` });
}

/** The account that GitHub commits as. */
export function createWebFlow(state: GitHubState): Account {
  const { nodeId } = state.identify("account");
  return keepAccount(state, { id: WEB_FLOW_ID, nodeId, login: "web-flow", type: "User", name: "GitHub", email: "noreply@github.com" });
}

/** The account that GitHub's merge queue acts as; made on first use. */
export function mergeQueueBot(state: GitHubState): Account {
  const login = "github-merge-queue[bot]";
  const known = state.accountByLogin(login);
  if (known !== null) return known;
  const { nodeId } = state.identify("account");
  const email = `${MERGE_QUEUE_ID}+${login}@users.noreply.github.com`;
  return keepAccount(state, { id: MERGE_QUEUE_ID, nodeId, login, type: "Bot", name: null, email });
}

export function createOrganization(state: GitHubState, login: string, owners: readonly Account[]): Account {
  const identity = state.identify("account");
  const made = keepAccount(state, { ...identity, login, type: "Organization", name: login, email: "" });
  for (const owner of owners) made.owners.add(owner.id);
  return made;
}

export function createTeam(state: GitHubState, organization: Account, slug: string, parent: Team | null = null): Team {
  const team: Team = {
    kind: "team",
    ...state.identify("team"),
    organization,
    slug,
    name: slug,
    parent,
    members: new Map(),
    repositories: new Map(),
    createdAt: state.now(),
  };
  state.teams.push(state.register(team));
  return team;
}

/** Puts someone in a team; `pending` until they accept the invitation. */
export function joinTeam(state: GitHubState, team: Team, member: Account, membership: "active" | "pending" = "active"): void {
  team.members.set(member.id, { account: member, state: membership, role: "member" });
  const sender = senderFor(state, team.organization);
  if (membership === "active") state.emit({ name: "membership", action: "added", sender, team, member });
}

export function leaveTeam(state: GitHubState, team: Team, member: Account): void {
  if (!team.members.delete(member.id)) return;
  state.emit({ name: "membership", action: "removed", sender: senderFor(state, team.organization), team, member });
}

/** Someone with the right to administer the account: its owner, or itself. */
function senderFor(state: GitHubState, account: Account): Account {
  const [owner] = account.owners;
  return (owner === undefined ? undefined : state.accounts.get(owner)) ?? account;
}

export interface NewApp {
  readonly slug: string;
  readonly owner: Account;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  readonly webhookSecret: string;
}

/** Registers a GitHub App, with its bot account and an RSA key of 2048 bits. */
export function createApp(state: GitHubState, input: NewApp): App {
  const identity = state.identify("account");
  const login = `${input.slug}[bot]`;
  const bot = keepAccount(state, {
    ...identity,
    login,
    type: "Bot",
    name: null,
    email: `${identity.id}+${login}@users.noreply.github.com`,
  });
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const made: App = {
    kind: "app",
    ...state.identify("app"),
    slug: input.slug,
    name: input.slug,
    clientId: `Iv23li${state.secret("client").slice(0, 14)}`,
    owner: input.owner,
    bot,
    publicKey: keys.publicKey,
    privateKey: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    webhookSecret: input.webhookSecret,
    webhookUrl: null,
    permissions: input.permissions,
    events: new Set(input.events),
    createdAt: state.now(),
  };
  state.apps.push(state.register(made));
  return made;
}

/** Installs the App on an account, for all of its repositories or for some. */
export function install(state: GitHubState, app: App, account: Account, selected: readonly Repository[] | "all"): Installation {
  const made: Installation = {
    kind: "installation",
    ...state.identify("installation"),
    app,
    account,
    repositorySelection: selected === "all" ? "all" : "selected",
    selected: new Set(selected === "all" ? [] : selected.map((repository) => repository.id)),
    permissions: app.permissions,
    suspendedAt: null,
    createdAt: state.now(),
  };
  state.installations.push(state.register(made));
  const repositories = repositoriesOf(state, made);
  state.emit({ name: "installation", action: "created", sender: senderFor(state, account), installation: made, repositories });
  return made;
}

export function repositoriesOf(state: GitHubState, installation: Installation): readonly Repository[] {
  return state.repositories.filter(
    (repository) =>
      repository.owner === installation.account && (installation.repositorySelection === "all" || installation.selected.has(repository.id)),
  );
}

export function uninstall(state: GitHubState, installation: Installation): void {
  const repositories = repositoriesOf(state, installation);
  const sender = senderFor(state, installation.account);
  state.emit({ name: "installation", action: "deleted", sender, installation, repositories });
  state.installations.splice(state.installations.indexOf(installation), 1);
  for (const [text, token] of state.tokens) {
    if (token.actor.kind === "installation" && token.actor.installation === installation) state.tokens.delete(text);
  }
}

/** Stops an installation, or lets it go on. */
export function suspend(state: GitHubState, installation: Installation, suspended: boolean): void {
  installation.suspendedAt = suspended ? state.now() : null;
  const sender = senderFor(state, installation.account);
  state.emit({
    name: "installation",
    action: suspended ? "suspend" : "unsuspend",
    sender,
    installation,
    repositories: repositoriesOf(state, installation),
  });
}

/** Adds a repository to an installation of selected ones, or takes it away. */
export function selectRepository(state: GitHubState, installation: Installation, repository: Repository, included: boolean): void {
  if (included) installation.selected.add(repository.id);
  else installation.selected.delete(repository.id);
  const sender = senderFor(state, installation.account);
  const action = included ? "added" : "removed";
  state.emit({ name: "installation_repositories", action, sender, installation, repositories: [repository] });
}

/** Gives a person a role on a repository, or takes it away. */
export function setCollaborator(repository: Repository, account: Account, role: Role | null): void {
  if (role === null) repository.collaborators.delete(account.id);
  else repository.collaborators.set(account.id, role);
}
