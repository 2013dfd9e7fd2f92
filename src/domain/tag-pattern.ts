/** In characters. A tag has no more (OCI Distribution Specification, "Pulling manifests"). */
export const LONGEST_TAG_PATTERN = 128;

/** What tags are made of (OCI distribution-spec, "Pulling manifests"), and the two wildcards. */
const PATTERN = /^[a-zA-Z0-9_.*?-]+$/;

/** What is wrong with a pattern for tags, and what to write instead; null when it is sound. */
export function tagPatternProblem(pattern: string): string | null {
  if (pattern.length > LONGEST_TAG_PATTERN) return `the pattern is longer than ${LONGEST_TAG_PATTERN} characters`;
  if (PATTERN.test(pattern)) return null;
  return `"${pattern}" is not a pattern of tags: write letters, digits, "_", "." and "-", "*" for any characters and "?" for one, as in "*-debug"`;
}

/**
 * Whether a pattern fits the whole tag: `*` stands for any characters, also none, and `?` for exactly one. Takes at most the product of both
 * lengths in steps, unlike a regular expression that a user writes.
 */
export function fitsPattern(pattern: string, tag: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let starAt = 0;
  while (at < tag.length) {
    const wanted = pattern[inPattern];
    if (wanted === "*") {
      star = inPattern;
      starAt = at;
      inPattern += 1;
    } else if (wanted === "?" || wanted === tag[at]) {
      at += 1;
      inPattern += 1;
    } else if (star === -1) {
      return false;
    } else {
      // The last star takes one character more.
      starAt += 1;
      at = starAt;
      inPattern = star + 1;
    }
  }
  return /^\**$/.test(pattern.slice(inPattern));
}
