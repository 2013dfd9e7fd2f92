import type { Action } from "../domain/action.ts";
import type { Instant, Milliseconds } from "../domain/answer.ts";
import type { Applied } from "./apply.ts";

/** GitHub's own reads may lag behind a write for a while; the same write is not made again within this time. */
const WRITE_LIFE: Milliseconds = 60_000;
/** What GitHub refused is not tried again within this time. */
const REFUSAL_LIFE: Milliseconds = 10 * 60_000;

interface Written {
  readonly kind: Action["kind"];
  readonly refused: boolean;
  readonly at: Instant;
}

/** Writes not to be made again for a while: those that are neither compare-and-swap nor seen at once, and what was refused. */
export class WriteMemory {
  readonly #written = new Map<string, Written>();

  /** The actions that may be tried now. */
  untried(actions: readonly Action[], now: Instant): readonly Action[] {
    for (const [id, { at, refused }] of this.#written) {
      // A moment that is still to come was noted by a clock that has been set back since.
      if (at > now || now - at > (refused ? REFUSAL_LIFE : WRITE_LIFE)) this.#written.delete(id);
    }
    return actions.filter((action) => !this.#written.has(action.id));
  }

  note(applied: Applied, now: Instant): void {
    for (const { id, kind } of applied.done) if (repeats(kind)) this.#written.set(id, { kind, refused: false, at: now });
    // A refusal stands until a person changes something: asking at every look would only cost requests.
    for (const { action } of applied.refusals) this.#written.set(action.id, { kind: action.kind, refused: true, at: now });
  }

  /** Something changed on GitHub, perhaps what a merge was refused for: a check that is green now, a review. */
  forgetRefusedMerges(): void {
    for (const [id, { kind, refused }] of this.#written) if (refused && kind === "merge") this.#written.delete(id);
  }
}

/** Whether a second write would be a second thing in the world: everything else is found or refused by GitHub. */
function repeats(kind: Action["kind"]): boolean {
  switch (kind) {
    case "comment":
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
