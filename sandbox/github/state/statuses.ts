import type { Actor, CommitStatus, Oid, Repository } from "../model.ts";
import { unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { requireAccess } from "./access.ts";

/** GitHub takes this many statuses of one name for a commit (REST API, "Create a commit status"). */
const MOST_OF_CONTEXT = 1000;

export interface StatusInput {
  readonly sha: Oid;
  readonly state: CommitStatus["state"];
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
}

/** It takes push access, as GitHub has it: whoever may push may say anything under any name. */
export async function createStatus(state: GitHubState, actor: Actor, repository: Repository, input: StatusInput): Promise<CommitStatus> {
  const creator = requireAccess(state, actor, repository, { app: [["statuses", "write"]], role: "write" });
  if ((await repository.git.commit(input.sha)) === null) throw unprocessable(`No commit found for SHA: ${input.sha}`);
  const same = repository.commitStatuses.filter(({ sha, context }) => sha === input.sha && context === input.context);
  if (same.length >= MOST_OF_CONTEXT) throw unprocessable("Validation Failed");
  const made: CommitStatus = { ...state.identify("commit-status"), repository, ...input, creator, createdAt: state.now() };
  repository.commitStatuses.push(made);
  return made;
}

/** The newest of each name, which is the one that counts. */
export function latestStatuses(repository: Repository, sha: Oid): readonly CommitStatus[] {
  const latest = new Map<string, CommitStatus>();
  for (const status of repository.commitStatuses) if (status.sha === sha) latest.set(status.context, status);
  return [...latest.values()];
}

/** All of them together, as good as the worst of them. */
export function combinedState(statuses: readonly CommitStatus[]): "failure" | "pending" | "success" {
  if (statuses.some(({ state }) => state === "failure" || state === "error")) return "failure";
  return statuses.length === 0 || statuses.some(({ state }) => state === "pending") ? "pending" : "success";
}
