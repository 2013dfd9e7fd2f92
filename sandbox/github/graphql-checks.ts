/** Check suites and check runs as GraphQL shows them. */
import type { GraphQLResolveInfo } from "graphql";

import { appNode } from "./graphql-actors.ts";
import { commitNode } from "./graphql-commits.ts";
import { connection, type ConnectionArguments, type GraphqlNode } from "./graphql-connection.ts";
import { repositoryNode } from "./graphql-repositories.ts";
import { pageOf, requireRead, type Session } from "./graphql-session.ts";
import type { CheckRun, CheckSuite, Oid, Repository } from "./model.ts";

interface CheckRunFilter {
  readonly appId?: number | null;
  readonly checkName?: string | null;
  readonly checkType?: "ALL" | "LATEST" | null;
  readonly conclusions?: readonly string[] | null;
  readonly status?: string | null;
  readonly statuses?: readonly string[] | null;
}

interface CheckRunsArguments extends ConnectionArguments {
  readonly filterBy?: CheckRunFilter | null;
}

interface CheckSuitesArguments extends ConnectionArguments {
  readonly filterBy?: { readonly appId?: number | null; readonly checkName?: string | null } | null;
}

function shows(value: string | null): string | null {
  return value === null ? null : value.toUpperCase();
}

function matches(run: CheckRun, filter: CheckRunFilter): boolean {
  const statuses = [...(filter.statuses ?? []), ...(filter.status == null ? [] : [filter.status])];
  return (
    (filter.appId == null || run.suite.app.id === filter.appId) &&
    (filter.checkName == null || run.name === filter.checkName) &&
    (statuses.length === 0 || statuses.includes(run.status.toUpperCase())) &&
    (filter.conclusions == null || (run.conclusion !== null && filter.conclusions.includes(run.conclusion.toUpperCase())))
  );
}

/** The newest run of each name. */
function latest(runs: readonly CheckRun[]): readonly CheckRun[] {
  return [...new Map(runs.map((run) => [run.name, run])).values()];
}

function runsOf(suite: CheckSuite): readonly CheckRun[] {
  return suite.repository.checkRuns.filter((run) => run.suite.id === suite.id);
}

/** A suite is as far as the least far of its runs, and as good as the worst of them. */
function suiteStatus(runs: readonly CheckRun[]): { readonly status: string; readonly conclusion: string | null } {
  const newest = latest(runs);
  if (newest.length === 0) return { status: "QUEUED", conclusion: null };
  if (newest.some((run) => run.status !== "completed")) return { status: "IN_PROGRESS", conclusion: null };
  const order = ["failure", "timed_out", "startup_failure", "cancelled", "action_required", "stale", "success", "neutral", "skipped"];
  const worst = order.find((conclusion) => newest.some((run) => run.conclusion === conclusion)) ?? null;
  return { status: "COMPLETED", conclusion: shows(worst) };
}

export function checkRunNode(session: Session, run: CheckRun): GraphqlNode {
  const repository = run.suite.repository;
  const url = pageOf(session, repository.owner.login, repository.name, "runs", run.id);
  return {
    __typename: "CheckRun",
    id: run.nodeId,
    databaseId: run.id,
    name: run.name,
    status: shows(run.status),
    conclusion: shows(run.conclusion),
    externalId: run.externalId,
    detailsUrl: run.detailsUrl ?? url,
    title: run.output.title,
    summary: run.output.summary,
    text: run.output.text,
    startedAt: run.startedAt,
    completedAt: run.completedAt,
    url,
    permalink: url,
    checkSuite: () => checkSuiteNode(session, run.suite),
    repository: () => repositoryNode(session, repository),
  };
}

export function checkSuiteNode(session: Session, suite: CheckSuite): GraphqlNode {
  const { repository } = suite;
  return {
    __typename: "CheckSuite",
    id: suite.nodeId,
    databaseId: suite.id,
    createdAt: suite.createdAt,
    updatedAt: suite.updatedAt,
    status: () => suiteStatus(runsOf(suite)).status,
    conclusion: () => suiteStatus(runsOf(suite)).conclusion,
    url: pageOf(session, repository.owner.login, repository.name, "commit", suite.headSha, "checks"),
    app: () => appNode(session, suite.app),
    commit: () => commitNode(session, repository, suite.headSha),
    repository: () => repositoryNode(session, repository),
    checkRuns: (args: CheckRunsArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const found = runsOf(suite).filter((run) => matches(run, args.filterBy ?? {}));
      const items = args.filterBy?.checkType === "LATEST" ? latest(found) : found;
      return connection({ items, key: (run) => run.id, node: (run) => checkRunNode(session, run) }, args, info);
    },
  };
}

/** `Commit.checkSuites`. */
export function checkSuites(
  session: Session,
  repository: Repository,
  oid: Oid,
  args: CheckSuitesArguments,
  info: GraphQLResolveInfo,
): GraphqlNode {
  requireRead(session, repository, "checks");
  const items = repository.checkSuites.filter((suite) => {
    return (
      suite.headSha === oid &&
      (args.filterBy?.appId == null || suite.app.id === args.filterBy.appId) &&
      (args.filterBy?.checkName == null || runsOf(suite).some((run) => run.name === args.filterBy?.checkName))
    );
  });
  return connection({ items, key: (suite) => suite.id, node: (suite) => checkSuiteNode(session, suite) }, args, info);
}
