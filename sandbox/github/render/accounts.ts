import type { Account, App, Installation, Instant, Repository, Team, TeamMembership } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { atLeast, isOrganisationMember, roleOf } from "../state/access.ts";

/** A JSON object as it goes out. */
export type Json = Readonly<Record<string, unknown>>;

/** GitHub gives whole seconds. */
export function iso(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

export function isoOrNull(at: Instant | null): string | null {
  return at === null ? null : iso(at);
}

export function simpleUser(state: GitHubState, account: Account): Json {
  const url = `${state.addresses.api}/users/${encodeURIComponent(account.login)}`;
  const html = account.type === "Bot" ? `apps/${account.login.replace(/\[bot\]$/, "")}` : account.login;
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    avatar_url: `${state.addresses.html}/avatars/${account.id}`,
    gravatar_id: "",
    url,
    html_url: `${state.addresses.html}/${html}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: account.type,
    user_view_type: "public",
    site_admin: false,
  };
}

export function userOrNull(state: GitHubState, account: Account | null): Json | null {
  return account === null ? null : simpleUser(state, account);
}

export function publicUser(state: GitHubState, account: Account): Json {
  return {
    ...simpleUser(state, account),
    name: account.name,
    company: null,
    blog: "",
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: state.repositories.filter((repository) => repository.owner === account && !repository.private).length,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: iso(0),
    updated_at: iso(0),
  };
}

export function organization(state: GitHubState, account: Account): Json {
  const url = `${state.addresses.api}/orgs/${account.login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${state.addresses.html}/avatars/${account.id}`,
    description: null,
  };
}

/** An organisation as a team's answer shows it, in full. */
export function fullOrganization(state: GitHubState, account: Account): Json {
  return {
    ...organization(state, account),
    type: "Organization",
    name: account.name,
    html_url: `${state.addresses.html}/${account.login}`,
    has_organization_projects: true,
    has_repository_projects: true,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: iso(0),
    updated_at: iso(0),
    archived_at: null,
  };
}

export function team(state: GitHubState, shown: Team): Json {
  const url = `${state.addresses.api}/organizations/${shown.organization.id}/team/${shown.id}`;
  return {
    id: shown.id,
    node_id: shown.nodeId,
    name: shown.name,
    slug: shown.slug,
    description: "",
    privacy: "closed",
    notification_setting: "notifications_enabled",
    permission: "pull",
    type: "organization",
    organization_id: shown.organization.id,
    url,
    html_url: `${state.addresses.html}/orgs/${shown.organization.login}/teams/${shown.slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    parent: shown.parent === null ? null : { ...team(state, { ...shown.parent, parent: null }) },
  };
}

export function teamMembership(state: GitHubState, shown: Team, membership: TeamMembership): Json {
  return {
    url: `${state.addresses.api}/organizations/${shown.organization.id}/team/${shown.id}/memberships/${membership.account.login}`,
    role: membership.role,
    state: membership.state,
  };
}

export function app(state: GitHubState, shown: App): Json {
  return {
    id: shown.id,
    client_id: shown.clientId,
    slug: shown.slug,
    node_id: shown.nodeId,
    owner: simpleUser(state, shown.owner),
    name: shown.name,
    description: "",
    external_url: state.addresses.html,
    html_url: `${state.addresses.html}/apps/${shown.slug}`,
    created_at: iso(shown.createdAt),
    updated_at: iso(shown.createdAt),
    permissions: shown.permissions,
    events: [...shown.events],
  };
}

export function appOrNull(state: GitHubState, shown: App | null): Json | null {
  return shown === null ? null : app(state, shown);
}

export function installation(state: GitHubState, shown: Installation): Json {
  const { api, html } = state.addresses;
  return {
    id: shown.id,
    client_id: shown.app.clientId,
    account: simpleUser(state, shown.account),
    repository_selection: shown.repositorySelection,
    access_tokens_url: `${api}/app/installations/${shown.id}/access_tokens`,
    repositories_url: `${api}/installation/repositories`,
    html_url: `${html}/organizations/${shown.account.login}/settings/installations/${shown.id}`,
    app_id: shown.app.id,
    app_slug: shown.app.slug,
    target_id: shown.account.id,
    target_type: shown.account.type,
    permissions: shown.permissions,
    events: [...shown.app.events],
    created_at: iso(shown.createdAt),
    updated_at: iso(shown.createdAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: shown.suspendedAt === null ? null : simpleUser(state, shown.account),
    suspended_at: isoOrNull(shown.suspendedAt),
  };
}

/** What GitHub shows beside a name: how its owner stands to the repository. */
export function association(state: GitHubState, account: Account, repository: Repository): string {
  if (account === repository.owner) return "OWNER";
  if (repository.owner.type === "Organization" && isOrganisationMember(state, repository.owner, account)) return "MEMBER";
  if (repository.collaborators.has(account.id) || (account.type === "User" && atLeast(roleOf(state, account, repository), "triage"))) {
    return "COLLABORATOR";
  }
  return "NONE";
}
