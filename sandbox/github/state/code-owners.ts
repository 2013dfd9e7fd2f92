import type { Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { atLeast, canPush } from "./access.ts";

/** Where GitHub looks for the file, in this order (docs, "About code owners"). */
const PLACES = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

export interface CodeOwnersError {
  readonly line: number;
  readonly column: number;
  readonly kind: string;
  readonly source: string;
  readonly suggestion: string | null;
  readonly message: string;
  readonly path: string;
}

/** What GitHub finds wrong with the default branch's code owners, or null where there is no such file. */
export async function codeOwnersErrors(state: GitHubState, repository: Repository): Promise<readonly CodeOwnersError[] | null> {
  for (const path of PLACES) {
    const bytes = await repository.git.file(`refs/heads/${repository.defaultBranch}`, path);
    if (bytes === null) continue;
    const lines = bytes.toString("utf8").split(/\r?\n/);
    return lines.flatMap((source, index) => {
      const found = lineError(state, repository, source);
      if (found === null) return [];
      const line = index + 1;
      const message = `${found.kind} on line ${line}:\n\n  ${source}\n  ${" ".repeat(found.column - 1)}^`;
      return [{ line, ...found, source, suggestion: null, message, path }];
    });
  }
  return null;
}

function lineError(state: GitHubState, repository: Repository, source: string): { readonly kind: string; readonly column: number } | null {
  const text = source.replace(/\s#.*$/, "").trimEnd();
  if (text.trim() === "" || text.startsWith("#")) return null;
  const [pattern = "", ...owners] = text.split(/(?<!\\)\s+/);
  if (/^!|[[\]]|^\\#/.test(pattern)) return { kind: "Invalid pattern", column: 1 };
  const unknown = owners.find((owner) => !isOwner(state, repository, owner));
  return unknown === undefined ? null : { kind: isName(unknown) ? "Unknown owner" : "Invalid owner", column: text.indexOf(unknown) + 1 };
}

function isName(owner: string): boolean {
  return owner.startsWith("@") || /^[^@\s]+@[^@\s]+$/.test(owner);
}

/** Owners are people and teams that may write; others are left out. */
function isOwner(state: GitHubState, repository: Repository, owner: string): boolean {
  if (!owner.startsWith("@")) {
    const account = state.accountByEmail(owner);
    return account !== null && canPush(state, account, repository);
  }
  const [first = "", team] = owner.slice(1).split("/");
  if (team !== undefined) {
    const found = state.team(first, team);
    return found !== null && atLeast(found.repositories.get(repository.id) ?? null, "write");
  }
  const account = state.accountByLogin(first);
  return account !== null && account.type === "User" && canPush(state, account, repository);
}
