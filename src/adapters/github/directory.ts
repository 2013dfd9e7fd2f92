import type { Permission, PullRequest, Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import { PortFailure } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { wordsOf } from "./failure.ts";
import type { AppIdentity } from "./identity.ts";
import { isProvenOwnCommit } from "./identity.ts";
import { pullRequestVariables, readPullRequest, USUAL_SIZES } from "./pull-request.ts";
import { commitsDocument, PULL_REQUESTS_OF_COMMIT, TEAM_MEMBERS } from "./queries.ts";
import { pageOf, Reader } from "./reader.ts";

const PAGE = 100;
/** Against an endless list, should GitHub ever give one. */
const MOST_PAGES = 1000;
const COMMITS_AT_ONCE = 100;

export async function installations(api: GitHubApi): Promise<readonly number[]> {
  const nodes = await allPages(api, null, "GET /app/installations", null, "list the App's installations");
  return nodes.filter((node) => node.optionalText("suspended_at") === null).map((node) => node.integer("id"));
}

/** All that the App may use in an installation, except what GitHub lets nobody write to: archived and disabled repositories. */
export async function repositories(api: GitHubApi, installation: number): Promise<readonly Repository[]> {
  const what = `list the repositories of installation ${installation}`;
  const nodes = await allPages(api, installation, "GET /installation/repositories", "repositories", what);
  return nodes
    .filter((node) => !node.flag("archived") && !node.flag("disabled"))
    .map((node) => ({ installation, id: node.integer("id"), owner: node.object("owner").text("login"), name: node.text("name") }));
}

/** `key` is where the list is in the answer; null when the answer is the list. */
export async function allPages(
  api: GitHubApi,
  installation: number | null,
  route: string,
  key: string | null,
  what: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<readonly Reader[]> {
  const all: Reader[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { body } = await api.rest(installation, { route, parameters: { ...parameters, per_page: PAGE, page }, what });
    const nodes = key === null ? new Reader({ list: body }, "").objects("list") : new Reader(body, "").objects(key);
    all.push(...nodes);
    if (nodes.length < PAGE) return all;
  }
  throw new PortFailure("stalled", `Could not ${what}: there are more than ${MOST_PAGES * PAGE}.`);
}

const PERMISSIONS: ReadonlyMap<string, Permission> = new Map([
  ["admin", "admin"],
  ["maintain", "maintain"],
  ["write", "write"],
  ["triage", "triage"],
  ["read", "read"],
  ["none", "none"],
]);

/**
 * `role_name` tells triage from read and maintain from write; a role that an organisation made up is known only by the
 * coarser `permission` it builds on (REST API, "Get repository permissions for a user").
 */
export async function permission(api: GitHubApi, repository: Repository, login: string): Promise<Permission> {
  const what = `find the permission of ${login} in ${repository.owner}/${repository.name}`;
  const { status, body } = await api.rest(repository.installation, {
    route: "GET /repos/{owner}/{repo}/collaborators/{username}/permission",
    parameters: { owner: repository.owner, repo: repository.name, username: login },
    what,
    accept: [404],
  });
  if (status === 404) {
    // The same status says that the repository cannot be seen, which is no answer to the question.
    if (/is not a user/i.test(wordsOf(body))) return "none";
    throw new PortFailure("stalled", `Could not ${what}: GitHub answered 404 ("${wordsOf(body)}"). Check that ${login} exists.`);
  }
  const answer = new Reader(body, "permission");
  return PERMISSIONS.get(answer.optionalText("role_name") ?? "") ?? answer.choice("permission", PERMISSIONS);
}

export async function teamMembers(api: GitHubApi, repository: Repository, team: string): Promise<readonly string[]> {
  const what = `list the members of the team ${repository.owner}/${team}`;
  const members: string[] = [];
  let after: string | null = null;
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const variables = { organization: repository.owner, team, after };
    const data = await api.query(repository.installation, TEAM_MEMBERS, variables, what);
    const found = data.optional("organization")?.optional("team") ?? null;
    if (found === null) {
      const advice = "Check its name, that it is visible, and that the App may read members";
      throw new PortFailure("stalled", `Could not ${what}: GitHub shows no such team. ${advice}.`);
    }
    const { nodes, next } = pageOf(found, "members");
    members.push(...nodes.map((node) => node.text("login")));
    if (next === null) return members;
    after = next;
  }
  throw new PortFailure("stalled", `Could not ${what}: there are more than ${MOST_PAGES * PAGE}.`);
}

/** GitHub lists every pull request that holds the commit; the one that brought it is the one whose merge it is. */
export async function pullRequestOf(api: GitHubApi, app: AppIdentity, repository: Repository, commit: Oid): Promise<PullRequest | null> {
  const { owner, name, installation } = repository;
  const what = `find the pull request of ${commit} in ${owner}/${name}`;
  const variables = { owner, name, commit, ...pullRequestVariables(app, USUAL_SIZES) };
  const data = await api.query(installation, PULL_REQUESTS_OF_COMMIT, variables, what);
  const connection = commitIn(data.object("repository"), "object", what).object("associatedPullRequests");
  const merged = connection
    .objects("nodes")
    .map((node) => readPullRequest(node, app).pullRequest)
    .find((one) => one.merge?.commit === commit);
  if (merged === undefined && connection.object("pageInfo").flag("hasNextPage"))
    throw new PortFailure("stalled", `Could not ${what}: more pull requests hold it than GitHub lists at once.`);
  return merged ?? null;
}

export async function ownCommits(
  api: GitHubApi,
  app: AppIdentity,
  repository: Repository,
  commits: readonly Oid[],
): Promise<ReadonlySet<Oid>> {
  const { owner, name, installation } = repository;
  const what = `check who made commits of ${owner}/${name}`;
  const own = new Set<Oid>();
  const distinct = [...new Set(commits)];
  for (let start = 0; start < distinct.length; start += COMMITS_AT_ONCE) {
    const batch = distinct.slice(start, start + COMMITS_AT_ONCE);
    const variables = { owner, name, ...Object.fromEntries(batch.map((oid, index) => [`oid${index}`, oid])) };
    const node = (await api.query(installation, commitsDocument(batch.length), variables, what)).object("repository");
    for (const [index, oid] of batch.entries()) {
      const commit = commitIn(node, `commit${index}`, what);
      if (isProvenOwnCommit(commit, app, what) && !broughtByPullRequest(commit, oid, what)) own.add(oid);
    }
  }
  return own;
}

/** Whether somebody made this commit by merging a pull request: then what is in it may be anybody's. */
function broughtByPullRequest(commit: Reader, oid: Oid, what: string): boolean {
  const brought = commit.object("associatedPullRequests");
  if (brought.objects("nodes").some((one) => one.optional("mergeCommit")?.text("oid") === oid)) return true;
  if (!brought.object("pageInfo").flag("hasNextPage")) return false;
  throw new PortFailure("stalled", `Could not ${what}: ${oid} is part of more pull requests than GitHub lists at once. Close them.`);
}

/** A commit that Git showed us and the API does not know yet is a matter of time, not of there being no answer. */
function commitIn(parent: Reader, key: string, what: string): Reader {
  const found = parent.optional(key);
  if (found === null) throw new PortFailure("dependency", `Could not ${what}: GitHub's API does not show the commit, perhaps not yet.`);
  if (found.text("__typename") !== "Commit") throw new PortFailure("error", `Could not ${what}: it is not a commit.`);
  return found;
}
