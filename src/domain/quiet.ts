import type { Blocked } from "./action.ts";
import type { Config } from "./config.ts";
import type { Attended, Draft, UsedAnswer } from "./draft.ts";
import type { Place } from "./ledger.ts";
import type { EnvironmentPins } from "./observation.ts";
import type { AppName, EnvironmentName } from "./release.ts";

export type PinsOfApp = ReadonlyMap<EnvironmentName, EnvironmentPins>;

/** An app in which nothing is to be done until something of it changes, and why. */
interface QuietApp {
  readonly config: Config;
  readonly places: ReadonlyMap<EnvironmentName, Place> | undefined;
  readonly answers: readonly UsedAnswer[];
  readonly blocked: readonly Blocked[];
}

/**
 * What was planned before, by the app's pins. It is never more than what planning would say again: an app that depends on
 * anything else is not in here. So a plan costs as much as there is to do, and not as much as there are apps.
 */
const quietApps = new WeakMap<PinsOfApp, QuietApp>();

/** Why nothing is to be done for this app, when that was found before and still stands; else null. */
export function stillQuiet(draft: Draft, app: AppName, pins: PinsOfApp): readonly Blocked[] | null {
  const quiet = quietApps.get(pins);
  if (quiet === undefined || quiet.config !== draft.config || quiet.places !== draft.placesOf(app)) return null;
  return draft.deploymentsOf(app).length === 0 && quiet.answers.every((answer) => draft.stands(answer)) ? quiet.blocked : null;
}

/** Keeps what planning each environment of the app came to, if nothing of it can change by itself. */
export function keepQuiet(draft: Draft, app: AppName, pins: PinsOfApp, attended: readonly Attended[]): void {
  if (!attended.every(({ alone }) => alone)) return;
  quietApps.set(pins, {
    config: draft.config,
    places: draft.placesOf(app),
    answers: attended.flatMap(({ answers }) => answers),
    blocked: attended.flatMap(({ blocked }) => blocked),
  });
}
