/** Repositories as GraphQL shows them. */
import type { GraphQLResolveInfo } from "graphql";

import { actorNode } from "./graphql-actors.ts";
import { objectByExpression, objectNode, refNode } from "./graphql-commits.ts";
import { connection, type ConnectionArguments, type GraphqlNode } from "./graphql-connection.ts";
import { deployments, type DeploymentsArguments } from "./graphql-deployments.ts";
import { notFound } from "./graphql-errors.ts";
import { issueConnection, type IssuesArguments } from "./graphql-issues.ts";
import { mergeQueueNode } from "./graphql-merge-queue.ts";
import { pullRequestConnection, type PullRequestsArguments } from "./graphql-pulls.ts";
import { pageOf, requireRead, type Session } from "./graphql-session.ts";
import { labelConnection, labelNode, threadNode, threadsOf, type LabelsArguments } from "./graphql-threads.ts";
import type { Issue, PullRequest, Repository } from "./model.ts";
import { roleOf } from "./state/access.ts";

interface RefsArguments extends ConnectionArguments {
  readonly refPrefix: string;
  readonly query?: string | null;
  readonly direction?: "ASC" | "DESC" | null;
  readonly orderBy?: { readonly field: string; readonly direction: "ASC" | "DESC" } | null;
}

function refsConnection(session: Session, repository: Repository, args: RefsArguments, info: GraphQLResolveInfo): GraphqlNode {
  const prefix = args.refPrefix.endsWith("/") ? args.refPrefix : `${args.refPrefix}/`;
  const query = args.query?.toLowerCase() ?? "";
  const names = [...repository.refs.keys()].filter(
    (name) => name.startsWith(prefix) && name.slice(prefix.length).toLowerCase().includes(query),
  );
  const ordered = names.toSorted();
  const items = (args.orderBy?.direction ?? args.direction) === "DESC" ? ordered.toReversed() : ordered;
  return connection({ items, key: (name) => name, node: (name) => refNode(session, repository, name, prefix) }, args, info);
}

/** A ref by its full name, or by a branch's or tag's short one. */
function refByName(session: Session, repository: Repository, name: string): GraphqlNode | null {
  const full = [name, `refs/heads/${name}`, `refs/tags/${name}`].find((candidate) => repository.refs.has(candidate));
  return full === undefined ? null : refNode(session, repository, full);
}

function threadByNumber(repository: Repository, number: number, kinds: readonly string[], shown: string): Issue | PullRequest {
  const thread = repository.threads.get(number);
  if (thread === undefined || !kinds.includes(thread.kind)) throw notFound(`Could not resolve to ${shown} with the number of ${number}.`);
  return thread;
}

function threads(session: Session, repository: Repository): Readonly<Record<string, unknown>> {
  return {
    issues: (args: IssuesArguments, _context: unknown, info: GraphQLResolveInfo) => {
      requireRead(session, repository, "issues");
      return issueConnection(session, threadsOf(repository, "issue"), args, info);
    },
    pullRequests: (args: PullRequestsArguments, _context: unknown, info: GraphQLResolveInfo) => {
      requireRead(session, repository, "pull_requests");
      return pullRequestConnection(session, threadsOf(repository, "pull-request"), args, info);
    },
    issue: ({ number }: { readonly number: number }) => {
      requireRead(session, repository, "issues");
      return threadNode(session, threadByNumber(repository, number, ["issue"], "an Issue"));
    },
    pullRequest: ({ number }: { readonly number: number }) => {
      requireRead(session, repository, "pull_requests");
      return threadNode(session, threadByNumber(repository, number, ["pull-request"], "a PullRequest"));
    },
    issueOrPullRequest: ({ number }: { readonly number: number }) => {
      const thread = threadByNumber(repository, number, ["issue", "pull-request"], "an issue or pull request");
      requireRead(session, repository, thread.kind === "issue" ? "issues" : "pull_requests");
      return threadNode(session, thread);
    },
    labels: (args: LabelsArguments, _context: unknown, info: GraphQLResolveInfo) => {
      requireRead(session, repository, "issues", "pull_requests");
      const query = args.query?.toLowerCase() ?? "";
      const found = [...repository.labels.values()].filter((label) =>
        `${label.name} ${label.description ?? ""}`.toLowerCase().includes(query),
      );
      return labelConnection(session, repository, found, args, info);
    },
    label: ({ name }: { readonly name: string }) => {
      requireRead(session, repository, "issues", "pull_requests");
      const label = repository.labels.get(name.toLowerCase());
      return label === undefined ? null : labelNode(session, repository, label);
    },
  };
}

function contents(session: Session, repository: Repository): Readonly<Record<string, unknown>> {
  return {
    defaultBranchRef: () => {
      requireRead(session, repository, "contents");
      return refNode(session, repository, `refs/heads/${repository.defaultBranch}`);
    },
    ref: ({ qualifiedName }: { readonly qualifiedName: string }) => {
      requireRead(session, repository, "contents");
      return refByName(session, repository, qualifiedName);
    },
    refs: (args: RefsArguments, _context: unknown, info: GraphQLResolveInfo) => {
      requireRead(session, repository, "contents");
      return refsConnection(session, repository, args, info);
    },
    object: ({ oid, expression }: { readonly oid?: string | null; readonly expression?: string | null }) => {
      requireRead(session, repository, "contents");
      if (oid != null) return objectNode(session, repository, oid);
      return expression == null ? null : objectByExpression(session, repository, expression);
    },
    mergeQueue: ({ branch }: { readonly branch?: string | null }) => {
      requireRead(session, repository, "contents");
      return mergeQueueNode(session, repository, branch ?? repository.defaultBranch);
    },
    deployments: (args: DeploymentsArguments, _context: unknown, info: GraphQLResolveInfo) =>
      deployments(session, repository, null, args, info),
  };
}

export function repositoryNode(session: Session, repository: Repository): GraphqlNode {
  const path = [repository.owner.login, repository.name];
  return {
    __typename: "Repository",
    ...threads(session, repository),
    ...contents(session, repository),
    id: repository.nodeId,
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: path.join("/"),
    isPrivate: repository.private,
    isArchived: false,
    isDisabled: false,
    isEmpty: repository.refs.size === 0,
    isFork: repository.parent !== null,
    isInOrganization: repository.owner.type === "Organization",
    visibility: repository.private ? "PRIVATE" : "PUBLIC",
    autoMergeAllowed: false,
    deleteBranchOnMerge: repository.deleteBranchOnMerge,
    mergeCommitAllowed: repository.mergeMethods.has("merge"),
    squashMergeAllowed: repository.mergeMethods.has("squash"),
    rebaseMergeAllowed: repository.mergeMethods.has("rebase"),
    hasIssuesEnabled: true,
    createdAt: repository.createdAt,
    updatedAt: repository.updatedAt,
    pushedAt: repository.pushedAt,
    resourcePath: `/${path.join("/")}`,
    url: pageOf(session, ...path),
    owner: () => actorNode(session, repository.owner),
    parent: () => (repository.parent === null ? null : repositoryNode(session, repository.parent)),
    viewerPermission: () => {
      const { actor } = session;
      return actor.kind === "user" ? (roleOf(session.state, actor.account, repository)?.toUpperCase() ?? null) : null;
    },
  };
}
