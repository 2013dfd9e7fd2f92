import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { PortFailure } from "../../src/ports.ts";
import type { Fields } from "./github-answers.ts";
import {
  answering,
  APP,
  checkRun,
  HEAD,
  headCommit,
  issue,
  list,
  MAIN,
  oid,
  operationOf,
  ownCommit,
  pullRequest,
  pullRequestRead,
  repository,
  review,
  SINCE,
  snapshotOf,
  user,
  variablesOf,
} from "./github-answers.ts";
import type { Scripted, Seen } from "./github-scripted.ts";
import { APP_ID, graphql, NOW, REPOSITORY, scriptedGitHub, SLUG } from "./github-scripted.ts";

async function problemWith(answer: (seen: Seen) => Scripted): Promise<PortFailure> {
  await using github = await scriptedGitHub(answer);
  const problem: unknown = await github.forge.snapshot(REPOSITORY, SINCE).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(problem instanceof PortFailure)) throw new Error(`expected a PortFailure, got ${String(problem)}`);
  return problem;
}

describe("one look", () => {
  it("reads everything in one request", async () => {
    expect(await snapshotOf(repository())).toEqual({
      at: NOW,
      defaultBranch: "main",
      head: MAIN,
      logHead: oid("b"),
      mergeMethods: ["squash", "rebase"],
      queue: { known: true, value: null, at: NOW },
      open: [
        {
          id: "PR_5",
          number: 5,
          title: "Promote checkout 1.4.2 to prod",
          url: "https://github.com/acme/manifests/pull/5",
          author: { login: `${SLUG}[bot]`, kind: "app" },
          state: "open",
          draft: false,
          createdAt: Date.parse("2026-11-21T08:00:00Z"),
          base: "main",
          head: { ref: "pinion/prod/checkout/1.4.2-abc", oid: HEAD, fork: false },
          commits: { count: 1, allOwn: true, people: [`${SLUG}[bot]`] },
          labels: ["promote:prod"],
          labelEvents: [
            { id: "L_1", label: "promote:prod", actor: { login: "bob", kind: "user" }, at: Date.parse("2026-11-21T08:10:00Z") },
          ],
          reviews: [
            {
              id: "R_1",
              author: { login: "ada", kind: "user" },
              state: "approved",
              commit: HEAD,
              at: Date.parse("2026-11-21T09:00:00Z"),
              canPush: true,
            },
          ],
          comments: [
            {
              id: "C_1",
              author: { login: "bob", kind: "user" },
              body: "/pinion promote",
              at: Date.parse("2026-11-21T08:30:00Z"),
              editedByOther: false,
            },
          ],
          truncated: false,
          reviewersAsked: ["sre", "ada", "robot[bot]"],
          queueEvents: [],
          groupPassed: null,
          check: { id: 11, fingerprint: "f1", status: "completed", passed: true, startedAt: Date.parse("2026-11-21T09:00:00Z") },
          merge: null,
          closed: null,
        },
      ],
      ended: [],
      issues: [
        {
          number: 3,
          title: "Stop the line",
          state: "open",
          author: { login: "ada", kind: "user" },
          labels: ["freeze:prod"],
          labelEvents: [{ id: "L_9", label: "freeze:prod", actor: { login: "ada", kind: "user" }, at: Date.parse("2026-11-21T07:00:00Z") }],
          closedBy: null,
        },
      ],
      branches: [{ name: "pinion/prod/checkout/1.4.2-abc", oid: HEAD, own: true }],
      labels: ["freeze:prod", "bug"],
      deployments: [{ id: 8, environment: "prod", app: "checkout", commit: MAIN, state: "success" }],
    });
  });

  it("asks for the App's own checks only", async () => {
    await using github = await scriptedGitHub(answering(repository()));
    await github.forge.snapshot(REPOSITORY, SINCE);
    expect(variablesOf(github.seen[0])).toMatchObject({ app: APP_ID, checkName: "Pinion", owner: "acme", name: "manifests" });
  });

  it("knows a repository without a log", async () => {
    expect((await snapshotOf(repository({ logRef: null }))).logHead).toBeNull();
  });

  it("stalls on an empty repository, and on another one of the same name", async () => {
    const empty = await problemWith(answering(repository({ defaultBranchRef: null })));
    expect([empty.kind, empty.message]).toEqual(["stalled", expect.stringMatching(/no commits yet/)]);
    const other = await problemWith(answering(repository({ databaseId: 1 })));
    expect([other.kind, other.message]).toEqual(["stalled", expect.stringMatching(/another repository/)]);
  });

  it("does not take what is missing beside an error for empty", async () => {
    const errors = [{ type: "FORBIDDEN", path: ["repository", "issues"], message: "Resource not accessible by integration" }];
    const problem = await problemWith(() => graphql({ repository: repository({ issues: list([]) }) }, errors));
    expect(problem.kind).toBe("stalled");
    expect(problem.message).toMatch(/repository\.issues/);
  });
});

/** Every path to a field of the answer; of a list, only its first element. */
function* pathsOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Array.isArray(value) ? Object.entries(value.slice(0, 1)) : Object.entries(value)) {
    if (!Array.isArray(value)) yield [...path, key];
    yield* pathsOf(child, [...path, key]);
  }
}

function changed(value: unknown, path: readonly string[], put: (parent: Record<string, unknown>, key: string) => void): Fields {
  const copy: unknown = structuredClone(value);
  let parent: unknown = copy;
  for (const key of path.slice(0, -1)) parent = Reflect.get(Object(parent), key);
  put(Object(parent), path.at(-1) ?? "");
  return Object(copy);
}

/** What GitHub may leave out, with the meaning that this has. */
const OPTIONAL = [
  "logRef",
  "open.nodes.0.author",
  "open.nodes.0.reviews.nodes.0.submittedAt",
  "open.nodes.0.reviews.nodes.0.author",
  "open.nodes.0.reviews.nodes.0.commit",
  "open.nodes.0.comments.nodes.0.author",
  "open.nodes.0.timelineItems.nodes.0.actor",
  "open.nodes.0.commits.nodes.0.commit.author",
  "open.nodes.0.commits.nodes.0.commit.author.email",
  "open.nodes.0.commits.nodes.0.commit.signature",
  "open.nodes.0.headCommit.nodes.0.commit.checkSuites.nodes.0.checkRuns.nodes.0.externalId",
  "open.nodes.0.headCommit.nodes.0.commit.checkSuites.nodes.0.checkRuns.nodes.0.conclusion",
  "open.nodes.0.headCommit.nodes.0.commit.checkSuites.nodes.0.checkRuns.nodes.0.startedAt",
  "issues.nodes.0.author",
  "issues.nodes.0.timelineItems.nodes.0.actor",
  "branches.nodes.0.target.author",
  "branches.nodes.0.target.author.email",
  "branches.nodes.0.target.signature",
  "deployments.nodes.0.environment",
  "deployments.nodes.0.task",
  "deployments.nodes.0.creator",
  "deployments.nodes.0.latestStatus",
];

describe("a field that is not as expected", () => {
  const paths = [...pathsOf(repository())].map((path) => path.join("."));

  /** The paths whose change is neither refused nor without any effect. */
  async function effective(put: (parent: Record<string, unknown>, key: string) => void): Promise<readonly string[]> {
    let fields = repository();
    await using github = await scriptedGitHub((seen) => answering(fields)(seen));
    const usual = await github.forge.snapshot(REPOSITORY, SINCE);
    const found: string[] = [];
    for (const path of paths) {
      fields = changed(repository(), path.split("."), put);
      const result: unknown = await github.forge.snapshot(REPOSITORY, SINCE).catch((error: unknown) => error);
      if (result instanceof PortFailure ? result.kind === "dependency" : !isDeepStrictEqual(result, usual)) found.push(path);
    }
    return found;
  }

  it("is never read when it is of another type", async () => {
    const surprise = (parent: Record<string, unknown>, key: string): void => {
      parent[key] = typeof parent[key] === "object" && parent[key] !== null ? 17 : { surprise: true };
    };
    expect(await effective(surprise)).toEqual([]);
  });

  it("is never taken for empty when it is missing, unless GitHub says that it may be", async () => {
    const remove = (parent: Record<string, unknown>, key: string): void => {
      delete parent[key];
    };
    expect(await effective(remove)).toEqual(OPTIONAL);
  });
});

describe("the App's check", () => {
  const cases = [
    { name: "none", runs: [], id: null },
    { name: "the newest of several", runs: [11, 30, 20].map((databaseId) => checkRun({ databaseId })), id: 30 },
  ];
  it.each(cases)("$name", async ({ runs, id }) => {
    expect((await pullRequestRead({ headCommit: headCommit(HEAD, runs) })).check?.id ?? null).toBe(id);
  });

  it("of another commit says nothing", async () => {
    expect((await pullRequestRead({ headCommit: headCommit(oid("2"), [checkRun()]) })).check).toBeNull();
    expect((await pullRequestRead({ headCommit: { nodes: [] } })).check).toBeNull();
  });

  it("waiting in any way is in progress", async () => {
    for (const status of ["QUEUED", "WAITING", "PENDING", "IN_PROGRESS"]) {
      const read = await pullRequestRead({ headCommit: headCommit(HEAD, [checkRun({ status, externalId: null, startedAt: null })]) });
      expect(read.check).toEqual({ id: 11, fingerprint: "", status: "in_progress", passed: false, startedAt: 0 });
    }
  });
});

describe("pull requests that ended", () => {
  const merged = (number: number, updatedAt: string): Fields =>
    pullRequest(number, {
      state: "MERGED",
      updatedAt,
      mergedAt: updatedAt,
      mergedBy: user("ada"),
      mergeCommit: { oid: MAIN },
      closedAt: updatedAt,
    });

  it("tells who merged and who closed", async () => {
    const closing = { __typename: "ClosedEvent", createdAt: "2026-11-21T09:00:00Z", actor: user("eve") };
    const closed = pullRequest(6, { state: "CLOSED", closedAt: "2026-11-21T09:00:00Z", timelineItems: list([closing]) });
    const early = pullRequest(8, { state: "MERGED", mergedAt: "2026-11-21T09:10:00Z", mergeCommit: null });
    const snapshot = await snapshotOf(repository({ ended: list([merged(7, "2026-11-21T08:00:00Z"), closed, early]) }));
    expect(snapshot.ended.map(({ number, merge, closed: end }) => ({ number, merge, closed: end }))).toEqual([
      { number: 8, merge: null, closed: null },
      { number: 6, merge: null, closed: { at: Date.parse("2026-11-21T09:00:00Z"), by: { login: "eve", kind: "user" } } },
      { number: 7, merge: { commit: MAIN, at: Date.parse("2026-11-21T08:00:00Z"), by: { login: "ada", kind: "user" } }, closed: null },
    ]);
  });

  it("pages back to the time asked for, and no further", async () => {
    const more = { hasNextPage: true, endCursor: "next" };
    const pages = [
      list([merged(9, "2026-11-21T09:40:00Z"), merged(8, "2026-11-21T09:30:00Z")], more),
      list([merged(7, "2026-11-21T09:20:00Z"), merged(6, "2026-11-21T08:20:00Z")], more),
    ];
    await using github = await scriptedGitHub(
      answering(repository({ ended: pages[0] }), { EndedPullRequests: () => graphql({ repository: { ended: pages[1] } }) }),
    );
    const snapshot = await github.forge.snapshot(REPOSITORY, SINCE);
    expect(snapshot.ended.map((one) => one.number)).toEqual([9, 8, 7, 6]);
    expect(github.seen.map(operationOf)).toEqual(["Snapshot", "EndedPullRequests"]);
    expect(variablesOf(github.seen[1])["after"]).toBe("next");
  });

  it("ends at thirty pages", async () => {
    const page = list([merged(9, "2026-11-21T09:40:00Z")], { hasNextPage: true, endCursor: "next" });
    await using github = await scriptedGitHub(
      answering(repository({ ended: page }), { EndedPullRequests: () => graphql({ repository: { ended: page } }) }),
    );
    await github.forge.snapshot(REPOSITORY, SINCE);
    expect(github.seen).toHaveLength(30);
  });
});

describe("what is longer than a page", () => {
  it("open pull requests, branches and labels are all read", async () => {
    const more = { hasNextPage: true, endCursor: "next" };
    const fields = repository({
      open: list([pullRequest(5)], more),
      branches: list([{ prefix: "refs/heads/", name: "pinion/a", target: ownCommit(HEAD) }], more),
      labels: list([{ name: "bug", issues: { totalCount: 0 } }], more),
    });
    await using github = await scriptedGitHub(
      answering(fields, {
        OpenPullRequests: () => graphql({ repository: { open: list([pullRequest(4)]) } }),
        Branches: () => graphql({ repository: { branches: list([{ prefix: "refs/heads/", name: "pinion/b", target: ownCommit(HEAD) }]) } }),
        Labels: () => graphql({ repository: { labels: list([{ name: "z", issues: { totalCount: 0 } }]) } }),
      }),
    );
    const snapshot = await github.forge.snapshot(REPOSITORY, SINCE);
    expect(snapshot.open.map((one) => one.number)).toEqual([5, 4]);
    expect(snapshot.branches.map((one) => one.name)).toEqual(["pinion/a", "pinion/b"]);
    expect(snapshot.labels).toEqual(["bug", "z"]);
  });

  it("whose a branch is cannot be told while GitHub checks no signatures", async () => {
    const signature = { isValid: false, wasSignedByGitHub: true, state: "GPGVERIFY_UNAVAILABLE" };
    const fields = repository({ branches: list([{ prefix: "refs/heads/", name: "pinion/a", target: ownCommit(HEAD, { signature }) }]) });
    await using github = await scriptedGitHub(answering(fields));
    await expect(github.forge.snapshot(REPOSITORY, SINCE)).rejects.toMatchObject({ kind: "dependency" });
  });

  it.each([
    ["comments", "hasPreviousPage"],
    ["timelineItems", "hasPreviousPage"],
    ["labels", "hasNextPage"],
  ])("a pull request with more %s is read in full", async (key, flag) => {
    const long = pullRequest(5, { [key]: list([], { [flag]: true }) });
    await using github = await scriptedGitHub(
      answering(repository({ open: list([long]) }), { PullRequestsInFull: () => graphql({ nodes: [pullRequest(5)] }) }),
    );
    const snapshot = await github.forge.snapshot(REPOSITORY, SINCE);
    expect(snapshot.open[0]?.truncated).toBe(false);
    expect(variablesOf(github.seen[1])).toMatchObject({ ids: ["PR_5"], reviews: 100, comments: 100 });
  });

  it("a thousand reviews are read to the first", async () => {
    const reviewed = (id: number, before: string | null) => {
      const page = list([review({ id: `R_${id}` })], { hasPreviousPage: before !== null, startCursor: before });
      return page;
    };
    const long = pullRequest(5, { reviews: reviewed(10, "10") });
    await using github = await scriptedGitHub(
      answering(repository({ open: list([long]) }), {
        PullRequestsInFull: () => graphql({ nodes: [long] }),
        EarlierReviews: (seen) => {
          const before = Number(variablesOf(seen)["before"]);
          return graphql({ node: { reviews: reviewed(before - 1, before === 2 ? null : String(before - 1)) } });
        },
      }),
    );
    const [read] = (await github.forge.snapshot(REPOSITORY, SINCE)).open;
    expect(read?.reviews.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, index) => `R_${index + 1}`));
    expect(read?.truncated).toBe(false);
  });

  it("reviews without end are not decided upon", async () => {
    const endless = list([], { hasPreviousPage: true, startCursor: "x" });
    const long = pullRequest(5, { reviews: endless });
    await using github = await scriptedGitHub(
      answering(repository({ open: list([long]) }), {
        PullRequestsInFull: () => graphql({ nodes: [long] }),
        EarlierReviews: () => graphql({ node: { reviews: endless } }),
      }),
    );
    expect((await github.forge.snapshot(REPOSITORY, SINCE)).open[0]?.truncated).toBe(true);
    expect(github.seen.length).toBeLessThan(30);
  });

  it.each<readonly [string, Scripted]>([
    ["a limit on resources", graphql(null, [{ type: "RESOURCE_LIMITS_EXCEEDED", message: "Resource limits for this query exceeded." }])],
    ["502", { status: 502, body: "<html>" }],
    ["words of trouble", graphql(null, [{ message: "Something went wrong while executing your query." }])],
  ])("what is too heavy is asked in smaller pages: %s", async (_, refusal) => {
    let first = true;
    await using github = await scriptedGitHub(() => {
      const answer = first ? refusal : graphql({ repository: repository() });
      first = false;
      return answer;
    });
    expect((await github.forge.snapshot(REPOSITORY, SINCE)).open).toHaveLength(1);
    expect(github.seen.map((seen) => variablesOf(seen)["pullRequests"])).toEqual([20, 10]);
  });
});

describe("issues", () => {
  it("keeps those that freeze and those of the App", async () => {
    const closing = { __typename: "ClosedEvent", createdAt: "2026-11-21T09:00:00Z", actor: user("bob") };
    const snapshot = await snapshotOf(
      repository({
        issues: list([
          issue(3),
          issue(4, { labels: list([{ name: "bug" }]) }),
          issue(5, { author: APP, state: "CLOSED", labels: list([]), timelineItems: list([closing]) }),
          issue(6, { labels: list([{ name: "Freeze:staging" }]), state: "CLOSED", timelineItems: list([]) }),
        ]),
      }),
    );
    expect(snapshot.issues.map(({ number, closedBy }) => ({ number, closedBy }))).toEqual([
      { number: 6, closedBy: { login: "ghost", kind: "ghost" } },
      { number: 5, closedBy: { login: "bob", kind: "user" } },
      { number: 3, closedBy: null },
    ]);
  });

  it("finds a freeze that nobody touched for long", async () => {
    const fields = repository({ issues: list([]), labels: list([{ name: "freeze:prod", issues: { totalCount: 1 } }]) });
    await using github = await scriptedGitHub(
      answering(fields, { OpenIssuesWithLabel: () => graphql({ repository: { issues: list([issue(3)]) } }) }),
    );
    expect((await github.forge.snapshot(REPOSITORY, SINCE)).issues.map((one) => one.number)).toEqual([3]);
    expect(variablesOf(github.seen[1])["label"]).toBe("freeze:prod");
  });
});

describe("deployments", () => {
  it("shows only the App's own, and no state that has no name here", async () => {
    const base = { databaseId: 8, environment: "prod", task: "promote:checkout", commitOid: MAIN, creator: APP, latestStatus: null };
    const snapshot = await snapshotOf(
      repository({
        deployments: list([
          base,
          { ...base, databaseId: 9, creator: user(SLUG) },
          { ...base, databaseId: 10, task: "deploy" },
          { ...base, databaseId: 11, latestStatus: { state: "PENDING" } },
        ]),
      }),
    );
    expect(snapshot.deployments.map(({ id, state }) => ({ id, state }))).toEqual([
      { id: 8, state: null },
      { id: 11, state: null },
    ]);
  });
});
