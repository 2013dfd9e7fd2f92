/** What is put into the merge queue, and what is let through there. */
import { QUEUED_FROM } from "../setup.ts";
import { mutant, type Mutant } from "./mutant.ts";

const QUEUE = "src/domain/merge-queue.ts";
const EVENTS = "src/domain/queue-events.ts";

export const QUEUEING: readonly Mutant[] = [
  mutant("what the queue tries is not judged", ["L4"], QUEUE, "planCheckOn(draft, one.entry.pullRequest, one.group.head, one.group.check, check);", ""),
  mutant("what the queue tries passes without a record", ["H12"], QUEUE, "if (check.conclusion === \"success\" && one.judged !== null) planJudged(draft, one.judged, one.group.head);", ""),
  mutant("the queue goes on before the record of the judgement", ["H12"], "src/reconciler/apply.ts", "&& this.#observation.groups.has(head) && isJudged(head)", "&& this.#observation.groups.has(head) && isJudged(head) && head === \"\""),
  mutant("while the configuration is broken the queue goes on", ["H12"], QUEUE, "const check = all ? configOnlyCheck() :", "const check = all || !all ? configOnlyCheck() :"),
  mutant("what somebody took out of the queue is put back", ["H13"], EVENTS, "if (out.some(({ by }) => by.kind === \"user\")) return", "if (out.some(({ by }) => by.kind === \"user\" && out.length < 0)) return"),
  mutant("what comes out of the queue goes round for ever", ["H13"], EVENTS, "MOST_TRIES = 5;", "MOST_TRIES = 500;"),
  mutant("what came out of the queue once is left", ["L4"], EVENTS, "if (out.length >= MOST_TRIES)", "if (out.length >= 1)"),
  mutant("who put it into the queue first is recorded", ["S24"], EVENTS, "return queueEvents.findLast((", "return queueEvents.find(("),
  mutant("it is put into the queue whatever its head is", ["H13"], "src/reconciler/apply.ts", "action.pullRequestId, action.head));", "action.pullRequestId, null as unknown as string));"),
  mutant("what the queue tries passes whatever its gates say", ["S6", "S11", "H5", "H12"], QUEUE, "return strange === null ? checkFor(judged, null) :", "return strange === null ? configOnlyCheck() :"),
].map((one) => ({ ...one, from: QUEUED_FROM }));
