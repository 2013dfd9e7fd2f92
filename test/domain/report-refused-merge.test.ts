import { expect, it } from "vitest";
import { cureOfRefusal } from "../../src/domain/report/refused-merge.ts";

it.each<[words: string, cure: RegExp | null]>([
  ["Repository rule violations found Changes must be made through the merge queue", /merge_queues: read/],
  ["At least 1 approving review is required by reviewers with write access.", /approve this one/],
  ["At least 2 approving reviews are required by reviewers with write access.", /approve this one/],
  ["Waiting on code owner review from acme/sre.", /approve this one/],
  ["Head branch is out of date. Review and try the merge again.", /merely for being behind/],
  ["You're not authorized to push to this branch.", /Let the App bypass/],
  ["Cannot update this protected ref.", /Let the App bypass/],
  ["Squash merges are not allowed on this repository.", /Allow squash merging/],
  ["Merge method squash merging is not allowed on this branch.", /Allow squash merging/],
  ["This branch must not contain merge commits.", /Allow squash merging/],
  ['Required status check "build" is expected.', null],
  ["Pull Request is still a draft", null],
  ["", null],
])("%s", (words, cure) => {
  const told = cureOfRefusal(words);
  if (cure === null) expect(told).toBeNull();
  else expect(told).toMatch(cure);
});
