import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Repository } from "../../../sandbox/github/model.ts";
import type { GitHubSandbox } from "../../../sandbox/github/sandbox.ts";
import { startGitHub } from "../../../sandbox/github/sandbox.ts";
import { signatureOf } from "../../../sandbox/github/state/signatures.ts";
import { git, installationToken } from "./client.ts";

let github: GitHubSandbox;
let repository: Repository;
let directory: string;
let count = 0;

beforeAll(async () => {
  github = await startGitHub();
  directory = await mkdtemp(join(tmpdir(), "github-git-"));
});

afterAll(async () => {
  await github.close();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  count += 1;
  const collaborators = { alice: "write", rita: "read", adam: "admin" } as const;
  repository = await github.seedRepository(`deploy-${count}`, { "apps/a.yaml": "a: 1\n", "b.yaml": "b: 1\n" }, { collaborators });
});

function remote(token: string, user = "x-access-token"): string {
  return `${github.url.replace("http://", `http://${user}:${token}@`)}/acme/${repository.name}.git`;
}

async function clone(url: string, ...options: readonly string[]): Promise<string> {
  const target = join(directory, `${repository.name}-${Math.floor(performance.now() * 1000)}`);
  await git(directory, "clone", "--quiet", ...options, url, target);
  return target;
}

describe("cloning", () => {
  it("gives an App's token the repository as it is", async () => {
    const target = await clone(remote(await installationToken(github)));
    expect(await readFile(join(target, "apps/a.yaml"), "utf8")).toBe("a: 1\n");
    expect(await git(target, "rev-parse", "HEAD")).toBe(repository.refs.get("refs/heads/main"));
  });

  it("leaves out blobs when asked to (partial clone), and sends one when it is needed", async () => {
    const target = await clone(remote(await installationToken(github)), "--filter=blob:none", "--no-checkout");
    const missing = await git(target, "rev-list", "--objects", "--all", "--missing=print");
    expect(missing.split("\n").filter((line) => line.startsWith("?"))).toHaveLength(2);
    expect(await git(target, "show", "HEAD:b.yaml")).toBe("b: 1");
  });

  it("serves any object by its id", async () => {
    const before = repository.refs.get("refs/heads/main") ?? "";
    await github.person("alice", repository).push("main", { "b.yaml": "b: 2\n" }, "Two");
    const target = await clone(remote(await installationToken(github)), "--depth=1");
    await git(target, "fetch", "--quiet", "--depth=1", "origin", before);
    expect(await git(target, "show", `${before}:b.yaml`)).toBe("b: 1");
  });

  it("keeps the head of a pull request where GitHub keeps it", async () => {
    const alice = github.person("alice", repository);
    const head = await alice.push("feature", { "b.yaml": "b: 2\n" }, "Two");
    const number = await alice.openPullRequest({ head: "feature", title: "Two" });
    const refs = await git(directory, "ls-remote", remote(await installationToken(github)), `refs/pull/${number}/head`);
    expect(refs).toBe(`${head}\trefs/pull/${number}/head`);
  });

  const strangers: readonly (readonly [string, () => string, RegExp])[] = [
    ["nobody", () => `${github.url}/acme/${repository.name}.git`, /could not read Username|Authentication failed/],
    ["a token that is none", () => remote("ghs_wrong"), /Authentication failed/],
    ["someone without a role", () => remote(github.userToken("zoe"), "zoe"), /not found/i],
  ];
  it.each(strangers)("refuses %s a private repository", async (_who, url, message) => {
    await expect(clone(url())).rejects.toThrow(message);
  });

  it("refuses a token that is narrowed to another repository", async () => {
    const other = await github.seedRepository(`other-${count}`, { "x.yaml": "x: 1\n" });
    const token = await installationToken(github, { repositories: [other.name] });
    await expect(clone(remote(token))).rejects.toThrow(/not found/i);
  });
});

describe("pushing", () => {
  it("moves the branch, and says so in a push event with the commit", async () => {
    const before = repository.refs.get("refs/heads/main");
    const oid = await github.person("alice", repository).push("main", { "b.yaml": null, "c.yaml": "c: 1\n" }, "Swap files");
    expect(repository.refs.get("refs/heads/main")).toBe(oid);
    expect(signatureOf(repository, oid)).toBeNull();
    await github.webhooks.settled();
    const push = JSON.parse(github.webhooks.log.findLast((delivery) => delivery.event === "push")?.body ?? "null");
    expect(push).toMatchObject({
      ref: "refs/heads/main",
      before,
      after: oid,
      forced: false,
      pusher: { name: "alice" },
      commits: [{ id: oid, message: "Swap files", added: ["c.yaml"], removed: ["b.yaml"], author: { username: "alice" } }],
    });
  });

  it("takes a push of several branches at once, and deletions", async () => {
    const target = await clone(remote(github.userToken("alice"), "alice"));
    await git(target, "push", "--quiet", "origin", "HEAD:refs/heads/one", "HEAD:refs/heads/two");
    await git(target, "push", "--quiet", "origin", ":refs/heads/one");
    expect([...repository.refs.keys()].toSorted()).toEqual(["refs/heads/main", "refs/heads/two"]);
  });

  it("takes a big push, which Git sends in pieces and packed", async () => {
    const target = await clone(remote(github.userToken("alice"), "alice"));
    const noise = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919 + (index >> 5)) % 251));
    await writeFile(join(target, "big.bin"), noise);
    await git(target, "add", "--all");
    await git(target, "commit", "--quiet", "-m", "Big");
    await git(target, "-c", "http.postBuffer=65536", "push", "--quiet", "origin", "HEAD:main");
    expect(await repository.git.file(repository.refs.get("refs/heads/main") ?? "", "big.bin")).toEqual(noise);
  });

  it("refuses those who may only read", async () => {
    await expect(github.person("rita", repository).push("x", {}, "No")).rejects.toThrow(/403/);
    const token = await installationToken(github, { permissions: { contents: "read" } });
    const target = await clone(remote(token));
    await expect(git(target, "push", "origin", "HEAD:refs/heads/x")).rejects.toThrow(/403/);
    expect([...repository.refs.keys()]).toEqual(["refs/heads/main"]);
  });

  it("keeps refs of pull requests out of reach", async () => {
    const target = await clone(remote(github.userToken("alice"), "alice"));
    await expect(git(target, "push", "origin", "HEAD:refs/pull/1/head")).rejects.toThrow(/hidden ref/);
  });

  it("refuses a push that lost a race", async () => {
    const target = await clone(remote(github.userToken("alice"), "alice"));
    await github.person("alice", repository).push("main", { "b.yaml": "b: 2\n" }, "First");
    await git(target, "commit", "--quiet", "--allow-empty", "-m", "Second");
    await expect(git(target, "push", "origin", "HEAD:main")).rejects.toThrow(/rejected/);
  });
});

describe("protection", () => {
  it("classic: nobody forces or deletes, and changes come through pull requests", async () => {
    const alice = github.person("alice", repository);
    const base = repository.refs.get("refs/heads/main") ?? "";
    await alice.push("main", { "b.yaml": "b: 2\n" }, "Two");
    const head = repository.refs.get("refs/heads/main");
    github.protect(repository, "main", {});
    await expect(alice.push("main", { "b.yaml": "b: 3\n" }, "Three", { from: base, force: true })).rejects.toThrow(
      /GH006: Protected branch update failed for refs\/heads\/main\. Cannot force-push to this branch/,
    );
    github.protect(repository, "main", { reviews: { count: 1, dismissStale: false, codeOwners: false } });
    await expect(alice.push("main", { "b.yaml": "b: 4\n" }, "Four")).rejects.toThrow(/Changes must be made through a pull request/);
    expect(repository.refs.get("refs/heads/main")).toBe(head);
  });

  it("classic: spares administrators unless it includes them", async () => {
    const adam = github.person("adam", repository);
    github.protect(repository, "main", { reviews: { count: 1, dismissStale: false, codeOwners: false } });
    const oid = await adam.push("main", { "b.yaml": "b: 2\n" }, "Two");
    expect(repository.refs.get("refs/heads/main")).toBe(oid);
    github.protect(repository, "main", { enforceAdmins: true, reviews: { count: 1, dismissStale: false, codeOwners: false } });
    await expect(adam.push("main", { "b.yaml": "b: 3\n" }, "Three")).rejects.toThrow(/GH006/);
  });

  it("rulesets: only the named App updates the branch, nobody deletes it, other branches stay free", async () => {
    const alice = github.person("alice", repository);
    await alice.push("pinion-log", {}, "Log");
    github.addRuleset(repository, {
      name: "log",
      include: ["refs/heads/pinion-log"],
      rules: [{ type: "update" }, { type: "deletion" }, { type: "non_fast_forward" }],
      bypass: [{ type: "Integration", appId: github.app.id, mode: "always" }],
    });
    await expect(alice.push("pinion-log", { "x.json": "{}" }, "Mine")).rejects.toThrow(
      /GH013: .*pinion-log\. Cannot update this protected ref/,
    );
    const target = await clone(remote(await installationToken(github)), "--branch=pinion-log");
    await git(target, "commit", "--quiet", "--allow-empty", "-m", "By the App");
    await git(target, "push", "--quiet", "origin", "HEAD:pinion-log");
    expect(repository.refs.get("refs/heads/pinion-log")).toBe(await git(target, "rev-parse", "HEAD"));
    await alice.push("elsewhere", { "x.json": "{}" }, "Free");
  });

  it("rulesets: who may bypass them in pull requests only may not push", async () => {
    const settings = { name: "main", include: ["~DEFAULT_BRANCH"], rules: [{ type: "update" }] } as const;
    const adam = github.person("adam", repository);
    const loose = github.addRuleset(repository, { ...settings, bypass: [{ type: "RepositoryRole", role: "admin", mode: "always" }] });
    await adam.push("main", { "b.yaml": "b: 2\n" }, "Two");
    repository.rulesets.splice(repository.rulesets.indexOf(loose), 1);
    github.addRuleset(repository, { ...settings, bypass: [{ type: "RepositoryRole", role: "admin", mode: "pull_request" }] });
    await expect(adam.push("main", { "b.yaml": "b: 3\n" }, "Three")).rejects.toThrow(/GH013/);
    await adam.push("feature", { "b.yaml": "b: 3\n" }, "Three");
    await adam.mergeWithButton(await adam.openPullRequest({ head: "feature", title: "Three" }));
  });

  it("refuses one ref of a push and takes the others", async () => {
    github.protect(repository, "main", { reviews: { count: 1, dismissStale: false, codeOwners: false } });
    const target = await clone(remote(github.userToken("alice"), "alice"));
    await git(target, "commit", "--quiet", "--allow-empty", "-m", "Two");
    const head = await git(target, "rev-parse", "HEAD");
    await expect(git(target, "push", "origin", "HEAD:main", "HEAD:refs/heads/free")).rejects.toThrow(/GH006/);
    expect(repository.refs.get("refs/heads/free")).toBe(head);
    expect(repository.refs.get("refs/heads/main")).not.toBe(head);
  });
});

describe("counting", () => {
  it("names Git's requests by their service", async () => {
    github.requests.length = 0;
    await clone(remote(await installationToken(github)));
    const routes = github.requests.map(({ method, route, status }) => `${method} ${route} ${status}`);
    expect(routes.filter((route) => route.includes("git-"))).toEqual([
      "GET git-upload-pack (refs) 401",
      "GET git-upload-pack (refs) 200",
      "POST git-upload-pack 200",
      "POST git-upload-pack 200",
    ]);
  });
});
