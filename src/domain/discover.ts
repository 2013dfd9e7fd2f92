import type { Environment } from "./config.ts";
import { isKustomizationName, KUSTOMIZATION_NAMES } from "./pins/kustomization.ts";
import type { AppName, EnvironmentName } from "./release.ts";

/** Whose file a path is. */
export interface DiscoveredPlace {
  readonly app: AppName;
  readonly environment: EnvironmentName;
}

const APP = "{app}";
const ENVIRONMENT = "{env}";
/** Not greedy, so that the environment's part is the longest that fits: `x-b-prod` is app `x` where `b-prod` is an environment. */
const APP_GROUP = "(?<app>[a-z0-9][a-z0-9._-]*?)";
const LONGEST_PATTERN = 500;
const LONGEST_APP_NAME = 100;

/**
 * What is wrong with a `discover` pattern and how to mend it, or null. A pattern is the path of a kustomization from
 * the root of the repository, with `{app}` and `{env}` once each, each within one folder's name.
 */
export function discoverPatternProblem(pattern: string): string | null {
  const shown = JSON.stringify(pattern);
  if (pattern.length > LONGEST_PATTERN) return `a pattern is longer than ${LONGEST_PATTERN} characters`;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\\\u0000-\u001f]/.test(pattern)) return `${shown} must separate folders by "/", without backslashes or control characters`;
  for (const placeholder of [APP, ENVIRONMENT]) {
    const times = pattern.split(placeholder).length - 1;
    if (times !== 1) return `${shown} must contain ${placeholder} once, but does so ${times} times`;
  }
  if (/[{}*?]/.test(pattern.replace(APP, "").replace(ENVIRONMENT, ""))) {
    return `${shown} may have no placeholders but {app} and {env}, and no wildcards`;
  }
  if (pattern.includes(APP + ENVIRONMENT) || pattern.includes(ENVIRONMENT + APP)) {
    return `${shown} must have something between {app} and {env}, or nobody can tell where one ends`;
  }
  const folders = pattern.split("/");
  if (folders.some((folder) => folder === "" || folder === "." || folder === ".." || folder.toLowerCase() === ".git")) {
    return `${shown} must be a path from the root of the repository, without "." or ".." or empty parts, and outside .git`;
  }
  if (!isKustomizationName(folders.at(-1) ?? "")) return `${shown} must end in ${KUSTOMIZATION_NAMES.join(" or ")}`;
  return null;
}

/**
 * Compiles sound patterns ({@link discoverPatternProblem}) to a function that tells whose file a path is, or null.
 * The app's name must be within the grammar of names (lower-case letters, digits, dots, underscores, hyphens) and fit
 * to be part of a branch name; other folders are not apps. Where two patterns match, the first one decides; where one pattern matches in two
 * ways, the longest environment path does.
 */
export function compileDiscover(
  patterns: readonly string[],
  environments: readonly Pick<Environment, "name" | "path">[],
): (path: string) => DiscoveredPlace | null {
  const names = new Map(environments.map(({ name, path }) => [path, name]));
  const paths = [...names.keys()].toSorted((left, right) => right.length - left.length).map((path) => escape(path));
  const expressions = paths.length === 0 ? [] : patterns.map((pattern) => compile(pattern, `(?<env>${paths.join("|")})`));
  return (path) => {
    for (const expression of expressions) {
      const groups = expression.exec(path)?.groups;
      const app = groups?.["app"];
      const environment = names.get(groups?.["env"] ?? "");
      if (app !== undefined && environment !== undefined && isAppName(app)) return { app, environment };
    }
    return null;
  };
}

function compile(pattern: string, environmentGroup: string): RegExp {
  const source = pattern
    .split(/(\{app\}|\{env\})/)
    .map((part) => (part === APP ? APP_GROUP : part === ENVIRONMENT ? environmentGroup : escape(part)))
    .join("");
  return new RegExp(`^${source}$`);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Beside the letters, what Git allows in a branch name (git-check-ref-format): no `..`, no end in `.` or `.lock`. */
function isAppName(name: string): boolean {
  return name.length <= LONGEST_APP_NAME && !name.includes("..") && !name.endsWith(".") && !name.endsWith(".lock");
}
