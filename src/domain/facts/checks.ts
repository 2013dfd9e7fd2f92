import type { Milliseconds } from "../answer.ts";
import type { Draft } from "../draft.ts";
import type { Facts, UnknownFact } from "../facts.ts";
import type { CommitCheck } from "../observation.ts";
import type { JudgedPromotion } from "../promotion-facts.ts";
import { sameRelease, type Pinned } from "../release.ts";
import { sourceOf, type SourceCommit } from "../source-commit.ts";
import { ofEachImage } from "./images.ts";

/** A check that fails later must count soon. */
const CHECKS_MAX_AGE: Milliseconds = 60_000;
/** Nothing tells of checks in other repositories, so they are asked for again while they have not all passed. */
const ASK_AGAIN: Milliseconds = 2 * 60_000;
const LABELS_MAX_AGE: Milliseconds = 24 * 60 * 60_000;

/** The checks of the commits by which the release came to the environments that this one follows. */
export function upstreamChecksFact(draft: Draft, { app, environment, to }: Pick<JudgedPromotion, "app" | "environment" | "to">): Facts["upstream_checks"] {
  const commits = environment.after.map((name) => draft.place(app, name).runs.findLast(({ release }) => sameRelease(release, to))?.commit ?? null);
  const asked = commits.map((commit) => (commit === null ? null : draft.ask({ kind: "checks", source: null, commit }, CHECKS_MAX_AGE)));
  const passed: (readonly string[])[] = [];
  const failed: string[] = [];
  for (const [index, answer] of asked.entries()) {
    if (commits[index] === null) {
      passed.push([]);
      continue;
    }
    if (answer === null) return { unknown: "GitHub has not been asked for the checks of the environments before yet" };
    if (!answer.known) return { unknown: answer.reason };
    const states = statesByName(answer.value);
    passed.push([...states].filter(([, all]) => all.every((state) => state === "passed")).map(([name]) => name));
    // A check that was named is wanted to have run: one that was skipped has not.
    failed.push(...[...states].filter(([, all]) => all.some((state) => state === "failed" || state === "skipped")).map(([name]) => name));
  }
  if (commits.length > 0) draft.due(draft.now + ASK_AGAIN);
  const [first = [], ...others] = passed;
  return { passed: first.filter((name) => others.every((names) => names.includes(name))), failed: [...new Set(failed)] };
}

/** A name that says who made it, as far as it is the name of an App or of somebody (GitHub's are of such letters). */
const NAMES_MAKER = /^(?:[a-z0-9-]+|@[A-Za-z0-9_-]+):/;

/**
 * By its name, and by that of its maker before its own: `github-actions:smoke`, or `@jenkins-acme:ci/jenkins` of a commit status that a person's
 * token set. One name from several makers is all of them. What is called like that itself has only the longer name: anybody may call a check
 * `github-actions:smoke`.
 */
function statesByName(checks: readonly CommitCheck[]): ReadonlyMap<string, readonly CommitCheck["state"][]> {
  const named = checks.flatMap(({ name, by, state }) => [
    ...(NAMES_MAKER.test(name) ? [] : [{ name, state }]),
    ...(by === null ? [] : [{ name: `${by}:${name}`, state }]),
  ]);
  return new Map([...Map.groupBy(named, ({ name }) => name)].map(([name, all]) => [name, all.map(({ state }) => state)]));
}

/** The checks of the commits that the images were built from. */
export function sourceCiFact(draft: Draft, to: Pinned): Facts["source_ci"] {
  const sources = sourcesOf(draft, to);
  if ("unknown" in sources) return sources;
  const asked = sources.map((source) => ({ source, answer: draft.ask({ kind: "checks", source: source.repository, commit: source.commit }, CHECKS_MAX_AGE) }));
  const failed: string[] = [];
  const pending: string[] = [];
  for (const { source, answer } of asked) {
    if (answer === null) return { unknown: `GitHub has not been asked for the checks of ${nameOf(source)} yet` };
    if (!answer.known) return { unknown: answer.reason };
    const inState = (wanted: CommitCheck["state"]) => answer.value.filter(({ state }) => state === wanted).map(({ name }) => `${name} of ${nameOf(source)}`);
    failed.push(...inState("failed"));
    pending.push(...inState("pending"));
    if (!answer.value.some(({ state }) => state === "passed" || state === "pending")) pending.push(`any check of ${nameOf(source)}`);
  }
  if (failed.length > 0 || pending.length > 0) draft.due(draft.now + ASK_AGAIN);
  return { commits: sources.map(nameOf), failed, pending };
}

function sourcesOf(draft: Draft, to: Pinned): readonly SourceCommit[] | UnknownFact {
  const labels = ofEachImage(to, (repository, digest) => draft.ask({ kind: "labels", repository, digest }, LABELS_MAX_AGE));
  if ("unknown" in labels) return labels;
  const sources = new Map<string, SourceCommit>();
  for (const [index, of] of labels.entries()) {
    const read = sourceOf(of);
    if (!read.ok) return { unknown: `the source of ${to.images[index]?.repository ?? "an image"} is not known: ${read.why}` };
    sources.set(JSON.stringify(read.source), read.source);
  }
  return [...sources.values()];
}

function nameOf({ repository: { owner, name }, commit }: SourceCommit): string {
  return `${owner}/${name} at ${commit.slice(0, 7)}`;
}
