import type { KeyObject } from "node:crypto";
import type { GitStore } from "./git.ts";
import type { SerialQueue } from "./serial.ts";

/** Milliseconds since the Unix epoch, by the sandbox's clock. */
export type Instant = number;
export type Oid = string;

export const NO_OID: Oid = "0".repeat(40);

/** From least to most (GitHub docs, "Repository roles for an organization"). */
export const ROLES = ["read", "triage", "write", "maintain", "admin"] as const;
export type Role = (typeof ROLES)[number];
export type Access = "read" | "write" | "admin";
/** A GitHub App's permissions by name, as `contents: write`. */
export type Permissions = Readonly<Record<string, Access>>;

export interface Account {
  readonly kind: "account";
  readonly id: number;
  readonly nodeId: string;
  readonly login: string;
  readonly type: "User" | "Bot" | "Organization";
  readonly name: string | null;
  readonly email: string;
  /** Owners of an organisation, by account id. */
  readonly owners: Set<number>;
}

export interface TeamMembership {
  readonly account: Account;
  readonly state: "active" | "pending";
  readonly role: "member" | "maintainer";
}

export interface Team {
  readonly kind: "team";
  readonly id: number;
  readonly nodeId: string;
  readonly organization: Account;
  readonly slug: string;
  readonly name: string;
  /** Members of a child team count as members of this one. */
  readonly parent: Team | null;
  readonly members: Map<number, TeamMembership>;
  /** Roles on repositories, by repository id. */
  readonly repositories: Map<number, Role>;
  readonly createdAt: Instant;
}

export interface App {
  readonly kind: "app";
  readonly id: number;
  readonly nodeId: string;
  readonly slug: string;
  readonly name: string;
  readonly clientId: string;
  readonly owner: Account;
  /** The account that acts for the App: `<slug>[bot]`, with an id of its own. */
  readonly bot: Account;
  readonly publicKey: KeyObject;
  /** PEM (PKCS#8), as the App's owner would download it. */
  readonly privateKey: string;
  readonly webhookSecret: string;
  /** Where events are sent; null sends none. */
  webhookUrl: string | null;
  permissions: Permissions;
  /** Events the App is subscribed to. `installation` and `installation_repositories` are always sent. */
  events: Set<string>;
  readonly createdAt: Instant;
}

export interface Installation {
  readonly kind: "installation";
  readonly id: number;
  readonly nodeId: string;
  readonly app: App;
  readonly account: Account;
  repositorySelection: "all" | "selected";
  /** Used when the selection is `selected`. */
  readonly selected: Set<number>;
  permissions: Permissions;
  suspendedAt: Instant | null;
  readonly createdAt: Instant;
}

export interface Label {
  readonly kind: "label";
  readonly id: number;
  readonly nodeId: string;
  readonly name: string;
  readonly color: string;
  readonly description: string | null;
  readonly createdAt: Instant;
}

export interface Comment {
  readonly kind: "comment";
  readonly id: number;
  readonly nodeId: string;
  readonly thread: Issue | PullRequest;
  readonly author: Account;
  readonly app: App | null;
  body: string;
  readonly createdAt: Instant;
  updatedAt: Instant;
  lastEditedBy: Account | null;
}

export type TimelineEvent = {
  readonly id: number;
  readonly nodeId: string;
  readonly actor: Account;
  readonly app: App | null;
  readonly at: Instant;
} & (
  | { readonly event: "labeled" | "unlabeled"; readonly label: Label }
  | { readonly event: "closed" | "reopened" | "ready_for_review" | "convert_to_draft" }
  | { readonly event: "merged"; readonly commit: Oid }
  | { readonly event: "review_requested" | "review_request_removed"; readonly reviewer: Account | Team }
  | { readonly event: "review_dismissed"; readonly review: Review; readonly message: string }
  | { readonly event: "head_ref_force_pushed"; readonly before: Oid; readonly after: Oid }
  | { readonly event: "head_ref_deleted" | "head_ref_restored" }
  | { readonly event: "commented"; readonly comment: Comment }
  | { readonly event: "renamed"; readonly from: string; readonly to: string }
  | { readonly event: "added_to_merge_queue"; readonly enqueuer: Account }
  | {
      readonly event: "removed_from_merge_queue";
      readonly enqueuer: Account;
      readonly reason: RemovalReason;
      /** The head of its group, where one was built. */
      readonly before: Oid | null;
    }
);

/** What issues and pull requests share: one sequence of numbers, labels, comments, a timeline. */
export interface Thread {
  readonly id: number;
  readonly nodeId: string;
  readonly number: number;
  readonly repository: Repository;
  readonly author: Account;
  readonly app: App | null;
  title: string;
  body: string | null;
  labels: Label[];
  readonly comments: Comment[];
  readonly timeline: TimelineEvent[];
  state: "open" | "closed";
  readonly createdAt: Instant;
  updatedAt: Instant;
  closedAt: Instant | null;
  closedBy: Account | null;
}

export interface Issue extends Thread {
  readonly kind: "issue";
  stateReason: "completed" | "not_planned" | "reopened" | null;
}

export interface DiffStats {
  readonly commits: number;
  readonly additions: number;
  readonly deletions: number;
  readonly changedFiles: number;
}

export interface PullRequest extends Thread {
  readonly kind: "pull-request";
  draft: boolean;
  /** The head's branch name stays when the branch goes. `repository` is null when a fork was deleted. */
  readonly head: { readonly repository: Repository | null; readonly owner: Account; readonly ref: string; oid: Oid };
  /** `oid` is the base branch's tip when the pull request was opened or its head last moved, as at GitHub. */
  readonly base: { ref: string; oid: Oid };
  mergedAt: Instant | null;
  mergedBy: Account | null;
  mergeCommit: Oid | null;
  readonly reviews: Review[];
  requestedReviewers: Account[];
  requestedTeams: Team[];
  stats: DiffStats;
  /** How often `mergeable` was read since head or base last moved; the first reads may give null (see `GitHubState`). */
  mergeableReads: number;
}

export interface Review {
  readonly kind: "review";
  readonly id: number;
  readonly nodeId: string;
  readonly pull: PullRequest;
  readonly author: Account;
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED" | "PENDING";
  readonly body: string;
  readonly commit: Oid;
  readonly submittedAt: Instant;
}

export type CheckStatus = "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending";
export const CHECK_CONCLUSIONS = [
  "success",
  "failure",
  "neutral",
  "cancelled",
  "skipped",
  "timed_out",
  "action_required",
  "stale",
  "startup_failure",
] as const;
export type CheckConclusion = (typeof CHECK_CONCLUSIONS)[number];

export interface CheckSuite {
  readonly kind: "check-suite";
  readonly id: number;
  readonly nodeId: string;
  readonly repository: Repository;
  readonly app: App;
  readonly headSha: Oid;
  readonly headBranch: string | null;
  readonly createdAt: Instant;
  updatedAt: Instant;
}

export interface CheckOutput {
  readonly title: string | null;
  readonly summary: string | null;
  readonly text: string | null;
}

export interface CheckRun {
  readonly kind: "check-run";
  readonly id: number;
  readonly nodeId: string;
  readonly suite: CheckSuite;
  name: string;
  readonly headSha: Oid;
  status: CheckStatus;
  conclusion: CheckConclusion | null;
  externalId: string | null;
  detailsUrl: string | null;
  output: CheckOutput;
  actions: readonly { readonly label: string; readonly description: string; readonly identifier: string }[];
  startedAt: Instant | null;
  completedAt: Instant | null;
}

export const DEPLOYMENT_STATES = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"] as const;
export type DeploymentStatusState = (typeof DEPLOYMENT_STATES)[number];

export interface DeploymentStatus {
  readonly kind: "deployment-status";
  readonly id: number;
  readonly nodeId: string;
  readonly deployment: Deployment;
  readonly creator: Account;
  readonly app: App | null;
  readonly state: DeploymentStatusState;
  readonly description: string;
  readonly environmentUrl: string;
  readonly logUrl: string;
  readonly createdAt: Instant;
}

export interface Deployment {
  readonly kind: "deployment";
  readonly id: number;
  readonly nodeId: string;
  readonly repository: Repository;
  readonly creator: Account;
  readonly app: App | null;
  readonly sha: Oid;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string | null;
  readonly payload: unknown;
  readonly transientEnvironment: boolean;
  readonly productionEnvironment: boolean;
  /** Oldest first. */
  readonly statuses: DeploymentStatus[];
  readonly createdAt: Instant;
  updatedAt: Instant;
}

export interface RequiredCheck {
  readonly context: string;
  /** Only a check of this App counts; null takes any source. */
  readonly appId: number | null;
}

/** Classic branch protection of one branch. */
export interface BranchProtection {
  readonly checks: { readonly strict: boolean; readonly required: readonly RequiredCheck[] } | null;
  readonly reviews: { readonly count: number; readonly dismissStale: boolean; readonly codeOwners: boolean } | null;
  readonly enforceAdmins: boolean;
  readonly allowForcePushes: boolean;
  readonly allowDeletions: boolean;
  readonly linearHistory: boolean;
  /** Who may push, or null for everyone who can write. Logins, team slugs and App slugs. */
  readonly restrictions: { readonly users: readonly string[]; readonly teams: readonly string[]; readonly apps: readonly string[] } | null;
}

export type Rule =
  | { readonly type: "creation" | "update" | "deletion" | "non_fast_forward" | "required_signatures" | "required_linear_history" }
  /** What is not said is as GitHub's form proposes it. */
  | ({ readonly type: "merge_queue" } & Partial<MergeQueueSettings>)
  | { readonly type: "required_status_checks"; readonly strict: boolean; readonly required: readonly RequiredCheck[] }
  | {
      readonly type: "pull_request";
      readonly approvals: number;
      readonly dismissStale: boolean;
      readonly codeOwners: boolean;
      /** Somebody other than who pushed last must approve; no, unless said. */
      readonly lastPush?: boolean;
      /** How it may be merged; every way, unless said. */
      readonly methods?: readonly MergeMethod[];
    };

export interface Ruleset {
  readonly id: number;
  readonly nodeId: string;
  readonly name: string;
  readonly enforcement: "active" | "evaluate" | "disabled";
  /** Full ref names, `~DEFAULT_BRANCH`, `~ALL`, or names with `*` and `**`. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly bypass: readonly (
    | { readonly type: "Integration"; readonly appId: number; readonly mode: "always" | "pull_request" }
    | { readonly type: "RepositoryRole"; readonly role: Role; readonly mode: "always" | "pull_request" }
  )[];
  readonly rules: readonly Rule[];
  readonly createdAt: Instant;
}

/** Parameters of the ruleset rule `merge_queue`. */
export interface MergeQueueSettings {
  readonly method: MergeMethod;
  /** `ALLGREEN`: each entry of a group must pass its checks; `HEADGREEN`: the last one is enough. */
  readonly strategy: "ALLGREEN" | "HEADGREEN";
  /** At most so many entries wait for checks at a time. */
  readonly maxToBuild: number;
  readonly maxToMerge: number;
  readonly minToMerge: number;
  /** How long a smaller group than `minToMerge` waits for more, in minutes. */
  readonly minWaitMinutes: number;
  /** Checks that have come to no conclusion after so many minutes count as failed. */
  readonly checkTimeoutMinutes: number;
}

/** Why an entry left the queue, as the webhook `pull_request` `dequeued` words it. */
export type RemovalReason =
  "MANUAL" | "MERGE" | "MERGE_CONFLICT" | "CI_FAILURE" | "CI_TIMEOUT" | "ALREADY_MERGED" | "QUEUE_CLEARED" | "BRANCH_PROTECTIONS";

/** The commit that the base branch would get by an entry and all those before it, on a branch of its own. */
export interface MergeGroup {
  /** `refs/heads/gh-readonly-queue/<base>/pr-<number>-<base oid>`. */
  readonly ref: string;
  /** What it stands on: the head of the entry before it, or the base branch's tip. */
  readonly base: Oid;
  readonly head: Oid;
  readonly requestedAt: Instant;
}

export interface MergeQueueEntry {
  readonly id: number;
  readonly nodeId: string;
  readonly queue: MergeQueue;
  readonly pull: PullRequest;
  readonly enqueuer: Account;
  readonly enqueuedAt: Instant;
  readonly jump: boolean;
  /** Null until it is its turn to be built. */
  group: MergeGroup | null;
}

/** The queue of one branch. */
export interface MergeQueue {
  readonly repository: Repository;
  readonly branch: string;
  /** In the order in which they are to be merged. */
  entries: MergeQueueEntry[];
  /** Groups that are no more, whose branches are still to be deleted. */
  ended: { readonly group: MergeGroup; readonly reason: GroupEnd }[];
  /** Every head that a group of it ever had. */
  readonly heads: Set<Oid>;
}

export type GroupEnd = "merged" | "invalidated" | "dequeued";

/** GitHub's word on a commit's signature. Commits that it does not know are not signed. */
export interface Signature {
  readonly isValid: boolean;
  readonly wasSignedByGitHub: boolean;
  readonly state: "VALID" | "INVALID" | "BAD_EMAIL" | "UNSIGNED";
}

export type MergeMethod = "merge" | "squash" | "rebase";

export interface Repository {
  readonly kind: "repository";
  readonly id: number;
  readonly nodeId: string;
  readonly owner: Account;
  readonly name: string;
  private: boolean;
  readonly parent: Repository | null;
  readonly git: GitStore;
  /** One write at a time: every operation that moves refs runs in here. */
  readonly writes: SerialQueue;
  defaultBranch: string;
  mergeMethods: Set<MergeMethod>;
  deleteBranchOnMerge: boolean;
  /** Full ref name to object id; kept equal to the bare repository by every operation and push. */
  readonly refs: Map<string, Oid>;
  readonly collaborators: Map<number, Role>;
  /** By lower-case name. */
  readonly labels: Map<string, Label>;
  readonly threads: Map<number, Issue | PullRequest>;
  readonly checkSuites: CheckSuite[];
  readonly checkRuns: CheckRun[];
  readonly deployments: Deployment[];
  /** By branch name. */
  readonly protections: Map<string, BranchProtection>;
  readonly rulesets: Ruleset[];
  /** By branch name; there from the first entry on. */
  readonly mergeQueues: Map<string, MergeQueue>;
  readonly signatures: Map<Oid, Signature>;
  nextNumber: number;
  readonly createdAt: Instant;
  updatedAt: Instant;
  pushedAt: Instant;
}

/** What a GraphQL `node(id:)` can be. Refs and commits are not kept: their ids are decoded (see `GitHubState.node`). */
export type SandboxNode =
  | Account
  | Team
  | App
  | Installation
  | Repository
  | Issue
  | PullRequest
  | Label
  | Comment
  | Review
  | CheckSuite
  | CheckRun
  | Deployment
  | DeploymentStatus
  | { readonly kind: "ref"; readonly nodeId: string; readonly repository: Repository; readonly name: string }
  | { readonly kind: "commit"; readonly nodeId: string; readonly repository: Repository; readonly oid: Oid };

/** Who is asking. */
export type Actor =
  | { readonly kind: "anonymous" }
  /** The App itself, by JWT: may only use the App endpoints. */
  | { readonly kind: "app"; readonly app: App }
  | {
      readonly kind: "installation";
      readonly account: Account;
      readonly app: App;
      readonly installation: Installation;
      /** What this token may do: the installation's permissions, or less. */
      readonly permissions: Permissions;
      /** Ids of the repositories this token is narrowed to, or null for all of the installation's. */
      readonly repositories: ReadonlySet<number> | null;
    }
  | { readonly kind: "user"; readonly account: Account };
