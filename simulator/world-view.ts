/**
 * The seam between a world and those who judge it or live in it. Checkers read a {@link WorldView} and the history of events;
 * actors use {@link WorldActions}. Neither knows how a world is made: in memory, or over HTTP.
 */
import type { Instant, Milliseconds } from "../src/domain/answer.ts";
import type { Oid } from "../src/domain/release.ts";
import type { BotId, WorldEvent } from "./events.ts";
import type { ClusterMoment, CommitFacts, ConfigFacts, Fate, GitHubFacts, PlacePin } from "./facts.ts";
import type { Signatory } from "./signing.ts";
import type { LogEntry } from "./log-entry.ts";

/** What a process was told last of the repository. */
export interface Seen {
  readonly facts: GitHubFacts;
  readonly at: Instant;
}

export interface WorldView {
  now(): Instant;
  facts(): GitHubFacts;
  /** GitHub as it was at that moment, or the oldest that is kept. */
  factsAt(at: Instant): GitHubFacts;
  /** What this process was told last, or null. */
  seenBy(bot: BotId): Seen | null;
  commit(oid: Oid): CommitFacts | null;
  /** Paths and blobs of a commit. */
  tree(commit: Oid): ReadonlyMap<string, Oid>;
  text(blob: Oid): string;
  /** The configuration of a commit; null when it is missing or broken. */
  configAt(commit: Oid): ConfigFacts | null;
  pinAt(commit: Oid, app: string, environment: string): PlacePin | null;
  isAncestor(ancestor: Oid, descendant: Oid): boolean;
  /** First-parent commits of the default branch, oldest first. */
  mainline(): readonly Oid[];
  /** Records that the App itself wrote, in the order of the log. */
  log(): readonly LogEntry[];
  /** What really ran, from the beginning until now. */
  cluster(app: string, environment: string): readonly ClusterMoment[];
  fateOf(digest: string): Fate;
  /** The true share of failed requests between two moments. */
  errorShare(app: string, environment: string, from: Instant, to: Instant): number;
  readonly apps: readonly string[];
  /** Merging takes a green check of the App. */
  readonly checkRequired: boolean;
  /** How many versions of an app there have been. */
  pushed(app: string): number;
  /** What the build of this number is tagged as, or one that only looks like the next. */
  tagOf(number: number, patch?: number): string;
}

/** A violated invariant. */
export interface Breach {
  readonly invariant: string;
  readonly sentence: string;
}

/** Watches over some invariants. It is shown every event, in order, right after it happened. */
export interface Checker {
  readonly invariants: readonly string[];
  see(event: WorldEvent, view: WorldView): readonly Breach[];
}

/** What must have come true once trouble has ended and time has passed. */
export interface Hope {
  readonly invariants: readonly string[];
  look(view: WorldView): readonly Breach[];
}

/** Files to put, by path; null takes a file away. */
export type Edits = Readonly<Record<string, string | null>>;

/** At once in memory; after a while where the world is behind a wire. */
export type Awaitable<T> = T | Promise<T>;

/** What people and machines can do in the world. Each answers whether the world let it happen. */
export interface WorldActions {
  review(login: string, pull: number, state: "approved" | "changes-requested"): Awaitable<boolean>;
  dismiss(login: string, pull: number): Awaitable<boolean>;
  comment(login: string, pull: number, body: string): Awaitable<boolean>;
  label(login: string, pull: number, label: string): Awaitable<boolean>;
  unlabel(login: string, pull: number, label: string): Awaitable<boolean>;
  close(login: string, pull: number): Awaitable<boolean>;
  reopen(login: string, pull: number): Awaitable<boolean>;
  /** The green button. */
  merge(login: string, pull: number): Awaitable<boolean>;
  /** The button where there is a merge queue; with `jump` in front of all others. */
  enqueue(login: string, pull: number, jump: boolean): Awaitable<boolean>;
  dequeue(login: string, pull: number): Awaitable<boolean>;
  /** Another CI has come to a conclusion about what the merge queue tries. */
  reportGroup(head: Oid, conclusion: "success" | "failure"): Awaitable<boolean>;
  /** A commit on a branch; a branch that is not there begins at the default branch. */
  push(login: string, branch: string, edits: Edits, message: string): Awaitable<boolean>;
  /** Moves a branch whatever stands there, or deletes it. */
  force(login: string, branch: string, to: Oid | null): Awaitable<boolean>;
  /** A pull request with one commit on the default branch, from a branch of that name here or in a fork. */
  openPull(login: string, branch: string, fork: boolean, edits: Edits): Awaitable<number | null>;
  openIssue(login: string, title: string, labels: readonly string[]): Awaitable<number | null>;
  closeIssue(login: string, issue: number): Awaitable<boolean>;
  grant(login: string, permission: "read" | "triage" | "write"): Awaitable<void>;
  setTeam(team: string, members: readonly string[]): Awaitable<void>;
  setConfig(login: string, config: ConfigFacts | "broken"): Awaitable<boolean>;
  configEdits(config: ConfigFacts): Edits;

  publish(app: string, tag: string, fate: Fate): Awaitable<void>;
  /** Makes a tag point at another image. */
  moveTag(app: string, tag: string, fate: Fate): Awaitable<void>;
  /** Makes a tag point at an image that is there. */
  pointTag(app: string, tag: string, digest: string): Awaitable<boolean>;
  /** Attaches a signature to an image: of that image, or of another one, where somebody takes it from there. */
  sign(digest: string, about: string, by: Signatory): Awaitable<boolean>;
  /** Deletes an image from the registry. */
  dropImage(digest: string): Awaitable<void>;
  registryDown(down: boolean): Awaitable<void>;

  /** Degraded and healthy by turns, each so long; one long turn is to be degraded all the time. */
  flap(app: string, environment: string, until: Instant, every?: Milliseconds): void;
  unreachable(until: Instant): void;
  /** Argo CD does not notice new commits for so long: it does not look, or it looks at what it has cached. */
  lag(app: string, environment: string, until: Instant, how?: "blind" | "cached"): void;
  blind(mode: "nan" | "empty" | "error", until: Instant): void;
  /** Users meet errors for a while that are no release's doing. */
  outage(app: string, environment: string, until: Instant): void;
  /** Ends all outside trouble; what images do is in their nature, and stays. */
  calm(): void;
}
