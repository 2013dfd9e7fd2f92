import type { Comment, Issue, Label, PullRequest, Repository, Review, TimelineEvent } from "../model.ts";
import type { GitHubState } from "../state.ts";
import type { Json } from "./accounts.ts";
import { appOrNull, association, iso, isoOrNull, simpleUser, team, userOrNull } from "./accounts.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

function reactions(url: string): Json {
  const none = { total_count: 0, "+1": 0, "-1": 0, laugh: 0, hooray: 0, confused: 0, heart: 0, rocket: 0, eyes: 0 };
  return { url: `${url}/reactions`, ...none };
}

export function label(state: GitHubState, repository: Repository, shown: Label): Json {
  return {
    id: shown.id,
    node_id: shown.nodeId,
    url: `${repositoryUrl(state, repository)}/labels/${encodeURIComponent(shown.name)}`,
    name: shown.name,
    color: shown.color,
    default: false,
    description: shown.description,
  };
}

/** An issue; a pull request asked for as an issue has `pull_request` beside. */
export function issue(state: GitHubState, shown: Issue | PullRequest): Json {
  const { repository } = shown;
  const url = `${repositoryUrl(state, repository)}/issues/${shown.number}`;
  const isPull = shown.kind === "pull-request";
  const page = `${repositoryPage(state, repository)}/${isPull ? "pull" : "issues"}/${shown.number}`;
  return {
    id: shown.id,
    node_id: shown.nodeId,
    url,
    repository_url: repositoryUrl(state, repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    timeline_url: `${url}/timeline`,
    html_url: page,
    number: shown.number,
    title: shown.title,
    user: simpleUser(state, shown.author),
    labels: shown.labels.map((each) => label(state, repository, each)),
    state: shown.state,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: shown.comments.length,
    created_at: iso(shown.createdAt),
    updated_at: iso(shown.updatedAt),
    closed_at: isoOrNull(shown.closedAt),
    closed_by: userOrNull(state, shown.closedBy),
    author_association: association(state, shown.author, repository),
    active_lock_reason: null,
    body: shown.body,
    reactions: reactions(url),
    performed_via_github_app: appOrNull(state, shown.app),
    state_reason: shown.kind === "issue" ? shown.stateReason : null,
    ...(isPull
      ? {
          draft: shown.draft,
          pull_request: {
            url: `${repositoryUrl(state, repository)}/pulls/${shown.number}`,
            html_url: page,
            diff_url: `${page}.diff`,
            patch_url: `${page}.patch`,
            merged_at: isoOrNull(shown.mergedAt),
          },
        }
      : {}),
  };
}

export function comment(state: GitHubState, shown: Comment): Json {
  const { thread } = shown;
  const url = `${repositoryUrl(state, thread.repository)}/issues`;
  const kind = thread.kind === "issue" ? "issues" : "pull";
  return {
    id: shown.id,
    node_id: shown.nodeId,
    url: `${url}/comments/${shown.id}`,
    html_url: `${repositoryPage(state, thread.repository)}/${kind}/${thread.number}#issuecomment-${shown.id}`,
    issue_url: `${url}/${thread.number}`,
    user: simpleUser(state, shown.author),
    created_at: iso(shown.createdAt),
    updated_at: iso(shown.updatedAt),
    author_association: association(state, shown.author, thread.repository),
    body: shown.body,
    reactions: reactions(`${url}/comments/${shown.id}`),
    performed_via_github_app: appOrNull(state, shown.app),
  };
}

export function review(state: GitHubState, shown: Review): Json {
  const { pull } = shown;
  const page = `${repositoryPage(state, pull.repository)}/pull/${pull.number}#pullrequestreview-${shown.id}`;
  const url = `${repositoryUrl(state, pull.repository)}/pulls/${pull.number}`;
  return {
    id: shown.id,
    node_id: shown.nodeId,
    user: simpleUser(state, shown.author),
    body: shown.body,
    state: shown.state,
    html_url: page,
    pull_request_url: url,
    author_association: association(state, shown.author, pull.repository),
    _links: { html: { href: page }, pull_request: { href: url } },
    submitted_at: iso(shown.submittedAt),
    commit_id: shown.commit,
  };
}

/** One entry of `issues/{n}/timeline`. */
export function timelineEvent(state: GitHubState, thread: Issue | PullRequest, event: TimelineEvent): Json {
  const { repository } = thread;
  if (event.event === "commented") {
    return { ...comment(state, event.comment), event: "commented", actor: simpleUser(state, event.actor) };
  }
  const base = {
    id: event.id,
    node_id: event.nodeId,
    url: `${repositoryUrl(state, repository)}/issues/events/${event.id}`,
    actor: simpleUser(state, event.actor),
    event: event.event,
    commit_id: event.event === "merged" ? event.commit : event.event === "head_ref_force_pushed" ? event.after : null,
    commit_url: event.event === "merged" ? `${repositoryUrl(state, repository)}/commits/${event.commit}` : null,
    created_at: iso(event.at),
    performed_via_github_app: appOrNull(state, event.app),
  };
  switch (event.event) {
    case "labeled":
    case "unlabeled":
      return { ...base, label: { name: event.label.name, color: event.label.color } };
    case "closed":
    case "reopened":
      return { ...base, state_reason: thread.kind === "issue" ? thread.stateReason : null };
    case "review_requested":
    case "review_request_removed": {
      const asked =
        event.reviewer.kind === "team"
          ? { requested_team: team(state, event.reviewer) }
          : { requested_reviewer: simpleUser(state, event.reviewer) };
      return { ...base, review_requester: simpleUser(state, event.actor), ...asked };
    }
    case "review_dismissed":
      return {
        ...base,
        dismissed_review: { state: event.review.state.toLowerCase(), review_id: event.review.id, dismissal_message: event.message },
      };
    case "renamed":
      return { ...base, rename: { from: event.from, to: event.to } };
    case "merged":
    case "head_ref_force_pushed":
    case "head_ref_deleted":
    case "head_ref_restored":
    case "ready_for_review":
    case "convert_to_draft":
    case "added_to_merge_queue":
    case "removed_from_merge_queue":
      return base;
  }
}
