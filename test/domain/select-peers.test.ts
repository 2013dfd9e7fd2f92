import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/domain/config-file.ts";
import { compareTags } from "../../src/domain/ranking.ts";
import { rangeProblem, selectTag } from "../../src/domain/select.ts";

const DOCS = readFileSync(join(import.meta.dirname, "../../docs/selecting.md"), "utf8");

const SHORT = ["0.1", "0.5.1", "0.9", "1.0", "1.0.1", "1.1.2", "2.0.3"];
const LETTERS = ["zz", "bb", "yy", "cc", "aa", "ll"];
const UBUNTU = ["16.04", "16.04.1", "16.10", "20.04", "20.10"];
const RELEASES = ["xenial", "yakkety", "zesty", "artful", "bionic"];
const STAMPS = ["1606234201", "1606364286", "1606334092"];
const DATES = ["2021-01-08T21-18-21Z", "1990-01-08T00-20-00Z", "2023-05-08T00-20-00Z"];
const FLUX = ["0.1.0", "0.1.1", "0.2.0", "1.0.0", "1.0.1", "1.0.2", "1.1.0-alpha"];
const BRANCHES = ["test-0.1.0", "test-0.1.1", "dev-0.2.0", "1.0.0", "1.0.1", "1.1.0-alpha"];
const KARGO = ["5.0.0", "0.0.1", "0.2.1", "0.1.1", "1.1.1", "7.0.6", "1.0.0", "1.0.2"];
const COMMIT = "0123456789012345678901234567890123abcdef";
const PYTHON = ["3.7.0", "3.7-alpine", "3.7.0b1", "3.7.0b5", "3.8.0b1-alpine", "3.8.0-alpine", "3.8.0", "3.8.2"];

/** What is selected of these tags, or the first mistake of the configuration. */
function outcome(tags: readonly string[], select: string): string | null {
  const parsed = parseConfig(`version: 1\nenvironments: { dev: }\napps: { discover: ["{app}/{env}/kustomization.yaml"], defaults: { select: ${select} } }\n`);
  if (!parsed.ok) return "a mistake";
  const { select: by } = parsed.config.defaults;
  if (by.by === "tag" || by.by === "build") throw new Error("that is not selected by the tags alone");
  const result = selectTag(tags, by);
  return "selected" in result ? result.selected : null;
}

/** From the tests of Argo CD Image Updater, Flux, Kargo and Masterminds' semver: what they take, and what Pinion takes. `error`: they refuse all. */
interface Case {
  readonly whose: string;
  readonly tags: readonly string[];
  readonly select: string;
  readonly theirs: string | null;
  readonly ours: string | null;
  /** What docs/selecting.md calls the difference; empty where there is none. */
  readonly said: string;
}

type Row = readonly [whose: string, tags: readonly string[], select: string, theirs: string | null, ours?: string | null, said?: string];

const ROWS: readonly Row[] = [
  ["Image Updater", SHORT, "{ semver: '*' }", "2.0.3"],
  ["Image Updater", SHORT, "{ semver: ^1.0 }", "1.1.2"],
  ["Image Updater", SHORT, "{ semver: ~1.0 }", "1.0.1"],
  ["Image Updater", ["v2.2.0", "v2.3.0-rc.0.18.g1abb7b5dd-ppc64le"], "{ semver: '*' }", "v2.2.0"],
  ["Image Updater", ["0.1", "0.5.1", "0.9", "2.0.3"], "{ semver: ~1.0 }", null],
  ["Image Updater", SHORT, "{ semver: latest }", "error", "a mistake", "a range that is none"],
  ["Image Updater", LETTERS, "{ semver: '*' }", null],
  ["Image Updater", LETTERS, "{ order: alphabetical }", "zz"],
  ["Image Updater", ["tag1", "tag2", "tag10", "foo"], "{ order: alphabetical, ignore: ['tag?', foo] }", "tag10"],
  ["Image Updater", ["tag1"], "{ order: alphabetical, allow: [other] }", null],
  ["Image Updater", ["tag1"], "{ order: alphabetical, allow: ['not-regexp:a-z'] }", null, "a mistake", "a mistake in one is an error"],
  ["Image Updater", ["tag1"], "{ order: alphabetical, allow: [ANY] }", "tag1", null, "patterns to allow and to ignore"],
  ["Flux", ["1.0.0", "1.0.0.1", "1.0.0p", "1.0.1", "1.2.0", "0.1.0"], "{ semver: 1.0.x }", "1.0.1"],
  ["Flux", ["v1.2.3", "v1.0.0", "v0.1.0"], "{ semver: 1.0.x }", "v1.0.0"],
  ["Flux", ["b1.2.3", "b1.0.0", "b0.1.0"], "{ semver: 1.0.x }", "error", null, "nothing in the range"],
  ["Flux", ["1.2.0"], "{ semver: 1.0.x }", "error", null, "nothing in the range"],
  ["Flux", UBUNTU, "{ order: alphabetical }", "20.10"],
  ["Flux, descending", UBUNTU, "{ order: alphabetical }", "16.04", "20.10", "the smallest number, or the first by the alphabet"],
  ["Flux", RELEASES, "{ order: alphabetical }", "zesty"],
  ["Flux, descending", RELEASES, "{ order: alphabetical }", "artful", "zesty", "the smallest number, or the first by the alphabet"],
  ["Flux", STAMPS, "{ order: alphabetical }", "1606364286"],
  ["Flux", STAMPS.map((stamp) => `rel-${stamp}`), "{ order: alphabetical }", "rel-1606364286"],
  ["Flux", DATES, "{ order: alphabetical }", "2023-05-08T00-20-00Z"],
  ["Flux", ["-62", "-88", "73", "72", "15", "16", "15", "29", "-33", "-91"], "{ order: numerical }", "73"],
  ["Flux, descending", ["5", "-8", "-78", "25", "70"], "{ order: numerical }", "-78", "70", "the smallest number, or the first by the alphabet"],
  ["Flux", ["0", "1a", "b"], "{ order: numerical }", "error", "0", "a tag that is no number, in a numerical order"],
  ["Flux", ["ver1", "ver2", "ver3", "rel1"], "{ order: numerical, filter: { pattern: 'ver(\\d+)', extract: $1 } }", "ver3"],
  ["Flux", [`123-${COMMIT}-debug`, `123-${COMMIT}`], "{ order: alphabetical, filter: { pattern: '^(?P<tag>[0-9]+-[0-9a-f]{40}$)', extract: $tag } }", `123-${COMMIT}`],
  ["Flux", FLUX, "{ semver: 1.0.x }", "1.0.2"],
  ["Flux", FLUX, "{ semver: '*-*' }", "error", "a mistake", "a range that is none"],
  ["Flux", BRANCHES, "{ semver: '>=0.x', filter: { pattern: '^test-(.*)$', extract: $1 } }", "test-0.1.1"],
  ["Flux", BRANCHES, "{ semver: '>=0.x', filter: { pattern: '^test-(.*', extract: $1 } }", "error", "a mistake", "what does not compile"],
  ["Flux", ["v1.0.0", "v2.0.0", "v1.0.1", "v1.2.0"], "{ semver: v1.0.x }", "v1.0.1"],
  ["Flux", ["1.0.0", "2.0.0", "1.0.1", "1.2.0"], "{ semver: v1.0.x }", "1.0.1"],
  ["Flux", ["v1.0.0", "v2.0.0", "v1.0.1", "v1.2.0"], "{ semver: 1.0.x }", "v1.0.1"],
  ["Flux", ["1.0.0", "1.0.0-rc.1", "1.0.0-rc.2", "1.0.0-rc.3", "1.0.1-rc.2"], "{ order: numerical, filter: { pattern: '1.0.0-rc\\.(?P<num>[0-9]+)', extract: $num } }", "1.0.0-rc.3"],
  ["Flux", ["foo-aaa", "bar-bbb", "foo-zzz", "baz-nnn", "foo-ooo"], "{ order: alphabetical, filter: { pattern: 'foo-(?P<word>[a-z]+)', extract: $word } }", "foo-zzz"],
  ["Flux", ["0.1.0", "0.1.1", "0.1.1.sig", "1.0.0-alpha", "1.0.0", "1.0.0.sig"], "{ order: alphabetical, ignore: ['*-alpha'] }", "1.0.0"],
  ["Flux, with exclusions of one's own", ["0.1.1", "0.1.1.sig", "1.0.0-alpha"], "{ order: alphabetical, ignore: ['*-alpha'] }", "0.1.1.sig", "0.1.1", "signatures"],
  ["Flux", ["a", "b", "c", "d"], "{ order: alphabetical, ignore: [a, b, c] }", "d"],
  ["Kargo", ["foo", "v1.0", "v1.0.0"], "{ semver: '*' }", "v1.0.0"],
  ["Kargo", ["v1.0.0"], "{ semver: '*', allow: [v1.*], ignore: [v1.0.0] }", null],
  ["Kargo", ["v1.0.0", "v1.1.0", "v2.0.0"], "{ semver: '*', allow: [v1.*], ignore: [v1.0.0] }", "v1.1.0"],
  ["Kargo", KARGO, "{ semver: '*' }", "7.0.6"],
  ["Kargo", ["1"], "{ semver: '*' }", null],
  ["Kargo, not strict", ["1"], "{ semver: '*' }", "1", null, "`strictSemvers` is off"],
  ["Kargo", ["trixie", "wheezy"], "{ order: alphabetical }", "wheezy"],
  ["Renovate", PYTHON, "{ semver: '*' }", "3.8.2"],
  ["Masterminds", ["3.4.5-beta.1"], "{ semver: '>=0.0.0-0' }", "3.4.5-beta.1", null, "prereleases in a range"],
  ["Masterminds", ["3.4.5-beta.1"], "{ semver: '*' }", null],
  ["Masterminds", ["3.4.5-beta.1"], "{ semver: '*-0' }", "3.4.5-beta.1", "a mistake", "`2.x-0`, `*-0`"],
  ["Masterminds", ["1.2.1-alpha.1"], "{ semver: ^1.2.0 }", null],
  ["Masterminds", ["1.2.1-alpha.1"], "{ semver: ^1.2.0-alpha.0 }", "1.2.1-alpha.1", null, "prereleases in a range"],
  ["Masterminds", ["3.0.1-beta"], "{ semver: '>= 1.0.0 <= 2.0.0-beta || > 3' }", null],
  ["Masterminds", ["11.1.0"], "{ semver: '>11' }", null],
  ["Masterminds", ["2.0.1"], "{ semver: '=2.0' }", "2.0.1"],
];

const CASES: readonly Case[] = ROWS.map(([whose, tags, select, theirs, ours = theirs, said = ""]) => ({ whose, tags, select, theirs, ours, said }));

describe("beside others", () => {
  it.each(CASES)("$whose: of $tags by $select, theirs is $theirs", ({ tags, select, theirs, ours, said }) => {
    expect(outcome(tags, select)).toBe(ours);
    expect(outcome(tags.toReversed(), select)).toBe(ours);
    // Whoever comes from them is told where it is otherwise.
    if (ours !== theirs) expect(said).not.toBe("");
    expect(DOCS).toContain(said);
  });

  it("the same ranges are none", () => {
    expect(["1.0.0p", "1x", "x1", "-1", "a", ""].map(rangeProblem)).not.toContain(null);
  });

  it("what Renovate reads into tags of less or more than three numbers is no version here", () => {
    const order = { by: "semver", filter: null } as const;
    expect(compareTags("1.1.5-100", "1.1.5-99", order)).toBe("newer");
    for (const [a, b] of [["10.1", "10.1.2"], ["18.04", "18.4"], ["3.7.0b1", "3.7.0"], ["3.7-alpine", "3.7.0-alpine"], ["2.4", "2.4.beta"]] as const) {
      expect(compareTags(a, b, order)).toBe("unordered");
    }
    expect(DOCS).toContain("Renovate");
  });
});
