import type { Actor, Oid, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";

/** `name` is the full ref name. */
export async function createRef(state: GitHubState, actor: Actor, repository: Repository, name: string, oid: Oid): Promise<Oid> {
  throw new Error("not built yet");
}

export async function updateRef(state: GitHubState, actor: Actor, repository: Repository, name: string, oid: Oid, force: boolean): Promise<Oid> {
  throw new Error("not built yet");
}

/** All or none. `before` null: not checked; forty zeros: must not exist. `after` forty zeros deletes. */
export async function updateRefs(state: GitHubState, actor: Actor, repository: Repository, updates: readonly { readonly name: string; readonly before: Oid | null; readonly after: Oid; readonly force: boolean }[]): Promise<void> {
  throw new Error("not built yet");
}

export async function deleteRef(state: GitHubState, actor: Actor, repository: Repository, name: string): Promise<void> {
  throw new Error("not built yet");
}
