import type { Milliseconds } from "../answer.ts";
import type { Draft } from "../draft.ts";
import type { Facts } from "../facts.ts";
import type { JudgedPromotion } from "../promotion-facts.ts";
import type { ApplicationStatus } from "../rollout.ts";
import { applicationsOf } from "../rollout-question.ts";

/** How old a look at the cluster may be when it counts as proof. */
const LOOK_MAX_AGE: Milliseconds = 60_000;
/** Argo CD compares every few minutes unless told otherwise; what it compared longer ago than this is news of no worth. */
const COMPARED_WITHIN: Milliseconds = 60 * 60_000;

/** Whether what is pinned here runs as Git says. Where nothing is known to be pinned, there is nothing that could differ. */
export function driftFact(draft: Draft, { app, environment }: Pick<JudgedPromotion, "app" | "environment">): Facts["drift"] {
  if (draft.place(app, environment.name).current === null) return { watched: false, applications: [] };
  const answer = applicationsOf(draft, app, environment.name, LOOK_MAX_AGE);
  if (answer === null) return { unknown: `Argo CD has not been asked about ${app} in ${environment.name} yet` };
  if (!answer.known) return { unknown: answer.reason };
  // Drift begins without any event.
  draft.due(draft.now + LOOK_MAX_AGE);
  const different: string[] = [];
  for (const { status } of answer.value) {
    const untold = whyUntold(status, answer.at);
    if (untold !== null) return { unknown: untold };
    if (status.operating) different.push(`${status.name} is being synced`);
    else if (status.sync === "OutOfSync") different.push(`${status.name} is not as Git says`);
  }
  return { watched: true, applications: different };
}

function whyUntold({ name, sync, errors, reconciledAt }: ApplicationStatus, seenAt: number): string | null {
  if (sync === "Unknown") return `Argo CD cannot tell whether ${name} is as Git says`;
  const [error] = errors;
  if (error !== undefined) return `Argo CD cannot compare ${name} with Git: ${error}`;
  if (reconciledAt === null || seenAt - reconciledAt > COMPARED_WITHIN) return `Argo CD has not compared ${name} with Git for an hour; refresh it`;
  return null;
}
