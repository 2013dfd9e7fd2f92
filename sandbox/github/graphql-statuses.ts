/** Commit statuses as GraphQL shows them. */
import { actorNode } from "./graphql-actors.ts";
import { commitNode } from "./graphql-commits.ts";
import type { GraphqlNode } from "./graphql-connection.ts";
import { requireRead, type Session } from "./graphql-session.ts";
import type { CommitStatus, Oid, Repository } from "./model.ts";
import { combinedState, latestStatuses } from "./state/statuses.ts";

function contextNode(session: Session, status: CommitStatus): GraphqlNode {
  return {
    __typename: "StatusContext",
    id: status.nodeId,
    context: status.context,
    state: status.state.toUpperCase(),
    description: status.description,
    targetUrl: status.targetUrl,
    createdAt: status.createdAt,
    creator: () => actorNode(session, status.creator),
    commit: () => commitNode(session, status.repository, status.sha),
  };
}

/** `Commit.status`: null where nobody said anything of the commit; the newest of each context otherwise. */
export function statusNode(session: Session, repository: Repository, oid: Oid): GraphqlNode | null {
  requireRead(session, repository, "statuses");
  const latest = latestStatuses(repository, oid);
  if (latest.length === 0) return null;
  const contexts = latest.map((status) => contextNode(session, status));
  return {
    __typename: "Status",
    id: `S_${oid}`,
    state: combinedState(latest).toUpperCase(),
    contexts,
    context: ({ name }: { readonly name: string }) => contexts[latest.findIndex(({ context }) => context === name)] ?? null,
    commit: () => commitNode(session, repository, oid),
  };
}
