import type { Outcome, Played } from "./steps.ts";

/** The line of JSON for a step that was played. */
export function lineOf({ step, proven, facts }: Played, at: string): string {
  return JSON.stringify({ step, ok: true, at, proven, ...facts });
}

/** The last lines: the step that failed, if one did, and the outcome of the whole. */
export function lastLines({ steps, failed }: Outcome, githubRequests: number): readonly string[] {
  const counts = { steps, github_requests: githubRequests };
  if (failed === null) return [JSON.stringify({ ok: true, ...counts })];
  const { step, why } = failed;
  return [JSON.stringify({ step, ok: false, why }), JSON.stringify({ ok: false, ...counts, failed: step, why })];
}

export function exitCodeOf({ failed }: Outcome): 0 | 1 {
  return failed === null ? 0 : 1;
}
