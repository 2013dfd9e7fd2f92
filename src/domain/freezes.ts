import type { EnvironmentName } from "./release.ts";
import type { Draft } from "./draft.ts";
import type { Issue } from "./observation.ts";
import { PEOPLE_MAX_AGE, WRITERS } from "./facts/people.ts";
import { hasLabel, lastLabelled } from "./promotion-facts.ts";
import type { LogRecord } from "./record.ts";
import { freezeOverComment, requestRefusedComment } from "./report/comment.ts";

type Begun = Extract<LogRecord, { readonly event: "freeze-begun" }>;

/** Puts down which freezes began and ended, and says on the issue when one has no effect, or is over. */
export function planFreezes(draft: Draft): void {
  const { issues } = draft.observation.snapshot;
  for (const begun of draft.observation.ledger.freezes.values()) planEnd(draft, begun, issues.find(({ number }) => number === begun.issue));
  for (const { name } of draft.config.environments) {
    for (const issue of issues) if (isFreezing(issue, name)) planBeginning(draft, issue, name);
  }
}

function isFreezing({ state, labels }: Issue, environment: EnvironmentName): boolean {
  return state === "open" && hasLabel(labels, labelOf(environment));
}

function labelOf(environment: EnvironmentName): string {
  return `freeze:${environment}`;
}

function planBeginning(draft: Draft, issue: Issue, environment: EnvironmentName): void {
  const label = labelOf(environment);
  const set = lastLabelled(issue.labelEvents, label);
  if (set === null) return;
  const { id: source, actor, at } = set;
  const told = { environment, at, issue: issue.number, by: actor.login, source };
  // What is not a person's is not asked after; such a freeze stands.
  const permission = actor.kind === "user" ? draft.ask({ kind: "permission", login: actor.login }, PEOPLE_MAX_AGE) : null;
  if (actor.kind === "user" && permission?.known !== true) return;
  if (permission?.known !== true || WRITERS.has(permission.value)) {
    draft.record({ event: "freeze-begun", ...told });
    return;
  }
  if (!draft.record({ event: "freeze-ignored", ...told })) return;
  const why =
    `that takes write permission on this repository, and yours is ${permission.value}. ` +
    "Somebody who has it can take the label off and set it again";
  const body = requestRefusedComment({ marker: `freeze:${source}`, who: actor.login, words: `the label \`${label}\``, why });
  draft.act({ id: `comment #${issue.number} freeze:${source}`, kind: "comment", pullRequest: issue.number, body });
}

/** GitHub lets the author of an issue, and whoever may triage, close it: that ends the freeze, whoever set it. */
function planEnd(draft: Draft, begun: Begun, issue: Issue | undefined): void {
  const { environment, source } = begun;
  if (issue !== undefined && isFreezing(issue, environment)) return;
  const by = issue?.state === "closed" ? (issue.closedBy?.login ?? null) : null;
  if (!draft.record({ event: "freeze-ended", environment, at: draft.now, issue: begun.issue, by, source }) || issue === undefined) return;
  const body = freezeOverComment({ marker: `freeze-over:${source}`, environment, label: labelOf(environment), closed: issue.state === "closed", by });
  draft.act({ id: `comment #${begun.issue} freeze-over:${source}`, kind: "comment", pullRequest: begun.issue, body });
}
