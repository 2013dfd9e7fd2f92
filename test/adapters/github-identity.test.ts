import { describe, expect, it } from "vitest";
import type { Fields } from "./github-answers.ts";
import {
  APP,
  answering,
  APP_EMAIL,
  commitBy,
  commits,
  HEAD,
  list,
  oid,
  ownCommit,
  pullRequest,
  pullRequestRead,
  repository,
  SINCE,
  snapshotOf,
  user,
} from "./github-answers.ts";
import { BOT_ID, graphql, REPOSITORY, scriptedGitHub, SLUG } from "./github-scripted.ts";

describe("who did it", () => {
  const cases = [
    { name: "a person", node: user("ada"), actor: { login: "ada", kind: "user" } },
    { name: "the App", node: APP, actor: { login: `${SLUG}[bot]`, kind: "app" } },
    { name: "another bot", node: { __typename: "Bot", login: "renovate" }, actor: { login: "renovate[bot]", kind: "bot" } },
    { name: "a person named like the App", node: user(SLUG), actor: { login: SLUG, kind: "user" } },
    { name: "nobody any more", node: null, actor: { login: "ghost", kind: "ghost" } },
    { name: "GitHub's ghost", node: user("ghost"), actor: { login: "ghost", kind: "ghost" } },
    { name: "a mannequin", node: { __typename: "Mannequin", login: "old" }, actor: { login: "old", kind: "ghost" } },
  ];
  it.each(cases)("$name", async ({ node, actor }) => {
    expect((await pullRequestRead({ author: node })).author).toEqual(actor);
  });

  it("a comment that somebody else edited", async () => {
    const base = { id: "C", body: "x", createdAt: "2026-11-21T08:30:00Z" };
    const read = await pullRequestRead({
      comments: list([
        { ...base, author: user("bob"), editor: user("bob") },
        { ...base, author: user("bob"), editor: user("eve") },
        { ...base, author: { __typename: "Bot", login: "bob" }, editor: user("bob") },
      ]),
    });
    expect(read.comments.map((comment) => comment.editedByOther)).toEqual([false, true, true]);
  });
});

describe("whose commits", () => {
  const unsigned = { signature: null };
  const invalid = { signature: { isValid: false, wasSignedByGitHub: true, state: "INVALID" } };
  const byUser = { signature: { isValid: true, wasSignedByGitHub: false, state: "VALID" } };
  const app = `${SLUG}[bot]`;
  const cases: readonly { name: string; nodes: readonly Fields[]; count?: number; allOwn: boolean; people: readonly string[] | null }[] = [
    { name: "the App's", nodes: [ownCommit(HEAD)], allOwn: true, people: [app] },
    { name: "the App's address without a signature", nodes: [ownCommit(HEAD, unsigned)], allOwn: false, people: null },
    { name: "the App's address, signature invalid", nodes: [ownCommit(HEAD, invalid)], allOwn: false, people: null },
    { name: "the App's address, signed by a person", nodes: [ownCommit(HEAD, byUser)], allOwn: false, people: null },
    { name: "a person on top", nodes: [ownCommit(oid("2")), commitBy(HEAD, "ada", "bob")], allOwn: false, people: ["ada", "bob", app] },
    { name: "no account", nodes: [commitBy(HEAD, null, "bob")], allOwn: false, people: null },
    { name: "no account for the committer", nodes: [commitBy(HEAD, "ada", null)], allOwn: false, people: null },
    {
      name: "in the browser",
      nodes: [ownCommit(HEAD, { author: { email: "ada@example.com" }, authors: list([{ user: { login: "ada" } }]) })],
      allOwn: false,
      people: ["ada"],
    },
    {
      name: "pretending to be the browser",
      nodes: [commitBy(HEAD, "ada", null, { committer: { email: "noreply@github.com", user: { login: "web-flow" } } })],
      allOwn: false,
      people: ["ada", "web-flow"],
    },
    {
      name: "a co-author",
      nodes: [commitBy(HEAD, "ada", "ada", { authors: list([{ user: { login: "ada" } }, { user: { login: "eve" } }]) })],
      allOwn: false,
      people: ["ada", "eve"],
    },
    {
      name: "too many co-authors",
      nodes: [commitBy(HEAD, "ada", "ada", { authors: list([{ user: { login: "ada" } }], { hasNextPage: true }) })],
      allOwn: false,
      people: null,
    },
    { name: "a list that lags behind the head", nodes: [ownCommit(oid("2"))], allOwn: false, people: null },
    { name: "none", nodes: [], allOwn: false, people: null },
  ];
  it.each(cases)("$name", async ({ nodes, count, allOwn, people }) => {
    const read = await pullRequestRead({ commits: commits(nodes, count) });
    expect(read.commits).toEqual({ count: count ?? nodes.length, allOwn, people });
  });

  it("more than are ever read", async () => {
    const long = pullRequest(5, { commits: commits([ownCommit(HEAD)], 31) });
    await using github = await scriptedGitHub(
      answering(repository({ open: list([long]) }), { PullRequestsInFull: () => graphql({ nodes: [long] }) }),
    );
    const [read] = (await github.forge.snapshot(REPOSITORY, SINCE)).open;
    expect(read?.commits).toEqual({ count: 31, allOwn: false, people: null });
  });

  it.each([
    ["github.com", "users.noreply.github.com", true],
    ["github.acme.example", "users.noreply.github.acme.example", true],
    ["github.acme.example", "users.noreply.github.com", true],
    ["github.com", "users.noreply.github.acme.example", false],
  ])("the App of %s commits as @%s: %s", async (host, domain, allOwn) => {
    const own = ownCommit(HEAD, { author: { email: `${BOT_ID}+${SLUG}[bot]@${domain}` } });
    const fields = repository({ open: list([pullRequest(5, { commits: commits([own]) })]) });
    await using github = await scriptedGitHub(answering(fields, { PullRequestsInFull: () => graphql({ nodes: [] }) }), { host });
    expect((await github.forge.snapshot(REPOSITORY, SINCE)).open[0]?.commits.allOwn).toBe(allOwn);
  });

  it("a branch is the App's by its head", async () => {
    const branch = (name: string, target: Fields): Fields => ({ prefix: "refs/heads/pinion/", name, target });
    const snapshot = await snapshotOf(
      repository({
        branches: list([
          branch("a", ownCommit(HEAD)),
          branch("b", commitBy(HEAD, "ada", "ada", { author: { email: APP_EMAIL } })),
          branch("c", { __typename: "Tag", oid: HEAD }),
        ]),
      }),
    );
    expect(snapshot.branches).toEqual([
      { name: "pinion/a", oid: HEAD, own: true },
      { name: "pinion/b", oid: HEAD, own: false },
      { name: "pinion/c", oid: HEAD, own: false },
    ]);
  });
});
