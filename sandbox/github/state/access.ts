import type { Access, Account, Actor, Installation, Permissions, Repository, Role } from "../model.ts";
import type { GitHubState } from "../state.ts";

/** The role of a person on a repository, or null when they may not even see it. Bots have none. */
export function roleOf(state: GitHubState, account: Account, repository: Repository): Role | null {
  throw new Error("not built yet");
}

/** The account that acts. Throws 401 for anonymous, 403 for an App's JWT. */
export function actingAccount(actor: Actor): Account {
  throw new Error("not built yet");
}

/** Throws 404 when the actor may not see the repository at all. */
export function requireVisible(state: GitHubState, actor: Actor, repository: Repository): void {
  throw new Error("not built yet");
}

/** Throws what GitHub answers when the App lacks the permission, or the person the role. */
export function requireAccess(state: GitHubState, actor: Actor, repository: Repository, need: { readonly app: readonly (readonly [string, Access])[]; readonly role: Role }): Account {
  throw new Error("not built yet");
}
