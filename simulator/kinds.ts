/** Kinds of worlds in which what is rare elsewhere happens again and again. Each is shaped from an ordinary one. */
import type { Chance } from "./chance.ts";
import type { EnvironmentSetup } from "./facts.ts";
import type { Setup } from "./setup.ts";

export type Shape = (drawn: Setup, chance: Chance) => Setup;

const FIRST: EnvironmentSetup = {
  name: "dev",
  after: [],
  promote: "auto",
  merge: "auto",
  soak: 0,
  watch: 1,
  deadline: 3,
  approvals: { count: 0, teams: [] },
  rollback: "auto",
  paused: null,
};

/** Nearly everything that is released is bad, and the way back is used again and again. */
function unluckyWorld(drawn: Setup, chance: Chance): Setup {
  const many = chance.percent(40);
  const dev: EnvironmentSetup = { ...FIRST, watch: chance.oneOf([1, 1, 3]) ?? 1, rollback: chance.oneOf(["auto", "auto", "auto", "propose"] as const) ?? "auto" };
  const prod: EnvironmentSetup = { ...FIRST, name: "prod", after: ["dev"], rollback: chance.oneOf(["auto", "propose"] as const) ?? "auto" };
  return {
    ...quiet(drawn, chance),
    apps: many ? ["checkout", "search", "cart", "mail"] : ["checkout"],
    config: { environments: many || chance.percent(60) ? [dev] : [dev, prod], slo: chance.percent(50), limit: 50 },
    actors: ["unlucky", "unlucky", "weather", "weather", "tidier", "approver"],
  };
}

/** People set pins by hand all the time, where what was there is about to come again. */
function handMadeWorld(drawn: Setup, chance: Chance): Setup {
  const dev: EnvironmentSetup = { ...FIRST, rollback: chance.oneOf(["auto", "off"] as const) ?? "off" };
  const prod: EnvironmentSetup = { ...FIRST, name: "prod", after: ["dev"], rollback: "off" };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { environments: chance.percent(50) ? [dev] : [dev, prod], slo: false, limit: 50 },
    checkRequired: chance.percent(30),
    actors: ["shipper", "shipper", "hands", "reviewer", ...(chance.percent(30) ? ["meddler"] : [])],
  };
}

/** Production waits for people, and who they are and what they may do changes while it waits. */
function crowdedWorld(drawn: Setup, chance: Chance): Setup {
  const half = () => chance.percent(50);
  const prod: EnvironmentSetup = {
    ...FIRST,
    name: "prod",
    after: ["dev"],
    soak: half() ? 5 : 0,
    promote: chance.percent(70) ? "on-request" : "auto",
    merge: "on-approval",
    approvals: { count: half() ? 1 : 2, teams: half() ? ["sre"] : [] },
  };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { environments: [FIRST, prod], slo: false, limit: 50 },
    actors: ["shipper", "crowd", "crowd", "crowd", "approver"],
  };
}

/** Little goes wrong between Pinion and the world, and much is done in it. */
function quiet(drawn: Setup, chance: Chance): Setup {
  return {
    ...drawn,
    replicas: chance.percent(15) ? 2 : 1,
    troubled: chance.oneOf([0, 0, 1, 3]) ?? 0,
    hintTrouble: chance.oneOf([0, 0, 10, 50]) ?? 0,
    liveliness: chance.oneOf([6, 10, 14]) ?? 6,
    clockSetBack: false,
  };
}

export const KINDS: readonly Shape[] = [unluckyWorld, handMadeWorld, crowdedWorld];
