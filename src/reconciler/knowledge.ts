import type { Answer, Instant, Unknown } from "../domain/answer.ts";
import { needKey } from "../domain/need.ts";
import { NewestEntries } from "../domain/newest-entries.ts";
import type { Knowledge, Need, NeedAnswers } from "../domain/observation.ts";
import type { ObservedApplication } from "../domain/rollout.ts";
import type { Hint } from "./hint.ts";

/** Answers beyond this number are forgotten, oldest first: forgetting one only costs asking again. */
const CAPACITY = 200_000;

/** What Git says of one revision that a cluster compared itself with. */
export type ComparedRevision = Pick<ObservedApplication, "includesCommit" | "pinsAtRevision">;

/** What the world has answered so far. Only a cache: losing it costs requests, never correctness. */
export class AnswerStore implements Knowledge {
  // Typed by the key's need: `put` and `get` are the only ways in and out.
  readonly #answers = new NewestEntries<string, Answer<NeedAnswers[Need["kind"]]>>(CAPACITY);
  readonly #compared = new NewestEntries<string, ComparedRevision>(CAPACITY);

  get<K extends Need["kind"]>(need: Extract<Need, { kind: K }>): Answer<NeedAnswers[K]> | null {
    return (this.#answers.get(needKey(need)) as Answer<NeedAnswers[K]> | undefined) ?? null;
  }

  put<K extends Need["kind"]>(need: Extract<Need, { kind: K }>, answer: Answer<NeedAnswers[K]>): void {
    this.#answers.set(needKey(need), answer);
  }

  /** What was asked for and could not be learned. */
  unlearned(): readonly Unknown[] {
    return [...this.#answers.values()].filter((answer) => !answer.known);
  }

  /** Commits never change, so what Git told of one it would tell again: polling a cluster starts no process each time. */
  async comparedOnce(key: string, ask: () => Promise<ComparedRevision>): Promise<ComparedRevision> {
    const before = this.#compared.get(key);
    if (before !== undefined) return before;
    const answer = await ask();
    // What Git could not tell it may tell after the next fetch.
    const told = answer.includesCommit === false || (answer.includesCommit === true && answer.pinsAtRevision !== "unknown");
    if (told) this.#compared.set(key, answer);
    return answer;
  }

  /** Forgets what a hint says has become old. */
  heed(hint: Hint): void {
    switch (hint.kind) {
      case "registry":
        this.#forget((key) => key.startsWith(`tags ${hint.repository}`) || ofRepository(key, hint.repository));
        return;
      case "cluster":
        this.#forget((key) => key.startsWith("rollout "));
        return;
      case "sweep":
      case "forge":
      case "due":
    }
  }

  /** Drops answers that nobody asked for since `before`. */
  expire(before: Instant): void {
    for (const [key, answer] of this.#answers) if (answer.at < before) this.#answers.delete(key);
  }

  #forget(matches: (key: string) => boolean): void {
    for (const key of this.#answers.keys()) if (matches(key)) this.#answers.delete(key);
  }
}

function ofRepository(key: string, repository: string): boolean {
  return key.startsWith(`digest ${repository} `) || key.startsWith(`evidence ${repository} `);
}
