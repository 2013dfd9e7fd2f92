/**
 * The promotion log: S24 (only ever added to; one record for each event; what it names exists; no merge is called judged that
 * was not), S22 (a request or a thaw by somebody who may not has no effect) and S16 (nothing unknown is recorded as passed).
 */
import { LOG } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Checker, WorldView } from "../world-view.ts";
import { breach, mayWrite, placeOfBranch, RIGHTS_GRACE } from "./reading.ts";

/** Policies that tell, and hold nothing back. */
const ONLY_WARNS = /^(pins-only|gloomy-[a-z]+)=/;
/** Those that only tell where it is a hotfix. */
const WARNS_OF_HOTFIXES = /^(one-rollout|no-downgrade)=/;

export function recordingChecker(): Checker {
  let read = 0;
  return {
    invariants: ["S16", "S22", "S24"],
    see(event, view) {
      if (event.kind !== "moved" || event.branch !== LOG || event.by.kind !== "app") return [];
      const { from, to } = event;
      if (to === null) return [breach("S24", "the App deleted its log")];
      const found: Breach[] = [...appended(view, from, to)];
      const entries = view.log();
      for (const [index, entry] of entries.entries()) if (index >= read) found.push(...judged(entries.slice(0, index), entry, view));
      read = entries.length;
      return found;
    },
  };
}

function appended(view: WorldView, from: string | null, to: string): readonly Breach[] {
  const parents = view.commit(to)?.parents ?? [];
  if (from !== null && (parents.length !== 1 || parents[0] !== from)) return [breach("S24", "the log does not go on from where it was")];
  const [before, after] = [from === null ? new Map<string, string>() : view.tree(from), view.tree(to)];
  const changed = [...before].find(([path, blob]) => after.get(path) !== blob);
  return changed === undefined ? [] : [breach("S24", `the record ${changed[0]} was written over`)];
}

function judged(before: readonly LogEntry[], entry: LogEntry, view: WorldView): readonly Breach[] {
  const found: Breach[] = [];
  if (before.some((other) => identity(other) === identity(entry))) found.push(breach("S24", `${told(entry)} is recorded twice`));
  switch (entry.event) {
    case "merged":
      found.push(...mergeRecord(before, entry, view));
      break;
    case "out-of-band":
      found.push(...handRecord(entry, view));
      break;
    case "adopted":
      found.push(...adoptedRecord(entry, view));
      break;
    case "deployed":
    case "verified":
      if (entry.commit !== null && view.commit(entry.commit) === null) found.push(breach("S24", `${told(entry)} names a commit that is not there`));
      break;
    case "judged": {
      const open = entry.gates.find((gate) => !/=(pass|not-applicable)$/.test(gate) && !ONLY_WARNS.test(gate) && !(entry.kind === "hotfix" && WARNS_OF_HOTFIXES.test(gate)));
      if (open !== undefined) found.push(breach("S16", `${told(entry)} as passed, with ${open}`));
      break;
    }
    case "opened":
      found.push(...openingRecord(entry, view));
      break;
    case "requested":
      found.push(...requestRecord(entry, view));
      break;
    case "unfrozen":
      if (!mayWrite(view, entry.by ?? "", entry.writtenAt - RIGHTS_GRACE, "ever")) {
        found.push(breach("S22", `${entry.by ?? ""} thawed ${entry.app} in ${entry.environment}, and may not`));
      }
      break;
    default:
  }
  return found;
}

/** The merge must have happened, once, as the record says. */
function mergeRecord(before: readonly LogEntry[], entry: LogEntry, view: WorldView): readonly Breach[] {
  const pull = view.facts().pulls.get(entry.pullRequest ?? 0);
  const found: Breach[] = [];
  if (pull?.merged?.commit !== entry.commit) found.push(breach("S24", `${told(entry)} by a merge that did not happen`));
  const same = before.some(
    (other) => other.event === "merged" && other.pullRequest === entry.pullRequest && other.app === entry.app && other.environment === entry.environment,
  );
  if (same) found.push(breach("S24", `${told(entry)} by #${entry.pullRequest ?? 0} a second time`));
  const queued = view.facts().queue?.exits.find((exit) => exit.reason === "merged" && exit.pull === entry.pullRequest && exit.head === entry.commit);
  const judgedAt = (head: string | null) => before.filter((other) => other.event === "judged" && other.pullRequest === entry.pullRequest && other.head === head);
  const judged = judgedAt(entry.head);
  if (queued !== undefined && entry.enqueuedBy !== queued.enqueued.by.login) {
    found.push(breach("S24", `${told(entry)} by ${entry.enqueuedBy ?? "nobody"}'s putting it into the queue, which ${queued.enqueued.by.login} did`));
  }
  if (queued !== undefined && entry.judgement === "judged" && judgedAt(entry.commit).length === 0) {
    found.push(breach("S24", `${told(entry)} is called judged, and what the queue merged was not`));
  }
  if (queued === undefined && entry.judgement === "judged" && judged.length === 0) found.push(breach("S24", `${told(entry)} is called judged, and was not`));
  const opened = before.find((other) => other.event === "opened" && other.pullRequest === entry.pullRequest);
  const asOpened = opened?.environment === entry.environment && opened.app === entry.app && opened.release?.digests.join() === entry.release?.digests.join();
  if (asOpened && (opened.kind === "revert") !== (entry.kind === "revert")) {
    found.push(breach("S24", `${told(entry)} is called a ${entry.kind ?? "nothing"}, and was opened as ${opened.kind ?? "nothing"}`));
  }
  // What passed both ways can be called either.
  const called = entry.kind === "hotfix";
  if (called ? !judged.some(({ kind }) => kind === "hotfix") : judged.length > 0 && judged.every(({ kind }) => kind === "hotfix")) {
    found.push(breach("S24", `${told(entry)} is called a ${entry.kind ?? "nothing"}, and was judged otherwise`));
  }
  return found;
}

/** What is adopted stood there at the commit that it is adopted from. */
function adoptedRecord(entry: LogEntry, view: WorldView): readonly Breach[] {
  const { app, environment, commit, release } = entry;
  if (commit === null || view.commit(commit) === null) return [breach("S24", `${told(entry)} names a commit that is not there`)];
  const pin = view.pinAt(commit, app, environment);
  // Of a tag that is moved from image to image, the version tells the digest as well.
  const version = release?.version.replace(/ \([0-9a-f]+\)$/, "");
  if (pin !== null && version === pin.tag && release?.digests.join() === (pin.digest ?? "")) return [];
  return [breach("S24", `${told(entry)}, where ${commit.slice(0, 8)} pins ${pin?.tag ?? "nothing"}`)];
}

/** What the App merged itself, with nothing of others in it, is nobody's change by hand. */
function handRecord(entry: LogEntry, view: WorldView): readonly Breach[] {
  if (entry.commit === null) return [];
  if (view.commit(entry.commit) === null) return [breach("S24", `${told(entry)} names a commit that is not there`)];
  const parent = view.commit(entry.commit)?.parents[0] ?? "";
  const [before, after] = [view.pinAt(parent, entry.app, entry.environment), view.pinAt(entry.commit, entry.app, entry.environment)];
  if (before?.tag === after?.tag && before?.digest === after?.digest) return [breach("S24", `${told(entry)} by a commit that did not change it`)];
  const pull = [...view.facts().pulls.values()].find(({ merged }) => merged?.commit === entry.commit);
  const own = pull?.author.kind === "app" && placeOfBranch(pull.headRef) === `${entry.environment}/${entry.app}`;
  if (!own || entry.release === null || pull.mergedCommits?.some((oid) => view.commit(oid)?.own !== true) !== false) return [];
  // The default branch may have been moved back to it since.
  const again = view.log().some((other) => other.event === "merged" && other.commit === entry.commit);
  return again ? [] : [breach("S24", `${told(entry)} is called a change by hand, and was #${pull.number} of the App`)];
}

/** What a pull request was opened for is what the App put into it, and not what somebody else made of it since. */
function openingRecord(entry: LogEntry, view: WorldView): readonly Breach[] {
  const pull = view.facts().pulls.get(entry.pullRequest ?? 0);
  if (pull === undefined || pull.author.kind !== "app") return [breach("S24", `${told(entry)}, which the App did not open`)];
  const place = placeOfBranch(pull.headRef);
  // Where it was closed before its opening was written down, the record does not say what was opened.
  const own = entry.head === null || view.commit(entry.head)?.own === true;
  if (own && place === `${entry.environment}/${entry.app}`) return [];
  return [breach("S24", `#${pull.number}, opened for ${place}, is recorded as ${told(entry)}, which is somebody else's doing`)];
}

function requestRecord(entry: LogEntry, view: WorldView): readonly Breach[] {
  const by = entry.by ?? "";
  const pull = view.facts().pulls.get(entry.pullRequest ?? 0);
  const [kind, id] = (entry.source ?? "").split(":");
  const asked =
    kind === "label"
      ? pull?.labelEvents.some((event) => event.id === id && event.actor.login === by)
      : pull?.comments.some((comment) => comment.id === id && comment.author.login === by);
  if (asked !== true) return [breach("S22", `${told(entry)}, for which ${by} never asked`)];
  return mayWrite(view, by, entry.writtenAt - RIGHTS_GRACE, "ever") ? [] : [breach("S22", `${told(entry)} by ${by}, who may not ask`)];
}

/** What makes an event the same event. */
function identity(entry: LogEntry): string {
  const { event, environment, app } = entry;
  const which: Readonly<Record<string, string | number | null>> = {
    installed: "once",
    requested: entry.source,
    opened: entry.pullRequest,
    withdrawn: entry.pullRequest,
    judged: `${entry.pullRequest ?? 0} ${entry.head ?? ""} ${entry.hotfixSource ?? ""}`,
    quarantined: `${entry.commit ?? ""} ${entry.digest ?? ""}`,
    frozen: entry.issue,
    unfrozen: entry.issue,
  };
  // An event that is not known here is told apart by its file, which is made from what makes it the same.
  return `${event} ${environment} ${app} ${which[event] ?? entry.commit ?? entry.path}`;
}

function told({ event, app, environment, release }: LogEntry): string {
  return `${event} ${app} ${release?.version ?? ""} in ${environment}`;
}
