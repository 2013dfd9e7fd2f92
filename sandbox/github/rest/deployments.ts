import { DEPLOYMENT_STATES } from "../model.ts";
import { unprocessable } from "../refusal.ts";
import { deployment, deploymentStatus } from "../render/deployments.ts";
import { requireAccess } from "../state/access.ts";
import { createDeployment, createDeploymentStatus, deploymentNumbered } from "../state/deployments.ts";
import type { RestCall, Route } from "./route.ts";
import { created, numberParameter, ok, page, repositoryIn, route } from "./route.ts";

const READ_DEPLOYMENTS = { app: [["deployments", "read"]], role: "read" } as const;

function readable(call: RestCall) {
  const where = repositoryIn(call);
  requireAccess(call.state, call.actor, where, READ_DEPLOYMENTS);
  return where;
}

function listDeployments(call: RestCall) {
  const filters = ["sha", "ref", "task", "environment"] as const;
  const found = readable(call)
    .deployments.filter((each) => filters.every((name) => !call.query.has(name) || call.query.get(name) === each[name]))
    .toReversed();
  return page(call, found, (each) => deployment(call.state, each));
}

/** Only fields that were sent, so that GitHub's defaults hold for the others. */
function given<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

async function newDeployment(call: RestCall) {
  const { body } = call;
  const made = await createDeployment(call.state, call.actor, repositoryIn(call), {
    ref: body.requiredText("ref"),
    ...given({
      task: body.text("task"),
      environment: body.text("environment"),
      description: body.text("description"),
      payload: body.raw("payload"),
      autoMerge: body.flag("auto_merge"),
      requiredContexts: body.texts("required_contexts"),
      transientEnvironment: body.flag("transient_environment"),
      productionEnvironment: body.flag("production_environment"),
    }),
  });
  return created(deployment(call.state, made));
}

async function newStatus(call: RestCall) {
  const { body } = call;
  const state = body.choice("state", DEPLOYMENT_STATES);
  if (state === undefined) throw unprocessable('Invalid request.\n\n"state" wasn\'t supplied.');
  const where = deploymentNumbered(repositoryIn(call), numberParameter(call, "deployment_id"));
  const made = await createDeploymentStatus(call.state, call.actor, where, {
    state,
    ...given({
      description: body.text("description"),
      environmentUrl: body.text("environment_url"),
      logUrl: body.text("log_url") ?? body.text("target_url"),
      autoInactive: body.flag("auto_inactive"),
    }),
  });
  return created(deploymentStatus(call.state, made));
}

const DEPLOYMENTS = "/repos/{owner}/{repo}/deployments";

export const deploymentRoutes: readonly Route[] = [
  route("GET", DEPLOYMENTS, listDeployments),
  route("POST", DEPLOYMENTS, newDeployment),
  route("GET", `${DEPLOYMENTS}/{deployment_id}`, (call) =>
    ok(deployment(call.state, deploymentNumbered(readable(call), numberParameter(call, "deployment_id")))),
  ),
  route("GET", `${DEPLOYMENTS}/{deployment_id}/statuses`, (call) => {
    const where = deploymentNumbered(readable(call), numberParameter(call, "deployment_id"));
    return page(call, where.statuses.toReversed(), (each) => deploymentStatus(call.state, each));
  }),
  route("POST", `${DEPLOYMENTS}/{deployment_id}/statuses`, newStatus),
];
