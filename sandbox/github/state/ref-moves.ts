import type { SandboxEvent } from "../events.ts";
import type { Account, Oid, PullRequest, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";
import type { RefChange } from "./protection.ts";
import { headMoved, landed, shut } from "./pull-changes.ts";
import { requestSuites } from "./suites.ts";

/** One ref that has moved or will move. */
export interface RefMove {
  readonly name: string;
  readonly before: Oid | null;
  readonly after: Oid | null;
}

/** Says of a move whether it throws history away. A tag that moves always does. */
export async function describe(repository: Repository, move: RefMove): Promise<RefChange> {
  const { name, before, after } = move;
  if (before === null || after === null) return { ...move, forced: false };
  return { ...move, forced: !name.startsWith("refs/heads/") || !(await repository.git.isAncestor(before, after)) };
}

/**
 * Moves refs in Git, all or none, and lets everything that follows from it happen. The caller holds
 * the repository's write queue. False when Git found a ref elsewhere than `before`.
 */
export async function moveRefs(state: GitHubState, sender: Account, repository: Repository, moves: readonly RefMove[]): Promise<boolean> {
  if (moves.length === 0) return true;
  if (!(await repository.git.moveRefs(moves))) return false;
  await settle(state, sender, repository, moves);
  return true;
}

/** What follows once refs have moved in Git, by the API or by a push: pull requests, check suites, events. */
export async function settle(state: GitHubState, sender: Account, repository: Repository, moves: readonly RefMove[]): Promise<void> {
  const now = state.now();
  repository.pushedAt = now;
  repository.updatedAt = now;
  for (const { name, after } of moves) {
    if (after === null) repository.refs.delete(name);
    else repository.refs.set(name, after);
  }
  for (const move of moves) {
    const change = await describe(repository, move);
    const commits = await newCommits(repository, change);
    announce(state, sender, repository, change, commits);
    if (!change.name.startsWith("refs/heads/")) continue;
    const branch = change.name.slice("refs/heads/".length);
    if (change.after !== null) requestSuites(state, sender, repository, branch, change.after);
    await followHeads(state, sender, repository, branch, change);
    await followBases(state, sender, repository, branch, change, commits);
  }
}

async function newCommits(repository: Repository, change: RefChange): Promise<readonly Oid[]> {
  if (change.after === null || (await repository.git.objectType(change.after)) !== "commit") return [];
  // A new branch brings what the default branch lacks; the default branch itself brings everything.
  const trunk = `refs/heads/${repository.defaultBranch}`;
  const since = change.before ?? (change.name === trunk ? null : (repository.refs.get(trunk) ?? null));
  return repository.git.commitsBetween(since, change.after);
}

function announce(state: GitHubState, sender: Account, repository: Repository, change: RefChange, commits: readonly Oid[]): void {
  const { name: ref, before, after, forced } = change;
  const zero = "0".repeat(40);
  const push: SandboxEvent = { name: "push", sender, repository, ref, before: before ?? zero, after: after ?? zero, forced, commits };
  if (before === null) state.emit({ name: "create", sender, repository, ref });
  state.emit(push);
  if (after === null) state.emit({ name: "delete", sender, repository, ref });
}

function openPulls(repository: Repository): readonly PullRequest[] {
  return [...repository.threads.values()].filter((thread) => thread.kind === "pull-request").filter((pull) => pull.state === "open");
}

/** Open pull requests from this branch, here and where this repository was forked from, follow it or are closed. */
async function followHeads(state: GitHubState, sender: Account, repository: Repository, branch: string, change: RefChange): Promise<void> {
  for (const target of [repository, repository.parent]) {
    if (target === null) continue;
    const follow = async () => {
      for (const pull of openPulls(target)) {
        if (pull.head.repository !== repository || pull.head.ref !== branch) continue;
        if (change.after === null) {
          pull.timeline.push({ ...state.identify("event"), actor: sender, app: null, at: state.now(), event: "head_ref_deleted" });
          shut(state, sender, pull);
        } else if (pull.head.oid !== change.after) await headMoved(state, sender, pull, change.after);
      }
    };
    // A fork's push also writes to the repository it came from; never the other way round, so the queues cannot wait on each other.
    await (target === repository ? follow() : target.writes.run(follow));
  }
}

/** Pull requests into a branch that is gone are closed; those whose commits arrived there by a push count as merged. */
async function followBases(
  state: GitHubState,
  sender: Account,
  repository: Repository,
  branch: string,
  change: RefChange,
  commits: readonly Oid[],
): Promise<void> {
  const arrived = new Set(commits);
  for (const pull of openPulls(repository).filter((candidate) => candidate.base.ref === branch)) {
    pull.mergeableReads = 0;
    if (change.after === null) shut(state, sender, pull);
    else if (arrived.has(pull.head.oid)) landed(state, sender, pull, change.after);
  }
}
