import { describe, expect, it } from "vitest";
import type { Forge } from "../../src/ports.ts";
import { PortFailure } from "../../src/ports.ts";
import type { Fields, Script } from "./github-answers.ts";
import {
  APP,
  commitBy,
  commits,
  failed,
  HEAD,
  list,
  looked,
  MAIN,
  oid,
  operationOf,
  operations,
  ownCommit,
  pullRequest,
  user,
  variable,
} from "./github-answers.ts";
import type { Scripted, ScriptedGitHub } from "./github-scripted.ts";
import { graphql, REPOSITORY, scriptedGitHub } from "./github-scripted.ts";

const EXISTS = 'A ref named "refs/heads/pinion/prod/checkout/1" already exists in the repository.';
const STALE = `Expected branch to point to "${MAIN}" but it did not.  Pull and try again.`;
const files = [{ path: "apps/checkout/overlays/prod/kustomization.yaml", bytes: Buffer.from("images: []\n") }];
const commit = { headline: "Promote checkout", body: "Pinion-Promotion: checkout prod a -> b", files };
const NEW = oid("9");

const proposal: Parameters<Forge["openPullRequest"]>[1] = {
  branch: "pinion/prod/checkout/1",
  base: "main",
  baseOid: MAIN,
  branchAt: null,
  commit,
  title: "Promote checkout 1 to prod",
  body: "why",
};

function opened(number: number, head: string, over: Fields = {}): Fields {
  return { pullRequest: pullRequest(number, { headRefOid: head, commits: commits([ownCommit(head)]), ...over }) };
}

const foreign = { commits: commits([commitBy(oid("7"), "eve", "eve")]) };
const claim = { ref: { name: "pinion/prod/checkout/1" } };
const closing: Script = { ClosePullRequest: () => graphql({ closePullRequest: { pullRequest: { state: "CLOSED" } } }) };

interface Opening {
  readonly name: string;
  readonly given?: Partial<typeof proposal>;
  readonly data: Fields;
  readonly errors?: readonly Fields[];
  readonly found?: readonly Fields[];
  readonly outcome: Awaited<ReturnType<Forge["openPullRequest"]>>;
  readonly further?: readonly string[];
}

const openings: readonly Opening[] = [
  {
    name: "all goes well",
    data: { claim, commit: { commit: { oid: NEW } }, pullRequest: opened(6, NEW) },
    outcome: { outcome: "done", value: { number: 6, head: NEW } },
  },
  {
    name: "somebody has the branch at another commit, and no pull request opened",
    data: { claim: null, commit: null, pullRequest: null },
    errors: [failed("claim", "UNPROCESSABLE", EXISTS), failed("commit", "STALE_DATA", STALE), failed("pullRequest", "UNPROCESSABLE", "No")],
    outcome: { outcome: "conflict", reason: EXISTS },
  },
  {
    name: "somebody has the branch, and the pull request opened on what is theirs: it is closed",
    data: { claim: null, commit: null, pullRequest: opened(6, oid("7"), foreign) },
    errors: [failed("claim", "UNPROCESSABLE", EXISTS), failed("commit", "STALE_DATA", STALE)],
    outcome: { outcome: "conflict", reason: EXISTS },
    further: ["ClosePullRequest"],
  },
  {
    name: "another replica has the branch, and the pull request opened on its commit: it is left to it",
    data: { claim: null, commit: null, pullRequest: opened(6, oid("8")) },
    errors: [failed("claim", "UNPROCESSABLE", EXISTS), failed("commit", "STALE_DATA", STALE)],
    outcome: { outcome: "conflict", reason: EXISTS },
  },
  {
    name: "the branch stood empty at the base, and took the commit: the next look adopts it",
    data: { claim: null, commit: { commit: { oid: NEW } }, pullRequest: opened(6, NEW) },
    errors: [failed("claim", "UNPROCESSABLE", EXISTS)],
    outcome: { outcome: "conflict", reason: EXISTS },
  },
  {
    name: "rules forbid the branch",
    data: { claim: null, commit: null, pullRequest: null },
    errors: [
      failed("claim", "UNPROCESSABLE", "Repository rule violations found: branch does not exist in the allowed list"),
      failed("commit", "NOT_FOUND", "No such branch"),
    ],
    outcome: { outcome: "refused", reason: "Repository rule violations found: branch does not exist in the allowed list" },
  },
  {
    name: "the App may not write",
    data: { claim: null, commit: null, pullRequest: null },
    errors: [failed("claim", "FORBIDDEN", "Resource not accessible by integration")],
    outcome: {
      outcome: "refused",
      reason: "Resource not accessible by integration. Give the App the permission for it, and accept it for this installation",
    },
  },
  {
    name: "the branch was made but not the commit: a later run takes it over",
    data: { claim, commit: null, pullRequest: null },
    errors: [
      failed("commit", "UNPROCESSABLE", "A path was requested that is too long"),
      failed("pullRequest", "UNPROCESSABLE", "No commits between main and pinion/prod/checkout/1"),
    ],
    outcome: { outcome: "refused", reason: "A path was requested that is too long" },
  },
  {
    name: "somebody pushed between claim and commit",
    data: { claim, commit: null, pullRequest: opened(6, oid("7"), foreign) },
    errors: [failed("commit", "STALE_DATA", STALE)],
    outcome: { outcome: "conflict", reason: STALE.replace("  ", " ") },
    further: ["ClosePullRequest"],
  },
  {
    name: "somebody pushed between commit and pull request",
    data: {
      claim,
      commit: { commit: { oid: NEW } },
      pullRequest: opened(6, oid("7"), { commits: commits([ownCommit(NEW), commitBy(oid("7"), "eve", "eve")]) }),
    },
    outcome: { outcome: "conflict", reason: "Somebody pushed to pinion/prod/checkout/1 while the pull request was opened." },
    further: ["ClosePullRequest"],
  },
  {
    name: "an earlier run's pull request is adopted",
    data: { claim, commit: { commit: { oid: NEW } }, pullRequest: null },
    errors: [failed("pullRequest", "UNPROCESSABLE", "A pull request already exists for acme:pinion/prod/checkout/1.")],
    found: [pullRequest(4, { isCrossRepository: true, headRefOid: NEW }), pullRequest(5, { headRefOid: NEW })],
    outcome: { outcome: "done", value: { number: 5, head: NEW } },
    further: ["OpenPullRequestsOfBranch"],
  },
  {
    name: "a person's pull request of that branch is not adopted",
    data: { claim, commit: { commit: { oid: NEW } }, pullRequest: null },
    errors: [failed("pullRequest", "UNPROCESSABLE", "A pull request already exists for acme:pinion/prod/checkout/1.")],
    found: [pullRequest(5, { author: user("eve"), headRefOid: NEW })],
    outcome: { outcome: "conflict", reason: "#5 of pinion/prod/checkout/1 is not what was to be opened." },
    further: ["OpenPullRequestsOfBranch"],
  },
  {
    name: "the App's pull request of another head is not adopted",
    data: { claim, commit: { commit: { oid: NEW } }, pullRequest: null },
    errors: [failed("pullRequest", "UNPROCESSABLE", "A pull request already exists for acme:pinion/prod/checkout/1.")],
    found: [pullRequest(5, { author: APP, headRefOid: oid("3") })],
    outcome: { outcome: "conflict", reason: "#5 of pinion/prod/checkout/1 is not what was to be opened." },
    further: ["OpenPullRequestsOfBranch"],
  },
  {
    name: "the one that exists cannot be found",
    data: { claim, commit: { commit: { oid: NEW } }, pullRequest: null },
    errors: [failed("pullRequest", "UNPROCESSABLE", "A pull request already exists for acme:pinion/prod/checkout/1.")],
    found: [],
    outcome: { outcome: "conflict", reason: "A pull request already exists for acme:pinion/prod/checkout/1." },
    further: ["OpenPullRequestsOfBranch"],
  },
  {
    name: "nothing to merge any more",
    data: { claim, commit: { commit: { oid: NEW } }, pullRequest: null },
    errors: [failed("pullRequest", "UNPROCESSABLE", "No commits between main and pinion/prod/checkout/1")],
    outcome: { outcome: "conflict", reason: "No commits between main and pinion/prod/checkout/1" },
  },
  {
    name: "a branch that is there gets the commit",
    given: { branchAt: oid("4") },
    data: { commit: { commit: { oid: NEW } }, pullRequest: opened(6, NEW) },
    outcome: { outcome: "done", value: { number: 6, head: NEW } },
  },
  {
    name: "a branch that holds what is wanted",
    given: { branchAt: oid("4"), commit: null },
    data: { pullRequest: opened(6, oid("4")) },
    outcome: { outcome: "done", value: { number: 6, head: oid("4") } },
  },
  {
    name: "a branch that held what was wanted",
    given: { branchAt: oid("4"), commit: null },
    data: { pullRequest: opened(6, oid("7"), foreign) },
    outcome: { outcome: "conflict", reason: "Somebody pushed to pinion/prod/checkout/1 while the pull request was opened." },
    further: ["ClosePullRequest"],
  },
];

describe("opening a pull request", () => {
  it.each(openings)("$name", async ({ given, data, errors, found, outcome, further }) => {
    await using github = await looked({
      ...closing,
      OpenPullRequest: () => graphql(data, errors),
      OpenPullRequestsOfBranch: () => graphql({ repository: { pullRequests: list(found ?? []) } }),
    });
    expect(await github.forge.openPullRequest(REPOSITORY, { ...proposal, ...given })).toEqual(outcome);
    expect(operations(github)).toEqual(["OpenPullRequest", ...(further ?? [])]);
  });

  it("sends what was planned", async () => {
    await using github = await looked({
      OpenPullRequest: () => graphql({ claim, commit: { commit: { oid: NEW } }, pullRequest: opened(6, NEW) }),
    });
    await github.forge.openPullRequest(REPOSITORY, proposal);
    const sent = github.seen[1];
    expect(variable(sent, "claim")).toEqual({ repositoryId: "R_manifests", name: "refs/heads/pinion/prod/checkout/1", oid: MAIN });
    expect(variable(sent, "commit")).toEqual({
      branch: { repositoryNameWithOwner: "acme/manifests", branchName: "pinion/prod/checkout/1" },
      expectedHeadOid: MAIN,
      message: { headline: commit.headline, body: commit.body },
      fileChanges: { additions: [{ path: files[0]?.path, contents: Buffer.from("images: []\n").toString("base64") }] },
    });
    expect(variable(sent, "pullRequest")).toEqual({
      repositoryId: "R_manifests",
      baseRefName: "main",
      headRefName: "pinion/prod/checkout/1",
      title: proposal.title,
      body: "why",
      maintainerCanModify: false,
    });
  });

  it("does not send it again when the answer is lost", async () => {
    await using github = await looked({ OpenPullRequest: () => "drop" });
    await expect(github.forge.openPullRequest(REPOSITORY, proposal)).rejects.toThrow(PortFailure);
    expect(operations(github)).toEqual(["OpenPullRequest"]);
  });

  it("asks for the repository's id when nothing was looked at before", async () => {
    await using github = await scriptedGitHub((seen) =>
      operationOf(seen) === "RepositoryId"
        ? graphql({ repository: { id: "R_asked", databaseId: REPOSITORY.id } })
        : graphql({ claim, commit: { commit: { oid: NEW } }, pullRequest: opened(6, NEW) }),
    );
    await github.forge.openPullRequest(REPOSITORY, proposal);
    expect(variable(github.seen[1], "claim")).toMatchObject({ repositoryId: "R_asked" });
  });
});

const BRANCH = "pinion/prod/checkout/1";
const moved: Fields = { updateRefs: { clientMutationId: null } };
const notMoved = [failed("updateRefs", "UNPROCESSABLE", "Reference update failed")];
const forbidden = [failed("updateRefs", "UNPROCESSABLE", "Repository rule violations found")];
const standing = (target: string | null): Scripted => {
  return graphql({ repository: { ref: target === null ? null : { target: { oid: target } } } });
};

describe("replacing a head", () => {
  const replace = (github: ScriptedGitHub): Promise<unknown> => github.forge.replaceHead(REPOSITORY, BRANCH, HEAD, MAIN, commit);
  const built: Script = { ClaimAndCommit: () => graphql({ claim, commit: { commit: { oid: NEW } } }) };

  it("builds beside, then swaps, in two requests", async () => {
    await using github = await looked({ ...built, UpdateRefs: () => graphql(moved) });
    expect(await replace(github)).toEqual({ outcome: "done", value: NEW });
    expect(operations(github)).toEqual(["ClaimAndCommit", "UpdateRefs"]);
    const temporary: unknown = Reflect.get(Object(variable(github.seen[1], "claim")), "name");
    expect(temporary).toMatch(/^refs\/heads\/pinion\/_tmp\/[0-9a-f-]{36}$/);
    expect(variable(github.seen[2], "input")).toEqual({
      repositoryId: "R_manifests",
      refUpdates: [
        { name: `refs/heads/${BRANCH}`, beforeOid: HEAD, afterOid: NEW, force: true },
        { name: temporary, beforeOid: NEW, afterOid: "0".repeat(40), force: true },
      ],
    });
  });

  it.each([
    ["moved", standing(oid("7")), "conflict"],
    ["gone", standing(null), "conflict"],
    ["where it should be", standing(HEAD), "refused"],
  ] as const)("tidies up when the swap fails and the branch is %s", async (_, at, outcome) => {
    let updates = 0;
    await using github = await looked({
      ...built,
      UpdateRefs: () => {
        updates += 1;
        return updates === 1 ? graphql({ updateRefs: null }, notMoved) : graphql(moved);
      },
      Ref: () => at,
    });
    expect(await replace(github)).toMatchObject({ outcome });
    expect(operations(github)).toEqual(["ClaimAndCommit", "UpdateRefs", "Ref", "UpdateRefs"]);
  });

  it("tidies up when the swap's answer is lost, and says so", async () => {
    await using github = await looked({ ...built, UpdateRefs: () => "drop" });
    await expect(replace(github)).rejects.toMatchObject({ kind: "dependency" });
    expect(operations(github)).toEqual(["ClaimAndCommit", "UpdateRefs", "UpdateRefs"]);
  });

  it("tidies up when the commit fails", async () => {
    await using github = await looked({
      ClaimAndCommit: () => graphql({ claim, commit: null }, [failed("commit", "UNPROCESSABLE", "too large")]),
      UpdateRefs: () => graphql(moved),
    });
    expect(await replace(github)).toEqual({ outcome: "refused", reason: "too large" });
    expect(variable(github.seen[2], "input")).toMatchObject({ refUpdates: [{ beforeOid: MAIN, afterOid: "0".repeat(40) }] });
  });
});

describe("deleting a branch", () => {
  it.each([
    ["still there", graphql(moved), standing(null), "done"],
    ["moved, in words of its own", graphql({ updateRefs: null }, notMoved), standing(oid("7")), "conflict"],
    ["stale, by type", graphql({ updateRefs: null }, [failed("updateRefs", "STALE_DATA", "stale")]), standing(HEAD), "conflict"],
    ["protected", graphql({ updateRefs: null }, forbidden), standing(HEAD), "refused"],
  ] as const)("%s", async (_, answer, at, outcome) => {
    await using github = await looked({ UpdateRefs: () => answer, Ref: () => at });
    expect(await github.forge.deleteBranch(REPOSITORY, BRANCH, HEAD)).toMatchObject({ outcome });
    expect(variable(github.seen[1], "input")).toMatchObject({
      refUpdates: [{ name: `refs/heads/${BRANCH}`, beforeOid: HEAD, afterOid: "0".repeat(40) }],
    });
  });
});
