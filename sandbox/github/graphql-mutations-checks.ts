/** GraphQL's mutations of check runs and deployments. */
import { checkRunNode } from "./graphql-checks.ts";
import { deploymentNode, deploymentStatusNode } from "./graphql-deployments.ts";
import { unprocessable } from "./graphql-errors.ts";
import { echo, type MutationInput } from "./graphql-mutations-git.ts";
import { nodeOfKind, type Session } from "./graphql-session.ts";
import {
  CHECK_CONCLUSIONS,
  DEPLOYMENT_STATES,
  type CheckConclusion,
  type CheckStatus,
  type DeploymentStatusState,
  type Oid,
} from "./model.ts";
import { createCheckRun, updateCheckRun, type CheckInput } from "./state/checks.ts";
import { createDeployment, createDeploymentStatus } from "./state/deployments.ts";

interface CheckRunInput extends MutationInput {
  readonly repositoryId: string;
  readonly name?: string | null;
  readonly status?: string | null;
  readonly conclusion?: string | null;
  readonly externalId?: string | null;
  readonly detailsUrl?: string | null;
  readonly startedAt?: string | null;
  readonly completedAt?: string | null;
  readonly output?: { readonly title: string; readonly summary: string; readonly text?: string | null } | null;
  readonly actions?: readonly { readonly label: string; readonly description: string; readonly identifier: string }[] | null;
}

interface CreateDeploymentInput extends MutationInput {
  readonly repositoryId: string;
  readonly refId: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string;
  readonly payload: string;
  readonly autoMerge: boolean;
  readonly requiredContexts?: readonly string[] | null;
}

interface CreateDeploymentStatusInput extends MutationInput {
  readonly deploymentId: string;
  readonly state: string;
  readonly description: string;
  readonly environmentUrl: string;
  readonly logUrl: string;
  readonly autoInactive: boolean;
}

const CHECK_STATUSES: readonly CheckStatus[] = ["queued", "in_progress", "completed", "waiting", "requested", "pending"];

function oneOf<T extends string>(values: readonly T[], shown: string): T {
  const found = values.find((value) => value === shown.toLowerCase());
  if (found === undefined) throw unprocessable(`${shown} is not included in the list`);
  return found;
}

function checkInput(input: CheckRunInput): CheckInput {
  return {
    ...(input.name == null ? {} : { name: input.name }),
    ...(input.status == null ? {} : { status: oneOf<CheckStatus>(CHECK_STATUSES, input.status) }),
    ...(input.conclusion == null ? {} : { conclusion: oneOf<CheckConclusion>(CHECK_CONCLUSIONS, input.conclusion) }),
    ...(input.externalId == null ? {} : { externalId: input.externalId }),
    ...(input.detailsUrl == null ? {} : { detailsUrl: input.detailsUrl }),
    ...(input.startedAt == null ? {} : { startedAt: Date.parse(input.startedAt) }),
    ...(input.completedAt == null ? {} : { completedAt: Date.parse(input.completedAt) }),
    ...(input.output == null
      ? {}
      : { output: { title: input.output.title, summary: input.output.summary, text: input.output.text ?? null } }),
    ...(input.actions == null ? {} : { actions: input.actions }),
  };
}

/** REST takes an object or text as payload; GraphQL takes text that is JSON. */
function payloadOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unprocessable("Payload is not valid JSON");
  }
}

async function createDeploymentMutation(session: Session, input: CreateDeploymentInput): Promise<unknown> {
  const repository = nodeOfKind(session, input.repositoryId, ["repository"]);
  const ref = nodeOfKind(session, input.refId, ["ref"]);
  const deployment = await createDeployment(session.state, session.actor, repository, {
    ref: ref.name.replace(/^refs\/(?:heads|tags)\//, ""),
    task: input.task,
    environment: input.environment,
    description: input.description,
    payload: payloadOf(input.payload),
    autoMerge: input.autoMerge,
    ...(input.requiredContexts == null ? {} : { requiredContexts: input.requiredContexts }),
  });
  return { ...echo(input), autoMerged: false, deployment: () => deploymentNode(session, deployment) };
}

async function createDeploymentStatusMutation(session: Session, input: CreateDeploymentStatusInput): Promise<unknown> {
  const deployment = nodeOfKind(session, input.deploymentId, ["deployment"]);
  const status = await createDeploymentStatus(session.state, session.actor, deployment, {
    state: oneOf<DeploymentStatusState>(DEPLOYMENT_STATES, input.state),
    description: input.description,
    environmentUrl: input.environmentUrl,
    logUrl: input.logUrl,
    autoInactive: input.autoInactive,
  });
  return { ...echo(input), deploymentStatus: () => deploymentStatusNode(session, status) };
}

export function checkMutations(session: Session): Readonly<Record<string, unknown>> {
  const { state, actor } = session;
  return {
    createCheckRun: async ({ input }: { readonly input: CheckRunInput & { readonly name: string; readonly headSha: Oid } }) => {
      const repository = nodeOfKind(session, input.repositoryId, ["repository"]);
      const run = await createCheckRun(state, actor, repository, { ...checkInput(input), name: input.name, headSha: input.headSha });
      return { ...echo(input), checkRun: () => checkRunNode(session, run) };
    },
    updateCheckRun: async ({ input }: { readonly input: CheckRunInput & { readonly checkRunId: string } }) => {
      const run = await updateCheckRun(state, actor, nodeOfKind(session, input.checkRunId, ["check-run"]), checkInput(input));
      return { ...echo(input), checkRun: () => checkRunNode(session, run) };
    },
    createDeployment: ({ input }: { readonly input: CreateDeploymentInput }) => createDeploymentMutation(session, input),
    createDeploymentStatus: ({ input }: { readonly input: CreateDeploymentStatusInput }) => createDeploymentStatusMutation(session, input),
  };
}
