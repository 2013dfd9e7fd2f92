import type { Fact } from "./facts.ts";

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

/** What is wrong where code owners are asked for, and there is no such file. */
export const NO_CODE_OWNERS = {
  problem: "`codeOwners: true` asks for code owners, and there is no CODEOWNERS file on the default branch",
  cure: `Add ${CODE_OWNERS_PATHS[0]} there, or take \`codeOwners\` out of the configuration`,
} as const;

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
  const names = file.split("/").map((name) => ({ name, characters: Array.from(name) }));
  return rules.findLast(({ pattern }) => matches(pattern, names))?.owners ?? [];
}

/** Files that have the same owners, each of whom may answer for them. */
export interface OwnedFiles {
  readonly owners: readonly string[];
  readonly files: readonly string[];
}

/** Files times lines. Both can be long, and comparing them keeps everybody else waiting. */
const MOST_COMPARISONS = 500_000;

/** Who has to answer for these files; those without an owner are left out. */
export function ownedFiles(codeOwners: CodeOwners, files: readonly string[]): Fact<readonly OwnedFiles[]> {
  const { path, rules } = codeOwners;
  if (files.length * rules.length > MOST_COMPARISONS) {
    const sizes = `${files.length} files by ${rules.length} lines of ${path}`;
    return { unknown: `who owns what it changes takes too long to tell: ${sizes}; split it into smaller pull requests` };
  }
  const owned = files.map((file) => ({ file, owners: ownersOf(codeOwners, file) })).filter(({ owners }) => owners.length > 0);
  const groups = [...Map.groupBy(owned, ({ owners }) => owners.join(" ")).values()];
  return groups.map((group) => ({ owners: group[0]?.owners ?? [], files: group.map(({ file }) => file) }));
}

/** An owner as a CODEOWNERS file names it. */
export type Owner =
  | { readonly kind: "user"; readonly login: string }
  | { readonly kind: "team"; readonly team: string }
  /** Nobody can be told to be it. */
  | { readonly kind: "untold"; readonly why: string };

/** `organisation` is whose repository it is: only its own teams can be owners. */
export function ownerNamed(name: string, organisation: string): Owner {
  const [, login, team] = /^@([A-Za-z0-9][A-Za-z0-9_-]*)(?:\/([A-Za-z0-9_][A-Za-z0-9_.-]*))?$/.exec(name) ?? [];
  if (login === undefined) {
    const why = name.includes("@") && !name.startsWith("@") ? "an e-mail address does not tell whose account it is" : "it is neither a person nor a team";
    return { kind: "untold", why: `${why}; write @login or @organisation/team` };
  }
  if (team === undefined) return { kind: "user", login };
  if (login.toLowerCase() === organisation.toLowerCase()) return { kind: "team", team: team.toLowerCase() };
  return { kind: "untold", why: `it is a team of ${login}, and only teams of ${organisation} are read` };
}

/** The names of a path, each with `*` and `?`; null stands for any number of folders. */
type Pattern = readonly (NamePattern | null)[];

interface NamePattern {
  readonly source: string;
  /** Null where it stands for itself alone. */
  readonly characters: readonly string[] | null;
}

interface PathName {
  readonly name: string;
  readonly characters: readonly string[];
}

/**
 * As in a gitignore file: a pattern with a `/` before its end begins at the root, another one anywhere; one that names a folder takes
 * in all that is in it. Unlike there, `docs/*` takes in what is directly in the folder and nothing below.
 */
function patternOf(source: string): Pattern {
  const isFolder = source.endsWith("/");
  const body = source.replace(/^\//, "").replace(/\/$/, "");
  if (body === "") return [namePattern("/")];
  const names = body.split("/").map((name) => (name === "**" ? null : namePattern(name)));
  const anchored = source.startsWith("/") || body.includes("/");
  const start = anchored ? names : [null, ...names];
  const last = names.at(-1) ?? null;
  if (isFolder || last === null) return last === null ? [...start, ANY] : [...start, ANY, null];
  return last.source === "*" ? start : [...start, null];
}

function namePattern(source: string): NamePattern {
  return { source, characters: /[*?]/.test(source) ? Array.from(source) : null };
}

const ANY = namePattern("*");

function matches(pattern: Pattern, names: readonly PathName[]): boolean {
  return inSequence(pattern, names, (part) => part === null, (part, name) => part !== null && nameMatches(part, name));
}

function nameMatches({ source, characters }: NamePattern, { name, characters: others }: PathName): boolean {
  if (characters === null) return source === name;
  // Within a name, several stars are one.
  return inSequence(characters, others, (character) => character === "*", (character, other) => character === "?" || character === other);
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
