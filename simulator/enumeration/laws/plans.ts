/**
 * What Pinion may want: merges and green checks (see `gates.ts`; S4, S31), openings (S12, S14, S26, H1, H4), closings and branches (S27, H6).
 */
import type { Action, Plan } from "../../../src/domain/action.ts";
import { releaseKey, sameRelease, type Release } from "../../../src/domain/release.ts";
import { placeOf } from "../../../src/domain/ledger.ts";
import type { Breach } from "../../world-view.ts";
import { fileOf, indexOf, mergeOf, PINION, STAGES, APP, type Pull, type Scenario, type Stage, type World } from "../small-world.ts";
import { whyNotThrough } from "./gates.ts";
import { breach, digestOf, environmentOf, isAskedFor, isOlder, isOwn, isProven, isQuarantined, isUntouched, placeIn, soakedFor } from "./reading.ts";
import { untrueRecords } from "./records.ts";

export function ofPlan(world: World, plan: Plan, scenario: Scenario): readonly Breach[] {
  return [...plan.actions.flatMap((action) => ofAction(world, action, scenario)), ...greenChecks(world, plan, scenario)];
}

function ofAction(world: World, action: Action, scenario: Scenario): readonly Breach[] {
  switch (action.kind) {
    case "merge":
    case "enqueue":
      return ofMerge(world, pullOf(world, action.pullRequest), action.head, scenario);
    case "open":
      return ofOpening(world, action, scenario);
    case "close":
      return ofClosing(world, pullOf(world, action.pullRequest), action.branch !== null);
    case "rebuild":
      return pullOf(world, action.pullRequest).head.by === PINION ? [] : [breach("S27", `#${action.pullRequest} would be built over commits of others`)];
    case "delete-branch": {
      const branch = world.branches.find(({ name }) => name === action.branch);
      return branch?.commit?.by === PINION ? [] : [breach("S27", `${action.branch} would be deleted, which is not Pinion's`)];
    }
    case "record":
      return untrueRecords(world, action.record, scenario);
    case "start-log":
    case "create-label":
    case "check":
    case "comment":
    case "retitle":
    case "dequeue":
    case "remove-label":
    case "ask-reviewers":
    case "open-issue":
    case "show-deployment":
      return [];
  }
}

function pullOf(world: World, number: number): Pull {
  const pull = world.pulls.find((one) => one.number === number);
  if (pull === undefined) throw new Error(`there is no #${number}`);
  return pull;
}

function ofMerge(world: World, pull: Pull, head: string, scenario: Scenario): readonly Breach[] {
  const words = `#${pull.number} is to be merged`;
  const found = [...whyNotThrough(world, pull, words, scenario)];
  if (head !== pull.head.oid) found.push(breach("S7", `${words} at another head`));
  if (!isOwn(pull) || !isUntouched(pull)) found.push(breach("S31", `${words}, and is not only Pinion's`));
  if (pull.openedFor !== null && !sameRelease(pull.openedFor.release, pull.head.to)) found.push(breach("S4", `${words}, and brings something else than it was opened for`));
  if (isBehind(world, pull.head.stage)) found.push(breach("S24", `${words}, before the log knows what is pinned in ${pull.head.stage}`));
  return found;
}

/** What the check says after this plan, whether it says it anew or said it before. */
function greenChecks(world: World, plan: Plan, scenario: Scenario): readonly Breach[] {
  return world.pulls.flatMap((pull) => {
    if (pull.state !== "open" || mergeOf(world, pull.head) !== "change") return [];
    const planned = plan.actions.find((action) => action.kind === "check" && action.head === pull.head.oid);
    const green = planned?.kind === "check" ? planned.check.conclusion === "success" : (world.checks.get(pull.head.oid)?.passed ?? false);
    if (!green) return [];
    const words = `the check lets #${pull.number} through`;
    const foreign = isOwn(pull) && !isUntouched(pull) ? [breach("S31", `${words}, which others have changed`)] : [];
    return [...foreign, ...whyNotThrough(world, pull, words, scenario)];
  });
}

/** Whether the pin here was changed and the log does not know it. */
function isBehind(world: World, stage: Stage): boolean {
  const { installed } = world.ledger;
  const since = indexOf(world, placeOf(world.ledger, APP, stage).current?.commit ?? installed?.commit ?? "") ?? 0;
  return world.main.slice(since).some((commit) => commit.stage === stage);
}

function ofOpening(world: World, action: Extract<Action, { readonly kind: "open" }>, scenario: Scenario): readonly Breach[] {
  const record = action.record(0, "");
  const stage = STAGES.find((name) => fileOf(name) === action.commit.edits[0]?.file);
  if (record.event !== "opened" || stage === undefined || record.environment !== stage) return [breach("S4", `${action.title} is not what its commit makes`)];
  const { release, kind } = record;
  const words = `"${action.title}" is to be opened`;
  const found: Breach[] = [];
  if (digestOf(release) !== action.commit.edits[0]?.pins[0]?.digest) found.push(breach("S4", `${words}, and sets another digest`));
  const beside = world.pulls.find((pull) => pull.state === "open" && pull.openedFor?.stage === stage && pull.openedFor.kind === kind);
  if (beside !== undefined) found.push(breach("S12", `${words} beside #${beside.number}`));
  if (isBehind(world, stage)) found.push(breach("S24", `${words}, before the log knows what is pinned in ${stage}`));
  if (kind === "revert") return [...found, ...ofGoingBack(world, stage, release, words, scenario)];
  return isAskedFor(world, stage, release) ? found : [...found, ...ofOffer(world, stage, release, words, scenario)];
}

/** What is opened although nobody has asked for it. */
function ofOffer(world: World, stage: Stage, release: Release, words: string, scenario: Scenario): readonly Breach[] {
  const { promote, soak } = environmentOf(scenario, stage);
  const found: Breach[] = [];
  if (promote === "on-request") found.push(breach("H4", `${words} in ${stage}, where somebody has to ask`));
  if (isOlder(release, world.pins[stage])) found.push(breach("S14", `${words}, and ${world.pins[stage].version} is newer`));
  if (placeIn(world, stage).frozen !== null) found.push(breach("S11", `${words}, and the app is stopped in ${stage}`));
  if (isQuarantined(world, stage, release)) found.push(breach("S9", `${words}, and it is in quarantine`));
  if (stage === "prod" && (!isProven(world, "dev", release) || soakedFor(world, "dev", release) < soak)) found.push(breach("S10", `${words}, and is not proven in dev`));
  const withdrawn = world.pulls.find((pull) => isWithdrawn(pull) && pull.openedFor?.stage === stage && pull.openedFor.kind === "promotion" && sameRelease(pull.openedFor.release, release));
  if (withdrawn !== undefined) found.push(breach("S26", `${words}, and a person closed #${withdrawn.number}`));
  const last = world.main.findLast((commit) => commit.stage === stage);
  const asked = [...world.ledger.identities].some((identity) => identity.startsWith(`requested|${stage}|`));
  if (last !== undefined && !asked && isHeld(world, last.pull) && !isOlder(last.from, release)) {
    found.push(breach("H1", `${words}, and ${last.by} took ${stage} from ${last.from.version} to ${last.to.version}`));
  }
  return found;
}

function isWithdrawn({ state, end }: Pull): boolean {
  return state === "closed" && end?.by !== PINION;
}

/** Whether a change by this pull request, or by none, keeps back what is not newer than what it took away. */
function isHeld(world: World, number: number | null): boolean {
  const pull = world.pulls.find((one) => one.number === number);
  return pull === undefined || !isUntouched(pull) || pull.openedFor?.kind === "revert";
}

function ofGoingBack(world: World, stage: Stage, release: Release, words: string, scenario: Scenario): readonly Breach[] {
  const { current } = placeIn(world, stage);
  const found: Breach[] = [];
  if (!isProven(world, stage, release)) found.push(breach("S18", `${words}, and it is not proven in ${stage}`));
  if (isQuarantined(world, stage, release)) found.push(breach("S18", `${words}, and it is in quarantine`));
  if (environmentOf(scenario, stage).rollback === "off") found.push(breach("S17", `${words}, which is for people`));
  if (current?.bad == null || !sameRelease(current.release, world.pins[stage])) return [...found, breach("S17", `${words}, and nothing that is there went bad`)];
  if (current.kind === "revert") found.push(breach("S19", `${words} from a revert`));
  const withdrawn = world.pulls.find((pull) => isWithdrawn(pull) && pull.openedFor?.kind === "revert" && pull.openedFor.stage === stage && pull.createdAt >= current.since && releaseKey(pull.openedFor.release) === releaseKey(release));
  if (withdrawn !== undefined) found.push(breach("S26", `${words}, and a person closed #${withdrawn.number}`));
  return found;
}

function ofClosing(world: World, pull: Pull, withBranch: boolean): readonly Breach[] {
  const words = `#${pull.number} is to be closed`;
  if (!isOwn(pull)) return [breach("S27", `${words}, which is not Pinion's`)];
  const found: Breach[] = [];
  if (withBranch && pull.head.by !== PINION) found.push(breach("S27", `${words}, with the branch that others pushed to`));
  const cared = pull.reviews.some(({ state }) => state === "approved");
  const stands = isUntouched(pull) && pull.openedFor?.kind === "promotion" && mergeOf(world, pull.head) === "change";
  if (cared && stands) found.push(breach("H6", `${words}, which people care for`));
  return found;
}
