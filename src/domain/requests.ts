import type { Draft } from "./draft.ts";
import { downstreamOf } from "./draft.ts";
import { carries, type JudgedPullRequest } from "./judge-pull-request.ts";
import type { Actor, Comment, PullRequest } from "./observation.ts";
import { hasLabel, lastLabelled } from "./promotion-facts.ts";
import { asRelease, sameRelease, type AppName, type EnvironmentName, type Release } from "./release.ts";
import { commentMarker, requestAcceptedComment, requestRefusedComment } from "./report/comment.ts";

const PEOPLE_MAX_AGE = 60_000;
const WRITERS = new Set(["admin", "maintain", "write"]);

/** A person's wish, as found on a pull request. */
interface Wish {
  readonly pullRequest: PullRequest;
  readonly by: Actor;
  readonly at: number;
  /** `label:<event id>` or `comment:<id>`: acted on once. */
  readonly source: string;
  readonly environment: EnvironmentName;
  /** Null: every app that the pull request promoted. */
  readonly app: AppName | null;
  /** The label to take off once it is answered, or null for a comment. */
  readonly label: string | null;
  /** How the person said it, for the answer. */
  readonly words: string;
}

/** Answers every request for a promotion: allowed ones go into the log, others are refused where they were made. */
export function planRequests(draft: Draft, judged: readonly JudgedPullRequest[]): void {
  const { open, ended } = draft.observation.snapshot;
  for (const pullRequest of [...open, ...ended]) {
    for (const wish of [...labelWishes(draft, pullRequest), ...commentWishes(pullRequest)]) answer(draft, wish, judged);
  }
}

function labelWishes(draft: Draft, pullRequest: PullRequest): readonly Wish[] {
  return draft.config.environments.flatMap(({ name }) => {
    const label = `promote:${name}`;
    if (!hasLabel(pullRequest.labels, label)) return [];
    const event = lastLabelled(pullRequest.labelEvents, label);
    if (event === null) return [];
    return [
      {
        pullRequest,
        by: event.actor,
        at: event.at,
        source: `label:${event.id}`,
        environment: name,
        app: null,
        label,
        words: `the label \`${label}\``,
      },
    ];
  });
}

const COMMAND = /^\/pinion[ \t]+promote[ \t]+(\S+)[ \t]+(\S+)[ \t]*(?:\r?\n|$)/;

/** Reads `/pinion promote APP ENV` at the very start of a comment. */
export function parseCommand(body: string): { readonly app: string; readonly environment: string } | null {
  const match = COMMAND.exec(body);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { app: match[1], environment: match[2] };
}

function commentWishes(pullRequest: PullRequest): readonly Wish[] {
  return pullRequest.comments.flatMap((comment: Comment) => {
    const command = comment.author.kind === "user" && !comment.editedByOther ? parseCommand(comment.body) : null;
    if (command === null) return [];
    const words = `\`/pinion promote ${command.app.slice(0, 80)} ${command.environment.slice(0, 80)}\``.replaceAll(/[\r\n]/g, " ");
    return [{ pullRequest, by: comment.author, at: comment.at, source: `comment:${comment.id}`, ...command, label: null, words }];
  });
}

function answer(draft: Draft, wish: Wish, judged: readonly JudgedPullRequest[]): void {
  if (answered(wish)) {
    if (wish.label !== null) removeLabel(draft, wish, wish.label);
    return;
  }
  const allowed = wish.by.kind === "user" ? draft.ask({ kind: "permission", login: wish.by.login }, PEOPLE_MAX_AGE) : null;
  if (wish.by.kind !== "user") return refuse(draft, wish, "only a person can ask for a promotion");
  if (allowed === null || !allowed.known) return;
  if (!WRITERS.has(allowed.value)) {
    return refuse(draft, wish, `that takes write permission on this repository, and yours is ${allowed.value}`);
  }
  if (wish.pullRequest.state === "open") return;
  if (wish.pullRequest.state === "closed")
    return refuse(draft, wish, "this pull request was not merged, so it brought no release that could move on");
  const releases = wantedReleases(draft, wish);
  if (releases === null) return;
  if ("refusal" in releases) return refuse(draft, wish, releases.refusal);
  for (const release of releases.releases) request(draft, wish, release, judged);
}

/** The App has commented on this wish already, so it is done, whatever became of it. */
function answered(wish: Wish): boolean {
  return wish.pullRequest.comments.some((comment) => comment.author.kind === "app" && commentMarker(comment.body) === wish.source);
}

/** The releases asked for; null while the merge is not in the log yet. */
function wantedReleases(draft: Draft, wish: Wish): { readonly releases: readonly Release[] } | { readonly refusal: string } | null {
  const { config, ledger } = { config: draft.config, ledger: draft.observation.ledger };
  if (!config.environments.some(({ name }) => name === wish.environment)) {
    return {
      refusal: `there is no environment ${wish.environment.slice(0, 60)}; there are ${config.environments.map(({ name }) => name).join(", ")}`,
    };
  }
  const brought = ledger.merged.get(wish.pullRequest.number);
  if (brought === undefined) {
    const pending = draft.observation.changes.some(({ pullRequest }) => pullRequest?.number === wish.pullRequest.number);
    return pending ? null : { refusal: "this pull request promoted nothing" };
  }
  const meant = brought.filter(({ app }) => wish.app === null || app === wish.app);
  if (meant.length === 0)
    return {
      refusal: `this pull request did not promote ${(wish.app ?? "").slice(0, 60)}; it promoted ${brought.map(({ app }) => app).join(", ")}`,
    };
  const releases: Release[] = [];
  for (const { app, environment, release } of meant) {
    const reachable = downstreamOf(config, environment).some(({ name }) => name === wish.environment);
    if (!reachable) return { refusal: `${wish.environment} does not come after ${environment}` };
    const pins = draft.pins(app, wish.environment);
    if (pins === null) return { refusal: `${app} has no file for ${wish.environment} that \`discover\` finds` };
    if (!pins.ok) return { refusal: pins.problem };
    const complete = asRelease(release);
    if (complete === null) return { refusal: `${release.version} was pinned without a digest, and Pinion moves digests only` };
    releases.push(complete);
  }
  return { releases };
}

function request(draft: Draft, wish: Wish, release: Release, judged: readonly JudgedPullRequest[]): void {
  const { app } = release;
  const identity = `requested|${wish.environment}|${app}|${wish.source}`;
  const asked = draft.observation.ledger.identities.has(identity);
  const pins = draft.pins(app, wish.environment);
  if (!asked) {
    if (pins?.ok === true && sameRelease(pins.pinned, release))
      return refuse(draft, wish, `${wish.environment} is pinned to ${release.version} already`);
    draft.record({
      event: "requested",
      app,
      environment: wish.environment,
      at: wish.at,
      release,
      by: wish.by.login,
      pullRequest: wish.pullRequest.number,
      source: wish.source,
    });
    return;
  }
  const opened = openedFor(draft, wish, release, judged);
  if (opened !== null) {
    const body = requestAcceptedComment({
      marker: wish.source,
      pullRequest: opened,
      app,
      environment: wish.environment,
      version: release.version,
    });
    draft.act({ id: `comment #${wish.pullRequest.number} ${wish.source}`, kind: "comment", pullRequest: wish.pullRequest.number, body });
    if (wish.label !== null) removeLabel(draft, wish, wish.label);
  }
}

/** The pull request that answers the wish: one that is open, or one that was opened since and has ended already. */
function openedFor(draft: Draft, wish: Wish, release: Release, judged: readonly JudgedPullRequest[]): number | null {
  const open = judged.find((other) => other.own && carries(other, release.app, wish.environment, release));
  if (open !== undefined) return open.pullRequest.number;
  for (const opened of draft.observation.ledger.openedAs.values()) {
    const fits =
      opened.kind !== "revert" &&
      opened.app === release.app &&
      opened.environment === wish.environment &&
      sameRelease(opened.release, release);
    if (fits && opened.at >= wish.at) return opened.pullRequest;
  }
  return null;
}

function refuse(draft: Draft, wish: Wish, why: string): void {
  const body = requestRefusedComment({ marker: wish.source, who: wish.by.login, words: wish.words, why });
  draft.act({ id: `comment #${wish.pullRequest.number} ${wish.source}`, kind: "comment", pullRequest: wish.pullRequest.number, body });
  if (wish.label !== null) removeLabel(draft, wish, wish.label);
}

function removeLabel(draft: Draft, wish: Wish, label: string): void {
  draft.act({
    id: `remove-label #${wish.pullRequest.number} ${wish.source}`,
    kind: "remove-label",
    pullRequest: wish.pullRequest.number,
    label,
  });
}
