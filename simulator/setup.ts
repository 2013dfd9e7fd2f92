import type { Instant, Milliseconds } from "../src/domain/answer.ts";
import { Chance } from "./chance.ts";
import { DEV, type ConfigFacts, type EnvironmentSetup } from "./facts.ts";
import { KINDS, urgentWorld, type Shape } from "./kinds.ts";
import type { OwnRule } from "./own-rules.ts";
import { queuedWorld, RULED_KINDS } from "./ruled-kinds.ts";
import type { QueueRules } from "./world/merge-queue.ts";

/** The kinds of trouble with one port call. */
export const TROUBLES = [
  "fail-before",
  "fail-after",
  "slow",
  "late",
  "doubled",
  "stale",
  "partial",
  "crash-before",
  "crash-after",
] as const;
/** `wire`: requests are spoilt on their way, where there is a wire. */
export type Trouble = (typeof TROUBLES)[number] | "wire";

/** What a world is like: drawn once from the seed, so that each seed tries something else. */
export interface Setup {
  readonly apps: readonly string[];
  readonly config: ConfigFacts;
  readonly checkRequired: boolean;
  readonly logGuarded: boolean;
  readonly deletesMergedBranches: boolean;
  readonly pinnedByDigest: boolean;
  /** GitHub works out for so long whether a new pull request can be merged, and refuses until then. */
  readonly mergeableAfter: Milliseconds;
  readonly replicas: number;
  /** Calls with trouble, in a hundred. */
  readonly troubled: number;
  readonly troubles: readonly Trouble[];
  /** How often a process dies between two calls, as a weight beside the serving of calls; where nothing is troubled, none does. */
  readonly deaths: number;
  /** Hints that are lost or doubled, in a hundred. */
  readonly hintTrouble: number;
  /** How often somebody acts, as a weight beside the serving of calls. */
  readonly liveliness: number;
  readonly actors: readonly string[];
  readonly clockSetBack: boolean;
  /** When it begins, if that matters. */
  readonly begins?: Instant;
  /** Policies that the repository has of its own. */
  readonly rules?: readonly OwnRule[];
  /** How the default branch's merge queue is set, where it has one. */
  readonly queue?: QueueRules;
}

export const ACTORS = ["reviewer", "operator", "meddler", "outsider", "intruder", "builder", "cluster", "metrics", "owner"] as const;

/** Below {@link ALL_KINDS_FROM}, one seed in so many is a world in which promotions get far, or go wrong one after the other: by chance alone that is rare. */
const FAR_EVERY = 3;

/** From this seed on each kind of world has its turn. Seeds below mean what they meant when they were written down. */
export const ALL_KINDS_FROM = 100_000;

/** From this seed on, so many worlds in a hundred have numbered builds instead of versions, whatever their kind. */
export const NUMBERED_FROM = 1_000_000;
const NUMBERED = 25;

/** From this seed on, every other world is one in which people make rules: `ruled-kinds.ts`. */
export const RULED_FROM = 2_000_000;

/** Between these seeds every world has hotfixes in it; and from {@link ALL_KINDS_FROM} on, one of so many, so that the others mean what they meant. */
export const URGENT_FROM = 3_000_000;
const URGENT_TO = 3_010_000;
const URGENT_EVERY = 10;

export function isUrgent(seed: number): boolean {
  return (seed >= URGENT_FROM && seed < URGENT_TO) || (seed >= ALL_KINDS_FROM && seed % URGENT_EVERY === 0);
}

/** Between these seeds every world has a merge queue; and from {@link RULED_FROM} on, one of so many. */
export const QUEUED_FROM = 4_000_000;
const QUEUED_TO = 4_010_000;
const QUEUED_EVERY = 11;
const QUEUED_TURN = 8;

function isQueued(seed: number): boolean {
  return (seed >= QUEUED_FROM && seed < QUEUED_TO) || (seed >= RULED_FROM && seed % QUEUED_EVERY === QUEUED_TURN && !isUrgent(seed));
}

const ALL_KINDS = [anySetup, farSetup, ...KINDS.map(shaped)];
const RULED = RULED_KINDS.map(shaped);

export function setupOf(seed: number): Setup {
  const chance = new Chance(seed);
  if (isQueued(seed)) return queuedWorld(anySetup(chance), chance);
  if (isUrgent(seed)) return urgentWorld(anySetup(chance), chance);
  const setup = (drawOf(seed) ?? anySetup)(chance);
  return seed >= NUMBERED_FROM && setup.config.moving !== true && new Chance(seed + 3_000_017).percent(NUMBERED) ? { ...setup, config: { ...setup.config, numbered: true } } : setup;
}

function drawOf(seed: number): ((chance: Chance) => Setup) | undefined {
  if (seed < ALL_KINDS_FROM) return seed % FAR_EVERY === 0 ? farSetup : anySetup;
  if (seed < RULED_FROM || seed % 2 === 0) return ALL_KINDS[seed % ALL_KINDS.length];
  return RULED[((seed - 1) / 2) % RULED.length];
}

function shaped(shape: Shape): (chance: Chance) => Setup {
  return (chance) => shape(anySetup(chance), chance);
}

function anySetup(chance: Chance): Setup {
  const half = () => chance.percent(50);
  const rollback = () => chance.oneOf(["auto", "propose", "auto", "off"] as const) ?? "auto";
  const dev: EnvironmentSetup = { ...DEV, rollback: rollback() };
  const staging: EnvironmentSetup = { ...DEV, name: "staging", after: ["dev"], soak: half() ? 1 : 0, rollback: rollback() };
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["staging"],
    soak: 2,
    watch: 2,
    promote: half() ? "on-request" : "auto",
    merge: chance.oneOf(["on-approval", "on-approval", "auto", "manual"] as const) ?? "on-approval",
    approvals: { count: half() ? 1 : 2, teams: half() ? ["sre"] : [] },
    rollback: rollback(),
  };
  const wide: EnvironmentSetup = { ...prod, name: "edge", after: ["dev", "staging"], promote: "auto", merge: "auto", approvals: { count: 0, teams: [] } };
  const alone: EnvironmentSetup = { ...prod, after: [], soak: 0, promote: "auto" };
  const environments = chance.weighted<readonly EnvironmentSetup[]>([
    [4, [dev, { ...prod, after: ["dev"], soak: 1 }]],
    [3, [dev, staging, prod]],
    [2, [dev, staging, wide]],
    [1, [dev]],
    [2, [alone]],
  ]) ?? [dev];
  const calm = chance.percent(10);
  return {
    apps: half() ? ["checkout"] : ["checkout", "search"],
    config: { environments, slo: chance.percent(65), limit: chance.percent(10) ? 2 : 50 },
    checkRequired: half(),
    logGuarded: chance.percent(80),
    deletesMergedBranches: half(),
    pinnedByDigest: chance.percent(70),
    mergeableAfter: 0,
    replicas: chance.percent(35) ? 2 : 1,
    troubled: calm ? 0 : (chance.oneOf([1, 3, 8, 20]) ?? 3),
    troubles: TROUBLES.filter(() => chance.percent(70)),
    deaths: 0.25,
    hintTrouble: chance.oneOf([0, 10, 50, 100]) ?? 10,
    liveliness: chance.oneOf([1, 2, 4, 12]) ?? 2,
    actors: drawActors(chance),
    clockSetBack: chance.percent(10),
  };
}

/** Little goes wrong between Pinion and the world, and people do what they are asked for: most of what happens, happens in production. */
function farSetup(chance: Chance): Setup {
  const half = () => chance.percent(50);
  const drawn = anySetup(chance);
  const rollback = () => chance.oneOf(["auto", "auto", "propose", "off"] as const) ?? "auto";
  const dev: EnvironmentSetup = { ...DEV, rollback: rollback() };
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    soak: half() ? 1 : 0,
    promote: half() ? "on-request" : "auto",
    merge: chance.oneOf(["on-approval", "on-approval", "on-approval", "manual"] as const) ?? "on-approval",
    approvals: { count: half() ? 1 : 2, teams: half() ? ["sre"] : [] },
    rollback: rollback(),
  };
  const many = chance.percent(20);
  const others = ACTORS.filter((name) => name !== "reviewer" && name !== "builder" && chance.percent(35));
  return {
    ...drawn,
    apps: many ? ["checkout", "search", "cart", "mail"] : drawn.apps,
    config: { ...drawn.config, environments: many ? [dev] : [dev, prod], limit: chance.percent(20) ? 2 : 50 },
    troubled: chance.oneOf([0, 1, 3]) ?? 0,
    hintTrouble: chance.oneOf([0, 10, 30]) ?? 0,
    liveliness: chance.oneOf([4, 8, 12]) ?? 4,
    // Whoever stands here more often gets more turns.
    actors: ["shipper", "shipper", "approver", "approver", "reviewer", ...others],
  };
}

/** Some worlds have no trouble but what fails by itself: there promotions get far. */
function drawActors(chance: Chance): readonly string[] {
  const peaceful: readonly string[] = ["builder", "reviewer"];
  const troublesome = chance.percent(65);
  return ACTORS.filter((name) => peaceful.includes(name) || (troublesome && chance.percent(50)));
}
