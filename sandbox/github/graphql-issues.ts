/** Issues as GraphQL shows them. */
import type { GraphQLResolveInfo } from "graphql";

import { connection, type ConnectionArguments, type GraphqlNode } from "./graphql-connection.ts";
import type { Session } from "./graphql-session.ts";
import { selectThreads, threadFields, type Direction } from "./graphql-threads.ts";
import type { Issue } from "./model.ts";

export interface IssuesArguments extends ConnectionArguments {
  readonly states?: readonly string[] | null;
  readonly labels?: readonly string[] | null;
  readonly orderBy?: Direction | null;
  readonly filterBy?: {
    readonly states?: readonly string[] | null;
    readonly labels?: readonly string[] | null;
    readonly createdBy?: string | null;
    readonly since?: string | null;
  } | null;
}

export function issueNode(session: Session, issue: Issue): GraphqlNode {
  return {
    __typename: "Issue",
    ...threadFields(session, issue),
    stateReason: issue.stateReason?.toUpperCase() ?? null,
  };
}

/** Issues that pass the filters, by creation unless another order is asked for. */
export function issueConnection(session: Session, issues: readonly Issue[], args: IssuesArguments, info: GraphQLResolveInfo): GraphqlNode {
  const filter = args.filterBy ?? {};
  const since = filter.since == null ? 0 : Date.parse(filter.since);
  const wanted = issues.filter((issue) => {
    return issue.updatedAt >= since && (filter.createdBy == null || issue.author.login.toLowerCase() === filter.createdBy.toLowerCase());
  });
  const items = selectThreads(selectThreads(wanted, { states: filter.states ?? null, labels: filter.labels ?? null }), args);
  return connection({ items, key: (issue) => issue.id, node: (issue) => issueNode(session, issue) }, args, info);
}
