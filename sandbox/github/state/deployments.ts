import type { Actor, Deployment, DeploymentStatus, DeploymentStatusState, Repository } from "../model.ts";
import type { GitHubState } from "../state.ts";

export async function createDeployment(state: GitHubState, actor: Actor, repository: Repository, input: { readonly ref: string; readonly task?: string; readonly environment?: string; readonly description?: string | null; readonly payload?: unknown; readonly autoMerge?: boolean; readonly requiredContexts?: readonly string[]; readonly transientEnvironment?: boolean; readonly productionEnvironment?: boolean }): Promise<Deployment> {
  throw new Error("not built yet");
}

export async function createDeploymentStatus(state: GitHubState, actor: Actor, deployment: Deployment, input: { readonly state: DeploymentStatusState; readonly description?: string; readonly environmentUrl?: string; readonly logUrl?: string; readonly autoInactive?: boolean }): Promise<DeploymentStatus> {
  throw new Error("not built yet");
}
