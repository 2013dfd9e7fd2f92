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
      { name: "success", by: "github-actions", state: "passed" },
      { name: "neutral", by: "github-actions", state: "skipped" },
      { name: "skipped", by: "github-actions", state: "skipped" },
      { name: "queued", by: "github-actions", state: "pending" },
      { name: "running", by: "github-actions", state: "pending" },
      ...bad.map((conclusion) => ({ name: conclusion.toLowerCase(), by: "other", state: "failed" })),
      { name: "success", by: null, state: "passed" },
    ]);
    expect(variablesOf(github.seen.at(-1))).toMatchObject({ owner: "acme", name: "checkout", commit: MAIN });
  });

  it("are beside what systems outside GitHub say, told with who said it", async () => {
    const said = (context: string, state: string, creator: Fields | null) => ({ context, state, creator });
    const contexts = [
      said("ci/jenkins", "SUCCESS", { __typename: "User", login: "jenkins" }),
      said("tekton", "FAILURE", { __typename: "Bot", login: "tekton" }),
      said("gone", "ERROR", null),
      said("slow", "PENDING", { __typename: "Organization", login: "acme" }),
      said("wanted", "EXPECTED", null),
    ];
    let pages = 0;
    await using github = await looked({
      ChecksOfCommit: (asked) => {
        pages += 1;
        expect(variablesOf(asked)).toMatchObject({ first: pages === 1 });
        const status = pages === 1 ? { status: { contexts } } : {};
        const suites = list([suite("github-actions", [run(`job-${pages}`, "COMPLETED", "SUCCESS")])], { hasNextPage: pages < 2, endCursor: "c" });
        return graphql({ repository: { object: { __typename: "Commit", ...status, checkSuites: suites } } });
      },
    });
    expect(await github.forge.checksOf(REPOSITORY, null, MAIN)).toEqual([
      { name: "ci/jenkins", by: "@jenkins", state: "passed" },
      { name: "tekton", by: "tekton", state: "failed" },
      { name: "gone", by: null, state: "failed" },
      { name: "slow", by: "@acme", state: "pending" },
      { name: "wanted", by: null, state: "pending" },
      { name: "job-1", by: "github-actions", state: "passed" },
      { name: "job-2", by: "github-actions", state: "passed" },
    ]);
  });

  it("are read with commit statuses of a GitHub with real Git behind it: the newest of each name, and not at all without the permission", async () => {
    await using world = await startWorld();
    const { head } = await world.look();
    const { github } = world;
    await github.person("ada").status(head, "ci/jenkins", "success");
    await github.person("ada").status(head, "deploy", "pending");
    await github.person("bob").status(head, "ci/jenkins", "failure");
    expect(await world.forge.checksOf(world.repository, null, head)).toEqual([
      { name: "ci/jenkins", by: "@bob", state: "failed" },
      { name: "deploy", by: "@ada", state: "pending" },
    ]);
    const { statuses: _, ...permissions } = github.installation.permissions;
    await using without = await startWorld({ app: { permissions } });
    const unread = without.forge.checksOf(without.repository, null, (await without.look()).head);
    await expect(unread).rejects.toMatchObject({ kind: "stalled", message: expect.stringMatching(/read the checks and commit statuses of .*Give the App the permission for it/) });
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
    [
      "are more commit statuses than are read",
      { ChecksOfCommit: () => graphql({ repository: { object: { __typename: "Commit", status: { contexts: Array.from({ length: 1001 }, () => ({})) }, checkSuites: list([]) } } }) },
      "there are more commit statuses than are read",
    ],
    ["are in a repository that is not shown", { ChecksOfCommit: () => graphql({ repository: null }) }, "GitHub shows no such repository. Install the App there too, and let it read checks and commit statuses"],
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

  it("are not asked for where somebody else owns the source, though anybody may read it", async () => {
    await using github = await looked(answered([suite("github-actions", [run("ci", "COMPLETED", "SUCCESS")])]));
    const before = operations(github).length;
    const others = github.forge.checksOf(REPOSITORY, { ...SOURCE, owner: "evil" }, MAIN);
    await expect(others).rejects.toMatchObject({ kind: "stalled", message: expect.stringContaining("it belongs to evil, and Pinion reads checks in repositories of acme only") });
    expect(operations(github)).toHaveLength(before);
    expect(await github.forge.checksOf(REPOSITORY, { ...SOURCE, owner: "Acme" }, MAIN)).toHaveLength(1);
  });

  it("are read of a GitHub with real Git behind it, and not of a repository that is not there", async () => {
    await using world = await startWorld();
    const { head } = await world.look();
    expect(await world.forge.checksOf(world.repository, null, head)).toEqual([]);
    const check = { status: "completed", conclusion: "success", title: "Ready", summary: "| gate |", fingerprint: "f1" } as const;
    await world.forge.publish(world.repository, [{ head, check, existing: null }], null);
    expect(await world.forge.checksOf(world.repository, null, head)).toEqual([{ name: "Pinion", by: "pinion", state: "passed" }]);
    await expect(world.forge.checksOf(world.repository, SOURCE, head)).rejects.toMatchObject({ kind: "stalled" });
  });
});
