/** What must have been done when Pinion finds nothing to do any more: L1, L3, L5, L6, L7, L9. */
import { sameRelease } from "../../../src/domain/release.ts";
import type { Plan } from "../../../src/domain/action.ts";
import type { Breach } from "../../world-view.ts";
import { indexOf, PINION, STAGES, type Scenario, type Stage, type World } from "../small-world.ts";
import { breach, environmentOf, placeIn } from "./reading.ts";

export function ofRest(world: World, _plan: Plan, scenario: Scenario): readonly Breach[] {
  return [...pulls(world), ...wishes(world), ...STAGES.flatMap((stage) => [...changes(world, stage), ...outcomes(world, stage, scenario), ...waysBack(world, stage, scenario)])];
}

function pulls(world: World): readonly Breach[] {
  const found: Breach[] = [];
  for (const { number, state, head } of world.pulls) {
    if (state === "open" && !world.checks.has(head.oid)) found.push(breach("L3", `#${number} has no check`));
  }
  for (const { name, commit } of world.branches) {
    const of = world.pulls.findLast((pull) => pull.branch === name);
    if (of !== undefined && of.state !== "open" && of.openedFor !== null && of.head === commit && commit.by === PINION) found.push(breach("L9", `${name} is left`));
  }
  return found;
}

/** A label that nobody has answered, on a pull request that has ended. */
function wishes(world: World): readonly Breach[] {
  if (world.outages.includes("permissions")) return [];
  return world.pulls.flatMap(({ number, state, labels }) => {
    return labels.flatMap(({ by, at }) => {
      // Why it waits is said after five minutes at the latest.
      return state === "open" || at === world.now ? [] : [breach("L1", `${by} has no answer on #${number}`)];
    });
  });
}

function changes(world: World, stage: Stage): readonly Breach[] {
  // What was there when Pinion came is adopted as it stands.
  const installed = indexOf(world, world.ledger.installed?.commit ?? "") ?? 0;
  const last = world.main.slice(installed).findLast((commit) => commit.stage === stage);
  if (last === undefined || placeIn(world, stage).current?.commit === last.oid) return [];
  return [breach("L7", `that ${stage} was set to ${last.to.version} is not in the log`)];
}

/** What Argo CD shows of what was promoted is known. */
function outcomes(world: World, stage: Stage, scenario: Scenario): readonly Breach[] {
  const { current } = placeIn(world, stage);
  const { at, health, since, failingSince } = world.clusters[stage];
  if (current === null || current.via === "adopted" || world.outages.includes("cluster") || at < (indexOf(world, current.commit) ?? 0)) return [];
  if (world.outages.includes("registry") && current.deployedAt === null) return [];
  const words = `${current.release.version} in ${stage}`;
  if (health === "healthy" && current.deployedAt === null && current.bad === null) return [breach("L5", `${words} runs, and that is not in the log`)];
  const isOpen = current.verified === null && current.bad === null;
  if (isOpen && health === "degraded" && since >= current.since && since < world.now) return [breach("L5", `${words} is degraded, and that is not in the log`)];
  const over = current.deployedAt !== null && world.now >= current.deployedAt + environmentOf(scenario, stage).watch;
  const measured = scenario.config.defaults.slo === null || (failingSince === null && !world.outages.includes("metrics"));
  return isOpen && over && health === "healthy" && measured ? [breach("L5", `${words} has been watched, and is not verified`)] : [];
}

/** What went bad has an answer: a way back, an issue that stops the app, or a person who did not want it. */
function waysBack(world: World, stage: Stage, scenario: Scenario): readonly Breach[] {
  const { current, frozen, toldOf } = placeIn(world, stage);
  if (current?.bad == null || environmentOf(scenario, stage).rollback === "off" || frozen !== null || toldOf === current.commit) return [];
  if (world.outages.includes("registry") || !sameRelease(current.release, world.pins[stage])) return [];
  const back = world.pulls.some((pull) => pull.openedFor?.kind === "revert" && pull.openedFor.stage === stage && (pull.state === "open" || (pull.state === "closed" && pull.end?.by !== PINION)));
  return back ? [] : [breach("L6", `${current.release.version} went bad in ${stage}, and nothing comes of it`)];
}
