/**
 * Everything the reconciler may ask of the world and the few writes it may make, in domain words.
 * Every call has a deadline and a size limit inside its adapter. A question that cannot be answered
 * throws {@link PortFailure}; a write answers with a closed union for what its caller must tell apart.
 */
import type { CheckContent } from "./domain/action.ts";
import type { FailureKind, Instant, Milliseconds } from "./domain/answer.ts";
import type { SourceRepository } from "./domain/source-commit.ts";
import type { CommitCheck, DeploymentState, ForgeSnapshot, ImageLabels, Permission, PullRequest, Repository } from "./domain/observation.ts";
import type { Digest, Oid } from "./domain/release.ts";
import type { ApplicationStatus } from "./domain/rollout.ts";
import type { AppSetup, BranchRule, ClassicProtection, CodeOwnersError, InstallationSetup, RepositorySettings, RulesetSetup } from "./domain/setup/facts.ts";
import type { MetricAnswer } from "./domain/slo.ts";
import type { AttachedDocuments } from "./domain/supply-chain/documents.ts";

/** An outside call that did not answer. The message says what, where and what to do, and holds no secret. */
export class PortFailure extends Error {
  override readonly name = "PortFailure";
  readonly kind: FailureKind;
  /** When the other side said it may be asked again, or null. */
  readonly retryAt: Instant | null;

  constructor(kind: FailureKind, message: string, options: { retryAt?: Instant; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAt = options.retryAt ?? null;
  }
}

export interface Clock {
  now(): Instant;
  /** Calls `run` once, at `at` or soon after. The returned function takes it back. */
  schedule(at: Instant, run: () => void): () => void;
}

/** `conflict`: the world is not as the plan assumed; look again. `refused`: GitHub will not, and says why. */
export type WriteOutcome<T> =
  | { readonly outcome: "done"; readonly value: T }
  | { readonly outcome: "conflict"; readonly reason: string }
  | { readonly outcome: "refused"; readonly reason: string };

export interface FileContent {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface CheckWrite {
  readonly head: Oid;
  readonly check: CheckContent;
  readonly existing: number | null;
}

export interface RecordWrite {
  /** The log must still be here, so that nothing is written over. */
  readonly expectedHead: Oid;
  readonly files: readonly FileContent[];
  readonly headline: string;
}

/** What a look asks of GitHub about one repository. */
export interface ForgeReads {
  /** One look. `endedSince` bounds how far back ended pull requests are listed. */
  snapshot(repository: Repository, endedSince: Instant): Promise<ForgeSnapshot>;
  permission(repository: Repository, login: string): Promise<Permission>;
  /** Logins of the team's active members, child teams included. */
  teamMembers(repository: Repository, team: string): Promise<readonly string[]>;
  /** The newest check runs and commit statuses of a commit of this repository, or of another one that the App may read. */
  checksOf(repository: Repository, source: SourceRepository | null, commit: Oid): Promise<readonly CommitCheck[]>;
  /** The merged pull request that brought a commit to the default branch, or null. */
  pullRequestOf(repository: Repository, commit: Oid): Promise<PullRequest | null>;
  /** Which of these commits GitHub says were made and signed by the App through the API. */
  ownCommits(repository: Repository, commits: readonly Oid[]): Promise<ReadonlySet<Oid>>;
}

/** What `pinion doctor` asks of GitHub about one repository. Each question is asked by itself, so that what cannot be read leaves the rest known. */
export interface SetupReads {
  app(): Promise<AppSetup>;
  /** The App's installation there, or null: it is not installed there, or there is no such repository. */
  installation(owner: string, name: string): Promise<InstallationSetup | null>;
  settings(place: InstalledAt): Promise<RepositorySettings>;
  /** All rules in force for a branch of that name, also where there is no such branch yet. */
  rules(place: InstalledAt, branch: string): Promise<readonly BranchRule[]>;
  /** Null: the branch has none, or there is no such branch. */
  classic(place: InstalledAt, branch: string): Promise<ClassicProtection | null>;
  ruleset(place: InstalledAt, id: number): Promise<RulesetSetup>;
  /** Paths of all files of a branch. */
  files(place: InstalledAt, branch: string): Promise<readonly string[]>;
  /** A file of a branch as text, or null when it is not there. */
  text(place: InstalledAt, branch: string, path: string): Promise<string | null>;
  codeOwnersErrors(place: InstalledAt): Promise<readonly CodeOwnersError[]>;
}

/** A repository that the App is installed in, by its name. */
export type InstalledAt = Pick<Repository, "installation" | "owner" | "name">;

/** GitHub. */
export interface Forge extends ForgeReads {
  /** Installations of the App, without those that are suspended. */
  installations(): Promise<readonly number[]>;
  /** Repositories that the App may use there. */
  repositories(installation: number): Promise<readonly Repository[]>;

  /** Makes the orphan branch `pinion-log` with its first files. `conflict` when it exists. */
  startLog(repository: Repository, files: readonly FileContent[], headline: string): Promise<WriteOutcome<Oid>>;
  /** Checks and records in one request. Each part succeeds or fails by itself. */
  publish(
    repository: Repository,
    checks: readonly CheckWrite[],
    records: RecordWrite | null,
  ): Promise<{ readonly checks: readonly WriteOutcome<number>[]; readonly records: WriteOutcome<Oid> | null }>;
  /**
   * Branch, commit and pull request in one request. Without `branchAt` the branch must not exist: creating it is the claim.
   * With it, the branch is taken over as it stands there; without `commit`, it already holds what is wanted.
   */
  openPullRequest(
    repository: Repository,
    proposal: {
      readonly branch: string;
      readonly base: string;
      readonly baseOid: Oid;
      readonly branchAt: Oid | null;
      readonly commit: { readonly headline: string; readonly body: string; readonly files: readonly FileContent[] } | null;
      readonly title: string;
      readonly body: string;
    },
  ): Promise<WriteOutcome<{ readonly number: number; readonly head: Oid }>>;
  /** Swaps the branch from `expectedHead` to one new commit on `baseOid` (GraphQL `updateRefs` with `beforeOid`). */
  replaceHead(
    repository: Repository,
    branch: string,
    expectedHead: Oid,
    baseOid: Oid,
    commit: { readonly headline: string; readonly body: string; readonly files: readonly FileContent[] },
  ): Promise<WriteOutcome<Oid>>;
  /** `conflict`: the head or base moved. `refused`: GitHub's own rules say no, in its words. Answers the merge commit. */
  merge(
    repository: Repository,
    pullRequest: number,
    merge: { readonly head: Oid; readonly method: "squash" | "merge"; readonly title: string; readonly message: string },
  ): Promise<WriteOutcome<Oid>>;
  /**
   * Puts the pull request into the merge queue of its base, if it is still at `head` (GraphQL `enqueuePullRequest` with
   * `expectedHeadOid`). That it is there already is as good. `conflict`: the head moved, or it is not open any more.
   */
  enqueue(repository: Repository, pullRequestId: string, head: Oid): Promise<WriteOutcome<null>>;
  /** Takes the pull request out of the merge queue. That it is not in it any more is as good. */
  dequeue(repository: Repository, pullRequestId: string): Promise<WriteOutcome<null>>;
  close(repository: Repository, pullRequestId: string): Promise<void>;
  /** Deletes the branch if it is still at `expectedHead`. */
  deleteBranch(repository: Repository, branch: string, expectedHead: Oid): Promise<WriteOutcome<null>>;
  comment(repository: Repository, pullRequest: number, body: string): Promise<void>;
  retitle(repository: Repository, pullRequest: number, title: string): Promise<void>;
  removeLabel(repository: Repository, pullRequest: number, label: string): Promise<void>;
  createLabel(
    repository: Repository,
    label: { readonly name: string; readonly color: string; readonly description: string },
  ): Promise<void>;
  askReviewers(
    repository: Repository,
    pullRequest: number,
    teams: readonly string[],
    users: readonly string[],
  ): Promise<WriteOutcome<null>>;
  openIssue(
    repository: Repository,
    issue: { readonly title: string; readonly body: string; readonly labels: readonly string[] },
  ): Promise<number>;
  /** Makes the Deployment unless `existing`, and sets its state. Answers its id. */
  showDeployment(
    repository: Repository,
    deployment: {
      readonly existing: number | null;
      readonly app: string;
      readonly environment: string;
      readonly commit: Oid;
      readonly state: DeploymentState;
      readonly description: string;
    },
  ): Promise<number>;
}

export interface TreeEntry {
  readonly path: string;
  readonly blob: Oid;
}

/** What stands directly in a folder. */
export interface FolderEntry {
  /** With `/` at the end where it is a folder. */
  readonly path: string;
  /** Null for folders, symbolic links and submodules. */
  readonly blob: Oid | null;
}

export interface TouchedFile {
  readonly path: string;
  /** That change it, newest first. */
  readonly commits: readonly Oid[];
}

/** A file that a commit changes against its parent. `before` is null where there was none, or no regular file; `after` likewise. */
export interface ChangedFile {
  /** Null for a name that is not UTF-8. */
  readonly path: string | null;
  readonly before: Oid | null;
  readonly after: Oid | null;
}

/** A commit with one parent, and what it changes. */
export interface ChangingCommit {
  readonly commit: Oid;
  readonly files: readonly ChangedFile[];
}

/** A repository on this machine, bare or with a work tree, that is only read. Every call rejects with a {@link PortFailure}. */
export interface LocalRepository {
  /** The commit that a revision names (gitrevisions(7)). */
  commit(revision: string): Promise<Oid>;
  /** All regular files of a commit under the folder that the repository was opened at; paths are relative to it. */
  files(commit: Oid): Promise<readonly TreeEntry[]>;
  /** Contents by blob id. A blob over the size limit is left out, and one that a partial clone does not have. */
  read(blobs: readonly Oid[]): Promise<ReadonlyMap<Oid, Uint8Array>>;
  /** The first-parent history of a commit with itself, newest first. */
  history(commit: Oid, limit: number | null): Promise<readonly { readonly commit: Oid; readonly parents: number }[]>;
  /** What each of these commits changes, in their order; one that changes nothing, or has no parent, or several, is left out. */
  changes(commits: readonly Oid[]): Promise<readonly ChangingCommit[]>;
  /** Lets go of the processes it holds. */
  close(): void;
}

/** A commit of the promotion log, with the files it adds. */
export interface LogCommit {
  readonly oid: Oid;
  /** Whether it only adds files, to one parent (or none, for the first). */
  readonly appendsOnly: boolean;
  readonly authorEmail: string;
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
}

export interface PathCommit {
  readonly oid: Oid;
  /** The first parent, or null at the root. */
  readonly parent: Oid | null;
  readonly at: Instant;
  readonly authorName: string;
  readonly authorEmail: string;
}

/** The manifests repository in Git: a mirror on disk, read only. */
export interface ManifestsRepository {
  /** Makes sure that these commits are in the mirror, fetching the given refs only if one is missing. */
  ensure(repository: Repository, wanted: readonly { readonly ref: string; readonly oid: Oid }[]): Promise<void>;
  /** All regular files (mode 100644 or 100755) of a commit or tree. */
  files(repository: Repository, commit: Oid): Promise<readonly TreeEntry[]>;
  /**
   * What stands directly in one folder of a commit or tree; nothing when there is no such folder. Where a link, a submodule or a file stands in its
   * place, or in that of a folder above it, that alone: whoever would read the folder can tell it from none. `path` ends in `/`.
   */
  folder(repository: Repository, treeish: Oid, path: string): Promise<readonly FolderEntry[]>;
  /** Paths that differ between two commits or trees; `blob` is null where the path is gone. */
  changedFiles(repository: Repository, from: Oid, to: Oid): Promise<readonly { readonly path: string; readonly blob: Oid | null }[]>;
  /**
   * Paths that first-parent commits after `since` up to `until` change, perhaps back. Only the `limit` newest commits are looked
   * through; where `until` is the only one, none is.
   */
  touchedFiles(repository: Repository, since: Oid, until: Oid, limit: number): Promise<readonly TouchedFile[]>;
  /** Contents by blob id. A blob over the size limit is left out. */
  read(repository: Repository, blobs: readonly Oid[]): Promise<ReadonlyMap<Oid, Uint8Array>>;
  /** One file of a commit, or null when it is not there. */
  file(repository: Repository, commit: Oid, path: string): Promise<Uint8Array | null>;
  /** The tree that merging `head` into `base` gives, or the paths that conflict. */
  mergeTree(repository: Repository, base: Oid, head: Oid): Promise<{ readonly tree: Oid } | { readonly conflicts: readonly string[] }>;
  /** First-parent commits after `since` (exclusive; null for all) up to `until` that change the path, oldest first, at most `limit` newest. */
  history(repository: Repository, path: string, since: Oid | null, until: Oid, limit: number): Promise<readonly PathCommit[]>;
  isAncestor(repository: Repository, ancestor: Oid, descendant: Oid): Promise<boolean>;
  /** Commits of the promotion log after `since` up to `until`, oldest first. */
  logCommits(repository: Repository, since: Oid | null, until: Oid): Promise<readonly LogCommit[]>;
}

/** An OCI registry. Repositories are normalised (`docker.io/library/nginx`). */
export interface ArtifactRegistry {
  tags(repository: string): Promise<readonly string[]>;
  /** The digest that the tag or digest is served as, checked against the bytes, or null when there is no such manifest. */
  digest(repository: string, reference: string): Promise<Digest | null>;
  /** When the image was built, as it says itself, or null when it does not say, or there is none of this digest. */
  created(repository: string, digest: Digest): Promise<Instant | null>;
  /** Signatures, attestations and SBOMs that are attached to an image. Nothing of them is checked but that they are what the registry names by digest. */
  attachments(repository: string, digest: Digest): Promise<AttachedDocuments>;
  /** The platforms that the image is for, as `linux/arm64/v8`, or null when there is none of this digest. */
  platforms(repository: string, digest: Digest): Promise<readonly string[] | null>;
  /** The labels of each of its images, one for a platform, or null when there is none of this digest. */
  labels(repository: string, digest: Digest): Promise<readonly ImageLabels[] | null>;
}

/** Argo CD. `endpoint` names one of the operator's endpoints; null when there is exactly one. */
export interface Rollouts {
  /** Null when Argo CD has no such Application. */
  application(endpoint: string | null, name: string): Promise<ApplicationStatus | null>;
}

/** Prometheus. */
export interface Metrics {
  query(endpoint: string | null, expression: string, at: Instant): Promise<MetricAnswer>;
}

/** Who a push of Google's Pub/Sub comes from. */
export interface PushIdentity {
  /**
   * What is wrong with the token that came with it, or null.
   *
   * @throws {PortFailure} when that cannot be told, because Google's keys cannot be had or used.
   */
  problem(token: string): Promise<string | null>;
}

/** A log of what happened, for operators. Never holds a secret. */
export interface Journal {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface Ports {
  readonly forge: Forge;
  readonly manifests: ManifestsRepository;
  readonly registry: ArtifactRegistry;
  readonly rollouts: Rollouts;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** All that looking and planning need: nothing can be written by it. */
export interface ReadPorts extends Omit<Ports, "forge"> {
  readonly forge: ForgeReads;
}

/** How long a port call may take unless its adapter says otherwise. */
export const CALL_DEADLINE: Milliseconds = 10_000;
