import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Forge } from "../../src/ports.ts";
import { PortFailure } from "../../src/ports.ts";
import type { Scripted, ScriptedGitHub } from "./github-scripted.ts";
import { graphql, json, NOW, REPOSITORY, scriptedGitHub, TOKEN } from "./github-scripted.ts";

const ISSUE_BODY = "what only the issue says";
const HTML = "<html><body>Unicorn! <!-- a very long page --></body></html>";
const RESET = NOW / 1000 + 900;
const USED_UP = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(RESET) };

interface Case {
  readonly name: string;
  readonly answer: Scripted;
  readonly kind: PortFailure["kind"];
  readonly retryAt?: number;
  readonly says: RegExp;
}

const http: readonly Case[] = [
  { name: "401", answer: { status: 401, body: { message: "Bad credentials" } }, kind: "stalled", says: /Bad credentials.*private key/ },
  {
    name: "403 with the permission",
    answer: {
      status: 403,
      headers: { "x-accepted-github-permissions": "issues=write; pull_requests=write", "x-ratelimit-remaining": "4999" },
      body: { message: "Resource not accessible by integration" },
    },
    kind: "stalled",
    says: /Give the App one of these permissions: issues=write; pull_requests=write/,
  },
  {
    name: "403 without one",
    answer: { status: 403, body: { message: "Forbidden" } },
    kind: "stalled",
    says: /Check the App's permissions/,
  },
  {
    name: "403, primary limit",
    answer: { status: 403, headers: USED_UP, body: { message: "API rate limit exceeded" } },
    kind: "dependency",
    retryAt: RESET * 1000,
    says: /rate limit until 2026-11-21T10:15:00/,
  },
  {
    name: "403, secondary limit without a time",
    answer: { status: 403, body: { message: "You have exceeded a secondary rate limit" } },
    kind: "dependency",
    retryAt: NOW + 60_000,
    says: /rate limit/,
  },
  {
    name: "429 with retry-after",
    answer: { status: 429, headers: { "retry-after": "30" }, body: { message: "secondary rate limit" } },
    kind: "dependency",
    retryAt: NOW + 30_000,
    says: /rate limit until 2026-11-21T10:00:30/,
  },
  { name: "404", answer: { status: 404, body: { message: "Not Found" } }, kind: "stalled", says: /Not Found.*installed/ },
  { name: "418", answer: { status: 418, body: { message: "teapot" } }, kind: "error", says: /418 \("teapot"\)/ },
  {
    name: "422",
    answer: { status: 422, body: { message: "Validation Failed", errors: [{ field: "title", code: "missing" }] } },
    kind: "error",
    says: /title missing/,
  },
  { name: "500 in HTML", answer: { status: 500, body: HTML }, kind: "dependency", says: /answered 500/ },
  { name: "502 in HTML", answer: { status: 502, body: HTML }, kind: "dependency", says: /answered 502/ },
  {
    name: "503 with retry-after",
    answer: { status: 503, headers: { "retry-after": "120" }, body: HTML },
    kind: "dependency",
    retryAt: NOW + 120_000,
    says: /answered 503/,
  },
  { name: "200 in HTML", answer: { status: 200, body: HTML }, kind: "dependency", says: /not JSON/ },
  { name: "JSON that ends early", answer: json('{"data":{"x'), kind: "dependency", says: /not JSON/ },
  { name: "a list in place of an object", answer: json([]), kind: "error", says: /not as expected/ },
  { name: "no answer", answer: "drop", kind: "dependency", says: /could not be reached/ },
  { name: "half an answer", answer: "truncate", kind: "dependency", says: /could not be reached/ },
];

async function failureOf(run: Promise<unknown>): Promise<PortFailure> {
  const problem: unknown = await run.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(problem instanceof PortFailure)) throw new Error(`expected a PortFailure, got ${String(problem)}`);
  return problem;
}

function expectCase(failure: PortFailure, { kind, retryAt, says }: Case): void {
  expect(failure.message).toMatch(says);
  expect(failure.message).toMatch(/^Could not |^GitHub's answer/);
  const everything = inspect(failure, { depth: null, showHidden: true });
  expect(everything).not.toContain(TOKEN);
  expect(everything).not.toContain("Unicorn");
  expect(everything).not.toContain(ISSUE_BODY);
  expect({ kind: failure.kind, retryAt: failure.retryAt }).toEqual({ kind, retryAt: retryAt ?? null });
}

/** One write over REST and one question over GraphQL. */
const openIssue = (forge: Forge): Promise<unknown> => forge.openIssue(REPOSITORY, { title: "t", body: ISSUE_BODY, labels: [] });
const teamMembers = (forge: Forge): Promise<unknown> => forge.teamMembers(REPOSITORY, "sre");

describe("what an HTTP answer means", () => {
  it.each(http)("REST write, sent once: $name", async (given) => {
    await using github = await scriptedGitHub(() => given.answer);
    expectCase(await failureOf(openIssue(github.forge)), given);
    expect(github.seen).toHaveLength(1);
  });

  it.each(http.filter((given) => given.name !== "a list in place of an object"))("GraphQL, sent once: $name", async (given) => {
    await using github = await scriptedGitHub(() => given.answer);
    expectCase(await failureOf(teamMembers(github.forge)), given);
    expect(github.seen).toHaveLength(1);
  });

  it("is told without the credentials that somebody on the way repeats", async () => {
    const repeated = `Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2ln, token ${TOKEN}, ghs_0123456789abcdef and github_pat_11A_b`;
    await using github = await scriptedGitHub(() => ({ status: 403, body: { message: `no entry with ${repeated}` } }));
    const { message } = await failureOf(openIssue(github.forge));
    expect(message).toContain("no entry with [hidden], [hidden], [hidden] and [hidden]");
  });

  it("asks again once when a REST question met a 502", async () => {
    let first = true;
    await using github = await scriptedGitHub(() => {
      const answer: Scripted = first ? { status: 502, body: HTML } : { status: 200, body: { permission: "write", role_name: "maintain" } };
      first = false;
      return answer;
    });
    expect(await github.forge.permission(REPOSITORY, "ada")).toBe("maintain");
    expect(github.seen).toHaveLength(2);
  });
});

describe("limits", () => {
  it("gives up on a server that says nothing", async () => {
    await using github = await scriptedGitHub(() => "silence", { limits: { deadlineMs: 50 } });
    expectCase(await failureOf(openIssue(github.forge)), {
      name: "",
      answer: "silence",
      kind: "dependency",
      says: /no complete answer within 50 ms/,
    });
  });

  it("reads no more than its share", async () => {
    const body = { message: "x".repeat(5000) };
    await using github = await scriptedGitHub(() => ({ status: 200, body }), { limits: { maxBytes: 1000 } });
    expectCase(await failureOf(openIssue(github.forge)), { name: "", answer: "silence", kind: "error", says: /more than 1000 bytes/ });
  });
});

const graphqlCases: readonly Case[] = [
  {
    name: "rate limited",
    answer: {
      status: 200,
      headers: USED_UP,
      body: { errors: [{ type: "RATE_LIMITED", message: "API rate limit exceeded" }] },
    },
    kind: "dependency",
    retryAt: RESET * 1000,
    says: /rate limit until/,
  },
  {
    name: "forbidden beside data",
    answer: graphql({ organization: { team: null } }, [
      { type: "FORBIDDEN", path: ["organization", "team"], message: "Resource not accessible by integration" },
    ]),
    kind: "stalled",
    says: /Resource not accessible by integration" of organization\.team/,
  },
  {
    name: "not found",
    answer: graphql({ organization: null }, [
      { type: "NOT_FOUND", path: ["organization"], message: "Could not resolve to an Organization" },
    ]),
    kind: "stalled",
    says: /Could not resolve/,
  },
  {
    name: "too much asked",
    answer: graphql(null, [{ type: "RESOURCE_LIMITS_EXCEEDED", message: "Resource limits for this query exceeded." }]),
    kind: "error",
    says: /Resource limits/,
  },
  {
    name: "GitHub's own trouble",
    answer: graphql(null, [{ message: "Something went wrong while executing your query. Please include `A1` when reporting this issue." }]),
    kind: "dependency",
    says: /Something went wrong/,
  },
  {
    name: "a document that GitHub does not accept",
    answer: graphql(null, [{ path: ["query"], extensions: { code: "undefinedField" }, message: "Field 'mergeQueue' doesn't exist on type 'Repository'" }]),
    kind: "stalled",
    says: /'mergeQueue' doesn't exist on type.*older than what Pinion asks it: bring GitHub Enterprise Server up to date/,
  },
  { name: "an error without words", answer: graphql(null, [17]), kind: "error", says: /without words/ },
];

describe("what GraphQL errors mean", () => {
  it("a limit that is used up, told by the plugin that spaces requests out", async () => {
    const given = graphqlCases.find(({ name }) => name === "rate limited");
    if (given === undefined) throw new Error("no such case");
    await using github = await scriptedGitHub(() => given.answer, { throttled: true });
    expectCase(await failureOf(teamMembers(github.forge)), given);
    expect(github.seen).toHaveLength(1);
  });

  it.each(graphqlCases)("$name", async (given) => {
    await using github = await scriptedGitHub(() => given.answer);
    expectCase(await failureOf(teamMembers(github.forge)), given);
  });

  it("a team that is not shown is not an empty team", async () => {
    await using github = await scriptedGitHub(() => graphql({ organization: { team: null } }));
    const failure = await failureOf(teamMembers(github.forge));
    expect(failure.kind).toBe("stalled");
    expect(failure.message).toMatch(/no such team/);
  });
});

type Merged = Awaited<ReturnType<Forge["merge"]>>;
const HEAD = "a".repeat(40);
const merges: readonly { readonly name: string; readonly answer: Scripted; readonly outcome: Merged }[] = [
  {
    name: "merged",
    answer: { status: 200, body: { merged: true, sha: "b".repeat(40), message: "Pull Request successfully merged" } },
    outcome: { outcome: "done", value: "b".repeat(40) },
  },
  {
    name: "the head moved",
    answer: { status: 409, body: { message: "Head branch was modified. Review and try the merge again." } },
    outcome: { outcome: "conflict", reason: "Head branch was modified. Review and try the merge again." },
  },
  {
    name: "the base moved",
    answer: { status: 405, body: { message: "Base branch was modified. Review and try the merge again." } },
    outcome: { outcome: "conflict", reason: "Base branch was modified. Review and try the merge again." },
  },
  {
    name: "not mergeable",
    answer: { status: 405, body: { message: "Pull Request is not mergeable" } },
    outcome: { outcome: "refused", reason: "Pull Request is not mergeable" },
  },
  {
    name: "rules",
    answer: { status: 405, body: { message: 'Required status check "build" is expected.' } },
    outcome: { outcome: "refused", reason: 'Required status check "build" is expected.' },
  },
  {
    name: "a merge queue",
    answer: { status: 405, body: { message: "Changes must be made through the merge queue" } },
    outcome: { outcome: "refused", reason: "Changes must be made through the merge queue" },
  },
  {
    name: "a method that is switched off",
    answer: { status: 422, body: { message: "Squash merges are not allowed on this repository." } },
    outcome: { outcome: "refused", reason: "Squash merges are not allowed on this repository." },
  },
  {
    name: "gone",
    answer: { status: 404, body: { message: "Not Found" } },
    outcome: { outcome: "conflict", reason: "The pull request is not there any more." },
  },
];

describe("merge", () => {
  const wanted = { head: HEAD, method: "squash", title: "Promote", message: "why" } as const;

  it.each(merges)("$name", async ({ answer, outcome }) => {
    await using github = await scriptedGitHub(() => answer);
    expect(await github.forge.merge(REPOSITORY, 5, wanted)).toEqual(outcome);
    expect(github.seen).toHaveLength(1);
    expect(github.seen[0]).toMatchObject({
      method: "PUT",
      path: "/repos/acme/manifests/pulls/5/merge",
      body: { sha: HEAD, merge_method: "squash", commit_title: "Promote", commit_message: "why" },
    });
  });

  it.each(["drop", "truncate"] as const)("is not sent again when its answer is lost: %s", async (answer) => {
    await using github: ScriptedGitHub = await scriptedGitHub(() => answer);
    expect((await failureOf(github.forge.merge(REPOSITORY, 5, wanted))).kind).toBe("dependency");
    expect(github.seen).toHaveLength(1);
  });
});

describe("writes over REST that have an answer for a refusal", () => {
  it("a label that is there already is left alone, a bad one is not", async () => {
    const label = { name: "promote:prod", color: "ededed", description: "" };
    const refusal = (code: string): Scripted => {
      return { status: 422, body: { message: "Validation Failed", errors: [{ field: "name", code }] } };
    };
    await using there = await scriptedGitHub(() => refusal("already_exists"));
    await there.forge.createLabel(REPOSITORY, label);
    await using bad = await scriptedGitHub(() => refusal("invalid"));
    expect((await failureOf(bad.forge.createLabel(REPOSITORY, label))).message).toMatch(/name invalid/);
  });

  it("a label that is off already stays off", async () => {
    await using github = await scriptedGitHub(() => ({ status: 404, body: { message: "Label does not exist" } }));
    await github.forge.removeLabel(REPOSITORY, 5, "promote:prod");
    expect(github.seen[0]).toMatchObject({ method: "DELETE", path: "/repos/acme/manifests/issues/5/labels/promote:prod" });
  });

  it("names the team that cannot review", async () => {
    const message = "Could not request pull request reviewers";
    await using github = await scriptedGitHub(() => ({ status: 422, body: { message } }));
    const outcome = await github.forge.askReviewers(REPOSITORY, 5, ["sre", "sre"], []);
    expect(outcome).toEqual({ outcome: "refused", reason: `${message} (asked: team sre; each needs access to the repository)` });
    expect(github.seen[0]?.body).toEqual({ reviewers: [], team_reviewers: ["sre"] });
  });

  it("asks nobody when there is nobody to ask", async () => {
    await using github = await scriptedGitHub(() => ({ status: 500 }));
    expect(await github.forge.askReviewers(REPOSITORY, 5, [], [])).toEqual({ outcome: "done", value: null });
    expect(github.seen).toHaveLength(0);
  });

  it("cuts what GitHub would refuse for its length, without cutting a character in two", async () => {
    await using github = await scriptedGitHub(() => ({ status: 201, body: { number: 3 } }));
    await github.forge.openIssue(REPOSITORY, { title: `${"x".repeat(254)}😀y`, body: "b".repeat(70_000), labels: [] });
    const body = github.seen[0]?.body;
    expect(body).toMatchObject({ title: `${"x".repeat(254)}…` });
    expect(JSON.stringify(body).length).toBeLessThan(66_000);
  });
});

describe("permission", () => {
  const cases = [
    { name: "a fine role", answer: { permission: "read", role_name: "triage" }, permission: "triage" },
    { name: "a made-up role", answer: { permission: "write", role_name: "release-captain" }, permission: "write" },
    { name: "no role", answer: { permission: "none" }, permission: "none" },
  ];
  it.each(cases)("$name", async ({ answer, permission }) => {
    await using github = await scriptedGitHub(() => ({ status: 200, body: answer }));
    expect(await github.forge.permission(REPOSITORY, "ada")).toBe(permission);
  });

  it("somebody who is no user has none; a repository that cannot be seen says nothing", async () => {
    await using nobody = await scriptedGitHub(() => ({ status: 404, body: { message: "ada is not a user" } }));
    expect(await nobody.forge.permission(REPOSITORY, "ada")).toBe("none");
    await using hidden = await scriptedGitHub(() => ({ status: 404, body: { message: "Not Found" } }));
    expect((await failureOf(hidden.forge.permission(REPOSITORY, "ada"))).kind).toBe("stalled");
  });

  it("a role it has never heard of is not a permission", async () => {
    await using github = await scriptedGitHub(() => ({ status: 200, body: { permission: "owner", role_name: "owner" } }));
    expect((await failureOf(github.forge.permission(REPOSITORY, "ada"))).kind).toBe("error");
  });
});
