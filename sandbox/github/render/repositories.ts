import type { Repository, Role } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { atLeast } from "../state/access.ts";
import type { Json } from "./accounts.ts";
import { iso, simpleUser } from "./accounts.ts";

/** Where REST has the repository. */
export function repositoryUrl(state: GitHubState, repository: Repository): string {
  return `${state.addresses.api}/repos/${repository.owner.login}/${repository.name}`;
}

/** Where people have it. */
export function repositoryPage(state: GitHubState, repository: Repository): string {
  return `${state.addresses.html}/${repository.owner.login}/${repository.name}`;
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}

/** Address templates that every repository object carries, below its own address. */
const LINKS: Readonly<Record<string, string>> = {
  archive_url: "/{archive_format}{/ref}",
  assignees_url: "/assignees{/user}",
  blobs_url: "/git/blobs{/sha}",
  branches_url: "/branches{/branch}",
  collaborators_url: "/collaborators{/collaborator}",
  comments_url: "/comments{/number}",
  commits_url: "/commits{/sha}",
  compare_url: "/compare/{base}...{head}",
  contents_url: "/contents/{+path}",
  contributors_url: "/contributors",
  deployments_url: "/deployments",
  downloads_url: "/downloads",
  events_url: "/events",
  forks_url: "/forks",
  git_commits_url: "/git/commits{/sha}",
  git_refs_url: "/git/refs{/sha}",
  git_tags_url: "/git/tags{/sha}",
  hooks_url: "/hooks",
  issue_comment_url: "/issues/comments{/number}",
  issue_events_url: "/issues/events{/number}",
  issues_url: "/issues{/number}",
  keys_url: "/keys{/key_id}",
  labels_url: "/labels{/name}",
  languages_url: "/languages",
  merges_url: "/merges",
  milestones_url: "/milestones{/number}",
  notifications_url: "/notifications{?since,all,participating}",
  pulls_url: "/pulls{/number}",
  releases_url: "/releases{/id}",
  stargazers_url: "/stargazers",
  statuses_url: "/statuses/{sha}",
  subscribers_url: "/subscribers",
  subscription_url: "/subscription",
  tags_url: "/tags",
  teams_url: "/teams",
  trees_url: "/git/trees{/sha}",
};

/** What a list or another object shows of a repository. */
export function minimalRepository(state: GitHubState, repository: Repository): Json {
  const url = repositoryUrl(state, repository);
  return {
    id: repository.id,
    node_id: repository.nodeId,
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    owner: simpleUser(state, repository.owner),
    html_url: repositoryPage(state, repository),
    description: null,
    fork: repository.parent !== null,
    url,
    ...Object.fromEntries(Object.entries(LINKS).map(([name, rest]) => [name, `${url}${rest}`])),
  };
}

/** The object that webhooks and most answers hold. */
export function repository(state: GitHubState, shown: Repository): Json {
  const page = repositoryPage(state, shown);
  const open = [...shown.threads.values()].filter((thread) => thread.state === "open").length;
  const forks = state.repositories.filter((candidate) => candidate.parent === shown).length;
  return {
    ...minimalRepository(state, shown),
    created_at: iso(shown.createdAt),
    updated_at: iso(shown.updatedAt),
    pushed_at: iso(shown.pushedAt),
    git_url: page.replace(/^https?:/, "git:") + ".git",
    ssh_url: `git@${new URL(page).hostname}:${fullName(shown)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 1,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: forks,
    mirror_url: null,
    archived: false,
    disabled: false,
    open_issues_count: open,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: shown.private ? "private" : "public",
    forks,
    open_issues: open,
    watchers: 0,
    default_branch: shown.defaultBranch,
  };
}

/** `permissions` for the caller. An App's token finds all of them false here, whatever it may do. */
function permissionsOf(role: Role | null): Json {
  return {
    admin: atLeast(role, "admin"),
    maintain: atLeast(role, "maintain"),
    push: atLeast(role, "write"),
    triage: atLeast(role, "triage"),
    pull: atLeast(role, "read"),
  };
}

/** `GET /repos/{owner}/{repo}`. Merge settings are told to those who may write only, as at GitHub. */
export function fullRepository(state: GitHubState, shown: Repository, role: Role | null, settings: boolean): Json {
  return {
    ...repository(state, shown),
    permissions: permissionsOf(role),
    ...(settings
      ? {
          allow_squash_merge: shown.mergeMethods.has("squash"),
          allow_merge_commit: shown.mergeMethods.has("merge"),
          allow_rebase_merge: shown.mergeMethods.has("rebase"),
          allow_auto_merge: false,
          allow_update_branch: false,
          delete_branch_on_merge: shown.deleteBranchOnMerge,
          squash_merge_commit_title: "COMMIT_OR_PR_TITLE",
          squash_merge_commit_message: "COMMIT_MESSAGES",
          merge_commit_title: "MERGE_MESSAGE",
          merge_commit_message: "PR_TITLE",
        }
      : {}),
    ...(shown.owner.type === "Organization" ? { organization: simpleUser(state, shown.owner) } : {}),
    ...(shown.parent === null ? {} : { parent: repository(state, shown.parent), source: repository(state, shown.parent) }),
    network_count: 0,
    subscribers_count: 0,
  };
}
