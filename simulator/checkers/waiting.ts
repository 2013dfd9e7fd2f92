/**
 * What a promotion must wait for: S10 (verified and soaked in the environments before), S11 (no freeze, no pause), S32 (a clock
 * that is set back shortens no soak). A freeze counts if the App saw it when it last looked.
 */
import type { Instant } from "../../src/domain/answer.ts";
import type { WorldEvent } from "../events.ts";
import { MINUTE } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { isCalledHotfix } from "./hotfix.ts";
import { BAD_EVENTS, breach, entriesOf, environmentAt, holdsDigest, isRevert, mayWrite, pinMoves, seenMain, RIGHTS_GRACE, type PinMove } from "./reading.ts";

type Merge = Extract<WorldEvent, { readonly kind: "merged" }>;

/** Between a look at the cluster and the record of it: a write that is slow, and times in whole seconds. */
const RECORDING: Instant = 30_000;

/** GitHub's times are cut off to whole seconds. */
const SECOND = 1_000;

export const waitingChecker: Checker = {
  invariants: ["S10", "S11", "S32"],
  see(event, view) {
    if (event.kind !== "merged" || event.bot === null) return [];
    const pull = view.facts().pulls.get(event.pull);
    if (pull === undefined || isRevert(view, pull)) return [];
    const seen = view.seenBy(event.bot)?.facts.pulls.get(event.pull) ?? pull;
    return pinMoves(view, event.base, event.commit).flatMap((move) => {
      // A hotfix waits for no soak and no freeze, but for a pause; and what went bad does not come back.
      const urgent = isCalledHotfix(view, seen, move);
      return [...upstream(event, move, view, urgent), ...badHere(event, move, view), ...paused(event, move, view), ...(urgent ? [] : stopped(event, move, view))];
    });
  },
};

function upstream(event: Merge, { app, environment: name, to }: PinMove, view: WorldView, urgent: boolean): readonly Breach[] {
  const environment = environmentAt(view, seenMain(view, event.bot, event.base), name);
  const digest = to?.digest ?? "";
  if (environment === null) return [];
  return environment.after.flatMap((before) => {
    const entries = entriesOf(view, app, before);
    const word = entries.findLast((entry) => holdsDigest(entry, digest) && (entry.event === "verified" || BAD_EVENTS.has(entry.event)));
    if (word === undefined) return urgent ? [] : [breach("S10", `#${event.pull} brought ${app} to ${name}, never verified in ${before}`)];
    if (word.event !== "verified" && word.writtenAt < event.at - RECORDING) {
      return [breach("S10", `#${event.pull} brought ${app} to ${name}, though it went bad in ${before}`)];
    }
    if (urgent) return [];
    const soak = environment.soak * MINUTE;
    const runs = entries.filter((entry) => entry.event === "deployed" && holdsDigest(entry, digest));
    const soaked = Math.max(0, ...runs.map((run) => endOf(entries, run, event.at) - run.at));
    if (soaked < soak - SECOND) return [breach("S10", `#${event.pull} brought ${app} to ${name} after ${soaked} ms in ${before}, not ${soak}`)];
    const truly = Math.max(0, ...runs.map((run) => event.at - run.writtenAt));
    return truly >= soak - RECORDING ? [] : [breach("S32", `#${event.pull} soaked for ${truly} ms of true time in ${before}, not ${soak}`)];
  });
}

/** What went bad here comes back only when somebody asks for it after that. */
function badHere(event: Merge, { app, environment, to }: PinMove, view: WorldView): readonly Breach[] {
  const entries = entriesOf(view, app, environment);
  const word = entries.findLast((entry) => holdsDigest(entry, to?.digest ?? "") && (entry.event === "verified" || BAD_EVENTS.has(entry.event)));
  if (word === undefined || word.event === "verified" || word.writtenAt >= event.at - RECORDING) return [];
  const asked = entries.slice(entries.indexOf(word)).some((entry) => entry.event === "requested" && holdsDigest(entry, to?.digest ?? ""));
  return asked ? [] : [breach("S10", `#${event.pull} brought ${app} to ${environment}, where it went bad before`)];
}

/** When a run was replaced or went bad. */
function endOf(entries: readonly LogEntry[], run: LogEntry, now: Instant): Instant {
  const later = entries.slice(entries.indexOf(run) + 1);
  const end = later.find(({ event, commit }) => event === "merged" || event === "out-of-band" || (BAD_EVENTS.has(event) && commit === run.commit));
  return end?.at ?? now;
}

function paused(event: Merge, { environment: name }: PinMove, view: WorldView): readonly Breach[] {
  const environment = environmentAt(view, seenMain(view, event.bot, event.base), name);
  return environment !== null && environment.paused !== null ? [breach("S11", `#${event.pull} was merged into ${name}, which is paused`)] : [];
}

function stopped(event: Merge, { app, environment: name }: PinMove, view: WorldView): readonly Breach[] {
  const found: Breach[] = [];
  const seen = view.seenBy(event.bot ?? 0);
  for (const issue of seen?.facts.issues.values() ?? []) {
    if (issue.state !== "open" || !issue.labels.includes(`freeze:${name}`)) continue;
    const by = issue.labelEvents.findLast(({ label }) => label === `freeze:${name}`)?.actor;
    if (by === undefined || by.kind !== "user" || mayWrite(view, by.login, event.at - RIGHTS_GRACE, "always")) {
      found.push(breach("S11", `#${event.pull} was merged into ${name}, which #${issue.number} freezes`));
    }
  }
  const entries = entriesOf(view, app, name);
  const frozen = entries.findLast(({ event: what, writtenAt }) => what === "frozen" && seen !== null && writtenAt < seen.at - SECOND);
  // A thaw counts as soon as it is written.
  const thawed = entries.some((entry) => entry.event === "unfrozen" && entry.issue === frozen?.issue);
  if (frozen !== undefined && !thawed) found.push(breach("S11", `#${event.pull} was merged into ${name}, where ${app} is stopped`));
  return found;
}
