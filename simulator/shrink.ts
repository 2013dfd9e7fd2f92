import type { PolicySet } from "../src/domain/policy/policy-set.ts";
import { allCheckers } from "./checkers/all.ts";
import { RecordedDecisions, type Decision } from "./decisions.ts";
import { run, type RunOptions, type RunResult, type Worlds } from "./run.ts";
import type { Setup } from "./setup.ts";

/** A run that violates something, as a list of decisions in a world. */
export interface Story {
  readonly seed: number;
  readonly setup: Setup;
  readonly decisions: readonly Decision[];
  /** In memory unless told. */
  readonly worlds?: Worlds | undefined;
}

/**
 * Makes a failing run short: leaves out what it can, step by step and trouble by trouble, as long as the same invariant is
 * violated. `tries` bounds how many runs that may take.
 */
export async function shrink(story: Story, invariant: string, policies: PolicySet, { checkers = allCheckers, tries = 400 } = {}): Promise<Story> {
  // What shows while there is trouble shows in less time without the rest after it.
  const early = (await replayed(story, policies, { checkers: checkers(), restless: true })).violation?.invariant === invariant;
  const again = (shorter: Story) => replayed(shorter, policies, { checkers: checkers(), restless: early });
  const shrinker = new Shrinker(story, invariant, again, tries);
  await shrinker.leaveOut();
  await shrinker.calm();
  await shrinker.leaveOut();
  return shrinker.story;
}

/** Runs a story again; `tell` gets it line by line. */
export function replay(story: Story, policies: PolicySet, tell: (line: string) => void, checkers = allCheckers): Promise<RunResult> {
  return replayed(story, policies, { tell, checkers: checkers() });
}

function replayed({ seed, setup, decisions, worlds }: Story, policies: PolicySet, how: Pick<RunOptions, "tell" | "checkers" | "restless">) {
  return run({ seed, setup, source: new RecordedDecisions(decisions), policies, worlds, ...how });
}

class Shrinker {
  story: Story;
  readonly #invariant: string;
  readonly #replay: (story: Story) => Promise<RunResult>;
  #tries: number;

  constructor(story: Story, invariant: string, replay: (story: Story) => Promise<RunResult>, tries: number) {
    this.story = story;
    this.#invariant = invariant;
    this.#replay = replay;
    this.#tries = tries;
  }

  /** Keeps the other list if it still fails in the same way. */
  async #try(decisions: readonly Decision[]): Promise<boolean> {
    if (this.#tries === 0) return false;
    this.#tries -= 1;
    const other = { ...this.story, decisions };
    const { violation, decisions: used } = await this.#replay(other);
    if (violation?.invariant !== this.#invariant) return false;
    this.story = { ...other, decisions: used };
    return true;
  }

  /** Large pieces first. */
  async leaveOut(): Promise<void> {
    for (let size = Math.ceil(this.story.decisions.length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let end = this.story.decisions.length; end > 0 && this.#tries > 0; end -= size) {
        const { decisions } = this.story;
        await this.#try([...decisions.slice(0, Math.max(0, end - size)), ...decisions.slice(end)]);
      }
    }
  }

  /** What went wrong and need not have. */
  async calm(): Promise<void> {
    for (let index = 0; index < this.story.decisions.length && this.#tries > 0; index += 1) {
      const decision = this.story.decisions[index];
      const calmed = decision === undefined ? null : withoutTrouble(decision);
      if (calmed !== null) await this.#try(this.story.decisions.with(index, calmed));
    }
  }
}

function withoutTrouble(decision: Decision): Decision | null {
  if (decision.do === "serve" && decision.trouble !== null) return { ...decision, trouble: null };
  return decision.do === "hint" && decision.fate !== "deliver" ? { ...decision, fate: "deliver" } : null;
}
