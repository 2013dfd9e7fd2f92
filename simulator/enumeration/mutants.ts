/** Whether the enumeration finds what it is for. */
import { execFile } from "node:child_process";
import { MUTANTS } from "../mutants/all.ts";
import { inCopy } from "../mutants/isolation.ts";
import type { Mutant } from "../mutants/mutant.ts";

/**
 * Mistakes that a small world brings to light, by their names in the simulator's own list, with the disturbances that it takes: one of
 * nearly every kind of thing that is decided. The others take more at once, or a fault in what a small world leaves out.
 */
const DISTURBANCES: Readonly<Record<string, 0 | 1>> = {
  "nothing need soak": 0,
  "a gate that waits lets through": 0,
  "nobody need approve": 0,
  "nothing is put down before a merge": 0,
  "what is promoted on request is promoted by itself": 0,
  "branches are left": 0,
  "merges are never put down as such": 0,
  "changes of pins are not put down": 0,
  "the watch is not waited for": 0,
  "a second pull request beside the first": 0,
  "an unknown gate lets through": 1,
  "a gate that fails lets through": 1,
  "freezes are skipped": 1,
  "labels are not heard": 1,
  "whoever may comment may ask": 1,
  "what is pinned by hand is not held": 1,
  "what cannot be seen is deployed": 1,
  "what went bad is left": 1,
};

/** @throws when a name is not in the simulator's list any more: this list must follow it. */
export function enumerable(): readonly Mutant[] {
  return Object.keys(DISTURBANCES).map((name) => {
    const mutant = MUTANTS.find((one) => one.name === name);
    if (mutant === undefined) throw new Error(`there is no mutant "${name}" any more`);
    return mutant;
  });
}

interface Found {
  readonly invariant: string;
  readonly sentence: string;
  /** Steps on the shortest way there. */
  readonly steps: number;
}

/** What the enumeration finds first in a copy with this mistake: in a process of its own, because it is another Pinion. Null: nothing. */
export async function findIn(mutant: Mutant): Promise<Found | null> {
  return inCopy(mutant, async (folder) => {
    const line = await lastLineOf(folder, DISTURBANCES[mutant.name] ?? 1);
    const { violations } = JSON.parse(line) as { readonly violations: readonly { invariant: string; sentence: string; path: readonly string[] }[] };
    const [first] = violations;
    return first === undefined ? null : { invariant: first.invariant, sentence: first.sentence, steps: first.path.length };
  });
}

/** It ends with code 1 when it has found something: that is an answer, too. */
function lastLineOf(folder: string, disturbances: number): Promise<string> {
  const reach = ["--disturbances", String(disturbances), "--hours", "3"];
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, ["simulator/enumeration/main.ts", ...reach, "--first", "--json"], options, (error, stdout) => {
      const line = stdout.trimEnd().split("\n").at(-1) ?? "";
      if (line.startsWith("{")) resolve(line);
      else reject(error ?? new Error("the enumeration said nothing"));
    });
  });
}

/** Answers the exit code: 1 when one survives, 2 when there is none of that name. */
export async function mutantsCommand(name: string | null, json: boolean): Promise<number> {
  const chosen = name === null ? enumerable() : MUTANTS.filter((mutant) => mutant.name === name);
  if (chosen.length === 0) {
    process.stderr.write(`there is no mutant "${name ?? ""}"\n`);
    return 2;
  }
  const survived: string[] = [];
  const by: Record<string, string> = {};
  for (const [index, mutant] of chosen.entries()) {
    const found = await findIn(mutant);
    if (found === null) survived.push(mutant.name);
    else by[mutant.name] = found.invariant;
    const words = found === null ? "SURVIVED" : `killed by ${found.invariant} in ${found.steps} steps: ${found.sentence}`;
    process.stderr.write(`${String(index + 1).padStart(3)} of ${chosen.length} ${mutant.name}: ${words}\n`);
  }
  process.stdout.write(`${chosen.length - survived.length} of ${chosen.length} mutants killed\n`);
  for (const one of survived) process.stdout.write(`survived: ${one}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ mutants: chosen.length, killed: chosen.length - survived.length, survived, by })}\n`);
  return survived.length > 0 ? 1 : 0;
}
