import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Person } from "../../../sandbox/github/people.ts";
import type { Oid, PullRequest, Repository } from "../../../sandbox/github/model.ts";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { startGitHub } from "../../../sandbox/github/sandbox.ts";
import { pullNumbered } from "../../../sandbox/github/state/pulls.ts";
import { signatureOf } from "../../../sandbox/github/state/signatures.ts";
import { at, call, installationToken, listAt, numberAt, textAt } from "./client.ts";

const NOW = Date.UTC(2026, 0, 5, 10);

let github: GitHubSandbox;
let repository: Repository;
let alice: Person;
let bob: Person;
let token: string;
let count = 0;

beforeAll(async () => {
  github = await startGitHub({ clock: { now: () => NOW } });
});

afterAll(() => github.close());

beforeEach(async () => {
  count += 1;
  github.state.unknownMergeableReads = 0;
  repository = await github.seedRepository(
    `deploy-${count}`,
    { "apps/a.yaml": "image: a\ntag: 1.0.0\nreplicas: 1\n", "apps/b.yaml": "tag: 1.0.0\n" },
    { collaborators: { alice: "write", bob: "write" } },
  );
  alice = github.person("alice", repository);
  bob = github.person("bob", repository);
  token = await installationToken(github);
});

function tip(branch: string): Oid {
  return repository.refs.get(`refs/heads/${branch}`) ?? "";
}

async function fileAt(branch: string, path: string): Promise<string | null> {
  return (await repository.git.file(tip(branch), path))?.toString("utf8") ?? null;
}

function pull(number: number): PullRequest {
  return pullNumbered(repository, number);
}

function get(path: string) {
  return call(github, token, "GET", `/repos/acme/${repository.name}${path}`);
}

async function eventsSince(start: number): Promise<readonly string[]> {
  await github.webhooks.settled();
  return github.webhooks.log.slice(start).map(({ event, action }) => (action === null ? event : `${event}.${action}`));
}

async function proposal(tag = "1.1.0"): Promise<number> {
  await alice.push("feature", { "apps/a.yaml": `image: a\ntag: ${tag}\nreplicas: 1\n` }, `Set a to ${tag}`);
  return alice.openPullRequest({ head: "feature", title: "Promote a" });
}

describe("merging", () => {
  it("is a three-way merge: what came to the base meanwhile stays", async () => {
    const number = await proposal();
    await bob.push("main", { "apps/b.yaml": "tag: 2.0.0\n", "apps/c.yaml": "tag: 1.0.0\n" }, "Others");
    const oid = await bob.mergeWithButton(number, "merge");
    expect(tip("main")).toBe(oid);
    expect(await fileAt("main", "apps/a.yaml")).toContain("tag: 1.1.0");
    expect(await fileAt("main", "apps/b.yaml")).toBe("tag: 2.0.0\n");
    expect(await fileAt("main", "apps/c.yaml")).toBe("tag: 1.0.0\n");
    const commit = await repository.git.commit(oid);
    expect(commit?.parents).toEqual([expect.any(String), pull(number).head.oid]);
    expect(commit?.message).toBe(`Merge pull request #${number} from acme/feature\n\nPromote a`);
  });

  it("merges changes to different lines of one file", async () => {
    await alice.push("feature", { "apps/a.yaml": "image: a2\ntag: 1.0.0\nreplicas: 1\n" }, "Image");
    const number = await alice.openPullRequest({ head: "feature", title: "Image" });
    await bob.push("main", { "apps/a.yaml": "image: a\ntag: 1.0.0\nreplicas: 1\nextra: yes\n" }, "Extra");
    expect(at((await get(`/pulls/${number}`)).body, "mergeable")).toBe(true);
    await bob.mergeWithButton(number);
    expect(await fileAt("main", "apps/a.yaml")).toBe("image: a2\ntag: 1.0.0\nreplicas: 1\nextra: yes\n");
  });

  it("squashes to one signed commit by the author, with GitHub's title for one commit and for several", async () => {
    const one = await proposal();
    const first = await repository.git.commit(await bob.mergeWithButton(one));
    expect(first?.message).toBe(`Set a to 1.1.0 (#${one})`);
    expect(first?.parents).toHaveLength(1);
    expect(first?.author.email).toBe(alice.account.email);
    expect(first?.committer).toEqual({ name: "GitHub", email: "noreply@github.com", at: NOW });
    expect(signatureOf(repository, first?.oid ?? "")).toMatchObject({ isValid: true, wasSignedByGitHub: true });

    await alice.push("second", { "apps/b.yaml": "tag: 1.1.0\n" }, "Set b");
    await bob.push("second", { "apps/b.yaml": "tag: 1.2.0\n" }, "Set b again");
    const several = await alice.openPullRequest({ head: "second", title: "Promote b" });
    const second = await repository.git.commit(await bob.mergeWithButton(several));
    expect(second?.message).toBe(
      `Promote b (#${several})\n\n* Set b\n\n* Set b again\n\n---------\n\nCo-authored-by: bob <${bob.account.email}>`,
    );
  });

  it("takes an explicit title and message as they are", async () => {
    const number = await proposal();
    const { body } = await call(github, token, "PUT", `/repos/acme/${repository.name}/pulls/${number}/merge`, {
      sha: tip("feature"),
      merge_method: "squash",
      commit_title: "Promote a 1.1.0 to dev",
      commit_message: "Pinion-Promotion: a dev 1.0.0 -> 1.1.0",
    });
    const commit = await repository.git.commit(textAt(body, "sha"));
    expect(commit?.message).toBe("Promote a 1.1.0 to dev\n\nPinion-Promotion: a dev 1.0.0 -> 1.1.0");
    expect(at(body, "merged")).toBe(true);
  });

  it("rebases each commit onto the base, unsigned and committed by who merges", async () => {
    await alice.push("feature", { "apps/a.yaml": "image: a\ntag: 2\n" }, "One");
    await alice.push("feature", { "apps/c.yaml": "tag: 3\n" }, "Two");
    const number = await alice.openPullRequest({ head: "feature", title: "Both" });
    await bob.push("main", { "apps/b.yaml": "tag: 9\n" }, "Meanwhile");
    const base = tip("main");
    const oid = await bob.mergeWithButton(number, "rebase");
    const commits = await repository.git.commitsBetween(base, oid);
    const messages = await Promise.all(commits.map(async (commit) => (await repository.git.commit(commit))?.message.trim()));
    expect(messages).toEqual(["One", "Two"]);
    expect((await repository.git.commit(oid))?.committer.email).toBe(bob.account.email);
    expect(signatureOf(repository, oid)).toBeNull();
    expect(await fileAt("main", "apps/b.yaml")).toBe("tag: 9\n");
  });

  it("tells it in the pull request, its timeline and the events", async () => {
    const number = await proposal();
    await github.webhooks.settled();
    const start = github.webhooks.log.length;
    const oid = await bob.mergeWithButton(number);
    expect((await get(`/pulls/${number}`)).body).toMatchObject({
      state: "closed",
      merged: true,
      merge_commit_sha: oid,
      merged_by: { login: "bob" },
      mergeable: null,
    });
    expect(listAt((await get(`/issues/${number}/timeline`)).body).map((event) => at(event, "event"))).toEqual([
      "committed",
      "merged",
      "closed",
    ]);
    expect(await eventsSince(start)).toEqual(["push", "check_suite.requested", "pull_request.closed"]);
    expect(JSON.parse(github.webhooks.log.at(-1)?.body ?? "")).toMatchObject({ pull_request: { merged: true, merge_commit_sha: oid } });
  });

  it("counts as merged what is pushed to the base", async () => {
    const number = await proposal();
    await alice.push("main", {}, "Along with it", { from: "feature" });
    expect(pull(number)).toMatchObject({ state: "closed", mergedAt: NOW, mergedBy: alice.account, mergeCommit: tip("main") });
  });

  it("deletes the head branch afterwards where the repository says so", async () => {
    repository.deleteBranchOnMerge = true;
    const number = await proposal();
    await bob.mergeWithButton(number);
    expect(repository.refs.has("refs/heads/feature")).toBe(false);
    expect(pull(number).mergedAt).toBe(NOW);
  });
});

describe("mergeable", () => {
  it("is false for a conflict, and true again when the branch resolves it", async () => {
    const number = await proposal("1.1.0");
    await bob.push("main", { "apps/a.yaml": "image: a\ntag: 1.0.9\nreplicas: 1\n" }, "Other tag");
    expect((await get(`/pulls/${number}`)).body).toMatchObject({ mergeable: false, mergeable_state: "dirty" });
    await alice.push("feature", { "apps/a.yaml": "image: a\ntag: 1.1.0\nreplicas: 1\n" }, "Anew", { from: "main", force: true });
    expect((await get(`/pulls/${number}`)).body).toMatchObject({ mergeable: true, mergeable_state: "clean" });
  });

  it("is unknown for the first reads after head or base moved", async () => {
    github.state.unknownMergeableReads = 2;
    const number = await proposal();
    const read = async () => at((await get(`/pulls/${number}`)).body, "mergeable");
    // Opening it answered with the pull request already.
    expect([await read(), await read()]).toEqual([null, true]);
    await bob.push("main", { "apps/b.yaml": "tag: 2\n" }, "Moves the base");
    expect([await read(), await read(), await read()]).toEqual([null, null, true]);
    await alice.push("feature", { "apps/c.yaml": "tag: 2\n" }, "Moves the head");
    expect([await read(), await read(), await read()]).toEqual([null, null, true]);
  });

  it("is true but blocked while a rule is not met", async () => {
    github.protect(repository, "main", { checks: { strict: false, required: [{ context: "Pinion", appId: github.app.id }] } });
    const number = await proposal();
    expect((await get(`/pulls/${number}`)).body).toMatchObject({ mergeable: true, mergeable_state: "blocked" });
  });
});

describe("the head", () => {
  it("follows pushes and API commits, each with a synchronize event", async () => {
    const number = await proposal();
    await github.webhooks.settled();
    const start = github.webhooks.log.length;
    const before = tip("feature");
    const pushed = await alice.push("feature", { "apps/b.yaml": "tag: 1.1.0\n" }, "More");
    expect(pull(number).head.oid).toBe(pushed);
    expect(repository.refs.get(`refs/pull/${number}/head`)).toBe(pushed);
    expect((await get(`/pulls/${number}`)).body).toMatchObject({ head: { sha: pushed }, commits: 2, changed_files: 2, additions: 2 });
    await alice.editInBrowser("feature", { "apps/c.yaml": "tag: 1\n" }, "In the browser");
    expect(pull(number).head.oid).toBe(tip("feature"));
    expect((await eventsSince(start)).filter((name) => name.startsWith("pull_request"))).toEqual([
      "pull_request.synchronize",
      "pull_request.synchronize",
    ]);
    const first = github.webhooks.log.slice(start).find((delivery) => delivery.event === "pull_request");
    expect(JSON.parse(first?.body ?? "")).toMatchObject({ before, after: pushed, pull_request: { head: { sha: pushed } } });
  });

  it("brings the recorded base along, which does not move by itself", async () => {
    const number = await proposal();
    const before = tip("main");
    await bob.push("main", { "apps/b.yaml": "tag: 2\n" }, "Moves the base");
    expect((await get(`/pulls/${number}`)).body).toMatchObject({ base: { sha: before } });
    await alice.push("feature", { "apps/c.yaml": "tag: 2\n" }, "Moves the head");
    expect((await get(`/pulls/${number}`)).body).toMatchObject({ base: { sha: tip("main") }, commits: 2, changed_files: 2 });
  });

  it("shows a forced push in the timeline", async () => {
    const number = await proposal();
    const before = tip("feature");
    await alice.push("feature", { "apps/a.yaml": "image: a\ntag: 3\n" }, "Rewritten", { from: "main", force: true });
    expect(pull(number).timeline).toMatchObject([{ event: "head_ref_force_pushed", actor: alice.account, before, after: tip("feature") }]);
  });

  it("takes back approvals on a push where the branch asks for it, and only there", async () => {
    const number = await proposal();
    await bob.approve(number);
    await alice.push("feature", { "apps/c.yaml": "tag: 1\n" }, "More");
    expect(pull(number).reviews.map(({ state }) => state)).toEqual(["APPROVED"]);
    github.protect(repository, "main", { reviews: { count: 1, dismissStale: true, codeOwners: false } });
    await alice.push("feature", { "apps/c.yaml": "tag: 2\n" }, "More still");
    expect(pull(number).reviews.map(({ state }) => state)).toEqual(["DISMISSED"]);
  });

  it("closes the pull request when its branch goes, and lets it open again when the branch is back", async () => {
    const number = await proposal();
    const head = tip("feature");
    await alice.deleteBranch("feature");
    expect(pull(number)).toMatchObject({ state: "closed", closedBy: alice.account, mergedAt: null });
    await expect(alice.reopenPullRequest(number)).rejects.toThrow(/branch has been deleted/);
    await call(github, token, "POST", `/repos/acme/${repository.name}/git/refs`, { ref: "refs/heads/feature", sha: head });
    await alice.reopenPullRequest(number);
    expect(pull(number).state).toBe("open");
  });

  it("closes pull requests into a branch that goes", async () => {
    await alice.push("release", {}, "Release");
    await proposal();
    const number = await alice.openPullRequest({ head: "feature", base: "release", title: "Into release" });
    await alice.deleteBranch("release");
    expect(pull(number).state).toBe("closed");
  });
});

describe("from a fork", () => {
  it("is opened by someone who may only read, follows the fork, and merges", async () => {
    repository.private = false;
    const fork = await github.fork(repository, "frida");
    const frida = github.person("frida", fork);
    await frida.push("patch", { "apps/b.yaml": "tag: 1.0.1\n" }, "Patch");
    const number = await frida.on(repository).openPullRequest({ head: "frida:patch", title: "Patch b" });
    expect((await get(`/pulls/${number}`)).body).toMatchObject({ head: { label: "frida:patch", repo: { fork: true } }, mergeable: true });
    const head = await frida.push("patch", { "apps/b.yaml": "tag: 1.0.2\n" }, "Again");
    expect(pull(number).head.oid).toBe(head);
    expect(await repository.git.objectType(head)).toBe("commit");
    await bob.mergeWithButton(number);
    expect(await fileAt("main", "apps/b.yaml")).toBe("tag: 1.0.2\n");
  });
});

describe("lists", () => {
  it("are in pages with links, filtered by state, head and base", async () => {
    for (const name of ["one", "two", "three"]) {
      await alice.push(name, { [`${name}.yaml`]: "x: 1\n" }, name);
      await alice.openPullRequest({ head: name, title: name });
    }
    await alice.closePullRequest(1);
    const page = await get("/pulls?state=all&per_page=2");
    expect(listAt(page.body).map((each) => numberAt(each, "number"))).toEqual([3, 2]);
    const next = /<([^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
    const rest = await call(github, token, "GET", next.replace(github.url, ""));
    expect(listAt(rest.body).map((each) => numberAt(each, "number"))).toEqual([1]);
    expect(rest.headers.get("link")).toContain('rel="prev"');
    expect(listAt((await get("/pulls?head=acme:two")).body).map((each) => numberAt(each, "number"))).toEqual([2]);
    expect(listAt((await get("/pulls?state=closed")).body).map((each) => numberAt(each, "number"))).toEqual([1]);
  });

  it("show files with patches, renames under both names", async () => {
    await alice.push(
      "moved",
      { "apps/a.yaml": null, "apps/z.yaml": "image: a\ntag: 1.0.0\nreplicas: 1\n", "apps/b.yaml": "tag: 2\n" },
      "Move",
    );
    const number = await alice.openPullRequest({ head: "moved", title: "Move" });
    expect((await get(`/pulls/${number}/files`)).body).toMatchObject([
      { filename: "apps/b.yaml", status: "modified", additions: 1, deletions: 1, patch: "@@ -1 +1 @@\n-tag: 1.0.0\n+tag: 2" },
      { filename: "apps/z.yaml", status: "renamed", previous_filename: "apps/a.yaml", changes: 0 },
    ]);
  });
});
