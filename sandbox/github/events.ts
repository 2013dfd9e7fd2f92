import type {
  Account,
  CheckRun,
  CheckSuite,
  Comment,
  Deployment,
  DeploymentStatus,
  Installation,
  Issue,
  Label,
  GroupEnd,
  MergeGroup,
  Oid,
  PullRequest,
  RemovalReason,
  Repository,
  Review,
  Team,
} from "./model.ts";

/** A published package version, as a container registry beside the repository announces it. */
export interface PublishedPackage {
  readonly id: number;
  readonly versionId: number;
  /** Path below the owner's namespace, as `checkout`. */
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
}

/** What an edit replaced. */
export interface ThreadChanges {
  readonly title?: string;
  readonly body?: string | null;
  readonly base?: { readonly ref: string; readonly sha: Oid };
}

/** Something happened. Webhook payloads are made from these at once, while the state still says what it said then. */
export type SandboxEvent = { readonly sender: Account } & (
  | {
      readonly name: "push";
      readonly repository: Repository;
      readonly ref: string;
      readonly before: Oid;
      readonly after: Oid;
      readonly forced: boolean;
      /** New commits, oldest first. */
      readonly commits: readonly Oid[];
    }
  | { readonly name: "create" | "delete"; readonly repository: Repository; readonly ref: string }
  | {
      readonly name: "pull_request";
      readonly action: "opened" | "closed" | "reopened" | "converted_to_draft" | "ready_for_review" | "enqueued";
      readonly pull: PullRequest;
    }
  | { readonly name: "pull_request"; readonly action: "dequeued"; readonly pull: PullRequest; readonly reason: RemovalReason }
  | ({ readonly name: "merge_group"; readonly repository: Repository; readonly branch: string; readonly group: MergeGroup } & (
      | { readonly action: "checks_requested" }
      | { readonly action: "destroyed"; readonly reason: GroupEnd }
    ))
  | { readonly name: "pull_request"; readonly action: "edited"; readonly pull: PullRequest; readonly changes: ThreadChanges }
  | { readonly name: "pull_request"; readonly action: "synchronize"; readonly pull: PullRequest; readonly before: Oid; readonly after: Oid }
  | { readonly name: "pull_request"; readonly action: "labeled" | "unlabeled"; readonly pull: PullRequest; readonly label: Label }
  | {
      readonly name: "pull_request";
      readonly action: "review_requested" | "review_request_removed";
      readonly pull: PullRequest;
      readonly reviewer: Account | Team;
    }
  | { readonly name: "pull_request_review"; readonly action: "submitted" | "dismissed"; readonly review: Review }
  | {
      readonly name: "issue_comment";
      readonly action: "created" | "edited" | "deleted";
      readonly comment: Comment;
      readonly before: string | null;
    }
  | { readonly name: "issues"; readonly action: "opened" | "closed" | "reopened"; readonly issue: Issue }
  | { readonly name: "issues"; readonly action: "edited"; readonly issue: Issue; readonly changes: ThreadChanges }
  | { readonly name: "issues"; readonly action: "labeled" | "unlabeled"; readonly issue: Issue; readonly label: Label }
  | { readonly name: "label"; readonly action: "created" | "edited" | "deleted"; readonly repository: Repository; readonly label: Label }
  | {
      readonly name: "check_run";
      readonly action: "created" | "completed" | "rerequested" | "requested_action";
      readonly run: CheckRun;
      readonly requestedAction: string | null;
    }
  | { readonly name: "check_suite"; readonly action: "requested" | "rerequested" | "completed"; readonly suite: CheckSuite }
  | { readonly name: "deployment"; readonly action: "created"; readonly deployment: Deployment }
  | { readonly name: "deployment_status"; readonly action: "created"; readonly status: DeploymentStatus }
  | {
      readonly name: "installation";
      readonly action: "created" | "deleted" | "suspend" | "unsuspend" | "new_permissions_accepted";
      readonly installation: Installation;
      readonly repositories: readonly Repository[];
    }
  | {
      readonly name: "installation_repositories";
      readonly action: "added" | "removed";
      readonly installation: Installation;
      readonly repositories: readonly Repository[];
    }
  | {
      readonly name: "registry_package" | "package";
      readonly action: "published" | "updated";
      readonly repository: Repository;
      readonly published: PublishedPackage;
    }
  | { readonly name: "membership"; readonly action: "added" | "removed"; readonly team: Team; readonly member: Account }
);

export type EventListener = (event: SandboxEvent) => void;
