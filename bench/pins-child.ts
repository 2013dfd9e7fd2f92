/** Finds the pins of two commits in one process, the second time knowing what the first found, and reports figures by IPC. */
import { openLocalRepository } from "../src/adapters/git/local.ts";
import { FILE_LIMIT, openPinSource } from "../src/cli/pin-source.ts";
import { collectPins, type KnownPins } from "../src/cli/pins.ts";
import { must } from "./figures.ts";

export interface PinsReport {
  readonly pins: readonly [number, number];
  readonly milliseconds: readonly [number, number];
  readonly rssMegabytes: number;
}

const quiet = { err: () => undefined, watched: { out: false, err: false } };

async function find(directory: string, revision: string, known: KnownPins): Promise<{ pins: number; milliseconds: number }> {
  const begin = performance.now();
  const source = await openPinSource(directory, revision, (at, environment) => openLocalRepository({ directory: at, environment, blobLimit: FILE_LIMIT }), {
    ...quiet,
    environment: process.env,
  });
  const { pins } = await collectPins(source, known, quiet).finally(() => source.close());
  return { pins: pins.length, milliseconds: performance.now() - begin };
}

const [directory, ...revisions] = process.argv.slice(2);
must(directory !== undefined && revisions.length === 2, "the child needs a repository and two revisions");
const known: KnownPins = new Map();
const cold = await find(directory, revisions[0] ?? "", known);
const changed = await find(directory, revisions[1] ?? "", known);
const report: PinsReport = {
  pins: [cold.pins, changed.pins],
  milliseconds: [cold.milliseconds, changed.milliseconds],
  rssMegabytes: process.resourceUsage().maxRSS / 1024,
};
process.send?.(report);
