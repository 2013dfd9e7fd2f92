/**
 * Where the world in memory and the world of servers are meant to differ, and why that does no harm. All else must be alike.
 *
 * | difference | why |
 * |---|---|
 * | words of refusals and failures | for people; what is done about one rests on its kind alone |
 * | ids, digests, node ids, numbers, addresses | each world makes its own; the same things have the same names here |
 * | what `endedSince` leaves out | in memory all that it may; the adapter gives whole pages, which is more and never less |
 * | Git before `ensure` | in memory there is no mirror that could lack something; Pinion asks for nothing that it did not fetch |
 * | two changes of one file | a conflict in memory, and none to Git if they are some lines apart: more conflicts, and never fewer |
 * | a registry, an Argo CD and a Prometheus that lag | in memory only: the servers answer as of now |
 * | messages of merges with the button | GitHub puts together its own; nobody reads them |
 * | the events of {@link told} | see there |
 */
import type { WorldEvent } from "../../simulator/events.ts";

/** What is told of an issue, of checks and of a new branch: less in one world, and always enough to look again. */
export function told(events: readonly WorldEvent[]): readonly WorldEvent[] {
  return events.filter((event) => !isLeftOut(event)).reduce<readonly WorldEvent[]>(afterThose, []);
}

function isLeftOut(event: WorldEvent): boolean {
  // Labels of a new issue: GitHub tells of each, after the opening. Checks: the servers' are told from what is so after each step.
  return (event.kind === "issue" && event.what === "labelled") || event.kind === "checked" || event.kind === "looked";
}

/** A branch of a person begins at the default branch in one world, and with their commit in the other. */
function afterThose(before: readonly WorldEvent[], event: WorldEvent): readonly WorldEvent[] {
  const last = before.at(-1);
  const goesOn = event.kind === "moved" && last?.kind === "moved" && last.branch === event.branch && last.to === event.from;
  return goesOn ? [...before.slice(0, -1), { ...last, to: event.to }] : [...before, event];
}
