import type { Access, Account, Actor, App, Installation, Permissions, Repository, Role, Team } from "../model.ts";
import { ROLES } from "../model.ts";
import { SandboxRefusal, forbiddenToApp, notFound } from "../refusal.ts";
import type { GitHubState } from "../state.ts";

const ACCESS_ORDER: readonly Access[] = ["read", "write", "admin"];

/** What an operation asks of whoever calls it. */
export interface Need {
  /** An App needs one of these; empty when no permission of an App allows it. */
  readonly app: readonly (readonly [string, Access])[];
  readonly role: Role;
  /** GitHub answers a person who may read but not do this with 404 instead of 403. */
  readonly hidden?: true;
}

export function atLeast(role: Role | null, wanted: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

/** Whether these permissions include that access; `metadata: read` comes with every installation. */
export function allows(permissions: Permissions, name: string, access: Access): boolean {
  const held = permissions[name] ?? (name === "metadata" ? "read" : undefined);
  return held !== undefined && ACCESS_ORDER.indexOf(held) >= ACCESS_ORDER.indexOf(access);
}

function higher(left: Role | null, right: Role | null): Role | null {
  if (left === null || right === null) return left ?? right;
  return ROLES.indexOf(left) >= ROLES.indexOf(right) ? left : right;
}

/** Active members of a team, those of its child teams included. */
export function activeMembers(state: GitHubState, team: Team): readonly Account[] {
  const teams = state.teams.filter((candidate) => descendsFrom(candidate, team));
  const found = new Map<number, Account>();
  for (const { members } of teams) {
    for (const { account, state: membership } of members.values()) if (membership === "active") found.set(account.id, account);
  }
  return [...found.values()];
}

function descendsFrom(team: Team, ancestor: Team): boolean {
  for (let at: Team | null = team; at !== null; at = at.parent) if (at === ancestor) return true;
  return false;
}

/** Whether the account belongs to the organisation: an owner, or active in one of its teams. */
export function isOrganisationMember(state: GitHubState, organization: Account, account: Account): boolean {
  if (organization.owners.has(account.id)) return true;
  return state.teams.some((team) => team.organization === organization && team.members.get(account.id)?.state === "active");
}

/**
 * The role of a person on a repository, or null when they may not even see it. Everyone reads a public repository.
 * A bot has no role: what its App may do is in the installation's permissions.
 */
export function roleOf(state: GitHubState, account: Account, repository: Repository): Role | null {
  if (account.type !== "User") return repository.private ? null : "read";
  if (repository.owner === account || repository.owner.owners.has(account.id)) return "admin";
  let role: Role | null = repository.private ? null : "read";
  role = higher(role, repository.collaborators.get(account.id) ?? null);
  for (const team of state.teams) {
    const given = team.repositories.get(repository.id);
    if (given === undefined) continue;
    if (activeMembers(state, team).includes(account)) role = higher(role, given);
  }
  if (repository.owner.type === "Organization" && isOrganisationMember(state, repository.owner, account)) role = higher(role, "read");
  return role;
}

/** Whether the account's pushes are taken: a writer, or the bot of an App that may write contents here. */
export function canPush(state: GitHubState, account: Account, repository: Repository): boolean {
  if (account.type === "User") return atLeast(roleOf(state, account, repository), "write");
  const app = state.apps.find((candidate) => candidate.bot === account);
  const installation = app === undefined ? null : installationFor(state, app, repository);
  return installation !== null && allows(installation.permissions, "contents", "write");
}

export function installationCovers(installation: Installation, repository: Repository): boolean {
  if (installation.account !== repository.owner) return false;
  return installation.repositorySelection === "all" || installation.selected.has(repository.id);
}

/** The App's installation that includes the repository, or null. */
export function installationFor(state: GitHubState, app: App, repository: Repository): Installation | null {
  return state.installations.find((candidate) => candidate.app === app && installationCovers(candidate, repository)) ?? null;
}

type InstallationActor = Extract<Actor, { kind: "installation" }>;

/** Whether this token reaches the repository. */
export function tokenCovers(actor: InstallationActor, repository: Repository): boolean {
  if (!installationCovers(actor.installation, repository)) return false;
  return actor.repositories === null || actor.repositories.has(repository.id);
}

/** The account that acts. Throws 401 for anonymous and for an App's JWT, which is no account. */
export function actingAccount(actor: Actor): Account {
  if (actor.kind === "anonymous") throw new SandboxRefusal(401, "unauthenticated", "Requires authentication");
  if (actor.kind === "app") {
    throw new SandboxRefusal(401, "unauthenticated", "A JSON web token can only be used to authenticate as an App");
  }
  return actor.account;
}

/** The App behind the actor, for `performed_via_github_app`. */
export function actingApp(actor: Actor): App | null {
  return actor.kind === "installation" || actor.kind === "app" ? actor.app : null;
}

/** Throws 404 when the actor may not see the repository at all. */
export function requireVisible(state: GitHubState, actor: Actor, repository: Repository): void {
  const visible =
    !repository.private ||
    (actor.kind === "installation" && tokenCovers(actor, repository)) ||
    (actor.kind === "user" && roleOf(state, actor.account, repository) !== null);
  if (!visible) throw notFound();
}

/** Throws what GitHub answers when the App lacks the permission, or the person the role. Answers who acts. */
export function requireAccess(state: GitHubState, actor: Actor, repository: Repository, need: Need): Account {
  requireVisible(state, actor, repository);
  const account = actingAccount(actor);
  if (actor.kind === "installation") {
    if (actor.installation.suspendedAt !== null) {
      throw new SandboxRefusal(403, "forbidden", "This installation has been suspended");
    }
    const held = tokenCovers(actor, repository)
      ? need.app.some(([name, access]) => allows(actor.permissions, name, access))
      : need.app.length > 0 && need.app.every(([, access]) => access === "read");
    if (!held) throw forbiddenToApp();
    return account;
  }
  if (!atLeast(roleOf(state, account, repository), need.role)) {
    throw need.hidden === true ? notFound() : new SandboxRefusal(403, "forbidden", "Must have admin rights to Repository.");
  }
  return account;
}
