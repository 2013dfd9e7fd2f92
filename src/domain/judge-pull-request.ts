import type { Answer } from "./answer.ts";
import { isRevertBranch, promotionBranch } from "./branch.ts";
import { isOwn } from "./changes.ts";
import { environmentOf, policiesIn } from "./config.ts";
import type { Draft } from "./draft.ts";
import type { Facts } from "./facts.ts";
import { hotfixLabellers, hotfixStanding } from "./hotfix.ts";
import { registriesOf } from "./known-registries.ts";
import { isWhatWasOpened, placeIn } from "./ledger.ts";
import { whyMovedOn } from "./moved-on.ts";
import type { ProposedChange, PullRequest } from "./observation.ts";
import type { Gate, Judgement } from "./policy.ts";
import { evaluatePolicies, factsWanted, judge, judgesWithoutRelease, policiesInForce } from "./policy/evaluate.ts";
import type { Policy } from "./policy/policy-set.ts";
import { promotionFacts, type JudgedPromotion } from "./promotion-facts.ts";
import type { PromotionKind } from "./record.ts";
import { releaseKey, type Pinned } from "./release.ts";
import { askingNow } from "./requests.ts";
import { unreliableSigners } from "./supply-chain/signer.ts";

/** A promotion with everything the policies said of it. */
export interface GatedPromotion {
  readonly promotion: JudgedPromotion;
  readonly facts: Facts;
  readonly gates: readonly Gate[];
  readonly judgement: Judgement;
  /** Of a hotfix: the gates that would hold it back if it were a promotion like any other. */
  readonly passedBy: readonly Gate[];
  /** Why it is no hotfix, though somebody wants it to be one; or null. */
  readonly noHotfix: string | null;
}

/** An open pull request as Pinion sees it now. */
export interface JudgedPullRequest {
  readonly pullRequest: PullRequest;
  /** The App opened it. */
  readonly own: boolean;
  /** The App opened it, and something in it is not the App's. */
  readonly foreign: boolean;
  /** Nothing foreign is in it, and yet it is not what it was opened for any more: why, or null. */
  readonly movedOn: string | null;
  /** It makes exactly the promotion that it was opened for, in one commit of the App: only then may the App merge it. */
  readonly untouched: boolean;
  readonly proposal: Answer<ProposedChange> | null;
  readonly promotions: readonly GatedPromotion[];
  /** What changes in environments by files that they share: judged as the promotions that it makes, which no file of an environment tells. */
  readonly shared: readonly GatedPromotion[];
  /** Apps that would have no pin any more, as `app in environment`. */
  readonly removals: readonly string[];
}

/**
 * Judges every promotion that merging this pull request would make. `proposal` is what it would change: on the default branch as it
 * is, or in a group of the merge queue.
 */
export function judgePullRequest(
  draft: Draft,
  pullRequest: PullRequest,
  proposal: Answer<ProposedChange> | null = draft.observation.proposals.get(pullRequest.number) ?? null,
): JudgedPullRequest {
  const own = isOwn(pullRequest);
  const changes = proposal?.known === true ? proposal.value.promotions : [];
  const sharedChanges = proposal?.known === true ? proposal.value.shared : [];
  const opened = own && sharedChanges.length === 0 ? openingOf(draft, pullRequest, changes) : null;
  const appsAlone = pullRequest.commits.allOwn && pullRequest.commits.count === 1;
  const untouched = opened !== null && appsAlone;
  const foreign = own && !appsAlone;
  const movedOn = own && appsAlone ? whyMovedOn(draft, pullRequest, proposal?.known === true ? proposal.value : null, untouched) : null;
  const registries = registriesOf([...changes, ...sharedChanges].map(({ from }) => from));
  const gated = (change: Change): readonly GatedPromotion[] => {
    const environment = environmentOf(draft.config, change.environment);
    if (environment === null) return [];
    const { app, from, to } = change;
    const hotfix = hotfixStanding(draft, pullRequest, { app, environment: environment.name, to, untouched });
    const kind = untouched && opened.kind === "revert" ? "revert" : hotfix.word === null ? "promotion" : "hotfix";
    const asked = own ? requestersOf(draft, pullRequest, app, environment.name, to) : [pullRequest.author.login];
    const promotion: JudgedPromotion = {
      app,
      environment,
      kind,
      hotfix: hotfix.word,
      origin: untouched ? "bot" : "person",
      requesters: hotfix.word === null || asked.includes(hotfix.word.by) ? asked : [...asked, hotfix.word.by],
      asking: to === null ? [] : [...askingNow(draft, app, environment.name, to), ...hotfixLabellers(pullRequest)],
      changedByOthers: foreign,
      from,
      to: to ?? { app, version: "nothing", images: [] },
      removal: to === null,
      proposedOnly: kind === "revert" && mustBeProposed(draft, app, environment.name),
      pullRequest,
      proposal: proposal?.known === true ? proposal.value : null,
    };
    return [{ ...gate(draft, promotion), noHotfix: hotfix.word === null ? hotfix.why : null }];
  };
  const judgeAll = () => ({ promotions: changes.flatMap(gated), shared: sharedChanges.filter(({ isPromoted }) => isPromoted).flatMap(gated) });
  return {
    pullRequest,
    own,
    foreign,
    movedOn,
    untouched,
    proposal,
    ...(untouched ? judgeAll() : draft.asGuest({ pullRequest: pullRequest.number, registries }, judgeAll)),
    removals: removalsOf(draft, [...changes, ...sharedChanges.filter(({ isPromoted }) => isPromoted)]),
  };
}

function removalsOf(draft: Draft, changes: readonly Change[]): readonly string[] {
  return changes.flatMap(({ app, environment, to }) => (to === null && environmentOf(draft.config, environment) !== null ? [`${app} in ${environment}`] : []));
}

type Change = ProposedChange["promotions"][number];

/**
 * What a pull request of the App was opened for, if that is what it makes now. Branch names and commits can be moved by
 * whoever may push, so neither tells what a pull request is: the record of its opening does. Where that record was lost,
 * the branch's name does, because it is made from the promotion itself.
 */
function openingOf(draft: Draft, pullRequest: PullRequest, changes: readonly Change[]): { readonly kind: PromotionKind } | null {
  const [only] = changes;
  if (only === undefined || only.to === null || changes.length !== 1) return null;
  const opened = draft.observation.ledger.openedAs.get(pullRequest.number);
  if (opened === undefined) return isNamedAfter(draft, pullRequest.head.ref, only, only.to);
  const same = opened.app === only.app && opened.environment === only.environment && isWhatWasOpened(opened, only.to);
  return same ? { kind: opened.kind } : null;
}

function isNamedAfter(draft: Draft, branch: string, change: Change, release: Pinned): { readonly kind: PromotionKind } | null {
  const { app, environment, from } = change;
  const generation = generationOf(draft, app, environment);
  const revert = isRevertBranch(branch);
  for (let attempt = 1; attempt <= BRANCH_ATTEMPTS; attempt += 1) {
    if (promotionBranch({ app, environment, release, from, revert }, generation, attempt) === branch)
      return { kind: revert ? "revert" : "promotion" };
  }
  return null;
}

/** Branch names that belong to somebody else are stepped aside from this many times. */
export const BRANCH_ATTEMPTS = 5;

/** What tells a promotion from an earlier one of the same release: the commit that the present pin came by. */
export function generationOf(draft: Draft, app: string, environment: string): string {
  return draft.place(app, environment).current?.commit ?? draft.observation.ledger.installed?.commit ?? "installation";
}

/** Without a pin there is no release to judge, but who may take it away, and when, is judged all the same; and what else a repository's own policies say of that. */
const REMOVAL_POLICIES: ReadonlySet<string> = new Set(["approvals", "freeze", "paused", "window"]);

function judgesRemoval(draft: Draft, policy: Policy): boolean {
  return REMOVAL_POLICIES.has(policy.name) || (draft.observation.ownPolicies.includes(policy) && judgesWithoutRelease(policy));
}

/** Asks every policy about one promotion. */
export function gate(draft: Draft, promotion: JudgedPromotion): GatedPromotion {
  const { facts, gates } = gatesOf(draft, promotion);
  const held = promotion.kind === "hotfix" ? gatesOf(draft, { ...promotion, kind: "promotion" }).gates.filter(holdsBack) : [];
  const holding = new Set(gates.filter(holdsBack).map(({ policy }) => policy));
  return { promotion, facts, gates, judgement: judge(gates), passedBy: held.filter(({ policy }) => !holding.has(policy)), noHotfix: null };
}

function holdsBack({ enforce, result }: Gate): boolean {
  return enforce === "block" && result !== "pass" && result !== "not-applicable";
}

function gatesOf(draft: Draft, promotion: JudgedPromotion): Pick<GatedPromotion, "facts" | "gates"> {
  const { app, environment, kind, origin } = promotion;
  const configured = policiesIn(draft.config, environment);
  const inForce = policiesInForce(draft.policies.policies, configured);
  const policies = promotion.removal ? inForce.filter((policy) => judgesRemoval(draft, policy)) : inForce;
  const wanted = factsWanted({ policies }, { app, environment: environment.name, kind, origin }, configured);
  const facts = promotionFacts(draft, promotion, wanted);
  const gates = evaluatePolicies({ policies }, facts, configured, unreliableSigners(draft.observation.signers));
  for (const one of gates) if (one.result === "wait" && one.until !== null) draft.due(one.until);
  return { facts, gates };
}

function requestersOf(draft: Draft, pullRequest: PullRequest, app: string, environment: string, to: Pinned | null): readonly string[] {
  const asked = new Set(to === null ? [] : draft.place(app, environment).askers.get(releaseKey(to)));
  const opened = draft.observation.ledger.openedAs.get(pullRequest.number)?.requestedBy ?? null;
  if (opened !== null) asked.add(opened);
  return [...asked];
}

/** How many apps going bad in one environment within {@link BREAKER_WINDOW} point at a shared cause. */
const BREAKER_APPS = 3;
const BREAKER_WINDOW = 10 * 60_000;
/** What goes bad within this time of a revert is not reverted automatically again. */
const REVERT_COOLDOWN = 24 * 3_600_000;

/**
 * Whether a revert here is for people to let through, even where `rollback: auto` says otherwise: a passed deadline
 * proves little, what a person put there, by hand or by a pull request, is a person's to take away, a second revert within a day shows that the
 * first one mended nothing, and many apps going bad at once point at something that no revert mends. All of it is told by the time
 * at which the release went bad, so that no revert begins to merge by itself because time has passed.
 */
export function mustBeProposed(draft: Draft, app: string, environment: string): boolean {
  const { current, revertedAt } = draft.place(app, environment);
  if (current === null || current.bad === null || current.missedDeadline || current.via !== "promoted") return true;
  const { at } = current.bad;
  if (revertedAt !== null && at - revertedAt < REVERT_COOLDOWN) return true;
  let apps = 0;
  for (const places of draft.observation.ledger.places.values()) {
    if (placeIn(places, environment).alarms.some((other) => Math.abs(at - other) <= BREAKER_WINDOW)) apps += 1;
  }
  return apps >= BREAKER_APPS;
}
