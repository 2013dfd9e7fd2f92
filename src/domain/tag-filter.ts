import { RE2JS, RE2JSException } from "re2js";

/** In characters, as is {@link LONGEST_EXTRACT}. */
export const LONGEST_PATTERN = 256;
export const LONGEST_EXTRACT = 128;
/** In instructions of the engine: a registry may list a hundred thousand tags, and each takes as many steps as it has characters, times this. */
const LARGEST_PROGRAM = 250;

/** `$1`, `$name` or `${name}`, as in Go's `Regexp.Expand`, which people know from Flux; `$$` is a dollar sign. */
const REFERENCE = /\$(?:(\$)|(\w+)|\{(\w+)\}|)/g;

/**
 * A regular expression for the whole tag, in the syntax of RE2 (https://github.com/google/re2/wiki/Syntax), and what is taken out of a tag to
 * order it by. RE2 takes steps in proportion to the length of the tag, whatever the pattern.
 */
export class TagFilter {
  readonly pattern: string;
  readonly extract: string | null;
  readonly #compiled: RE2JS;

  constructor(pattern: string, extract: string | null, compiled: RE2JS) {
    this.pattern = pattern;
    this.extract = extract;
    this.#compiled = compiled;
  }

  /**
   * What a tag is ordered by: the extract, or the tag itself where nothing is extracted. Null for a tag that the pattern does not fit as a whole, and for
   * one of which nothing is left.
   */
  keyOf(tag: string): string | null {
    const match = this.#compiled.matcher(tag);
    if (!match.matches()) return null;
    if (this.extract === null) return tag;
    const key = this.extract.replaceAll(REFERENCE, (_text, dollar?: string, plain?: string, braced?: string) =>
      dollar === undefined ? (match.group(groupOf(plain ?? braced ?? "")) ?? "") : "$",
    );
    return key === "" ? null : key;
  }
}

export type TagFilterResult =
  | { readonly ok: true; readonly filter: TagFilter }
  /** Says which of the two is wrong, and what to write instead. */
  | { readonly ok: false; readonly at: "pattern" | "extract"; readonly problem: string };

/** Compiles a filter once, when the configuration is read. */
export function tagFilter(pattern: string, extract: string | null): TagFilterResult {
  if (pattern.length > LONGEST_PATTERN) return { ok: false, at: "pattern", problem: `the pattern is longer than ${LONGEST_PATTERN} characters` };
  const compiled = compile(pattern);
  if ("problem" in compiled) return { ok: false, at: "pattern", problem: compiled.problem };
  const problem = extract === null ? null : extractProblem(extract, compiled.regexp);
  if (problem !== null) return { ok: false, at: "extract", problem };
  return { ok: true, filter: new TagFilter(pattern, extract, compiled.regexp) };
}

function compile(pattern: string): { readonly regexp: RE2JS } | { readonly problem: string } {
  try {
    const regexp = RE2JS.compile(pattern);
    if (regexp.programSize() <= LARGEST_PROGRAM) return { regexp };
    return { problem: `the pattern is too large to be tried on many tags: write fewer or smaller repetitions, as "[0-9]+" for "[0-9]{1,300}"` };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const said = error.message.replace(/^error parsing regexp: /, "");
    return { problem: `"${pattern}" is not a regular expression of RE2 (${said}): write it as for Flux or Go, without lookaround and backreferences` };
  }
}

function extractProblem(extract: string, regexp: RE2JS): string | null {
  if (extract.length > LONGEST_EXTRACT) return `the extract is longer than ${LONGEST_EXTRACT} characters`;
  const names = Object.keys(regexp.namedGroups());
  const count = regexp.groupCount();
  const references = [...extract.matchAll(REFERENCE)].filter(([, dollar]) => dollar === undefined);
  if (references.length === 0) return `"${extract}" takes nothing out of the tag: name a group of the pattern, as in "$1" for (…) or "$build" for (?<build>…)`;
  for (const [text, , plain, braced] of references) {
    const group = plain ?? braced ?? "";
    if (group === "") return `"${extract}" has a "$" without the group that it stands for: write "$1", "$name" or "\${name}", and "$$" for the sign itself`;
    const isThere = /^\d+$/.test(group) ? Number(group) <= count : names.includes(group);
    if (!isThere) return `"${text}" is no group of the pattern, which has ${groupsInWords(names, count)}`;
  }
  return null;
}

function groupsInWords(names: readonly string[], count: number): string {
  if (count === 0) return "none: put parentheses around what tags are ordered by";
  const numbers = count === 1 ? "$1" : `$1 to $${count}`;
  const after = `; what follows a name is parted from it by braces, as in "\${1}0"`;
  return `${[numbers, ...names.map((name) => `$${name}`)].join(", ")}${after}`;
}

function groupOf(name: string): string | number {
  return /^\d+$/.test(name) ? Number(name) : name;
}
