import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import type { YamlValue } from "../yaml-document.ts";
import { compileManifestSchema, type ManifestRule, type ManifestScope } from "./manifest-rule.ts";
import { escaped, schemaProblems } from "./schema-keywords.ts";
import type { Entries, Entry, YamlReader } from "./yaml-reader.ts";

/** A schema is walked for each value of a manifest, so what it may ask is bounded. */
const MAX_VALUES = 1000;
const MAX_DEPTH = 32;

const MATCH_KEYS = ["apiVersion", "kind"] as const;
const NAME = /^[A-Za-z0-9*][A-Za-z0-9./*-]{0,99}$/;
const MAX_NAMES = 100;
const ANY: readonly string[] = ["*"];

/** Where each value of a schema stands in the file, by its JSON pointer. */
type Places = ReadonlyMap<string, Node>;

/** Reads `schema` and `match` of a policy. Null where there is no schema, or one that cannot be used. */
export function readManifestRule(reader: YamlReader, entries: Entries): ManifestRule | null {
  const [schema, match] = [entries.get("schema"), entries.get("match")];
  if (schema === undefined) {
    if (match !== undefined) reader.problem(match.key, "`match` says which manifests a `schema` is for, and there is none");
    return null;
  }
  const before = reader.problems.length;
  const scope = readMatch(reader, match);
  const read = new SchemaReader(reader).read(schema);
  if (read === null || reader.problems.length > before) return null;
  const tell = (pointer: string, message: string): void => reader.problem(placeOf(read.places, pointer) ?? schema.key, `\`schema\`: ${message}`);
  for (const { pointer, message } of schemaProblems(read.value)) tell(pointer, message);
  if (reader.problems.length > before) return null;
  const compiled = compileManifestSchema(read.value, scope);
  if (compiled.ok) return compiled.rule;
  for (const { pointer, message } of compiled.problems) tell(pointer, message);
  return null;
}

/** The value itself, or the nearest one around it. */
function placeOf(places: Places, pointer: string): Node | undefined {
  for (let path = pointer; ; path = path.slice(0, path.lastIndexOf("/"))) {
    const node = places.get(path);
    if (node !== undefined || path === "") return node;
  }
}

function readMatch(reader: YamlReader, entry: Entry | undefined): ManifestScope {
  const map = entry === undefined ? null : reader.map(entry.value, entry.key, "`match`");
  if (map === null) return { apiVersions: ANY, kinds: ANY };
  const lists = reader.entries(map, MATCH_KEYS, "`match`");
  if (map.items.length === 0) reader.problem(map, "`match` must name apiVersion, kind or both");
  return { apiVersions: readNames(reader, lists.get("apiVersion"), "`match.apiVersion`"), kinds: readNames(reader, lists.get("kind"), "`match.kind`") };
}

/** One name, or a list of them. */
function readNames(reader: YamlReader, entry: Entry | undefined, what: string): readonly string[] {
  if (entry === undefined) return ANY;
  const one = isSeq(entry.value) ? null : reader.text(entry.value, entry.key, what);
  const texts = isSeq(entry.value) ? reader.texts(entry.value, entry.key, what) : one === null ? [] : [one];
  if (texts.length > MAX_NAMES) reader.problem(entry.key, `${what} may have at most ${MAX_NAMES} names`);
  for (const { value, scalar } of texts) {
    if (!NAME.test(value)) reader.problem(scalar, `${what} must hold names, or patterns of them with \`*\`; "${value.slice(0, 60)}" is neither`);
  }
  return texts.map(({ value }) => value);
}

class SchemaReader {
  readonly #reader: YamlReader;
  readonly #places = new Map<string, Node>();
  #values = 0;

  constructor(reader: YamlReader) {
    this.#reader = reader;
  }

  read({ key, value }: Entry): { readonly value: YamlValue; readonly places: Places } | null {
    const before = this.#reader.problems.length;
    if (!isMap(value)) {
      this.#reader.problem(value ?? key, "`schema` must be a mapping: a JSON Schema");
      return null;
    }
    const plain = this.#valueOf(value, "", 0, key);
    return this.#reader.problems.length > before ? null : { value: plain, places: this.#places };
  }

  #valueOf(node: unknown, pointer: string, depth: number, at: Node): YamlValue {
    this.#values += 1;
    // Told once: nothing more is read after it.
    if (this.#values > MAX_VALUES) return this.#values === MAX_VALUES + 1 ? this.#refuse(at, `a schema may have at most ${MAX_VALUES} values`) : null;
    if (isAlias(node)) return this.#refuse(node, "aliases are not read in a schema: use `$ref: \"#/$defs/NAME\"`");
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null;
    if (depth > MAX_DEPTH) return this.#refuse(node, `a schema may be at most ${MAX_DEPTH} levels deep`);
    this.#places.set(pointer, node);
    if (isSeq(node)) return node.items.map((item, index) => this.#valueOf(item, `${pointer}/${index}`, depth + 1, node));
    if (isScalar(node)) return this.#scalar(node.value, node);
    const pairs: (readonly [string, YamlValue])[] = [];
    for (const [name, entry] of this.#reader.open(node, "a schema")) {
      pairs.push([name, this.#valueOf(entry.value, `${pointer}/${escaped(name)}`, depth + 1, entry.key)]);
    }
    return Object.fromEntries(pairs);
  }

  #scalar(value: unknown, node: Node): YamlValue {
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    return this.#refuse(node, "JSON has no value of this kind");
  }

  #refuse(node: Node, message: string): null {
    this.#reader.problem(node, `\`schema\`: ${message}`);
    return null;
  }
}
