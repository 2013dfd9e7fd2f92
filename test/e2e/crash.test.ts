import { expect, it, onTestFinished } from "vitest";
import { startRegistry } from "../../sandbox/registry.ts";
import { shown } from "./onlooker.ts";
import { killAtWrite, randomFrom } from "./kill.ts";
import { beginInRealTime } from "./real-time.ts";

const CONFIG = `version: 1
environments:
  dev: { promote: auto, merge: auto, watch: 1s }
apps:
  discover: ["apps/{app}/overlays/{env}/kustomization.yaml"]
`;

const KILLS = 5;
const SEED = 20261123;

it("loses nothing and does nothing twice, wherever in a promotion the process is killed", { timeout: 120_000 }, async () => {
  const registry = await startRegistry();
  onTestFinished(() => registry.close());
  const digest = await registry.push("acme/checkout", "1.4.1");
  await using world = await beginInRealTime({ config: CONFIG, host: registry.host, digest });
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
