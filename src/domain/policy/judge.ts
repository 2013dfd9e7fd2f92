import type { Instant } from "../answer.ts";
import type { Gate, Judgement } from "../policy.ts";

/**
 * All gates of a promotion together. Only gates that block count. The strongest result decides, in this order:
 * `fail` (a person must act), `unknown` (nothing may be concluded yet), `wait`, `pass`. When no blocking gate
 * applies, nothing has judged the promotion, and that is `unknown`: it never passes by falling through every rule.
 */
export function judge(gates: readonly Gate[]): Judgement {
  const applicable = gates.filter((gate) => gate.enforce === "block" && gate.result !== "not-applicable");
  if (applicable.length === 0) return { outcome: "unknown" };
  if (applicable.some((gate) => gate.result === "fail")) return { outcome: "fail" };
  if (applicable.some((gate) => gate.result === "unknown")) return { outcome: "unknown" };
  const waits = applicable.filter((gate) => gate.result === "wait");
  if (waits.length === 0) return { outcome: "pass" };
  return { outcome: "wait", until: lastOf(waits.map((gate) => gate.until)) };
}

/** The moment when the last wait turns, or null when one of them has none. */
function lastOf(moments: readonly (Instant | null)[]): Instant | null {
  let last: Instant | null = null;
  for (const moment of moments) {
    if (moment === null) return null;
    if (last === null || moment > last) last = moment;
  }
  return last;
}
