import semver from "semver";
import { isSignatureTag } from "./image-reference.ts";
import { fitsPattern } from "./tag-pattern.ts";

/** Which tags may enter the first environments. */
export interface Select {
  readonly semver: string;
  /** Whether every prerelease in the range may be taken, and not only those that the range names. */
  readonly prereleases: boolean;
  /** Patterns, one of which a tag must fit; null lets all through. */
  readonly allow: readonly string[] | null;
  /** Patterns, none of which a tag may fit, whatever `allow` says. */
  readonly ignore: readonly string[];
}

export type Selection =
  | { readonly selected: string }
  /** Why no tag can be taken, for people. */
  | { readonly none: string };

/** `x.y.z`, with a leading `v` and a prerelease if it has them; a tag cannot carry build metadata (`+`). */
const VERSION_TAG = /^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

const LONGEST_RANGE = 256;

/**
 * The highest tag whose version is in the range.
 *
 * A tag counts only if it is a full `x.y.z` (Semantic Versioning 2.0.0; a leading `v` is allowed, leading zeros
 * are not), since a short one like `1` or `1.2` is usually a moving tag, and short numeric commit ids look like
 * versions. Ranges are those of npm's `semver`, which differ from Masterminds' (Flux, Argo CD Image Updater) over
 * prereleases: one is taken only if the range itself names a prerelease of the same `x.y.z`, as `>=1.3.0-rc.1`
 * does for `1.3.0-rc.2` but not for `1.4.0-rc.1`. With `prereleases` every one is taken that lies between the bounds, in
 * the order of Semantic Versioning: `<2.0.0` then takes in `2.0.0-rc.1`, which is before `2.0.0`; `<2.0.0-0` does not.
 *
 * Where two tags say the same version, the one without `v` is taken, so that the order of the list never matters.
 * Tags of signatures (`sha256-…`, `….sig`, `….att`, `….sbom`) are never taken.
 */
export function selectTag(tags: readonly string[], select: Select): Selection {
  const known = selections.get(tags);
  if (known?.select === select) return known.selection;
  const selection = selectAnew(tags, select);
  selections.set(tags, { select, selection });
  return selection;
}

/** What was last selected from a list. Lists and settings never change, and the same ones meet at every look until the registry is asked again. */
const selections = new WeakMap<readonly string[], { readonly select: Select; readonly selection: Selection }>();

function selectAnew(tags: readonly string[], select: Select): Selection {
  const problem = rangeProblem(select.semver);
  if (problem !== null) return { none: problem };
  const range = new semver.Range(select.semver, { includePrerelease: select.prereleases });
  let best: { readonly tag: string; readonly version: semver.SemVer } | null = null;
  let versions = 0;
  const permitted = tags.filter((tag) => isPermitted(tag, select));
  for (const tag of permitted) {
    const version = isSignatureTag(tag) ? null : versionOfTag(tag);
    if (version === null) continue;
    versions += 1;
    if (!range.test(version)) continue;
    const order = best === null ? 1 : semver.compare(version, best.version);
    if (best === null || order > 0 || (order === 0 && best.tag.startsWith("v"))) best = { tag, version };
  }
  if (best !== null) return { selected: best.tag };
  if (permitted.length === 0 && tags.length > 0) return { none: `none of ${tags.length} tags is let through by allow and ignore` };
  if (versions === 0) return { none: `none of ${permitted.length} tags is a version x.y.z` };
  return { none: `none of ${versions} versions is in the range ${select.semver}` };
}

function isPermitted(tag: string, { allow, ignore }: Select): boolean {
  if (ignore.some((pattern) => fitsPattern(pattern, tag))) return false;
  return allow === null || allow.some((pattern) => fitsPattern(pattern, tag));
}

/** What is wrong with a semver range, and what to write instead; null when it is sound. */
export function rangeProblem(range: string): string | null {
  if (range.trim() === "") return 'the semver range is empty: write "*" for any release';
  if (range.length > LONGEST_RANGE) return `the semver range is longer than ${LONGEST_RANGE} characters`;
  if (semver.validRange(range) !== null) return null;
  const hint = /-0\b/.test(range)
    ? 'prereleases are named by a full version, as in ">=1.3.0-0"'
    : 'write it as npm does, for example ">=1.0.0", "^1.2.0" or "1.x"';
  return `"${range}" is not a semver range: ${hint}`;
}

/**
 * How version `a` stands to version `b` by Semantic Versioning precedence. `v1.2.3` and `1.2.3` are the same; equal
 * texts are the same even if they are no versions. Everything else that is no full `x.y.z` is `unordered`.
 */
export function compareVersions(a: string, b: string): "newer" | "older" | "same" | "unordered" {
  if (a === b) return "same";
  const left = versionOfTag(a);
  const right = versionOfTag(b);
  if (left === null || right === null) return "unordered";
  const order = semver.compare(left, right);
  return order > 0 ? "newer" : order < 0 ? "older" : "same";
}

function versionOfTag(tag: string): semver.SemVer | null {
  return VERSION_TAG.test(tag) ? semver.parse(tag) : null;
}
