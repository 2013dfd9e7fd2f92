/** Runs seeds one after the other, says what was violated, and tells the shortest story that shows it. */
import type { PolicySet } from "../src/domain/policy/policy-set.ts";
import { runSeed, type RunResult, type Tier } from "./run.ts";
import { replay, shrink } from "./shrink.ts";

export interface Wish {
  readonly first: number;
  /** How many seeds, at most. */
  readonly seeds: number;
  /** No seed is begun after so many seconds; `Infinity` sets no limit. */
  readonly seconds: number;
  /** Decisions of chance in each run. */
  readonly steps: number;
  /** Ends with one line of JSON. */
  readonly json: boolean;
  /** Runs that may be made to shorten one story. */
  readonly tries: number;
}

interface Totals {
  seeds: number;
  steps: number;
  faults: number;
  crashes: number;
  merges: number;
  records: number;
  readonly byKind: Record<string, number>;
}

/** Answers the exit code: 1 when an invariant was violated. */
export async function simulate(tier: Tier, { first, seeds, seconds: limit, steps, json, tries }: Wish, policies: PolicySet): Promise<number> {
  const totals: Totals = { seeds: 0, steps: 0, faults: 0, crashes: 0, merges: 0, records: 0, byKind: {} };
  const failed: RunResult[] = [];
  const begun = process.hrtime.bigint();
  const passed = () => Number(process.hrtime.bigint() - begun) / 1e9;
  for (let seed = first; seed < first + seeds && passed() < limit; seed += 1) {
    const result = await runSeed(seed, steps, policies, tier);
    add(totals, result);
    if (result.violation !== null) {
      failed.push(result);
      process.stderr.write(`seed ${seed}: ${result.violation.invariant} at step ${result.violation.step}: ${result.violation.sentence} (--seed ${seed} --steps ${steps})\n`);
    } else if (totals.seeds % 100 === 0) process.stderr.write(`${totals.seeds} seeds\n`);
  }
  const seconds = passed();
  for (const result of firstOfEach(failed)) await tell(tier, result, tries, policies);
  process.stdout.write(`seeds ${first} to ${first + totals.seeds - 1}\n`);
  summarize(totals, failed, seconds, json);
  return failed.length > 0 ? 1 : 0;
}

async function tell(tier: Tier, { seed, violation, decisions }: RunResult, tries: number, policies: PolicySet): Promise<void> {
  const invariant = violation?.invariant ?? "";
  const whole = { seed, setup: tier.setupOf(seed), decisions, worlds: tier.worlds };
  const lines: string[] = [];
  const told = await replay(await shrink(whole, invariant, policies, { tries }), policies, (line) => lines.push(line));
  process.stdout.write(`\nSeed ${seed}, ${invariant}: ${told.violation?.sentence ?? ""}\n${lines.join("\n")}\n`);
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
  const kinds = Object.entries(totals.byKind).map(([kind, times]) => `${times} ${kind}`);
  process.stdout.write(
    `${seeds} seeds, ${steps} steps (${perSecond} a second), ${merges} merges, ${records} records\n` +
      `${faults} faults: ${kinds.join(", ")}; ${crashes} crashes\n` +
      `${failed.length === 0 ? "no invariant was violated" : `${failed.length} seeds violate an invariant`}\n`,
  );
  const violations = failed.flatMap(({ violation }) => violation ?? []);
  if (json) process.stdout.write(`${JSON.stringify({ seeds, steps, faults, crashes, violations, steps_per_second: perSecond, merges, records })}\n`);
}
