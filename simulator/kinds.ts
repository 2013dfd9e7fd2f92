/** Kinds of worlds in which what is rare elsewhere happens again and again. Each is shaped from an ordinary one. */
import type { Chance } from "./chance.ts";
import { DEV, type EnvironmentSetup } from "./facts.ts";
import type { Setup } from "./setup.ts";

export type Shape = (drawn: Setup, chance: Chance) => Setup;

/** Nearly everything that is released is bad, and the way back is used again and again. */
function unluckyWorld(drawn: Setup, chance: Chance): Setup {
  const many = chance.percent(40);
  const dev: EnvironmentSetup = { ...DEV, watch: chance.oneOf([1, 1, 3]) ?? 1, rollback: chance.oneOf(["auto", "auto", "propose"] as const) ?? "auto" };
  const prod: EnvironmentSetup = { ...DEV, name: "prod", after: ["dev"], rollback: chance.oneOf(["auto", "propose"] as const) ?? "auto" };
  return {
    ...quiet(drawn, chance),
    apps: many ? ["checkout", "search", "cart", "mail"] : ["checkout"],
    config: { environments: many || chance.percent(60) ? [dev] : [dev, prod], slo: chance.percent(50), limit: 50 },
    actors: ["unlucky", "unlucky", "weather", "weather", "tidier", "approver", ...(chance.percent(40) ? ["hands", "reviewer"] : [])],
  };
}

/** People set pins by hand all the time, where what was there is about to come again. */
function handMadeWorld(drawn: Setup, chance: Chance): Setup {
  const rollback = chance.oneOf(["auto", "auto", "off"] as const) ?? "auto";
  const dev: EnvironmentSetup = { ...DEV, rollback };
  const prod: EnvironmentSetup = { ...DEV, name: "prod", after: ["dev"], merge: chance.oneOf(["auto", "manual"] as const) ?? "auto", rollback };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { environments: chance.percent(50) ? [dev] : [dev, prod], slo: false, limit: 50 },
    checkRequired: chance.percent(30),
    actors: ["shipper", "unlucky", "hands", "reviewer", ...(chance.percent(30) ? ["meddler"] : [])],
  };
}

/** Production waits for people, and who they are and what they may do changes while it waits. */
function crowdedWorld(drawn: Setup, chance: Chance): Setup {
  const half = () => chance.percent(50);
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    soak: chance.percent(75) ? 5 : 0,
    promote: chance.percent(85) ? "on-request" : "auto",
    merge: "on-approval",
    approvals: { count: half() ? 1 : 2, teams: half() ? ["sre"] : [] },
  };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { environments: [DEV, prod], slo: false, limit: 50 },
    actors: ["shipper", "crowd", "crowd", "crowd", "approver", ...(chance.percent(50) ? ["operator"] : [])],
    // GitHub's lists are now and then some seconds old.
    ...(chance.percent(40) ? { troubled: 20, troubles: ["stale"] as const } : {}),
  };
}

/** What is in the log and on branches is not always Pinion's, and processes die before they have put down what they did. */
function forgedWorld(drawn: Setup, chance: Chance): Setup {
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    promote: chance.oneOf(["auto", "on-request"] as const) ?? "auto",
    merge: chance.oneOf(["auto", "on-approval"] as const) ?? "auto",
    soak: chance.oneOf([0, 3]) ?? 0,
    approvals: { count: 0, teams: [] },
  };
  return {
    ...quiet(drawn, chance),
    apps: chance.percent(50) ? ["checkout"] : ["checkout", "search"],
    config: { environments: [{ ...DEV, watch: 3 }, prod], slo: false, limit: 50 },
    logGuarded: false,
    troubled: chance.oneOf([0, 8]) ?? 8,
    troubles: ["crash-after", "fail-after"],
    actors: ["shipper", "unlucky", "forger", "forger", "pouncer", "approver"],
  };
}

/** The configuration is broken for longer than ended pull requests are listed, and much happens meanwhile. */
function neglectedWorld(drawn: Setup, chance: Chance): Setup {
  const prod: EnvironmentSetup = { ...DEV, name: "prod", after: ["dev"], merge: "on-approval", approvals: { count: 1, teams: [] } };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { environments: [DEV, prod], slo: false, limit: 50 },
    liveliness: 4,
    actors: ["shipper", "approver", "neglect", "neglect"],
  };
}

/** Little goes wrong between Pinion and the world, and much is done in it. */
export function quiet(drawn: Setup, chance: Chance): Setup {
  return {
    ...drawn,
    replicas: chance.percent(15) ? 2 : 1,
    troubled: chance.oneOf([0, 0, 1, 3]) ?? 0,
    hintTrouble: chance.oneOf([0, 0, 10, 50]) ?? 0,
    liveliness: chance.oneOf([6, 10, 14]) ?? 6,
    clockSetBack: false,
  };
}

/** An environment follows two others, each has its own troubles, and GitHub takes its time. */
function forkedWorld(drawn: Setup, chance: Chance): Setup {
  const staging: EnvironmentSetup = { ...DEV, name: "staging", after: ["dev"], promote: chance.oneOf(["auto", "on-request"] as const) ?? "auto" };
  const edge: EnvironmentSetup = { ...DEV, name: "edge", after: chance.percent(50) ? ["dev", "staging"] : ["staging", "dev"] };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { environments: [DEV, staging, edge], slo: chance.percent(50), limit: 50 },
    mergeableAfter: chance.oneOf([20_000, 70_000]) ?? 20_000,
    actors: ["shipper", "shipper", "reviewer", "crowd", "weather", ...(chance.percent(50) ? ["operator"] : [])],
  };
}

/** Webhooks get lost, and between two things that happen everything comes to rest: what was missed is found by nothing but a sweep. */
function deafWorld(drawn: Setup, chance: Chance): Setup {
  const prod: EnvironmentSetup = { ...DEV, name: "prod", after: ["dev"], merge: "on-approval", approvals: { count: 1, teams: [] }, rollback: "off" };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { environments: [DEV, prod], slo: false, limit: 50 },
    troubled: 0,
    hintTrouble: 100,
    liveliness: 1.5,
    actors: ["shipper", "hands", "crowd"],
  };
}

/** Somebody is always in a hurry, and production waits long: for a soak, for people, and for the line to go on. */
export function urgentWorld(drawn: Setup, chance: Chance): Setup {
  const merge = chance.oneOf(["auto", "on-approval"] as const) ?? "auto";
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    soak: chance.oneOf([0, 5, 60]) ?? 5,
    promote: chance.oneOf(["auto", "on-request", "on-request"] as const) ?? "auto",
    merge,
    approvals: { count: merge === "auto" ? 0 : (chance.oneOf([1, 2]) ?? 1), teams: [] },
  };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { ...drawn.config, environments: [DEV, prod], slo: false, limit: 50 },
    actors: ["shipper", "shipper", "urgent", "urgent", "urgent", "approver", ...(chance.percent(40) ? ["unlucky"] : []), ...(chance.percent(30) ? ["operator", "crowd"] : [])],
  };
}

export const KINDS: readonly Shape[] = [unluckyWorld, handMadeWorld, crowdedWorld, forgedWorld, neglectedWorld, forkedWorld, deafWorld];
