/** Accounts, teams and Apps as GraphQL shows them. */
import type { GraphQLResolveInfo } from "graphql";

import { connection, type ConnectionArguments, type GraphqlNode } from "./graphql-connection.ts";
import { canReadTeams, pageOf, type Session } from "./graphql-session.ts";
import type { Account, App, Team } from "./model.ts";
import { activeMembers } from "./state/access.ts";

const BOT_SUFFIX = "[bot]";

/** A bot is called by its App's slug here, without the `[bot]` that REST and Git show. */
function actorLogin(account: Account): string {
  return account.type === "Bot" && account.login.endsWith(BOT_SUFFIX) ? account.login.slice(0, -BOT_SUFFIX.length) : account.login;
}

function accountNode(session: Session, account: Account, login: string): GraphqlNode {
  const page = account.type === "Bot" ? ["apps", actorLogin(account)] : [account.login];
  return {
    __typename: account.type,
    id: account.nodeId,
    databaseId: account.id,
    login,
    name: account.name,
    email: account.type === "User" ? account.email : null,
    avatarUrl: pageOf(session, "avatars", account.id),
    resourcePath: `/${page.join("/")}`,
    url: pageOf(session, ...page),
    isViewer: "account" in session.actor && session.actor.account.id === account.id,
  };
}

/** An `Actor`; null once the account is gone, as GitHub shows what its "ghost" did. */
export function actorNode(session: Session, account: Account | null): GraphqlNode | null {
  if (account === null || !session.state.accounts.has(account.id)) return null;
  return account.type === "Organization" ? organizationNode(session, account) : accountNode(session, account, actorLogin(account));
}

/** Where the schema asks for a `User`, a bot is shown as one, under the login with `[bot]`: commits' people, and the viewer. */
export function asUserNode(session: Session, account: Account | null): GraphqlNode | null {
  if (account === null || !session.state.accounts.has(account.id)) return null;
  return accountNode(session, account, account.login);
}

interface TeamMembersArguments extends ConnectionArguments {
  readonly membership: "ALL" | "CHILD_TEAM" | "IMMEDIATE";
  readonly query?: string | null;
}

/** Active members only: a pending invitation is none. `ALL` counts those of child teams. */
function teamMembers(session: Session, team: Team, membership: TeamMembersArguments["membership"]): readonly Account[] {
  const all = activeMembers(session.state, team);
  const direct = (account: Account): boolean => team.members.get(account.id)?.state === "active";
  const found = membership === "ALL" ? all : all.filter((account) => direct(account) === (membership === "IMMEDIATE"));
  return found.toSorted((left, right) => left.id - right.id);
}

export function teamNode(session: Session, team: Team): GraphqlNode {
  const path = ["orgs", team.organization.login, "teams", team.slug];
  return {
    __typename: "Team",
    id: team.nodeId,
    databaseId: team.id,
    slug: team.slug,
    name: team.name,
    combinedSlug: `${team.organization.login}/${team.slug}`,
    createdAt: team.createdAt,
    resourcePath: `/${path.join("/")}`,
    url: pageOf(session, ...path),
    organization: () => organizationNode(session, team.organization),
    parentTeam: () => (team.parent === null ? null : teamNode(session, team.parent)),
    members: (args: TeamMembersArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const wanted = args.query?.toLowerCase() ?? "";
      const items = teamMembers(session, team, args.membership).filter((account) => account.login.toLowerCase().includes(wanted));
      return connection({ items, key: (account) => account.id, node: (account) => actorNode(session, account) }, args, info);
    },
  };
}

export function organizationNode(session: Session, account: Account): GraphqlNode {
  return {
    ...accountNode(session, account, account.login),
    __typename: "Organization",
    team: (args: { readonly slug: string }) => {
      const team = session.state.team(account.login, args.slug);
      return team === null || !canReadTeams(session, account) ? null : teamNode(session, team);
    },
    teams: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const items = session.state.teams.filter((team) => team.organization.id === account.id && canReadTeams(session, account));
      return connection({ items, key: (team) => team.id, node: (team) => teamNode(session, team) }, args, info);
    },
  };
}

/** Someone asked for review: a person, a bot or a team. */
export function reviewerNode(session: Session, reviewer: Account | Team): GraphqlNode | null {
  return reviewer.kind === "team" ? teamNode(session, reviewer) : actorNode(session, reviewer);
}

export function appNode(session: Session, app: App): GraphqlNode {
  return {
    __typename: "App",
    id: app.nodeId,
    databaseId: app.id,
    slug: app.slug,
    name: app.name,
    clientId: app.clientId,
    createdAt: app.createdAt,
    url: pageOf(session, "apps", app.slug),
  };
}
