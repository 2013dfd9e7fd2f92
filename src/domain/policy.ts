import type { Instant } from "./answer.ts";
import type { PromotionKind } from "./record.ts";

/**
 * What a policy says of one promotion. `unknown` is never a pass; `wait` may name the moment it turns.
 */
export type GateResult =
  | { readonly result: "pass" }
  | { readonly result: "fail" }
  | { readonly result: "wait"; readonly until: Instant | null }
  | { readonly result: "unknown" }
  | { readonly result: "not-applicable" };

/** A fact that a policy read, with its value as JSON, in one short line. */
export interface GateFact {
  readonly name: string;
  readonly value: string;
}

/** One policy's judgement of one promotion, told the same way on the check, the pull request, the command line and the log. */
export type Gate = GateResult & {
  readonly policy: string;
  readonly description: string;
  readonly enforce: "block" | "warn";
  /** Says why, in one plain sentence. */
  readonly reason: string;
  /** What it was decided upon; none where it does not apply. */
  readonly facts: readonly GateFact[];
  /** The policy stands in the place of one that comes with Pinion: by which file and for which reason. */
  readonly override?: string;
};

/** Where a policy applies. */
export interface PolicyScope {
  readonly kinds: readonly PromotionKind[];
  readonly origins: readonly ("bot" | "person")[];
  /** Names, or patterns of them in which `*` stands for any characters. */
  readonly environments: readonly string[];
  readonly apps: readonly string[];
}

/** All gates of a promotion together. `unknown` and `wait` hold it back; `fail` needs a person. */
export type Judgement =
  | { readonly outcome: "pass" }
  | { readonly outcome: "fail" }
  | { readonly outcome: "wait"; readonly until: Instant | null }
  | { readonly outcome: "unknown" };
