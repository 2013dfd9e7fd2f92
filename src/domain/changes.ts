import type { Instant } from "./answer.ts";
import { isPinionBranch } from "./branch.ts";
import type { Draft } from "./draft.ts";
import { HOTFIX_LABEL } from "./hotfix.ts";
import { isWhatWasOpened, ranAs, type Request } from "./ledger.ts";
import type { PinChange, PullRequest } from "./observation.ts";
import { hasLabel } from "./promotion-facts.ts";
import { cameThroughQueue, enqueuerOf } from "./queue-events.ts";
import type { HotfixWord, Judgement } from "./record.ts";
import { quarantinedIn } from "./quarantine.ts";
import { asRelease, releaseKey, sameRelease, type AppName, type EnvironmentName, type Oid, type Pinned } from "./release.ts";
import { commentMarker, withdrawnComment } from "./report/comment.ts";

/** The App opened it, from a branch of this repository under Pinion's own names. What is in it now may still be foreign. */
export function isOwn(pullRequest: PullRequest): boolean {
  return pullRequest.author.kind === "app" && !pullRequest.head.fork && isPinionBranch(pullRequest.head.ref);
}

/** Records every change of a pin on the default branch that the log does not know: whoever made it, by whichever way. */
export function planChanges(draft: Draft): void {
  const { snapshot } = draft.observation;
  const told = new Set<string>();
  const last = new Map<string, PinChange>();
  for (const found of draft.observation.changes) {
    const change = { ...found, at: notAfter(draft.now, found.at) };
    const place = `${change.environment}/${change.app}`;
    last.set(place, change);
    if (recordChange(draft, change)) told.add(place);
  }
  // The log has had all of this before, and yet the pin is not what the log leads to: the branch was moved back, for one.
  for (const [place, change] of last) {
    if (!told.has(place)) recordOutOfBand(draft, { ...change, commit: snapshot.head, at: snapshot.at, pullRequest: null });
  }
}

/**
 * When something happened, by this machine's clock at the latest: what runs is timed by it too, and a clock that is behind
 * GitHub's, or a commit that claims a time to come, must not make a soak look longer.
 */
function notAfter(now: Instant, at: Instant): Instant {
  return Math.min(now, at);
}

/** Answers whether the log learns something by it. */
function recordChange(draft: Draft, change: PinChange): boolean {
  if (change.pullRequest !== null) return recordMerge(draft, change, change.pullRequest);
  if (change.from !== null || change.to === null) return recordOutOfBand(draft, change);
  const { app, environment, at, commit, to } = change;
  return draft.record({ event: "adopted", app, environment, at, commit, pinned: to });
}

function recordOutOfBand(draft: Draft, change: PinChange): boolean {
  const { app, environment, at, commit, from, to, author } = change;
  const isNew = draft.record({
    event: "out-of-band",
    app,
    environment,
    at,
    commit,
    from,
    release: to,
    by: author.login,
    pullRequest: null,
  });
  hold(draft, change, `@${author.login} changed the pin by hand in ${commit.slice(0, 10)}`);
  return isNew;
}

function recordMerge(draft: Draft, change: PinChange, pullRequest: PullRequest): boolean {
  const { app, environment, commit, from, to } = change;
  const { number, head, merge } = pullRequest;
  const by = merge?.by.login ?? change.author.login;
  const at = notAfter(draft.now, merge?.at ?? change.at);
  if (to === null) {
    return draft.record({ event: "out-of-band", app, environment, at, commit, from, release: null, by, pullRequest: number });
  }
  const own = isOwn(pullRequest);
  const opened = draft.observation.ledger.openedAs.get(number);
  // What it was opened as counts only if that is what it brought.
  const asOpened = own && opened?.app === app && opened.environment === environment && isWhatWasOpened(opened, to);
  const revert = asOpened && opened.kind === "revert";
  const hotfix = revert ? null : mergedAsHotfix(draft, pullRequest, app, environment, to);
  const { request } = draft.place(app, environment);
  const enqueuedBy = cameThroughQueue(pullRequest) ? (enqueuerOf(pullRequest)?.login ?? null) : null;
  const isNew = draft.record({
    event: "merged",
    app,
    environment,
    at,
    kind: revert ? "revert" : hotfix === null ? "promotion" : "hotfix",
    from,
    release: to,
    pullRequest: number,
    head: head.oid,
    commit,
    mergedBy: by,
    ...(enqueuedBy === null ? {} : { enqueuedBy }),
    requestedBy: requesterOf(asOpened ? opened.requestedBy : null, request, to) ?? hotfix?.by ?? null,
    judgement: judgementOf(draft, pullRequest),
    ...(hotfix === null ? {} : { hotfix: { ...hotfix, freezes: freezesAt(draft, app, environment, at) } }),
  });
  if (!asOpened)
    hold(
      draft,
      change,
      own ? `#${number} brought something else than it was opened for` : `@${pullRequest.author.login} changed the pin in #${number}`,
    );
  else if (revert) recordRevert(draft, change, number, at);
  return isNew;
}

/**
 * By whose word a merge was a hotfix, or null: as one, or as what is none, every gate had passed at this head. Where both had, the word
 * must still be there. What passed neither way was merged past every gate, and is called nothing that would excuse it.
 */
function mergedAsHotfix(draft: Draft, pullRequest: PullRequest, app: AppName, environment: EnvironmentName, to: Pinned): HotfixWord | null {
  const { passed: judged, passedAsHotfix, passedPlainly } = draft.observation.ledger;
  const merged = `${pullRequest.number}@${mergedHead(pullRequest)}`;
  const head = judged.has(merged) ? merged : `${pullRequest.number}@${pullRequest.head.oid}`;
  const passed = passedAsHotfix.get(head);
  if (passed === undefined) return null;
  const { by, at, source } = passed;
  const stands =
    (draft.place(app, environment).hotfixes.get(releaseKey(to)) ?? []).some((word) => word.source === source) ||
    (hasLabel(pullRequest.labels, HOTFIX_LABEL) && pullRequest.labelEvents.some(({ id }) => source === `label:${id}`));
  return stands || !passedPlainly.has(head) ? { by, at, source } : null;
}

/** The issues that stopped this environment, or the app in it, at that time, as far as the log knows. */
function freezesAt(draft: Draft, app: AppName, environment: EnvironmentName, at: Instant): readonly number[] {
  const { frozen } = draft.place(app, environment);
  const begun = [...draft.observation.ledger.freezes.values()].filter((freeze) => freeze.environment === environment && freeze.at <= at);
  return [...new Set([...begun.map(({ issue }) => issue), ...(frozen === null ? [] : [frozen.issue])])];
}

/** Who asked for what was merged: whoever asked for another release did not ask for this one. */
function requesterOf(opened: string | null, request: Request | null, to: Pinned): string | null {
  return opened ?? (request !== null && sameRelease(request.release, to) ? request.by : null);
}

/**
 * How the merge stands to what had passed: at this very head, at another one or an earlier time, or never.
 * The check that stands on the merged head tells whether a judgement still held when somebody pressed the button.
 */
function judgementOf(draft: Draft, pullRequest: PullRequest): Judgement {
  const { passed, passedPullRequests } = draft.observation.ledger;
  const { number, head, check, groupPassed } = pullRequest;
  const merged = mergedHead(pullRequest);
  const stillPassed = merged === head.oid ? check?.passed : groupPassed;
  if (passed.has(`${number}@${merged}`) && stillPassed !== false) return "judged";
  return passedPullRequests.has(pullRequest.number) ? "stale-judged" : "out-of-band";
}

/** What was judged last before it was merged: the queue merges what it made of the pull request itself, which was judged by itself. */
function mergedHead(pullRequest: PullRequest): Oid {
  const { merge, head } = pullRequest;
  return merge !== null && cameThroughQueue(pullRequest) ? merge.commit : head.oid;
}

function recordRevert(draft: Draft, change: PinChange, pullRequest: number, at: number): void {
  const { app, environment, commit } = change;
  const release = change.from === null ? null : ranAs(draft.place(app, environment), change.from);
  const to = change.to === null ? null : asRelease(change.to);
  if (release === null || to === null) return;
  draft.record({ event: "reverted", app, environment, at, release, to, pullRequest, commit });
  const reason = draft.place(app, environment).current?.bad?.evidence ?? "it went bad";
  const { quarantine } = draft.observation;
  for (const image of release.images) {
    // Only what is in quarantine can be taken out of it again: somebody may have merged the way back without its file.
    if (!quarantine.known || !quarantinedIn(quarantine.value, environment, image.digest)) continue;
    draft.record({ event: "quarantined", app, environment, at, digest: image.digest, reason, commit });
  }
  hold(draft, change, `${release.version} was reverted in #${pullRequest}`);
}

function hold(draft: Draft, change: PinChange, reason: string): void {
  const { app, environment, at, commit, from, to } = change;
  if (from === null || to === null) return;
  draft.record({ event: "held", app, environment, at, commit, displaced: from, reason });
}

/** Records pull requests of Pinion that a person closed. Answers whether there is one that the log did not know. */
export function planWithdrawals(draft: Draft): boolean {
  let found = false;
  for (const pullRequest of draft.observation.snapshot.ended) {
    if (pullRequest.state !== "closed" || !isOwn(pullRequest) || pullRequest.closed === null || pullRequest.closed.by.kind === "app")
      continue;
    const opened = draft.observation.ledger.openedAs.get(pullRequest.number);
    if (opened === undefined) continue;
    const { app, environment, release } = opened;
    const { number, closed } = pullRequest;
    const by = closed.by.login;
    const isNew = draft.record({ event: "withdrawn", app, environment, at: closed.at, release, pullRequest: number, by });
    found ||= isNew;
    if (pullRequest.comments.some((comment) => comment.author.kind === "app" && commentMarker(comment.body) === "withdrawn")) continue;
    const body = withdrawnComment({ marker: "withdrawn", who: by, app, environment, version: release.version, kind: opened.kind });
    draft.act({ id: `comment #${number} withdrawn`, kind: "comment", pullRequest: number, body });
  }
  return found;
}
