import type { Action, CheckContent, Plan } from "./action.ts";
import type { Answer, Instant } from "./answer.ts";
import { feedsAnother, isAtRest } from "./at-rest.ts";
import { planChanges, planWithdrawals } from "./changes.ts";
import type { Config, ConfigProblem, Environment } from "./config.ts";
import { planBranches, planDeployments, planLabels, planReviewers } from "./display.ts";
import { Draft } from "./draft.ts";
import { planFreezes } from "./freezes.ts";
import { planHotfixLabels } from "./hotfix-labels.ts";
import { planHotfixNotices } from "./hotfix-notices.ts";
import { judgePullRequest, type JudgedPullRequest } from "./judge-pull-request.ts";
import { planMergeQueue, planTakenOut, planUnjudgedQueue } from "./merge-queue.ts";
import type { EnvironmentPins, Knowledge, Observation, ProposedChange, PullRequest } from "./observation.ts";
import { closeOwn, OpeningBudget, planOpening, planRebuild } from "./openings.ts";
import { withOwn } from "./policy/own-policies.ts";
import type { PolicySet } from "./policy/policy-set.ts";
import { isQueued } from "./queue-events.ts";
import { planAdopted, planProgress } from "./progress.ts";
import { checkFor, obsolete, planCheck, planJudged, planLostOpening, planMerge } from "./pull-requests.ts";
import { configOnlyCheck, configProblemsCheck } from "./report/check.ts";
import { movedOnComment, obsoleteComment } from "./report/comment.ts";
import { planRequests } from "./requests.ts";
import { planRevert, planUnfreeze } from "./reverts.ts";
import type { AppName, EnvironmentName } from "./release.ts";

/**
 * Decides what to do, from what was seen and nothing else. Pure: the same observation, knowledge and time
 * give the same plan. `shipped` are the policies that come with Pinion, to which the repository's own come.
 * Dry run, command line, simulator and the App itself all use this one function.
 */
export function plan(observation: Observation, shipped: PolicySet, knowledge: Knowledge, now: Instant): Plan {
  const policies = withOwn(shipped, observation.ownPolicies);
  const { config, snapshot } = observation;
  // A new installation is quiet: nothing is said or done before somebody writes the config file.
  if (config === null) return { actions: [], blocked: [], needs: [], nextLookAt: null };
  if (!config.ok) return planBrokenConfig(observation, policies, knowledge, now, config.problems);
  const draft = new Draft(observation, config.config, policies, knowledge, now);
  if (observation.ledger.installed === null && config.config.mode === "enforce") {
    draft.act({ id: "start-log", kind: "start-log", record: { event: "installed", at: now, commit: snapshot.head } });
    return draft.finish();
  }
  planLabels(draft);
  planChanges(draft);
  const withdrawn = planWithdrawals(draft);
  const judged = snapshot.open
    .filter((pullRequest) => pullRequest.base === snapshot.defaultBranch)
    .map((pullRequest) => judgePullRequest(draft, pullRequest));
  planChecks(draft, judged);
  planMergeQueue(draft, judged);
  for (const one of judged) planPullRequest(draft, one);
  // What was withdrawn is put into the log first, so that it is not offered again in the same look, nor for a request from before.
  if (!withdrawn) {
    planPlaces(draft, judged);
    planRequests(draft, judged);
    planHotfixLabels(draft);
  }
  planFreezes(draft);
  planBranches(draft);
  return inMode(draft.finish(), config.config);
}

/** A check stands on a commit. Pull requests that share one get the sternest of their checks, or the mildest would let all through. */
function planChecks(draft: Draft, judged: readonly JudgedPullRequest[]): void {
  const byHead = new Map<string, { readonly pullRequest: PullRequest; readonly check: CheckContent }>();
  for (const one of judged) {
    const { oid } = one.pullRequest.head;
    const check = checkFor(one, draft.observation.refusedMerges.get(`${one.pullRequest.number}@${oid}`) ?? null);
    const other = byHead.get(oid);
    if (other === undefined || sternness(check) > sternness(other.check)) byHead.set(oid, { pullRequest: one.pullRequest, check });
  }
  for (const { pullRequest, check } of byHead.values()) planCheck(draft, pullRequest, check);
}

function sternness({ conclusion }: CheckContent): number {
  return conclusion === "success" ? 0 : conclusion === null ? 1 : 2;
}

function planPullRequest(draft: Draft, judged: JudgedPullRequest): void {
  const { movedOn } = judged;
  // What the queue tries must stay as it is until it comes out, or its branch would take it from the queue.
  if (isQueued(draft.observation.snapshot, judged.pullRequest, draft.now)) {
    planLostOpening(draft, judged);
    planJudged(draft, judged);
    return;
  }
  planTakenOut(draft, judged);
  if (movedOn !== null) {
    closeOwn(draft, judged, "moved-on", (marker) => movedOnComment({ marker, reason: movedOn }));
    return;
  }
  planLostOpening(draft, judged);
  planJudged(draft, judged);
  planHotfixNotices(draft, judged);
  const gone = obsolete(draft, judged);
  if (gone !== null) {
    closeOwn(draft, judged, "obsolete", (marker) => obsoleteComment({ marker, reason: gone }));
    return;
  }
  planReviewers(draft, judged);
  planRebuild(draft, judged);
  if (!judged.promotions.some(({ promotion }) => draft.isChanging(promotion.app, promotion.environment.name))) planMerge(draft, judged);
}

function planPlaces(draft: Draft, judged: readonly JudgedPullRequest[]): void {
  const budget = new OpeningBudget(draft, judged);
  const { pins, ledger } = draft.observation;
  const { environments } = draft.config;
  const first = environments.filter(({ after }) => after.length === 0);
  for (const [app, pinned] of pins) {
    const quiet = !draft.isAnyChanging && draft.deploymentsOf(app).length === 0 && isAtRest(draft.config, ledger, app, pinned);
    for (const environment of quiet ? first : environments) {
      if (!pinned.has(environment.name) || draft.isChanging(app, environment.name)) continue;
      if (!quiet) planPlace(draft, app, environment, judged, pinned);
      planOpening(draft, app, environment, judged, budget);
    }
  }
}

/** Follows what was merged here, answers what went bad, and shows both. */
function planPlace(
  draft: Draft,
  app: AppName,
  environment: Environment,
  judged: readonly JudgedPullRequest[],
  pinned: ReadonlyMap<EnvironmentName, EnvironmentPins>,
): void {
  planUnfreeze(draft, app, environment.name);
  planProgress(draft, app, environment);
  planRevert(draft, app, environment, judged);
  planDeployments(draft, app, environment);
  if (feedsAnother(draft.config, pinned, environment.name)) planAdopted(draft, app, environment.name);
}

/** With a config that cannot be read nothing is decided; the check says why, and lets a repair through. */
function planBrokenConfig(
  observation: Observation,
  policies: PolicySet,
  knowledge: Knowledge,
  now: Instant,
  problems: readonly ConfigProblem[],
): Plan {
  const draft = new Draft(observation, NO_CONFIG, policies, knowledge, now);
  draft.block(
    null,
    null,
    `the configuration cannot be read: ${problems.map((problem) => `${whereOf(problem)}: ${problem.message}`).join("; ")}`,
  );
  for (const pullRequest of observation.snapshot.open) {
    if (pullRequest.base !== observation.snapshot.defaultBranch) continue;
    planCheck(draft, pullRequest, repairs(observation.proposals.get(pullRequest.number)) ? configOnlyCheck() : configProblemsCheck(problems));
  }
  planUnjudgedQueue(draft, (head) => repairs(observation.groups.get(head)));
  return draft.finish();
}

function whereOf({ file, line }: ConfigProblem): string {
  return file === undefined ? `line ${line}` : `${file} line ${line}`;
}

/** Whether it only makes the configuration readable again. */
function repairs(proposal: Answer<ProposedChange> | undefined): boolean {
  if (proposal?.known !== true) return false;
  const { config, promotions, otherFiles, conflicts } = proposal.value;
  return config?.ok === true && promotions.length === 0 && otherFiles.length === 0 && conflicts.length === 0;
}

const NO_CONFIG: Config = {
  mode: "observe",
  environments: [],
  discover: [],
  defaults: { images: null, select: { by: "semver", range: "*", prereleases: false, filter: null, allow: null, ignore: [] }, argocd: [], slo: null, paused: null },
  apps: new Map(),
  slos: new Map(),
  signers: [],
  policies: new Map(),
  pins: [],
  limits: { openPullRequests: 0, newPullRequestsPerHour: 0 },
};

/** In `observe` mode the check is all that is written. */
function inMode(plan: Plan, config: Config): Plan {
  if (config.mode === "enforce") return plan;
  const seen = (action: Action) => action.kind === "check";
  const withheld = plan.actions.filter((action) => !seen(action) && action.kind !== "record");
  return {
    ...plan,
    actions: plan.actions.filter(seen),
    blocked: [
      ...plan.blocked,
      ...withheld.map((action) => ({ app: null, environment: null, reason: `mode is observe; would: ${action.id}` })),
    ],
  };
}
