import { needKey } from "./need.ts";
import type { Need } from "./observation.ts";

/** What one pull request of people may have asked. One of a hundred apps asks some hundreds of questions. */
const MOST_QUESTIONS = 1_000;
/** Verifying signatures takes the processor, and any registry may hold many: as much as so many other questions. */
const WEIGHT_OF_EVIDENCE = 20;
/** What pull requests of people have asked in one go, all of them together: the promotions that wait for the same answers must not wait long. */
const MOST_AT_ONCE = 200;

/** Why nothing is asked for a pull request of people. */
export const ASKS_FOR_TOO_MUCH =
  "this pull request asks for too much: split it into several; " +
  `judging it would take more than ${MOST_QUESTIONS.toLocaleString("en")} questions to registries, clusters and GitHub, so none is asked for it`;

interface Asked {
  /** All its questions, also those that were answered before. */
  readonly keys: Set<string>;
  readonly unanswered: Map<string, Need>;
  weight: number;
}

/** What is asked for the pull requests of people in one plan. Anybody may open one, and make it as large as they like. */
export class GuestQuestions {
  readonly #asked = new Map<number, Asked>();

  /** Counts a question. Answers whether it may be asked. */
  admit(pullRequest: number, need: Need): boolean {
    const asked = this.#of(pullRequest);
    const key = needKey(need);
    if (!asked.keys.has(key) && asked.weight <= MOST_QUESTIONS) {
      asked.keys.add(key);
      asked.weight += need.kind === "evidence" ? WEIGHT_OF_EVIDENCE : 1;
    }
    return asked.weight <= MOST_QUESTIONS;
  }

  /** Notes an admitted question that nothing has answered yet. */
  want(pullRequest: number, need: Need): void {
    this.#of(pullRequest).unanswered.set(needKey(need), need);
  }

  asksTooMuch(pullRequest: number): boolean {
    return this.#of(pullRequest).weight > MOST_QUESTIONS;
  }

  /** What to ask now: of each pull request in turn, and nothing of one that asks for too much. */
  get wanted(): readonly (readonly [string, Need])[] {
    const modest = [...this.#asked.values()].filter(({ weight }) => weight <= MOST_QUESTIONS);
    return inTurn(modest.map(({ unanswered }) => [...unanswered])).slice(0, MOST_AT_ONCE);
  }

  #of(pullRequest: number): Asked {
    const asked = this.#asked.get(pullRequest) ?? { keys: new Set<string>(), unanswered: new Map<string, Need>(), weight: 0 };
    this.#asked.set(pullRequest, asked);
    return asked;
  }
}

/** The first of each, then the second of each, and so on: wherever it is cut off, each has had its share. */
export function inTurn<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}
