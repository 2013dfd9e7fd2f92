import { compileDiscover, discoverPatternProblem } from "../discover.ts";
import { isPlainName, stepOf } from "./environment-names.ts";

/** Names of folders that hold things and are none themselves: neither an app nor an environment. */
const CONTAINERS = new Set(
  ("apps,applications,app,services,service,workloads,components,projects,teams,overlays,overlay,environments,envs,env,stages,clusters,cluster," +
    "regions,kustomize,kustomization,k8s,kubernetes,manifests,deploy,deployment,deployments,gitops,config,configs,src,infra,infrastructure,base,bases," +
    "common,shared,argocd,argo-cd,flux,flux-system,.github").split(","),
);
/** Folders in which every folder is an environment, whatever it is called. */
const ENVIRONMENT_PARENTS = new Set(["overlays", "overlay", "environments", "envs", "env", "stages", "clusters"]);
/** Shared by all environments, so no environment itself. */
const SHARED = new Set(["base", "bases", "common", "shared", "components", "default", "_base"]);
/** `environments.<name>.path` of the configuration. */
const ENVIRONMENT_PATH = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
/** More than this no configuration takes. */
const MOST_PATTERNS = 20;
const DEEPEST = 20;

/** One way to read the path of a kustomization. */
interface Reading {
  readonly pattern: string;
  readonly app: string;
  /** The part of the path that would stand for the environment. */
  readonly environment: string;
  /** Of two readings that explain as much, the one with the lower cost is more usual. */
  readonly cost: number;
}

export interface GuessedPatterns {
  /** Those that explain the most files first. */
  readonly patterns: readonly string[];
  /** What stands for `{env}`, in the order of the files. */
  readonly environments: readonly string[];
}

/**
 * The `discover` patterns that explain the most files, chosen one after the other. A pattern is worth what it finds: files, and apps that are
 * in more than one environment; where one finds such apps, others that find none are not taken, since what looks like an app there may as
 * well be a cluster. Where files without pins stand in a folder that a chosen pattern and a well-known name make an environment, it is one too.
 *
 * @param told Folders' names that something else in the repository calls environments.
 */
export function guessPatterns(files: readonly string[], withoutPins: readonly string[], told: ReadonlySet<string>): GuessedPatterns {
  let left = files.map((file) => ({ file, readings: readingsOf(file, told) }));
  const patterns: string[] = [];
  const environments = new Set<string>();
  const claimed = new Set<string>();
  let leastWorth = 0;
  while (patterns.length < MOST_PATTERNS) {
    const best = bestOf(left.flatMap(({ readings }) => readings));
    if (best === null || best.worth < leastWorth) break;
    const { pattern } = best;
    const finds = compileDiscover([pattern], [...best.environments].map((path) => ({ name: path, path })));
    const found = new Map(left.flatMap(({ file }) => keyOf(file, finds)));
    const doubled = [...found.values()].filter((place) => claimed.has(place));
    if (found.size > 0 && doubled.length * 2 < found.size) {
      patterns.push(pattern);
      for (const environment of best.environments) environments.add(environment);
      for (const place of found.values()) claimed.add(place);
      left = left.filter(({ file }) => !found.has(file));
      if (best.worth >= MOVING) leastWorth = MOVING;
    }
    // What is left of this pattern are apps whose names Pinion does not take, or places that have a file already.
    left = left.map(({ file, readings }) => ({ file, readings: readings.filter((reading) => reading.pattern !== pattern) }));
  }
  for (const { pattern, environment } of withoutPins.flatMap((file) => readingsOf(file, told))) {
    if (patterns.includes(pattern) && (stepOf(environment) !== null || told.has(environment))) environments.add(environment);
  }
  return { patterns, environments: [...environments] };
}

function keyOf(file: string, finds: ReturnType<typeof compileDiscover>): readonly (readonly [string, string])[] {
  const place = finds(file);
  return place === null ? [] : [[file, `${place.environment}/${place.app}`]];
}

interface Candidate {
  readonly pattern: string;
  readonly environments: ReadonlySet<string>;
  readonly worth: number;
  readonly cost: number;
}

function bestOf(readings: readonly Reading[]): Candidate | null {
  let best: Candidate | null = null;
  for (const [pattern, group] of Map.groupBy(readings, (reading) => reading.pattern)) {
    const cost = group.reduce((sum, reading) => sum + reading.cost, 0) / group.length;
    const candidate = { pattern, environments: new Set(group.map(({ environment }) => environment)), worth: worthOf(group), cost };
    if (best === null || isBetter(candidate, best)) best = candidate;
  }
  return best;
}

function isBetter(left: Candidate, right: Candidate): boolean {
  if (left.worth !== right.worth) return left.worth > right.worth;
  if (left.cost !== right.cost) return left.cost < right.cost;
  return left.pattern < right.pattern;
}

/** What a file of an app in several environments is worth: more than all files that are none of such. */
const MOVING = 1_000_000;

/** Promotion is from one environment to the next: an app in one alone, or an environment with nothing else in it, explains little. */
function worthOf(group: readonly Reading[]): number {
  const apps = Map.groupBy(group, ({ app }) => app);
  const moving = [...apps.values()].filter((readings) => new Set(readings.map(({ environment }) => environment)).size > 1);
  return moving.reduce((sum, readings) => sum + readings.length, 0) * MOVING + group.length;
}

function readingsOf(file: string, told: ReadonlySet<string>): readonly Reading[] {
  const parts = file.split("/");
  const folders = parts.slice(0, -1);
  if (folders.length === 0 || folders.length > DEEPEST) return [];
  const readings = folders.flatMap((_, index) => [...wholeFolder(parts, folders, index, told), ...withinFolder(parts, folders, index)]);
  return readings.filter(({ pattern }) => discoverPatternProblem(pattern) === null);
}

/** The environment is a folder, and the app is another. */
function wholeFolder(parts: readonly string[], folders: readonly string[], at: number, told: ReadonlySet<string>): readonly Reading[] {
  const environment = folders[at] ?? "";
  const parent = folders[at - 1] ?? "";
  const isNamed = stepOf(environment) !== null || told.has(environment);
  if (!isNamed && (!ENVIRONMENT_PARENTS.has(parent) || SHARED.has(environment.toLowerCase()))) return [];
  if (!ENVIRONMENT_PATH.test(environment)) return [];
  return folders.flatMap((app, index): Reading[] => {
    if (index === at || CONTAINERS.has(app.toLowerCase()) || SHARED.has(app.toLowerCase())) return [];
    // An app called `test` is less usual than a test environment.
    const cost = Math.abs(index - at) + (isNamed ? 0 : 4) + (isPlainName(environment) ? 0 : 1) + (stepOf(app) === null ? 0 : 8);
    return [{ pattern: withPlaceholders(parts, { [at]: "{env}", [index]: "{app}" }), app, environment, cost }];
  });
}

/** Both are in the name of one folder: `checkout-prod`, `prod-checkout`. */
function withinFolder(parts: readonly string[], folders: readonly string[], at: number): readonly Reading[] {
  const folder = folders[at] ?? "";
  const readings: Reading[] = [];
  for (const separator of folder.matchAll(/[-_.]/g)) {
    const [left, right] = [folder.slice(0, separator.index), folder.slice(separator.index + 1)];
    if (left === "" || right === "") continue;
    const read = (app: string, environment: string, name: string): void => {
      if (stepOf(environment) === null || stepOf(app) !== null || isQualified(app, environment)) return;
      readings.push({ pattern: withPlaceholders(parts, { [at]: name }), app, environment, cost: 12 + (isPlainName(environment) ? 0 : 1) });
    };
    read(left, right, `{app}${separator[0]}{env}`);
    read(right, left, `{env}${separator[0]}{app}`);
  }
  return readings;
}

/** Both together are an environment in a region, as `eu-prod`. */
function isQualified(app: string, environment: string): boolean {
  return stepOf(`${app}-${environment}`) !== null;
}

function withPlaceholders(parts: readonly string[], placeholders: Readonly<Record<number, string>>): string {
  return parts.map((part, index) => placeholders[index] ?? part).join("/");
}
