/**
 * The merge queue. H12: what it merges for Pinion was judged at exactly the commit that it merges, whose check lets it through; H13: Pinion puts in only what it
 * has judged, names the head, and does not go on against people or for ever. What both bring must satisfy all that is asked of Pinion's own merges, by what Pinion
 * saw when it asked for that check, or for the place in the queue, and by what it has seen since in good time before the merge.
 */
import type { Instant } from "../../src/domain/answer.ts";
import type { Oid } from "../../src/domain/release.ts";
import type { BotId, WorldEvent } from "../events.ts";
import { MINUTE } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Checker, Seen, WorldView } from "../world-view.ts";
import { approvingChecker } from "./approving.ts";
import { arrivingChecker } from "./arriving.ts";
import { hotfixChecker } from "./hotfix.ts";
import { imagesChecker } from "./images.ts";
import { mergingChecker } from "./merging.ts";
import { ownRulesChecker } from "./own-rules.ts";
import { breach, pinMoves } from "./reading.ts";
import { waitingChecker } from "./waiting.ts";
import { windowsChecker } from "./windows.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;
type Enqueued = Extract<WorldEvent, { readonly kind: "enqueued" }>;

/** A look, and the process that took it. */
interface Look extends Seen {
  readonly bot: BotId;
}

/** What was seen so long before a merge must have turned the check back: a look is not always followed by a write that succeeds. */
const HEEDED: Instant = 4 * MINUTE;
/** So often the App may put a pull request in that always comes out, before people have to want it again. */
const MOST_TRIES = 5;

export function queueingChecker(): Checker {
  const looks = new Looks();
  const tries = new Tries();
  const images = imagesChecker();
  return {
    invariants: ["H12", "H13"],
    see(event, view) {
      looks.see(event, view);
      if (event.kind === "image" || event.kind === "signed") images.see(event, view);
      const ofTries = tries.see(event, looks, view);
      if (event.kind === "enqueued" && event.bot !== null) return [...ofTries, ...putIn(event, looks, view, images)];
      if (event.kind !== "merged" || event.queued !== true || event.by.kind !== "app") return ofTries;
      return merged(event, looks, view, images);
    },
  };
}

/** The looks by which the App asked for what it asked for, and the others of late. */
class Looks {
  readonly #asked = new Map<string, Look>();
  #recent: Look[] = [];

  see(event: WorldEvent, view: WorldView): void {
    if (event.kind !== "asking" && event.kind !== "looked") return;
    const seen = view.seenBy(event.bot);
    if (seen === null || view.facts().queue === null) return;
    const look = { ...seen, bot: event.bot };
    if (event.kind === "asking") this.#asked.set(`${event.what} ${event.head}`, look);
    else this.#recent = [...this.#recent.filter(({ at }) => at > view.now() - 3 * HEEDED), look];
  }

  asked(what: "check" | "enqueue", head: Oid): Look | null {
    return this.#asked.get(`${what} ${head}`) ?? null;
  }

  /** The newest one that had its time to be heeded, if it is newer than that one. */
  heeded(since: Look, until: Instant): Look {
    return this.#recent.findLast(({ at }) => at > since.at && at <= until - HEEDED) ?? since;
  }
}

/** Whatever else is asked of what the App merges. */
function breachesOf(event: Merge, asked: Look, view: WorldView, images: Checker): readonly Breach[] {
  const past = viewAsOf(asked, view);
  const ask = { kind: "merging", pull: event.pull, head: event.head, bot: asked.bot, at: asked.at } as const;
  const merge = { ...event, bot: asked.bot, at: asked.at };
  return [approvingChecker, waitingChecker, hotfixChecker, arrivingChecker, windowsChecker(), ownRulesChecker(), images].flatMap((checker) => {
    checker.see(ask, past);
    return checker.see(merge, past);
  });
}

function merged(event: Merge, looks: Looks, view: WorldView, images: Checker): readonly Breach[] {
  const { pull, commit } = event;
  const asked = looks.asked("check", commit);
  if (asked === null) return [breach("H12", `the queue merged #${pull} as ${commit.slice(0, 8)}, which Pinion never let through`)];
  const green = view.facts().checks.get(commit)?.at(-1)?.conclusion === "success" || view.factsAt(event.at - 1).checks.get(commit)?.at(-1)?.conclusion === "success";
  // Where others have brought the same meanwhile, there is no promotion left to judge.
  const judged = pinMoves(view, event.base, commit).length === 0 || view.log().some((entry) => entry.event === "judged" && entry.pullRequest === pull && entry.head === commit);
  return [
    ...(green ? [] : [breach("H12", `the queue merged #${pull} as ${commit.slice(0, 8)}, whose check does not let it through`)]),
    ...(judged ? [] : [breach("H12", `the queue merged #${pull} as ${commit.slice(0, 8)}, at which it was never judged`)]),
    // As a merge of that very commit, whose judgement is looked for above.
    ...mergingChecker.see({ ...event, bot: asked.bot, head: commit, expectedHead: commit }, viewAsOf(asked, view, view.log())).filter(({ invariant }) => invariant !== "S1"),
    ...breachesOf(event, looks.heeded(asked, event.at), view, images),
  ];
}

/** What is put in must be fit to be merged right then. */
function putIn(event: Enqueued, looks: Looks, view: WorldView, images: Checker): readonly Breach[] {
  const { pull, head, by, expectedHead, bot, at } = event;
  const asked = looks.asked("enqueue", head);
  const base = view.commit(head)?.parents[0];
  if (asked === null || base === undefined) return [breach("H13", `#${pull} was put into the queue by nobody`)];
  const merge: Merge = { kind: "merged", pull, by, head, base, commit: head, expectedHead, bot, at };
  return [
    ...(expectedHead === head ? [] : [breach("H13", `#${pull} was put into the queue without saying which head`)]),
    ...mergingChecker.see({ ...merge, bot: asked.bot }, viewAsOf(asked, view, view.log())).map(({ sentence }) => breach("H13", `${sentence}, and was only put into the queue`)),
    ...breachesOf(merge, asked, view, images),
  ];
}

/** How often the App has put a pull request in since somebody last wanted it merged. */
class Tries {
  readonly #tries = new Map<number, number>();

  see(event: WorldEvent, looks: Looks, view: WorldView): readonly Breach[] {
    if (isWish(event)) this.#tries.set(event.pull, 0);
    if (event.kind !== "enqueued" || event.bot === null) return [];
    const { pull, head, at } = event;
    const tries = (this.#tries.get(pull) ?? 0) + 1;
    this.#tries.set(pull, tries);
    if (tries > MOST_TRIES) return [breach("H13", `#${pull} was put into the queue ${tries} times, and always came out of it`)];
    const seen = looks.asked("enqueue", head)?.facts ?? view.factsAt(at);
    const out = seen.queue?.exits.findLast((exit) => exit.pull === pull);
    return out?.by?.kind === "user" && tries > 1 && !this.#wantedSince(out.at, pull, view)
      ? [breach("H13", `#${pull} was put into the queue again, from which ${out.by.login} had taken it`)]
      : [];
  }

  #wantedSince(at: Instant, number: number, view: WorldView): boolean {
    const pull = view.facts().pulls.get(number);
    const { reviews = [], labelEvents = [], comments = [] } = pull ?? {};
    const words = [...reviews.filter(({ state }) => state === "approved" || state === "dismissed"), ...labelEvents, ...comments.filter(({ body }) => body.startsWith("/pinion "))];
    return words.some((word) => word.at >= at);
  }
}

function isWish(event: WorldEvent): event is Extract<WorldEvent, { readonly kind: "enqueued" | "reviewed" | "labelled" | "commented" }> {
  if (event.kind === "reviewed") return event.state === "approved" && event.by.kind === "user";
  if (event.kind === "commented") return event.by.kind === "user" && event.body.startsWith("/pinion ");
  return (event.kind === "enqueued" || event.kind === "labelled") && event.by.kind === "user";
}

/** The world as it was to whoever took this look: GitHub as it was told, the log as it was written, and the time. */
function viewAsOf({ at, facts, bot }: Look, view: WorldView, log: readonly LogEntry[] = view.log().filter(({ writtenAt }) => writtenAt <= at)): WorldView {
  return {
    now: () => at,
    facts: () => view.facts(),
    factsAt: (moment) => view.factsAt(moment),
    seenBy: (other) => (other === bot ? { at, facts } : view.seenBy(other)),
    commit: (oid) => view.commit(oid),
    tree: (commit) => view.tree(commit),
    text: (blob) => view.text(blob),
    configAt: (commit) => view.configAt(commit),
    pinAt: (commit, app, environment) => view.pinAt(commit, app, environment),
    isAncestor: (ancestor, descendant) => view.isAncestor(ancestor, descendant),
    mainline: () => view.mainline(),
    log: () => log,
    cluster: (app, environment) => view.cluster(app, environment),
    fateOf: (digest) => view.fateOf(digest),
    errorShare: (app, environment, from, to) => view.errorShare(app, environment, from, to),
    apps: view.apps,
    checkRequired: view.checkRequired,
    pushed: (app) => view.pushed(app),
    tagOf: (number, patch) => view.tagOf(number, patch),
  };
}
