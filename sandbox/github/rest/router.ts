import { appRoutes } from "./apps.ts";
import { checkRoutes } from "./checks.ts";
import { deploymentRoutes } from "./deployments.ts";
import { gitRoutes } from "./git.ts";
import { issueRoutes } from "./issues.ts";
import { organizationRoutes } from "./organizations.ts";
import { pullRoutes } from "./pulls.ts";
import { repositoryRoutes } from "./repositories.ts";
import { statusRoutes } from "./statuses.ts";
import type { Route } from "./route.ts";

interface Compiled {
  readonly route: Route;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

function compile(route: Route): Compiled {
  const names: string[] = [];
  const source = route.template.replace(/\{(\+?)(\w+)\}/g, (_whole, plus: string, name: string) => {
    names.push(name);
    return plus === "+" ? "(.+)" : "([^/]+)";
  });
  return { route, pattern: new RegExp(`^${source}$`), names };
}

// The first that fits is taken, so what ends in more words stands before what takes a whole rest.
const ROUTES: readonly Compiled[] = [
  ...appRoutes,
  ...repositoryRoutes,
  ...checkRoutes,
  ...statusRoutes,
  ...gitRoutes,
  ...pullRoutes,
  ...issueRoutes,
  ...deploymentRoutes,
  ...organizationRoutes,
].map(compile);

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The route for a method and path, or null as GitHub's 404 for what it does not know. */
export function match(method: string, path: string): Match | null {
  for (const { route, pattern, names } of ROUTES) {
    if (route.method !== method) continue;
    const found = pattern.exec(path);
    if (found === null) continue;
    return { route, params: Object.fromEntries(names.map((name, index) => [name, decode(found[index + 1] ?? "")])) };
  }
  return null;
}
