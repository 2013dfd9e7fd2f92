import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Issue } from "../../sandbox/github/model.ts";
import { createDeployment, createDeploymentStatus } from "../../sandbox/github/state/deployments.ts";
import { createLabel } from "../../sandbox/github/state/labels.ts";
import { closePullRequest } from "../../sandbox/github/state/pulls.ts";
import { closeIssue, createIssue } from "../../sandbox/github/state/threads.ts";
import { textIn } from "./answer-fields.ts";
import { GraphqlWorld } from "./github-graphql-world.ts";

let world: GraphqlWorld;

beforeAll(async () => {
  world = await GraphqlWorld.create();
});

afterAll(() => world.end());

const MINUTE = 60_000;

function inRepository(fields: string): string {
  return `{ repository(owner: "acme", name: "deploy") { ${fields} } }`;
}

describe("lists of pull requests", () => {
  it("filter by state, head and base, and order by what is asked", async () => {
    const lists = await GraphqlWorld.create();
    try {
      const first = await lists.pull("first");
      lists.clock.advance(MINUTE);
      const second = await lists.pull("second");
      lists.clock.advance(MINUTE);
      await closePullRequest(lists.state, lists.bot(), first);
      const fields = `
        newest: pullRequests(first: 5, orderBy: { field: CREATED_AT, direction: DESC }) { nodes { number } }
        touched: pullRequests(first: 5, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { number state } }
        open: pullRequests(first: 5, states: [OPEN]) { totalCount }
        ended: pullRequests(first: 5, states: [MERGED, CLOSED]) { totalCount }
        head: pullRequests(first: 5, headRefName: "second") { nodes { number } }
        base: pullRequests(first: 5, baseRefName: "other") { nodes { number } }`;
      expect(await lists.data(inRepository(fields))).toEqual({
        repository: {
          newest: { nodes: [{ number: second.number }, { number: first.number }] },
          touched: {
            nodes: [
              { number: first.number, state: "CLOSED" },
              { number: second.number, state: "OPEN" },
            ],
          },
          open: { totalCount: 1 },
          ended: { totalCount: 1 },
          head: { nodes: [{ number: second.number }] },
          base: { nodes: [] },
        },
      });
      const wrong = await lists.ask(
        inRepository(`pullRequest(number: 99) { id } issue(number: ${first.number}) { id } issueOrPullRequest(number: 98) { __typename }`),
      );
      expect(wrong.errors?.map((error) => [error.type, error.message])).toEqual([
        ["NOT_FOUND", "Could not resolve to a PullRequest with the number of 99."],
        ["NOT_FOUND", `Could not resolve to an Issue with the number of ${first.number}.`],
        ["NOT_FOUND", "Could not resolve to an issue or pull request with the number of 98."],
      ]);
    } finally {
      await lists.end();
    }
  });
});

describe("issues and labels", () => {
  let frozen: Issue;

  beforeAll(async () => {
    await createLabel(world.state, world.bot(), world.repository, { name: "freeze:prod", color: "ff0000", description: "Stop the line" });
    frozen = await createIssue(world.state, world.user(world.alice), world.repository, {
      title: "Stop",
      body: "why",
      labels: ["freeze:prod"],
    });
    const other = await createIssue(world.state, world.user(world.alice), world.repository, { title: "Other", body: null, labels: [] });
    await closeIssue(world.state, world.user(world.alice), other, "completed");
    world.clock.advance(MINUTE);
    await createIssue(world.state, world.bot(), world.repository, { title: "Unlabelled", body: null, labels: [] });
  });

  it("are found by label and state, each with who set the label", async () => {
    const fields = `
      issues(first: 5, states: [OPEN], labels: ["FREEZE:PROD"]) {
        nodes { __typename number title state stateReason author { login } labels(first: 5) { nodes { name } }
        timelineItems(last: 5, itemTypes: [LABELED_EVENT]) { nodes { ... on LabeledEvent { actor { login } label { name } } } } } }
      filtered: issues(first: 5, filterBy: { states: [CLOSED], createdBy: "alice" }) { nodes { title stateReason } }
      theirs: issues(first: 5, filterBy: { createdBy: "pinion[bot]" }) { nodes { title } }
      lately: issues(first: 5, filterBy: { since: "2026-01-05T09:01:00Z" }) { nodes { title } }
      issueOrPullRequest(number: ${frozen.number}) { __typename }
      labels(first: 5, query: "freeze") { nodes { name description issues(states: [OPEN], first: 1) { totalCount }
        pullRequests(first: 1) { totalCount } } }
      label(name: "freeze:prod") { color }`;
    expect(await world.data(inRepository(fields))).toEqual({
      repository: {
        issues: {
          nodes: [
            {
              __typename: "Issue",
              number: frozen.number,
              title: "Stop",
              state: "OPEN",
              stateReason: null,
              author: { login: "alice" },
              labels: { nodes: [{ name: "freeze:prod" }] },
              timelineItems: { nodes: [{ actor: { login: "alice" }, label: { name: "freeze:prod" } }] },
            },
          ],
        },
        filtered: { nodes: [{ title: "Other", stateReason: "COMPLETED" }] },
        theirs: { nodes: [{ title: "Unlabelled" }] },
        lately: { nodes: [{ title: "Unlabelled" }] },
        issueOrPullRequest: { __typename: "Issue" },
        labels: {
          nodes: [{ name: "freeze:prod", description: "Stop the line", issues: { totalCount: 1 }, pullRequests: { totalCount: 0 } }],
        },
        label: { color: "ff0000" },
      },
    });
  });
});

describe("deployments", () => {
  it("show their latest status, newest first when asked", async () => {
    const bot = world.bot();
    const input = { ref: "main", environment: "dev", task: "promote:web", autoMerge: false, requiredContexts: [], description: "web 1" };
    const made = await createDeployment(world.state, bot, world.repository, input);
    await createDeploymentStatus(world.state, bot, made, { state: "in_progress" });
    await createDeploymentStatus(world.state, bot, made, { state: "success" });
    const later = await createDeployment(world.state, bot, world.repository, { ...input, environment: "prod", payload: { app: "web" } });
    const fields = `
      deployments(first: 5, orderBy: { field: CREATED_AT, direction: DESC }) {
        nodes { databaseId environment task commitOid payload creator { __typename login } state latestStatus { state } }
      }
      dev: deployments(first: 5, environments: ["dev"]) { totalCount nodes { statuses(first: 5) { nodes { state } } } }`;
    const common = { task: "promote:web", commitOid: world.head(), creator: { __typename: "Bot", login: "pinion" } };
    expect(await world.data(inRepository(fields))).toEqual({
      repository: {
        deployments: {
          nodes: [
            { ...common, databaseId: later.id, environment: "prod", payload: '{"app":"web"}', state: "PENDING", latestStatus: null },
            { ...common, databaseId: made.id, environment: "dev", payload: "{}", state: "ACTIVE", latestStatus: { state: "SUCCESS" } },
          ],
        },
        dev: { totalCount: 1, nodes: [{ statuses: { nodes: [{ state: "SUCCESS" }, { state: "IN_PROGRESS" }] } }] },
      },
    });
  });
});

describe("pages", () => {
  const page = (args: string): string => {
    const info = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    return inRepository(`labels(${args}) { totalCount ${info} nodes { name } edges { cursor node { name } } }`);
  };

  const shown = (names: readonly string[], info: Readonly<Record<string, unknown>> = {}) => ({
    repository: {
      labels: {
        nodes: names.map((name) => ({ name })),
        edges: names.map((name) => ({ cursor: expect.any(String), node: { name } })),
        pageInfo: info,
      },
    },
  });

  const cursor = (answer: unknown, which: "startCursor" | "endCursor"): string => textIn(answer, "repository", "labels", "pageInfo", which);

  it("follow one another by cursor, also when something before them went away", async () => {
    const paged = await GraphqlWorld.create();
    const read = (args: string) => paged.data(page(args));
    try {
      for (const name of ["a", "b", "c", "d", "e"]) {
        await createLabel(paged.state, paged.bot(), paged.repository, { name, color: "ededed", description: null });
      }
      const first = await read("first: 2");
      expect(first).toMatchObject(shown(["a", "b"], { hasNextPage: true, hasPreviousPage: false }));
      expect(first).toHaveProperty("repository.labels.totalCount", 5);
      const second = await read(`first: 2, after: "${cursor(first, "endCursor")}"`);
      expect(second).toMatchObject(shown(["c", "d"], { hasNextPage: true, hasPreviousPage: true }));
      const back = await read(`last: 1, before: "${cursor(second, "startCursor")}"`);
      expect(back).toMatchObject(shown(["b"], { hasNextPage: true, hasPreviousPage: true }));

      paged.repository.labels.delete("b");
      expect(await read(`first: 9, after: "${cursor(first, "endCursor")}"`)).toMatchObject(shown(["c", "d", "e"]));
      paged.repository.labels.delete("a");
      expect(await read(`first: 9, after: "${cursor(first, "endCursor")}"`)).toMatchObject(shown(["c", "d", "e"]));
      const third = await read(`first: 2, after: "${cursor(second, "endCursor")}"`);
      expect(third).toMatchObject(shown(["e"], { hasNextPage: false, hasPreviousPage: true }));
      const none = await read(`first: 2, after: "${cursor(third, "endCursor")}"`);
      expect(none).toMatchObject(shown([], { hasNextPage: false, startCursor: null, endCursor: null }));
    } finally {
      await paged.end();
    }
  });
});
