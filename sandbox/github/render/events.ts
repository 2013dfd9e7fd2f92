import type { PublishedPackage, SandboxEvent, ThreadChanges } from "../events.ts";
import type { Account, Oid, Repository } from "../model.ts";
import { NO_OID } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { installationFor } from "../state/access.ts";
import { peopleOf } from "../state/signatures.ts";
import type { Json } from "./accounts.ts";
import { installation, iso, organization, simpleUser, team } from "./accounts.ts";
import { checkRunInEvent, checkSuite, suiteHead } from "./checks.ts";
import { deployment, deploymentStatus } from "./deployments.ts";
import { pullRequest } from "./pulls.ts";
import { fullName, repository, repositoryPage, repositoryUrl } from "./repositories.ts";
import { comment, issue, label, review } from "./threads.ts";

/** GitHub lists at most this many commits in a push. */
const PUSH_COMMITS = 2048;

type EventOf<N extends SandboxEvent["name"]> = Extract<SandboxEvent, { readonly name: N }>;

/** The repository an event is about, or null for events of an installation or a team. */
export function repositoryOf(event: SandboxEvent): Repository | null {
  switch (event.name) {
    case "push":
    case "create":
    case "delete":
    case "label":
    case "registry_package":
    case "package":
    case "merge_group":
      return event.repository;
    case "pull_request":
      return event.pull.repository;
    case "pull_request_review":
      return event.review.pull.repository;
    case "issue_comment":
      return event.comment.thread.repository;
    case "issues":
      return event.issue.repository;
    case "check_run":
      return event.run.suite.repository;
    case "check_suite":
      return event.suite.repository;
    case "deployment":
      return event.deployment.repository;
    case "deployment_status":
      return event.status.deployment.repository;
    case "installation":
    case "installation_repositories":
    case "membership":
      return null;
  }
}

function changes(replaced: ThreadChanges): Json {
  return {
    ...(replaced.title === undefined ? {} : { title: { from: replaced.title } }),
    ...(replaced.body === undefined ? {} : { body: { from: replaced.body ?? "" } }),
    ...(replaced.base === undefined ? {} : { base: { ref: { from: replaced.base.ref }, sha: { from: replaced.base.sha } } }),
  };
}

function pullEvent(state: GitHubState, event: EventOf<"pull_request">): Json {
  const base = { action: event.action, number: event.pull.number, pull_request: pullRequest(state, event.pull) };
  switch (event.action) {
    case "synchronize":
      return { ...base, before: event.before, after: event.after };
    case "labeled":
    case "unlabeled":
      return { ...base, label: label(state, event.pull.repository, event.label) };
    case "edited":
      return { ...base, changes: changes(event.changes) };
    case "review_requested":
    case "review_request_removed":
      return event.reviewer.kind === "team"
        ? { ...base, requested_team: team(state, event.reviewer) }
        : { ...base, requested_reviewer: simpleUser(state, event.reviewer) };
    case "opened":
    case "closed":
    case "reopened":
    case "converted_to_draft":
    case "ready_for_review":
    case "enqueued":
      return base;
    case "dequeued":
      return { ...base, reason: event.reason };
  }
}

function issueEvent(state: GitHubState, event: EventOf<"issues">): Json {
  const base = { action: event.action, issue: issue(state, event.issue) };
  if (event.action === "labeled" || event.action === "unlabeled") {
    return { ...base, label: label(state, event.issue.repository, event.label) };
  }
  return event.action === "edited" ? { ...base, changes: changes(event.changes) } : base;
}

function installationEvent(state: GitHubState, event: EventOf<"installation" | "installation_repositories">): Json {
  const listed = event.repositories.map((each) => ({
    id: each.id,
    node_id: each.nodeId,
    name: each.name,
    full_name: fullName(each),
    private: each.private,
  }));
  const base = { action: event.action, installation: installation(state, event.installation) };
  if (event.name === "installation") return { ...base, repositories: listed, requester: null };
  return {
    ...base,
    repository_selection: event.installation.repositorySelection,
    repositories_added: event.action === "added" ? listed : [],
    repositories_removed: event.action === "removed" ? listed : [],
    requester: simpleUser(state, event.sender),
  };
}

async function pushedCommit(state: GitHubState, where: Repository, oid: Oid): Promise<Json | null> {
  const commit = await where.git.commit(oid);
  if (commit === null) return null;
  const [parent] = commit.parents;
  const files = parent === undefined ? [] : await where.git.diff(parent, oid);
  const people = peopleOf(state, commit);
  const person = (identity: { readonly name: string; readonly email: string }, account: Account | null) => ({
    name: identity.name,
    email: identity.email,
    ...(account === null ? {} : { username: account.login }),
  });
  return {
    id: oid,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message.replace(/\n$/, ""),
    timestamp: iso(commit.committer.at),
    url: `${repositoryPage(state, where)}/commit/${oid}`,
    author: person(commit.author, people.author),
    committer: person(commit.committer, people.committer),
    added: files.filter((file) => file.status === "added").map((file) => file.path),
    removed: files.flatMap((file) => (file.status === "removed" ? [file.path] : file.previousPath === null ? [] : [file.previousPath])),
    modified: files.filter((file) => file.status === "modified" || file.status === "renamed").map((file) => file.path),
  };
}

async function pushEvent(state: GitHubState, event: EventOf<"push">): Promise<Json> {
  const { repository: where, before, after, sender } = event;
  const base = {
    ref: event.ref,
    before,
    after,
    created: before === NO_OID,
    deleted: after === NO_OID,
    forced: event.forced,
    base_ref: null,
    compare: `${repositoryPage(state, where)}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    // A push gives these two as numbers of seconds, unlike every other event.
    repository: {
      ...repository(state, where),
      created_at: Math.floor(where.createdAt / 1000),
      pushed_at: Math.floor(where.pushedAt / 1000),
      stargazers: 0,
      master_branch: where.defaultBranch,
    },
    pusher: { name: sender.login, email: sender.email },
  };
  const commits = await Promise.all(event.commits.slice(0, PUSH_COMMITS).map((oid) => pushedCommit(state, where, oid)));
  const head = after === NO_OID ? null : await pushedCommit(state, where, after);
  return { ...base, commits: commits.filter((commit) => commit !== null), head_commit: head };
}

function refEvent(event: EventOf<"create" | "delete">): Json {
  const type = event.ref.startsWith("refs/tags/") ? "tag" : "branch";
  const base = { ref: event.ref.replace(/^refs\/(heads|tags)\//, ""), ref_type: type, pusher_type: "user" };
  return event.name === "delete" ? base : { ...base, master_branch: event.repository.defaultBranch, description: null };
}

function packageEvent(state: GitHubState, event: EventOf<"registry_package" | "package">): Json {
  const { published, repository: where, sender } = event;
  const html = `${state.addresses.html}/orgs/${where.owner.login}/packages/container/${encodeURIComponent(published.name)}`;
  const at = iso(state.now());
  const shown = {
    id: published.id,
    name: published.name,
    namespace: where.owner.login,
    description: null,
    ecosystem: "CONTAINER",
    package_type: "CONTAINER",
    html_url: html,
    created_at: at,
    updated_at: at,
    owner: simpleUser(state, where.owner),
    package_version: packageVersion(state, sender, where, published, html, at),
    registry: event.name === "package" ? null : {},
  };
  return { action: event.action, [event.name]: shown };
}

function packageVersion(
  state: GitHubState,
  author: Account,
  where: Repository,
  published: PublishedPackage,
  html: string,
  at: string,
): Json {
  const image = `ghcr.io/${where.owner.login}/${published.name}:${published.tag}`;
  return {
    id: published.versionId,
    version: published.digest,
    name: published.digest,
    description: "",
    summary: "",
    body: "",
    body_html: "",
    manifest: "",
    html_url: `${html}/${published.versionId}`,
    target_commitish: where.defaultBranch,
    target_oid: where.refs.get(`refs/heads/${where.defaultBranch}`) ?? NO_OID,
    created_at: at,
    updated_at: at,
    metadata: [],
    docker_metadata: [],
    package_files: [],
    package_url: image,
    author: simpleUser(state, author),
    source_url: repositoryUrl(state, where),
    installation_command: `docker pull ${image}`,
    container_metadata: {
      tag: { name: published.tag, digest: published.digest },
      labels: { description: "", source: "", revision: "", image_url: "", licenses: "", all_labels: {} },
      manifest: {
        digest: published.digest,
        media_type: "application/vnd.oci.image.index.v1+json",
        uri: image,
        size: 0,
        config: {},
        layers: [],
      },
    },
  };
}

function detail(state: GitHubState, event: SandboxEvent): Json | Promise<Json> {
  switch (event.name) {
    case "push":
      return pushEvent(state, event);
    case "create":
    case "delete":
      return refEvent(event);
    case "pull_request":
      return pullEvent(state, event);
    case "pull_request_review": {
      // Alone among GitHub's answers, this event has the state in lower case.
      const shown = { ...review(state, event.review), state: event.review.state.toLowerCase() };
      return { action: event.action, review: shown, pull_request: pullRequest(state, event.review.pull) };
    }
    case "issue_comment":
      return {
        action: event.action,
        issue: issue(state, event.comment.thread),
        comment: comment(state, event.comment),
        ...(event.action === "edited" ? { changes: { body: { from: event.before ?? "" } } } : {}),
      };
    case "issues":
      return issueEvent(state, event);
    case "label":
      return { action: event.action, label: label(state, event.repository, event.label) };
    case "check_run":
      return {
        action: event.action,
        check_run: checkRunInEvent(state, event.run),
        ...(event.requestedAction === null ? {} : { requested_action: { identifier: event.requestedAction } }),
      };
    case "check_suite":
      return suiteEvent(state, event);
    case "deployment":
      return { action: event.action, deployment: deployment(state, event.deployment), workflow: null, workflow_run: null };
    case "deployment_status":
      return {
        action: event.action,
        deployment_status: deploymentStatus(state, event.status),
        deployment: deployment(state, event.status.deployment),
        check_run: null,
        workflow: null,
        workflow_run: null,
      };
    case "installation":
    case "installation_repositories":
      return installationEvent(state, event);
    case "registry_package":
    case "package":
      return packageEvent(state, event);
    case "merge_group":
      return mergeGroupEvent(event);
    case "membership":
      return { action: event.action, scope: "team", member: simpleUser(state, event.member), team: team(state, event.team) };
  }
}

async function mergeGroupEvent(event: EventOf<"merge_group">): Promise<Json> {
  const { group, repository: where } = event;
  const commit = await where.git.commit(group.head);
  if (commit === null) throw new Error(`there is no commit ${group.head}`);
  const person = ({ name, email }: { readonly name: string; readonly email: string }) => ({ name, email });
  return {
    action: event.action,
    ...(event.action === "destroyed" ? { reason: event.reason } : {}),
    merge_group: {
      head_sha: group.head,
      head_ref: group.ref,
      base_sha: group.base,
      base_ref: `refs/heads/${event.branch}`,
      head_commit: {
        id: commit.oid,
        tree_id: commit.tree,
        message: commit.message.replace(/\n$/, ""),
        timestamp: iso(commit.committer.at),
        author: person(commit.author),
        committer: person(commit.committer),
      },
    },
  };
}

async function suiteEvent(state: GitHubState, event: EventOf<"check_suite">): Promise<Json> {
  const suite = checkSuite(state, event.suite);
  const head = await suiteHead(event.suite);
  return { action: event.action, check_suite: { ...suite, head_commit: head } };
}

/**
 * The body of the webhook for an event, as the given App gets it. Everything that can change is read before this
 * returns; only what can never change (commits) is waited for.
 */
export function webhookPayload(state: GitHubState, event: SandboxEvent, app: { readonly id: number }): Promise<Json> {
  const where = repositoryOf(event);
  const owner = where?.owner ?? (event.name === "membership" ? event.team.organization : null);
  const recipient = state.apps.find((candidate) => candidate.id === app.id);
  const installed = where === null || recipient === undefined ? null : installationFor(state, recipient, where);
  const frame = {
    ...(where === null ? {} : { repository: repository(state, where) }),
    ...(owner?.type === "Organization" ? { organization: organization(state, owner) } : {}),
    sender: simpleUser(state, event.sender),
    ...(installed === null ? {} : { installation: { id: installed.id, node_id: installed.nodeId } }),
  };
  const body = detail(state, event);
  // A push has a repository object of its own, so what is specific comes last.
  return Promise.resolve(body).then((specific) => ({ ...frame, ...specific }));
}
