import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createTeam, createUser, joinTeam, leaveTeam } from "../../sandbox/github/state/accounts.ts";
import { GraphqlWorld } from "./github-graphql-world.ts";

let world: GraphqlWorld;

beforeAll(async () => {
  world = await GraphqlWorld.create();
});

afterAll(() => world.end());

const REPOSITORY = `query ($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { nameWithOwner } }`;

describe("who may ask", () => {
  it("nobody without a token, and no App by its JWT alone", async () => {
    expect((await world.raw({ kind: "anonymous" }, { query: "{ viewer { login } }" })).status).toBe(401);
    expect((await world.raw({ kind: "app", app: world.app }, { query: "{ viewer { login } }" })).status).toBe(401);
  });

  it("a bot is called by its App's slug as an actor, and with [bot] as the viewer, who is always a user", async () => {
    const query = "{ viewer { __typename login } }";
    expect(await world.data(query)).toEqual({ viewer: { __typename: "User", login: "pinion[bot]" } });
    const bot = await world.ask(`{ node(id: "${world.app.bot.nodeId}") { __typename ... on Bot { login databaseId } } }`);
    expect(bot.data).toEqual({ node: { __typename: "Bot", login: "pinion", databaseId: world.app.bot.id } });
    expect((await world.ask(query, {}, world.user(world.alice))).data).toEqual({ viewer: { __typename: "User", login: "alice" } });
  });

  it("a private repository is not found by those who may not see it", async () => {
    const answer = await world.ask(REPOSITORY, { owner: "acme", name: "deploy" }, world.user(world.bob));
    expect(answer.data).toEqual({ repository: null });
    expect(answer.errors).toMatchObject([
      { type: "NOT_FOUND", path: ["repository"], message: "Could not resolve to a Repository with the name 'acme/deploy'." },
    ]);
  });

  it("a token without the permission is refused field by field", async () => {
    const query = `{ repository(owner: "acme", name: "deploy") { id issues(first: 1) { totalCount } pullRequests(first: 1) { totalCount }
      labels(first: 1) { totalCount } } }`;
    const answer = await world.ask(query, {}, world.bot({ pull_requests: "read" }));
    expect(answer.errors).toMatchObject([
      {
        type: "FORBIDDEN",
        path: ["repository", "issues"],
        extensions: { saml_failure: false },
        message: "Resource not accessible by integration",
      },
    ]);
    // `issues` may not be null, so the refusal takes the repository with it.
    expect(answer.data).toEqual({ repository: null });
  });
});

describe("documents that are not right", () => {
  it.each([
    ["no query", undefined, "A query attribute must be specified and must be a string."],
    ["a syntax error", "{ viewer {", "Syntax Error"],
    ["an unknown field", "{ viewer { colour } }", "colour"],
    ["a missing argument", '{ repository(owner: "acme") { id } }', "name"],
  ])("%s", async (_, query, message) => {
    const { status, body } = await world.raw(world.bot(), { query });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty("data");
    expect(body).toHaveProperty(["errors", 0, "message"], expect.stringContaining(message));
  });

  it.each([
    ["GitObjectID", `query ($v: GitObjectID!) { repository(owner: "acme", name: "deploy") { object(oid: $v) { oid } } }`, "not-a-sha"],
    [
      "GitRefname",
      `mutation ($v: GitRefname!) { updateRefs(input: { repositoryId: "x", refUpdates: [{ name: $v, afterOid: "${"0".repeat(40)}" }] }) {
        clientMutationId } }`,
      "main",
    ],
    [
      "Base64String",
      `mutation ($v: Base64String!) { createCommitOnBranch(input: { branch: {}, expectedHeadOid: "${"0".repeat(40)}",
        message: { headline: "x" }, fileChanges: { additions: [{ path: "x", contents: $v }] } }) { clientMutationId } }`,
      "not base64!",
    ],
  ])("a %s is checked", async (_, query, value) => {
    const answer = await world.ask(query, { v: value });
    expect(answer).not.toHaveProperty("data");
    expect(answer.errors?.[0]?.message).toContain(value);
  });

  it("a field that the sandbox does not know is told, never null in silence", async () => {
    const answer = await world.ask(`{ repository(owner: "acme", name: "deploy") { diskUsage } }`);
    expect(answer.errors).toMatchObject([{ path: ["repository", "diskUsage"], message: "the sandbox does not know Repository.diskUsage" }]);
  });

  it("nor is an argument passed over that the sandbox does not know", async () => {
    const pull = await world.pull("arguments");
    const query = (args: string) =>
      `{ node(id: "${pull.nodeId}") { ... on PullRequest { timelineItems(first: 1${args}) { totalCount } } } }`;
    expect((await world.ask(query(""))).errors).toBeUndefined();
    expect((await world.ask(query(", skip: 1"))).errors).toMatchObject([
      { message: "the sandbox does not know PullRequest.timelineItems(skip:)" },
    ]);
    const update = `mutation { updatePullRequest(input: { pullRequestId: "${pull.nodeId}", labelIds: ["x"] }) { clientMutationId } }`;
    expect((await world.ask(update)).errors).toMatchObject([
      { message: "the sandbox does not know Mutation.updatePullRequest(input.labelIds:)" },
    ]);
    const issues = `{ repository(owner: "acme", name: "deploy") { issues(first: 1, filterBy: { assignee: "bob" }) { totalCount } } }`;
    expect((await world.ask(issues)).errors).toMatchObject([
      { message: "the sandbox does not know Repository.issues(filterBy.assignee:)" },
    ]);
  });

  it("one of several operations is chosen by its name", async () => {
    const query = "query A { a: viewer { login } } query B { b: viewer { login } }";
    const chosen = await world.raw(world.user(world.alice), { query, operationName: "B" });
    expect(chosen.body).toEqual({ data: { b: { login: "alice" } } });
    expect((await world.raw(world.user(world.alice), { query })).body).toHaveProperty("errors");
  });
});

describe("limits", () => {
  const labels = (args: string, fields = "nodes { name }"): string =>
    `{ repository(owner: "acme", name: "deploy") { labels${args} { ${fields} } } }`;

  it.each([
    [
      "",
      "nodes { name }",
      "MISSING_PAGINATION_BOUNDARIES",
      "You must provide a `first` or `last` value to properly paginate the `labels` connection.",
    ],
    ["", "... on LabelConnection { pageInfo { hasNextPage } }", "MISSING_PAGINATION_BOUNDARIES", "`labels`"],
    [
      "(first: 101)",
      "nodes { name }",
      "EXCESSIVE_PAGINATION",
      "Requesting 101 records on the `labels` connection exceeds the `first` limit of 100 records.",
    ],
    ["(last: 101)", "nodes { name }", "EXCESSIVE_PAGINATION", "exceeds the `last` limit of 100 records."],
    ['(first: 1, after: "bogus")', "nodes { name }", "INVALID_CURSOR_ARGUMENTS", "`bogus` does not appear to be a valid cursor."],
    ["(first: 1, last: 1)", "nodes { name }", "UNPROCESSABLE", "Passing both"],
    ["(first: -1)", "nodes { name }", "UNPROCESSABLE", "less than zero"],
  ])("labels%s { %s } is refused", async (args, fields, type, message) => {
    const answer = await world.ask(labels(args, fields));
    expect(answer.errors).toMatchObject([{ type, path: ["repository", "labels"] }]);
    expect(answer.errors?.[0]?.message).toContain(message);
  });

  it("counting needs no bounds", async () => {
    expect(await world.data(labels("", "totalCount"))).toEqual({ repository: { labels: { totalCount: 0 } } });
  });

  it("at most half a million nodes", async () => {
    const nested = (size: number): string =>
      `query ($n: Int!) { repository(owner: "acme", name: "deploy") {
        pullRequests(first: $n) { nodes { reviews(first: $n) { nodes { id } } comments(first: ${size}) { nodes { author { login } } }
        labels(first: $n) { nodes { issues(first: $n) { nodes { id } } } } } } } }`;
    const answer = await world.ask(nested(100), { n: 100 });
    expect(answer).not.toHaveProperty("data");
    expect(answer.errors).toMatchObject([{ type: "MAX_NODE_LIMIT_EXCEEDED" }]);
    // 100 pull requests, each with 100 reviews, comments and labels, and each label with 100 issues.
    expect(answer.errors?.[0]?.message).toContain("1,030,100");
    expect((await world.ask(nested(10), { n: 10 })).errors).toBeUndefined();
  });

  it("each call costs points, told by rateLimit", async () => {
    const query = `{ rateLimit { cost nodeCount limit remaining used resetAt }
      repository(owner: "acme", name: "deploy") { pullRequests(first: 100) { nodes { labels(first: 60) { nodes { name } } } } } }`;
    const actor = world.user(world.owner);
    const first = await world.data(query, {}, actor);
    expect(first).toMatchObject({
      rateLimit: { cost: 1, nodeCount: 6_100, limit: 5_000, used: 1, remaining: 4_999, resetAt: "2026-01-05T10:00:00Z" },
    });
    expect(await world.data(query, {}, actor)).toMatchObject({ rateLimit: { used: 2, remaining: 4_998 } });
    expect((await world.raw(actor, { query })).headers).toEqual({
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": "4997",
      "x-ratelimit-used": "3",
      "x-ratelimit-reset": String(Date.UTC(2026, 0, 5, 10, 0, 0) / 1000),
      "x-ratelimit-resource": "graphql",
    });
    for (let used = 3; used < 5_000; used += 1) await world.raw(actor, { query: "{ viewer { login } }" });
    const refused = await world.raw(actor, { query });
    expect(refused).toMatchObject({ status: 200, body: { errors: [{ type: "RATE_LIMITED" }] }, headers: { "x-ratelimit-remaining": "0" } });
    world.clock.advance(3_600_000);
    expect(await world.data(query, {}, actor)).toMatchObject({ rateLimit: { used: 1, resetAt: "2026-01-05T11:00:00Z" } });
  });
});

describe("nodes by id", () => {
  it("each on its own: one that is not there leaves the others", async () => {
    const ids = [world.repository.nodeId, "R_bm9wZQ"];
    const answer = await world.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", { ids });
    expect(answer.data).toEqual({ nodes: [{ __typename: "Repository", id: world.repository.nodeId }, null] });
    expect(answer.errors).toMatchObject([
      { type: "NOT_FOUND", path: ["nodes", 1], message: "Could not resolve to a node with the global id of 'R_bm9wZQ'." },
    ]);
  });

  it("not those of a repository that the asker may not see", async () => {
    const pull = await world.pull("hidden");
    const query = `{ node(id: "${pull.nodeId}") { id } }`;
    expect(await world.data(query)).toEqual({ node: { id: pull.nodeId } });
    const answer = await world.ask(query, {}, world.user(world.bob));
    const message = `Could not resolve to a node with the global id of '${pull.nodeId}'.`;
    expect(answer).toMatchObject({ data: { node: null }, errors: [{ type: "NOT_FOUND", message }] });
  });

  it("and not those that a token has no permission for", async () => {
    const pull = await world.pull("unread");
    const query = `{ node(id: "${pull.nodeId}") { id } }`;
    expect((await world.ask(query, {}, world.bot({ issues: "read" }))).errors).toMatchObject([{ type: "FORBIDDEN", path: ["node"] }]);
  });

  it("at most a hundred", async () => {
    const ids = Array.from({ length: 101 }, () => world.repository.nodeId);
    const query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    expect((await world.ask(query, { ids: ids.slice(1) })).errors).toBeUndefined();
    expect((await world.ask(query, { ids })).errors).toMatchObject([{ type: "ARGUMENT_LIMIT", path: ["nodes"] }]);
  });
});

describe("teams", () => {
  it("count the members of their child teams, unless only their own are asked for", async () => {
    const child = createTeam(world.state, world.organization, "sre-leads", world.sre);
    joinTeam(world.state, child, world.owner);
    const members = (membership: string): string => `members(first: 9, membership: ${membership}) { nodes { login } }`;
    const query = `{ organization(login: "acme") {
      team(slug: "sre") { all: ${members("ALL")} own: ${members("IMMEDIATE")} children: ${members("CHILD_TEAM")} } } }`;
    const nodes = (...logins: readonly string[]) => ({ nodes: logins.map((login) => ({ login })) });
    expect(await world.data(query)).toEqual({
      organization: { team: { all: nodes("olga", "alice"), own: nodes("alice"), children: nodes("olga") } },
    });
    leaveTeam(world.state, child, world.owner);
  });

  it("have active members only, and say nothing to an App without the permission", async () => {
    const query = `{ organization(login: "acme") {
      team(slug: "sre") { slug members(first: 100, membership: ALL) { totalCount nodes { login } } }
      missing: team(slug: "nope") { slug } } }`;
    expect(await world.data(query)).toEqual({
      organization: { team: { slug: "sre", members: { totalCount: 1, nodes: [{ login: "alice" }] } }, missing: null },
    });
    const outsider = world.user(createUser(world.state, "outsider"));
    expect(await world.data(query, {}, outsider)).toEqual({ organization: { team: null, missing: null } });
    expect((await world.ask(`{ node(id: "${world.sre.nodeId}") { id } }`, {}, outsider)).errors).toMatchObject([{ type: "NOT_FOUND" }]);
    const refused = await world.ask(query, {}, world.bot({ contents: "read" }));
    expect(refused.errors).toMatchObject([{ type: "FORBIDDEN", path: ["organization", "team"] }]);
  });
});
