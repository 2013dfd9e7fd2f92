import type { ForgeSnapshot, PullRequest } from "../../src/domain/observation.ts";
import type { Scripted, ScriptedGitHub, Seen } from "./github-scripted.ts";
import { BOT_ID, graphql, NOW, REPOSITORY, scriptedGitHub, SLUG } from "./github-scripted.ts";

/** Answers in the shape of the documents in `queries.ts`, with everything that can be left out or null filled in. */
export type Fields = Readonly<Record<string, unknown>>;

export const APP_EMAIL = `${BOT_ID}+${SLUG}[bot]@users.noreply.github.com`;
export const HEAD = "1".repeat(40);
export const MAIN = "a".repeat(40);

export function oid(digit: string): string {
  return digit.repeat(40);
}

export function list(nodes: readonly unknown[], page: Fields = {}): Fields {
  return { totalCount: nodes.length, pageInfo: { hasNextPage: false, hasPreviousPage: false, endCursor: "end", ...page }, nodes };
}

export function user(login: string): Fields {
  return { __typename: "User", login };
}

export const APP: Fields = { __typename: "Bot", login: SLUG };

export function ownCommit(id: string, over: Fields = {}): Fields {
  return {
    __typename: "Commit",
    oid: id,
    author: { email: APP_EMAIL },
    authors: list([{ user: null }]),
    committer: { email: "noreply@github.com", user: { login: "web-flow" } },
    signature: { isValid: true, wasSignedByGitHub: true, state: "VALID" },
    ...over,
  };
}

export function commitBy(id: string, author: string | null, committer: string | null, over: Fields = {}): Fields {
  const person = (login: string | null): Fields => ({ email: "x@example.com", user: login === null ? null : { login } });
  return {
    __typename: "Commit",
    oid: id,
    author: person(author),
    authors: list([person(author)]),
    committer: person(committer),
    signature: null,
    ...over,
  };
}

export function checkRun(over: Fields = {}): Fields {
  return { id: "CR_1", databaseId: 11, name: "Pinion", externalId: "f1", status: "COMPLETED", conclusion: "SUCCESS", startedAt: "2026-11-21T09:00:00Z", ...over };
}

export function headCommit(id: string, runs: readonly Fields[]): Fields {
  return { nodes: [{ commit: { oid: id, checkSuites: { nodes: [{ checkRuns: { nodes: runs } }] } } }] };
}

export function commits(nodes: readonly Fields[], totalCount = nodes.length): Fields {
  return { totalCount, nodes: nodes.map((commit) => ({ commit })) };
}

export function review(over: Fields = {}): Fields {
  return {
    id: "R_1",
    state: "APPROVED",
    createdAt: "2026-11-21T08:59:00Z",
    submittedAt: "2026-11-21T09:00:00Z",
    authorCanPushToRepository: true,
    author: user("ada"),
    commit: { oid: HEAD },
    ...over,
  };
}

export function pullRequest(number: number, over: Fields = {}): Fields {
  return {
    __typename: "PullRequest",
    id: `PR_${number}`,
    number,
    title: "Promote checkout 1.4.2 to prod",
    url: `https://github.com/acme/manifests/pull/${number}`,
    state: "OPEN",
    isDraft: false,
    createdAt: "2026-11-21T08:00:00Z",
    updatedAt: "2026-11-21T09:00:00Z",
    author: APP,
    baseRefName: "main",
    headRefName: "pinion/prod/checkout/1.4.2-abc",
    headRefOid: HEAD,
    isCrossRepository: false,
    mergedAt: null,
    mergedBy: null,
    mergeCommit: null,
    closedAt: null,
    labels: list([{ name: "promote:prod" }]),
    reviews: list([review()]),
    comments: list([{ id: "C_1", body: "/pinion promote", createdAt: "2026-11-21T08:30:00Z", author: user("bob"), editor: null }]),
    timelineItems: list([
      { __typename: "LabeledEvent", id: "L_1", createdAt: "2026-11-21T08:10:00Z", actor: user("bob"), label: { name: "promote:prod" } },
      { __typename: "ReviewRequestedEvent", requestedReviewer: { __typename: "Team", slug: "sre" } },
      { __typename: "ReviewRequestedEvent", requestedReviewer: { __typename: "User", login: "ada" } },
      { __typename: "ReviewRequestedEvent", requestedReviewer: { __typename: "Bot", login: "robot" } },
      { __typename: "ReviewRequestedEvent", requestedReviewer: null },
    ]),
    commits: commits([ownCommit(HEAD)]),
    headCommit: headCommit(HEAD, [checkRun()]),
    ...over,
  };
}

export function issue(number: number, over: Fields = {}): Fields {
  return {
    number,
    title: "Stop the line",
    state: "OPEN",
    author: user("ada"),
    labels: list([{ name: "freeze:prod" }]),
    timelineItems: list([
      { __typename: "LabeledEvent", id: "L_9", createdAt: "2026-11-21T07:00:00Z", actor: user("ada"), label: { name: "freeze:prod" } },
    ]),
    ...over,
  };
}

export function repository(over: Fields = {}): Fields {
  return {
    id: "R_manifests",
    databaseId: REPOSITORY.id,
    mergeCommitAllowed: false,
    squashMergeAllowed: true,
    rebaseMergeAllowed: true,
    defaultBranchRef: { name: "main", target: { oid: MAIN } },
    logRef: { target: { oid: oid("b") } },
    open: list([pullRequest(5)]),
    ended: list([]),
    issues: list([issue(3)]),
    branches: list([{ prefix: "refs/heads/", name: "pinion/prod/checkout/1.4.2-abc", target: ownCommit(HEAD) }]),
    labels: list([
      { name: "freeze:prod", issues: { totalCount: 1 } },
      { name: "bug", issues: { totalCount: 40 } },
    ]),
    deployments: list([
      {
        databaseId: 8,
        environment: "prod",
        task: "promote:checkout",
        commitOid: MAIN,
        creator: APP,
        latestStatus: { state: "SUCCESS" },
      },
    ]),
    ...over,
  };
}

/** Answers by the name of the GraphQL operation, or by method and path. */
export type Script = Readonly<Record<string, (seen: Seen) => Scripted>>;

export function operationOf(seen: Seen): string {
  return /(?:query|mutation) (\w+)/.exec(JSON.stringify(seen.body))?.[1] ?? `${seen.method} ${seen.path}`;
}

/** A repository that was looked at once, then answers each operation as scripted. */
export async function looked(script: Script): Promise<ScriptedGitHub> {
  const github = await scriptedGitHub(answering(repository(), script));
  await github.forge.snapshot(REPOSITORY, NOW);
  return github;
}

export function operations(github: ScriptedGitHub): readonly string[] {
  return github.seen.slice(1).map(operationOf);
}

export function variable(seen: Seen | undefined, name: string): unknown {
  return variablesOf(seen)[name];
}

export function failed(alias: string, type: string, message: string): Fields {
  return { type, path: [alias], locations: [{ line: 3, column: 3 }], message };
}

/** How far back a snapshot asks for pull requests that ended. */
export const SINCE = NOW - 3_600_000;

export function variablesOf(seen: Seen | undefined): Fields {
  return { ...Object(Reflect.get(Object(seen?.body), "variables")) };
}

/** Answers the snapshot with `fields`, and further documents by their operation's name. */
export function answering(fields: Fields, more: Script = {}): (seen: Seen) => Scripted {
  return (seen) => {
    const operation = operationOf(seen);
    if (operation === "Snapshot") return graphql({ repository: fields });
    const answer = more[operation];
    if (answer === undefined) throw new Error(`nothing to answer ${operation} with`);
    return answer(seen);
  };
}

export async function snapshotOf(fields: Fields): Promise<ForgeSnapshot> {
  await using github = await scriptedGitHub(answering(fields));
  const snapshot = await github.forge.snapshot(REPOSITORY, SINCE);
  if (github.seen.length !== 1) throw new Error(`a look took ${github.seen.length} requests`);
  return snapshot;
}

export async function pullRequestRead(over: Fields): Promise<PullRequest> {
  const snapshot = await snapshotOf(repository({ open: list([pullRequest(5, over)]) }));
  const read = [...snapshot.open, ...snapshot.ended][0];
  if (read === undefined) throw new Error("no pull request");
  return read;
}
