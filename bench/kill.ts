/**
 * Kills the real process (`kill -9`) again and again, half of the times at a moment drawn by chance and half of the times in
 * the middle of a write, while releases go into an environment one after the other. At the end it is let live, and what the
 * sandbox's GitHub then holds is compared with what must be there.
 *
 *     npm run bench:kill [-- --json] [-- --kills=200] [-- --seed=1]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startRegistry } from "../sandbox/registry.ts";
import { killAtWrite, randomFrom } from "../test/e2e/kill.ts";
import { beginInRealTime, type RealTime } from "../test/e2e/real-time.ts";
import { option, printJson, printMachine, printTable } from "./figures.ts";

const CONFIG = `version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 1s }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`;

/** What the log must say of every release, each once. */
const EVENTS = ["opened", "judged", "merged", "deployed", "verified"] as const;
/** A process that is to be killed at some moment lives this long at most: past its start, its sweep and its first writes. */
const LONGEST_LIFE = 3_000;
/** A write does not come while a rollout is only waited for; then the process is killed all the same. */
const NO_WRITE_FOR = 4_000;
const END = 120_000;

const kills = Number(option("kills") ?? 200);
const seed = Number(option("seed") ?? 1);
const random = randomFrom(seed);
const version = (release: number): string => `1.5.${release}`;

async function killOnce(world: RealTime): Promise<"at a moment" | "in a write"> {
  if (random() < 0.5) {
    const moment = random() * LONGEST_LIFE;
    const started = world.start().catch(() => "killed while it started");
    await sleep(moment);
    await world.kill();
    await started;
    return "at a moment";
  }
  const killed = killAtWrite(world, random);
  await world.start();
  const inWrite = await Promise.race([killed.then(() => true), sleep(NO_WRITE_FOR, false)]);
  world.github.faults.clear();
  await world.kill();
  return inWrite ? "in a write" : "at a moment";
}

printMachine();
const registry = await startRegistry();
const digest = await registry.push("acme/checkout", "1.4.1");
const world = await beginInRealTime({ config: CONFIG, host: registry.host, digest });
try {
  let released = 0;
  let inWrites = 0;
  const release = async (): Promise<void> => {
    released += 1;
    await registry.push("acme/checkout", version(released));
  };
  const began = performance.now();
  await release();
  for (let kill = 1; kill <= kills; kill += 1) {
    if ((await killOnce(world)) === "in a write") inWrites += 1;
    // The next release comes when the one before is through, so that each must leave the same traces.
    if ((await world.history()).includes(`verified dev ${version(released)}`)) await release();
    if (kill % 20 === 0) console.error(`${kill} of ${kills} kills, ${released} releases, ${Math.round((performance.now() - began) / 1_000)} s`);
  }
  await world.start();
  const last = version(released);
  await world.until(`verified dev ${last}`, async () => (await world.history()).includes(`verified dev ${last}`), END);
  // Those of earlier releases are shown as replaced.
  await world.until("all is shown", () => world.deployments().at(-1)?.endsWith("success") === true, END);
  const history = await world.history();
  const wanted = Array.from({ length: released }, (_, index) => EVENTS.map((event) => `${event} dev ${version(index + 1)}`)).flat();
  const lost = wanted.filter((line) => !history.includes(line));
  const merges = history.filter((line) => line.startsWith("merged "));
  const doubled = [...(await world.doubled()), ...merges.filter((line, index) => merges.indexOf(line) !== index)];
  if (world.list().length !== released) doubled.push(`${world.list().length} pull requests for ${released} releases`);
  printTable(`The process killed ${kills} times while ${released} releases went into dev (seed ${seed})`, [
    ["killed in the middle of a write", inWrites],
    ["killed at some other moment", kills - inWrites],
    ["lost", lost.length, `(aim: 0)${lost.length > 0 ? ` ${lost.join("; ")}` : ""}`],
    ["doubled", doubled.length, `(aim: 0)${doubled.length > 0 ? ` ${doubled.join("; ")}` : ""}`],
  ]);
  printJson({ kills, lost: lost.length, doubled: doubled.length, in_writes: inWrites, releases: released, seed });
  if (lost.length > 0 || doubled.length > 0) process.exitCode = 1;
} finally {
  await world[Symbol.asyncDispose]();
  await registry.close();
}
