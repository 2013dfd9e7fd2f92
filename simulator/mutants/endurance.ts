/** What must go on after failures. */
import { NO_OVERLAP } from "./log.ts";
import { mutant, type Edit, type Mutant } from "./mutant.ts";

const QUEUE = "src/reconciler/workqueue.ts";
const DISPATCH = "src/reconciler/dispatch.ts";

const RECONCILE = "src/reconciler/reconcile.ts";
const ONE_SWEEP: Edit = {
  file: DISPATCH,
  text: "this.#cancelNext = clock.schedule(next, () => this.sweep());",
  replacement: "this.#cancelNext = () => void next;",
};

const LATE: readonly string[] = ["L1", "L2", "L3", "L4", "L5", "L6", "L7", "L9"];

export const ENDURANCE: readonly Mutant[] = [
  { name: "there is one sweep and no more", edits: [ONE_SWEEP], invariants: LATE },
  mutant("after a sweep that failed there is no other", LATE, DISPATCH, "next = this.#retryAfter(cause);", "this.#retryAfter(cause);\n      this.#sweeping = null;\n      return;"),
  mutant("what failed outside is never tried again", LATE, QUEUE, "now + DEPENDENCY_DELAY * (0.5 + random() / 2)", "now + Number.MAX_SAFE_INTEGER / 2"),
  {
    // The next sweep looks as well.
    name: "what is due is not looked at",
    edits: [{ file: QUEUE, text: "else if (again !== null) this.#wakeAt(key, entry, again);", replacement: "" }, ONE_SWEEP],
    invariants: LATE,
  },
  mutant("a look that failed leaves the key running", LATE, QUEUE, "this.#running.delete(key);\n    // A key", "if (outcome.ok) this.#running.delete(key);\n    // A key"),
  {
    name: "a conflict is thought to be done",
    edits: [
      { file: RECONCILE, text: "if (done.length === 0 && conflicts.length === 0) memory.view.settle(observation);", replacement: "memory.view.settle(observation);" },
      NO_OVERLAP,
    ],
    invariants: [...LATE, "S26"],
  },
  {
    // Each sweep says that it is old.
    name: "what was seen once is never old",
    edits: [
      { file: "src/reconciler/observe.ts", text: "return age >= 0 && age < SNAPSHOT_MAX_AGE ? this.#last : null;", replacement: "return age >= 0 ? this.#last : null;" },
      { file: RECONCILE, text: `if (hint.kind === "sweep" || hint.kind === "forge") memory.view.outdate();`, replacement: `if (hint.kind === "forge") memory.view.outdate();` },
    ],
    invariants: LATE,
  },
  {
    // Answers are forgotten after an hour.
    name: "what could not be asked is unknown for ever",
    edits: [
      {
        file: "src/domain/draft.ts",
        text: "return failure === \"stalled\" ? Math.max(STALLED_MAX_AGE, retry) : Math.min(retry, maxAge);",
        replacement: "return failure === \"stalled\" || retry >= 0 ? Number.MAX_SAFE_INTEGER : maxAge;",
      },
      { file: RECONCILE, text: "const ANSWER_LIFE: Milliseconds = 60 * 60_000;", replacement: "const ANSWER_LIFE: Milliseconds = Number.MAX_SAFE_INTEGER;" },
    ],
    invariants: LATE,
  },
];
