import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, parseDocument, stringify } from "yaml";
import type { Alias, Document, DocumentOptions, ParsedNode, ParseOptions, Scalar, SchemaOptions, YAMLMap, YAMLSeq } from "yaml";

/** What a file may ask of the reader. Over the limit is a problem, never a slow answer. */
export interface YamlLimits {
  /** UTF-16 code units. */
  readonly characters: number;
  readonly aliases: number;
  /**
   * `typed` reads plain scalars by the YAML 1.2 core schema; `text` leaves every scalar a string, for readers
   * that judge spelling themselves.
   */
  readonly scalars: "typed" | "text";
}

/** A place in a text. Both start at 1; columns are UTF-16 code units, as editors count them. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export interface YamlProblem {
  readonly offset: number;
  readonly message: string;
}

/** A single YAML document, its aliases resolved in a table so that nothing is expanded by reading it. */
export interface YamlDocument {
  readonly text: string;
  /** Null for a file without content. */
  readonly root: ParsedNode | null;
  readonly targets: ReadonlyMap<Alias, ParsedNode>;
}

export type YamlResult =
  /** `duplicates` are in the order of the file. */
  | { readonly ok: true; readonly document: YamlDocument; readonly duplicates: readonly YamlProblem[] }
  | { readonly ok: false; readonly problems: readonly YamlProblem[] };

export type YamlStreamResult =
  | { readonly ok: true; readonly documents: readonly YamlDocument[] }
  | { readonly ok: false; readonly problems: readonly YamlProblem[] };

export type YamlValue = null | boolean | number | string | readonly YamlValue[] | YamlObject;
export interface YamlObject {
  readonly [key: string]: YamlValue;
}
export type YamlPath = readonly (string | number)[];

export function isYamlList(value: YamlValue | undefined): value is readonly YamlValue[] {
  return Array.isArray(value);
}

/** Keys and values of a mapping in the order of the file; none for anything else. */
export function members(value: YamlValue | undefined): readonly (readonly [string, YamlValue])[] {
  return typeof value === "object" && value !== null && !isYamlList(value) ? Object.entries(value) : [];
}

/** The value of a key that the mapping itself has; undefined for anything else. */
export function member(value: YamlValue | undefined, key: string): YamlValue | undefined {
  if (typeof value !== "object" || value === null || isYamlList(value)) return undefined;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** What the YAML tag `!!str` stands for: whatever follows is text. */
export const TEXT_TAG = "tag:yaml.org,2002:str";

/** Deeper than any manifest or config, and shallow enough to walk by recursion. */
const DEEPEST = 64;
/** Values that aliases may expand to, all together. */
const MOST_VALUES = 200_000;
/** One mistake often makes many; the first ones tell it. */
const MOST_SYNTAX_PROBLEMS = 20;
const BOM = "\uFEFF";

/**
 * Reads one YAML document. Syntax errors, several documents, aliases without an anchor before them (so also
 * endless ones) and whatever is over the limits are problems. Duplicate keys are told apart, since the rest of the
 * document can still be judged; they are looked for here because the library compares every key with every other.
 */
export function parseYaml(text: string, limits: YamlLimits): YamlResult {
  const parsed = parseWith(parseDocument, text, limits);
  return parsed.ok ? inspectParsed(text, parsed.parsed, limits, []) : parsed;
}

/**
 * Reads a file of any number of YAML documents: none in a file without content, or with comments alone. The limits hold for the
 * file as a whole, but for `aliases`, which holds for each document. What {@link parseYaml} reports of one document is a problem here too, but duplicate keys are not looked for.
 */
export function parseYamlStream(text: string, limits: YamlLimits): YamlStreamResult {
  const parsed = parseWith(parseAllDocuments, text, limits);
  if (!parsed.ok) return parsed;
  const documents: YamlDocument[] = [];
  // The library gives an empty array with a mark on it for an empty stream, which is an empty array all the same.
  for (const one of Array.isArray(parsed.parsed) ? parsed.parsed : []) {
    const result = inspectParsed(text, one, limits, null);
    if (!result.ok) return result;
    documents.push(result.document);
  }
  return { ok: true, documents };
}

type ParserOptions = ParseOptions & DocumentOptions & SchemaOptions;

function parseWith<T>(
  parse: (text: string, options: ParserOptions) => T,
  text: string,
  limits: YamlLimits,
): { readonly ok: true; readonly parsed: T } | Extract<YamlStreamResult, { ok: false }> {
  if (text.length > limits.characters) {
    return failed(0, `the file has ${text.length} characters: more than ${limits.characters} are not read`);
  }
  try {
    return { ok: true, parsed: withoutTraces(() => parse(text, parserOptions(limits))) };
  } catch {
    // The library recurses; what it does not catch of that itself ends here.
    return failed(0, TOO_DEEP);
  }
}

/**
 * The library makes an error of each mistake, and a text can be made to hold a hundred thousand: where each of them was made, which nobody reads,
 * would take most of the time.
 */
export function withoutTraces<T>(parse: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return parse();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function inspectParsed(text: string, parsed: Document.Parsed, limits: YamlLimits, duplicates: YamlProblem[] | null): YamlResult {
  const problems = syntaxProblems(parsed, limits);
  return problems.length > 0 ? { ok: false, problems } : inspect(text, parsed.contents, limits, duplicates);
}

function parserOptions(limits: YamlLimits): ParserOptions {
  return {
    uniqueKeys: false,
    prettyErrors: false,
    resolveKnownTags: false,
    schema: limits.scalars === "typed" ? "core" : "failsafe",
  };
}

function syntaxProblems(parsed: Pick<Document, "errors" | "warnings">, limits: YamlLimits): readonly YamlProblem[] {
  return [...parsed.errors, ...(limits.scalars === "typed" ? parsed.warnings : [])]
    .slice(0, MOST_SYNTAX_PROBLEMS)
    .map((error) => ({ offset: error.pos[0], message: explain(error.code, error.message) }));
}

const TOO_DEEP = `nested deeper than ${DEEPEST} levels`;

function failed(offset: number, message: string): { readonly ok: false; readonly problems: readonly YamlProblem[] } {
  return { ok: false, problems: [{ offset, message }] };
}

function explain(code: string, message: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "not valid YAML: a tab cannot indent, use spaces";
    case "MULTIPLE_DOCS":
      return "more than one YAML document (---) in the file: keep one";
    case "BLOCK_AS_IMPLICIT_KEY":
      return `not valid YAML: ${message}; a value that contains ": " needs quotes`;
    case "RESOURCE_EXHAUSTION":
      return TOO_DEEP;
    default:
      // The usual cause inside [ ] or { }: `[apps/{app}]`.
      return `not valid YAML: ${message}${message.includes("flow ") ? "; text with [ ] { } or a comma needs quotes there" : ""}`;
  }
}

/** Walks the document once: depth, aliases and their anchors, and duplicate keys where they are asked for. */
function inspect(text: string, root: ParsedNode | null, limits: YamlLimits, duplicates: YamlProblem[] | null): YamlResult {
  const problems: YamlProblem[] = [];
  const anchors = new Map<string, ParsedNode>();
  const targets = new Map<Alias, ParsedNode>();
  const visit = (node: ParsedNode | null, depth: number): void => {
    if (node === null || problems.length > 0) return;
    if (depth > DEEPEST) {
      problems.push({ offset: node.range[0], message: TOO_DEEP });
    } else if (isAlias(node)) {
      const target = anchors.get(node.source);
      const tooMany = limits.aliases === 0 ? "aliases are not read here" : `more than ${limits.aliases} aliases`;
      if (target === undefined) problems.push({ offset: node.range[0], message: `the alias *${node.source} has no anchor before it` });
      else if (targets.size >= limits.aliases) problems.push({ offset: node.range[0], message: tooMany });
      else targets.set(node, target);
    } else if (isMap(node)) {
      if (duplicates !== null) findDuplicates(node, duplicates);
      for (const pair of node.items) {
        visit(pair.key, depth + 1);
        visit(pair.value, depth + 1);
      }
    } else if (isSeq(node)) {
      for (const item of itemsOf(node)) visit(item, depth + 1);
    }
    // Only now, so that an alias inside its own anchor finds nothing and no document is endless.
    if (!isAlias(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  };
  visit(root, 0);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, document: { text, root, targets }, duplicates: (duplicates ?? []).toSorted((left, right) => left.offset - right.offset) };
}

/** The entries of a list. The library's type allows pairs too, but they come only of tags (`!!omap`) that are not resolved here. */
export function itemsOf(list: YAMLSeq.Parsed): readonly ParsedNode[] {
  return list.items.filter((item) => isAlias(item) || isMap(item) || isScalar(item) || isSeq(item));
}

function findDuplicates(map: YAMLMap.Parsed, duplicates: YamlProblem[]): void {
  if (map.items.length < 2) return;
  const seen = new Set<string>();
  for (const { key } of map.items) {
    const name = keyText(key);
    if (name === null) continue;
    if (seen.has(name)) duplicates.push({ offset: key.range[0], message: `the key "${name}" is there twice` });
    seen.add(name);
  }
}

/** The key as text (`1` and `"1"` are one key, as in JSON), or null when it is no scalar. */
export function keyText(key: ParsedNode): string | null {
  return isScalar(key) ? key.source : null;
}

/** The node an alias stands for, else the node itself. */
export function resolveAlias(document: YamlDocument, node: ParsedNode | null): Exclude<ParsedNode, Alias.Parsed> | null {
  const target = isAlias(node) ? (document.targets.get(node) ?? null) : node;
  // Anchors are never set on aliases, so one step is enough.
  return isAlias(target) ? null : target;
}

/** How many values the document has when every alias is what it stands for. Each node is counted once, so that asking costs little. */
export function expandedSize(document: YamlDocument): number {
  const sizes = new Map<ParsedNode, number>();
  const size = (given: ParsedNode | null): number => {
    const node = resolveAlias(document, given);
    if (node === null || isScalar(node)) return 1;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    const inside = isMap(node) ? node.items.map((pair) => size(pair.value)) : itemsOf(node).map(size);
    const sum = inside.reduce((total, one) => total + one, 1);
    sizes.set(node, sum);
    return sum;
  };
  return size(document.root);
}

/** The document as plain values with aliases expanded, or the problem that stands against it. `valueOf` reads scalars otherwise than the library. */
export function plainValue(
  document: YamlDocument,
  valueOf: (scalar: Scalar.Parsed) => unknown = ({ value }) => value,
): { readonly ok: true; readonly value: YamlValue } | { readonly ok: false; readonly problem: YamlProblem } {
  let left = MOST_VALUES;
  let problem: YamlProblem | null = null;
  const fail = (offset: number, message: string): null => {
    problem ??= { offset, message };
    return null;
  };
  const read = (given: ParsedNode | null, depth: number): YamlValue => {
    const node = resolveAlias(document, given);
    if (node === null || problem !== null) return null;
    left -= 1;
    if (left < 0 || depth > DEEPEST) return fail(node.range[0], left < 0 ? `more than ${MOST_VALUES} values` : TOO_DEEP);
    if (isMap(node)) {
      return Object.fromEntries(
        node.items.map((pair) => {
          const key = keyText(pair.key);
          if (key === null) fail(pair.key.range[0], "a key must be plain text");
          return [key ?? "", read(pair.value, depth + 1)];
        }),
      );
    }
    if (isSeq(node)) return itemsOf(node).map((item) => read(item, depth + 1));
    const value = valueOf(node);
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    return fail(node.range[0], "a value of this kind is not understood");
  };
  const value = read(document.root, 0);
  return problem === null ? { ok: true, value } : { ok: false, problem };
}

/**
 * Where a value stands, or its key. A path that leads nowhere gives the last place on the way to it, so that
 * something missing is reported where it should be.
 */
export function offsetOf(document: YamlDocument, path: YamlPath, at: "key" | "value"): number {
  let node = document.root;
  let offset = node?.range[0] ?? 0;
  for (const [index, step] of path.entries()) {
    const inside = resolveAlias(document, node);
    const last = index === path.length - 1;
    if (isMap(inside)) {
      const pair = inside.items.find((item) => keyText(item.key) === String(step));
      if (pair === undefined) return offset;
      // An empty value stands at the end of its key, where nobody would look for it.
      const stands = pair.value !== null && pair.value.range[1] > pair.value.range[0];
      offset = last && at === "value" && stands && pair.value !== null ? pair.value.range[0] : pair.key.range[0];
      node = pair.value;
    } else if (isSeq(inside)) {
      const item = itemsOf(inside)[Number(step)];
      if (item === undefined) return offset;
      offset = item.range[0];
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}

/** Turns offsets into lines and columns; the lines are counted once, when first asked. */
export class TextPositions {
  readonly #text: string;
  #starts: readonly number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): TextPosition {
    this.#starts ??= lineStarts(this.#text);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = this.#starts[low] ?? 0;
    // Editors do not show a byte order mark, so it takes no column.
    const hidden = start === 0 && offset > 0 && this.#text.startsWith(BOM) ? 1 : 0;
    return { line: low + 1, column: offset - start - hidden + 1 };
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** What no YAML version takes for anything but text, told without asking the library: versions of three numbers above all. */
const PLAINLY_TEXT = new RegExp(
  [
    String.raw`^v?\d+\.\d+\.\d+(?:-[A-Za-z][\w.-]*)?$`,
    "^sha256:[0-9a-f]{64}$",
    // Image references and URLs: a letter at the start, a slash, and no character that YAML gives a meaning to.
    String.raw`^[A-Za-z][\w.-]*(?::\d+)?(?:/[\w.-]+)+(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?$`,
  ].join("|"),
);
/** go-yaml, which kustomize reads with, drops underscores first and takes prefixes in either case. */
const GO_NUMBER = /^[-+]?(?:0x[0-9a-f]+|0o[0-7]+|0b[01]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i;

/** Whether go-yaml takes the text, written without quotes, for a number. */
export function isGoNumber(text: string): boolean {
  return GO_NUMBER.test(text.replaceAll("_", ""));
}

/** Whether the text, written without quotes in block style, is that very string to YAML 1.1 and YAML 1.2 readers alike. */
export function readsAsString(text: string): boolean {
  if (PLAINLY_TEXT.test(text)) return true;
  if (isGoNumber(text)) return false;
  return stringify(text, { compat: "yaml-1.1", lineWidth: 0 }).trimEnd() === text;
}
