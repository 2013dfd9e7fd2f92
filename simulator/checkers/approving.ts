/**
 * S6: the App merges only with the approvals that the configuration of the base asks for, each by somebody who may approve and
 * neither opened nor asked for it, on the merged head, as the App saw it last. What goes back by itself is judged elsewhere.
 */
import type { WorldEvent } from "../events.ts";
import { MAIN, type EnvironmentSetup, type PullFacts, type ReviewFacts } from "../facts.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { breach, entriesOf, environmentAt, holdsDigest, isInTeams, isRevert, mayWrite, pinMoves, placeOfBranch, seenMain, RIGHTS_GRACE } from "./reading.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;

export const approvingChecker: Checker = {
  invariants: ["S6"],
  see(event, view) {
    if (event.kind === "checked" && event.conclusion === "success") return greenOf(event.head, view);
    if (event.kind !== "merged" || event.bot === null) return [];
    return pinMoves(view, event.base, event.commit).flatMap(({ environment: name }) => {
      const environment = environmentAt(view, seenMain(view, event.bot, event.base), name);
      const pull = view.seenBy(event.bot ?? 0)?.facts.pulls.get(event.pull);
      if (environment === null || pull === undefined) return [];
      const revert = isRevert(view, pull);
      if (!revert && environment.merge === "manual") return [breach("S6", `#${event.pull} was merged into ${name}, which people merge`)];
      const refusing = decisions(pull).find((review) => review.state === "changes-requested" && isEligible(view, environment, pull, review, "always"));
      if (refusing !== undefined) return [breach("S6", `#${event.pull} was merged though ${refusing.author.login} asks for changes`)];
      const least = revert ? 0 : needed(environment);
      const count = approvalsOf(view, event, pull, environment).length;
      return count >= least ? [] : [breach("S6", `#${event.pull} was merged into ${name} with ${count} approvals that count, of ${least}`)];
    });
  },
};

/** The configuration may have been another when the App looked. */
const JUST_NOW = 2 * 60_000;

/** A green check is an invitation to merge: it takes the approvals that the default branch asks for, whatever the pull request says itself. */
function greenOf(head: string, view: WorldView): readonly Breach[] {
  const mains = [view.facts(), view.factsAt(view.now() - JUST_NOW)].map(({ branches }) => branches.get(MAIN) ?? "");
  const parent = view.commit(head)?.parents[0];
  return [...view.facts().pulls.values()].flatMap((pull) => {
    if (pull.state !== "open" || pull.head !== head || pull.base !== MAIN || parent === undefined || isRevert(view, pull)) return [];
    if (wasApproved(view, pull)) return [];
    const moves = pinMoves(view, parent, head).filter(({ app, environment, to }) => {
      return mains.every((main) => view.pinAt(main, app, environment)?.digest !== to?.digest);
    });
    const open = moves.find(({ environment: name }) => mains.every((main) => neededAt(view, main, name) > 0));
    return open === undefined ? [] : [breach("S6", `the check lets #${pull.number} into ${open.environment}, and nobody has approved it`)];
  });
}

/** Somebody has approved it, or had until just now. */
function wasApproved(view: WorldView, { number, reviews }: PullFacts): boolean {
  const then = view.now() - JUST_NOW;
  const before = view.factsAt(then).pulls.get(number)?.reviews ?? [];
  return [...reviews, ...before].some(({ state, at }) => state === "approved" || (state === "dismissed" && at >= then));
}

function neededAt(view: WorldView, main: string, name: string): number {
  const environment = environmentAt(view, main, name);
  return environment === null ? 0 : needed(environment);
}

function needed({ approvals, merge }: EnvironmentSetup): number {
  return Math.max(approvals.count, merge === "on-approval" ? 1 : 0);
}

/** Who has approved the merged head, and counts. */
export function approvalsOf(view: WorldView, event: Merge, pull: PullFacts, environment: EnvironmentSetup): readonly string[] {
  return decisions(pull)
    .filter((review) => review.state === "approved" && review.commit === event.head && isEligible(view, environment, pull, review, "ever"))
    .map(({ author }) => author.login);
}

/** The last word of each person. A dismissed review is no word any more, nor are those before it. */
function decisions(pull: PullFacts): readonly ReviewFacts[] {
  const last = new Map<string, ReviewFacts>();
  for (const review of pull.reviews) if (review.state !== "commented") last.set(review.author.login, review);
  return [...last.values()].filter(({ state }) => state !== "dismissed");
}

/** Everybody who asked for it, before it was opened or while it is open. A person who withdraws a promotion answers those who had asked for it. */
function requesters(view: WorldView, pull: PullFacts): ReadonlySet<string> {
  const opened = view.log().find((entry) => entry.event === "opened" && entry.pullRequest === pull.number);
  const [name = "", app = ""] = placeOfBranch(pull.headRef).split("/");
  const digest = view.pinAt(pull.head, app, name)?.digest ?? "";
  const entries = entriesOf(view, app, name);
  const answer = entries.findLastIndex((entry) => {
    return entry.event === "merged" || entry.event === "out-of-band" || (entry.event === "withdrawn" && holdsDigest(entry, digest));
  });
  const asked = entries.slice(answer + 1).flatMap((entry) => (entry.event === "requested" && holdsDigest(entry, digest) ? (entry.by ?? []) : []));
  // Whoever called it a hotfix wants it, whether they may or not.
  const called = pull.labels.includes("hotfix") ? pull.labelEvents.filter(({ label }) => label === "hotfix").map(({ actor }) => actor.login) : [];
  return new Set([...asked, ...called, opened?.requestedBy ?? ""]);
}

function isEligible(
  view: WorldView,
  environment: EnvironmentSetup,
  pull: PullFacts,
  { author }: ReviewFacts,
  when: "always" | "ever",
): boolean {
  if (author.kind !== "user" || author.login === pull.author.login) return false;
  if (requesters(view, pull).has(author.login)) return false;
  const since = view.now() - RIGHTS_GRACE;
  const { teams } = environment.approvals;
  return mayWrite(view, author.login, since, when) && (teams.length === 0 || isInTeams(view, author.login, teams, since, when));
}
