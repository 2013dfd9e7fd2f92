/** What issues and pull requests have in common as GraphQL shows them: labels, comments, the timeline. */
import type { GraphQLResolveInfo } from "graphql";

import { actorNode, reviewerNode } from "./graphql-actors.ts";
import { commitNode, refNode } from "./graphql-commits.ts";
import { connection, type ConnectionArguments, type GraphqlNode, type Resolved } from "./graphql-connection.ts";
import { issueConnection, issueNode, type IssuesArguments } from "./graphql-issues.ts";
import { queueEventFields } from "./graphql-merge-queue.ts";
import { pullRequestConnection, pullRequestNode, reviewNode, type PullRequestsArguments } from "./graphql-pulls.ts";
import { repositoryNode } from "./graphql-repositories.ts";
import { pageOf, requireRead, type Session } from "./graphql-session.ts";
import type { Comment, Instant, Issue, Label, PullRequest, Repository, Review, TimelineEvent } from "./model.ts";

export interface Direction {
  readonly field: string;
  readonly direction: "ASC" | "DESC";
}

export interface LabelsArguments extends ConnectionArguments {
  readonly orderBy?: Direction | null;
  readonly query?: string | null;
}

export interface ThreadFilters {
  readonly states?: readonly string[] | null;
  readonly labels?: readonly string[] | null;
  readonly orderBy?: Direction | null;
}

function isPullRequest(thread: Issue | PullRequest): thread is PullRequest {
  return thread.kind === "pull-request";
}

export function threadNode(session: Session, thread: Issue | PullRequest): GraphqlNode {
  return isPullRequest(thread) ? pullRequestNode(session, thread) : issueNode(session, thread);
}

/** `OPEN`, `CLOSED` or `MERGED`. */
export function threadState(thread: Issue | PullRequest): string {
  return isPullRequest(thread) && thread.mergedAt !== null ? "MERGED" : thread.state.toUpperCase();
}

/** Those in one of the states that carry any of the labels, in the order asked for. */
export function selectThreads<T extends Issue | PullRequest>(threads: readonly T[], filters: ThreadFilters): readonly T[] {
  const labels = filters.labels?.map((label) => label.toLowerCase()) ?? null;
  const found = threads.filter((thread) => {
    const state = filters.states == null || filters.states.includes(threadState(thread));
    return state && (labels === null || thread.labels.some((label) => labels.includes(label.name.toLowerCase())));
  });
  const measure = (thread: T): number => {
    if (filters.orderBy?.field === "UPDATED_AT") return thread.updatedAt;
    return filters.orderBy?.field === "COMMENTS" ? thread.comments.length : thread.createdAt;
  };
  const sign = filters.orderBy?.direction === "DESC" ? -1 : 1;
  return found.toSorted((left, right) => sign * (measure(left) - measure(right) || left.number - right.number));
}

export function threadsOf<K extends "issue" | "pull-request">(
  repository: Repository,
  kind: K,
): readonly Extract<Issue | PullRequest, { kind: K }>[] {
  return [...repository.threads.values()].filter((thread): thread is Extract<Issue | PullRequest, { kind: K }> => thread.kind === kind);
}

export function labelNode(session: Session, repository: Repository, label: Label): GraphqlNode {
  const path = [repository.owner.login, repository.name, "labels", encodeURIComponent(label.name)];
  const carries = (thread: Issue | PullRequest): boolean => thread.labels.some((each) => each.id === label.id);
  return {
    __typename: "Label",
    id: label.nodeId,
    name: label.name,
    color: label.color,
    description: label.description,
    createdAt: label.createdAt,
    updatedAt: label.createdAt,
    isDefault: false,
    resourcePath: `/${path.join("/")}`,
    url: pageOf(session, ...path),
    repository: () => repositoryNode(session, repository),
    issues: (args: IssuesArguments, _context: unknown, info: GraphQLResolveInfo) => {
      requireRead(session, repository, "issues");
      return issueConnection(session, threadsOf(repository, "issue").filter(carries), args, info);
    },
    pullRequests: (args: PullRequestsArguments, _context: unknown, info: GraphQLResolveInfo) => {
      requireRead(session, repository, "pull_requests");
      return pullRequestConnection(session, threadsOf(repository, "pull-request").filter(carries), args, info);
    },
  };
}

export function labelConnection(
  session: Session,
  repository: Repository,
  labels: readonly Label[],
  args: LabelsArguments,
  info: GraphQLResolveInfo,
): GraphqlNode {
  const sign = args.orderBy?.direction === "DESC" ? -1 : 1;
  const byName = args.orderBy?.field === "NAME";
  const items = labels.toSorted((left, right) => sign * (byName ? left.name.localeCompare(right.name) : left.id - right.id));
  return connection({ items, key: (label) => label.id, node: (label) => labelNode(session, repository, label) }, args, info);
}

/** Why a comment was folded away. The sandbox's REST does not show it, so it is kept here. */
const minimized = new WeakMap<Comment, string>();

export function minimize(comment: Comment, reason: string): void {
  minimized.set(comment, reason.toLowerCase());
}

export function commentNode(session: Session, comment: Comment): GraphqlNode {
  const { repository, number, kind } = comment.thread;
  const path = [repository.owner.login, repository.name, kind === "issue" ? "issues" : "pull", `${number}#issuecomment-${comment.id}`];
  return {
    __typename: "IssueComment",
    id: comment.nodeId,
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    body: comment.body,
    bodyText: comment.body,
    createdAt: comment.createdAt,
    publishedAt: comment.createdAt,
    updatedAt: comment.updatedAt,
    lastEditedAt: comment.lastEditedBy === null ? null : comment.updatedAt,
    includesCreatedEdit: comment.lastEditedBy !== null,
    isMinimized: () => minimized.has(comment),
    minimizedReason: () => minimized.get(comment) ?? null,
    resourcePath: `/${path.join("/")}`,
    url: pageOf(session, ...path),
    author: () => actorNode(session, comment.author),
    editor: () => actorNode(session, comment.lastEditedBy),
    repository: () => repositoryNode(session, repository),
    issue: () => (comment.thread.kind === "issue" ? issueNode(session, comment.thread) : null),
    pullRequest: () => (comment.thread.kind === "pull-request" ? pullRequestNode(session, comment.thread) : null),
  };
}

export interface TimelineArguments extends ConnectionArguments {
  readonly itemTypes?: readonly string[] | null;
  readonly since?: string | null;
}

interface TimelineItem {
  /** As in `itemTypes`. */
  readonly type: string;
  readonly key: string;
  readonly at: Instant;
  readonly node: () => Resolved;
}

const EVENT_TYPES: Readonly<Record<TimelineEvent["event"], string>> = {
  labeled: "LABELED_EVENT",
  unlabeled: "UNLABELED_EVENT",
  closed: "CLOSED_EVENT",
  reopened: "REOPENED_EVENT",
  ready_for_review: "READY_FOR_REVIEW_EVENT",
  convert_to_draft: "CONVERT_TO_DRAFT_EVENT",
  merged: "MERGED_EVENT",
  review_requested: "REVIEW_REQUESTED_EVENT",
  review_request_removed: "REVIEW_REQUEST_REMOVED_EVENT",
  review_dismissed: "REVIEW_DISMISSED_EVENT",
  head_ref_force_pushed: "HEAD_REF_FORCE_PUSHED_EVENT",
  head_ref_deleted: "HEAD_REF_DELETED_EVENT",
  head_ref_restored: "HEAD_REF_RESTORED_EVENT",
  commented: "ISSUE_COMMENT",
  renamed: "RENAMED_TITLE_EVENT",
  added_to_merge_queue: "ADDED_TO_MERGE_QUEUE_EVENT",
  removed_from_merge_queue: "REMOVED_FROM_MERGE_QUEUE_EVENT",
};

/** `LABELED_EVENT` is the item type of `LabeledEvent`. */
function typeName(itemType: string): string {
  return itemType
    .split("_")
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join("");
}

function eventFields(session: Session, thread: Issue | PullRequest, event: TimelineEvent): Readonly<Record<string, unknown>> {
  const { repository } = thread;
  switch (event.event) {
    case "labeled":
    case "unlabeled":
      return { label: () => labelNode(session, repository, event.label), labelable: () => threadNode(session, thread) };
    case "closed":
    case "reopened":
      return { closable: () => threadNode(session, thread), stateReason: null, closer: null };
    case "merged":
      return {
        commit: () => commitNode(session, repository, event.commit),
        mergeRef: () => (isPullRequest(thread) ? refNode(session, repository, `refs/heads/${thread.base.ref}`) : null),
        mergeRefName: isPullRequest(thread) ? thread.base.ref : "",
      };
    case "review_requested":
    case "review_request_removed":
      return { requestedReviewer: () => reviewerNode(session, event.reviewer) };
    case "review_dismissed":
      return { review: () => reviewNode(session, event.review), dismissalMessage: event.message, databaseId: event.id };
    case "head_ref_force_pushed":
      return {
        beforeCommit: () => commitNode(session, repository, event.before),
        afterCommit: () => commitNode(session, repository, event.after),
      };
    case "head_ref_deleted":
    case "head_ref_restored":
      return { headRefName: isPullRequest(thread) ? thread.head.ref : "" };
    case "renamed":
      return { previousTitle: event.from, currentTitle: event.to, subject: () => threadNode(session, thread) };
    case "added_to_merge_queue":
    case "removed_from_merge_queue":
      return isPullRequest(thread) ? queueEventFields(session, thread, event) : {};
    case "ready_for_review":
    case "convert_to_draft":
    case "commented":
      return {};
  }
}

function eventItem(session: Session, thread: Issue | PullRequest, event: TimelineEvent): TimelineItem {
  const type = EVENT_TYPES[event.event];
  const node = (): GraphqlNode => {
    if (event.event === "commented") return commentNode(session, event.comment);
    return {
      __typename: typeName(type),
      id: event.nodeId,
      createdAt: event.at,
      actor: () => actorNode(session, event.actor),
      pullRequest: () => threadNode(session, thread),
      ...eventFields(session, thread, event),
    };
  };
  return { type, key: event.nodeId, at: event.at, node };
}

function reviewItem(session: Session, review: Review): TimelineItem {
  return { type: "PULL_REQUEST_REVIEW", key: review.nodeId, at: review.submittedAt, node: () => reviewNode(session, review) };
}

/** `timelineItems`: events, comments and reviews in the order they happened. */
export function timeline(session: Session, thread: Issue | PullRequest, args: TimelineArguments, info: GraphQLResolveInfo): GraphqlNode {
  const events = thread.timeline.map((event) => eventItem(session, thread, event));
  const reviews = isPullRequest(thread) ? thread.reviews.map((review) => reviewItem(session, review)) : [];
  const since = args.since == null ? 0 : Date.parse(args.since);
  const items = [...events, ...reviews]
    .toSorted((left, right) => left.at - right.at)
    .filter((item) => item.at >= since && (args.itemTypes?.includes(item.type) ?? true));
  return connection({ items, key: (item) => item.key, node: (item) => item.node() }, args, info, { updatedAt: thread.updatedAt });
}

/** Fields that issues and pull requests share. */
export function threadFields(session: Session, thread: Issue | PullRequest): Readonly<Record<string, unknown>> {
  const { repository } = thread;
  const path = [repository.owner.login, repository.name, thread.kind === "issue" ? "issues" : "pull", thread.number];
  return {
    id: thread.nodeId,
    databaseId: thread.id,
    fullDatabaseId: String(thread.id),
    number: thread.number,
    title: thread.title,
    body: thread.body ?? "",
    bodyText: thread.body ?? "",
    state: threadState(thread),
    closed: thread.state === "closed",
    locked: false,
    createdAt: thread.createdAt,
    publishedAt: thread.createdAt,
    updatedAt: thread.updatedAt,
    closedAt: thread.closedAt,
    resourcePath: `/${path.join("/")}`,
    url: pageOf(session, ...path),
    author: () => actorNode(session, thread.author),
    repository: () => repositoryNode(session, repository),
    labels: (args: LabelsArguments, _context: unknown, info: GraphQLResolveInfo) => {
      return labelConnection(session, repository, thread.labels, args, info);
    },
    comments: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      return connection(
        { items: thread.comments, key: (comment) => comment.id, node: (comment) => commentNode(session, comment) },
        args,
        info,
      );
    },
    timelineItems: (args: TimelineArguments, _context: unknown, info: GraphQLResolveInfo) => timeline(session, thread, args, info),
  };
}
