import type { Actor, Deployment, DeploymentStatus, DeploymentStatusState, Repository } from "../model.ts";
import { SandboxRefusal, invalid, notFound, unprocessable } from "../refusal.ts";
import type { GitHubState } from "../state.ts";
import { actingApp, requireAccess } from "./access.ts";
import type { Need } from "./access.ts";
import { resolveCommit } from "./commits.ts";
import { latestRuns } from "./required.ts";
import { lengthOf } from "./text-limits.ts";

const WRITE_DEPLOYMENTS: Need = { app: [["deployments", "write"]], role: "write" };

/** GitHub's limit for descriptions of deployment statuses. */
const DESCRIPTION_LIMIT = 140;

export interface NewDeployment {
  readonly ref: string;
  readonly task?: string;
  readonly environment?: string;
  readonly description?: string | null;
  readonly payload?: unknown;
  /** GitHub's default is true: the default branch is merged into a ref that is behind it. */
  readonly autoMerge?: boolean;
  /** Checks that must have passed; undefined: all there are. Empty: none. */
  readonly requiredContexts?: readonly string[];
  readonly transientEnvironment?: boolean;
  readonly productionEnvironment?: boolean;
}

function requireContexts(repository: Repository, ref: string, sha: string, wanted: readonly string[] | undefined): void {
  const runs = latestRuns(repository, sha);
  const passed = (name: string) => runs.some((run) => run.name === name && run.conclusion === "success");
  const failed = (wanted ?? runs.map((run) => run.name)).filter((name) => !passed(name));
  if (failed.length > 0) throw new SandboxRefusal(409, "not-allowed", `Conflict: Commit status checks failed for ${ref}.`);
}

/** Makes a deployment of a branch, tag or commit. */
export async function createDeployment(
  state: GitHubState,
  actor: Actor,
  repository: Repository,
  input: NewDeployment,
): Promise<Deployment> {
  const creator = requireAccess(state, actor, repository, WRITE_DEPLOYMENTS);
  const sha = await resolveCommit(repository, input.ref);
  if (sha === null) throw unprocessable(`No ref found for: ${input.ref}`);
  const trunk = repository.refs.get(`refs/heads/${repository.defaultBranch}`);
  const onBranch = repository.refs.has(`refs/heads/${input.ref}`);
  if (input.autoMerge !== false && onBranch && trunk !== undefined && !(await repository.git.isAncestor(trunk, sha))) {
    // The real one would merge here. Nothing under test may rely on that, so it is a refusal that shows.
    throw new SandboxRefusal(409, "not-allowed", `Conflict merging ${repository.defaultBranch} into ${input.ref}.`);
  }
  requireContexts(repository, input.ref, sha, input.requiredContexts);
  const now = state.now();
  const environment = input.environment ?? "production";
  const deployment: Deployment = {
    kind: "deployment",
    ...state.identify("deployment"),
    repository,
    creator,
    app: actingApp(actor),
    sha,
    ref: input.ref,
    task: input.task ?? "deploy",
    environment,
    description: input.description ?? null,
    payload: input.payload ?? {},
    transientEnvironment: input.transientEnvironment ?? false,
    productionEnvironment: input.productionEnvironment ?? environment === "production",
    statuses: [],
    createdAt: now,
    updatedAt: now,
  };
  repository.deployments.push(state.register(deployment));
  state.emit({ name: "deployment", action: "created", sender: creator, deployment });
  return deployment;
}

export interface NewDeploymentStatus {
  readonly state: DeploymentStatusState;
  readonly description?: string;
  readonly environmentUrl?: string;
  readonly logUrl?: string;
  /** GitHub's default is true: a success makes earlier ones of the environment inactive. */
  readonly autoInactive?: boolean;
}

export async function createDeploymentStatus(
  state: GitHubState,
  actor: Actor,
  deployment: Deployment,
  input: NewDeploymentStatus,
): Promise<DeploymentStatus> {
  requireAccess(state, actor, deployment.repository, WRITE_DEPLOYMENTS);
  if (lengthOf(input.description ?? "") > DESCRIPTION_LIMIT) {
    const message = `description is too long (maximum is ${DESCRIPTION_LIMIT} characters)`;
    throw invalid({ resource: "DeploymentStatus", code: "custom", field: "description", message });
  }
  const made = addStatus(state, actor, deployment, input);
  if (input.state !== "success" || input.autoInactive === false) return made;
  for (const other of deployment.repository.deployments) {
    if (other === deployment || other.id > deployment.id || other.environment !== deployment.environment) continue;
    if (other.transientEnvironment || other.productionEnvironment || other.statuses.at(-1)?.state !== "success") continue;
    addStatus(state, actor, other, { state: "inactive" });
  }
  return made;
}

function addStatus(state: GitHubState, actor: Actor, deployment: Deployment, input: NewDeploymentStatus): DeploymentStatus {
  const creator = requireAccess(state, actor, deployment.repository, WRITE_DEPLOYMENTS);
  const status: DeploymentStatus = {
    kind: "deployment-status",
    ...state.identify("deployment-status"),
    deployment,
    creator,
    app: actingApp(actor),
    state: input.state,
    description: input.description ?? "",
    environmentUrl: input.environmentUrl ?? "",
    logUrl: input.logUrl ?? "",
    createdAt: state.now(),
  };
  deployment.statuses.push(state.register(status));
  deployment.updatedAt = status.createdAt;
  state.emit({ name: "deployment_status", action: "created", sender: creator, status });
  return status;
}

/** The deployment of that id. Throws 404. */
export function deploymentNumbered(repository: Repository, id: number): Deployment {
  const found = repository.deployments.find((candidate) => candidate.id === id);
  if (found === undefined) throw notFound();
  return found;
}
