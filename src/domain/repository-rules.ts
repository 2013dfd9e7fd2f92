import type { ConfigProblem, ConfigResult } from "./config.ts";
import { parseConfig } from "./config-file.ts";
import { readOwnPolicies, unmatchedEnvironments, withOwn, type PolicyFile } from "./policy/own-policies.ts";
import type { Policy, PolicySet } from "./policy/policy-set.ts";

/** What a repository says for itself: how it is configured, and by which policies of its own it judges. */
export interface RepositoryRules {
  /** Not ok where a policy of the repository is broken, too: then nothing may be judged. */
  readonly config: ConfigResult;
  /** None where one of them is broken. */
  readonly ownPolicies: readonly Policy[];
}

/** Reads both together, since each speaks of the other. `config` is its text, or why there is none. */
export function readRules(config: string | ConfigProblem, files: readonly PolicyFile[], shipped: PolicySet): RepositoryRules {
  const own = readOwnPolicies(files, shipped);
  const policies = own.ok ? own.policies : [];
  // While a policy cannot be read, nobody knows what the configuration may say of it.
  const declared = own.ok ? withOwn(shipped, policies).policies : null;
  const read: ConfigResult = typeof config === "string" ? parseConfig(config, declared) : { ok: false, problems: [config] };
  const problems: ConfigProblem[] = [...(read.ok ? [] : read.problems), ...(own.ok ? [] : own.problems)];
  if (read.ok) problems.push(...unmatchedEnvironments(policies, read.config));
  return problems.length === 0 ? { config: read, ownPolicies: policies } : { config: { ok: false, problems }, ownPolicies: [] };
}
