import type { AppSettings } from "../config.ts";
import { DEFAULTS } from "../config-schema.ts";
import { discoverPatternProblem } from "../discover.ts";
import { parseImageReference } from "../image-reference.ts";
import type { AppName } from "../release.ts";
import { formatPath } from "../schema-check.ts";
import { didYouMean } from "../suggest.ts";
import { isYamlList, member, members } from "../yaml-document.ts";
import type { YamlPath, YamlValue } from "../yaml-document.ts";
import { textOf, textsOf } from "./reading.ts";
import type { Report } from "./reading.ts";
import { readSelect, STANDARD_SELECT } from "./select.ts";

/** Keys under `apps` that are not names of apps. */
const RESERVED: ReadonlySet<string> = new Set(["discover", "defaults"]);

const STANDARD: AppSettings = {
  images: null,
  select: STANDARD_SELECT,
  argocd: [DEFAULTS.argocd],
  slo: null,
  paused: null,
};

export interface ReadApps {
  readonly discover: readonly string[];
  readonly defaults: AppSettings;
  readonly apps: ReadonlyMap<AppName, AppSettings>;
}

/** Reads `apps`, and lays each app's own settings over the defaults. */
export function readApps(value: YamlValue | undefined, slos: readonly string[], report: Report): ReadApps {
  const discover = textsOf(member(value, "discover"));
  for (const [index, pattern] of discover.entries()) {
    const problem = discoverPatternProblem(pattern);
    if (problem !== null) report(["apps", "discover", index], `apps.discover[${index}]: ${problem}`);
  }
  const read = (key: string, settings: YamlValue | undefined, base: AppSettings): AppSettings =>
    readSettings(settings, ["apps", key], base, slos, report);
  const defaults = read("defaults", member(value, "defaults"), STANDARD);
  const named = members(value).filter(([name]) => !RESERVED.has(name));
  return { discover, defaults, apps: new Map(named.map(([name, settings]) => [name, read(name, settings, defaults)])) };
}

function readSettings(
  value: YamlValue | undefined,
  path: YamlPath,
  base: AppSettings,
  slos: readonly string[],
  report: Report,
): AppSettings {
  const slo = textOf(member(value, "slo"));
  if (slo !== null && !slos.includes(slo)) {
    report([...path, "slo"], `${formatPath([...path, "slo"])} names "${slo}", which is not under slos.${didYouMean(slo, slos)}`);
  }
  const argocd = readApplications(member(value, "argocd"), [...path, "argocd"], report);
  return {
    images: readImages(member(value, "images"), [...path, "images"], report) ?? base.images,
    select: readSelect(member(value, "select"), [...path, "select"], report) ?? base.select,
    argocd: argocd.length === 0 ? base.argocd : argocd,
    slo: slo ?? base.slo,
    paused: textOf(member(value, "paused")) ?? base.paused,
  };
}

function readImages(value: YamlValue | undefined, path: YamlPath, report: Report): readonly string[] | null {
  if (!isYamlList(value)) return null;
  const repositories: string[] = [];
  for (const [index, text] of value.entries()) {
    if (typeof text !== "string") continue;
    const place = [...path, index];
    const parsed = parseImageReference(text);
    if (!parsed.ok) {
      report(place, `${formatPath(place)}: ${parsed.problem}`);
      continue;
    }
    const { repository, tag, digest } = parsed.reference;
    if (tag !== null || digest !== null) report(place, `${formatPath(place)} has a tag or digest: write "${repository}"`);
    if (repositories.includes(repository)) report(place, `${formatPath(place)} is there twice: both are ${repository}`);
    repositories.push(repository);
  }
  return repositories;
}

/** Names of Kubernetes objects (RFC 1123 subdomains) around the placeholders. */
const APPLICATION = /^(?:[a-z0-9.-]|\{app\}|\{env\})+$/;

function readApplications(value: YamlValue | undefined, path: YamlPath, report: Report): readonly string[] {
  const names = textsOf(value);
  for (const [index, name] of names.entries()) {
    if (APPLICATION.test(name) && name.length <= 253) continue;
    const place = isYamlList(value) ? [...path, index] : path;
    const says = `must be the name of an Argo CD Application, with no placeholders but {app} and {env}, but is ${JSON.stringify(name)}`;
    report(place, `${formatPath(place)} ${says}`);
  }
  return names;
}
