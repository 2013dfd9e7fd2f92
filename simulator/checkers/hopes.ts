/** What must have come true when trouble has ended and time has passed. */
import { MAIN, MINUTE, placePath, type PullFacts } from "../facts.ts";
import type { LogEntry } from "../log-entry.ts";
import type { Breach, Hope, WorldView } from "../world-view.ts";
import { BAD_EVENTS, breach, environmentAt, entriesOf, holdsDigest, isRevert, isRevertBranch, placeOfBranch } from "./reading.ts";

/** L3: every open pull request into the default branch carries the App's check on its head. */
export const everyPullChecked: Hope = {
  invariants: ["L3"],
  look: (view) =>
    open(view)
      .filter((pull) => !view.facts().checks.has(pull.head))
      .map((pull) => breach("L3", `#${pull.number} has no check on its head`)),
};

/** L2: what the App opened is in the log, also where the process died right after: without that nothing of it can be trusted. */
export const everyOpeningRecorded: Hope = {
  invariants: ["L2"],
  look: (view) =>
    open(view)
      .filter((pull) => pull.author.kind === "app" && view.commit(pull.head)?.own === true && view.configAt(main(view)) !== null)
      .filter((pull) => !view.log().some((entry) => entry.event === "opened" && entry.pullRequest === pull.number))
      .map((pull) => breach("L2", `that #${pull.number} was opened is in no record`)),
};

/** L4: what the App made and everything lets through is merged. */
export const everythingGreenMerged: Hope = {
  invariants: ["L4"],
  look: (view) =>
    open(view)
      .filter((pull) => pull.author.kind === "app" && view.facts().checks.get(pull.head)?.at(-1)?.conclusion === "success")
      .filter((pull) => isUntouched(view, pull) && !isForPeople(view, pull) && !isLeftOut(view, pull))
      // What came in the last moment may still be on its way.
      .filter(({ createdAt }) => view.now() - createdAt > MINUTE)
      .map((pull) => breach("L4", `#${pull.number} is green and stays open`)),
};

function isUntouched(view: WorldView, pull: PullFacts): boolean {
  const commit = view.commit(pull.head);
  const [parent] = commit?.parents ?? [];
  const opened = view.log().find((entry) => entry.event === "opened" && entry.pullRequest === pull.number);
  return commit?.own === true && parent !== undefined && view.isAncestor(parent, main(view)) && opened?.head === pull.head;
}

/** How often it may come out of the merge queue before it waits for people. */
const MOST_TRIES = 5;

/** Since somebody wanted it merged, somebody took it out of the merge queue, or it came out again and again: then it waits for people. */
function isLeftOut(view: WorldView, { number, reviews, labelEvents, comments }: PullFacts): boolean {
  const exits = (view.facts().queue?.exits ?? []).filter(({ pull, reason }) => pull === number && reason !== "merged");
  const words = [...reviews.filter(({ state }) => state === "approved"), ...labelEvents, ...comments.filter(({ author, body }) => author.kind === "user" && body.startsWith("/pinion "))];
  const wanted = Math.max(0, ...words.map(({ at }) => at), ...exits.filter(({ enqueued }) => enqueued.by.kind === "user").map(({ enqueued }) => enqueued.at));
  const since = exits.filter(({ at }) => at >= wanted);
  return since.length >= MOST_TRIES || since.some(({ by }) => by?.kind === "user");
}

function isForPeople(view: WorldView, pull: PullFacts): boolean {
  const [name = ""] = placeOfBranch(pull.headRef).split("/");
  return environmentAt(view, main(view), name)?.merge === "manual" && !isRevert(view, pull);
}

/** L7 and L2: every change of a pin on the default branch is in the log, whoever made it and whether anybody told of it. */
export const everyChangeRecorded: Hope = {
  invariants: ["L2", "L7"],
  look(view) {
    const installed = view.log().find((entry) => entry.event === "installed");
    const config = view.configAt(main(view));
    if (config === null) return [];
    if (installed === undefined) return [breach("L2", "the log was never begun")];
    const line = view.mainline();
    const since = line.indexOf(installed.commit ?? "");
    const found: Breach[] = [];
    for (const [index, commit] of line.entries()) {
      const parent = line[index - 1];
      if (index <= since || parent === undefined) continue;
      for (const app of view.apps) {
        for (const { name } of config.environments) found.push(...recorded(view, app, name, parent, commit));
      }
    }
    return found;
  },
};

function recorded(view: WorldView, app: string, environment: string, parent: string, commit: string): readonly Breach[] {
  if (view.tree(parent).get(placePath(app, environment)) === view.tree(commit).get(placePath(app, environment))) return [];
  const [before, after] = [view.pinAt(parent, app, environment), view.pinAt(commit, app, environment)];
  if (before?.digest === after?.digest && (before?.digest !== null || before?.tag === after?.tag)) return [];
  const there = entriesOf(view, app, environment).some(
    (entry) => entry.commit === commit && ["merged", "out-of-band", "adopted"].includes(entry.event),
  );
  return there ? [] : [breach("L7", `${app} in ${environment} was changed by ${commit.slice(0, 8)}, and no record says so`)];
}

const SETTLING = 12 * MINUTE;

/** L5: what was merged has come to an end in the log: verified, bad, or replaced. */
export const everyMergeSettled: Hope = {
  invariants: ["L5"],
  look(view) {
    const config = view.configAt(main(view));
    return view.apps.flatMap((app) =>
      (config?.environments ?? []).flatMap(({ name }) => {
        const entries = entriesOf(view, app, name);
        const last = entries.findLast(({ event }) => event === "merged" || event === "out-of-band");
        if (last === undefined || last.release === null || last.event !== "merged") return [];
        // What had to wait until now has not had its time yet.
        if (view.now() - last.writtenAt < SETTLING) return [];
        const settled = entries.some((entry) => entry.commit === last.commit && (entry.event === "verified" || BAD_EVENTS.has(entry.event)));
        return settled || cannotBeTold(view, entries, last) ? [] : [breach("L5", `what became of ${app} ${last.release.version} in ${name} is not told`)];
      }),
    );
  },
};

/** Users met errors before it came, so nothing can be said of it; or its image is no more. */
function cannotBeTold(view: WorldView, entries: readonly LogEntry[], merged: LogEntry): boolean {
  const deployed = entries.find((entry) => entry.event === "deployed" && entry.commit === merged.commit);
  const { app, environment } = merged;
  if (deployed !== undefined) return view.errorShare(app, environment, deployed.at, view.now()) > 0.004;
  // It was on its way when Argo CD had something to say of an older state, and hangs now: that is told by the deadline only.
  return view.cluster(app, environment).at(-1)?.health === "Degraded";
}

/** L6: what went bad and can be gone back from has a revert, or the app is stopped. */
export const everyBadAnswered: Hope = {
  invariants: ["L6"],
  look(view) {
    const config = view.configAt(main(view));
    return view.apps.flatMap((app) =>
      (config?.environments ?? []).flatMap(({ name, rollback }) => {
        if (rollback === "off") return [];
        const entries = entriesOf(view, app, name);
        const last = entries.findLast(({ event }) => event === "merged" || event === "out-of-band");
        const bad = entries.find((entry) => BAD_EVENTS.has(entry.event) && entry.commit === last?.commit);
        if (last === undefined || bad === undefined) return [];
        // What was only late may be verified after all.
        const recovered = entries.slice(entries.indexOf(bad)).some((entry) => entry.event === "verified" && entry.commit === bad.commit);
        const pin = view.pinAt(main(view), app, name);
        if (recovered || pin === null || last.release?.digests.includes(pin.digest ?? "") !== true) return [];
        return isAnswered(view, app, name, bad) ? [] : [breach("L6", `${app} ${last.release.version} went bad in ${name}, and nothing was done`)];
      }),
    );
  },
};

function isAnswered(view: WorldView, app: string, environment: string, bad: LogEntry): boolean {
  const stopped = entriesOf(view, app, environment).some((entry) => entry.event === "frozen");
  const told = [...view.facts().issues.values()].some((issue) => issue.author.kind === "app");
  const reverts = [...view.facts().pulls.values()].some(
    (pull) =>
      pull.author.kind === "app" &&
      isRevertBranch(pull.headRef) &&
      placeOfBranch(pull.headRef) === `${environment}/${app}` &&
      (pull.state === "open" || (pull.closed !== null && pull.closed.by.kind !== "app")),
  );
  return stopped || told || reverts || bad.app !== app;
}

/** L1: every word of somebody that asks for a promotion has been answered where it was said. */
export const everyRequestAnswered: Hope = {
  invariants: ["L1"],
  look(view) {
    const config = view.configAt(main(view));
    // Whoever could mend the configuration may not write any more: until somebody does, all requests wait for that.
    if (config === null) return [];
    const environments = config.environments.map(({ name }) => name);
    return [...view.facts().pulls.values()]
      .filter(({ state }) => state !== "open")
      .flatMap((pull) => [
        ...environments.flatMap((name) => (pull.labels.includes(`promote:${name}`) ? labelWish(view, pull, name) : [])),
        ...hotfixWish(pull),
        ...pull.comments
          .filter(({ author, body }) => author.kind === "user" && /^\/pinion (?:promote|hotfix) \S+ \S+/.test(body))
          .flatMap(({ id }) => wish(view, pull, `comment:${id}`)),
      ]);
  },
};

function labelWish(view: WorldView, pull: PullFacts, environment: string): readonly Breach[] {
  const event = pull.labelEvents.findLast(({ label }) => label === `promote:${environment}`);
  if (event === undefined || waits(view, pull, `label:${event.id}`)) return [];
  return [breach("L1", `the label promote:${environment} is still on #${pull.number}`)];
}

/** What was called a hotfix while it was open has its label for good. */
function hotfixWish({ number, labels, labelEvents, author, merged, closed }: PullFacts): readonly Breach[] {
  const set = labelEvents.findLast(({ label }) => label === "hotfix");
  if (author.kind !== "app" || !labels.includes("hotfix") || set === undefined || set.at <= (merged?.at ?? closed?.at ?? Infinity)) return [];
  return [breach("L1", `the label hotfix is still on #${number}`)];
}

function wish(view: WorldView, pull: PullFacts, source: string): readonly Breach[] {
  const answered = pull.comments.some(({ author, body }) => author.kind === "app" && decodeURIComponent(body.split(" -->")[0] ?? "").includes(source));
  return answered || waits(view, pull, source) ? [] : [breach("L1", `${source} on #${pull.number} was never answered`)];
}

/** It is in the log, and what it asks for cannot be opened yet, or is not to be. */
function waits(view: WorldView, pull: PullFacts, source: string): boolean {
  const log = view.log();
  const asked = log.findIndex((entry) => entry.event === "requested" && entry.source === source && entry.pullRequest === pull.number);
  const request = log[asked];
  if (request === undefined) return false;
  const { app, environment, release } = request;
  // Once it is opened, there is something to say.
  return !log.slice(asked).some((entry) => {
    return entry.event === "opened" && entry.app === app && entry.environment === environment && holdsDigest(entry, release?.digests[0] ?? "");
  });
}

/** L1: what was granted is opened, unless it came by itself, or somebody has said something else since. */
export const everyRequestOpened: Hope = {
  invariants: ["L1"],
  look(view) {
    const config = view.configAt(main(view));
    return view.apps.flatMap((app) =>
      (config?.environments ?? []).flatMap(({ name }) => {
        const entries = entriesOf(view, app, name);
        const asked = entries.findLastIndex(({ event }) => event === "requested");
        const request = entries[asked];
        const digest = view.pinAt(main(view), app, name)?.digest ?? "";
        const over = entries.slice(asked + 1).some(({ event }) => ["opened", "merged", "out-of-band", "adopted", "withdrawn"].includes(event));
        const busy = open(view).some((pull) => pull.author.kind === "app" && placeOfBranch(pull.headRef) === `${name}/${app}`);
        if (request === undefined || over || busy || holdsDigest(request, digest)) return [];
        // Somebody has taken the branch's name: whoever asked was told to delete it.
        // The version of a tag that moves is "main (0123456789ab)", and "main.0123456789ab" in a branch's name.
        const version = (request.release?.version ?? "").replace(/ \(([0-9a-f]+)\)$/, ".$1");
        if (isTaken(view, `pinion/${name}/${app}/${version}-`)) return [];
        return [breach("L1", `${request.by ?? ""} may have ${app} ${request.release?.version ?? ""} in ${name}, and it was never opened`)];
      }),
    );
  },
};

function isTaken(view: WorldView, prefix: string): boolean {
  return [...view.facts().branches].some(([name, oid]) => name.startsWith(prefix) && view.commit(oid)?.own !== true);
}

/** L9: nothing is left lying about: no branch of the App's own without an open pull request. */
export const everyBranchTidied: Hope = {
  invariants: ["L9"],
  look(view) {
    // Nothing is tidied either while nobody may mend the configuration.
    if (view.configAt(main(view)) === null) return [];
    const heads = new Set(open(view).map(({ headRef }) => headRef));
    const facts = view.facts();
    return [...facts.branches]
      .filter(([name, oid]) => name.startsWith("pinion/") && !heads.has(name) && view.commit(oid)?.own === true)
      .filter(([name, oid]) => [...facts.pulls.values()].some((pull) => pull.headRef === name && pull.head === oid && pull.author.kind === "app"))
      .map(([name]) => breach("L9", `the branch ${name} is left, and its pull request has ended`));
  },
};

function open(view: WorldView): readonly PullFacts[] {
  return [...view.facts().pulls.values()].filter(({ state, base }) => state === "open" && base === MAIN);
}

function main(view: WorldView): string {
  return view.facts().branches.get(MAIN) ?? "";
}
