/**
 * What chance decides in a run. A run is a list of decisions and nothing else: the same list gives the same run, and a list
 * with some of them left out gives a run as well, which is what makes shrinking possible.
 */
import type { Instant, Milliseconds } from "../src/domain/answer.ts";
import type { Chance } from "./chance.ts";
import type { Setup, Trouble } from "./setup.ts";

export interface TroubleDecision {
  readonly kind: Trouble;
  /** What else is to be decided about it. */
  readonly roll: number;
}

export type Decision =
  /** One of the calls under way is answered. `pick` counts from the oldest. */
  | { readonly do: "serve"; readonly pick: number; readonly trouble: TroubleDecision | null }
  /** One of the hints under way arrives, or does not. */
  | { readonly do: "hint"; readonly pick: number; readonly fate: "deliver" | "lose" | "double"; readonly replica: number }
  /** Somebody does something; `roll` decides what. */
  | { readonly do: "act"; readonly actor: string; readonly roll: number }
  /** Time passes until something is due, but at most so long. */
  | { readonly do: "wait"; readonly most: Milliseconds }
  /** A process dies. What it had asked for may still happen: `inFlight` decides. */
  | { readonly do: "crash"; readonly replica: number; readonly inFlight: number }
  | { readonly do: "set-back"; readonly by: Milliseconds };

/** What there is to decide about. */
export interface Situation {
  readonly now: Instant;
  readonly calls: number;
  readonly hints: number;
  /** Whether that call would change something in the world. */
  readonly isWrite: (pick: number) => boolean;
  /** Whether this trouble can befall that call. */
  readonly canSuffer: (pick: number, kind: Trouble) => boolean;
}

/** Gives decisions until there are none any more. */
export interface DecisionSource {
  next(situation: Situation): Decision | null;
}

/** Decides as if nothing ever went wrong: what comes when a list of decisions has ended. */
export function calmDecision({ calls, hints }: Situation): Decision {
  if (calls > 0) return { do: "serve", pick: 0, trouble: null };
  if (hints > 0) return { do: "hint", pick: 0, fate: "deliver", replica: 0 };
  return { do: "wait", most: LONGEST_WAIT };
}

export const LONGEST_WAIT: Milliseconds = 10 * 60_000;

/** By chance, so many decisions long. */
export class DrawnDecisions implements DecisionSource {
  readonly #chance: Chance;
  readonly #setup: Setup;
  #left: number;

  constructor(chance: Chance, setup: Setup, steps: number) {
    this.#chance = chance;
    this.#setup = setup;
    this.#left = steps;
  }

  next(situation: Situation): Decision | null {
    const { calls, hints } = situation;
    if (this.#left === 0) return null;
    this.#left -= 1;
    const chance = this.#chance;
    const { liveliness, clockSetBack, troubled, deaths, actors } = this.#setup;
    const what = chance.weighted<Decision["do"]>([
      [calls > 0 ? 100 : 0, "serve"],
      [hints > 0 ? 25 : 0, "hint"],
      [actors.length > 0 ? liveliness : 0, "act"],
      [calls > 0 ? 1 : 40, "wait"],
      [troubled > 0 ? deaths : 0, "crash"],
      [clockSetBack ? 0.1 : 0, "set-back"],
    ]);
    switch (what) {
      case "serve":
        return this.#serve(situation);
      case "hint":
        return { do: "hint", pick: chance.percent(70) ? 0 : chance.below(hints), fate: this.#fate(), replica: chance.below(8) };
      case "act":
        return { do: "act", actor: chance.oneOf(actors) ?? "", roll: chance.roll() };
      case "crash":
        return { do: "crash", replica: chance.below(8), inFlight: chance.roll() };
      case "set-back":
        return { do: "set-back", by: chance.oneOf([1_000, 30_000, 10 * 60_000]) ?? 0 };
      case "wait":
      case undefined:
        return { do: "wait", most: chance.oneOf([1_000, 10_000, 60_000, LONGEST_WAIT]) ?? 0 };
    }
  }

  #serve(situation: Situation): Decision {
    const pick = this.#chance.percent(70) ? 0 : this.#chance.below(situation.calls);
    return { do: "serve", pick, trouble: this.#trouble(pick, situation) };
  }

  /** Most calls only read: those that write are worth more trouble. */
  #trouble(pick: number, { isWrite, canSuffer }: Situation): TroubleDecision | null {
    if (!this.#chance.percent(this.#setup.troubled * (isWrite(pick) ? 3 : 1))) return null;
    const possible = this.#setup.troubles.filter((kind) => canSuffer(pick, kind));
    const rare = possible.filter((kind) => kind === "stale" || kind === "partial");
    const kind = this.#chance.oneOf(rare.length > 0 && this.#chance.percent(30) ? rare : possible);
    return kind === undefined ? null : { kind, roll: this.#chance.roll() };
  }

  #fate(): "deliver" | "lose" | "double" {
    if (!this.#chance.percent(this.#setup.hintTrouble)) return "deliver";
    return this.#chance.percent(50) ? "lose" : "double";
  }
}

/** A list that was written down before. */
export class RecordedDecisions implements DecisionSource {
  readonly #decisions: readonly Decision[];
  #at = 0;

  constructor(decisions: readonly Decision[]) {
    this.#decisions = decisions;
  }

  next(): Decision | null {
    const decision = this.#decisions[this.#at] ?? null;
    this.#at += 1;
    return decision;
  }
}
