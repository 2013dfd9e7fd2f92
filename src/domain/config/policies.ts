import { readParameter, type ConfiguredPolicies, type GivenParameters, type Parameter } from "../policy/parameters.ts";
import type { Policy } from "../policy/policy-set.ts";
import { fitsOne } from "../policy/scope.ts";
import { formatPath } from "../schema-check.ts";
import { didYouMean } from "../suggest.ts";
import { member, members, type YamlPath, type YamlValue } from "../yaml-document.ts";
import type { Report } from "./reading.ts";

/** Longer than any name; a file by a stranger must not cost much time. */
export const MOST_POLICIES = 200;

/** Reads one `policies:` as it is written. */
export function readPolicies(value: YamlValue | undefined): ConfiguredPolicies {
  return new Map(members(value).slice(0, MOST_POLICIES).map(([name, given]): [string, GivenParameters] => [name, new Map(members(given))]));
}

/** What is checked: the policies there are, and what the configuration says of them. */
interface Checked {
  readonly value: YamlValue;
  readonly policies: readonly Policy[];
  readonly environments: readonly string[];
}

/** Holds every `policies:` of the configuration against what the policies declare. */
export function reportPolicies(value: YamlValue, policies: readonly Policy[], environments: readonly string[], report: Report): void {
  const checked: Checked = { value, policies, environments };
  reportBlock(checked, ["policies"], null, report);
  for (const name of environments) reportBlock(checked, ["environments", name, "policies"], name, report);
  for (const policy of policies) reportMissing(checked, policy, report);
}

function blockAt({ value }: Checked, environment: string | null): YamlValue | undefined {
  return environment === null ? member(value, "policies") : member(member(member(value, "environments"), environment), "policies");
}

function reportBlock(checked: Checked, path: YamlPath, environment: string | null, report: Report): void {
  const names = checked.policies.map(({ name }) => name);
  for (const [name, given] of members(blockAt(checked, environment)).slice(0, MOST_POLICIES)) {
    const policy = checked.policies.find((one) => one.name === name);
    const place = [...path, name];
    if (policy === undefined) {
      const meant = didYouMean(name, names);
      const hint = meant === "" ? ` The policies are ${names.join(", ")}.` : meant;
      report(place, `${formatPath(place)}: there is no policy "${name.slice(0, 60)}".${hint}`, "key");
      continue;
    }
    if (environment !== null && !fitsOne(policy.applies.environments, environment)) {
      report(place, `${formatPath(place)}: ${name} applies to ${policy.applies.environments.join(", ")} only, and so never here`, "key");
    }
    for (const [parameter, written] of members(given)) reportParameter(policy, parameter, written, [...place, parameter], report);
  }
}

function reportParameter({ name, parameters }: Policy, given: string, written: YamlValue, path: YamlPath, report: Report): void {
  const parameter = parameters.find((one) => one.name === given);
  if (parameter === undefined) {
    const known = parameters.map((one) => one.name);
    const meant = didYouMean(given, known);
    const hint = meant === "" ? ` It has ${known.length === 0 ? "none" : known.join(", ")}.` : meant;
    report(path, `${formatPath(path)}: ${name} has no parameter "${given.slice(0, 60)}".${hint}`, "key");
    return;
  }
  const read = readParameter(parameter, written);
  if (read.ok) return;
  const place = read.index === null ? path : [...path, read.index];
  report(place, `${formatPath(place)} ${read.problem}`);
}

/** A required parameter that an environment in which the policy judges does not have. */
function reportMissing(checked: Checked, policy: Policy, report: Report): void {
  const { name } = policy;
  const general = member(blockAt(checked, null), name);
  for (const parameter of policy.parameters.filter(({ fallback }) => fallback === null)) {
    if (member(general, parameter.name) !== undefined) continue;
    const lacking = checked.environments.filter((environment) => {
      const own = member(blockAt(checked, environment), name);
      const on = !policy.onlyWhenNamed || general !== undefined || own !== undefined;
      return on && fitsOne(policy.applies.environments, environment) && member(own, parameter.name) === undefined;
    });
    const [first] = lacking;
    if (first === undefined) continue;
    reportLacking(checked, policy, parameter, lacking, report);
  }
}

function reportLacking(checked: Checked, { name }: Policy, parameter: Parameter, lacking: readonly string[], report: Report): void {
  const wanted = `its parameter ${parameter.name} (${parameter.type}) has no default, and is needed`;
  const words = (place: YamlPath): string => `${formatPath(place)}: ${name} lacks a value: ${wanted} for ${lacking.join(", ")}`;
  const general = blockAt(checked, null);
  const own = lacking.filter((environment) => member(blockAt(checked, environment), name) !== undefined);
  if (member(general, name) !== undefined || own.length === 0) {
    report(["policies", name], words(["policies", name]), "key");
    return;
  }
  for (const environment of own) {
    const place = ["environments", environment, "policies", name];
    report(place, words(place), "key");
  }
}
