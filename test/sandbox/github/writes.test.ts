import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Actor, Oid, Repository } from "../../../sandbox/github/model.ts";
import { NO_OID } from "../../../sandbox/github/model.ts";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { startGitHub } from "../../../sandbox/github/sandbox.ts";
import { createApp, install } from "../../../sandbox/github/state/accounts.ts";
import { commitOnBranch, resolveCommit } from "../../../sandbox/github/state/commits.ts";
import { createRef, deleteRef, updateRefs } from "../../../sandbox/github/state/refs.ts";
import { peopleOf, signatureOf } from "../../../sandbox/github/state/signatures.ts";
import { authenticate, issueInstallationToken } from "../../../sandbox/github/state/tokens.ts";
import { at, call, installationToken, listAt, numberAt, textAt } from "./client.ts";

const NOW = Date.UTC(2026, 5, 1, 12);

let github: GitHubSandbox;
let repository: Repository;
let token: string;
let bot: Actor;
let base: Oid;
let count = 0;

beforeAll(async () => {
  github = await startGitHub({ clock: { now: () => NOW } });
});

afterAll(() => github.close());

beforeEach(async () => {
  count += 1;
  repository = await github.seedRepository(
    `deploy-${count}`,
    { "apps/a.yaml": "tag: 1\n", "apps/b.yaml": "tag: 1\n" },
    { collaborators: { alice: "write" } },
  );
  token = await installationToken(github);
  bot = authenticate(github.state, `token ${token}`, Date.now());
  base = repository.refs.get("refs/heads/main") ?? "";
});

function ask(method: string, path: string, body?: unknown) {
  return call(github, token, method, `/repos/acme/${repository.name}${path}`, body);
}

async function commit(branch: string, expectedHeadOid: Oid, files: Readonly<Record<string, string>>, deletions: readonly string[] = []) {
  const additions = Object.entries(files).map(([path, text]) => ({ path, contents: Buffer.from(text) }));
  return commitOnBranch(github.state, bot, repository, { branch, expectedHeadOid, headline: "Set a", body: "Why", additions, deletions });
}

describe("commitOnBranch", () => {
  it("adds, changes and removes in one commit, by the bot, signed by GitHub, at the sandbox's time", async () => {
    const oid = await commit("main", base, { "apps/a.yaml": "tag: 2\r\n", 'odd "name"/ü.yaml': "x" }, ["apps/b.yaml"]);
    const made = await repository.git.commit(oid);
    expect(made).toMatchObject({
      parents: [base],
      author: { name: "pinion[bot]", email: `${github.app.bot.id}+pinion[bot]@users.noreply.github.com`, at: NOW },
      committer: { name: "GitHub", email: "noreply@github.com" },
      message: "Set a\n\nWhy",
    });
    expect(signatureOf(repository, oid)).toEqual({ isValid: true, wasSignedByGitHub: true, state: "VALID" });
    expect(made === null ? null : peopleOf(github.state, made)).toMatchObject({
      author: { login: "pinion[bot]" },
      committer: { login: "web-flow" },
    });
    expect(await repository.git.diff(base, oid)).toMatchObject([
      { path: "apps/a.yaml", status: "modified" },
      { path: "apps/b.yaml", status: "removed" },
      { path: 'odd "name"/ü.yaml', status: "added" },
    ]);
    expect((await repository.git.file(oid, "apps/a.yaml"))?.toString()).toBe("tag: 2\r\n");
  });

  it("refuses when the branch is elsewhere, and moves nothing", async () => {
    const moved = await commit("main", base, { "apps/a.yaml": "tag: 2\n" });
    await expect(commit("main", base, { "apps/a.yaml": "tag: 3\n" })).rejects.toMatchObject({
      code: "stale",
      message: `Expected branch to point to "${base}" but it did not. Pull and try again.`,
    });
    expect(repository.refs.get("refs/heads/main")).toBe(moved);
  });

  it("lets exactly one of many at once through", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => commit("main", base, { "apps/a.yaml": `tag: ${index}\n` })),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await repository.git.commitsBetween(base, repository.refs.get("refs/heads/main") ?? "")).toHaveLength(1);
  });

  const wrong: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[], RegExp])[] = [
    ["a path outside", { "../x": "x" }, [], /not valid/],
    ["a path into .git", { "a/.git/config": "x" }, [], /not valid/],
    ["a deletion of what is not there", {}, ["nowhere.yaml"], /does not exist as of commit oid/],
    ["a path twice", { "apps/a.yaml": "x" }, ["apps/a.yaml"], /more than once/],
  ];
  it.each(wrong)("refuses %s", async (_name, files, deletions, message) => {
    await expect(commit("main", base, files, deletions)).rejects.toThrow(message);
    expect(repository.refs.get("refs/heads/main")).toBe(base);
  });
});

describe("createRef", () => {
  it("is a claim that one of many wins", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => createRef(github.state, bot, repository, "refs/heads/x", base)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "exists", status: 422 });
  });
});

describe("updateRefs", () => {
  it("swaps several refs at once, creating and deleting with zeros", async () => {
    const next = await commit("main", base, { "apps/a.yaml": "tag: 2\n" });
    await createRef(github.state, bot, repository, "refs/heads/old", base);
    await updateRefs(github.state, bot, repository, [
      { name: "refs/heads/main", before: next, after: base, force: true },
      { name: "refs/heads/new", before: NO_OID, after: next, force: false },
      { name: "refs/heads/old", before: base, after: NO_OID, force: false },
    ]);
    expect(Object.fromEntries(repository.refs)).toEqual({ "refs/heads/main": base, "refs/heads/new": next });
    expect(await repository.git.refs()).toEqual(repository.refs);
  });

  const stale: readonly (readonly [string, string, string])[] = [
    ["is elsewhere", "refs/heads/main", "1".repeat(40)],
    ["is there already", "refs/heads/main", NO_OID],
    ["is gone", "refs/heads/gone", "1".repeat(40)],
  ];
  it.each(stale)("changes nothing when one ref %s", async (_name, name, before) => {
    const next = await commit("main", base, { "apps/a.yaml": "tag: 2\n" });
    const updates = [
      { name: "refs/heads/new", before: NO_OID, after: next, force: false },
      { name, before, after: base, force: true },
    ];
    await expect(updateRefs(github.state, bot, repository, updates)).rejects.toMatchObject({ code: "stale" });
    expect(Object.fromEntries(repository.refs)).toEqual({ "refs/heads/main": next });
    expect(await repository.git.refs()).toEqual(repository.refs);
  });

  it("keeps the default branch from being deleted", async () => {
    await expect(deleteRef(github.state, bot, repository, "refs/heads/main")).rejects.toThrow(/default branch/);
  });
});

describe("trees and commits over REST", () => {
  it("base trees keep files unless they are removed by name; only a commit without author is signed", async () => {
    const parent = await repository.git.commit(base);
    const tree = await ask("POST", "/git/trees", {
      base_tree: parent?.tree,
      tree: [
        { path: "apps/a.yaml", mode: "100644", type: "blob", content: "tag: 2\n" },
        { path: "apps/b.yaml", mode: "100644", type: "blob", sha: null },
      ],
    });
    const plain = { message: "M", tree: textAt(tree.body, "sha"), parents: [base] };
    const own = await ask("POST", "/git/commits", plain);
    expect(at(own.body, "verification", "verified")).toBe(true);
    const named = await ask("POST", "/git/commits", { ...plain, author: { name: "A", email: "a@example.org" } });
    expect(at(named.body, "verification", "verified")).toBe(false);
    expect(await repository.git.diff(base, textAt(own.body, "sha"))).toMatchObject([
      { path: "apps/a.yaml", status: "modified" },
      { path: "apps/b.yaml", status: "removed" },
    ]);
  });

  it("contents come in base64 from any revision, folders as lists", async () => {
    await commit("main", base, { "apps/a.yaml": "tag: 2\n" });
    const old = await ask("GET", `/contents/apps/a.yaml?ref=${base}`);
    expect(Buffer.from(textAt(old.body, "content"), "base64").toString()).toBe("tag: 1\n");
    expect(listAt((await ask("GET", "/contents/apps")).body).map((entry) => textAt(entry, "path"))).toEqual(["apps/a.yaml", "apps/b.yaml"]);
    expect((await ask("GET", "/contents/none.yaml")).status).toBe(404);
  });

  it("names are found as branches, full refs and short ids", async () => {
    for (const name of ["main", "heads/main", "refs/heads/main", base.slice(0, 8)])
      expect(await resolveCommit(repository, name)).toBe(base);
    expect(await resolveCommit(repository, "nowhere")).toBeNull();
  });
});

describe("check runs", () => {
  it("begin, change and end, and tell so", async () => {
    const begun = await ask("POST", "/check-runs", {
      name: "Pinion",
      head_sha: base,
      status: "in_progress",
      external_id: "f00",
      output: { title: "Waiting", summary: "for soak" },
    });
    const id = numberAt(begun.body, "id");
    await ask("PATCH", `/check-runs/${id}`, { conclusion: "success", output: { title: "Passed", summary: "all" } });
    expect((await ask("GET", `/commits/${base}/check-runs?check_name=Pinion`)).body).toMatchObject({
      total_count: 1,
      check_runs: [
        { id, status: "completed", conclusion: "success", external_id: "f00", output: { title: "Passed" }, app: { slug: "pinion" } },
      ],
    });
    await github.webhooks.settled();
    const told = github.webhooks.log.filter(({ body }) => body.includes(`"id":${id}`)).map(({ event, action }) => `${event}.${action}`);
    expect(told).toEqual(["check_run.created", "check_run.completed"]);
  });

  it("belong to the App that made them: another may not change them, and its run of that name is another", async () => {
    const other = createApp(github.state, {
      slug: `other-${count}`,
      owner: github.organization,
      permissions: { checks: "write" },
      events: [],
      webhookSecret: "x",
    });
    const elsewhere = issueInstallationToken(github.state, install(github.state, other, github.organization, "all"), {}, Date.now()).token;
    const mine = await ask("POST", "/check-runs", { name: "Pinion", head_sha: base, status: "in_progress" });
    const path = `/repos/acme/${repository.name}/check-runs`;
    const refused = await call(github, elsewhere, "PATCH", `${path}/${numberAt(mine.body, "id")}`, { conclusion: "success" });
    expect(refused.status).toBe(403);
    expect(refused.said).toMatch(/can only be modified by the GitHub App that created it/);
    await call(github, elsewhere, "POST", path, { name: "Pinion", head_sha: base, conclusion: "success" });
    const { body } = await ask("GET", `/commits/${base}/check-runs`);
    expect(listAt(body, "check_runs").map((run) => [at(run, "app", "slug"), at(run, "status")])).toEqual([
      [`other-${count}`, "completed"],
      ["pinion", "in_progress"],
    ]);
  });

  it("the newest of a name stands for it, older ones are there when all are asked for", async () => {
    for (const conclusion of ["failure", "success"]) await ask("POST", "/check-runs", { name: "Pinion", head_sha: base, conclusion });
    const latest = await ask("GET", `/commits/${base}/check-runs`);
    expect(listAt(latest.body, "check_runs").map((run) => textAt(run, "conclusion"))).toEqual(["success"]);
    expect(numberAt((await ask("GET", `/commits/${base}/check-runs?filter=all`)).body, "total_count")).toBe(2);
  });
});

describe("deployments", () => {
  async function deployed(environment: string, autoInactive: boolean): Promise<number> {
    const { body } = await ask("POST", "/deployments", { ref: base, environment, auto_merge: false, required_contexts: [] });
    const id = numberAt(body, "id");
    await ask("POST", `/deployments/${id}/statuses`, { state: "success", auto_inactive: autoInactive });
    return id;
  }
  const states = async (id: number) => listAt((await ask("GET", `/deployments/${id}/statuses`)).body).map((each) => textAt(each, "state"));

  it("a success retires its predecessors in the environment, unless told not to, and never in production", async () => {
    const first = await deployed("staging", false);
    const elsewhere = await deployed("dev", false);
    await deployed("staging", false);
    expect(await states(first)).toEqual(["success"]);
    await deployed("staging", true);
    expect(await states(first)).toEqual(["inactive", "success"]);
    expect(await states(elsewhere)).toEqual(["success"]);
    const live = await deployed("production", false);
    await deployed("production", true);
    expect(await states(live)).toEqual(["success"]);
  });

  it("are listed newest first, by environment and task", async () => {
    await deployed("staging", false);
    const newest = await deployed("staging", false);
    await deployed("dev", false);
    const { body } = await ask("GET", "/deployments?environment=staging&task=deploy");
    expect(listAt(body)).toHaveLength(2);
    expect(numberAt(body, 0, "id")).toBe(newest);
  });
});

describe("the timeline", () => {
  it("says who set and took off which label when, and who closed", async () => {
    const alice = github.person("alice", repository);
    const number = await alice.openIssue("Stop the line", ["freeze:prod"]);
    await ask("POST", `/issues/${number}/labels`, { labels: ["freeze:dev"] });
    await alice.unlabel(number, "freeze:dev");
    await alice.closeIssue(number);
    const { body } = await ask("GET", `/issues/${number}/timeline`);
    const told = listAt(body).map((event) => [
      at(event, "event"),
      at(event, "actor", "login"),
      at(event, "label", "name"),
      at(event, "created_at"),
    ]);
    expect(told).toEqual([
      ["labeled", "alice", "freeze:prod", "2026-06-01T12:00:00Z"],
      ["labeled", "pinion[bot]", "freeze:dev", "2026-06-01T12:00:00Z"],
      ["unlabeled", "alice", "freeze:dev", "2026-06-01T12:00:00Z"],
      ["closed", "alice", undefined, "2026-06-01T12:00:00Z"],
    ]);
    expect((await ask("GET", `/issues/${number}`)).body).toMatchObject({
      state: "closed",
      closed_by: { login: "alice" },
      state_reason: "completed",
    });
  });
});
