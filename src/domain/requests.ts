import type { Instant, Milliseconds } from "./answer.ts";
import { isOwn } from "./changes.ts";
import { parseCommand } from "./command.ts";
import { environmentOf, type Environment } from "./config.ts";
import { downstreamOf, upstreamOf, type Draft } from "./draft.ts";
import type { JudgedPullRequest } from "./judge-pull-request.ts";
import { HOTFIX_ANSWER_WITHIN, hotfixAskedWith } from "./hotfix-labels.ts";
import { hotfixLabellers, isLabelFromBefore, labelAfterEnd } from "./hotfix.ts";
import { cameByHand } from "./ledger.ts";
import type { Actor, Comment, PullRequest } from "./observation.ts";
import { carries, openPromotionIn } from "./open-promotion.ts";
import { PEOPLE_MAX_AGE, WRITERS } from "./facts/people.ts";
import { hasLabel, lastLabelled } from "./promotion-facts.ts";
import { requestIdentity } from "./record-file.ts";
import {
  asRelease,
  releaseKey,
  sameRelease,
  sameRepositories,
  type AppName,
  type EnvironmentName,
  type Pinned,
  type Release,
} from "./release.ts";
import { commentMarker, hotfixNotedComment, requestAcceptedComment, requestNotedComment, requestRefusedComment } from "./report/comment.ts";

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
  /** They call it a hotfix. */
  readonly hotfix: boolean;
  /** The label to take off once it is answered, or null for a comment. */
  readonly label: string | null;
  /** How the person said it, for the answer. */
  readonly words: string;
}

/** Answers every request for a promotion, in the order in which they were made: allowed ones go into the log, others are refused where they were made. */
export function planRequests(draft: Draft, judged: readonly JudgedPullRequest[]): void {
  const { open, ended } = draft.observation.snapshot;
  const wishes = wishesOn([...open, ...ended], draft.config.environments);
  for (const wish of wishes.toSorted((a, b) => a.at - b.at || a.pullRequest.number - b.pullRequest.number)) answer(draft, wish, judged);
}

/**
 * Who asks for this release in this place, in words that nothing has answered yet. Whether they may is not looked at: whoever wants
 * a promotion is not the one to approve it.
 */
export function askingNow(draft: Draft, app: AppName, environment: EnvironmentName, release: Pinned): readonly string[] {
  const { snapshot, ledger } = draft.observation;
  const wishes = wishesOn([...snapshot.open, ...snapshot.ended], draft.config.environments);
  const isMeant = (wish: Wish): boolean => {
    if (wish.app !== null && wish.app !== app) return false;
    const { number } = wish.pullRequest;
    const opened = ledger.openedAs.get(number);
    const known = [...(ledger.merged.get(number) ?? []), ...(opened === undefined ? [] : [opened])].filter((one) => one.app === app);
    return known.length === 0 ? wish.app === app : known.some((one) => sameRelease(one.release, release));
  };
  const asking = wishes.filter((wish) => wish.environment === environment && isMeant(wish) && !answered(wish)).map(({ by }) => by.login);
  return [...asking, ...hotfixAskersOf(draft, app, environment)];
}

/** Who set the label `hotfix` where this promotion was asked for, which nothing has answered yet. */
function hotfixAskersOf(draft: Draft, app: AppName, environment: EnvironmentName): readonly string[] {
  const { request: last } = draft.place(app, environment);
  const asked = draft.observation.snapshot.ended.filter(({ number }) => number === last?.pullRequest);
  return asked.flatMap((pullRequest) => (labelAfterEnd(pullRequest) === null ? [] : hotfixLabellers(pullRequest)));
}

/** When the oldest wish was made on one of these pull requests that nothing has answered yet, or null. */
export function unansweredSince(pullRequests: readonly PullRequest[], environments: readonly Environment[], now: Instant): Instant | null {
  const moments = wishesOn(pullRequests, environments)
    .filter((wish) => wish.label !== null || !answered(wish))
    .map(({ at }) => at);
  // On what Pinion has nothing to do with, that label stays for good.
  const hotfixes = pullRequests.flatMap((pullRequest) => labelAfterEnd(pullRequest)?.at ?? []).filter((at) => at > now - HOTFIX_ANSWER_WITHIN);
  const all = [...moments, ...hotfixes];
  return all.length === 0 ? null : Math.min(...all);
}

function wishesOn(pullRequests: readonly PullRequest[], environments: readonly Environment[]): readonly Wish[] {
  return pullRequests.flatMap((pullRequest) => [...labelWishes(environments, pullRequest), ...commentWishes(pullRequest)]);
}

function labelWishes(environments: readonly Environment[], pullRequest: PullRequest): readonly Wish[] {
  return environments.flatMap(({ name }) => {
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
        hotfix: false,
        label,
        words: `the label \`${label}\``,
      },
    ];
  });
}

function commentWishes(pullRequest: PullRequest): readonly Wish[] {
  return pullRequest.comments.flatMap((comment: Comment) => {
    const command = comment.author.kind === "user" && !comment.editedByOther ? parseCommand(comment.body) : null;
    if (command === null) return [];
    const verb = command.hotfix ? "hotfix" : "promote";
    const words = `\`/pinion ${verb} ${command.app.slice(0, 80)} ${command.environment.slice(0, 80)}\``.replaceAll(/[\r\n]/g, " ");
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
  if (wish.pullRequest.state === "open" && !isOfItself(draft, wish)) {
    if (wish.hotfix && brings(judged, wish)) refuse(draft, wish, "this pull request is not Pinion's; set the label `hotfix` on it, and it is judged as a hotfix");
    return;
  }
  const releases = wantedReleases(draft, wish);
  if (releases === null) return;
  if ("refusal" in releases) return refuse(draft, wish, releases.refusal);
  for (const release of releases.releases) request(draft, wish, release, judged);
}

/** Whether somebody calls the open pull request of Pinion itself a hotfix. What is asked for beyond it waits for its merge. */
function isOfItself(draft: Draft, { pullRequest, hotfix, app, environment }: Wish): boolean {
  const opened = isOwn(pullRequest) ? draft.observation.ledger.openedAs.get(pullRequest.number) : undefined;
  return hotfix && opened !== undefined && opened.app === app && opened.environment === environment;
}

/** Whether the open pull request, which somebody made, would itself do what is asked for on it. */
function brings(judged: readonly JudgedPullRequest[], { pullRequest, app, environment }: Wish): boolean {
  const here = judged.find(({ pullRequest: { number }, own }) => number === pullRequest.number && !own);
  return here?.promotions.some(({ promotion }) => promotion.app === app && promotion.environment.name === environment) ?? false;
}

/** The App has commented on this wish already, so it is done, whatever became of it. */
function answered(wish: Wish): boolean {
  return wish.pullRequest.comments.some((comment) => comment.author.kind === "app" && commentMarker(comment.body) === wish.source);
}

/** A release that a pull request brought to an environment, or was to bring there. */
interface Subject {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly release: Pinned;
}

interface Refused {
  readonly refusal: string;
}

/** The releases asked for; null while the merge is not in the log yet. */
function wantedReleases(draft: Draft, wish: Wish): { readonly releases: readonly Release[] } | Refused | null {
  const target = environmentOf(draft.config, wish.environment);
  if (target === null) {
    const names = draft.config.environments.map(({ name }) => name).join(", ");
    return { refusal: `there is no environment ${wish.environment.slice(0, 60)}; there are ${names}` };
  }
  const subjects = subjectsOf(draft, wish, target);
  if (subjects === null || "refusal" in subjects) return subjects;
  const meant = subjects.filter(({ app }) => wish.app === null || app === wish.app);
  if (meant.length === 0) {
    const promoted = subjects.map(({ app }) => app).join(", ");
    return { refusal: `this pull request did not promote ${(wish.app ?? "").slice(0, 60)}; it promoted ${promoted}; ${whereToAsk(target)}` };
  }
  const releases: Release[] = [];
  for (const subject of meant) {
    const release = movable(draft, wish, target, subject);
    if ("refusal" in release) return release;
    releases.push(release);
  }
  return { releases };
}

/** What the pull request brought, or was to bring when a person closed it. */
function subjectsOf(draft: Draft, wish: Wish, target: Environment): readonly Subject[] | Refused | null {
  const { ledger } = draft.observation;
  const { number, state } = wish.pullRequest;
  if (state === "merged") {
    const brought = ledger.merged.get(number);
    if (brought === undefined) return isPending(draft, wish) ? null : { refusal: `this pull request promoted nothing; ${whereToAsk(target)}` };
    return brought;
  }
  const opened = isOwn(wish.pullRequest) ? ledger.openedAs.get(number) : undefined;
  if (opened === undefined) return { refusal: `this pull request was not merged, so it brought no release that could move on; ${whereToAsk(target)}` };
  if (opened.kind === "revert" && state === "open") return { refusal: "a way back is no hotfix; it waits for no soak, window or freeze anyway" };
  if (opened.kind === "revert")
    return { refusal: `it would have taken ${opened.app} back to ${opened.release.version}; open a pull request of your own for that` };
  return [opened];
}

function movable(draft: Draft, wish: Wish, target: Environment, { app, environment, release }: Subject): Release | Refused {
  if (environment !== target.name) {
    const reachable = downstreamOf(draft.config, environment).some(({ name }) => name === target.name);
    if (!reachable) return { refusal: `${target.name} does not come after ${environment}; ${whereToAsk(target)}` };
    if (wish.pullRequest.state !== "merged")
      return { refusal: `this pull request was not merged, so it brought nothing to ${environment}; ${whereToAsk(target)}` };
  }
  const pins = draft.pins(app, target.name);
  if (pins === null) return { refusal: `${app} has no file for ${target.name} that \`discover\` finds` };
  if (!pins.ok) return { refusal: pins.problem };
  if (!sameRepositories(release, pins.pinned)) return { refusal: `${release.version} is made of other images than ${app} is now` };
  return asRelease(release) ?? { refusal: `${release.version} was pinned without a digest, and Pinion moves digests only` };
}

function whereToAsk({ name, after }: Environment): string {
  if (after.length === 0) return `ask on a pull request that promoted the release to ${name}, or open one of your own that sets the pin there`;
  const before = `ask on the merged pull request that brought the release to ${after.join(" or ")}`;
  return `${before}, or, for what was there before Pinion, open a pull request of your own that sets the pin in ${name}`;
}

/** Whether the log may learn in a moment what this pull request brought. */
function isPending(draft: Draft, { pullRequest, app, environment }: Wish): boolean {
  const { changes, unexplained } = draft.observation;
  if (pullRequest.merge === null || changes.some((change) => change.pullRequest?.number === pullRequest.number)) return true;
  const upstream = upstreamOf(draft.config, environment);
  return unexplained.some((place) => (app === null || place.app === app) && upstream.some(({ name }) => name === place.environment));
}

/** A request is answered within this time, so that its pull request is still among those lately ended. */
const ANSWER_WITHIN: Milliseconds = 5 * 60_000;

function request(draft: Draft, wish: Wish, release: Release, judged: readonly JudgedPullRequest[]): void {
  const { app } = release;
  const { environment } = wish;
  if (draft.observation.ledger.identities.has(requestIdentity(environment, app, wish.source)))
    return follow(draft, wish, release, judged);
  // What is there is put into the log first: it may be a later word than the wish.
  if (draft.isChanging(app, environment)) return;
  const late = pinnedAlready(draft, wish, release) ?? laterWord(draft, wish, release);
  if (late !== null) return refuse(draft, wish, late);
  const { by, at, source, pullRequest } = wish;
  const asked = { event: "requested", app, environment, release, pullRequest: pullRequest.number } as const;
  draft.record({ ...asked, at, by: by.login, source, ...(wish.hotfix ? { hotfix: true } : {}) });
  const word = hotfixAskedWith(draft, pullRequest);
  if (word !== null) draft.record({ ...asked, ...word, hotfix: true });
}

/** Answers a request that is in the log: with its pull request, with why there will be none, or after a while with what it waits for. */
function follow(draft: Draft, wish: Wish, release: Release, judged: readonly JudgedPullRequest[]): void {
  const { app, version } = release;
  const { environment } = wish;
  const opened = openedFor(draft, wish, release, judged);
  if (opened !== null) {
    const { source: marker, hotfix, pullRequest } = wish;
    if (opened === pullRequest.number) return reply(draft, wish, hotfixNotedComment({ marker, who: wish.by.login, app, environment }));
    const note = isLabelFromBefore(pullRequest)
      ? `The label \`hotfix\` was set here before the merge, so it was about this pull request only. If #${opened} is a hotfix too, set it there.`
      : null;
    return reply(draft, wish, requestAcceptedComment({ marker, pullRequest: opened, app, environment, version, hotfix, note }));
  }
  const over = pinnedAlready(draft, wish, release) ?? laterWord(draft, wish, release);
  if (over !== null) return refuse(draft, wish, over);
  if (draft.place(app, environment).request === null) return refuse(draft, wish, `${environment} has moved on since; ask again if you still want it`);
  if (draft.now < wish.at + ANSWER_WITHIN) return draft.due(wish.at + ANSWER_WITHIN);
  const why = draft.waitsFor(app, environment);
  if (why !== null) reply(draft, wish, requestNotedComment({ marker: wish.source, who: wish.by.login, words: wish.words, why }));
}

function pinnedAlready(draft: Draft, { environment }: Wish, release: Release): string | null {
  const pins = draft.pins(release.app, environment);
  return pins?.ok === true && sameRelease(pins.pinned, release) ? `${environment} is pinned to ${release.version} already` : null;
}

/** What was said of this place after the wish, by another request, by a closing or by hand: the later word counts. */
function laterWord(draft: Draft, wish: Wish, release: Release): string | null {
  const { request: last, current, withdrawn } = draft.place(release.app, wish.environment);
  if ((withdrawn.get(releaseKey(release)) ?? -Infinity) >= wish.at)
    return `the pull request for ${release.version} was closed after that; ask again if you still want it`;
  if (last !== null && last.source !== wish.source && last.at >= wish.at && !sameRelease(last.release, release))
    return `it was overtaken by the request for ${last.release.version} by ${last.by}`;
  if (current !== null && current.since >= wish.at && cameByHand(current))
    return `${wish.environment} was set to ${current.release.version} by hand after that; ask again if you still want it`;
  return null;
}

/** The pull request that answers the wish: one that is open, or one that was opened since and has ended already. */
function openedFor(draft: Draft, wish: Wish, release: Release, judged: readonly JudgedPullRequest[]): number | null {
  const open = judged.find((other) => carries(openPromotionIn(draft, other, release.app, wish.environment), release));
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
  reply(draft, wish, requestRefusedComment({ marker: wish.source, who: wish.by.login, words: wish.words, why }));
}

/** Says it once, where the wish was made, and takes the label off: what is answered is done. */
function reply(draft: Draft, wish: Wish, body: string): void {
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
