/** Kinds of worlds for a tier on which each step costs a hundred times as much: few places, and everything that happens there happens to what Pinion is doing. */
import type { Chance } from "../chance.ts";
import { DEV, type EnvironmentSetup } from "../facts.ts";
import type { Shape } from "../kinds.ts";
import type { Setup } from "../setup.ts";

/** Who gives what an adapter has to understand something to say: people who agree, disagree and change their minds, and those who imitate Pinion. */
const SOMEBODY = ["crowd", "hands", "meddler", "outsider", "intruder", "forger", "pouncer", "unlucky"] as const;

const PROD: EnvironmentSetup = { ...DEV, name: "prod", after: ["dev"] };

/** Two apps before a gate, or one on its way to it, and people who have their say and take it back. */
function reviewedWorld(drawn: Setup, chance: Chance): Setup {
  const half = () => chance.percent(50);
  const alone = half();
  const gated = alone || chance.percent(75);
  const prod: EnvironmentSetup = {
    ...PROD,
    after: alone ? [] : ["dev"],
    promote: !alone && half() ? "on-request" : "auto",
    merge: gated ? "on-approval" : "auto",
    approvals: { count: gated ? (chance.oneOf([1, 2]) ?? 1) : 0, teams: gated && half() ? ["sre"] : [] },
  };
  return {
    ...small(drawn, chance),
    apps: alone ? ["checkout", "search"] : ["checkout"],
    config: { ...drawn.config, environments: alone ? [prod] : [DEV, prod], slo: half(), limit: 50 },
    actors: [...shippers(4), "fickle", "fickle", "petitioner", "approver", ...Array.from({ length: 2 }, () => chance.oneOf(SOMEBODY) ?? "crowd")],
  };
}

/** One word at a time, and each stands until it was looked at: what a single review means decides. */
function deliberateWorld(drawn: Setup, chance: Chance): Setup {
  const prod: EnvironmentSetup = { ...PROD, after: [], merge: "on-approval", approvals: { count: 1, teams: [] } };
  return {
    ...small(drawn, chance),
    apps: ["checkout", "search"],
    config: { ...drawn.config, environments: [prod], slo: false, limit: 50 },
    replicas: 1,
    troubled: 0,
    liveliness: 7,
    actors: [...shippers(2), "fickle", "fickle", "contrarian"],
  };
}

/**
 * Nothing gets through the wire for long, and many ask who may not. When it ends, all that was missed must come about, from the same
 * process: what it did not learn when it started it must have asked for again.
 */
function stormyWorld(drawn: Setup, chance: Chance): Setup {
  const prod: EnvironmentSetup = { ...PROD, promote: "on-request", merge: chance.oneOf(["auto", "on-approval"] as const) ?? "auto" };
  return {
    ...small(drawn, chance),
    apps: ["checkout"],
    config: { ...drawn.config, environments: [DEV, prod], slo: false, limit: 50 },
    troubled: chance.oneOf([30, 70, 70]) ?? 30,
    troubles: [],
    deaths: 0,
    replicas: 1,
    actors: [...shippers(3), ...Array.from({ length: 4 }, () => "petitioner"), "approver"],
  };
}

/** Users are measured, over a wire that breaks, and meet errors that are no release's doing. */
function measuredWorld(drawn: Setup, chance: Chance): Setup {
  return {
    ...small(drawn, chance),
    apps: ["checkout"],
    config: { ...drawn.config, environments: [{ ...DEV, watch: chance.oneOf([1, 3]) ?? 1 }], slo: true, limit: 50 },
    // Of what is written, three times as much goes wrong: more of it, and nothing would ever be deployed.
    troubled: 10,
    troubles: [],
    actors: ["shipper", "shipper", "unlucky", "weather", "metrics"],
  };
}

/** What Pinion makes anew is touched by others at the same time. */
function contendedWorld(drawn: Setup, chance: Chance): Setup {
  const gated = chance.percent(60);
  const dev: EnvironmentSetup = { ...DEV, merge: gated ? "on-approval" : "auto", approvals: { count: gated ? 1 : 0, teams: [] } };
  return {
    ...small(drawn, chance),
    apps: ["checkout"],
    config: { ...drawn.config, environments: [dev], slo: false, limit: 50 },
    actors: [...shippers(2), "contender", "contender", "contender", ...(gated ? ["approver"] : ["hands"])],
  };
}

/** What people do by hand they undo at once, where nothing else comes: then nothing has changed, as far as the files can tell. */
function waveringWorld(drawn: Setup, chance: Chance): Setup {
  return {
    ...small(drawn, chance),
    apps: ["checkout"],
    config: { ...drawn.config, environments: [DEV, { ...PROD, promote: "on-request" }], slo: false, limit: 50 },
    actors: [...shippers(3), "waverer", "waverer"],
  };
}

function shippers(count: number): readonly string[] {
  return Array.from({ length: count }, () => "shipper");
}

function small(drawn: Setup, chance: Chance): Setup {
  return {
    ...drawn,
    logGuarded: chance.percent(50),
    pinnedByDigest: true,
    replicas: chance.percent(30) ? 2 : 1,
    troubled: chance.oneOf([0, 3, 8, 14]) ?? 3,
    hintTrouble: chance.oneOf([0, 0, 10]) ?? 0,
    liveliness: chance.oneOf([16, 30]) ?? 16,
    clockSetBack: false,
  };
}

export const SMALL_KINDS: readonly Shape[] = [reviewedWorld, stormyWorld, deliberateWorld, measuredWorld, contendedWorld, waveringWorld];
