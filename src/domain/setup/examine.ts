import { parseConfig } from "../config-file.ts";
import { checkConfig, checkEvents, checkPermissions, checkRepository } from "./check-app.ts";
import { checkMergeMethods, checkOtherRules, checkRequired, checkReviews, checkUpToDate } from "./check-branch.ts";
import { checkBypasses, checkLogHistory, checkLogWriters } from "./check-log.ts";
import { checkOwnerReview, checkOwnersErrors, checkOwnersOfConfig, checkOwnersOfProduction } from "./check-owners.ts";
import { checkMergeQueue } from "./check-queue.ts";
import type { SetupFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";

/** Holds a repository's set-up against what Pinion's promises need (docs/installation.md). Every check is answered, in a fixed order. */
export function examineSetup(facts: SetupFacts): readonly Finding[] {
  const read = facts.config.known && facts.config.value !== null ? parseConfig(facts.config.value) : null;
  const config = read?.ok === true ? read.config : null;
  return [
    checkPermissions(facts),
    checkEvents(facts),
    checkRepository(facts),
    checkConfig(facts, read),
    checkRequired(facts),
    checkMergeMethods(facts),
    checkReviews(facts, config),
    checkUpToDate(facts),
    checkMergeQueue(facts),
    checkOtherRules(facts),
    checkOwnerReview(facts),
    checkOwnersOfConfig(facts, config),
    ...checkOwnersOfProduction(facts, config),
    checkOwnersErrors(facts),
    checkLogWriters(facts),
    checkLogHistory(facts),
    ...checkBypasses(facts),
  ];
}
