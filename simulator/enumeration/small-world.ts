/**
 * A world small enough that all of its states can be gone through: one app, two environments, a few releases, two people with write
 * permission and one without. It is a value: whatever happens makes a new one, and equal worlds are the same state.
 *
 * What is left out is said in `search.ts`.
 */
import type { Instant } from "../../src/domain/answer.ts";
import type { Config } from "../../src/domain/config.ts";
import type { PolicySet } from "../../src/domain/policy/policy-set.ts";
import type { Ledger } from "../../src/domain/ledger.ts";
import type { QuarantineEntry } from "../../src/domain/observation.ts";
import type { PromotionKind } from "../../src/domain/record.ts";
import { sameRelease, type Oid, type Release } from "../../src/domain/release.ts";

export const APP = "checkout";
/** The login of Pinion itself. */
export const PINION = "pinion";

export type Stage = "dev" | "prod";
export const STAGES: readonly Stage[] = ["dev", "prod"];

export const HOUR = 3_600_000;
/** Time goes in hours: between two of them everything happens at one moment. */
export const START: Instant = Date.UTC(2026, 0, 5, 9);

export type Login = "alice" | "bob" | "eve";
export const PEOPLE: readonly Login[] = ["alice", "bob", "eve"];

export function mayWrite(login: string): boolean {
  return login === "alice" || login === "bob";
}

/** What Pinion cannot learn just now. `permissions`: who may write. `quarantine`: a quarantine file is broken. */
export type Outage = "registry" | "cluster" | "metrics" | "permissions" | "quarantine";
export const OUTAGES: readonly Outage[] = ["registry", "cluster", "metrics", "permissions", "quarantine"];

/** What a policy says that depends on nothing but this: the world decides it. */
export type FreeResult = "pass" | "fail" | "wait" | "unknown";
export const FREE_RESULTS: readonly FreeResult[] = ["pass", "fail", "wait", "unknown"];

/** A commit of the default branch that changed a pin, or (`stage` null) the quarantine. */
export interface MainCommit {
  readonly oid: Oid;
  readonly at: Instant;
  readonly stage: Stage | null;
  readonly from: Release;
  readonly to: Release;
  readonly by: string;
  readonly pull: number | null;
}

/** The one commit of a branch: it sets one pin. */
export interface BranchCommit {
  readonly oid: Oid;
  /** How many commits the default branch had where it was made. */
  readonly parent: number;
  readonly stage: Stage;
  readonly from: Release;
  readonly to: Release;
  readonly quarantines: readonly QuarantineEntry[];
  /** Who made it, or the last of its commits; Pinion's are signed. */
  readonly by: string;
  /** A file that holds no pin is changed as well. */
  readonly otherFile: boolean;
}

export interface Branch {
  readonly name: string;
  /** Null: it was claimed, and has no commit of its own. */
  readonly commit: BranchCommit | null;
  readonly oid: Oid;
}

export interface Review {
  readonly by: Login;
  readonly head: Oid;
  readonly state: "approved" | "changes-requested" | "dismissed";
  readonly at: Instant;
}

export interface Label {
  readonly id: string;
  readonly label: string;
  readonly by: Login;
  readonly at: Instant;
}

export interface Said {
  readonly id: string;
  readonly by: string;
  readonly text: string;
  readonly at: Instant;
}

export interface Pull {
  readonly number: number;
  readonly author: string;
  readonly branch: string;
  readonly head: BranchCommit;
  readonly createdAt: Instant;
  readonly state: "open" | "merged" | "closed";
  readonly end: { readonly by: string; readonly at: Instant; readonly commit: Oid | null } | null;
  /** What Pinion opened it for. Pinion does not see it: invariants are judged by it. */
  readonly openedFor: { readonly stage: Stage; readonly kind: PromotionKind; readonly release: Release } | null;
  readonly reviews: readonly Review[];
  readonly labels: readonly Label[];
  readonly comments: readonly Said[];
}

export interface Check {
  readonly fingerprint: string;
  readonly status: "in_progress" | "completed";
  readonly passed: boolean;
}

/** An issue that freezes an environment, or the one by which Pinion says that the app is stopped there. */
export interface SmallIssue {
  readonly number: number;
  readonly title: string;
  readonly author: string;
  readonly state: "open" | "closed";
  readonly closedBy: string | null;
  readonly freeze: { readonly stage: Stage; readonly by: Login; readonly at: Instant } | null;
}

/** What Argo CD shows of the app in one environment. */
export interface Cluster {
  /** How many commits the default branch had when it was synced last. */
  readonly at: number;
  readonly health: "healthy" | "progressing" | "degraded" | "sync-failed";
  readonly since: Instant;
  /** Since when every request fails, or null. */
  readonly failingSince: Instant | null;
}

/** Somebody who asked for a release and has not got it yet, nor seen it withdrawn. Pinion does not see it: S6 is judged by it. */
export interface Asked {
  readonly stage: Stage;
  readonly release: Release;
  readonly by: Login;
}

export interface World {
  readonly now: Instant;
  /** What the log says, folded by Pinion's own code. */
  readonly ledger: Ledger;
  readonly released: readonly Release[];
  readonly initial: Readonly<Record<Stage, Release>>;
  readonly main: readonly MainCommit[];
  readonly pins: Readonly<Record<Stage, Release>>;
  readonly quarantine: readonly QuarantineEntry[];
  /** Commits made on branches so far, so that no two have one name. */
  readonly made: number;
  readonly branches: readonly Branch[];
  readonly pulls: readonly Pull[];
  readonly checks: ReadonlyMap<Oid, Check>;
  readonly issues: readonly SmallIssue[];
  readonly clusters: Readonly<Record<Stage, Cluster>>;
  readonly outages: readonly Outage[];
  readonly free: FreeResult;
  readonly asked: readonly Asked[];
  /** How much may still come between. */
  readonly disturbances: number;
}

/** Where an enumeration begins, and what does not change in it. */
export interface Scenario {
  readonly name: string;
  readonly config: Config;
  readonly releases: readonly Release[];
  /** How many hours pass at most. */
  readonly hours: number;
  /** Processes of Pinion that look and write at the same time. */
  readonly processes: number;
  readonly policies: Readonly<Record<FreeResult, PolicySet>>;
  readonly begin: World;
}

/** Forty hex digits that tell what they name. */
export function oidOf(kind: "main" | "branch", index: number): Oid {
  return `${kind === "main" ? "a" : "b"}${String(index).padStart(39, "0")}`;
}

export function headOf(world: World): Oid {
  return oidOf("main", world.main.length);
}

export function fileOf(stage: Stage): string {
  return `apps/${APP}/overlays/${stage}/kustomization.yaml`;
}

export function isStage(name: string): name is Stage {
  return name === "dev" || name === "prod";
}

/** What an environment pinned when the default branch had so many commits. */
export function pinAt(world: World, stage: Stage, commits: number): Release {
  const last = world.main.slice(0, commits).findLast((commit) => commit.stage === stage);
  return last?.to ?? world.initial[stage];
}

/** How many commits the default branch had with this one, or null when it is not on it. */
export function indexOf(world: World, oid: Oid): number | null {
  const index = Number(oid.slice(1));
  return oid.startsWith("a") && index <= world.main.length ? index : null;
}

/** What merging a commit would make of the default branch as it is; `conflict` as Git would find it. */
export function mergeOf(world: World, { stage, from, to }: BranchCommit): "conflict" | "nothing" | "change" {
  const pinned = world.pins[stage];
  if (sameRelease(pinned, to)) return "nothing";
  return sameRelease(pinned, from) ? "change" : "conflict";
}

export function newQuarantines(world: World, { quarantines }: BranchCommit): readonly QuarantineEntry[] {
  return quarantines.filter(({ file }) => !world.quarantine.some((standing) => standing.file === file));
}

export function replaced<T>(list: readonly T[], old: T, next: T): readonly T[] {
  return list.map((one) => (one === old ? next : one));
}

/** The world after a commit of the default branch. */
export function committed(world: World, commit: Pick<MainCommit, "stage" | "to" | "by" | "pull">): World {
  const { stage, to, by, pull } = commit;
  const oid = oidOf("main", world.main.length + 1);
  const from = stage === null ? to : world.pins[stage];
  const main = [...world.main, { oid, at: world.now, stage, from, to, by, pull }];
  if (stage === null) return { ...world, main };
  const asked = world.asked.filter((one) => one.stage !== stage || !sameRelease(one.release, to));
  return { ...world, main, pins: { ...world.pins, [stage]: to }, asked };
}

/** The world after a merge, by the button or by Pinion; null when GitHub does not merge. */
export function merged(world: World, pull: Pull, by: string): World | null {
  const { head, number } = pull;
  if (pull.state !== "open" || mergeOf(world, head) === "conflict") return null;
  const quarantine = [...world.quarantine, ...newQuarantines(world, head)];
  const changes = mergeOf(world, head) === "change";
  const after = committed({ ...world, quarantine }, { stage: changes ? head.stage : null, to: head.to, by, pull: number });
  const end = { by, at: world.now, commit: headOf(after) };
  return { ...after, pulls: replaced(after.pulls, pull, { ...pull, state: "merged", end }) };
}

export function closed(world: World, pull: Pull, by: string): World {
  const asked =
    by === PINION || pull.openedFor === null
      ? world.asked
      : world.asked.filter(({ stage, release }) => stage !== pull.openedFor?.stage || !sameRelease(release, pull.openedFor.release));
  const end = { by, at: world.now, commit: null };
  return { ...world, asked, pulls: replaced(world.pulls, pull, { ...pull, state: "closed", end }) };
}

/** Moves or makes a branch; the open pull request from it follows. */
export function pushed(world: World, name: string, commit: BranchCommit): World {
  const branch = { name, commit, oid: commit.oid };
  const others = world.branches.filter((other) => other.name !== name);
  const pulls = world.pulls.map((pull) => (pull.state === "open" && pull.branch === name ? { ...pull, head: commit } : pull));
  return { ...world, made: world.made + 1, branches: [...others, branch].toSorted((a, b) => (a.name < b.name ? -1 : 1)), pulls };
}
