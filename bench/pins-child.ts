/** Finds the pins of two commits in one process and one open repository, the second time knowing what the first found, and reports figures by IPC. */
import { openLocalRepository } from "../src/adapters/git/local.ts";
import { FILE_LIMIT, openPinSource } from "../src/cli/pin-source.ts";
import { collectPins, type KnownPins } from "../src/cli/pins.ts";
import { takeEnvironment } from "../src/config.ts";
import type { LocalRepository } from "../src/ports.ts";
import { must } from "./figures.ts";

export interface PinsReport {
  readonly pins: readonly [number, number];
  readonly milliseconds: readonly [number, number];
  readonly rssMegabytes: number;
}

const environment = takeEnvironment();
const quiet = { err: () => undefined, watched: { out: false, err: false } };

async function find(repository: LocalRepository, revision: string, known: KnownPins): Promise<{ pins: number; end: number }> {
  const source = await openPinSource(".", revision, async () => repository, { environment });
  const { pins } = await collectPins(source, known, quiet);
  return { pins: pins.length, end: performance.now() };
}

const [directory, ...revisions] = process.argv.slice(2);
must(directory !== undefined && revisions.length === 2, "the child needs a repository and two revisions");
const known: KnownPins = new Map();
const begin = performance.now();
const repository = await openLocalRepository({ directory, environment, blobLimit: FILE_LIMIT });
const cold = await find(repository, revisions[0] ?? "", known);
const changed = await find(repository, revisions[1] ?? "", known);
repository.close();
const report: PinsReport = {
  pins: [cold.pins, changed.pins],
  milliseconds: [cold.end - begin, changed.end - cold.end],
  rssMegabytes: process.resourceUsage().maxRSS / 1024,
};
process.send?.(report);
