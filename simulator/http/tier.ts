import { Chance } from "../chance.ts";
import { DEV, type EnvironmentSetup } from "../facts.ts";
import type { Tier } from "../run.ts";
import { ALL_KINDS_FROM, setupOf, type Setup, type Trouble } from "../setup.ts";
import { createHttpWorld } from "./http-world.ts";

/** What a wire spoils by itself, the adapters then have to make sense of. */
const LEFT_TO_THE_WIRE: readonly Trouble[] = ["fail-before", "fail-after", "partial"];

/** The same worlds behind real servers: calls do not fail of themselves, their requests are spoilt. */
export const OVER_HTTP: Tier = { setupOf: wiredSetupOf, worlds: createHttpWorld };

/** From {@link ALL_KINDS_FROM} on, all but one seed in so many are small worlds: a step costs a hundred times what it costs in memory, so each has to count. */
const ORDINARY_EVERY = 3;

function wiredSetupOf(seed: number): Setup {
  const drawn = setupOf(seed);
  const setup = seed >= ALL_KINDS_FROM && seed % ORDINARY_EVERY !== 0 ? smallWorld(drawn, new Chance(seed + 2_000_003)) : drawn;
  const others = setup.troubles.filter((kind) => !LEFT_TO_THE_WIRE.includes(kind));
  // Half of all trouble, whatever else there is.
  return { ...setup, troubles: [...others, ...Array.from<Trouble>({ length: Math.max(1, others.length) }).fill("wire")] };
}

/** Who gives what an adapter has to understand something to say: people who agree, disagree and change their minds, and those who imitate Pinion. */
const SOMEBODY = ["crowd", "hands", "meddler", "outsider", "intruder", "forger", "pouncer", "unlucky"] as const;

/** Two apps before a gate, or one on its way to it, with many hands on them: most of what happens, happens to what Pinion is doing right now. */
function smallWorld(drawn: Setup, chance: Chance): Setup {
  const half = () => chance.percent(50);
  const alone = half();
  const gated = alone || chance.percent(75);
  const prod: EnvironmentSetup = {
    ...DEV,
    name: "prod",
    after: alone ? [] : ["dev"],
    promote: !alone && half() ? "on-request" : "auto",
    merge: gated ? "on-approval" : "auto",
    approvals: { count: gated ? (chance.oneOf([1, 2]) ?? 1) : 0, teams: gated && half() ? ["sre"] : [] },
  };
  return {
    ...drawn,
    apps: alone ? ["checkout", "search"] : ["checkout"],
    config: { ...drawn.config, environments: alone ? [prod] : [DEV, prod], slo: half(), limit: 50 },
    logGuarded: half(),
    pinnedByDigest: true,
    replicas: chance.percent(30) ? 2 : 1,
    troubled: chance.oneOf([0, 3, 8, 14]) ?? 3,
    hintTrouble: chance.oneOf([0, 0, 10]) ?? 0,
    liveliness: chance.oneOf([16, 30]) ?? 16,
    actors: [...Array.from({ length: 4 }, () => "shipper"), "fickle", "fickle", "fickle", "approver", ...Array.from({ length: 2 }, () => chance.oneOf(SOMEBODY) ?? "crowd")],
    clockSetBack: false,
  };
}
