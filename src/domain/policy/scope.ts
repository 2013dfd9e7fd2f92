import type { Facts } from "../facts.ts";
import type { PolicyScope } from "../policy.ts";
import type { PromotionKind } from "../record.ts";
import { fitsPattern } from "../tag-pattern.ts";
import type { Entry, YamlReader } from "./yaml-reader.ts";

const KINDS: readonly PromotionKind[] = ["promotion", "revert", "hotfix"];
const ORIGINS = ["bot", "person"] as const;
const ANY_NAME: readonly string[] = ["*"];

export const EVERYWHERE: PolicyScope = { kinds: KINDS, origins: ORIGINS, environments: ANY_NAME, apps: ANY_NAME };

/** A pattern of names with the place where a policy file has it. */
export interface PlacedPattern {
  readonly pattern: string;
  readonly line: number;
  readonly column: number;
}

const KEYS = ["kinds", "origins", "environments", "apps"] as const;
/** The names of environments and apps, and `*`. */
const PATTERN = /^[a-z0-9*][a-z0-9._*-]{0,99}$/;
const MAX_PATTERNS = 100;

interface ReadScope {
  readonly scope: PolicyScope;
  /** What it says of environments, to be held against the configuration's. */
  readonly environments: readonly PlacedPattern[];
  /** And of apps, to be held against those that there are. */
  readonly apps: readonly PlacedPattern[];
}

/** Reads `applies` or `warn`: what is left out means all. */
export function readScope(reader: YamlReader, entry: Entry | undefined, key: "applies" | "warn"): ReadScope | null {
  if (entry === undefined) return null;
  const map = reader.map(entry.value, entry.key, `\`${key}\``);
  if (map === null) return null;
  const lists = reader.entries(map, KEYS, `\`${key}\``);
  if (lists.size === 0) reader.problem(map, `\`${key}\` must name ${KEYS.slice(0, -1).join(", ")} or apps`);
  const choices = <T extends string>(name: string, all: readonly T[]): readonly T[] => {
    const given = lists.get(name);
    return given === undefined ? all : reader.words(given.value, given.key, `\`${key}.${name}\``, all);
  };
  const environments = readPatterns(reader, lists.get("environments"), `\`${key}.environments\``);
  const apps = readPatterns(reader, lists.get("apps"), `\`${key}.apps\``);
  const patterns = (placed: readonly PlacedPattern[] | null): readonly string[] => placed?.map(({ pattern }) => pattern) ?? ANY_NAME;
  return {
    scope: { kinds: choices("kinds", KINDS), origins: choices("origins", ORIGINS), environments: patterns(environments), apps: patterns(apps) },
    environments: environments ?? [],
    apps: apps ?? [],
  };
}

function readPatterns(reader: YamlReader, entry: Entry | undefined, what: string): readonly PlacedPattern[] | null {
  if (entry === undefined) return null;
  const items = reader.texts(entry.value, entry.key, what);
  if (items.length > MAX_PATTERNS) reader.problem(entry.key, `${what} may have at most ${MAX_PATTERNS} names`);
  for (const { value, scalar } of items) {
    if (!PATTERN.test(value)) reader.problem(scalar, `${what} must hold names, or patterns of them with \`*\`; "${value.slice(0, 60)}" is neither`);
  }
  return items.map(({ value, scalar }) => ({ pattern: value, ...reader.place(scalar) }));
}

/** Whether one of the patterns fits the name; `*` stands for any characters, also none. */
export function fitsOne(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => pattern === "*" || fitsPattern(pattern, name));
}

/** What a scope is held against. */
export type ScopedPromotion = Pick<Facts["promotion"], "kind" | "origin" | "environment" | "app">;

export function covers(scope: PolicyScope, { kind, origin, environment, app }: ScopedPromotion): boolean {
  return scope.kinds.includes(kind) && scope.origins.includes(origin) && fitsOne(scope.environments, environment) && fitsOne(scope.apps, app);
}

/** Why a scope does not cover a promotion, in words. */
export function whyNotCovered(scope: PolicyScope, { kind, origin, environment, app }: ScopedPromotion): string {
  if (!scope.kinds.includes(kind)) return `does not apply to a ${kind}`;
  if (!fitsOne(scope.environments, environment)) return `does not apply to ${environment}`;
  if (!fitsOne(scope.apps, app)) return `does not apply to ${app}`;
  return origin === "person" ? "does not apply to a person's pull request" : "does not apply to Pinion's own pull requests";
}
