/** Deployments as GraphQL shows them. */
import type { GraphQLResolveInfo } from "graphql";

import { actorNode } from "./graphql-actors.ts";
import { commitNode, refNode } from "./graphql-commits.ts";
import { connection, type ConnectionArguments, type GraphqlNode } from "./graphql-connection.ts";
import { repositoryNode } from "./graphql-repositories.ts";
import { requireRead, type Session } from "./graphql-session.ts";
import type { Deployment, DeploymentStatus, Oid, Repository } from "./model.ts";

export interface DeploymentsArguments extends ConnectionArguments {
  readonly environments?: readonly string[] | null;
  readonly orderBy?: { readonly direction: "ASC" | "DESC" } | null;
}

/** A deployment without a status is pending; one that went well is active until something takes its place. */
function deploymentState(deployment: Deployment): string {
  const latest = deployment.statuses.at(-1);
  if (latest === undefined) return "PENDING";
  return latest.state === "success" ? "ACTIVE" : latest.state.toUpperCase();
}

export function deploymentStatusNode(session: Session, status: DeploymentStatus): GraphqlNode {
  return {
    __typename: "DeploymentStatus",
    id: status.nodeId,
    state: status.state.toUpperCase(),
    description: status.description,
    environment: status.deployment.environment,
    environmentUrl: status.environmentUrl === "" ? null : status.environmentUrl,
    logUrl: status.logUrl === "" ? null : status.logUrl,
    createdAt: status.createdAt,
    updatedAt: status.createdAt,
    creator: () => actorNode(session, status.creator),
    deployment: () => deploymentNode(session, status.deployment),
  };
}

export function deploymentNode(session: Session, deployment: Deployment): GraphqlNode {
  const { repository } = deployment;
  return {
    __typename: "Deployment",
    id: deployment.nodeId,
    databaseId: deployment.id,
    environment: deployment.environment,
    originalEnvironment: deployment.environment,
    latestEnvironment: deployment.environment,
    task: deployment.task,
    description: deployment.description,
    payload: typeof deployment.payload === "string" ? deployment.payload : JSON.stringify(deployment.payload ?? {}),
    commitOid: deployment.sha,
    createdAt: deployment.createdAt,
    updatedAt: deployment.updatedAt,
    state: () => deploymentState(deployment),
    creator: () => actorNode(session, deployment.creator),
    commit: () => commitNode(session, repository, deployment.sha),
    ref: () => refNode(session, repository, `refs/heads/${deployment.ref}`),
    repository: () => repositoryNode(session, repository),
    latestStatus: () => {
      const latest = deployment.statuses.at(-1);
      return latest === undefined ? null : deploymentStatusNode(session, latest);
    },
    statuses: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const items = deployment.statuses.toReversed();
      return connection({ items, key: (status) => status.id, node: (status) => deploymentStatusNode(session, status) }, args, info);
    },
  };
}

/** `Repository.deployments`, or those of one commit. */
export function deployments(
  session: Session,
  repository: Repository,
  commit: Oid | null,
  args: DeploymentsArguments,
  info: GraphQLResolveInfo,
): GraphqlNode {
  requireRead(session, repository, "deployments");
  const found = repository.deployments.filter((deployment) => {
    return (commit === null || deployment.sha === commit) && (args.environments?.includes(deployment.environment) ?? true);
  });
  const items = found.toSorted((left, right) => (args.orderBy?.direction === "DESC" ? right.id - left.id : left.id - right.id));
  return connection({ items, key: (deployment) => deployment.id, node: (deployment) => deploymentNode(session, deployment) }, args, info);
}
