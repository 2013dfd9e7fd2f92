/**
 * What is so in the world, in the words of GitHub, Git, a cluster and a registry: what actors act on and checkers judge by. A
 * world in memory keeps exactly this; another world (the sandbox over HTTP) can give it as well. All of it is immutable.
 */
import type { Instant } from "../src/domain/answer.ts";
import type { Actor, Comment, DeploymentState, LabelEvent, Permission } from "../src/domain/observation.ts";
import type { Oid } from "../src/domain/release.ts";

export interface ReviewFacts {
  readonly id: string;
  readonly author: Actor;
  readonly state: "approved" | "changes-requested" | "commented" | "dismissed";
  readonly commit: Oid;
  readonly at: Instant;
}

export interface PullFacts {
  readonly number: number;
  readonly title: string;
  readonly author: Actor;
  readonly base: string;
  readonly headRef: string;
  readonly head: Oid;
  readonly fork: boolean;
  readonly state: "open" | "merged" | "closed";
  readonly draft: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly labels: readonly string[];
  readonly labelEvents: readonly LabelEvent[];
  readonly reviews: readonly ReviewFacts[];
  readonly comments: readonly Comment[];
  readonly reviewersAsked: readonly string[];
  readonly merged: { readonly commit: Oid; readonly at: Instant; readonly by: Actor } | null;
  readonly closed: { readonly at: Instant; readonly by: Actor } | null;
  /** The commits it had when it was merged; null before. */
  readonly mergedCommits: readonly Oid[] | null;
}

export interface IssueFacts {
  readonly number: number;
  readonly title: string;
  readonly author: Actor;
  readonly state: "open" | "closed";
  readonly labels: readonly string[];
  readonly labelEvents: readonly LabelEvent[];
  readonly closedBy: Actor | null;
}

export interface CheckFacts {
  readonly id: number;
  readonly head: Oid;
  readonly fingerprint: string;
  readonly status: "in_progress" | "completed";
  readonly conclusion: "success" | "failure" | "action_required" | null;
  readonly title: string;
  readonly startedAt: Instant;
}

export interface DeploymentFacts {
  readonly id: number;
  readonly app: string;
  readonly environment: string;
  readonly commit: Oid;
  readonly state: DeploymentState;
}

/** A repository on GitHub at one moment. */
export interface GitHubFacts {
  readonly branches: ReadonlyMap<string, Oid>;
  readonly pulls: ReadonlyMap<number, PullFacts>;
  readonly issues: ReadonlyMap<number, IssueFacts>;
  /** The App's check runs by head, oldest first. */
  readonly checks: ReadonlyMap<Oid, readonly CheckFacts[]>;
  readonly labels: readonly string[];
  readonly deployments: readonly DeploymentFacts[];
  readonly people: ReadonlyMap<string, Permission>;
  readonly teams: ReadonlyMap<string, readonly string[]>;
  /** The merge queue of the default branch; null where it has none. */
  readonly queue: QueueFacts | null;
}

export interface QueueFacts {
  /** From its front. */
  readonly entries: readonly QueuedFacts[];
  /** Oldest first. */
  readonly exits: readonly QueueExitFacts[];
}

/** A pull request in the merge queue. */
export interface QueuedFacts {
  readonly pull: number;
  /** The pull request's head when it was put in. */
  readonly pullHead: Oid;
  readonly by: Actor;
  readonly at: Instant;
  /** What the default branch would get by it and those before it, and since when its checks are waited for; null until it is built. */
  readonly group: { readonly branch: string; readonly base: Oid; readonly head: Oid; readonly requestedAt: Instant } | null;
}

/** In the words of GitHub's timeline. */
export type QueueExitReason = "merged" | "manual" | "failed_checks" | "checks_timed_out" | "merge_conflict";

export interface QueueExitFacts {
  readonly pull: number;
  /** Who took it out; null: the queue itself. */
  readonly by: Actor | null;
  readonly reason: QueueExitReason;
  readonly at: Instant;
  /** The head of its group, if one was built. */
  readonly head: Oid | null;
  readonly enqueued: Pick<QueuedFacts, "by" | "at">;
}

export interface CommitFacts {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly at: Instant;
  /** Who Git says it was; anybody can write anything here. */
  readonly authorName: string;
  readonly authorEmail: string;
  /** Who really made it. */
  readonly by: Actor;
  /** GitHub signed it, with the App as its author. */
  readonly own: boolean;
  readonly message: string;
}

/** What a running release does; a property of the image. */
export type Fate = "good" | "degrades" | "fails-sync" | "hangs" | "errors";

/** The state of one Application from `at` on, until the next one. */
export interface ClusterMoment {
  readonly at: Instant;
  /** The commit that it was last synced to. */
  readonly commit: Oid | null;
  /** The digest that runs. */
  readonly digest: string | null;
  readonly health: "Healthy" | "Progressing" | "Degraded" | "Missing";
  /** Whether the last sync was refused by the cluster, and of which commit. */
  readonly failedSync: Oid | null;
}

export interface PlacePin {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string | null;
}

/** A time span that comes again and again, by the clocks of a zone. */
export interface WindowSetup {
  readonly rule: "allow" | "deny";
  readonly minute: number;
  /** Hours of the day, or null for each hour. */
  readonly hours: readonly number[] | null;
  /** Minutes. */
  readonly lasts: number;
  readonly zone: string;
}

/** Policies by name, with their parameters. */
export type NamedPolicies = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface EnvironmentSetup {
  readonly name: string;
  readonly after: readonly string[];
  readonly promote: "auto" | "on-request";
  readonly merge: "auto" | "on-approval" | "manual";
  /** Minutes. */
  readonly soak: number;
  readonly watch: number;
  readonly deadline: number;
  readonly approvals: { readonly count: number; readonly teams: readonly string[] };
  readonly rollback: "auto" | "propose" | "off";
  readonly paused: string | null;
  /** When promotions may be merged; without any, at all times. */
  readonly windows?: readonly WindowSetup[];
  /** Policies that are named here, with their parameters. */
  readonly policies?: NamedPolicies;
}

/** A first environment, in which everything goes by itself. Others are made from it. */
export const DEV: EnvironmentSetup = {
  name: "dev",
  after: [],
  promote: "auto",
  merge: "auto",
  soak: 0,
  watch: 1,
  deadline: 3,
  approvals: { count: 0, teams: [] },
  rollback: "auto",
  paused: null,
};

/** What the configuration says, as the simulator wrote it. */
export interface ConfigFacts {
  readonly environments: readonly EnvironmentSetup[];
  readonly slo: boolean;
  readonly limit: number;
  /** Tags are no versions but numbered builds, and are put in order by that number. */
  readonly numbered?: true;
  /** All builds have one tag, which moves from image to image, and is followed. */
  readonly moving?: true;
  /** Policies that are named in all environments, with their parameters. */
  readonly policies?: NamedPolicies;
}

export const MOVING_TAG = "main";

/** What the build of this number is tagged as. Behind a hash, so that the alphabet does not tell which is newer. */
export function buildTag({ numbered, moving }: Pick<ConfigFacts, "numbered" | "moving">, number: number, patch: number): string {
  if (moving === true) return MOVING_TAG;
  if (numbered !== true) return `1.${number}.${patch}`;
  const hash = ((number * 2_654_435_761) % 4_096).toString(16).padStart(3, "0");
  return `main-${hash}-${number}${patch === 0 ? "" : `.${patch}`}`;
}

export const APP: Actor = { login: "pinion[bot]", kind: "app" };
export const APP_EMAIL = "900+pinion[bot]@users.noreply.github.com";
export const MAIN = "main";
export const LOG = "pinion-log";
export const MINUTE = 60_000;

export function placePath(app: string, environment: string): string {
  return `apps/${app}/overlays/${environment}/kustomization.yaml`;
}

/** The app and environment whose pins this file holds, or null. */
export function placeOfPath(path: string): { readonly app: string; readonly environment: string } | null {
  const match = /^apps\/([^/]+)\/overlays\/([^/]+)\/kustomization\.yaml$/.exec(path);
  return match?.[1] === undefined || match[2] === undefined ? null : { app: match[1], environment: match[2] };
}

/** Reads a pin as a person would: by the lines that say it. */
export function pinIn(text: string): PlacePin | null {
  const repository = /^ {2}- name: (\S+)/m.exec(text)?.[1];
  const tag = /^ {4}newTag: "?([^\s"#]+)/m.exec(text)?.[1];
  if (repository === undefined || tag === undefined) return null;
  return { repository, tag, digest: /^ {4}digest: "?([^\s"#]+)/m.exec(text)?.[1] ?? null };
}

export function manifest(pin: PlacePin): string {
  return commented(pin, "by Pinion");
}

/** With these words on the line of the tag: whoever changes the tag meanwhile is in conflict with whoever changes them. */
export function commented(pin: PlacePin, words: string): string {
  const lines = ["# Deployed by Argo CD", "kind: Kustomization", "images:", `  - name: ${pin.repository}`, `    newTag: ${pin.tag}   # ${words}`];
  return `${[...lines, ...(pin.digest === null ? [] : [`    digest: ${pin.digest}`])].join("\n")}\n`;
}
