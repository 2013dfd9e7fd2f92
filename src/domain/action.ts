import type { Instant } from "./answer.ts";
import type { PinEdit } from "./pins.ts";
import type { DeploymentState, Need } from "./observation.ts";
import type { Gate } from "./policy.ts";
import type { LogRecord } from "./record.ts";
import type { AppName, EnvironmentName, Oid } from "./release.ts";

/** The name of the one check run, by which rules require it. */
export const CHECK_NAME = "Pinion";

/** What the check run says; `fingerprint` is a hash of all the rest. */
export interface CheckContent {
  readonly status: "in_progress" | "completed";
  readonly conclusion: "success" | "failure" | "action_required" | null;
  readonly title: string;
  /** Markdown: the table of gates. */
  readonly summary: string;
  readonly fingerprint: string;
}

/** A new commit on top of the default branch's head that sets pins and adds files. */
export interface ManifestCommit {
  readonly base: Oid;
  readonly headline: string;
  readonly body: string;
  readonly edits: readonly { readonly file: string; readonly pins: readonly PinEdit[] }[];
  readonly newFiles: readonly { readonly file: string; readonly text: string }[];
}

/** A write that the planner wants. `id` is the same for the same intention, however often it is planned. */
export type Action = { readonly id: string } & (
  | { readonly kind: "start-log"; readonly record: LogRecord }
  | { readonly kind: "record"; readonly record: LogRecord }
  | { readonly kind: "create-label"; readonly name: string; readonly description: string; readonly color: string }
  | {
      readonly kind: "open";
      readonly app: AppName;
      readonly environment: EnvironmentName;
      readonly branch: string;
      /** What stands at that branch name already and may be taken over, or null when it is free. */
      readonly adopt: Oid | null;
      readonly commit: ManifestCommit;
      readonly title: string;
      readonly body: string;
      readonly check: CheckContent;
      /** What the policies say of it as it is opened. */
      readonly gates: readonly Gate[];
      /** The `opened` record, with pull request number and head to be filled in. */
      readonly record: (pullRequest: number, head: Oid) => LogRecord;
    }
  /** Builds the commit anew on the present base and swaps it in, if the branch is still at `head`. */
  | { readonly kind: "rebuild"; readonly pullRequest: number; readonly branch: string; readonly head: Oid; readonly commit: ManifestCommit }
  | {
      readonly kind: "check";
      readonly pullRequest: number;
      readonly head: Oid;
      readonly check: CheckContent;
      /** The run to update; null makes a new one. */
      readonly existing: number | null;
    }
  | {
      readonly kind: "merge";
      readonly pullRequest: number;
      readonly head: Oid;
      readonly base: Oid;
      /** What was judged holds until then: a window closes. Null when nothing is due. */
      readonly before: Instant | null;
      readonly method: "squash" | "merge";
      readonly title: string;
      readonly message: string;
    }
  /** Puts it into the merge queue, which merges it when what GitHub makes of it passes. */
  | {
      readonly kind: "enqueue";
      readonly pullRequest: number;
      readonly pullRequestId: string;
      readonly head: Oid;
      readonly base: Oid;
      /** As for a merge. */
      readonly before: Instant | null;
    }
  /** Takes it out of the merge queue. */
  | { readonly kind: "dequeue"; readonly pullRequest: number; readonly pullRequestId: string }
  | {
      readonly kind: "close";
      readonly pullRequest: number;
      readonly pullRequestId: string;
      /** To be deleted with it, or null. */
      readonly branch: { readonly name: string; readonly head: Oid } | null;
    }
  | { readonly kind: "delete-branch"; readonly branch: string; readonly head: Oid }
  | { readonly kind: "comment"; readonly pullRequest: number; readonly body: string }
  | { readonly kind: "retitle"; readonly pullRequest: number; readonly title: string }
  | { readonly kind: "remove-label"; readonly pullRequest: number; readonly label: string }
  | { readonly kind: "ask-reviewers"; readonly pullRequest: number; readonly teams: readonly string[]; readonly users: readonly string[] }
  | {
      readonly kind: "open-issue";
      readonly title: string;
      readonly body: string;
      readonly labels: readonly string[];
      readonly record: (issue: number) => LogRecord;
    }
  | {
      readonly kind: "show-deployment";
      readonly app: AppName;
      readonly environment: EnvironmentName;
      readonly commit: Oid;
      readonly state: DeploymentState;
      readonly description: string;
      /** The Deployment that shows it already, or null. */
      readonly existing: number | null;
    }
);

/** Why something that could be wanted is not done now; shown by `pinion plan` and where people look. */
export interface Blocked {
  readonly app: AppName | null;
  readonly environment: EnvironmentName | null;
  readonly reason: string;
}

/** What one look decided. */
export interface Plan {
  /** In the order in which they are applied. */
  readonly actions: readonly Action[];
  readonly blocked: readonly Blocked[];
  /** Questions whose answers could change this plan now. */
  readonly needs: readonly Need[];
  /** When something will be due without any event, or null. */
  readonly nextLookAt: Instant | null;
}
