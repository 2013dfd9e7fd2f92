import { describe, expect, it } from "vitest";
import { failed, list, looked, MAIN, operations, variablesOf, type Fields, type Script } from "./github-answers.ts";
import { graphql, REPOSITORY } from "./github-scripted.ts";
import { startWorld } from "./github-world.ts";

const SOURCE = { host: "github.com", owner: "acme", name: "checkout" };

const run = (name: string, status: string, conclusion: string | null): Fields => ({ name, status, conclusion });
const suite = (slug: string | null, runs: readonly Fields[], page: Fields = {}): Fields => ({ app: slug === null ? null : { slug }, checkRuns: list(runs, page) });
const answered = (suites: readonly Fields[], page: Fields = {}): Script => ({
  ChecksOfCommit: () => graphql({ repository: { object: { __typename: "Commit", checkSuites: list(suites, page) } } }),
});

describe("the checks of a commit", () => {
  it("are told with their App, and by what became of them", async () => {
    const done = (conclusion: string) => run(conclusion.toLowerCase(), "COMPLETED", conclusion);
    const bad = ["FAILURE", "CANCELLED", "TIMED_OUT", "ACTION_REQUIRED", "STARTUP_FAILURE", "STALE"];
    await using github = await looked(
      answered([
        suite("github-actions", [done("SUCCESS"), done("NEUTRAL"), done("SKIPPED"), run("queued", "QUEUED", null), run("running", "IN_PROGRESS", null)]),
        suite("other", bad.map(done)),
        suite(null, [done("SUCCESS")]),
        suite("silent", []),
      ]),
    );
    expect(await github.forge.checksOf(REPOSITORY, SOURCE, MAIN)).toEqual([
      { name: "success", app: "github-actions", state: "passed" },
      { name: "neutral", app: "github-actions", state: "skipped" },
      { name: "skipped", app: "github-actions", state: "skipped" },
      { name: "queued", app: "github-actions", state: "pending" },
      { name: "running", app: "github-actions", state: "pending" },
      ...bad.map((conclusion) => ({ name: conclusion.toLowerCase(), app: "other", state: "failed" })),
      { name: "success", app: "unknown", state: "passed" },
    ]);
    expect(variablesOf(github.seen.at(-1))).toMatchObject({ owner: "acme", name: "checkout", commit: MAIN });
  });

  it("are asked for in this repository where no other is named", async () => {
    await using github = await looked(answered([]));
    expect(await github.forge.checksOf(REPOSITORY, null, MAIN)).toEqual([]);
    expect(variablesOf(github.seen.at(-1))).toMatchObject({ owner: REPOSITORY.owner, name: REPOSITORY.name });
  });

  it("are read page by page", async () => {
    let pages = 0;
    await using github = await looked({
      ChecksOfCommit: () => {
        pages += 1;
        const nodes = [suite("github-actions", [run(`job-${pages}`, "COMPLETED", "SUCCESS")])];
        return graphql({ repository: { object: { __typename: "Commit", checkSuites: list(nodes, { hasNextPage: pages < 3, endCursor: `c${pages}` }) } } });
      },
    });
    expect((await github.forge.checksOf(REPOSITORY, null, MAIN)).map(({ name }) => name)).toEqual(["job-1", "job-2", "job-3"]);
  });

  it.each<[what: string, script: Script, says: string]>([
    ["are more than are read", answered([suite("a", [], { hasNextPage: true, endCursor: "c" })]), "one suite has more check runs than are read"],
    ["have no end", answered([suite("a", [])], { hasNextPage: true, endCursor: "c" }), "there are more check suites than are read"],
    ["are in a repository that is not shown", { ChecksOfCommit: () => graphql({ repository: null }) }, "GitHub shows no such repository. Install the App there too, and let it read checks"],
    ["are in a repository that the App is not in", { ChecksOfCommit: () => ({ status: 200, body: { data: { repository: null }, errors: [failed("repository", "NOT_FOUND", "Could not resolve to a Repository")] } }) }, "the App is installed there and may read it"],
    ["may not be read", { ChecksOfCommit: () => ({ status: 200, body: { data: { repository: null }, errors: [failed("repository", "FORBIDDEN", "Resource not accessible by integration")] } }) }, "Give the App the permission for it"],
    ["are of a commit that is not there", { ChecksOfCommit: () => graphql({ repository: { object: null } }) }, "GitHub shows no such commit there"],
    ["are of what is no commit", { ChecksOfCommit: () => graphql({ repository: { object: { __typename: "Blob" } } }) }, "GitHub shows no such commit there"],
  ])("cannot be told when they %s", async (_, script, says) => {
    await using github = await looked(script);
    await expect(github.forge.checksOf(REPOSITORY, SOURCE, MAIN)).rejects.toMatchObject({ kind: "stalled", message: expect.stringContaining(says) });
  });

  it("are not asked for where another server has the source", async () => {
    await using github = await looked({});
    const before = operations(github).length;
    const elsewhere = github.forge.checksOf(REPOSITORY, { ...SOURCE, host: "gitlab.com" }, MAIN);
    await expect(elsewhere).rejects.toMatchObject({ kind: "stalled", message: expect.stringContaining("it is at gitlab.com, and Pinion reads checks at github.com only") });
    expect(operations(github)).toHaveLength(before);
  });

  it("are not asked for where somebody else owns the source, whose checks anybody may see and nobody here answers for", async () => {
    await using github = await looked({});
    const before = operations(github).length;
    const foreign = github.forge.checksOf(REPOSITORY, { ...SOURCE, owner: "evil" }, MAIN);
    await expect(foreign).rejects.toMatchObject({ kind: "stalled", message: expect.stringContaining(`evil/checkout is not ${REPOSITORY.owner}'s, as this repository is`) });
    expect(operations(github)).toHaveLength(before);
  });

  it("are read of a GitHub with real Git behind it, and not of a repository that is not there", async () => {
    await using world = await startWorld();
    const { head } = await world.look();
    expect(await world.forge.checksOf(world.repository, null, head)).toEqual([]);
    const check = { status: "completed", conclusion: "success", title: "Ready", summary: "| gate |", fingerprint: "f1" } as const;
    await world.forge.publish(world.repository, [{ head, check, existing: null }], null);
    expect(await world.forge.checksOf(world.repository, null, head)).toEqual([{ name: "Pinion", app: "pinion", state: "passed" }]);
    await expect(world.forge.checksOf(world.repository, SOURCE, head)).rejects.toMatchObject({ kind: "stalled" });
  });
});
