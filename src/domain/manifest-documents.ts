import { isMap, isScalar, isSeq, type ParsedNode, type Scalar } from "yaml";
import type { Manifest } from "./facts.ts";
import { isKustomizationFile } from "./pins/kustomization.ts";
import { expandedSize, isGoNumber, itemsOf, keyText, parseYamlStream, plainValue, TextPositions, type YamlDocument, type YamlLimits, type YamlProblem } from "./yaml-document.ts";

/** More than a manifest has, and little enough to be read for each pull request. */
const LIMITS: YamlLimits = { characters: 256 * 1024, aliases: 100, scalars: "typed" };
/** Of all files of a pull request together: what they say is kept while it is open. */
const MOST_CHARACTERS = 1024 * 1024;
const MOST_DOCUMENTS = 1000;
/** Values with aliases expanded. */
const MOST_VALUES = 100_000;

/** Whether a file may hold manifests. What GitHub and Pinion read is never deployed. */
export function mayHoldManifests(path: string): boolean {
  return !path.startsWith(".github/") && (/\.(?:ya?ml|json)$/.test(path) || isKustomizationFile(path));
}

export interface ManifestFile {
  readonly path: string;
  readonly text: string;
}

/** Whether the files are more than is judged, however many may follow. */
export function isTooMuch(files: readonly ManifestFile[]): boolean {
  return files.reduce((sum, { text }) => sum + text.length, 0) > MOST_CHARACTERS;
}

export type ManifestsResult = { readonly ok: true; readonly manifests: readonly Manifest[] } | { readonly ok: false; readonly problem: string };

/**
 * Reads the documents of the files, all of them or none. What readers of YAML understand differently is refused, since it would be judged as something else
 * than what is deployed: keys that are there twice, merge keys (`<<`), and scalars that YAML 1.1 and 1.2 disagree on. Octal numbers (`0644`) are read as Go programs read them.
 */
export function readManifests(files: readonly ManifestFile[]): ManifestsResult {
  if (isTooMuch(files)) return tooMuch(`the changed manifests have more than ${MOST_CHARACTERS} characters together, and no more`);
  const manifests: Manifest[] = [];
  let values = 0;
  for (const { path, text } of files) {
    const parsed = parseYamlStream(text, LIMITS);
    if (!parsed.ok) return { ok: false, problem: placed(path, text, parsed.problems[0]) };
    for (const [index, document] of parsed.documents.entries()) {
      values += expandedSize(document);
      if (values > MOST_VALUES) return tooMuch(`up to ${path}, the changed files hold more than ${MOST_VALUES} values together, and no more`);
      if (manifests.length === MOST_DOCUMENTS) return tooMuch(`up to ${path}, the changed files hold more than ${MOST_DOCUMENTS} documents, and no more`);
      const problem = misreadable(document.root);
      const plain = plainValue(document, scalarValue);
      if (problem !== null || !plain.ok) return { ok: false, problem: placed(path, text, problem ?? (plain.ok ? undefined : plain.problem)) };
      if (plain.value === null) continue;
      manifests.push({ file: path, document: index + 1, content: plain.value });
    }
  }
  return { ok: true, manifests };
}

function tooMuch(what: string): ManifestsResult {
  return { ok: false, problem: `${what} are judged by a schema: split the pull request` };
}

function placed(path: string, text: string, problem: YamlProblem | undefined): string {
  if (problem === undefined) return `${path} cannot be read`;
  const { line, column } = new TextPositions(text).at(problem.offset);
  return `${path}:${line}:${column}: ${problem.message}`;
}

const OCTAL = /^[-+]?0[0-7]+$/;
const BOOLEAN_TO_SOME = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
/** Octal by YAML 1.2 only, and what begins like one and is none. */
const NUMBER_TO_SOME = /^[-+]?0(?:o|[0-9]*[89][0-9]*$)/;

/** The first thing that another reader of YAML may take for something else. */
function misreadable(root: YamlDocument["root"]): YamlProblem | null {
  const visit = (node: ParsedNode | null): YamlProblem | null => {
    if (isMap(node)) {
      const seen = new Set<string>();
      for (const { key, value } of node.items) {
        const name = keyText(key);
        if (name === "<<") return { offset: key.range[0], message: "merge keys (`<<`) are not read alike everywhere: write out what it merges" };
        if (name !== null && seen.has(name)) return { offset: key.range[0], message: `the key "${name.slice(0, 60)}" is there twice` };
        if (name !== null) seen.add(name);
        const problem = visit(value);
        if (problem !== null) return problem;
      }
      return null;
    }
    if (isSeq(node)) {
      for (const item of itemsOf(node)) {
        const problem = visit(item);
        if (problem !== null) return problem;
      }
      return null;
    }
    return isScalar(node) && isAmbiguous(node) ? { offset: node.range[0], message: `\`${node.source.slice(0, 60)}\` is not read alike everywhere: ${cureFor(node.source)}` } : null;
  };
  return visit(root);
}

function cureFor(source: string): string {
  return BOOLEAN_TO_SOME.test(source) ? "write true or false, or put it in quotes" : "write it as a plain decimal number, or put it in quotes";
}

function isAmbiguous({ type, source, value }: Scalar.Parsed): boolean {
  if (type !== "PLAIN") return false;
  if (typeof value === "string") return BOOLEAN_TO_SOME.test(source) || isGoNumber(source);
  return typeof value === "number" && NUMBER_TO_SOME.test(source);
}

function scalarValue({ type, source, value }: Scalar.Parsed): unknown {
  return type === "PLAIN" && typeof value === "number" && OCTAL.test(source) ? Number.parseInt(source, 8) : value;
}
