/** What must go on after failures. */
import { mutant, type Mutant } from "./mutant.ts";

const QUEUE = "src/reconciler/workqueue.ts";
const DISPATCH = "src/reconciler/dispatch.ts";

const LATE: readonly string[] = ["L1", "L2", "L3", "L4", "L5", "L6", "L7", "L9"];

export const ENDURANCE: readonly Mutant[] = [
  mutant("there is one sweep and no more", LATE, DISPATCH, "this.#cancelNext = clock.schedule(next, () => this.sweep());", "this.#cancelNext = () => void next;"),
  mutant("after a sweep that failed there is no other", LATE, DISPATCH, "next = this.#retryAfter(cause);", "this.#retryAfter(cause);\n      this.#sweeping = null;\n      return;"),
  mutant("what failed outside is never tried again", LATE, QUEUE, "now + DEPENDENCY_DELAY * (0.5 + random() / 2)", "now + Number.MAX_SAFE_INTEGER / 2"),
  mutant("what is due is not looked at", LATE, QUEUE, "else if (again !== null) this.#wakeAt(key, entry, again);", ""),
  mutant("a look that failed leaves the key running", LATE, QUEUE, "this.#running.delete(key);\n    // A key", "if (outcome.ok) this.#running.delete(key);\n    // A key"),
  mutant("a conflict is thought to be done", LATE, "src/reconciler/reconcile.ts", "if (done.length === 0 && conflicts.length === 0) memory.view.settle(observation);", "memory.view.settle(observation);"),
  mutant("what was seen once is never old", LATE, "src/reconciler/observe.ts", "return age >= 0 && age < SNAPSHOT_MAX_AGE ? this.#last : null;", "return age >= 0 ? this.#last : null;"),
  mutant("what could not be asked is unknown for ever", LATE, "src/domain/draft.ts", "return failure === \"stalled\" ? Math.max(STALLED_MAX_AGE, retry) : Math.min(retry, maxAge);", "return failure === \"stalled\" || retry >= 0 ? Number.MAX_SAFE_INTEGER : maxAge;"),
];
