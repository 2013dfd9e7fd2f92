/** All laws of small worlds. They have the names that the simulator's checkers have. */
import type { Breach } from "../../world-view.ts";
import { sameRelease } from "../../../src/domain/release.ts";
import type { Laws } from "../search.ts";
import type { World } from "../small-world.ts";
import type { Written } from "../writes.ts";
import { ofPlan } from "./plans.ts";
import { breach } from "./reading.ts";
import { ofRest } from "./rest.ts";

export const LAWS: Laws = { ofPlan, ofRest, ofWrite };

/**
 * What holds of a write whatever came between it and the look. S1: nothing is merged by Pinion that the log does not call judged at that
 * very head. S12: what is open is not opened a second time.
 */
function ofWrite(before: World, written: Written): readonly Breach[] {
  return [...ofMerge(before, written), ...doubled(before, written)];
}

function doubled(before: World, { world }: Written): readonly Breach[] {
  const made = world.pulls.length > before.pulls.length ? world.pulls.at(-1) : undefined;
  const meant = made?.openedFor ?? null;
  if (made === undefined || meant === null) return [];
  const same = before.pulls.find(({ state, openedFor }) => {
    return state === "open" && openedFor?.stage === meant.stage && openedFor.kind === meant.kind && sameRelease(openedFor.release, meant.release);
  });
  return same === undefined ? [] : [breach("S12", `#${made.number} was opened, and #${same.number} is open for the same`)];
}

function ofMerge(before: World, { write, outcome, world }: Written): readonly Breach[] {
  if (write.kind !== "act" || write.action.kind !== "merge" || outcome !== "done") return [];
  const { pullRequest, head } = write.action;
  const found: Breach[] = [];
  if (!before.ledger.passed.has(`${pullRequest}@${head}`)) found.push(breach("S1", `#${pullRequest} was merged, and was never judged at that head`));
  const merged = world.pulls.find(({ number }) => number === pullRequest);
  if (merged?.head.oid !== head) found.push(breach("S7", `#${pullRequest} was merged at another head`));
  return found;
}
