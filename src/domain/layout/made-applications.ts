import type { ApplicationSet, Generator, Parameters } from "./application-sets.ts";

/** An Application that a set makes. */
export interface MadeApplication {
  readonly name: string;
  readonly folders: readonly string[];
}

export interface MadeApplications {
  readonly applications: readonly MadeApplication[];
  /** Folders' names that the set's own parameters call environments, stages or clusters. */
  readonly environments: readonly string[];
  /** Why not all that the set makes is known, or null. */
  readonly problem: string | null;
}

/** No configuration that Pinion takes has more places. */
const MOST_MADE = 100_000;
/** What parameters are called that say which environment an Application is for. */
const ENVIRONMENT_PARAMETER = /(?:^|\.)(?:env|environment|stage|tier|cluster)(?:[-_]?name)?$/i;
/** `{{path.basename}}`, `{{ .path.basename }}` or `{{ index .path.segments 1 }}`. */
const PLACEHOLDER = /\{\{-?\s*(.*?)\s*-?\}\}/g;

/** Works out the Applications of a set. @param folders Every folder of the repository in which something is deployed from, or above such one. */
export function madeApplications(set: ApplicationSet, folders: readonly string[]): MadeApplications {
  const made: MadeApplication[] = [];
  const environments = new Set<string>();
  let problem: string | null = set.generators.length === 0 ? "it has no generators" : null;
  for (const generator of set.generators) {
    const produced = produce(generator, new Map(), folders, set.isGo);
    if (typeof produced === "string") {
      problem ??= produced;
      continue;
    }
    for (const parameters of produced.slice(0, MOST_MADE - made.length)) {
      const name = filled(set.names, parameters, set.isGo);
      const deployed = set.folders.map((folder) => filled(folder, parameters, set.isGo));
      const unfilled = [name, ...deployed].find((one) => !one.ok);
      if (unfilled?.ok === false) {
        problem ??= `{{${unfilled.placeholder}}} is not known here`;
        break;
      }
      const paths = deployed.flatMap((one) => (one.ok ? [one.text] : []));
      if (name.ok) made.push({ name: name.text, folders: paths });
      for (const environment of environmentsIn(parameters, paths)) environments.add(environment);
    }
  }
  return { applications: made, environments: [...environments], problem };
}

function environmentsIn(parameters: Parameters, folders: readonly string[]): readonly string[] {
  const parts = new Set(folders.flatMap((folder) => folder.split("/")));
  return [...parameters].flatMap(([key, value]) => (ENVIRONMENT_PARAMETER.test(key) && parts.has(value) ? [value] : []));
}

/** The sets of parameters that a generator gives, beside those that are given; or why they are not known. */
function produce(generator: Generator, given: Parameters, folders: readonly string[], isGo: boolean): readonly Parameters[] | string {
  switch (generator.kind) {
    case "untold":
      return generator.reason;
    case "list":
      return generator.elements.map((element) => new Map([...given, ...element]));
    case "directories":
      return directories(generator, given, folders, isGo);
    case "matrix": {
      let sets: readonly Parameters[] = [given];
      for (const inside of generator.generators) {
        const next: Parameters[] = [];
        for (const set of sets) {
          const produced = produce(inside, set, folders, isGo);
          if (typeof produced === "string") return produced;
          if (next.length + produced.length > MOST_MADE) return `it makes more than ${MOST_MADE} Applications`;
          next.push(...produced);
        }
        sets = next;
      }
      return sets;
    }
  }
}

function directories(
  { include, exclude, values }: Extract<Generator, { kind: "directories" }>,
  given: Parameters,
  folders: readonly string[],
  isGo: boolean,
): readonly Parameters[] | string {
  const patterns: { readonly expression: RegExp; readonly isExcluded: boolean }[] = [];
  for (const [paths, isExcluded] of [[include, false], [exclude, true]] as const) {
    for (const path of paths) {
      const text = filled(path, given, isGo);
      if (!text.ok) return `{{${text.placeholder}}} is not known here`;
      if (/[?[\]{}\\]/.test(text.text)) return `the pattern ${text.text} of its directories is not read`;
      patterns.push({ expression: expressionOf(text.text), isExcluded });
    }
  }
  const sets: Parameters[] = [];
  for (const folder of folders) {
    const matching = patterns.filter(({ expression }) => expression.test(folder));
    // Argo CD skips folders whose names begin with a dot.
    if (matching.length === 0 || matching.some(({ isExcluded }) => isExcluded) || /(?:^|\/)\./.test(folder)) continue;
    const parameters = new Map([...given, ...parametersOf(folder)]);
    for (const [key, value] of values) {
      const text = filled(value, parameters, isGo);
      if (text.ok) parameters.set(key, text.text);
    }
    sets.push(parameters);
  }
  return sets;
}

/** `*` stands for anything in one name, and `**` for any folders (argo-cd, "Git Generator", directories). */
function expressionOf(pattern: string): RegExp {
  const parts = pattern.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "").split("/");
  const source = parts.map((part) => (part === "**" ? ".*" : part.replaceAll(/[$^.+()|]/g, "\\$&").replaceAll(/\*+/g, "[^/]*"))).join("/");
  return new RegExp(`^${source}$`);
}

/** What the git generator gives for a folder, under the names of both kinds of templates. */
function parametersOf(folder: string): readonly (readonly [string, string])[] {
  const segments = folder.split("/");
  const basename = segments.at(-1) ?? "";
  const normal = basename.toLowerCase().replaceAll(/[^a-z0-9.-]/g, "-");
  return [
    ["path", folder],
    ["path.path", folder],
    ["path.basename", basename],
    ["path.basenameNormalized", normal],
    ...segments.map((segment, index) => [`path[${index}]`, segment] as const),
  ];
}

type Filled = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly placeholder: string };

function filled(template: string, parameters: Parameters, isGo: boolean): Filled {
  let missing: string | null = null;
  const text = template.replaceAll(PLACEHOLDER, (_, placeholder: string) => {
    const value = parameters.get(keyOf(placeholder, isGo));
    if (value === undefined) missing ??= placeholder;
    return value ?? "";
  });
  return missing === null ? { ok: true, text } : { ok: false, placeholder: missing };
}

function keyOf(placeholder: string, isGo: boolean): string {
  if (!isGo) return placeholder;
  const index = /^index \.path\.segments (\d+)$/.exec(placeholder)?.[1];
  if (index !== undefined) return `path[${index}]`;
  // Without its dot it would be a function, and a parameter without a dot is none.
  return placeholder.startsWith(".") ? placeholder.slice(1) : `no parameter: ${placeholder}`;
}
