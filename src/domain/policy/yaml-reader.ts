import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Scalar, type YAMLMap } from "yaml";
import { withoutTraces } from "../yaml-document.ts";
import type { PolicyProblem } from "./policy-set.ts";

/** A scalar, with the way from a character of its value back to the file. */
export interface Text {
  readonly value: string;
  readonly scalar: Scalar;
}

export interface Entry {
  readonly key: Node;
  readonly value: Node | null;
}

export type Entries = ReadonlyMap<string, Entry>;

/** More than anyone mends in one go. */
const MOST_PROBLEMS = 100;

/** A policy file is a page of text; more is a mistake or an attack on the parser. */
const MAX_FILE = 64 * 1024;

/** Reads one small YAML document strictly and collects everything that is wrong with it, each at its place. */
export class YamlReader {
  readonly problems: PolicyProblem[] = [];
  readonly #file: string;
  readonly #text: string;
  readonly #lines = new LineCounter();

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  /** The document's root mapping, or null when there is none; then the problems say why. */
  root(): YAMLMap | null {
    if (this.#text.length > MAX_FILE) return this.#none(`a policy file may have at most ${MAX_FILE} characters`);
    // The parser's own search for duplicate keys takes quadratic time; `entries` has one that does not.
    const options = { lineCounter: this.#lines, uniqueKeys: false, prettyErrors: false, merge: false };
    const document = withoutTraces(() => parseDocument(this.#text, options));
    for (const error of document.errors) this.#problemAt(error.pos[0], `this is not valid YAML: ${wordsOf(error.message)}`);
    if (document.errors.length > 0) return null;
    const root: unknown = document.contents;
    if (isMap(root)) return root;
    return this.#none("a policy file holds one mapping, with `name`, `description` and so on");
  }

  /** The entries of a mapping whose keys must be among `allowed`. */
  entries(map: YAMLMap, allowed: readonly string[], where: string): Entries {
    const entries = new Map<string, Entry>();
    for (const pair of map.items) {
      const key: unknown = pair.key;
      if (!isScalar(key) || typeof key.value !== "string") {
        this.problem(isScalar(key) ? key : map, `a key of ${where} must be a word`);
        continue;
      }
      const name = key.value;
      if (entries.has(name)) this.problem(key, `\`${name}\` stands twice in ${where}`);
      else if (!allowed.includes(name)) this.problem(key, `\`${name}\` is not known in ${where}; allowed are ${allowed.join(", ")}`);
      else entries.set(name, { key, value: asNode(pair.value) });
    }
    return entries;
  }

  /** The entries of a mapping whose keys are names that the file gives. */
  open(map: YAMLMap, where: string): Entries {
    const names = map.items.flatMap(({ key }) => (isScalar(key) && typeof key.value === "string" ? [key.value] : []));
    return this.entries(map, names, where);
  }

  /** A list of texts, none twice, at least one. */
  texts(node: Node | null, at: Node, what: string): readonly Text[] {
    if (!isSeq(node) || node.items.length === 0) {
      this.problem(node ?? at, `${what} must be a list with at least one entry`);
      return [];
    }
    const texts: Text[] = [];
    for (const item of node.items) {
      const text = this.text(asNode(item), node, `an entry of ${what}`);
      if (text === null) continue;
      if (texts.some(({ value }) => value === text.value)) this.problem(text.scalar, `\`${text.value}\` stands twice in ${what}`);
      else texts.push(text);
    }
    return texts;
  }

  /** Where a node stands. */
  place(node: Node): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(node.range?.[0] ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /** A value as text. Plain `true` and numbers are taken as they are written, since they are expressions too. */
  text(node: Node | null, at: Node, what: string): Text | null {
    if (node !== null && isTagged(node)) {
      // At the key: the node's own range begins only after the tag.
      this.problem(at, `${what} begins with \`!\`, which YAML takes for a tag: put it in quotes`);
      return null;
    }
    if (isScalar(node)) {
      if (typeof node.value === "string") return { value: node.value, scalar: node };
      const plain = typeof node.value === "boolean" || typeof node.value === "number";
      if (plain) return { value: node.source ?? String(node.value), scalar: node };
    }
    this.problem(node ?? at, `${what} must be text`);
    return null;
  }

  map(node: Node | null, at: Node, what: string): YAMLMap | null {
    if (isMap(node)) return node;
    this.problem(node ?? at, `${what} must be a mapping`);
    return null;
  }

  /** A list of words, each among `allowed`, none twice, at least one. */
  words<T extends string>(node: Node | null, at: Node, what: string, allowed: readonly T[]): readonly T[] {
    if (!isSeq(node) || node.items.length === 0) {
      this.problem(node ?? at, `${what} must be a list with at least one of ${allowed.join(", ")}`);
      return [];
    }
    const words: T[] = [];
    for (const item of node.items) {
      const word = isScalar(item) ? allowed.find((candidate) => candidate === item.value) : undefined;
      if (word === undefined) this.problem(asNode(item) ?? node, `${what} must be of ${allowed.join(", ")}`);
      else if (words.includes(word)) this.problem(asNode(item) ?? node, `\`${word}\` stands twice in ${what}`);
      else words.push(word);
    }
    return words;
  }

  problem(node: Node, message: string): void {
    this.#problemAt(node.range?.[0] ?? 0, message);
  }

  /** A problem at a character of a text's value. */
  problemIn(text: Text, at: number, message: string): void {
    this.#problemAt(this.#offsetIn(text, at), message);
  }

  /**
   * Where a character of a scalar's value stands in the file. Folding and indentation only add or take white space,
   * so the n-th visible character of the value is the n-th visible one of the source; quotes with escapes are the exception.
   */
  #offsetIn(text: Text, at: number): number {
    const range = text.scalar.range;
    if (range === undefined || range === null) return 0;
    const source = this.#text.slice(range[0], range[1]);
    const type = text.scalar.type;
    const escaped = (type === "QUOTE_DOUBLE" && source.includes("\\")) || (type === "QUOTE_SINGLE" && source.slice(1, -1).includes("''"));
    if (escaped || text.value.trim() === "") return range[0];
    const block = type === "BLOCK_FOLDED" || type === "BLOCK_LITERAL";
    const start = block ? source.indexOf("\n") + 1 : type === "PLAIN" ? 0 : 1;
    let left = text.value.slice(0, at).replaceAll(/\s/g, "").length;
    for (let index = start; index < source.length; index += 1) {
      if (/\s/.test(source.charAt(index))) continue;
      if (left === 0) return range[0] + index;
      left -= 1;
    }
    return range[1];
  }

  #none(message: string): null {
    this.#problemAt(0, message);
    return null;
  }

  #problemAt(offset: number, message: string): void {
    if (this.problems.length >= MOST_PROBLEMS) return;
    const { line, col } = this.#lines.linePos(offset);
    // The counter answers line 0 for a text without any line, such as an empty one.
    this.problems.push({ file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1), message });
  }
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;
}

function isTagged(node: Node): boolean {
  return isScalar(node) && node.tag !== undefined && !node.tag.startsWith("tag:yaml.org,2002:");
}

/** The library recurses, and what it tells of the end of the stack helps nobody. */
function wordsOf(message: string): string {
  return message.includes("call stack") ? "it is nested too deep" : message;
}
