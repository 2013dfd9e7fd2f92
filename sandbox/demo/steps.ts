import { isDeepStrictEqual } from "node:util";

/** What a step is known by afterwards, beside its name. */
export type Facts = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** Something that was told is not so. */
export class NotSo extends Error {
  override readonly name = "NotSo";
}

/** Collects what a step finds to be so, and stops it at the first thing that is not. */
export class Proof {
  readonly #found: string[] = [];

  get found(): readonly string[] {
    return this.#found;
  }

  /** `otherwise` says what is there instead. */
  that(what: string, holds: boolean, otherwise = ""): void {
    if (!holds) throw new NotSo(`not so: ${what}${otherwise === "" ? "" : `\n${otherwise}`}`);
    this.#found.push(what);
  }

  /** Many small things that together are one: `what` is all that is said of them. */
  async together(what: string, prove: (proof: Proof) => Promise<unknown>): Promise<void> {
    const inner = new Proof();
    await prove(inner);
    this.that(what, inner.found.length > 0);
  }

  equal(what: string, actual: unknown, expected: unknown): void {
    this.that(what, isDeepStrictEqual(actual, expected), `expected: ${shown(expected)}\nfound:    ${shown(actual)}`);
  }
}

function shown(value: unknown): string {
  return typeof value === "string" && value.includes("\n") ? `\n${value}` : JSON.stringify(value);
}

/** One thing that happens in the story, and is then looked for in the world. */
export interface Step {
  readonly name: string;
  /** Throws when the world is not as it should be. */
  readonly play: (proof: Proof) => Promise<Facts>;
}

export interface Played {
  readonly step: string;
  readonly proven: readonly string[];
  readonly facts: Facts;
}

export interface Outcome {
  readonly steps: number;
  /** The step that ended the story too early, or null. */
  readonly failed: { readonly step: string; readonly why: string } | null;
}

/** Plays the steps in order. The first that fails is the last: nothing after it could be believed. */
export async function playSteps(steps: readonly Step[], told: (played: Played) => void): Promise<Outcome> {
  let count = 0;
  for (const { name, play } of steps) {
    const proof = new Proof();
    try {
      const facts = await play(proof);
      // A step that looked at nothing has shown nothing.
      if (proof.found.length === 0) throw new NotSo("the step proved nothing");
      count += 1;
      told({ step: name, proven: proof.found, facts });
    } catch (cause) {
      return { steps: count, failed: { step: name, why: cause instanceof Error ? textOf(cause) : String(cause) } };
    }
  }
  return { steps: count, failed: null };
}

/** What was found wrong is told by its words; for anything else the place matters as well. */
function textOf(cause: Error): string {
  return cause instanceof NotSo ? cause.message : (cause.stack ?? cause.message);
}
