import type { Instant } from "../../src/domain/answer.ts";
import type { WorldEvent } from "../events.ts";
import type { WorldView } from "../world-view.ts";
import { seenMain } from "./reading.ts";

/** When a process asked for a merge, and what the default branch was to it then. */
export interface Asked {
  readonly at: Instant;
  readonly main: string;
}

/** Remembers what was asked for: a merge can come about a while later. */
export class Asking {
  readonly #asked = new Map<string, Asked>();

  see(event: WorldEvent, view: WorldView): void {
    if (event.kind === "merging") this.#asked.set(`${event.bot} ${event.pull}`, { at: event.at, main: seenMain(view, event.bot, "") });
  }

  of(event: Extract<WorldEvent, { readonly kind: "merged" }>, view: WorldView): Asked {
    return this.#asked.get(`${event.bot ?? 0} ${event.pull}`) ?? { at: event.at, main: seenMain(view, event.bot, event.base) };
  }
}
