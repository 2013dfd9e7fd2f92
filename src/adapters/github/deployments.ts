import type { Repository } from "../../domain/observation.ts";
import { PortFailure } from "../../ports.ts";
import type { Forge } from "../../ports.ts";
import type { GitHubApi } from "./api.ts";
import { botLogin } from "./identity.ts";
import { Reader } from "./reader.ts";
import { fitting } from "./text.ts";

export type DeploymentWrite = Parameters<Forge["showDeployment"]>[1];

/** What a Deployment is found again by: one app of several in the same environment. */
export const TASK_PREFIX = "promote:";
/** Only for GitHub's own display: environments that people would call production. */
const PRODUCTION = /^(prod|production|live)([-_.]|$)/i;

/**
 * A Deployment for display, with nothing of what GitHub does by default: no merge of the default branch, no waiting for
 * checks, and no retiring of other apps' Deployments in the same environment.
 */
export async function showDeployment(api: GitHubApi, slug: string, repository: Repository, wanted: DeploymentWrite): Promise<number> {
  const id = wanted.existing ?? (await findDeployment(api, slug, repository, wanted)) ?? (await createDeployment(api, repository, wanted));
  await api.rest(repository.installation, {
    route: "POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    parameters: {
      owner: repository.owner,
      repo: repository.name,
      deployment_id: id,
      state: wanted.state,
      description: fitting.deployment(wanted.description),
      auto_inactive: false,
    },
    what: whatOf(repository, wanted),
  });
  return id;
}

/** An earlier run may have made it without the answer reaching us. */
async function findDeployment(api: GitHubApi, slug: string, repository: Repository, wanted: DeploymentWrite): Promise<number | null> {
  const { owner, name, installation } = repository;
  const { body } = await api.rest(installation, {
    route: "GET /repos/{owner}/{repo}/deployments",
    parameters: { owner, repo: name, sha: wanted.commit, environment: wanted.environment, task: taskOf(wanted), per_page: 100 },
    what: whatOf(repository, wanted),
  });
  const own = new Reader({ deployments: body }, "").objects("deployments").filter((one) => {
    return one.optional("creator")?.text("login") === botLogin(slug) && one.text("sha") === wanted.commit;
  });
  const ids = own.map((one) => one.integer("id"));
  return ids.length === 0 ? null : Math.max(...ids);
}

async function createDeployment(api: GitHubApi, repository: Repository, wanted: DeploymentWrite): Promise<number> {
  const what = whatOf(repository, wanted);
  const { status, body } = await api.rest(repository.installation, {
    route: "POST /repos/{owner}/{repo}/deployments",
    parameters: {
      owner: repository.owner,
      repo: repository.name,
      ref: wanted.commit,
      task: taskOf(wanted),
      environment: wanted.environment,
      description: fitting.deployment(wanted.description),
      payload: { app: wanted.app },
      auto_merge: false,
      required_contexts: [],
      transient_environment: false,
      production_environment: PRODUCTION.test(wanted.environment),
    },
    what,
  });
  // 202: GitHub merged something instead, which it was told not to do.
  if (status !== 201) throw new PortFailure("error", `Could not ${what}: GitHub answered ${status} and made no Deployment.`);
  return new Reader(body, "deployment").integer("id");
}

function taskOf(wanted: DeploymentWrite): string {
  return `${TASK_PREFIX}${wanted.app}`;
}

function whatOf(repository: Repository, wanted: DeploymentWrite): string {
  return `show the deployment of ${wanted.app} to ${wanted.environment} in ${repository.owner}/${repository.name}`;
}
