import type { CheckRun, CheckSuite, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { pullsOf } from "../state/pulls.ts";
import type { Json } from "./accounts.ts";
import { app, iso, isoOrNull } from "./accounts.ts";
import { minimalRepository, repositoryPage, repositoryUrl } from "./repositories.ts";

/** Open pull requests whose head is the commit. Those from forks are left out, as at GitHub. */
function pullsAt(state: GitHubState, repository: Repository, sha: string): readonly Json[] {
  const short = (shown: Repository) => ({ id: shown.id, url: repositoryUrl(state, shown), name: shown.name });
  return pullsOf(repository)
    .filter((pull) => pull.state === "open" && pull.head.oid === sha && pull.head.repository === repository)
    .map((pull) => ({
      url: `${repositoryUrl(state, repository)}/pulls/${pull.number}`,
      id: pull.id,
      number: pull.number,
      head: { ref: pull.head.ref, sha: pull.head.oid, repo: short(repository) },
      base: { ref: pull.base.ref, sha: pull.base.oid, repo: short(repository) },
    }));
}

/** A suite's status and conclusion follow from its runs. */
function summary(suite: CheckSuite): { readonly status: string; readonly conclusion: string | null; readonly runs: number } {
  const runs = suite.repository.checkRuns.filter((run) => run.suite === suite);
  if (runs.length === 0) return { status: "queued", conclusion: null, runs: 0 };
  if (runs.some((run) => run.status !== "completed")) return { status: "in_progress", conclusion: null, runs: runs.length };
  const worst = ["action_required", "timed_out", "cancelled", "failure"].find((each) => runs.some((run) => run.conclusion === each));
  return { status: "completed", conclusion: worst ?? "success", runs: runs.length };
}

export function checkRun(state: GitHubState, run: CheckRun): Json {
  const { suite } = run;
  const url = `${repositoryUrl(state, suite.repository)}/check-runs/${run.id}`;
  const page = `${repositoryPage(state, suite.repository)}/runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: run.nodeId,
    head_sha: run.headSha,
    external_id: run.externalId ?? "",
    url,
    html_url: page,
    details_url: run.detailsUrl ?? page,
    status: run.status,
    conclusion: run.conclusion,
    started_at: isoOrNull(run.startedAt),
    completed_at: isoOrNull(run.completedAt),
    output: { ...run.output, annotations_count: 0, annotations_url: `${url}/annotations` },
    check_suite: { id: suite.id },
    app: app(state, suite.app),
    pull_requests: pullsAt(state, suite.repository, run.headSha),
  };
}

/** The run as webhooks have it, with more of its suite. */
export function checkRunInEvent(state: GitHubState, run: CheckRun): Json {
  const { suite } = run;
  const { status, conclusion } = summary(suite);
  return {
    ...checkRun(state, run),
    check_suite: {
      id: suite.id,
      node_id: suite.nodeId,
      head_branch: suite.headBranch,
      head_sha: suite.headSha,
      status,
      conclusion,
      url: `${repositoryUrl(state, suite.repository)}/check-suites/${suite.id}`,
      before: null,
      after: suite.headSha,
      pull_requests: pullsAt(state, suite.repository, suite.headSha),
      app: app(state, suite.app),
      created_at: iso(suite.createdAt),
      updated_at: iso(suite.updatedAt),
    },
  };
}

/** The commit a suite stands on, as the suite shows it. */
export async function suiteHead(suite: CheckSuite): Promise<Json> {
  const commit = await suite.repository.git.commit(suite.headSha);
  if (commit === null) throw new Error("a check suite stands on a commit that is not there");
  return {
    id: commit.oid,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: iso(commit.author.at),
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  };
}

/** A suite, all but its `head_commit`. */
export function checkSuite(state: GitHubState, suite: CheckSuite): Json {
  const { status, conclusion, runs } = summary(suite);
  const url = `${repositoryUrl(state, suite.repository)}/check-suites/${suite.id}`;
  return {
    id: suite.id,
    node_id: suite.nodeId,
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status,
    conclusion,
    url,
    before: null,
    after: suite.headSha,
    pull_requests: pullsAt(state, suite.repository, suite.headSha),
    app: app(state, suite.app),
    repository: minimalRepository(state, suite.repository),
    created_at: iso(suite.createdAt),
    updated_at: iso(suite.updatedAt),
    latest_check_runs_count: runs,
    check_runs_url: `${url}/check-runs`,
  };
}
