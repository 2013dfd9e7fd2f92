/** Pull requests and their reviews as GraphQL shows them. */
import type { GraphQLResolveInfo } from "graphql";

import { actorNode, reviewerNode } from "./graphql-actors.ts";
import { commitNode, refNode } from "./graphql-commits.ts";
import { connection, type ConnectionArguments, type GraphqlNode } from "./graphql-connection.ts";
import { queueFields } from "./graphql-merge-queue.ts";
import { repositoryNode } from "./graphql-repositories.ts";
import { pageOf, type Session } from "./graphql-session.ts";
import { selectThreads, threadFields, type ThreadFilters } from "./graphql-threads.ts";
import type { PullRequest, Review } from "./model.ts";
import { canPush } from "./state/access.ts";
import { commitsOf, filesOf, readMergeable } from "./state/pulls.ts";

export interface PullRequestsArguments extends ConnectionArguments, ThreadFilters {
  readonly headRefName?: string | null;
  readonly baseRefName?: string | null;
}

interface ReviewsArguments extends ConnectionArguments {
  readonly states?: readonly string[] | null;
  readonly author?: string | null;
}

export function reviewNode(session: Session, review: Review): GraphqlNode {
  const { pull } = review;
  const { repository } = pull;
  const path = [repository.owner.login, repository.name, "pull", `${pull.number}#pullrequestreview-${review.id}`];
  return {
    __typename: "PullRequestReview",
    id: review.nodeId,
    databaseId: review.id,
    fullDatabaseId: String(review.id),
    state: review.state,
    body: review.body,
    bodyText: review.body,
    createdAt: review.submittedAt,
    publishedAt: review.submittedAt,
    submittedAt: review.state === "PENDING" ? null : review.submittedAt,
    updatedAt: review.submittedAt,
    lastEditedAt: null,
    editor: null,
    resourcePath: `/${path.join("/")}`,
    url: pageOf(session, ...path),
    authorCanPushToRepository: () => session.state.accounts.has(review.author.id) && canPush(session.state, review.author, repository),
    author: () => actorNode(session, review.author),
    commit: () => commitNode(session, repository, review.commit),
    pullRequest: () => pullRequestNode(session, pull),
    repository: () => repositoryNode(session, repository),
  };
}

function reviewConnection(session: Session, reviews: readonly Review[], args: ReviewsArguments, info: GraphQLResolveInfo): GraphqlNode {
  const items = reviews.filter((review) => {
    return (args.states?.includes(review.state) ?? true) && (args.author == null || review.author.login === args.author);
  });
  return connection({ items, key: (review) => review.id, node: (review) => reviewNode(session, review) }, args, info);
}

/** The last review of each person; with `opinionated`, the last that approves, refuses or was dismissed. */
function latestReviews(pull: PullRequest, opinionated: boolean): readonly Review[] {
  const reviews = pull.reviews.filter((review) => review.state !== "PENDING" && !(opinionated && review.state === "COMMENTED"));
  return [...new Map(reviews.map((review) => [review.author.id, review])).values()];
}

/** Says no more than the reviews say: rules that want a review are GitHub's own matter when merging. */
function reviewDecision(pull: PullRequest): string | null {
  const states = latestReviews(pull, true).map((review) => review.state);
  if (states.includes("CHANGES_REQUESTED")) return "CHANGES_REQUESTED";
  return states.includes("APPROVED") ? "APPROVED" : null;
}

async function mergeable(session: Session, pull: PullRequest): Promise<string> {
  const answer = await readMergeable(session.state, pull);
  if (answer === null) return "UNKNOWN";
  return answer ? "MERGEABLE" : "CONFLICTING";
}

function connections(session: Session, pull: PullRequest): Readonly<Record<string, unknown>> {
  const { repository } = pull;
  return {
    reviews: (args: ReviewsArguments, _context: unknown, info: GraphQLResolveInfo) => reviewConnection(session, pull.reviews, args, info),
    latestReviews: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      return reviewConnection(session, latestReviews(pull, false), args, info);
    },
    latestOpinionatedReviews: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      return reviewConnection(session, latestReviews(pull, true), args, info);
    },
    reviewRequests: (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const items = [...pull.requestedReviewers, ...pull.requestedTeams];
      const node = (reviewer: (typeof items)[number]): GraphqlNode => ({
        __typename: "ReviewRequest",
        id: `RR_${pull.id}_${reviewer.nodeId}`,
        asCodeOwner: false,
        requestedReviewer: () => reviewerNode(session, reviewer),
        pullRequest: () => pullRequestNode(session, pull),
      });
      return connection({ items, key: (reviewer) => reviewer.nodeId, node }, args, info);
    },
    commits: async (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const items = await commitsOf(pull);
      const node = (commit: (typeof items)[number]): GraphqlNode => ({
        __typename: "PullRequestCommit",
        id: `PURC_${pull.id}_${commit.oid}`,
        commit: () => commitNode(session, repository, commit.oid),
        pullRequest: () => pullRequestNode(session, pull),
        url: pageOf(session, repository.owner.login, repository.name, "pull", pull.number, "commits", commit.oid),
      });
      return connection({ items, key: (commit) => commit.oid, node }, args, info);
    },
    files: async (args: ConnectionArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const items = await filesOf(pull);
      const node = (file: (typeof items)[number]): GraphqlNode => ({
        __typename: "PullRequestChangedFile",
        path: file.path,
        additions: file.additions,
        deletions: file.deletions,
        changeType: file.status === "removed" ? "DELETED" : file.status.toUpperCase(),
      });
      return connection({ items, key: (file) => file.path, node }, args, info);
    },
  };
}

export function pullRequestNode(session: Session, pull: PullRequest): GraphqlNode {
  const { repository, head, base } = pull;
  const sameRepository = head.repository?.id === repository.id;
  return {
    __typename: "PullRequest",
    ...threadFields(session, pull),
    ...connections(session, pull),
    isDraft: pull.draft,
    merged: pull.mergedAt !== null,
    mergedAt: pull.mergedAt,
    additions: pull.stats.additions,
    deletions: pull.stats.deletions,
    changedFiles: pull.stats.changedFiles,
    baseRefName: base.ref,
    baseRefOid: base.oid,
    headRefName: head.ref,
    headRefOid: head.oid,
    isCrossRepository: !sameRepository,
    ...queueFields(session, pull),
    autoMergeRequest: null,
    maintainerCanModify: true,
    permalink: pageOf(session, repository.owner.login, repository.name, "pull", pull.number),
    mergeable: () => mergeable(session, pull),
    reviewDecision: () => reviewDecision(pull),
    mergedBy: () => actorNode(session, pull.mergedBy),
    mergeCommit: () => (pull.mergeCommit === null ? null : commitNode(session, repository, pull.mergeCommit)),
    baseRef: () => refNode(session, repository, `refs/heads/${base.ref}`),
    headRef: () => (head.repository === null ? null : refNode(session, head.repository, `refs/heads/${head.ref}`)),
    baseRepository: () => repositoryNode(session, repository),
    headRepository: () => (head.repository === null ? null : repositoryNode(session, head.repository)),
    headRepositoryOwner: () => actorNode(session, head.owner),
  };
}

/** Pull requests that pass the filters, by creation unless another order is asked for. */
export function pullRequestConnection(
  session: Session,
  pulls: readonly PullRequest[],
  args: PullRequestsArguments,
  info: GraphQLResolveInfo,
): GraphqlNode {
  const wanted = pulls.filter((pull) => {
    return (
      (args.headRefName == null || pull.head.ref === args.headRefName) && (args.baseRefName == null || pull.base.ref === args.baseRefName)
    );
  });
  const items = selectThreads(wanted, args);
  return connection({ items, key: (pull) => pull.id, node: (pull) => pullRequestNode(session, pull) }, args, info);
}
