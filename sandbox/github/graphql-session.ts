/** One GraphQL call: who asks, of which state, and what the answer costs. */
import { inaccessible, NOT_FOR_APPS, notFound, refusal, unprocessable } from "./graphql-errors.ts";
import type { Access, Account, Actor, Repository, SandboxNode } from "./model.ts";
import { SandboxRefusal } from "./refusal.ts";
import type { GitHubState } from "./state.ts";
import { actingAccount, allows, isOrganisationMember, requireAccess, requireVisible } from "./state/access.ts";

export interface RateLimit {
  readonly limit: number;
  readonly cost: number;
  readonly nodeCount: number;
  readonly remaining: number;
  readonly used: number;
  readonly resetAt: number;
}

export interface Session {
  readonly state: GitHubState;
  readonly actor: Actor;
  readonly rateLimit: RateLimit;
}

export type AppPermission = "administration" | "checks" | "contents" | "deployments" | "issues" | "members" | "metadata" | "pull_requests" | "statuses";

/** The account that acts in this call. */
export function viewer(session: Session): Account {
  return actingAccount(session.actor);
}

/** A refusal of the state as GraphQL words it; anything else is a defect of the sandbox and passes as it is. */
export function asGraphqlError(error: unknown): unknown {
  if (!(error instanceof SandboxRefusal)) return error;
  switch (error.code) {
    case "not-found":
      return notFound(error.sentence);
    case "unauthenticated":
      return refusal("FORBIDDEN", error.sentence);
    case "forbidden":
      return error.message === NOT_FOR_APPS ? inaccessible() : refusal("FORBIDDEN", error.sentence);
    case "stale":
      return refusal("STALE_DATA", error.sentence);
    case "unprocessable":
    case "exists":
    case "not-allowed":
    case "protected":
      return unprocessable(error.sentence);
  }
}

/** Whether the actor may know that the repository is there. */
export function canSee(session: Session, repository: Repository): boolean {
  try {
    requireVisible(session.state, session.actor, repository);
    return true;
  } catch (error) {
    if (error instanceof SandboxRefusal) return false;
    throw error;
  }
}

/** Throws what becomes FORBIDDEN unless the actor may read with one of these permissions. */
export function requireRead(session: Session, repository: Repository, ...permissions: readonly AppPermission[]): void {
  const app = permissions.map((permission): readonly [string, Access] => [permission, "read"]);
  requireAccess(session.state, session.actor, repository, { app, role: "read" });
}

/** Whether the actor is told of the organisation's teams: members are. An App without the permission is refused instead. */
export function canReadTeams(session: Session, organization: Account): boolean {
  const { actor } = session;
  if (actor.kind === "user") return isOrganisationMember(session.state, organization, actor.account);
  if (actor.kind !== "installation" || actor.installation.account !== organization) return false;
  if (!allows(actor.permissions, "members", "read")) throw inaccessible();
  return true;
}

/** What a node id stands for, if the actor may see it. Throws NOT_FOUND otherwise, as GitHub does for both. */
export function nodeById(session: Session, id: string): SandboxNode {
  const node = session.state.node(id);
  const repository = node === null ? null : repositoryOf(session, node);
  if (node === null || (repository !== null && !canSee(session, repository))) {
    throw notFound(`Could not resolve to a node with the global id of '${id}'.`);
  }
  return node;
}

/** A node of the wanted kind. Throws NOT_FOUND for another kind too. */
export function nodeOfKind<K extends SandboxNode["kind"]>(
  session: Session,
  id: string,
  kinds: readonly K[],
): Extract<SandboxNode, { kind: K }> {
  const node = nodeById(session, id);
  if (isOfKind(node, kinds)) return node;
  throw notFound(`Could not resolve to ${kinds.map(typeNameOf).join(" or ")} node with the global id of '${id}'.`);
}

function isOfKind<K extends SandboxNode["kind"]>(node: SandboxNode, kinds: readonly K[]): node is Extract<SandboxNode, { kind: K }> {
  return kinds.some((kind) => kind === node.kind);
}

function typeNameOf(kind: SandboxNode["kind"]): string {
  return kind
    .split("-")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}

/** The repository that a node belongs to, or null for accounts, teams and Apps. */
export function repositoryOf(session: Session, node: SandboxNode): Repository | null {
  switch (node.kind) {
    case "repository":
      return node;
    case "issue":
    case "pull-request":
    case "deployment":
    case "check-suite":
    case "ref":
    case "commit":
      return node.repository;
    case "comment":
      return node.thread.repository;
    case "review":
      return node.pull.repository;
    case "check-run":
      return node.suite.repository;
    case "deployment-status":
      return node.deployment.repository;
    case "label":
      return session.state.repositories.find((repository) => repository.labels.get(node.name.toLowerCase()) === node) ?? null;
    case "account":
    case "team":
    case "app":
    case "installation":
      return null;
  }
}

/** The page of something on the web. */
export function pageOf(session: Session, ...path: readonly (string | number)[]): string {
  return `${session.state.addresses.html}/${path.join("/")}`;
}
