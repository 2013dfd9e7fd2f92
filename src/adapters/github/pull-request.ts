import { CHECK_NAME } from "../../domain/action.ts";
import type { Instant } from "../../domain/answer.ts";
import type { Comment, ExistingCheck, LabelEvent, PullRequest, QueueEvent, Review } from "../../domain/observation.ts";
import type { AppIdentity } from "./identity.ts";
import { actorOf, botLogin, commitFacts } from "./identity.ts";
import type { Reader } from "./reader.ts";


export interface ReadPullRequest {
  readonly pullRequest: PullRequest;
  readonly updatedAt: Instant;
  /** The check's node id, which GraphQL wants for an update. */
  readonly checkNode: string | null;
  /** Some of its lists are longer than what was read. */
  readonly cut: boolean;
  /** Where the reviews begin that were read, when there are earlier ones. */
  readonly reviewsBefore: string | null;
}

/** How many of each list are read of a pull request. */
export interface PullRequestSizes {
  readonly labels: number;
  readonly comments: number;
  readonly timeline: number;
}

/** The same for what is read of open ones only. */
export interface OpenSizes extends PullRequestSizes {
  readonly reviews: number;
  readonly commits: number;
}

export const USUAL_SIZES: PullRequestSizes = { labels: 30, comments: 20, timeline: 40 };
/** What Pinion opens has one commit; each more is a list more that GitHub counts. */
export const USUAL_OPEN_SIZES: OpenSizes = { ...USUAL_SIZES, reviews: 50, commits: 5 };
/** The most that GitHub gives at once, but for commits: who wrote a pull request of more than these is not told. */
export const FULL_SIZES: OpenSizes = { labels: 100, comments: 100, timeline: 100, reviews: 100, commits: 30 };

export function pullRequestVariables(app: AppIdentity, sizes: PullRequestSizes | OpenSizes): Readonly<Record<string, unknown>> {
  return { app: app.id, checkName: CHECK_NAME, ...sizes };
}

/** Reads the fragment `OpenPullRequestFields`. */
export function readOpenPullRequest(node: Reader, app: AppIdentity): ReadPullRequest {
  const ended = readPullRequest(node, app);
  const reviews = node.object("reviews");
  const commits = node.object("commits");
  const reviewsBefore = earlierThan(reviews);
  const facts = commitFacts(commits, ended.pullRequest.head.oid, app);
  return {
    ...ended,
    pullRequest: { ...ended.pullRequest, reviews: reviewsIn(reviews, app), truncated: reviewsBefore !== null, commits: facts },
    cut: ended.cut || reviewsBefore !== null || commits.objects("nodes").length < facts.count,
    reviewsBefore,
  };
}

/** Reads the fragment `PullRequestFields`. */
export function readPullRequest(node: Reader, app: AppIdentity): ReadPullRequest {
  const headOid = node.text("headRefOid");
  const state = node.choice("state", STATES);
  const check = checkOf(node, headOid);
  const timeline = node.object("timelineItems");
  const events = timeline.objects("nodes");
  const pullRequest: PullRequest = {
    id: node.text("id"),
    number: node.integer("number"),
    title: node.text("title"),
    url: node.text("url"),
    author: actorOf(node.optional("author"), app),
    state,
    draft: node.flag("isDraft"),
    createdAt: node.instant("createdAt"),
    base: node.text("baseRefName"),
    head: { ref: node.text("headRefName"), oid: headOid, fork: node.flag("isCrossRepository") },
    commits: { count: 0, allOwn: false, people: null },
    labels: node
      .object("labels")
      .objects("nodes")
      .map((label) => label.text("name")),
    labelEvents: labelEventsOf(events, app),
    reviews: [],
    comments: node
      .object("comments")
      .objects("nodes")
      .map((comment) => commentOf(comment, app)),
    truncated: false,
    reviewersAsked: reviewersAskedIn(events),
    queueEvents: queueEventsOf(events, app),
    check: check?.existing ?? null,
    merge: mergeOf(node, state, app),
    groupPassed: null,
    closed: closedOf(node, state, events, app),
  };
  const cut =
    node.object("labels").object("pageInfo").flag("hasNextPage") ||
    [node.object("comments"), timeline].some((list) => list.object("pageInfo").flag("hasPreviousPage"));
  return { pullRequest, updatedAt: node.instant("updatedAt"), checkNode: check?.node ?? null, cut, reviewsBefore: null };
}

export function reviewsIn(connection: Reader, app: AppIdentity): readonly Review[] {
  return connection.objects("nodes").map((review) => reviewOf(review, app));
}

/** The cursor for what comes before this page, or null when nothing does. */
export function earlierThan(connection: Reader): string | null {
  const page = connection.object("pageInfo");
  return page.flag("hasPreviousPage") ? page.text("startCursor") : null;
}

const STATES: ReadonlyMap<string, PullRequest["state"]> = new Map([
  ["OPEN", "open"],
  ["MERGED", "merged"],
  ["CLOSED", "closed"],
]);

const REVIEW_STATES: ReadonlyMap<string, Review["state"]> = new Map([
  ["APPROVED", "approved"],
  ["CHANGES_REQUESTED", "changes-requested"],
  ["COMMENTED", "commented"],
  ["DISMISSED", "dismissed"],
  ["PENDING", "pending"],
]);

function reviewOf(node: Reader, app: AppIdentity): Review {
  return {
    id: node.text("id"),
    author: actorOf(node.optional("author"), app),
    state: node.choice("state", REVIEW_STATES),
    commit: node.optional("commit")?.text("oid") ?? null,
    at: node.optionalInstant("submittedAt") ?? node.instant("createdAt"),
    canPush: node.flag("authorCanPushToRepository"),
  };
}

function commentOf(node: Reader, app: AppIdentity): Comment {
  const author = actorOf(node.optional("author"), app);
  const editor = node.optional("editor");
  const editedBy = editor === null ? author : actorOf(editor, app);
  return {
    id: node.text("id"),
    author,
    body: node.text("body"),
    at: node.instant("createdAt"),
    editedByOther: editedBy.login !== author.login || editedBy.kind !== author.kind,
  };
}

/** Of a timeline, oldest first as GitHub gives them. */
export function labelEventsOf(events: readonly Reader[], app: AppIdentity): readonly LabelEvent[] {
  return events
    .filter((event) => event.text("__typename") === "LabeledEvent")
    .map((event) => ({
      id: event.text("id"),
      label: event.object("label").text("name"),
      actor: actorOf(event.optional("actor"), app),
      at: event.instant("createdAt"),
    }));
}

/** Of a timeline: who closed it last. */
export function lastClosing(events: readonly Reader[]): Reader | null {
  return events.findLast((event) => event.text("__typename") === "ClosedEvent") ?? null;
}

function reviewersAskedIn(events: readonly Reader[]): readonly string[] {
  const asked = new Set<string>();
  for (const event of events) {
    if (event.text("__typename") !== "ReviewRequestedEvent") continue;
    const reviewer = event.optional("requestedReviewer");
    if (reviewer === null) continue;
    const kind = reviewer.text("__typename");
    if (kind === "Team") asked.add(reviewer.text("slug"));
    else asked.add(kind === "Bot" ? botLogin(reviewer.text("login")) : reviewer.text("login"));
  }
  return [...asked];
}

function mergeOf(node: Reader, state: PullRequest["state"], app: AppIdentity): PullRequest["merge"] {
  if (state !== "merged") return null;
  // For a moment after a merge, GitHub does not know its commit yet.
  const commit = node.optional("mergeCommit");
  return commit === null ? null : { commit: commit.text("oid"), at: node.instant("mergedAt"), by: actorOf(node.optional("mergedBy"), app) };
}

function closedOf(node: Reader, state: PullRequest["state"], events: readonly Reader[], app: AppIdentity): PullRequest["closed"] {
  if (state !== "closed") return null;
  return { at: node.instant("closedAt"), by: actorOf(lastClosing(events)?.optional("actor") ?? null, app) };
}

/** How it came into merge queues and out of them, oldest first. */
function queueEventsOf(events: readonly Reader[], app: AppIdentity): readonly QueueEvent[] {
  return events.flatMap((event): readonly QueueEvent[] => {
    const kind = event.text("__typename");
    if (kind !== "AddedToMergeQueueEvent" && kind !== "RemovedFromMergeQueueEvent") return [];
    const told = { by: actorOf(event.optional("actor"), app), at: event.instant("createdAt") };
    if (kind === "AddedToMergeQueueEvent") return [{ kind: "added", ...told }];
    return [{ kind: "removed", ...told, reason: event.optionalText("reason") ?? "" }];
  });
}

function checkOf(node: Reader, headOid: string): ReadCheck | null {
  const commit = node.object("headCommit").objects("nodes")[0]?.object("commit");
  // The list of commits can lag behind a push; a check of another commit says nothing of this one.
  return commit === undefined || commit.text("oid") !== headOid ? null : ownCheckOf(commit);
}

export interface ReadCheck {
  readonly existing: ExistingCheck;
  /** Its node id. */
  readonly node: string;
}

/** Reads the fragment `OwnCheckFields`: the newest of the App's check runs on a commit. A re-run leaves the older ones standing. */
export function ownCheckOf(commit: Reader): ReadCheck | null {
  const suites = commit.object("checkSuites").objects("nodes");
  const runs = suites.flatMap((suite) => suite.object("checkRuns").objects("nodes"));
  const newest = runs.toSorted((a, b) => b.integer("databaseId") - a.integer("databaseId"))[0];
  if (newest === undefined) return null;
  return {
    existing: {
      id: newest.integer("databaseId"),
      fingerprint: newest.optionalText("externalId") ?? "",
      status: newest.text("status") === "COMPLETED" ? "completed" : "in_progress",
      passed: newest.text("status") === "COMPLETED" && newest.optionalText("conclusion") === "SUCCESS",
      // A run without a start is taken for an ancient one, which is replaced.
      startedAt: newest.optionalInstant("startedAt") ?? 0,
    },
    node: newest.text("id"),
  };
}
