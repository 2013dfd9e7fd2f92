import { known, unknown, type Instant } from "../../domain/answer.ts";
import type { Branch, Deployment, DeploymentState, ForgeSnapshot, Issue, PullRequest, Repository } from "../../domain/observation.ts";
import { PortFailure } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { TASK_PREFIX } from "./deployments.ts";
import { TooHeavy } from "./failure.ts";
import type { AppIdentity } from "./identity.ts";
import { actorOf, isProvenOwnCommit } from "./identity.ts";
import { readQueue, withPassed } from "./merge-queue.ts";
import type { NodeIds } from "./node-ids.ts";
import type { ReadPullRequest } from "./pull-request.ts";
import {
  earlierThan,
  FULL_SIZES,
  labelEventsOf,
  lastClosing,
  pullRequestVariables,
  readOpenPullRequest,
  readPullRequest,
  reviewsIn,
  USUAL_OPEN_SIZES,
  USUAL_SIZES,
} from "./pull-request.ts";
import {
  BRANCHES_PAGE,
  EARLIER_REVIEWS,
  ENDED_PAGE,
  LABELS_PAGE,
  OPEN_ISSUES_WITH_LABEL,
  OPEN_PAGE,
  PULL_REQUESTS_IN_FULL,
  SNAPSHOT,
} from "./queries.ts";
import type { Page, Reader } from "./reader.ts";
import { pageOf } from "./reader.ts";

const FREEZE_PREFIX = "freeze:";
/** A repository that ends more pull requests than this between two looks is told of the newest only. */
const MOST_ENDED_PAGES = 30;
/** Against an endless list, should GitHub ever give one. */
const MOST_PAGES = 100;
const FULL_AT_ONCE = 10;

/** Pages of 100 reviews that are read of one pull request before it is said that nobody can tell. */
const MOST_REVIEW_PAGES = 20;

interface PageSizes {
  /** Of open pull requests, in the first request. GitHub counts what a page could hold, and most hold less. */
  readonly first: number;
  readonly further: number;
  /** Of those that ended: nearly always none, and after a while without a look many. */
  readonly ended: number;
  readonly furtherEnded: number;
}

const USUAL_PAGES: PageSizes = { first: 20, further: 50, ended: 10, furtherEnded: 30 };
const SMALL_PAGES: PageSizes = { first: 10, further: 10, ended: 10, furtherEnded: 10 };

/** Everything that one look at one repository needs at hand. */
export interface Look {
  readonly api: GitHubApi;
  readonly app: AppIdentity;
  readonly repository: Repository;
  readonly what: string;
  readonly pages: PageSizes;
  readonly nodeIds: NodeIds;
}

/**
 * One request when nothing is longer than a page. Throws rather than leave something out: what is not listed is taken to
 * be absent by those who decide upon this.
 */
export async function takeSnapshot(
  api: GitHubApi,
  app: AppIdentity,
  nodeIds: NodeIds,
  repository: Repository,
  endedSince: Instant,
): Promise<ForgeSnapshot> {
  const at = api.now();
  const usual: Look = { api, app, repository, what: `look at ${repository.owner}/${repository.name}`, pages: USUAL_PAGES, nodeIds };
  try {
    return await lookOnce(usual, at, endedSince);
  } catch (problem) {
    if (!(problem instanceof TooHeavy)) throw problem;
    return await lookOnce({ ...usual, pages: SMALL_PAGES }, at, endedSince);
  }
}

async function lookOnce(look: Look, at: Instant, endedSince: Instant): Promise<ForgeSnapshot> {
  const { repository, app } = look;
  const lists = pullRequestVariables(app, USUAL_OPEN_SIZES);
  const { first, further, ended: endedAtOnce } = look.pages;
  const { node, unread } = await askFirst(look, { pullRequests: first, ended: endedAtOnce, ...lists, after: null });
  if (node.integer("databaseId") !== repository.id) {
    const advice = "The next listing of repositories tells where it went";
    throw new PortFailure("stalled", `Could not ${look.what}: another repository has that name now. ${advice}.`);
  }
  const branch = node.optional("defaultBranchRef");
  if (branch === null) throw new PortFailure("stalled", `Could not ${look.what}: it has no commits yet. Push a first one.`);
  const open = await allPages(look, pageOf(node, "open"), "open", OPEN_PAGE, {
    pullRequests: further,
    ...lists,
  });
  const ended = await endedPullRequests(look, pageOf(node, "ended"), endedSince);
  const branches = await allPages(look, pageOf(node, "branches"), "branches", BRANCHES_PAGE, {});
  const labels = await allPages(look, pageOf(node, "labels"), "labels", LABELS_PAGE, {});
  const listed = await inFull(look, [...open.map((one) => readOpenPullRequest(one, app)), ...ended]);
  const queue = await readQueue(look, node, listed.map(({ pullRequest }) => pullRequest), endedSince);
  const pullRequests = listed.map((one) => ({ ...one, pullRequest: withPassed(one.pullRequest, queue.passed) }));
  look.nodeIds.repository(repository, node.text("id"));
  for (const { pullRequest, checkNode } of pullRequests) {
    if (pullRequest.check !== null && checkNode !== null) look.nodeIds.check(repository, pullRequest.check.id, checkNode);
  }
  return {
    at,
    defaultBranch: branch.text("name"),
    head: branch.object("target").text("oid"),
    logHead: node.optional("logRef")?.object("target").text("oid") ?? null,
    mergeMethods: mergeMethodsOf(node),
    queue: unread === null ? known(queue.queue, at) : unknown(unread, "stalled", at),
    open: pullRequests.filter(({ pullRequest }) => pullRequest.state === "open").map(({ pullRequest }) => pullRequest),
    ended: newestEndFirst(pullRequests.filter(({ pullRequest }) => pullRequest.state !== "open").map(({ pullRequest }) => pullRequest)),
    issues: await issuesOf(look, node.object("issues").objects("nodes"), labels),
    branches: branches.map((ref) => branchOf(ref, app)),
    labels: labels.map((label) => label.text("name")),
    deployments: node
      .object("deployments")
      .objects("nodes")
      .flatMap((deployment) => deploymentOf(deployment, app)),
  };
}

async function ask(look: Look, document: string, variables: Readonly<Record<string, unknown>>): Promise<Reader> {
  const { owner, name, installation } = look.repository;
  const data = await look.api.query(installation, document, { owner, name, ...variables }, look.what);
  return data.object("repository");
}

/** The merge queue's field in GitHub's answer. */
const QUEUE_FIELD = "repository.mergeQueue";

/** The snapshot itself. An App that may not read the merge queue sees all the rest; `unread` tells why not that. */
async function askFirst(look: Look, variables: Readonly<Record<string, unknown>>): Promise<{ readonly node: Reader; readonly unread: string | null }> {
  const { owner, name, installation } = look.repository;
  const answer = await look.api.queryBut(installation, SNAPSHOT, { owner, name, ...variables }, look.what, QUEUE_FIELD);
  return { node: answer.data.object("repository"), unread: answer.without };
}

async function allPages(
  look: Look,
  first: Page,
  key: string,
  document: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<readonly Reader[]> {
  const nodes = [...first.nodes];
  let after = first.next;
  for (let count = 1; after !== null; count += 1) {
    if (count >= MOST_PAGES) throw new PortFailure("stalled", `Could not ${look.what}: it has more than ${MOST_PAGES} pages of ${key}.`);
    const page: Page = pageOf(await ask(look, document, { ...variables, after }), key);
    nodes.push(...page.nodes);
    after = page.next;
  }
  return nodes;
}

/** Newest update first, so the first that is older than `endedSince` ends the search: to end is to be updated. */
async function endedPullRequests(look: Look, first: Page, endedSince: Instant): Promise<readonly ReadPullRequest[]> {
  const ended = first.nodes.map((node) => readPullRequest(node, look.app));
  let { next } = first;
  for (let count = 1; next !== null && count < MOST_ENDED_PAGES; count += 1) {
    const oldest = ended.at(-1);
    if (oldest === undefined || oldest.updatedAt < endedSince) break;
    const variables = { ended: look.pages.furtherEnded, ...pullRequestVariables(look.app, USUAL_SIZES), after: next };
    const page = pageOf(await ask(look, ENDED_PAGE, variables), "ended");
    ended.push(...page.nodes.map((node) => readPullRequest(node, look.app)));
    next = page.next;
  }
  return ended;
}

/**
 * Reads pull requests with long lists again, with the longest lists GitHub gives. A pull request that changed hands
 * between pages is listed twice; the later reading counts.
 */
async function inFull(look: Look, read: readonly ReadPullRequest[]): Promise<readonly ReadPullRequest[]> {
  const byId = new Map(read.map((one) => [one.pullRequest.id, one]));
  const cut = [...byId.values()].filter((one) => one.cut).map((one) => one.pullRequest.id);
  const { installation } = look.repository;
  for (let start = 0; start < cut.length; start += FULL_AT_ONCE) {
    const variables = { ids: cut.slice(start, start + FULL_AT_ONCE), ...pullRequestVariables(look.app, FULL_SIZES) };
    const data = await look.api.query(installation, PULL_REQUESTS_IN_FULL, variables, look.what);
    for (const node of data.objects("nodes")) {
      const full = await withEarlierReviews(look, readOpenPullRequest(node, look.app));
      byId.set(full.pullRequest.id, full);
    }
  }
  return [...byId.values()];
}

async function withEarlierReviews(look: Look, read: ReadPullRequest): Promise<ReadPullRequest> {
  const { id } = read.pullRequest;
  let reviews = read.pullRequest.reviews;
  let before = read.reviewsBefore;
  for (let page = 0; before !== null && page < MOST_REVIEW_PAGES; page += 1) {
    const data = await look.api.query(look.repository.installation, EARLIER_REVIEWS, { id, before }, look.what);
    const earlier = data.object("node").object("reviews");
    reviews = [...reviewsIn(earlier, look.app), ...reviews];
    before = earlierThan(earlier);
  }
  return { ...read, pullRequest: { ...read.pullRequest, reviews, truncated: before !== null } };
}

function newestEndFirst(ended: readonly PullRequest[]): readonly PullRequest[] {
  return ended.toSorted((a, b) => endOf(b) - endOf(a) || b.number - a.number);
}

/** A merge that GitHub does not tell the commit of yet is the newest there can be. */
function endOf(pullRequest: PullRequest): Instant {
  return pullRequest.merge?.at ?? pullRequest.closed?.at ?? Number.MAX_SAFE_INTEGER;
}

function mergeMethodsOf(node: Reader): ForgeSnapshot["mergeMethods"] {
  return [
    ...(node.flag("squashMergeAllowed") ? ["squash" as const] : []),
    ...(node.flag("mergeCommitAllowed") ? ["merge" as const] : []),
    ...(node.flag("rebaseMergeAllowed") ? ["rebase" as const] : []),
  ];
}

function branchOf(ref: Reader, app: AppIdentity): Branch {
  const target = ref.object("target");
  return {
    // Which part of the full name is the prefix depends on how it was asked for.
    name: `${ref.text("prefix")}${ref.text("name")}`.replace(/^refs\/heads\//, ""),
    oid: target.text("oid"),
    own: target.text("__typename") === "Commit" && isProvenOwnCommit(target, app, "tell whose the branches are"),
  };
}

/** The issues that stop the line must all be there, however long ago they were last touched: a missing one would resume it. */
async function issuesOf(look: Look, listed: readonly Reader[], labels: readonly Reader[]): Promise<readonly Issue[]> {
  const issues = new Map<number, Issue>();
  const add = (nodes: readonly Reader[]): void => {
    for (const node of nodes) {
      const issue = issueOf(node, look.app);
      if (issue.author.kind === "app" || issue.labels.some(isFreeze)) issues.set(issue.number, issue);
    }
  };
  add(listed);
  for (const label of labels) {
    const name = label.text("name");
    if (!isFreeze(name)) continue;
    const known = [...issues.values()].filter((issue) => issue.state === "open" && issue.labels.includes(name)).length;
    if (known >= label.object("issues").integer("totalCount")) continue;
    add((await ask(look, OPEN_ISSUES_WITH_LABEL, { label: name })).object("issues").objects("nodes"));
  }
  return [...issues.values()].toSorted((a, b) => b.number - a.number);
}

function isFreeze(label: string): boolean {
  return label.toLowerCase().startsWith(FREEZE_PREFIX);
}

const ISSUE_STATES: ReadonlyMap<string, Issue["state"]> = new Map([
  ["OPEN", "open"],
  ["CLOSED", "closed"],
]);

function issueOf(node: Reader, app: AppIdentity): Issue {
  const events = node.object("timelineItems").objects("nodes");
  const state = node.choice("state", ISSUE_STATES);
  return {
    number: node.integer("number"),
    title: node.text("title"),
    state,
    author: actorOf(node.optional("author"), app),
    labels: node
      .object("labels")
      .objects("nodes")
      .map((label) => label.text("name")),
    labelEvents: labelEventsOf(events, app).filter((event) => isFreeze(event.label)),
    closedBy: state === "closed" ? actorOf(lastClosing(events)?.optional("actor") ?? null, app) : null,
  };
}

const DEPLOYMENT_STATES: ReadonlyMap<string, DeploymentState> = new Map([
  ["QUEUED", "queued"],
  ["IN_PROGRESS", "in_progress"],
  ["SUCCESS", "success"],
  ["FAILURE", "failure"],
  ["ERROR", "error"],
  ["INACTIVE", "inactive"],
]);

/** Deployments are display: one that is not the App's, or that we cannot read, is simply not ours to show. */
function deploymentOf(node: Reader, app: AppIdentity): readonly Deployment[] {
  const task = node.optionalText("task") ?? "";
  const environment = node.optionalText("environment");
  if (actorOf(node.optional("creator"), app).kind !== "app" || !task.startsWith(TASK_PREFIX) || environment === null) return [];
  return [
    {
      id: node.integer("databaseId"),
      environment,
      app: task.slice(TASK_PREFIX.length),
      commit: node.text("commitOid"),
      state: DEPLOYMENT_STATES.get(node.optional("latestStatus")?.text("state") ?? "") ?? null,
    },
  ];
}
