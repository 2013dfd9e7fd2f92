import type { Milliseconds } from "../answer.ts";
import type { Approvals, Environment } from "../config.ts";
import { DEFAULTS, MERGE, MOST_ENVIRONMENTS, PROMOTE, ROLLBACK } from "../config-schema.ts";
import type { EnvironmentName } from "../release.ts";
import { formatPath } from "../schema-check.ts";
import { didYouMean } from "../suggest.ts";
import { isYamlList, member } from "../yaml-document.ts";
import type { YamlPath, YamlValue } from "../yaml-document.ts";
import { LONGEST_DURATION, parseDuration } from "./duration.ts";
import { readPolicies } from "./policies.ts";
import { choiceOf, numberOr, textOf, textsOf } from "./reading.ts";
import type { Report } from "./reading.ts";
import { WindowReader } from "./windows.ts";

/**
 * Reads the environments, and gives each after the ones it follows; otherwise the order of `names` stands,
 * which is that of the file.
 */
export function readEnvironments(value: YamlValue | undefined, names: readonly EnvironmentName[], report: Report): readonly Environment[] {
  const windows = new WindowReader(report);
  const environments = names.map((name) => readEnvironment(name, member(value, name), names, windows, report));
  reportSharedPaths(environments, report);
  const circles = reportCircles(environments, report);
  return circles ? environments : inTopologicalOrder(environments);
}

function readEnvironment(
  name: EnvironmentName,
  value: YamlValue | undefined,
  names: readonly EnvironmentName[],
  windows: WindowReader,
  report: Report,
): Environment {
  const path = ["environments", name];
  const merge = choiceOf(member(value, "merge"), MERGE, DEFAULTS.merge);
  const deadline = readDuration(member(value, "deadline"), [...path, "deadline"], DEFAULTS.deadline, report);
  if (deadline === 0) report([...path, "deadline"], `environments.${name}.deadline must be longer than 0: no rollout could meet it`);
  return {
    name,
    after: readAfter(name, member(value, "after"), names, report),
    path: textOf(member(value, "path")) ?? name,
    promote: choiceOf(member(value, "promote"), PROMOTE, DEFAULTS.promote),
    merge,
    soak: readDuration(member(value, "soak"), [...path, "soak"], DEFAULTS.soak, report),
    watch: readDuration(member(value, "watch"), [...path, "watch"], DEFAULTS.watch, report),
    deadline,
    approvals: readApprovals(member(value, "approvals"), merge),
    rollback: choiceOf(member(value, "rollback"), ROLLBACK, DEFAULTS.rollback),
    windows: windows.read(member(value, "windows"), [...path, "windows"]),
    paused: textOf(member(value, "paused")),
    policies: readPolicies(member(value, "policies")),
    argocd: textOf(member(value, "argocd")),
    prometheus: textOf(member(value, "prometheus")),
  };
}

function readDuration(value: YamlValue | undefined, path: YamlPath, fallback: string, report: Report): Milliseconds {
  const text = textOf(value) ?? fallback;
  // One that is no duration is a problem of its own; the fallback keeps it from being told as another one too.
  const duration = parseDuration(text) ?? parseDuration(fallback) ?? 0;
  if (duration > LONGEST_DURATION) report(path, `${formatPath(path)} is longer than 90 days: "${text}"`);
  return duration;
}

function readApprovals(value: YamlValue | undefined, merge: Environment["merge"]): Approvals {
  const count = numberOr(member(value, "count"), DEFAULTS.approvals);
  return {
    // "On approval" without an approval would be "auto" in disguise.
    count: merge === "on-approval" ? Math.max(1, count) : count,
    teams: textsOf(member(value, "teams")),
    users: textsOf(member(value, "users")),
    codeOwners: member(value, "codeOwners") === true,
  };
}

function readAfter(
  name: EnvironmentName,
  value: YamlValue | undefined,
  names: readonly EnvironmentName[],
  report: Report,
): readonly EnvironmentName[] {
  const others = names.filter((other) => other !== name);
  const path = ["environments", name, "after"];
  const wanted = textsOf(value).slice(0, MOST_ENVIRONMENTS);
  return wanted.filter((other) => {
    if (others.includes(other)) return true;
    const place = isYamlList(value) ? [...path, value.indexOf(other)] : path;
    if (other === name) report(place, `${formatPath(place)} names the environment itself: "${name}" cannot follow "${name}"`);
    else report(place, `${formatPath(place)} names "${other}", which is no environment.${didYouMean(other, others)}`);
    return false;
  });
}

function reportSharedPaths(environments: readonly Environment[], report: Report): void {
  const owners = new Map<string, EnvironmentName>();
  for (const { name, path } of environments) {
    const owner = owners.get(path);
    if (owner === undefined) owners.set(path, name);
    else report(["environments", name, "path"], `environments.${name} has the path "${path}" of ${owner}: each needs its own`);
  }
}

/** Walks along `after`; whoever is met again on one walk is on a circle. Answers whether there is one. */
function reportCircles(environments: readonly Environment[], report: Report): boolean {
  const afterOf = new Map(environments.map(({ name, after }) => [name, after]));
  const done = new Set<EnvironmentName>();
  let found = false;
  const walk = (name: EnvironmentName, behind: readonly EnvironmentName[]): void => {
    const met = behind.indexOf(name);
    if (met !== -1) {
      const circle = [...behind.slice(met), name].join(" after ");
      report(["environments", name, "after"], `the environments follow each other in a circle: ${circle}`);
      found = true;
      return;
    }
    if (done.has(name)) return;
    for (const other of afterOf.get(name) ?? []) walk(other, [...behind, name]);
    done.add(name);
  };
  for (const { name } of environments) walk(name, []);
  return found;
}

function inTopologicalOrder(environments: readonly Environment[]): readonly Environment[] {
  const ordered: Environment[] = [];
  const placed = new Set<EnvironmentName>();
  while (ordered.length < environments.length) {
    const next = environments.find(({ name, after }) => !placed.has(name) && after.every((other) => placed.has(other)));
    // There is always one, since there is no circle.
    if (next === undefined) return environments;
    ordered.push(next);
    placed.add(next.name);
  }
  return ordered;
}
