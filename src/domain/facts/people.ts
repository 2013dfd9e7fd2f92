import type { Answer, Milliseconds } from "../answer.ts";
import type { Draft } from "../draft.ts";

/** People and labels change seldom; a permission taken away must count soon. */
export const PEOPLE_MAX_AGE: Milliseconds = 60_000;

export const WRITERS = new Set(["admin", "maintain", "write"]);

/** Whether a person may do what write permission allows; null while the question is open. */
export function mayWrite(draft: Draft, login: string): Answer<boolean> | null {
  const answer = draft.ask({ kind: "permission", login }, PEOPLE_MAX_AGE);
  if (answer === null || !answer.known) return answer;
  return { known: true, value: WRITERS.has(answer.value), at: answer.at };
}

/** Who is known to have write permission: nobody, while the question is open. */
export function isWriter(draft: Draft): (login: string) => boolean {
  return (login) => {
    const may = mayWrite(draft, login);
    return may?.known === true && may.value;
  };
}
