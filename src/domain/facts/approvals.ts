import type { Answer } from "../answer.ts";
import type { Environment } from "../config.ts";
import type { Draft } from "../draft.ts";
import type { Fact, Facts, UnknownFact } from "../facts.ts";
import type { PullRequest, Review } from "../observation.ts";
import type { JudgedPromotion } from "../promotion-facts.ts";
import type { RecordedApproval } from "../record.ts";
import { isCodeOwner, needsCodeOwners, ownersApprovals } from "./code-owners.ts";
import { mayWrite, PEOPLE_MAX_AGE } from "./people.ts";

interface Approver {
  readonly login: string;
  readonly review: string;
  readonly commit: string | null;
  readonly at: number;
  readonly state: "approved" | "changes-requested";
}

/** The latest review of each person that decides something. A dismissed review takes the person's word back entirely. */
function latestDecisions(pullRequest: PullRequest): readonly Approver[] {
  const latest = new Map<string, Approver | null>();
  for (const review of pullRequest.reviews.toSorted((a, b) => a.at - b.at)) {
    if (review.author.kind !== "user") continue;
    if (review.state === "dismissed") latest.set(review.author.login, null);
    if (review.state !== "approved" && review.state !== "changes-requested") continue;
    latest.set(review.author.login, {
      login: review.author.login,
      review: review.id,
      commit: review.commit,
      at: review.at,
      state: review.state,
    });
  }
  return [...latest.values()].filter((approver) => approver !== null);
}

/** What a deleted account said, and nobody has dismissed. GitHub shows all of them as one, so that neither takes back what another one said. */
function ghostsDecisions({ reviews }: PullRequest): ReadonlySet<Review["state"]> {
  return new Set(reviews.filter(({ author }) => author.kind === "ghost").map(({ state }) => state));
}

const GHOST = "an account that is gone";

/** How many approvals a promotion needs before it may be merged. */
export function approvalsNeeded(promotion: Pick<JudgedPromotion, "environment" | "kind" | "proposedOnly">): number {
  const { environment, kind } = promotion;
  if (kind !== "revert") return Math.max(environment.approvals.count, environment.merge === "on-approval" || kind === "hotfix" ? 1 : 0);
  if (environment.rollback === "auto" && !promotion.proposedOnly) return 0;
  return Math.max(1, environment.approvals.count);
}

export function approvalsFact(draft: Draft, promotion: JudgedPromotion): Facts["approvals"] {
  const { environment, pullRequest } = promotion;
  const required = approvalsNeeded(promotion);
  const who = describeApprovers(environment.approvals);
  const ofOwners = (approving: readonly string[], untold: string | null) =>
    needsCodeOwners(promotion) ? ownersApprovals(draft, promotion, approving, untold) : { by: [], missing: [] };
  if (pullRequest === null) {
    const owners = ofOwners([], null);
    if ("unknown" in owners) return owners;
    return { required, count: 0, by: [], who, ignored: [], changes_requested_by: [], owners_by: [], owners_missing: owners.missing };
  }
  // Who pushed is not to be learned from Git, where anybody writes any name.
  if (promotion.changedByOthers)
    return {
      unknown: "somebody changed Pinion's branch, so who may approve cannot be told; close it, and open a pull request of your own",
    };
  if (pullRequest.truncated)
    return {
      unknown: "it has more reviews than can be read; close it, and ask for the promotion again or open a pull request of your own",
    };
  const counted = countedApprovals(draft, promotion, pullRequest);
  if ("unknown" in counted) return counted;
  const { by, elsewhere, undecided, changes } = counted;
  if (undecided !== null && by.length < required) return { unknown: `whose approval counts: ${undecided}` };
  const owners = ofOwners([...by, ...elsewhere.map(({ login }) => login)], undecided);
  if ("unknown" in owners) return owners;
  const strangers = elsewhere.filter(({ login }) => !owners.by.includes(login)).map(({ login, why }) => `@${login} (${why})`);
  const ignored = [...counted.ignored, ...strangers].slice(0, MOST_IGNORED);
  return { required, count: by.length, by, who, ignored, changes_requested_by: changes, owners_by: owners.by, owners_missing: owners.missing };
}

/** Anybody may approve, where anybody may read; it is told of this many that it does not count. */
const MOST_IGNORED = 50;

/** Approvals and requests for changes, each put where it counts. */
interface Counted {
  readonly by: readonly string[];
  /** Who has approved, may do that, and is not among those whose approvals are counted: they may be owners. */
  readonly elsewhere: readonly { readonly login: string; readonly why: string }[];
  readonly ignored: readonly string[];
  readonly changes: readonly string[];
  /** Why an approval cannot be told to count, or null. */
  readonly undecided: string | null;
}

function countedApprovals(draft: Draft, promotion: JudgedPromotion, pullRequest: PullRequest): Counted | UnknownFact {
  const { hotfix } = promotion;
  const elsewhere: { readonly login: string; readonly why: string }[] = [];
  const ignored: string[] = [];
  const by: string[] = [];
  const changes: string[] = [];
  let undecided: string | null = null;
  // Whether it was somebody who might say so cannot be asked any more. Whoever may write can dismiss that review.
  const ghosts = ghostsDecisions(pullRequest);
  if (ghosts.has("changes-requested")) changes.push(`${GHOST} (dismiss its review to go on)`);
  if (ghosts.has("approved")) ignored.push(GHOST);
  // Everybody is asked after at once: one after the other would take as many looks, with a check that says so in between.
  const decisions = latestDecisions(pullRequest).map((decision) => {
    const eligible = decision.state === "approved" ? eligibility(draft, promotion, decision.login) : holding(draft, promotion, decision.login);
    return { decision, eligible, approver: eligible?.known === true && eligible.value === null ? amongApprovers(draft, promotion, decision.login) : null };
  });
  for (const { decision, eligible, approver } of decisions) {
    const { login } = decision;
    if (eligible === null || !eligible.known) {
      const why = eligible?.reason ?? "it has not been asked yet";
      undecided ??= why;
      // An approval that cannot be told to count counts for nothing; a request for changes that cannot be told not to count holds.
      if (decision.state === "changes-requested") return { unknown: `whether @${login} may ask for changes: ${why}` };
      ignored.push(`@${login} (cannot be told: ${why})`);
    } else if (eligible.value !== null) ignored.push(`@${login} (${eligible.value})`);
    else if (decision.state === "changes-requested") changes.push(login);
    else if (hotfix !== null && decision.at < hotfix.at) ignored.push(`@${login} (approved it before it was a hotfix)`);
    else if (decision.commit !== pullRequest.head.oid) ignored.push(`@${login} (approved an earlier state)`);
    else if (approver === null || !approver.known) {
      const why = approver?.reason ?? "it has not been asked yet";
      undecided ??= why;
      elsewhere.push({ login, why: `cannot be told: ${why}` });
    } else if (approver.value !== null) elsewhere.push({ login, why: approver.value });
    else by.push(login);
  }
  return { by, elsewhere, ignored, changes, undecided };
}

function describeApprovers({ teams, users }: Environment["approvals"]): string {
  const named = [...teams.map((team) => `team ${team}`), ...users.map((user) => `@${user}`)];
  return named.length === 0 ? "anyone with write permission" : named.join(" or ");
}

/** Null when the person may approve this change, else why not. */
function eligibility(draft: Draft, promotion: JudgedPromotion, login: string): Answer<string | null> | null {
  const { pullRequest, requesters, asking } = promotion;
  const say = (value: string | null): Answer<string | null> => ({ known: true, value, at: draft.now });
  const is = (other: string) => other.toLowerCase() === login.toLowerCase();
  if (is(pullRequest?.author.login ?? "")) return say("opened the pull request");
  if (requesters.some(is)) return say("asked for this promotion");
  if (asking.some(is)) return say("asks for this promotion just now");
  if (pullRequest !== null && pullRequest.commits.people === null) {
    const reason =
      "a commit's author has no GitHub account, so who may approve cannot be told; push it again with an address that GitHub knows";
    return { known: false, reason, failure: "stalled", at: draft.now };
  }
  if (pullRequest?.commits.people?.some(is) === true) return say("wrote a commit of it");
  const gone = goneRequester(draft, promotion);
  const write = writing(draft, login);
  return write?.known === true && write.value === null ? (gone ?? write) : write;
}

/**
 * Why it cannot be told whether an approval is that of somebody who asked, or null. The log knows people by name: accounts can be given another
 * one, and whoever asked would approve under it. Who may still write under the old name has not been renamed.
 */
function goneRequester(draft: Draft, { requesters, pullRequest }: JudgedPromotion): Answer<string | null> | null {
  // On a pull request of people it is GitHub that names its author, as they are called now.
  if (pullRequest?.author.kind !== "app") return null;
  for (const { login, write } of requesters.map((one) => ({ login: one, write: mayWrite(draft, one) }))) {
    const problem = (reason: string): Answer<string | null> => ({ known: false, reason, failure: "stalled", at: draft.now });
    if (write === null) return problem(`whether @${login}, who asked for this promotion, may write has not been asked yet`);
    if (!write.known) return write;
    if (write.value) continue;
    return problem(
      `@${login}, who asked for this promotion, has no write permission under that name any more, and may have another name now; ` +
        "close it, and ask for the promotion again or open a pull request of your own",
    );
  }
  return null;
}

/** Null when a person's request for changes holds, else why not. Even whoever asked for the promotion may say that it must wait. */
function holding(draft: Draft, promotion: JudgedPromotion, login: string): Answer<string | null> | null {
  const write = writing(draft, login);
  if (write === null || !write.known || write.value !== null) return write;
  const among = amongApprovers(draft, promotion, login);
  if (!needsCodeOwners(promotion) || (among?.known === true && among.value === null)) return among;
  const owner = isCodeOwner(draft, promotion, login);
  if (owner === null || !owner.known) return owner;
  return owner.value ? write : among;
}

function writing(draft: Draft, login: string): Answer<string | null> | null {
  const write = mayWrite(draft, login);
  if (write === null || !write.known) return write;
  return { known: true, value: write.value ? null : "has no write permission", at: write.at };
}

/** Null when the person is among those whose word on promotions here counts, else why not. */
function amongApprovers(draft: Draft, { environment }: JudgedPromotion, login: string): Answer<string | null> | null {
  const say = (value: string | null): Answer<string | null> => ({ known: true, value, at: draft.now });
  const is = (other: string) => other.toLowerCase() === login.toLowerCase();
  const { teams, users } = environment.approvals;
  if (teams.length === 0 && users.length === 0) return say(null);
  if (users.some(is)) return say(null);
  for (const members of teams.map((team) => draft.ask({ kind: "team", team }, PEOPLE_MAX_AGE))) {
    if (members === null || !members.known) return members;
    if (members.value.some(is)) return say(null);
  }
  return say(`is not in ${describeApprovers(environment.approvals)}`);
}

/** The approvals that counted, as the log keeps them. */
export function recordedApprovals(facts: Facts, pullRequest: PullRequest): readonly RecordedApproval[] {
  const counted: Fact<{ readonly by: readonly string[]; readonly owners_by: readonly string[] }> = facts.approvals;
  if ("unknown" in counted) return [];
  return latestDecisions(pullRequest)
    .filter(({ login }) => counted.by.includes(login) || counted.owners_by.includes(login))
    .map(({ login, review, commit, at }) => ({ by: login, review, commit: commit ?? pullRequest.head.oid, at }));
}
