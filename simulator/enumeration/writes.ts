/**
 * Writing a plan into a small world, one request after the other, as `src/reconciler/apply.ts` does: in its order, with its guards,
 * and ended by the first conflict. Between two writes anything may happen, so a plan is written into another world than it was made from.
 */
import type { Action, CheckContent, ManifestCommit, Plan } from "../../src/domain/action.ts";
import { isTemporaryBranch } from "../../src/domain/branch.ts";
import { appendRecords, type Ledger } from "../../src/domain/ledger.ts";
import { parseQuarantine } from "../../src/domain/quarantine.ts";
import type { LogRecord } from "../../src/domain/record.ts";
import { recordIdentity } from "../../src/domain/record-file.ts";
import { sameRelease, type Oid, type Release } from "../../src/domain/release.ts";
import { keyOf } from "./key.ts";
import {
  closed,
  fileOf,
  headOf,
  merged,
  newQuarantines,
  oidOf,
  pinAt,
  PINION,
  pushed,
  replaced,
  STAGES,
  type BranchCommit,
  type Pull,
  type Stage,
  type World,
} from "./small-world.ts";

type ActionOf<K extends Action["kind"]> = Extract<Action, { readonly kind: K }>;
type Opening = ActionOf<"open">;

/** One request to GitHub, or the part of one after which it can break off. */
export type Write =
  | { readonly kind: "records"; readonly records: readonly LogRecord[] }
  | { readonly kind: "checks"; readonly checks: readonly Pick<ActionOf<"check">, "head" | "check">[] }
  /** The checks and records of what this plan has opened. */
  | { readonly kind: "opened" }
  | { readonly kind: "claim" | "commit" | "propose"; readonly action: Opening }
  | { readonly kind: "unbranch"; readonly branch: string; readonly head: Oid }
  | { readonly kind: "act"; readonly action: ActionOf<"merge" | "open-issue" | "rebuild" | "comment" | "remove-label" | "close"> };

/** What one process of Pinion is about: a plan from an earlier look, and what of it is still to be written. */
export interface Flight {
  readonly at: number;
  readonly base: Oid;
  readonly writes: readonly Write[];
  readonly opened: { readonly checks: readonly Pick<ActionOf<"check">, "head" | "check">[]; readonly records: readonly LogRecord[] };
  /** Places whose pins this plan has changed by merging. */
  readonly merged: readonly Stage[];
  /** Another process has written to the log since the look. */
  readonly logMoved: boolean;
  /** Tells flights apart: equal keys write the same. */
  readonly key: string;
}

/** What can be written of a plan, in order. What only shows something is left out: nothing is ever decided by it. */
export function writesOf(plan: Plan): readonly Write[] {
  const of = <K extends Action["kind"]>(kind: K) => plan.actions.filter((action): action is ActionOf<K> => action.kind === kind);
  const start = of("start-log").map(({ record }): Write => ({ kind: "records", records: [record] }));
  const records = of("record").map(({ record }) => record);
  const checks = of("check");
  const published: readonly Write[] = [
    ...(records.length > 0 ? [{ kind: "records" as const, records }] : []),
    ...(checks.length > 0 ? [{ kind: "checks" as const, checks }] : []),
  ];
  const merges = of("merge").map(act);
  const openings = of("open");
  const opening = openings.flatMap((action): readonly Write[] => [
    ...(action.adopt === null ? [{ kind: "claim" as const, action }] : []),
    { kind: "commit", action },
    { kind: "propose", action },
  ]);
  const issues = of("open-issue").map(act);
  const opened: readonly Write[] = openings.length + issues.length > 0 ? [{ kind: "opened" }] : [];
  return [
    ...start,
    ...(merges.length > 0 ? [...published, ...merges] : []),
    ...opening,
    ...issues,
    ...(merges.length > 0 ? [] : published),
    ...opened,
    ...of("rebuild").map(act),
    ...of("comment").map(act),
    ...of("remove-label").map(act),
    ...of("close").flatMap((action): readonly Write[] => [act(action), ...unbranched(action.branch)]),
    ...of("delete-branch").flatMap(({ branch, head }) => unbranched({ name: branch, head })),
  ];
}

function act(action: Extract<Write, { readonly kind: "act" }>["action"]): Write {
  return { kind: "act", action };
}

function unbranched(branch: { readonly name: string; readonly head: Oid } | null): readonly Write[] {
  return branch === null || isTemporaryBranch(branch.name) ? [] : [{ kind: "unbranch", branch: branch.name, head: branch.head }];
}

export function takeOff(world: World, writes: readonly Write[]): Flight {
  const flight = { at: world.now, base: headOf(world), writes, opened: { checks: [], records: [] }, merged: [], logMoved: false };
  return { ...flight, key: keyOf(flight) };
}

/** What a write came to. `flight` is null when it was the last one, or when the world was not as planned. */
export interface Written {
  readonly world: World;
  readonly flight: Flight | null;
  /** Whether anything was done. */
  readonly outcome: "done" | "conflict" | "skipped";
  readonly write: Write;
}

/** Writes what comes next. */
export function writeNext(world: World, flight: Flight): Written {
  const [write, ...rest] = flight.writes;
  if (write === undefined) throw new Error("nothing is left to write");
  const result = perform(world, flight, write);
  // Records and checks go in one request: where the records come too late, the checks do not.
  const left = "outcome" in result && result.outcome === "conflict" ? rest.filter(({ kind }) => write.kind === "records" && kind === "checks") : rest;
  const outcome = "outcome" in result ? result.outcome : "done";
  if (left.length === 0) return { world: "world" in result ? result.world : world, flight: null, outcome, write };
  const next = { ...flight, ...("flight" in result ? result.flight : {}), writes: left };
  const { key: _, ...told } = next;
  return { world: "world" in result ? result.world : world, flight: { ...next, key: keyOf(told) }, outcome, write };
}

type Performed =
  | { readonly world: World; readonly flight?: Partial<Flight> }
  | { readonly outcome: "conflict"; readonly world?: World }
  | { readonly outcome: "skipped" };

const CONFLICT = { outcome: "conflict" } as const;
const SKIPPED = { outcome: "skipped" } as const;

function perform(world: World, flight: Flight, write: Write): Performed {
  switch (write.kind) {
    case "records":
      return flight.logMoved ? CONFLICT : { world: logged(world, write.records) };
    case "checks":
      return { world: checked(world, write.checks) };
    case "opened":
      return publishOpened(world, flight);
    case "claim":
      return claim(world, flight, write.action);
    case "commit":
      return commit(world, flight, write.action);
    case "propose":
      return propose(world, flight, write.action);
    case "unbranch":
      return unbranch(world, write.branch, write.head);
    case "act":
      return performAction(world, flight, write.action);
  }
}

function performAction(world: World, flight: Flight, action: Extract<Write, { readonly kind: "act" }>["action"]): Performed {
  switch (action.kind) {
    case "merge":
      return merge(world, flight, action);
    case "open-issue":
      return openIssue(world, flight, action);
    case "rebuild":
      return rebuild(world, action);
    case "comment":
      return onPull(world, action.pullRequest, (pull) => {
        const said = { id: `IC_${pull.comments.length}`, by: PINION, text: markerOf(action.body), at: world.now };
        return { ...pull, comments: pull.comments.some(({ text }) => text === said.text) ? pull.comments : [...pull.comments, said] };
      });
    case "remove-label":
      return onPull(world, action.pullRequest, (pull) => ({ ...pull, labels: pull.labels.filter(({ label }) => label !== action.label) }));
    case "close": {
      const pull = world.pulls.find(({ number }) => number === action.pullRequest);
      return pull?.state === "open" ? { world: closed(world, pull, PINION) } : { world };
    }
  }
}

/** Only the mark of what was said: it is all that is ever read back. */
function markerOf(body: string): string {
  return /^<!-- pinion:\S+ -->/.exec(body)?.[0] ?? body;
}

function onPull(world: World, number: number, change: (pull: Pull) => Pull): Performed {
  const pull = world.pulls.find((one) => one.number === number);
  return pull === undefined ? { world } : { world: { ...world, pulls: replaced(world.pulls, pull, change(pull)) } };
}

function logged(world: World, records: readonly LogRecord[]): World {
  return { ...world, ledger: appendRecords(world.ledger, records) };
}

function checked(world: World, checks: readonly { readonly head: Oid; readonly check: CheckContent }[]): World {
  const next = new Map(world.checks);
  for (const { head, check } of checks) {
    next.set(head, { fingerprint: check.fingerprint, status: check.status, passed: check.conclusion === "success" });
  }
  return { ...world, checks: next };
}

/** What was taken over, and not made, may be in the log already. */
function publishOpened(world: World, flight: Flight): Performed {
  const { checks, records } = flight.opened;
  const shown = checked(world, checks);
  if (records.length === 0) return { world: shown };
  return flight.logMoved ? { outcome: "conflict", world: shown } : { world: logged(shown, records) };
}

function claim(world: World, flight: Flight, { branch, environment }: Opening): Performed {
  // It was planned from the pins before the merge.
  if (flight.merged.some((stage) => stage === environment)) return SKIPPED;
  if (world.branches.some(({ name }) => name === branch)) return CONFLICT;
  const branches = [...world.branches, { name: branch, commit: null, oid: flight.base }];
  return { world: { ...world, branches: branches.toSorted((a, b) => (a.name < b.name ? -1 : 1)) } };
}

function commit(world: World, flight: Flight, action: Opening): Performed {
  if (flight.merged.some((stage) => stage === action.environment)) return SKIPPED;
  const branch = world.branches.find(({ name }) => name === action.branch);
  if (branch === undefined || branch.oid !== (action.adopt ?? flight.base)) return CONFLICT;
  const planned = commitOf(world, flight.base, action.commit);
  // What an earlier run left is taken over if it is what is wanted; else the name is freed.
  if (branch.commit === null && branch.oid === flight.base) return { world: pushed(world, action.branch, planned) };
  if (branch.commit !== null && makesTheSame(branch.commit, planned)) return { world };
  return { outcome: "conflict", world: { ...world, branches: world.branches.filter((other) => other !== branch) } };
}

function makesTheSame(there: BranchCommit, wanted: BranchCommit): boolean {
  const files = (commit: BranchCommit) => commit.quarantines.map(({ file }) => file).join();
  return !there.otherFile && there.stage === wanted.stage && sameRelease(there.to, wanted.to) && sameRelease(there.from, wanted.from) && files(there) === files(wanted);
}

function commitOf(world: World, base: Oid, { edits, newFiles }: ManifestCommit): BranchCommit {
  const [edit] = edits;
  const stage = STAGES.find((name) => fileOf(name) === edit?.file);
  const to = releaseBy(world, edit?.pins[0]?.digest ?? "");
  if (edit === undefined || stage === undefined || to === null) throw new Error(`a commit that this world does not know: ${edit?.file ?? "no file"}`);
  const parent = Number(base.slice(1));
  const quarantines = newFiles.map(({ file, text }) => {
    const parsed = parseQuarantine(file, text);
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.entry;
  });
  return { oid: oidOf("branch", world.made + 1), parent, stage, from: pinAt(world, stage, parent), to, quarantines, by: PINION, otherFile: false };
}

function releaseBy(world: World, digest: string): Release | null {
  return [...world.released, ...Object.values(world.initial)].find(({ images }) => images[0]?.digest === digest) ?? null;
}

function propose(world: World, flight: Flight, action: Opening): Performed {
  if (flight.merged.some((stage) => stage === action.environment)) return SKIPPED;
  const branch = world.branches.find(({ name }) => name === action.branch);
  if (branch === undefined || branch.commit === null || branch.commit.by !== PINION) return CONFLICT;
  const there = world.pulls.find((pull) => pull.state === "open" && pull.branch === action.branch);
  const opened = there ?? newPull(world, action, branch.commit);
  const number = opened.number;
  const pulls = there === undefined ? [...world.pulls, opened] : world.pulls;
  const record = action.record(number, branch.oid);
  const records = flight.opened.records.concat(world.ledger.identities.has(recordIdentity(record)) ? [] : [record]);
  const checks = [...flight.opened.checks, { head: branch.oid, check: action.check }];
  return { world: { ...world, pulls }, flight: { opened: { checks, records } } };
}

function newPull(world: World, { branch, record }: Opening, head: BranchCommit): Pull {
  const number = world.pulls.length + 1;
  const meant = record(number, head.oid);
  const kind = meant.event === "opened" ? meant.kind : "promotion";
  const openedFor = { stage: head.stage, kind, release: head.to };
  const blank = { state: "open" as const, end: null, reviews: [], labels: [], comments: [] };
  return { number, author: PINION, branch, head, createdAt: world.now, openedFor, ...blank };
}

/** GitHub takes any base, and wants the head that was named and the check green. */
function merge(world: World, flight: Flight, action: ActionOf<"merge">): Performed {
  // What was judged longer ago than half a minute is looked at again.
  if (flight.at !== world.now) return CONFLICT;
  const pull = world.pulls.find(({ number }) => number === action.pullRequest);
  if (pull === undefined || pull.head.oid !== action.head) return CONFLICT;
  if (flight.merged.includes(pull.head.stage)) return SKIPPED;
  if (world.checks.get(pull.head.oid)?.passed !== true) return SKIPPED;
  const after = merged(world, pull, PINION);
  if (after === null) return SKIPPED;
  // Quarantines bear upon every place.
  const places = newQuarantines(world, pull.head).length > 0 ? STAGES : [pull.head.stage];
  return { world: after, flight: { merged: [...flight.merged, ...places] } };
}

function openIssue(world: World, flight: Flight, action: ActionOf<"open-issue">): Performed {
  const number = 100 + world.issues.length;
  const issue = { number, title: action.title, author: PINION, state: "open" as const, closedBy: null, freeze: null };
  const records = [...flight.opened.records, action.record(number)];
  return { world: { ...world, issues: [...world.issues, issue] }, flight: { opened: { ...flight.opened, records } } };
}

function rebuild(world: World, { branch, head, commit: planned }: ActionOf<"rebuild">): Performed {
  const there = world.branches.find(({ name }) => name === branch);
  if (there?.oid !== head) return CONFLICT;
  return { world: pushed(world, branch, commitOf(world, planned.base, planned)) };
}

function unbranch(world: World, name: string, head: Oid): Performed {
  const there = world.branches.find((branch) => branch.name === name);
  if (there?.oid !== head) return CONFLICT;
  return { world: { ...world, branches: world.branches.filter((branch) => branch !== there) } };
}

/** In plain words, for the path that leads to a violation. */
export function told({ write, outcome }: Pick<Written, "write" | "outcome">): string {
  const tail = outcome === "done" ? "" : outcome === "conflict" ? ", but the world is not as planned" : ", but that is not taken";
  return `Pinion ${wordsFor(write)}${tail}`;
}

function wordsFor(write: Write): string {
  switch (write.kind) {
    case "records":
      return `puts into the log: ${write.records.map(recordInWords).join(", ")}`;
    case "checks":
      return `sets checks: ${write.checks.map(({ head, check }) => `"${check.title}" on ${shortOf(head)}`).join(", ")}`;
    case "opened":
      return "puts into the log what it opened, with its checks";
    case "claim":
      return `claims the branch ${write.action.branch}`;
    case "commit":
      return `commits to ${write.action.branch}`;
    case "propose":
      return `opens "${write.action.title}"`;
    case "unbranch":
      return `deletes the branch ${write.branch}`;
    case "act":
      return actionInWords(write.action);
  }
}

function actionInWords(action: Extract<Write, { readonly kind: "act" }>["action"]): string {
  switch (action.kind) {
    case "merge":
      return `merges #${action.pullRequest} at ${shortOf(action.head)}`;
    case "open-issue":
      return `opens the issue "${action.title}"`;
    case "rebuild":
      return `builds #${action.pullRequest} anew`;
    case "comment":
      return `says on #${action.pullRequest}: ${action.body.replace(/^<!--.*?-->\s*/, "").replaceAll(/\s+/g, " ").slice(0, 140)}`;
    case "remove-label":
      return `takes the label ${action.label} off #${action.pullRequest}`;
    case "close":
      return `closes #${action.pullRequest}`;
  }
}

function recordInWords(record: LogRecord): string {
  if (!("environment" in record)) return record.event;
  const version = "release" in record ? ` ${record.release?.version ?? "nothing"}` : "";
  return `${record.event}${version} in ${record.environment}`;
}

/** `b…07` as `b7`: which commit of a branch, or of the default branch, it is. */
export function shortOf(oid: Oid): string {
  return `${oid[0] ?? ""}${Number(oid.slice(1))}`;
}

/** Whether a log that grew by this write is another than a second process has seen. */
export function growsLog(before: Ledger, after: Ledger): boolean {
  return before !== after && before.identities.size !== after.identities.size;
}

