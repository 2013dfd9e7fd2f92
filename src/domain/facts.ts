import type { Instant, Milliseconds } from "./answer.ts";
import type { PromotionKind } from "./record.ts";
import type { AppName, EnvironmentName } from "./release.ts";
import type { YamlValue } from "./yaml-document.ts";

/** A fact that could not be learned, and why. A policy that needs it is `unknown`. */
export interface UnknownFact {
  readonly unknown: string;
}

export type Fact<T> = T | UnknownFact;

export function isUnknownFact(fact: unknown): fact is UnknownFact {
  return typeof fact === "object" && fact !== null && "unknown" in fact;
}

/** One YAML document of a file, as it would stand after merging. */
export interface Manifest {
  readonly file: string;
  /** Which of the file's documents, from 1. */
  readonly document: number;
  readonly content: YamlValue;
}

/** The document that policies read: everything known of one promotion at one moment. */
export interface Facts {
  readonly now: Instant;
  readonly promotion: {
    readonly app: AppName;
    readonly environment: EnvironmentName;
    readonly kind: PromotionKind;
    /** `bot`: the App opened it and nobody else touched it. `person`: anything else. */
    readonly origin: "bot" | "person";
    /** Who asked for it, or an empty string when it is automatic. */
    readonly requester: string;
    readonly version: string;
    /** What is pinned now; empty when nothing is. */
    readonly from_version: string;
    /** The environment follows no other. */
    readonly first: boolean;
    readonly every_image_has_digest: boolean;
    /** Where and how this release went bad, here or further up; empty when it did not. */
    readonly went_bad: string;
  };
  /** How its images stand to what is pinned, by the order that the app selects by. Unknown where that takes what a registry does not tell. */
  readonly order: Fact<{
    /** `down` when one of them goes back, `unordered` when one of the two has no place in the order. */
    readonly direction: "up" | "down" | "same" | "unordered";
    /** Where several images move together: those that go back, in words. */
    readonly going_back: readonly string[];
  }>;
  /** What the pull request changes, once merged, beside the pins. */
  readonly change: Fact<{
    readonly pins_only: boolean;
    readonly other_files: readonly string[];
    readonly conflicts: boolean;
  }>;
  /** The documents of the YAML and JSON files that the pull request changes, as they would stand after merging. */
  readonly manifests: Fact<readonly Manifest[]>;
  /** Whether the registry serves exactly what is pinned. */
  readonly registry: Fact<{
    /** Digests the registry does not have. */
    readonly missing: readonly string[];
    /** Tags that name another digest now than the one pinned, as `repository:tag`. */
    readonly moved: readonly string[];
  }>;
  /** One entry for each environment that this one follows. */
  readonly upstream: Fact<
    readonly {
      readonly environment: EnvironmentName;
      readonly verified: boolean;
      readonly bad: boolean;
      readonly soaked_for: Milliseconds;
      readonly soak: Milliseconds;
      /** When the soak will be over; 0 while it has not begun. */
      readonly soaked_at: Instant;
      /** It ran there, but something took its place, or it went bad, before the soak was over. */
      readonly soak_lost: boolean;
    }[]
  >;
  readonly approvals: Fact<{
    readonly required: number;
    readonly count: number;
    readonly by: readonly string[];
    /** Who may approve, in words. */
    readonly who: string;
    /** Approvals that do not count, each with its reason. */
    readonly ignored: readonly string[];
    /** Eligible people who asked for changes at this head. */
    readonly changes_requested_by: readonly string[];
    /** Who has approved as an owner of files that it changes, whether they count above or not. */
    readonly owners_by: readonly string[];
    /** Owners of whom nobody has approved yet, each with their files; empty where none are asked for. */
    readonly owners_missing: readonly string[];
  }>;
  /** An entry for each whose approval counts. */
  readonly approvers: Fact<
    readonly {
      readonly login: string;
      /** Which of the teams they are in that a parameter `teams` of a policy in force here names. */
      readonly teams: readonly string[];
    }[]
  >;
  readonly freeze: Fact<{ readonly active: boolean; readonly reasons: readonly string[] }>;
  readonly quarantine: Fact<{ readonly hits: readonly string[] }>;
  /** Another release is still rolling out here. */
  readonly rollout: Fact<{
    readonly in_progress: boolean;
    readonly version: string;
    /** Why it does not end by itself, as far as Argo CD tells; empty while it goes on as it should. */
    readonly reason: string;
  }>;
  /** Who signed each image. One entry for each. */
  readonly signatures: Fact<
    readonly {
      /** Its repository. */
      readonly image: string;
      /** Names of signers. */
      readonly by: readonly string[];
      /** Why signatures that are there do not count. */
      readonly problem: string;
    }[]
  >;
  /** SLSA provenance that a signer vouches for: an entry for each statement, and one with a problem for each image without any. */
  readonly provenance: Fact<
    readonly {
      readonly image: string;
      readonly by: readonly string[];
      readonly builder: string;
      /** The repository that was built, as a URL; empty when it is not said. */
      readonly source: string;
      /** External parameters beside the source, as `inputs.debug`. */
      readonly parameters: readonly string[];
      readonly problem: string;
    }[]
  >;
  /** SBOMs: an entry for each, and one with a problem for each image without any. */
  readonly sboms: Fact<
    readonly {
      readonly image: string;
      /** `spdx` or `cyclonedx`; empty where there is none. */
      readonly format: string;
      /** Names of signers; empty for one that is only attached. */
      readonly by: readonly string[];
      readonly problem: string;
    }[]
  >;
  /** The latest vulnerability scan of each signer: an entry for each, and one with a problem for each image without any. */
  readonly scans: Fact<
    readonly {
      readonly image: string;
      readonly by: readonly string[];
      /** When the scan ended; 0 where there is none. */
      readonly at: Instant;
      /** Critical vulnerabilities for which a fix is released, by id. */
      readonly patched_criticals: readonly string[];
      readonly problem: string;
    }[]
  >;
  readonly paused: Fact<{ readonly active: boolean; readonly reason: string }>;
  readonly window: Fact<{
    /** The environment has windows. */
    readonly configured: boolean;
    readonly open: boolean;
    /** When `open` turns; 0 when that is not in sight. */
    readonly changes_at: Instant;
  }>;
  /** What it would pin, an entry for each image. */
  readonly images: Fact<readonly { readonly repository: string; readonly tag: string; readonly digest: string }[]>;
  /** Whether the tags of the release still name what is pinned. */
  readonly tags: Fact<{
    /** Those that name another digest now, as `repository:tag`. */
    readonly moved: readonly string[];
  }>;
  /** What the registry tells of the platforms of the images. */
  readonly platforms: Fact<{
    /** Those that every image is for, each with its variant and without: `linux/arm64/v8`, `linux/arm64`. */
    readonly common: readonly string[];
  }>;
  /** What the configurations of the images say. */
  readonly labels: Fact<{
    /** As `name=value`: those that any of the images has, for any platform. */
    readonly any: readonly string[];
  }>;
  /** When the images say that they were built. */
  readonly built: Fact<{ readonly first_at: Instant; readonly last_at: Instant }>;
  /** How the app's objective in this environment stands, over the objective's period. */
  readonly error_budget: Fact<{
    /** The app has an objective. */
    readonly measured: boolean;
    /** The time over which the budget is reckoned; 0 without an objective. */
    readonly period: Milliseconds;
    /** Whole percent, rounded down; 0 also when more than all of it was used. */
    readonly left: number;
    /** It is used up so fast now that people would be paged. */
    readonly burning: boolean;
  }>;
  /** Checks on the commits by which the release came to the environments that this one follows, by name, and as `app:name` or `@login:name`. */
  readonly upstream_checks: Fact<{
    /** Those that passed for each of these environments. */
    readonly passed: readonly string[];
    /** Those that failed, or were skipped, for one of them. */
    readonly failed: readonly string[];
  }>;
  /** Checks on the commits that the images say they were built from. */
  readonly source_ci: Fact<{
    /** As `owner/name at abc1234`. */
    readonly commits: readonly string[];
    readonly failed: readonly string[];
    readonly pending: readonly string[];
  }>;
  /** Whether the environment runs what Git says, before anything is promoted into it. */
  readonly drift: Fact<{
    /** Something is known to be pinned there, so there is something to look at. */
    readonly watched: boolean;
    /** Argo CD Applications that are not as Git says, or are being synced. */
    readonly applications: readonly string[];
  }>;
}
