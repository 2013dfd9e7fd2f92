import type { Actor, Oid, Repository } from "../model.ts";
import { NO_OID } from "../model.ts";
import { SandboxRefusal, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { requireAccess } from "./access.ts";
import type { Need } from "./access.ts";
import { protectedRef, violationsOf } from "./protection.ts";
import type { RefMove } from "./ref-moves.ts";
import { describe, moveRefs } from "./ref-moves.ts";

export const WRITE_CONTENTS: Need = { app: [["contents", "write"]], role: "write", hidden: true };

export interface RefUpdate {
  readonly name: string;
  /** Null: not checked. Forty zeros: the ref must not exist. */
  readonly before: Oid | null;
  /** Forty zeros delete the ref. */
  readonly after: Oid;
  readonly force: boolean;
}

function validName(name: string): boolean {
  // The rules of git-check-ref-format that matter for names people and programs choose.
  if (!/^refs\/[^/]+\/.+$/.test(name) || name.startsWith("refs/pull/") || name.startsWith("refs/sandbox/")) return false;
  // oxlint-disable-next-line no-control-regex
  return !/\.\.|@\{|\/\/|[\u0000-\u0020\u007f~^:?*[\\]|[./]$|\.lock(\/|$)|(^|\/)\./.test(name);
}

function blocksName(repository: Repository, name: string): boolean {
  return [...repository.refs.keys()].some((other) => other.startsWith(`${name}/`) || name.startsWith(`${other}/`));
}

async function requireAllowed(state: GitHubState, actor: Actor, repository: Repository, move: RefMove): Promise<void> {
  const violations = await violationsOf(state, actor, repository, await describe(repository, move));
  if (violations !== null) throw protectedRef(violations);
}

async function requireObject(repository: Repository, name: string, oid: Oid): Promise<void> {
  const type = await repository.git.objectType(oid);
  if (type === null || (name.startsWith("refs/heads/") && type !== "commit")) throw unprocessable("Object does not exist");
}

/** Makes a ref by its full name: GitHub's only atomic claim. Refusal code `exists` when it is there. */
export async function createRef(state: GitHubState, actor: Actor, repository: Repository, name: string, oid: Oid): Promise<Oid> {
  const account = requireAccess(state, actor, repository, WRITE_CONTENTS);
  return repository.writes.run(async () => {
    if (!validName(name)) throw unprocessable("Reference name is not valid");
    if (repository.refs.has(name)) throw new SandboxRefusal(422, "exists", "Reference already exists");
    await requireObject(repository, name, oid);
    if (blocksName(repository, name)) throw unprocessable("Reference update failed");
    const move: RefMove = { name, before: null, after: oid };
    await requireAllowed(state, actor, repository, move);
    if (!(await moveRefs(state, account, repository, [move]))) throw new SandboxRefusal(422, "exists", "Reference already exists");
    return oid;
  });
}

/** REST's `PATCH git/refs`. */
export async function updateRef(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  name: string,
  oid: Oid,
  force: boolean,
): Promise<Oid> {
  const account = requireAccess(state, actor, repository, WRITE_CONTENTS);
  return repository.writes.run(async () => {
    if (!repository.refs.has(name)) throw unprocessable("Reference does not exist");
    const move = await checkedMove(state, actor, repository, { name, before: null, after: oid, force });
    await moveOrStale(state, account, repository, move === null ? [] : [move]);
    return oid;
  });
}

async function checkedMove(state: GitHubState, actor: Actor, repository: Repository, update: RefUpdate): Promise<RefMove | null> {
  const before = repository.refs.get(update.name) ?? null;
  const after = update.after === NO_OID ? null : update.after;
  if (!validName(update.name)) throw unprocessable("Reference name is not valid");
  if (update.before !== null && update.before !== (before ?? NO_OID)) {
    throw new SandboxRefusal(422, "stale", `Expected ${update.name} to be at ${update.before} but it is at ${before ?? NO_OID}.`);
  }
  if (before === null && after === null) throw unprocessable("Reference does not exist");
  if (before === after) return null;
  if (after !== null) await requireObject(repository, update.name, after);
  if (before === null && blocksName(repository, update.name)) throw unprocessable("Reference update failed");
  const move: RefMove = { name: update.name, before, after };
  const change = await describe(repository, move);
  if (change.forced && !update.force) throw unprocessable("Update is not a fast forward");
  await requireAllowed(state, actor, repository, move);
  return move;
}

async function moveOrStale(...args: Parameters<typeof moveRefs>): Promise<void> {
  if (!(await moveRefs(...args))) throw new SandboxRefusal(422, "stale", "Reference update failed");
}

/** GraphQL's `updateRefs`: all of them or none, each compared with `before` first. Refusal code `stale` when one differs. */
export async function updateRefs(state: GitHubState, actor: Actor, repository: Repository, updates: readonly RefUpdate[]): Promise<void> {
  const account = requireAccess(state, actor, repository, WRITE_CONTENTS);
  await repository.writes.run(async () => {
    const moves: RefMove[] = [];
    for (const update of updates) {
      const move = await checkedMove(state, actor, repository, update);
      if (move !== null) moves.push(move);
    }
    await moveOrStale(state, account, repository, moves);
  });
}

export async function deleteRef(state: GitHubState, actor: Actor, repository: Repository, name: string): Promise<void> {
  const account = requireAccess(state, actor, repository, WRITE_CONTENTS);
  await repository.writes.run(async () => {
    const before = repository.refs.get(name);
    if (before === undefined || name.startsWith("refs/pull/")) throw unprocessable("Reference does not exist");
    if (name === `refs/heads/${repository.defaultBranch}`) throw unprocessable("Cannot delete the default branch");
    const move: RefMove = { name, before, after: null };
    await requireAllowed(state, actor, repository, move);
    await moveOrStale(state, account, repository, [move]);
  });
}
