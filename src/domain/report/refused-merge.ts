/**
 * GitHub's words for rules that a promotion of Pinion's cannot meet by itself, and who can do what about it. They are GitHub's of
 * today; of others its words alone are told.
 */
const CURES: readonly (readonly [words: RegExp, cure: string])[] = [
  [/merge queue/i, "Pinion merges through the queue where it can read it: give the App the permission merge_queues: read, and accept it for this installation"],
  [
    /approving reviews?\b|code owner|review (?:is )?required/i,
    "Rules ask for it of every pull request: approve this one, or leave approvals to Pinion's own gate, for each environment",
  ],
  [/up.to.date|out of date|is behind/i, "Pinion updates no branch merely for being behind: turn that off in the rules, since it judges the result of the merge"],
  [/not authorized to push|cannot update this protected ref/i, "Let the App bypass that ruleset, or be among those who may push"],
  [
    /(?:merge method|squash merges?|merge commits?|rebase merges?)\b.*\bnot (?:be )?allowed|must not contain merge commits/i,
    "Allow squash merging in the repository's settings and in its rules",
  ],
];

/** What somebody can do where GitHub refused to let Pinion merge, as a sentence without its end, or null. */
export function cureOfRefusal(words: string): string | null {
  return CURES.find(([pattern]) => pattern.test(words))?.[1] ?? null;
}
