import type { Milliseconds } from "./answer.ts";
import { isTemporaryBranch } from "./branch.ts";
import { isOwn } from "./changes.ts";
import type { Environment } from "./config.ts";
import type { Draft } from "./draft.ts";
import { approvalsNeeded } from "./facts/approvals.ts";
import { ownersToAsk } from "./facts/code-owners.ts";
import { HOTFIX_LABEL } from "./hotfix.ts";
import type { JudgedPullRequest } from "./judge-pull-request.ts";
import { isSettled, type Stay } from "./ledger.ts";
import type { DeploymentState } from "./observation.ts";
import { hasLabel } from "./promotion-facts.ts";
import type { AppName } from "./release.ts";

/** The labels people use exist from the installation on, so that they can be picked. */
export function planLabels(draft: Draft): void {
  const { labels } = draft.observation.snapshot;
  const want = (name: string, description: string, color: string) => {
    if (!hasLabel(labels, name)) draft.act({ id: `create-label ${name}`, kind: "create-label", name, description, color });
  };
  for (const { name, after } of draft.config.environments) {
    if (after.length > 0) want(`promote:${name}`, `Ask Pinion to promote this release to ${name}`, "1d76db");
    want(`freeze:${name}`, `While this issue is open, nothing is promoted to ${name}`, "b60205");
  }
  want(HOTFIX_LABEL, "This promotion is urgent: it does not wait for soak, windows and freezes", "d93f0b");
}

/** Asks the teams and the code owners whose approval is needed, unless they were asked before: a person may have taken that back. */
export function planReviewers(draft: Draft, judged: JudgedPullRequest): void {
  const { pullRequest, own } = judged;
  const [only] = judged.promotions;
  if (!own || only === undefined) return;
  const ask = (teams: readonly string[], users: readonly string[]) => {
    if (teams.length + users.length === 0) return;
    draft.act({ id: `ask-reviewers #${pullRequest.number} ${[...teams, ...users].join(" ")}`, kind: "ask-reviewers", pullRequest: pullRequest.number, teams, users });
  };
  const { promotion } = only;
  const teams = approvalsNeeded(promotion) === 0 ? [] : promotion.environment.approvals.teams.filter((team) => !pullRequest.reviewersAsked.includes(team));
  ask(teams, []);
  // Apart from the teams: one owner whom GitHub refuses would keep them from being asked.
  const owners = ownersToAsk(draft, promotion, [...pullRequest.reviewersAsked, ...teams]);
  ask(owners.teams, owners.users);
}

/** Takes away branches of pull requests that ended, and what a crash left of swapping one. Only what the App made itself, and only as it was seen. */
export function planBranches(draft: Draft): void {
  const { branches, open, ended } = draft.observation.snapshot;
  for (const branch of branches) {
    if (!branch.own || open.some((other) => !other.head.fork && other.head.ref === branch.name)) continue;
    const ofEnded = ended.some((other) => isOwn(other) && other.head.ref === branch.name && other.head.oid === branch.oid);
    if (!ofEnded && !isTemporaryBranch(branch.name)) continue;
    draft.act({ id: `delete-branch ${branch.name} ${branch.oid}`, kind: "delete-branch", branch: branch.name, head: branch.oid });
  }
}

/** A Deployment is made within this time whatever is listed: the list is not full of newer ones yet. */
const SURELY_NEW: Milliseconds = 5 * 60_000;
/** After this time it is not made at all: it is display, and must never come again and again. */
const SHOWN_WITHIN: Milliseconds = 60 * 60_000;

/** Whether a stay without a listed Deployment never had one. Only the latest are listed, so for an older one than those it cannot be told. */
function isUnshown(draft: Draft, stay: Stay): boolean {
  const age = draft.now - stay.since;
  if (age < SURELY_NEW || age >= SHOWN_WITHIN) return age < SURELY_NEW;
  return draft.observation.snapshot.deployments.some(({ app, environment, commit }) => {
    const { current, runs } = draft.place(app, environment);
    const listedSince = current?.commit === commit ? current.since : runs.find((run) => run.commit === commit)?.deployedAt;
    return listedSince !== undefined && listedSince < stay.since;
  });
}

/** Shows each promotion as a GitHub Deployment. Display only: nothing is ever decided by reading it back. */
export function planDeployments(draft: Draft, app: AppName, environment: Environment): void {
  const stay = draft.place(app, environment.name).current;
  if (stay === null || stay.via === "adopted") return;
  const shown = draft.deploymentsOf(app).filter((deployment) => deployment.environment === environment.name);
  const mine = shown.find((deployment) => deployment.commit === stay.commit) ?? null;
  const state = stateOf(stay);
  if (mine === null ? !isSettled(stay) && isUnshown(draft, stay) : mine.state !== state) {
    draft.act({
      id: `show-deployment ${app} ${environment.name} ${stay.commit} ${state}`,
      kind: "show-deployment",
      app,
      environment: environment.name,
      commit: stay.commit,
      state,
      description: describe(stay),
      existing: mine?.id ?? null,
    });
  }
  for (const old of shown) {
    if (old.commit === stay.commit || old.state === "inactive" || old.state === "failure" || old.state === "error") continue;
    draft.act({
      id: `show-deployment ${app} ${environment.name} ${old.commit} inactive`,
      kind: "show-deployment",
      app,
      environment: environment.name,
      commit: old.commit,
      state: "inactive",
      description: `replaced by ${stay.release.version}`,
      existing: old.id,
    });
  }
}

function stateOf(stay: Stay): DeploymentState {
  if (stay.bad !== null) return "failure";
  return stay.deployedAt === null ? "in_progress" : "success";
}

/** At most 140 characters, GitHub's limit for a deployment status. */
function describe(stay: Stay): string {
  const { version } = stay.release;
  if (stay.bad !== null) return `${version} went bad: ${stay.bad.event}`.slice(0, 140);
  return `${version} ${stay.deployedAt === null ? "rolls out" : "is deployed"}`.slice(0, 140);
}
