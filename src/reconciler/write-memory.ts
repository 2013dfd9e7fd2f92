import type { Action } from "../domain/action.ts";
import type { Instant, Milliseconds } from "../domain/answer.ts";
import type { Applied } from "./apply.ts";
import type { Hint } from "./hint.ts";
import { isMerge, RefusedMerges } from "./refused-merges.ts";

/** GitHub's own reads may lag behind a write for a while; the same write is not made again within this time. */
const WRITE_LIFE: Milliseconds = 60_000;
/** What GitHub refused is not tried again within this time. */
const REFUSAL_LIFE: Milliseconds = 10 * 60_000;

interface Written {
  readonly refused: boolean;
  readonly at: Instant;
}

/** Writes not to be made again for a while: those that are neither compare-and-swap nor seen at once, and what was refused. */
export class WriteMemory {
  readonly #written = new Map<string, Written>();
  readonly #merges = new RefusedMerges();

  get merges(): RefusedMerges {
    return this.#merges;
  }

  /** The actions that may be tried now. */
  untried(actions: readonly Action[], now: Instant): readonly Action[] {
    for (const [id, { at, refused }] of this.#written) {
      // A moment that is still to come was noted by a clock that has been set back since.
      if (at > now || now - at > (refused ? REFUSAL_LIFE : WRITE_LIFE)) this.#written.delete(id);
    }
    return actions.filter((action) => !this.#written.has(action.id) && (!isMerge(action) || this.#merges.mayTry(action, now)));
  }

  note(applied: Applied, now: Instant): void {
    for (const { id, kind } of applied.done) if (repeats(kind)) this.#written.set(id, { refused: false, at: now });
    // A refusal stands until a person changes something: asking at every look would only cost requests.
    for (const { action } of applied.refusals) if (!isMerge(action)) this.#written.set(action.id, { refused: true, at: now });
  }

  /** What happened allows to try again what was refused: anything on GitHub may let a merge through, and a sweep tries everything. */
  heed({ kind }: Hint): void {
    if (kind === "forge" || kind === "sweep") this.#merges.retry();
    if (kind !== "sweep") return;
    for (const [id, { refused }] of this.#written) if (refused) this.#written.delete(id);
  }
}

/** Whether a second write would be a second thing in the world: everything else is found or refused by GitHub. */
function repeats(kind: Action["kind"]): boolean {
  switch (kind) {
    case "comment":
    // What is in the queue is listed a moment later.
    case "enqueue":
    case "dequeue":
    case "open-issue":
    case "create-label":
    case "show-deployment":
    case "ask-reviewers":
    case "delete-branch":
      return true;
    default:
      return false;
  }
}
