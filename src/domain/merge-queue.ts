import type { CheckContent } from "./action.ts";
import type { Milliseconds } from "./answer.ts";
import { CODE_OWNERS_PATHS } from "./code-owners.ts";
import { environmentOf } from "./config.ts";
import type { Draft } from "./draft.ts";
import { isWriter } from "./facts/people.ts";
import { judgePullRequest, type JudgedPullRequest } from "./judge-pull-request.ts";
import type { ProposedChange, QueueEntry, QueueEvent } from "./observation.ts";
import { commentOnce } from "./openings.ts";
import { checkFor, mergedByItself, planCheckOn, planJudged } from "./pull-requests.ts";
import { MOST_TRIES, queueChance, removalsOf } from "./queue-events.ts";
import { sameRelease, type Oid, type Pinned } from "./release.ts";
import { configOnlyCheck } from "./report/check.ts";
import { dequeuedComment, promoteCommand, takenOutComment } from "./report/comment.ts";
import { groupCheck, groupWaits, strangeGroup, type GroupPart } from "./report/group-check.ts";
import { mention, words } from "./report/markdown.ts";
import { readableTime } from "./report/readable.ts";

type Group = NonNullable<QueueEntry["group"]>;

/** A commit that the merge queue tries, with those of the queue that it stands on, the front first. Null: it stands on something else. */
interface Tried {
  readonly entry: QueueEntry;
  readonly group: Group;
  readonly ahead: readonly Tried[] | null;
}

/** One of them as it is judged. */
interface JudgedEntry extends Tried {
  readonly part: GroupPart;
  /** Its pull request with what it would change there; null where that cannot be told. */
  readonly judged: JudgedPullRequest | null;
}

/**
 * Judges what the merge queue tries, each commit with all that would be merged with it, and takes out of it what Pinion opened and what
 * must not be merged any more.
 */
export function planMergeQueue(draft: Draft, judged: readonly JudgedPullRequest[]): void {
  const { queue } = draft.observation.snapshot;
  if (!queue.known || queue.value === null) return;
  const alone = new Map(judged.map((one) => [one.pullRequest.number, one]));
  const entries = new Map<Oid, JudgedEntry>();
  for (const tried of triedIn(draft)) {
    const ahead = tried.ahead?.flatMap(({ group }) => entries.get(group.head) ?? []) ?? null;
    const one = judgeEntry(draft, tried, alone.get(tried.entry.pullRequest) ?? null, ahead);
    entries.set(tried.group.head, one);
    const check = groupCheck(one.part, (ahead ?? []).map(({ part }) => part), queue.value);
    planCheckOn(draft, one.entry.pullRequest, one.group.head, one.group.check, check);
    if (check.conclusion === "success" && one.judged !== null) planJudged(draft, one.judged, one.group.head);
  }
  const inGroups = new Map([...entries.values()].map((one) => [one.entry.pullRequest, one]));
  for (const { pullRequest } of queue.value.entries) planDequeue(draft, alone.get(pullRequest) ?? null, inGroups.get(pullRequest) ?? null);
}

/** While the configuration cannot be read nothing is judged, and only what mends it goes through. */
export function planUnjudgedQueue(draft: Draft, mends: (head: Oid) => boolean): void {
  for (const { entry, group, ahead } of triedIn(draft)) {
    const all = ahead !== null && [...ahead.map((one) => one.group), group].every(({ head }) => mends(head));
    const check = all ? configOnlyCheck() : groupWaits("the configuration of Pinion on the default branch cannot be read, so nothing is judged");
    planCheckOn(draft, entry.pullRequest, group.head, group.check, check);
  }
}

function triedIn(draft: Draft): readonly Tried[] {
  const { queue, head } = draft.observation.snapshot;
  const entries = queue.known && queue.value !== null ? queue.value.entries : [];
  const byHead = new Map<Oid, Tried>();
  for (const entry of entries) {
    const { group } = entry;
    if (group === null) continue;
    const change = draft.observation.groups.get(group.head);
    const base = change?.known === true ? change.value.base : group.base;
    const below = byHead.get(base);
    const ahead = base === head ? [] : below?.ahead == null ? null : [...below.ahead, below];
    byHead.set(group.head, { entry, group, ahead });
  }
  return [...byHead.values()];
}

function judgeEntry(draft: Draft, tried: Tried, alone: JudgedPullRequest | null, ahead: readonly JudgedEntry[] | null): JudgedEntry {
  const { entry, group } = tried;
  const judged = alone === null ? null : judgePullRequest(draft, alone.pullRequest, draft.observation.groups.get(group.head) ?? null);
  const check = checkIn(draft, tried, alone, judged, ahead);
  return { ...tried, judged, part: { pullRequest: entry.pullRequest, title: alone?.pullRequest.title ?? "", check } };
}

function checkIn(
  draft: Draft,
  { entry }: Tried,
  alone: JudgedPullRequest | null,
  judged: JudgedPullRequest | null,
  ahead: readonly JudgedEntry[] | null,
): CheckContent {
  const number = `#${entry.pullRequest}`;
  if (ahead === null) return groupWaits(`${number} is tried on another commit than the default branch has now: the queue makes it anew`);
  if (alone === null || judged === null) return groupWaits(`${number} is not among the pull requests that GitHub lists`);
  const { proposal } = judged;
  if (proposal?.known !== true) return checkFor(judged, null);
  if (alone.proposal?.known !== true) return groupWaits(`what ${number} itself changes cannot be told: ${alone.proposal?.reason ?? "it has not been read yet"}`);
  // What is merged first may be what makes it bring another release than it says by itself.
  const first = aheadOf(draft, judged, ahead);
  if (first !== null) return groupWaits(first);
  const strange = strangeIn(proposal.value, alone.proposal.value);
  return strange === null ? checkFor(judged, null) : strangeGroup(`in the merge queue ${number} would ${strange}, which it does not say itself`);
}

/** What the queue's commit brings and the pull request does not, or null. What others brought already may be missing in it. */
function strangeIn(group: ProposedChange, own: ProposedChange): string | null {
  const says = (list: ProposedChange["promotions"], app: string, environment: string, to: Pinned | null) =>
    list.some((other) => other.app === app && other.environment === environment && sameOrGone(other.to, to));
  for (const { app, environment, to } of group.promotions) {
    if (!says(own.promotions, app, environment, to)) return `bring ${to?.version ?? "no release"} of ${app} to ${environment}`;
  }
  for (const { app, environment, to } of group.shared) {
    if (!says(own.shared, app, environment, to)) return `change ${app} in ${environment} by files that environments share`;
  }
  const file = group.otherFiles.find((path) => !own.otherFiles.includes(path));
  if (file !== undefined) return `change ${file}`;
  const entry = group.quarantines.find((one) => !own.quarantines.some((other) => other.file === one.file && other.digest === one.digest));
  if (entry !== undefined) return `put ${entry.digest.slice(0, 19)} into quarantine`;
  return group.config !== null && own.config === null ? "change Pinion's configuration or policies" : null;
}

function sameOrGone(one: Pinned | null, other: Pinned | null): boolean {
  return one === null || other === null ? one === other : sameRelease(one, other);
}

/**
 * What must be merged before this is judged, since it bears upon it and the default branch does not show it yet: rules and quarantines for
 * every promotion, and another promotion into the same place. Null: nothing.
 */
function aheadOf(draft: Draft, { promotions, shared }: JudgedPullRequest, ahead: readonly JudgedEntry[]): string | null {
  const places = [...promotions, ...shared].map(({ promotion }) => ({ app: promotion.app, environment: promotion.environment.name }));
  if (places.length === 0) return null;
  for (const { entry, judged } of ahead) {
    const change = judged?.proposal?.known === true ? judged.proposal.value : null;
    if (change === null) continue;
    const number = `#${entry.pullRequest}, ahead in the merge queue,`;
    if (change.config !== null) return `${number} changes by which rules this is judged, and is merged first`;
    if (change.otherFiles.some((file) => CODE_OWNERS_PATHS.some((path) => path === file))) return `${number} changes whose approvals this needs, and is merged first`;
    if (change.quarantines.length > 0) return `${number} changes what is in quarantine, and is merged first`;
    const same = places.find((place) => [...change.promotions, ...change.shared].some((other) => other.app === place.app && other.environment === place.environment));
    if (same !== undefined && environmentOf(draft.config, same.environment) !== null) {
      return `${number} changes ${same.app} in ${same.environment} too, and is merged first`;
    }
  }
  return null;
}

/** What waits for longer than this would hold up all that is behind it; what is over sooner is quicker to wait for than to put in again. */
const SHORT_WAIT: Milliseconds = 10 * 60_000;

/**
 * Takes out of the queue what Pinion opened and does not pass any more, so that nothing behind has to wait for it. What is over soon, and
 * what just cannot be told, stays: its check holds it, and GitHub's own time limit is for that.
 */
function planDequeue(draft: Draft, alone: JudgedPullRequest | null, inGroup: JudgedEntry | null): void {
  if (alone === null || !alone.own) return;
  const check = isOut(draft, alone) ? checkFor(alone, null) : inGroup?.part.check.conclusion === "failure" ? inGroup.part.check : null;
  if (check === null) return;
  const { number, id } = alone.pullRequest;
  const marker = markerOf(removalsOf(alone.pullRequest).length + 1);
  draft.act({ id: `dequeue #${number} ${marker}`, kind: "dequeue", pullRequest: number, pullRequestId: id });
  const leaving: QueueEvent = { kind: "removed", by: { login: "pinion", kind: "app" }, at: draft.now, reason: "" };
  const next = leftTo(draft, alone, [...alone.pullRequest.queueEvents, leaving]) ?? "It goes back by itself once every gate passes again.";
  commentOnce(draft, alone, marker, (mark) => dequeuedComment({ marker: mark, title: check.title, next }));
}

function isOut(draft: Draft, { movedOn, promotions, shared }: JudgedPullRequest): boolean {
  if (movedOn !== null) return true;
  return [...promotions, ...shared].some(({ judgement }) => {
    if (judgement.outcome === "wait") return judgement.until === null || judgement.until - draft.now > SHORT_WAIT;
    return judgement.outcome === "fail";
  });
}

/** The comments that tell why it came out of the queue the first time, the second time and so on. */
function markerOf(time: number): string {
  return `queue:${time}`;
}

/** Tells on a pull request of Pinion that it came out of the merge queue, why, and what comes next. */
export function planTakenOut(draft: Draft, judged: JudgedPullRequest): void {
  const { pullRequest, own } = judged;
  const out = removalsOf(pullRequest);
  const last = out.at(-1);
  if (!own || last === undefined || pullRequest.queueEvents.at(-1) !== last) return;
  const next = nextAfter(draft, judged);
  const why = last.by.kind === "user" ? `${mention(last.by.login)} took it out of the merge queue` : `It came out of the merge queue: ${reasonOf(last)}`;
  commentOnce(draft, judged, markerOf(out.length), (marker) => takenOutComment({ marker, why, next }));
}

/** What comes next for what came out of the queue. */
function nextAfter(draft: Draft, judged: JudgedPullRequest): string {
  const left = leftTo(draft, judged, judged.pullRequest.queueEvents);
  if (left !== null) return left;
  const chance = queueChance(judged.pullRequest, draft.now, isWriter(draft));
  const when = chance.chance === "later" ? `after ${readableTime(chance.at)}` : "at once";
  return `Pinion puts it back ${when} if every gate passes then.`;
}

/** What comes next where Pinion does not put it back by itself, or null where it does. */
function leftTo(draft: Draft, judged: JudgedPullRequest, queueEvents: readonly QueueEvent[]): string | null {
  const { pullRequest, promotions, movedOn, proposal } = judged;
  if (movedOn !== null) return "Pinion closes it.";
  if (proposal?.known === true && mergedByItself(judged) === null) {
    return "Pinion does not put it back by itself, since its merge is left to people: put it into the queue yourself once every gate passes.";
  }
  const chance = queueChance({ ...pullRequest, queueEvents }, draft.now, isWriter(draft));
  if (chance.chance !== "people") return null;
  const place = promotions[0]?.promotion;
  const command = place === undefined ? "" : `, comment \`${promoteCommand(place.app, place.environment.name)}\``;
  const again = `approve it again${command}, or put it into the queue yourself`;
  if (chance.why === "taken-out") return `Pinion does not put it back by itself: ${again}.`;
  return `It came out ${MOST_TRIES} times, so Pinion leaves it to people. When the reason is gone, ${again}.`;
}

/** GitHub's words for why it took something out, as it has them today. */
const REASONS: readonly (readonly [word: RegExp, reason: string])[] = [
  [/conflict/i, "it conflicts with what is merged before it"],
  [/time[ _-]?d?[ _-]?out/i, "a required check did not answer in time on the commit that the queue made of it"],
  [/fail/i, "a required check failed on the commit that the queue made of it"],
  [/protection|rule/i, "the rules of the branch are not met any more"],
  [/clear/i, "the queue was cleared"],
];

function reasonOf({ by, reason }: { readonly by: { readonly kind: string }; readonly reason: string }): string {
  if (by.kind === "app") return "a gate did not pass any more";
  const known = REASONS.find(([word]) => word.test(reason))?.[1];
  return known ?? (reason === "" ? "GitHub does not say why" : `GitHub gives the reason “${words(reason)}”`);
}
