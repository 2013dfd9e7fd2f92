/** Kinds of worlds in which people make rules of their own. */
import type { Chance } from "./chance.ts";
import { DEV, MINUTE, type EnvironmentSetup, type NamedPolicies, type WindowSetup } from "./facts.ts";
import { quiet, type Shape } from "./kinds.ts";
import { nameOf, type OwnRule } from "./own-rules.ts";
import type { Setup } from "./setup.ts";

/** When and where clocks are put forward or back, an hour or half of one. */
const CHANGES: readonly { readonly zone: string; readonly at: string }[] = [
  { zone: "Europe/Berlin", at: "2026-03-29T01:00:00Z" },
  { zone: "Europe/Berlin", at: "2026-10-25T01:00:00Z" },
  { zone: "America/New_York", at: "2026-03-08T07:00:00Z" },
  { zone: "America/New_York", at: "2026-11-01T06:00:00Z" },
  { zone: "Australia/Lord_Howe", at: "2026-04-04T15:00:00Z" },
];

const EACH_HOUR: readonly number[] = Array.from({ length: 24 }, (_, hour) => hour);

/** Windows that open again within the hour, or two, so that what waits for them goes on. */
export function drawWindows(chance: Chance, zone: string): readonly WindowSetup[] {
  const minute = () => chance.oneOf([0, 15, 30, 45]) ?? 0;
  const allow: WindowSetup = { rule: "allow", minute: minute(), hours: drawHours(chance), lasts: chance.oneOf([12, 20, 35, 50]) ?? 20, zone };
  const deny: WindowSetup = { rule: "deny", minute: minute(), hours: drawHours(chance), lasts: chance.oneOf([5, 10, 20, 35]) ?? 10, zone };
  return chance.weighted<readonly WindowSetup[]>([
    [4, [allow]],
    [2, [deny]],
    [3, [allow, deny]],
    [1, [allow, { ...allow, minute: minute(), lasts: 10 }, deny]],
  ]) ?? [allow];
}

/** Each hour of the clock, or each by its name: where clocks are changed that is not the same. Now and then only some. */
function drawHours(chance: Chance): readonly number[] | null {
  if (chance.percent(45)) return null;
  return chance.percent(70) ? EACH_HOUR : EACH_HOUR.filter((hour) => hour % 2 === 0);
}

/** A minute in ten: what was about to be merged may come too late for it. */
function narrow(chance: Chance, zone: string): readonly WindowSetup[] {
  const first = chance.below(10);
  return [0, 10, 20, 30, 40, 50].map((tens) => ({ rule: "allow", minute: tens + first, hours: null, lasts: 1, zone }));
}

/** Promotions may be merged at some times only, and now and then clocks are changed while they wait. */
function windowedWorld(drawn: Setup, chance: Chance): Setup {
  const change = chance.oneOf(CHANGES);
  const zone = change?.zone ?? "UTC";
  const isNarrow = chance.percent(30);
  const dev: EnvironmentSetup = { ...DEV, ...(chance.percent(40) ? { windows: drawWindows(chance, zone) } : {}) };
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    soak: chance.oneOf([0, 3]) ?? 0,
    promote: chance.oneOf(["auto", "auto", "on-request"] as const) ?? "auto",
    merge: chance.oneOf(["auto", "auto", "on-approval", "manual"] as const) ?? "auto",
    windows: isNarrow ? narrow(chance, zone) : drawWindows(chance, zone),
  };
  const before = chance.below(150) * MINUTE;
  return {
    ...quiet(drawn, chance),
    apps: chance.percent(50) ? ["checkout"] : ["checkout", "search"],
    config: { environments: chance.percent(30) ? [{ ...prod, after: [] }] : [dev, prod], slo: false, limit: 50 },
    actors: ["shipper", "shipper", "shipper", "approver", "timekeeper", ...(chance.percent(40) ? ["unlucky", "reviewer"] : [])],
    ...(isNarrow ? { troubled: 20, troubles: ["slow", "fail-after"] as const } : {}),
    ...(change !== undefined && chance.percent(75) ? { begins: Date.parse(change.at) - before } : {}),
  };
}

export function drawRule(chance: Chance, environment: string, app: string): OwnRule {
  const rules: readonly OwnRule[] = [
    { is: "approved", in: environment, least: chance.oneOf([1, 2]) ?? 1 },
    { is: "barred", in: environment, app },
    { is: "superstitious", in: environment, ending: chance.oneOf(["2.0", "3.0", "5.0"]) ?? "3.0" },
    { is: "proven", in: environment, minutes: chance.oneOf([2, 4, 7]) ?? 2 },
    { is: "gloomy", in: environment },
  ];
  return chance.oneOf(rules) ?? { is: "gloomy", in: environment };
}

/** The repository has policies of its own, which people change all the time, also by pull requests and to something that is none. */
function lawfulWorld(drawn: Setup, chance: Chance): Setup {
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    merge: chance.oneOf(["auto", "auto", "on-approval"] as const) ?? "auto",
    approvals: { count: 0, teams: chance.percent(30) ? ["sre"] : [] },
  };
  const proven: OwnRule = { is: "proven", in: "prod", minutes: 2 };
  const more = chance.percent(60) ? [drawRule(chance, "prod", "search")] : [];
  const isNamed = chance.percent(30);
  const named = isNamed ? { policies: { [nameOf(proven)]: { at_least: "5m" } } } : {};
  return {
    ...quiet(drawn, chance),
    apps: chance.percent(50) ? ["checkout"] : ["checkout", "search"],
    config: { environments: [DEV, prod], slo: false, limit: 50, ...named },
    rules: [...(isNamed ? [proven] : []), ...more.filter(({ is }) => is !== "proven")],
    actors: ["shipper", "shipper", "approver", "approver", "lawmaker", "lawmaker", ...(chance.percent(40) ? ["reviewer", "operator"] : [])],
  };
}

/** Policies that come with Pinion and judge where they are named. */
export function drawNamed(chance: Chance): NamedPolicies {
  const some = () => chance.percent(45);
  return {
    ...(some() ? { signed: { signers: ["ci"] } } : {}),
    ...(some() ? { "moved-tag": {} } : {}),
    ...(chance.percent(20) ? { "allowed-registries": { allowed: ["registry.example/acme/checkout"] } } : {}),
    ...(some() ? { "image-age": { at_least: chance.oneOf(["1m", "4m", "9m"]) ?? "1m", ...(chance.percent(30) ? { at_most: "40m" } : {}) } } : {}),
  };
}

/** Images must be signed, or of some age, or of some registry; tags are pushed again, and signatures come late, from elsewhere or not at all. */
function curatedWorld(drawn: Setup, chance: Chance): Setup {
  const everywhere = chance.percent(40) ? { policies: drawNamed(chance) } : {};
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    merge: chance.oneOf(["auto", "on-approval"] as const) ?? "auto",
    policies: drawNamed(chance),
  };
  return {
    ...quiet(drawn, chance),
    apps: chance.percent(50) ? ["checkout"] : ["checkout", "search"],
    config: { environments: chance.percent(30) ? [{ ...prod, after: [] }] : [DEV, prod], slo: false, limit: 50, ...everywhere },
    actors: ["shipper", "shipper", "approver", "curator", "curator", ...(chance.percent(30) ? ["reviewer", "unlucky"] : [])],
  };
}

/** One tag is moved from image to image, and now and then back. */
function movingWorld(drawn: Setup, chance: Chance): Setup {
  const dev: EnvironmentSetup = { ...DEV, rollback: chance.oneOf(["auto", "auto", "off"] as const) ?? "auto" };
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    promote: chance.oneOf(["auto", "auto", "on-request"] as const) ?? "auto",
    merge: chance.oneOf(["auto", "on-approval"] as const) ?? "auto",
  };
  return {
    ...quiet(drawn, chance),
    apps: ["checkout"],
    config: { environments: chance.percent(30) ? [dev] : [dev, prod], slo: false, limit: 50, moving: true },
    actors: ["tagger", "tagger", "reviewer", "approver", ...(chance.percent(50) ? ["hands"] : []), ...(chance.percent(30) ? ["operator"] : [])],
  };
}

/** Nothing is merged but by the queue, into which people put what they like, and out of which they take it. Another CI may have a say, and take its time. */
export function queuedWorld(drawn: Setup, chance: Chance): Setup {
  const merge = chance.oneOf(["auto", "auto", "on-approval", "manual"] as const) ?? "auto";
  const isHopeless = chance.percent(15);
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: ["dev"],
    soak: chance.oneOf([0, 0, 3]) ?? 0,
    promote: chance.oneOf(["auto", "auto", "on-request"] as const) ?? "auto",
    merge,
    approvals: { count: merge === "auto" ? 0 : 1, teams: [] },
    ...(chance.percent(25) ? { windows: drawWindows(chance, "UTC") } : {}),
  };
  return {
    ...quiet(drawn, chance),
    apps: chance.percent(50) ? ["checkout", "search"] : ["checkout", "search", "cart"],
    config: { environments: [DEV, prod], slo: false, limit: 50 },
    checkRequired: true,
    queue: { ciRequired: isHopeless || chance.percent(60), checkTimeout: (chance.oneOf([4, 8]) ?? 8) * MINUTE, maxToBuild: chance.oneOf([1, 2, 5]) ?? 5 },
    // Where another CI fails whatever it is given, all else is left in peace.
    ...(isHopeless ? { liveliness: 2 } : {}),
    actors: isHopeless ? ["shipper", "hopelessCi", "hopelessCi"] : ["shipper", "shipper", "ci", "ci", "queuer", "queuer", "approver", ...(chance.percent(30) ? ["operator"] : []), ...(chance.percent(30) ? ["unlucky"] : [])],
  };
}

export const RULED_KINDS: readonly Shape[] = [windowedWorld, lawfulWorld, curatedWorld, movingWorld];
