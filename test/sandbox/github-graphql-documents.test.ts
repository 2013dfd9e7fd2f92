/** Every document that Pinion sends to GitHub is answered whole by the sandbox, within GitHub's limits. */
import { Kind, parse, type OperationDefinitionNode, type TypeNode } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createCheckRun } from "../../sandbox/github/state/checks.ts";
import { createLabel } from "../../sandbox/github/state/labels.ts";
import { addRuleset } from "../../sandbox/github/state/protection.ts";
import { requestReviewers, review } from "../../sandbox/github/state/reviews.ts";
import { addComment, addLabels, createIssue } from "../../sandbox/github/state/threads.ts";
import * as queries from "../../src/adapters/github/queries.ts";
import { USUAL_OPEN_SIZES } from "../../src/adapters/github/pull-request.ts";
import { GraphqlWorld } from "./github-graphql-world.ts";

const documents: readonly (readonly [string, string])[] = [
  ...Object.entries(queries).flatMap(([name, value]): [string, string][] => (typeof value === "string" ? [[name, value]] : [])),
  ["commitsDocument(2)", queries.commitsDocument(2)],
  ["openDocument: claim and commit", queries.openDocument({ claim: true, commit: true })],
  ["openDocument: commit only", queries.openDocument({ claim: false, commit: true })],
  ["openDocument: as it stands", queries.openDocument({ claim: false, commit: false })],
  ["publishDocument: records only", queries.publishDocument(true, [])],
  ["publishDocument: all kinds", queries.publishDocument(true, ["create", "update", "create"])],
];

let world: GraphqlWorld;
let checkRunId: string;
let pullId: string;
let branches = 0;

beforeAll(async () => {
  world = await GraphqlWorld.create();
  const bot = world.bot();
  const alice = world.user(world.alice);
  const pull = await world.pull("pinion/dev/web/1");
  pullId = pull.nodeId;
  await createLabel(world.state, bot, world.repository, { name: "freeze:prod", color: "ff0000", description: null });
  await addLabels(world.state, alice, pull, ["promote:prod"]);
  await requestReviewers(world.state, bot, pull, { users: [], teams: [world.sre] });
  await review(world.state, alice, pull, { event: "APPROVE", body: "", commit: null });
  await addComment(world.state, alice, pull, "/pinion status");
  await createIssue(world.state, alice, world.repository, { title: "Stop", body: null, labels: ["freeze:prod"] });
  const run = await createCheckRun(world.state, bot, world.repository, { name: "Pinion", headSha: pull.head.oid, status: "in_progress" });
  checkRunId = run.nodeId;
});

afterAll(() => world.end());

/** Values of the variables that queries have, by name. */
function scalars(): Readonly<Record<string, unknown>> {
  return {
    owner: "acme",
    name: "deploy",
    organization: "acme",
    team: "sre",
    after: null,
    app: world.app.id,
    checkName: "Pinion",
    label: "freeze:prod",
    ref: "refs/heads/main",
    branch: "pinion/dev/web/1",
    pullRequests: 50,
    ended: 30,
    ids: [pullId],
    merged: [pullId],
    first: true,
    commit: world.head(),
    oid0: world.head(),
    oid1: world.head("pinion/dev/web/1"),
    ...USUAL_OPEN_SIZES,
    id: pullId,
    before: Buffer.from(JSON.stringify(["1"])).toString("base64"),
  };
}

/** Inputs of mutations by their type, on a branch of their own. */
function inputs(branch: string): Readonly<Record<string, unknown>> {
  const repositoryId = world.repository.nodeId;
  const oid = world.head(branch) === "" ? world.head() : world.head(branch);
  return {
    CreateRefInput: { repositoryId, name: `refs/heads/${branch}`, oid },
    CreateCommitOnBranchInput: {
      branch: { repositoryNameWithOwner: "acme/deploy", branchName: branch },
      expectedHeadOid: oid,
      message: { headline: "Promote" },
      fileChanges: { additions: [{ path: `apps/${branch}.yaml`, contents: "eA==" }] },
    },
    CreatePullRequestInput: { repositoryId, headRefName: branch, baseRefName: "main", title: "Promote" },
    UpdateRefsInput: { repositoryId, refUpdates: [{ name: `refs/heads/${branch}`, beforeOid: oid, afterOid: world.head(), force: true }] },
    ClosePullRequestInput: { pullRequestId: pullId },
    CreateCheckRunInput: {
      repositoryId,
      headSha: world.head(),
      name: "Pinion",
      status: "IN_PROGRESS",
      output: { title: "t", summary: "s" },
    },
    EnqueuePullRequestInput: { pullRequestId: pullId },
    DequeuePullRequestInput: { id: pullId },
    UpdateCheckRunInput: { repositoryId, checkRunId, status: "COMPLETED", conclusion: "SUCCESS" },
  };
}

function typeName(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : typeName(type.type);
}

function operationOf(document: string): OperationDefinitionNode {
  const operation = parse(document).definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("no operation");
  return operation;
}

async function variablesFor(document: string): Promise<Readonly<Record<string, unknown>>> {
  const branch = `own-${branches++}`;
  if (!document.includes("createRef(")) {
    await world.pull(branch);
    const [made] = [...world.repository.threads.values()].slice(-1);
    // The pull request that comes with the branch would be in the way of the one to open.
    if (made !== undefined && document.includes("createPullRequest(")) made.state = "closed";
  }
  const [byName, byType] = [scalars(), inputs(branch)];
  const entries = (operationOf(document).variableDefinitions ?? []).map((definition) => {
    const name = definition.variable.name.value;
    const value = byType[typeName(definition.type)] ?? byName[name];
    if (value === undefined) throw new Error(`no value for $${name}`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

/** The default branch has a merge queue, which the pull request is put into unless it is in there already. */
async function queue(holdsIt: boolean): Promise<void> {
  addRuleset(world.state, world.repository, { name: "queue", include: ["~DEFAULT_BRANCH"], rules: [{ type: "merge_queue", minToMerge: 2 }] });
  if (holdsIt) await world.ask(queries.ENQUEUE_PULL_REQUEST, { input: { pullRequestId: pullId } });
}

describe("documents of the adapter", () => {
  it.each(documents)("%s is answered without an error", async (_, document) => {
    world.repository.rulesets.length = 0;
    if (document.includes("queuePullRequest(")) await queue(document.includes("dequeuePullRequest("));
    const answer = await world.ask(document, await variablesFor(document));
    expect(answer.errors).toBeUndefined();
    expect(answer.data).not.toBeNull();
  });
});
