import { Chance } from "../chance.ts";
import type { NamedPolicies } from "../facts.ts";
import type { Tier } from "../run.ts";
import { ALL_KINDS_FROM, isUrgent, setupOf, type Setup, type Trouble } from "../setup.ts";
import { createHttpWorld } from "./http-world.ts";
import { SMALL_KINDS } from "./small-worlds.ts";

/** What a wire spoils by itself, the adapters then have to make sense of. */
const LEFT_TO_THE_WIRE: readonly Trouble[] = ["fail-before", "fail-after", "partial"];

/** The same worlds behind real servers: calls do not fail of themselves, their requests are spoilt. */
export const OVER_HTTP: Tier = { setupOf: wiredSetupOf, worlds: createHttpWorld };

/** From {@link ALL_KINDS_FROM} on, one seed of so many is a world as in memory, and so is each with hotfixes; the others are small. */
const ROUND = SMALL_KINDS.length + 1;

function wiredSetupOf(seed: number): Setup {
  const drawn = setupOf(seed);
  const shape = seed < ALL_KINDS_FROM || isUrgent(seed) ? undefined : SMALL_KINDS[(seed % ROUND) - 1];
  const setup = shape === undefined ? drawn : shape(drawn, new Chance(seed + 2_000_003));
  const others = setup.troubles.filter((kind) => !LEFT_TO_THE_WIRE.includes(kind));
  // Half of all trouble, whatever else there is.
  return { ...withoutImageRules(withoutQueue(setup)), troubles: [...others, ...Array.from<Trouble>({ length: Math.max(1, others.length) }).fill("wire")] };
}

/** GitHub's own queue is tried in `test/sandbox`; who lives by it has nothing to do without. */
function withoutQueue({ queue, ...setup }: Setup): Setup {
  return queue === undefined ? setup : { ...setup, actors: setup.actors.filter((name) => name !== "queuer" && !/ci$/i.test(name)) };
}

/** Policies that ask of images what the servers' registry is not given. */
const OF_IMAGES: ReadonlySet<string> = new Set(["signed", "allowed-registries", "image-age"]);

function withoutImageRules(setup: Setup): Setup {
  const { config } = setup;
  const less = <T extends { readonly policies?: NamedPolicies }>(one: T): T => {
    if (one.policies === undefined) return one;
    return { ...one, policies: Object.fromEntries(Object.entries(one.policies).filter(([name]) => !OF_IMAGES.has(name))) };
  };
  return { ...setup, config: { ...less(config), environments: config.environments.map(less) }, actors: setup.actors.filter((name) => name !== "curator") };
}
