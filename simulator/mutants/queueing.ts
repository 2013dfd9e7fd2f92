/** What is put into the merge queue, and what is let through there. */
import { QUEUED_FROM } from "../setup.ts";
import { mutant, type Mutant } from "./mutant.ts";

const QUEUE = "src/domain/merge-queue.ts";
const EVENTS = "src/domain/queue-events.ts";

export const QUEUEING: readonly Mutant[] = [
  mutant("what the queue tries is not judged", ["L4"], QUEUE, "planCheckOn(draft, one.entry.pullRequest, one.group.head, one.group.check, check);", ""),
  mutant("what the queue tries passes without a record", ["H12"], QUEUE, "if (check.conclusion === \"success\" && one.judged !== null) planJudged(draft, one.judged, one.group.head);", ""),
  mutant("while the configuration is broken the queue goes on", ["H12"], QUEUE, "const check = all ? configOnlyCheck() :", "const check = all || !all ? configOnlyCheck() :"),
  mutant("what somebody took out of the queue is put back", ["H13"], EVENTS, "if (out.some(({ by }) => by.kind === \"user\")) return", "if (out.some(({ by }) => by.kind === \"user\" && out.length < 0)) return"),
  mutant("what comes out of the queue goes round for ever", ["H13"], EVENTS, "MOST_TRIES = 5;", "MOST_TRIES = 500;"),
  mutant("what came out of the queue once is left", ["L4"], EVENTS, "if (out.length >= MOST_TRIES)", "if (out.length >= 1)"),
  mutant("who put it into the queue first is recorded", ["S24"], EVENTS, "return queueEvents.findLast((", "return queueEvents.find(("),
  mutant("it is put into the queue whatever its head is", ["H13"], "src/reconciler/apply.ts", "action.pullRequestId, action.head));", "action.pullRequestId, null as unknown as string));"),
  mutant("a check in the queue is not turned back", ["H5", "S6", "S11"], QUEUE, "planCheckOn(draft, one.entry.pullRequest, one.group.head, one.group.check, check);", "if (one.group.check?.passed !== true) planCheckOn(draft, one.entry.pullRequest, one.group.head, one.group.check, check);"),
  mutant("what the queue tries passes whatever its gates say", ["S6", "S11", "H5", "H12"], QUEUE, "return first === null ? checkFor(judged, null) : groupWaits(first);", "return first === null ? configOnlyCheck() : groupWaits(first);"),
  mutant("XX2", ["L4", "S11", "S6", "S14", "H12"], QUEUE, "const first = aheadOf(draft, judged, ahead);", "const first = ahead.length < 0 ? aheadOf(draft, judged, ahead) : null;"),
].map((one) => ({ ...one, from: QUEUED_FROM }));
