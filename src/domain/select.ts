import semver from "semver";
import { isSignatureTag } from "./image-reference.ts";
import { BY_ALPHABET, BY_NUMBER, BY_SEMVER, rankOf, type Ranking, type TagOrder } from "./ranking.ts";
import { fitsPattern } from "./tag-pattern.ts";

/** Which tags may be taken at all. */
interface Permitted extends Pick<TagOrder, "filter"> {
  /** Patterns, one of which a tag must fit; null lets all through. */
  readonly allow: readonly string[] | null;
  /** Patterns, none of which a tag may fit, whatever `allow` says. */
  readonly ignore: readonly string[];
}

/** Tags that are put in order, so that the newest of them is taken. */
export type OrderedTags =
  | (Permitted & {
      readonly by: "semver";
      readonly range: string;
      /** Whether every prerelease in the range may be taken, and not only those that the range names. */
      readonly prereleases: boolean;
    })
  | (Permitted & { readonly by: "numerical" | "alphabetical" });

/** One tag that is moved from image to image, as `main`: what it names now is taken. */
export interface MovingTag {
  readonly by: "tag";
  readonly tag: string;
}

/** Tags whose names say nothing of their age: the image that was built last is taken. */
export interface NewestBuild extends Permitted {
  readonly by: "build";
}

/** What may enter the first environments. */
export type Select = OrderedTags | MovingTag | NewestBuild;

export type Selection =
  | { readonly selected: string }
  /** Why no tag can be taken, for people. */
  | { readonly none: string };

const LONGEST_RANGE = 256;

/**
 * The newest tag by the app's order.
 *
 * By version, a tag (or what the filter takes out of it) counts only if it is a full `x.y.z` (Semantic Versioning 2.0.0; a leading `v` is allowed,
 * leading zeros are not), since a short one like `1` or `1.2` is usually a moving tag, and short numeric commit ids look like
 * versions. Ranges are those of npm's `semver`, which differ from Masterminds' (Flux, Argo CD Image Updater) over
 * prereleases: one is taken only if the range itself names a prerelease of the same `x.y.z`, as `>=1.3.0-rc.1`
 * does for `1.3.0-rc.2` but not for `1.4.0-rc.1`. With `prereleases` every one is taken that lies between the bounds, in
 * the order of Semantic Versioning: `<2.0.0` then takes in `2.0.0-rc.1`, which is before `2.0.0`; `<2.0.0-0` does not.
 *
 * By number, what is no number is left out. Where two tags stand at the same place, the first by the alphabet is taken (`1.2.3` before `v1.2.3`), so that the
 * order of the list never matters. Tags of signatures (`sha256-…`, `….sig`, `….att`, `….sbom`) are never taken.
 */
export function selectTag(tags: readonly string[], select: OrderedTags): Selection {
  const known = selections.get(tags);
  if (known?.select === select) return known.selection;
  const selection = selectAnew(tags, select);
  selections.set(tags, { select, selection });
  return selection;
}

/** What was last selected from a list. Lists and settings never change, and the same ones meet at every look until the registry is asked again. */
const selections = new WeakMap<readonly string[], { readonly select: OrderedTags; readonly selection: Selection }>();

function selectAnew(tags: readonly string[], select: OrderedTags): Selection {
  const permitted = tags.filter((tag) => isPermitted(tag, select));
  if (permitted.length === 0 && tags.length > 0) return { none: `none of ${tags.length} tags is let through by allow and ignore` };
  switch (select.by) {
    case "semver": {
      const problem = rangeProblem(select.range);
      if (problem !== null) return { none: problem };
      const range = new semver.Range(select.range, { includePrerelease: select.prereleases });
      const none = { unread: "a version x.y.z", outside: `versions is in the range ${select.range}` };
      return newest(permitted, select, BY_SEMVER, (version) => range.test(version), none);
    }
    case "numerical":
      return newest(permitted, select, BY_NUMBER, () => true, { unread: "a number", outside: "" });
    case "alphabetical":
      return newest(permitted, select, BY_ALPHABET, () => true, { unread: "a tag to order", outside: "" });
  }
}

function newest<R>(
  tags: readonly string[],
  order: TagOrder,
  ranking: Ranking<R>,
  isWanted: (rank: R) => boolean,
  none: { readonly unread: string; readonly outside: string },
): Selection {
  let best: { readonly tag: string; readonly rank: R } | null = null;
  let read = 0;
  for (const tag of tags) {
    const rank = isSignatureTag(tag) ? null : rankOf(ranking, tag, order);
    if (rank === null) continue;
    read += 1;
    if (!isWanted(rank)) continue;
    const difference = best === null ? 1 : ranking.compare(rank, best.rank);
    if (best === null || difference > 0 || (difference === 0 && tag < best.tag)) best = { tag, rank };
  }
  if (best !== null) return { selected: best.tag };
  if (read > 0) return { none: `none of ${read} ${none.outside}` };
  const fitting = order.filter === null ? "" : `fits the filter ${order.filter.pattern} and `;
  return { none: `none of ${tags.length} tags ${fitting}is ${none.unread}` };
}

/** Whether this tag could be taken, if it were the only one. */
export function isSelectable(tag: string, select: OrderedTags | NewestBuild): boolean {
  return select.by === "build" ? permittedTags([tag], select).length > 0 : "selected" in selectTag([tag], select);
}

/** The tags that may be images of this app, in any order. */
export function permittedTags(tags: readonly string[], select: NewestBuild): readonly string[] {
  const fits = (tag: string) => select.filter === null || select.filter.keyOf(tag) !== null;
  return tags.filter((tag) => isPermitted(tag, select) && !isSignatureTag(tag) && fits(tag));
}

function isPermitted(tag: string, { allow, ignore }: Permitted): boolean {
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
