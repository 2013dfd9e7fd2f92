import { childAt, entriesAt, itemsAt, placeAt, textAt, type Place } from "../pins/place.ts";

/** What a generator gives a template, by the name under which the template asks for it. */
export type Parameters = ReadonlyMap<string, string>;

/** What makes an ApplicationSet's Applications, as far as the repository tells it. */
export type Generator =
  | { readonly kind: "list"; readonly elements: readonly Parameters[] }
  | { readonly kind: "directories"; readonly include: readonly string[]; readonly exclude: readonly string[]; readonly values: Parameters }
  /** Every set of parameters of the first with every one of the second, whose own texts may ask for the first's. */
  | { readonly kind: "matrix"; readonly generators: readonly Generator[] }
  /** Its parameters are not in the repository, or not known how to be had. Says why. */
  | { readonly kind: "untold"; readonly reason: string };

/** An Argo CD ApplicationSet: a template of Applications, and what fills it in. */
export interface ApplicationSet {
  readonly name: string;
  readonly generators: readonly Generator[];
  /** Templates of the Applications' names, and of the folders that they deploy. */
  readonly names: string;
  readonly folders: readonly string[];
  /** Whether the templates are Go's, in which parameters begin with a dot. */
  readonly isGo: boolean;
}

/** Generators whose parameters Argo CD finds elsewhere (argo-cd docs/operator-manual/applicationset/Generators.md). */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["clusters", "the clusters that Argo CD knows are not in the repository"],
  ["clusterDecisionResource", "its clusters are not in the repository"],
  ["scmProvider", "the repositories of an organisation are not in the repository"],
  ["pullRequest", "it makes Applications of pull requests"],
  ["plugin", "its parameters come from a plugin"],
  ["merge", "the generator merge is not read"],
]);
const DEEPEST_MATRIX = 3;

/** Reads an ApplicationSet (argo-cd docs/operator-manual/applicationset.yaml). What cannot be understood is an `untold` generator. */
export function readApplicationSet(root: Place): ApplicationSet {
  const spec = childAt(root, "spec");
  const template = spec === null ? null : placeAt(spec, "template", "spec");
  const sources = template === null ? [] : [childAt(template, "source"), ...itemsAt(childAt(template, "sources"))];
  const patched = spec !== null && textAt(childAt(spec, "templatePatch")) !== null;
  return {
    name: textAt(placeAt(root, "metadata", "name")) ?? "",
    generators: patched ? [untold("templatePatch may change what it makes")] : itemsAt(spec === null ? null : childAt(spec, "generators")).map((place) => readGenerator(place, 0)),
    names: textAt(spec === null ? null : placeAt(spec, "template", "metadata", "name")) ?? "",
    folders: sources.map((source) => (source === null ? null : textAt(childAt(source, "path")))).filter((path) => path !== null),
    isGo: spec !== null && textAt(childAt(spec, "goTemplate")) === "true",
  };
}

function readGenerator(place: Place, depth: number): Generator {
  const narrowed = ["selector", "template"].find((key) => entriesAt(childAt(place, key)).length > 0);
  if (narrowed !== undefined) return untold(`a generator with a ${narrowed} of its own is not read`);
  const list = childAt(place, "list");
  if (list !== null) return readList(list);
  const git = childAt(place, "git");
  if (git !== null) return readGit(git);
  const matrix = childAt(place, "matrix");
  if (matrix !== null) {
    if (depth >= DEEPEST_MATRIX) return untold("its matrix is nested too deep");
    return { kind: "matrix", generators: itemsAt(childAt(matrix, "generators")).map((inside) => readGenerator(inside, depth + 1)) };
  }
  const [kind = "none"] = entriesAt(place).map(([key]) => key);
  return untold(ELSEWHERE.get(kind) ?? `a generator of the kind ${kind} is not read`);
}

function readList(list: Place): Generator {
  if (textAt(childAt(list, "elementsYaml")) !== null) return untold("elementsYaml is not read");
  const elements = itemsAt(childAt(list, "elements")).map((element) => new Map(flattened(element, "")));
  return { kind: "list", elements };
}

function readGit(git: Place): Generator {
  if (childAt(git, "files") !== null) return untold("the generator of git files is not read");
  if (textAt(childAt(git, "pathParamPrefix")) !== null) return untold("pathParamPrefix is not read");
  const listed = itemsAt(childAt(git, "directories")).map((entry) => ({ path: textAt(childAt(entry, "path")) ?? "", isExcluded: textAt(childAt(entry, "exclude")) === "true" }));
  const values = new Map(flattened(childAt(git, "values"), "values."));
  const pathsOf = (excluded: boolean): readonly string[] => listed.filter(({ isExcluded }) => isExcluded === excluded).map(({ path }) => path);
  return { kind: "directories", include: pathsOf(false), exclude: pathsOf(true), values };
}

/** All texts below a place, by their keys with dots between them. */
function flattened(place: Place | null, prefix: string): readonly (readonly [string, string])[] {
  return entriesAt(place).flatMap(([key, value]): readonly (readonly [string, string])[] => {
    const text = textAt(value);
    return text === null ? flattened(value, `${prefix}${key}.`) : [[`${prefix}${key}`, text]];
  });
}

function untold(reason: string): Generator {
  return { kind: "untold", reason };
}
