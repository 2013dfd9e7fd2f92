/**
 * Every GraphQL document that the adapter sends. The sizes of lists are variables: what is longer than usual is read
 * again in full with the same fragment, and what is too heavy for GitHub is read again in smaller pages.
 */

/** Whether GitHub made and signed a commit. */
const COMMIT = `
fragment CommitFields on Commit {
  oid
  author { email }
  signature { isValid wasSignedByGitHub state }
}`;

/** Who is named in a commit; `authors` holds co-authors too. Each commit of each pull request is a list more, and lists are what GitHub counts. */
const COMMIT_PEOPLE = `
fragment CommitPeopleFields on Commit {
  ...CommitFields
  authors(first: 10) { pageInfo { hasNextPage } nodes { user { login } } }
  committer { email user { login } }
}${COMMIT}`;

const ACTOR = `
fragment ActorFields on Actor { __typename login }`;

/** The App's own check on a commit. */
const OWN_CHECK = `
fragment OwnCheckFields on Commit {
  oid
  checkSuites(first: 2, filterBy: { appId: $app }) {
    nodes {
      checkRuns(first: 10, filterBy: { checkName: $checkName }) {
        nodes { id databaseId name externalId status conclusion startedAt }
      }
    }
  }
}`;

/** What a pull request is, and what people said and did on it. */
const PULL_REQUEST = `
fragment PullRequestFields on PullRequest {
  id number title url state isDraft createdAt updatedAt
  author { ...ActorFields }
  baseRefName headRefName headRefOid isCrossRepository
  mergedAt mergedBy { ...ActorFields } mergeCommit { oid } closedAt
  labels(first: $labels) { pageInfo { hasNextPage } nodes { name } }
  comments(last: $comments) {
    pageInfo { hasPreviousPage }
    nodes { id body createdAt author { ...ActorFields } editor { ...ActorFields } }
  }
  timelineItems(last: $timeline, itemTypes: [
    LABELED_EVENT, REVIEW_REQUESTED_EVENT, CLOSED_EVENT, ADDED_TO_MERGE_QUEUE_EVENT, REMOVED_FROM_MERGE_QUEUE_EVENT
  ]) {
    pageInfo { hasPreviousPage }
    nodes {
      __typename
      ... on LabeledEvent { id createdAt actor { ...ActorFields } label { name } }
      ... on ClosedEvent { createdAt actor { ...ActorFields } }
      ... on AddedToMergeQueueEvent { createdAt actor { ...ActorFields } }
      ... on RemovedFromMergeQueueEvent { createdAt actor { ...ActorFields } reason }
      ... on ReviewRequestedEvent {
        requestedReviewer {
          __typename
          ... on User { login }
          ... on Bot { login }
          ... on Mannequin { login }
          ... on Team { slug }
        }
      }
    }
  }
  headCommit: commits(last: 1) {
    nodes {
      commit { ...OwnCheckFields }
    }
  }
}${ACTOR}${OWN_CHECK}`;

const PULL_REQUEST_SIZES = "$app: Int!, $checkName: String!, $labels: Int!, $comments: Int!, $timeline: Int!";

/** Only reviews that decide something, so that nobody can hide an approval behind a hundred remarks. */
const REVIEW = `
fragment ReviewFields on PullRequestReview {
  id state createdAt submittedAt authorCanPushToRepository author { ...ActorFields } commit { oid }
}`;

const DECISIVE = "states: [APPROVED, CHANGES_REQUESTED, DISMISSED]";

/** Beside it, what decides whether it may be merged. */
const OPEN_PULL_REQUEST = `
fragment OpenPullRequestFields on PullRequest {
  ...PullRequestFields
  reviews(last: $reviews, ${DECISIVE}) { pageInfo { hasPreviousPage startCursor } nodes { ...ReviewFields } }
  commits(first: $commits) { totalCount nodes { commit { ...CommitPeopleFields } } }
}${PULL_REQUEST}${REVIEW}${COMMIT_PEOPLE}`;

const OPEN_SIZES = `${PULL_REQUEST_SIZES}, $reviews: Int!, $commits: Int!`;

const ISSUE = `
fragment IssueFields on Issue {
  number title state
  author { ...ActorFields }
  labels(first: 100) { nodes { name } }
  timelineItems(last: 30, itemTypes: [LABELED_EVENT, CLOSED_EVENT]) {
    nodes {
      __typename
      ... on LabeledEvent { id createdAt actor { ...ActorFields } label { name } }
      ... on ClosedEvent { createdAt actor { ...ActorFields } }
    }
  }
}`;

const BRANCH = `
fragment BranchFields on Ref { prefix name target { __typename oid ... on Commit { ...CommitFields } } }`;

/** Open issues are counted by label, so that a freeze that is missing from the list of issues is noticed. */
const LABEL = `
fragment LabelFields on Label { name issues(states: [OPEN], first: 1) { totalCount } }`;

const OPEN_PULL_REQUESTS = `
    open: pullRequests(first: $pullRequests, after: $after, states: [OPEN], orderBy: { field: CREATED_AT, direction: DESC }) {
      pageInfo { hasNextPage endCursor }
      nodes { ...OpenPullRequestFields }
    }`;

const ENDED_PULL_REQUESTS = `
    ended: pullRequests(first: $ended, after: $after, states: [MERGED, CLOSED], orderBy: { field: UPDATED_AT, direction: DESC }) {
      pageInfo { hasNextPage endCursor }
      nodes { ...PullRequestFields }
    }`;

const BRANCHES = `
    branches: refs(refPrefix: "refs/heads/pinion/", first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { ...BranchFields }
    }`;

const LABELS = `
    labels(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { ...LabelFields }
    }`;

/** One look at the repository in one request. `$after` is null here; the page documents below give it. */
export const SNAPSHOT = `
query Snapshot($owner: String!, $name: String!, $after: String, $pullRequests: Int!, $ended: Int!, ${OPEN_SIZES}) {
  repository(owner: $owner, name: $name) {
    id databaseId
    mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed
    defaultBranchRef { name target { oid } }
    mergeQueue { configuration { mergingStrategy } entries(first: 1) { totalCount } }
    logRef: ref(qualifiedName: "refs/heads/pinion-log") { target { oid } }${OPEN_PULL_REQUESTS}${ENDED_PULL_REQUESTS}
    issues(first: 50, states: [OPEN, CLOSED], orderBy: { field: UPDATED_AT, direction: DESC }) {
      nodes { ...IssueFields }
    }${BRANCHES}${LABELS}
    deployments(first: 50, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes { databaseId environment task commitOid creator { ...ActorFields } latestStatus { state } }
    }
  }
}${OPEN_PULL_REQUEST}${ISSUE}${BRANCH}${LABEL}`;

/**
 * What the merge queue tries now, and whether the App's check passed on the commits that pull requests (`$merged`) came in by. Asked only
 * where something is in the queue, or came out of it lately.
 */
export const MERGE_QUEUE = `
query MergeQueue($owner: String!, $name: String!, $after: String, $merged: [ID!]!, $app: Int!, $checkName: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { target { oid } }
    mergeQueue {
      entries(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          position enqueuedAt
          enqueuer { ...ActorFields }
          pullRequest { number }
          baseCommit { oid }
          headCommit { ...OwnCheckFields }
        }
      }
    }
  }
  nodes(ids: $merged) { __typename ... on PullRequest { number mergeCommit { ...OwnCheckFields } } }
}${ACTOR}${OWN_CHECK}`;

export const ENQUEUE_PULL_REQUEST = `
mutation EnqueuePullRequest($input: EnqueuePullRequestInput!) {
  enqueuePullRequest(input: $input) { mergeQueueEntry { position } }
}`;

export const DEQUEUE_PULL_REQUEST = `
mutation DequeuePullRequest($input: DequeuePullRequestInput!) {
  dequeuePullRequest(input: $input) { mergeQueueEntry { position } }
}`;

export const OPEN_PAGE = `
query OpenPullRequests($owner: String!, $name: String!, $after: String, $pullRequests: Int!, ${OPEN_SIZES}) {
  repository(owner: $owner, name: $name) {${OPEN_PULL_REQUESTS}
  }
}${OPEN_PULL_REQUEST}`;

export const ENDED_PAGE = `
query EndedPullRequests($owner: String!, $name: String!, $after: String, $ended: Int!, ${PULL_REQUEST_SIZES}) {
  repository(owner: $owner, name: $name) {${ENDED_PULL_REQUESTS}
  }
}${PULL_REQUEST}`;

export const BRANCHES_PAGE = `
query Branches($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {${BRANCHES}
  }
}${BRANCH}${COMMIT}`;

export const LABELS_PAGE = `
query Labels($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {${LABELS}
  }
}${LABEL}`;

/** One label at a time: GitHub does not say whether several labels mean all of them or any. */
export const OPEN_ISSUES_WITH_LABEL = `
query OpenIssuesWithLabel($owner: String!, $name: String!, $label: String!) {
  repository(owner: $owner, name: $name) {
    issues(first: 100, states: [OPEN], labels: [$label]) {
      pageInfo { hasNextPage }
      nodes { ...IssueFields }
    }
  }
}${ISSUE}${ACTOR}`;

/** Pull requests that had more commits, reviews, labels, comments or events than the snapshot reads. */
export const PULL_REQUESTS_IN_FULL = `
query PullRequestsInFull($ids: [ID!]!, ${OPEN_SIZES}) {
  nodes(ids: $ids) { __typename ...OpenPullRequestFields }
}${OPEN_PULL_REQUEST}`;

/** The reviews before those that were read. */
export const EARLIER_REVIEWS = `
query EarlierReviews($id: ID!, $before: String!) {
  node(id: $id) {
    ... on PullRequest {
      reviews(last: 100, before: $before, ${DECISIVE}) { pageInfo { hasPreviousPage startCursor } nodes { ...ReviewFields } }
    }
  }
}${REVIEW}${ACTOR}`;

export const PULL_REQUESTS_OF_COMMIT = `
query PullRequestsOfCommit($owner: String!, $name: String!, $commit: GitObjectID!, ${PULL_REQUEST_SIZES}) {
  repository(owner: $owner, name: $name) {
    object(oid: $commit) {
      __typename
      ... on Commit {
        associatedPullRequests(first: 20) { pageInfo { hasNextPage } nodes { ...PullRequestFields } }
      }
    }
  }
}${PULL_REQUEST}`;

/**
 * `commit0`, `commit1` … are the aliases and `$oid0`, `$oid1` … the variables. GitHub signs the squash of a pull request too, as
 * made by whoever opened it: so the pull requests that brought a commit are asked for as well.
 */
export function commitsDocument(count: number): string {
  const indices = Array.from({ length: count }, (_, index) => index);
  const variables = indices.map((index) => `$oid${index}: GitObjectID!`).join(", ");
  const fields = indices.map((index) => `commit${index}: object(oid: $oid${index}) { __typename ...BroughtFields }`).join("\n    ");
  return `
query Commits($owner: String!, $name: String!, ${variables}) {
  repository(owner: $owner, name: $name) {
    ${fields}
  }
}
fragment BroughtFields on Commit {
  ...CommitFields
  associatedPullRequests(first: 10) { pageInfo { hasNextPage } nodes { state mergeCommit { oid } } }
}${COMMIT}`;
}

/** Direct members and members of child teams; pending invitations are no members. */
export const CHECKS_OF_COMMIT = `
query ChecksOfCommit($owner: String!, $name: String!, $commit: GitObjectID!, $after: String, $first: Boolean!) {
  repository(owner: $owner, name: $name) {
    object(oid: $commit) {
      __typename
      ... on Commit {
        status @include(if: $first) { contexts { context state creator { __typename login } } }
        checkSuites(first: 50, after: $after) {
          pageInfo { hasNextPage endCursor }
          nodes {
            app { slug }
            checkRuns(first: 100, filterBy: { checkType: LATEST }) {
              pageInfo { hasNextPage endCursor }
              nodes { name status conclusion }
            }
          }
        }
      }
    }
  }
}`;

export const TEAM_MEMBERS = `
query TeamMembers($organization: String!, $team: String!, $after: String) {
  organization(login: $organization) {
    team(slug: $team) {
      members(first: 100, after: $after, membership: ALL) {
        pageInfo { hasNextPage endCursor }
        nodes { login }
      }
    }
  }
}`;

/** What classic protection demands of a branch, as far as it is told to who may only read. */
export const REF_UPDATE_RULE = `
query RefUpdateRule($owner: String!, $name: String!, $ref: String!) {
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: $ref) {
      refUpdateRule {
        requiredApprovingReviewCount requiresCodeOwnerReviews requiresLinearHistory allowsForcePushes allowsDeletions
      }
    }
  }
}`;

/** The node id that mutations want. */
export const REPOSITORY_ID = `
query RepositoryId($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { id databaseId }
}`;

/** What a pull request holds that was just opened, or stood there already: enough to tell whether all of it is the App's own. */
const OPENED = `
fragment OpenedFields on PullRequest {
  id number headRefOid isCrossRepository baseRefName
  author { ...ActorFields }
  commits(first: 30) { totalCount nodes { commit { ...CommitFields } } }
}${COMMIT}${ACTOR}`;

export const OPEN_PULL_REQUESTS_OF_BRANCH = `
query OpenPullRequestsOfBranch($owner: String!, $name: String!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: 10, states: [OPEN], headRefName: $branch) { nodes { ...OpenedFields } }
  }
}${OPENED}`;

/**
 * Opens a pull request, after creating its branch (`claim`) and committing to it (`commit`) when wanted.
 * Variables: `$claim`, `$commit` and `$pullRequest`, each the input of its mutation.
 */
export function openDocument(steps: { readonly claim: boolean; readonly commit: boolean }): string {
  const variables = [
    ...(steps.claim ? ["$claim: CreateRefInput!"] : []),
    ...(steps.commit ? ["$commit: CreateCommitOnBranchInput!"] : []),
    "$pullRequest: CreatePullRequestInput!",
  ];
  return `
mutation OpenPullRequest(${variables.join(", ")}) {${steps.claim ? CLAIM : ""}${steps.commit ? COMMIT_ON_BRANCH : ""}
  pullRequest: createPullRequest(input: $pullRequest) { pullRequest { ...OpenedFields } }
}${OPENED}`;
}

const CLAIM = `
  claim: createRef(input: $claim) { ref { name } }`;

const COMMIT_ON_BRANCH = `
  commit: createCommitOnBranch(input: $commit) { commit { oid } }`;

/** A new branch with one commit on it. */
export const CLAIM_AND_COMMIT = `
mutation ClaimAndCommit($claim: CreateRefInput!, $commit: CreateCommitOnBranchInput!) {${CLAIM}${COMMIT_ON_BRANCH}
}`;

export const REF = `
query Ref($owner: String!, $name: String!, $ref: String!) {
  repository(owner: $owner, name: $name) { ref(qualifiedName: $ref) { target { oid } } }
}`;

/** All of the updates or none; each only if the ref is at its `beforeOid`. */
export const UPDATE_REFS = `
mutation UpdateRefs($input: UpdateRefsInput!) {
  updateRefs(input: $input) { clientMutationId }
}`;

export const CLOSE_PULL_REQUEST = `
mutation ClosePullRequest($input: ClosePullRequestInput!) {
  closePullRequest(input: $input) { pullRequest { state } }
}`;

/**
 * A commit of the promotion log (alias `records`, variable `$records`) and check runs: `check0`, `check1` … are
 * the aliases and the variables, each new or an update as `checks` says.
 */
export function publishDocument(records: boolean, checks: readonly ("create" | "update")[]): string {
  const variables = [
    ...(records ? ["$records: CreateCommitOnBranchInput!"] : []),
    ...checks.map((kind, index) => `$check${index}: ${kind === "create" ? "CreateCheckRunInput!" : "UpdateCheckRunInput!"}`),
  ];
  const fields = [
    ...(records ? ["records: createCommitOnBranch(input: $records) { commit { oid } }"] : []),
    ...checks.map((kind, index) => `check${index}: ${kind}CheckRun(input: $check${index}) { checkRun { id databaseId } }`),
  ];
  return `
mutation Publish(${variables.join(", ")}) {
  ${fields.join("\n  ")}
}`;
}
