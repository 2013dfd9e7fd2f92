import semver from "semver";
import type { TagFilter } from "./tag-filter.ts";

/** How texts of one kind are put in order. */
export interface Ranking<R> {
  /** What a text says, or null when it says nothing of this kind. */
  read(text: string): R | null;
  /** Above 0 when `a` is the newer. Antisymmetric and transitive. */
  compare(a: R, b: R): number;
}

/** `x.y.z`, with a leading `v` and a prerelease if it has them; a tag cannot carry build metadata (`+`). */
const VERSION = /^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** Full versions `x.y.z` by the precedence of Semantic Versioning 2.0.0 (§11); a leading `v` is allowed, leading zeros are not. */
export const BY_SEMVER: Ranking<semver.SemVer> = {
  read: (text) => (VERSION.test(text) ? semver.parse(text) : null),
  compare: (a, b) => semver.compare(a, b),
};

/** A decimal number, exactly: `digits` tenths, hundredths and so on, by `scale`. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const NUMBER = /^(-?\d+)(?:\.(\d+))?$/;
/** As a tag is at most (OCI distribution-spec, "Pulling manifests"). */
const LONGEST_NUMBER = 128;

/** Whole numbers and decimals of any length, compared exactly: a number of milliseconds and a hash's digits do not fit into a float. */
export const BY_NUMBER: Ranking<Decimal> = {
  read(text) {
    const [, whole, fraction = ""] = (text.length <= LONGEST_NUMBER ? NUMBER.exec(text) : null) ?? [];
    return whole === undefined ? null : { digits: BigInt(`${whole}${fraction}`), scale: fraction.length };
  },
  compare(a, b) {
    const [left, right] = [a.digits * 10n ** BigInt(b.scale), b.digits * 10n ** BigInt(a.scale)];
    return left > right ? 1 : left < right ? -1 : 0;
  },
};

/** By the code of the first character that differs, as tags are ASCII: upper case before lower case, `10` before `9`. */
export const BY_ALPHABET: Ranking<string> = {
  read: (text) => text,
  compare: (a, b) => (a > b ? 1 : a < b ? -1 : 0),
};

/** What an app's tags are ordered by, and what of them. */
export interface TagOrder {
  readonly by: "semver" | "numerical" | "alphabetical";
  /** Null where the whole tag is compared, and any may be. */
  readonly filter: TagFilter | null;
}

export type Comparison = "newer" | "older" | "same" | "unordered";

/**
 * How tag `a` stands to tag `b`. Equal texts are the same, whatever they say; else both must fit the filter and say something of the kind that is ordered,
 * or they are `unordered`.
 */
export function compareTags(a: string, b: string, order: TagOrder): Comparison {
  if (a === b) return "same";
  switch (order.by) {
    case "semver":
      return compareBy(BY_SEMVER, a, b, order);
    case "numerical":
      return compareBy(BY_NUMBER, a, b, order);
    case "alphabetical":
      return compareBy(BY_ALPHABET, a, b, order);
  }
}

function compareBy<R>(ranking: Ranking<R>, a: string, b: string, order: TagOrder): Comparison {
  const [left, right] = [rankOf(ranking, a, order), rankOf(ranking, b, order)];
  if (left === null || right === null) return "unordered";
  const difference = ranking.compare(left, right);
  return difference > 0 ? "newer" : difference < 0 ? "older" : "same";
}

/** Where a tag stands, or null when it has no place in this order. */
export function rankOf<R>(ranking: Ranking<R>, tag: string, { filter }: TagOrder): R | null {
  const key = filter === null ? tag : filter.keyOf(tag);
  return key === null ? null : ranking.read(key);
}

/** Whether a tag has a place in this order at all. */
export function isRanked(tag: string, order: TagOrder): boolean {
  switch (order.by) {
    case "semver":
      return rankOf(BY_SEMVER, tag, order) !== null;
    case "numerical":
      return rankOf(BY_NUMBER, tag, order) !== null;
    case "alphabetical":
      return rankOf(BY_ALPHABET, tag, order) !== null;
  }
}

/** Whether a tag is a full version `x.y.z`. */
export function isVersionTag(tag: string): boolean {
  return BY_SEMVER.read(tag) !== null;
}
