import type { Clock, Forge, SetupReads } from "../ports.ts";
import { GitHubApi } from "./github/api.ts";
import { checksOf } from "./github/checks.ts";
import { askReviewers, comment, createLabel, openIssue, removeLabel, retitle } from "./github/conversation.ts";
import { showDeployment } from "./github/deployments.ts";
import { installations, ownCommits, permission, pullRequestOf, repositories, teamMembers } from "./github/directory.ts";
import { identityOf } from "./github/identity.ts";
import { startLog } from "./github/log-branch.ts";
import { merge } from "./github/merge.ts";
import { dequeue, enqueue } from "./github/merge-queue.ts";
import { NodeIds } from "./github/node-ids.ts";
import type { GitHubClients } from "./github/octokit.ts";
import { closePullRequest, openPullRequest, replaceHead } from "./github/propose.ts";
import { publish } from "./github/publish.ts";
import { moveBranches, NO_OBJECT } from "./github/refs.ts";
import { createSetupReads } from "./github/setup.ts";
import { takeSnapshot } from "./github/snapshot.ts";

export interface ForgeOptions {
  readonly clients: GitHubClients;
  readonly clock: Pick<Clock, "now">;
  /** Of GitHub's web pages, as `github.com`. */
  readonly host: string;
}

/** GitHub, as one App. Holds nothing that GitHub could not give again: the App's account and ids of what was seen. */
export function createForge({ clients, clock, host }: ForgeOptions): Forge {
  const api = new GitHubApi(clients, () => clock.now());
  const identity = identityOf(api, host);
  const nodeIds = new NodeIds();
  return {
    installations: () => installations(api),
    repositories: (installation) => repositories(api, installation),
    snapshot: async (repository, endedSince) => takeSnapshot(api, await identity(repository), nodeIds, repository, endedSince),
    permission: (repository, login) => permission(api, repository, login),
    teamMembers: (repository, team) => teamMembers(api, repository, team),
    checksOf: (repository, source, commit) => checksOf(api, host, repository, source, commit),
    pullRequestOf: async (repository, commit) => pullRequestOf(api, await identity(repository), repository, commit),
    ownCommits: async (repository, commits) => ownCommits(api, await identity(repository), repository, commits),
    startLog: (repository, files, headline) => startLog(api, repository, files, headline),
    publish: (repository, checks, records) => publish(api, nodeIds, repository, checks, records),
    openPullRequest: async (repository, proposal) => openPullRequest(api, await identity(repository), nodeIds, repository, proposal),
    replaceHead: (repository, branch, expectedHead, baseOid, commit) =>
      replaceHead(api, nodeIds, repository, branch, expectedHead, baseOid, commit),
    merge: (repository, pullRequest, wanted) => merge(api, repository, pullRequest, wanted),
    enqueue: (repository, pullRequestId, head) => enqueue(api, repository, pullRequestId, head),
    dequeue: (repository, pullRequestId) => dequeue(api, repository, pullRequestId),
    close: (repository, pullRequestId) => closePullRequest(api, repository, pullRequestId),
    deleteBranch: (repository, branch, expectedHead) =>
      moveBranches(api, nodeIds, repository, [{ branch, from: expectedHead, to: NO_OBJECT }]),
    comment: (repository, pullRequest, body) => comment(api, repository, pullRequest, body),
    retitle: (repository, pullRequest, title) => retitle(api, repository, pullRequest, title),
    removeLabel: (repository, pullRequest, label) => removeLabel(api, repository, pullRequest, label),
    createLabel: (repository, label) => createLabel(api, repository, label),
    askReviewers: (repository, pullRequest, teams, users) => askReviewers(api, repository, pullRequest, teams, users),
    openIssue: (repository, issue) => openIssue(api, repository, issue),
    showDeployment: async (repository, deployment) => showDeployment(api, (await identity(repository)).slug, repository, deployment),
  };
}

/** How repositories are set up at GitHub, as one App sees it. */
export function createSetup(clients: GitHubClients, clock: Pick<Clock, "now">, webUrl: string): SetupReads {
  return createSetupReads(new GitHubApi(clients, () => clock.now()), webUrl);
}
