/** GraphQL's entrances for reading: by name, by node id, and who is asking. */
import { actorNode, appNode, asUserNode, organizationNode, teamNode } from "./graphql-actors.ts";
import { checkRunNode, checkSuiteNode } from "./graphql-checks.ts";
import { commitNode, refNode } from "./graphql-commits.ts";
import type { GraphqlNode, Resolved } from "./graphql-connection.ts";
import { deploymentNode, deploymentStatusNode } from "./graphql-deployments.ts";
import { notFound, refusal } from "./graphql-errors.ts";
import { reviewNode } from "./graphql-pulls.ts";
import { repositoryNode } from "./graphql-repositories.ts";
import { canReadTeams, canSee, nodeById, repositoryOf, requireRead, viewer, type AppPermission, type Session } from "./graphql-session.ts";
import { commentNode, labelNode, threadNode } from "./graphql-threads.ts";
import type { SandboxNode } from "./model.ts";

const MAX_IDS = 100;

/** What an App must be allowed to read to be shown a node of this kind. */
const READING: Readonly<Partial<Record<SandboxNode["kind"], readonly AppPermission[]>>> = {
  issue: ["issues"],
  "pull-request": ["pull_requests"],
  review: ["pull_requests"],
  comment: ["issues", "pull_requests"],
  label: ["issues", "pull_requests"],
  "check-suite": ["checks"],
  "check-run": ["checks"],
  deployment: ["deployments"],
  "deployment-status": ["deployments"],
  ref: ["contents"],
  commit: ["contents"],
};

function view(session: Session, node: SandboxNode): Resolved {
  const repository = repositoryOf(session, node);
  const needed = READING[node.kind];
  if (repository !== null && needed !== undefined) requireRead(session, repository, ...needed);
  switch (node.kind) {
    case "repository":
      return repositoryNode(session, node);
    case "issue":
    case "pull-request":
      return threadNode(session, node);
    case "comment":
      return commentNode(session, node);
    case "review":
      return reviewNode(session, node);
    case "label":
      return repository === null ? null : labelNode(session, repository, node);
    case "check-run":
      return checkRunNode(session, node);
    case "check-suite":
      return checkSuiteNode(session, node);
    case "deployment":
      return deploymentNode(session, node);
    case "deployment-status":
      return deploymentStatusNode(session, node);
    case "ref":
      return refNode(session, node.repository, node.name);
    case "commit":
      return commitNode(session, node.repository, node.oid);
    case "team":
      return canReadTeams(session, node.organization) ? teamNode(session, node) : null;
    case "app":
      return appNode(session, node);
    case "account":
      return actorNode(session, node);
    case "installation":
      return null;
  }
}

async function nodeOrRefusal(session: Session, id: string): Promise<GraphqlNode> {
  const shown = await view(session, nodeById(session, id));
  if (shown === null) throw notFound(`Could not resolve to a node with the global id of '${id}'.`);
  return shown;
}

export function queries(session: Session): Readonly<Record<string, unknown>> {
  const { state } = session;
  return {
    repository: ({ owner, name }: { readonly owner: string; readonly name: string }) => {
      const repository = state.repository(owner, name);
      if (repository !== null && canSee(session, repository)) return repositoryNode(session, repository);
      throw notFound(`Could not resolve to a Repository with the name '${owner}/${name}'.`);
    },
    organization: ({ login }: { readonly login: string }) => {
      const account = state.accountByLogin(login);
      if (account?.type === "Organization") return organizationNode(session, account);
      throw notFound(`Could not resolve to an Organization with the login of '${login}'.`);
    },
    user: ({ login }: { readonly login: string }) => {
      const account = state.accountByLogin(login);
      if (account?.type === "User") return actorNode(session, account);
      throw notFound(`Could not resolve to a User with the login of '${login}'.`);
    },
    node: ({ id }: { readonly id: string }) => nodeOrRefusal(session, id),
    nodes: ({ ids }: { readonly ids: readonly string[] }) => {
      if (ids.length > MAX_IDS)
        throw refusal("ARGUMENT_LIMIT", `You may not provide more than ${MAX_IDS} node ids; you provided ${ids.length}.`);
      return ids.map((id) => nodeOrRefusal(session, id));
    },
    viewer: () => asUserNode(session, viewer(session)),
    rateLimit: () => session.rateLimit,
  };
}
