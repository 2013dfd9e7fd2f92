import type { Answer } from "./answer.ts";
import { isRevertBranch } from "./branch.ts";
import { isOwn } from "./changes.ts";
import { environmentOf } from "./config.ts";
import type { Draft } from "./draft.ts";
import type { Facts } from "./facts.ts";
import type { ProposedChange, PullRequest } from "./observation.ts";
import type { Gate, Judgement } from "./policy.ts";
import { evaluatePolicies, judge } from "./policy/evaluate.ts";
import { promotionFacts, type JudgedPromotion } from "./promotion-facts.ts";
import { releaseKey, sameRelease, type Pinned } from "./release.ts";

/** A promotion with everything the policies said of it. */
export interface GatedPromotion {
  readonly promotion: JudgedPromotion;
  readonly facts: Facts;
  readonly gates: readonly Gate[];
  readonly judgement: Judgement;
}

/** An open pull request as Pinion sees it now. */
export interface JudgedPullRequest {
  readonly pullRequest: PullRequest;
  /** The App opened it. */
  readonly own: boolean;
  /** The App opened it, nobody else touched it, and it may therefore merge it. */
  readonly untouched: boolean;
  readonly proposal: Answer<ProposedChange> | null;
  readonly promotions: readonly GatedPromotion[];
  /** Apps that would have no pin any more, as `app in environment`. */
  readonly removals: readonly string[];
}

/** Judges every promotion that merging this pull request would make. */
export function judgePullRequest(draft: Draft, pullRequest: PullRequest): JudgedPullRequest {
  const own = isOwn(pullRequest);
  const untouched = own && pullRequest.commits.allOwn && pullRequest.commits.count === 1;
  const proposal = draft.observation.proposals.get(pullRequest.number) ?? null;
  const promotions: GatedPromotion[] = [];
  const removals: string[] = [];
  for (const change of proposal?.known === true ? proposal.value.promotions : []) {
    const environment = environmentOf(draft.config, change.environment);
    if (environment === null) continue;
    if (change.to === null) {
      removals.push(`${change.app} in ${change.environment}`);
      continue;
    }
    const revert = own && isRevertBranch(pullRequest.head.ref);
    promotions.push(
      gate(draft, {
        app: change.app,
        environment,
        kind: revert ? "revert" : "promotion",
        origin: untouched ? "bot" : "person",
        requesters: own ? requestersOf(draft, pullRequest, change.app, change.environment, change.to) : [pullRequest.author.login],
        from: change.from,
        to: change.to,
        proposedOnly: revert && mustBeProposed(draft, change.app, change.environment),
        pullRequest,
        proposal: proposal?.known === true ? proposal.value : null,
      }),
    );
  }
  return { pullRequest, own, untouched, proposal, promotions, removals };
}

/** Asks every policy about one promotion. */
export function gate(draft: Draft, promotion: JudgedPromotion): GatedPromotion {
  const facts = promotionFacts(draft, promotion);
  const gates = evaluatePolicies(draft.policies, facts);
  return { promotion, facts, gates, judgement: judge(gates) };
}

function requestersOf(draft: Draft, pullRequest: PullRequest, app: string, environment: string, to: Pinned): readonly string[] {
  const asked = new Set<string>();
  const { request } = draft.place(app, environment);
  if (request !== null && sameRelease(request.release, to)) asked.add(request.by);
  const opened = draft.observation.ledger.openedAs.get(pullRequest.number)?.requestedBy ?? null;
  if (opened !== null) asked.add(opened);
  return [...asked];
}

/** How many apps going bad in one environment within {@link BREAKER_WINDOW} point at a shared cause. */
const BREAKER_APPS = 3;
const BREAKER_WINDOW = 10 * 60_000;
/** At most one automatic revert for an app and environment in this time. */
const REVERT_COOLDOWN = 24 * 3_600_000;

/**
 * Whether a revert here is for people to let through, even where `rollback: auto` says otherwise: a passed deadline
 * proves little, what a person put there by hand is a person's to take away, a second revert within a day shows that the
 * first one mended nothing, and many apps going bad at once point at something that no revert mends.
 */
export function mustBeProposed(draft: Draft, app: string, environment: string): boolean {
  const { current, revertedAt } = draft.place(app, environment);
  if (current === null || current.bad === null || current.bad.event === "deadline" || current.via !== "merged") return true;
  if (revertedAt !== null && draft.now - revertedAt < REVERT_COOLDOWN) return true;
  let bad = 0;
  for (const place of draft.observation.ledger.places.get(environment)?.values() ?? []) {
    for (const { at } of place.bad.values()) if (draft.now - at <= BREAKER_WINDOW) bad += 1;
  }
  return bad >= BREAKER_APPS;
}

/** Whether this open pull request of Pinion carries exactly this release into this place. */
export function carries(judged: JudgedPullRequest, app: string, environment: string, release: Pinned): boolean {
  return judged.promotions.some(
    ({ promotion }) =>
      promotion.app === app && promotion.environment.name === environment && releaseKey(promotion.to) === releaseKey(release),
  );
}
