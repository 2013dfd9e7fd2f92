import { DEFAULTS, ORDERS } from "../config-schema.ts";
import { isVersionTag } from "../ranking.ts";
import { formatPath } from "../schema-check.ts";
import { isTag } from "../image-reference.ts";
import { rangeProblem, type NewestBuild, type OrderedTags, type Select } from "../select.ts";
import { tagFilter, type TagFilter } from "../tag-filter.ts";
import { tagPatternProblem } from "../tag-pattern.ts";
import { isYamlList, member, members } from "../yaml-document.ts";
import type { YamlPath, YamlValue } from "../yaml-document.ts";
import { textOf, textsOf } from "./reading.ts";
import type { Report } from "./reading.ts";

export const STANDARD_SELECT: Select = {
  by: "semver",
  range: DEFAULTS.semver,
  prereleases: DEFAULTS.prereleases,
  filter: null,
  allow: null,
  ignore: [],
};

/** The keys of which a `select` has exactly one: what tags are ordered by. */
const KINDS = ["semver", "order", "tag", "newest"] as const;

/** A `select` is taken as a whole: patterns that were meant for another range would leave tags out in silence. Null where there is none, or none that is sound. */
export function readSelect(value: YamlValue | undefined, path: YamlPath, report: Report): Select | null {
  const written = members(value).map(([key]) => key);
  const [kind, second] = KINDS.filter((key) => written.includes(key));
  if (kind === undefined) {
    if (isMapping(value)) report(path, `${formatPath(path)} does not say what tags are ordered by: write "semver" with a range, "order", "tag" or "newest"`, "key");
    return null;
  }
  if (second !== undefined) report([...path, second], `${formatPath(path)} has both "${kind}" and "${second}": keep the one that tags are ordered by`, "key");
  if (kind === "tag") return readTag(member(value, "tag"), written, path, report);
  const permitted = {
    filter: readFilter(member(value, "filter"), [...path, "filter"], report),
    allow: readPatterns(member(value, "allow"), [...path, "allow"], report),
    ignore: readPatterns(member(value, "ignore"), [...path, "ignore"], report) ?? [],
  };
  if (kind === "semver") return readSemver(value, path, permitted, report);
  if (written.includes("prereleases")) {
    report([...path, "prereleases"], `${formatPath([...path, "prereleases"])} goes with "semver" only: other orders know no prereleases`, "key");
  }
  if (kind === "newest") return readNewest(member(value, "newest"), permitted, path, report);
  const by = ORDERS.find((order) => order === member(value, "order"));
  return by === undefined ? null : { by, ...permitted };
}

function isMapping(value: YamlValue | undefined): boolean {
  return typeof value === "object" && value !== null && !isYamlList(value);
}

function readSemver(
  value: YamlValue | undefined,
  path: YamlPath,
  permitted: Pick<OrderedTags, "filter" | "allow" | "ignore">,
  report: Report,
): Select | null {
  const range = textOf(member(value, "semver"));
  if (range === null) return null;
  const problem = rangeProblem(range);
  if (problem !== null) report([...path, "semver"], `${formatPath([...path, "semver"])}: ${problem}`);
  const prereleases = member(value, "prereleases");
  return { by: "semver", range, prereleases: typeof prereleases === "boolean" ? prereleases : DEFAULTS.prereleases, ...permitted };
}

/** What is said of one tag says all: nothing is left to be let through or put in order. */
function readTag(value: YamlValue | undefined, written: readonly string[], path: YamlPath, report: Report): Select | null {
  for (const key of written.filter((other) => other !== "tag" && !KINDS.some((kind) => kind === other))) {
    report([...path, key], `${formatPath([...path, key])} does not go with "tag", which names the one tag that is followed`, "key");
  }
  const tag = textOf(value);
  if (tag === null) return null;
  if (!isTag(tag)) report([...path, "tag"], `${formatPath([...path, "tag"])} must be one tag, as "main", but is "${tag}"`);
  else if (isVersionTag(tag)) report([...path, "tag"], `${formatPath([...path, "tag"])} is a version, which should not move: write "semver: ${tag}"`);
  return { by: "tag", tag };
}

/** The name of a build says nothing of its age, so there is nothing to take out of it. */
function readNewest(value: YamlValue | undefined, permitted: Pick<NewestBuild, "filter" | "allow" | "ignore">, path: YamlPath, report: Report): Select | null {
  if (permitted.filter !== null && permitted.filter.extract !== null) {
    const place = [...path, "filter", "extract"];
    report(place, `${formatPath(place)} does not go with "newest": builds are ordered by the time that they tell, and not by their tags`, "key");
  }
  return value === "build" ? { by: "build", ...permitted } : null;
}

function readFilter(value: YamlValue | undefined, path: YamlPath, report: Report): TagFilter | null {
  const pattern = textOf(member(value, "pattern"));
  if (pattern === null) return null;
  const compiled = tagFilter(pattern, textOf(member(value, "extract")));
  if (compiled.ok) return compiled.filter;
  const place = [...path, compiled.at];
  report(place, `${formatPath(place)}: ${compiled.problem}`);
  return null;
}

function readPatterns(value: YamlValue | undefined, path: YamlPath, report: Report): readonly string[] | null {
  if (!isYamlList(value)) return null;
  for (const [index, pattern] of value.entries()) {
    const problem = typeof pattern === "string" ? tagPatternProblem(pattern) : null;
    if (problem !== null) report([...path, index], `${formatPath([...path, index])}: ${problem}`);
  }
  return textsOf(value);
}
