import { CHECK_NAME } from "../action.ts";
import type { SetupFacts } from "./facts.ts";
import { cannotTell, ok, problem, warning, type Finding } from "./finding.ts";
import { pageOfRule, rulesOf } from "./rules.ts";

/** How the merge queue of the default branch goes together with Pinion, where there is one. */
export function checkMergeQueue(facts: SetupFacts): Finding {
  const check = "merge-queue";
  const { main, installation } = facts;
  if (!main.rules.known) return cannotTell(check, main.rules, "metadata: read");
  const [queue] = rulesOf(main, "merge-queue");
  if (queue === undefined) return ok(check, `${main.name} has no merge queue, so Pinion merges by itself`);
  const page = pageOfRule(facts, queue);
  const required = [
    ...rulesOf(main, "checks").flatMap((rule) => rule.required),
    ...(main.classic.known ? (main.classic.value?.checks ?? []) : []),
  ].some(({ name }) => name === CHECK_NAME);
  if (!required && !main.classic.known) return cannotTell(check, main.classic, "contents: read");
  if (!required) {
    const message = `${main.name} has a merge queue, which waits for required checks alone: ${CHECK_NAME} is none, so it merges before Pinion has judged what it tries`;
    return problem(check, message, `Require the status check ${CHECK_NAME} on ${main.name}`, page);
  }
  if (!queue.allGreen) {
    const message = `The merge queue of ${main.name} lets the last pull request of a group decide for all of it, so one that has to wait holds up the whole group`;
    return warning(check, message, "Turn on “Require all queue entries to pass required checks”", page);
  }
  const missing = installation.known && installation.value.permissions["merge_queues"] === undefined;
  if (missing) {
    const message = `${main.name} has a merge queue, and GitHub does not tell the App when it tries something, so its check comes later`;
    return warning(check, message, "Give the App merge_queues: read in its settings, then accept the request of this installation", installation.value.page);
  }
  return ok(check, `Pinion merges through the merge queue of ${main.name}, and is asked about every pull request in it`);
}
