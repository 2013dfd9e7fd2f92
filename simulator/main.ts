/** `npm run sim` and `npm run sim:http`: the simulator, and whether it finds what it is for. */
import { parseArgs } from "node:util";
import { loadShippedPolicies } from "../src/adapters/policies.ts";
import { simulate } from "./command.ts";
import { OVER_HTTP } from "./http/tier.ts";
import { mutantsCommand } from "./mutants/command.ts";
import { hunt } from "./mutants/hunt.ts";
import { IN_MEMORY } from "./run.ts";
import { ALL_KINDS_FROM } from "./setup.ts";

const HELP = `Usage: npm run sim      -- [--seeds N] [--seed S] [--steps N] [--for SECONDS] [--json]
       npm run sim:http -- [--seeds N] [--seed S] [--steps N] [--for SECONDS] [--json]
  sim tells stories in memory; sim:http tells the same through Pinion's adapters, to servers
  --seeds N      how many seeds to run (100, over HTTP 10; 1 with --seed alone)
  --seed S       the first of them (${ALL_KINDS_FROM}: from there on each kind of world has its turn)
  --steps N      decisions of chance in each run, before trouble ends (600, over HTTP 300)
  --for SECONDS  as many seeds as begin within that time
  --json         end with one line of JSON

       npm run sim -- --mutants [--mutant NAME] [--seeds N] [--json]
  whether the simulator finds mistakes that are put into Pinion; each gets so many seeds (600; in an adapter 100)

Exit codes: 0 nothing was violated, or every mutant found; 1 something was, or a mutant survived; 2 the command line cannot be used
`;

const OPTIONS = {
  http: { type: "boolean", default: false },
  seeds: { type: "string" },
  seed: { type: "string" },
  for: { type: "string" },
  steps: { type: "string" },
  json: { type: "boolean", default: false },
  mutants: { type: "boolean", default: false },
  mutant: { type: "string" },
  // What a process that tries a mutant is asked for by the one that began it.
  hunt: { type: "string" },
  restless: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** What the command line asks for, or null when it cannot be understood. */
function asked() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch {
    return null;
  }
}

async function main(): Promise<number> {
  const values = asked();
  if (values === null) return say(HELP, 2);
  if (values.help) return say(HELP, 0);
  const usual = values.http ? { tier: OVER_HTTP, seeds: 10, steps: 300, tries: 40 } : { tier: IN_MEMORY, seeds: 100, steps: 600, tries: 400 };
  const first = Number(values.seed ?? ALL_KINDS_FROM);
  const seconds = Number(values.for ?? Infinity);
  const alone = values.for === undefined ? 1 : Number.MAX_SAFE_INTEGER;
  const seeds = Number(values.seeds ?? (values.seed === undefined && values.for === undefined ? usual.seeds : alone));
  const steps = Number(values.steps ?? usual.steps);
  const sound = [first, seeds, steps].every((number) => Number.isSafeInteger(number) && number >= 0) && seconds >= 0;
  if (!sound) return say(HELP, 2);
  const policies = await loadShippedPolicies();
  if (values.mutants || values.mutant !== undefined) {
    const seedsEach = values.seeds === undefined ? null : seeds;
    return mutantsCommand({ name: values.mutant ?? null, json: values.json, first, seeds: seedsEach }, policies);
  }
  if (values.hunt !== undefined) {
    return say(`${JSON.stringify(await hunt({ first, seeds, steps, invariants: values.hunt.split(","), restless: values.restless }, policies, usual.tier))}\n`, 0);
  }
  return simulate(usual.tier, { first, seeds, seconds, steps, json: values.json, tries: usual.tries }, policies);
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

process.exitCode = await main();
