import type { Milliseconds } from "./domain/answer.ts";
import type { Clock } from "./ports.ts";

/** The longest that a timer of Node can wait; it fires at once for anything longer. */
const LONGEST_TIMER: Milliseconds = 2 ** 31 - 1;

/** The machine's own time. What is scheduled does not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (at, run) => {
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const left = at - Date.now();
      timer = left > LONGEST_TIMER ? setTimeout(wait, LONGEST_TIMER) : setTimeout(run, Math.max(0, left));
      timer.unref();
    };
    wait();
    return () => clearTimeout(timer);
  },
};
