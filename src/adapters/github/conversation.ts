import type { Repository } from "../../domain/observation.ts";
import type { Forge, WriteOutcome } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { failureOfRefusal, wordsOf } from "./failure.ts";
import { Reader } from "./reader.ts";
import { fitting } from "./text.ts";

/** A comment whose answer is lost is not sent again: better said once too seldom than twice. */
export async function comment(api: GitHubApi, repository: Repository, pullRequest: number, body: string): Promise<void> {
  await api.rest(repository.installation, {
    route: "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    parameters: { ...named(repository), issue_number: pullRequest, body: fitting.body(body) },
    what: `comment on ${place(repository)}#${pullRequest}`,
  });
}

/** Of a pull request. */
export async function retitle(api: GitHubApi, repository: Repository, pullRequest: number, title: string): Promise<void> {
  await api.rest(repository.installation, {
    route: "PATCH /repos/{owner}/{repo}/pulls/{pull_number}",
    parameters: { ...named(repository), pull_number: pullRequest, title: fitting.title(title) },
    what: `change the title of ${place(repository)}#${pullRequest}`,
  });
}

/** A label that is not there needs no removal. */
export async function removeLabel(api: GitHubApi, repository: Repository, pullRequest: number, label: string): Promise<void> {
  await api.rest(repository.installation, {
    route: "DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}",
    parameters: { ...named(repository), issue_number: pullRequest, name: label },
    what: `take the label "${label}" off ${place(repository)}#${pullRequest}`,
    accept: [404],
  });
}

/** A label that is there already is left as people have it. */
export async function createLabel(api: GitHubApi, repository: Repository, label: Parameters<Forge["createLabel"]>[1]): Promise<void> {
  const what = `create the label "${label.name}" in ${place(repository)}`;
  const { status, body } = await api.rest(repository.installation, {
    route: "POST /repos/{owner}/{repo}/labels",
    parameters: { ...named(repository), ...label },
    what,
    accept: [422],
  });
  if (status === 422 && !wordsOf(body).includes("already_exists")) throw failureOfRefusal({ status, headers: {}, body }, what, api.now());
}

/** `refused` when one of them cannot be asked, as a team without access to the repository; then GitHub asks none. */
export async function askReviewers(
  api: GitHubApi,
  repository: Repository,
  pullRequest: number,
  teams: readonly string[],
  users: readonly string[],
): Promise<WriteOutcome<null>> {
  // GitHub refuses a name that is given twice.
  const reviewers = [...new Set(users)];
  const team_reviewers = [...new Set(teams)];
  if (reviewers.length === 0 && team_reviewers.length === 0) return { outcome: "done", value: null };
  const { status, body } = await api.rest(repository.installation, {
    route: "POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
    parameters: { ...named(repository), pull_number: pullRequest, reviewers, team_reviewers },
    what: `ask for reviews of ${place(repository)}#${pullRequest}`,
    accept: [422],
  });
  if (status !== 422) return { outcome: "done", value: null };
  const asked = [...team_reviewers.map((team) => `team ${team}`), ...reviewers].join(", ");
  return { outcome: "refused", reason: `${wordsOf(body)} (asked: ${asked}; each needs access to the repository)` };
}

export async function openIssue(api: GitHubApi, repository: Repository, issue: Parameters<Forge["openIssue"]>[1]): Promise<number> {
  const { body } = await api.rest(repository.installation, {
    route: "POST /repos/{owner}/{repo}/issues",
    parameters: { ...named(repository), title: fitting.title(issue.title), body: fitting.body(issue.body), labels: [...issue.labels] },
    what: `open an issue in ${place(repository)}`,
  });
  return new Reader(body, "issue").integer("number");
}

function named(repository: Repository): { readonly owner: string; readonly repo: string } {
  return { owner: repository.owner, repo: repository.name };
}

function place(repository: Repository): string {
  return `${repository.owner}/${repository.name}`;
}
