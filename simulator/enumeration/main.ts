/** `npm run sim:enumerate`: goes through every state of small worlds, and tells the shortest way to each kind of violation. */
import { parseArgs } from "node:util";
import { loadShippedPolicies } from "../../src/adapters/policies.ts";
import type { PolicySet } from "../../src/domain/policy/policy-set.ts";
import { LAWS } from "./laws/all.ts";
import { mutantsCommand } from "./mutants.ts";
import { scenariosFor, type Reach } from "./scenarios.ts";
import { enumerate, type Enumerated, type Violation } from "./search.ts";

const HELP = `Usage: npm run sim:enumerate -- [--disturbances N] [--hours N] [--first] [--json]
  --disturbances N  how much that is out of the ordinary comes together at most (1; 2 takes hours)
  --hours N         how many hours of the world pass at most (4)
  --first           stop at the first violation
  --json            end with one line of JSON

       npm run sim:enumerate -- --mutants [--mutant NAME] [--json]
  whether the enumeration finds mistakes that are put into Pinion
`;

/** What is gone through: disturbances; two processes at once; releases that overtake each other. */
function reachesWith(disturbances: number, hours: number): readonly Reach[] {
  return [
    { disturbances, releases: 1, hours, processes: 1 },
    { disturbances: 0, releases: 1, hours, processes: 2 },
    { disturbances: 0, releases: 2, hours, processes: 1 },
  ];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      disturbances: { type: "string", default: "1" },
      hours: { type: "string", default: "4" },
      first: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      mutants: { type: "boolean", default: false },
      mutant: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(HELP, 0);
  const [disturbances, hours] = [Number(values.disturbances), Number(values.hours)];
  if (![disturbances, hours].every((number) => Number.isSafeInteger(number) && number >= 0)) return say(HELP, 2);
  if (values.mutants || values.mutant !== undefined) return mutantsCommand(values.mutant ?? null, values.json);
  const done = enumerateAll(reachesWith(disturbances, hours), await loadShippedPolicies(), values.first);
  const violations = firstOfEach(done);
  for (const violation of violations) say(toldViolation(violation), 0);
  const total = (figure: (one: Enumerated) => number) => done.reduce((sum, one) => sum + figure(one), 0);
  const depth = Math.max(...done.map((one) => one.depth));
  const figures = { states: total((one) => one.states), transitions: total((one) => one.transitions), depth };
  say(`${figures.states} states, ${figures.transitions} transitions, ${depth} steps deep, ${total(({ worlds }) => worlds)} plans\n`, 0);
  say(violations.length === 0 ? "no invariant is violated in any of them\n" : `${violations.length} invariants are violated\n`, 0);
  if (values.json) say(`${JSON.stringify({ ...figures, violations })}\n`, 0);
  return violations.length > 0 ? 1 : 0;
}

function enumerateAll(reaches: readonly Reach[], policies: PolicySet, first: boolean): readonly Enumerated[] {
  const done: Enumerated[] = [];
  for (const reach of reaches) {
    for (const scenario of scenariosFor(policies, reach)) {
      const words = `${scenario.name} (${reach.disturbances} disturbances, ${reach.releases} new releases, ${reach.processes} processes)`;
      const result = enumerate(scenario, LAWS, first);
      process.stderr.write(`${words}: ${result.states} states, ${result.transitions} transitions, ${result.depth} steps deep\n`);
      done.push(result);
      if (first && result.violations.length > 0) return done;
    }
  }
  return done;
}

/** Of each invariant the shortest way. */
function firstOfEach(done: readonly Enumerated[]): readonly Violation[] {
  const found = new Map<string, Violation>();
  for (const violation of done.flatMap(({ violations }) => violations)) {
    const before = found.get(violation.invariant);
    if (before === undefined || violation.path.length < before.path.length) found.set(violation.invariant, violation);
  }
  return [...found.values()];
}

function toldViolation({ invariant, sentence, scenario, path }: Violation): string {
  const steps = path.map((step, index) => `${String(index + 1).padStart(4)} ${step}\n`);
  return `\n${invariant}: ${sentence}\nProd promotes ${scenario}; it takes ${path.length} steps:\n${steps.join("")}\n`;
}

function say(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

process.exitCode = await main();
