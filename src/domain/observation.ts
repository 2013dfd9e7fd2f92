import type { Answer, Instant } from "./answer.ts";
import type { CodeOwners, OwnedFiles } from "./code-owners.ts";
import type { ConfigResult } from "./config.ts";
import type { Fact, Manifest } from "./facts.ts";
import type { Pin } from "./pins.ts";
import type { Policy } from "./policy/policy-set.ts";
import type { Ledger } from "./ledger.ts";
import type { AppName, Digest, EnvironmentName, Oid, Pinned } from "./release.ts";
import type { ObservedApplication } from "./rollout.ts";
import type { MetricAnswer } from "./slo.ts";
import type { Evidence } from "./supply-chain/evidence.ts";
import type { TrustedSigner } from "./supply-chain/signer.ts";
import type { SourceRepository } from "./source-commit.ts";

/** A repository that the App is installed in. Ids, not names: names can be reused (GitHub keeps ids on rename). */
export interface Repository {
  readonly installation: number;
  readonly id: number;
  readonly owner: string;
  readonly name: string;
}

/** Who did something. `app` is this App itself; `ghost` an account that is gone. */
export interface Actor {
  readonly login: string;
  readonly kind: "user" | "bot" | "app" | "ghost";
}

export interface LabelEvent {
  readonly id: string;
  readonly label: string;
  readonly actor: Actor;
  readonly at: Instant;
}

export interface Review {
  readonly id: string;
  readonly author: Actor;
  readonly state: "approved" | "changes-requested" | "commented" | "dismissed" | "pending";
  /** The head the reviewer looked at; null when that commit is gone. */
  readonly commit: Oid | null;
  readonly at: Instant;
  /** Whether the author can push to the repository now. */
  readonly canPush: boolean;
}

export interface Comment {
  readonly id: string;
  readonly author: Actor;
  readonly body: string;
  readonly at: Instant;
  /** Edited by someone other than its author, so its text is not the author's word. */
  readonly editedByOther: boolean;
}

/** The App's own check run on a pull request's head. `fingerprint` is kept as the check's external id. */
export interface ExistingCheck {
  readonly id: number;
  readonly fingerprint: string;
  readonly status: "in_progress" | "completed";
  /** It is completed with `success`. */
  readonly passed: boolean;
  readonly startedAt: Instant;
}

export interface PullRequest {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly url: string;
  readonly author: Actor;
  readonly state: "open" | "merged" | "closed";
  readonly draft: boolean;
  readonly createdAt: Instant;
  readonly base: string;
  readonly head: {
    readonly ref: string;
    readonly oid: Oid;
    /** The branch is in another repository. */
    readonly fork: boolean;
  };
  readonly commits: {
    readonly count: number;
    /** Every commit was made by the App through the API, as GitHub's own signature proves. */
    readonly allOwn: boolean;
    /** Logins of authors and committers; null when one cannot be told or there are too many. */
    readonly people: readonly string[] | null;
  };
  readonly labels: readonly string[];
  readonly labelEvents: readonly LabelEvent[];
  /** Those that decide something. Read of open pull requests only, as the commits are. */
  readonly reviews: readonly Review[];
  readonly comments: readonly Comment[];
  /** More reviews exist than were read: nothing is to be decided upon them. */
  readonly truncated: boolean;
  /** Logins and team slugs that were ever asked for review. */
  readonly reviewersAsked: readonly string[];
  /** How it came into merge queues and out of them, oldest first. */
  readonly queueEvents: readonly QueueEvent[];
  readonly check: ExistingCheck | null;
  readonly merge: { readonly commit: Oid; readonly at: Instant; readonly by: Actor } | null;
  /** Whether the App's check passes on the commit that the merge queue brought it in by; null where GitHub was not asked. */
  readonly groupPassed: boolean | null;
  readonly closed: { readonly at: Instant; readonly by: Actor } | null;
}

/** What GitHub's timeline of a pull request says of a merge queue. `reason` is GitHub's word for why it was taken out. */
export type QueueEvent =
  | { readonly kind: "added"; readonly by: Actor; readonly at: Instant }
  | { readonly kind: "removed"; readonly by: Actor; readonly at: Instant; readonly reason: string };

/** A pull request in the merge queue. */
export interface QueueEntry {
  readonly pullRequest: number;
  /** Who put it there, and when. */
  readonly by: Actor;
  readonly at: Instant;
  /** The commit that GitHub made to try it, on top of `base`: the default branch, or what is tried of the entry before. Null while there is none. */
  readonly group: { readonly base: Oid; readonly head: Oid; readonly check: ExistingCheck | null } | null;
}

/** The merge queue of the default branch. */
export interface MergeQueue {
  /** Every entry must pass by itself. Otherwise only the last of those that are merged together has to. */
  readonly allGreen: boolean;
  /** The front first. */
  readonly entries: readonly QueueEntry[];
}

/** An issue with a `freeze:<env>` label, or one the App opened itself. Every open one is listed, and of the closed ones the newest. */
export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly state: "open" | "closed";
  readonly author: Actor;
  readonly labels: readonly string[];
  /** Who set each `freeze:` label last. */
  readonly labelEvents: readonly LabelEvent[];
  readonly closedBy: Actor | null;
}

/** A branch whose name begins with `pinion/`. */
export interface Branch {
  readonly name: string;
  readonly oid: Oid;
  /** Its head was made by the App through the API, as GitHub's own signature proves. */
  readonly own: boolean;
}

/** A GitHub Deployment the App made: display only. */
export interface Deployment {
  readonly id: number;
  readonly environment: string;
  /** The app it shows (`task` is `promote:<app>`). */
  readonly app: AppName;
  readonly commit: Oid;
  readonly state: DeploymentState | null;
}

export type DeploymentState = "queued" | "in_progress" | "success" | "failure" | "error" | "inactive";

/** One look at the repository on GitHub. */
export interface ForgeSnapshot {
  readonly at: Instant;
  readonly defaultBranch: string;
  readonly head: Oid;
  /** The head of `pinion-log`, or null before the first record. */
  readonly logHead: Oid | null;
  readonly mergeMethods: readonly ("squash" | "merge" | "rebase")[];
  /** Null where pull requests are merged without one. Unknown where the App may not read it. */
  readonly queue: Answer<MergeQueue | null>;
  readonly open: readonly PullRequest[];
  /** Pull requests that were merged or closed lately, newest first, back to the last look at least. */
  readonly ended: readonly PullRequest[];
  readonly issues: readonly Issue[];
  readonly branches: readonly Branch[];
  readonly labels: readonly string[];
  readonly deployments: readonly Deployment[];
}

/** What one environment's file pins for one app on the default branch. */
export type EnvironmentPins =
  | { readonly ok: true; readonly file: string; readonly pinned: Pinned; readonly pins: readonly Pin[] }
  | { readonly ok: false; readonly file: string; readonly problem: string };

/** A change of an app's pins on the default branch that the log does not know yet. */
export interface PinChange {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly from: Pinned | null;
  readonly to: Pinned | null;
  readonly commit: Oid;
  readonly at: Instant;
  readonly author: Actor;
  /** The pull request that the commit came by, if GitHub knows one. */
  readonly pullRequest: PullRequest | null;
}

/** What a pull request would do to the default branch, judged on the merge of both. */
export interface ProposedChange {
  readonly base: Oid;
  readonly head: Oid;
  readonly conflicts: readonly string[];
  readonly promotions: readonly {
    readonly app: AppName;
    readonly environment: EnvironmentName;
    readonly from: Pinned | null;
    readonly to: Pinned | null;
  }[];
  /** What changes in files outside the environments' own: in all environments that take them in at once. */
  readonly shared: readonly SharedChange[];
  /** Changed files in which something other than pins changes. */
  readonly otherFiles: readonly string[];
  /** Quarantine entries that it adds. */
  readonly quarantines: readonly QuarantineEntry[];
  /** Pinion's own configuration as it would be, when it changes, or the repository's own policies or its signers' keys do. Not ok when one of them would be broken. */
  readonly config: ConfigResult | null;
  /** Files of which it cannot be told what they would change, with the reason. */
  readonly broken: readonly string[];
  /** The manifests in the files that change, as they would be. They are only read, and there, where a policy judges them. */
  readonly manifests?: Fact<readonly Manifest[]>;
  /** Changed files that have owners on the default branch. They are only told where an environment asks for code owners. */
  readonly owned?: Fact<readonly OwnedFiles[]>;
}

/** Images that change in one environment because files that it takes in, like a shared base, say otherwise. */
export interface SharedChange {
  readonly app: AppName;
  readonly environment: EnvironmentName;
  /** The images that change, as they are now; null where they are new. */
  readonly from: Pinned | null;
  /** And as they would be; null where they go away. */
  readonly to: Pinned | null;
  /** Whether they are among the images that Pinion promotes for the app. */
  readonly isPromoted: boolean;
  readonly files: readonly string[];
}

/** `.github/pinion/quarantine/<app>-<digest12>.yaml`. */
export interface QuarantineEntry {
  readonly app: AppName;
  readonly digest: string;
  /** Where it must not come back; empty means everywhere. */
  readonly environments: readonly EnvironmentName[];
  readonly reason: string;
  readonly file: string;
}

/** The newest run of a check on a commit, or the newest commit status of a name (`context`). `skipped` is what ended without saying yes or no. */
export interface CommitCheck {
  readonly name: string;
  /** Who made it: the slug of an App, or the login of a person behind an `@`; null where that is not known. */
  readonly by: string | null;
  readonly state: "passed" | "failed" | "skipped" | "pending";
}

/** The labels in the configuration of an image, by name. */
export type ImageLabels = ReadonlyMap<string, string>;

export type Permission = "admin" | "maintain" | "write" | "triage" | "read" | "none";

/** A question the planner needs answered before it can decide. */
export type Need =
  | { readonly kind: "tags"; readonly repository: string }
  | { readonly kind: "digest"; readonly repository: string; readonly reference: string }
  | { readonly kind: "created"; readonly repository: string; readonly digest: Digest }
  /** What is attached to an image, judged by these signers, whose identities are those for this very image. */
  | { readonly kind: "evidence"; readonly repository: string; readonly digest: Digest; readonly signers: readonly TrustedSigner[] }
  | { readonly kind: "platforms"; readonly repository: string; readonly digest: Digest }
  | { readonly kind: "labels"; readonly repository: string; readonly digest: Digest }
  /** Of this repository where `source` is null. */
  | { readonly kind: "checks"; readonly source: SourceRepository | null; readonly commit: Oid }
  | { readonly kind: "permission"; readonly login: string }
  | { readonly kind: "team"; readonly team: string }
  | {
      readonly kind: "rollout";
      readonly app: AppName;
      readonly environment: EnvironmentName;
      readonly commit: Oid;
      readonly applications: readonly string[];
      readonly endpoint: string | null;
      readonly file: string;
      readonly wanted: Pinned;
    }
  | {
      readonly kind: "metric";
      readonly endpoint: string | null;
      readonly expression: string;
      /** The evaluation time. */
      readonly at: Instant;
    };

/** What each need is answered with. */
export interface NeedAnswers {
  readonly tags: readonly string[];
  /** The digest that a tag or digest is served as, or null when the registry has no such manifest. */
  readonly digest: string | null;
  /** When the image was built, as it says itself; null when it does not say, or is not there. */
  readonly created: Instant | null;
  readonly evidence: Evidence;
  /** The platforms that the image is for, as `linux/arm64/v8`; null when it is not there. */
  readonly platforms: readonly string[] | null;
  /** Of each of its images, one for a platform; null when it is not there. */
  readonly labels: readonly ImageLabels[] | null;
  readonly checks: readonly CommitCheck[];
  readonly permission: Permission;
  /** Logins of active members. */
  readonly team: readonly string[];
  readonly rollout: readonly ObservedApplication[];
  readonly metric: MetricAnswer;
}

/** Answers gathered so far, by need. Reading one that is absent or too old is how the planner asks for it. */
export interface Knowledge {
  get<K extends Need["kind"]>(need: Extract<Need, { kind: K }>): Answer<NeedAnswers[K]> | null;
}

/** Everything the planner may know. */
export interface Observation {
  readonly repository: Repository;
  readonly snapshot: ForgeSnapshot;
  /** Not ok where one of the repository's own policies is broken, too. */
  readonly config: ConfigResult | null;
  /** The repository's own policies on the default branch. */
  readonly ownPolicies: readonly Policy[];
  /** By app, then environment; only places that `discover` matches. */
  readonly pins: ReadonlyMap<AppName, ReadonlyMap<EnvironmentName, EnvironmentPins>>;
  readonly quarantine: Answer<readonly QuarantineEntry[]>;
  /** The code owners of the default branch, or why they cannot be told; null where no environment asks for them. */
  readonly codeOwners: Answer<CodeOwners> | null;
  /** The signers of the configuration, with the keys and trusted roots that the default branch has for them. */
  readonly signers: readonly TrustedSigner[];
  readonly ledger: Ledger;
  readonly changes: readonly PinChange[];
  /** Places whose pin changed a moment ago, in a way that GitHub may explain soon: nothing is decided there before. */
  readonly unexplained: readonly { readonly app: AppName; readonly environment: EnvironmentName }[];
  /** By pull request number: what each open pull request would change, or why that is not known. */
  readonly proposals: ReadonlyMap<number, Answer<ProposedChange>>;
  /** By head: what each group of the merge queue would change, of its own, on top of its base. */
  readonly groups: ReadonlyMap<Oid, Answer<ProposedChange>>;
  /** Branches of Pinion's names that hold nothing which the default branch does not hold, whoever made them. */
  readonly emptyBranches: ReadonlySet<string>;
  /** Merges that GitHub refused last, as `<pull request>@<head>`, with its words. */
  readonly refusedMerges: ReadonlyMap<string, string>;
}
