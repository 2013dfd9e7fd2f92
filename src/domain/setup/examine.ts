import { parseConfig } from "../config-file.ts";
import type { PolicySet } from "../policy/policy-set.ts";
import { readRules, type RepositoryRules } from "../repository-rules.ts";
import { checkConfig, checkEvents, checkPermissions, checkRepository } from "./check-app.ts";
import { checkMergeMethods, checkOtherRules, checkRequired, checkReviews, checkUpToDate } from "./check-branch.ts";
import { checkBypasses, checkLogHistory, checkLogWriters } from "./check-log.ts";
import { checkOwnerReview, checkOwnersErrors, checkOwnersOfConfig, checkOwnersOfProduction } from "./check-owners.ts";
import { checkMergeQueue } from "./check-queue.ts";
import type { SetupFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Holds a repository's set-up against what Pinion's promises need (docs/installation.md). Every check is answered, in a fixed order. */
export function examineSetup(facts: SetupFacts, shipped: PolicySet): readonly Finding[] {
  const rules = rulesIn(facts, shipped);
  const config = rules?.config.ok === true ? rules.config.config : null;
  return [
    checkPermissions(facts),
    checkEvents(facts),
    checkRepository(facts),
    checkConfig(facts, rules),
    checkRequired(facts),
    checkMergeMethods(facts),
    checkReviews(facts, config),
    checkUpToDate(facts),
    checkMergeQueue(facts),
    checkOtherRules(facts),
    checkOwnerReview(facts),
    checkOwnersOfConfig(facts, config),
    ...checkOwnersOfProduction(facts, config),
    checkOwnersErrors(facts, config),
    checkLogWriters(facts),
    checkLogHistory(facts),
    ...checkBypasses(facts),
  ];
}

/** Null where there is no configuration, or it could not be read. Policies that could not be read are told by themselves. */
function rulesIn({ config, policies }: SetupFacts, shipped: PolicySet): RepositoryRules | null {
  if (!config.known || config.value === null) return null;
  return policies.known ? readRules(config.value, policies.value, shipped) : { config: parseConfig(config.value), ownPolicies: [] };
}
