import type { Actor, CheckConclusion, CheckOutput, CheckRun, CheckStatus, Instant, Oid, Repository } from "../model.ts";

export interface CheckInput {
  readonly name?: string;
  readonly status?: CheckStatus;
  readonly conclusion?: CheckConclusion;
  readonly externalId?: string;
  readonly detailsUrl?: string;
  readonly startedAt?: Instant;
  readonly completedAt?: Instant;
  readonly output?: CheckOutput;
  readonly actions?: CheckRun["actions"];
}
import type { GitHubState } from "../state.ts";

export async function createCheckRun(state: GitHubState, actor: Actor, repository: Repository, input: CheckInput & { readonly name: string; readonly headSha: Oid }): Promise<CheckRun> {
  throw new Error("not built yet");
}

export async function updateCheckRun(state: GitHubState, actor: Actor, run: CheckRun, input: CheckInput): Promise<CheckRun> {
  throw new Error("not built yet");
}
