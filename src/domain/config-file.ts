import type { Milliseconds } from "./answer.ts";
import { checkConfigShape, DEFAULTS, MODES, MOST_ENVIRONMENTS, MOST_SLOS } from "./config-schema.ts";
import type { Config, ConfigProblem, ConfigResult, ConfiguredPin, Environment, Slo } from "./config.ts";
import { readApps } from "./config/apps.ts";
import { LONGEST_DURATION, parseDuration } from "./config/duration.ts";
import { readEnvironments } from "./config/environments.ts";
import { readPolicies, reportPolicies } from "./config/policies.ts";
import { choiceOf, numberOr, textOf } from "./config/reading.ts";
import type { Report } from "./config/reading.ts";
import { readSigners, reportUnknownSigners } from "./config/signers.ts";
import { filePatternProblem, pathPatternProblem } from "./pins/configured.ts";
import type { Policy } from "./policy/policy-set.ts";
import type { SchemaProblem } from "./schema-check.ts";
import { SHORTEST_WATCH } from "./slo.ts";
import { isYamlList, member, members, offsetOf, parseYaml, plainValue, TextPositions } from "./yaml-document.ts";
import type { YamlDocument, YamlLimits, YamlProblem, YamlValue } from "./yaml-document.ts";

const LIMITS: YamlLimits = { characters: 256 * 1024, aliases: 50, scalars: "typed" };

/** More than anyone mends in one go. */
const MOST_PROBLEMS = 100;
/** Finding the place of a problem takes time, so not all of a hopeless file's are placed and put in order. */
const MOST_PLACED = 1_000;

/**
 * Reads `.github/pinion.yaml`. It is strict: what it does not know is a problem, never ignored. All problems are
 * given at once, in the order of the file; only where the text is no YAML at all nothing else can be said.
 * `policies:` is held against the policies there are; null takes it as it is written, where they are not known or do not matter.
 */
export function parseConfig(text: string, policies: readonly Policy[] | null = null): ConfigResult {
  const parsed = parseYaml(text, LIMITS);
  if (!parsed.ok) return refused(text, parsed.problems);
  const { document, duplicates } = parsed;
  const plain = plainValue(document);
  if (!plain.ok) return refused(text, [...duplicates, plain.problem]);

  const shape = checkConfigShape(plain.value);
  const told = new Set(shape.map(placeOf));
  const broken: SchemaProblem[] = [];
  const config = readConfig(plain.value, document, policies, (path, message, at = "value") => broken.push({ path, at, message }));
  // What the shape forbids is told once: what the readers make of such a value says nothing more.
  const problems = [...shape, ...broken.filter((problem) => !told.has(placeOf(problem)))];
  if (problems.length === 0 && duplicates.length === 0) return { ok: true, config };
  const placed = problems.slice(0, MOST_PLACED).map(({ path, at, message }) => ({ offset: offsetOf(document, path, at), message }));
  return refused(text, [...duplicates, ...placed]);
}

function placeOf({ path, at }: SchemaProblem): string {
  return JSON.stringify([at, path]);
}

function refused(text: string, problems: readonly YamlProblem[]): ConfigResult {
  const positions = new TextPositions(text);
  const ordered = problems.toSorted((left, right) => left.offset - right.offset);
  const told: ConfigProblem[] = ordered.slice(0, MOST_PROBLEMS).map(({ offset, message }) => ({ ...positions.at(offset), message }));
  const last = ordered[MOST_PROBLEMS];
  if (last !== undefined) told.push({ ...positions.at(last.offset), message: "and more problems from here on: mend the ones above first" });
  return { ok: false, problems: told };
}

function readConfig(value: YamlValue, document: YamlDocument, policies: readonly Policy[] | null, report: Report): Config {
  const slos = readSlos(members(member(value, "slos")).slice(0, MOST_SLOS), report);
  const { discover, defaults, apps } = readApps(member(value, "apps"), [...slos.keys()], report);
  const environments = readEnvironments(member(value, "environments"), environmentNames(value, document), report);
  if ([defaults, ...apps.values()].some(({ slo }) => slo !== null)) reportShortWatches(environments, report);
  if (policies !== null) reportPolicies(value, policies, environments.map(({ name }) => name), report);
  const signers = readSigners(member(value, "signers"), report);
  reportUnknownSigners(value, signers, report);
  const limits = member(value, "limits");
  return {
    mode: choiceOf(member(value, "mode"), MODES, DEFAULTS.mode),
    environments,
    discover,
    defaults,
    apps,
    slos,
    signers,
    policies: readPolicies(member(value, "policies")),
    pins: readPins(member(value, "pins"), report),
    limits: {
      openPullRequests: numberOr(member(limits, "openPullRequests"), DEFAULTS.openPullRequests),
      newPullRequestsPerHour: numberOr(member(limits, "newPullRequestsPerHour"), DEFAULTS.newPullRequestsPerHour),
    },
  };
}

function readPins(value: YamlValue | undefined, report: Report): readonly ConfiguredPin[] {
  return (isYamlList(value) ? value : []).map((entry, index) => {
    const pin = { files: textOf(member(entry, "files")) ?? "", path: textOf(member(entry, "path")) ?? "" };
    const [files, path] = [filePatternProblem(pin.files), pathPatternProblem(pin.path)];
    if (files !== null && pin.files !== "") report(["pins", index, "files"], `pins[${index}].files: ${files}`);
    if (path !== null && pin.path !== "") report(["pins", index, "path"], `pins[${index}].path: ${path}`);
    return pin;
  });
}

/** Nothing could be measured by the end of such a watch, so that no release would ever be verified. */
function reportShortWatches(environments: readonly Environment[], report: Report): void {
  for (const { name, watch } of environments) {
    if (watch >= SHORTEST_WATCH) continue;
    const least = `${SHORTEST_WATCH / 1_000}s`;
    report(["environments", name, "watch"], `environments.${name}.watch must be ${least} or longer, or no slo can be measured in it`);
  }
}

/** In the order of the file, which a JavaScript object does not keep for names made of digits. */
function environmentNames(value: YamlValue, document: YamlDocument): readonly string[] {
  return members(member(value, "environments"))
    .slice(0, MOST_ENVIRONMENTS)
    .map(([name]) => ({ name, offset: offsetOf(document, ["environments", name], "key") }))
    .toSorted((left, right) => left.offset - right.offset)
    .map(({ name }) => name);
}

function readSlos(slos: readonly (readonly [string, YamlValue])[], report: Report): ReadonlyMap<string, Slo> {
  return new Map(
    slos.map(([name, slo]) => [
      name,
      {
        name,
        objective: numberOr(member(slo, "objective"), 0),
        errors: textOf(member(slo, "errors")) ?? "",
        total: textOf(member(slo, "total")) ?? "",
        period: readPeriod(name, member(slo, "period"), report),
      },
    ]),
  );
}

/** A shorter time than a day is noise, and the longest one is that of any duration. */
const SHORTEST_PERIOD: Milliseconds = 24 * 60 * 60_000;

function readPeriod(name: string, value: YamlValue | undefined, report: Report): Milliseconds {
  const text = textOf(value) ?? DEFAULTS.period;
  // One that is no duration is a problem of its own.
  const period = parseDuration(text) ?? SHORTEST_PERIOD;
  if (period < SHORTEST_PERIOD || period > LONGEST_DURATION) report(["slos", name, "period"], `slos.${name}.period must be from 1d to 90d, but is "${text}"`);
  return period;
}
