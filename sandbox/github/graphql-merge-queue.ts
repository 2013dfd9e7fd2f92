/** Merge queues and what is in them as GraphQL shows them. */
import type { GraphQLResolveInfo } from "graphql";

import { actorNode, asUserNode } from "./graphql-actors.ts";
import { commitNode } from "./graphql-commits.ts";
import { connection, type ConnectionArguments, type GraphqlNode } from "./graphql-connection.ts";
import { pullRequestNode } from "./graphql-pulls.ts";
import { repositoryNode } from "./graphql-repositories.ts";
import { pageOf, type Session } from "./graphql-session.ts";
import type { Account, MergeQueueEntry, PullRequest, RemovalReason, Repository, TimelineEvent } from "./model.ts";
import { entryOf, queueOf } from "./state/merge-queue.ts";
import { checksVerdict } from "./state/required.ts";
import { mergeQueueOf, requiredChecks } from "./state/protection.ts";

/** The timeline has words of its own for what the webhook says in capitals; the last two are made after them. */
const TIMELINE_WORDS: Readonly<Record<RemovalReason, string>> = {
  MANUAL: "manual",
  MERGE: "merged",
  MERGE_CONFLICT: "merge_conflict",
  CI_FAILURE: "failed_checks",
  CI_TIMEOUT: "checks_timed_out",
  ALREADY_MERGED: "already_merged",
  QUEUE_CLEARED: "queue_cleared",
  BRANCH_PROTECTIONS: "branch_protections",
};

const ENTRY_STATES = { passed: "MERGEABLE", pending: "AWAITING_CHECKS", failed: "UNMERGEABLE" } as const;

function entryState(entry: MergeQueueEntry): string {
  if (entry.group === null) return "QUEUED";
  const { repository, branch } = entry.queue;
  return ENTRY_STATES[checksVerdict(repository, entry.group.head, requiredChecks(repository, branch))];
}

/** An entry that has left has no group any more, and position 0. */
export function entryNode(session: Session, entry: MergeQueueEntry): GraphqlNode {
  const { queue, group } = entry;
  const commit = (oid: string | undefined): GraphqlNode | null | Promise<GraphqlNode | null> =>
    oid === undefined ? null : commitNode(session, queue.repository, oid);
  return {
    __typename: "MergeQueueEntry",
    id: entry.nodeId,
    enqueuedAt: entry.enqueuedAt,
    jump: entry.jump,
    solo: false,
    position: queue.entries.indexOf(entry) + 1,
    state: entryState(entry),
    estimatedTimeToMerge: null,
    enqueuer: () => actorNode(session, entry.enqueuer),
    baseCommit: () => commit(group?.base),
    headCommit: () => commit(group?.head),
    pullRequest: () => pullRequestNode(session, entry.pull),
    mergeQueue: () => mergeQueueNode(session, queue.repository, queue.branch),
  };
}

/** The queue of a branch, or null where no rule asks for one. */
export function mergeQueueNode(session: Session, repository: Repository, branch: string): GraphqlNode | null {
  const queue = queueOf(repository, branch);
  const settings = mergeQueueOf(repository, branch);
  if (queue === null || settings === null) return null;
  const path = [repository.owner.login, repository.name, "queue", branch];
  return {
    __typename: "MergeQueue",
    id: `MQ_${Buffer.from(`${repository.id} ${branch}`).toString("base64url")}`,
    nextEntryEstimatedTimeToMerge: null,
    resourcePath: `/${path.join("/")}`,
    url: pageOf(session, ...path),
    repository: () => repositoryNode(session, repository),
    configuration: {
      checkResponseTimeout: settings.checkTimeoutMinutes,
      maximumEntriesToBuild: settings.maxToBuild,
      maximumEntriesToMerge: settings.maxToMerge,
      mergeMethod: settings.method.toUpperCase(),
      mergingStrategy: settings.strategy,
      minimumEntriesToMerge: settings.minToMerge,
      minimumEntriesToMergeWaitTime: settings.minWaitMinutes,
    },
    entries: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) =>
      connection({ items: queue.entries, key: (entry) => entry.nodeId, node: (entry) => entryNode(session, entry) }, args, info),
  };
}

/** What a pull request says of the queue. */
export function queueFields(session: Session, pull: PullRequest): Readonly<Record<string, unknown>> {
  const entry = entryOf(pull);
  return {
    isInMergeQueue: entry !== null,
    isMergeQueueEnabled: mergeQueueOf(pull.repository, pull.base.ref) !== null,
    mergeQueue: () => mergeQueueNode(session, pull.repository, pull.base.ref),
    mergeQueueEntry: () => (entry === null ? null : entryNode(session, entry)),
  };
}

/** The schema has a `User` here, which an App's account is not. */
function userOnly(session: Session, account: Account): GraphqlNode | null {
  return account.type === "User" ? asUserNode(session, account) : null;
}

type QueueEvent = Extract<TimelineEvent, { readonly event: "added_to_merge_queue" | "removed_from_merge_queue" }>;

/** What the timeline's two events of a queue hold besides what all have. */
export function queueEventFields(session: Session, pull: PullRequest, event: QueueEvent): Readonly<Record<string, unknown>> {
  const fields = {
    enqueuer: () => userOnly(session, event.enqueuer),
    mergeQueue: () => mergeQueueNode(session, pull.repository, pull.base.ref),
  };
  if (event.event === "added_to_merge_queue") return fields;
  const { before, reason } = event;
  return {
    ...fields,
    reason: TIMELINE_WORDS[reason],
    beforeCommit: () => (before === null ? null : commitNode(session, pull.repository, before)),
  };
}
