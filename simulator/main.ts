/** `npm run sim`: runs seeds, says what was violated, and tells the shortest story that shows it. */
import { parseArgs } from "node:util";
import { loadShippedPolicies } from "../src/adapters/policies.ts";
import { mutantsCommand } from "./mutants/command.ts";
import { hunt } from "./mutants/hunt.ts";
import { runSeed, type RunResult } from "./run.ts";
import { replay, shrink } from "./shrink.ts";
import { ALL_KINDS_FROM, setupOf } from "./setup.ts";

/** More than this, and a mistake could as well not be found. */
const SEEDS_PER_MUTANT = 400;
/** Long enough for several releases to come to their end, one after the other. */
const STEPS_PER_MUTANT = 1_500;

const HELP = `Usage: npm run sim -- [--seeds N] [--seed S] [--steps N] [--json]
  --seeds N   how many seeds to run (100; 1 with --seed alone)
  --seed S    the first of them (${ALL_KINDS_FROM}: from there on each kind of world has its turn)
  --steps N   decisions of chance in each run, before trouble ends (600, and for mutants ${STEPS_PER_MUTANT})
  --json      end with one line of JSON

       npm run sim -- --mutants [--mutant NAME] [--seeds N] [--json]
  whether the simulator finds mistakes that are put into Pinion; each gets so many seeds (${SEEDS_PER_MUTANT})
`;

interface Totals {
  seeds: number;
  steps: number;
  faults: number;
  crashes: number;
  merges: number;
  records: number;
  readonly byKind: Record<string, number>;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string" },
      seed: { type: "string" },
      steps: { type: "string" },
      json: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      mutant: { type: "string" },
      hunt: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(HELP, 0);
  const first = Number(values.seed ?? ALL_KINDS_FROM);
  const seeds = Number(values.seeds ?? (values.seed === undefined ? 100 : 1));
  const isForMutants = values.mutants || values.mutant !== undefined;
  const steps = Number(values.steps ?? (isForMutants ? STEPS_PER_MUTANT : 600));
  if (![first, seeds, steps].every((number) => Number.isSafeInteger(number) && number >= 0)) return say(HELP, 2);
  const policies = await loadShippedPolicies();
  if (isForMutants) {
    const budget = { first, seeds: Number(values.seeds ?? SEEDS_PER_MUTANT), steps };
    return mutantsCommand({ name: values.mutant ?? null, json: values.json, budget }, policies);
  }
  if (values.hunt !== undefined) {
    return say(`${JSON.stringify(await hunt({ first, seeds, steps, invariants: values.hunt.split(",") }, policies))}\n`, 0);
  }
  const totals: Totals = { seeds: 0, steps: 0, faults: 0, crashes: 0, merges: 0, records: 0, byKind: {} };
  const failed: RunResult[] = [];
  const begun = process.hrtime.bigint();
  for (let seed = first; seed < first + seeds; seed += 1) {
    const result = await runSeed(seed, steps, policies);
    add(totals, result);
    if (result.violation !== null) {
      failed.push(result);
      process.stderr.write(`seed ${seed}: ${result.violation.invariant} at step ${result.violation.step}: ${result.violation.sentence}\n`);
    } else if (totals.seeds % 100 === 0) process.stderr.write(`${totals.seeds} of ${seeds} seeds\n`);
  }
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  for (const result of firstOfEach(failed)) {
    const invariant = result.violation?.invariant ?? "";
    const story = await shrink({ seed: result.seed, setup: setupOf(result.seed), decisions: result.decisions }, invariant, policies);
    const told = await replay(story, policies, true);
    say(`\nSeed ${result.seed}, ${invariant}: ${told.violation?.sentence ?? ""}\n${told.story.join("\n")}\n`, 0);
  }
  summarize(totals, failed, seconds, values.json);
  return failed.length > 0 ? 1 : 0;
}

function add(totals: Totals, { steps, crashes, faults, merges, records }: RunResult): void {
  totals.seeds += 1;
  totals.steps += steps;
  totals.crashes += crashes;
  totals.merges += merges;
  totals.records += records;
  for (const [kind, times] of Object.entries(faults)) {
    totals.faults += times;
    totals.byKind[kind] = (totals.byKind[kind] ?? 0) + times;
  }
}

/** One story for each invariant: the others are most likely the same. */
function firstOfEach(failed: readonly RunResult[]): readonly RunResult[] {
  return [...new Map(failed.toReversed().map((result) => [result.violation?.invariant, result])).values()];
}

function summarize(totals: Totals, failed: readonly RunResult[], seconds: number, json: boolean): void {
  const { seeds, steps, faults, crashes, merges, records } = totals;
  const perSecond = Math.round(steps / seconds);
  say(`${seeds} seeds, ${steps} steps (${perSecond} a second), ${merges} merges, ${records} records\n`, 0);
  say(`${faults} faults: ${Object.entries(totals.byKind).map(([kind, times]) => `${times} ${kind}`).join(", ")}; ${crashes} crashes\n`, 0);
  say(failed.length === 0 ? "no invariant was violated\n" : `${failed.length} seeds violate an invariant\n`, 0);
  const violations = failed.flatMap(({ violation }) => violation ?? []);
  if (json) say(`${JSON.stringify({ seeds, steps, faults, crashes, violations, steps_per_second: perSecond, merges, records })}\n`, 0);
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

process.exitCode = await main();
