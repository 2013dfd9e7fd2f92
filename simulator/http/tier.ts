import type { Tier } from "../run.ts";
import { setupOf, type Setup, type Trouble } from "../setup.ts";
import { createHttpWorld } from "./http-world.ts";

/** What a wire spoils by itself, the adapters then have to make sense of. */
const LEFT_TO_THE_WIRE: readonly Trouble[] = ["fail-before", "fail-after", "partial"];

/** The same worlds behind real servers: calls do not fail of themselves, their requests are spoilt. */
export const OVER_HTTP: Tier = { setupOf: wiredSetupOf, worlds: createHttpWorld };

function wiredSetupOf(seed: number): Setup {
  const setup = setupOf(seed);
  const others = setup.troubles.filter((kind) => !LEFT_TO_THE_WIRE.includes(kind));
  // Half of all trouble, whatever else there is.
  return { ...setup, troubles: [...others, ...Array.from<Trouble>({ length: Math.max(1, others.length) }).fill("wire")] };
}
