import type { Permission, PullRequest, Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import { PortFailure } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { wordsOf } from "./failure.ts";
import type { AppIdentity } from "./identity.ts";
import { isOwnCommit } from "./identity.ts";
import { pullRequestVariables, readPullRequest, USUAL_SIZES } from "./pull-request.ts";
import { commitsDocument, PULL_REQUESTS_OF_COMMIT, TEAM_MEMBERS } from "./queries.ts";
import { pageOf, Reader } from "./reader.ts";

const PAGE = 100;
/** Against an endless list, should GitHub ever give one. */
const MOST_PAGES = 1000;
const COMMITS_AT_ONCE = 50;

/** All that the App is installed in, except what GitHub lets nobody write to: suspended installations, archived repositories. */
export async function repositories(api: GitHubApi): Promise<readonly Repository[]> {
  const installations = await allPages(api, null, "GET /app/installations", null, "list the App's installations");
  const found: Repository[] = [];
  let refused: PortFailure | null = null;
  for (const installation of installations) {
    if (installation.optionalText("suspended_at") !== null) continue;
    try {
      found.push(...(await repositoriesOf(api, installation.integer("id"))));
    } catch (problem) {
      // An installation that is suspended or removed at this moment is no reason to lose sight of the others.
      if (!(problem instanceof PortFailure) || problem.kind !== "stalled") throw problem;
      refused = problem;
    }
  }
  // Refused everywhere is not to be installed nowhere: what was known would be forgotten without a word.
  if (found.length === 0 && refused !== null) throw refused;
  return found;
}

async function repositoriesOf(api: GitHubApi, installation: number): Promise<readonly Repository[]> {
  const what = `list the repositories of installation ${installation}`;
  const nodes = await allPages(api, installation, "GET /installation/repositories", "repositories", what);
  return nodes
    .filter((node) => !node.flag("archived") && !node.flag("disabled"))
    .map((node) => ({ installation, id: node.integer("id"), owner: node.object("owner").text("login"), name: node.text("name") }));
}

/** `key` is where the list is in the answer; null when the answer is the list. */
async function allPages(
  api: GitHubApi,
  installation: number | null,
  route: string,
  key: string | null,
  what: string,
): Promise<readonly Reader[]> {
  const all: Reader[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { body } = await api.rest(installation, { route, parameters: { per_page: PAGE, page }, what });
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
  const nodes = commitIn(data.object("repository"), "object", what).object("associatedPullRequests").objects("nodes");
  const merged = nodes.map((node) => readPullRequest(node, app).pullRequest).filter((one) => one.merge?.commit === commit);
  return merged[0] ?? null;
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
      if (isOwnCommit(commitIn(node, `commit${index}`, what), app)) own.add(oid);
    }
  }
  return own;
}

/** A commit that Git showed us and the API does not know yet is a matter of time, not of there being no answer. */
function commitIn(parent: Reader, key: string, what: string): Reader {
  const found = parent.optional(key);
  if (found === null) throw new PortFailure("dependency", `Could not ${what}: GitHub's API does not show the commit, perhaps not yet.`);
  if (found.text("__typename") !== "Commit") throw new PortFailure("error", `Could not ${what}: it is not a commit.`);
  return found;
}
