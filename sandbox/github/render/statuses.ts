import type { CommitStatus, Oid, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";
import { combinedState } from "../state/statuses.ts";
import type { Json } from "./accounts.ts";
import { iso, userOrNull } from "./accounts.ts";
import { minimalRepository, repositoryUrl } from "./repositories.ts";

/** As the combined status lists it: without who said it. */
export function simpleStatus(state: GitHubState, status: CommitStatus): Json {
  return {
    url: `${repositoryUrl(state, status.repository)}/statuses/${status.sha}`,
    avatar_url: `${state.addresses.html}/avatars/${status.creator.id}`,
    id: status.id,
    node_id: status.nodeId,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: iso(status.createdAt),
    updated_at: iso(status.createdAt),
  };
}

export function commitStatus(state: GitHubState, status: CommitStatus): Json {
  return { ...simpleStatus(state, status), creator: userOrNull(state, state.accounts.get(status.creator.id) ?? null) };
}

/** `all` are the newest of each name; `statuses` is the page of them that was asked for, as it is shown. */
export function combinedStatus(state: GitHubState, repository: Repository, sha: Oid, all: readonly CommitStatus[], statuses: readonly unknown[]): Json {
  const url = repositoryUrl(state, repository);
  return {
    state: combinedState(all),
    statuses,
    sha,
    total_count: all.length,
    repository: minimalRepository(state, repository),
    commit_url: `${url}/commits/${sha}`,
    url: `${url}/commits/${sha}/status`,
  };
}
