import type { CommitInfo, FileChange } from "../git.ts";
import type { Account, Actor, PullRequest, Repository } from "../model.ts";
import type { SandboxRefusal } from "../refusal.ts";
import { invalid, notFound, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { actingApp, atLeast, requireAccess, roleOf } from "./access.ts";
import type { Need } from "./access.ts";
import { keepHead, measure, note, shut } from "./pull-changes.ts";
import { requireBody, requireTitle } from "./text-limits.ts";

export const READ_PULLS: Need = { app: [["pull_requests", "read"]], role: "read" };
export const WRITE_PULLS: Need = { app: [["pull_requests", "write"]], role: "read" };

export interface NewPullRequest {
  readonly title: string;
  readonly body: string | null;
  /** A branch here, or `owner:branch` of a fork. */
  readonly head: string;
  readonly base: string;
  readonly draft: boolean;
}

function headOf(
  state: GitHubState,
  repository: Repository,
  head: string,
): { readonly repository: Repository; readonly ref: string } | null {
  const [owner, ref] = head.includes(":") ? [head.slice(0, head.indexOf(":")), head.slice(head.indexOf(":") + 1)] : [null, head];
  if (owner === null || owner.toLowerCase() === repository.owner.login.toLowerCase()) return { repository, ref };
  const fork = state.repositories.find(
    (candidate) => candidate.parent === repository && candidate.owner.login.toLowerCase() === owner.toLowerCase(),
  );
  return fork === undefined ? null : { repository: fork, ref };
}

function requireCollaborator(state: GitHubState, actor: Actor, head: Repository): void {
  if (actor.kind !== "user") return;
  if (!atLeast(roleOf(state, actor.account, head), "write")) {
    throw invalid({ resource: "Issue", code: "custom", field: "user", message: "must be a collaborator" });
  }
}

function custom(message: string): SandboxRefusal {
  return invalid({ resource: "PullRequest", code: "custom", message });
}

/** The pull requests of a repository, by number. */
export function pullsOf(repository: Repository): readonly PullRequest[] {
  return [...repository.threads.values()].filter((thread) => thread.kind === "pull-request");
}

/** Opens a pull request. Throws GitHub's 422 for a head that is absent, has nothing new, or has one open already. */
export async function createPullRequest(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  input: NewPullRequest,
): Promise<PullRequest> {
  const account = requireAccess(state, actor, repository, WRITE_PULLS);
  requireTitle("PullRequest", input.title);
  requireBody("PullRequest", input.body);
  return repository.writes.run(async () => {
    const head = headOf(state, repository, input.head);
    const headOid = head?.repository.refs.get(`refs/heads/${head.ref}`);
    const baseOid = repository.refs.get(`refs/heads/${input.base}`);
    if (baseOid === undefined) throw invalid({ resource: "PullRequest", code: "invalid", field: "base" });
    if (head === null || headOid === undefined) throw invalid({ resource: "PullRequest", code: "invalid", field: "head" });
    requireCollaborator(state, actor, head.repository);
    const taken = pullsOf(repository).some(
      (pull) =>
        pull.state === "open" && pull.head.repository === head.repository && pull.head.ref === head.ref && pull.base.ref === input.base,
    );
    if (taken) throw custom(`A pull request already exists for ${head.repository.owner.login}:${head.ref}.`);
    const number = repository.nextNumber;
    const at = { repository: head.repository, owner: head.repository.owner, ref: head.ref, oid: headOid };
    await keepHead({ repository, number, head: at }, headOid);
    const stats = await measure(repository, baseOid, headOid);
    if (stats.commits === 0) {
      await repository.git.putRef(`refs/pull/${number}/head`, null);
      repository.refs.delete(`refs/pull/${number}/head`);
      throw custom(`No commits between ${input.base} and ${head.ref}`);
    }
    if ((await repository.git.mergeBase(baseOid, headOid)) === null) {
      throw custom(`The ${head.ref} branch has no history in common with ${input.base}`);
    }
    repository.nextNumber += 1;
    const pull = newPull(state, actor, account, repository, input, { number, at, baseOid, stats });
    state.emit({ name: "pull_request", action: "opened", sender: account, pull });
    return pull;
  });
}

function newPull(
  state: GitHubState,
  actor: Actor,
  account: Account,
  repository: Repository,
  input: NewPullRequest,
  found: { readonly number: number; readonly at: PullRequest["head"]; readonly baseOid: string; readonly stats: PullRequest["stats"] },
): PullRequest {
  const now = state.now();
  const pull: PullRequest = {
    kind: "pull-request",
    ...state.identify("pull-request"),
    number: found.number,
    repository,
    author: account,
    app: actingApp(actor),
    title: input.title,
    body: input.body,
    labels: [],
    comments: [],
    timeline: [],
    state: "open",
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedBy: null,
    draft: input.draft,
    head: found.at,
    base: { ref: input.base, oid: found.baseOid },
    mergedAt: null,
    mergedBy: null,
    mergeCommit: null,
    reviews: [],
    requestedReviewers: [],
    requestedTeams: [],
    stats: found.stats,
    mergeableReads: 0,
  };
  repository.threads.set(pull.number, pull);
  return state.register(pull);
}

/** Editing, closing and reopening are for the author and for those who may triage. */
function requireEditor(state: GitHubState, actor: Actor, pull: PullRequest): Account {
  const role = actor.kind === "user" && actor.account === pull.author ? "read" : "triage";
  return requireAccess(state, actor, pull.repository, { ...WRITE_PULLS, role });
}

export async function editPullRequest(
  state: GitHubState,
  actor: Actor,
  pull: PullRequest,
  input: { readonly title?: string; readonly body?: string | null; readonly base?: string },
): Promise<void> {
  const sender = requireEditor(state, actor, pull);
  if (input.title !== undefined) requireTitle("PullRequest", input.title);
  if (input.body !== undefined) requireBody("PullRequest", input.body);
  const base = input.base === undefined || input.base === pull.base.ref ? null : input.base;
  const baseOid = base === null ? null : pull.repository.refs.get(`refs/heads/${base}`);
  if (base !== null && baseOid === undefined) throw invalid({ resource: "PullRequest", code: "invalid", field: "base" });
  if (base !== null && pull.state === "closed") throw unprocessable("Cannot change the base branch of a closed pull request.");
  const changes = {
    ...(input.title !== undefined && input.title !== pull.title ? { title: pull.title } : {}),
    ...(input.body !== undefined && input.body !== pull.body ? { body: pull.body } : {}),
    ...(base === null ? {} : { base: { ref: pull.base.ref, sha: pull.base.oid } }),
  };
  if (Object.keys(changes).length === 0) return;
  if (changes.title !== undefined && input.title !== undefined)
    note(state, pull, sender, { event: "renamed", from: pull.title, to: input.title });
  pull.title = input.title ?? pull.title;
  if (input.body !== undefined) pull.body = input.body;
  if (base !== null && baseOid !== null && baseOid !== undefined) {
    pull.base.ref = base;
    pull.base.oid = baseOid;
    pull.stats = await measure(pull.repository, baseOid, pull.head.oid);
    pull.mergeableReads = 0;
  }
  pull.updatedAt = state.now();
  state.emit({ name: "pull_request", action: "edited", sender, pull, changes });
}

/** Closes without merging. Closing what is closed changes nothing. */
export async function closePullRequest(state: GitHubState, actor: Actor, pull: PullRequest): Promise<void> {
  const sender = requireEditor(state, actor, pull);
  await pull.repository.writes.run(async () => {
    if (pull.state === "open") shut(state, sender, pull);
  });
}

/** Opens again what was closed without a merge, if its branch is still there and nothing else is open from it. */
export async function reopenPullRequest(state: GitHubState, actor: Actor, pull: PullRequest): Promise<void> {
  const sender = requireEditor(state, actor, pull);
  await pull.repository.writes.run(async () => {
    if (pull.state === "open") return;
    if (pull.mergedAt !== null) throw custom("state cannot be changed. The pull request has been merged.");
    const tip = pull.head.repository?.refs.get(`refs/heads/${pull.head.ref}`);
    if (tip === undefined) throw custom(`state cannot be changed. The ${pull.head.ref} branch has been deleted.`);
    if (tip !== pull.head.oid && !(await pull.repository.git.isAncestor(pull.head.oid, tip))) {
      throw custom(`state cannot be changed. The ${pull.head.ref} branch was force-pushed or recreated.`);
    }
    const other = pullsOf(pull.repository).find(
      (candidate) =>
        candidate.state === "open" && candidate.head.repository === pull.head.repository && candidate.head.ref === pull.head.ref,
    );
    if (other !== undefined) throw custom(`state cannot be changed. There is already an open pull request from ${pull.head.ref}.`);
    pull.state = "open";
    pull.closedAt = null;
    pull.closedBy = null;
    pull.head.oid = tip;
    pull.updatedAt = state.now();
    note(state, pull, sender, { event: "reopened" });
    state.emit({ name: "pull_request", action: "reopened", sender, pull });
  });
}

/** Turns a draft into one that is ready for review, or back. */
export async function setDraft(state: GitHubState, actor: Actor, pull: PullRequest, draft: boolean): Promise<void> {
  const sender = requireEditor(state, actor, pull);
  if (pull.draft === draft) return;
  pull.draft = draft;
  pull.updatedAt = state.now();
  note(state, pull, sender, { event: draft ? "convert_to_draft" : "ready_for_review" });
  state.emit({ name: "pull_request", action: draft ? "converted_to_draft" : "ready_for_review", sender, pull });
}

/** What `mergeable` says now, counting as one read: null while it is being worked out, and null for a closed one. */
export async function readMergeable(state: GitHubState, pull: PullRequest): Promise<boolean | null> {
  if (pull.state === "closed") return null;
  if (pull.mergeableReads < state.unknownMergeableReads) {
    pull.mergeableReads += 1;
    return null;
  }
  return mergesCleanly(pull);
}

/** Whether head and base merge without conflict, by a real three-way merge. */
export async function mergesCleanly(pull: PullRequest): Promise<boolean> {
  const base = pull.repository.refs.get(`refs/heads/${pull.base.ref}`);
  if (base === undefined) return false;
  return "tree" in (await pull.repository.git.mergeTree(base, pull.head.oid));
}

/** The commits a pull request brings, oldest first. After a merge, those it brought. */
export async function commitsOf(pull: PullRequest): Promise<readonly CommitInfo[]> {
  const { git } = pull.repository;
  const oids = await git.commitsBetween(pull.base.oid, pull.head.oid);
  const commits = await Promise.all(oids.map((oid) => git.commit(oid)));
  return commits.filter((commit) => commit !== null);
}

/** What a pull request changes, from the merge base to the head. */
export async function filesOf(pull: PullRequest): Promise<readonly FileChange[]> {
  const { git } = pull.repository;
  const from = (await git.mergeBase(pull.base.oid, pull.head.oid)) ?? pull.base.oid;
  return git.diff(from, pull.head.oid);
}

/** The pull request of that number, if the actor may see it. Throws 404. */
export function pullNumbered(repository: Repository, number: number): PullRequest {
  const found = repository.threads.get(number);
  if (found?.kind !== "pull-request") throw notFound();
  return found;
}
