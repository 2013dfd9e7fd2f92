import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Actor, PullRequest } from "../../sandbox/github/model.ts";
import { createUser, setCollaborator } from "../../sandbox/github/state/accounts.ts";
import { createCheckRun } from "../../sandbox/github/state/checks.ts";
import { commitOnBranch } from "../../sandbox/github/state/commits.ts";
import { mergePullRequest } from "../../sandbox/github/state/merge.ts";
import { createPullRequest } from "../../sandbox/github/state/pulls.ts";
import { createRef } from "../../sandbox/github/state/refs.ts";
import { forkRepository } from "../../sandbox/github/state/repositories.ts";
import { requestReviewers, review } from "../../sandbox/github/state/reviews.ts";
import { addComment, addLabels, editComment, removeLabel } from "../../sandbox/github/state/threads.ts";
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

describe("a repository", () => {
  it("says what it is and how it merges", async () => {
    world.repository.mergeMethods.delete("rebase");
    const fields = `id databaseId nameWithOwner isPrivate squashMergeAllowed mergeCommitAllowed rebaseMergeAllowed
        defaultBranchRef { name prefix target { oid } } owner { login }`;
    expect(await world.data(inRepository(fields))).toEqual({
      repository: {
        id: world.repository.nodeId,
        databaseId: world.repository.id,
        nameWithOwner: "acme/deploy",
        isPrivate: true,
        squashMergeAllowed: true,
        mergeCommitAllowed: true,
        rebaseMergeAllowed: false,
        defaultBranchRef: { name: "main", prefix: "refs/heads/", target: { oid: world.head() } },
        owner: { login: "acme" },
      },
    });
  });

  it("has objects by id, by expression and by neither", async () => {
    const fields = `
      commit: object(oid: "${world.head()}") { __typename
        ... on Commit { messageHeadline tree { entries { name type mode object { ... on Tree { entries { name mode } } } } } } }
      blob: object(expression: "main:apps/web.yaml") { __typename ... on Blob { text byteSize isBinary } }
      absent: object(expression: "main:nothing") { oid }
      unknown: object(oid: "${"1".repeat(40)}") { oid }
      neither: object { oid }`;
    expect(await world.data(inRepository(fields))).toEqual({
      repository: {
        commit: {
          __typename: "Commit",
          messageHeadline: "Initial commit",
          tree: { entries: [{ name: "apps", type: "tree", mode: 0o40000, object: { entries: [{ name: "web.yaml", mode: 0o100644 }] } }] },
        },
        blob: { __typename: "Blob", text: "tag: 1\n", byteSize: 7, isBinary: false },
        absent: null,
        unknown: null,
        neither: null,
      },
    });
  });

  it("lists refs below a prefix, whose names go on where the prefix ends", async () => {
    await world.pull("pinion/dev/web");
    await world.pull("pinion/dev/api");
    const fields = `
      refs(refPrefix: "refs/heads/pinion/", first: 10) { totalCount nodes { prefix name target { oid } } }
      one: ref(qualifiedName: "refs/heads/pinion/dev/web") { prefix name }
      short: ref(qualifiedName: "main") { name }
      none: ref(qualifiedName: "refs/heads/nope") { name }`;
    expect(await world.data(inRepository(fields))).toEqual({
      repository: {
        refs: {
          totalCount: 2,
          nodes: [
            { prefix: "refs/heads/pinion/", name: "dev/api", target: { oid: world.head("pinion/dev/api") } },
            { prefix: "refs/heads/pinion/", name: "dev/web", target: { oid: world.head("pinion/dev/web") } },
          ],
        },
        one: { prefix: "refs/heads/", name: "pinion/dev/web" },
        short: { name: "main" },
        none: null,
      },
    });
  });
});

describe("commits", () => {
  it("of the App through the API are signed by GitHub, and name the bot as Git does", async () => {
    const pull = await world.pull("signed");
    const fields = `object(oid: "${pull.head.oid}") { ... on Commit {
      author { email user { login } } committer { user { login } } committedViaWeb
      signature { isValid wasSignedByGitHub state } parents(first: 2) { totalCount nodes { oid } }
      authors(first: 5) { totalCount nodes { email user { login } } } } }`;
    expect(await world.data(inRepository(fields))).toEqual({
      repository: {
        object: {
          author: { email: `${world.app.bot.id}+pinion[bot]@users.noreply.github.com`, user: { login: "pinion[bot]" } },
          committer: { user: { login: "web-flow" } },
          committedViaWeb: true,
          signature: { isValid: true, wasSignedByGitHub: true, state: "VALID" },
          parents: { totalCount: 1, nodes: [{ oid: world.head() }] },
          authors: { totalCount: 1, nodes: [{ email: world.app.bot.email, user: { login: "pinion[bot]" } }] },
        },
      },
    });
  });

  it("pushed with Git are unsigned, and co-authors count as authors", async () => {
    const { git } = world.repository;
    const who = { name: "Stranger", email: "stranger@example.com", at: world.clock.now() };
    const message = `Change\n\nbody\n\nCo-authored-by: Alice <${world.alice.email}>\n`;
    const oid = await git.commitFiles({ parents: [world.head()], author: who, committer: who, message }, [], []);
    const fields = `object(oid: "${oid}") { ... on Commit { messageBody signature { isValid } author { user { login } }
      authors(first: 5) { nodes { name user { login } } } } }`;
    expect(await world.data(inRepository(fields))).toMatchObject({
      repository: {
        object: {
          signature: null,
          author: { user: null },
          authors: {
            nodes: [
              { name: "Stranger", user: null },
              { name: "Alice", user: { login: "alice" } },
            ],
          },
        },
      },
    });
  });

  it("know their history, and the pull request they came by", async () => {
    const pull = await world.pull("history", world.bot(), "apps/web.yaml");
    const waiting = await world.pull("waiting");
    await mergePullRequest(world.state, world.user(world.owner), pull, { method: "squash", sha: null, title: null, message: null });
    const at = (oid: string): string =>
      `object(oid: "${oid}") { ... on Commit { associatedPullRequests(first: 5) { nodes { number state } } } }`;
    const fields = `
      defaultBranchRef { target { ... on Commit { all: history(first: 1) { totalCount nodes { oid } }
        web: history(first: 5, path: "apps/web.yaml") { totalCount } none: history(first: 5, path: "apps/none.yaml") { totalCount } } } }
      merged: ${at(pull.mergeCommit ?? "")} head: ${at(pull.head.oid)} open: ${at(waiting.head.oid)} base: ${at(pull.base.oid)}`;
    expect(await world.data(inRepository(fields))).toEqual({
      repository: {
        defaultBranchRef: {
          target: { all: { totalCount: 2, nodes: [{ oid: pull.mergeCommit }] }, web: { totalCount: 2 }, none: { totalCount: 0 } },
        },
        merged: { associatedPullRequests: { nodes: [{ number: pull.number, state: "MERGED" }] } },
        head: { associatedPullRequests: { nodes: [{ number: pull.number, state: "MERGED" }] } },
        open: { associatedPullRequests: { nodes: [{ number: waiting.number, state: "OPEN" }] } },
        base: { associatedPullRequests: { nodes: [] } },
      },
    });
  });
});

describe("a commit that arrived on the default branch", () => {
  it("is no longer that of an open pull request that was built on it", async () => {
    const below = await world.pull("below");
    await createRef(world.state, world.bot(), world.repository, "refs/heads/above", below.head.oid);
    await world.commit("above", "apps/above.yaml", "tag: 2\n");
    const input = { title: "Above", body: null, head: "above", base: "main", draft: false };
    const above = await createPullRequest(world.state, world.bot(), world.repository, input);
    const query = inRepository(
      `object(oid: "${below.head.oid}") { ... on Commit { associatedPullRequests(first: 5) { nodes { number } } } }`,
    );
    const shown = (...numbers: readonly number[]) => ({
      repository: { object: { associatedPullRequests: { nodes: numbers.map((number) => ({ number })) } } },
    });
    expect(await world.data(query)).toEqual(shown(below.number, above.number));
    await mergePullRequest(world.state, world.user(world.owner), below, { method: "merge", sha: null, title: null, message: null });
    expect(await world.data(query)).toEqual(shown(below.number));
  });
});

describe("a pull request", () => {
  let pull: PullRequest;
  let bot: Actor;

  beforeAll(async () => {
    bot = world.bot();
    pull = await world.pull("reviewed");
    world.clock.advance(MINUTE);
    await addLabels(world.state, world.user(world.alice), pull, ["promote:prod"]);
    await requestReviewers(world.state, bot, pull, { users: [], teams: [world.sre] });
    world.clock.advance(MINUTE);
    const reader = createUser(world.state, "reader");
    setCollaborator(world.repository, reader, "read");
    await review(world.state, world.user(reader), pull, { event: "REQUEST_CHANGES", body: "no", commit: null });
    await review(world.state, world.user(world.alice), pull, { event: "COMMENT", body: "hm", commit: null });
    await review(world.state, world.user(world.alice), pull, { event: "APPROVE", body: "", commit: null });
    const comment = await addComment(world.state, world.user(world.alice), pull, "/pinion status");
    world.clock.advance(MINUTE);
    await editComment(world.state, world.user(world.owner), comment, "/pinion promote");
    await removeLabel(world.state, bot, pull, "promote:prod");
  });

  const one = (fields: string): string => inRepository(`pullRequest(number: ${pull.number}) { ${fields} }`);

  it("says where it goes from and to", async () => {
    const fields = `__typename id number title body state isDraft createdAt author { __typename login } url
      baseRefName headRefName headRefOid isCrossRepository mergeable mergedBy { login } mergeCommit { oid }
        commits(last: 1) { totalCount nodes { commit { oid } } }`;
    expect(await world.data(one(fields))).toEqual({
      repository: {
        pullRequest: {
          __typename: "PullRequest",
          id: pull.nodeId,
          number: pull.number,
          title: "Change reviewed",
          body: "",
          state: "OPEN",
          isDraft: false,
          createdAt: "2026-01-05T09:00:00Z",
          author: { __typename: "Bot", login: "pinion" },
          url: `http://sandbox.invalid/acme/deploy/pull/${pull.number}`,
          baseRefName: "main",
          headRefName: "reviewed",
          headRefOid: world.head("reviewed"),
          isCrossRepository: false,
          mergeable: "MERGEABLE",
          mergedBy: null,
          mergeCommit: null,
          commits: { totalCount: 1, nodes: [{ commit: { oid: world.head("reviewed") } }] },
        },
      },
    });
  });

  it("says who reviewed what, and whether they may push", async () => {
    const fields = `reviews(last: 1) { totalCount pageInfo { hasPreviousPage }
      nodes { state submittedAt authorCanPushToRepository author { login } commit { oid } } }
      others: reviews(first: 9, states: [CHANGES_REQUESTED, COMMENTED]) { nodes { author { login } state authorCanPushToRepository } }
      latestReviews(first: 9) { nodes { state } } reviewDecision
      reviewRequests(first: 5) { totalCount }`;
    expect(await world.data(one(fields))).toEqual({
      repository: {
        pullRequest: {
          reviews: {
            totalCount: 3,
            pageInfo: { hasPreviousPage: true },
            nodes: [
              {
                state: "APPROVED",
                submittedAt: "2026-01-05T09:02:00Z",
                authorCanPushToRepository: true,
                author: { login: "alice" },
                commit: { oid: pull.head.oid },
              },
            ],
          },
          others: {
            nodes: [
              { author: { login: "reader" }, state: "CHANGES_REQUESTED", authorCanPushToRepository: false },
              { author: { login: "alice" }, state: "COMMENTED", authorCanPushToRepository: true },
            ],
          },
          latestReviews: { nodes: [{ state: "CHANGES_REQUESTED" }, { state: "APPROVED" }] },
          reviewDecision: "CHANGES_REQUESTED",
          reviewRequests: { totalCount: 0 },
        },
      },
    });
  });

  it("keeps an opinion that a later comment does not take back", async () => {
    const judged = await world.pull("judged");
    await review(world.state, world.user(world.alice), judged, { event: "APPROVE", body: "", commit: null });
    await review(world.state, world.user(world.alice), judged, { event: "COMMENT", body: "by the way", commit: null });
    const states = "{ nodes { state } }";
    const fields = `latestReviews(first: 9) ${states} latestOpinionatedReviews(first: 9) ${states} reviewDecision`;
    expect(await world.data(inRepository(`pullRequest(number: ${judged.number}) { ${fields} }`))).toEqual({
      repository: {
        pullRequest: {
          latestReviews: { nodes: [{ state: "COMMENTED" }] },
          latestOpinionatedReviews: { nodes: [{ state: "APPROVED" }] },
          reviewDecision: "APPROVED",
        },
      },
    });
  });

  it("does not show its checks to a token that may not read them", async () => {
    const query = one("commits(last: 1) { nodes { commit { checkSuites(first: 1) { totalCount } } } }");
    const answer = await world.ask(query, {}, world.bot({ pull_requests: "read", contents: "read" }));
    const path = ["repository", "pullRequest", "commits", "nodes", 0, "commit", "checkSuites"];
    expect(answer.errors).toMatchObject([{ type: "FORBIDDEN", path }]);
  });

  it("tells what happened in order, and only what is asked for", async () => {
    const fields = `
      all: timelineItems(first: 50) { nodes { __typename } }
      asked: timelineItems(last: 5, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, REVIEW_REQUESTED_EVENT]) {
        totalCount
        nodes {
          __typename
          ... on LabeledEvent { id createdAt actor { __typename login } label { name } }
          ... on UnlabeledEvent { actor { __typename login } label { name } }
          ... on ReviewRequestedEvent { requestedReviewer { __typename ... on Team { slug } } }
        }
      }`;
    const reviews = ["PullRequestReview", "PullRequestReview", "PullRequestReview"];
    const types = ["LabeledEvent", "ReviewRequestedEvent", ...reviews, "IssueComment", "UnlabeledEvent"];
    expect(await world.data(one(fields))).toEqual({
      repository: {
        pullRequest: {
          all: {
            nodes: expect.toSatisfy((nodes: readonly { readonly __typename: string }[]) => {
              return (
                nodes
                  .map((node) => node.__typename)
                  .toSorted()
                  .join() === types.toSorted().join()
              );
            }),
          },
          asked: {
            totalCount: 3,
            nodes: [
              {
                __typename: "LabeledEvent",
                id: expect.any(String),
                createdAt: "2026-01-05T09:01:00Z",
                actor: { __typename: "User", login: "alice" },
                label: { name: "promote:prod" },
              },
              { __typename: "ReviewRequestedEvent", requestedReviewer: { __typename: "Team", slug: "sre" } },
              { __typename: "UnlabeledEvent", actor: { __typename: "Bot", login: "pinion" }, label: { name: "promote:prod" } },
            ],
          },
        },
      },
    });
  });

  it("tells when a comment was edited by another", async () => {
    const fields = `comments(last: 5) { nodes { body createdAt lastEditedAt author { login } editor { login __typename } } }`;
    expect(await world.data(one(fields))).toEqual({
      repository: {
        pullRequest: {
          comments: {
            nodes: [
              {
                body: "/pinion promote",
                createdAt: "2026-01-05T09:02:00Z",
                lastEditedAt: "2026-01-05T09:03:00Z",
                author: { login: "alice" },
                editor: { login: "olga", __typename: "User" },
              },
            ],
          },
        },
      },
    });
  });

  it("shows the App's check runs on its head, by App and name", async () => {
    const input = { headSha: pull.head.oid, externalId: "abc", output: { title: "Waiting", summary: "soak", text: null } };
    const run = await createCheckRun(world.state, bot, world.repository, { ...input, name: "Pinion", status: "in_progress" });
    await createCheckRun(world.state, bot, world.repository, { ...input, name: "Other", conclusion: "success" });
    const suites = (app: number): string => `checkSuites(first: 2, filterBy: { appId: ${app} }) { totalCount nodes {
      app { databaseId } checkRuns(first: 5, filterBy: { checkName: "Pinion" }) {
        nodes { databaseId id name status conclusion externalId startedAt title } } } }`;
    const fields = `commits(last: 1) { nodes { commit { ours: ${suites(world.app.id)} theirs: ${suites(1)} } } }`;
    expect(await world.data(one(fields))).toEqual({
      repository: {
        pullRequest: {
          commits: {
            nodes: [
              {
                commit: {
                  ours: {
                    totalCount: 1,
                    nodes: [
                      {
                        app: { databaseId: world.app.id },
                        checkRuns: {
                          nodes: [
                            {
                              databaseId: run.id,
                              id: run.nodeId,
                              name: "Pinion",
                              status: "IN_PROGRESS",
                              conclusion: null,
                              externalId: "abc",
                              startedAt: "2026-01-05T09:03:00Z",
                              title: "Waiting",
                            },
                          ],
                        },
                      },
                    ],
                  },
                  theirs: { totalCount: 0, nodes: [] },
                },
              },
            ],
          },
        },
      },
    });
  });

  it("from a fork is told apart, and its author may be gone", async () => {
    const guest = createUser(world.state, "guest");
    setCollaborator(world.repository, guest, "read");
    const fork = await forkRepository(world.state, world.repository, guest);
    const stranger = world.user(guest);
    const main = fork.refs.get("refs/heads/main") ?? "";
    await createRef(world.state, stranger, fork, "refs/heads/patch", main);
    const files = { additions: [{ path: "x.yaml", contents: Buffer.from("x") }], deletions: [] };
    await commitOnBranch(world.state, stranger, fork, { branch: "patch", expectedHeadOid: main, headline: "x", body: "", ...files });
    const input = { title: "From a fork", body: null, head: "guest:patch", base: "main", draft: false };
    const made = await createPullRequest(world.state, stranger, world.repository, input);
    const query = inRepository(
      `pullRequest(number: ${made.number}) { isCrossRepository author { login } headRefName
        commits(first: 1) { nodes { commit { author { user { login } } } } } }`,
    );
    const shown = (login: string | null) => {
      const who = login === null ? null : { login };
      const commits = { nodes: [{ commit: { author: { user: who } } }] };
      return { repository: { pullRequest: { isCrossRepository: true, author: who, headRefName: "patch", commits } } };
    };
    expect(await world.data(query)).toEqual(shown("guest"));
    world.state.accounts.delete(guest.id);
    expect(await world.data(query)).toEqual(shown(null));
  });
});
