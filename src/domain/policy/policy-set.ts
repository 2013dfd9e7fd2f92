import type { Expression } from "./cel.ts";
import type { Instant } from "../answer.ts";
import type { PolicyScope } from "../policy.ts";
import type { ManifestRule } from "./manifest-rule.ts";
import type { Parameter } from "./parameters.ts";
import type { PlacedPattern } from "./scope.ts";
import type { Template } from "./template.ts";

/** One policy file, parsed and checked. */
export interface Policy {
  readonly name: string;
  /** Where its name stands in the file. */
  readonly nameAt: { readonly line: number; readonly column: number };
  /** The file it was read from. */
  readonly file: string;
  /** What the rule wants and why, for the people who read the pull request. */
  readonly description: string;
  /** A link, or more text. */
  readonly docs: string;
  readonly applies: PolicyScope;
  /** What `applies` and `warn` say of environments, to be held against those of the configuration. */
  readonly environments: readonly PlacedPattern[];
  /** And of apps, to be held against those that there are. */
  readonly apps: readonly PlacedPattern[];
  readonly parameters: readonly Parameter[];
  /** It judges only where the configuration names it under `policies:`. */
  readonly onlyWhenNamed: boolean;
  /** Why it takes the place of the shipped policy of its name, or null. */
  readonly override: string | null;
  readonly enforce: "block" | "warn";
  /** Where a blocking policy only warns, or null. */
  readonly warn: PolicyScope | null;
  /** Unless it holds, the policy is not applicable. Null: it always holds. */
  readonly when: Expression<boolean> | null;
  /** While it holds, the result is `wait`. */
  readonly wait: Expression<boolean> | null;
  /** The moment at which `wait` turns; 0 when that is not known. */
  readonly until: Expression<Instant> | null;
  /** Whether the result is `pass` or `fail`, once there is nothing to wait for. Null: it is `pass`. */
  readonly pass: Expression<boolean> | null;
  /** What the manifests that the pull request changes must be like, in place of `wait` and `pass`; or null. */
  readonly schema: ManifestRule | null;
  readonly messages: { readonly pass: Template; readonly fail: Template | null; readonly wait: Template | null };
}

/** The policies that judge, in the order in which people read them. Names are unique. */
export interface PolicySet {
  readonly policies: readonly Policy[];
}

/** The policies that are always on. A set without one of them judges nothing. */
export const CORE_POLICIES: readonly string[] = [
  "approvals",
  "digest-served",
  "freeze",
  "no-downgrade",
  "one-rollout",
  "paused",
  "pins-only",
  "quarantine",
  "soak",
  "target-pullable",
  "upstream-verified",
  "window",
];

/** One mistake in a policy file, where a person can find it. Lines and columns start at 1. */
export interface PolicyProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type PolicySetResult =
  { readonly ok: true; readonly set: PolicySet } | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** Puts policies together. A second policy of the same name is refused, so that no file can quietly replace a core one. */
export function policySet(policies: readonly Policy[]): PolicySetResult {
  const byName = new Map<string, Policy>();
  const problems: PolicyProblem[] = [];
  for (const policy of policies) {
    const first = byName.get(policy.name);
    if (first === undefined) {
      byName.set(policy.name, policy);
      continue;
    }
    const message = `the name ${policy.name} is taken by ${first.file}: choose another`;
    problems.push({ file: policy.file, ...policy.nameAt, message });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, set: { policies } };
}
