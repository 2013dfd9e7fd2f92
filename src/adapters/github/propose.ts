import { randomUUID } from "node:crypto";
import { TEMPORARY_PREFIX } from "../../domain/branch.ts";
import type { Repository } from "../../domain/observation.ts";
import type { Oid } from "../../domain/release.ts";
import type { FileContent, Forge, WriteOutcome } from "../../ports.ts";
import type { GitHubApi, MutationAnswer } from "./api.ts";
import { outcomeOf } from "./api.ts";
import { commitInput } from "./commit.ts";
import type { GraphqlError } from "./failure.ts";
import { failureOfGraphql } from "./failure.ts";
import type { AppIdentity } from "./identity.ts";
import { actorOf, areOwn } from "./identity.ts";
import type { NodeIds } from "./node-ids.ts";
import { repositoryNode } from "./node-ids.ts";
import { CLAIM_AND_COMMIT, CLOSE_PULL_REQUEST, OPEN_PULL_REQUESTS_OF_BRANCH, openDocument } from "./queries.ts";
import type { Reader } from "./reader.ts";
import { moveBranches, NO_OBJECT } from "./refs.ts";
import { fitting } from "./text.ts";

export type Proposal = Parameters<Forge["openPullRequest"]>[1];
type Opened = WriteOutcome<{ readonly number: number; readonly head: Oid }>;

/**
 * One document of up to three mutations: `createRef` (the claim), `createCommitOnBranch`, `createPullRequest`.
 *
 * A document is no transaction: the later mutations run even when an earlier one failed. Is that safe?
 * - The claim fails because the branch is there, at the same base: the commit lands on it. Nothing is lost, since the
 *   branch held nothing of its own, and what is there now is what was planned, made and signed by the App.
 * - The claim fails because the branch is there, elsewhere: `expectedHeadOid` stops the commit, but the pull request opens
 *   on whatever stands there. Splitting the request would narrow this window, not close it: anyone who can push may
 *   also push to the branch a moment later, and `createPullRequest` takes no expected head. So a pull request of the App
 *   with commits of others is a state that all who decide must refuse anyway (`commits.allOwn`). Here it is closed at
 *   once, except when every commit is the App's own: then it is another replica's, opened by us in its stead.
 * - Two replicas: GitHub allows one open pull request per branch and base, so one of them gets it and the other a conflict.
 *
 * Whatever fails in between leaves a branch, with or without the commit, that a later run takes over (`branchAt`).
 */
export async function openPullRequest(
  api: GitHubApi,
  app: AppIdentity,
  nodeIds: NodeIds,
  repository: Repository,
  proposal: Proposal,
): Promise<Opened> {
  const { branch, base, baseOid, branchAt, commit } = proposal;
  const repositoryId = await repositoryNode(api, nodeIds, repository);
  const answer = await api.mutate(
    repository.installation,
    openDocument({ claim: branchAt === null, commit: commit !== null }),
    {
      ...(branchAt === null ? { claim: { repositoryId, name: `refs/heads/${branch}`, oid: baseOid } } : {}),
      ...(commit === null ? {} : { commit: commitInput(repository, branch, branchAt ?? baseOid, commit) }),
      pullRequest: {
        repositoryId,
        baseRefName: base,
        headRefName: branch,
        title: fitting.title(proposal.title),
        body: fitting.body(proposal.body),
        maintainerCanModify: false,
      },
    },
    `open a pull request from ${branch} of ${repository.owner}/${repository.name}`,
  );
  return outcomeOfOpening(api, app, repository, proposal, answer);
}

async function outcomeOfOpening(
  api: GitHubApi,
  app: AppIdentity,
  repository: Repository,
  { branch, base, baseOid, branchAt, commit }: Proposal,
  answer: MutationAnswer,
): Promise<Opened> {
  const claimed = branchAt === null ? answer.part("claim") : null;
  const committed = commit === null ? null : answer.part("commit");
  const opened = answer.part("pullRequest");
  const failed = claimed?.ok === false ? claimed.error : committed?.ok === false ? committed.error : null;
  if (failed !== null) {
    if (opened.ok) await closeUnlessOwn(api, app, repository, opened.value.object("pullRequest"));
    return outcomeOf(failed);
  }
  const head = committed?.ok === true ? committed.value.object("commit").text("oid") : (branchAt ?? baseOid);
  if (!opened.ok) return adoptOrExplain(api, app, repository, { branch, base, head }, opened.error);
  const pullRequest = opened.value.object("pullRequest");
  if (pullRequest.text("headRefOid") === head) return { outcome: "done", value: { number: pullRequest.integer("number"), head } };
  await closeUnlessOwn(api, app, repository, pullRequest);
  return { outcome: "conflict", reason: `Somebody pushed to ${branch} while the pull request was opened.` };
}

async function closeUnlessOwn(api: GitHubApi, app: AppIdentity, repository: Repository, pullRequest: Reader): Promise<void> {
  if (areOwn(pullRequest.object("commits"), pullRequest.text("headRefOid"), app)) return;
  await closePullRequest(api, repository, pullRequest.text("id"));
}

/** The branch is as wanted, but GitHub opened no pull request: perhaps an earlier run, whose answer was lost, did. */
async function adoptOrExplain(
  api: GitHubApi,
  app: AppIdentity,
  repository: Repository,
  wanted: { readonly branch: string; readonly base: string; readonly head: Oid },
  error: GraphqlError,
): Promise<Opened> {
  if (!/already exists/i.test(error.message)) return outcomeOf(error);
  const { owner, name, installation } = repository;
  const what = `find the pull request of ${wanted.branch} of ${owner}/${name}`;
  const data = await api.query(installation, OPEN_PULL_REQUESTS_OF_BRANCH, { owner, name, branch: wanted.branch }, what);
  const found = data
    .object("repository")
    .object("pullRequests")
    .objects("nodes")
    .find((node) => !node.flag("isCrossRepository") && node.text("baseRefName") === wanted.base);
  if (found === undefined) return { outcome: "conflict", reason: error.message };
  if (actorOf(found.optional("author"), app).kind !== "app" || found.text("headRefOid") !== wanted.head) {
    return { outcome: "conflict", reason: `#${found.integer("number")} of ${wanted.branch} is not what was to be opened.` };
  }
  return { outcome: "done", value: { number: found.integer("number"), head: wanted.head } };
}

export async function closePullRequest(api: GitHubApi, repository: Repository, id: string): Promise<void> {
  const what = `close a pull request of ${repository.owner}/${repository.name}`;
  const result = (await api.mutate(repository.installation, CLOSE_PULL_REQUEST, { input: { pullRequestId: id } }, what)).part(
    "closePullRequest",
  );
  if (!result.ok) throw failureOfGraphql([result.error], {}, what, api.now());
}

/**
 * GitHub makes signed commits only on branches, so the new one is made on a branch of its own, which goes away in the same
 * step in which the pull request's branch moves. Workflows that run on every push see that branch too.
 */
export async function replaceHead(
  api: GitHubApi,
  nodeIds: NodeIds,
  repository: Repository,
  branch: string,
  expectedHead: Oid,
  baseOid: Oid,
  commit: { readonly headline: string; readonly body: string; readonly files: readonly FileContent[] },
): Promise<WriteOutcome<Oid>> {
  // Not derived from what is planned: what a crash left behind must not be in the way.
  const temporary = `${TEMPORARY_PREFIX}${randomUUID()}`;
  const claim = { repositoryId: await repositoryNode(api, nodeIds, repository), name: `refs/heads/${temporary}`, oid: baseOid };
  const answer = await api.mutate(
    repository.installation,
    CLAIM_AND_COMMIT,
    { claim, commit: commitInput(repository, temporary, baseOid, commit) },
    `build a commit for ${branch} of ${repository.owner}/${repository.name}`,
  );
  const claimed = answer.part("claim");
  if (!claimed.ok) return outcomeOf(claimed.error);
  const committed = answer.part("commit");
  if (!committed.ok) {
    await forget(api, nodeIds, repository, temporary, baseOid);
    return outcomeOf(committed.error);
  }
  const head = committed.value.object("commit").text("oid");
  let moved: WriteOutcome<null> | null = null;
  try {
    moved = await moveBranches(api, nodeIds, repository, [
      { branch, from: expectedHead, to: head },
      { branch: temporary, from: head, to: NO_OBJECT },
    ]);
  } finally {
    if (moved?.outcome !== "done") await forget(api, nodeIds, repository, temporary, head);
  }
  return moved.outcome === "done" ? { outcome: "done", value: head } : moved;
}

/** Tidies up; what could not be tidied up does no harm, so the reason for the tidying is not hidden by another failure. */
async function forget(api: GitHubApi, nodeIds: NodeIds, repository: Repository, branch: string, at: Oid): Promise<void> {
  await moveBranches(api, nodeIds, repository, [{ branch, from: at, to: NO_OBJECT }]).catch(() => undefined);
}
