import type { Oid, PullRequest, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";
import type { Json } from "./accounts.ts";
import { association, iso, isoOrNull, simpleUser, team, userOrNull } from "./accounts.ts";
import { repository, repositoryPage, repositoryUrl } from "./repositories.ts";
import { label } from "./threads.ts";

function side(state: GitHubState, owner: PullRequest["author"], where: Repository | null, ref: string, sha: Oid): Json {
  return {
    label: `${owner.login}:${ref}`,
    ref,
    sha,
    user: simpleUser(state, owner),
    repo: where === null ? null : repository(state, where),
  };
}

function links(url: string, issueUrl: string, page: string, statuses: string): Json {
  const paths: Readonly<Record<string, string>> = {
    self: url,
    html: page,
    issue: issueUrl,
    comments: `${issueUrl}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${url.replace(/\/\d+$/, "")}/comments{/number}`,
    commits: `${url}/commits`,
    statuses,
  };
  return Object.fromEntries(Object.entries(paths).map(([name, href]) => [name, { href }]));
}

/** What lists show of a pull request. */
export function pullRequestSimple(state: GitHubState, pull: PullRequest): Json {
  const api = repositoryUrl(state, pull.repository);
  const url = `${api}/pulls/${pull.number}`;
  const issueUrl = `${api}/issues/${pull.number}`;
  const page = `${repositoryPage(state, pull.repository)}/pull/${pull.number}`;
  const statuses = `${api}/statuses/${pull.head.oid}`;
  return {
    url,
    id: pull.id,
    node_id: pull.nodeId,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issueUrl,
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: simpleUser(state, pull.author),
    body: pull.body,
    created_at: iso(pull.createdAt),
    updated_at: iso(pull.updatedAt),
    closed_at: isoOrNull(pull.closedAt),
    merged_at: isoOrNull(pull.mergedAt),
    merge_commit_sha: pull.mergeCommit,
    assignee: null,
    assignees: [],
    requested_reviewers: pull.requestedReviewers.map((account) => simpleUser(state, account)),
    requested_teams: pull.requestedTeams.map((each) => team(state, each)),
    labels: pull.labels.map((each) => label(state, pull.repository, each)),
    milestone: null,
    draft: pull.draft,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: statuses,
    head: side(state, pull.head.owner, pull.head.repository, pull.head.ref, pull.head.oid),
    base: side(state, pull.repository.owner, pull.repository, pull.base.ref, pull.base.oid),
    _links: links(url, issueUrl, page, statuses),
    author_association: association(state, pull.author, pull.repository),
    auto_merge: null,
    active_lock_reason: null,
  };
}

export type MergeableState = "behind" | "blocked" | "clean" | "dirty" | "draft" | "unknown" | "unstable";

/** One pull request by itself, and in webhooks (where `mergeable` is not known yet). */
export function pullRequest(
  state: GitHubState,
  pull: PullRequest,
  merge: { readonly mergeable: boolean | null; readonly state: MergeableState } = { mergeable: null, state: "unknown" },
): Json {
  return {
    ...pullRequestSimple(state, pull),
    merged: pull.mergedAt !== null,
    mergeable: merge.mergeable,
    rebaseable: merge.mergeable,
    mergeable_state: merge.state,
    merged_by: userOrNull(state, pull.mergedBy),
    comments: pull.comments.length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: pull.stats.commits,
    additions: pull.stats.additions,
    deletions: pull.stats.deletions,
    changed_files: pull.stats.changedFiles,
  };
}
