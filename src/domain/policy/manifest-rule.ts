import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { RE2JS, RE2JSException } from "re2js";
import type { Manifest } from "../facts.ts";
import { isKustomizationFile } from "../pins/kustomization.ts";
import { formatPath, pathOf } from "../schema-check.ts";
import { isYamlList, member, members, type YamlPath, type YamlValue } from "../yaml-document.ts";
import type { Reads } from "./evidence.ts";
import type { SchemaFault } from "./schema-keywords.ts";
import { fitsOne } from "./scope.ts";

/** Which manifests a schema is for: names, or patterns of them with `*`. */
export interface ManifestScope {
  readonly apiVersions: readonly string[];
  readonly kinds: readonly string[];
}

/** What manifests are held against, compiled once. */
export interface ManifestRule {
  readonly scope: ManifestScope;
  /** Which manifests it is for, in words: `manifest of kind Deployment`. */
  readonly words: string;
  /** The schema as it is written. */
  readonly source: YamlValue;
  readonly mentions: ReadonlySet<string>;
  readonly reads: Reads;
  judge(manifests: readonly Manifest[]): ManifestJudgement;
}

export type ManifestJudgement =
  /** None of the manifests is of the scope. */
  | { readonly outcome: "none" }
  | { readonly outcome: "fits" }
  /** What is wrong: for the first problems file, document, path and what is wanted. */
  | { readonly outcome: "differs"; readonly problems: string }
  /** Judging them could take too long. */
  | { readonly outcome: "too-much"; readonly problem: string };

export type ManifestRuleResult = { readonly ok: true; readonly rule: ManifestRule } | { readonly ok: false; readonly problems: readonly SchemaFault[] };

/** Values of the schema times values of the manifests that it is for. */
const MOST_WORK = 500_000;
/** So many characters of a manifest count as a value. */
const CHARACTERS_PER_VALUE = 64;
/** Instructions of regular expressions times characters that they go through. */
const MOST_STEPS = 2_000_000;
const LONGEST_PATTERN = 256;
/** In instructions of the engine. */
const LARGEST_PROGRAM = 250;

const MOST_LISTED = 10;
const LONGEST_LIST = 850;
const LONGEST_VALUE = 80;
const MANIFESTS: ReadonlySet<string> = new Set(["manifests"]);

const TOO_LARGE = "the manifests are too large to be held against the schema: split the pull request, or make the schema smaller";

class TooMuch extends Error {}

/** Steps that the patterns of the judgement under way may still take. Judging is synchronous, so there is one at a time. */
let stepsLeft = 0;

/** Regular expressions by RE2, which takes steps in proportion to the text, whatever the pattern. Ajv tells patterns apart by `toString`. */
const RE2 = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(pattern);
    const size = compiled.programSize();
    const test = (text: string): boolean => {
      stepsLeft -= size * (text.length + 1);
      if (stepsLeft < 0) throw new TooMuch();
      return compiled.matcher(text).find();
    };
    return { test, toString: () => pattern };
  },
  { code: "re2" },
);

const OPTIONS: Options = {
  strict: true,
  allErrors: true,
  ownProperties: true,
  verbose: true,
  allowUnionTypes: true,
  // Ajv looks for properties that patterns match, too, with regular expressions of its own.
  allowMatchingProperties: true,
  addUsedSchema: false,
  logger: false,
  code: { regExp: RE2 },
};

/** What a schema says that it is written in, without its `#`; the newer one where it does not say. */
const NEWEST = "https://json-schema.org/draft/2020-12/schema";
const DRAFTS: ReadonlyMap<string, Ajv> = new Map([
  ["http://json-schema.org/draft-07/schema", new Ajv(OPTIONS)],
  [NEWEST, new Ajv2020(OPTIONS)],
]);

/** Compiles a schema whose keywords and references were found sound. */
export function compileManifestSchema(schema: YamlValue, scope: ManifestScope): ManifestRuleResult {
  const fault = (pointer: string, message: string): ManifestRuleResult => ({ ok: false, problems: [{ pointer, message }] });
  const said = member(schema, "$schema") ?? NEWEST;
  const ajv = typeof said === "string" ? DRAFTS.get(said.replace(/#$/, "")) : undefined;
  if (ajv === undefined) return fault("/$schema", `\`$schema\` must be one of ${[...DRAFTS.keys()].join(", ")}`);
  if (typeof schema !== "object" || schema === null || isYamlList(schema)) return fault("", "a schema must be a mapping");
  const patterns = patternFaults(schema, "");
  if (patterns.length > 0) return { ok: false, problems: patterns };
  stepsLeft = MOST_STEPS;
  if (ajv.validateSchema(schema) !== true) return { ok: false, problems: metaFaults(ajv.errors ?? []) };
  try {
    const validate = ajv.compile(schema);
    return { ok: true, rule: ruleOf(schema, scope, validate) };
  } catch (error) {
    // Ajv says where its strict mode found something by a pointer in quotes.
    const message = error instanceof Error ? error.message : "it cannot be compiled";
    return fault(/ at "[^"#]*#([^"]*)"/.exec(message)?.[1] ?? "", message);
  } finally {
    ajv.removeSchema(schema);
  }
}

/** The first thing that the schema of schemas has against each value. */
function metaFaults(errors: readonly ErrorObject[]): readonly SchemaFault[] {
  const first = new Map(errors.toReversed().map((error) => [error.instancePath, wanted(error)]));
  return [...first].map(([pointer, words]) => ({ pointer, message: `${pointer === "" ? "it" : `\`${pointer.slice(pointer.lastIndexOf("/") + 1)}\``} ${words}` }));
}

/** Patterns stand under `pattern`, and are the keys of `patternProperties`. A property may have one of these names: then its value is no text, and no pattern. */
function patternFaults(value: YamlValue, pointer: string): readonly SchemaFault[] {
  const entries = isYamlList(value) ? value.map((one, index) => [String(index), one] as const) : members(value);
  return entries.flatMap(([name, one]) => {
    const at = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const written = name === "pattern" && typeof one === "string" ? [one] : name === "patternProperties" ? members(one).map(([key]) => key) : [];
    const faults = written.flatMap((pattern) => {
      const message = patternProblem(pattern);
      return message === null ? [] : [{ pointer: at, message }];
    });
    return [...faults, ...patternFaults(one, at)];
  });
}

function patternProblem(pattern: string): string | null {
  if (pattern.length > LONGEST_PATTERN) return `a pattern may have at most ${LONGEST_PATTERN} characters`;
  try {
    return RE2JS.compile(pattern).programSize() > LARGEST_PROGRAM ? `the pattern "${shortened(pattern)}" is too large: write a simpler one` : null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return `"${shortened(pattern)}" is no regular expression of RE2: ${error.message}`;
  }
}

function ruleOf(source: YamlValue, scope: ManifestScope, validate: ValidateFunction): ManifestRule {
  const schemaSize = sizeOf(source);
  return {
    scope,
    words: wordsOf(scope),
    source,
    mentions: MANIFESTS,
    reads: { facts: MANIFESTS, fields: new Set(["file", "document"]) },
    judge(manifests) {
      const judged = manifests.flatMap(piecesOf).filter(({ apiVersion, kind }) => fitsOne(scope.apiVersions, apiVersion) && fitsOne(scope.kinds, kind));
      if (judged.length === 0) return { outcome: "none" };
      const work = judged.reduce((sum, { content }) => sum + sizeOf(content) * schemaSize, 0);
      if (work > MOST_WORK) return { outcome: "too-much", problem: TOO_LARGE };
      stepsLeft = MOST_STEPS;
      try {
        return listed(judged.flatMap((piece) => problemsOf(validate, piece)));
      } catch (error) {
        if (!(error instanceof TooMuch)) throw error;
        return { outcome: "too-much", problem: "the patterns of the schema would take too long on texts as long as these" };
      }
    },
  };
}

function wordsOf({ apiVersions, kinds }: ManifestScope): string {
  const said = (what: string, names: readonly string[]): readonly string[] => (names.includes("*") ? [] : [`${what} ${names.join(" or ")}`]);
  const parts = [...said("kind", kinds), ...said("apiVersion", apiVersions)];
  return parts.length === 0 ? "manifest" : `manifest of ${parts.join(" and ")}`;
}

/** What is judged by itself: a document, or an item of a list in it. */
interface Piece {
  readonly manifest: Manifest;
  readonly content: YamlValue;
  readonly within: YamlPath;
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * A document, and each item where it is a list of objects, as kubectl and Argo CD apply them (apimachinery `unstructured.IsList`).
 * What a kustomization does not say of itself is what kustomize takes it for (`FixKustomizationPostUnmarshal`).
 */
function piecesOf(manifest: Manifest): readonly Piece[] {
  const pieces = (content: YamlValue, within: YamlPath): readonly Piece[] => {
    const kustomization = within.length === 0 && isKustomizationFile(manifest.file);
    const kind = textOf(member(content, "kind")) ?? (kustomization ? "Kustomization" : "");
    const versionOfKind = `kustomize.config.k8s.io/${kind === "Component" ? "v1alpha1" : "v1beta1"}`;
    const apiVersion = textOf(member(content, "apiVersion")) ?? (kustomization ? versionOfKind : "");
    const items = member(content, "items");
    const inside = kind.endsWith("List") && isYamlList(items) ? items.flatMap((item, index) => pieces(item, [...within, "items", index])) : [];
    return [{ manifest, content, within, apiVersion, kind }, ...inside];
  };
  return pieces(manifest.content, []);
}

function textOf(value: YamlValue | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** How many values there are to look at, long texts counted as several. */
function sizeOf(value: YamlValue): number {
  if (typeof value === "string") return 1 + Math.floor(value.length / CHARACTERS_PER_VALUE);
  if (isYamlList(value)) return value.reduce((sum: number, one) => sum + sizeOf(one), 1);
  return members(value).reduce((sum, [name, one]) => sum + sizeOf(name) + sizeOf(one), 1);
}

/** Made into words only where it is shown. */
type Problem = () => string;

function problemsOf(validate: ValidateFunction, { manifest, content, within, kind }: Piece): readonly Problem[] {
  if (validate(content)) return [];
  const name = textOf(member(member(content, "metadata"), "name"));
  const called = [kind, name].filter((word) => word !== null && word !== "").join(" ");
  const where = `${manifest.file} document ${manifest.document}${called === "" ? "" : ` (${shortened(called)})`}`;
  const errors = validate.errors ?? [];
  // Each of these only says that others stand, if there are any.
  const telling = errors.filter(({ keyword }) => keyword !== "if" && keyword !== "propertyNames");
  if (telling.length === 0) return [() => `${where}: it does not fit the schema`];
  return telling.map((error) => () => {
    const path = [...within, ...pathOf(error.instancePath, content)];
    return `${where}: ${path.length === 0 ? "it" : formatPath(path)} ${wanted(error)}`;
  });
}

/** The first problems, as many as people read, and how many more there are. */
function listed(problems: readonly Problem[]): ManifestJudgement {
  if (problems.length === 0) return { outcome: "fits" };
  const shown: string[] = [];
  let length = 0;
  for (const tell of problems.slice(0, MOST_LISTED)) {
    const text = tell();
    length += text.length;
    if (shown.length > 0 && length > LONGEST_LIST) break;
    shown.push(text);
  }
  const more = problems.length - shown.length;
  return { outcome: "differs", problems: `${shown.join("; ")}${more === 0 ? "" : `; and ${more} more`}` };
}

/** What the schema wants of the value, as the end of a sentence. */
function wanted({ keyword, params, schema, message, propertyName }: ErrorObject): string {
  const parameter: unknown = params[keyword === "required" ? "missingProperty" : "additionalProperty"];
  const named = typeof parameter === "string" ? shortened(parameter) : "";
  const name = propertyName === undefined ? "" : `has "${shortened(propertyName)}", a name that `;
  switch (keyword) {
    case "required":
      return `lacks "${named}"`;
    case "additionalProperties":
      return `has "${named}", which is not allowed`;
    case "false schema":
      return "must not be there";
    case "const":
      return `${name}must be ${shortened(JSON.stringify(schema))}`;
    case "enum":
      return `${name}must be one of ${shortened(Array.isArray(schema) ? schema.map((one) => JSON.stringify(one)).join(", ") : "")}`;
    default:
      return `${name}${message ?? "is not as the schema wants it"}`;
  }
}

function shortened(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
