/**
 * What judging costs: one promotion against every shipped policy, its facts in memory. With `--hostile`, the most that a policy, facts,
 * a file of a policy, a configuration and a regular expression for tags may cost within their caps.
 *
 *     npm run bench:policies [-- --json] [-- --hostile]
 */
import { loadShippedPolicies } from "../src/adapters/policies.ts";
import { evaluatePolicies, judge } from "../src/domain/policy/evaluate.ts";
import { SOUND_FACTS } from "../src/domain/policy/sound-facts.ts";
import { must, percentile, printJson, printMachine, printTable } from "./figures.ts";
import { measureHostile } from "./policies-hostile.ts";

const RUNS = 5_000;
/** Before anything is counted, so that the code is compiled. */
const WARM_UP = 1_000;

const hundredth = (value: number): number => Math.round(value * 100) / 100;

async function measureShipped(): Promise<void> {
  const start = performance.now();
  const set = await loadShippedPolicies();
  const load = performance.now() - start;
  const first = timed(() => evaluatePolicies(set, SOUND_FACTS));
  must(judge(first.value).outcome === "pass", "the sound promotion does not pass");
  const times = Array.from({ length: WARM_UP + RUNS }, () => timed(() => judge(evaluatePolicies(set, SOUND_FACTS))).took).slice(WARM_UP);
  const eval_ms = percentile(times, 0.5);
  const policies = set.policies.length;
  printTable(`One promotion against ${policies} policies, ${RUNS} times`, [
    ["reading and checking the policies, once, ms", hundredth(load)],
    ["the first promotion, ms", hundredth(first.took)],
    ["a promotion (median), ms", Number(eval_ms.toFixed(4)), "(aim: under 2)"],
    ["a promotion (99 of 100), ms", Number(percentile(times, 0.99).toFixed(4))],
  ]);
  printJson({ policies, eval_ms: Number(eval_ms.toFixed(4)) });
}

function timed<T>(run: () => T): { readonly value: T; readonly took: number } {
  const start = performance.now();
  const value = run();
  return { value, took: performance.now() - start };
}

printMachine();
if (process.argv.includes("--hostile")) await measureHostile();
else await measureShipped();
