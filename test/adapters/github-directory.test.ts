import { describe, expect, it } from "vitest";
import type { Fields, Script } from "./github-answers.ts";
import { commitBy, HEAD, list, looked, MAIN, oid, operations, ownCommit, pullRequest, variable } from "./github-answers.ts";
import type { Seen } from "./github-scripted.ts";
import { graphql, json, REPOSITORY, scriptedGitHub } from "./github-scripted.ts";

describe("showing a deployment", () => {
  const wanted = { existing: null, app: "checkout", environment: "prod", commit: MAIN, state: "in_progress", description: "d" } as const;
  const one = (id: number, login: string): Fields => ({ id, sha: MAIN, creator: { login } });
  const script = (found: readonly Fields[]): Script => ({
    [`GET /repos/acme/manifests/deployments?sha=${MAIN}&environment=prod&task=promote:checkout&per_page=100`]: () => json(found),
    "POST /repos/acme/manifests/deployments": () => ({ status: 201, body: { id: 40 } }),
    "POST /repos/acme/manifests/deployments/40/statuses": () => ({ status: 201, body: {} }),
    "POST /repos/acme/manifests/deployments/31/statuses": () => ({ status: 201, body: {} }),
  });

  it("makes one that does nothing but show", async () => {
    await using github = await looked(script([one(30, "eve")]));
    expect(await github.forge.showDeployment(REPOSITORY, wanted)).toBe(40);
    expect(github.seen[2]?.body).toEqual({
      ref: MAIN,
      task: "promote:checkout",
      environment: "prod",
      description: "d",
      payload: { app: "checkout" },
      auto_merge: false,
      required_contexts: [],
      transient_environment: false,
      production_environment: true,
    });
    expect(github.seen[3]?.body).toEqual({ state: "in_progress", description: "d", auto_inactive: false });
  });

  it("adopts its own, the newest", async () => {
    await using github = await looked(script([one(29, "pinion-acme[bot]"), one(31, "pinion-acme[bot]"), one(50, "eve")]));
    expect(await github.forge.showDeployment(REPOSITORY, wanted)).toBe(31);
    expect(operations(github)).toHaveLength(2);
  });

  it("only sets the state of one that is known", async () => {
    await using github = await looked(script([]));
    expect(await github.forge.showDeployment(REPOSITORY, { ...wanted, existing: 31 })).toBe(31);
    expect(operations(github)).toEqual(["POST /repos/acme/manifests/deployments/31/statuses"]);
  });
});

describe("whose pull request and whose commits", () => {
  const found = (nodes: readonly Fields[]): Script => ({
    PullRequestsOfCommit: () => graphql({ repository: { object: { __typename: "Commit", associatedPullRequests: list(nodes) } } }),
  });
  const mergedAs = (number: number, target: string): Fields =>
    pullRequest(number, { state: "MERGED", mergedAt: "2026-11-21T09:00:00Z", mergedBy: null, mergeCommit: { oid: target } });

  it("is the one whose merge it is, of all that hold the commit", async () => {
    await using github = await looked(found([pullRequest(5), mergedAs(6, oid("7")), mergedAs(8, MAIN)]));
    expect((await github.forge.pullRequestOf(REPOSITORY, MAIN))?.number).toBe(8);
  });

  it("is none when the commit came without one", async () => {
    await using github = await looked(found([pullRequest(5)]));
    expect(await github.forge.pullRequestOf(REPOSITORY, MAIN)).toBeNull();
  });

  it("is not known while GitHub does not show the commit", async () => {
    await using github = await looked({
      PullRequestsOfCommit: () => graphql({ repository: { object: null } }),
      Commits: () => graphql({ repository: { commit0: null } }),
    });
    await expect(github.forge.pullRequestOf(REPOSITORY, MAIN)).rejects.toMatchObject({ kind: "dependency" });
    await expect(github.forge.ownCommits(REPOSITORY, [MAIN])).rejects.toMatchObject({ kind: "dependency" });
  });

  it("tells own commits from those of others, a hundred at a time", async () => {
    const all = Array.from({ length: 120 }, (_, index) => index.toString(16).padStart(40, "0"));
    await using github = await looked({
      Commits: (seen) => {
        const variables = Array.from({ length: 100 }, (_, index) => variable(seen, `oid${index}`));
        const asked = variables.filter((id) => typeof id === "string");
        const associatedPullRequests = list([]);
        const commitOf = (id: string): Fields =>
          Number.parseInt(id, 16) % 2 === 0 ? ownCommit(id, { associatedPullRequests }) : commitBy(id, "ada", "ada");
        return graphql({ repository: Object.fromEntries(asked.map((id, index) => [`commit${index}`, commitOf(id)])) });
      },
    });
    const own = await github.forge.ownCommits(REPOSITORY, [...all, ...all]);
    expect([...own]).toEqual(all.filter((_, index) => index % 2 === 0));
    expect(operations(github)).toEqual(["Commits", "Commits"]);
    expect(await github.forge.ownCommits(REPOSITORY, [])).toEqual(new Set());
  });
});

describe("a commit that GitHub signed in the App's name", () => {
  const brought = (nodes: readonly Fields[], hasNextPage = false) =>
    looked({
      Commits: () =>
        graphql({ repository: { commit0: ownCommit(MAIN, { associatedPullRequests: list(nodes, { hasNextPage }) }) } }),
    });

  it("is not its own when somebody made it by squashing a pull request of the App", async () => {
    await using github = await brought([{ state: "MERGED", mergeCommit: { oid: MAIN } }]);
    expect(await github.forge.ownCommits(REPOSITORY, [MAIN])).toEqual(new Set());
  });

  it.each(["GPGVERIFY_UNAVAILABLE", "GPGVERIFY_ERROR"])("is not told while GitHub cannot check signatures (%s)", async (state) => {
    const signature = { isValid: false, wasSignedByGitHub: true, state };
    const forgery = commitBy(MAIN, "ada", "ada", { signature: { ...signature, wasSignedByGitHub: false }, associatedPullRequests: list([]) });
    await using github = await looked({
      Commits: (seen) => {
        const own = variable(seen, "oid0") === HEAD;
        return graphql({ repository: { commit0: own ? ownCommit(HEAD, { signature, associatedPullRequests: list([]) }) : forgery } });
      },
    });
    const problem = { kind: "dependency", message: expect.stringContaining("GitHub cannot check signatures just now") };
    await expect(github.forge.ownCommits(REPOSITORY, [HEAD])).rejects.toMatchObject(problem);
    // Whoever does not say that it is the App's is somebody else in any case.
    expect(await github.forge.ownCommits(REPOSITORY, [MAIN])).toEqual(new Set());
  });

  it("stays its own when somebody opens a pull request with it", async () => {
    await using github = await brought([{ state: "OPEN", mergeCommit: { oid: oid("7") } }, { state: "OPEN", mergeCommit: null }]);
    expect(await github.forge.ownCommits(REPOSITORY, [MAIN])).toEqual(new Set([MAIN]));
  });

  it("is not told when more pull requests hold it than are listed", async () => {
    await using github = await brought([{ state: "OPEN", mergeCommit: null }], true);
    await expect(github.forge.ownCommits(REPOSITORY, [MAIN])).rejects.toMatchObject({ kind: "stalled" });
  });
});

describe("where the App is installed", () => {
  const repo = (id: number, over: Fields = {}): Fields => {
    return { id, name: `r${id}`, owner: { login: "acme" }, archived: false, disabled: false, ...over };
  };
  const installation = (id: number, suspended_at: string | null = null): Fields => ({ id, suspended_at });
  const listsInstallations = (seen: Seen): boolean => seen.path.startsWith("/app/installations");

  it("lists every page, without what is suspended and what nobody can write to", async () => {
    await using github = await scriptedGitHub((seen) => {
      if (listsInstallations(seen)) return json([installation(7), installation(8, "2026-01-01T00:00:00Z")]);
      const page = Number(/[?&]page=(\d+)/.exec(seen.path)?.[1]);
      const first = Array.from({ length: 100 }, (_, index) => repo(index + 1));
      return json({ total_count: 102, repositories: page === 1 ? first : [repo(101), repo(102, { archived: true })] });
    });
    expect(await github.forge.installations()).toEqual([7]);
    const found = await github.forge.repositories(7);
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toEqual({ installation: 7, id: 101, owner: "acme", name: "r101" });
    expect(github.seen).toHaveLength(3);
  });
});
