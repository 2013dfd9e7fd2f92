import type { Config } from "../config.ts";
import type { AppName } from "../release.ts";
import { didYouMean } from "../suggest.ts";
import { parsePolicy } from "./policy-file.ts";
import type { Policy, PolicyProblem, PolicySet } from "./policy-set.ts";
import { fitsOne, type PlacedPattern } from "./scope.ts";

/** Where a repository's own policies live on its default branch, with a slash at the end. */
export const POLICIES_FOLDER = ".github/pinion/policies/";

/** More than anyone reads; judging stays quick. */
export const MOST_POLICY_FILES = 100;
/** Of all files together. Whoever opens a pull request may bring them, and text made for it costs the parser a hundredth of a millisecond for each character. */
const MOST_CHARACTERS = 256 * 1024;
/** More than anyone mends in one go; files after that are not read. */
const MOST_PROBLEMS = 100;

/** A file of that folder, or a folder in it, with `/` at the end. `text` is null where it is too large, no UTF-8, or no file itself. */
export interface PolicyFile {
  readonly path: string;
  readonly text: string | null;
}

export type OwnPolicies =
  { readonly ok: true; readonly policies: readonly Policy[] } | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/**
 * Whether something is taken for a policy, perhaps for one that stands in the wrong place: cases (`NAME.test.yaml`), and what is no YAML, stand
 * beside them. Nothing that somebody might take for a rule is passed over: it would judge nothing, and nobody would notice. So it is with what stands
 * in the place of the folder itself, such as a link.
 */
export function isPolicyPath(path: string): boolean {
  if (isInPlaceOf(path)) return true;
  const name = path.slice(POLICIES_FOLDER.length);
  return path.startsWith(POLICIES_FOLDER) && (name.includes("/") || (/\.ya?ml$/i.test(name) && !name.endsWith(".test.yaml")));
}

/** Whether nothing that is called so, and is no folder, leaves room for the policies. */
function isInPlaceOf(path: string): boolean {
  return POLICIES_FOLDER.startsWith(`${path}/`);
}

/** Whether its text is read: of the others the name alone tells what is wrong. */
export function isReadAsPolicy(path: string): boolean {
  return isPolicyPath(path) && path.endsWith(".yaml") && !path.slice(POLICIES_FOLDER.length).includes("/");
}

/** Why a file is none that is read as a policy, whatever is in it, and what to do; or null. */
function misplaced({ path, text }: PolicyFile): string | null {
  if (isInPlaceOf(path)) return `this must be a folder, and is a link, a submodule or a file, so that no policy in ${POLICIES_FOLDER} is read: put the folder itself here`;
  const isBelow = path.endsWith("/") || (path.startsWith(POLICIES_FOLDER) && path.slice(POLICIES_FOLDER.length).includes("/"));
  if (isBelow) return "policies are read from this folder alone, and not from folders in it: move its policies up, and all else elsewhere";
  if (!path.endsWith(".yaml")) return "policies are files that end in .yaml: rename it, or nobody would know whether it judges";
  return text === null ? "the file is larger than Pinion reads, no UTF-8 text, or a link to another one: put the policy itself here" : null;
}

/** Reads a repository's own policies. All problems of all files are told at once; with one of them none of the policies counts. */
export function readOwnPolicies(files: readonly PolicyFile[], shipped: PolicySet): OwnPolicies {
  const policies: Policy[] = [];
  const problems: PolicyProblem[] = [];
  const note = (file: string, message: string): void => void problems.push({ file, line: 1, column: 1, message });
  const [tooMany] = files.slice(MOST_POLICY_FILES);
  if (tooMany !== undefined) note(tooMany.path, `a repository may have at most ${MOST_POLICY_FILES} policies of its own, and this has ${files.length}`);
  let characters = 0;
  for (const { path, text } of files.slice(0, MOST_POLICY_FILES)) {
    characters += text?.length ?? 0;
    if (characters > MOST_CHARACTERS) {
      note(path, `a repository's own policies may have at most ${MOST_CHARACTERS} characters together: this file, and those after it, were not read`);
      break;
    }
    if (problems.length >= MOST_PROBLEMS) {
      note(path, "this file, and those after it, were not read: mend those before it first");
      break;
    }
    const wrong = misplaced({ path, text });
    if (wrong !== null) note(path, wrong);
    else if (text !== null) {
      const parsed = parsePolicy(path, text);
      if (parsed.ok) policies.push(parsed.policy);
      else problems.push(...parsed.problems);
    }
  }
  problems.push(...namesTaken(policies, shipped));
  return problems.length === 0 ? { ok: true, policies } : { ok: false, problems };
}

/** No file can quietly replace another policy: a second one of its name is refused, and a shipped one only gives way to an `override`. */
function namesTaken(policies: readonly Policy[], shipped: PolicySet): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const taken = new Map<string, Policy>();
  const theirs = new Set(shipped.policies.map(({ name }) => name));
  for (const policy of policies) {
    const { name, file, override, nameAt } = policy;
    const first = taken.get(name);
    if (first === undefined) taken.set(name, policy);
    if (first !== undefined) problems.push({ file, ...nameAt, message: `the name ${name} is taken by ${first.file}: choose another` });
    else if (theirs.has(name) && override === null) {
      const cure = "choose another name; or say why this one takes its place, with `override: <reason>`, which every check will tell";
      problems.push({ file, ...nameAt, message: `${name} is a policy that comes with Pinion: ${cure}` });
    } else if (!theirs.has(name) && override !== null) {
      problems.push({ file, ...nameAt, message: `there is no policy ${name} that comes with Pinion, and so nothing to override: take \`override\` out` });
    }
  }
  return problems;
}

/** The shipped policies and a repository's own: one that overrides stands in the place of what it overrides. */
export function withOwn(shipped: PolicySet, own: readonly Policy[]): PolicySet {
  if (own.length === 0) return shipped;
  const byName = new Map(own.map((policy) => [policy.name, policy]));
  const names = new Set(shipped.policies.map(({ name }) => name));
  return {
    policies: [...shipped.policies.map((policy) => byName.get(policy.name) ?? policy), ...own.filter(({ name }) => !names.has(name))],
  };
}

/** What policies say of environments that the configuration does not have: such a rule would judge nothing, and nobody would notice. */
export function unmatchedEnvironments(own: readonly Policy[], config: Config): readonly PolicyProblem[] {
  const names = config.environments.map(({ name }) => name);
  return own.flatMap(({ file, environments }) =>
    unmatched(environments, names).map(({ pattern, line, column }) => {
      return { file, line, column, message: `no environment ${fitsWord(pattern)} "${pattern}"; there are ${names.join(", ")}` };
    }),
  );
}

/** What policies say of apps of which there are none now. No mistake must be behind it: apps come and go. */
export function unmatchedApps(policies: readonly Policy[], apps: readonly AppName[]): readonly PolicyProblem[] {
  return policies.flatMap(({ file, apps: patterns }) =>
    unmatched(patterns, apps).map(({ pattern, line, column }) => {
      const message = `no app ${fitsWord(pattern)} "${pattern}" now, so this judges none.${didYouMean(pattern, apps)}`;
      return { file, line, column, message };
    }),
  );
}

function unmatched(patterns: readonly PlacedPattern[], names: readonly string[]): readonly PlacedPattern[] {
  return patterns.filter(({ pattern }) => !names.some((name) => fitsOne([pattern], name)));
}

function fitsWord(pattern: string): string {
  return pattern.includes("*") ? "fits" : "is called";
}
