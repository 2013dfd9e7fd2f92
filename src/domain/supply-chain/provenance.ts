import { fieldsOf, textOf, type Fields } from "../json.ts";
import type { Statement } from "./statement.ts";

/** What SLSA provenance says of a build, as far as it is to be expected. */
export interface Provenance {
  /** Who built: `runDetails.builder.id`, or `builder.id` in version 0.2. */
  readonly builder: string;
  /** The repository that was built, as a URL without `git+`, ref and `.git`; empty when it is not said, or two different ones are. */
  readonly source: string;
  /** External parameters beside the source, by name: `inputs.debug`. Somebody could have changed what was built by them. */
  readonly parameters: readonly string[];
}

/** Reads SLSA provenance v1 and v0.2 (slsa.dev/provenance). The predicate type decides which; what is missing stays empty, and empty is never expected. */
export function readProvenance({ predicateType, predicate }: Statement): Provenance {
  if (predicateType === "https://slsa.dev/provenance/v0.2") {
    const invocation = fieldsOf(predicate["invocation"]);
    const { configSource } = invocation;
    // Here the source stands apart, so a parameter that is called like one is a parameter.
    return provenance(textOf(fieldsOf(predicate["builder"])["id"]), { configSource }, leaves(fieldsOf(invocation["parameters"])));
  }
  const external = fieldsOf(fieldsOf(predicate["buildDefinition"])["externalParameters"]);
  const builder = textOf(fieldsOf(fieldsOf(predicate["runDetails"])["builder"])["id"]);
  return provenance(builder, external, leaves(external).filter((leaf) => !isOfTheSource(leaf)));
}

function provenance(builder: string, where: Fields, parameters: readonly Leaf[]): Provenance {
  const sources = new Set(statedSources(where).map(repositoryUrl));
  const [source = "", ...others] = sources;
  return { builder, source: others.length > 0 ? "" : source, parameters: parameters.map(({ path }) => path).toSorted() };
}

/**
 * Where build types say what was built: GitHub's workflows `workflow.repository`, the SLSA generators `source.uri`, Cloud Build and others
 * `source`, version 0.2 and BuildKit `configSource.uri`.
 */
function statedSources({ workflow, source, configSource }: Fields): readonly string[] {
  const stated = [fieldsOf(workflow)["repository"], source, fieldsOf(source)["uri"], fieldsOf(source)["repository"], fieldsOf(configSource)["uri"]];
  return stated.map(textOf).filter((text) => text !== "");
}

const OF_THE_SOURCE = new Set([
  "workflow.repository",
  "workflow.ref",
  "workflow.path",
  "source",
  "source.uri",
  "source.repository",
  "source.ref",
  "configSource.uri",
  "configSource.path",
  "configSource.entryPoint",
]);

/** A list in the place of a text is nothing that {@link statedSources} reads, and so a parameter. */
function isOfTheSource({ path, value }: Leaf): boolean {
  return typeof value === "string" && (OF_THE_SOURCE.has(path) || /^(?:source|configSource)\.digest\.[^.]+$/.test(path));
}

function repositoryUrl(source: string): string {
  return source
    .replace(/^git\+/, "")
    .replace(/#.*$/, "")
    .replace(/@(?:refs\/.*|[0-9a-f]{40})$/, "")
    .replace(/\.git$/, "");
}

const DEEPEST = 4;

/** Something that has a value: its name after those of the objects that it is in, as `inputs.debug`. */
interface Leaf {
  readonly path: string;
  readonly value: unknown;
}

/** Everything that has a value, lists and what lies deeper taken as one. A name with a dot of its own is quoted, so that it passes for no other. */
function leaves(fields: Fields, prefix = "", depth = 1): readonly Leaf[] {
  return Object.entries(fields).flatMap(([name, value]): readonly Leaf[] => {
    const path = `${prefix}${/[."]/.test(name) ? JSON.stringify(name) : name}`;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && depth < DEEPEST ? leaves(fieldsOf(value), `${path}.`, depth + 1) : [{ path, value }];
  });
}
