import { orderOf, type Config, type Environment } from "./config.ts";
import { isSettled, newestProvenIn, placeIn, type Ledger, type Place } from "./ledger.ts";
import type { EnvironmentPins } from "./observation.ts";
import { sameRelease, type AppName, type EnvironmentName } from "./release.ts";
import type { ReleaseOrder } from "./version-order.ts";

type AppPins = ReadonlyMap<EnvironmentName, EnvironmentPins>;
type AppPlaces = ReadonlyMap<EnvironmentName, Place>;

interface Told {
  readonly config: Config;
  readonly places: AppPlaces | undefined;
  readonly isAtRest: boolean;
}

/** By an app's pins. Neither they nor its places nor the configuration ever change in place, so it is found out once for them. */
const told = new WeakMap<AppPins, Told>();

/**
 * Whether nothing can come of an app, in any environment, but by a new tag in a first one: everything has settled, nobody asks for
 * anything, and what each environment would take by itself is pinned there. In a large repository nearly every app is at rest at
 * every look.
 */
export function isAtRest(config: Config, ledger: Ledger, app: AppName, pins: AppPins): boolean {
  const places = ledger.places.get(app);
  const known = told.get(pins);
  if (known?.config === config && known.places === places) return known.isAtRest;
  const isAtRest = config.environments.every((environment) => isQuiet(config, orderOf(config, ledger, app), environment, pins, places));
  told.set(pins, { config, places, isAtRest });
  return isAtRest;
}

function isQuiet(config: Config, order: ReleaseOrder, environment: Environment, pins: AppPins, places: AppPlaces | undefined): boolean {
  const here = pins.get(environment.name);
  if (here === undefined) return true;
  const { current, frozen, request } = placeIn(places, environment.name);
  if (!here.ok || frozen !== null || request !== null) return false;
  if (current === null ? feedsAnother(config, pins, environment.name) : current.bad !== null || !isSettled(current)) return false;
  if (environment.after.length === 0 || environment.promote === "on-request") return true;
  // Which of what was proven is the newest, only a registry can tell.
  if (order.by === "build") return false;
  const proven = environment.after.map((name) => newestProvenIn(placeIn(places, name), order));
  return proven.includes(null) || proven.every((release) => release !== null && sameRelease(release, here.pinned));
}

/** Whether an environment that follows this one by itself is pinned to something else, so that what runs here could move on. */
export function feedsAnother(config: Config, pins: AppPins, environment: EnvironmentName): boolean {
  const here = pins.get(environment);
  if (here?.ok !== true) return false;
  return config.environments.some(({ name, promote, after }) => {
    const there = promote === "auto" && after.includes(environment) ? pins.get(name) : undefined;
    return there?.ok === true && !sameRelease(there.pinned, here.pinned);
  });
}
