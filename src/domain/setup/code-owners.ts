/** A line of a CODEOWNERS file that counts. */
interface OwnersRule {
  readonly pattern: Pattern;
  readonly owners: readonly string[];
}

/** Who owns what, by GitHub's rules (docs.github.com, "About code owners"): the last line that matches decides. */
export interface CodeOwners {
  /** Where the file is. */
  readonly path: string;
  readonly rules: readonly OwnersRule[];
}

/** Where GitHub looks for the file; the first that is there counts. */
export const CODE_OWNERS_PATHS = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"] as const;

/**
 * Reads a CODEOWNERS file. Lines that GitHub leaves out are left out: negations, character ranges, an escaped `#`.
 * `without` are numbers of further lines, from 1, that do not count: GitHub itself tells of those whose owners it does not know.
 */
export function parseCodeOwners(path: string, text: string, without: ReadonlySet<number> = new Set()): CodeOwners {
  const rules = text.split(/\r?\n/).flatMap((line, index): OwnersRule[] => {
    if (without.has(index + 1)) return [];
    const [source, ...words] = wordsOf(line);
    if (source === undefined || source.startsWith("!") || source.startsWith("\\#") || /[[\]]/.test(source)) return [];
    return [{ pattern: patternOf(source.replaceAll(/\\(.)/g, "$1")), owners: words }];
  });
  return { path, rules };
}

/** A backslash keeps a space in a path; a `#` at the beginning of a word begins a comment. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/(?:\\.|[^\s\\])+/g) ?? [];
  const comment = words.findIndex((word) => word.startsWith("#"));
  return comment === -1 ? words : words.slice(0, comment);
}

/** The owners of a file; none where no line matches it, or the last that does names nobody. */
export function ownersOf({ rules }: CodeOwners, file: string): readonly string[] {
  const names = file.split("/");
  return rules.findLast(({ pattern }) => matches(pattern, names))?.owners ?? [];
}

/** The names of a path, each with `*` and `?`; null stands for any number of folders. */
type Pattern = readonly (string | null)[];

/**
 * As in a gitignore file: a pattern with a `/` before its end begins at the root, another one anywhere; one that names a folder takes
 * in all that is in it. Unlike there, `docs/*` takes in what is directly in the folder and nothing below.
 */
function patternOf(source: string): Pattern {
  const isFolder = source.endsWith("/");
  const body = source.replace(/^\//, "").replace(/\/$/, "");
  if (body === "") return ["/"];
  const names = body.split("/").map((name) => (name === "**" ? null : name));
  const anchored = source.startsWith("/") || body.includes("/");
  const start = anchored ? names : [null, ...names];
  const last = names.at(-1);
  if (isFolder || last === null) return last === null ? [...start, "*"] : [...start, "*", null];
  return last === "*" ? start : [...start, null];
}

function matches(pattern: Pattern, names: readonly string[]): boolean {
  return inSequence(pattern, names, (part) => part === null, (part, name) => part !== null && nameMatches(part, name));
}

function nameMatches(part: string, name: string): boolean {
  // Within a name, several stars are one.
  return inSequence(Array.from(part), Array.from(name), (character) => character === "*", (character, other) => character === "?" || character === other);
}

/** Whether a sequence fits a pattern in which some elements stand for any run; going back to the last of these is enough, so time is bounded by the product. */
function inSequence<P, T>(pattern: readonly P[], sequence: readonly T[], isRun: (part: P) => boolean, fits: (part: P, element: T) => boolean): boolean {
  let at = 0;
  let run: { readonly at: number; taken: number } | null = null;
  for (let index = 0; index < sequence.length; ) {
    const part = pattern[at];
    const element = sequence[index];
    if (part !== undefined && isRun(part)) {
      run = { at, taken: index };
      at += 1;
    } else if (part !== undefined && element !== undefined && fits(part, element)) {
      at += 1;
      index += 1;
    } else if (run !== null) {
      run.taken += 1;
      index = run.taken;
      at = run.at + 1;
    } else return false;
  }
  return pattern.slice(at).every((part) => isRun(part));
}
