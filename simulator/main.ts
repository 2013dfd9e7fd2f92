/** `npm run sim`: the simulator in memory, and whether it finds what it is for. */
import { parseArgs } from "node:util";
import { loadShippedPolicies } from "../src/adapters/policies.ts";
import { simulate } from "./command.ts";
import { mutantsCommand } from "./mutants/command.ts";
import { hunt } from "./mutants/hunt.ts";
import { IN_MEMORY } from "./run.ts";

const HELP = `Usage: npm run sim -- [--seeds N] [--seed S] [--steps N] [--for SECONDS] [--json]
  --seeds N   how many seeds to run (100; 1 with --seed alone)
  --seed S    the first of them (1)
  --steps N   decisions of chance in each run, before trouble ends (600)
  --for N     as many seeds as begin within so many seconds
  --json      end with one line of JSON

       npm run sim -- --mutants [--mutant NAME] [--seeds N] [--json]
  whether the simulator finds mistakes that are put into Pinion; each gets so many seeds (400)
`;

/** More than this, and a mistake could as well not be found. */
const SEEDS_PER_MUTANT = 400;
/** Runs that may be made to shorten one story: a second or so. */
const TRIES = 400;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      seed: { type: "string" },
      for: { type: "string" },
      steps: { type: "string", default: "600" },
      json: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      mutant: { type: "string" },
      hunt: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(HELP, 0);
  const first = Number(values.seed ?? 1);
  const seconds = Number(values.for ?? Infinity);
  const alone = values.for === undefined ? 1 : Number.MAX_SAFE_INTEGER;
  const seeds = Number(values.seeds ?? (values.seed === undefined ? 100 : alone));
  const steps = Number(values.steps);
  if (!([first, seeds, steps].every((number) => Number.isSafeInteger(number) && number >= 0) && seconds >= 0)) return say(HELP, 2);
  const policies = await loadShippedPolicies();
  if (values.mutants || values.mutant !== undefined) {
    const budget = { first, seeds: Number(values.seeds ?? SEEDS_PER_MUTANT), steps };
    return mutantsCommand({ name: values.mutant ?? null, json: values.json, budget }, policies);
  }
  if (values.hunt !== undefined) {
    return say(`${JSON.stringify(await hunt({ first, seeds, steps, invariants: values.hunt.split(",") }, policies))}\n`, 0);
  }
  return simulate(IN_MEMORY, { first, seeds, seconds, steps, json: values.json, tries: TRIES }, policies);
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

process.exitCode = await main();
