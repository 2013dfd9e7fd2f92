import type { Node, YAMLMap } from "yaml";
import { compileExpression, CONDITION, languageWith, MOMENT, type Expression, type Language, type Wanted } from "./cel.ts";
import { readParameters } from "./parameter-file.ts";
import type { Policy, PolicyProblem } from "./policy-set.ts";
import { EVERYWHERE, readScope } from "./scope.ts";
import { readManifestRule } from "./schema-file.ts";
import { compileTemplate, type Template } from "./template.ts";
import { YamlReader, type Entries, type Entry } from "./yaml-reader.ts";

export type PolicyResult =
  { readonly ok: true; readonly policy: Policy } | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

const KEYS = [
  "name",
  "description",
  "docs",
  "override",
  "applies",
  "parameters",
  "enforce",
  "warn",
  "when",
  "wait",
  "until",
  "pass",
  "match",
  "schema",
  "messages",
] as const;
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const MAX_NAME = 60;
const MAX_DESCRIPTION = 1000;

/**
 * Reads one policy file. All its problems are told at once. What the keys mean is said on {@link Policy};
 * `applies` and `warn` name kinds, origins, environments and apps, and a list left out means all of them.
 */
export function parsePolicy(file: string, text: string): PolicyResult {
  const reader = new YamlReader(file, text);
  const root = reader.root();
  if (root === null) return { ok: false, problems: reader.problems };
  const entries = reader.entries(root, KEYS, "a policy");
  const parameters = readParameters(reader, entries.get("parameters"));
  const source: Source = { reader, root, entries, language: languageWith(parameters), missing: [] };
  const name = readName(source);
  const description = readText(source, "description", MAX_DESCRIPTION);
  const docs = entries.has("docs") ? readText(source, "docs", MAX_DESCRIPTION) : "";
  const enforce = readEnforce(source);
  const override = entries.has("override") ? readText(source, "override", MAX_DESCRIPTION) : null;
  const applies = readScope(reader, entries.get("applies"), "applies");
  const warn = readScope(reader, entries.get("warn"), "warn");
  const conditions = { ...readConditions(source), schema: readManifestRule(reader, entries) };
  const messages = readMessages(source);
  requireTogether(source, enforce, messages);
  if (source.missing.length > 0) reader.problem(root, missingText(source.missing));
  if (reader.problems.length > 0 || name === null || description === null || docs === null || enforce === null || messages.pass === null) {
    return { ok: false, problems: reader.problems.toSorted((a, b) => a.line - b.line || a.column - b.column) };
  }
  const { pass, fail, wait } = messages;
  const scopes = {
    applies: applies?.scope ?? EVERYWHERE,
    warn: warn?.scope ?? null,
    environments: [...(applies?.environments ?? []), ...(warn?.environments ?? [])],
    apps: [...(applies?.apps ?? []), ...(warn?.apps ?? [])],
  };
  const nameAt = reader.place(entries.get("name")?.value ?? root);
  const said = { name, nameAt, file, description, docs, override, enforce };
  return { ok: true, policy: { ...said, ...scopes, parameters, onlyWhenNamed: false, ...conditions, messages: { pass, fail, wait } } };
}

interface Source {
  readonly reader: YamlReader;
  readonly root: YAMLMap;
  readonly entries: Entries;
  readonly language: Language;
  /** Keys that must be there and are not. */
  readonly missing: string[];
}

function missingText(keys: readonly string[]): string {
  const named = keys.map((key) => `\`${key}\``);
  const last = named.at(-1) ?? "";
  return named.length === 1 ? `${last} is missing` : `${named.slice(0, -1).join(", ")} and ${last} are missing`;
}

interface Messages {
  readonly pass: Template | null;
  readonly fail: Template | null;
  readonly wait: Template | null;
  readonly given: ReadonlySet<string>;
}

function readName(source: Source): string | null {
  const text = readText(source, "name", MAX_NAME);
  if (text === null || NAME.test(text)) return text;
  source.reader.problem(source.entries.get("name")?.value ?? source.root, "`name` must be lower-case words joined by `-`");
  return null;
}

function readText({ reader, entries, missing }: Source, key: string, limit: number): string | null {
  const entry = entries.get(key);
  if (entry === undefined) {
    missing.push(key);
    return null;
  }
  const text = reader.text(entry.value, entry.key, `\`${key}\``);
  if (text === null) return null;
  const words = text.value.replaceAll(/\s+/g, " ").trim();
  if (words !== "" && words.length <= limit) return words;
  reader.problem(text.scalar, words === "" ? `\`${key}\` is empty` : `\`${key}\` may have at most ${limit} characters`);
  return null;
}

function readEnforce(source: Source): Policy["enforce"] | null {
  const enforce = readText(source, "enforce", MAX_DESCRIPTION);
  if (enforce === null || enforce === "block" || enforce === "warn") return enforce;
  source.reader.problem(source.entries.get("enforce")?.value ?? source.root, "`enforce` must be block or warn");
  return null;
}

function readConditions(source: Source): Pick<Policy, "when" | "wait" | "until" | "pass"> {
  return {
    when: readExpression(source, "when", CONDITION),
    wait: readExpression(source, "wait", CONDITION),
    until: readExpression(source, "until", MOMENT),
    pass: readExpression(source, "pass", CONDITION),
  };
}

function readExpression<T>({ reader, entries, language }: Source, key: string, wanted: Wanted<T>): Expression<T> | null {
  const entry = entries.get(key);
  if (entry === undefined) return null;
  const text = reader.text(entry.value, entry.key, `\`${key}\``);
  if (text === null) return null;
  const compiled = compileExpression(text.value, wanted, language);
  if (compiled.ok) return compiled.expression;
  for (const problem of compiled.problems) reader.problemIn(text, problem.at, `\`${key}\`: ${problem.message}`);
  return null;
}

function readMessages({ reader, entries, language, missing }: Source): Messages {
  const entry = entries.get("messages");
  const none: Messages = { pass: null, fail: null, wait: null, given: new Set() };
  if (entry === undefined) {
    missing.push("messages");
    return none;
  }
  const map = reader.map(entry.value, entry.key, "`messages`");
  if (map === null) return none;
  const texts = reader.entries(map, ["pass", "fail", "wait"], "`messages`");
  if (!texts.has("pass")) reader.problem(map, "`messages.pass` is missing");
  const read = (key: string): Template | null => readTemplate(reader, language, texts.get(key), `\`messages.${key}\``);
  return { pass: read("pass"), fail: read("fail"), wait: read("wait"), given: new Set(texts.keys()) };
}

function readTemplate(reader: YamlReader, language: Language, entry: Entry | undefined, what: string): Template | null {
  if (entry === undefined) return null;
  const text = reader.text(entry.value, entry.key, what);
  if (text === null) return null;
  const compiled = compileTemplate(text.value, language);
  if (compiled.ok) return compiled.template;
  for (const problem of compiled.problems) reader.problemIn(text, problem.at, `${what}: ${problem.message}`);
  return null;
}

/** A key that only makes sense beside another one. A message that can never be shown is a mistake, too. */
function requireTogether({ reader, root, entries }: Source, enforce: Policy["enforce"] | null, messages: Messages): void {
  const at = (key: string): Node => entries.get(key)?.key ?? root;
  const schema = entries.has("schema");
  for (const key of schema ? (["wait", "until", "pass"] as const) : []) {
    if (entries.has(key)) reader.problem(at(key), `\`${key}\` stands beside \`schema\`, which judges alone: make two policies of it`);
  }
  if (!schema && !entries.has("pass") && !entries.has("wait")) reader.problem(root, "a policy needs `pass`, `wait` or both, or `schema`");
  if (entries.has("until") && !entries.has("wait")) reader.problem(at("until"), "`until` says how long to wait, so it needs `wait`");
  if (entries.has("warn") && enforce === "warn") {
    reader.problem(at("warn"), "`warn` softens a policy with `enforce: block`; this one only warns anyway");
  }
  if (!entries.has("messages")) return;
  for (const [condition, message] of [
    ["pass", "fail"],
    ["wait", "wait"],
  ] as const) {
    const shown = entries.has(condition) || (schema && condition === "pass");
    if (shown && !messages.given.has(message)) reader.problem(at("messages"), `\`messages.${message}\` is missing`);
    if (!shown && messages.given.has(message)) {
      reader.problem(at("messages"), `\`messages.${message}\` is never shown, since there is no \`${condition}\``);
    }
  }
}
