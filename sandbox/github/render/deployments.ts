import type { Deployment, DeploymentStatus } from "../model.ts";
import type { GitHubState } from "../state.ts";
import type { Json } from "./accounts.ts";
import { appOrNull, iso, simpleUser } from "./accounts.ts";
import { repositoryUrl } from "./repositories.ts";

export function deployment(state: GitHubState, shown: Deployment): Json {
  const repositoryAt = repositoryUrl(state, shown.repository);
  const url = `${repositoryAt}/deployments/${shown.id}`;
  return {
    url,
    id: shown.id,
    node_id: shown.nodeId,
    sha: shown.sha,
    ref: shown.ref,
    task: shown.task,
    payload: shown.payload,
    original_environment: shown.environment,
    environment: shown.environment,
    description: shown.description,
    creator: simpleUser(state, shown.creator),
    created_at: iso(shown.createdAt),
    updated_at: iso(shown.updatedAt),
    statuses_url: `${url}/statuses`,
    repository_url: repositoryAt,
    transient_environment: shown.transientEnvironment,
    production_environment: shown.productionEnvironment,
    performed_via_github_app: appOrNull(state, shown.app),
  };
}

export function deploymentStatus(state: GitHubState, shown: DeploymentStatus): Json {
  const repositoryAt = repositoryUrl(state, shown.deployment.repository);
  const url = `${repositoryAt}/deployments/${shown.deployment.id}`;
  return {
    url: `${url}/statuses/${shown.id}`,
    id: shown.id,
    node_id: shown.nodeId,
    state: shown.state,
    creator: simpleUser(state, shown.creator),
    description: shown.description,
    environment: shown.deployment.environment,
    target_url: shown.logUrl,
    log_url: shown.logUrl,
    environment_url: shown.environmentUrl,
    created_at: iso(shown.createdAt),
    updated_at: iso(shown.createdAt),
    deployment_url: url,
    repository_url: repositoryAt,
    performed_via_github_app: appOrNull(state, shown.app),
  };
}
