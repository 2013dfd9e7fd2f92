import type { Answer } from "../answer.ts";
import type { PolicyFile } from "../policy/own-policies.ts";

/** The App as its owner registered it. */
export interface AppSetup {
  readonly id: number;
  readonly slug: string;
  /** Where its owner changes permissions and events. */
  readonly settingsPage: string;
  /** Level by name, as GitHub spells them. */
  readonly permissions: Readonly<Record<string, string>>;
  readonly events: readonly string[];
}

/** What an organisation or a person let the App have. */
export interface InstallationSetup {
  readonly id: number;
  readonly page: string;
  readonly suspended: boolean;
  readonly permissions: Readonly<Record<string, string>>;
  readonly events: readonly string[];
}

export type MergeMethod = "squash" | "merge" | "rebase";

export interface RepositorySettings {
  readonly defaultBranch: string;
  readonly archived: boolean;
  readonly issues: boolean;
  /** Null where GitHub does not tell. */
  readonly mergeMethods: readonly MergeMethod[] | null;
}

export interface RequiredCheck {
  readonly name: string;
  /** The App that it must come from, or null: from anybody. */
  readonly appId: number | null;
}

/** A rule in force on a branch, of the repository's rulesets or of those above it. `other` are those that Pinion knows nothing of. */
export type BranchRule = { readonly ruleset: number } & (
  | { readonly kind: "checks"; readonly required: readonly RequiredCheck[]; readonly upToDate: boolean }
  | {
      readonly kind: "pull-request";
      readonly approvals: number;
      readonly codeOwners: boolean;
      /** Somebody other than who pushed last must approve. */
      readonly lastPush: boolean;
      /** Null: any that the repository allows. */
      readonly mergeMethods: readonly MergeMethod[] | null;
    }
  | { readonly kind: "creation" | "update" | "deletion" | "force-push" | "linear-history" | "signatures" }
  /** `allGreen`: every entry has to pass by itself. */
  | { readonly kind: "merge-queue"; readonly allGreen: boolean; readonly method: MergeMethod }
  | { readonly kind: "other"; readonly name: string }
);

/** Classic protection of a branch, as far as it is told without administration permission. */
export interface ClassicProtection {
  readonly checks: readonly RequiredCheck[];
  /** Administrators need not heed the checks; null where there are none. */
  readonly adminsExempt: boolean | null;
  readonly approvals: number;
  readonly codeOwners: boolean;
  readonly forcePushes: boolean;
  readonly deletions: boolean;
  readonly linearHistory: boolean;
}

export interface RulesetSetup {
  readonly id: number;
  readonly name: string;
  /** Where it is shown, or null where GitHub gives no page. */
  readonly page: string | null;
  /** Whether the App itself may go past it. */
  readonly appBypasses: "always" | "pull-requests" | "never" | "untold";
  /** All who may, by GitHub's kinds of them, or null where that is not told: it needs write access to the ruleset. */
  readonly bypassActors: readonly { readonly kind: string; readonly id: number | null }[] | null;
}

export interface BranchSetup {
  readonly name: string;
  readonly rules: Answer<readonly BranchRule[]>;
  readonly classic: Answer<ClassicProtection | null>;
}

export interface CodeOwnersError {
  readonly line: number;
  readonly kind: string;
  readonly source: string;
}

/** How a repository is set up at GitHub, as far as Pinion's promises depend on it. */
export interface SetupFacts {
  /** The repository's page, as `https://github.com/acme/manifests`. */
  readonly page: string;
  readonly app: Answer<AppSetup>;
  readonly installation: Answer<InstallationSetup>;
  readonly settings: Answer<RepositorySettings>;
  readonly main: BranchSetup;
  readonly log: BranchSetup;
  /** Those that rules of the two branches come from. */
  readonly rulesets: ReadonlyMap<number, Answer<RulesetSetup>>;
  /** All files of the default branch. */
  readonly files: Answer<readonly string[]>;
  /** The CODEOWNERS file that counts, or null. */
  readonly codeOwners: Answer<{ readonly path: string; readonly text: string } | null>;
  /** What GitHub finds wrong in it. */
  readonly codeOwnersErrors: Answer<readonly CodeOwnersError[]>;
  /** The text of `.github/pinion.yaml`, or null. */
  readonly config: Answer<string | null>;
  /** The repository's own policies, with what only looks like one. */
  readonly policies: Answer<readonly PolicyFile[]>;
}
