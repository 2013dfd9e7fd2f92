import { expect, it, onTestFinished } from "vitest";
import { startRegistry } from "../../sandbox/registry.ts";
import { shown } from "./onlooker.ts";
import { beginInRealTime, type RealTime } from "./real-time.ts";

const CONFIG = `version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 1s }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`;

const KILLS = 5;
const SEED = 20261123;

/** Small, and the same everywhere (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Kills the process at its next write but a few: before GitHub does it, or after GitHub did and before the answer is there. */
function killAtWrite(world: RealTime, random: () => number): Promise<void> {
  const killed = Promise.withResolvers<void>();
  let left = Math.floor(random() * 3);
  world.github.faults.next(
    (method, path, document) => {
      const isWrite = document === null ? method !== "GET" && path.startsWith("/repos/") : /^\s*mutation/.test(document);
      if (!isWrite || left-- > 0) return false;
      void world.kill().then(killed.resolve);
      return true;
    },
    { kind: random() < 0.5 ? "drop" : "drop-after" },
  );
  return killed.promise;
}

it("loses nothing and does nothing twice, wherever in a promotion the process is killed", { timeout: 120_000 }, async () => {
  const registry = await startRegistry();
  onTestFinished(() => registry.close());
  const digest = await registry.push("acme/checkout", "1.4.1");
  const world = await beginInRealTime({ config: CONFIG, host: registry.host, digest });
  await registry.push("acme/checkout", "1.4.2");
  const random = randomFrom(SEED);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const killed = killAtWrite(world, random);
    await world.start();
    await killed;
  }
  await world.start();
  await world.until("verified dev 1.4.2", async () => (await world.history()).includes("verified dev 1.4.2"), 60_000);
  await world.until("all is shown", () => world.deployments().includes("dev promote:checkout success"), 30_000);
  expect((await world.history()).toSorted()).toEqual(
    [
      "installed",
      ...["adopted dev 1.4.1", "deployed dev 1.4.1", "verified dev 1.4.1"],
      ...["opened dev 1.4.2", "judged dev 1.4.2", "merged dev 1.4.2", "deployed dev 1.4.2", "verified dev 1.4.2"],
    ].toSorted(),
  );
  expect(world.pulls().map((pull) => `${pull.title}: ${shown(pull)}`)).toEqual(["Promote checkout 1.4.2 to dev: merged"]);
  expect(await world.version("dev")).toBe("1.4.2");
  expect(await world.doubled()).toEqual([]);
});
