import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { NO_OID } from "../../sandbox/github/model.ts";
import { createUser, setCollaborator } from "../../sandbox/github/state/accounts.ts";
import { createLabel } from "../../sandbox/github/state/labels.ts";
import { refNodeId } from "../../sandbox/github/state.ts";
import { textIn } from "./answer-fields.ts";
import { GraphqlWorld } from "./github-graphql-world.ts";

let world: GraphqlWorld;

beforeAll(async () => {
  world = await GraphqlWorld.create();
});

afterAll(() => world.end());

const OPEN = `
mutation ($ref: CreateRefInput!, $commit: CreateCommitOnBranchInput!, $pull: CreatePullRequestInput!) {
  ref: createRef(input: $ref) { clientMutationId ref { name prefix } }
  commit: createCommitOnBranch(input: $commit) { commit { oid message signature { wasSignedByGitHub } author { user { login } } }
    ref { target { oid } } }
  pull: createPullRequest(input: $pull) { pullRequest { number headRefOid author { login } } }
}`;

function opening(branch: string, expectedHeadOid = world.head()) {
  return {
    ref: { repositoryId: world.repository.nodeId, name: `refs/heads/${branch}`, oid: world.head(), clientMutationId: "me-1" },
    commit: {
      branch: { repositoryNameWithOwner: "acme/deploy", branchName: branch },
      expectedHeadOid,
      message: { headline: "Promote", body: "Because" },
      fileChanges: {
        additions: [{ path: `apps/${branch}.yaml`, contents: Buffer.from("tag: 3\n").toString("base64") }],
        deletions: [{ path: "apps/web.yaml" }],
      },
    },
    pull: { repositoryId: world.repository.nodeId, headRefName: branch, baseRefName: "main", title: `Promote ${branch}` },
  };
}

describe("several mutations in one document", () => {
  it("run one after the other", async () => {
    const data = await world.data(OPEN, opening("one"));
    expect(data).toEqual({
      ref: { clientMutationId: "me-1", ref: { name: "one", prefix: "refs/heads/" } },
      commit: {
        commit: {
          oid: world.head("one"),
          message: "Promote\n\nBecause",
          signature: { wasSignedByGitHub: true },
          author: { user: { login: "pinion[bot]" } },
        },
        ref: { target: { oid: world.head("one") } },
      },
      pull: { pullRequest: { number: expect.any(Number), headRefOid: world.head("one"), author: { login: "pinion" } } },
    });
    const { git } = world.repository;
    expect((await git.file(world.head("one"), "apps/one.yaml"))?.toString()).toBe("tag: 3\n");
    expect(await git.file(world.head("one"), "apps/web.yaml")).toBeNull();
  });

  it("are no transaction: what can still be done is done, and each failure stands at its alias", async () => {
    await world.data(OPEN, opening("two"));
    const answer = await world.ask(OPEN, opening("two"));
    expect(answer.data).toEqual({ ref: null, commit: null, pull: null });
    expect(answer.errors).toMatchObject([
      {
        type: "UNPROCESSABLE",
        path: ["ref"],
        locations: [{ line: 3, column: 3 }],
        message: 'A ref named "refs/heads/two" already exists in the repository.',
      },
      {
        type: "STALE_DATA",
        path: ["commit"],
        message: `Expected branch to point to "${world.head()}" but it did not.  Pull and try again.`,
      },
      { type: "UNPROCESSABLE", path: ["pull"], message: "A pull request already exists for acme:two." },
    ]);
  });

  it("a failed claim does not keep the pull request from being opened on what another made", async () => {
    await world.data("mutation ($input: CreateRefInput!) { createRef(input: $input) { clientMutationId } }", {
      input: opening("three").ref,
    });
    const answer = await world.ask(OPEN, opening("three"));
    expect(answer.errors?.map((error) => error.path)).toEqual([["ref"]]);
    expect(answer.data).toMatchObject({ ref: null, commit: { commit: { oid: world.head("three") } }, pull: { pullRequest: {} } });
  });

  it("without permission each is forbidden", async () => {
    const answer = await world.ask(OPEN, opening("four"), world.bot({ contents: "read" }));
    expect(answer.errors?.map(({ type, message }) => [type, message])).toEqual([
      ["FORBIDDEN", "Resource not accessible by integration"],
      ["FORBIDDEN", "Resource not accessible by integration"],
      ["FORBIDDEN", "Resource not accessible by integration"],
    ]);
    expect(world.head("four")).toBe("");
  });

  it("a person without the role is told which mutation it was", async () => {
    const reader = createUser(world.state, "reader");
    setCollaborator(world.repository, reader, "read");
    const answer = await world.ask(OPEN, opening("four"), world.user(reader));
    expect(answer.errors?.[0]).toMatchObject({
      type: "FORBIDDEN",
      path: ["ref"],
      message: "reader does not have the correct permissions to execute `CreateRef`",
    });
    expect(world.head("four")).toBe("");
  });
});

describe("refs", () => {
  const UPDATE = `mutation ($updates: [RefUpdate!]!, $id: ID!) {
      updateRefs(input: { repositoryId: $id, refUpdates: $updates, clientMutationId: "x" }) { clientMutationId } }`;

  const update = (updates: readonly object[]) => world.ask(UPDATE, { id: world.repository.nodeId, updates });

  it("move all together or not at all, each only from where it is said to be", async () => {
    const one = (await world.pull("atomic-one")).head.oid;
    const two = (await world.pull("atomic-two")).head.oid;
    const main = world.head();
    const stale = await update([
      { name: "refs/heads/atomic-one", beforeOid: one, afterOid: two, force: true },
      { name: "refs/heads/atomic-two", beforeOid: main, afterOid: one, force: true },
    ]);
    expect(stale.data).toEqual({ updateRefs: null });
    expect(stale.errors?.[0]?.path).toEqual(["updateRefs"]);
    expect([world.head("atomic-one"), world.head("atomic-two")]).toEqual([one, two]);

    const swapped = await update([
      { name: "refs/heads/atomic-one", beforeOid: one, afterOid: two, force: true },
      { name: "refs/heads/atomic-two", beforeOid: two, afterOid: one, force: true },
      { name: "refs/heads/atomic-new", beforeOid: NO_OID, afterOid: one },
    ]);
    expect(swapped).toEqual({ data: { updateRefs: { clientMutationId: "x" } } });
    expect([world.head("atomic-one"), world.head("atomic-two"), world.head("atomic-new")]).toEqual([two, one, one]);

    expect(await update([{ name: "refs/heads/atomic-new", beforeOid: one, afterOid: NO_OID }])).toMatchObject({ data: { updateRefs: {} } });
    expect(world.head("atomic-new")).toBe("");
  });

  it("refuse what is no commit, and a step backwards without force", async () => {
    const { head } = await world.pull("backwards");
    const tree = (await world.repository.git.commit(head.oid))?.tree ?? "";
    const branch = { name: "refs/heads/backwards", beforeOid: head.oid };
    const asTree = await update([{ ...branch, afterOid: tree, force: true }]);
    expect(asTree.errors).toMatchObject([{ type: "UNPROCESSABLE", message: "Invalid object type tree, expected commit" }]);
    expect((await update([{ ...branch, afterOid: world.head() }])).errors).toMatchObject([{ type: "UNPROCESSABLE" }]);
    expect((await update([{ ...branch, afterOid: world.head(), force: true }])).errors).toBeUndefined();
  });

  it("are moved and deleted by their ids", async () => {
    const { head } = await world.pull("by-id");
    const id = refNodeId(world.repository, "refs/heads/by-id");
    const moved = await world.data(
      `mutation { updateRef(input: { refId: "${id}", oid: "${world.head()}", force: true }) { ref { target { oid } } } }`,
    );
    expect(moved).toEqual({ updateRef: { ref: { target: { oid: world.head() } } } });
    expect(head.oid).toBe(world.head());
    expect(await world.data(`mutation { deleteRef(input: { refId: "${id}", clientMutationId: "d" }) { clientMutationId } }`)).toEqual({
      deleteRef: { clientMutationId: "d" },
    });
    expect(world.head("by-id")).toBe("");
  });
});

describe("commits on a branch", () => {
  const COMMIT = "mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";

  const commit = (branch: object) =>
    world.ask(COMMIT, { input: { branch, expectedHeadOid: world.head("branch"), message: { headline: "x" } } });

  it("name it by id, or by repository and name, but not by both", async () => {
    await world.pull("branch");
    const id = refNodeId(world.repository, "refs/heads/branch");
    const named = { repositoryNameWithOwner: "acme/deploy", branchName: "branch" };
    expect((await commit({ id })).errors).toBeUndefined();
    expect((await commit(named)).errors).toBeUndefined();
    expect((await commit({ id, ...named })).errors).toMatchObject([{ type: "UNPROCESSABLE" }]);
    expect((await commit({ branchName: "branch" })).errors).toMatchObject([{ type: "UNPROCESSABLE" }]);
    expect((await commit({ ...named, branchName: "absent" })).errors).toMatchObject([{ type: "NOT_FOUND" }]);
    expect((await commit({ ...named, repositoryNameWithOwner: "acme/none" })).errors).toMatchObject([{ type: "NOT_FOUND" }]);
  });

  it("cannot remove a file that is not there", async () => {
    const input = {
      branch: { repositoryNameWithOwner: "acme/deploy", branchName: "branch" },
      expectedHeadOid: world.head("branch"),
      message: { headline: "x" },
      fileChanges: { deletions: [{ path: "nothing.yaml" }] },
    };
    const answer = await world.ask(COMMIT, { input });
    expect(answer.errors).toMatchObject([{ type: "UNPROCESSABLE", message: expect.stringContaining("nothing.yaml") }]);
  });
});

describe("pull requests", () => {
  it("are merged at the head that is named, and at no other", async () => {
    const pull = await world.pull("merge-me");
    const merge = `mutation ($input: MergePullRequestInput!) {
        mergePullRequest(input: $input) { actor { login }
        pullRequest { state merged mergedBy { login } mergeCommit { oid messageHeadline messageBody } } } }`;
    const input = { pullRequestId: pull.nodeId, mergeMethod: "SQUASH", commitHeadline: "Promote it", commitBody: "Approved" };
    const stale = await world.ask(merge, { input: { ...input, expectedHeadOid: world.head() } });
    expect(stale.errors).toMatchObject([
      { type: "UNPROCESSABLE", path: ["mergePullRequest"], message: "Head branch was modified. Review and try the merge again." },
    ]);
    const done = await world.data(merge, { input: { ...input, expectedHeadOid: pull.head.oid } });
    expect(done).toMatchObject({
      mergePullRequest: {
        actor: { login: "pinion" },
        pullRequest: {
          state: "MERGED",
          merged: true,
          mergedBy: { login: "pinion" },
          mergeCommit: { oid: world.head(), messageBody: "Approved" },
        },
      },
    });
    const again = await world.ask(merge, { input });
    expect(again.errors).toMatchObject([{ type: "UNPROCESSABLE" }]);
  });

  it("are changed, closed and opened again", async () => {
    const { nodeId: id } = await world.pull("edited");
    const update =
      "mutation ($input: UpdatePullRequestInput!) { updatePullRequest(input: $input) { pullRequest { title body state baseRefName } } }";
    expect(await world.data(update, { input: { pullRequestId: id, title: "New", body: "Text", state: "CLOSED" } })).toEqual({
      updatePullRequest: { pullRequest: { title: "New", body: "Text", state: "CLOSED", baseRefName: "main" } },
    });
    const reopen = "mutation ($id: ID!) { reopenPullRequest(input: { pullRequestId: $id }) { pullRequest { state } } }";
    expect(await world.data(reopen, { id })).toEqual({ reopenPullRequest: { pullRequest: { state: "OPEN" } } });
    const close = "mutation ($id: ID!) { closePullRequest(input: { pullRequestId: $id }) { pullRequest { state closedAt } } }";
    expect(await world.data(close, { id })).toMatchObject({
      closePullRequest: { pullRequest: { state: "CLOSED", closedAt: expect.any(String) } },
    });
  });

  it("have reviewers asked for: added with union, replaced without", async () => {
    const pull = await world.pull("asked");
    const ask = `mutation ($input: RequestReviewsInput!) { requestReviews(input: $input) {
        pullRequest { reviewRequests(first: 5) { nodes { requestedReviewer { ... on User { login } ... on Team { slug } } } } } } }`;
    const nodes = (...reviewers: readonly object[]) => ({
      requestReviews: { pullRequest: { reviewRequests: { nodes: reviewers.map((requestedReviewer) => ({ requestedReviewer })) } } },
    });
    const input = { pullRequestId: pull.nodeId };
    expect(await world.data(ask, { input: { ...input, teamIds: [world.sre.nodeId] } })).toEqual(nodes({ slug: "sre" }));
    const added = await world.data(ask, { input: { ...input, userIds: [world.alice.nodeId], union: true } });
    expect(added).toEqual(nodes({ login: "alice" }, { slug: "sre" }));
    expect(await world.data(ask, { input: { ...input, userIds: [world.alice.nodeId] } })).toEqual(nodes({ login: "alice" }));
    const stranger = createUser(world.state, "stranger");
    expect((await world.ask(ask, { input: { ...input, userIds: [stranger.nodeId] } })).errors).toMatchObject([{ type: "UNPROCESSABLE" }]);
  });
});

describe("comments, labels and issues", () => {
  it("are written on either kind of thread", async () => {
    const pull = await world.pull("talk");
    await createLabel(world.state, world.bot(), world.repository, { name: "held", color: "000000", description: null });
    const label = world.repository.labels.get("held")?.nodeId;
    const comment = `mutation ($id: ID!) { addComment(input: { subjectId: $id, body: "Hello" }) {
        commentEdge { node { id databaseId body author { __typename login } } } subject { id } } }`;
    const said = await world.data(comment, { id: pull.nodeId });
    const made = pull.comments.at(-1);
    expect(said).toEqual({
      addComment: {
        commentEdge: { node: { id: made?.nodeId, databaseId: made?.id, body: "Hello", author: { __typename: "Bot", login: "pinion" } } },
        subject: { id: pull.nodeId },
      },
    });
    const change = (name: string) =>
      `mutation ($id: ID!, $label: ID!) { change: ${name}(input: { labelableId: $id, labelIds: [$label] }) {
        labelable { labels(first: 5) { nodes { name } } } } }`;
    const shown = (names: readonly string[]) => ({ change: { labelable: { labels: { nodes: names.map((name) => ({ name })) } } } });
    expect(await world.data(change("addLabelsToLabelable"), { id: pull.nodeId, label })).toEqual(shown(["held"]));
    expect(await world.data(change("removeLabelsFromLabelable"), { id: pull.nodeId, label })).toEqual(shown([]));
    expect(await world.data(change("removeLabelsFromLabelable"), { id: pull.nodeId, label })).toEqual(shown([]));
    expect((await world.ask(change("addLabelsToLabelable"), { id: pull.nodeId, label: "LA_bm9wZQ" })).errors).toMatchObject([
      { type: "NOT_FOUND" },
    ]);

    const minimize = `mutation ($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) {
        minimizedComment { isMinimized minimizedReason } } }`;
    expect(await world.data(minimize, { id: made?.nodeId })).toEqual({
      minimizeComment: { minimizedComment: { isMinimized: true, minimizedReason: "outdated" } },
    });
    expect((await world.ask(minimize, { id: made?.nodeId }, world.bot({ contents: "write" }))).errors).toMatchObject([
      { type: "FORBIDDEN" },
    ]);

    const create = `mutation ($input: CreateIssueInput!) { createIssue(input: $input) {
        issue { id number state labels(first: 2) { nodes { name } } } } }`;
    const input = { repositoryId: world.repository.nodeId, title: "Onboarding", body: "Hi", labelIds: [label] };
    const opened = await world.data(create, { input });
    expect(opened).toMatchObject({ createIssue: { issue: { state: "OPEN", labels: { nodes: [{ name: "held" }] } } } });
    const issueId = textIn(opened, "createIssue", "issue", "id");
    const close = "mutation ($id: ID!) { closeIssue(input: { issueId: $id, stateReason: NOT_PLANNED }) { issue { state stateReason } } }";
    expect(await world.data(close, { id: issueId })).toEqual({
      closeIssue: { issue: { state: "CLOSED", stateReason: "NOT_PLANNED" } },
    });
    const reopen = "mutation ($id: ID!) { reopenIssue(input: { issueId: $id }) { issue { state } } }";
    expect(await world.data(reopen, { id: issueId })).toEqual({ reopenIssue: { issue: { state: "OPEN" } } });
    expect((await world.ask(close, { id: pull.nodeId })).errors).toMatchObject([{ type: "NOT_FOUND" }]);
  });
});

describe("check runs", () => {
  const CREATE = `mutation ($input: CreateCheckRunInput!) { createCheckRun(input: $input) {
      checkRun { id databaseId name status conclusion externalId startedAt completedAt title summary text detailsUrl } } }`;
  const UPDATE =
    "mutation ($input: UpdateCheckRunInput!) { updateCheckRun(input: $input) { checkRun { id status conclusion completedAt title } } }";

  it("are made and brought to their end", async () => {
    const { head } = await world.pull("checked");
    const input = {
      repositoryId: world.repository.nodeId,
      headSha: head.oid,
      name: "Pinion",
      status: "IN_PROGRESS",
      externalId: "f00",
      startedAt: "2026-01-05T08:00:00Z",
      detailsUrl: "https://example.com/x",
      output: { title: "Waiting: soak", summary: "| gate |" },
    };
    const made = await world.data(CREATE, { input });
    expect(made).toHaveProperty(
      "createCheckRun.checkRun",
      expect.objectContaining({
        name: "Pinion",
        status: "IN_PROGRESS",
        conclusion: null,
        externalId: "f00",
        startedAt: "2026-01-05T08:00:00Z",
        completedAt: null,
        title: "Waiting: soak",
        text: null,
        detailsUrl: "https://example.com/x",
      }),
    );
    const checkRunId = textIn(made, "createCheckRun", "checkRun", "id");
    const ended = {
      repositoryId: world.repository.nodeId,
      checkRunId,
      status: "COMPLETED",
      conclusion: "ACTION_REQUIRED",
      completedAt: "2026-01-05T08:30:00Z",
    };
    expect(await world.data(UPDATE, { input: ended })).toEqual({
      updateCheckRun: {
        checkRun: {
          id: checkRunId,
          status: "COMPLETED",
          conclusion: "ACTION_REQUIRED",
          completedAt: "2026-01-05T08:30:00Z",
          title: "Waiting: soak",
        },
      },
    });
  });

  it("are for Apps only", async () => {
    const input = { repositoryId: world.repository.nodeId, headSha: world.head(), name: "Fake" };
    expect((await world.ask(CREATE, { input }, world.user(world.owner))).errors).toMatchObject([
      { type: "FORBIDDEN", path: ["createCheckRun"] },
    ]);
  });
});

describe("deployments", () => {
  it("are made with a payload and given states", async () => {
    const create = `mutation ($input: CreateDeploymentInput!) {
        createDeployment(input: $input) { deployment { id databaseId environment task commitOid payload } } }`;
    const input = {
      repositoryId: world.repository.nodeId,
      refId: refNodeId(world.repository, "refs/heads/main"),
      environment: "dev",
      task: "promote:web",
      payload: '{"app":"web"}',
      autoMerge: false,
      requiredContexts: [],
    };
    const made = await world.data(create, { input });
    expect(made).toHaveProperty(
      "createDeployment.deployment",
      expect.objectContaining({
        environment: "dev",
        task: "promote:web",
        commitOid: world.head(),
        payload: '{"app":"web"}',
      }),
    );
    expect((await world.ask(create, { input: { ...input, payload: "{" } })).errors).toMatchObject([{ type: "UNPROCESSABLE" }]);
    const state = `mutation ($input: CreateDeploymentStatusInput!) {
        createDeploymentStatus(input: $input) { deploymentStatus { state description deployment { state latestStatus { state } } } } }`;
    const status = {
      deploymentId: textIn(made, "createDeployment", "deployment", "id"),
      state: "FAILURE",
      description: "Degraded",
      autoInactive: false,
    };
    expect(await world.data(state, { input: status })).toEqual({
      createDeploymentStatus: {
        deploymentStatus: {
          state: "FAILURE",
          description: "Degraded",
          deployment: { state: "FAILURE", latestStatus: { state: "FAILURE" } },
        },
      },
    });
  });
});
