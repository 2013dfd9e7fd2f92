/**
 * What must be so before a check is green or a merge is planned: S6 (approvals), S9 (quarantine), S10 (proven before), S11 (freezes),
 * S14 (nothing older), S16 (nothing unknown), S17 to S19 (the way back), H5 (one rollout at a time).
 */
import { releaseKey, sameRelease } from "../../../src/domain/release.ts";
import type { Breach } from "../../world-view.ts";
import { mayWrite, type Pull, type Scenario, type World } from "../small-world.ts";
import {
  approvalsOf,
  breach,
  environmentOf,
  isAskedFor,
  isOlder,
  isProven,
  isQuarantined,
  isRevert,
  placeIn,
  refusersOf,
  runsIn,
  soakedFor,
} from "./reading.ts";

const DAY = 24 * 3_600_000;

/** Why this pull request may not be let through as the world is. `words` says what lets it through. */
export function whyNotThrough(world: World, pull: Pull, words: string, scenario: Scenario): readonly Breach[] {
  const { stage, to } = pull.head;
  const found = [...unknowns(world, pull, words, scenario)];
  if (isQuarantined(world, stage, to)) found.push(breach("S9", `${words}, and ${to.version} is in quarantine in ${stage}`));
  const refuser = refusersOf(pull)[0];
  if (refuser !== undefined) found.push(breach("S6", `${words}, and ${refuser} asks for changes`));
  if (isRevert(pull)) return [...found, ...goingBack(world, pull, words, scenario)];
  const environment = environmentOf(scenario, stage);
  const needed = Math.max(environment.approvals.count, environment.merge === "on-approval" ? 1 : 0);
  const count = approvalsOf(world, pull).length;
  if (count < needed) found.push(breach("S6", `${words}, with ${count} approvals that count, of ${needed}`));
  return [...found, ...forward(world, pull, words), ...upstream(world, pull, words, scenario), ...rollout(world, pull, words, scenario)];
}

function unknowns(world: World, pull: Pull, words: string, scenario: Scenario): readonly Breach[] {
  const { stage } = pull.head;
  const found: Breach[] = [];
  if (world.free !== "pass") found.push(breach("S16", `${words}, and a policy says ${world.free}`));
  if (world.outages.includes("registry")) found.push(breach("S16", `${words}, and whether its digest is there cannot be known`));
  if (world.outages.includes("quarantine")) found.push(breach("S16", `${words}, and what is in quarantine cannot be known`));
  if (!world.outages.includes("permissions")) return found;
  const frozen = world.issues.some(({ state, freeze }) => state === "open" && freeze?.stage === stage);
  if (frozen && !isRevert(pull)) found.push(breach("S16", `${words}, and whether ${stage} is frozen cannot be known`));
  if (environmentOf(scenario, stage).merge === "on-approval" && !isRevert(pull)) found.push(breach("S16", `${words}, and who may approve cannot be known`));
  return found;
}

function forward(world: World, pull: Pull, words: string): readonly Breach[] {
  const { stage, to } = pull.head;
  const place = placeIn(world, stage);
  const found: Breach[] = [];
  if (isOlder(to, world.pins[stage])) found.push(breach("S14", `${words}, and ${to.version} is older than ${world.pins[stage].version}`));
  const freeze = world.issues.find(({ state, freeze: one }) => state === "open" && one?.stage === stage && mayWrite(one.by));
  if (freeze !== undefined) found.push(breach("S11", `${words}, and #${freeze.number} freezes ${stage}`));
  if (place.frozen !== null) found.push(breach("S11", `${words}, and the app is stopped in ${stage} by #${place.frozen.issue}`));
  const bad = place.bad.get(releaseKey(to));
  // People speak for what went bad by taking it out of the quarantine that a revert put it into, or by asking for it.
  const isCleared = place.reverted.has(releaseKey(to)) && !isQuarantined(world, stage, to);
  if (bad !== undefined && !isCleared && !isAskedFor(world, stage, to)) found.push(breach("S10", `${words}, and ${to.version} went bad in ${stage}`));
  return found;
}

function upstream(world: World, { head }: Pull, words: string, scenario: Scenario): readonly Breach[] {
  const { to, stage } = head;
  if (stage === "dev") return [];
  const found: Breach[] = [];
  if (!isProven(world, "dev", to)) found.push(breach("S10", `${words}, and ${to.version} is not proven in dev`));
  const { soak } = environmentOf(scenario, stage);
  const soaked = soakedFor(world, "dev", to);
  if (soaked < soak) found.push(breach("S10", `${words}, and ${to.version} soaked for ${soaked / 60_000} min in dev, of ${soak / 60_000}`));
  const { current } = placeIn(world, "dev");
  if (current === null || current.deployedAt === null || !sameRelease(current.release, to)) return found;
  if (world.outages.includes("cluster")) found.push(breach("S16", `${words}, and how ${to.version} does in dev cannot be seen`));
  else if (world.clusters.dev.health === "degraded" && runsIn(world, "dev", to)) found.push(breach("S10", `${words}, and ${to.version} is degraded in dev`));
  return found;
}

function rollout(world: World, { head }: Pull, words: string, scenario: Scenario): readonly Breach[] {
  const { current } = placeIn(world, head.stage);
  if (current === null || current.via === "adopted" || current.verified !== null || current.bad !== null) return [];
  const end = current.deployedAt === null ? Number.POSITIVE_INFINITY : current.deployedAt + environmentOf(scenario, head.stage).watch;
  if (world.now >= end || sameRelease(current.release, head.to)) return [];
  return [breach("H5", `${words}, while ${current.release.version} is rolled out in ${head.stage}`)];
}

function goingBack(world: World, pull: Pull, words: string, scenario: Scenario): readonly Breach[] {
  const { stage, to } = pull.head;
  const environment = environmentOf(scenario, stage);
  const { current, revertedAt } = placeIn(world, stage);
  const found: Breach[] = [];
  if (!isProven(world, stage, to)) found.push(breach("S18", `${words}, and ${to.version} is not proven in ${stage}`));
  if (approvalsOf(world, pull).length >= Math.max(1, environment.approvals.count)) return found;
  const alone = `${words} by itself`;
  if (environment.rollback !== "auto") found.push(breach("S17", `${alone}, where that is for people`));
  if (current === null || current.bad === null) return [...found, breach("S17", `${alone}, and nothing went bad in ${stage}`)];
  if (current.bad.event === "deadline") found.push(breach("S17", `${alone}, because of a deadline, which proves little`));
  if (current.via !== "promoted") found.push(breach("S17", `${alone}, from what a person put there`));
  if (current.kind === "revert") found.push(breach("S19", `${alone}, from a revert`));
  if (revertedAt !== null && current.bad.at - revertedAt < DAY) found.push(breach("S19", `${alone}, a second time within a day`));
  return found;
}
