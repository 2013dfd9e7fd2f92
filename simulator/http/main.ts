/** `npm run sim:http`: the same stories through Pinion's adapters, against servers. */
import { parseArgs } from "node:util";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import { simulate } from "../command.ts";
import { OVER_HTTP } from "./tier.ts";

const HELP = `Usage: npm run sim:http -- [--seeds N] [--seed S] [--steps N] [--for SECONDS] [--json]
  --seeds N   how many seeds to run (10; 1 with --seed alone)
  --seed S    the first of them (1)
  --steps N   decisions of chance in each run, before trouble ends (300)
  --for N     as many seeds as begin within so many seconds
  --json      end with one line of JSON
`;

/** Runs that may be made to shorten one story: each takes some seconds. */
const TRIES = 40;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      seed: { type: "string" },
      for: { type: "string" },
      steps: { type: "string", default: "300" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const first = Number(values.seed ?? 1);
  const seconds = Number(values.for ?? Infinity);
  const alone = values.for === undefined ? 1 : Number.MAX_SAFE_INTEGER;
  const seeds = Number(values.seeds ?? (values.seed === undefined ? 10 : alone));
  const steps = Number(values.steps);
  const sound = [first, seeds, steps].every((number) => Number.isSafeInteger(number) && number >= 0) && seconds >= 0;
  if (values.help || !sound) {
    process.stdout.write(HELP);
    return sound ? 0 : 2;
  }
  return simulate(OVER_HTTP, { first, seeds, seconds, steps, json: values.json, tries: TRIES }, await loadShippedPolicies());
}

process.exitCode = await main();
