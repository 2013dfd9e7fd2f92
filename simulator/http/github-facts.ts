/** A repository of the sandbox, as everybody in a simulated world looks at it. */
import type { Account, App, CheckRun, Deployment, Issue, PullRequest, Repository, Review, Team } from "../../sandbox/github/model.ts";
import type { Instant } from "../../src/domain/answer.ts";
import type { Actor, DeploymentState, LabelEvent } from "../../src/domain/observation.ts";
import type { Oid } from "../../src/domain/release.ts";
import { APP, type CheckFacts, type DeploymentFacts, type GitHubFacts, type IssueFacts, type PullFacts, type ReviewFacts } from "../facts.ts";

const BRANCHES = "refs/heads/";

export interface Sources {
  readonly repository: Repository;
  readonly app: App;
  readonly teams: readonly Team[];
  /** Everybody by the id of their account. */
  readonly accounts: ReadonlyMap<number, Account>;
  /** The commits that a pull request had when it was merged. */
  readonly mergedCommits: (pull: PullRequest) => readonly Oid[] | null;
}

export function factsOf(sources: Sources): GitHubFacts {
  const { repository, app, teams, accounts } = sources;
  const threads = [...repository.threads.values()];
  const pulls = threads.filter((thread) => thread.kind === "pull-request");
  const issues = threads.filter((thread) => thread.kind === "issue");
  return {
    branches: new Map([...repository.refs].filter(([name]) => name.startsWith(BRANCHES)).map(([name, oid]) => [name.slice(BRANCHES.length), oid])),
    pulls: new Map(pulls.map((pull) => [pull.number, pullOf(pull, sources)])),
    issues: new Map(issues.map((issue) => [issue.number, issueOf(issue, app)])),
    checks: checksOf(repository, app),
    labels: [...repository.labels.values()].map(({ name }) => name),
    deployments: repository.deployments.filter((one) => one.app === app).flatMap(deploymentOf).toReversed(),
    people: new Map([...repository.collaborators].map(([id, role]) => [accounts.get(id)?.login ?? "ghost", role])),
    teams: new Map(teams.map((team) => [team.slug, [...team.members.values()].map(({ account }) => account.login)])),
    queue: null,
  };
}

/** Who did something: the App's own account stands for the App. */
export function actorIn(account: Account, app: App): Actor {
  return account === app.bot ? APP : { login: account.login, kind: "user" };
}

/** GitHub's times are in whole seconds. */
function second(at: Instant): Instant {
  return Math.floor(at / 1_000) * 1_000;
}

function pullOf(pull: PullRequest, { app, mergedCommits }: Sources): PullFacts {
  const by = (account: Account | null) => (account === null ? { login: "ghost", kind: "ghost" as const } : actorIn(account, app));
  const state = pull.mergedAt !== null ? "merged" : pull.state;
  return {
    number: pull.number,
    title: pull.title,
    author: by(pull.author),
    base: pull.base.ref,
    headRef: pull.head.ref,
    head: pull.head.oid,
    fork: pull.head.repository !== pull.repository,
    state,
    draft: pull.draft,
    createdAt: second(pull.createdAt),
    updatedAt: second(pull.updatedAt),
    labels: pull.labels.map(({ name }) => name),
    labelEvents: labelEventsOf(pull, app),
    reviews: pull.reviews.flatMap((review) => reviewOf(review, app)),
    comments: pull.comments.map((comment) => ({
      id: comment.nodeId,
      author: by(comment.author),
      body: comment.body,
      at: second(comment.createdAt),
      editedByOther: comment.lastEditedBy !== null && comment.lastEditedBy !== comment.author,
    })),
    reviewersAsked: pull.timeline.flatMap((event) => {
      if (event.event !== "review_requested") return [];
      return [event.reviewer.kind === "team" ? event.reviewer.slug : event.reviewer.login];
    }),
    merged: pull.mergeCommit === null || pull.mergedAt === null ? null : { commit: pull.mergeCommit, at: second(pull.mergedAt), by: by(pull.mergedBy) },
    closed: state === "closed" && pull.closedAt !== null ? { at: second(pull.closedAt), by: by(pull.closedBy) } : null,
    mergedCommits: mergedCommits(pull),
  };
}

const REVIEW_STATES = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes-requested",
  COMMENTED: "commented",
  DISMISSED: "dismissed",
} as const;

function reviewOf(review: Review, app: App): readonly ReviewFacts[] {
  if (review.state === "PENDING") return [];
  const { nodeId: id, commit } = review;
  return [{ id, author: actorIn(review.author, app), state: REVIEW_STATES[review.state], commit, at: second(review.submittedAt) }];
}

function labelEventsOf(thread: PullRequest | Issue, app: App): readonly LabelEvent[] {
  return thread.timeline.flatMap((event) => {
    if (event.event !== "labeled") return [];
    return [{ id: event.nodeId, label: event.label.name, actor: actorIn(event.actor, app), at: second(event.at) }];
  });
}

function issueOf(issue: Issue, app: App): IssueFacts {
  const { number, title, state } = issue;
  return {
    number,
    title,
    author: actorIn(issue.author, app),
    state,
    labels: issue.labels.map(({ name }) => name),
    labelEvents: labelEventsOf(issue, app),
    closedBy: state === "closed" && issue.closedBy !== null ? actorIn(issue.closedBy, app) : null,
  };
}

function checksOf(repository: Repository, app: App): ReadonlyMap<Oid, readonly CheckFacts[]> {
  return Map.groupBy(repository.checkRuns.filter((run) => run.suite.app === app).map(checkOf), ({ head }) => head);
}

const CONCLUSIONS = new Map<string, CheckFacts["conclusion"]>([
  ["success", "success"],
  ["failure", "failure"],
  ["action_required", "action_required"],
]);

function checkOf(run: CheckRun): CheckFacts {
  return {
    id: run.id,
    head: run.headSha,
    fingerprint: run.externalId ?? "",
    status: run.status === "completed" ? "completed" : "in_progress",
    conclusion: CONCLUSIONS.get(run.conclusion ?? "") ?? null,
    title: run.output.title ?? "",
    startedAt: second(run.startedAt ?? 0),
  };
}

const DEPLOYMENT_STATES = new Map<string, DeploymentState>([
  ["queued", "queued"],
  ["in_progress", "in_progress"],
  ["success", "success"],
  ["failure", "failure"],
  ["error", "error"],
  ["inactive", "inactive"],
]);

function deploymentOf(deployment: Deployment): readonly DeploymentFacts[] {
  const { id, environment, sha: commit } = deployment;
  const state = DEPLOYMENT_STATES.get(deployment.statuses.at(-1)?.state ?? "");
  return state === undefined ? [] : [{ id, app: deployment.task.replace(/^promote:/, ""), environment, commit, state }];
}
