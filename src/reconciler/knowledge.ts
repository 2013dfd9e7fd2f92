import type { Answer, Instant } from "../domain/answer.ts";
import { needKey } from "../domain/need.ts";
import type { Knowledge, Need, NeedAnswers } from "../domain/observation.ts";
import type { Hint } from "./hint.ts";

/** Answers beyond this number are forgotten, oldest first: forgetting one only costs asking again. */
const CAPACITY = 200_000;

/** What the world has answered so far. Only a cache: losing it costs requests, never correctness. */
export class AnswerStore implements Knowledge {
  // Typed by the key's need: `put` and `get` are the only ways in and out.
  readonly #answers = new Map<string, Answer<NeedAnswers[Need["kind"]]>>();

  get<K extends Need["kind"]>(need: Extract<Need, { kind: K }>): Answer<NeedAnswers[K]> | null {
    return (this.#answers.get(needKey(need)) as Answer<NeedAnswers[K]> | undefined) ?? null;
  }

  put<K extends Need["kind"]>(need: Extract<Need, { kind: K }>, answer: Answer<NeedAnswers[K]>): void {
    const key = needKey(need);
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size <= CAPACITY) return;
    const oldest = this.#answers.keys().next();
    if (oldest.done !== true) this.#answers.delete(oldest.value);
  }

  /** Forgets what a hint says has become old. */
  heed(hint: Hint): void {
    switch (hint.kind) {
      case "registry":
        this.#forget((key) => key.startsWith(`tags ${hint.repository}`) || key.startsWith(`digest ${hint.repository} `));
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
