import type { CheckContent } from "./action.ts";
import type { Instant } from "./answer.ts";
import type { Draft } from "./draft.ts";
import { isUnknownFact, type Facts } from "./facts.ts";
import { fingerprint } from "./fingerprint.ts";
import { hotfixNotes, noHotfixNotes } from "./hotfix-notices.ts";
import type { GatedPromotion, JudgedPullRequest } from "./judge-pull-request.ts";
import type { ExistingCheck, PullRequest } from "./observation.ts";
import { isWriter } from "./facts/people.ts";
import { isUnseen } from "./progress.ts";
import { queueChance } from "./queue-events.ts";
import { recordedApprovals } from "./facts/approvals.ts";
import type { JudgedPromotion } from "./promotion-facts.ts";
import { checkContent, configOnlyCheck, configProblemsCheck, noPinsCheck, refusedCheck, unknownCheck } from "./report/check.ts";
import { readableTime } from "./report/readable.ts";
import { sharedNotes } from "./report/shared-notes.ts";
import { mergeMessage } from "./report/merge-message.ts";
import { isStillPinned, sameRelease, type Oid } from "./release.ts";

/** GitHub archives check runs after 14 days and takes no update then; a new one is made a day before. */
const CHECK_MAX_AGE = 13 * 24 * 3_600_000;

/** What the check run on this pull request must say now. `refused` are GitHub's words where it did not let Pinion merge. */
export function checkFor(judged: JudgedPullRequest, refused: string | null): CheckContent {
  const { proposal } = judged;
  if (proposal === null) return unknownCheck("Pinion has not read this pull request yet.");
  if (!proposal.known) return unknownCheck(proposal.reason);
  const { config, broken, conflicts } = proposal.value;
  if (config?.ok === false) return configProblemsCheck(config.problems);
  if (broken.length > 0) return refusedCheck(`What this merge would change cannot be told: ${broken.join("; ")}`);
  if (judged.movedOn !== null) return refusedCheck(`It is not the promotion any more that is due: ${judged.movedOn}.`);
  if (conflicts.length > 0) return refusedCheck(`It conflicts with the default branch in ${conflicts.join(", ")}.`);
  const promotions = [...judged.promotions, ...judged.shared];
  if (promotions.length === 0 && proposal.value.shared.length > 0) return noPinsCheck(notesOn(judged));
  if (promotions.length === 0) return config === null ? noPinsCheck() : configOnlyCheck();
  return checkContent({
    promotions: promotions.map(({ promotion, gates, judgement }) => ({
      app: promotion.app,
      environment: promotion.environment.name,
      version: promotion.to.version,
      fromVersion: promotion.from?.version ?? null,
      kind: promotion.kind,
      gates,
      judgement,
    })),
    notes: notesOn(judged),
    refusedMerge: refused,
  });
}

function notesOn(judged: JudgedPullRequest): readonly string[] {
  const notes: string[] = [];
  if (judged.foreign) notes.push("Somebody else changed this branch, so Pinion will not merge it.");
  else if (judged.own && !judged.untouched) notes.push("It does more or less than it was opened for, so Pinion will not merge it.");
  notes.push(...hotfixNotes([...judged.promotions, ...judged.shared]), ...noHotfixNotes(judged));
  if (judged.removals.length > 0) notes.push(`It removes the pins of ${judged.removals.join(", ")}.`);
  if (judged.proposal?.known === true && judged.proposal.value.config !== null) {
    notes.push("It also changes Pinion's own configuration, policies or signers' keys; it is judged by those of the default branch, and these count from the merge on.");
  }
  if (judged.proposal?.known === true) notes.push(...sharedNotes(judged.proposal.value.shared));
  return notes;
}

/** Puts the check on the pull request's head, unless the one that is there says the same. */
export function planCheck(draft: Draft, pullRequest: PullRequest, check: CheckContent): void {
  planCheckOn(draft, pullRequest.number, pullRequest.head.oid, pullRequest.check, check);
}

/** The same on any commit that is there for this pull request. `existing` is the check that stands there. */
export function planCheckOn(draft: Draft, pullRequest: number, head: Oid, existing: ExistingCheck | null, check: CheckContent): void {
  if (existing !== null && saysTheSame(existing, check) && draft.now - existing.startedAt < CHECK_MAX_AGE) return;
  draft.act({
    id: `check #${pullRequest}@${head} ${check.fingerprint}`,
    kind: "check",
    pullRequest,
    head,
    check,
    existing: existing !== null && updatable(draft, existing, check) ? existing.id : null,
  });
}

/** When a person asks for a check again, GitHub takes its conclusion away and waits for the App: its text alone is not what it says. */
function saysTheSame(existing: ExistingCheck, check: CheckContent): boolean {
  const passes = check.status === "completed" && check.conclusion === "success";
  return existing.fingerprint === check.fingerprint && existing.status === check.status && existing.passed === passes;
}

/** GitHub does not let a completed run go back to being in progress, and forgets runs with time. */
function updatable(draft: Draft, existing: ExistingCheck, check: CheckContent): boolean {
  const backwards = existing.status === "completed" && check.status === "in_progress";
  return !backwards && draft.now - existing.startedAt < CHECK_MAX_AGE;
}

/** Whether every promotion of a pull request passes. One that promotes nothing passes nothing. */
function allPass(judged: JudgedPullRequest): boolean {
  return judged.promotions.length > 0 && [...judged.promotions, ...judged.shared].every(({ judgement }) => judgement.outcome === "pass");
}

/** Records that every gate passed at this head, for whoever merges it: the pull request's own, or that of a group of the merge queue. */
export function planJudged(draft: Draft, judged: JudgedPullRequest, head: Oid = judged.pullRequest.head.oid): void {
  const { pullRequest } = judged;
  if (!allPass(judged)) return;
  for (const { promotion, facts, gates, passedBy } of judged.promotions) {
    const { app, environment, kind, hotfix, to } = promotion;
    const release = { ...to, images: to.images.flatMap((image) => (image.digest === null ? [] : [{ ...image, digest: image.digest }])) };
    draft.record({
      event: "judged",
      app,
      environment: environment.name,
      at: draft.now,
      kind,
      release,
      pullRequest: pullRequest.number,
      head,
      gates: gates.map(({ policy, result }) => ({ policy, result })),
      approvals: recordedApprovals(facts, pullRequest),
      ...(hotfix === null ? {} : { hotfix: { ...hotfix, passedBy: passedBy.map(({ policy, result }) => ({ policy, result })) } }),
    });
  }
}

/** The promotion of a pull request that Pinion merges by itself once every gate passes; null where that is left to people, or cannot be told. */
export function mergedByItself({ pullRequest, untouched, proposal, promotions }: JudgedPullRequest): GatedPromotion | null {
  const [only] = promotions;
  if (!untouched || pullRequest.draft || proposal?.known !== true || only === undefined || promotions.length !== 1) return null;
  // By which rules Pinion judges is for people to change.
  if (proposal.value.config !== null) return null;
  const { kind, environment } = only.promotion;
  return kind !== "revert" && environment.merge === "manual" ? null : only;
}

/** Merges what the App itself made, once every gate passes and the environment lets it. */
export function planMerge(draft: Draft, judged: JudgedPullRequest): void {
  const { pullRequest, proposal } = judged;
  const only = mergedByItself(judged);
  if (only === null || proposal?.known !== true) return;
  if (!allPass(judged) || proposal.value.conflicts.length > 0 || proposal.value.broken.length > 0) return;
  const { promotion, gates, facts, passedBy } = only;
  const { hotfix } = promotion;
  if (waitsForAdoption(draft, promotion, pullRequest)) return;
  const { mergeMethods, defaultBranch, queue } = draft.observation.snapshot;
  if (queue.known && queue.value !== null) return planEnqueue(draft, judged, proposal.value.base, only);
  const method = mergeMethods.includes("squash") ? "squash" : mergeMethods.includes("merge") ? "merge" : null;
  if (method === null) {
    draft.block(
      promotion.app,
      promotion.environment.name,
      `#${pullRequest.number} cannot be merged: allow squash or merge commits in the repository's settings`,
    );
    return;
  }
  const { title, message } = mergeMessage({
    pullRequest: { number: pullRequest.number, head: pullRequest.head.oid },
    promotions: [
      { app: promotion.app, environment: promotion.environment.name, from: promotion.from, to: promotion.to, kind: promotion.kind },
    ],
    requesters: promotion.requesters,
    approvals: recordedApprovals(facts, pullRequest),
    hotfix: hotfix === null ? null : { ...hotfix, passedBy: passedBy.map(({ policy }) => policy) },
    gatesFingerprint: fingerprint(JSON.stringify(gates.map(({ policy, result }) => [policy, result]))),
  });
  draft.act({
    id: `merge #${pullRequest.number}@${pullRequest.head.oid} into ${defaultBranch}`,
    kind: "merge",
    pullRequest: pullRequest.number,
    head: pullRequest.head.oid,
    base: proposal.value.base,
    before: closingOf(facts),
    method,
    title,
    message,
  });
}

/** Where the default branch has a merge queue, nothing is merged but by it. */
function planEnqueue(draft: Draft, { pullRequest }: JudgedPullRequest, base: Oid, { promotion, facts }: GatedPromotion): void {
  const { number, id, head, queueEvents } = pullRequest;
  const chance = queueChance(pullRequest, draft.now, isWriter(draft));
  if (chance.chance === "later") draft.due(chance.at);
  if (chance.chance !== "now") {
    const why = chance.chance === "later" ? `comes into the merge queue again at ${readableTime(chance.at)}` : "came out of the merge queue, and waits for people";
    return draft.block(promotion.app, promotion.environment.name, `#${number} ${why}`);
  }
  draft.act({
    // Each time it came out, putting it back is something new.
    id: `enqueue #${number}@${head.oid} ${queueEvents.length}`,
    kind: "enqueue",
    pullRequest: number,
    pullRequestId: id,
    head: head.oid,
    base,
    before: closingOf(facts),
  });
}

function closingOf({ promotion, window }: Facts): Instant | null {
  if (promotion.kind !== "promotion" || isUnknownFact(window) || window.changes_at === 0) return null;
  return window.changes_at;
}

/**
 * How long a merge waits for what it replaces to be seen running, from the opening of the pull request. A cluster that cannot be
 * seen just now must not cost the way back; one that can never be seen must not cost the promotion.
 */
const ADOPTION_PATIENCE = 5 * 60_000;

function waitsForAdoption(draft: Draft, { app, environment, kind }: JudgedPromotion, pullRequest: PullRequest): boolean {
  const until = pullRequest.createdAt + ADOPTION_PATIENCE;
  if (kind === "revert" || environment.rollback === "off" || draft.now >= until || !isUnseen(draft, app, environment.name)) return false;
  draft.due(until);
  draft.block(
    app,
    environment.name,
    `#${pullRequest.number} is merged when what it replaces has been seen running, so that there is a way back`,
  );
  return true;
}

/** An own pull request whose `opened` record was lost on the way gets it now, unless somebody has made something else of it since. */
export function planLostOpening(draft: Draft, judged: JudgedPullRequest): void {
  const { pullRequest, untouched } = judged;
  const [only] = judged.promotions;
  if (!untouched || only === undefined || draft.observation.ledger.openedAs.has(pullRequest.number)) return;
  const { app, environment, kind, from, to, requesters } = only.promotion;
  const images = to.images.flatMap((image) => (image.digest === null ? [] : [{ ...image, digest: image.digest }]));
  if (images.length !== to.images.length) return;
  draft.record({
    event: "opened",
    app,
    environment: environment.name,
    at: pullRequest.createdAt,
    kind,
    from,
    release: { ...to, images },
    pullRequest: pullRequest.number,
    head: pullRequest.head.oid,
    requestedBy: requesters[0] ?? null,
  });
}

/** Why an own pull request has nothing left to do, or null. */
export function obsolete(draft: Draft, judged: JudgedPullRequest): string | null {
  const { proposal, pullRequest } = judged;
  // What cannot be read, or conflicts, may only look like nothing.
  if (!judged.own || proposal?.known !== true || proposal.value.conflicts.length > 0 || proposal.value.broken.length > 0) return null;
  const opened = draft.observation.ledger.openedAs.get(pullRequest.number);
  if (judged.promotions.length === 0) {
    // What somebody else put in is theirs to close, unless nothing is left of it either.
    const theirs = judged.foreign && (proposal.value.otherFiles.length > 0 || proposal.value.config !== null);
    return theirs ? null : "What it would change is on the default branch already.";
  }
  if (opened === undefined || opened.kind !== "revert" || opened.from === null) return null;
  const pins = draft.pins(opened.app, opened.environment);
  if (pins?.ok === true && !isStillPinned(opened.from, pins.pinned))
    return `${opened.environment} does not run ${opened.from.version} any more.`;
  const { current } = draft.place(opened.app, opened.environment);
  if (current !== null && current.bad === null && current.verified !== null && sameRelease(current.release, opened.from))
    return `${opened.from.version} took longer than its deadline, and has been verified since.`;
  return null;
}
